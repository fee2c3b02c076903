import { roomFor, widen } from '../lib/columns.js';

/** Words of an entry: the address, and length and target. */
const WIDTH = 6;

/**
 * A few prefixes, sorted by address and length, each with the nearest one that covers it: look-up is one binary search. What
 * thousands of small networks have.
 *
 * @internal
 */
export class SmallTable {
  #words = new Uint32Array(0);
  size = 0;
  /** Position of the nearest cover, + 1; found anew at the first look-up after a change. */
  #up = new Uint16Array(0);
  #stale = false;

  get bytes(): number {
    return this.#words.byteLength + this.#up.byteLength;
  }

  set(a: number, b: number, c: number, d: number, length: number, target: number): number {
    const at = this.#find(a, b, c, d, length);
    if (at >= 0) {
      const before = this.#words[at * WIDTH + 5];
      this.#words[at * WIDTH + 5] = target;
      return before;
    }
    const place = (-1 - at) * WIDTH;
    if ((this.size + 1) * WIDTH > this.#words.length) this.#words = widen(this.#words, Math.max(8, this.size * 2) * WIDTH);
    this.#words.copyWithin(place + WIDTH, place, this.size * WIDTH);
    this.#words.set([a, b, c, d, length, target], place);
    this.size++;
    this.#stale = true;
    return 0;
  }

  delete(a: number, b: number, c: number, d: number, length: number): number {
    const at = this.#find(a, b, c, d, length);
    if (at < 0) return 0;
    const target = this.#words[at * WIDTH + 5];
    this.#words.copyWithin(at * WIDTH, (at + 1) * WIDTH, this.size * WIDTH);
    this.size--;
    this.#stale = true;
    return target;
  }

  get(a: number, b: number, c: number, d: number, length: number): number {
    const at = this.#find(a, b, c, d, length);
    return at < 0 ? 0 : this.#words[at * WIDTH + 5];
  }

  /** The target of the longest prefix that covers an address, 0 for none. */
  lookup(a: number, b: number, c: number, d: number): number {
    if (this.#stale) this.#cover();
    // The last entry at or before the address: what covers the address is it or is above it.
    const after = this.#find(a, b, c, d, 129);
    for (let at = -1 - after; at > 0; at = this.#up[at - 1]) {
      if (this.#covers(at - 1, a, b, c, d)) return this.#words[(at - 1) * WIDTH + 5];
    }
    return 0;
  }

  /** Calls back for each entry. */
  each(call: (a: number, b: number, c: number, d: number, length: number, target: number) => void): void {
    const w = this.#words;
    for (let i = 0; i < this.size * WIDTH; i += WIDTH) call(w[i], w[i + 1], w[i + 2], w[i + 3], w[i + 4], w[i + 5]);
  }

  #cover(): void {
    this.#stale = false;
    if (this.#up.length < this.size) this.#up = new Uint16Array(roomFor(this.size, 8));
    const w = this.#words;
    for (let i = 0; i < this.size; i++) {
      const at = i * WIDTH;
      let up = i;
      while (up > 0 && !(w[(up - 1) * WIDTH + 4] <= w[at + 4] && this.#covers(up - 1, w[at], w[at + 1], w[at + 2], w[at + 3])))
        up = this.#up[up - 1];
      this.#up[i] = up;
    }
  }

  #covers(index: number, a: number, b: number, c: number, d: number): boolean {
    const w = this.#words;
    const at = index * WIDTH;
    const length = w[at + 4];
    return (
      agree(w[at], a, length) && agree(w[at + 1], b, length - 32) && agree(w[at + 2], c, length - 64) && agree(w[at + 3], d, length - 96)
    );
  }

  #find(a: number, b: number, c: number, d: number, length: number): number {
    const w = this.#words;
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = middle * WIDTH;
      const order = w[at] - a || w[at + 1] - b || w[at + 2] - c || w[at + 3] - d || w[at + 4] - length;
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return -1 - low;
  }
}

/** Whether two words agree in their first `bits` bits. */
function agree(x: number, y: number, bits: number): boolean {
  return bits <= 0 || (bits >= 32 ? x === y : (x ^ y) >>> (32 - bits) === 0);
}
