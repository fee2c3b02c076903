import { widen } from '../lib/columns.js';
import { Arena } from './arena.js';

/** Words of a node: where its entries stand, how many they are and of which class, the node above, and the target above. */
const NODE = 4;
/** Nodes of the root: one for each value of the first 16 bits. */
const ROOT = 65_536;
/** In a leaf: it leads to a node's block. */
const FLAG = 0x8000_0000;
/** In the low octet of an entry's key: it is a child, not a prefix. */
const CHILD = 0xff;
/**
 * Words of a block before its leaves: for each 32 places a bitmap of where leaves begin, for each 32 an octet with the leaves
 * before them, and the node. Place 0 always begins one: the bit says that the entries did not change since.
 */
const HEAD = 11;
/** Words of a line of the processor's cache. Blocks begin at one, so that a node of few leaves is in one. */
const LINE = 16;
/** Words of an entry of the first 32 bits: them, the generation, the leaf, one to spare. */
const FIRST = 4;
/** Entries of the first 32 bits, at most: 512 KB. */
const MOST_FIRSTS = 32_768;

/**
 * Longest-prefix match over octets: the first 16 bits index an array, each further octet a node.
 *
 * A node keeps its prefixes in a sorted list, which is quick to change, and compiles them for look-up when it is first looked up
 * after a change: a bitmap of the places where the answer changes, and one leaf for each. An answer is then three loads and a
 * population count a node, of one line of the cache or two. A node has at most 766 entries, so no look-up waits for more than
 * some microseconds of compiling.
 *
 * In IPv6 most addresses share their first 32 bits with many others, and most prefixes are longer: what the first two nodes say
 * of 32 bits is remembered, until a prefix of up to 32 bits changes.
 *
 * Prefixes of up to 16 bits are spread over the root's nodes as the target above them; the default route stands beside.
 *
 * @internal
 */
export class ByteTrie {
  #node = new Uint32Array(ROOT * NODE);
  /** Where each node's block stands, 0 for none. */
  #block = new Uint32Array(ROOT);
  #nodes = ROOT;
  #freeNodes: number[] = [];
  /** The nodes' entries. */
  readonly #entries = new Arena(16_384);
  /** The nodes' blocks. */
  readonly #blocks = new Arena(16_384, LINE);
  /** What is known of the first 32 bits of addresses that were looked up; what is of an older generation is not true any more. */
  #firsts = new Uint32Array(FIRST);
  #generation = 1;
  /** Lengths of the short prefixes that gave the root's nodes their target. */
  readonly #shortLength = new Uint8Array(ROOT);
  /** Prefixes of 1 to 16 bits: `first 16 bits * 32 + length`. */
  readonly #short = new Map<number, number>();
  #default = 0;
  size = 0;
  /** For compiling. */
  readonly #leaves = new Uint32Array(256);
  readonly #path: number[] = [];

  constructor() {
    // Block 0 is where look-ups go that know their answer already.
    this.#blocks.words[0] = 1;
  }

  get bytes(): number {
    return this.#nodes * (NODE + 1) * 4 + ROOT + this.#entries.bytes + this.#blocks.bytes + this.#firsts.byteLength + this.#short.size * 40;
  }

