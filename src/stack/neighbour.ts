import type { Millis } from '../lib/clock.js';
import type { Due, TimerHeap } from '../lib/timers.js';
import { PORT_LIMITS } from './limits.js';

/** RFC 4861 §10. */
const REACHABLE_TIME = 30_000;
const RETRANS_TIMER = 1000;
const MAX_SOLICIT = 3;

/** A frame that waits, and what to do when there is no answer. @internal */
export interface Waiting {
  readonly frame: Uint8Array;
  readonly failed: () => void;
}

/** What a neighbour needs to be resolved. @internal */
export interface Resolver {
  readonly timers: TimerHeap;
  /** Asks who has the address; to `mac` alone where one is known. */
  solicit(address: Uint8Array, mac: Uint8Array | undefined): void;
  /** Sends a frame that waited, to the MAC that is known now. */
  release(frame: Uint8Array, mac: Uint8Array): void;
}

/**
 * The MAC of an address on a link, by RFC 4861 §7.3 in both families: asked for when needed, believed for half a minute, then asked
 * again when used. Frames wait, within a bound, for the first answer.
 *
 * @internal
 */
export class Neighbour implements Due {
  mac: Uint8Array | undefined;
  /** True when the MAC must be asked for again: whoever uses it calls {@link Neighbour.used}. */
  stale = false;
  deadline: Millis | undefined;
  #tries = 0;
  #waiting: Waiting[] = [];

  constructor(
    readonly address: Uint8Array,
    private readonly resolver: Resolver,
  ) {}

  /** Heard from the neighbour itself. */
  heard(mac: Uint8Array): void {
    this.mac = mac;
    this.stale = false;
    this.#tries = 0;
    this.#note(REACHABLE_TIME);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { frame } of waiting) this.resolver.release(frame, mac);
  }

  /** A stale MAC is used: asks whether it still holds. */
  used(): void {
    this.stale = false;
    this.#solicit();
  }

  /** Keeps a frame until there is an answer (RFC 4861 §7.2.2 asks for room for one at least). The oldest makes room. */
  wait(waiting: Waiting): void {
    if (this.#waiting.length >= PORT_LIMITS.waiting.most) this.#waiting.shift()?.failed();
    this.#waiting.push(waiting);
    if (this.#tries === 0) this.#solicit();
  }

  due(): void {
    this.deadline = undefined;
    if (this.#tries === 0) {
      this.stale = this.mac !== undefined;
    } else if (this.#tries < MAX_SOLICIT) this.#solicit();
    else {
      this.mac = undefined;
      this.#tries = 0;
      this.#fail();
    }
  }

  #fail(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { failed } of waiting) failed();
  }

  /** Nobody waits for its answer any more: what did has failed. */
  giveUp(): void {
    this.resolver.timers.forget(this);
    this.#fail();
  }

  /** It is another's concern now. Returns how many frames waited for it, which are lost. */
  forget(): number {
    this.resolver.timers.forget(this);
    return this.#waiting.splice(0).length;
  }

  #solicit(): void {
    this.#tries++;
    this.#note(RETRANS_TIMER);
    this.resolver.solicit(this.address, this.mac);
  }
  #note(after: Millis): void {
    this.deadline = this.resolver.timers.clock.now() + after;
    this.resolver.timers.note(this);
  }
}
