import {
  type BfdDrops,
  BfdEngine,
  type BfdEvents,
  type BfdLink,
  BfdPort,
  type BfdService,
  type BfdTarget,
  type BfdWatch,
} from '../../../bfd/index.js';
import type { Clock, Millis } from '../../../lib/clock.js';
import type { Random } from '../../../lib/random.js';
import type { LocalDelivery } from '../../../stack/local.js';
import { UdpStack } from '../../../stack/udp.js';
import { Protocol } from '../../../stack/wire/codes.js';

/** RFC 5881 §5. */
const TTL = 255;
/** CS6, network control. */
const CONTROL = 0xc0;
/** RFC 5881 §4: source ports. */
const FIRST_PORT = 49_152;
const PORTS = 16_384;

/**
 * BFD with nodes at the ports of a router, over the emulated wire: the engine that the host's thread runs, on UDP in frames. It shares the
 * main thread, so when that stands still it says so (`bfd-stall`) and blames nobody.
 *
 * @internal
 */
export class LinkBfd {
  readonly #engine: BfdEngine;
  readonly #udp: UdpStack;
  #users = 0;
  #unbind: (() => void)[] = [];
  /** The node of each address that is watched: packets go to it whoever has the address now, also while it counts as down. */
  readonly #nodes = new Map<string, string>();
  #port = 0;

  constructor(
    private readonly ip: LocalDelivery,
    clock: Clock,
    random: Random,
  ) {
    this.#udp = new UdpStack(ip);
    this.#engine = new BfdEngine(clock, random, { open: (target) => this.#open(target) });
  }

  /** Watches nodes by the port that `node` is at. */
  of(node: string): BfdService {
    const engine = this.#engine;
    return {
      watch: (target, events) => this.#watch(node, target, events),
      onStall: (call) => this.onStall(call),
      get drops() {
        return engine.drops;
      },
    };
  }

  onStall(call: (by: Millis) => void): () => void {
    return this.#engine.onStall(call);
  }

  get drops(): BfdDrops {
    return this.#engine.drops;
  }

  #watch(node: string, target: BfdTarget, events: BfdEvents): BfdWatch {
    if (target.local === undefined) {
      events.failed(`the router has no address to watch ${target.remote} from`);
      return { close: () => {}, reconfigure: () => {}, signal: () => {} };
    }
    this.#nodes.set(target.remote, node);
    if (this.#users++ === 0) this.#listen();
    const watch = this.#engine.watch(target, events);
    let open = true;
    return {
      reconfigure: (config) => watch.reconfigure(config),
      signal: (diagnostic) => watch.signal(diagnostic),
      close: () => {
        if (!open) return;
        open = false;
        watch.close();
        this.#nodes.delete(target.remote);
        if (--this.#users === 0) this.#leave();
      },
    };
  }

  #listen(): void {
    this.ip.register(Protocol.udp, this.#udp);
    const hear =
      (multihop: boolean) =>
      ({ source, destination, hopLimit, payload }: { source: string; destination: string; hopLimit: number; payload: Uint8Array }): void =>
        this.#engine.receive(payload, { remote: source, local: destination, multihop, ttl: hopLimit });
    this.#unbind = [
      this.#udp.bind(BfdPort.singleHop, hear(false)),
      this.#udp.bind(BfdPort.multihop, hear(true)),
      this.#udp.bind(BfdPort.echo, ({ source, destination, payload }) => {
        if (source === destination) this.#engine.echoed(payload);
      }),
    ];
  }

  #leave(): void {
    for (const unbind of this.#unbind.splice(0)) unbind();
    this.ip.register(Protocol.udp, undefined);
  }

  #open({ remote, local = '', config: { multihop = false } }: BfdTarget): BfdLink {
    const sourcePort = FIRST_PORT + (this.#port++ % PORTS);
    const node = this.#nodes.get(remote);
    const send = (destination: string, destinationPort: number, payload: Uint8Array): void =>
      this.#udp.send({
        source: local,
        sourcePort,
        destination,
        destinationPort,
        hopLimit: TTL,
        trafficClass: CONTROL,
        payload,
        ...(node === undefined ? {} : { via: node }),
      });
    return {
      send: (bytes) => send(remote, multihop ? BfdPort.multihop : BfdPort.singleHop, bytes),
      // RFC 5881 §4: to ourselves, by way of the neighbour.
      echo: (bytes) => {
        send(local, BfdPort.echo, bytes);
        return true;
      },
      close: () => {},
    };
  }
}
