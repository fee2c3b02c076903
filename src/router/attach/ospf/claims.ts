import type { Cause, Feed } from '../../../claims/feed.js';
import { Verdict } from '../../../claims/reasons.js';
import type { Cancel, Millis } from '../../../lib/clock.js';
import type { Node } from '../../../network/model.js';
import type { Advertisement, OspfInstance, OspfPath, OspfRoute } from '../../../ospf/index.js';
import { PATH_TYPES } from '../../../ospf/index.js';
import type { VirtualNetwork } from '../../virtual-network.js';
import { Remains } from '../remains.js';

/** Who is where, as the claims need to know it. @internal */
export interface OspfWhereabouts {
  /** The node of a router at one of our links. */
  nodeAt(interfaceName: string, routerId: number): Node | undefined;
  /** Nodes that speak with a router id at links of ours: none where nobody does, several where they quarrel over it. */
  nodesOf(routerId: number): readonly Node[];
  /** Whether LSAs that came by a link count as their originators' own. */
  trusted(interfaceName: string): boolean;
}

/** What one node claims of a prefix. */
interface Claim {
  readonly node: Node;
  readonly holder: number;
  readonly fault: number;
  readonly rank: number;
}

const NONE: readonly Claim[] = [];
/** Destinations looked at again in one turn. */
const SLICE = 400;
/** How long after its database is ours again a node's routes may take to be computed. */
const RESTATE: Millis = 30_000;
/** Largest cost that counts in a rank, which has 52 bits for the kind of path, the external metric, whether it is preferred, and the cost. */
const MOST_COST = 2 ** 25 - 1;

/**
 * Routes into claims: what a router originates is a claim of the node whose router it is, granted or refused, and decided with the
 * rest; OSPF's own order (kind of path, cost) decides among OSPF's claimants.
 *
 * A guest cannot speak for another, though the protocol lets it pass LSAs on: an LSA counts as a node's own only if that very instance came
 * from the node's own attach point: first, or again from where it cannot have been what we sent there. (A designated router floods back in the
 * segment even what another says in its name, until it outdoes it.) What a router behind a guest originates belongs to the guest that the shortest path goes through, if
 * it came from there.
 *
 * @internal
 */
export class OspfClaims {
  readonly #feeds = new Map<Node, Feed>();
  /** Who claims what now, by the number of the route. Claims are shared among prefixes of which the same is to be said. */
  readonly #claims: (readonly Claim[] | undefined)[] = [];
  /** What those that fell silent lost, until all of it is known. */
  readonly #falling = new Map<Node, Feed>();
  /** The instance has more to tell of what it told. */
  #more = false;
  /** All destinations are looked at again, a slice at a time: the number of the next one. */
  #again: { next: number; cancel: Cancel } | undefined;
  /** Nodes whose last neighbour of ours fell silent, until all of their database is ours again. */
  readonly #silent = new Set<Node>();
  /** What they claimed: each feed is one of a death, or what is found of it later. */
  readonly #remains: Remains;
  readonly #fallen = new WeakSet<Feed>();
  /** When what is held of those that are back ends. */
  readonly #back = new Map<Node, Cancel>();
  #deaths = 0;

  constructor(
    private readonly network: VirtualNetwork,
    private readonly instance: OspfInstance,
    private readonly router: string,
    private readonly label: string,
    private readonly tag: () => number,
    private readonly where: OspfWhereabouts,
  ) {
    this.#remains = new Remains(network, (_key, name) => ![...this.#silent].some((node) => node.name === name));
  }

