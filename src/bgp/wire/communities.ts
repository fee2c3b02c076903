/**
 * Communities as text. What is given back is always the one canonical form, numbers where there are numbers; names of well-known
 * communities are only understood.
 */
import { formatAddress, parseAddress } from '../../lib/address.js';
import { ByteWriter, toHex } from '../../lib/bytes.js';
import { UsageError } from '../../lib/errors.js';
import { shown } from '../../lib/shown.js';

/** Well-known communities by name (RFC 1997, 3765, 7611, 7999, 8326, 9494). @public */
export const WELL_KNOWN_COMMUNITIES: Readonly<Record<string, string>> = {
  GRACEFUL_SHUTDOWN: '65535:0',
  ACCEPT_OWN: '65535:1',
  LLGR_STALE: '65535:6',
  NO_LLGR: '65535:7',
  BLACKHOLE: '65535:666',
  NO_EXPORT: '65535:65281',
  NO_ADVERTISE: '65535:65282',
  NO_EXPORT_SUBCONFED: '65535:65283',
  NOPEER: '65535:65284',
};

/** Other spellings that are about: `NO_PEER`, and BIRD's and FRR's `local-AS`. */
const ALIASES: Readonly<Record<string, string>> = { NO_PEER: 'NOPEER', LOCAL_AS: 'NO_EXPORT_SUBCONFED', GSHUT: 'GRACEFUL_SHUTDOWN' };

/** `65000:1` of 32 bits. @public */
export function formatCommunity(value: number): string {
  return `${value >>> 16}:${value & 0xffff}`;
}

/**
 * The 32 bits of `65000:1`, or of a well-known name in any case, with `-` or `_`. Throws a `UsageError` (`COMMUNITY_INVALID`).
 *
 * @public
 */
export function parseCommunity(text: string): number {
  const name = String(text).toUpperCase().replaceAll('-', '_');
  const numbers = WELL_KNOWN_COMMUNITIES[ALIASES[name] ?? name] ?? text;
  const [high, low] =
    fields(numbers, /^(\d{1,5}):(\d{1,5})$/, [0xffff, 0xffff]) ?? invalid(text, 'a community such as "65000:1" or "no-export"');
  return (high ?? 0) * 0x1_0000 + (low ?? 0);
}

/** The canonical text of any spelling of a community. Throws as {@link parseCommunity} does. @public */
export function canonicalCommunity(text: string): string {
  return formatCommunity(parseCommunity(text));
}

/** `65000:1:2` of three times 32 bits (RFC 8092 §4). @public */
export function formatLargeCommunity(global: number, local1: number, local2: number): string {
  return `${global}:${local1}:${local2}`;
}

/** The three numbers of `65000:1:2`. Throws a `UsageError` (`COMMUNITY_INVALID`). @public */
export function parseLargeCommunity(text: string): readonly number[] {
  const max = 0xffff_ffff;
  return fields(text, /^(\d{1,10}):(\d{1,10}):(\d{1,10})$/, [max, max, max]) ?? invalid(text, 'a large community such as "65000:1:2"');
}

/** The canonical text of a large community. Throws as {@link parseLargeCommunity} does. @public */
export function canonicalLargeCommunity(text: string): string {
  const [global = 0, local1 = 0, local2 = 0] = parseLargeCommunity(text);
  return formatLargeCommunity(global, local1, local2);
}

/** Sub-types that have a name here (RFC 4360 §4, §5). */
const TARGET = 2;
const ORIGIN = 3;
const KINDS = { target: TARGET, rt: TARGET, origin: ORIGIN, soo: ORIGIN, ro: ORIGIN } as const;

/** High octets of the type: what the global part is (RFC 4360 §3, RFC 5668). */
const TWO_OCTET_AS = 0;
const IPV4 = 1;
const FOUR_OCTET_AS = 2;

/**
 * Eight octets as `target:65000:1` or `origin:192.0.2.1:1`, or else as `0x` and 16 hex digits. A number of 16 bits in the
 * four-octet form is another community than in the two-octet form, so it has no short text.
 *
 * @public
 */
export function formatExtendedCommunity(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = nameOf(view.getUint8(1));
  if (kind) {
    const type = view.getUint8(0);
    if (type === TWO_OCTET_AS) return `${kind}:${view.getUint16(2)}:${view.getUint32(4)}`;
    if (type === IPV4) return `${kind}:${formatAddress(bytes.subarray(2, 6))}:${view.getUint16(6)}`;
    if (type === FOUR_OCTET_AS && view.getUint32(2) > 0xffff) return `${kind}:${view.getUint32(2)}:${view.getUint16(6)}`;
  }
  return `0x${toHex(bytes)}`;
}

