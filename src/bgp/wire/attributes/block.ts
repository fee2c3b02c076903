import { ByteReader, ByteWriter } from '../../../lib/bytes.js';
import { atPath } from '../../../lib/errors.js';
import { U8, unsigned } from '../../../lib/unsigned.js';
import { AttributeCode, AttributeFlag, ErrorCode, UpdateError } from '../codes.js';
import type { WireContext } from '../context.js';
import type { Malformed, Remedy } from '../values.js';
import type { NotificationFields } from '../wire-error.js';
import { AttributeScan, REMEDIES, REMEDY_RESET } from './scan.js';
import { attributes, byCode, inOrder, type NamedAttribute } from './table.js';
import type { AsSegment, PathAttributes, UnknownAttribute } from './values.js';

/** What a block of path attributes says, and what is wrong with it. @internal */
export interface DecodedAttributes {
  /** All that could be read; what is to be discarded is left out. */
  readonly attributes: PathAttributes;
  readonly malformed: readonly Malformed[];
  /** What to say if the UPDATE has an empty NLRI field, where that makes its attributes end the session (RFC 7606 §5.2). */
  readonly withoutRoutes?: NotificationFields;
}

/** Used again for each block: what it finds is read before the next. */
const scan = new AttributeScan();

/**
 * The values of a block of path attributes, as seen on the wire. What is malformed is found by the same walk and the same checks
 * as on the hot path ({@link AttributeScan}). Never throws.
 *
 * @internal
 */
export function decodeAttributes(bytes: Uint8Array, context: WireContext): DecodedAttributes {
  const malformed: Malformed[] = [];
  scan.sink = (code, remedy, reason, subcode, at, end) => {
    const data = subcode === UpdateError.malformedAttributeList ? new Uint8Array(0) : bytes.slice(at, end);
    malformed.push(
      fault(
        code,
        REMEDIES[remedy] ?? 'reset-session',
        reason,
        remedy === REMEDY_RESET ? { code: ErrorCode.update, subcode, data } : undefined,
      ),
    );
  };
  scan.scan(bytes, 0, bytes.length, context);
  const found: Record<string, unknown> = {};
  const unknown: UnknownAttribute[] = [];
  const read = (row: NamedAttribute | undefined, value: Uint8Array, at: number): void => {
    if (!row) return;
    const { field, attribute } = row;
    if (attribute.checkNlri?.(value, 0, value.length, context) === false) {
      const notification = {
        code: ErrorCode.update,
        subcode: UpdateError.optionalAttribute,
        data: bytes.slice(at, value.byteOffset - bytes.byteOffset + value.length),
      };
      malformed.push(
        fault(attribute.code, 'reset-session', `${attribute.name} has a prefix that is too long or runs past its end`, notification),
      );
    } else found[field] = attribute.decode(new ByteReader(value), context);
  };
  for (let i = 0; i < scan.count; i++) {
    const code = scan.codeAt(i);
    const value = bytes.subarray(scan.valueAt(i), scan.endAt(i));
    const row = byCode[code];
    // What is not for this session counts as if it were not known (RFC 7311 §3.1).
    if (!row || scan.isQuiet(code))
      unknown.push({ code, flags: scan.flagsAt(i) & ~AttributeFlag.extendedLength & 0xff, value: value.slice() });
    else read(row, value, scan.startAt(i));
  }
  // Wrong flags, or a next hop that is no host's: the NLRI can be read nonetheless, and are to be withdrawn.
  if (malformed.length > 0 && malformed.every(({ remedy }) => remedy === 'treat-as-withdraw' || remedy === 'discard-attribute')) {
    if (!found.mpReach && scan.mpReachAt >= 0)
      read(byCode[AttributeCode.mpReach], bytes.subarray(scan.mpReachAt, scan.mpReachAt + scan.mpReachLength), scan.mpReachStart);
    if (!found.mpUnreach && scan.mpUnreachAt >= 0)
      read(byCode[AttributeCode.mpUnreach], bytes.subarray(scan.mpUnreachAt, scan.mpUnreachAt + scan.mpUnreachLength), scan.mpUnreachStart);
  }
  const decoded: DecodedAttributes = { attributes: { ...found, ...(unknown.length > 0 ? { unknown } : {}) }, malformed };
  if (!scan.fatalWithoutRoutes) return decoded;
  const data = bytes.slice(scan.errorAt, scan.errorAt + scan.errorLength);
  return { ...decoded, withoutRoutes: { code: scan.errorCode, subcode: scan.errorSubcode, data } };
}

