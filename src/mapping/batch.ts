import type { Cause } from '../claims/feed.js';
import type { Millis } from '../lib/clock.js';
import type { Rib } from '../rib/rib.js';
import type { MappingChange } from './change.js';
import type { MappingBatch } from './forwarding-table.js';
import type { TargetSets, Targets } from './target.js';

/** The changes of one family in a batch, as columns. @internal */
export interface BatchPart {
  readonly rib: Rib;
  /** Prefix ids. */
  readonly prefix: Uint32Array;
  /** Numbers in the {@link TargetSets}; 0 for none. */
  readonly before: Uint32Array;
  readonly after: Uint32Array;
  readonly heard: Float64Array;
  /** Changes of claims that each merges. */
  readonly merged: Uint16Array;
  readonly cause: readonly Cause[];
  /** Which of `cause`. */
  readonly causeOf: Uint32Array;
  readonly size: number;
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
      for (const part of this.parts) {
        for (let i = 0; i < part.size; i++) {
          const prefix = part.prefix[i];
          changes.push({
            seq: 0,
            prefix: part.rib.prefixes.format(prefix),
            before: this.#targetsOf(part.before[i]),
            after: this.#targetsOf(part.after[i]),
            cause: part.cause[part.causeOf[i]],
            merged: part.merged[i],
            heard: part.heard[i],
            decided: this.decided,
            applied: 0,
          });
        }
      }
      this.#changes = changes;
    }
    return this.#changes;
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
