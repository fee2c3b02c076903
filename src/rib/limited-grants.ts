import { Verdict } from '../claims/reasons.js';
import type { Rib } from './rib.js';
import { WaitingClaims } from './waiting-claims.js';

/** A grant and a holder as one number. */
const HOLDERS = 0x1_0000_0000;

/**
 * How many accepted prefixes each holder has under each grant with a limit, and who waits for room. Of several claims of one holder to a
 * prefix under a grant one counts. Room goes in the order in which claims were first heard; to make some costs nothing for all others that
 * wait, as a guest may make and fill it with every message.
 *
 * @internal
 */
export class LimitedGrants {
  /** By grant and holder: `grant * 2^32 + holder`. */
  readonly #counts = new Map<number, number>();
  /** By the same. */
  readonly #waiting = new Map<number, WaitingClaims>();
  /** The same of those for whom room was made while some wait. */
  readonly #roomy = new Set<number>();
  /** Claims that were counted while some wait: other claims of the holder to their prefixes wait no more. */
  #counted: number[] = [];
  /** Claims that are about to be counted: none of them may pass for the counted twin of another. */
  #uncounted: Set<number> | undefined;

  constructor(private readonly rib: Rib) {}

  /** Counts a claim, unless its holder's prefix counts already: 0, or `limit-exceeded`. */
  count(row: number, holder: number, grant: number, limit: number): number {
    if (this.#twin(row, holder, grant)) return 0;
    const key = grant * HOLDERS + holder;
    const count = this.#counts.get(key) ?? 0;
    const waiting = this.#waiting.get(key);
    if (count >= limit) {
      (waiting ?? this.#begin(key, holder, grant)).add(row, this.rib.claims.arrivalOf(row));
      return Verdict['limit-exceeded'];
    }
    this.#counts.set(key, count + 1);
    if (waiting) this.#counted.push(row);
    return 0;
  }

  #begin(key: number, holder: number, grant: number): WaitingClaims {
    const { claims } = this.rib;
    const made = new WaitingClaims(
      (row, arrival) => claims.setInOf(row) !== 0 && claims.arrivalOf(row) === arrival && this.#waits(row, holder, grant),
    );
    this.#waiting.set(key, made);
    return made;
  }

  #waits(row: number, holder: number, grant: number): boolean {
    const { claims, standings } = this.rib;
    const at = claims.standingOf(row);
    return standings.verdict[at] === Verdict['limit-exceeded'] && standings.grant[at] === grant + 1 && standings.holder[at] === holder;
  }

  /** A claim is about to be judged again, or ends: where it counted it may count no more, where it waited it waits no more. */
  uncount(row: number): void {
    const { claims, standings, authorization } = this.rib;
    const at = claims.standingOf(row);
    const grant = standings.grant[at] - 1;
    if (grant < 0 || (standings.verdict[at] === 0 && !authorization.columns.isLimited(grant))) return;
    const holder = standings.holder[at];
    const key = grant * HOLDERS + holder;
    if (standings.verdict[at] === Verdict['limit-exceeded']) {
      const waiting = this.#waiting.get(key);
      waiting?.left();
      if (waiting?.size === 0) this.#waiting.delete(key);
      return;
    }
    if (standings.verdict[at] !== 0 || this.#twin(row, holder, grant)) return;
    const count = (this.#counts.get(key) ?? 1) - 1;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
    if (this.#waiting.has(key)) this.#roomy.add(key);
  }

  /** All are to be counted again. */
  clear(): void {
    this.#counts.clear();
    this.#waiting.clear();
    this.#roomy.clear();
    this.#counted = [];
  }

  /** Gives room that was made since this was last asked to those that wait for it, oldest first, and says what becomes of each. */
  fillRoom(stand: (row: number, verdict: number) => void): void {
    const { authorization } = this.rib;
    for (const key of this.#roomy) {
      const waiting = this.#waiting.get(key);
      const grant = Math.floor(key / HOLDERS);
      const limit = authorization.grants[grant]?.limit ?? 0;
      while (waiting && (this.#counts.get(key) ?? 0) < limit) {
        const row = waiting.take();
        if (row < 0) break;
        stand(row, this.count(row, key % HOLDERS, grant, limit));
      }
      if (waiting?.size === 0) this.#waiting.delete(key);
    }
    this.#roomy.clear();
    const counted = this.#counted;
    this.#counted = [];
    for (const row of counted) this.#admitTwins(row, stand);
  }

  /** Other claims of a holder to a prefix that counts now. */
  #admitTwins(row: number, stand: (row: number, verdict: number) => void): void {
    const { claims, standings, records } = this.rib;
    const at = claims.standingOf(row);
    const grant = standings.grant[at] - 1;
    const holder = standings.holder[at];
    if (claims.setInOf(row) === 0 || standings.verdict[at] !== 0 || grant < 0) return;
    for (let other = records.headOf(claims.prefixOf(row)); other !== 0; other = claims.nextOf(other - 1)) {
      if (!this.#waits(other - 1, holder, grant)) continue;
      this.#waiting.get(grant * HOLDERS + holder)?.left();
      stand(other - 1, 0);
    }
  }

  /** Has arrivals numbered anew. */
  renumber(renumber: () => void): void {
    const before = [...this.#waiting.values()].map((waiting) => [waiting, waiting.rows()] as const);
    renumber();
    for (const [waiting, rows] of before)
      waiting.tidy(
        rows,
        rows.map((row) => this.rib.claims.arrivalOf(row)),
      );
  }

  /** Counts these claims, oldest first, and says what becomes of each. */
  fill(rows: number[], stand: (row: number, verdict: number) => void): void {
    const { claims, standings, authorization } = this.rib;
    rows.sort((x, y) => claims.arrivalOf(x) - claims.arrivalOf(y));
    const uncounted = new Set(rows);
    this.#uncounted = uncounted;
    for (const row of rows) {
      uncounted.delete(row);
      const at = claims.standingOf(row);
      const grant = standings.grant[at] - 1;
      stand(row, this.count(row, standings.holder[at], grant, authorization.grants[grant].limit));
    }
    this.#uncounted = undefined;
  }

  /** Whether another accepted claim of the same holder to the same prefix stands under the same grant. */
  #twin(row: number, holder: number, grant: number): boolean {
    const { claims, standings, records } = this.rib;
    for (let other = records.headOf(claims.prefixOf(row)); other !== 0; other = claims.nextOf(other - 1)) {
      const at = claims.standingOf(other - 1);
      if (other - 1 === row || standings.holder[at] !== holder || standings.grant[at] !== grant + 1 || standings.verdict[at] !== 0)
        continue;
      if (!this.#uncounted?.has(other - 1)) return true;
    }
    return false;
  }
}