/** The eight octets of an extended community's text (also `rt:` and `soo:`). Throws a `UsageError` (`COMMUNITY_INVALID`). @public */
export function parseExtendedCommunity(text: string): Uint8Array {
  const hex = /^0x([0-9a-f]{16})$/i.exec(text)?.[1];
  if (hex !== undefined) return fromHex(hex);
  const parts = /^(target|rt|origin|soo|ro):([^:]+):(\d{1,10})$/i.exec(text);
  const [, kind = '', global = '', local = ''] = parts ?? [];
  const subtype = KINDS[kind.toLowerCase() as keyof typeof KINDS]; // the pattern lets nothing else by
  const number = Number(local);
  const to = new ByteWriter(8);
  if (/^\d{1,10}$/.test(global)) {
    const asn = Number(global);
    if (asn <= 0xffff && number <= 0xffff_ffff) return to.u8(TWO_OCTET_AS).u8(subtype).u16(asn).u32(number).finish();
    if (asn > 0xffff && asn <= 0xffff_ffff && number <= 0xffff) return to.u8(FOUR_OCTET_AS).u8(subtype).u32(asn).u16(number).finish();
  } else if (parts && global.includes('.') && number <= 0xffff) {
    return to
      .u8(IPV4)
      .u8(subtype)
      .raw(addressIn(text, global, 4))
      .u16(number)
      .finish();
  }
  return invalid(text, 'an extended community such as "target:65000:1" or "0x" and 16 hex digits');
}

/** The canonical text of an extended community. Throws as {@link parseExtendedCommunity} does. @public */
export function canonicalExtendedCommunity(text: string): string {
  return formatExtendedCommunity(parseExtendedCommunity(text));
}

/** Twenty octets as `target:[2001:db8::1]:1`, or else as `0x` and 40 hex digits (RFC 5701). @public */
export function formatIpv6ExtendedCommunity(bytes: Uint8Array): string {
  const kind = bytes[0] === 0 ? nameOf(bytes[1] ?? 0) : undefined;
  return kind ? `${kind}:[${formatAddress(bytes.subarray(2, 18))}]:${((bytes[18] ?? 0) << 8) | (bytes[19] ?? 0)}` : `0x${toHex(bytes)}`;
}

/** The twenty octets of an IPv6 extended community's text. Throws a `UsageError` (`COMMUNITY_INVALID`). @public */
export function parseIpv6ExtendedCommunity(text: string): Uint8Array {
  const hex = /^0x([0-9a-f]{40})$/i.exec(text)?.[1];
  if (hex !== undefined) return fromHex(hex);
  const parts = /^(target|rt|origin|soo|ro):\[([^\]]+)\]:(\d{1,5})$/i.exec(text);
  const [, kind = '', address = '', local = ''] = parts ?? [];
  if (!parts || Number(local) > 0xffff)
    invalid(text, 'an IPv6 extended community such as "target:[2001:db8::1]:1" or "0x" and 40 hex digits');
  const subtype = KINDS[kind.toLowerCase() as keyof typeof KINDS]; // the pattern lets nothing else by
  return new ByteWriter(20)
    .u8(0)
    .u8(subtype)
    .raw(addressIn(text, address, 16))
    .u16(Number(local))
    .finish();
}

/** The canonical text of an IPv6 extended community. Throws as {@link parseIpv6ExtendedCommunity} does. @public */
export function canonicalIpv6ExtendedCommunity(text: string): string {
  return formatIpv6ExtendedCommunity(parseIpv6ExtendedCommunity(text));
}

function nameOf(subtype: number): 'target' | 'origin' | undefined {
  return subtype === TARGET ? 'target' : subtype === ORIGIN ? 'origin' : undefined;
}

function addressIn(community: string, text: string, size: number): Uint8Array {
  let bytes: Uint8Array | undefined;
  try {
    bytes = parseAddress(text);
  } catch {
    // Said below, of the whole.
  }
  return bytes?.length === size ? bytes : invalid(community, `an IPv${size === 4 ? 4 : 6} address in the community`);
}

/** The decimal fields of a text, if there are as many as `limits` and none is above its limit. */
function fields(text: string, pattern: RegExp, limits: readonly number[]): readonly number[] | undefined {
  const numbers = pattern.exec(text)?.slice(1).map(Number);
  return numbers?.every((number, i) => number <= (limits[i] ?? 0)) ? numbers : undefined;
}

function fromHex(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function invalid(text: string, expected: string): never {
  throw new UsageError('COMMUNITY_INVALID', `expected ${expected}, got ${shown(text)}`);
}
