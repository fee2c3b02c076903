import { roomFor, widen } from '../lib/columns.js';
import { type PrefixRecords, PrefixState } from './prefix-records.js';
import type { Rib } from './rib.js';

/** Most that are listed. */
const LISTED = 65_536;

/**
 * Prefixes that nothing refers to any more, until there is time to forget them. A few are listed; where a table goes, the others are found
 * by their mark, in the order of their ids, so that they take no memory.
 *
 * @internal
 */
export class EmptyPrefixes {
  /** How many wait. */
  count = 0;
  #list = new Uint32Array(0);
  #listed = 0;
  /** Up to where it was looked for those that are not listed. */
  #searched = 0;

  constructor(private readonly records: PrefixRecords) {}

  /** A prefix waits, that does not yet. */
  add(prefix: number): void {
    this.records.mark(prefix, PrefixState.empty);
    this.count++;
    if (this.#listed >= LISTED) return;
    if (this.#listed >= this.#list.length) this.#list = widen(this.#list, roomFor(this.#listed + 1, this.#list.length));
    this.#list[this.#listed++] = prefix;
  }

  /** Forgets up to `most`, but for those that something refers to again. Whether there are more. */
  bury(rib: Rib, most: number): boolean {
    const { records } = this;
    let looks = most * 4;
    for (let i = 0; i < most && this.count > 0; i++) {
      if (this.#listed === 0) {
        while (looks-- > 0 && (records.stateOf(this.#searched) & PrefixState.empty) === 0)
          this.#searched = (this.#searched + 1) % rib.prefixes.limit;
        if (looks < 0) break;
      }
      const prefix = this.#listed > 0 ? this.#list[--this.#listed] : this.#searched;
      this.count--;
      records.unmark(prefix, PrefixState.empty);
      if (!records.isUnused(prefix) || records.stateOf(prefix) !== PrefixState.live) continue;
      rib.unmerge(prefix);
      records.setState(prefix, 0);
      rib.prefixes.free(prefix);
    }
    return this.count > 0;
  }
}
