import type { Cause, Feed } from '../../claims/feed.js';
import { Verdict } from '../../claims/reasons.js';
import { prefixWords } from '../../lib/prefix.js';
import type { Node } from '../../network/model.js';
import type { OspfInstance, OspfPath, OspfRoute, RouteKey } from '../../ospf/index.js';
import { PATH_TYPES, routeKey } from '../../ospf/index.js';
import type { VirtualNetwork } from '../virtual-network.js';

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

/** Largest cost that counts in a rank, which has 51 bits for the kind of path, the external metric and the cost. */
const MOST_COST = 2 ** 25 - 1;

/**
 * Routes into claims: what a router originates is a claim of the node whose router it is, granted or refused, and decided with the
 * rest; OSPF's own order (kind of path, cost) decides among OSPF's claimants.
 *
 * A guest cannot speak for another, though the protocol lets it pass LSAs on: an LSA counts as a node's own only if that very instance came
 * from the node's own attach point. What a router behind a guest originates belongs to the guest that the shortest path goes through, if
 * it came from there.
 *
 * @internal
 */
export class OspfClaims {
  readonly #feeds = new Map<Node, Feed>();
  /** Who claims what now. */
  readonly #claims = new Map<RouteKey, readonly Claim[]>();

  constructor(
    private readonly network: VirtualNetwork,
    private readonly instance: OspfInstance,
    private readonly router: string,
    private readonly label: string,
    private readonly tag: () => number,
    private readonly where: OspfWhereabouts,
  ) {}

