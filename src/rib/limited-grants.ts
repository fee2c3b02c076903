import { Verdict } from '../claims/reasons.js';
import type { Rib } from './rib.js';

/**
 * How many accepted prefixes each holder has under each grant with a limit, and who waits for room. Of several claims of one holder to a
 * prefix under a grant one counts. Room goes in the order in which claims were first heard.
 *
 * @internal
 */
export class LimitedGrants {
  /** By grant and holder: `grant * 2^32 + holder`. */
  readonly #counts = new Map<number, number>();
  /** Grants under which room was made. */
  readonly #roomy = new Set<number>();
  /** Claims that are about to be counted: none of them may pass for the counted twin of another. */
  #uncounted: Set<number> | undefined;

  constructor(private readonly rib: Rib) {}

  /** Counts a claim, unless its holder's prefix counts already: 0, or `limit-exceeded`. */
  count(row: number, holder: number, grant: number, limit: number): number {
    if (this.#twin(row, holder, grant)) return 0;
    const key = grant * 0x1_0000_0000 + holder;
    const count = this.#counts.get(key) ?? 0;
    if (count >= limit) return Verdict['limit-exceeded'];
    this.#counts.set(key, count + 1);
    return 0;
  }

  /** A claim that counted may count no more. */
  uncount(row: number): void {
    const { claims, standings, authorization } = this.rib;
    const at = claims.standingOf(row);
    const grant = standings.grant[at] - 1;
    if (grant < 0 || standings.verdict[at] !== 0 || authorization.grants[grant].limit === Number.POSITIVE_INFINITY) return;
    const holder = standings.holder[at];
    if (this.#twin(row, holder, grant)) return;
    const key = grant * 0x1_0000_0000 + holder;
    const count = (this.#counts.get(key) ?? 1) - 1;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
    this.#roomy.add(grant);
  }

  /** All are to be counted again. */
  clear(): void {
    this.#counts.clear();
    this.#roomy.clear();
  }

  /** Claims that wait for room where some was made since this was last asked. */
  waiting(): number[] {
    if (this.#roomy.size === 0) return [];
    const { rib } = this;
    const rows: number[] = [];
    for (let row = 0; row < rib.rowLimit; row++) {
      if (rib.claims.setInOf(row) !== 0 && rib.verdictOf(row) === Verdict['limit-exceeded'] && this.#roomy.has(rib.grantOf(row) - 1))
        rows.push(row);
    }
    this.#roomy.clear();
    return rows;
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
