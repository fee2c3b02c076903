import type { OwnRestart } from '../bgp/config.js';
import { Authorization } from '../claims/authorization.js';
import type { Cause, Feed, FeedOptions } from '../claims/feed.js';
import { type Grant, grantId } from '../claims/grant.js';
import type { RefusalReason } from '../claims/reasons.js';
import { MemoryForwardingTable } from '../fib/memory-table.js';
import { formatIpv4, formatIpv6, parseAddress } from '../lib/address.js';
import type { Cancel, Clock } from '../lib/clock.js';
import { UsageError } from '../lib/errors.js';
import { type Logger, silentLogger } from '../lib/logger.js';
import { maskBytes, parsePrefix, prefixWords } from '../lib/prefix.js';
import type { Random } from '../lib/random.js';
import { same } from '../lib/same.js';
import { shown } from '../lib/shown.js';
import { TimerHeap } from '../lib/timers.js';
import { Arbitration } from '../mapping/arbitration.js';
import type { MappingChange, MappingEntry, Position } from '../mapping/change.js';
import type { FailedPrefix, ForwardingTable, PacketLookup, WordLookup } from '../mapping/forwarding-table.js';
import { Journal, type JournalEntry } from '../mapping/journal.js';
import { Publication } from '../mapping/publication.js';
import { TargetSets, type Targets } from '../mapping/target.js';
import type { MoveTiming } from '../mapping/timing.js';
import type { GrantConfig, HolderConfig, NetworkConfig, NodeConfig, NodeState } from '../network/config.js';
import { NetworkModel, type Node } from '../network/model.js';
import { checkGrant, checkGrantees, checkNetwork, checkNode, checkNodeState } from '../network/schema.js';
import { AttributeSets } from '../rib/attribute-sets.js';
import { Decision, type DecisionOptions } from '../rib/decision.js';
import { Rib } from '../rib/rib.js';
import { RouterLinks } from './attach/link/router-links.js';
import { type ClaimFilter, type ClaimView, claimViews, refusalsOf, takeRefusals } from './claim-view.js';
import { DampenedClaims } from './dampened-claims.js';
import type { NetworkEvents } from './events.js';
import { type Explanation, explainPrefix } from './explain.js';
import { Feeds } from './feeds.js';
import { GrantBook } from './grant-book.js';
import { Guard } from './guard.js';
import { InitialHolders } from './initial-holders.js';
import type { ClaimRequest, Lease } from './lease.js';
import { checkNetworkOptions, expectForwardingTable } from './parts.js';
import { ProgramClaims } from './program-claims.js';
import { Restoration, unusable } from './restoration.js';
import { SilentNodes } from './silent-nodes.js';
import { type NetworkSnapshot, takeSnapshot } from './snapshot.js';
import { IsolatedEmitter } from './turn.js';

/** Prefixes and attribute sets that are forgotten in one slice, so that timers and sessions get their turn in between. */
const SLICE = 8192;
/** The decision, where the configuration does not say otherwise. */
const DECISION: DecisionOptions = { alwaysCompareMed: false, preferOldestExternal: false, multipath: true };

/** What a network needs of its surroundings. @public */
export interface NetworkOptions {
  readonly clock: Clock;
  /** Silent unless given. */
  readonly logger?: Logger;
  /** Default: a {@link MemoryForwardingTable}. */
  readonly table?: ForwardingTable;
  /** For the epoch and for jitter. Default `Math.random`. */
  readonly random?: Random;
  /**
   * Its former life, which it goes on with: what was claimed stands at once, marked `restored`, until its speakers have said it again or
   * `restart.deferral` is over. Or why there is none to be had, to be told as an event. Looked at where the configuration has `restart`.
   */
  readonly snapshot?: FormerLife;
}

/** A network's former life, or why there is none to be had. @public */
export type FormerLife = NetworkSnapshot | { readonly unusable: string };

/** Changes since a position, or everything when they are not to be had any more. @public */
export type ChangesSince =
  | { readonly type: 'changes'; readonly changes: readonly JournalEntry[]; readonly position: Position }
  | { readonly type: 'snapshot'; readonly mapping: readonly MappingEntry[]; readonly position: Position };

/** What `reconfigure` did. @public */
export interface Reconfigured {
  /** What was changed in place, a line each. */
  readonly applied: readonly string[];
  /** What is being started anew (sessions), a line each. */
  readonly restarted: readonly string[];
}

/** Whom a network tells what its routers must know. @internal */
export interface NetworkMember {
  announce(rib: Rib, prefixes: Uint32Array, count: number): void;
  /** Claims have changed, and are about to be decided: those of `ribs` that are dirty. May change them further. */
  deciding?(): void;
  /** Nodes came, went, moved, died or are back, or subnets changed. Says what it started anew. */
  nodesChanged?(): readonly string[] | undefined;
  /** Routes that were not to be told after a restart may be told. */
  routesChosen?(): void;
  /** Claims were judged again. */
  judged?(): void;
  /** The journal has grown: asked for with {@link VirtualNetwork.entriesSince}. */
  journaled?(): void;
}

