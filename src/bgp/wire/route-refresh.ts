import { ByteReader, ByteWriter, concatBytes } from '../../lib/bytes.js';
import { atPath, UsageError } from '../../lib/errors.js';
import { shown } from '../../lib/shown.js';
import { U8, U16, unsigned } from '../../lib/unsigned.js';
import { ErrorCode, HEADER_SIZE, RefreshError, RefreshSubtype } from './codes.js';
import { familyName, familyNumbers } from './family.js';
import type { RouteRefresh } from './values.js';
import { MessageError } from './wire-error.js';

/** Octets of the body without filters. */
const SIZE = 4;

/**
 * The body of a ROUTE-REFRESH of at least four octets; `message` is the whole. Filters (RFC 5291) may follow a plain request;
 * after the marks of a refresh nothing may: a `MessageError` (7/1) with the message as data (RFC 7313 §5).
 *
 * @internal
 */
export function decodeRouteRefresh(body: Uint8Array, message: Uint8Array): RouteRefresh {
  const reader = new ByteReader(body);
  const [afi, subtype, safi] = [reader.u16(), reader.u8(), reader.u8()];
  if (body.length !== SIZE && (subtype === RefreshSubtype.begin || subtype === RefreshSubtype.end)) {
    throw new MessageError(
      ErrorCode.routeRefresh,
      RefreshError.invalidLength,
      `a ROUTE-REFRESH of ${message.length} octets`,
      HEADER_SIZE,
      message.slice(),
    );
  }
  const refresh: RouteRefresh = { type: 'route-refresh', afi, safi, family: familyName(afi, safi), subtype };
  return reader.remaining > 0 ? { ...refresh, data: reader.rest().slice() } : refresh;
}

/** @internal */
export function encodeRouteRefresh({ afi, safi, family, subtype, data }: RouteRefresh): Uint8Array {
  const fixed = new ByteWriter(SIZE)
    .u16(atPath(['afi'], () => unsigned(afi, U16)))
    .u8(atPath(['subtype'], () => unsigned(subtype, U8)))
    .u8(atPath(['safi'], () => unsigned(safi, U8)))
    .finish();
  const numbers = atPath(['family'], () => familyNumbers(family));
  if (numbers[0] !== afi || numbers[1] !== safi)
    throw new UsageError('VALUE_INVALID', `expected "${familyName(afi, safi)}", as \`afi\` and \`safi\` say, got ${shown(family)}`, [
      'family',
    ]);
  return data ? concatBytes([fixed, data]) : fixed;
}