  /** Whether a feed is one of ours. */
  owns(feed: Feed): boolean {
    if (this.#fallen.has(feed)) return true;
    for (const own of this.#feeds.values()) if (own === feed) return true;
    return false;
  }

  /** Routes of these numbers changed. `more`: by what else changes some, of which it hears later. */
  update(numbers: readonly number[], more: boolean): void {
    const { network } = this;
    network.begin();
    this.#look();
    let cause: Cause | undefined;
    const { routes } = this.instance.routes;
    for (const number of numbers) {
      // One that nothing is said of any more is still there.
      const route = routes.at(number);
      if (!route) continue;
      const before = this.#claims[number] ?? NONE;
      const after = this.#claimsOf(route);
      if (before === NONE && after === NONE) continue;
      // Nearly always there is one claim, and one before; what many prefixes have in common is put into the RIB at once.
      const [first] = after;
      if (first && after.length === 1 && (before.length === 0 || (before.length === 1 && before[0]?.node === first.node))) {
        cause = this.#collect(route, first);
        if (before !== after) this.#claims[number] = after;
        continue;
      }
      for (const claim of before) {
        const { node } = claim;
        if (after.some((other) => other.node === node)) continue;
        if (this.#silent.has(node) && this.network.guard.watching) this.#bequeath(route, claim);
        this.#withdraw(route, node);
        cause ??= { type: 'withdrawn', neighbour: this.#labelOf(node), node: node.name };
      }
      for (const claim of after) {
        this.#announce(route, claim);
        cause = this.#feedOf(claim.node).cause;
      }
      this.#claims[number] = after.length === 0 ? undefined : after;
    }
    this.#putRun();
    if (cause) network.settle(cause);
    this.#more = more;
    if (more || this.#again) return;
    const fallen = [...this.#falling];
    this.#falling.clear();
    for (const [node, feed] of fallen) this.#remains.fell(`${node.name} ${this.#deaths++}`, node.name, feed);
  }

  /** No link has the node as a neighbour any more, for it was silent: the guard decides on what it loses now. */
  fell(node: Node): void {
    this.#back.get(node)?.();
    this.#back.delete(node);
    this.#silent.add(node);
  }
  /** Its database is ours again. */
  rose(node: Node): void {
    if (!this.#silent.delete(node)) return;
    const { clock } = this.network.timers;
    this.#back.set(
      node,
      clock.at(clock.now() + RESTATE, () => {
        this.#back.delete(node);
        this.#remains.leave((name) => name === node.name);
      }),
    );
  }
  /** Nodes that `gone` names are down, or away. */
  leave(gone: (node: string) => boolean): void {
    this.#remains.leave(gone);
  }

  /** What a silent node loses goes into a feed of its own. */
  #bequeath(route: OspfRoute, { node, holder, fault, rank }: Claim): void {
    let feed = this.#falling.get(node);
    if (!feed) {
      feed = this.#open(node);
      feed.cause = { type: 'session-down', neighbour: feed.label, node: node.name, reason: 'the neighbour is silent' };
      this.#fallen.add(feed);
      this.#falling.set(node, feed);
    }
    this.#put(feed, route, holder, fault, rank);
  }

  /** Who is where changed: every route is looked at again. */
  reconsider(): void {
    this.#again?.cancel();
    this.#again = { next: 0, cancel: () => {} };
    this.#reconsiderSome();
  }
  #reconsiderSome(): void {
    const again = this.#again;
    if (!again) return;
    const from = again.next;
    again.next = Math.min(from + SLICE, this.instance.routes.routes.limit);
    // What comes to be meanwhile is known by then, or is among those still to be looked at.
    if (again.next - from < SLICE) this.#again = undefined;
    else again.cancel = this.network.timers.clock.defer(() => this.#reconsiderSome());
    this.update(range(from, again.next), this.#more);
  }

  /** Everything ends. */
  close(reason: string): void {
    for (const cancel of this.#back.values()) cancel();
    this.#back.clear();
    this.#again?.cancel();
    this.#again = undefined;
    this.#silent.clear();
    for (const feed of this.#falling.values()) this.network.closeFeed(feed);
    this.#falling.clear();
    this.#remains.leave(() => true);
    for (const [node, feed] of this.#feeds) {
      feed.cause = { type: 'session-down', neighbour: feed.label, node: node.name, reason };
      this.network.closeFeed(feed);
    }
    this.#feeds.clear();
    this.#claims.length = 0;
  }

  #claimsOf(route: OspfRoute): readonly Claim[] {
    // What we are connected to ourselves is nobody's claim: guests tell of their side of the link as a matter of course.
    const said = route.onlySaid;
    if (said ? this.#isOurs(said) : this.#isOneOurs(route.advertisements)) return NONE;
    if (this.#connected.has(route.number)) return NONE;
    const only = route.onlyPath;
    return only ? this.#claimsBy(only) : this.#claimsOfSeveral(route.paths);
  }
  #claimsOfSeveral(paths: readonly OspfPath[]): readonly Claim[] {
    const claims: Claim[] = [];
    for (const path of paths) {
      for (const claim of this.#claimsBy(path)) {
        const known = claims.findIndex(({ node }) => node === claim.node);
        if (known < 0) claims.push(claim);
        // A node's own best: what is not confirmed does not stand in the way of what is.
        else if (better(claim, claims[known])) claims[known] = claim;
      }
    }
    return claims;
  }

  #isOurs({ kind, lsa }: Advertisement): boolean {
    return kind === 'intra' && lsa.advertisingRouter === this.instance.options.routerId;
  }

  #isOneOurs(said: readonly Advertisement[]): boolean {
    return said.some((one) => this.#isOurs(one));
  }

  /** What we are connected to, and who speaks with a router id: found once for all that changed together. */
  readonly #connected = new Set<number>();
  readonly #bound = new Map<number, readonly Node[]>();
  #ownTag = 0;

  #look(): void {
    this.#bound.clear();
    this.#lastSaid = undefined;
    this.#ownTag = this.tag();
    this.#connected.clear();
    for (const { options } of this.instance.interfaces.values())
      for (const prefix of options.prefixes) {
        const route = this.instance.routes.routes.get(prefix);
        if (route) this.#connected.add(route.number);
      }
  }

  #nodesOf(router: number): readonly Node[] {
    let nodes = this.#bound.get(router);
    if (!nodes) {
      nodes = this.where.nodesOf(router);
      this.#bound.set(router, nodes);
    }
    return nodes;
  }

  /** What a way makes claims of, and these: of the next prefix that a router tells it mostly makes the same. */
  #lastSaid: { readonly router: number; heardFrom: unknown; hops: number; rank: number; looped: boolean; claims: Claim[] } | undefined;

  #claimsBy(path: OspfPath): readonly Claim[] {
    const { lsa, tag, kind, forwarding } = path;
    const { hops } = path.way;
    const { heardFrom } = lsa;
    const router = lsa.advertisingRouter;
    if (router === this.instance.options.routerId) return NONE;
    const own = this.#ownTag;
    const looped = (kind === 'external' || kind === 'nssa') && own !== 0 && tag === own;
    const rank = rankOf(path.way);
    const last = forwarding ? undefined : this.#lastSaid;
    if (last?.router === router && last.heardFrom === heardFrom && last.hops === hops && last.rank === rank && last.looped === looped)
      return last.claims;
    const claims = this.#judged(path, router, looped, rank);
    if (!forwarding) this.#lastSaid = { router, heardFrom, hops, rank, looped, claims };
    return claims;
  }

  #judged(path: OspfPath, router: number, looped: boolean, rank: number): Claim[] {
    const { lsa, forwarding } = path;
    const bound = this.#nodesOf(router);
    const first = lsa.heardFrom[0];
    let nodes: readonly Node[] = bound;
    if (bound.length > 1) {
      // Two nodes with one router id: each says what came from it.
      nodes = bound.filter((node) => this.#heardFrom(path, node));
    } else if (bound.length === 0) {
      const through = this.instance.hopSets.get(path.way.hops).flatMap((number) => {
        const hop = this.instance.nextHops.get(number);
        return hop ? (this.where.nodeAt(hop.interface.options.name, hop.routerId) ?? []) : [];
      });
      nodes = [...new Set(through)];
    }
    const trusted = first !== undefined && this.where.trusted(first.interface);
    return nodes.map((node) => {
      let fault = 0;
      if (looped) fault = Verdict['own-tag'];
      else if (!trusted && !this.#heardFrom(path, node)) fault = Verdict['origin-not-confirmed'];
      const to = forwarding && this.network.model.owner(forwarding, 0, forwarding.length);
      return { node, holder: (to ?? node).index, fault, rank };
    });
  }

  /** Whether the LSA came from where a node is attached. */
  #heardFrom({ lsa }: OspfPath, node: Node): boolean {
    return lsa.heardFrom.some((from) => this.where.nodeAt(from.interface, from.routerId) === node);
  }

  #announce(route: OspfRoute, { node, holder, fault, rank }: Claim): void {
    this.#put(this.#announcing(node), route, holder, fault, rank);
  }

  /** The feed of a node that claims something. */
  #announcing(node: Node): Feed {
    const feed = this.#feedOf(node);
    if (feed.cause.type !== 'announced') feed.cause = { type: 'announced', neighbour: feed.label, node: node.name };
    return feed;
  }

  /** Prefixes, by their numbers in the RIB, of which the same is claimed one after the other. */
  readonly #run = new Uint32Array(SLICE);
  #runLength = 0;
  #runOf: Claim | undefined;

  /** Puts a claim to those that are put together. Returns what it comes of. */
  #collect(route: OspfRoute, claim: Claim): Cause {
    if (this.#runOf !== claim || this.#runLength === SLICE) {
      this.#putRun();
      this.#runOf = claim;
    }
    this.#run[this.#runLength++] = this.#prefixId(route);
    return this.#announcing(claim.node).cause;
  }
  #putRun(): void {
    const claim = this.#runOf;
    if (claim) this.#putAll(this.#announcing(claim.node), this.#run, this.#runLength, claim.holder, claim.fault, claim.rank);
    this.#runOf = undefined;
    this.#runLength = 0;
  }

