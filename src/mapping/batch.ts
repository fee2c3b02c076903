import type { Cause } from '../claims/feed.js';
import type { Millis } from '../lib/clock.js';
import { PrefixState } from '../rib/prefix-records.js';
import type { Rib } from '../rib/rib.js';
import type { MappingChange } from './change.js';
import type { MappingBatch } from './forwarding-table.js';
import type { TargetSets, Targets } from './target.js';
import { lastHeardOf } from './timing.js';

/** Room for the changes of one family in a batch, used again for a later one. @internal */
export class BatchColumns {
  /** Prefix ids. */
  readonly prefix: Uint32Array;
  /** Numbers in the {@link TargetSets}; 0 for none. */
  readonly before: Uint32Array;
  readonly after: Uint32Array;
  readonly heard: Float64Array;
  /** Changes of claims that each merges. */
  readonly merged: Uint16Array;
  /** Which of the part's causes. */
  readonly causeOf: Uint32Array;
  /** Prefixes to announce once the batch is applied, those whose target did not change too. */
  readonly announced: Uint32Array;
  /** How many changes there are, how many to announce, and how many of these have no target. */
  size = 0;
  announcedCount = 0;
  targetless = 0;

  constructor(readonly room: number) {
    this.prefix = new Uint32Array(room);
    this.before = new Uint32Array(room);
    this.after = new Uint32Array(room);
    this.heard = new Float64Array(room);
    this.merged = new Uint16Array(room);
    this.causeOf = new Uint32Array(room);
    this.announced = new Uint32Array(room);
  }

  clear(): void {
    this.size = 0;
    this.announcedCount = 0;
    this.targetless = 0;
  }

  /** A prefix as it is decided now: to be announced, and, where its target is another one or `always`, to be changed. */
  add(rib: Rib, targets: TargetSets, prefix: number, heard: Millis, cause: number, always: boolean): void {
    const { records } = rib;
    this.announced[this.announcedCount++] = prefix;
    const changes = rib.mergedOf(prefix);
    rib.unmerge(prefix);
    records.unmark(prefix, PrefixState.queued | PrefixState.failed);
    const was = records.publishedOf(prefix);
    const is = records.decidedOf(prefix);
    if (is === 0) this.targetless++;
    if (was === is && (!always || is === 0)) return;
    const at = this.size++;
    this.prefix[at] = prefix;
    this.before[at] = was;
    this.after[at] = is;
    this.heard[at] = heard;
    this.merged[at] = changes;
    this.causeOf[at] = cause;
    if (is !== 0) targets.retain(is);
  }

  /** A prefix whose claims changed and whose target did not: to be announced. */
  addUnmoved(prefix: number, target: number): void {
    this.announced[this.announcedCount++] = prefix;
    if (target === 0) this.targetless++;
  }

  /** A prefix that goes from one target to another. */
  addMoved(prefix: number, before: number, after: number, heard: Millis, merged: number): void {
    this.announced[this.announcedCount++] = prefix;
    if (after === 0) this.targetless++;
    const at = this.size++;
    this.prefix[at] = prefix;
    this.before[at] = before;
    this.after[at] = after;
    this.heard[at] = heard;
    this.merged[at] = merged;
    this.causeOf[at] = 0;
  }

  /** Where the changes end that came about with the one at `from`: of one cause, heard at once, from the same target to the same. */
  endOfRun(from: number): number {
    const { before, after, heard, causeOf, size } = this;
    const [was, is, at, cause] = [before[from], after[from], heard[from], causeOf[from]];
    let end = from + 1;
    while (end < size && after[end] === is && before[end] === was && heard[end] === at && causeOf[end] === cause) end++;
    return end;
  }
}

/** The changes of one family in a batch: the first `size` of each column. @internal */
export class BatchPart {
  readonly size: number;
  /** How many are to be announced, and how many of these have no target. */
  readonly announced: number;
  readonly targetless: number;

  constructor(
    readonly rib: Rib,
    readonly columns: BatchColumns,
    readonly cause: readonly Cause[],
    /** Up to which change of the family, of those ever queued, it reaches. */
    readonly until: number,
  ) {
    this.size = columns.size;
    this.announced = columns.announcedCount;
    this.targetless = columns.targetless;
  }
}

/** A change while it is on its way: the two last fields are filled at its publication. */
type PendingChange = { -readonly [K in keyof MappingChange]: MappingChange[K] };

/**
 * A batch as the table gets it. The memory tables read its columns; for everyone else the changes become objects when first
 * asked for.
 *
 * @internal
 */
export class ColumnarBatch implements MappingBatch {
  readonly size: number;
  #over = false;
  #changes: PendingChange[] | undefined;

  constructor(
    readonly kind: 'sync' | 'delta',
    readonly parts: readonly BatchPart[],
    readonly targets: TargetSets,
    readonly decided: Millis,
  ) {
    this.size = parts.reduce((sum, part) => sum + part.size, 0);
  }

  get changes(): readonly MappingChange[] {
    if (!this.#changes) {
      const changes: PendingChange[] = [];
      for (const { rib, columns, cause, size } of this.#over ? [] : this.parts) {
        for (let i = 0; i < size; i++) {
          changes.push({
            seq: 0,
            prefix: rib.prefixes.format(columns.prefix[i]),
            before: this.#targetsOf(columns.before[i]),
            after: this.#targetsOf(columns.after[i]),
            cause: cause[columns.causeOf[i]],
            merged: columns.merged[i],
            lastHeard: lastHeardOf(cause[columns.causeOf[i]], columns.heard[i]),
            heard: columns.heard[i],
            decided: this.decided,
            applied: 0,
          });
        }
      }
      this.#changes = changes;
    }
    return this.#changes;
  }

  /** The table is done with it: its columns are used again. */
  close(): void {
    this.#over = true;
  }

  /** Gives the changes their numbers, leaving out those that failed. */
  published(numbers: Float64Array, applied: Millis): MappingChange[] {
    void this.changes;
    const published: MappingChange[] = [];
    (this.#changes ?? []).forEach((change, i) => {
      const seq = numbers[i];
      if (seq === 0) return;
      change.seq = seq;
      change.applied = applied;
      published.push(change);
    });
    return published;
  }

  #targetsOf(id: number): Targets | undefined {
    return id === 0 ? undefined : this.targets.get(id);
  }
}
