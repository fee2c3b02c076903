/** Reading and writing octets at an offset of a frame; nothing is made on the way. The caller has checked that they are there. */

/** @internal */
export function u16(b: Uint8Array, at: number): number {
  return (b[at] << 8) | b[at + 1];
}
/** @internal */
export function u32(b: Uint8Array, at: number): number {
  return ((b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]) >>> 0;
}
/** @internal */
export function put16(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 8;
  b[at + 1] = value;
}
/** @internal */
export function put32(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 24;
  b[at + 1] = value >>> 16;
  b[at + 2] = value >>> 8;
  b[at + 3] = value;
}
/** Writes all of `from` at an offset: for few octets this is quicker than `set`. @internal */
export function put(b: Uint8Array, at: number, from: Uint8Array): void {
  for (let i = 0; i < from.length; i++) b[at + i] = from[i];
}
/** Whether the octets at two places are the same. @internal */
export function sameAt(a: Uint8Array, at: number, b: Uint8Array, bt: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[at + i] !== b[bt + i]) return false;
  return true;
}
/** Whether `length` octets are all zero. @internal */
export function isZero(b: Uint8Array, at: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (b[at + i] !== 0) return false;
  return true;
}
