import type { ByteReader, ByteWriter } from '../../../lib/bytes.js';
import { AttributeFlag } from '../codes.js';
import type { WireContext } from '../context.js';
import type { Remedy } from '../values.js';

/** Well-known, and the two kinds of optional (RFC 4271 §5). @internal */
export const WELL_KNOWN = AttributeFlag.transitive;
/** @internal */
export const OPTIONAL_TRANSITIVE = AttributeFlag.optional | AttributeFlag.transitive;
/** @internal */
export const OPTIONAL_NON_TRANSITIVE = AttributeFlag.optional;

/** What is wrong with the value of an attribute, as a number that costs nothing; {@link FAULTS} says it in words. @internal */
export const Fault = {
  none: 0,
  length: 1,
  value: 2,
  segment: 3,
  asZero: 4,
  confederation: 5,
  nextHop: 6,
  tlv: 7,
  short: 8,
  /** It was never for this session: dropped without a word. */
  quiet: 9,
  /** From an external neighbour, where it belongs inside an AS. */
  external: 10,
  /** MP_REACH_NLRI of a family that is read here, with a next hop of another size: its NLRI cannot be found (RFC 7606 §7.11). */
  nextHopSize: 11,
} as const;

/** The words, by {@link Fault}. @internal */
export const FAULTS: readonly string[] = [
  'is well-formed',
  'has a wrong length',
  'has a value that is not defined',
  'has a segment that is empty, of an unknown type, or longer than the attribute',
  'contains AS 0',
  'has confederation segments from outside the confederation',
  'is not the address of a host',
  'has a TLV that does not fit, or none that counts',
  'is too short for its fixed fields',
  'is not for this session',
  'came from an external neighbour',
  'has a next hop of a size that its family does not have',
];

/**
 * What becomes of an attribute when its route is passed on: it stays as it is, it is dropped, or its octets are rewritten
 * (`splice`): an AS put in front, a list that grows, communities left out.
 *
 * @public
 */
export type Forward = 'keep' | 'drop' | 'splice';

/** Everything there is to know about one path attribute. @internal */
export interface Attribute<T> {
  readonly code: number;
  /** The RFC's name. */
  readonly name: string;
  /** The Optional and Transitive bits it must have. */
  readonly flags: number;
  /** Who says what a malformed value leads to. */
  readonly malformedBy: string;
  /** What that is, by whom it came from. */
  readonly ifMalformed: { readonly external: Remedy; readonly internal: Remedy };
  /** What wrong flags lead to. Default: treat-as-withdraw (RFC 7606 §3 c). */
  readonly ifFlagsWrong?: Remedy;
  /** Subcode of the UPDATE Message Error for a wrong value (RFC 4271 §6.3); a wrong length has its own. */
  readonly subcode: number;
  /** What happens to it on the way to an external and to an internal neighbour. */
  readonly forward: { readonly external: Forward; readonly internal: Forward };
  /**
   * Whether the value in `bytes[from, to)` is well-formed: a {@link Fault}. The only statement of what is malformed; runs on
   * the hot path, so it neither allocates nor throws.
   */
  check(bytes: Uint8Array, from: number, to: number, context: WireContext): number;
  /** Whether the prefixes in it are well-formed, where it has any: apart, as the hot path sees to that as it reads them. */
  checkNlri?(bytes: Uint8Array, from: number, to: number, context: WireContext): boolean;
  /** The value, of octets that {@link Attribute.check} (and `checkNlri`) found well-formed. */
  decode(value: ByteReader, context: WireContext): T;
  encode(to: ByteWriter, value: T, context: WireContext): void;
  /** A list that holds nothing is written as no attribute, for an empty one is malformed. */
  readonly emptyIsNone?: true;
}

/** The same remedy whoever it came from. @internal */
export function always(remedy: Remedy): { readonly external: Remedy; readonly internal: Remedy } {
  return { external: remedy, internal: remedy };
}

/** The same fate whoever it goes to. @internal */
export function toAll(forward: Forward): { readonly external: Forward; readonly internal: Forward } {
  return { external: forward, internal: forward };
}

/** A check of the length alone. @internal */
export function ofLength(length: number): Attribute<unknown>['check'] {
  return (_bytes, from, to) => (to - from === length ? Fault.none : Fault.length);
}

/** A list of one or more items of `size` octets: RFC 7606 §7.8 calls an empty one malformed. @internal */
export function listOf(size: number): Attribute<unknown>['check'] {
  return (_bytes, from, to) => (to > from && (to - from) % size === 0 ? Fault.none : Fault.length);
}
