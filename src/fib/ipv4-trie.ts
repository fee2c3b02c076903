import { Arena } from './arena.js';
import { ByteTrie } from './byte-trie.js';

/** In the root: the /16 changed since it was compiled. In a leaf: the /24 has longer prefixes, which stand in {@link Ipv4Trie.#deep}. */
const FLAG = 0x8000_0000;
/** The whole root word of a place that must be compiled first. */
const STALE = 0xffff_ffff;
/** Chunks: one for each value of the first 16 bits. */
const CHUNKS = 65_536;
/** Words of a chunk: its log, its entries (and above them how many are in order), its leaves, and both pieces' classes. */
const CHUNK = 4;
/** Entries that a log may have before it is put in order to save room. */
const LOG = 48;
/** In the low octet of an entry's key: how many longer prefixes the /24 has, not a prefix. */
const DEEP = 0xff;

/**
 * Longest-prefix match for a large IPv4 table: an array over the first 19 bits, of a bitmap and a base each. A bit stands where, from
 * one /24 to the next, the answer changes; its leaf stands as far behind the base as bits are set before. So a look-up is two
 * loads and a population count, one load where a /19 is all alike, and the array and its leaves are 9 MB for a full table.
 *
 * The prefixes themselves stand in a log for each /16: a change is appended, without looking for what was there. The log is put in
 * order when somebody asks, or when it has grown to twice what is in it; and a /16 is compiled when it is first looked up after a
 * change. Both take microseconds. Prefixes longer than 24 bits stand in a trie of their own, asked only for the /24s that have any;
 * the default route stands beside.
 *
 * @internal
 */
export class Ipv4Trie {
  /** For each /19: its bitmap, and the place before its first leaf; without bits, the answer itself. */
  readonly #root = new Uint32Array(2 * CHUNKS * 8);
  readonly #chunk = new Uint32Array(CHUNKS * CHUNK);
  readonly #arena = new Arena(65_536);
  /** What prefixes of 1 to 16 bits make of each /16, and the length of the one that did. */
  readonly #above = new Uint32Array(CHUNKS);
  readonly #aboveLength = new Uint8Array(CHUNKS);
  /** Prefixes of 1 to 16 bits: `first 16 bits * 32 + length`. */
  readonly #short = new Map<number, number>();
  #deep: ByteTrie | undefined;
  #default = 0;
  readonly #leaves = new Uint32Array(256);
  /** For putting a log in order. */
  readonly #sorted = new Float64Array(1024);
  readonly #values = new Uint32Array(1024);

  get bytes(): number {
    return (
      this.#root.byteLength +
      this.#chunk.byteLength +
      this.#above.byteLength +
      this.#aboveLength.byteLength +
      this.#arena.bytes +
      this.#short.size * 40 +
      (this.#deep?.bytes ?? 0)
    );
  }

  /** Sets the target of a prefix, 1 to 2^31 - 2, or takes it out (0). */
  put(a: number, length: number, target: number): void {
    if (length <= 16) {
      if (target === 0) this.#deleteShort(a >>> 16, length);
      else this.#setShort(a >>> 16, length, target);
    } else if (length <= 24) this.#append(a >>> 16, (((a >>> 8) & 255) << 8) | (length - 16), target);
    else this.#putDeep(a, length, target);
  }

  #putDeep(a: number, length: number, target: number): void {
    this.#deep ??= new ByteTrie();
    const before = target === 0 ? this.#deep.delete(a, 0, 0, 0, length) : this.#deep.set(a, 0, 0, 0, length, target);
    if ((before === 0) === (target === 0)) return;
    const chunk = a >>> 16;
    const key = (((a >>> 8) & 255) << 8) | DEEP;
    this.#append(chunk, key, this.#last(chunk, key) + (target === 0 ? -1 : 1));
  }

