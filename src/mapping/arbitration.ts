import type { Feed } from '../claims/feed.js';
import { takeoverOf } from '../claims/grant.js';
import type { Takeover } from '../network/config.js';
import { Down } from '../network/model.js';
import type { Decision, Eliminated } from '../rib/decision.js';
import type { Rib } from '../rib/rib.js';
import type { Part, TargetSets } from './target.js';

/**
 * Who wins a prefix. A function of the claims that are alive, in the order in which they were first heard, and of nothing else:
 * so a revert is the same decision over what is left, and a router that starts afresh with the same claims decides the same.
 *
 * 1. Claims that are refused, or whose holder is down, are out.
 * 2. All claims of one holder are one candidate; its strongest stands for it.
 * 3. Higher preference.
 * 4. If all that remain are granted `shared`, those equal under the source's multipath rule hold it together.
 * 5. Else, in the order first heard: one that takes over `always` displaces all before it; one `if-preferred` joins them and must
 *    win the source's own decision; one `if-holder-down` counts only where nobody was before it.
 * 6. The source's own decision among those, then the node's name.
 *
 * `explain` runs this very code with a witness.
 *
 * @internal
 */
export class Arbitration {
  #rows = new Int32Array(16);
  #scratch = new Int32Array(16);
  #births = new Float64Array(16);

  /** What the last {@link Arbitration.decide} found: the winning row + 1, or 0, and its target's number. */
  row = 0;
  target = 0;

  /** What the last claim that stood alone came to, for others of the same standing: see {@link Arbitration.begin}. */
  #standing = 0;
  #settled = 0;

  constructor(
    private readonly rib: Rib,
    private readonly decision: Decision,
    private readonly targets: TargetSets,
  ) {}

  /** Before many are decided one after another: who is down and whose feed is alive may have changed since the last. */
  begin(): void {
    this.#standing = 0;
  }

  /** Decides a prefix; its winner is in {@link Arbitration.row} and {@link Arbitration.target} then. */
  decide(prefix: number, eliminated?: Eliminated): void {
    const { rib } = this;
    const first = rib.records.headOf(prefix);
    if (first !== 0 && rib.claims.nextOf(first - 1) === 0) {
      // Nearly every prefix has one claim, and neighbours' are mostly judged alike.
      const standing = rib.claims.standingOf(first - 1);
      if (standing === this.#standing && eliminated === undefined) {
        this.row = first;
        this.target = this.#settled;
        return;
      }
      const row = first - 1;
      if (!this.#alive(row, eliminated)) {
        this.#nobody();
        return;
      }
      this.#settle(row);
      // Whether a holder that is down counts depends on more than the standing.
      if (rib.model.down[rib.standings.holder[standing]] === Down.not) {
        this.#standing = standing;
        this.#settled = this.target;
      }
      return;
    }
    if (eliminated === undefined && first !== 0) {
      const row = this.#plainly(first);
      if (row >= 0) {
        this.#settle(row);
        return;
      }
    }
    let count = 0;
    for (let at = first; at !== 0; at = rib.claims.nextOf(at - 1)) {
      if (!this.#alive(at - 1, eliminated)) continue;
      if (count >= this.#rows.length) {
        this.#rows = this.#doubled(this.#rows);
        this.#scratch = this.#doubled(this.#scratch);
      }
      this.#rows[count++] = at - 1;
    }
    if (count === 0) {
      this.#nobody();
      return;
    }
    count = this.#candidates(count, eliminated);
    count = this.#mostPreferred(count, eliminated);
    if (count === 1) {
      this.#settle(this.#rows[0]);
      return;
    }
    if (this.#allShared(count)) {
      this.#share(count, eliminated);
      return;
    }
    this.#settle(this.decision.best(this.#rows, this.#contenders(count, eliminated), eliminated));
  }

  /**
   * The winner where all claims are BGP's, under grants without rules of their own, and one is ahead by preference or degree already; else
   * -1. It is what the steps would find, in one pass: most contested prefixes are so.
   */
  #plainly(first: number): number {
    const { claims, standings, sets, feeds, model, authorization } = this.rib;
    let best = -1;
    let most = -1;
    let least = 0;
    for (let at = first; at !== 0; at = claims.nextOf(at - 1)) {
      const row = at - 1;
      const standing = claims.standingOf(row);
      const feed = feeds[standings.feed[standing]] as Feed; // a row's feed outlives it
      if (standings.verdict[standing] !== 0 || !feed.alive || (model.down[standings.holder[standing]] !== 0 && this.rib.isHolderDown(row)))
        continue;
      const by = standings.grant[standing];
      if (by === 0 || feed.source !== 'bgp') return -1;
      const grant = authorization.grants[by - 1];
      if (grant.mode === 'shared' || takeoverOf(grant, 'bgp') !== 'if-preferred') return -1;
      const preference = standings.preference[standing];
      if (preference < most) continue;
      const degree = sets.degreeOf(claims.setOutOf(row));
      if (preference > most || degree < least) {
        best = row;
        most = preference;
        least = degree;
      } else if (degree === least) best = -1;
    }
    return best;
  }

