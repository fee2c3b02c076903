import { IPv4, IPv6, Validator } from 'ip-num';
import { UsageError } from './errors.js';
import { plainIpv4, plainIpv6 } from './plain-address.js';
import { shown } from './shown.js';

/** @public */
export type Family = 'ipv4' | 'ipv6';

/** Octets in an address of a family. @internal */
export function addressSize(family: Family): 4 | 16 {
  return family === 'ipv4' ? 4 : 16;
}

/**
 * The octets of an address, 4 or 16. Throws a `UsageError` (`ADDRESS_INVALID`). Zones (`%eth0`) are refused.
 *
 * @internal
 */
export function parseAddress(text: string): Uint8Array {
  const [bytes, why] = tryParse(text);
  if (bytes) return bytes;
  const [, alone = ''] = /^([^/]+)\/\d+$/.exec(text) ?? [];
  const [, unzoned = ''] = /^([^%]+)%/.exec(text) ?? [];
  throw new UsageError(
    'ADDRESS_INVALID',
    isAddress(alone)
      ? `expected an address without a prefix length, got ${JSON.stringify(text)}; did you mean ${JSON.stringify(alone)}?`
      : isAddress(unzoned)
        ? `expected an address without a zone, got ${shown(text)}`
        : `expected an IPv4 or IPv6 address, got ${shown(text)}${why}`,
  );
}

/** Whether `text` is an address. @internal */
export function isAddress(text: string): boolean {
  return tryParse(text)[0] !== undefined;
}

/** `text` in its one canonical form (RFC 5952). Throws as {@link parseAddress} does. @internal */
export function canonicalAddress(text: string): string {
  return formatAddress(parseAddress(text));
}

function tryParse(text: string): [bytes: Uint8Array | undefined, why: string] {
  // Of a program without types, this may be anything.
  if (typeof text !== 'string') return [undefined, ''];
  const v6 = text.includes(':');
  // Nearly all is written plainly, and most of it by us; ip-num, a hundred times slower, has the rest, and says what is wrong with it.
  const plain = v6 ? plainIpv6(text) : plainIpv4(text);
  if (plain) return [plain, ''];
  if (!v6) {
    const [valid, why] = Validator.isValidIPv4String(text);
    if (!valid || !/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return [undefined, because(why)];
    return [fromBigInt(new IPv4(text).value, 4), ''];
  }
  // ip-num takes zones for part of the address and refuses the dotted form: the first is not wanted, the second is.
  if (!/^[0-9a-f:.]+$/i.test(text)) return [undefined, ''];
  const groups = undotted(text);
  if (groups === undefined) return [undefined, ''];
  const [valid, why] = Validator.isValidIPv6String(groups);
  if (!valid) return [undefined, because(why)];
  return [fromBigInt(new IPv6(groups).value, 16), ''];
}

function because(why: readonly string[]): string {
  return why.length > 0 && why[0] ? ` (${why[0]})` : '';
}

/** `::ffff:192.0.2.1` as `::ffff:c000:201`. The dotted tail is what an IPv4 address may be: no leading zeros, which some read as octal. */
function undotted(text: string): string | undefined {
  if (!text.includes('.')) return text;
  const at = text.lastIndexOf(':') + 1;
  const octets = plainIpv4(text.slice(at));
  if (!octets) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  return `${text.slice(0, at)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

function fromBigInt(value: bigint, size: 4 | 16): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = size - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

/** The canonical text of 4 or 16 octets (RFC 5952; an IPv4-mapped address keeps its dotted tail, §5). @internal */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return formatIpv4(wordAt(bytes, 0));
  return formatIpv6(wordAt(bytes, 0), wordAt(bytes, 4), wordAt(bytes, 8), wordAt(bytes, 12));
}

/**
 * The 32-bit number at `at`. Without a view: to ask a short array for its buffer gives it one, which it has not until then, and keeps.
 *
 * @internal
 */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;
}

/** Dotted quad of a 32-bit number. @internal */
export function formatIpv4(a: number): string {
  return `${a >>> 24}.${(a >>> 16) & 255}.${(a >>> 8) & 255}.${a & 255}`;
}

/** Canonical text of four 32-bit words (RFC 5952). @internal */
export function formatIpv6(a: number, b: number, c: number, d: number): string {
  if (a === 0 && b === 0 && c === 0xffff) return `::ffff:${formatIpv4(d)}`;
  const groups = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff, c >>> 16, c & 0xffff, d >>> 16, d & 0xffff];
  // §4.2: the longest run of two or more zero groups, the first of equals, becomes "::".
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; ) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
    i = end + 1;
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  return start < 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}
