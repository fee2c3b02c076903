import { touch, widen } from '../lib/columns.js';
import { Arena } from './arena.js';
import { ByteTrie } from './byte-trie.js';
import { ChangeLog } from './change-log.js';

/** In an answer that becomes a leaf: the /24 has longer prefixes, which stand in {@link Ipv4Trie.#deep}. */
const FLAG = 0x8000_0000;
/** Chunks: one for each value of the first 16 bits. */
const CHUNKS = 65_536;
/** Words of a chunk: where its entries stand, and how many they are, with the class of their piece. */
const CHUNK = 2;
/** Entries of the root that a chunk has, each for a /18. */
const PARTS = 4;
/** Leaves of a block: one for each /24 of a /18. */
const LEAVES = 64;
/** Where the first two blocks stand: that of a /18 that is to be compiled first, and that of one with nothing. */
const STALE = 0;
const NOTHING = LEAVES;
/** In a leaf: that is not all, see {@link Ipv4Trie.#further}. Leaves are of 16 bits while every target is below the first, of 32 from then on. */
const NARROW_MARK = 0x8000;
const WIDE_MARK = 0x4000_0000;
/** Waiting changes of a chunk that are searched one by one. */
const SEARCHED = 64;
/**
 * An entry's key: third octet * 16, and length - 17; or this, whose value is how many longer prefixes the /24 has, not a target.
 * So an order by key is one by place, then length.
 */
const DEEP = 8;
const KEYS = 4096;

/**
 * Longest-prefix match for a large IPv4 table: an array over the first 18 bits leads to blocks, which have the answer for each /24 of a
 * /18. All /18s that have one answer throughout share the block that says so. So a look-up is two loads, with nothing to decide between
 * them and little to compute: the processor goes on to the next ones meanwhile. A leaf has 16 bits while all targets do, 32 afterwards;
 * with 16, the array and the blocks of a full table are 9 MB.
 *
 * A change is only written down ({@link ChangeLog}), without looking for what was there. When a /16 is first looked up after a
 * change, what was written down of it is put in order with what it has, and it is compiled: that takes microseconds. Prefixes longer
 * than 24 bits stand in a trie of their own, asked only for the /24s that have any; the default route stands beside.
 *
 * @internal
 */
export class Ipv4Trie {
  /** Where the block of each /18 stands. */
  readonly #root = new Int32Array(CHUNKS * PARTS);
  /** The blocks' leaves: targets. */
  #leaves: Uint16Array | Uint32Array = new Uint16Array(LEAVES * 64).fill(NARROW_MARK, STALE, STALE + LEAVES);
  #mark = NARROW_MARK;
  /** How many /18s each block serves, and the blocks that say one target throughout. */
  #users = new Uint32Array(64);
  readonly #uniform = new Map([[0, NOTHING]]);
  #blocks = 2;
  #freeBlocks: number[] = [];
  /** Which chunks are compiled, a bit each: small enough to be at hand when a table comes in, as the array is not. */
  readonly #compiled = new Uint32Array(CHUNKS / 32);
  readonly #chunk = new Uint32Array(CHUNKS * CHUNK);
  readonly #arena = new Arena(65_536);
  /** What prefixes of 1 to 16 bits make of each /16, and the length of the one that did. */
  readonly #above = new Uint32Array(CHUNKS);
  readonly #aboveLength = new Uint8Array(CHUNKS);
  /** Prefixes of 1 to 16 bits, as a heap is numbered: see {@link shortPlace}. */
  readonly #short = new Uint32Array(2 * CHUNKS);
  #deep: ByteTrie | undefined;
  #default = 0;
  /** How many prefixes there were at most. */
  #largest = 0;
  readonly #log = new ChangeLog(CHUNKS, (chunk) => this.#order(chunk));
  /** For putting a chunk in order: values by key, and which keys there are, a bit each. */
  readonly #values = new Uint32Array(KEYS);
  readonly #keys = new Uint32Array(KEYS / 32);
  /** For compiling a chunk: the answer for each of its /24s. */
  readonly #answers = new Uint32Array(256);

