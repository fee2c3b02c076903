import { roomFor, widen } from '../lib/columns.js';
import type { Rib } from './rib.js';

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
  #waiting = new Uint8Array(0);
  #told = new Uint8Array(0);
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
    const at = prefix >> 3;
    if (at >= this.#waiting.length) {
      const room = roomFor(at + 1, this.#waiting.length);
      this.#waiting = widen(this.#waiting, room);
      this.#told = widen(this.#told, room);
    }
    const bit = 1 << (prefix & 7);
    if ((this.#waiting[at] & bit) !== 0) return;
    this.#waiting[at] |= bit;
    this.rib.records.hold(prefix, 1);
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

  /** The first `count` have been dealt with. */
  consume(count: number): void {
    for (let i = 0; i < count; i++) {
      const prefix = this.#queue[this.#head++];
      this.#waiting[prefix >> 3] &= ~(1 << (prefix & 7));
      if (this.rib.records.hold(prefix, -1) === 0) this.rib.tidy(prefix);
    }
    if (this.#head === this.#tail) {
      this.#head = 0;
      this.#tail = 0;
    }
  }

  told(prefix: number): boolean {
    const at = prefix >> 3;
    return at < this.#told.length && (this.#told[at] & (1 << (prefix & 7))) !== 0;
  }

  /** Takes note that the neighbour has a route to `prefix`, or has none any more. Call it before {@link AdjRibOut.consume}. */
  setTold(prefix: number, told: boolean): void {
    if (this.told(prefix) === told) return;
    this.#told[prefix >> 3] ^= 1 << (prefix & 7);
    this.toldCount += told ? 1 : -1;
    this.rib.records.hold(prefix, told ? 1 : -1);
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
    const until = Math.min(this.#told.length, this.#released + (most >> 3) + 1);
    for (; this.#released < until; this.#released++) {
      for (let bits = this.#told[this.#released]; bits !== 0; bits &= bits - 1) {
        const prefix = this.#released * 8 + (31 - Math.clz32(bits & -bits));
        this.rib.records.hold(prefix, -1);
        this.rib.tidy(prefix);
      }
      this.#told[this.#released] = 0;
    }
    this.paths?.clear();
    return this.#released === this.#told.length;
  }
  #released = 0;
}
