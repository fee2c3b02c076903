import type { Cause } from '../claims/feed.js';
import type { Cancel, Clock, Millis } from '../lib/clock.js';
import { roomFor } from '../lib/columns.js';
import { PrefixState } from '../rib/prefix-records.js';
import type { Rib } from '../rib/rib.js';
import type { Arbitration } from './arbitration.js';
import { BatchColumns, BatchPart, ColumnarBatch } from './batch.js';
import type { MappingChange } from './change.js';
import type { ApplyResult, FailedPrefix, ForwardingTable } from './forwarding-table.js';
import type { Journal, Shared } from './journal.js';
import { Lane } from './lane.js';
import type { TargetSets } from './target.js';
import { lastHeardOf, MoveTimes } from './timing.js';

/** Most prefixes in one batch. */
const BATCH = 32_768;
const FIRST_RETRY: Millis = 100;
const LAST_RETRY: Millis = 30_000;

/** Whom the publication tells. @internal */
export interface PublicationOwner {
  /** Prefixes whose best route or target changed and may now be announced, in order. */
  announce(rib: Rib, prefixes: Uint32Array, count: number): void;
  /** Whether anybody wants {@link PublicationOwner.published}: the objects are made only then. */
  readonly listening: boolean;
  published(changes: readonly MappingChange[]): void;
  /** The journal has grown. */
  journaled(): void;
  failed(prefixes: readonly FailedPrefix[], error: string | undefined): void;
  /** A table that is used no more could not be closed. */
  unclosed(error: unknown): void;
}

/**
 * From claims that changed to changes that are published: decides the prefixes touched in a turn, queues what changed for the
 * forwarding table, one batch at a time, and when the table has it, numbers it, writes it into the journal and tells.
 *
 * What changes while a batch is being applied waits, merged to its latest state. A prefix that the table refuses keeps its old
 * target and is tried again by itself.
 *
 * @internal
 */
export class Publication {
  readonly #lanes: readonly Lane[];
  #causes: Cause[] = [];
  /** Room of batches that are done. */
  #spare: BatchColumns[] = [];
  #table: ForwardingTable;
  /** What the table is applying. */
  #inFlight: ColumnarBatch | undefined;
  #needsSync = true;
  #retry: { readonly cancel: Cancel } | undefined;
  #retryAfter = FIRST_RETRY;
  #failed: { readonly lane: Lane; readonly prefix: number }[] = [];
  #closed = false;
  /** Prefixes that the table refused in a sync, and may not have at all: it is given them again wherever they are. IPv6 ones as -1 - id. */
  readonly #resent = new Set<number>();
  /** How many send several paths a prefix: any claim's change matters to them. */
  everyPath = 0;
  /** Batches applied, batches that failed whole, and prefixes that failed. */
  readonly counters = { batches: 0, batchFailures: 0, prefixFailures: 0, changes: 0 };
  readonly times = new MoveTimes();
  /** Called whenever nothing waits any more. */
  #idle: (() => void)[] = [];

  constructor(
    lanes: readonly { readonly rib: Rib; readonly arbitration: Arbitration }[],
    private readonly targets: TargetSets,
    private readonly journal: Journal,
    private readonly clock: Clock,
    table: ForwardingTable,
    private readonly owner: PublicationOwner,
  ) {
    this.#lanes = lanes.map(({ rib, arbitration }) => new Lane(rib, arbitration, targets));
    this.#table = table;
    this.announceWhen = 'applied';
    this.#attach();
  }

