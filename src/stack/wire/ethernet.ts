import { put16 } from './octets.js';

/** Ethernet II: destination, source, type. Preamble and frame check sequence never reach us. */

/** Octets of the header. @internal */
export const ETHERNET = 14;
/** @internal */
export const BROADCAST = Uint8Array.of(255, 255, 255, 255, 255, 255);

/** Writes a header at `at`. @internal */
export function writeEthernet(b: Uint8Array, at: number, target: Uint8Array, source: Uint8Array, type: number): void {
  for (let i = 0; i < 6; i++) {
    b[at + i] = target[i];
    b[at + 6 + i] = source[i];
  }
  put16(b, at + 12, type);
}

/** The group address of an IPv4 group (RFC 1112 §6.4) or IPv6 group (RFC 2464 §7). @internal */
export function groupMac(address: Uint8Array): Uint8Array {
  return address.length === 4
    ? Uint8Array.of(1, 0, 0x5e, address[1] & 0x7f, address[2], address[3])
    : Uint8Array.of(0x33, 0x33, address[12], address[13], address[14], address[15]);
}
