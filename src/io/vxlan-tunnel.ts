import { parseAddress } from '../lib/address.js';
import type { FrameReceiver, Port, PortCounters } from '../stack/port.js';
import { vxlanHeader } from '../stack/wire/vxlan.js';
import { socketName } from './batched-udp.js';
import type { VxlanCarrier } from './vxlan-carrier.js';

/** What a tunnel is opened with. @internal */
export interface TunnelOptions {
  /** The far end. */
  readonly remote: string;
  readonly remotePort: number;
  readonly vni: number;
  readonly mtu: number;
  /** Which kind of socket it insists on; undefined takes any. */
  readonly batched: boolean | undefined;
}

/** The socket of a tunnel. @internal */
export interface TunnelSocket {
  /** Undefined while the one takes the place of the other. */
  readonly carrier: VxlanCarrier | undefined;
  leave(tunnel: VxlanTunnel): Promise<void>;
}

/** A far end and a VNI: a port. Whatever carries it may be replaced meanwhile. @internal */
export class VxlanTunnel implements Port {
  readonly counters: PortCounters = { received: 0, sent: 0, dropped: 0 };
  readonly mtu: number;
  readonly header: Uint8Array;
  /** The far end: the octets of its address, and its `sockaddr`. */
  readonly far: Uint8Array;
  readonly name: Uint8Array;
  #receiver: FrameReceiver | undefined;
  #open = true;
  readonly gone = (error: Error | null): void => {
    if (error) this.counters.dropped++;
  };

  constructor(
    private readonly socket: TunnelSocket,
    readonly options: TunnelOptions,
  ) {
    this.mtu = options.mtu;
    this.header = vxlanHeader(options.vni);
    this.far = parseAddress(options.remote);
    this.name = socketName(options.remote, options.remotePort);
  }

  get batched(): boolean | undefined {
    return this.socket.carrier?.batched;
  }

  /** Whether the far end's address is in `[at, at + size)` of `octets`, and the VNI this. */
  is(octets: Uint8Array, at: number, size: number, vni: number): boolean {
    if (vni !== this.options.vni || size !== this.far.length) return false;
    for (let i = 0; i < size; i++) if (octets[at + i] !== this.far[i]) return false;
    return true;
  }

  listen(receiver: FrameReceiver | undefined): void {
    this.#receiver = receiver;
  }

  arrive(bytes: Uint8Array, start: number, end: number): void {
    this.counters.received++;
    this.#receiver?.(bytes, start, end);
  }

  send(buffer: Uint8Array, start: number, end: number): void {
    const { carrier } = this.socket;
    if (!this.#open || !carrier) {
      this.counters.dropped++;
      return;
    }
    carrier.send(this, buffer, start, end);
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.socket.leave(this);
  }
}
