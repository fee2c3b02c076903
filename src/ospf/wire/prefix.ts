import type { Family } from '../../lib/address.js';
import { addressSize } from '../../lib/address.js';
import type { ByteReader, ByteWriter } from '../../lib/bytes.js';
import { maskBytes, type Prefix } from '../../lib/prefix.js';
import { OspfWireError } from './wire-error.js';

/** The four octets of a number. @internal */
export function octets(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

/** The number of four octets; those after them count for nothing. @internal */
export function word(bytes: Uint8Array): number {
  return (((bytes[0] ?? 0) << 24) | ((bytes[1] ?? 0) << 16) | ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)) >>> 0;
}

/** The mask of a length. @internal */
export function maskOf(length: number): number {
  return length === 0 ? 0 : (-1 << (32 - length)) >>> 0;
}

/** The prefix that an address and a mask make, or undefined where the mask has holes. Address bits outside the mask are no part of it. @internal */
export function maskedPrefix(address: number, mask: number): Prefix | undefined {
  const length = Math.clz32(~mask);
  if (maskOf(length) !== mask) return undefined;
  return { family: 'ipv4', bytes: octets((address & mask) >>> 0), length };
}

/** Octets that the address of a prefix takes in OSPFv3: whole words (RFC 5340 A.4.1). */
function padded(length: number): number {
  return Math.ceil(length / 32) * 4;
}

/** The address octets of a prefix, of which the length came before (RFC 5340 A.4.1). @internal */
export function readPrefix(from: ByteReader, length: number, family: Family): Prefix {
  const size = addressSize(family);
  if (length > size * 8) throw new OspfWireError('length', `a prefix of ${length} bits`, from.offset);
  const bytes = new Uint8Array(size);
  bytes.set(from.take(padded(length)));
  return { family, bytes: maskBytes(bytes, length), length };
}

/** @internal */
export function writePrefix(to: ByteWriter, prefix: Prefix): ByteWriter {
  return to.raw(prefix.bytes.subarray(0, padded(prefix.length)));
}