  #announceWhen: 'applied' | 'decided' = 'applied';
  /** When neighbours are told: once the table has it, or at once. */
  set announceWhen(when: 'applied' | 'decided') {
    const before = this.#announceWhen;
    this.#announceWhen = when;
    for (const { rib } of this.#lanes) rib.untold = when === 'applied' ? PrefixState.queued | PrefixState.inFlight : 0;
    if (before === 'decided' || when === 'applied') return;
    // What was to be told once the table has it is to be told now.
    for (const { rib } of this.#lanes) {
      const { records } = rib;
      const waiting: number[] = [];
      for (let prefix = 0; prefix < rib.prefixes.limit; prefix++) {
        if ((records.stateOf(prefix) & (PrefixState.queued | PrefixState.inFlight | PrefixState.failed)) !== 0) waiting.push(prefix);
      }
      if (waiting.length > 0) this.owner.announce(rib, Uint32Array.from(waiting), waiting.length);
    }
  }

  /** Another table takes over; it gets everything first. */
  use(table: ForwardingTable): void {
    const before = this.#table;
    this.#table = table;
    // Whatever the one before did wrong is not this one's.
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#retryAfter = FIRST_RETRY;
    void this.#letGo(before);
    // What the one before was given, and perhaps will never answer, waits again.
    const flight = this.#inFlight;
    this.#inFlight = undefined;
    if (flight) this.#again(flight);
    this.#attach();
    this.publish();
  }

  async #letGo(table: ForwardingTable): Promise<void> {
    try {
      await table.close?.();
    } catch (error) {
      this.owner.unclosed(error);
    }
  }

