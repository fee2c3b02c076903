/**
 * The LS checksum (RFC 2328 §12.1.7): Fletcher's, as ISO 8473 annex C has it, over the LSA without its age, so that ageing leaves it alone.
 */

const AGE = 2;
const CHECKSUM_AT = 16;
/** So many octets fit before a sum of sums can pass 2^32. */
const RUN = 4102;

/** The two sums over an LSA from its options (OSPFv3: its type) on. */
function sums(octets: Uint8Array, from: number, length: number): [c0: number, c1: number] {
  let c0 = 0;
  let c1 = 0;
  const last = from + length;
  for (let at = from + AGE; at < last; ) {
    const end = Math.min(last, at + RUN);
    for (; at < end; at++) {
      c0 += octets[at] as number; // at is inside
      c1 += c0;
    }
    c0 %= 255;
    c1 %= 255;
  }
  return [c0, c1];
}

/** Whether the checksum in an LSA is right. One of 0 is never (RFC 2328 §12.1.7 wants it there in all). @public */
export function lsaChecksumValid(lsa: Uint8Array): boolean {
  return checksumValidAt(lsa, 0, lsa.length);
}

/** The same of an LSA that stands among other octets. @internal */
export function checksumValidAt(octets: Uint8Array, from: number, length: number): boolean {
  if (octets[from + CHECKSUM_AT] === 0 && octets[from + CHECKSUM_AT + 1] === 0) return false;
  const [c0, c1] = sums(octets, from, length);
  return c0 === 0 && c1 === 0;
}

/** Puts the checksum into a whole LSA and returns it. @internal */
export function writeLsaChecksum(lsa: Uint8Array): number {
  lsa[CHECKSUM_AT] = 0;
  lsa[CHECKSUM_AT + 1] = 0;
  const [c0, c1] = sums(lsa, 0, lsa.length);
  // Octets after the first of the two checksum octets, which weigh the sum of sums.
  const behind = lsa.length - CHECKSUM_AT - 1;
  let x = (behind * c0 - c1) % 255;
  if (x <= 0) x += 255;
  let y = 510 - c0 - x;
  if (y > 255) y -= 255;
  lsa[CHECKSUM_AT] = x;
  lsa[CHECKSUM_AT + 1] = y;
  return (x << 8) | y;
}
