import { Appointments } from './appointments.js';
import { UsageError } from './errors.js';
import { shown } from './shown.js';

/** Milliseconds since the Unix epoch, with a fraction, never running backwards. @public */
export type Millis = number;

/** Calls an appointment off; harmless after it was kept. @public */
export type Cancel = () => void;

/**
 * The only source of time. The system's lives in `io/`; tests and simulations turn a {@link ManualClock} by hand.
 *
 * @public
 */
export interface Clock {
  now(): Millis;
  /** Calls back once, at `when` or soon after. */
  at(when: Millis, call: () => void): Cancel;
  /** Calls back once, soon, after input that waits has had its turn: how long work is cut into slices. */
  defer(call: () => void): Cancel;
}

/**
 * A clock that stands still until told to move, then keeps every appointment in order.
 *
 * @example
 * ```ts
 * const clock = new ManualClock();
 * clock.advance(90_000); // ninety seconds pass; every timer due in them has fired, in order
 * ```
 * @public
 */
export class ManualClock implements Clock {
  #now: Millis;
  readonly #appointments = new Appointments();

  /** @param start - Where time begins; 0 unless told. */
  constructor(start: Millis = 0) {
    this.#now = start;
  }

  now(): Millis {
    return this.#now;
  }

  at(when: Millis, call: () => void): Cancel {
    return this.#appointments.add(when, call);
  }

  defer(call: () => void): Cancel {
    return this.at(this.#now, call);
  }

  /** Lets `by` milliseconds pass. Throws a `UsageError` (`VALUE_INVALID`) where that is no length of time: clocks do not run backwards. */
  advance(by: Millis): void {
    if (!Number.isFinite(by) || by < 0) throw new UsageError('VALUE_INVALID', `expected milliseconds, 0 or more, got ${shown(by)}`);
    const until = this.#now + by;
    for (let next = this.#appointments.take(until); next; next = this.#appointments.take(until)) {
      this.#now = Math.max(this.#now, next.at);
      next.call();
    }
    this.#now = until;
  }

  /** Keeps what is due now, and what that brings about, without letting time pass. */
  settle(): void {
    this.advance(0);
  }
}