/** @internal */
export function fault(code: number, remedy: Remedy, message: string, notification?: NotificationFields): Malformed {
  return notification ? { code, remedy, message, notification } : { code, remedy, message };
}

/**
 * Writes path attributes: the MP ones first (RFC 7606 §5.1), the rest in ascending order of code (RFC 4271 §5). For a neighbour of
 * two-octet AS numbers, AS4_PATH and AS4_AGGREGATOR are added where they say more and none is given (RFC 6793 §4.2.2).
 * Throws a `UsageError` for values that cannot be written.
 *
 * @internal
 */
export function encodeAttributes(to: ByteWriter, value: PathAttributes, context: WireContext): void {
  const whole = context.fourOctetAs ? value : withAs4(value);
  for (const field of ['mpReach', 'mpUnreach'] as const) {
    if (whole[field] !== undefined) put(to, attributes[field].flags, attributes[field].code, body(field, whole, context));
  }
  const unknown = [...(whole.unknown ?? [])].sort((a, b) => a.code - b.code);
  for (const { field, attribute } of inOrder) {
    while (unknown[0] && unknown[0].code < attribute.code) putUnknown(to, unknown.shift());
    if (field === 'mpReach' || field === 'mpUnreach' || whole[field] === undefined) continue;
    const given = whole[field];
    if (attribute.emptyIsNone && Array.isArray(given) && given.length === 0) continue;
    put(to, attribute.flags, attribute.code, body(field, whole, context));
  }
  while (unknown.length > 0) putUnknown(to, unknown.shift());
}

function putUnknown(to: ByteWriter, attribute: UnknownAttribute | undefined): void {
  if (!attribute) return;
  atPath(['unknown'], () => put(to, unsigned(attribute.flags, U8), unsigned(attribute.code, U8), attribute.value));
}

function body(field: keyof typeof attributes, value: PathAttributes, context: WireContext): Uint8Array {
  const to = new ByteWriter();
  atPath([field], () => byCode[attributes[field].code]?.attribute.encode(to, value[field], context));
  return to.finish();
}

/** One attribute, in the short form where its length allows. @internal */
export function put(to: ByteWriter, flags: number, code: number, value: Uint8Array): void {
  const long = value.length > 255;
  to.u8(long ? flags | AttributeFlag.extendedLength : flags & ~AttributeFlag.extendedLength).u8(code);
  if (long) to.u16(value.length);
  else to.u8(value.length);
  to.raw(value);
}

function withAs4(value: PathAttributes): PathAttributes {
  const wide = (segment: AsSegment): boolean => segment.asns.some((asn) => asn > 0xffff);
  // A confederation's segments do not stand in AS4_PATH (RFC 6793 §3).
  const path = value.asPath?.filter(({ type }) => type === 'sequence' || type === 'set') ?? [];
  return {
    ...value,
    ...(value.as4Path === undefined && path.some(wide) ? { as4Path: path } : {}),
    ...(value.as4Aggregator === undefined && value.aggregator && value.aggregator.asn > 0xffff ? { as4Aggregator: value.aggregator } : {}),
  };
}

/** Codes that a route's canonical set never has. @internal */
export const NOT_CANONICAL: ReadonlySet<number> = new Set([
  AttributeCode.mpReach,
  AttributeCode.mpUnreach,
  AttributeCode.as4Path,
  AttributeCode.as4Aggregator,
]);
