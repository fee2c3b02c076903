import { formatIpv4, formatIpv6 } from '../../lib/address.js';
import type { ByteWriter } from '../../lib/bytes.js';
import { UsageError } from '../../lib/errors.js';
import { parsePrefix } from '../../lib/prefix.js';
import { U32, unsigned } from '../../lib/unsigned.js';
import type { FamilyName } from './family.js';

/** A prefix as announced or withdrawn. @public */
export interface Nlri {
  /** Canonical text. */
  readonly prefix: string;
  /** Path identifier (RFC 7911), where the session has them. */
  readonly pathId?: number;
}

/** Bits of an address in a family whose NLRI are plain prefixes; undefined in others. @internal */
export function prefixBits(family: FamilyName): 32 | 128 | undefined {
  if (family === 'ipv4-unicast' || family === 'ipv4-multicast') return 32;
  return family === 'ipv6-unicast' || family === 'ipv6-multicast' ? 128 : undefined;
}

/**
 * Whether `bytes[from, to)` is a list of prefixes, each no longer than an address and inside the field (RFC 7606 §5.3), with or
 * without path identifiers. Bits past a prefix's length do not matter (RFC 4271 §4.3).
 *
 * @internal
 */
export function checkNlri(bytes: Uint8Array, from: number, to: number, bits: number, pathIds: boolean): boolean {
  for (let at = from; at < to; ) {
    if (pathIds) at += 4;
    if (at >= to) return false;
    const length = bytes[at] ?? 0;
    at += 1 + ((length + 7) >> 3);
    if (length > bits || at > to) return false;
  }
  return true;
}

/** The prefixes of a field that {@link checkNlri} found well-formed. @internal */
export function readNlri(bytes: Uint8Array, bits: 32 | 128, pathIds: boolean): Nlri[] {
  const list: Nlri[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const pathId = pathIds ? view.getUint32(at) : undefined;
    if (pathIds) at += 4;
    const length = view.getUint8(at++);
    const words = [0, 32, 64, 96].map((start) => wordAt(bytes, at + start / 8, length - start)) as [number, number, number, number];
    at += (length + 7) >> 3;
    const prefix = `${bits === 32 ? formatIpv4(words[0]) : formatIpv6(...words)}/${length}`;
    list.push(pathId === undefined ? { prefix } : { prefix, pathId });
  }
  return list;
}

/** Up to 32 bits, those past `bits` zero. */
function wordAt(bytes: Uint8Array, at: number, bits: number): number {
  if (bits <= 0) return 0;
  let word = 0;
  for (let i = 0; i < 4; i++) word = (word << 8) | (i * 8 < bits ? (bytes[at + i] ?? 0) : 0);
  return (bits >= 32 ? word : word & (-1 << (32 - bits))) >>> 0;
}

/**
 * Writes prefixes of one address family. Throws a `UsageError` (`PREFIX_INVALID`) where one is of another or is none. A missing
 * path identifier is written as 0.
 *
 * @internal
 */
export function writeNlri(to: ByteWriter, list: readonly Nlri[], bits: 32 | 128, pathIds: boolean): void {
  for (const { prefix: text, pathId } of list) {
    const { bytes, length } = parsePrefix(text);
    if (bytes.length * 8 !== bits)
      throw new UsageError('PREFIX_INVALID', `expected an IPv${bits === 32 ? 4 : 6} prefix, got ${JSON.stringify(text)}`);
    if (pathIds) to.u32(unsigned(pathId ?? 0, U32));
    to.u8(length).raw(bytes.subarray(0, (length + 7) >> 3));
  }
}
