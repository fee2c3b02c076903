import type { LsaKey } from './wire/index.js';

/**
 * Things by the LSA that they are about. Its three numbers are the key as they stand: none is made of them for each look-up, of which an LSA
 * that comes has a dozen. In the order of LS types, then of routers, then as they came.
 *
 * @internal
 */
export class LsaMap<T> {
  readonly #byType = new Map<number, Map<number, Map<number, T>>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get({ lsType, id, advertisingRouter }: LsaKey): T | undefined {
    return this.#byType
      .get(lsType)
      ?.get(advertisingRouter | 0)
      ?.get(id | 0);
  }
  has(key: LsaKey): boolean {
    return this.get(key) !== undefined;
  }

  set({ lsType, id, advertisingRouter }: LsaKey, value: T): void {
    let ofType = this.#byType.get(lsType);
    if (!ofType) {
      ofType = new Map();
      this.#byType.set(lsType, ofType);
    }
    let ofRouter = ofType.get(advertisingRouter | 0);
    if (!ofRouter) {
      ofRouter = new Map();
      ofType.set(advertisingRouter | 0, ofRouter);
    }
    const before = ofRouter.size;
    ofRouter.set(id | 0, value);
    this.#size += ofRouter.size - before;
  }

  /** Whether there was one. */
  delete({ lsType, id, advertisingRouter }: LsaKey): boolean {
    const ofType = this.#byType.get(lsType);
    const ofRouter = ofType?.get(advertisingRouter | 0);
    if (!ofType || !ofRouter?.delete(id | 0)) return false;
    this.#size--;
    if (ofRouter.size > 0) return true;
    ofType.delete(advertisingRouter | 0);
    if (ofType.size === 0) this.#byType.delete(lsType);
    return true;
  }

  clear(): void {
    this.#byType.clear();
    this.#size = 0;
  }

  *values(): IterableIterator<T> {
    for (const lsType of this.#byType.keys()) yield* this.ofType(lsType);
  }
  *ofType(lsType: number): IterableIterator<T> {
    for (const ofRouter of this.#byType.get(lsType)?.values() ?? []) yield* ofRouter.values();
  }
}
