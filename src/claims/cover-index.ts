import { type Prefix, prefixWords } from '../lib/prefix.js';

/** Entries from which on it is worth to keep what is known by the first 16 bits, not by the first 8. */
const MANY = 256;
/** In {@link CoverIndex.#cover}: longer prefixes begin with the same bits. */
const LOOK = -2;

/**
 * Nested prefixes of one family in sorted columns, each with the position of the nearest that covers it. Which of them covers another
 * prefix is known by its first bits where no longer ones begin with them; else it is found by a binary search among those that do, and a walk up.
 *
 * @internal
 */
export class CoverIndex<Entry extends { readonly prefix: Prefix }> {
  readonly #entries: readonly Entry[];
  // Words of the prefixes; IPv4 has only the first.
  readonly #a: Uint32Array;
  readonly #b: Uint32Array;
  readonly #c: Uint32Array;
  readonly #d: Uint32Array;
  readonly #lengths: Uint8Array;
  readonly #up: Int32Array;
  /** How many first bits are looked at. */
  readonly #bits: number;
  /** Where the entries of each value of the first bits begin, and one past the last. */
  readonly #begin: Uint32Array;
  /** What covers all prefixes with these first bits, where no longer ones have them: the innermost, or -1; {@link LOOK} where some have. */
  readonly #cover: Int32Array;
  /** What {@link CoverIndex.#search} found last. */
  #last = 0;

  constructor(entries: readonly Entry[], ipv6: boolean) {
    const sorted = entries
      .map((entry) => ({ entry, words: prefixWords(entry.prefix.bytes) }))
      .sort((x, y) => compare(x.words, y.words) || x.entry.prefix.length - y.entry.prefix.length);
    const column = (word: number): Uint32Array => new Uint32Array(sorted.map(({ words }) => words[word] ?? 0));
    const none = new Uint32Array(0);
    this.#entries = sorted.map(({ entry }) => entry);
    this.#a = column(0);
    this.#b = ipv6 ? column(1) : none;
    this.#c = ipv6 ? column(2) : none;
    this.#d = ipv6 ? column(3) : none;
    this.#lengths = new Uint8Array(sorted.map(({ entry }) => entry.prefix.length));
    this.#up = new Int32Array(sorted.length).fill(-1);
    for (let i = 1; i < sorted.length; i++) {
      const [a, b, c, d] = sorted[i]?.words ?? [0, 0, 0, 0];
      let up = i - 1;
      while (up >= 0 && !this.#covers(up, a, b, c, d, this.#lengths[i] ?? 0)) up = this.#up[up] ?? -1;
      this.#up[i] = up;
    }
    this.#bits = sorted.length < MANY ? 8 : 16;
    this.#begin = new Uint32Array(2 ** this.#bits + 1);
    this.#cover = new Int32Array(2 ** this.#bits);
    for (let first = 0, at = 0; first < this.#begin.length; first++) {
      while (at < sorted.length && (this.#a[at] as number) >>> (32 - this.#bits) < first) at++;
      this.#begin[first] = at;
    }
    for (let first = 0, from = -1; first < this.#cover.length; first++) {
      const begin = this.#begin[first] as number; // there is one more than values
      const end = this.#begin[first + 1] as number;
      let longer = false;
      for (let at = begin; at < end && !longer; at++) longer = this.lengthOf(at) > this.#bits;
      // Without entries of its own, a value has the same above it as the one before, or less.
      if (end > begin) from = end - 1;
      if (longer) {
        this.#cover[first] = LOOK;
        continue;
      }
      while (from >= 0 && !this.#covers(from, first << (32 - this.#bits), 0, 0, 0, this.#bits)) from = this.#up[from] as number;
      this.#cover[first] = from;
    }
  }

  get size(): number {
    return this.#entries.length;
  }
  entry(at: number): Entry {
    return this.#entries[at] as Entry; // positions come from this index
  }
  lengthOf(at: number): number {
    return this.#lengths[at] as number;
  }
  /** The position of the nearest prefix that covers that at `at`; -1 without. */
  up(at: number): number {
    return this.#up[at] as number;
  }

  /** The position of the longest prefix that is, or covers, the one given; -1 without. Words may have a sign. */
  innermost(a: number, b: number, c: number, d: number, length: number): number {
    if (length >= this.#bits) {
      const known = this.#cover[a >>> (32 - this.#bits)] as number; // a value of the first bits
      if (known !== LOOK) return known;
    }
    // Prefixes that are asked about one after another may fall between the same two entries.
    let end = this.#last;
    if ((end > 0 && this.#isAbove(end - 1, a, b, c, d)) || (end < this.#lengths.length && !this.#isAbove(end, a, b, c, d))) {
      end = this.#search(a, b, c, d);
      this.#last = end;
    }
    let at = end - 1;
    while (at >= 0 && !this.#covers(at, a, b, c, d, length)) at = this.#up[at] as number;
    return at;
  }

  /** One past the last entry whose address is not above: everything that covers the prefix is that one or is above it. */
  #search(a: number, b: number, c: number, d: number): number {
    const first = a >>> (32 - this.#bits);
    let low = this.#begin[first] as number; // a value of the first bits
    let high = this.#begin[first + 1] as number;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#isAbove(middle, a, b, c, d)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #isAbove(at: number, a: number, b: number, c: number, d: number): boolean {
    const first = this.#a[at] as number;
    if (first !== a >>> 0 || this.#b.length === 0) return first > a >>> 0;
    const second = this.#b[at] as number;
    if (second !== b >>> 0) return second > b >>> 0;
    const third = this.#c[at] as number;
    return third > c >>> 0 || (third === c >>> 0 && (this.#d[at] as number) > d >>> 0);
  }

  #covers(at: number, a: number, b: number, c: number, d: number, length: number): boolean {
    const own = this.#lengths[at] as number;
    if (own > length || !agree(this.#a[at] as number, a, own)) return false;
    return (
      own <= 32 ||
      (agree(this.#b[at] as number, b, own - 32) &&
        (own <= 64 || agree(this.#c[at] as number, c, own - 64)) &&
        (own <= 96 || agree(this.#d[at] as number, d, own - 96)))
    );
  }
}

/** Whether two words agree in their first `bits` bits. */
function agree(x: number, y: number, bits: number): boolean {
  return bits >= 32 ? (x ^ y) === 0 : bits <= 0 || (x ^ y) >>> (32 - bits) === 0;
}

function compare(x: readonly number[], y: readonly number[]): number {
  for (let i = 0; i < x.length; i++) {
    const difference = (x[i] ?? 0) - (y[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
