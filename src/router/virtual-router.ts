import type { EventEmitter } from 'eventemitter3';
import type { BfdChange, BfdDrops, BfdService } from '../bfd/index.js';
import { CeaseSubcode } from '../bgp/wire/index.js';
import { canonicalAddress } from '../lib/address.js';
import { parseAsn } from '../lib/asn.js';
import { Buffers } from '../lib/buffers.js';
import type { Clock } from '../lib/clock.js';
import { UsageError } from '../lib/errors.js';
import { type Logger, silentLogger } from '../lib/logger.js';
import { canonicalPrefix } from '../lib/prefix.js';
import { same } from '../lib/same.js';
import { shown } from '../lib/shown.js';
import type { MappingEntry, Position } from '../mapping/change.js';
import type { ForwardingTable } from '../mapping/forwarding-table.js';
import type { Targets } from '../mapping/target.js';
import type { MoveTiming } from '../mapping/timing.js';
import type { GrantConfig, NetworkConfig } from '../network/config.js';
import type { PortConfig } from '../stack/config.js';
import type { Port } from '../stack/port.js';
import { BgpAttachment } from './attach/bgp/attachment.js';
import type { BgpNeighbour } from './attach/bgp/neighbour.js';
import type { BgpSurroundings, RouterIdentity } from './attach/bgp/surroundings.js';
import { LinkAttachment, type LinkStatus } from './attach/link/attachment.js';
import { LinkBfd } from './attach/link/bfd.js';
import type { VrrpStatus } from './attach/link/vrrp.js';
import { NodeWatches, type NodeWatchStatus } from './attach/node-watch.js';
import { OspfAttachment } from './attach/ospf/attachment.js';
import type { OspfStatus } from './attach/ospf/speaker.js';
import { type CacheStatus, RpkiAttachment } from './attach/rtr.js';
import type { ClaimView } from './claim-view.js';
import type { NeighbourConfig, RouterConfig } from './config.js';
import type { NetworkEvents, RouterEvents } from './events.js';
import type { Explanation } from './explain.js';
import type { Guard } from './guard.js';
import type { Host } from './host.js';
import type { ClaimRequest, Lease } from './lease.js';
import { type NeighbourStatus, neighbourStatus } from './neighbour-status.js';
import type { OspfConfig } from './ospf-config.js';
import { checkRouterOptions } from './parts.js';
import { type PortOwner, RouterPorts } from './router-ports.js';
import { checkNeighbour, checkRouter } from './schema.js';
import { cacheDiallers, securities, withSecrets } from './secrets.js';
import type { SessionRefusalReason } from './session-refusals.js';
import { IsolatedEmitter } from './turn.js';
import { type ChangesSince, type FormerLife, type NetworkCounts, type Reconfigured, VirtualNetwork } from './virtual-network.js';
import { type Why, whyNode } from './why.js';

/** What a router needs of its surroundings. @public */
export interface RouterOptions {
  /** Transport and clock. `virtual-router` brings the host's sockets and clock; a simulation brings its own. */
  readonly host: Host;
  /** The network to serve, shared with other routers. Default: a private one, made of the configuration's `network`. */
  readonly network?: VirtualNetwork;
  /** Silent unless given. */
  readonly logger?: Logger;
  /** Ports that the program brings, by the names that the configuration has for them. The router does not close them. */
  readonly ports?: Readonly<Record<string, Port>>;
  /** Of the private network. Default: a `MemoryForwardingTable`. */
  readonly table?: ForwardingTable;
  /** Of the private network: see {@link NetworkOptions}. */
  readonly snapshot?: FormerLife;
}

/** How a router stops. @public */
export interface StopOptions {
  /** What neighbours are told (RFC 9003). */
  readonly text?: string;
  /** Leave a private network open. Default false. */
  readonly keepNetwork?: boolean;
  /**
   * Seconds to let neighbours find other ways before the sessions end: what they were told is told anew with GRACEFUL_SHUTDOWN
   * (RFC 8326). Default 0: end at once.
   */
  readonly drain?: number;
  /** To start again at once: connections are dropped without a word, and neighbours keep our routes as `network.restart` asks. Default false. */
  readonly restart?: boolean;
}

/** What makes a router the one that it is. */
const LASTING = ['as', 'routerId', 'clusterId', 'name', 'listen'] as const satisfies readonly (keyof RouterConfig)[];
/** States of a session that has a connection. */
const OPENED: readonly string[] = ['open-sent', 'open-confirm', 'established'];

