import { widen } from '../lib/columns.js';
import { Arena } from './arena.js';

/** Words of a node as look-ups see it: its compiled block, and the target above it. */
const NODE = 2;
/** Words of a node's list: where its entries stand, and how many they are and of which class. */
const LIST = 2;
/** Nodes of the root: one for each value of the first 16 bits. */
const ROOT = 65_536;
/** In a node's block: the entries changed since it was compiled. In a leaf: it leads to a node. */
const FLAG = 0x8000_0000;
/** In the low octet of an entry's key: it is a child, not a prefix. */
const CHILD = 0xff;
/** Words of a block before its leaves: for each 32 places a bitmap, and where in the arena the leaf before its first stands. */
const HEAD = 16;

/**
 * Longest-prefix match over octets: the first 16 bits index an array, each further octet a node.
 *
 * A node keeps its prefixes in a sorted list, which is quick to change, and compiles them for look-up when it is first looked up
 * after a change: a bitmap of the places where the answer changes, and one leaf for each. An answer is then two loads and a
 * population count a node; the whole is small enough to stay in the cache. A node has at most 766 entries, so no look-up waits
 * for more than some microseconds of compiling.
 *
 * Prefixes of up to 16 bits are spread over the root's nodes as the target above them; the default route stands beside.
 *
 * @internal
 */
export class ByteTrie {
  #node = new Uint32Array(ROOT * NODE);
  #list = new Uint32Array(ROOT * LIST);
  #nodes = ROOT;
  #freeNodes: number[] = [];
  readonly #arena = new Arena(16_384);
  /** Lengths of the short prefixes that gave the root's nodes their target. */
  readonly #shortLength = new Uint8Array(ROOT);
  /** Prefixes of 1 to 16 bits: `first 16 bits * 32 + length`. */
  readonly #short = new Map<number, number>();
  #default = 0;
  size = 0;
  /** For compiling. */
  readonly #leaves = new Uint32Array(256);
  readonly #path: number[] = [];

  get bytes(): number {
    return this.#nodes * (NODE + LIST) * 4 + ROOT + this.#arena.bytes + this.#short.size * 40;
  }

  /** Sets the target of a prefix, 1 to 2^31 - 1. Returns the one before, 0 for none. */
  set(a: number, b: number, c: number, d: number, length: number, target: number): number {
    if (length <= 16) return this.#setShort(a >>> 16, length, target);
    const levels = (length - 17) >> 3;
    let node = a >>> 16;
    for (let level = 0; level < levels; level++) node = this.#child(node, octet(level, a, b, c, d));
    const key = (octet(levels, a, b, c, d) << 8) | (length - 16 - 8 * levels);
    const at = this.#find(node, key);
    const { words } = this.#arena;
    if (at >= 0) {
      const before = words[at + 1];
      words[at + 1] = target;
      if (before !== target) this.#touch(node);
      return before;
    }
    this.#insert(node, key, target);
    this.size++;
    return 0;
  }

  /** Takes a prefix out. Returns its target, 0 when there was none. */
  delete(a: number, b: number, c: number, d: number, length: number): number {
    if (length <= 16) return this.#deleteShort(a >>> 16, length);
    const levels = (length - 17) >> 3;
    const path = this.#path;
    let node = a >>> 16;
    for (let level = 0; level < levels; level++) {
      const at = this.#find(node, (octet(level, a, b, c, d) << 8) | CHILD);
      if (at < 0) return 0;
      path[level] = node;
      node = this.#arena.words[at + 1];
    }
    const key = (octet(levels, a, b, c, d) << 8) | (length - 16 - 8 * levels);
    const at = this.#find(node, key);
    if (at < 0) return 0;
    const target = this.#arena.words[at + 1];
    this.#remove(node, at);
    this.size--;
    // Nodes without entries go, up to the root's, which stay.
    for (let level = levels - 1; level >= 0 && this.#count(node) === 0; level--) {
      this.#freeNode(node);
      node = path[level];
      this.#remove(node, this.#find(node, (octet(level, a, b, c, d) << 8) | CHILD));
    }
    return target;
  }

