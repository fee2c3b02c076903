import { VXLAN, vniOf } from '../stack/wire/vxlan.js';
import { BatchedUdp, nameAddress, nameSize } from './batched-udp.js';
import type { Tunnels, VxlanCarrier } from './vxlan-carrier.js';
import type { VxlanTunnel } from './vxlan-tunnel.js';

/** Octets of a datagram besides those of the MTU: the header, an Ethernet header with room for a tag that is then dropped as such. */
const OVERHEAD = VXLAN + 14 + 4;

/** Tunnels by batched system calls. @internal */
export class BatchedCarrier implements VxlanCarrier {
  readonly batched = true;

  private constructor(private readonly udp: BatchedUdp) {}

  /** Rejects with a `UsageError`, as {@link BatchedUdp.open} does. */
  static async open(address: string, port: number, mtu: number, tunnels: Tunnels): Promise<BatchedCarrier> {
    const udp = await BatchedUdp.open(address, port, OVERHEAD + mtu, (b, start, end, names, name) => {
      tunnels.of(names, nameAddress(names, name), nameSize(names, name), vniOf(b, start, end))?.arrive(b, start + VXLAN, end);
    });
    return new BatchedCarrier(udp);
  }

  widen(mtu: number): void {
    this.udp.widen(OVERHEAD + mtu);
  }

  send({ mtu, counters, header, name }: VxlanTunnel, buffer: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length > mtu + 14) {
      counters.dropped++;
      return;
    }
    counters.sent++;
    const { udp } = this;
    if (udp.mayLeave(buffer, start - VXLAN)) {
      for (let i = 0; i < VXLAN; i++) buffer[start - VXLAN + i] = header[i] ?? 0;
      udp.sentAsReceived(start - VXLAN, VXLAN + length, name);
      return;
    }
    const at = udp.next();
    const { buffer: out } = udp;
    for (let i = 0; i < VXLAN; i++) out[at + i] = header[i] ?? 0;
    // `set` would take a view, and with it an object a frame, for all that is not long.
    if (length > 256) out.set(buffer.subarray(start, end), at + VXLAN);
    else for (let i = 0; i < length; i++) out[at + VXLAN + i] = buffer[start + i] ?? 0;
    udp.sent(VXLAN + length, name);
  }

  close(): Promise<void> {
    this.udp.close();
    return Promise.resolve();
  }
}