/**
 * A virtual network, whatever it runs on: who is in it, who may claim what, what is claimed, and where each address is reached. Routers
 * ({@link VirtualRouter}) bring in what guests say, a program claims by {@link VirtualNetwork.claim}: both go through the same grants and the
 * same decision.
 *
 * @public
 */
export class VirtualNetwork extends IsolatedEmitter<NetworkEvents> {
  readonly name: string;
  protected readonly logger: Logger;
  readonly #clock: Clock;
  #config: NetworkConfig;
  readonly #epoch: string;

  /** @internal */
  readonly model: NetworkModel;
  /** @internal */
  readonly authorization: Authorization;
  /** @internal */
  readonly sets = new AttributeSets();
  /** @internal */
  readonly ribs: { readonly ipv4: Rib; readonly ipv6: Rib };
  /** @internal */
  readonly timers: TimerHeap;
  /** @internal */
  readonly routerLinks = new RouterLinks(() => ({ links: this.#config.links ?? [], routes: this.#config.routes ?? [] }));
  /** @internal */
  readonly decision: DecisionOptions = { ...DECISION };

  readonly #feeds: Feeds;
  readonly #targets: TargetSets;
  readonly #arbitrations: { readonly ipv4: Arbitration; readonly ipv6: Arbitration };
  readonly #journal: Journal;
  readonly #publication: Publication;
  #table: ForwardingTable;
  #words: WordLookup | undefined;
  readonly #members = new Set<NetworkMember>();
  readonly #initial: Feed;
  readonly #initialHolders: InitialHolders;
  readonly #grants: GrantBook;
  readonly #program: ProgramClaims;
  /** The attribute set of what nobody announced over BGP: ORIGIN IGP and an empty AS_PATH. */
  readonly #bare: number;
  /** Prefixes with claims that are dampened, and when they are looked at again. */
  readonly #dampened: DampenedClaims;
  #restoration: Restoration | undefined;
  /** The blast-radius guard (`guard` of the configuration): what it suspects, and the decision. */
  readonly guard: Guard = new Guard(this, (state, nodes) =>
    this.tell('guard-change', { network: this.name, state, nodes, status: this.guard.status }),
  );
  readonly #silent = new SilentNodes(this, (node, reason, change) => this.#changeLife(node, reason, change));
  /** Counts turns: whether anything may have changed since. @internal */
  turns = 0;
  #burial: Cancel | undefined;
  #closed = false;

  constructor(config: NetworkConfig, options: NetworkOptions) {
    super();
    checkNetworkOptions(options);
    this.#config = checkNetwork(config, []);
    this.name = this.#config.name ?? 'network';
    this.logger = options.logger ?? silentLogger;
    this.#clock = options.clock;
    this.timers = new TimerHeap(options.clock);
    const random = options.random ?? Math.random;
    this.#epoch = `${Math.floor(options.clock.now()).toString(36)}-${Math.floor(random() * 0x1_0000_0000).toString(36)}`;
    this.model = new NetworkModel(this.#config);
    this.authorization = new Authorization(this.model);
    this.#targets = new TargetSets(this.model);
    this.#feeds = new Feeds(this, options.clock);
    this.ribs = {
      ipv4: new Rib('ipv4', this.sets, this.model, this.authorization, this.#feeds.all),
      ipv6: new Rib('ipv6', this.sets, this.model, this.authorization, this.#feeds.all),
    };
    const arbitrate = (rib: Rib): Arbitration => new Arbitration(rib, new Decision(rib, this.decision), this.#targets);
    this.#arbitrations = { ipv4: arbitrate(this.ribs.ipv4), ipv6: arbitrate(this.ribs.ipv6) };
    this.#journal = new Journal(this.#config.journal ?? 65_536);
    this.#table = options.table ?? new MemoryForwardingTable();
    this.#words = wordsOf(this.#table);
    this.#reserve();
    this.#publication = new Publication(
      [
        { rib: this.ribs.ipv4, arbitration: this.#arbitrations.ipv4 },
        { rib: this.ribs.ipv6, arbitration: this.#arbitrations.ipv6 },
      ],
      this.#targets,
      this.#journal,
      this.#clock,
      this.#table,
      this.#owner(),
    );
    this.#publication.announceWhen = this.#config.announce ?? 'applied';
    Object.assign(this.decision, this.#config.decision);
    const bare = Uint8Array.of(0x40, 1, 1, 0, 0x40, 2, 0);
    this.#bare = this.sets.intern(bare, 0, bare.length);
    this.#initial = this.openFeed(programFeed('initial', 'configuration'));
    this.#initialHolders = new InitialHolders(this, this.#initial, this.#bare);
    this.#program = new ProgramClaims(this, this.openFeed(programFeed('api', 'program')), this.#bare, this.#clock);
    this.#grants = new GrantBook(
      {
        authorization: this.authorization,
        tell: (change) => this.tell('grant-change', change),
        rejudge: (cause, grants) => this.rejudge(cause, grants),
        hold: (act) => this.hold(act),
      },
      this.#journal,
      this.#clock,
    );
    this.#grants.begin(this.#config.grants ?? []);
    this.#dampened = new DampenedClaims(this, this.#clock);
    this.#dampened.configure(this.#config);
    this.guard.configure(this.#config.guard);
    this.#initialHolders.apply(this.#config);
    this.settle({ type: 'configured' });
    if (this.#config.restart && options.snapshot) this.#restore(options.snapshot);
    this.#grants.watch();
  }

  /** Makes the room that the configuration asks for. */
  #reserve(): void {
    const { ipv4 = 0, ipv6 = 0 } = this.#config.reserve ?? {};
    if (ipv4 + ipv6 === 0) return;
    if (ipv4 > 0) this.ribs.ipv4.reserve(ipv4);
    if (ipv6 > 0) this.ribs.ipv6.reserve(ipv6);
    // A full table has a set of a hundred octets for every five prefixes.
    const sets = Math.ceil((ipv4 + ipv6) / 5);
    this.sets.reserve(sets, sets * 100);
    this.#table.reserve?.({ ipv4, ipv6 });
  }

  // --- Configuration ---------------------------------------------------------------------------------------------------

  /**
   * The configuration in force. Addresses that a claim moved stand among the holders with `moved: true`: given to a new network,
   * it starts with them where they are now, each until its holder's own claim is heard again.
   */
  configuration(): NetworkConfig {
    const holders = configured(this.#config.holders);
    const moved: HolderConfig[] = [];
    for (const rib of [this.ribs.ipv4, this.ribs.ipv6]) {
      for (let prefix = 0; prefix < rib.prefixes.limit; prefix++) {
        const row = rib.records.bestOf(prefix) - 1;
        if (row < 0) continue;
        const text = rib.prefixes.format(prefix);
        if (rib.feeds[rib.feedOf(row)] === this.#initial && this.#initialHolders.movedTo(text) === undefined) continue;
        const node = this.model.at(rib.holderOf(row)).name;
        moved.push({ prefix: text, node, ...(rib.kindOf(row) === 1 ? { as: 'gateway' as const } : {}), moved: true });
      }
    }
    return {
      ...this.#config,
      nodes: this.model.present().map((node) => {
        const { state: _before, ...config } = node.config;
        const state = this.model.stateOf(node);
        return state === 'up' ? config : { ...config, state };
      }),
      grants: this.authorization.current().map((grant) => grant.config),
      holders: [...holders, ...moved],
    };
  }

  /**
   * Takes over another configuration while in use: what is claimed is judged again at once, and nobody has to resend.
   * Throws a `UsageError` and changes nothing when the configuration is wrong.
   */
  reconfigure(next: NetworkConfig): Reconfigured {
    this.#open();
    return this.#become(this.checkReconfiguration(next));
  }

  /** What `reconfigure` would take over. Throws what it would, and changes nothing. @internal */
  checkReconfiguration(next: NetworkConfig): NetworkConfig {
    const checked = checkNetwork(next, []);
    this.checkFixed(checked, []);
    return checked;
  }

  #become(checked: NetworkConfig): Reconfigured {
    for (const [i, { name, location }] of (checked.nodes ?? []).entries()) {
      if (location === undefined || this.model.find(name)?.config.location === location) continue;
      const [one, other] = this.routerLinks.withPort(location);
      if (other !== undefined)
        throw new UsageError(
          'CONFIG_INVALID',
          `expected a port of one router, as ${shown(one)} and ${shown(other)} both have a port ${shown(location)}`,
          ['nodes', i, 'location'],
        );
    }
    return this.hold(() => this.#takeOver(checked));
  }

  #takeOver(checked: NetworkConfig): Reconfigured {
    // What was moved here is claimed here: a network starts with `moved` holders, and takes over none.
    const holders = checked.holders?.filter(({ prefix, node, moved }) => !moved || this.#initialHolders.movedTo(prefix) === node);
    const config = holders ? { ...checked, holders } : checked;
    const applied: string[] = [];
    const wanted = new Map((config.nodes ?? []).map((node) => [node.name, node]));
    /** Nodes that died, are back or are gone. */
    const turned = new Set<number>();
    for (const node of this.model.present()) {
      const to = wanted.get(node.name);
      if (!to) {
        this.model.removeNode(node.name);
        turned.add(node.index);
        applied.push(`node ${node.name} removed`);
      }
    }
    const changed = [...wanted.values()].filter((node) => {
      const known = this.model.find(node.name);
      const { state = 'up', ...rest } = node;
      const { state: _state, ...before } = known?.config ?? {};
      return known && (this.model.stateOf(known) !== state || !same(before, rest));
    });
    const lives = new Map(changed.map(({ name }) => [name, this.model.lifeOf(this.model.node(name))]));
    const moved = changed.filter(({ name, location }) => this.model.node(name).config.location !== location);
    this.model.changeNodes(changed);
    const relocations = moved.map(({ name }) => ({ name, targets: this.#targets.retire(this.model.node(name).index) }));
    for (const { name } of changed) {
      const node = this.model.node(name);
      if (this.model.lifeOf(node) !== lives.get(name)) turned.add(node.index);
    }
    applied.push(...changed.map(({ name }) => `node ${name} changed`));
    for (const node of wanted.values()) {
      if (this.model.find(node.name)) continue;
      this.model.addNode(node);
      applied.push(`node ${node.name} added`);
    }
    applied.push(...this.#grants.replaceAll(config.grants ?? []));
    if (!same(this.#config.ranges ?? [], config.ranges ?? [])) applied.push('ranges changed');
    if (!same(this.#config.subnets ?? [], config.subnets ?? [])) applied.push('subnets changed');
    if (!same(configured(this.#config.holders), configured(config.holders))) applied.push('holders changed');
    this.model.ranges = (config.ranges ?? []).map(parsePrefix);
    this.model.subnets = (config.subnets ?? []).map(({ name, prefix }) => ({ name: name ?? prefix, prefix: parsePrefix(prefix) }));
    this.#publication.announceWhen = config.announce ?? 'applied';
    if (!same(this.#config.decision ?? {}, config.decision ?? {})) {
      Object.assign(this.decision, DECISION, config.decision);
      // Who wins may be another, though no claim changed.
      for (const rib of [this.ribs.ipv4, this.ribs.ipv6])
        for (let id = 0; id < rib.prefixes.limit; id++) if (rib.records.headOf(id) !== 0) rib.touch(id);
      applied.push('decision changed');
    }
    const flaps = [this.#config, config].map(({ dampening, holdDown }) => ({ dampening, holdDown }));
    this.#config = config;
    if (!same(flaps[0], flaps[1])) {
      this.#dampened.configure(this.#config);
      applied.push('dampening changed');
    }
    this.guard.configure(config.guard);
    this.#initialHolders.apply(this.#config);
    this.#touchHeld(turned);
    this.rejudge({ type: 'configured' });
    for (const { name, targets } of relocations) this.#relocate(name, targets);
    this.#grants.watch();
    return { applied, restarted: this.#tellMembers() };
  }

  /** Throws a `UsageError` (`CONFIG_INVALID`) where `next` changes what a network has for its life. @internal */
  checkFixed(next: NetworkConfig, path: readonly string[]): void {
    for (const field of ['name', 'journal', 'reserve'] as const) {
      if (!same(next[field] ?? null, this.#config[field] ?? null))
        throw new UsageError('CONFIG_INVALID', 'cannot change while the network lives; make a new network', [...path, field]);
    }
  }

  /** Adds a node. Throws a `UsageError` (`NAME_TAKEN`, or `CONFIG_INVALID` for an address of another's). */
  addNode(node: NodeConfig): void {
    const { nodes = [] } = this.#config;
    this.model.checkFree((node as NodeConfig | undefined)?.name ?? '');
    this.#change({ nodes: [...nodes, checkNode(this.#config, node, nodes.length)] });
  }
  /** Changes a node: its addresses, tags, location, state. Throws a `UsageError` (`NAME_UNKNOWN`). */
  changeNode(node: NodeConfig): void {
    this.model.node((node as NodeConfig | undefined)?.name ?? '');
    const { nodes = [] } = this.#config;
    const at = nodes.findIndex(({ name }) => name === node.name);
    this.#change({ nodes: nodes.with(at, checkNode(this.#config, node, at)) });
  }
  /** Removes a node, and what it holds. Throws a `UsageError` (`NAME_UNKNOWN`). */
  removeNode(name: string): void {
    this.model.node(name);
    const left = {
      nodes: (this.#config.nodes ?? []).filter((node) => node.name !== name),
      holders: (this.#config.holders ?? []).filter((holder) => holder.node !== name),
      grants: (this.#config.grants ?? []).filter((grant) => grant.node !== name),
    };
    checkGrantees(left);
    this.#change(left);
  }
  /**
   * A node is to be left: what others claim too goes to them at once, what only it claims stays with it, shared addresses give it no new
   * flows (weight zero), and neighbours are told so (GRACEFUL_SHUTDOWN, RFC 8326). Where packets go by the router's own ports, flows of a shared
   * address that it has stay with it until they have been quiet for five minutes: those of the last 65,536 flows to shared addresses.
   * `setNodeState(name, 'up')` takes it back. Throws a `UsageError` (`NAME_UNKNOWN`).
   */
  drain(name: string): void {
    this.setNodeState(name, 'draining');
  }
  /** A node died, is to be left, or is back: it is seen to at once. Throws a `UsageError` (`NAME_UNKNOWN`, `CONFIG_INVALID`). */
  setNodeState(name: string, wanted: NodeState): void {
    this.#open();
    const node = this.model.node(name);
    const state = checkNodeState(wanted);
    const nodes = (this.#config.nodes ?? []).map((known) => (known.name === name ? { ...known, state } : known));
    this.#config = { ...this.#config, nodes };
    this.#changeLife(node, 'configured', () => this.model.setState(node, state));
  }

  /** One who watches a node hears it, hears nothing of it any more, has never heard it and counts it as down, or does not watch it any more. @internal */
  watched(name: string, watcher: string, how: 'heard' | 'silent' | 'awaited' | undefined): void {
    const node = this.model.find(name);
    if (!node) return;
    if (how === 'heard') this.#silent.heard(node, watcher);
    else if (how === 'silent') this.#silent.fell(node, watcher);
    else if (how === 'awaited') this.#silent.awaited(node, watcher);
    else this.#silent.left(node, watcher);
  }

  #changeLife(node: Node, reason: string, change: () => void): void {
    this.hold(() => this.#changeLifeOf(node, reason, change));
  }

  #changeLifeOf(node: Node, reason: string, change: () => void): void {
    const before = this.model.lifeOf(node);
    const out = this.model.down[node.index];
    change();
    const after = this.model.lifeOf(node);
    if (after === before && this.model.down[node.index] === out) return;
    this.#touchHeld(new Set([node.index]));
    this.settle(node.suspect === undefined ? { type: `node-${after}`, node: node.name } : { type: 'held', node: node.name });
    this.#tellMembers();
    if (after === before) return;
    this.tell('node-change', { network: this.name, node: node.name, state: after, reason });
  }

  /** Gives a grant, or changes the one of the same id. What is claimed is judged again at once. Returns its id. */
  grant(grant: GrantConfig): string {
    this.#open();
    const { grants = [] } = this.#config;
    const checked = checkGrant(this.#config, grant, grants.length);
    const id = grantId(checked);
    const known = grants.findIndex((other) => grantId(other) === id);
    this.#config = { ...this.#config, grants: known < 0 ? [...grants, checked] : grants.with(known, checked) };
    this.#grants.give(checked);
    return id;
  }
  /** Revokes a grant. Throws a `UsageError` (`NAME_UNKNOWN`). */
  revoke(id: string): void {
    this.#open();
    this.#config = { ...this.#config, grants: (this.#config.grants ?? []).filter((known) => grantId(known) !== id) };
    this.#grants.revoke(id);
  }
  /** The grants, ended ones too. */
  grants(): readonly GrantConfig[] {
    return this.authorization.current().map((grant) => grant.config);
  }

  /** Forwards by another table from now on: it gets the whole mapping first. Throws a `UsageError` (`CONFIG_INVALID`) for what is none. */
  setForwardingTable(table: ForwardingTable): void {
    this.#open();
    expectForwardingTable(table);
    this.#table = table;
    this.#words = wordsOf(table);
    const { ipv4 = 0, ipv6 = 0 } = this.#config.reserve ?? {};
    if (ipv4 + ipv6 > 0) table.reserve?.({ ipv4, ipv6 });
    this.#publication.use(table);
  }

  // --- Claims ----------------------------------------------------------------------------------------------------------

  /**
   * Claims a prefix for a node, as a guest would over BGP. Throws a `UsageError` for an unknown node or a wrong prefix; a claim
   * that is not granted does not throw: its lease says why, and it is judged again when grants change.
   */
  claim(request: ClaimRequest): Lease {
    this.#open();
    return this.#program.claim(request);
  }

  /** Claims, refused ones too, optionally of one node. A snapshot is made as it is walked: do not wait in between. */
  claims(filter: ClaimFilter = {}): IterableIterator<ClaimView> {
    return claimViews(this, filter);
  }

  // --- Mapping ---------------------------------------------------------------------------------------------------------

  /** Where a prefix goes, by exactly this prefix. */
  get(prefix: string): Targets | undefined {
    const parsed = parsePrefix(prefix);
    const rib = this.ribs[parsed.family];
    const id = rib.prefixes.find(...prefixWords(parsed.bytes), parsed.length);
    return id < 0 ? undefined : this.#targets.get(rib.records.publishedOf(id));
  }

  /** Where packets for an address go: the longest prefix that is mapped. */
  lookup(address: string): Targets | undefined {
    const table = this.#table as Partial<PacketLookup>;
    if (typeof table.lookup === 'function') return table.lookup(address);
    const found = this.#longest(parseAddress(address), (rib, id) => rib.records.publishedOf(id) !== 0);
    return found && this.#targets.get(found.rib.records.publishedOf(found.id));
  }

  /** {@link VirtualNetwork.lookup} for packets: by words, of the table itself where it can. @internal */
  lookup4(a: number): Targets | undefined {
    return this.#words ? this.#words.lookup4(a) : this.lookup(formatIpv4(a));
  }
  /** @internal */
  lookup6(a: number, b: number, c: number, d: number): Targets | undefined {
    return this.#words ? this.#words.lookup6(a, b, c, d) : this.lookup(formatIpv6(a, b, c, d));
  }

  /** The whole mapping. */
  *mapping(): IterableIterator<MappingEntry> {
    for (const rib of [this.ribs.ipv4, this.ribs.ipv6]) {
      for (let id = 0; id < rib.prefixes.limit; id++) {
        const targets = this.#targets.get(rib.records.publishedOf(id));
        if (targets) yield { prefix: rib.prefixes.format(id), targets };
      }
    }
  }

  /** Mapped prefixes. */
  get size(): number {
    let size = 0;
    for (const rib of [this.ribs.ipv4, this.ribs.ipv6]) {
      for (let id = 0; id < rib.prefixes.limit; id++) if (rib.records.publishedOf(id) !== 0) size++;
    }
    return size;
  }

  /** The last change. */
  get position(): Position {
    return { epoch: this.#epoch, seq: this.#journal.seq };
  }

  /** What happened after a position; a snapshot when that cannot be told any more, or the position is of another life, or none at all. */
  changesSince(position?: Position): ChangesSince {
    const changes = this.entriesSince(position);
    return changes
      ? { type: 'changes', changes, position: this.position }
      : { type: 'snapshot', mapping: [...this.mapping()], position: this.position };
  }

  /** The journal after a position, or undefined when that cannot be told any more, or the position is of another life. @internal */
  entriesSince(position: Position | undefined): JournalEntry[] | undefined {
    // Positions come back from wherever a follower kept them: what was no number there would find nothing after it, again and again.
    return position?.epoch === this.#epoch && Number.isSafeInteger(position.seq) ? this.#journal.since(position.seq) : undefined;
  }

  /** Why packets for an address, or a prefix, go where they go: every claim, its verdict, and the step that decided. */
  explain(query: string): Explanation {
    const prefix = parsePrefix(query);
    const host = prefix.length === prefix.bytes.length * 8;
    const rib = this.ribs[prefix.family];
    const exact = rib.prefixes.find(...prefixWords(prefix.bytes), prefix.length);
    const asked = exact >= 0 && rib.records.headOf(exact) !== 0 ? { rib, id: exact } : undefined;
    const found =
      host && !query.includes('/')
        ? (this.#longest(prefix.bytes, ({ records }, id) => records.publishedOf(id) !== 0 || records.decidedOf(id) !== 0) ??
          this.#longest(prefix.bytes, ({ records }, id) => records.headOf(id) !== 0))
        : asked;
    if (!found) return { query, prefix: undefined, targets: undefined, decided: undefined, claims: [], decidedAt: undefined };
    return explainPrefix(query, found.rib, this.#arbitrations[prefix.family], this.#targets, found.id);
  }

  /** Resolves when the forwarding table has taken everything that was decided, but for prefixes that it refused (`table-failure`). */
  settled(): Promise<void> {
    return this.#publication.settled();
  }

  /** What is claimed now, as a plain value for the next life of the network: see `NetworkOptions.snapshot`. */
  snapshot(): NetworkSnapshot {
    const { name, ribs, sets, model } = this;
    return takeSnapshot({ name, at: this.#clock.now(), ribs, sets, model });
  }

  /** Somebody could not write the snapshot. @internal */
  snapshotFailed(path: string, reason: string): void {
    this.logger.error({ path, reason }, 'the snapshot could not be written');
    this.tell('snapshot-failure', { network: this.name, path, reason });
  }

  /**
   * Lets go of the forwarding table and of every timer. Routers must have stopped. A file that `restart.snapshot` names is removed, or, to
   * start again at once, left as it is now.
   */
  async close(_options: { readonly restart?: boolean } = {}): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#restoration?.close();
    this.guard.close();
    this.#dampened.stop();
    this.#grants.stop();
    this.#program.close();
    this.#burial?.();
    this.#feeds.stop();
    await this.#publication.close();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** How long moves took. @internal */
  timing(): MoveTiming {
    return this.#publication.times.snapshot();
  }

  /** Counters and gauges, as plain numbers. @internal */
  counts(): NetworkCounts {
    const { ipv4, ipv6 } = this.ribs;
    return {
      nodes: this.model.present().length,
      grants: this.authorization.current().length,
      claims: ipv4.rows + ipv6.rows,
      claimsRefused: ipv4.refused + ipv6.refused,
      refusals: refusalsOf([ipv4, ipv6]),
      prefixes: ipv4.prefixes.size + ipv6.prefixes.size,
      attributeSets: this.sets.size,
      attributeSetBytes: this.sets.bytes,
      seq: this.#journal.seq,
      ...this.#publication.counters,
    };
  }

  // --- For routers -----------------------------------------------------------------------------------------------------

  /** @internal */
  join(member: NetworkMember): void {
    this.#members.add(member);
  }
  /** @internal */
  leave(member: NetworkMember): void {
    this.#members.delete(member);
  }
  /** So many more neighbours, or fewer, take several paths a prefix. @internal */
  wantEveryPath(more: 1 | -1): void {
    this.#publication.everyPath += more;
  }
  /** The bare set that stands for what nobody announced over BGP. @internal */
  get bareSet(): number {
    return this.#bare;
  }

  /** Whether it is at its end: nothing changes any more. @internal */
  get isClosed(): boolean {
    return this.#closed;
  }
  /** The former life, where there is one that is gone on with. @internal */
  get restoration(): Restoration | undefined {
    return this.#restoration;
  }
  /** Whether its routers' packets are a forwarder's matter. @internal */
  get isForwarded(): boolean {
    return this.#config.forwarder !== undefined;
  }
  /** Routes are being chosen after a restart, and not told to anybody yet. @internal */
  get deferring(): boolean {
    return this.#restoration?.deferring ?? false;
  }
  /** How we restart, as neighbours are told: looked at for each OPEN. @internal */
  get ownRestart(): OwnRestart | undefined {
    const { restart } = this.#config;
    if (!restart) return undefined;
    const network = this;
    return {
      time: restart.time ?? 120,
      longLived: restart.longLived ?? 0,
      get restarted() {
        return network.deferring;
      },
      get forwarding() {
        return network.#restoration !== undefined;
      },
    };
  }

  /** Those that live of whom something is heard: BGP sessions, and nodes that claim something by other protocols. @internal */
  sessions(): Feed[] {
    const { ipv4, ipv6 } = this.ribs;
    const claims = ({ index }: Feed): boolean => (ipv4.feedRows[index] ?? 0) + (ipv6.feedRows[index] ?? 0) > 0;
    return this.#feeds.all.filter(
      (feed): feed is Feed => feed?.alive === true && (feed.source === 'bgp' || (feed.speaker >= 0 && claims(feed))),
    );
  }
  /** Indexes of nodes that are watched, and heard. @internal */
  heardNodes(): Set<number> {
    return new Set(this.model.present().flatMap(({ index, heardBy }) => (heardBy.size > 0 ? [index] : [])));
  }
  /** Indexes of nodes that hold something. @internal */
  holders(): Set<number> {
    return this.#targets.holders();
  }

  /** Opens a stream of claims. @internal */
  openFeed(options: FeedOptions): Feed {
    return this.#feeds.open(options);
  }

  /** Ends a stream of claims: its claims end, in slices. @internal */
  closeFeed(feed: Feed, done: () => void = () => {}): void {
    this.#feeds.close(feed, done);
  }

  /**
   * Ends claims of a family of a feed that goes on, in slices: all, those that are marked, or those with one mark (values of `Stale`). What it says
   * again meanwhile stays. @internal
   */
  endClaims(feed: Feed, rib: Rib, which: 'all' | 'marked' | number, cause: Cause, done: () => void = () => {}): void {
    rib.condemn(feed.index, which);
    this.#feeds.end(feed, rib, cause, done);
  }

  /** The end of a turn: decides, publishes, tells. @internal */
  settle(cause: Cause): void {
    this.turns++;
    this.ribs.ipv4.fillRoom();
    this.ribs.ipv6.fillRoom();
    for (const member of this.#members) member.deciding?.();
    this.#initialHolders.settle();
    this.#publication.settle(cause);
    this.#tellRefusals();
    if (this.ribs.ipv4.dampening) this.#dampened.note();
    const waiting = this.ribs.ipv4.hasEmpty || this.ribs.ipv6.hasEmpty || this.sets.hasUnused;
    if (waiting && !this.#burial && !this.#feeds.ending) this.#burial = this.#clock.defer(() => this.#bury());
  }

  /** Forgets prefixes and attributes that nobody has any more, and gathers half-empty pages of attributes, a slice at a time. */
  #bury(): void {
    this.#burial = undefined;
    const more = this.ribs.ipv4.bury(SLICE) || this.ribs.ipv6.bury(SLICE) || this.sets.bury(SLICE) || this.sets.compact();
    if (more && !this.#closed) this.#burial = this.#clock.defer(() => this.#bury());
  }

  /** Marks the time of the input that is about to be taken in. @internal */
  begin(): void {
    const now = this.#clock.now();
    this.ribs.ipv4.now = now;
    this.ribs.ipv6.now = now;
    const listening = this.listenerCount('claim-rejected') > 0;
    for (const rib of [this.ribs.ipv4, this.ribs.ipv6]) {
      if (listening) rib.refusals ??= [];
      else rib.refusals = undefined;
    }
  }

  /** Judges claims to exactly this address again, and those with it as their next hop: it is reserved and a node's now, or no longer. @internal */
  rejudgeAddress(address: string): void {
    this.authorization.invalidate();
    const bytes = parseAddress(address.replace(/%.*$/, ''));
    const rib = bytes.length === 4 ? this.ribs.ipv4 : this.ribs.ipv6;
    const id = rib.prefixes.find(...prefixWords(bytes), 8 * bytes.length);
    const led = this.#feeds.all.filter((feed): feed is Feed => feed?.alive === true && feed.importer?.dependsOn(bytes) === true);
    if (id < 0 && led.length === 0) return;
    this.begin();
    for (const feed of led) for (const family of [this.ribs.ipv4, this.ribs.ipv6]) family.reimport(feed, bytes);
    if (id >= 0) rib.rejudgePrefix(id);
    this.settle({ type: 'configured' });
  }

  /** Judges every claim again, as nodes or addresses changed; where nothing but some grants did, those that they are about. @internal */
  rejudge(cause: Cause, grants?: readonly Grant[]): void {
    this.#open();
    const { authorization, ribs } = this;
    authorization.invalidate();
    this.begin();
    if (grants?.every(({ config, prefix }) => config.speaksFor === undefined && !authorization.hasLimits(prefix))) {
      for (const { prefix, ge, le, mode } of grants) {
        // An exclusive one is against all that it covers, whatever its length.
        if (mode === 'exclusive') ribs[prefix.family].rejudgeWithin(prefix, prefix.length, prefix.bytes.length * 8);
        else ribs[prefix.family].rejudgeWithin(prefix, ge, le);
      }
    } else {
      for (const rib of [ribs.ipv4, ribs.ipv6]) {
        for (const feed of this.#feeds.all) if (feed?.alive && feed.importer) rib.reimport(feed);
        rib.rejudgeAll();
      }
    }
    authorization.reuse();
    this.settle(cause);
    for (const member of this.#members) member.judged?.();
  }

  // --- Inside ----------------------------------------------------------------------------------------------------------

  #owner(): ConstructorParameters<typeof Publication>[5] {
    const network = this;
    return {
      announce: (rib, prefixes, count) => {
        for (const member of network.#members) member.announce(rib, prefixes, count);
      },
      get listening() {
        return network.listenerCount('mapping-change') > 0;
      },
      published: (changes: readonly MappingChange[]) => {
        const last = changes[changes.length - 1];
        network.tell('mapping-change', { network: network.name, changes, position: { epoch: network.#epoch, seq: last?.seq ?? 0 } });
      },
      journaled: () => {
        for (const member of network.#members) member.journaled?.();
      },
      failed: (failed: readonly FailedPrefix[], error: string | undefined) => {
        network.logger.warn({ failed: failed.length, error }, 'the forwarding table did not take a change');
        network.tell('table-failure', { network: network.name, failed, error });
      },
      unclosed: (error: unknown) => network.logger.error({ error }, 'a forwarding table that is used no more could not be closed'),
    };
  }

  #restore(snapshot: FormerLife): void {
    const restart = this.#config.restart ?? {};
    const fault = 'unusable' in snapshot ? snapshot.unusable : unusable(snapshot, this.name, restart, this.#clock.now());
    if (fault === undefined && !('unusable' in snapshot)) {
      this.#restoration = new Restoration(this, snapshot, (restart.deferral ?? 120) * 1000, () => this.#chosen());
    }
    const claims = this.#restoration?.claims ?? 0;
    // Whoever made the network has not had the time to listen yet.
    this.#clock.defer(() => {
      if (this.#closed) return;
      const state = fault === undefined ? 'restored' : 'unusable';
      this.tell('restore-change', { network: this.name, state, claims, until: this.#restoration?.until, reason: fault });
    });
  }

  #chosen(): void {
    for (const member of [...this.#members]) member.routesChosen?.();
    this.tell('restore-change', {
      network: this.name,
      state: 'over',
      claims: this.#restoration?.claims ?? 0,
      until: undefined,
      reason: undefined,
    });
  }

  #tellRefusals(): void {
    const { claims, total } = takeRefusals(this);
    if (total > 0) this.tell('claim-rejected', { network: this.name, claims, total });
  }

  /** Takes over a part that was checked. */
  #change(part: Partial<NetworkConfig>): void {
    this.#open();
    this.#become({ ...this.#config, ...part });
  }

  /** Tells the routers of changed nodes; what they started anew. */
  #tellMembers(): string[] {
    this.#silent.nodesChanged();
    const restarted = [...this.#members].flatMap((member) => member.nodesChanged?.() ?? []);
    // Addresses that identify sessions are reserved, and next hops of whose sessions they are.
    if (this.authorization.stale) this.rejudge({ type: 'configured' });
    return restarted;
  }

  /** Nodes died, are back or are gone: all that they hold is decided again. */
  #touchHeld(nodes: ReadonlySet<number>): void {
    if (nodes.size === 0) return;
    this.begin();
    for (const rib of [this.ribs.ipv4, this.ribs.ipv6]) {
      for (let row = 0; row < rib.rowLimit; row++) if (rib.claims.setInOf(row) !== 0 && nodes.has(rib.holderOf(row))) rib.reconsider(row);
    }
  }

  /** A node moved: what has the targets of before is decided again. */
  #relocate(name: string, targets: ReadonlySet<number>): void {
    if (targets.size === 0) return;
    this.begin();
    for (const rib of [this.ribs.ipv4, this.ribs.ipv6])
      for (let id = 0; id < rib.prefixes.limit; id++) if (targets.has(rib.records.decidedOf(id))) rib.touch(id);
    this.settle({ type: 'node-changed', node: name });
  }

  #longest(address: Uint8Array, has: (rib: Rib, id: number) => boolean): { readonly rib: Rib; readonly id: number } | undefined {
    const rib = address.length === 4 ? this.ribs.ipv4 : this.ribs.ipv6;
    for (let length = address.length * 8; length >= 0; length--) {
      const id = rib.prefixes.find(...prefixWords(maskBytes(address, length)), length);
      if (id >= 0 && has(rib, id)) return { rib, id };
    }
    return undefined;
  }

  #open(): void {
    if (this.#closed) throw new UsageError('CLOSED', 'the network is closed');
  }
}

/** Gauges and counters of a network. @public */
export interface NetworkCounts {
  readonly nodes: number;
  readonly grants: number;
  readonly claims: number;
  readonly claimsRefused: number;
  /** Claims that were refused so far, by reason: one that is refused again, for another reason or after it was accepted, counts again. */
  readonly refusals: Readonly<Partial<Record<RefusalReason, number>>>;
  readonly prefixes: number;
  readonly attributeSets: number;
  readonly attributeSetBytes: number;
  /** The journal's last number. */
  readonly seq: number;
  readonly batches: number;
  readonly batchFailures: number;
  readonly prefixFailures: number;
  readonly changes: number;
}

function programFeed(source: 'initial' | 'api', label: string): FeedOptions {
  return { source, speaker: -1, label, router: '', cause: { type: 'configured' } };
}

function wordsOf(table: ForwardingTable & Partial<WordLookup>): WordLookup | undefined {
  return table.lookup4 && table.lookup6 ? (table as WordLookup) : undefined; // both are there
}

function configured(holders: readonly HolderConfig[] = []): HolderConfig[] {
  return holders.filter(({ moved }) => !moved);
}
