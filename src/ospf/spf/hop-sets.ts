/** The set of no next hops: of what cannot be reached, and of the root itself. @internal */
export const NO_HOPS = 0;
/** The next hop that stands for "on one of our own links": whoever is there is reached by its own address. @internal */
export const LOCAL_HOP = 0;

/** Sets of next hops under numbers, so that many destinations share one and comparing two is comparing numbers. @internal */
export class HopSets {
  readonly #sets: (readonly number[])[] = [[]];
  readonly #numbers = new Map<string, number>([['', NO_HOPS]]);
  readonly #unions = new Map<number, number>();

  /** The number of a set. */
  of(hops: readonly number[]): number {
    const sorted = [...new Set(hops)].sort((x, y) => x - y);
    const key = sorted.join();
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#sets.length;
      this.#sets.push(sorted);
      this.#numbers.set(key, number);
    }
    return number;
  }

  get(number: number): readonly number[] {
    return this.#sets[number] ?? [];
  }

  union(x: number, y: number): number {
    if (x === y || y === NO_HOPS) return x;
    if (x === NO_HOPS) return y;
    const key = x < y ? x * 0x10_0000 + y : y * 0x10_0000 + x;
    let number = this.#unions.get(key);
    if (number === undefined) {
      number = this.of([...this.get(x), ...this.get(y)]);
      this.#unions.set(key, number);
    }
    return number;
  }

  /** Whether what has these next hops lies on one of our own links. */
  isLocal(number: number): boolean {
    return this.#sets[number][0] === LOCAL_HOP;
  }
}
