import { Asn } from 'ip-num';
import { UsageError } from './errors.js';
import { shown } from './shown.js';

/** The largest AS number (RFC 6793). @internal */
export const MAX_ASN = 0xffff_ffff;
/** Stands for a four-octet AS number where only two octets fit (RFC 6793 §9). @internal */
export const AS_TRANS = 23456;

/**
 * An AS number from a number, `"65000"`, `"AS65000"` or asdot `"1.10"` (RFC 5396).
 * Throws a `UsageError` (`ASN_INVALID`) for anything else, 0 included (RFC 7607).
 *
 * @internal
 */
export function parseAsn(value: number | string): number {
  const asn = typeof value === 'string' ? fromText(value.trim()) : value;
  if (!Number.isInteger(asn) || asn < 1 || asn > MAX_ASN) {
    throw new UsageError('ASN_INVALID', `expected an AS number from 1 to ${MAX_ASN}, got ${shown(value)}`);
  }
  return Asn.fromNumber(asn).value === BigInt(asn) ? asn : Number.NaN;
}

function fromText(text: string): number {
  const plain = /^(?:AS)?(\d{1,10})$/i.exec(text);
  if (plain) return Number(plain[1]);
  const dotted = /^(?:AS)?(\d{1,5})\.(\d{1,5})$/i.exec(text);
  if (!dotted) return Number.NaN;
  const [high, low] = [Number(dotted[1]), Number(dotted[2])];
  return high > 0xffff || low > 0xffff ? Number.NaN : high * 0x1_0000 + low;
}
