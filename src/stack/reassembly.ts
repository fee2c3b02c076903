import type { Millis } from '../lib/clock.js';
import { PORT_LIMITS } from './limits.js';

/** Octets of a datagram, and how long it may take (RFC 791 §3.2, RFC 8200 §4.5: 60 s at most). */
const MAX_OCTETS = 65_535;
const TIMEOUT = 30_000;

interface Datagram {
  readonly began: Millis;
  readonly parts: { readonly at: number; readonly bytes: Uint8Array }[];
  length: number | undefined;
  /** What the first part says it is, which alone counts (RFC 8200 §4.5). */
  protocol: number;
}

/** What parts became. @internal */
export interface Whole {
  readonly protocol: number;
  readonly payload: Uint8Array;
}

/**
 * Puts fragments for the router itself together, those of one port, within bounds. Parts that overlap discard the whole (RFC 5722), and so do parts that are
 * empty or lie beyond the last one. One that came twice counts once (RFC 8200 §4.5).
 *
 * @internal
 */
export class Reassembly {
  readonly #datagrams = new Map<string, Datagram>();

  /** @param late - A datagram was given up since it took too long, or too many had begun. */
  constructor(private readonly late: () => void) {}

  /** The whole, once its last part is there; `undefined` while it waits; `null` when it is given up. */
  add(key: string, at: number, more: boolean, bytes: Uint8Array, protocol: number, now: Millis): Whole | undefined | null {
    for (const [old, { began }] of this.#datagrams) {
      if (now - began < TIMEOUT && this.#datagrams.size + (this.#datagrams.has(key) ? 0 : 1) <= PORT_LIMITS.datagrams.most) break;
      this.#datagrams.delete(old);
      this.late();
    }
    let own = this.#datagrams.get(key);
    if (!own) {
      own = { began: now, parts: [], length: undefined, protocol };
      this.#datagrams.set(key, own);
    }
    const end = at + bytes.length;
    if (own.parts.some((part) => part.at === at && isSame(part.bytes, bytes)) && more === (end !== own.length)) return undefined;
    const clash = own.parts.some((part) => at < part.at + part.bytes.length && (part.at < end || !more));
    const beyond = own.length !== undefined && (end > own.length || !more);
    if (
      clash ||
      beyond ||
      bytes.length === 0 ||
      end > MAX_OCTETS ||
      own.parts.length >= PORT_LIMITS.parts.most ||
      (more && bytes.length % 8 !== 0)
    ) {
      this.#datagrams.delete(key);
      return null;
    }
    own.parts.push({ at, bytes: bytes.slice() });
    if (at === 0) own.protocol = protocol;
    if (!more) own.length = end;
    const sum = own.parts.reduce((octets, part) => octets + part.bytes.length, 0);
    if (own.length === undefined || sum < own.length) return undefined;
    this.#datagrams.delete(key);
    const payload = new Uint8Array(own.length);
    for (const part of own.parts) payload.set(part.bytes, part.at);
    return { protocol: own.protocol, payload };
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}
