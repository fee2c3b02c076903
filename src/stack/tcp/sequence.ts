/** Sequence numbers: unsigned, modulo 2^32 (RFC 9293 §3.4). Those compared are less than 2^31 apart. */

/** @internal */
export function add(seq: number, octets: number): number {
  return (seq + octets) >>> 0;
}
/** How far `a` is ahead of `b`; negative where it is behind. @internal */
export function ahead(a: number, b: number): number {
  return (a - b) | 0;
}
/** @internal */
export function later(a: number, b: number): number {
  return ahead(a, b) >= 0 ? a : b;
}
/** @internal */
export function earlier(a: number, b: number): number {
  return ahead(a, b) <= 0 ? a : b;
}
