import { touch } from '../lib/columns.js';
import { Arena } from './arena.js';
import { ByteTrie } from './byte-trie.js';
import { ChangeLog } from './change-log.js';

/** In a leaf: the /24 has longer prefixes, which stand in {@link Ipv4Trie.#deep}. */
const FLAG = 0x8000_0000;
/** Chunks: one for each value of the first 16 bits. */
const CHUNKS = 65_536;
/** Words of a chunk: its entries, how many, its leaves, and both pieces' classes. */
const CHUNK = 4;
/** Waiting changes of a chunk that are searched one by one. */
const SEARCHED = 64;
/**
 * An entry's key: third octet * 16, and length - 17; or this, whose value is how many longer prefixes the /24 has, not a target.
 * So an order by key is one by place, then length.
 */
const DEEP = 8;
const KEYS = 4096;

/**
 * Longest-prefix match for a large IPv4 table: an array over the first 19 bits, of a bitmap and a base each. A bit stands where, from
 * one /24 to the next, the answer changes; its leaf stands as far behind the base as bits are set before. So a look-up is two
 * loads and a population count, without a branch that waits for what was loaded: the processor goes on to the next one meanwhile. The
 * array and its leaves are 8 MB for a full table.
 *
 * A change is only written down ({@link ChangeLog}), without looking for what was there. When a /16 is first looked up after a
 * change, what was written down of it is put in order with what it has, and it is compiled: that takes microseconds. Prefixes longer
 * than 24 bits stand in a trie of their own, asked only for the /24s that have any; the default route stands beside.
 *
 * @internal
 */
export class Ipv4Trie {
  /** For each /19: its bitmap, whose first bit is always set, and the place before its first leaf. Without bits it is to be compiled first. */
  readonly #root = new Uint32Array(2 * CHUNKS * 8);
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
  readonly #leaves = new Uint32Array(256);
  /** How many prefixes there were at most. */
  #largest = 0;
  readonly #log = new ChangeLog(CHUNKS, (chunk) => this.#order(chunk));
  /** For putting a chunk in order: values by key, and which keys there are, a bit each. */
  readonly #values = new Uint32Array(KEYS);
  readonly #keys = new Uint32Array(KEYS / 32);

  get bytes(): number {
    return (
      this.#root.byteLength +
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

  /** Sets the target of a prefix, 1 to 2^31 - 2, or takes it out (0). `size` is how many prefixes there are. */
  put(a: number, length: number, target: number, size: number): void {
    if (length <= 16) {
      if (target === 0) this.#deleteShort(a >>> 16, length);
      else this.#setShort(a >>> 16, length, target);
    } else if (length <= 24) this.#append(a >>> 16, (((a >>> 8) & 255) << 4) | (length - 17), target, size);
    else this.#putDeep(a, length, target, size);
  }

  #putDeep(a: number, length: number, target: number, size: number): void {
    this.#deep ??= new ByteTrie();
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

  /** The target of the longest prefix that covers an address, 0 for none. */
  lookup(a: number): number {
    const root = this.#root;
    const pair = (a >>> 13) << 1;
    if (root[pair] === 0) this.#compile(a >>> 16);
    let bits = root[pair] & (0xffff_ffff >>> (31 - ((a >>> 8) & 31)));
    bits -= (bits >>> 1) & 0x5555_5555;
    bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
    let leaf = this.#arena.words[root[pair + 1] + (Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24)];
    if (leaf >= FLAG) leaf = this.#deep?.lookup4(a) || leaf & 0x7fff_ffff;
    // All ones for a leaf of 0: the processor need not wait for it to know how to go on.
    return leaf | (this.#default & ((leaf - 1) >> 31));
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
    let high = this.#chunk[chunk * CHUNK + 1];
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
    const end = from + 2 * this.#chunk[c + 1];
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
    const sizeClass = this.#chunk[c + 3] >>> 8;
    const wanted = Arena.classOf(2 * count);
    this.#chunk[c + 1] = count;
    if (before !== 0 && count > 0 && sizeClass === wanted) return;
    if (before !== 0) this.#arena.give(before, sizeClass);
    this.#chunk[c] = count === 0 ? 0 : this.#arena.take(wanted);
    this.#chunk[c + 3] = (this.#chunk[c + 3] & 255) | (wanted << 8);
  }

  /** What was compiled of a chunk does not hold any more. */
  #touch(chunk: number): void {
    const bit = 1 << (chunk & 31);
    if ((this.#compiled[chunk >>> 5] & bit) === 0) return;
    this.#compiled[chunk >>> 5] &= ~bit;
    this.#freeLeaves(chunk);
    const from = chunk * 16;
    for (let i = from; i < from + 16; i += 2) this.#root[i] = 0;
  }

  #freeLeaves(chunk: number): void {
    const at = chunk * CHUNK + 2;
    if (this.#chunk[at] === 0) return;
    this.#arena.give(this.#chunk[at], this.#chunk[at + 1] & 255);
    this.#chunk[at] = 0;
  }

  #compile(chunk: number): void {
    this.#order(chunk);
    this.#compiled[chunk >>> 5] |= 1 << (chunk & 31);
    const leaves = this.#leaves;
    leaves.fill(this.#above[chunk]);
    const from = this.#chunk[chunk * CHUNK];
    const end = from + 2 * this.#chunk[chunk * CHUNK + 1];
    let { words } = this.#arena;
    // In order of place, then length: what is more specific comes later, and the mark of longer prefixes last.
    for (let at = from; at < end; at += 2) {
      const key = words[at];
      const slot = key >>> 4;
      if ((key & 15) === DEEP) continue;
      leaves.fill(words[at + 1], slot, slot + (1 << (7 - (key & 15))));
    }
    for (let at = from; at < end; at += 2) if ((words[at] & 15) === DEEP) leaves[words[at] >>> 4] |= FLAG;
    let runs = 1;
    for (let slot = 1; slot < 256; slot++) if (leaves[slot] !== leaves[slot - 1]) runs++;
    const root = this.#root;
    if (runs === 1 && leaves[0] === 0) {
      // Nothing at all: word 1, which is no piece's, is everybody's leaf.
      for (let pair = chunk * 16; pair < chunk * 16 + 16; pair += 2) {
        root[pair] = 1;
        root[pair + 1] = 0;
      }
      return;
    }
    const sizeClass = Arena.classOf(runs);
    const block = this.#arena.take(sizeClass);
    words = this.#arena.words;
    let leaf = block;
    for (let part = 0; part < 8; part++) {
      const start = part * 32;
      // As the place before it: its leaf is the one before.
      if (part === 0 || leaves[start] !== leaves[start - 1]) words[leaf++] = leaves[start];
      const pair = chunk * 16 + part * 2;
      root[pair + 1] = leaf - 2;
      let bitmap = 1;
      for (let slot = start + 1; slot < start + 32; slot++) {
        if (leaves[slot] === leaves[slot - 1]) continue;
        bitmap |= 1 << (slot & 31);
        words[leaf++] = leaves[slot];
      }
      root[pair] = bitmap;
    }
    this.#chunk[chunk * CHUNK + 2] = block;
    this.#chunk[chunk * CHUNK + 3] = (this.#chunk[chunk * CHUNK + 3] & ~255) | sizeClass;
  }
}

/** Where the prefix of `length` bits that begins as `first`, 16 bits, does stands: 1 is the whole space, 2n and 2n + 1 are the halves of n. */
function shortPlace(first: number, length: number): number {
  return (1 << length) + (first >>> (16 - length));
}