  #attach(): void {
    const table = this.#table;
    this.#needsSync = true;
    table.attach?.({
      resync: () => {
        if (this.#table !== table || this.#closed) return;
        this.#needsSync = true;
        this.publish();
      },
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    this.#failedRetry?.cancel();
    for (const done of this.#idle.splice(0)) done();
    await this.#table.close?.();
  }

  /** Resolves when the table has been given all that was decided: what it refused of that is tried again later. */
  settled(): Promise<void> {
    if (!this.#busy()) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** The end of a turn: decides what was touched and starts to publish it. */
  settle(cause: Cause): void {
    if (this.#isFree()) {
      const parts = this.#decideIntoBatch([cause]);
      if (parts.length > 0) this.#give(new ColumnarBatch('delta', parts, this.targets, this.clock.now()));
      // The table, or whoever heard of it, may have brought more about.
      if (this.#busy() || this.#needsSync) this.publish();
      else this.#tellIdle();
      return;
    }
    let causeIndex = -1;
    let waiting = 0;
    for (const lane of this.#lanes) {
      const { rib } = lane;
      if (rib.dirtyCount === 0) continue;
      if (causeIndex < 0) causeIndex = this.#causes.push(cause) - 1;
      const before = lane.count;
      const kept = lane.decideToWait(causeIndex, this.everyPath > 0);
      waiting += lane.count - before;
      if (this.#announceWhen === 'decided' && kept > 0) this.owner.announce(rib, rib.dirty, kept);
    }
    // What waits already keeps its cause: a table that does not answer must not gather those of every turn.
    if (causeIndex >= 0 && waiting === 0) this.#causes.pop();
    this.publish();
  }

  /** Whether what is decided now can be given to the table at once, all of it, and nothing has to wait. */
  #isFree(): boolean {
    if (this.#inFlight || this.#retry || this.#closed || this.#needsSync || this.#announceWhen === 'decided' || this.#resent.size > 0)
      return false;
    let dirty = 0;
    for (const { rib, count } of this.#lanes) {
      if (count > 0) return false;
      dirty += rib.dirtyCount;
    }
    return dirty <= BATCH;
  }

  /** Decides what was touched, straight into the columns of a batch: what nearly every turn does. */
  #decideIntoBatch(cause: readonly Cause[]): BatchPart[] {
    const parts: BatchPart[] = [];
    for (const lane of this.#lanes) {
      const { rib } = lane;
      if (rib.dirtyCount === 0) continue;
      const columns = this.#columns(rib.dirtyCount);
      lane.decideInto(columns, this.everyPath > 0);
      const { announcedCount } = columns;
      if (announcedCount === 0) {
        this.#spareColumns(columns);
        continue;
      }
      rib.queued += announcedCount;
      parts.push(new BatchPart(rib, columns, cause, rib.queued));
    }
    return parts;
  }

  /** Gives the table what waits, unless it is busy. */
  publish(): void {
    while (!this.#inFlight && !this.#retry && !this.#closed) {
      const sync = this.#needsSync;
      if (sync) {
        this.#needsSync = false;
        this.#queueAll();
      }
      const parts = this.#take(sync);
      if (!sync && parts.length === 0) break;
      if (!this.#give(new ColumnarBatch(sync ? 'sync' : 'delta', parts, this.targets, this.clock.now()))) return;
    }
    if (!this.#busy()) this.#tellIdle();
  }

  /** Gives the table a batch; whether that is done with. */
  #give(batch: ColumnarBatch): boolean {
    if (batch.size === 0 && batch.kind === 'delta') {
      this.#commit(batch, undefined);
      return true;
    }
    let result: ReturnType<ForwardingTable['apply']>;
    // Also of one that answers at once: what it brings about itself waits until it is done.
    this.#inFlight = batch;
    try {
      result = this.#table.apply(batch);
    } catch (error) {
      this.#returned(batch, () => this.#rejected(batch, error));
      return false;
    }
    if (result instanceof Promise) {
      if (this.#inFlight === batch) this.#depart(batch);
      result.then(
        (done) => this.#returned(batch, () => this.#commit(batch, done)),
        (error) => this.#returned(batch, () => this.#rejected(batch, error)),
      );
      return false;
    }
    if (this.#inFlight !== batch) return false;
    this.#inFlight = undefined;
    if (this.#closed) return false;
    this.#commit(batch, result);
    return true;
  }

  #tellIdle(): void {
    for (const done of this.#idle.splice(0)) done();
  }

  #busy(): boolean {
    return !this.#closed && (this.#inFlight !== undefined || this.#retry !== undefined || this.#lanes.some((lane) => lane.count > 0));
  }

  #returned(batch: ColumnarBatch, then: () => void): void {
    // Of a table that is used no more.
    if (this.#inFlight !== batch) return;
    this.#inFlight = undefined;
    if (this.#closed) return;
    this.#land(batch);
    then();
    this.publish();
  }

  /** For a sync: everything that is or was mapped. */
  #queueAll(): void {
    const cause = this.#causes.push({ type: 'configured' }) - 1;
    const now = this.clock.now();
    for (const lane of this.#lanes) {
      const { rib } = lane;
      for (let prefix = 0; prefix < rib.prefixes.limit; prefix++) {
        if (rib.records.decidedOf(prefix) !== 0 || rib.records.publishedOf(prefix) !== 0) lane.enqueue(prefix, now, cause);
      }
    }
  }

  /** Takes what waits into a batch: the changes as columns, and all prefixes to announce once they are applied. */
  #take(sync: boolean): BatchPart[] {
    const parts: BatchPart[] = [];
    let room = sync ? Number.POSITIVE_INFINITY : BATCH;
    for (const lane of this.#lanes) {
      const taken = Math.min(lane.count, room);
      if (taken === 0) continue;
      room -= taken;
      const { rib, pending, since, causeOf } = lane;
      const columns = this.#columns(taken);
      for (let i = 0; i < taken; i++) {
        const prefix = pending[i];
        const resent = this.#resent.size > 0 && this.#resent.has(keyOf(rib, prefix));
        columns.add(rib, this.targets, prefix, since[i], causeOf[i], sync || resent);
        if (resent && rib.records.decidedOf(prefix) === 0 && rib.records.publishedOf(prefix) === 0) this.#resent.delete(keyOf(rib, prefix));
      }
      lane.consume(taken);
      parts.push(new BatchPart(rib, columns, this.#causes, rib.queued - lane.count));
    }
    if (this.#lanes.every((lane) => lane.count === 0)) this.#causes = [];
    return parts;
  }

  /** Room for so many changes, from a batch that is done if possible. */
  #columns(rows: number): BatchColumns {
    const at = this.#spare.findIndex(({ room }) => room >= rows);
    const [spare] = at < 0 ? [] : this.#spare.splice(at, 1);
    spare?.clear();
    return spare ?? new BatchColumns(Math.max(rows, Math.min(BATCH, roomFor(rows, 64))));
  }

  /** A batch is done with. */
  #close(batch: ColumnarBatch): void {
    batch.close();
    for (const { columns } of batch.parts) this.#spareColumns(columns);
  }
  /** Room for an ordinary batch is kept, of each family. */
  #spareColumns(columns: BatchColumns): void {
    if (columns.room > BATCH) return;
    this.#spare.push(columns);
    this.#spare.sort((x, y) => y.room - x.room);
    this.#spare.length = Math.min(this.#spare.length, this.#lanes.length);
  }

  #commit(batch: ColumnarBatch, result: ApplyResult | undefined): void {
    const now = this.clock.now();
    const failed = result?.failed && result.failed.length > 0 ? new Set(result.failed.map(({ prefix }) => prefix)) : undefined;
    const listening = this.owner.listening && batch.size > 0;
    // Objects are made while the prefixes still stand under their ids.
    if (listening) void batch.changes;
    const numbers = listening ? new Float64Array(batch.size) : undefined;
    let from = 0;
    for (const part of batch.parts) {
      this.#publishPart(batch, part, now, failed, numbers?.subarray(from));
      from += part.size;
    }
    this.#retryAfter = FIRST_RETRY;
    if (this.#failed.length === 0) this.#failedRetryAfter = FIRST_RETRY;
    if (batch.size > 0) this.counters.batches++;
    if (failed && result?.failed) {
      this.counters.prefixFailures += failed.size;
      this.#retryFailed();
      this.owner.failed(result.failed, undefined);
    }
    for (const part of batch.parts) {
      const { rib, announced: count, until } = part;
      const { announced } = part.columns;
      rib.answered = until;
      // What was refused stays as it was, also for neighbours.
      const taken = failed ? announced.slice(0, count).filter((p) => (rib.records.stateOf(p) & PrefixState.failed) === 0) : announced;
      if (this.#announceWhen === 'applied') this.owner.announce(rib, taken, failed ? taken.length : count);
      if (part.targetless > 0) this.#tidy(part);
    }
    if (numbers) {
      const changes = batch.published(numbers, now);
      if (changes.length > 0) this.owner.published(changes);
    }
    if (batch.size > 0) this.owner.journaled();
    this.#close(batch);
  }

  /** One family's changes of a batch that the table has: each is numbered, but for those that it refused. */
  #publishPart(
    batch: ColumnarBatch,
    { rib, columns, cause, size }: BatchPart,
    now: Millis,
    failed: ReadonlySet<string> | undefined,
    numbers: Float64Array | undefined,
  ): void {
    const lane = this.#lanes.find((candidate) => candidate.rib === rib) as Lane; // parts come from lanes
    const { records } = rib;
    const { targets, journal } = this;
    const refused = (i: number): boolean => failed?.has(rib.prefixes.format(columns.prefix[i])) === true;
    for (let i = 0; i < size; ) {
      const p = columns.prefix[i];
      const before = columns.before[i];
      const after = columns.after[i];
      if (failed !== undefined && refused(i)) {
        if (after !== 0) this.targets.release(after);
        records.mark(p, PrefixState.failed);
        rib.merge(p, columns.merged[i]);
        if (batch.kind === 'sync') this.#resent.add(keyOf(rib, p));
        this.#failed.push({ lane, prefix: p });
        i++;
        continue;
      }
      // Neighbours mostly came about together.
      let end = columns.endOfRun(i);
      for (let k = i; k < end; k++) {
        if (failed !== undefined && refused(k)) end = k;
        else records.setPublished(columns.prefix[k], after);
      }
      if (this.#resent.size > 0) for (let k = i; k < end; k++) this.#resent.delete(keyOf(rib, columns.prefix[k]));
      if (before !== after) {
        const by = cause[columns.causeOf[i]];
        const heard = columns.heard[i];
        const shared = { before: targets.get(before), after: targets.get(after), cause: by, heard, decided: batch.decided, applied: now };
        journal.append(rib, columns.prefix, columns.merged, i, end, shared);
        if (numbers) for (let k = i; k < end; k++) numbers[k] = journal.seq - (end - 1 - k);
        this.counters.changes += end - i;
        this.#time(by, shared, end - i);
      }
      if (before !== 0) targets.release(before, end - i);
      i = end;
    }
  }

  /** The table takes its time: nobody is told of what it may not have yet. */
  #depart(batch: ColumnarBatch): void {
    for (const { rib, columns, announced } of batch.parts)
      for (let i = 0; i < announced; i++) rib.records.mark(columns.announced[i], PrefixState.inFlight);
  }
  #land(batch: ColumnarBatch): void {
    for (const { rib, columns, announced } of batch.parts)
      for (let i = 0; i < announced; i++) rib.records.unmark(columns.announced[i], PrefixState.inFlight);
  }
  /** Prefixes without a target may be forgotten. */
  #tidy({ rib, columns, announced: count }: BatchPart): void {
    const { records } = rib;
    for (let i = 0; i < count; i++) if (records.publishedOf(columns.announced[i]) === 0) rib.tidy(columns.announced[i]);
  }

  /** How long so many moves took, that came about together. */
  #time(cause: Cause, { heard, decided, applied }: Shared, moves: number): void {
    this.times.record(lastHeardOf(cause, heard), heard, decided, applied, moves);
  }

  /** Nothing of the batch was applied: all of it waits again, and the table is given everything after a pause. */
  #rejected(batch: ColumnarBatch, error: unknown): void {
    this.counters.batchFailures++;
    this.#again(batch);
    this.#needsSync = true;
    this.#retryIn();
    this.owner.failed([], error instanceof Error ? error.message : String(error));
  }

  /** All of a batch waits again. */
  #again(batch: ColumnarBatch): void {
    const cause = this.#causes.push({ type: 'configured' }) - 1;
    const now = this.clock.now();
    for (const part of batch.parts) {
      const { rib, columns } = part;
      const lane = this.#lanes.find((candidate) => candidate.rib === rib) as Lane; // parts come from lanes
      for (let i = 0; i < part.size; i++) {
        const prefix = columns.prefix[i];
        if (columns.after[i] !== 0) this.targets.release(columns.after[i]);
        rib.merge(prefix, columns.merged[i]);
        const own = this.#causes.push(part.cause[columns.causeOf[i]]) - 1;
        lane.enqueue(prefix, columns.heard[i], own);
      }
      for (let i = 0; i < part.announced; i++) {
        rib.records.unmark(columns.announced[i], PrefixState.inFlight);
        lane.enqueue(columns.announced[i], now, cause);
      }
    }
    this.#close(batch);
  }

  #retryFailed(): void {
    // What failed since goes along with what is to be tried next.
    if (this.#failedRetry) return;
    const cancel = this.clock.at(this.clock.now() + this.#failedRetryAfter, () => {
      this.#failedRetry = undefined;
      const cause = this.#causes.push({ type: 'configured' }) - 1;
      const now = this.clock.now();
      for (const { lane, prefix } of this.#failed.splice(0)) {
        if ((lane.rib.records.stateOf(prefix) & PrefixState.failed) !== 0) lane.enqueue(prefix, now, cause);
      }
      this.publish();
    });
    this.#failedRetry = { cancel };
    this.#failedRetryAfter = Math.min(this.#failedRetryAfter * 2, LAST_RETRY);
  }
  #failedRetry: { readonly cancel: Cancel } | undefined;
  /** Apart from that of the whole table: a prefix that is never taken keeps nothing but itself waiting. */
  #failedRetryAfter = FIRST_RETRY;

  #retryIn(): void {
    const cancel = this.clock.at(this.clock.now() + this.#retryAfter, () => {
      this.#retry = undefined;
      this.publish();
    });
    this.#retry = { cancel };
    this.#retryAfter = Math.min(this.#retryAfter * 2, LAST_RETRY);
  }
}

/** A prefix among those of both families. */
function keyOf(rib: Rib, prefix: number): number {
  return rib.ipv6 ? -1 - prefix : prefix;
}
