import { toHex } from '../../lib/bytes.js';

/** What JSON can hold. @public */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * Any value of this library as JSON can hold it: octets as hex, a bigint as a number where that is exact and else as its decimal
 * text, fields that are undefined left out.
 *
 * @public
 */
export function toJson(value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(toJson);
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return value;
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
    case 'object':
      return Object.fromEntries(
        Object.entries(value)
          .filter(([, entry]) => entry !== undefined)
          .map(([key, entry]) => [key, toJson(entry)]),
      );
    default:
      return String(value);
  }
}
