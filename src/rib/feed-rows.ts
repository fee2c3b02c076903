import { roomFor, widen } from '../lib/columns.js';

/** Rows of a block: as many as two words have bits. */
const BLOCK_BITS = 6;
const BLOCK = 1 << BLOCK_BITS;

/**
 * Which rows are whose: rows come in blocks of 64, and a block belongs to one feed. So a feed's rows are found by walking its blocks,
 * and a row costs two bits for it. Rows of a feed stand in the order in which they came, until one is used again.
 *
 * Numbers stand in lists as number + 1, so that 0 ends a list and fresh memory is an empty one.
 *
 * @internal
 */
export class FeedRows {
  /** One past the largest row ever given out. */
  limit = 0;

  // By block.
  #blocks = 0;
  #room = 0;
  /** Rows in use, a bit each. */
  #low = new Uint32Array(0);
  #high = new Uint32Array(0);
  #feed = new Uint32Array(0);
  /** The feed's blocks in order; of a free block, the next free one. */
  #next = new Uint32Array(0);
  #previous = new Uint32Array(0);
  /** The feed's blocks with rows to give. */
  #roomyNext = new Uint32Array(0);
  #roomyPrevious = new Uint32Array(0);
  #freeBlock = 0;

  // By feed.
  #head = new Uint32Array(0);
  #tail = new Uint32Array(0);
  #roomy = new Uint32Array(0);

  /** Makes room for a feed's lists. */
  addFeed(feed: number): void {
    if (feed < this.#head.length) return;
    const room = roomFor(feed + 1, this.#head.length);
    this.#head = widen(this.#head, room);
    this.#tail = widen(this.#tail, room);
    this.#roomy = widen(this.#roomy, room);
  }

  feedOf(row: number): number {
    return this.#feed[row >>> BLOCK_BITS];
  }

  /** A row for a feed. At most {@link FeedRows.limit} + 64 afterwards. */
  take(feed: number): number {
    const block = (this.#roomy[feed] || this.#addBlock(feed)) - 1;
    const low = this.#low[block];
    let row = block << BLOCK_BITS;
    if (low !== 0xffff_ffff) {
      const bit = ~low & (low + 1);
      this.#low[block] = low | bit;
      row += 31 - Math.clz32(bit);
    } else {
      const high = this.#high[block];
      const bit = ~high & (high + 1);
      this.#high[block] = high | bit;
      row += 63 - Math.clz32(bit);
    }
    if (this.#low[block] === 0xffff_ffff && this.#high[block] === 0xffff_ffff) this.#unlistRoomy(block);
    if (row >= this.limit) this.limit = row + 1;
    return row;
  }

  /** A row is free again. */
  give(row: number): void {
    const block = row >>> BLOCK_BITS;
    if (this.#low[block] === 0xffff_ffff && this.#high[block] === 0xffff_ffff) this.#listRoomy(block);
    if ((row & 32) === 0) this.#low[block] &= ~(1 << (row & 31));
    else this.#high[block] &= ~(1 << (row & 31));
    if (this.#low[block] === 0 && this.#high[block] === 0) this.#removeBlock(block);
  }

  /** The first row of a feed, row + 1, or 0. */
  first(feed: number): number {
    return feed < this.#head.length ? this.#firstFrom(this.#head[feed]) : 0;
  }

  /** The row after `row` of its feed, row + 1, or 0. Ask before `row` is given back. */
  after(row: number): number {
    const block = row >>> BLOCK_BITS;
    const from = (row & (BLOCK - 1)) + 1;
    if (from < 32) {
      const low = this.#low[block] & (-1 << from);
      if (low !== 0) return (block << BLOCK_BITS) + lowest(low) + 1;
    }
    if (from < 64) {
      const high = this.#high[block] & (from < 32 ? -1 : -1 << (from - 32));
      if (high !== 0) return (block << BLOCK_BITS) + 32 + lowest(high) + 1;
    }
    return this.#firstFrom(this.#next[block]);
  }

  /** Of a feed's rows, those whose value in a column is from `least` to `most` get another: a block at a time, as it is about every claim in one turn. */
  replace(feed: number, column: Uint8Array, least: number, most: number, value: number): void {
    for (let block = feed < this.#head.length ? this.#head[feed] : 0; block !== 0; block = this.#next[block - 1]) {
      const from = (block - 1) << BLOCK_BITS;
      let used = this.#low[block - 1];
      for (let row = from; row < from + BLOCK; row++) {
        if (row === from + 32) used = this.#high[block - 1];
        const now = column[row];
        if ((used & 1) !== 0 && now >= least && now <= most) column[row] = value;
        used >>>= 1;
      }
    }
  }

  /** The first row of a block, number + 1; a block that is a feed's has one. */
  #firstFrom(block: number): number {
    if (block === 0) return 0;
    const low = this.#low[block - 1];
    return ((block - 1) << BLOCK_BITS) + (low !== 0 ? lowest(low) : 32 + lowest(this.#high[block - 1])) + 1;
  }

  /** Another block at the end of a feed's, number + 1. */
  #addBlock(feed: number): number {
    let block = this.#freeBlock - 1;
    if (block >= 0) this.#freeBlock = this.#next[block];
    else {
      block = this.#blocks++;
      if (block >= this.#room) this.#widen(roomFor(block + 1, this.#room));
    }
    this.#feed[block] = feed;
    this.#next[block] = 0;
    const last = this.#tail[feed];
    this.#previous[block] = last;
    if (last === 0) this.#head[feed] = block + 1;
    else this.#next[last - 1] = block + 1;
    this.#tail[feed] = block + 1;
    this.#listRoomy(block);
    return block + 1;
  }

  #removeBlock(block: number): void {
    this.#unlistRoomy(block);
    const feed = this.#feed[block];
    const [previous, next] = [this.#previous[block], this.#next[block]];
    if (previous === 0) this.#head[feed] = next;
    else this.#next[previous - 1] = next;
    if (next === 0) this.#tail[feed] = previous;
    else this.#previous[next - 1] = previous;
    this.#next[block] = this.#freeBlock;
    this.#freeBlock = block + 1;
  }

  #listRoomy(block: number): void {
    const feed = this.#feed[block];
    const first = this.#roomy[feed];
    this.#roomyPrevious[block] = 0;
    this.#roomyNext[block] = first;
    if (first !== 0) this.#roomyPrevious[first - 1] = block + 1;
    this.#roomy[feed] = block + 1;
  }
  #unlistRoomy(block: number): void {
    const feed = this.#feed[block];
    const [previous, next] = [this.#roomyPrevious[block], this.#roomyNext[block]];
    if (previous === 0) this.#roomy[feed] = next;
    else this.#roomyNext[previous - 1] = next;
    if (next !== 0) this.#roomyPrevious[next - 1] = previous;
  }

  #widen(room: number): void {
    this.#room = room;
    this.#low = widen(this.#low, room);
    this.#high = widen(this.#high, room);
    this.#feed = widen(this.#feed, room);
    this.#next = widen(this.#next, room);
    this.#previous = widen(this.#previous, room);
    this.#roomyNext = widen(this.#roomyNext, room);
    this.#roomyPrevious = widen(this.#roomyPrevious, room);
  }
}

/** The place of the lowest bit that is set. */
function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