  get bytes(): number {
    return (
      this.#root.byteLength +
      this.#blocks * (LEAVES * this.#leaves.BYTES_PER_ELEMENT + 4) +
      this.#compiled.byteLength +
      this.#chunk.byteLength +
      this.#above.byteLength +
      this.#aboveLength.byteLength +
      this.#arena.bytes +
      this.#log.bytes +
      this.#short.byteLength +
      (this.#deep?.bytes ?? 0)
    );
  }

  /** Makes room for so many prefixes, to come and to go. */
  reserve(prefixes: number): void {
    this.#log.reserve(2 * prefixes);
    for (const column of [this.#root, this.#chunk, this.#above]) touch(column, column.length);
  }

  /** Sets the target of a prefix, 1 to 2^30 - 1, or takes it out (0). `size` is how many prefixes there are. */
  put(a: number, length: number, target: number, size: number): void {
    if (length <= 16) {
      if (target === 0) this.#deleteShort(a >>> 16, length);
      else this.#setShort(a >>> 16, length, target);
    } else if (length <= 24) this.#append(a >>> 16, (((a >>> 8) & 255) << 4) | (length - 17), target, size);
    else this.#putDeep(a, length, target, size);
  }

  #putDeep(a: number, length: number, target: number, size: number): void {
    this.#deep ??= new ByteTrie(1);
    const before = target === 0 ? this.#deep.delete(a, 0, 0, 0, length) : this.#deep.set(a, 0, 0, 0, length, target);
    if ((before === 0) === (target === 0)) return;
    const chunk = a >>> 16;
    const key = (((a >>> 8) & 255) << 4) | DEEP;
    this.#append(chunk, key, this.#last(chunk, key) + (target === 0 ? -1 : 1), size);
  }

  /** The target of exactly this prefix, 0 for none. */
  get(a: number, length: number): number {
    if (length === 0) return this.#default;
    if (length <= 16) return this.#short[shortPlace(a >>> 16, length)];
    if (length > 24) return this.#deep?.get(a, 0, 0, 0, length) ?? 0;
    return this.#last(a >>> 16, (((a >>> 8) & 255) << 4) | (length - 17));
  }

  /** The target of the longest prefix that covers an address, which may have a sign; 0 for none. */
  lookup(a: number): number {
    let leaf = this.#leaves[this.#root[a >>> 14] + ((a >>> 8) & 63)];
    if (leaf >= this.#mark) leaf = this.#further(a) | 0;
    // All ones for a leaf of 0: the processor need not wait for it to know how to go on.
    return leaf | (this.#default & ((leaf - 1) >> 31));
  }

  /** What an address comes to whose /18 is to be compiled first, or whose /24 has longer prefixes. */
  #further(a: number): number {
    if (this.#root[a >>> 14] === STALE) this.#compile(a >>> 16);
    const leaf = this.#leaves[this.#root[a >>> 14] + ((a >>> 8) & 63)];
    return leaf < this.#mark ? leaf : this.#deep?.lookup4(a) || leaf ^ this.#mark;
  }

  // --- Short prefixes ------------------------------------------------------------------------------------------------------

  #setShort(first: number, length: number, target: number): void {
    if (length === 0) {
      this.#default = target;
      return;
    }
    this.#short[shortPlace(first, length)] = target;
    const end = first + (1 << (16 - length));
    for (let chunk = first; chunk < end; chunk++) {
      if (this.#aboveLength[chunk] > length) continue;
      this.#aboveLength[chunk] = length;
      this.#above[chunk] = target;
      this.#touch(chunk);
    }
  }

  #deleteShort(first: number, length: number): void {
    if (length === 0) {
      this.#default = 0;
      return;
    }
    const place = shortPlace(first, length);
    if (this.#short[place] === 0) return;
    this.#short[place] = 0;
    let cover = 0;
    let coverLength = length - 1;
    for (; coverLength > 0; coverLength--) {
      cover = this.#short[shortPlace(first, coverLength)];
      if (cover !== 0) break;
    }
    const end = first + (1 << (16 - length));
    for (let chunk = first; chunk < end; chunk++) {
      if (this.#aboveLength[chunk] !== length) continue;
      this.#aboveLength[chunk] = coverLength;
      this.#above[chunk] = cover;
      this.#touch(chunk);
    }
  }

  // --- Chunks --------------------------------------------------------------------------------------------------------------

  /** The last word on a key, 0 when there is none: among what waits, then in order. */
  #last(chunk: number, key: number): number {
    const waiting = this.#log.find(chunk, key, SEARCHED);
    if (waiting >= 0) return waiting;
    if (waiting === -2) this.#order(chunk);
    const from = this.#chunk[chunk * CHUNK];
    const { words } = this.#arena;
    let low = 0;
    let high = this.#chunk[chunk * CHUNK + 1] & 0xffff;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = words[from + 2 * middle];
      if (found === key) return words[from + 2 * middle + 1];
      if (found < key) low = middle + 1;
      else high = middle;
    }
    return 0;
  }

  /** From now on the last word on a key is this; 0 for "out". */
  #append(chunk: number, key: number, value: number, size: number): void {
    if (this.#log.newest[chunk] === 0) this.#touch(chunk);
    if (size > this.#largest) this.#largest = size;
    // Twice as many, so that a table can come and go whole before any of it is put in order.
    this.#log.append(chunk, key, value, 2 * this.#largest);
  }

  /** Puts what waits of a chunk in order with what it has: one entry a key, the last, and none for what is out. */
  #order(chunk: number): void {
    if (this.#log.newest[chunk] === 0) return;
    const values = this.#values;
    const keys = this.#keys;
    this.#log.take(chunk, values, keys);
    const c = chunk * CHUNK;
    const from = this.#chunk[c];
    const end = from + 2 * (this.#chunk[c + 1] & 0xffff);
    const before = this.#arena.words;
    for (let at = from; at < end; at += 2) {
      const key = before[at];
      const bit = 1 << (key & 31);
      if ((keys[key >>> 5] & bit) !== 0) continue;
      keys[key >>> 5] |= bit;
      values[key] = before[at + 1];
    }
    let count = 0;
    for (let word = 0; word < KEYS / 32; word++) {
      for (let bits = keys[word]; bits !== 0; bits &= bits - 1) {
        const bit = 31 - Math.clz32(bits & -bits);
        if (values[word * 32 + bit] !== 0) count++;
        else keys[word] &= ~(1 << bit);
      }
    }
    this.#resize(c, count);
    let at = this.#chunk[c];
    const { words } = this.#arena;
    for (let word = 0; word < KEYS / 32; word++) {
      for (let bits = keys[word]; bits !== 0; bits &= bits - 1) {
        const key = word * 32 + 31 - Math.clz32(bits & -bits);
        words[at++] = key;
        words[at++] = values[key];
      }
      keys[word] = 0;
    }
  }

  /** Gives a chunk, whose place in {@link Ipv4Trie.#chunk} is `c`, a piece for so many entries. */
  #resize(c: number, count: number): void {
    const before = this.#chunk[c];
    const sizeClass = this.#chunk[c + 1] >>> 16;
    const wanted = Arena.classOf(2 * count);
    this.#chunk[c + 1] = (wanted << 16) | count;
    if (before !== 0 && count > 0 && sizeClass === wanted) return;
    if (before !== 0) this.#arena.give(before, sizeClass);
    this.#chunk[c] = count === 0 ? 0 : this.#arena.take(wanted);
  }

  // --- What is compiled ----------------------------------------------------------------------------------------------------

  /** What was compiled of a chunk does not hold any more. */
  #touch(chunk: number): void {
    const bit = 1 << (chunk & 31);
    if ((this.#compiled[chunk >>> 5] & bit) === 0) return;
    this.#compiled[chunk >>> 5] &= ~bit;
    for (let part = chunk * PARTS; part < (chunk + 1) * PARTS; part++) {
      this.#release(this.#root[part]);
      this.#root[part] = STALE;
    }
  }

  #compile(chunk: number): void {
    this.#order(chunk);
    const answers = this.#answers;
    let highest = this.#above[chunk];
    answers.fill(highest);
    const from = this.#chunk[chunk * CHUNK];
    const end = from + 2 * (this.#chunk[chunk * CHUNK + 1] & 0xffff);
    const { words } = this.#arena;
    // In order of place, then length: what is more specific comes later, and the mark of longer prefixes last.
    for (let at = from; at < end; at += 2) {
      const key = words[at];
      const slot = key >>> 4;
      if ((key & 15) === DEEP) {
        answers[slot] |= FLAG;
        continue;
      }
      const target = words[at + 1];
      if (target > highest) highest = target;
      answers.fill(target, slot, slot + (1 << (7 - (key & 15))));
    }
    if (highest >= NARROW_MARK && this.#mark === NARROW_MARK) this.#widen();
    this.#compiled[chunk >>> 5] |= 1 << (chunk & 31);
    for (let part = 0; part < PARTS; part++) this.#root[chunk * PARTS + part] = this.#block(part * LEAVES);
  }

  /** A block for the 64 answers from here on. */
  #block(from: number): number {
    const answers = this.#answers;
    const first = answers[from];
    let same = 1;
    while (same < LEAVES && answers[from + same] === first) same++;
    const uniform = same === LEAVES && first < FLAG;
    let block = uniform ? this.#uniform.get(first) : undefined;
    if (block === undefined) {
      block = this.#freeBlocks.pop() ?? this.#blocks++ * LEAVES;
      // Copying eight million octets takes a millisecond: doubling keeps that rare.
      if (block >= this.#leaves.length) {
        this.#leaves = widen(this.#leaves, block * 2);
        this.#users = widen(this.#users, (block * 2) / LEAVES);
      }
      for (let i = 0; i < LEAVES; i++) {
        const answer = answers[from + i];
        this.#leaves[block + i] = answer < FLAG ? answer : (answer ^ FLAG) | this.#mark;
      }
      if (uniform) this.#uniform.set(first, block);
    }
    this.#users[block / LEAVES]++;
    return block;
  }

  #release(block: number): void {
    if (--this.#users[block / LEAVES] > 0 || block === NOTHING) return;
    this.#freeBlocks.push(block);
    const first = this.#leaves[block];
    if (this.#uniform.get(first) === block) this.#uniform.delete(first);
  }

  /** Leaves of 32 bits from now on. All is compiled anew when it is next looked up. */
  #widen(): void {
    this.#mark = WIDE_MARK;
    this.#leaves = new Uint32Array(this.#leaves.length).fill(WIDE_MARK, STALE, STALE + LEAVES);
    this.#users.fill(0);
    this.#uniform.clear();
    this.#uniform.set(0, NOTHING);
    this.#blocks = 2;
    this.#freeBlocks = [];
    this.#root.fill(STALE);
    this.#compiled.fill(0);
  }
}

/** Where the prefix of `length` bits that begins as `first`, 16 bits, does stands: 1 is the whole space, 2n and 2n + 1 are the halves of n. */
function shortPlace(first: number, length: number): number {
  return (1 << length) + (first >>> (16 - length));
}
