/**
 * A virtual router inside your program: guests speak BGP to it as to a real one, what they announce is checked against what they
 * are granted, and an accepted claim moves the address.
 *
 * @packageDocumentation
 */
import { BgpSpeaker as CoreSpeaker, type SpeakerConfig, type SpeakerOptions } from './bgp/speaker.js';
import { BfdThread, entropy, NodePorts, NodeTransport, readSecret, SystemClock } from './io/index.js';
import type { NetworkConfig } from './network/config.js';
import type { RouterConfig } from './router/config.js';
import { Host } from './router/host.js';
import { VirtualNetwork as CoreNetwork, type NetworkOptions } from './router/virtual-network.js';
import { VirtualRouter as CoreRouter, type RouterOptions } from './router/virtual-router.js';

export * from './core.js';
export { BfdThread, type CaptureFile, entropy, NodePorts, NodeTransport, openCapture, readSecret, SystemClock } from './io/index.js';

let shared: Host | undefined;

/** The process's host: its sockets and its clock, shared by all routers that are given no other. @public */
export function nodeHost(): Host {
  shared ??= new Host({
    transport: new NodeTransport(),
    clock: new SystemClock(),
    bfd: new BfdThread(),
    ports: new NodePorts(),
    secrets: readSecret,
    entropy,
  });
  return shared;
}

/** {@inheritDoc CoreRouter} @public */
export class VirtualRouter extends CoreRouter {
  /** Over the host's sockets and clock, unless `options.host` says otherwise. See the class for what it throws. */
  constructor(config: RouterConfig, options: Partial<RouterOptions> = {}) {
    super(config, { host: nodeHost(), ...options });
  }
}

/** {@inheritDoc CoreNetwork} @public */
export class VirtualNetwork extends CoreNetwork {
  /** On the host's clock, unless `options.clock` says otherwise. */
  constructor(config: NetworkConfig = {}, options: Partial<NetworkOptions> = {}) {
    super(config, { clock: nodeHost().clock, ...options });
  }
}

/** {@inheritDoc CoreSpeaker} @public */
export class BgpSpeaker extends CoreSpeaker {
  /** Over the host's sockets and clock, unless `options` say otherwise. */
  constructor(config: SpeakerConfig, options: Partial<SpeakerOptions> = {}) {
    const { transport, clock } = nodeHost();
    super(config, { transport, clock, ...options });
  }
}
