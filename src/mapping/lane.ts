import type { Millis } from '../lib/clock.js';
import { roomFor, widen } from '../lib/columns.js';
import { PrefixState } from '../rib/prefix-records.js';
import type { Rib } from '../rib/rib.js';
import type { Arbitration } from './arbitration.js';

/**
 * One family on its way from decided to published: the prefixes that wait for the forwarding table, since when, and why. Each stands here
 * once, however often it changes meanwhile.
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
    readonly arbitration: Arbitration,
  ) {}

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
