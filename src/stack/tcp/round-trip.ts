import type { Millis } from '../../lib/clock.js';

/** Granularity of the clock that timestamps are made of (RFC 6298's G). */
const GRANULARITY = 1;

/** How long a segment and its acknowledgement take, and so when to send again (RFC 6298). @internal */
export class RoundTrip {
  #smoothed: Millis | undefined;
  #variation: Millis = 0;
  #backoff = 0;

  constructor(private readonly limits: { readonly minRto: Millis; readonly maxRto: Millis; readonly initialRto: Millis }) {}

  /** Smoothed, once something was measured. */
  get smoothed(): Millis | undefined {
    return this.#smoothed;
  }

  /** Measured one. Only this ends a backoff (§5, Karn): what was sent again and is then acknowledged says nothing of how long that took. */
  sample(time: Millis): void {
    if (this.#smoothed === undefined) {
      this.#smoothed = time;
      this.#variation = time / 2;
    } else {
      this.#variation += (Math.abs(this.#smoothed - time) - this.#variation) / 4;
      this.#smoothed += (time - this.#smoothed) / 8;
    }
    this.#backoff = 0;
  }

  /** Nobody answered in time (§5.5). */
  back(): void {
    this.#backoff = Math.min(this.#backoff + 1, 16);
  }
  /** §5.7: the handshake was slow; whatever was measured then is not to be relied on. */
  distrust(): void {
    if (this.#smoothed !== undefined) return;
    this.#variation = 3000;
    this.#backoff = 0;
  }

  get timeout(): Millis {
    const { minRto, maxRto, initialRto } = this.limits;
    const base =
      this.#smoothed === undefined ? Math.max(initialRto, this.#variation) : this.#smoothed + Math.max(GRANULARITY, 4 * this.#variation);
    return Math.min(maxRto, Math.max(minRto, base) * 2 ** this.#backoff);
  }
}
