import { touch } from '../lib/columns.js';

/** Words of an entry: chunk and key, value, and a link: 0 when it is settled, else 1 + the place of the chunk's entry before (0 for none). */
const ENTRY = 3;
/** Entries of a segment. */
const SEGMENT_BITS = 13;
const SEGMENT = 1 << SEGMENT_BITS;

/**
 * Changes that wait to be put in order, all chunks' in one ring: a change costs three words next to the last one's, wherever in the
 * table it belongs, and the chunk's newest stands in a column small enough for the cache.
 *
 * Nothing waits for ever: the ring grows with the table, a segment at a time, and from then on each change that needs a place has
 * the chunk settled whose change stands there. So no change ever pays for more than a chunk.
 *
 * @internal
 */
export class ChangeLog {
  readonly #segments: Uint32Array<ArrayBuffer>[] = [];
  /** The segment that is written, its number, and the next entry in it. */
  #current = new Uint32Array(0);
  #segment = -1;
  #next = SEGMENT;
  /** Entries that are not settled. */
  waiting = 0;
  /** The newest entry of each chunk, place + 1; 0 for none. */
  readonly newest: Uint32Array;

  /** @param settle - Takes a chunk's entries out ({@link ChangeLog.take}). */
  constructor(
    chunks: number,
    private readonly settle: (chunk: number) => void,
  ) {
    this.newest = new Uint32Array(chunks);
  }

  get bytes(): number {
    return this.#segments.length * SEGMENT * ENTRY * 4 + this.newest.byteLength;
  }

  /** Makes room for so many changes. */
  reserve(changes: number): void {
    while (this.#segments.length * SEGMENT < changes) {
      const segment = new Uint32Array(SEGMENT * ENTRY);
      touch(segment, segment.length);
      this.#segments.push(segment);
    }
  }

  /** From now on the last word on a chunk's key, up to 16 bits, is `value`. About `most` changes may wait before chunks are settled. */
  append(chunk: number, key: number, value: number, most: number): void {
    if (this.#next === SEGMENT) this.#turn(most);
    if (this.#current[this.#next * ENTRY + 2] !== 0) {
      if (this.#segments.length * SEGMENT < most) this.#add();
      else this.settle(this.#current[this.#next * ENTRY] >>> 16);
    }
    const at = this.#next * ENTRY;
    const entries = this.#current;
    entries[at] = (chunk << 16) | key;
    entries[at + 1] = value;
    entries[at + 2] = this.newest[chunk] + 1;
    this.newest[chunk] = (this.#segment << SEGMENT_BITS) + ++this.#next;
    this.waiting++;
  }

  /** The newest value of a key among what waits, or -1. Gives up after `most` entries, with -2. */
  find(chunk: number, key: number, most: number): number {
    const wanted = ((chunk << 16) | key) >>> 0;
    for (let place = this.newest[chunk], steps = 0; place !== 0; steps++) {
      if (steps === most) return -2;
      const entries = this.#segments[(place - 1) >>> SEGMENT_BITS];
      const at = ((place - 1) & (SEGMENT - 1)) * ENTRY;
      if (entries[at] === wanted) return entries[at + 1];
      place = entries[at + 2] - 1;
    }
    return -1;
  }

  /** Takes a chunk's entries out, the newest of each key, into a column of values by key and a set of keys; both have room. */
  take(chunk: number, values: Uint32Array, keys: Uint32Array): void {
    for (let place = this.newest[chunk]; place !== 0; this.waiting--) {
      const entries = this.#segments[(place - 1) >>> SEGMENT_BITS];
      const at = ((place - 1) & (SEGMENT - 1)) * ENTRY;
      const key = entries[at] & 0xffff;
      if ((keys[key >>> 5] & (1 << (key & 31))) === 0) {
        keys[key >>> 5] |= 1 << (key & 31);
        values[key] = entries[at + 1];
      }
      place = entries[at + 2] - 1;
      entries[at + 2] = 0;
    }
    this.newest[chunk] = 0;
    // Room that was needed once is given back when nothing waits.
    if (this.waiting === 0 && this.#segments.length > 1) this.#clear();
  }

  #clear(): void {
    this.#segments.length = 1;
    this.#segment = 0;
    this.#current = this.#segments[0];
    this.#next = 0;
  }

  /** Goes on in the segment after this one, where it is free or the ring may not grow. */
  #turn(most: number): void {
    const after = this.#segment + 1 < this.#segments.length ? this.#segment + 1 : 0;
    const free = this.#segments.length > 0 && this.#segments[after][2] === 0;
    if (!free && this.#segments.length * SEGMENT < Math.max(most, SEGMENT)) {
      this.#add();
      return;
    }
    this.#segment = after;
    this.#current = this.#segments[after];
    this.#next = 0;
  }

  /** Another segment, which is written next. */
  #add(): void {
    this.#segment = this.#segments.push(new Uint32Array(SEGMENT * ENTRY)) - 1;
    this.#current = this.#segments[this.#segment];
    this.#next = 0;
  }
}
