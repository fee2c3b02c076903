import { MemoryForwardingTable } from '../fib/memory-table.js';
import type { Cancel, Clock } from '../lib/clock.js';
import { UsageError } from '../lib/errors.js';
import { type Logger, silentLogger } from '../lib/logger.js';
import { parsePrefix } from '../lib/prefix.js';
import type { Random } from '../lib/random.js';
import { shown } from '../lib/shown.js';
import { TimerHeap } from '../lib/timers.js';
import type { DialEvents } from '../lib/transport.js';
import type { Targets } from '../mapping/target.js';
import type { NetworkConfig } from '../network/config.js';
import { checkNetwork } from '../network/schema.js';
import { accessRule } from '../router/access.js';
import { defaultMac, facesOf, type LinkStatus, linkStatus } from '../router/attach/link/attachment.js';
import { RouterLinks, Routes } from '../router/attach/link/router-links.js';
import type { RouterConfig } from '../router/config.js';
import { checkRouter } from '../router/schema.js';
import { IsolatedEmitter } from '../router/turn.js';
import type { PortConfig, PortOpener } from '../stack/config.js';
import { parseMac } from '../stack/interface.js';
import { Bucket, type Link } from '../stack/link.js';
import type { Port } from '../stack/port.js';
import { Stack } from '../stack/stack.js';
import { Follower, type ForwarderState } from './follower.js';
import { Share, shareOf } from './split.js';
import type { ForwarderNode, PortName } from './wire/index.js';

/** How long a forwarder goes on without a router, seconds. */
const STALE = 600;
/** Frames a second and port that are left to the router, and at once: a guest that floods it takes nobody else's room. */
const LEFT_A_SECOND = 20_000;
const LEFT_AT_ONCE = 2000;

/** What a forwarder needs of its surroundings. @public */
export interface ForwarderOptions {
  readonly clock: Clock;
  /** Opens its ports. */
  readonly ports: PortOpener;
  /** Calls the routers' process. Returns a way to give up. */
  readonly dial: (path: string, events: DialEvents) => Cancel;
  /** Chance, for the times of router advertisements. Default: `Math.random`. */
  readonly random?: Random;
  /** Silent unless given. */
  readonly logger?: Logger;
}

/** How a forwarder stands, and what it counts. @public */
export interface ForwarderStatus {
  readonly state: ForwarderState;
  /** Prefixes that are forwarded. */
  readonly prefixes: number;
  /** Frames of guests that were left to the routers, and those of them that no router got. */
  readonly left: number;
  readonly lost: number;
  /** Frames of routers for guests. */
  readonly brought: number;
  /** Each router's links, as `router.links()` has them where there is no forwarder. */
  readonly routers: readonly { readonly router: string; readonly links: readonly LinkStatus[] }[];
}

/** A forwarder's events. @public */
export interface ForwarderEvents {
  /** How it stands with its router is something else now, and why. While it has never heard the mapping, also a new reason for that. */
  'forwarder-change': [
    event: { readonly network: string; readonly state: ForwarderState; readonly reason: string; readonly prefixes: number },
  ];
  /** The capture of a router's port could not be written: it has no frames after that. Told once. */
  'capture-failure': [event: { readonly router: string; readonly port: string; readonly path: string; readonly reason: string }];
}

/** A network and its routers, as a file has them. @public */
export interface ForwarderConfiguration {
  readonly network: NetworkConfig;
  readonly routers: readonly RouterConfig[];
}

/** A router as the forwarder has it. */
interface Member {
  readonly config: RouterConfig;
  readonly name: string;
  readonly stack: Stack;
}

/**
 * The ports of a network's routers, forwarding by the mapping that they hear of: as it was, while no router runs.
 *
 * It takes the same configuration as the routers' process: of it the ports, interfaces, access rules, subnets, links and routes, which
 * are read once. Nodes and the mapping it is told.
 *
 * @public
 */
export class Forwarder extends IsolatedEmitter<ForwarderEvents> {
  readonly network: string;
  protected readonly logger: Logger;
  readonly #table = new MemoryForwardingTable();
  readonly #members: readonly Member[];
  readonly #links: RouterLinks;
  /** Ports by the numbers that the router knows them by. */
  readonly #names: PortName[] = [];
  readonly #ports: Port[] = [];
  readonly #follower: Follower;
  #opening: Promise<void> | undefined;
  #ending: Promise<void> | undefined;
  #joined = false;
  #running = false;

