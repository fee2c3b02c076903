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

  /** All of them; of those added meanwhile some. */
  *values(): IterableIterator<number> {
    if (this.#few) {
      yield* [...this.#few];
      return;
    }
    for (let at = 0; at < this.#bits.length; at++)
      for (let bits = this.#bits[at]; bits !== 0; bits &= bits - 1) yield at * 32 + 31 - Math.clz32(bits & -bits);
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
