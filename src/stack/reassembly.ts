import type { Millis } from '../lib/clock.js';

/** Datagrams that may be in parts at once, their octets, and how long one may take (RFC 791 §3.2, RFC 8200 §4.5: 60 s at most). */
const MAX_DATAGRAMS = 64;
const MAX_OCTETS = 65_535;
const MAX_PARTS = 64;
const TIMEOUT = 30_000;

interface Datagram {
  readonly began: Millis;
  readonly parts: { readonly at: number; readonly bytes: Uint8Array }[];
  length: number | undefined;
}

/**
 * Puts fragments for the router itself together, within bounds. Parts that overlap discard the whole (RFC 5722), and so do parts that are
 * empty or lie beyond the last one.
 *
 * @internal
 */
export class Reassembly {
  readonly #datagrams = new Map<string, Datagram>();

  /** The whole payload, once its last part is there; `undefined` while it waits; `null` when it was given up. */
  add(key: string, at: number, more: boolean, bytes: Uint8Array, now: Millis): Uint8Array | undefined | null {
    for (const [old, { began }] of this.#datagrams) {
      if (now - began < TIMEOUT && this.#datagrams.size <= MAX_DATAGRAMS) break;
      this.#datagrams.delete(old);
    }
    let own = this.#datagrams.get(key);
    if (!own) {
      own = { began: now, parts: [], length: undefined };
      this.#datagrams.set(key, own);
    }
    const end = at + bytes.length;
    const clash = own.parts.some((part) => at < part.at + part.bytes.length && (part.at < end || !more));
    const beyond = own.length !== undefined && (end > own.length || !more);
    if (clash || beyond || bytes.length === 0 || end > MAX_OCTETS || own.parts.length >= MAX_PARTS || (more && bytes.length % 8 !== 0)) {
      this.#datagrams.delete(key);
      return null;
    }
    own.parts.push({ at, bytes: bytes.slice() });
    if (!more) own.length = end;
    const sum = own.parts.reduce((octets, part) => octets + part.bytes.length, 0);
    if (own.length === undefined || sum < own.length) return undefined;
    this.#datagrams.delete(key);
    const whole = new Uint8Array(own.length);
    for (const part of own.parts) whole.set(part.bytes, part.at);
    return whole;
  }
}
