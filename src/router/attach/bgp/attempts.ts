import type { Millis } from '../../../lib/clock.js';

const MINUTE: Millis = 60_000;
/** Addresses that are remembered; those that dialled longest ago are forgotten first. */
export const REMEMBERED = 4096;

/** Connections of each address within a minute, so that nobody keeps us busy by dialling. @internal */
export class Attempts {
  readonly #known = new Map<string, { tokens: number; since: Millis; refused: number }>();

  /** One more connection from `address`: whether it is within `most` a minute. */
  admit(address: string, most: number, now: Millis): boolean {
    const known = this.#known.get(address) ?? { tokens: most, since: now, refused: 0 };
    known.tokens = Math.min(most, known.tokens + ((now - known.since) * most) / MINUTE);
    known.since = now;
    // The latest stands last.
    this.#known.delete(address);
    this.#known.set(address, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= REMEMBERED) break;
      this.#known.delete(oldest);
    }
    if (known.tokens < 1) {
      known.refused++;
      return false;
    }
    known.tokens--;
    known.refused = 0;
    return true;
  }

  /** How many were refused one after another: the first is worth telling. */
  refused(address: string): number {
    return this.#known.get(address)?.refused ?? 0;
  }
}
