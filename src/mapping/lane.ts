import type { Millis } from '../lib/clock.js';
import { roomFor, widen } from '../lib/columns.js';
import { PrefixState, PrefixWord } from '../rib/prefix-records.js';
import type { Rib } from '../rib/rib.js';
import type { Arbitration } from './arbitration.js';
import type { BatchColumns } from './batch.js';
import type { TargetSets } from './target.js';

/** What a prefix is no more once it is decided and in a batch. */
const DONE = PrefixState.dirty | PrefixState.altered | PrefixState.touched | PrefixState.queued | PrefixState.failed;

/**
 * One family on its way from touched to published. What was touched in a turn is decided: straight into a batch where the forwarding table is
 * free; else it waits here, since when and why with it. Each prefix waits once, however often it changes meanwhile.
 *
 * @internal
 */
export class Lane {
  pending = new Uint32Array(0);
  since = new Float64Array(0);
  /** Positions in the publication's list of causes. */
  causeOf = new Uint32Array(0);
  count = 0;

  constructor(
    readonly rib: Rib,
    private readonly arbitration: Arbitration,
    private readonly targets: TargetSets,
  ) {}

  /** Decides what was touched, into columns with room for it. `everyPath`: any claim's change is to be told. */
  decideInto(columns: BatchColumns, everyPath: boolean): void {
    const { rib, arbitration } = this;
    const { dirty, dirtySince, dirtyCount } = rib;
    const { words, octets, size } = rib.records;
    arbitration.begin();
    // Neighbours mostly go from the same target to the same: their users are counted together.
    let from = 0;
    let to = 0;
    let alike = 0;
    for (let i = 0; i < dirtyCount; i++) {
      const prefix = dirty[i];
      arbitration.decide(prefix);
      const { row, target } = arbitration;
      const at = prefix * size;
      const state = octets[at * 4 + 1];
      const before = words[at + PrefixWord.decided];
      const same = before === target && row === words[at + PrefixWord.best] && (state & PrefixState.altered) === 0;
      // What is decided anew before the last was published, or may not be told at all, is rare.
      if (same || before !== words[at + PrefixWord.published]) {
        this.#recount(from, to, alike);
        alike = 0;
        if (this.#settle(prefix, everyPath)) columns.add(rib, this.targets, prefix, dirtySince[i], 0, false);
        continue;
      }
      octets[at * 4 + 1] = state & ~DONE;
      words[at + PrefixWord.best] = row;
      const merged = rib.takeMerged(prefix, state);
      if (target === before) {
        columns.addUnmoved(prefix, target);
        continue;
      }
      words[at + PrefixWord.decided] = target;
      if (before !== from || target !== to) {
        this.#recount(from, to, alike);
        from = before;
        to = target;
        alike = 0;
      }
      alike++;
      columns.addMoved(prefix, before, target, dirtySince[i], merged);
    }
    this.#recount(from, to, alike);
    rib.dirtyCount = 0;
  }

  /** So many prefixes went from one target to another, which they have decided now and in a batch. */
  #recount(from: number, to: number, prefixes: number): void {
    if (prefixes === 0) return;
    if (to !== 0) this.targets.retain(to, 2 * prefixes);
    if (from !== 0) this.targets.release(from, prefixes);
  }

  /** Decides what was touched; what changed waits, and stands first in `rib.dirty` then. Returns how many that are. */
  decideToWait(cause: number, everyPath: boolean): number {
    const { rib } = this;
    const { dirty, dirtySince, dirtyCount } = rib;
    this.reserve(dirtyCount);
    this.arbitration.begin();
    let kept = 0;
    for (let i = 0; i < dirtyCount; i++) {
      const prefix = dirty[i];
      this.arbitration.decide(prefix);
      if (!this.#settle(prefix, everyPath)) continue;
      this.enqueue(prefix, dirtySince[i], cause);
      dirty[kept++] = prefix;
    }
    rib.dirtyCount = 0;
    return kept;
  }

  /** What was just decided of a prefix holds; whether that is to be published, or told. */
  #settle(prefix: number, everyPath: boolean): boolean {
    const { rib, targets } = this;
    const { records } = rib;
    const { row, target } = this.arbitration;
    const before = records.decidedOf(prefix);
    const state = records.stateOf(prefix);
    let changed = everyPath || row !== records.bestOf(prefix) || (state & PrefixState.altered) !== 0;
    records.setState(prefix, state & ~(PrefixState.dirty | PrefixState.altered));
    records.setBest(prefix, row);
    if (target !== before) {
      if (target !== 0) targets.retain(target);
      if (before !== 0) targets.release(before);
      records.setDecided(prefix, target);
      changed = true;
    }
    if (!changed && (state & PrefixState.queued) === 0) {
      rib.unmerge(prefix);
      rib.tidy(prefix);
    }
    return changed;
  }

  /** A prefix waits, behind all others, if it does not already. */
  enqueue(prefix: number, since: Millis, cause: number): void {
    const { rib } = this;
    const state = rib.records.stateOf(prefix);
    if ((state & PrefixState.queued) !== 0) return;
    rib.records.setState(prefix, state | PrefixState.queued);
    rib.queued++;
    if (this.count >= this.pending.length) this.reserve(1);
    this.pending[this.count] = prefix;
    this.since[this.count] = since;
    this.causeOf[this.count++] = cause;
  }

  /** Makes room for so many more. */
  reserve(more: number): void {
    const wanted = this.count + more;
    if (wanted <= this.pending.length) return;
    const room = roomFor(wanted, this.pending.length);
    this.pending = widen(this.pending, room);
    this.since = widen(this.since, room);
    this.causeOf = widen(this.causeOf, room);
  }

  /** The first so many wait no more. */
  consume(taken: number): void {
    this.pending.copyWithin(0, taken, this.count);
    this.since.copyWithin(0, taken, this.count);
    this.causeOf.copyWithin(0, taken, this.count);
    this.count -= taken;
  }
}
