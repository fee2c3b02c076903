import type { Rib } from '../rib/rib.js';

/**
 * Whoever says all of it anew, as attributes change, after a restart or when asked to refresh, mostly does so in the order of before. So the
 * next claim that is said is looked for behind the last one, next to it in memory, and only otherwise in the hash. Of IPv4, with one path a
 * prefix.
 *
 * @internal
 */
export class Repetition {
  /** The claim said last, and that which is expected next: rows + 1, 0 for none. */
  #last = 0;
  #expected = 0;
  /** Whether the last message was all as expected. */
  holds = false;

  constructor(
    private readonly rib: Rib,
    private readonly feed: number,
  ) {}

  /** A message begins. */
  begin(): void {
    const { rib, feed } = this;
    let next = this.#last === 0 || rib.feedOf(this.#last - 1) !== feed ? 0 : rib.afterOf(this.#last - 1);
    if (next === 0) next = rib.firstOf(feed);
    this.#expected = next;
  }

  /** The claim to a prefix, row + 1, if it is the one that is expected; else 0. The address has a sign. */
  next(a: number, length: number): number {
    const row = this.#expected;
    if (row === 0) return 0;
    const { rib } = this;
    if (!rib.records.isIpv4(rib.claims.prefixOf(row - 1), a, length)) {
      this.#expected = 0;
      return 0;
    }
    this.#expected = rib.afterOf(row - 1);
    return row;
  }

  /** A message is over. */
  end(): void {
    this.#last = this.rib.lastSaid;
    this.holds = this.#expected !== 0;
  }
}
