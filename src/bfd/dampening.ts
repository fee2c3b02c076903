import type { Millis } from '../lib/clock.js';
import type { BfdDampeningConfig } from './config.js';

/** What a loss costs. */
const LOSS = 1000;

/** Points of a session that flaps: they grow with each loss and halve with time. Too many, and it is not believed until they are few. @internal */
export class Dampening {
  #points = 0;
  #at: Millis = 0;
  #suppressed = false;

  constructor(private readonly config: Required<BfdDampeningConfig>) {}

  /** It was lost. */
  lost(now: Millis): void {
    const { halfLife, suppress, reuse, longest } = this.config;
    const before = this.#pointsAt(now);
    // It was believed again, and has `suppress` to go once more.
    if (before <= reuse) this.#suppressed = false;
    // No more than what decays to `reuse` in the longest time.
    this.#points = Math.min(before + LOSS, reuse * 2 ** (longest / halfLife));
    this.#at = now;
    this.#suppressed ||= this.#points >= suppress;
  }

  /** When it will be believed again; undefined when it is now. */
  until(now: Millis): Millis | undefined {
    const { halfLife, reuse } = this.config;
    const points = this.#pointsAt(now);
    if (!this.#suppressed || points <= reuse) {
      this.#suppressed = false;
      return undefined;
    }
    return now + halfLife * Math.log2(points / reuse);
  }

  #pointsAt(now: Millis): number {
    return this.#points * 0.5 ** ((now - this.#at) / this.config.halfLife);
  }
}
