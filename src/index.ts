/**
 * A virtual router inside your program: guests speak BGP to it as to a real one, what they announce is checked against what they
 * are granted, and an accepted claim moves the address.
 *
 * @packageDocumentation
 */
import { BgpSpeaker as CoreSpeaker, type SpeakerConfig, type SpeakerOptions } from './bgp/speaker.js';
import { Forwarder as CoreForwarder, type ForwarderConfiguration, type ForwarderOptions, ForwarderService } from './forwarder/index.js';
import {
  acceptAtPath,
  BfdThread,
  dialPath,
  entropy,
  formerLife,
  NodePorts,
  NodeTransport,
  RawOspfLinks,
  readSecret,
  SnapshotKeeper,
  SystemClock,
} from './io/index.js';
import type { Clock } from './lib/clock.js';
import type { NetworkConfig } from './network/config.js';
import type { RouterConfig } from './router/config.js';
import { Host } from './router/host.js';
import { VirtualNetwork as CoreNetwork, type FormerLife, type NetworkOptions } from './router/virtual-network.js';
import { VirtualRouter as CoreRouter, type RouterOptions, type StopOptions } from './router/virtual-router.js';

export * from './core.js';
export type { ForwarderConfiguration, ForwarderEvents, ForwarderOptions, ForwarderState, ForwarderStatus } from './forwarder/index.js';
export {
  askControl,
  type ControlAnswer,
  type ControlAnswers,
  type ControlEndpoint,
  type ControlOptions,
  type ControlRefusal,
  type ControlServer,
  openControl,
} from './io/control.js';
export {
  BfdThread,
  type CaptureFile,
  entropy,
  NodePorts,
  NodeTransport,
  nodeCompiler,
  openCapture,
  RawOspfLinks,
  readSecret,
  SystemClock,
} from './io/index.js';

let shared: Host | undefined;

/** The process's host: its sockets and its clock, shared by all routers that are given no other. @public */
export function nodeHost(): Host {
  if (shared) return shared;
  const bfd = new BfdThread();
  // Whoever died is told of before what the living have to say.
  const transport = new NodeTransport(() => bfd.attend());
  const ospf = new RawOspfLinks();
  shared = new Host({ transport, clock: new SystemClock(), bfd, ports: new NodePorts(), secrets: readSecret, entropy, ospf });
  return shared;
}

/**
 * A virtual router on this host, over its sockets, its clock and its ports, unless the options bring others: guests speak BGP, OSPF, ARP/ND
 * and VRRP to it as to a real one, what they announce is checked against what they are granted, and an accepted claim moves the address.
 *
 * With `network` in its configuration it makes a network of its own; several routers of one network share a {@link VirtualNetwork} given in
 * the options.
 *
 * @example
 * ```ts
 * await using router = new VirtualRouter({
 *   as: 65000,
 *   routerId: '10.0.0.1',
 *   listen: [{ address: '127.0.0.1', port: 1790 }],
 *   network: {
 *     ranges: ['10.0.0.0/16'],
 *     nodes: [{ name: 'web-b', addresses: ['127.0.0.3'] }],
 *     grants: [{ node: 'web-b', prefix: '10.0.1.100/32' }],
 *   },
 *   neighbours: [{ address: '127.0.0.3', as: 65002 }],
 * });
 * router.on('mapping-change', ({ changes }) => console.log(changes));
 * await router.start();
 * ```
 * @public
 */
export class VirtualRouter extends CoreRouter {
  readonly #snapshots: string | undefined;
  #keeper: SnapshotKeeper | undefined;
  /** Of the network that it shares with others. */
  readonly #sharedKeeper: SnapshotKeeper | undefined;
  /** Counts stops: what begins once the router has started is not to begin where it has been stopped since. */
  #stops = 0;
  /** The router's side of the network's forwarder; and the same where the network is private, so that nobody else closes it. */
  readonly #forwarder: ForwarderService | undefined;
  readonly #own: ForwarderService | undefined;

  /**
   * Over the host's sockets and clock, unless `options.host` says otherwise. A private network with `restart.snapshot` goes on with its
   * former life, and keeps the file while the router runs. Where the network has a `forwarder`, the router's ports are that one's, but those
   * that the program brings. See the class for what it throws.
   */
  constructor(config: RouterConfig, options: Partial<RouterOptions> = {}) {
    const parts = withoutUndefined(options);
    const network = parts.network ? undefined : unchecked(config)?.network;
    const path = network?.restart?.snapshot;
    const own = serviceOf(network, parts.host?.clock);
    const forwarder = parts.network ? forwarders.get(parts.network) : own;
    const ports = forwarder && unchecked(config) ? { ports: { ...forwarder.ports(config), ...parts.ports } } : {};
    super(config, { host: nodeHost(), ...former(path, parts.snapshot), ...parts, ...ports });
    this.#snapshots = path;
    this.#forwarder = forwarder;
    this.#own = own;
    this.#sharedKeeper = parts.network && keepers.get(parts.network);
    this.#sharedKeeper?.made(this);
  }

