import type { VxlanTunnel } from './vxlan-tunnel.js';

/** Finds the tunnel of a sender's address, which is in `[at, at + size)` of `octets`, and a VNI. Counts what is of none. @internal */
export interface Tunnels {
  of(octets: Uint8Array, at: number, size: number, vni: number): VxlanTunnel | undefined;
  /** The octets of a far end's address, by what Node calls it; undefined where no tunnel goes there, which is counted. */
  farEnd(address: string): Uint8Array | undefined;
}

/** A bound UDP socket that takes the datagrams of tunnels in, and sends them. @internal */
export interface VxlanCarrier {
  readonly batched: boolean;
  /** Has it take frames of so many octets, if it did not. */
  widen(mtu: number): void;
  /** Sends the frame at `[start, end)`, and counts it at the tunnel. */
  send(tunnel: VxlanTunnel, buffer: Uint8Array, start: number, end: number): void;
  close(): Promise<void>;
}
