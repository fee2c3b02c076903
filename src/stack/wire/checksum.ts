/** The Internet checksum (RFC 1071), and how it changes with one field (RFC 1624). */

/** Adds `[from, end)` to a sum of 16-bit words; fold it afterwards. @internal */
export function sum(b: Uint8Array, from: number, end: number, start = 0): number {
  let total = start;
  let at = from;
  for (; at + 1 < end; at += 2) total += (b[at] << 8) | b[at + 1];
  if (at < end) total += b[at] << 8;
  return total;
}

/** The checksum that a sum makes. @internal */
export function fold(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/** RFC 1624 §3, equation 3: the checksum after one 16-bit word changed. @internal */
export function updated(checksum: number, before: number, after: number): number {
  let total = (~checksum & 0xffff) + (~before & 0xffff) + after;
  total = (total & 0xffff) + (total >>> 16);
  total = (total & 0xffff) + (total >>> 16);
  return ~total & 0xffff;
}

/** The pseudo-header of an upper layer: of IPv4 (RFC 9293 §3.1) where addresses have 4 octets, of IPv6 (RFC 8200 §8.1) where 16. @internal */
export function pseudo(
  source: Uint8Array,
  s: number,
  target: Uint8Array,
  t: number,
  size: 4 | 16,
  protocol: number,
  length: number,
): number {
  return sum(source, s, s + size) + sum(target, t, t + size) + protocol + (length & 0xffff) + (length >>> 16);
}

/** Whether an upper layer's checksum is right, the addresses being in the packet at `addresses`. @internal */
export function verified(b: Uint8Array, addresses: number, size: 4 | 16, protocol: number, from: number, end: number): boolean {
  return fold(sum(b, from, end, pseudo(b, addresses, b, addresses + size, size, protocol, end - from))) === 0;
}