  /** Sets the target of a prefix, 1 to 2^31 - 1. Returns the one before, 0 for none. */
  set(a: number, b: number, c: number, d: number, length: number, target: number): number {
    if (length <= 16) return this.#setShort(a >>> 16, length, target);
    const levels = (length - 17) >> 3;
    let node = a >>> 16;
    for (let level = 0; level < levels; level++) node = this.#child(node, level, octet(level, a, b, c, d));
    const key = (octet(levels, a, b, c, d) << 8) | (length - 16 - 8 * levels);
    const at = this.#find(node, key);
    const { words } = this.#entries;
    if (length <= 32) this.#forget();
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
      node = this.#entries.words[at + 1];
    }
    const key = (octet(levels, a, b, c, d) << 8) | (length - 16 - 8 * levels);
    const at = this.#find(node, key);
    if (at < 0) return 0;
    const target = this.#entries.words[at + 1];
    this.#remove(node, at);
    this.size--;
    if (length <= 32) this.#forget();
    // Nodes without entries go, up to the root's, which stay.
    for (let level = levels - 1; level >= 0 && this.#count(node) === 0; level--) {
      this.#freeNode(node);
      node = path[level];
      this.#remove(node, this.#find(node, (octet(level, a, b, c, d) << 8) | CHILD));
      if (level < 2) this.#forget();
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
      node = this.#entries.words[at + 1];
    }
    const at = this.#find(node, (octet(levels, a, b, c, d) << 8) | (length - 16 - 8 * levels));
    return at < 0 ? 0 : this.#entries.words[at + 1];
  }

  /** The target of the longest prefix that covers an IPv4 address, 0 for none. */
  lookup4(a: number): number {
    return this.#first(a) || this.#above(a);
  }

  /** The same for an IPv6 address. */
  lookup6(a: number, b: number, c: number, d: number): number {
    let firsts = this.#firsts;
    let at = firstAt(a, firsts.length);
    if (firsts[at] !== a || firsts[at + 1] !== this.#generation) {
      at = this.#remember(a);
      firsts = this.#firsts;
    }
    let { words } = this.#blocks;
    // The next two octets without a branch that waits for what was loaded: where the answer is known already, `inner` is 0, the
    // step goes to block 0 and what it finds there is masked away. So the processor goes on to the next look-up meanwhile.
    let leaf = firsts[at + 2] | 0;
    let inner = leaf >> 31;
    let block = leaf & inner & 0x7fff_ffff;
    if ((words[block] & 1) === 0) {
      block = this.#compile(words[block + 10]);
      words = this.#blocks.words;
    }
    leaf = (leaf & ~inner) | (words[leafAt(words, block, b >>> 24)] & inner);
    inner = leaf >> 31;
    block = leaf & inner & 0x7fff_ffff;
    if ((words[block] & 1) === 0) {
      block = this.#compile(words[block + 10]);
      words = this.#blocks.words;
    }
    leaf = (leaf & ~inner) | (words[leafAt(words, block, (b >>> 16) & 255)] & inner);
    if (leaf < 0) leaf = this.#deep(leaf & 0x7fff_ffff, b, c, d);
    return leaf || this.#above(a);
  }

  /** What covers an address for which no node has an answer. */
  #above(a: number): number {
    return this.#node[(a >>> 16) * NODE + 3] || this.#default;
  }

  /** What the first two nodes say of an address: a leaf. */
  #first(a: number): number {
    const root = a >>> 16;
    let block = this.#block[root];
    if (block === 0) {
      if (this.#count(root) === 0) return 0;
      block = this.#compile(root);
    }
    const leaf = this.#step(block, (a >>> 8) & 255);
    return leaf < FLAG ? leaf : this.#step(leaf & 0x7fff_ffff, a & 255);
  }

  /** What a block under the first 48 bits says of an address. */
  #deep(from: number, b: number, c: number, d: number): number {
    let block = from;
    let word = b;
    let next = c;
    for (let shift = 8; ; shift -= 8) {
      if (shift < 0) {
        word = next;
        next = d;
        shift = 24;
      }
      const leaf = this.#step(block, (word >>> shift) & 255);
      if (leaf < FLAG) return leaf;
      block = leaf & 0x7fff_ffff;
    }
  }

  /** The leaf of a block for an octet. */
  #step(from: number, byte: number): number {
    let { words } = this.#blocks;
    let block = from;
    if ((words[block] & 1) === 0) {
      block = this.#compile(words[block + 10]);
      words = this.#blocks.words;
    }
    return words[leafAt(words, block, byte)];
  }

  /** Remembers what the first two nodes say of 32 bits. Returns where it stands. */
  #remember(a: number): number {
    if (this.#firsts.length < MOST_FIRSTS * FIRST && this.#firsts.length < this.size) {
      this.#firsts = new Uint32Array(this.#firsts.length * 2);
    }
    const leaf = this.#first(a);
    const firsts = this.#firsts;
    const at = firstAt(a, firsts.length);
    firsts[at] = a;
    firsts[at + 1] = this.#generation;
    firsts[at + 2] = leaf;
    return at;
  }

  /** What is remembered of first 32 bits is not true any more. */
  #forget(): void {
    if (++this.#generation < 0x4000_0000) return;
    this.#firsts.fill(0);
    this.#generation = 1;
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
    this.#forget();
    if (before === 0) this.size++;
    const end = first + (1 << (16 - length));
    for (let slot = first; slot < end; slot++) {
      if (this.#shortLength[slot] > length) continue;
      this.#shortLength[slot] = length;
      this.#node[slot * NODE + 3] = target;
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
    this.#forget();
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
      this.#node[slot * NODE + 3] = cover;
    }
    return before;
  }

  // --- Nodes and their entries ---------------------------------------------------------------------------------------------

  #count(node: number): number {
    return this.#node[node * NODE + 1] & 0xffff;
  }

  /** Where a node's entry with this key stands in the arena; minus where it would stand, minus 1, when there is none. */
  #find(node: number, key: number): number {
    const from = this.#node[node * NODE];
    const { words } = this.#entries;
    let low = 0;
    let high = this.#node[node * NODE + 1] & 0xffff;
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
    const m = node * NODE;
    const count = this.#node[m + 1] & 0xffff;
    let sizeClass = this.#node[m + 1] >>> 16;
    let from = this.#node[m];
    const index = -1 - this.#find(node, key);
    const arena = this.#entries;
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
      this.#node[m] = from;
    }
    const { words } = arena;
    const at = from + 2 * index;
    // Short lists move faster by hand.
    for (let i = from + 2 * count - 1; i >= at; i--) words[i + 2] = words[i];
    words[at] = key;
    words[at + 1] = value;
    this.#node[m + 1] = (sizeClass << 16) | (count + 1);
    this.#touch(node);
  }

  #remove(node: number, at: number): void {
    const m = node * NODE;
    const count = this.#node[m + 1] & 0xffff;
    const sizeClass = this.#node[m + 1] >>> 16;
    const from = this.#node[m];
    const { words } = this.#entries;
    words.copyWithin(at, at + 2, from + 2 * count);
    if (count === 1) {
      this.#entries.give(from, sizeClass);
      this.#node[m] = 0;
      this.#node[m + 1] = 0;
      this.#freeBlock(node);
      return;
    }
    this.#node[m + 1] = (sizeClass << 16) | (count - 1);
    this.#touch(node);
  }

  /** The child of a node at a level, at an octet, new if need be. */
  #child(node: number, level: number, byte: number): number {
    const key = (byte << 8) | CHILD;
    const at = this.#find(node, key);
    if (at >= 0) return this.#entries.words[at + 1];
    const child = this.#freeNodes.pop() ?? this.#nodes++;
    if ((child + 1) * NODE > this.#node.length) {
      this.#node = widen(this.#node, this.#node.length * 2);
      this.#block = widen(this.#block, this.#block.length * 2);
    }
    this.#node[child * NODE + 2] = node;
    this.#insert(node, key, child);
    if (level < 2) this.#forget();
    return child;
  }

  #freeNode(node: number): void {
    this.#node.fill(0, node * NODE, node * NODE + NODE);
    this.#freeNodes.push(node);
  }

  /** A node's block is to be made anew before it is used again. */
  #touch(node: number): void {
    const block = this.#block[node];
    if (block !== 0) this.#blocks.words[block] &= ~1;
  }

  #freeBlock(node: number): void {
    const block = this.#block[node];
    if (block === 0) return;
    this.#blocks.give(block, blockClass(leavesOf(this.#blocks.words, block)));
    this.#block[node] = 0;
  }

  /** Room for a block of so many leaves, where the one before was if it fits. What leads there is told when it does not. */
  #place(node: number, leaves: number): number {
    const before = this.#block[node];
    const sizeClass = blockClass(leaves);
    if (before !== 0) {
      const old = blockClass(leavesOf(this.#blocks.words, before));
      if (old === sizeClass) return before;
      this.#blocks.give(before, old);
    }
    const block = this.#blocks.take(sizeClass);
    this.#block[node] = block;
    if (before === 0 || node < ROOT) return block;
    const above = this.#node[node * NODE + 2];
    const { words } = this.#blocks;
    const from = this.#block[above] + HEAD;
    const leaf = words.indexOf((FLAG | before) >>> 0, from);
    words[leaf] = FLAG | block;
    // Those of the third level are remembered.
    if (above >= ROOT && this.#node[above * NODE + 2] < ROOT) this.#forget();
    return block;
  }

  /** Makes a node's block from its entries, and tells its children what stands above them. */
  #compile(node: number): number {
    const leaves = this.#leaves;
    leaves.fill(node < ROOT ? 0 : this.#node[node * NODE + 3]);
    const from = this.#node[node * NODE];
    const end = from + 2 * this.#count(node);
    const { words: entries } = this.#entries;
    // In order of place, then length: what is more specific comes later.
    for (let at = from; at < end; at += 2) {
      const key = entries[at];
      if ((key & 255) === CHILD) continue;
      const slot = key >>> 8;
      leaves.fill(entries[at + 1], slot, slot + (1 << (8 - (key & 255))));
    }
    for (let at = from; at < end; at += 2) {
      const key = entries[at];
      if ((key & 255) !== CHILD) continue;
      const child = entries[at + 1];
      const above = child * NODE + 3;
      if (this.#block[child] === 0) this.#begin(child);
      else if (this.#node[above] !== leaves[key >>> 8]) this.#touch(child);
      this.#node[above] = leaves[key >>> 8];
      leaves[key >>> 8] = FLAG | this.#block[child];
    }
    let runs = 1;
    for (let slot = 1; slot < 256; slot++) if (leaves[slot] !== leaves[slot - 1]) runs++;
    const block = this.#place(node, runs);
    const { words } = this.#blocks;
    words.fill(0, block, block + 10);
    words[block + 10] = node;
    let leaf = block + HEAD;
    for (let slot = 0; slot < 256; slot++) {
      const group = slot >>> 5;
      if ((slot & 31) === 0) words[block + 8 + (group >>> 2)] |= (leaf - block - HEAD) << ((group & 3) * 8);
      if (slot > 0 && leaves[slot] === leaves[slot - 1]) continue;
      words[block + group] |= 1 << (slot & 31);
      words[leaf++] = leaves[slot];
    }
    return block;
  }

  /** A block that is to be made when it is first used. */
  #begin(node: number): void {
    const block = this.#place(node, 1);
    const { words } = this.#blocks;
    words.fill(0, block, block + HEAD);
    words[block + 10] = node;
  }
}

/** The octet of an address that a level looks at: level 0 the third. */
function octet(level: number, a: number, b: number, c: number, d: number): number {
  const word = level < 2 ? a : level < 6 ? b : level < 10 ? c : d;
  return (word >>> (24 - ((16 + 8 * level) & 31))) & 255;
}

/** The size class of a block of so many leaves: whole lines. */
function blockClass(leaves: number): number {
  return Arena.classOf((HEAD + leaves + LINE - 1) & -LINE);
}

/** Leaves of a block. */
function leavesOf(words: Uint32Array, block: number): number {
  return leafAt(words, block, 255) + 1 - HEAD - block;
}

/** Where the leaf for an octet stands: the last one that begins at it or before. */
function leafAt(words: Uint32Array, block: number, byte: number): number {
  const group = byte >>> 5;
  let bits = words[block + group] & (0xffff_ffff >>> (31 - (byte & 31)));
  bits -= (bits >>> 1) & 0x5555_5555;
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  const within = Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
  const before = (words[block + 8 + (group >>> 2)] >>> ((group & 3) * 8)) & 255;
  return block + HEAD - 1 + before + within;
}

/** Where first 32 bits stand among those remembered. */
function firstAt(a: number, length: number): number {
  return (Math.imul(a, 0x9e37_79b1) >>> 12) & (length - FIRST);
}
