import type { SequenceRange } from '../wire/tcp.js';
import { ahead, earlier, later } from './sequence.js';

/** RFC 6675 §2. */
const DUP_THRESHOLD = 3;
/** Ranges remembered: what a window of small segments could make more of is forgotten, and at worst sent again. */
const MAX_RANGES = 512;

interface Range {
  from: number;
  to: number;
}

/** What of that which is under way the other end has said to have (RFC 6675 §3). @internal */
export class Scoreboard {
  #ranges: Range[] = [];

  get empty(): boolean {
    return this.#ranges.length === 0;
  }
  /** One past the highest octet that is there. */
  get highest(): number | undefined {
    return this.#ranges[this.#ranges.length - 1]?.to;
  }

  clear(): void {
    this.#ranges = [];
  }

  /** Takes in blocks that lie in `[una, nxt)`; others are stale or forged. Returns whether anything was new. */
  update(una: number, nxt: number, blocks: readonly SequenceRange[]): boolean {
    while (this.#ranges.length > 0 && ahead(this.#ranges[0].to, una) <= 0) this.#ranges.shift();
    const [first] = this.#ranges;
    if (first && ahead(first.from, una) < 0) first.from = una;
    let news = false;
    for (const { from, to } of blocks)
      if (ahead(to, from) > 0 && ahead(from, una) >= 0 && ahead(to, nxt) <= 0 && this.#insert(from, to)) news = true;
    return news;
  }

  #insert(from: number, to: number): boolean {
    const ranges = this.#ranges;
    let i = 0;
    while (i < ranges.length && ahead(ranges[i].to, from) < 0) i++;
    let j = i;
    let start = from;
    let end = to;
    while (j < ranges.length && ahead(ranges[j].from, to) <= 0) {
      if (ahead(ranges[j].from, from) <= 0 && ahead(ranges[j].to, to) >= 0) return false;
      start = earlier(start, ranges[j].from);
      end = later(end, ranges[j].to);
      j++;
    }
    if (j === i && ranges.length >= MAX_RANGES) return false;
    ranges.splice(i, j - i, { from: start, to: end });
    return true;
  }

  /** Octets in `[from, to)` that are not known to be there. */
  missing(from: number, to: number): number {
    let count = Math.max(0, ahead(to, from));
    if (count === 0) return 0;
    for (const range of this.#ranges) {
      const start = later(range.from, from);
      const end = earlier(range.to, to);
      if (ahead(end, start) > 0) count -= ahead(end, start);
    }
    return count;
  }

  /** The first stretch at or after `from` that is not known to be there, up to `to`. */
  hole(from: number, to: number): SequenceRange | undefined {
    let at = from;
    for (const range of this.#ranges) {
      if (ahead(range.to, at) <= 0) continue;
      if (ahead(range.from, at) > 0) break;
      at = range.to;
    }
    if (ahead(to, at) <= 0) return undefined;
    const next = this.#ranges.find((range) => ahead(range.from, at) > 0);
    return { from: at, to: next ? earlier(next.from, to) : to };
  }

  /** What is missing before this is lost (RFC 6675 §4, IsLost): three ranges, or more than two segments, have arrived after it. */
  lostBefore(una: number, mss: number): number {
    let octets = 0;
    let count = 0;
    for (let i = this.#ranges.length - 1; i >= 0; i--) {
      const { from, to } = this.#ranges[i];
      octets += ahead(to, from);
      count++;
      if (count >= DUP_THRESHOLD || octets > (DUP_THRESHOLD - 1) * mss) return from;
    }
    return una;
  }
}