  /** The target of exactly this prefix, 0 for none. */
  get(a: number, b: number, c: number, d: number, length: number): number {
    if (length === 0) return this.#default;
    if (length <= 16) return this.#short.get((a >>> 16) * 32 + length) ?? 0;
    const levels = (length - 17) >> 3;
    let node = a >>> 16;
    for (let level = 0; level < levels; level++) {
      const at = this.#find(node, (octet(level, a, b, c, d) << 8) | CHILD);
      if (at < 0) return 0;
      node = this.#arena.words[at + 1];
    }
    const at = this.#find(node, (octet(levels, a, b, c, d) << 8) | (length - 16 - 8 * levels));
    return at < 0 ? 0 : this.#arena.words[at + 1];
  }

  /** The target of the longest prefix that covers an IPv4 address, 0 for none. */
  lookup4(a: number): number {
    const nodes = this.#node;
    let { words } = this.#arena;
    let best = this.#default;
    let node = a >>> 16;
    for (let shift = 8; ; shift -= 8) {
      const above = nodes[node * NODE + 1];
      if (above !== 0) best = above;
      let block = nodes[node * NODE];
      if (block === 0) return best;
      if (block >= FLAG) {
        block = this.#compile(node);
        words = this.#arena.words;
      }
      const byte = (a >>> shift) & 255;
      const pair = block + (byte >>> 5) * 2;
      let bits = words[pair] & (0xffff_ffff >>> (31 - (byte & 31)));
      bits -= (bits >>> 1) & 0x5555_5555;
      bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
      const leaf = words[words[pair + 1] + (Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24)];
      if (leaf < FLAG) return leaf !== 0 ? leaf : best;
      node = leaf & 0x7fff_ffff;
    }
  }

  /** The same for an IPv6 address. */
  lookup6(a: number, b: number, c: number, d: number): number {
    const nodes = this.#node;
    let { words } = this.#arena;
    let best = this.#default;
    let node = a >>> 16;
    // The word that the next octet is in, and where in it.
    let word = a;
    let next = 1;
    for (let shift = 8; ; shift -= 8) {
      if (shift < 0) {
        word = next === 1 ? b : next === 2 ? c : d;
        next++;
        shift = 24;
      }
      const above = nodes[node * NODE + 1];
      if (above !== 0) best = above;
      let block = nodes[node * NODE];
      if (block === 0) return best;
      if (block >= FLAG) {
        block = this.#compile(node);
        words = this.#arena.words;
      }
      const byte = (word >>> shift) & 255;
      const pair = block + (byte >>> 5) * 2;
      let bits = words[pair] & (0xffff_ffff >>> (31 - (byte & 31)));
      bits -= (bits >>> 1) & 0x5555_5555;
      bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
      const leaf = words[words[pair + 1] + (Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24)];
      if (leaf < FLAG) return leaf !== 0 ? leaf : best;
      node = leaf & 0x7fff_ffff;
    }
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
    const end = first + (1 << (16 - length));
    for (let slot = first; slot < end; slot++) {
      if (this.#shortLength[slot] > length) continue;
      this.#shortLength[slot] = length;
      this.#node[slot * NODE + 1] = target;
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
    for (let slot = first; slot < end; slot++) {
      if (this.#shortLength[slot] !== length) continue;
      this.#shortLength[slot] = coverLength;
      this.#node[slot * NODE + 1] = cover;
    }
    return before;
  }

  // --- Nodes and their entries ---------------------------------------------------------------------------------------------

  #count(node: number): number {
    return this.#list[node * LIST + 1] & 0xffff;
  }

  /** Where a node's entry with this key stands in the arena; minus where it would stand, minus 1, when there is none. */
  #find(node: number, key: number): number {
    const from = this.#list[node * LIST];
    const { words } = this.#arena;
    let low = 0;
    let high = this.#list[node * LIST + 1] & 0xffff;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = words[from + 2 * middle];
      if (found === key) return from + 2 * middle;
      if (found < key) low = middle + 1;
      else high = middle;
    }
    return -1 - low;
  }