  override async start(): Promise<void> {
    const stops = this.#stops;
    await this.#forwarder?.open();
    try {
      await super.start();
    } catch (error) {
      await this.#own?.close();
      throw error;
    }
    this.#sharedKeeper?.runs(this);
    if (this.#stops !== stops) return;
    this.#forwarder?.serve(this.network);
    if (this.#snapshots !== undefined) this.#keeper ??= new SnapshotKeeper(this.#snapshots, this.network);
  }

  override async stop(options: StopOptions = {}): Promise<void> {
    this.#stops++;
    const keeper = this.#keeper;
    this.#keeper = undefined;
    // Before the sessions end, and their claims with them.
    await keeper?.close(options.restart ?? false);
    if (options.restart) await this.#forwarder?.close();
    await super.stop(options);
    await this.#own?.close();
  }
}

/**
 * A virtual network on this host's clock: who is in it, who may claim what, what is claimed, and where each address is reached.
 *
 * Routers of a network ({@link VirtualRouter}) bring in what guests say; a program can claim by itself with `claim()`. Both go through the
 * same grants and the same decision.
 *
 * @example
 * ```ts
 * const network = new VirtualNetwork({
 *   ranges: ['10.0.0.0/16'],
 *   nodes: [{ name: 'web-a', addresses: ['10.0.1.10'] }, { name: 'web-b', addresses: ['10.0.1.11'] }],
 *   holders: [{ prefix: '10.0.1.100/32', node: 'web-a' }],
 *   grants: [{ node: 'web-b', prefix: '10.0.1.100/32' }],
 * });
 * network.on('mapping-change', ({ changes }) => console.log(changes));
 * const lease = network.claim({ node: 'web-b', prefix: '10.0.1.100/32' });
 * ```
 * @public
 */
export class VirtualNetwork extends CoreNetwork {
  readonly #keeper: SnapshotKeeper | undefined;

  /**
   * On the host's clock, unless `options.clock` says otherwise. With `restart.snapshot` it goes on with its former life, and keeps the file.
   * With `forwarder`, its routers' ports are that one's, which is told from when the first of them has started.
   */
  constructor(config: NetworkConfig = {}, options: Partial<NetworkOptions> = {}) {
    const parts = withoutUndefined(options);
    const path = unchecked(config)?.restart?.snapshot;
    super(config, { clock: nodeHost().clock, ...former(path, parts.snapshot), ...parts });
    if (path !== undefined) {
      this.#keeper = new SnapshotKeeper(path, this);
      keepers.set(this, this.#keeper);
    }
    const forwarder = serviceOf(config, parts.clock);
    if (forwarder) forwarders.set(this, forwarder);
  }

  override async close(options: { readonly restart?: boolean } = {}): Promise<void> {
    await this.#keeper?.close(options.restart ?? false);
    await forwarders.get(this)?.close();
    await super.close(options);
  }
}

/**
 * The ports of a network's routers in a process of their own, which forwards by the mapping that it hears of: as it was, while no router
 * runs. It takes the same configuration as the routers' process (docs/forwarder.md).
 *
 * @example
 * ```ts
 * const forwarder = new Forwarder({ network: { ...network, forwarder: { path: '/run/router.sock' } }, routers: [router] });
 * forwarder.on('forwarder-change', ({ state, reason }) => console.log(state, reason));
 * await forwarder.start(); // until forwarder.stop()
 * ```
 * @public
 */
export class Forwarder extends CoreForwarder {
  /** Over the host's sockets and clock, unless `options` say otherwise. Throws a `UsageError` (`CONFIG_INVALID`). */
  constructor(config: ForwarderConfiguration, options: Partial<ForwarderOptions> = {}) {
    super(config, { clock: nodeHost().clock, ports: new NodePorts(), dial: dialPath, ...withoutUndefined(options) });
  }
}

/** The keepers of networks that routers share. */
const keepers = new WeakMap<CoreNetwork, SnapshotKeeper>();

/** The routers' side of the forwarders of networks that routers share. */
const forwarders = new WeakMap<CoreNetwork, ForwarderService>();

/** The routers' side of a network's forwarder, where it has one. */
function serviceOf(network: NetworkConfig | undefined, clock: Clock | undefined): ForwarderService | undefined {
  const path = network?.forwarder?.path;
  if (path === undefined) return undefined;
  return new ForwarderService({ clock: clock ?? nodeHost().clock, accept: (accepted) => acceptAtPath(path, accepted) });
}

/** A configuration that is about to be checked, and may be anything: what a file or a program without types gave. */
function unchecked<T>(config: T): T | undefined {
  return config ?? undefined;
}

/** Options of which those that are undefined count as not given: a program passes on what it may have been given itself. */
function withoutUndefined<T extends object>(options: T): T {
  const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as T; // the same fields, as far as they are there
}

/** The core looks at what it is given: nothing of it is believed here. */
function former(path: string | undefined, given: FormerLife | undefined): { readonly snapshot?: FormerLife } {
  return given ? {} : (formerLife(path) as { readonly snapshot?: FormerLife });
}

/**
 * The guest's side of BGP, over this host's sockets: announces and withdraws, and keeps what it hears. For quickstarts, labs and tests; it
 * works on values and is not made for full tables.
 *
 * @example
 * ```ts
 * const guest = new BgpSpeaker({ as: 65001, routerId: '10.0.1.10', localAddress: '127.0.0.2', neighbour: { address: '127.0.0.1', port: 1790 } });
 * guest.start();
 * await guest.whenEstablished();
 * guest.announce('10.0.1.100/32');
 * ```
 * @public
 */
export class BgpSpeaker extends CoreSpeaker {
  /** Over the host's sockets and clock, unless `options` say otherwise. */
  constructor(config: SpeakerConfig, options: Partial<SpeakerOptions> = {}) {
    const { transport, clock } = nodeHost();
    super(config, { transport, clock, ...withoutUndefined(options) });
  }
}
