/**
 * A virtual router inside your program: guests speak BGP to it as to a real one, what they announce is checked against what they
 * are granted, and an accepted claim moves the address.
 *
 * @packageDocumentation
 */
import { BgpSpeaker as CoreSpeaker, type SpeakerConfig, type SpeakerOptions } from './bgp/speaker.js';
import {
  BfdThread,
  entropy,
  formerLife,
  NodePorts,
  NodeTransport,
  RawOspfLinks,
  readSecret,
  SnapshotKeeper,
  SystemClock,
} from './io/index.js';
import type { NetworkConfig } from './network/config.js';
import type { RouterConfig } from './router/config.js';
import { Host } from './router/host.js';
import { VirtualNetwork as CoreNetwork, type FormerLife, type NetworkOptions } from './router/virtual-network.js';
import { VirtualRouter as CoreRouter, type RouterOptions, type StopOptions } from './router/virtual-router.js';

export * from './core.js';
export {
  askControl,
  type ControlAnswer,
  type ControlAnswers,
  type ControlEndpoint,
  type ControlOptions,
  type ControlServer,
  openControl,
} from './io/control.js';
export {
  BfdThread,
  type CaptureFile,
  entropy,
  NodePorts,
  NodeTransport,
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

/** {@inheritDoc CoreRouter} @public */
export class VirtualRouter extends CoreRouter {
  readonly #snapshots: string | undefined;
  #keeper: SnapshotKeeper | undefined;

  /**
   * Over the host's sockets and clock, unless `options.host` says otherwise. A private network with `restart.snapshot` goes on with its
   * former life, and keeps the file while the router runs. See the class for what it throws.
   */
  constructor(config: RouterConfig, options: Partial<RouterOptions> = {}) {
    const path = options.network ? undefined : config.network?.restart?.snapshot;
    super(config, { host: nodeHost(), ...former(path, options.snapshot), ...options });
    this.#snapshots = path;
  }

  override async start(): Promise<void> {
    await super.start();
    if (this.#snapshots !== undefined) this.#keeper ??= new SnapshotKeeper(this.#snapshots, this.network);
  }

  override async stop(options: StopOptions = {}): Promise<void> {
    const keeper = this.#keeper;
    this.#keeper = undefined;
    // Before the sessions end, and their claims with them.
    await keeper?.close(options.restart ?? false);
    await super.stop(options);
  }
}

/** {@inheritDoc CoreNetwork} @public */
export class VirtualNetwork extends CoreNetwork {
  readonly #keeper: SnapshotKeeper | undefined;

  /** On the host's clock, unless `options.clock` says otherwise. With `restart.snapshot` it goes on with its former life, and keeps the file. */
  constructor(config: NetworkConfig = {}, options: Partial<NetworkOptions> = {}) {
    const path = config.restart?.snapshot;
    super(config, { clock: nodeHost().clock, ...former(path, options.snapshot), ...options });
    if (path !== undefined) this.#keeper = new SnapshotKeeper(path, this);
  }

  override async close(options: { readonly restart?: boolean } = {}): Promise<void> {
    await this.#keeper?.close(options.restart ?? false);
    await super.close(options);
  }
}

/** The core looks at what it is given: nothing of it is believed here. */
function former(path: string | undefined, given: FormerLife | undefined): { readonly snapshot?: FormerLife } {
  return given ? {} : (formerLife(path) as { readonly snapshot?: FormerLife });
}

/** {@inheritDoc CoreSpeaker} @public */
export class BgpSpeaker extends CoreSpeaker {
  /** Over the host's sockets and clock, unless `options` say otherwise. */
  constructor(config: SpeakerConfig, options: Partial<SpeakerOptions> = {}) {
    const { transport, clock } = nodeHost();
    super(config, { transport, clock, ...options });
  }
}