  /** Whether a feed is one of ours. */
  owns(feed: Feed): boolean {
    for (const own of this.#feeds.values()) if (own === feed) return true;
    return false;
  }

  get size(): number {
    return this.#claims.size;
  }

  /** Routes changed. */
  update(keys: Iterable<RouteKey>): void {
    const { network } = this;
    network.begin();
    this.#look();
    let cause: Cause | undefined;
    for (const key of keys) {
      const route = this.instance.routes.routes.get(key);
      const before = this.#claims.get(key) ?? [];
      const after = route ? this.#claimsOf(route) : [];
      for (const { node } of before) {
        if (after.some((claim) => claim.node === node)) continue;
        this.#withdraw(key, node);
        cause ??= { type: 'withdrawn', neighbour: this.#labelOf(node), node: node.name };
      }
      for (const claim of after) {
        if (route) this.#announce(route, claim);
        cause = this.#feedOf(claim.node).cause;
      }
      if (after.length > 0) this.#claims.set(key, after);
      else this.#claims.delete(key);
    }
    if (cause) network.settle(cause);
  }

  /** Who is where changed: every route is looked at again. */
  reconsider(): void {
    this.update([...new Set([...this.instance.routes.routes.keys(), ...this.#claims.keys()])]);
  }

  /** Everything ends. */
  close(reason: string): void {
    for (const [node, feed] of this.#feeds) {
      feed.cause = { type: 'session-down', neighbour: feed.label, node: node.name, reason };
      this.network.closeFeed(feed);
    }
    this.#feeds.clear();
    this.#claims.clear();
    this.#prefixes.clear();
  }

  #claimsOf(route: OspfRoute): Claim[] {
    const claims: Claim[] = [];
    const own = this.instance.options.routerId;
    // What we are connected to ourselves is nobody's claim: guests tell of their side of the link as a matter of course.
    for (const { lsa, kind } of route.advertisements) if (kind === 'intra' && lsa.header.advertisingRouter === own) return claims;
    if (this.#connected.has(route.key)) return claims;
    for (const path of route.paths) {
      for (const claim of this.#claimsBy(path)) {
        const known = claims.findIndex(({ node }) => node === claim.node);
        if (known < 0) claims.push(claim);
        // A node's own best: what is not confirmed does not stand in the way of what is.
        else if (better(claim, claims[known])) claims[known] = claim;
      }
    }
    return claims;
  }

  /** What we are connected to, and who speaks with a router id: found once for all that changed together. */
  readonly #connected = new Set<RouteKey>();
  readonly #bound = new Map<number, readonly Node[]>();

  #look(): void {
    this.#bound.clear();
    this.#connected.clear();
    for (const { options } of this.instance.interfaces.values())
      for (const prefix of options.prefixes) this.#connected.add(routeKey(prefix));
  }

  #nodesOf(router: number): readonly Node[] {
    let nodes = this.#bound.get(router);
    if (!nodes) {
      nodes = this.where.nodesOf(router);
      this.#bound.set(router, nodes);
    }
    return nodes;
  }

  #claimsBy(path: OspfPath): Claim[] {
    const { lsa, tag, forwarding, kind } = path.advertisement;
    const router = lsa.header.advertisingRouter;
    if (router === this.instance.options.routerId) return [];
    const bound = this.#nodesOf(router);
    const first = lsa.heardFrom[0];
    let nodes: readonly Node[] = bound;
    if (bound.length > 1) {
      // Two nodes with one router id: each says what came from it.
      nodes = bound.filter((node) => this.#heardFrom(path, node));
    } else if (bound.length === 0) {
      const through = this.instance.hopSets.get(path.hops).flatMap((number) => {
        const hop = this.instance.nextHops.get(number);
        return hop ? (this.where.nodeAt(hop.interface.options.name, hop.routerId) ?? []) : [];
      });
      nodes = [...new Set(through)];
    }
    const trusted = first !== undefined && this.where.trusted(first.interface);
    const own = this.tag();
    return nodes.map((node) => {
      let fault = 0;
      if ((kind === 'external' || kind === 'nssa') && own !== 0 && tag === own) fault = Verdict['own-tag'];
      else if (!trusted && !this.#heardFrom(path, node)) fault = Verdict['origin-not-confirmed'];
      const to = forwarding && this.network.model.owner(forwarding, 0, forwarding.length);
      return { node, holder: (to ?? node).index, fault, rank: rankOf(path) };
    });
  }

  /** Whether the LSA came from where a node is attached. */
  #heardFrom({ advertisement: { lsa } }: OspfPath, node: Node): boolean {
    return lsa.heardFrom.some((from) => this.where.nodeAt(from.interface, from.routerId) === node);
  }

  readonly #prefixes = new Map<RouteKey, OspfRoute['prefix']>();

  #announce(route: OspfRoute, { node, holder, fault, rank }: Claim): void {
    const { network } = this;
    const { prefix } = route;
    this.#prefixes.set(route.key, prefix);
    const feed = this.#feedOf(node);
    const rib = network.ribs[prefix.family];
    const id = rib.prefixId(...prefixWords(prefix.bytes), prefix.length);
    if (feed.cause.type !== 'announced') feed.cause = { type: 'announced', neighbour: feed.label, node: node.name };
    rib.announce(id, feed.index, 0, network.bareSet, network.bareSet, fault, holder, -1);
    rib.setRank(rib.find(id, feed.index, 0) - 1, rank);
  }

  #withdraw(key: RouteKey, node: Node): void {
    const feed = this.#feeds.get(node);
    const prefix = this.#prefixes.get(key);
    if (!feed || !prefix) return;
    const rib = this.network.ribs[prefix.family];
    const id = rib.prefixes.find(...prefixWords(prefix.bytes), prefix.length);
    feed.cause = { type: 'withdrawn', neighbour: feed.label, node: node.name };
    if (id >= 0) rib.withdraw(id, feed.index, 0);
    if (!this.instance.routes.routes.has(key)) this.#prefixes.delete(key);
  }

  #labelOf(node: Node): string {
    return `${this.label} ${node.name}`;
  }

  #feedOf(node: Node): Feed {
    let feed = this.#feeds.get(node);
    if (!feed) {
      feed = this.network.openFeed({
        source: 'ospf',
        speaker: node.index,
        label: this.#labelOf(node),
        router: this.router,
        cause: { type: 'announced', neighbour: this.#labelOf(node), node: node.name },
      });
      this.#feeds.set(node, feed);
    }
    return feed;
  }
}

function better(x: Claim, y: Claim | undefined): boolean {
  if (!y) return true;
  if ((x.fault === 0) !== (y.fault === 0)) return x.fault === 0;
  return x.rank < y.rank;
}

/** The order of RFC 2328 §11 and §16.4 as one number. */
function rankOf({ type, externalCost, cost }: OspfPath): number {
  return (PATH_TYPES.indexOf(type) * 2 ** 24 + externalCost) * 2 ** 25 + Math.min(cost, MOST_COST);
}