/** A router's state as plain numbers and strings; `renderPrometheus` makes text of it. @public */
export interface RouterMetrics {
  readonly router: string;
  readonly network: NetworkCounts;
  /** How long moves took. */
  readonly moves: MoveTiming;
  readonly neighbours: readonly NeighbourStatus[];
  /** RPKI caches, the most preferred first. */
  readonly caches: readonly CacheStatus[];
  readonly links: readonly LinkStatus[];
  /** Connections that were turned away, by reason. */
  readonly refused: Readonly<Partial<Record<SessionRefusalReason, number>>>;
  readonly ospf: readonly OspfStatus[];
  readonly virtualRouters: readonly VrrpStatus[];
  /** Nodes that are watched by BFD (`watch`). */
  readonly watches: readonly NodeWatchStatus[];
  /** BFD packets that were not taken: at the ports of this router, and by the host's watcher, which routers may share. */
  readonly bfdDrops: { readonly ports: BfdDrops; readonly host: BfdDrops };
}

const NETWORK_EVENTS: readonly (keyof NetworkEvents)[] = [
  'mapping-change',
  'claim-rejected',
  'grant-change',
  'node-change',
  'table-failure',
  'restore-change',
  'snapshot-failure',
  'guard-change',
];

/**
 * A virtual router, whatever it runs on: its surroundings come with the options. With `network` in its configuration it makes a network of its
 * own; several routers of one network share a {@link VirtualNetwork} given in the options.
 *
 * @public
 */
export class VirtualRouter extends IsolatedEmitter<RouterEvents> {
  readonly name: string;
  /** The network that the router serves. */
  readonly network: VirtualNetwork;
  protected readonly logger: Logger;
  readonly #host: Host;
  readonly #ownNetwork: boolean;
  #config: RouterConfig;
  readonly #bgp: BgpAttachment;
  readonly #rpki: RpkiAttachment;
  readonly #link: LinkAttachment;
  readonly #ospf: OspfAttachment;
  readonly #linkBfd: LinkBfd;
  readonly #watches: NodeWatches;
  readonly #ports: RouterPorts;
  #running = false;
  /** What was asked for last, until it is done; and when it is. */
  #wanted: 'running' | 'stopped' | undefined;
  #transition: Promise<void> = Promise.resolve();
  #unstall: (() => void) | undefined;
  readonly #forwarded = new Map<keyof NetworkEvents, (event: never) => void>();