  /**
   * Looks at what a change of each address will look at, all at once: the misses of a batch in the cache overlap, where those of one
   * change after another would not. The sum means nothing; it keeps the loads.
   */
  warm(addresses: Uint32Array, ids: Uint32Array, count: number): number {
    const chunks = this.#chunk;
    const root = this.#root;
    const { words } = this.#arena;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const chunk = addresses[ids[i]] >>> 16;
      sum = (sum + chunks[chunk * CHUNK] + root[chunk * 16 + 1]) | 0;
    }
    for (let i = 0; i < count; i++) {
      const c = (addresses[ids[i]] >>> 16) * CHUNK;
      sum = (sum + words[chunks[c] + 2 * (chunks[c + 1] & 0xffff)]) | 0;
    }
    return sum;
  }

  /** The target of exactly this prefix, 0 for none. */
  get(a: number, length: number): number {
    if (length === 0) return this.#default;
    if (length <= 16) return this.#short.get((a >>> 16) * 32 + length) ?? 0;
    if (length > 24) return this.#deep?.get(a, 0, 0, 0, length) ?? 0;
    return this.#last(a >>> 16, (((a >>> 8) & 255) << 8) | (length - 16));
  }

  /** The target of the longest prefix that covers an address, 0 for none. */
  lookup(a: number): number {
    const root = this.#root;
    const pair = (a >>> 13) << 1;
    let bitmap = root[pair];
    let leaf = root[pair + 1];
    if (leaf === STALE) {
      this.#compile(a >>> 16);
      bitmap = root[pair];
      leaf = root[pair + 1];
    }
    if (bitmap !== 0) {
      let bits = bitmap & (0xffff_ffff >>> (31 - ((a >>> 8) & 31)));
      bits -= (bits >>> 1) & 0x5555_5555;
      bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
      leaf = this.#arena.words[leaf + (Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24)];
    }
    if (leaf >= FLAG) leaf = this.#deep?.lookup4(a) || leaf & 0x7fff_ffff;
    return leaf !== 0 ? leaf : this.#default;
  }

  // --- Short prefixes ------------------------------------------------------------------------------------------------------

  #setShort(first: number, length: number, target: number): void {
    if (length === 0) {
      this.#default = target;
      return;
    }
    this.#short.set(first * 32 + length, target);
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
    if (!this.#short.delete(first * 32 + length)) return;
    let cover = 0;
    let coverLength = length - 1;
    for (; coverLength > 0; coverLength--) {
      cover = this.#short.get((first & (0x1_0000 - (1 << (16 - coverLength)))) * 32 + coverLength) ?? 0;
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

  // --- Chunks and their logs -----------------------------------------------------------------------------------------------

  /** The last word on a key, 0 when there is none: in what was appended since the log was last in order, then in what is. */
  #last(chunk: number, key: number): number {
    const from = this.#chunk[chunk * CHUNK];
    const sorted = this.#chunk[chunk * CHUNK + 1] >>> 16;
    const { words } = this.#arena;
    for (let i = (this.#chunk[chunk * CHUNK + 1] & 0xffff) - 1; i >= sorted; i--)
      if (words[from + 2 * i] === key) return words[from + 2 * i + 1];
    let low = 0;
    let high = sorted;
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
  #append(chunk: number, key: number, value: number): void {
    const c = chunk * CHUNK;
    let count = this.#chunk[c + 1] & 0xffff;
    let from = this.#chunk[c];
    if (from === 0 || 2 * count + 2 > Arena.sizeOf(this.#chunk[c + 3] >>> 8)) {
      this.#makeRoom(chunk);
      from = this.#chunk[c];
      count = this.#chunk[c + 1] & 0xffff;
    }
    const { words } = this.#arena;
    words[from + 2 * count] = key;
    words[from + 2 * count + 1] = value;
    this.#chunk[c + 1]++;
    this.#touch(chunk);
  }

  #makeRoom(chunk: number): void {
    const c = chunk * CHUNK;
    const before = this.#chunk[c + 1] & 0xffff;
    if (before >= LOG) this.#order(chunk);
    const count = this.#chunk[c + 1] & 0xffff;
    const from = this.#chunk[c];
    const sizeClass = this.#chunk[c + 3] >>> 8;
    // Half of it was stale: there is room now.
    if (from !== 0 && count <= before >> 1) return;
    const wider = Arena.classOf(2 * count + Math.max(2, count));
    const to = this.#arena.take(wider);
    if (from !== 0) {
      this.#arena.words.copyWithin(to, from, from + 2 * count);
      this.#arena.give(from, sizeClass);
    }
    this.#chunk[c] = to;
    this.#chunk[c + 3] = (this.#chunk[c + 3] & 255) | (wider << 8);
  }

  /** Puts a log in order: one entry a key, the last, and none for what is out. */
  #order(chunk: number): void {
    const c = chunk * CHUNK;
    const count = this.#chunk[c + 1] & 0xffff;
    if (this.#chunk[c + 1] >>> 16 === count) return;
    const { words } = this.#arena;
    const from = this.#chunk[c];
    const sorted = this.#sorted.subarray(0, count);
    const values = this.#values;
    // Key, then place in the log: numbers that sort as both.
    for (let i = 0; i < count; i++) {
      sorted[i] = words[from + 2 * i] * 4096 + i;
      values[i] = words[from + 2 * i + 1];
    }
    sorted.sort();
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const key = Math.floor(sorted[i] / 4096);
      if (i + 1 < count && Math.floor(sorted[i + 1] / 4096) === key) continue;
      const value = values[sorted[i] % 4096];
      if (value === 0) continue;
      words[from + 2 * kept] = key;
      words[from + 2 * kept++ + 1] = value;
    }
    this.#chunk[c + 1] = ((kept << 16) | kept) >>> 0;
    if (kept > 0) return;
    this.#arena.give(from, this.#chunk[c + 3] >>> 8);
    this.#chunk[c] = 0;
    this.#chunk[c + 3] &= 255;
  }

  /** What was compiled of a chunk does not hold any more. */
  #touch(chunk: number): void {
    const from = chunk * 16;
    if (this.#root[from + 1] === STALE) return;
    this.#freeLeaves(chunk);
    for (let i = from; i < from + 16; i += 2) this.#root[i + 1] = STALE;
  }

  #freeLeaves(chunk: number): void {
    const at = chunk * CHUNK + 2;
    if (this.#chunk[at] === 0) return;
    this.#arena.give(this.#chunk[at], this.#chunk[at + 1] & 255);
    this.#chunk[at] = 0;
  }

  #compile(chunk: number): void {
    this.#order(chunk);
    const leaves = this.#leaves;
    leaves.fill(this.#above[chunk]);
    const from = this.#chunk[chunk * CHUNK];
    const end = from + 2 * (this.#chunk[chunk * CHUNK + 1] & 0xffff);
    let { words } = this.#arena;
    // In order of place, then length: what is more specific comes later, and the mark of longer prefixes last.
    for (let at = from; at < end; at += 2) {
      const key = words[at];
      const slot = key >>> 8;
      if ((key & 255) === DEEP) continue;
      leaves.fill(words[at + 1], slot, slot + (1 << (8 - (key & 255))));
    }
    for (let at = from; at < end; at += 2) if ((words[at] & 255) === DEEP) leaves[words[at] >>> 8] |= FLAG;
    let changes = 0;
    for (let slot = 0; slot < 256; slot++) if ((slot & 31) === 0 || leaves[slot] !== leaves[slot - 1]) changes++;
    const root = this.#root;
    const sizeClass = Arena.classOf(changes);
    const block = this.#arena.take(sizeClass);
    words = this.#arena.words;
    let leaf = block;
    for (let part = 0; part < 8; part++) {
      const pair = chunk * 16 + part * 2;
      const first = leaf;
      let bitmap = 0;
      for (let slot = part * 32; slot < part * 32 + 32; slot++) {
        if ((slot & 31) !== 0 && leaves[slot] === leaves[slot - 1]) continue;
        bitmap |= 1 << (slot & 31);
        words[leaf++] = leaves[slot];
      }
      // All alike: the answer stands in the root, and its leaf's place is the next part's.
      if (leaf === first + 1) {
        leaf = first;
        root[pair] = 0;
        root[pair + 1] = leaves[part * 32];
      } else {
        root[pair] = bitmap;
        root[pair + 1] = first - 1;
      }
    }
    this.#chunk[chunk * CHUNK + 2] = block;
    this.#chunk[chunk * CHUNK + 3] = (this.#chunk[chunk * CHUNK + 3] & ~255) | sizeClass;
  }
}
