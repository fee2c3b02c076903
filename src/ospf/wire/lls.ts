import { ByteReader, ByteWriter } from '../../lib/bytes.js';
import { WireError } from '../../lib/errors.js';
import { fold, sum } from './checksum.js';
import { readTlvs, writeTlv } from './tlv.js';
import type { Lls } from './values.js';

/** RFC 5613 §2.4, §2.5. */
const Tlv = { extendedOptions: 1, authentication: 2 } as const;
/** Octets before the first TLV: checksum, and length in words. */
const HEADER = 4;
const WORD = 4;

/** Octets of the block at the start of `bytes`, or undefined where there is none whole. @internal */
export function llsLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < HEADER) return undefined;
  const length = (((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)) * WORD;
  return length >= HEADER && length <= bytes.length ? length : undefined;
}

/** The sequence number and digest of a block (RFC 5613 §2.5). @internal */
export interface LlsAuthentication {
  readonly sequence: number;
  readonly digest: Uint8Array;
  /** What the digest covers. */
  readonly covered: Uint8Array;
}

/**
 * What a block says, or undefined if it says nothing: whatever is wrong with it, the packet that it follows counts (RFC 5613 §2.3).
 * With `checked`, its checksum must be right; without, its authentication has been asked for.
 *
 * @internal
 */
export function decodeLls(
  block: Uint8Array,
  checked: boolean,
): (Lls & { readonly authentication: LlsAuthentication | undefined }) | undefined {
  if (checked && fold(sum(block, 0, block.length)) !== 0) return undefined;
  let extendedOptions = 0;
  let authentication: LlsAuthentication | undefined;
  const others: { type: number; value: Uint8Array }[] = [];
  try {
    for (const { type, value } of readTlvs(new ByteReader(block).skip(HEADER))) {
      if (type === Tlv.extendedOptions) extendedOptions = value.u32();
      else if (type === Tlv.authentication) {
        const sequence = value.u32();
        const digest = value.rest();
        authentication = { sequence, digest, covered: block.subarray(0, digest.byteOffset - block.byteOffset) };
      } else others.push({ type, value: value.rest().slice() });
    }
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
  return { extendedOptions, others, authentication };
}

/** A block with its checksum; or with what `sign` makes of its octets, and a checksum of zero (RFC 5613 §2.2). @internal */
export function encodeLls(
  { extendedOptions, others }: Lls,
  sign?: { readonly sequence: number; readonly size: number; digest(covered: Uint8Array): Uint8Array },
): Uint8Array {
  const to = new ByteWriter();
  to.u16(0).u16(0);
  if (extendedOptions !== 0) writeTlv(to, Tlv.extendedOptions, (value) => value.u32(extendedOptions));
  for (const { type, value } of others) writeTlv(to, type, (writer) => writer.raw(value));
  if (sign) {
    to.u16(Tlv.authentication)
      .u16(4 + sign.size)
      .u32(sign.sequence);
    to.patchU16(2, (to.length + sign.size) / WORD);
    const covered = to.finish();
    return to.raw(sign.digest(covered)).finish();
  }
  to.patchU16(2, to.length / WORD);
  const block = to.finish();
  const checksum = fold(sum(block, 0, block.length));
  block[0] = checksum >>> 8;
  block[1] = checksum & 0xff;
  return block;
}
