import type { Cause } from '../claims/feed.js';
import { formatIpv4, formatIpv6 } from '../lib/address.js';
import type { Millis } from '../lib/clock.js';
import { roomFor, widen } from '../lib/columns.js';
import type { GrantConfig } from '../network/config.js';
import type { Rib } from '../rib/rib.js';
import type { MappingChange } from './change.js';
import type { Targets } from './target.js';
import { lastHeardOf } from './timing.js';

/** A grant was given, changed, revoked, or ended. It stands in the journal between the changes that it brought about. @public */
export interface GrantChange {
  readonly type: 'grant-change';
  readonly seq: number;
  readonly at: Millis;
  /** The grant's id. */
  readonly grant: string;
  readonly before: GrantConfig | undefined;
  readonly after: GrantConfig | undefined;
}

/** An entry of the journal. @public */
export type JournalEntry = ({ readonly type: 'mapping-change' } & MappingChange) | GrantChange;

/**
 * The last changes of a network in their one order, kept as columns in a ring; objects are made for those who ask.
 *
 * @internal
 */
export class Journal {
  /** The last entry's number; the first entry is 1. */
  seq = 0;
  #room = 0;
  #family = new Uint8Array(0);
  #words = new Uint32Array(0);
  #length = new Uint8Array(0);
  #merged = new Uint16Array(0);
  #times = new Float64Array(0);
  #before: (Targets | undefined)[] = [];
  #after: (Targets | undefined)[] = [];
  #cause: (Cause | GrantChange)[] = [];

  /** @param capacity - Entries kept. */
  constructor(readonly capacity: number) {}

  /** The oldest entry kept. */
  get oldest(): number {
    return Math.max(1, this.seq - this.capacity + 1);
  }

  append(
    rib: Rib,
    prefix: number,
    before: Targets | undefined,
    after: Targets | undefined,
    cause: Cause,
    merged: number,
    heard: Millis,
    decided: Millis,
    applied: Millis,
  ): void {
    const at = this.#slot();
    const { prefixes } = rib;
    const w = at * 4;
    if (rib.ipv6) {
      this.#family[at] = 6;
      this.#words[w] = prefixes.a[prefix];
      this.#words[w + 1] = prefixes.b[prefix];
      this.#words[w + 2] = prefixes.c[prefix];
      this.#words[w + 3] = prefixes.d[prefix];
    } else {
      this.#family[at] = 4;
      this.#words[w] = prefixes.a[prefix];
    }
    this.#length[at] = prefixes.length[prefix];
    this.#merged[at] = merged;
    const t = at * 3;
    this.#times[t] = heard;
    this.#times[t + 1] = decided;
    this.#times[t + 2] = applied;
    this.#before[at] = before;
    this.#after[at] = after;
    this.#cause[at] = cause;
  }

  appendGrantChange(change: Omit<GrantChange, 'type' | 'seq'>): GrantChange {
    const at = this.#slot();
    const entry: GrantChange = { type: 'grant-change', seq: this.seq, ...change };
    this.#family[at] = 0;
    this.#before[at] = undefined;
    this.#after[at] = undefined;
    this.#cause[at] = entry;
    return entry;
  }

  /** The entries after `seq`, or undefined when some of them are gone. */
  since(seq: number): JournalEntry[] | undefined {
    if (seq > this.seq || seq + 1 < this.oldest) return undefined;
    const entries: JournalEntry[] = [];
    for (let s = seq + 1; s <= this.seq; s++) entries.push(this.#entry(s));
    return entries;
  }

  #slot(): number {
    const at = this.seq++ % this.capacity;
    if (at >= this.#room) {
      const room = Math.min(this.capacity, roomFor(at + 1, this.#room));
      this.#room = room;
      this.#family = widen(this.#family, room);
      this.#words = widen(this.#words, room * 4);
      this.#length = widen(this.#length, room);
      this.#merged = widen(this.#merged, room);
      this.#times = widen(this.#times, room * 3);
    }
    return at;
  }

  #entry(seq: number): JournalEntry {
    const at = (seq - 1) % this.capacity;
    const cause = this.#cause[at];
    if (cause.type === 'grant-change' && 'seq' in cause) return cause;
    const w = at * 4;
    const text =
      this.#family[at] === 6
        ? formatIpv6(this.#words[w], this.#words[w + 1], this.#words[w + 2], this.#words[w + 3])
        : formatIpv4(this.#words[w]);
    return {
      type: 'mapping-change',
      seq,
      prefix: `${text}/${this.#length[at]}`,
      before: this.#before[at],
      after: this.#after[at],
      cause,
      merged: this.#merged[at],
      lastHeard: lastHeardOf(cause, this.#times[at * 3]),
      heard: this.#times[at * 3],
      decided: this.#times[at * 3 + 1],
      applied: this.#times[at * 3 + 2],
    };
  }
}
