import { ByteTrie } from './byte-trie.js';
import { Ipv4Trie } from './ipv4-trie.js';
import { SmallTable } from './small-table.js';

/** Prefixes that a {@link SmallTable} holds before a trie takes over. */
const SMALL = 512;

/**
 * A longest-prefix-match table of one family. It begins as a sorted list and becomes a trie when it has grown. In IPv4 an address
 * is `a` and the other words are 0.
 *
 * @internal
 */
export class LpmTable {
  #small: SmallTable | undefined = new SmallTable();
  #trie4: Ipv4Trie | undefined;
  #trie6: ByteTrie | undefined;

  constructor(readonly ipv6: boolean) {}

  /** Prefixes. */
  size = 0;
  /** Octets held. */
  get bytes(): number {
    return (this.#trie4 ?? this.#trie6 ?? this.#small)?.bytes ?? 0;
  }

  /** Makes room for so many prefixes. */
  reserve(prefixes: number): void {
    if (prefixes > SMALL && this.#small) this.#grow(this.#small);
    this.#trie4?.reserve(prefixes);
  }

  /** Sets the target of a prefix, 1 to 2^30 - 1. Returns the one before, 0 for none. */
  set(a: number, b: number, c: number, d: number, length: number, target: number): number {
    const before = this.get(a, b, c, d, length);
    this.put(a, b, c, d, length, before, target);
    return before;
  }

  /** Takes a prefix out. Returns its target, 0 when there was none. */
  delete(a: number, b: number, c: number, d: number, length: number): number {
    return this.set(a, b, c, d, length, 0);
  }

  /**
   * Sets the target of a prefix, or takes it out (0), for a caller who knows whether it is there (`before` is not 0). Words may have a
   * sign.
   */
  put(a: number, b: number, c: number, d: number, length: number, before: number, target: number): void {
    if (before === 0 && target === 0) return;
    if (before === 0) this.size++;
    else if (target === 0 && --this.size === 0) {
      this.clear();
      return;
    }
    if (this.#trie4 !== undefined) this.#trie4.put(a, length, target, this.size);
    else if (this.#trie6 !== undefined) {
      if (target === 0) this.#trie6.delete(a, b, c, d, length);
      else this.#trie6.set(a, b, c, d, length, target);
    } else if (this.#small) {
      if (target === 0) this.#small.delete(a >>> 0, b >>> 0, c >>> 0, d >>> 0, length);
      else this.#small.set(a >>> 0, b >>> 0, c >>> 0, d >>> 0, length, target);
      if (this.#small.size > SMALL) this.#grow(this.#small);
    }
  }

  /** The target of exactly this prefix, 0 for none. */
  get(a: number, b: number, c: number, d: number, length: number): number {
    if (this.#trie4) return this.#trie4.get(a, length);
    return (this.#trie6 ?? this.#small)?.get(a, b, c, d, length) ?? 0;
  }

  /** The target of the longest prefix that covers an IPv4 address, 0 for none. It may have a sign. */
  lookup4(a: number): number {
    // Whether it is undefined is one comparison, whether it is truthy are five. With a sign, every word is passed on as it is, not as an object.
    return this.#trie4 !== undefined ? this.#trie4.lookup(a | 0) : this.#lookupSmall(a, 0, 0, 0);
  }

  /** The same for an IPv6 address, as four words. */
  lookup6(a: number, b: number, c: number, d: number): number {
    return this.#trie6 !== undefined ? this.#trie6.lookup6(a | 0, b | 0, c | 0, d | 0) : this.#lookupSmall(a, b, c, d);
  }

  #lookupSmall(a: number, b: number, c: number, d: number): number {
    return this.#small?.lookup(a >>> 0, b >>> 0, c >>> 0, d >>> 0) ?? 0;
  }

  /** The length of the longest prefix that covers an address, -1 for none; for people, not for packets. */
  matchLength(a: number, b: number, c: number, d: number): number {
    for (let length = this.ipv6 ? 128 : 32; length >= 0; length--) {
      if (this.get(keep(a, length), keep(b, length - 32), keep(c, length - 64), keep(d, length - 96), length) !== 0) return length;
    }
    return -1;
  }

  clear(): void {
    this.size = 0;
    this.#small = new SmallTable();
    this.#trie4 = undefined;
    this.#trie6 = undefined;
  }

  #grow(small: SmallTable): void {
    if (this.ipv6) {
      const trie = new ByteTrie(2);
      small.each((...entry) => trie.set(...entry));
      this.#trie6 = trie;
    } else {
      const trie = new Ipv4Trie();
      small.each((a, _b, _c, _d, length, target) => trie.put(a, length, target, small.size));
      this.#trie4 = trie;
    }
    this.#small = undefined;
  }
}

/** The first `bits` bits of a word. */
function keep(word: number, bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? word : (word & (-1 << (32 - bits))) >>> 0;
}