  #alive(row: number, eliminated: Eliminated | undefined): boolean {
    const { rib } = this;
    if (rib.verdictOf(row) !== 0) {
      eliminated?.(row, 'not-authorized');
      return false;
    }
    if (rib.isHolderDown(row) || !(rib.feeds[rib.feedOf(row)] as Feed).alive) {
      eliminated?.(row, 'holder-down');
      return false;
    }
    return true;
  }

  /** Leaves one row a holder: the one of highest preference, then by the source's own decision. */
  #candidates(count: number, eliminated: Eliminated | undefined): number {
    const { rib } = this;
    const rows = this.#rows;
    if (!this.#hasTwins(count)) return count;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const holder = rib.holderOf(rows[i]);
      let same = 0;
      let preference = -1;
      for (let j = i; j < count; j++) {
        if (rib.holderOf(rows[j]) !== holder) continue;
        if (rib.preferenceOf(rows[j]) > preference) preference = rib.preferenceOf(rows[j]);
      }
      // Gathers the holder's rows, and closes the gap that they leave.
      let rest = i;
      for (let j = i; j < count; j++) {
        const row = rows[j];
        if (rib.holderOf(row) !== holder) rows[rest++] = row;
        else if (rib.preferenceOf(row) === preference) this.#scratch[same++] = row;
        else eliminated?.(row, 'same-holder');
      }
      const best = this.decision.best(this.#scratch, same, eliminated && ((row) => eliminated(row, 'same-holder')));
      // The holder's representative goes first; what is left of the others follows.
      for (let j = rest; j > i; j--) rows[j] = rows[j - 1];
      rows[i] = best;
      count = rest + 1;
      kept++;
    }
    return kept;
  }

  /** Whether two rows are of one holder. */
  #hasTwins(count: number): boolean {
    const { rib } = this;
    for (let i = 1; i < count; i++) {
      const holder = rib.holderOf(this.#rows[i]);
      for (let j = 0; j < i; j++) if (rib.holderOf(this.#rows[j]) === holder) return true;
    }
    return false;
  }

  #mostPreferred(count: number, eliminated: Eliminated | undefined): number {
    const { rib } = this;
    let most = 0;
    for (let i = 0; i < count; i++) most = Math.max(most, rib.preferenceOf(this.#rows[i]));
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const row = this.#rows[i];
      if (rib.preferenceOf(row) === most) this.#rows[kept++] = row;
      else eliminated?.(row, 'preference');
    }
    return kept;
  }

  #allShared(count: number): boolean {
    const { rib } = this;
    for (let i = 0; i < count; i++) {
      const grant = rib.grantOf(this.#rows[i]);
      if (grant === 0 || rib.authorization.grants[grant - 1].mode !== 'shared') return false;
    }
    return true;
  }

  #share(count: number, eliminated: Eliminated | undefined): void {
    const { rib } = this;
    const rows = this.#rows;
    const equal = this.decision.equals(rows, count, eliminated);
    const sharing = Array.from(rows.subarray(0, this.decision.options.multipath ? equal : 1));
    const best = this.decision.best(rows, equal, this.decision.options.multipath ? undefined : eliminated);
    if (!this.decision.options.multipath) {
      this.#settle(best);
      return;
    }
    const name = (row: number): string => rib.model.at(rib.holderOf(row)).name;
    sharing.sort((x, y) => (name(x) < name(y) ? -1 : 1));
    this.row = best + 1;
    this.target = this.targets.several(this.#weighted(sharing));
  }

  /** Those who share, with the weights of their grants; one that is to be left has none. Where all have none, they share as if none were to be left. */
  #weighted(sharing: readonly number[]): Part[] {
    const { rib } = this;
    const granted = sharing.map((row) => rib.authorization.grants[rib.grantOf(row) - 1].config.weight ?? 1);
    const left = granted.map((weight, i) => (rib.model.draining[rib.holderOf(sharing[i])] === 1 ? 0 : weight));
    const weights = [left, granted].find((some) => some.some((weight) => weight > 0));
    return sharing.map((row, i) => [rib.holderOf(row), rib.kindOf(row), weights?.[i] ?? 1]);
  }

  /** Rule 5: leaves those that take part in the last decision. */
  #contenders(count: number, eliminated: Eliminated | undefined): number {
    const rows = this.#rows;
    // Mostly nobody has a rule of his own, and then it does not matter who came first.
    let all = 0;
    while (all < count && this.#takeover(rows[all]) === 'if-preferred') all++;
    if (all === count) return count;
    this.#sortByBirth(count);
    let kept = 0;
    for (let at = 0; at < count; at++) {
      const row = rows[at];
      const takeover = this.#takeover(row);
      if (takeover === 'always') {
        for (let i = 0; i < kept; i++) eliminated?.(rows[i], 'takeover');
        kept = 0;
      } else if (takeover === 'if-holder-down' && kept > 0) {
        eliminated?.(row, 'takeover');
        continue;
      }
      rows[kept++] = row;
    }
    return kept;
  }

  #takeover(row: number): Takeover {
    const { rib } = this;
    const grant = rib.grantOf(row);
    if (grant === 0) return 'if-preferred';
    return takeoverOf(rib.authorization.grants[grant - 1], (rib.feeds[rib.feedOf(row)] as Feed).source); // a row's feed outlives it
  }

  /** Few rows: an insertion sort. */
  #sortByBirth(count: number): void {
    const rows = this.#rows;
    if (this.#births.length < rows.length) this.#births = new Float64Array(rows.length);
    const births = this.#births;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      const birth = this.#birth(row);
      let at = i;
      for (; at > 0 && births[at - 1] > birth; at--) {
        births[at] = births[at - 1];
        rows[at] = rows[at - 1];
      }
      births[at] = birth;
      rows[at] = row;
    }
  }

  /** When the candidate that a row stands for was first heard: the oldest of its claims that could stand for it. */
  #birth(row: number): number {
    const { rib } = this;
    let birth = rib.claims.arrivalOf(row);
    for (let at = rib.records.headOf(rib.claims.prefixOf(row)); at !== 0; at = rib.claims.nextOf(at - 1)) {
      const other = at - 1;
      if (
        rib.holderOf(other) !== rib.holderOf(row) ||
        rib.preferenceOf(other) !== rib.preferenceOf(row) ||
        rib.claims.arrivalOf(other) >= birth
      )
        continue;
      if (this.#alive(other, undefined)) birth = rib.claims.arrivalOf(other);
    }
    return birth;
  }

  #settle(row: number): void {
    this.row = row + 1;
    this.target = this.targets.single(this.rib.holderOf(row), this.rib.kindOf(row));
  }

  #nobody(): void {
    this.row = 0;
    this.target = 0;
  }

  #doubled(rows: Int32Array): Int32Array<ArrayBuffer> {
    const wider = new Int32Array(rows.length * 2);
    wider.set(rows);
    return wider;
  }
}
