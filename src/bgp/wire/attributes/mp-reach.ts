import { formatAddress, parseAddress } from '../../../lib/address.js';
import { type ByteReader, type ByteWriter, concatBytes } from '../../../lib/bytes.js';
import { UsageError } from '../../../lib/errors.js';
import { U8, unsigned } from '../../../lib/unsigned.js';
import { Afi, AttributeCode, Safi, UpdateError } from '../codes.js';
import { receivesPathIds, type WireContext } from '../context.js';
import { type FamilyName, familyName, familyNumbers } from '../family.js';
import { checkNlri, prefixBits, readNlri, writeNlri } from '../nlri.js';
import { type Attribute, always, Fault, OPTIONAL_NON_TRANSITIVE, toAll } from './attribute.js';
import { checkHost } from './next-hop.js';
import { u16 } from './octets.js';
import type { MpReach, MpUnreach } from './values.js';

/** AFI, SAFI, length of the next hop; and after it the reserved octet. */
const FIXED = 4;

/**
 * MP_REACH_NLRI: routes of any family, with their next hop. RFC 4760 §3, RFC 2545, RFC 8950.
 *
 * Malformed (RFC 7606 §7.11): in a unicast family a next hop of the wrong size leads to giving up the family, as its NLRI cannot
 * be found; an attribute too short for its fields, whose family may be unknown, ends the session. A next hop that is no host's
 * address leaves the NLRI to be found, so they are withdrawn. Families that are not read here are only measured.
 *
 * @internal
 */
export const mpReach: Attribute<MpReach> = {
  code: AttributeCode.mpReach,
  name: 'MP_REACH_NLRI',
  flags: OPTIONAL_NON_TRANSITIVE,
  malformedBy: 'RFC 7606 §7.11',
  ifMalformed: always('reset-session'),
  subcode: UpdateError.optionalAttribute,
  forward: toAll('drop'), // written anew for each neighbour
  check(bytes, from, to, context) {
    if (to - from < FIXED + 1) return Fault.short;
    const size = bytes[from + 3] ?? 0;
    const afi = u16(bytes, from);
    const read = bytes[from + 2] === Safi.unicast && (afi === Afi.ipv4 || afi === Afi.ipv6);
    if (read && !fits(afi, size, context.extendedNextHop)) return Fault.nextHopSize;
    if (from + FIXED + size + 1 > to) return Fault.short;
    return read ? checkHost(bytes, from + FIXED, size === 4 ? 4 : 16) : Fault.none;
  },
  checkNlri(bytes, from, to, context) {
    const family = familyName(u16(bytes, from), bytes[from + 2] ?? 0);
    return checkFamilyNlri(bytes, from + FIXED + (bytes[from + 3] ?? 0) + 1, to, family, context);
  },
  decode(value, context) {
    const family = familyName(value.u16(), value.u8());
    const nextHop = value.take(value.u8());
    value.skip(1);
    return { family, ...readNextHop(family, nextHop), ...readFamilyNlri(value, family, context) };
  },
  encode(to, value, context) {
    const [afi, safi] = familyNumbers(value.family);
    const nextHop = value.nextHopData ?? writeNextHop(value);
    to.u16(afi).u8(safi).u8(unsigned(nextHop.length, U8)).raw(nextHop).u8(0);
    writeFamilyNlri(to, value, context);
  },
};

/** Sizes of a next hop: an address of the family, or two for IPv6 (RFC 2545 §3); IPv6 for IPv4 where both ends do RFC 8950. */
function fits(afi: number, size: number, extended: boolean): boolean {
  if (size === 4) return afi === Afi.ipv4;
  return (size === 16 || size === 32) && (afi === Afi.ipv6 || extended);
}

function readNextHop(family: FamilyName, bytes: Uint8Array): Pick<MpReach, 'nextHop' | 'linkLocalNextHop' | 'nextHopData'> {
  if (!prefixBits(family)) return { nextHopData: bytes.slice() };
  if (bytes.length === 32) return { nextHop: formatAddress(bytes.subarray(0, 16)), linkLocalNextHop: formatAddress(bytes.subarray(16)) };
  return bytes.length === 4 || bytes.length === 16 ? { nextHop: formatAddress(bytes) } : { nextHopData: bytes.slice() };
}

function writeNextHop({ family, nextHop, linkLocalNextHop }: MpReach): Uint8Array {
  if (nextHop === undefined)
    throw new UsageError('VALUE_INVALID', `expected \`nextHop\`${prefixBits(family) ? '' : ' or `nextHopData`'}, got neither`);
  return concatBytes([nextHop, linkLocalNextHop].flatMap((text) => (text === undefined ? [] : [parseAddress(text)])));
}

/** Whether the NLRI of a family are well-formed, as far as they are read here: elsewhere anything is. @internal */
export function checkFamilyNlri(bytes: Uint8Array, from: number, to: number, family: FamilyName, context: WireContext): boolean {
  const bits = family === 'ipv4-unicast' ? 32 : family === 'ipv6-unicast' ? 128 : undefined;
  return bits === undefined || checkNlri(bytes, from, to, bits, receivesPathIds(context, family));
}

/** Writes the NLRI of a family: prefixes, or octets where those are given. @internal */
export function writeFamilyNlri(to: ByteWriter, { family, nlri, data }: MpUnreach, context: WireContext): void {
  const bits = prefixBits(family);
  if (nlri.length > 0 && (data || !bits))
    throw new UsageError('VALUE_INVALID', `expected ${data ? 'either `nlri` or `data`, got both' : `the NLRI of ${family} as \`data\``}`);
  if (data) to.raw(data);
  else if (bits) writeNlri(to, nlri, bits, receivesPathIds(context, family));
}

/** The NLRI of a family: prefixes, or octets where they are not read. @internal */
export function readFamilyNlri(value: ByteReader, family: FamilyName, context: WireContext): Pick<MpReach, 'nlri' | 'data'> {
  const bytes = value.rest();
  const bits = prefixBits(family);
  const pathIds = receivesPathIds(context, family);
  if (bits && checkNlri(bytes, 0, bytes.length, bits, pathIds)) return { nlri: readNlri(bytes, bits, pathIds) };
  return bytes.length > 0 ? { nlri: [], data: bytes.slice() } : { nlri: [] };
}
