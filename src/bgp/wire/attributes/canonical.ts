/**
 * A route's canonical set of attributes (see {@link AttributeScan}) as a value, and back. These octets are ours: what does not add
 * up in them is a broken invariant, not a neighbour's mistake.
 */
import { formatAddress, parseAddress } from '../../../lib/address.js';
import { ByteReader, ByteWriter, concatBytes } from '../../../lib/bytes.js';
import { AttributeCode, AttributeFlag, MAX_EXTENDED_MESSAGE } from '../codes.js';
import type { WireContext } from '../context.js';
import { encodeAttributes, NOT_CANONICAL, put } from './block.js';
import { attributes, byCode } from './table.js';
import type { PathAttributes, UnknownAttribute } from './values.js';

const context: WireContext = {
  fourOctetAs: true,
  peerType: 'internal',
  addPath: {},
  extendedNextHop: false,
  maxMessage: MAX_EXTENDED_MESSAGE,
};

/** The value of a canonical set. @internal */
export function decodeCanonical(bytes: Uint8Array): PathAttributes {
  const reader = new ByteReader(bytes);
  const found: Record<string, unknown> = {};
  const unknown: UnknownAttribute[] = [];
  while (reader.remaining > 0) {
    const flags = reader.u8();
    const code = reader.u8();
    const value = reader.sub((flags & AttributeFlag.extendedLength) !== 0 ? reader.u16() : reader.u8());
    const row = byCode[code];
    if (!row) unknown.push({ code, flags: flags & ~AttributeFlag.extendedLength & 0xff, value: value.rest().slice() });
    else if (code === AttributeCode.nextHop) Object.assign(found, readNextHop(value.rest()));
    else found[row.field] = row.attribute.decode(value, context);
  }
  return { ...found, ...(unknown.length > 0 ? { unknown } : {}) };
}

/** NEXT_HOP holds an address of either family here, or a global and a link-local one. */
function readNextHop(bytes: Uint8Array): Pick<PathAttributes, 'nextHop' | 'linkLocalNextHop'> {
  if (bytes.length !== 32) return { nextHop: formatAddress(bytes) };
  return { nextHop: formatAddress(bytes.subarray(0, 16)), linkLocalNextHop: formatAddress(bytes.subarray(16)) };
}

/** The canonical set of a value; attributes that only stand on the wire are left out. Throws a `UsageError` for values that cannot be written. @internal */
export function encodeCanonical(value: PathAttributes): Uint8Array {
  const { nextHop, linkLocalNextHop, mpReach: _, mpUnreach: __, as4Path: ___, as4Aggregator: ____, unknown, ...rest } = value;
  const hop = concatBytes([nextHop, linkLocalNextHop].flatMap((text) => (text === undefined ? [] : [parseAddress(text)])));
  const known = unknown?.filter(({ code }) => !NOT_CANONICAL.has(code)) ?? [];
  const to = new ByteWriter(256);
  const { origin, asPath, ...after } = rest;
  const before = { ...(origin === undefined ? {} : { origin }), ...(asPath === undefined ? {} : { asPath }) };
  encodeAttributes(to, { ...before, unknown: known.filter(({ code }) => code < AttributeCode.nextHop) }, context);
  if (hop.length > 0) put(to, attributes.nextHop.flags, AttributeCode.nextHop, hop);
  encodeAttributes(to, { ...after, unknown: known.filter(({ code }) => code > AttributeCode.nextHop) }, context);
  return to.finish();
}
