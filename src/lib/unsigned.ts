import { UsageError } from './errors.js';
import { shown } from './shown.js';

/** The most that so many octets hold. @internal */
export const U8 = 0xff;
/** @internal */
export const U16 = 0xffff;
/** @internal */
export const U24 = 0xff_ffff;
/** @internal */
export const U32 = 0xffff_ffff;

/** `value`, where octets hold it. Throws a `UsageError` (`VALUE_INVALID`): what is written would be another number. @internal */
export function unsigned(value: number, most: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new UsageError('VALUE_INVALID', `expected a whole number from 0 to ${most}, got ${shown(value)}`);
}

/** An AS number that four octets hold, 0 included. Throws a `UsageError` (`ASN_INVALID`). @internal */
export function asNumber(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= U32) return value;
  throw new UsageError('ASN_INVALID', `expected an AS number from 0 to ${U32}, got ${shown(value)}`);
}

/** The place of `value` among the words that there are. Throws a `UsageError` (`VALUE_INVALID`). @internal */
export function indexOfWord<T extends string>(words: readonly T[], value: T): number {
  const at = words.indexOf(value);
  if (at < 0) throw new UsageError('VALUE_INVALID', `expected ${words.map((word) => `"${word}"`).join(' or ')}, got ${shown(value)}`);
  return at;
}
