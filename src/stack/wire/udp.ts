import { fold, pseudo, sum } from './checksum.js';
import { Protocol } from './codes.js';
import { put16, u16 } from './octets.js';

/** UDP (RFC 768; RFC 8200 §8.1 for IPv6, where the checksum is not optional). */

/** Octets of the header. @internal */
export const UDP = 8;

/** Whether `b` is a whole datagram with a right checksum. @internal */
export function isUdp(b: Uint8Array, source: Uint8Array, target: Uint8Array): boolean {
  if (b.length < UDP) return false;
  const length = u16(b, 4);
  if (length < UDP || length > b.length) return false;
  if (u16(b, 6) === 0) return source.length === 4;
  const size = source.length === 4 ? 4 : 16;
  return fold(sum(b, 0, length, pseudo(source, 0, target, 0, size, Protocol.udp, length))) === 0;
}

/** A datagram. @internal */
export function udpDatagram(
  source: Uint8Array,
  sourcePort: number,
  target: Uint8Array,
  targetPort: number,
  payload: Uint8Array,
): Uint8Array {
  const b = new Uint8Array(UDP + payload.length);
  put16(b, 0, sourcePort);
  put16(b, 2, targetPort);
  put16(b, 4, b.length);
  b.set(payload, UDP);
  const size = source.length === 4 ? 4 : 16;
  // A sum of zero is sent as all ones: zero says "none".
  put16(b, 6, fold(sum(b, 0, b.length, pseudo(source, 0, target, 0, size, Protocol.udp, b.length))) || 0xffff);
  return b;
}
