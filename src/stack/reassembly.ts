import type { Millis } from '../lib/clock.js';
import type { Due, TimerHeap } from '../lib/timers.js';
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
  /** The frame that had the first part, for whoever is to be told that the others did not come. */
  first: Uint8Array | undefined;
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
export class Reassembly implements Due {
  /** The oldest first. */
  readonly #datagrams = new Map<string, Datagram>();
  deadline: Millis | undefined;

  constructor(
    private readonly timers: TimerHeap,
    /** A datagram was given up since it took too long, of whose first part this was the frame; or too many had begun. */
    private readonly late: (first?: Uint8Array) => void,
  ) {}

  due(now: Millis): void {
    for (const [key, { began, first }] of this.#datagrams) {
      if (now - began < TIMEOUT) break;
      this.#datagrams.delete(key);
      this.late(first);
    }
    this.#wait();
  }

  /** Nothing comes any more. */
  close(): undefined {
    this.#datagrams.clear();
    this.#wait();
  }

  #wait(): undefined {
    const [oldest] = this.#datagrams.values();
    if (oldest) {
      this.deadline = oldest.began + TIMEOUT;
      this.timers.note(this);
    } else {
      this.deadline = undefined;
      this.timers.forget(this);
    }
  }

  /** The whole, once its last part is there; `undefined` while it waits; `null` when it is given up. */
  add(key: string, at: number, more: boolean, bytes: Uint8Array, protocol: number): Whole | undefined | null {
    let own = this.#datagrams.get(key);
    if (!own) {
      const [oldest] = this.#datagrams.keys();
      if (this.#datagrams.size >= PORT_LIMITS.datagrams.most && oldest !== undefined) {
        this.#datagrams.delete(oldest);
        this.late();
      }
      own = { began: this.timers.clock.now(), parts: [], length: undefined, protocol, first: undefined };
      this.#datagrams.set(key, own);
      if (this.deadline === undefined) this.#wait();
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

  /** The frame that the first part of a datagram came in, if that is still waited for. */
  began(key: string, frame: Uint8Array): undefined {
    const own = this.#datagrams.get(key);
    if (own) own.first ??= frame;
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}
