import { put, put16, u16 } from './octets.js';

/** ARP for IPv4 over Ethernet (RFC 826), read in place: its fields stand at fixed offsets. */

/** Octets of a packet. @internal */
export const ARP = 28;
/** Offsets of the fields. @internal */
export const Arp = { operation: 6, senderMac: 8, sender: 14, targetMac: 18, target: 24 } as const;
/** @internal */
export const ArpOperation = { request: 1, reply: 2 } as const;

/** Whether `[at, end)` is ARP for IPv4 over Ethernet, a request or a reply, and whole; not from a group, which nobody is (RFC 1812 §3.3.2). @internal */
export function isArp(b: Uint8Array, at: number, end: number): boolean {
  if (end - at < ARP || u16(b, at) !== 1 || u16(b, at + 2) !== 0x0800 || b[at + 4] !== 6 || b[at + 5] !== 4) return false;
  if ((b[at + Arp.senderMac] & 1) !== 0) return false;
  const operation = u16(b, at + 6);
  return operation === ArpOperation.request || operation === ArpOperation.reply;
}

/** Writes a packet at `at`. @internal */
export function writeArp(
  b: Uint8Array,
  at: number,
  operation: number,
  senderMac: Uint8Array,
  sender: Uint8Array,
  targetMac: Uint8Array,
  target: Uint8Array,
): void {
  put16(b, at, 1);
  put16(b, at + 2, 0x0800);
  b[at + 4] = 6;
  b[at + 5] = 4;
  put16(b, at + 6, operation);
  put(b, at + Arp.senderMac, senderMac);
  put(b, at + Arp.sender, sender);
  put(b, at + Arp.targetMac, targetMac);
  put(b, at + Arp.target, target);
}