  /** Throws a `UsageError` (`CONFIG_INVALID`). */
  constructor(
    config: ForwarderConfiguration,
    private readonly options: ForwarderOptions,
  ) {
    super();
    this.logger = options.logger ?? silentLogger;
    if (!Array.isArray((config as ForwarderConfiguration | undefined)?.routers))
      throw new UsageError('CONFIG_INVALID', `expected { network, routers: [...] }, got ${shown(config)}`);
    const names = config.routers.map(({ name = 'router' }) => name);
    const network = checkNetwork(config.network, ['network'], names);
    const { forwarder } = network;
    if (!forwarder)
      throw new UsageError('CONFIG_INVALID', 'expected a forwarder, which says where the router is to be reached', ['network']);
    this.network = network.name ?? 'network';
    const timers = new TimerHeap(options.clock);
    const subnets = (network.subnets ?? []).map(({ name, prefix }) => ({ name: name ?? prefix, prefix: parsePrefix(prefix) }));
    this.#links = new RouterLinks(() => ({ links: network.links ?? [], routes: network.routes ?? [] }));
    this.#members = config.routers.map((one, i) => {
      const { network: _own, ...rest } = one;
      const router = checkRouter(rest, ['routers', i], network);
      const name = router.name ?? 'router';
      let routes = new Routes();
      const stack: Stack = new Stack({
        timers,
        random: options.random ?? Math.random,
        lookup4: (a): Targets | undefined => this.#table.lookup4(a),
        lookup6: (a, b, c, d): Targets | undefined => this.#table.lookup6(a, b, c, d),
        via4: (a): Link | undefined => routes.via4(a),
        via6: (a, b, c, d): Link | undefined => routes.via6(a, b, c, d),
        // Probes are left to the router, and so are claims.
        mayClaim: () => false,
        announced: () => {},
        answered: () => {},
      });
      stack.setAccess((router.access ?? []).map(accessRule));
      stack.setInterfaces(facesOf(router.interfaces ?? [], subnets, router.routerId));
      this.#links.join(name, {
        stack,
        mac: parseMac(defaultMac(router.routerId)),
        route: (next) => {
          routes = next;
          stack.routesChanged();
        },
      });
      for (const port of router.ports ?? []) this.#names.push([name, port.name]);
      return { config: router, name, stack };
    });
    const { path, stale = STALE } = forwarder;
    this.#follower = new Follower(this.network, this.#names, {
      clock: options.clock,
      dial: (events) => options.dial(path, events),
      table: this.#table,
      stale: stale * 1000,
      nodes: (nodes) => this.#place(nodes),
      frame: (port, frame) => void this.#ports[port]?.send(frame, 0, frame.length),
      changed: (state, reason) => this.#changed(state, reason),
    });
  }

  /**
   * Opens the ports and calls the router; packets are taken once the mapping was heard for the first time. Rejects with a `UsageError`
   * (`PORT_IN_USE`, `ADDRESS_UNAVAILABLE`, `DEVICE_UNAVAILABLE`) and leaves nothing running then.
   */
  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    await this.#ending;
    this.#opening = this.#open();
    try {
      await this.#opening;
    } catch (error) {
      await this.stop();
      throw error;
    }
    if (this.#running) this.#follower.start();
  }

  /** Opens the ports, unless it is to stop meanwhile. */
  async #open(): Promise<void> {
    for (const { config, name } of this.#members) {
      for (const port of config.ports ?? []) {
        if (!this.#running) return;
        const failed = (reason: string): void => this.#captureFailed(name, port, reason);
        this.#ports.push(await this.options.ports.open(port, failed));
      }
    }
  }

  #captureFailed(router: string, { name: port, capture: path = '' }: PortConfig, reason: string): void {
    this.logger.error({ port, path, reason }, 'the capture could not be written');
    this.tell('capture-failure', { router, port, path, reason });
  }

  /** Leaves nothing behind. Harmless when it does not run. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#ending = this.#end();
    await this.#ending;
  }

  async #end(): Promise<void> {
    this.#follower.stop();
    for (const { stack } of this.#members) for (const name of [...stack.links.keys()]) stack.detach(name);
    this.#joined = false;
    // Whether ports can be had is for whoever asked for that.
    await this.#opening?.catch(() => {});
    await Promise.all(this.#ports.splice(0).map((port) => port.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Where a packet for an address goes. Throws a `UsageError` (`ADDRESS_INVALID`). */
  lookup(address: string): Targets | undefined {
    return this.#table.lookup(address);
  }

  /** How it stands. */
  status(): ForwarderStatus {
    const { state, size, counters } = this.#follower;
    return {
      state,
      prefixes: size,
      left: counters.left,
      lost: counters.lost,
      brought: counters.brought,
      routers: this.#members.map(({ name, stack }) => ({ router: name, links: linkStatus(stack) })),
    };
  }

  #changed(state: ForwarderState, reason: string): void {
    if (state === 'following' && !this.#joined) this.#join();
    this.logger.info({ state }, reason);
    this.tell('forwarder-change', { network: this.network, state, reason, prefixes: this.#follower.size });
  }

  /** Frames are taken from now on: before, there was nothing to forward them by. */
  #join(): void {
    this.#joined = true;
    for (const [i, [router, name]] of this.#names.entries()) {
      const port = this.#ports[i];
      const member = this.#members.find((one) => one.name === router);
      if (port && member) member.stack.attach(name, this.#split(member.stack, i, name, port));
    }
  }

  /** The port as the forwarder's own stack has it: without what is left to the router. */
  #split(stack: Stack, number: number, name: string, port: Port): Port {
    const bucket = new Bucket(LEFT_A_SECOND, LEFT_AT_ONCE);
    return {
      mtu: port.mtu,
      listen: (receiver) =>
        port.listen(
          receiver &&
            ((buffer, start, end) => {
              const share = shareOf(stack.local, buffer, start, end);
              if ((share & Share.router) !== 0) {
                if (bucket.take(this.options.clock)) this.#follower.leave(number, buffer, start, end);
                else {
                  const link = stack.links.get(name);
                  if (link) stack.drop(link, 'overload');
                }
              }
              if ((share & Share.forwarder) !== 0) receiver(buffer, start, end);
            }),
        ),
      send: (buffer, start, end) => port.send(buffer, start, end),
      close: () => port.close(),
    };
  }

  #place(nodes: readonly ForwarderNode[]): void {
    const placed = nodes.map(({ name, location, addresses, up }) => ({ name, location: location ?? undefined, addresses, up }));
    for (const { stack } of this.#members) stack.setNodes(placed);
  }
}
