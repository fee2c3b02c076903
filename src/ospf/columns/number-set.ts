/** So many members are kept as they are; of more there is a bit for every number up to the largest. */
const FEW = 256;

/** Small whole numbers, each once. In columns where there are many: a bit a number. @internal */
export class NumberSet {
  #few: Set<number> | undefined = new Set();
  #bits = new Uint32Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(number: number): boolean {
    return this.#few ? this.#few.has(number) : ((this.#bits[number >>> 5] ?? 0) & (1 << (number & 31))) !== 0;
  }

  add(number: number): void {
    if (this.#few) {
      this.#few.add(number);
      this.#size = this.#few.size;
      if (this.#size > FEW) this.#spread(this.#few);
      return;
    }
    if (this.has(number)) return;
    this.#mark(number);
    this.#size++;
  }

  delete(number: number): void {
    if (this.#few) {
      this.#few.delete(number);
      this.#size = this.#few.size;
    } else if (this.has(number)) {
      this.#bits[number >>> 5] &= ~(1 << (number & 31));
      this.#size--;
    }
  }

  /** The members, from the least on; of those added meanwhile some. */
  *values(): IterableIterator<number> {
    if (this.#few) {
      yield* [...this.#few].sort((x, y) => x - y);
      return;
    }
    for (let number = this.from(0); number >= 0; number = this.from(number + 1)) yield number;
  }

  /** The least member that is `least` or more, or -1: who goes through many makes nothing for any. */
  from(least: number): number {
    if (this.#few) {
      let found = -1;
      for (const number of this.#few) if (number >= least && (found < 0 || number < found)) found = number;
      return found;
    }
    const bits = this.#bits;
    let at = least >>> 5;
    if (at >= bits.length) return -1;
    for (let word = bits[at] & (-1 << (least & 31)); ; word = bits[at]) {
      if (word !== 0) return at * 32 + 31 - Math.clz32(word & -word);
      if (++at >= bits.length) return -1;
    }
  }

  #spread(few: Set<number>): void {
    this.#few = undefined;
    for (const number of few) this.#mark(number);
  }

  #mark(number: number): void {
    const at = number >>> 5;
    if (at >= this.#bits.length) {
      const wider = new Uint32Array(Math.max(at + 1, this.#bits.length * 2));
      wider.set(this.#bits);
      this.#bits = wider;
    }
    this.#bits[at] |= 1 << (number & 31);
  }
}