  #prefixId(route: OspfRoute): number {
    const rib = this.network.ribs[this.instance.dialect.family];
    return rib.prefixId(route.word(0), route.word(1), route.word(2), route.word(3), route.length);
  }
  #put(feed: Feed, route: OspfRoute, holder: number, fault: number, rank: number): void {
    this.#putAll(feed, Uint32Array.of(this.#prefixId(route)), 1, holder, fault, rank);
  }
  #putAll(feed: Feed, prefixes: Uint32Array, count: number, holder: number, fault: number, rank: number): void {
    const { network } = this;
    const rib = network.ribs[this.instance.dialect.family];
    rib.announceRun(prefixes, undefined, count, feed.index, network.bareSet, network.bareSet, fault, holder, -1);
    for (let i = 0; i < count; i++) rib.setRank(rib.find(prefixes[i] ?? 0, feed.index, 0) - 1, rank);
  }

  #withdraw(route: OspfRoute, node: Node): void {
    const feed = this.#feeds.get(node);
    if (!feed) return;
    const rib = this.network.ribs[this.instance.dialect.family];
    const id = rib.prefixes.find(route.word(0), route.word(1), route.word(2), route.word(3), route.length);
    feed.cause = { type: 'withdrawn', neighbour: feed.label, node: node.name };
    if (id >= 0) rib.withdraw(id, feed.index, 0);
  }

  #labelOf(node: Node): string {
    return `${this.label} ${node.name}`;
  }

  #feedOf(node: Node): Feed {
    let feed = this.#feeds.get(node);
    if (!feed) {
      feed = this.#open(node);
      this.#feeds.set(node, feed);
    }
    return feed;
  }

  #open(node: Node): Feed {
    const label = this.#labelOf(node);
    const cause = { type: 'announced', neighbour: label, node: node.name } as const;
    return this.network.openFeed({ source: 'ospf', speaker: node.index, label, router: this.router, cause });
  }
}

function range(from: number, end: number): number[] {
  return Array.from({ length: end - from }, (_, i) => from + i);
}

function better(x: Claim, y: Claim | undefined): boolean {
  if (!y) return true;
  if ((x.fault === 0) !== (y.fault === 0)) return x.fault === 0;
  return x.rank < y.rank;
}

/** The order of RFC 2328 §11 and §16.4 as one number. */
function rankOf({ type, externalCost, preferred, cost }: OspfPath['way']): number {
  return ((PATH_TYPES.indexOf(type) * 2 ** 24 + externalCost) * 2 + (preferred ? 0 : 1)) * 2 ** 25 + Math.min(cost, MOST_COST);
}
