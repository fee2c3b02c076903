import { addressSize, type Family, formatAddress, parseAddress, wordAt } from './address.js';
import { UsageError } from './errors.js';
import { shown } from './shown.js';

/** An address prefix: its octets with all bits past the length zero. @public */
export interface Prefix {
  readonly family: Family;
  /** 4 or 16 octets. */
  readonly bytes: Uint8Array;
  readonly length: number;
}

/**
 * A prefix from `"10.0.0.0/8"`, or the host prefix of a bare address. Bits set past the length are a mistake, not rounded
 * away. Throws a `UsageError` (`PREFIX_INVALID`).
 *
 * @internal
 */
export function parsePrefix(text: string): Prefix {
  // Of a program without types, this may be anything.
  const slash = typeof text === 'string' ? text.indexOf('/') : -1;
  const address = slash < 0 ? text : text.slice(0, slash);
  let bytes: Uint8Array;
  try {
    bytes = parseAddress(address);
  } catch {
    throw new UsageError('PREFIX_INVALID', `expected a prefix such as "10.0.0.0/8" or "2001:db8::/32", got ${shown(text)}`);
  }
  const bits = bytes.length * 8;
  const lengthText = slash < 0 ? String(bits) : text.slice(slash + 1);
  const length = Number(lengthText);
  if (!/^(0|[1-9]\d{0,2})$/.test(lengthText) || length > bits) {
    throw new UsageError('PREFIX_INVALID', `expected a length from 0 to ${bits} in ${JSON.stringify(text)}`);
  }
  const masked = maskBytes(bytes, length);
  if (masked.some((byte, i) => byte !== bytes[i])) {
    const meant = `${formatAddress(masked)}/${length}`;
    throw new UsageError('PREFIX_INVALID', `${JSON.stringify(text)} has bits set past its length; did you mean "${meant}"?`);
  }
  return { family: bytes.length === 4 ? 'ipv4' : 'ipv6', bytes, length };
}

/** Canonical text. @internal */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.bytes)}/${prefix.length}`;
}

/** `text` in its one canonical form. Throws as {@link parsePrefix} does. @internal */
export function canonicalPrefix(text: string): string {
  return formatPrefix(parsePrefix(text));
}

/** The host prefix of an address. @internal */
export function hostPrefix(bytes: Uint8Array): Prefix {
  return { family: bytes.length === 4 ? 'ipv4' : 'ipv6', bytes, length: bytes.length * 8 };
}

/** Whether `inner` is `outer` or lies inside it. @internal */
export function covers(outer: Prefix, inner: Prefix): boolean {
  return outer.family === inner.family && outer.length <= inner.length && contains(outer, inner.bytes);
}

/** Whether an address lies inside a prefix. @internal */
export function contains(prefix: Prefix, address: Uint8Array): boolean {
  if (address.length !== prefix.bytes.length) return false;
  const whole = prefix.length >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== prefix.bytes[i]) return false;
  const rest = prefix.length & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return ((address[whole] ?? 0) & mask) === ((prefix.bytes[whole] ?? 0) & mask);
}

/** A copy with every bit past `length` zero. @public */
export function maskBytes(bytes: Uint8Array, length: number): Uint8Array {
  const masked = bytes.slice();
  for (let i = 0; i < masked.length; i++) {
    const keep = Math.min(8, Math.max(0, length - 8 * i));
    masked[i] = (masked[i] ?? 0) & ((0xff << (8 - keep)) & 0xff);
  }
  return masked;
}

/** The prefix of no bits. @internal */
export function defaultPrefix(family: Family): Prefix {
  return { family, bytes: new Uint8Array(addressSize(family)), length: 0 };
}

/** The prefix as 32-bit words: one for IPv4 (the others 0), four for IPv6. @internal */
export function prefixWords(bytes: Uint8Array): [a: number, b: number, c: number, d: number] {
  if (bytes.length === 4) return [wordAt(bytes, 0), 0, 0, 0];
  return [wordAt(bytes, 0), wordAt(bytes, 4), wordAt(bytes, 8), wordAt(bytes, 12)];
}
