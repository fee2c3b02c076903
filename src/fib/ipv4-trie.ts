import { Arena } from './arena.js';
import { ByteTrie } from './byte-trie.js';

/** In the root: the /16 changed since it was compiled. In a leaf: the /24 has longer prefixes, which stand in {@link Ipv4Trie.#deep}. */
const FLAG = 0x8000_0000;
/** The whole root word of a place that must be compiled first. */
const STALE = 0xffff_ffff;
/** Chunks: one for each value of the first 16 bits. */
const CHUNKS = 65_536;
/** Words of a chunk: its entries, how many and of which class, its leaves and their class. */
const CHUNK = 4;
/** In the low octet of an entry's key: how many longer prefixes the /24 has, not a prefix. */
const DEEP = 0xff;

/**
 * Longest-prefix match for a large IPv4 table: an array over the first 19 bits, of a bitmap and a base each. A bit stands where, from
 * one /24 to the next, the answer changes; its leaf stands as far behind the base as bits are set before. So a look-up is two
 * loads and a population count, one load where a /19 is all alike, and the array and its leaves are 9 MB for a full table.
 *
 * The prefixes themselves stand in a sorted list for each /16, quick to change; a /16 is compiled when it is first looked up after
 * a change, in some microseconds. Prefixes longer than 24 bits stand in a trie of their own, asked only for the /24s that have any;
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
  size = 0;
  readonly #leaves = new Uint32Array(256);

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

  /** Sets the target of a prefix, 1 to 2^31 - 2. Returns the one before, 0 for none. */
  set(a: number, length: number, target: number): number {
    if (length <= 16) return this.#setShort(a >>> 16, length, target);
    const chunk = a >>> 16;
    const slot = (a >>> 8) & 255;
    if (length > 24) {
      this.#deep ??= new ByteTrie();
      const before = this.#deep.set(a, 0, 0, 0, length, target);
      if (before === 0) {
        this.size++;
        this.#countDeep(chunk, slot, 1);
      }
      return before;
    }
    const key = (slot << 8) | (length - 16);
    const at = this.#find(chunk, key);
    if (at >= 0) {
      const { words } = this.#arena;
      const before = words[at + 1];
      words[at + 1] = target;
      if (before !== target) this.#touch(chunk);
      return before;
    }
    this.#insert(chunk, key, target);
    this.size++;
    return 0;
  }

  /** Takes a prefix out. Returns its target, 0 when there was none. */
  delete(a: number, length: number): number {
    if (length <= 16) return this.#deleteShort(a >>> 16, length);
    const chunk = a >>> 16;
    const slot = (a >>> 8) & 255;
    if (length > 24) {
      const before = this.#deep?.delete(a, 0, 0, 0, length) ?? 0;
      if (before !== 0) {
        this.size--;
        this.#countDeep(chunk, slot, -1);
      }
      return before;
    }
    const at = this.#find(chunk, (slot << 8) | (length - 16));
    if (at < 0) return 0;
    const target = this.#arena.words[at + 1];
    this.#remove(chunk, at);
    this.size--;
    return target;
  }

  /** The target of exactly this prefix, 0 for none. */
  get(a: number, length: number): number {
    if (length === 0) return this.#default;
    if (length <= 16) return this.#short.get((a >>> 16) * 32 + length) ?? 0;
    if (length > 24) return this.#deep?.get(a, 0, 0, 0, length) ?? 0;
    const at = this.#find(a >>> 16, (((a >>> 8) & 255) << 8) | (length - 16));
    return at < 0 ? 0 : this.#arena.words[at + 1];
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

  #setShort(first: number, length: number, target: number): number {
    if (length === 0) {
      const before = this.#default;
      this.#default = target;
      if (before === 0) this.size++;
      return before;
    }
    const key = first * 32 + length;
    const before = this.#short.get(key) ?? 0;
    this.#short.set(key, target);
    if (before === 0) this.size++;
    if (before === target) return before;
    const end = first + (1 << (16 - length));
    for (let chunk = first; chunk < end; chunk++) {
      if (this.#aboveLength[chunk] > length) continue;
      this.#aboveLength[chunk] = length;
      this.#above[chunk] = target;
      this.#touch(chunk);
    }
    return before;
  }

  #deleteShort(first: number, length: number): number {
    if (length === 0) {
      const before = this.#default;
      this.#default = 0;
      if (before !== 0) this.size--;
      return before;
    }
    const key = first * 32 + length;
    const before = this.#short.get(key);
    if (before === undefined) return 0;
    this.#short.delete(key);
    this.size--;
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
    return before;
  }

  // --- Chunks and their entries --------------------------------------------------------------------------------------------

  /** Where a chunk's entry with this key stands in the arena; minus its index in the list, minus 1, when there is none. */
  #find(chunk: number, key: number): number {
    const from = this.#chunk[chunk * CHUNK];
    const { words } = this.#arena;
    let low = 0;
    let high = this.#chunk[chunk * CHUNK + 1] & 0xffff;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = words[from + 2 * middle];
      if (found === key) return from + 2 * middle;
      if (found < key) low = middle + 1;
      else high = middle;
    }
    return -1 - low;
  }

  #insert(chunk: number, key: number, value: number): void {
    const c = chunk * CHUNK;
    const count = this.#chunk[c + 1] & 0xffff;
    let sizeClass = this.#chunk[c + 1] >>> 16;
    let from = this.#chunk[c];
    const index = -1 - this.#find(chunk, key);
    const arena = this.#arena;
    if (from === 0 || 2 * count + 2 > Arena.sizeOf(sizeClass)) {
      const wider = Arena.classOf(2 * count + 2);
      const to = arena.take(wider);
      if (from !== 0) {
        arena.words.copyWithin(to, from, from + 2 * count);
        arena.give(from, sizeClass);
      }
      from = to;
      sizeClass = wider;
      this.#chunk[c] = from;
    }
    const { words } = arena;
    const at = from + 2 * index;
    for (let i = from + 2 * count - 1; i >= at; i--) words[i + 2] = words[i];
    words[at] = key;
    words[at + 1] = value;
    this.#chunk[c + 1] = (sizeClass << 16) | (count + 1);
    this.#touch(chunk);
  }

  #remove(chunk: number, at: number): void {
    const c = chunk * CHUNK;
    const count = this.#chunk[c + 1] & 0xffff;
    const from = this.#chunk[c];
    const { words } = this.#arena;
    for (let i = at; i < from + 2 * count - 2; i++) words[i] = words[i + 2];
    if (count === 1) {
      this.#arena.give(from, this.#chunk[c + 1] >>> 16);
      this.#chunk[c] = 0;
      this.#chunk[c + 1] = 0;
    } else this.#chunk[c + 1]--;
    this.#touch(chunk);
  }

  #countDeep(chunk: number, slot: number, by: 1 | -1): void {
    const key = (slot << 8) | DEEP;
    const at = this.#find(chunk, key);
    if (at < 0) this.#insert(chunk, key, 1);
    else if (this.#arena.words[at + 1] + by === 0) this.#remove(chunk, at);
    else this.#arena.words[at + 1] += by;
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
    this.#arena.give(this.#chunk[at], this.#chunk[at + 1]);
    this.#chunk[at] = 0;
  }

  #compile(chunk: number): void {
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
    this.#chunk[chunk * CHUNK + 3] = sizeClass;
  }
}
