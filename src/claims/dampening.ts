import type { Millis } from '../lib/clock.js';
import type { DampeningConfig } from '../network/config.js';
import { Verdict } from './reasons.js';

/** Claims remembered at most: the oldest is forgotten first. */
export const MOST_FLAPS = 65_536;

/** A holder's claim to a prefix, for as long as its flaps count. */
interface Flaps {
  penalty: number;
  /** When the penalty was that. */
  at: Millis;
  suppressed: boolean;
  /** When it ended last. */
  ended: Millis;
}

/**
 * Claims that come and go: each end, and each change, of a holder's claim to a prefix costs a penalty that decays by half in a half-life;
 * above a threshold the claim is refused until it is below another (RFC 2439 §2.2, its figures unless configured). And a claim that has
 * ended may not be taken back before a hold-down is over.
 *
 * @internal
 */
export class Dampening {
  readonly #flaps = new Map<string, Flaps>();
  readonly #halfLife: Millis;
  readonly #suppress: number;
  readonly #reuse: number;
  readonly #ceiling: number;
  readonly #withdrawal: number;
  readonly #change: number;

  constructor(
    config: DampeningConfig | undefined,
    private readonly holdDown: Millis,
  ) {
    this.#halfLife = (config?.halfLife ?? 900) * 1000;
    this.#suppress = config ? (config.suppress ?? 2000) : Number.POSITIVE_INFINITY;
    this.#reuse = config?.reuse ?? 750;
    // RFC 2439 §4.2: a penalty that takes longer than the maximum hold time to decay is not let arise.
    this.#ceiling = this.#reuse * 2 ** (((config?.maxSuppress ?? 3600) * 1000) / this.#halfLife);
    this.#withdrawal = config?.withdrawal ?? 1000;
    this.#change = config?.change ?? 500;
  }

  /** A claim ended. */
  ended(key: string, now: Millis): void {
    const flaps = this.#add(key, this.#withdrawal, now);
    flaps.ended = now;
  }
  /** A claim says something else than before. Whether it is suppressed now. */
  changed(key: string, now: Millis): void {
    this.#add(key, this.#change, now);
  }

  /** Position in `VERDICTS`: 0 where nothing is held against the claim. */
  verdict(key: string, now: Millis): number {
    const flaps = this.#flaps.get(key);
    if (!flaps) return 0;
    if (flaps.suppressed && this.#decayed(flaps, now) < this.#reuse) flaps.suppressed = false;
    if (flaps.suppressed) return Verdict['flap-dampened'];
    return now < flaps.ended + this.holdDown ? Verdict['held-down'] : 0;
  }

  /** When a claim may be taken again, if it may not now. */
  until(key: string, now: Millis): Millis | undefined {
    const flaps = this.#flaps.get(key);
    if (!flaps || this.verdict(key, now) === 0) return undefined;
    if (!flaps.suppressed) return flaps.ended + this.holdDown;
    // Just below: at the threshold itself it is not below it yet.
    const wait = Math.ceil(this.#halfLife * Math.log2(flaps.penalty / this.#reuse)) + 1;
    return Math.max(flaps.at + wait, flaps.ended + this.holdDown);
  }

  /** Forgets what does not count any more. */
  tidy(now: Millis): void {
    for (const [key, flaps] of this.#flaps)
      if (this.#decayed(flaps, now) < this.#reuse / 2 && now >= flaps.ended + this.holdDown) this.#flaps.delete(key);
  }

  #add(key: string, penalty: number, now: Millis): Flaps {
    let flaps = this.#flaps.get(key);
    if (flaps) this.#flaps.delete(key);
    else flaps = { penalty: 0, at: now, suppressed: false, ended: Number.NEGATIVE_INFINITY };
    flaps.penalty = Math.min(this.#ceiling, this.#decayed(flaps, now) + penalty);
    flaps.at = now;
    if (flaps.penalty > this.#suppress) flaps.suppressed = true;
    this.#flaps.set(key, flaps);
    if (this.#flaps.size > MOST_FLAPS) for (const [oldest] of this.#flaps) return this.#forget(oldest, flaps);
    return flaps;
  }
  #forget(oldest: string, flaps: Flaps): Flaps {
    this.#flaps.delete(oldest);
    return flaps;
  }

  #decayed({ penalty, at }: Flaps, now: Millis): number {
    return penalty * 2 ** ((at - now) / this.#halfLife);
  }
}
