import type { Family } from '../../lib/address.js';
import { widen } from '../../lib/columns.js';
import type { Prefix } from '../../lib/prefix.js';

/** A slot whose prefix is gone: a search goes on past it. */
const GONE = -1;
const FIRST = 16;

/**
 * Numbers for the prefixes of one address family, in columns: small ones, each given to another prefix once it is free. A prefix is its 32-bit
 * words, signed or not, of which IPv4 has one and the others are 0.
 *
 * @internal
 */
export class PrefixIndex {
  /** One past the largest number ever given. */
  limit = 0;
  size = 0;
  /** Words of a prefix. */
  readonly #width: number;
  #words: Int32Array;
  #lengths = new Uint8Array(0);
  readonly #free: number[] = [];
  /** Open addressing with linear probing, half full at most: number + 1, 0 where nothing was ever, or {@link GONE}. */
  #slots = new Int32Array(FIRST);
  /** Slots that are not 0. */
  #used = 0;

  constructor(readonly family: Family) {
    this.#width = family === 'ipv4' ? 1 : 4;
    this.#words = new Int32Array(0);
  }

  /** The number of a prefix, or -1. */
  find(a: number, b: number, c: number, d: number, length: number): number {
    const slot = this.#slotOf(a | 0, b | 0, c | 0, d | 0, length);
    return slot < 0 ? -1 : this.#slots[slot] - 1;
  }

  /** The number of a prefix, a new one if need be. */
  add(a: number, b: number, c: number, d: number, length: number): number {
    const known = this.find(a, b, c, d, length);
    if (known >= 0) return known;
    if ((this.#used + 1) * 2 > this.#slots.length) this.#rehash();
    const number = this.#free.pop() ?? this.limit++;
    if (number >= this.#lengths.length) {
      const room = Math.max(FIRST, this.#lengths.length * 2);
      this.#lengths = widen(this.#lengths, room);
      this.#words = widen(this.#words, room * this.#width);
    }
    this.#lengths[number] = length;
    const at = number * this.#width;
    this.#words[at] = a;
    if (this.#width > 1) {
      this.#words[at + 1] = b;
      this.#words[at + 2] = c;
      this.#words[at + 3] = d;
    }
    this.#enter(number);
    this.size++;
    return number;
  }

  /** Gives a number back. */
  free(number: number): void {
    const slot = this.#slotOf(
      this.word(number, 0),
      this.word(number, 1),
      this.word(number, 2),
      this.word(number, 3),
      this.lengthOf(number),
    );
    if (slot < 0 || this.#slots[slot] !== number + 1) throw new RangeError(`${number} stands for no prefix`);
    this.#slots[slot] = GONE;
    this.#free.push(number);
    this.size--;
  }

  /** A word of a prefix, signed. */
  word(number: number, i: number): number {
    return i < this.#width ? this.#words[number * this.#width + i] : 0;
  }
  lengthOf(number: number): number {
    return this.#lengths[number];
  }
  prefixOf(number: number): Prefix {
    const bytes = new Uint8Array(this.#width * 4);
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.word(number, i >> 2) >>> (24 - 8 * (i & 3));
    return { family: this.family, bytes, length: this.lengthOf(number) };
  }

  #slotOf(a: number, b: number, c: number, d: number, length: number): number {
    const slots = this.#slots;
    const words = this.#words;
    const width = this.#width;
    const mask = slots.length - 1;
    for (let at = hash(a, b, c, d, length) & mask; ; at = (at + 1) & mask) {
      const slot = slots[at];
      if (slot === 0) return -1;
      if (slot === GONE || this.#lengths[slot - 1] !== length) continue;
      const from = (slot - 1) * width;
      if (words[from] !== a) continue;
      if (width === 1 || (words[from + 1] === b && words[from + 2] === c && words[from + 3] === d)) return at;
    }
  }

  #enter(number: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = hash(this.word(number, 0), this.word(number, 1), this.word(number, 2), this.word(number, 3), this.#lengths[number]) & mask;
    while (slots[at] > 0) at = (at + 1) & mask;
    if (slots[at] === 0) this.#used++;
    slots[at] = number + 1;
  }

  #rehash(): void {
    const before = this.#slots;
    this.#slots = new Int32Array(this.size * 4 >= before.length ? before.length * 2 : before.length);
    this.#used = 0;
    for (const slot of before) if (slot > 0) this.#enter(slot - 1);
  }
}

function hash(a: number, b: number, c: number, d: number, length: number): number {
  let h = Math.imul(a ^ (a >>> 15), 0x9e3779b1) ^ Math.imul(length + 1, 0x85ebca6b);
  if ((b | c | d) !== 0) {
    h = Math.imul(h ^ (h >>> 13) ^ b, 0xc2b2ae35);
    h = Math.imul(h ^ (h >>> 15) ^ c, 0x27d4eb2f);
    h ^= d;
  }
  h = Math.imul(h ^ (h >>> 13), 0x165667b1);
  return h ^ (h >>> 16);
}
