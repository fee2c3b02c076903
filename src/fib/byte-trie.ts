import { widen } from '../lib/columns.js';
import { Arena } from './arena.js';

/** Words of a node: where its entries stand, how many they are and of which class, the node above, and the target above. */
const NODE = 4;
/** Nodes of the root: one for each value of the first 16 bits. */
const ROOT = 65_536;
/** Levels of nodes: one for each octet after the first two. */
const LEVELS = 14;
/** In the low octet of an entry's key: it is a child, not a prefix. */
const CHILD = 0xff;
/** In a word that a look-up reads: it leads on, to a line or a page. */
const FLAG = 0x8000_0000;
/** Leads to the first page, where every word is this one: what should stand there is to be compiled. */
const STALE = FLAG;
/** Words of a line, one for each value of four bits, and of the processor's cache too. */
const LINE = 16;
/** Words of a page, one for each value of an octet. */
const PAGE = 256;
const LINE_CLASS = Arena.classOf(LINE);
const PAGE_CLASS = Arena.classOf(PAGE);
/** Of where a node's block stands, which is a multiple of a line: what is compiled there holds. */
const COMPILED = 1;
/** Of the same: it is a page, not a line. */
const WIDE = 2;
const PLACE = ~(LINE - 1);

/**
 * Longest-prefix match over octets: the first 16 bits index an array, each further octet a node.
 *
 * A node keeps its prefixes in a sorted list, which is quick to change, and compiles them for look-up when it is first looked up
 * after a change. The upper nodes, which are few and which every look-up meets, become a page with a word for each octet. The
 * lower ones, which are many and nearly empty, become a line with a word for each value of the octet's first four bits, and a line
 * more for each of those under which the answers differ. A word is an answer or leads on. So an answer is a load a page or line, and
 * nothing is computed between one load and the next. A node has at most 766 entries, so no look-up waits for more than some
 * microseconds of compiling.
 *
 * Prefixes of up to 16 bits are spread over the root's nodes as the target above them; the default route stands beside.
 *
 * @internal
 */
export class ByteTrie {
  /** What look-ups read first: 0 for a node of the root that has no entries. */
  readonly #root = new Uint32Array(ROOT);
  #node = new Uint32Array(ROOT * NODE);
  /** Where each node's block stands, with what it is ({@link COMPILED}, {@link WIDE}); 0 for none. It stays where it is as long as the node does. */
  #block = new Uint32Array(ROOT);
  #nodes = ROOT;
  #freeNodes: number[] = [];
  /** The nodes' entries. */
  readonly #entries = new Arena(16_384);
  /** The nodes' blocks, lines and pages. */
  readonly #blocks = new Arena(16_384, PAGE);
  /** Lengths of the short prefixes that gave the root's nodes their target. */
  readonly #shortLength = new Uint8Array(ROOT);
  /** Prefixes of 1 to 16 bits: `first 16 bits * 32 + length`. */
  readonly #short = new Map<number, number>();
  #default = 0;
  size = 0;
  /** For compiling. */
  readonly #leaves = new Uint32Array(256);
  readonly #path: number[] = [];

  /** @param wide - Levels whose nodes become pages: 1 for the third octet's only, 2 for the fourth's too. */
  constructor(private readonly wide: 1 | 2) {
    this.#blocks.words.fill(STALE, 0, PAGE);
  }

  get bytes(): number {
    return (this.#nodes * (NODE + 1) + ROOT) * 4 + ROOT + this.#entries.bytes + this.#blocks.bytes + this.#short.size * 40;
  }

  /** Sets the target of a prefix, 1 to 2^31 - 1. Returns the one before, 0 for none. */
  set(a: number, b: number, c: number, d: number, length: number, target: number): number {
    if (length <= 16) return this.#setShort(a >>> 16, length, target);
    const levels = (length - 17) >> 3;
    let node = a >>> 16;
    for (let level = 0; level < levels; level++) node = this.#child(node, octet(level, a, b, c, d));
    const key = (octet(levels, a, b, c, d) << 8) | (length - 16 - 8 * levels);
    const at = this.#find(node, key);
    const { words } = this.#entries;
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
      node = this.#entries.words[at + 1];
    }
    const at = this.#find(node, (octet(levels, a, b, c, d) << 8) | (length - 16 - 8 * levels));
    return at < 0 ? 0 : this.#entries.words[at + 1];
  }

