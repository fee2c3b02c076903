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

/** What neighbouring changes share: they came about together. @internal */
export interface Shared {
  readonly before: Targets | undefined;
  readonly after: Targets | undefined;
  readonly cause: Cause | GrantChange;
  readonly heard: Millis;
  readonly decided: Millis;
  readonly applied: Millis;
}

/**
 * The last changes of a network in their one order, kept as columns in a ring; objects are made for those who ask. What neighbours
 * have in common is kept once.
 *
 * @internal
 */
export class Journal {
  /** The last entry's number; the first entry is 1. */
  seq = 0;
  #room = 0;
  /** Where the next entry stands. */
  #next = 0;
  /** The prefix's first word and length, and merged changes. */
  #first = new Uint32Array(0);
  #length = new Uint8Array(0);
  #merged = new Uint16Array(0);
  /** Which of {@link Journal.#shared}, counted from the very first one, modulo 2^32. */
  #part = new Uint32Array(0);
  /** 1 for IPv6, and the other three words of the address; made when first needed. */
  #ipv6 = new Uint8Array(0);
  #rest = new Uint32Array(0);
  /** What the entries kept share, from number {@link Journal.#base} on. */
  #shared: Shared[] = [];
  #base = 0;
  #last: Shared | undefined;

  /** @param capacity - Entries kept. */
  constructor(readonly capacity: number) {}

  /** The oldest entry kept. */
  get oldest(): number {
    return Math.max(1, this.seq - this.capacity + 1);
  }

  /** Prefixes changed, those in `[from, to)` of the columns; `shared` is the same object for all that came about together. */
  append(rib: Rib, prefixes: Uint32Array, merged: Uint16Array, from: number, to: number, shared: Shared): void {
    if (shared !== this.#last) this.#share(shared);
    for (let done = from; done < to; ) {
      const at = this.#next;
      const count = Math.min(to - done, this.capacity - at);
      this.#makeRoom(at + count);
      this.#put(rib, prefixes, merged, done, count, at);
      done += count;
      this.seq += count;
      this.#next = at + count === this.capacity ? 0 : at + count;
    }
  }

  /** Writes entries from slot `at` on. */
  #put({ records, ipv6 }: Rib, prefixes: Uint32Array, merged: Uint16Array, from: number, count: number, at: number): void {
    const first = this.#first;
    const length = this.#length;
    for (let i = 0; i < count; i++) {
      const prefix = prefixes[from + i];
      first[at + i] = records.aOf(prefix);
      length[at + i] = records.lengthOf(prefix);
    }
    this.#merged.set(merged.subarray(from, from + count), at);
    this.#part.fill(this.#base + this.#shared.length - 1, at, at + count);
    if (!ipv6) {
      if (this.#ipv6.length > 0) this.#ipv6.fill(0, at, at + count);
      return;
    }
    if (this.#ipv6.length < this.#room) this.#widenIpv6();
    this.#ipv6.fill(1, at, at + count);
    for (let i = 0; i < count; i++) {
      const prefix = prefixes[from + i];
      const rest = (at + i) * 3;
      this.#rest[rest] = records.bOf(prefix);
      this.#rest[rest + 1] = records.cOf(prefix);
      this.#rest[rest + 2] = records.dOf(prefix);
    }
  }

  appendGrantChange(change: Omit<GrantChange, 'type' | 'seq'>): GrantChange {
    const at = this.#next;
    this.#makeRoom(at + 1);
    this.seq++;
    this.#next = at + 1 === this.capacity ? 0 : at + 1;
    const entry: GrantChange = { type: 'grant-change', seq: this.seq, ...change };
    const { at: time } = change;
    this.#share({ before: undefined, after: undefined, cause: entry, heard: time, decided: time, applied: time });
    this.#part[at] = this.#base + this.#shared.length - 1;
    return entry;
  }

  /** The entries after `seq`, or undefined when some of them are gone. */
  since(seq: number): JournalEntry[] | undefined {
    if (!Number.isInteger(seq) || seq > this.seq || seq + 1 < this.oldest) return undefined;
    const entries: JournalEntry[] = [];
    for (let s = seq + 1; s <= this.seq; s++) entries.push(this.#entry(s));
    return entries;
  }

  #share(shared: Shared): void {
    this.#last = shared;
    this.#shared.push(shared);
    // What no kept entry refers to goes, from time to time: at least as much as stays.
    const gone = this.seq > this.capacity ? this.#placeOf(this.seq % this.capacity) : 0;
    if (gone > 64 && gone * 2 > this.#shared.length) {
      this.#shared = this.#shared.slice(gone);
      this.#base = (this.#base + gone) >>> 0;
    }
  }

  /** Where in {@link Journal.#shared} that of an entry stands. Its number may have begun again from 0. */
  #placeOf(at: number): number {
    return (this.#part[at] - this.#base) >>> 0;
  }

  /** Makes room for so many slots. */
  #makeRoom(slots: number): void {
    if (slots <= this.#room) return;
    const room = Math.min(this.capacity, roomFor(slots, this.#room));
    this.#room = room;
    this.#first = widen(this.#first, room);
    this.#length = widen(this.#length, room);
    this.#merged = widen(this.#merged, room);
    this.#part = widen(this.#part, room);
    if (this.#ipv6.length > 0) this.#widenIpv6();
  }

  #widenIpv6(): void {
    this.#ipv6 = widen(this.#ipv6, this.#room);
    this.#rest = widen(this.#rest, this.#room * 3);
  }

  #entry(seq: number): JournalEntry {
    const at = (seq - 1) % this.capacity;
    const { before, after, cause, heard, decided, applied } = this.#shared[this.#placeOf(at)];
    if (cause.type === 'grant-change' && 'seq' in cause) return cause;
    const first = this.#first[at];
    const rest = at * 3;
    const text = this.#ipv6[at] === 1 ? formatIpv6(first, this.#rest[rest], this.#rest[rest + 1], this.#rest[rest + 2]) : formatIpv4(first);
    return {
      type: 'mapping-change',
      seq,
      prefix: `${text}/${this.#length[at]}`,
      before,
      after,
      cause,
      merged: this.#merged[at],
      lastHeard: lastHeardOf(cause, heard),
      heard,
      decided,
      applied,
    };
  }
}
