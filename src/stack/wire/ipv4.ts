import { fold, sum, updated } from './checksum.js';
import { put, put16, u16, u32 } from './octets.js';

/** IPv4 (RFC 791), read and changed in place. */

/** Octets of a header without options. @internal */
export const IPV4 = 20;
/** @internal */
export const MORE_FRAGMENTS = 0x2000;
/** @internal */
export const DONT_FRAGMENT = 0x4000;

/** What is wrong with the packet at `[at, end)`: nothing, or the reason to drop it (RFC 1812 §5.2.2). @internal */
export function faultOfIpv4(b: Uint8Array, at: number, end: number): 'malformed-ip' | 'bad-checksum' | undefined {
  if (end - at < IPV4 || b[at] >>> 4 !== 4) return 'malformed-ip';
  const header = (b[at] & 15) * 4;
  const total = u16(b, at + 2);
  if (header < IPV4 || total < header || total > end - at) return 'malformed-ip';
  if (fold(sum(b, at, at + header)) !== 0) return 'bad-checksum';
  return undefined;
}

/** @internal */
export function headerLength4(b: Uint8Array, at: number): number {
  return (b[at] & 15) * 4;
}
/** Whether the packet is any part of a fragmented one. @internal */
export function isFragment4(b: Uint8Array, at: number): boolean {
  return (u16(b, at + 6) & 0x3fff) !== 0;
}

/** Where in its datagram the part at `[at, stop)` ends: more than 65535 is none's. @internal */
export function endOfFragment4(b: Uint8Array, at: number, stop: number): number {
  return (u16(b, at + 6) & 0x1fff) * 8 + stop - at - headerLength4(b, at);
}

/** TTL less one, and the checksum after it. @internal */
export function decrementTtl(b: Uint8Array, at: number): void {
  const before = u16(b, at + 8);
  const after = before - 0x100;
  b[at + 8] = after >>> 8;
  put16(b, at + 10, updated(u16(b, at + 10), before, after));
}

/** A loose or strict source route (RFC 791 §3.1), which we refuse (RFC 7126 §4.3, §4.4); or options that make no sense. @internal */
export function refusesOptions(b: Uint8Array, at: number): boolean {
  const end = at + headerLength4(b, at);
  for (let option = at + IPV4; option < end; ) {
    const kind = b[option];
    if (kind === 0) return false;
    if (kind === 1) {
      option++;
      continue;
    }
    if (kind === 131 || kind === 137) return true;
    const length = option + 1 < end ? b[option + 1] : 0;
    if (length < 2 || option + length > end) return true;
    option += length;
  }
  return false;
}

/** Multicast, this host, loopback, class E: no source of a packet that is forwarded (RFC 1812 §5.3.7). @internal */
export function isMartian4(address: number): boolean {
  const first = address >>> 24;
  return first === 0 || first === 127 || first >= 224;
}

/** Writes a header without options, its checksum too. @internal */
export function writeIpv4(
  b: Uint8Array,
  at: number,
  fields: {
    readonly source: Uint8Array;
    readonly target: Uint8Array;
    readonly protocol: number;
    readonly payload: number;
    readonly ttl: number;
    readonly tos?: number;
    readonly id?: number;
    /** Flags and offset. */
    readonly fragment?: number;
  },
): void {
  b[at] = 0x45;
  b[at + 1] = fields.tos ?? 0;
  put16(b, at + 2, IPV4 + fields.payload);
  put16(b, at + 4, fields.id ?? 0);
  put16(b, at + 6, fields.fragment ?? 0);
  b[at + 8] = fields.ttl;
  b[at + 9] = fields.protocol;
  put16(b, at + 10, 0);
  put(b, at + 12, fields.source);
  put(b, at + 16, fields.target);
  put16(b, at + 10, fold(sum(b, at, at + IPV4)));
}

/** Source and destination as numbers. @internal */
export const source4 = (b: Uint8Array, at: number): number => u32(b, at + 12);
/** @internal */
export const target4 = (b: Uint8Array, at: number): number => u32(b, at + 16);