  /** The target of the longest prefix that covers an IPv4 address, 0 for none; of a trie that has pages for the third octet only. */
  lookup4(a: number): number {
    const { words } = this.#blocks;
    let word = this.#root[a >>> 16] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((a >>> 8) & 255)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((a >>> 4) & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + (a & 15)] | 0;
    return word > 0 ? word : this.#further(word, a, 0, 0, 0);
  }

  /** The same for an IPv6 address; of a trie that has pages for the third octet and the fourth. */
  lookup6(a: number, b: number, c: number, d: number): number {
    const word = this.#sixth(a, b);
    return word > 0 ? word : this.#further(word, a, b, c, d);
  }

  /** The word for the first six octets of an address: an answer, or one that leads on. */
  #sixth(a: number, b: number): number {
    const { words } = this.#blocks;
    let word = this.#root[a >>> 16] | 0;
    if (word >= 0) return word;
    word = words[(word & 0x7fff_ffff) + ((a >>> 8) & 255)] | 0;
    if (word >= 0) return word;
    word = words[(word & 0x7fff_ffff) + (a & 255)] | 0;
    if (word >= 0) return word;
    word = words[(word & 0x7fff_ffff) + (b >>> 28)] | 0;
    if (word >= 0) return word;
    word = words[(word & 0x7fff_ffff) + ((b >>> 24) & 15)] | 0;
    if (word >= 0) return word;
    word = words[(word & 0x7fff_ffff) + ((b >>> 20) & 15)] | 0;
    if (word >= 0) return word;
    return words[(word & 0x7fff_ffff) + ((b >>> 16) & 15)] | 0;
  }

  /**
   * What a word comes to that is no answer after six octets: it leads on, to what is stale perhaps, or only short prefixes can cover the
   * address. Written out to be quick, and so long that the engine, unless it is told to inline more, does not make it a part of the look-ups of
   * short prefixes, which are quicker without.
   */
  #further(from: number, a: number, b: number, c: number, d: number): number {
    const { words } = this.#blocks;
    let word = from;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((b >>> 12) & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((b >>> 8) & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((b >>> 4) & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + (b & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + (c >>> 28)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((c >>> 24) & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((c >>> 20) & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((c >>> 16) & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((c >>> 12) & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((c >>> 8) & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((c >>> 4) & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + (c & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + (d >>> 28)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((d >>> 24) & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((d >>> 20) & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((d >>> 16) & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((d >>> 12) & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((d >>> 8) & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + ((d >>> 4) & 15)] | 0;
    if (word < 0) word = words[(word & 0x7fff_ffff) + (d & 15)] | 0;
    // No prefix is longer than the address, so what still leads on is stale.
    if (word < 0) word = this.#afresh(a, b, c, d);
    return word || this.#node[(a >>> 16) * NODE + 3] || this.#default;
  }

  /** The word for an address, when what is stale on the way has been compiled. */
  #afresh(a: number, b: number, c: number, d: number): number {
    this.#compilePath(a, b, c, d);
    const { words } = this.#blocks;
    let word = this.#root[a >>> 16] | 0;
    for (let level = 0; level < LEVELS && word < 0; level++) {
      const byte = octet(level, a, b, c, d);
      if (level >= this.wide) {
        word = words[(word & 0x7fff_ffff) + (byte >>> 4)] | 0;
        if (word < 0) word = words[(word & 0x7fff_ffff) + (byte & 15)] | 0;
      } else word = words[(word & 0x7fff_ffff) + byte] | 0;
    }
    return word;
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
    if (count === 0 && node < ROOT) this.#root[node] = STALE;
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

  /** The child of a node at an octet, new if need be. */
  #child(node: number, byte: number): number {
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
    return child;
  }

  #freeNode(node: number): void {
    this.#node.fill(0, node * NODE, node * NODE + NODE);
    this.#freeNodes.push(node);
  }

  // --- What is compiled ----------------------------------------------------------------------------------------------------

  /** What was compiled of a node does not hold any more. */
  #touch(node: number): void {
    const block = this.#block[node];
    if ((block & COMPILED) === 0) return;
    this.#block[node] = block & ~COMPILED;
    const at = block & PLACE;
    const { words } = this.#blocks;
    if ((block & WIDE) !== 0) words.fill(STALE, at, at + PAGE);
    else {
      for (let word = at; word < at + LINE; word++) if (words[word] >= FLAG) this.#blocks.give(words[word] & PLACE & ~FLAG, LINE_CLASS);
      words.fill(STALE, at, at + LINE);
    }
  }

  #freeBlock(node: number): void {
    this.#touch(node);
    const block = this.#block[node];
    if (block !== 0) this.#blocks.give(block & PLACE, (block & WIDE) !== 0 ? PAGE_CLASS : LINE_CLASS);
    this.#block[node] = 0;
    if (node < ROOT) this.#root[node] = 0;
  }

  /** Where a node's block stands, which is stale when it is new. */
  #place(node: number, level: number): number {
    const block = this.#block[node];
    if (block !== 0) return block & PLACE;
    const wide = level < this.wide;
    const at = this.#blocks.take(wide ? PAGE_CLASS : LINE_CLASS);
    this.#blocks.words.fill(STALE, at, at + (wide ? PAGE : LINE));
    this.#block[node] = wide ? at | WIDE : at;
    if (node < ROOT) this.#root[node] = FLAG | at;
    return at;
  }

  /** Compiles what is stale of the nodes that an address goes through. */
  #compilePath(a: number, b: number, c: number, d: number): void {
    let node = a >>> 16;
    for (let level = 0; ; level++) {
      if ((this.#block[node] & COMPILED) === 0) this.#compile(node, level);
      const at = level < LEVELS - 1 ? this.#find(node, (octet(level, a, b, c, d) << 8) | CHILD) : -1;
      if (at < 0) return;
      node = this.#entries.words[at + 1];
    }
  }

  /** Makes a node's block from its entries, and tells its children what stands above them. */
  #compile(node: number, level: number): void {
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
      if (this.#node[above] !== leaves[key >>> 8]) this.#touch(child);
      this.#node[above] = leaves[key >>> 8];
      leaves[key >>> 8] = FLAG | this.#place(child, level + 1);
    }
    const block = this.#place(node, level);
    if (level < this.wide) this.#blocks.words.set(leaves, block);
    else {
      for (let high = 0; high < LINE; high++) {
        // First the word, which may move the others.
        const word = this.#word(high * LINE);
        this.#blocks.words[block + high] = word;
      }
    }
    this.#block[node] |= COMPILED;
  }

  /** What a line says of four bits, whose answers for the next four begin here. */
  #word(from: number): number {
    const leaves = this.#leaves;
    let same = 1;
    while (same < LINE && leaves[from + same] === leaves[from]) same++;
    if (same === LINE) return leaves[from];
    const line = this.#blocks.take(LINE_CLASS);
    const { words } = this.#blocks;
    for (let i = 0; i < LINE; i++) words[line + i] = leaves[from + i];
    return (FLAG | line) >>> 0;
  }
}

/** The octet of an address that a level looks at: level 0 the third. */
function octet(level: number, a: number, b: number, c: number, d: number): number {
  const word = level < 2 ? a : level < 6 ? b : level < 10 ? c : d;
  return (word >>> (24 - ((16 + 8 * level) & 31))) & 255;
}
