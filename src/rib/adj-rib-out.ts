import { roomFor, widen } from '../lib/columns.js';
import type { Rib } from './rib.js';

/** A prefix is in the queue; the neighbour has a route to it. */
const WAITING = 1;
const TOLD = 2;
const BOTH = WAITING | TOLD;

/**
 * What one neighbour was told of one family, and what it must still hear: two bits a prefix and a queue of ids.
 *
 * There is no backlog of history: a prefix that changes while it waits stands in the queue once, and what is sent is the latest
 * state. So a neighbour that reads slowly costs four octets a prefix and no more. The queue keeps the order of arrival, which
 * keeps routes of one attribute set together, so the packer fills UPDATEs without sorting.
 *
 * @internal
 */
export class AdjRibOut {
  #queue = new Uint32Array(0);
  #head = 0;
  #tail = 0;
  /** {@link WAITING} and {@link TOLD} of four prefixes an octet. The prefix's record counts those who have either. */
  #marks = new Uint8Array(0);
  /** Prefixes told. */
  toldCount = 0;
  /** The claims told of each prefix, for neighbours that take several (RFC 7911): rows, which are the path identifiers too. */
  readonly paths: Map<number, number[]> | undefined;

  constructor(
    readonly rib: Rib,
    severalPaths: boolean,
  ) {
    this.paths = severalPaths ? new Map() : undefined;
  }

  /** Up to which change the forwarding table must have been asked before all is told: see {@link AdjRibOut.skip}. */
  #until = 0;

  /** Whether what was skipped is still to come. */
  get skipped(): boolean {
    return this.rib.answered < this.#until;
  }

  /** The first that waits is left for now: it comes again when the forwarding table was asked. */
  skip(): void {
    this.#until = this.rib.queued;
    this.consume(1);
  }

  /** Prefixes that wait. */
  get waiting(): number {
    return this.#tail - this.#head;
  }

  /** Prefixes changed: they must be told, or told anew; but for those that the neighbour does not know and would not be told of. */
  push(prefixes: Uint32Array, count: number, own: number): void {
    const { rib } = this;
    for (let i = 0; i < count; i++) {
      const prefix = prefixes[i];
      const row = rib.records.bestOf(prefix);
      if (!this.paths && (row === 0 || rib.feedOf(row - 1) === own) && !this.told(prefix)) continue;
      this.add(prefix);
    }
  }

  /** One prefix to tell. */
  add(prefix: number): void {
    const at = prefix >> 2;
    if (at >= this.#marks.length) this.#marks = widen(this.#marks, roomFor(at + 1, this.#marks.length));
    const marks = this.#marks[at];
    const own = (marks >> (2 * (prefix & 3))) & BOTH;
    if ((own & WAITING) !== 0) return;
    this.#marks[at] = marks | (WAITING << (2 * (prefix & 3)));
    if (own === 0) this.rib.records.hold(prefix, 1);
    if (this.#tail >= this.#queue.length) {
      if (this.#head > this.#queue.length >> 1) {
        this.#queue.copyWithin(0, this.#head, this.#tail);
        this.#tail -= this.#head;
        this.#head = 0;
      } else this.#queue = widen(this.#queue, roomFor(this.#tail + 1, this.#queue.length));
    }
    this.#queue[this.#tail++] = prefix;
  }

  /** The prefix that waits `ahead` places behind the first. */
  peek(ahead: number): number {
    return this.#queue[this.#head + ahead];
  }

  /** The first `count` have been dealt with, and what the neighbour has of them is what it had. */
  consume(count: number): void {
    for (let i = 0; i < count; i++) {
      const prefix = this.#queue[this.#head++];
      const marks = this.#marks[prefix >> 2];
      const shift = 2 * (prefix & 3);
      this.#marks[prefix >> 2] = marks & ~(WAITING << shift);
      if (((marks >> shift) & TOLD) === 0) this.#letGo(prefix);
    }
    this.#rewind();
  }

  /** The first `count` have been announced: the neighbour has a route to each. */
  announced(count: number): void {
    const queue = this.#queue;
    const marks = this.#marks;
    let told = 0;
    for (let at = this.#head, end = at + count; at < end; at++) {
      const prefix = queue[at];
      const before = marks[prefix >> 2];
      const shift = 2 * (prefix & 3);
      marks[prefix >> 2] = (before & ~(WAITING << shift)) | (TOLD << shift);
      told += 1 - ((before >> (shift + 1)) & 1);
    }
    this.toldCount += told;
    this.#head += count;
    this.#rewind();
  }

  /** The first `count` have been withdrawn, where the neighbour had them: it has none of them. */
  withdrawn(count: number): void {
    const queue = this.#queue;
    const marks = this.#marks;
    for (let at = this.#head, end = at + count; at < end; at++) {
      const prefix = queue[at];
      const before = marks[prefix >> 2];
      const shift = 2 * (prefix & 3);
      marks[prefix >> 2] = before & ~(BOTH << shift);
      this.toldCount -= (before >> (shift + 1)) & 1;
      this.#letGo(prefix);
    }
    this.#head += count;
    this.#rewind();
  }

  /** A prefix neither waits nor is told. */
  #letGo(prefix: number): void {
    if (this.rib.records.hold(prefix, -1) === 0) this.rib.tidy(prefix);
  }

  /** What is dealt with makes room, once that is everything. */
  #rewind(): void {
    if (this.#head !== this.#tail) return;
    this.#head = 0;
    this.#tail = 0;
  }

  told(prefix: number): boolean {
    const at = prefix >> 2;
    return at < this.#marks.length && (this.#marks[at] & (TOLD << (2 * (prefix & 3)))) !== 0;
  }

  /** Everything the network has, or that was told, waits to be told. */
  addAll(): void {
    const { rib } = this;
    for (let prefix = 0; prefix < rib.prefixes.limit; prefix++) if (rib.records.bestOf(prefix) !== 0 || this.told(prefix)) this.add(prefix);
  }

  /** The neighbour is gone: forgets up to `most` prefixes, from where the last call ended. Whether that was all. */
  release(most: number): boolean {
    this.consume(Math.min(this.waiting, most));
    if (this.waiting > 0) return false;
    const until = Math.min(this.#marks.length, this.#released + (most >> 2) + 1);
    for (; this.#released < until; this.#released++) {
      const marks = this.#marks[this.#released];
      // Nothing waits any more.
      for (let i = 0; marks >> (2 * i) !== 0; i++) {
        if (((marks >> (2 * i)) & TOLD) === 0) continue;
        const prefix = this.#released * 4 + i;
        this.rib.records.hold(prefix, -1);
        this.rib.tidy(prefix);
      }
      this.#marks[this.#released] = 0;
    }
    this.paths?.clear();
    return this.#released === this.#marks.length;
  }
  #released = 0;
}