  #insert(node: number, key: number, value: number): void {
    const m = node * LIST;
    const count = this.#list[m + 1] & 0xffff;
    let sizeClass = this.#list[m + 1] >>> 16;
    let from = this.#list[m];
    const index = -1 - this.#find(node, key);
    const arena = this.#arena;
    if (from === 0 || 2 * count + 2 > Arena.sizeOf(sizeClass)) {
      const wider = Arena.classOf(2 * count + 2);
      const to = arena.take(wider);
      const { words } = arena;
      if (from !== 0) {
        words.copyWithin(to, from, from + 2 * count);
        arena.give(from, sizeClass);
      }
      from = to;
      sizeClass = wider;
      this.#list[m] = from;
    }
    const { words } = arena;
    const at = from + 2 * index;
    // Short lists move faster by hand.
    for (let i = from + 2 * count - 1; i >= at; i--) words[i + 2] = words[i];
    words[at] = key;
    words[at + 1] = value;
    this.#list[m + 1] = (sizeClass << 16) | (count + 1);
    this.#touch(node);
  }

  #remove(node: number, at: number): void {
    const m = node * LIST;
    const count = this.#list[m + 1] & 0xffff;
    const sizeClass = this.#list[m + 1] >>> 16;
    const from = this.#list[m];
    const { words } = this.#arena;
    words.copyWithin(at, at + 2, from + 2 * count);
    if (count === 1) {
      this.#arena.give(from, sizeClass);
      this.#list[m] = 0;
      this.#list[m + 1] = 0;
      this.#freeBlock(node);
      this.#node[node * NODE] = 0;
      return;
    }
    this.#list[m + 1] = (sizeClass << 16) | (count - 1);
    this.#touch(node);
  }

  /** The child of a node at an octet, new if need be. */
  #child(node: number, byte: number): number {
    const key = (byte << 8) | CHILD;
    const at = this.#find(node, key);
    if (at >= 0) return this.#arena.words[at + 1];
    const child = this.#freeNodes.pop() ?? this.#nodes++;
    if ((child + 1) * NODE > this.#node.length) {
      this.#node = widen(this.#node, this.#node.length * 2);
      this.#list = widen(this.#list, this.#list.length * 2);
    }
    this.#insert(node, key, child);
    return child;
  }

  #freeNode(node: number): void {
    this.#node.fill(0, node * NODE, node * NODE + NODE);
    this.#list.fill(0, node * LIST, node * LIST + LIST);
    this.#freeNodes.push(node);
  }

  #touch(node: number): void {
    this.#node[node * NODE] |= FLAG;
  }

  #freeBlock(node: number): void {
    const block = this.#node[node * NODE] & 0x7fff_ffff;
    if (block === 0) return;
    // A block's size follows from its last pair: the leaves before it, and its own.
    const { words } = this.#arena;
    this.#arena.give(block, Arena.classOf(words[block + 15] + 1 + popCount(words[block + 14]) - block));
  }

  /** Makes a node's block anew from its entries, and tells its children what stands above them. */
  #compile(node: number): number {
    this.#freeBlock(node);
    const leaves = this.#leaves;
    leaves.fill(0);
    const from = this.#list[node * LIST];
    const end = from + 2 * this.#count(node);
    let { words } = this.#arena;
    // In order of place, then length: what is more specific comes later.
    for (let at = from; at < end; at += 2) {
      const key = words[at];
      if ((key & 255) === CHILD) continue;
      const slot = key >>> 8;
      leaves.fill(words[at + 1], slot, slot + (1 << (8 - (key & 255))));
    }
    for (let at = from; at < end; at += 2) {
      const key = words[at];
      if ((key & 255) !== CHILD) continue;
      const child = words[at + 1];
      this.#node[child * NODE + 1] = leaves[key >>> 8];
      leaves[key >>> 8] = FLAG | child;
    }
    let runs = 1;
    for (let slot = 1; slot < 256; slot++) if (leaves[slot] !== leaves[slot - 1]) runs++;
    const block = this.#arena.take(Arena.classOf(HEAD + runs));
    words = this.#arena.words;
    let leaf = block + HEAD;
    for (let slot = 0; slot < 256; slot++) {
      const pair = block + (slot >>> 5) * 2;
      if ((slot & 31) === 0) {
        words[pair] = 0;
        words[pair + 1] = leaf - 1;
      }
      if (slot > 0 && leaves[slot] === leaves[slot - 1]) continue;
      words[pair] |= 1 << (slot & 31);
      words[leaf++] = leaves[slot];
    }
    this.#node[node * NODE] = block;
    return block;
  }
}

/** The octet of an address that a level looks at: level 0 the third. */
function octet(level: number, a: number, b: number, c: number, d: number): number {
  const word = level < 2 ? a : level < 6 ? b : level < 10 ? c : d;
  return (word >>> (24 - ((16 + 8 * level) & 31))) & 255;
}

function popCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