  /** Throws a `UsageError` (`CONFIG_INVALID`) that names the path and what was expected there; nothing has been started then. */
  constructor(config: RouterConfig, options: RouterOptions) {
    super();
    checkRouterOptions(options);
    this.logger = options.logger ?? silentLogger;
    this.#host = options.host;
    this.#ownNetwork = options.network === undefined;
    const shared = options.network;
    this.#config = checkRouter(config, [], shared?.configuration());
    const security = securities(this.#config.neighbours, this.#host.secrets);
    const neighbours = withSecrets(this.#config.neighbours ?? [], this.#host.secrets, ['neighbours']);
    const watch = withSecrets(this.#config.watch ?? [], this.#host.secrets, ['watch']);
    const caches = cacheDiallers(this.#config.rpki, this.#host.transport, this.#host.secrets);
    this.name = this.#config.name ?? 'router';
    const { clock } = this.#host;
    this.network =
      shared ??
      new VirtualNetwork(this.#config.network ?? {}, {
        clock,
        random: this.#host.random,
        logger: this.logger,
        ...(options.table ? { table: options.table } : {}),
        ...(options.snapshot ? { snapshot: options.snapshot } : {}),
      });
    this.#rpki = new RpkiAttachment({ timers: this.network.timers, network: this.network, logger: this.logger }, (event) =>
      this.tell('cache-change', { router: this.name, ...event }),
    );
    this.#rpki.configure(this.#config.rpki, caches);
    this.#ports = new RouterPorts(this.#portOwner(), options.ports ?? {});
    this.#link = new LinkAttachment(
      this.network,
      { name: this.name, routerId: this.#config.routerId },
      this.#host.ports,
      this.#host,
      ({ remote, port, node, fault }) => {
        this.logger.warn({ address: remote, port, node }, `segment dropped: ${fault}`);
        this.tell('segment-refused', { router: this.name, address: remote, port, node, reason: fault });
      },
      (port, path, reason) => {
        this.logger.error({ port, path, reason }, 'the capture could not be written');
        this.tell('capture-failure', { router: this.name, port, path, reason });
      },
    );
    this.#bgp = new BgpAttachment(this.#surroundings(clock), this.#host, this.#link.tcp, {
      refused: (event) => this.tell('session-refused', { router: this.name, ...event }),
    });
    this.#link.configure(this.#config.interfaces ?? [], this.#config.access ?? []);
    this.#ospf = new OspfAttachment({
      network: this.network,
      router: { name: this.name, routerId: this.#config.routerId, as: parseAsn(this.#config.as) },
      ip: this.#link.ip,
      links: this.#host.ospf,
      ports: () => this.#link.mtus,
      interfaces: () => this.#config.interfaces ?? [],
      originate: () => this.#config.originate ?? [],
      prefixLists: () => this.#config.prefixLists ?? {},
      macOf: (config) => this.#link.macOf(config),
      bfdOf: (node) => this.#bfdOf(node),
      localAddress: (node, address) => this.#localAddress(node, address),
      bfdChanged: (node, address, change) => this.#bfdChanged(node, address, change),
      bfdFailed: (node, address, reason) => this.#bfdFailed(node, address, reason),
      changed: (event) => this.tell('ospf-change', { router: this.name, ...event }),
      problem: (event) => {
        this.logger.warn(
          { instance: event.instance, interface: event.interface, source: event.source },
          `OSPF: ${event.problem}: ${event.detail}`,
        );
        this.tell('ospf-problem', { router: this.name, ...event });
      },
    });
    this.#ospf.configure(this.#instances(this.#config));
    this.#linkBfd = new LinkBfd(this.#link.ip, clock, this.#host.random);
    this.#watches = new NodeWatches({
      network: this.network,
      router: this.name,
      service: (node) => this.#bfdOf(node),
      localAddress: (node, address) => this.#localAddress(node, address),
      changed: (node, address, change) => this.#bfdChanged(node, address, change),
      failed: (node, address, reason) => this.#bfdFailed(node, address, reason),
    });
    this.#watches.configure(watch);
    for (const address of this.#reserved()) this.network.model.addRouterAddress(address);
    this.#bgp.secure(security);
    this.#bgp.configure(neighbours);
    this.network.rejudge({ type: 'configured' });
  }

  // --- Life ------------------------------------------------------------------------------------------------------------

  /**
   * Listens and dials. Rejects with a `UsageError` (`PORT_IN_USE`, `ADDRESS_UNAVAILABLE`, `LISTENER_SHARED`, or `CLOSED` where the network
   * is) and leaves nothing running then. Harmless when it runs.
   */
  start(): Promise<void> {
    if (this.#wanted === 'running') return this.#transition;
    const first = this.#wanted === undefined;
    this.#wanted = 'running';
    const started = first ? this.#start() : this.#transition.catch(() => {}).then(() => this.#start());
    this.#transition = started;
    started.catch(() => {
      if (this.#transition === started) this.#wanted = undefined;
    });
    return started;
  }

  async #start(): Promise<void> {
    if (this.network.isClosed)
      throw new UsageError('CLOSED', "the router's network is closed: `stop({ keepNetwork: true })` leaves it open for another start");
    try {
      if (
        !this.#host.bfd &&
        (this.#bgp.all().some(({ config: { bfd }, node }) => bfd && !this.#atPort(node.config.location)) ||
          this.#config.ospf?.some(({ interfaces }) => interfaces.some(({ bfd, device }) => bfd && device !== undefined)))
      )
        throw new UsageError('BFD_UNAVAILABLE', 'a neighbour is to be watched by BFD, and the host of this router brings no BFD service');
      await this.#link.start(this.#config.ports ?? [], this.#ports.given);
      await this.#ospf.start();
      await this.#bgp.start(this.#config.listen ?? []);
    } catch (error) {
      await this.#ospf.stop();
      await this.#link.stop();
      throw error;
    }
    this.#running = true;
    const stalled = (by: number): void => this.tell('bfd-stall', { router: this.name, by });
    const [ofHost, ofLinks] = [this.#host.bfd?.onStall(stalled), this.#linkBfd.onStall(stalled)];
    this.#unstall = () => {
      ofHost?.();
      ofLinks();
    };
    this.#watches.start();
    this.#rpki.start();
    for (const { address, port } of this.#bgp.endpoints) {
      this.logger.info({ address, port }, 'listening');
      this.tell('listening', { router: this.name, address, port });
    }
  }

  /**
   * Ends every session with a Cease (administrative shutdown, with `text` as RFC 9003 has it), and leaves no handle behind. A
   * private network is closed too, unless `keepNetwork`. Harmless when it does not run.
   */
  stop(options: StopOptions = {}): Promise<void> {
    if (this.#wanted === 'stopped') return this.#transition;
    this.#wanted = 'stopped';
    // Whether it could start is for whoever asked for that.
    const stopped = this.#transition.catch(() => {}).then(() => this.#stop(options));
    this.#transition = stopped;
    return stopped.finally(() => {
      if (this.#transition === stopped) this.#wanted = undefined;
    });
  }

  async #stop(options: StopOptions): Promise<void> {
    this.#unstall?.();
    this.#rpki.stop();
    this.#watches.stop();
    if (this.#running) {
      this.#running = false;
      if (options.drain) await this.#drained(options.drain * 1000);
      if (options.restart) await this.#bgp.leave();
      await this.#bgp.stop(CeaseSubcode.administrativeShutdown, options.text);
      await this.#ospf.stop();
      await this.#link.stop();
    }
    if (this.#ownNetwork && !options.keepNetwork) await this.network.close();
  }

  #drained(time: number): Promise<void> {
    this.#bgp.drain();
    const { clock } = this.#host;
    return new Promise((resolve) => clock.at(clock.now() + time, resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Where it listens, with the ports that the system gave for port 0. */
  get endpoints(): readonly { readonly address: string; readonly port: number }[] {
    return this.#bgp.endpoints;
  }

  // --- Configuration ---------------------------------------------------------------------------------------------------

  /** The configuration in force, moved addresses included. */
  configuration(): RouterConfig {
    return this.#ownNetwork ? { ...this.#config, network: this.network.configuration() } : this.#config;
  }

  /**
   * Takes over another configuration while running. Policies, exports, grants, nodes change in place; a neighbour whose session
   * parameters change is started anew. Throws a `UsageError` and changes nothing when the configuration is wrong, or when it
   * changes the AS number, the router id or the listeners, which takes a new router.
   */
  reconfigure(next: RouterConfig): Reconfigured {
    return this.network.hold(() => this.hold(() => this.#takeOver(next)));
  }

  #takeOver(next: RouterConfig): Reconfigured {
    const { config, security, neighbours, watch, caches, instances } = this.#prepare(next, this.#sharedConfiguration());
    if (!same(config.ports, this.#config.ports))
      throw new UsageError('CONFIG_INVALID', 'cannot change so; use addPort, changePort and removePort', ['ports']);
    this.#bgp.checkShared(config.neighbours ?? []);
    this.#bgp.secure(security);
    const network = this.#ownNetwork && config.network ? this.network.reconfigure(config.network) : { applied: [], restarted: [] };
    const before = this.#reserved();
    const lists = same(config.prefixLists, this.#config.prefixLists) ? [] : ['prefix lists changed'];
    const originated = same(config.originate, this.#config.originate) ? [] : ['originated prefixes changed'];
    this.#config = config;
    for (const address of before) this.network.model.removeRouterAddress(address);
    for (const address of this.#reserved()) this.network.model.addRouterAddress(address);
    const rpki = this.#rpki.configure(config.rpki, caches);
    this.#link.configure(config.interfaces ?? [], config.access ?? []);
    const ospf = this.#ospf.configure(instances);
    const watches = this.#watches.configure(watch);
    const bgp = this.#bgp.configure(neighbours, lists.length > 0);
    this.network.rejudge({ type: 'configured' });
    return {
      applied: [...network.applied, ...rpki, ...lists, ...originated, ...ospf.applied, ...watches, ...bgp.applied],
      restarted: [...new Set([...network.restarted, ...ospf.restarted, ...bgp.restarted])],
    };
  }

  /**
   * Throws what {@link VirtualRouter.reconfigure} would, but for ports, which may be others, and for neighbours that another router of the
   * host has; and changes nothing.
   *
   * @param network - Of a shared network, which is to have this configuration by then.
   * @internal
   */
  checkReconfiguration(next: RouterConfig, network = this.#sharedConfiguration()): void {
    this.#prepare(next, network);
  }

  /** A configuration that was checked, and what is made of its secrets. */
  #prepare(next: RouterConfig, shared: NetworkConfig | undefined) {
    const config = checkRouter(next, [], shared);
    for (const field of LASTING)
      if (!same(config[field], this.#config[field]))
        throw new UsageError('CONFIG_INVALID', 'cannot change while the router lives; make a new router', [field]);
    if (this.#ownNetwork && config.network) this.network.checkFixed(config.network, ['network']);
    return {
      config,
      security: securities(config.neighbours, this.#host.secrets),
      neighbours: withSecrets(config.neighbours ?? [], this.#host.secrets, ['neighbours']),
      watch: withSecrets(config.watch ?? [], this.#host.secrets, ['watch']),
      caches: cacheDiallers(config.rpki, this.#host.transport, this.#host.secrets),
      instances: this.#instances(config),
    };
  }
  #sharedConfiguration(): NetworkConfig | undefined {
    return this.#ownNetwork ? undefined : this.network.configuration();
  }

  /**
   * Adds a neighbour, or a range of them. Throws a `UsageError` (`NAME_TAKEN` for an address that another has, `CONFIG_INVALID`) and changes
   * nothing then.
   */
  addNeighbour(neighbour: NeighbourConfig): Reconfigured {
    const { neighbours = [] } = this.#config;
    const { address } = unchecked(neighbour);
    if (this.#placeOf(address) >= 0) throw new UsageError('NAME_TAKEN', `there is a neighbour ${shown(address)} already`);
    return this.#takeNeighbours([...neighbours, this.#checked(neighbour, neighbours.length)]);
  }
  /**
   * Changes the neighbour of an address, as {@link VirtualRouter.reconfigure} would: policies in place, what makes the session by starting it
   * anew. Throws a `UsageError` (`NAME_UNKNOWN`, `CONFIG_INVALID`) and changes nothing then.
   */
  changeNeighbour(neighbour: NeighbourConfig): Reconfigured {
    const at = this.#knownPlaceOf(unchecked(neighbour).address);
    return this.#takeNeighbours((this.#config.neighbours ?? []).with(at, this.#checked(neighbour, at)));
  }
  /** Removes the neighbour of an address, or a range: sessions end with a Cease. Throws a `UsageError` (`NAME_UNKNOWN`). */
  removeNeighbour(address: string): Reconfigured {
    const at = this.#knownPlaceOf(address);
    return this.#takeNeighbours((this.#config.neighbours ?? []).filter((_, i) => i !== at));
  }

  /** However it is written. */
  #placeOf(address: string | undefined): number {
    const wanted = canonicalEnd(address);
    return (this.#config.neighbours ?? []).findIndex((neighbour) => neighbour.address === wanted);
  }
  #knownPlaceOf(address: string | undefined): number {
    const at = this.#placeOf(address);
    if (at < 0) throw new UsageError('NAME_UNKNOWN', `there is no neighbour ${shown(address)}`);
    return at;
  }
  #checked(neighbour: NeighbourConfig, at: number): NeighbourConfig {
    return checkNeighbour(this.#config, { nodes: this.network.model.present().map((node) => node.config) }, neighbour, at);
  }
  /** Takes over neighbours that were checked. Claims to their addresses are judged again as these are bound. */
  #takeNeighbours(configs: readonly NeighbourConfig[]): Reconfigured {
    this.#bgp.checkShared(configs);
    const security = securities(configs, this.#host.secrets);
    const neighbours = withSecrets(configs, this.#host.secrets, ['neighbours']);
    this.#bgp.secure(security);
    this.#config = { ...this.#config, neighbours: configs };
    return this.#bgp.configure(neighbours);
  }

  /**
   * Opens one more port, while the router runs or before it starts; a node with its name as `location` is reached there from then on, and
   * what it has of sessions begins anew. Rejects with a `UsageError` (`CONFIG_INVALID`, `NOT_RUNNING` while the router stops) or with what
   * opening it says, and nothing has changed then.
   *
   * @param given - The program's own port, which the router does not close.
   */
  addPort(config: PortConfig, given?: Port): Promise<void> {
    return this.#ports.add(config, given);
  }

  /**
   * Closes the port of a name and opens it with other settings, whatever names it; who is there is as at one that was added. Rejects as
   * {@link VirtualRouter.addPort} does (`NAME_UNKNOWN` where there is none): the port is as it was then, or closed if it cannot be had again.
   *
   * @param given - The program's own port, which the router does not close.
   */
  changePort(config: PortConfig, given?: Port): Promise<void> {
    return this.#ports.change(config, given);
  }

  /**
   * Closes a port, unless it is the program's own. The node that is there is reached no more: its sessions end, and what it claims by its link.
   * Rejects with a `UsageError` (`NAME_UNKNOWN`, or `CONFIG_INVALID` where an access rule or OSPF names the port).
   */
  removePort(name: string): Promise<void> {
    return this.#ports.remove(name);
  }

  /** {@link RouterPorts.become}: the way to another list of ports, before {@link VirtualRouter.reconfigure}. @internal */
  becomePorts(next: readonly PortConfig[]): Promise<string[]> {
    return this.#ports.become(next);
  }

  // --- The network, for those who have one router ----------------------------------------------------------------------

  /**
   * Claims a prefix for a node, as a guest would over BGP. Throws a `UsageError` for an unknown node or a wrong prefix; a claim that is
   * not granted does not throw: its lease says why ({@link VirtualNetwork.claim}).
   */
  claim(request: ClaimRequest): Lease {
    return this.network.claim(request);
  }
  /** The blast-radius guard: what it suspects, and the decision ({@link VirtualNetwork.guard}). */
  get guard(): Guard {
    return this.network.guard;
  }
  /** A node is to be left: what others claim too goes to them at once, what only it claims stays ({@link VirtualNetwork.drain}). */
  drain(node: string): void {
    this.network.drain(node);
  }
  /** Gives a grant, or changes the one of the same id. What is claimed is judged again at once. Returns its id. */
  grant(grant: GrantConfig): string {
    return this.network.grant(grant);
  }
  /** Revokes a grant. Throws a `UsageError` (`NAME_UNKNOWN`). */
  revoke(id: string): void {
    this.network.revoke(id);
  }
  /** Why packets for an address, or a prefix, go where they go: every claim, its verdict, and the step that decided. */
  explain(query: string): Explanation {
    return this.network.explain(query);
  }
  /**
   * Why a node does or does not have a prefix: its claims by the decision itself, and its sessions where it claims nothing. Throws a
   * `UsageError` (`PREFIX_INVALID`, `NAME_UNKNOWN`).
   *
   * @param neighbours - Of all routers of the network, where there are several. Default: this one's.
   */
  why(prefix: string, node: string, neighbours: readonly NeighbourStatus[] = this.neighbours()): Why {
    const canonical = canonicalPrefix(prefix);
    if (!this.network.model.find(node)) throw new UsageError('NAME_UNKNOWN', `there is no node ${shown(node)}`);
    return whyNode(this.network.explain(canonical), neighbours, canonical, node);
  }
  /** Every mapped prefix and where it goes ({@link VirtualNetwork.mapping}). */
  mapping(): IterableIterator<MappingEntry> {
    return this.network.mapping();
  }
  /** Claims, refused ones too, optionally of one node. A snapshot is made as it is walked: do not wait in between. */
  claims(filter?: { readonly node?: string; readonly prefix?: string }): IterableIterator<ClaimView> {
    return this.network.claims(filter);
  }
  /** Where packets for an address go: the longest prefix that is mapped. */
  lookup(address: string): Targets | undefined {
    return this.network.lookup(address);
  }
  /** What happened after a position; a snapshot when that cannot be told any more, or the position is of another life, or none at all. */
  changesSince(position?: Position): ChangesSince {
    return this.network.changesSince(position);
  }
  /** The last change. */
  get position(): Position {
    return this.network.position;
  }

  // --- Sessions --------------------------------------------------------------------------------------------------------

  /** Every neighbour, dynamic ones too. */
  neighbours(): readonly NeighbourStatus[] {
    return this.#bgp.all().map(neighbourStatus);
  }

  /** Every RPKI cache, the most preferred first. */
  caches(): readonly CacheStatus[] {
    return this.#rpki.status();
  }

  /** Asks a neighbour to say everything again (RFC 2918). Throws a `UsageError` (`NAME_UNKNOWN`). */
  refresh(neighbour: string): void {
    this.#neighbour(neighbour).requestRefresh();
  }

  /** Ends a neighbour's session with a Cease (administrative reset); it may come back. Throws a `UsageError` (`NAME_UNKNOWN`). */
  async reset(neighbour: string, text?: string): Promise<void> {
    const found = this.#neighbour(neighbour);
    await found.stop(CeaseSubcode.administrativeReset, text);
    // It may have been removed, or another have taken its place.
    if (this.#isRunning && this.#bgp.all().includes(found)) found.start();
  }

  /** Counters and gauges as they stand. */
  metrics(): RouterMetrics {
    return {
      router: this.name,
      network: this.network.counts(),
      moves: this.network.timing(),
      neighbours: this.neighbours(),
      caches: this.caches(),
      links: this.links(),
      refused: this.#bgp.refused,
      ospf: this.ospf(),
      virtualRouters: this.virtualRouters(),
      watches: this.#watches.status(),
      bfdDrops: { ports: this.#linkBfd.drops, host: this.#host.bfd?.drops ?? {} },
    };
  }

  /** Every port, with what it counts. */
  links(): readonly LinkStatus[] {
    return this.#link.status();
  }

  /** Every instance of OSPF, with its interfaces and neighbours. */
  ospf(): readonly OspfStatus[] {
    return this.#ospf.status();
  }

  /** Virtual routers (VRRP) that guests are the active router of, as they say themselves; which claims win, `explain` tells. */
  virtualRouters(): readonly VrrpStatus[] {
    return this.#link.virtualRouters();
  }

  // --- Inside ----------------------------------------------------------------------------------------------------------

  /** The network's events are passed on while someone listens to them here. */
  override on<T extends EventEmitter.EventNames<RouterEvents>>(event: T, listener: EventEmitter.EventListener<RouterEvents, T>): this {
    super.on(event, listener);
    const forwarded = NETWORK_EVENTS.find((name) => name === event);
    if (forwarded && !this.#forwarded.has(forwarded)) {
      const forward = (argument: unknown): void => this.tell(forwarded, argument);
      this.#forwarded.set(forwarded, forward);
      this.network.on(forwarded, forward);
    }
    return this;
  }
  override off<T extends EventEmitter.EventNames<RouterEvents>>(event: T, listener?: EventEmitter.EventListener<RouterEvents, T>): this {
    super.off(event, listener);
    const forwarded = NETWORK_EVENTS.find((name) => name === event);
    const forward = forwarded && this.#forwarded.get(forwarded);
    if (forwarded && forward && this.listenerCount(event) === 0) {
      this.#forwarded.delete(forwarded);
      this.network.off(forwarded, forward as (argument: unknown) => void);
    }
    return this;
  }

  /** It runs, and is not to stop. */
  get #isRunning(): boolean {
    return this.#running && this.#wanted !== 'stopped';
  }

  #portOwner(): PortOwner {
    const router = this;
    return {
      get network() {
        return router.network;
      },
      get link() {
        return router.#link;
      },
      get isRunning() {
        return router.#isRunning;
      },
      settled: async () => {
        if (this.#wanted === 'stopped') throw new UsageError('NOT_RUNNING', 'the router is stopping');
        await this.#transition;
      },
      config: () => this.#config,
      keep: (ports) => {
        this.#config = { ...this.#config, ports };
      },
      changed: (name) => {
        const node = this.network.model.present().find(({ config }) => config.location === name);
        if (node) {
          this.#bgp.reattach(node);
          this.#watches.reattach(node.name);
        }
        this.#ospf.retell();
      },
    };
  }

  #neighbour(name: string): BgpNeighbour {
    const found = this.#bgp.find(name) ?? this.#bgp.find(canonicalEnd(name) ?? '');
    if (!found) throw new UsageError('NAME_UNKNOWN', `there is no neighbour ${shown(name)}`);
    return found;
  }

  #addresses(): string[] {
    return (this.#config.interfaces ?? []).flatMap(({ addresses }) => addresses);
  }

  #atPort(location: string | undefined): boolean {
    return (this.#config.ports ?? []).some(({ name }) => name === location);
  }

  /** Who watches a node: its port's BFD, or the host's. */
  #bfdOf(node: string): BfdService | undefined {
    return this.#link.has(node) ? this.#linkBfd.of(node) : this.#host.bfd;
  }

  #bfdChanged(node: string, address: string, change: BfdChange): void {
    this.tell('bfd-change', { router: this.name, neighbour: address, address, node, ...change });
  }
  #bfdFailed(node: string, address: string, reason: string): void {
    this.logger.error({ node }, `cannot be watched by BFD: ${reason}`);
    this.tell('bfd-failure', { router: this.name, neighbour: address, address, reason });
  }

  /** OSPF's instances with the secrets of their BFD as texts. */
  #instances({ ospf = [] }: RouterConfig): OspfConfig[] {
    return ospf.map((one, i) => ({ ...one, interfaces: withSecrets(one.interfaces, this.#host.secrets, ['ospf', i, 'interfaces']) }));
  }

  /** The address to watch an address of a node's from, where there is one to name. */
  #localAddress(node: string, remote: string): string | undefined {
    const towards = this.#link.addressTowards(node, remote);
    if (towards !== undefined) return towards;
    const ipv6 = remote.includes(':');
    const listening = (this.#config.listen ?? []).map(({ address }) => address);
    return [...listening, ...this.#addresses()].find(
      (address) => address.includes(':') === ipv6 && address !== '0.0.0.0' && address !== '::',
    );
  }

  /** Addresses of its own, which nobody else is to hold. */
  #reserved(): string[] {
    const listening = (this.#config.listen ?? []).map(({ address }) => address);
    return [...this.#addresses(), ...listening.filter((address) => address !== '0.0.0.0' && address !== '::')];
  }

  #identity(): RouterIdentity {
    const router = this;
    return {
      name: this.name,
      as: parseAsn(this.#config.as),
      routerId: this.#config.routerId,
      clusterId: this.#config.clusterId ?? this.#config.routerId,
      get addresses() {
        return router.#addresses();
      },
      get forwards() {
        return (router.#config.ports ?? []).length > 0;
      },
      get originate() {
        return router.#config.originate ?? [];
      },
    };
  }

  /** Who an event is about. */
  #named({ name, address, node }: BgpNeighbour): { router: string; neighbour: string; address: string; node: string } {
    return { router: this.name, neighbour: name, address, node: node.name };
  }

  #surroundings(clock: Clock): BgpSurroundings {
    const router = this;
    return {
      network: this.network,
      router: this.#identity(),
      dialler: (node) =>
        this.#link.reaches(node)
          ? { assure: async () => {}, dial: (options, events) => this.#link.tcp.dial(options, events, node) }
          : this.#host.transport,
      host: {
        random: this.#host.random,
        defer: (call) => clock.defer(call),
      },
      logger: this.logger,
      buffers: new Buffers(),
      validation: this.#rpki,
      get prefixLists() {
        return router.#config.prefixLists ?? {};
      },
      bfdOf: (node) => this.#bfdOf(node),
      localAddress: (node, address) => this.#localAddress(node, address),
      bfdChanged: (neighbour, change) => this.tell('bfd-change', { ...this.#named(neighbour), ...change }),
      bfdFailed: (neighbour, reason) => {
        this.logger.error({ neighbour: neighbour.name }, `cannot be watched by BFD: ${reason}`);
        const { router: name, neighbour: who, address } = this.#named(neighbour);
        this.tell('bfd-failure', { router: name, neighbour: who, address, reason });
      },
      stateChanged: (neighbour, from, to, reason) => {
        this.tell('session-change', { ...this.#named(neighbour), from, to, reason });
        // A neighbour of a range that opened a connection and lost it is gone, whether or not it ever got far.
        if (OPENED.includes(from) && !OPENED.includes(to)) this.#bgp.ended(neighbour);
      },
      restartChanged: (neighbour, restart, reason) => {
        this.tell('restart-change', { ...this.#named(neighbour), restart, reason });
        if (!restart && !OPENED.includes(neighbour.peer.state)) this.#bgp.ended(neighbour);
      },
      lingered: (neighbour) => {
        if (!OPENED.includes(neighbour.peer.state)) this.#bgp.ended(neighbour);
      },
      limitReached: (neighbour, report) => {
        this.logger.warn({ neighbour: neighbour.name, ...report }, `limit reached: ${report.limit}`);
        this.tell('limit-reached', { ...this.#named(neighbour), ...report });
      },
      malformed: (neighbour, message, count) => {
        this.logger.warn({ neighbour: neighbour.name, count }, `malformed message: ${message}`);
        this.tell('message-malformed', { router: this.name, neighbour: neighbour.name, message, count });
      },
    };
  }
}

/** What a program gave, which may be anything until it is checked. */
function unchecked<T>(value: T): Partial<T> {
  return value ?? {};
}

/** The address or prefix of a neighbour in its one canonical form, the zone left as it is; what is neither as it stands. */
function canonicalEnd(text: string | undefined): string | undefined {
  if (typeof text !== 'string') return undefined;
  const [plain = '', zone] = text.split('%', 2);
  try {
    return plain.includes('/') ? canonicalPrefix(plain) : `${canonicalAddress(plain)}${zone === undefined ? '' : `%${zone}`}`;
  } catch {
    return text;
  }
}
