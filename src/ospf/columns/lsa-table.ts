import type { LsaKey } from '../wire/index.js';
import { LsaRows } from './lsa-rows.js';

/** Things by the LSA that they are about, in the order in which they came; what is set anew keeps its place. @internal */
export class LsaTable<T> extends LsaRows {
  #values: (T | undefined)[] = [];

  get(key: LsaKey): T | undefined {
    // Of one that is kept the numbers are read out of its octets.
    return this.size === 0 ? undefined : this.find(key.lsType, key.id, key.advertisingRouter);
  }
  /** As {@link LsaTable.get}, by the numbers of a key. */
  find(lsType: number, id: number, advertisingRouter: number): T | undefined {
    const row = this.row(lsType, id, advertisingRouter);
    return row < 0 ? undefined : this.#values[row];
  }
  has(key: LsaKey): boolean {
    return this.get(key) !== undefined;
  }

  set({ lsType, id, advertisingRouter }: LsaKey, value: T): void {
    const known = this.row(lsType, id, advertisingRouter);
    if (known >= 0) this.#values[known] = value;
    else this.append(lsType, id, advertisingRouter, value);
  }
  /** Of a key that has nothing yet. */
  append(lsType: number, id: number, advertisingRouter: number, value: T): void {
    // What there is of other rows may move first.
    const row = this.add(lsType, id, advertisingRouter);
    this.#values[row] = value;
  }

  /** Whether there was one. */
  delete({ lsType, id, advertisingRouter }: LsaKey): boolean {
    const row = this.row(lsType, id, advertisingRouter);
    if (row < 0) return false;
    this.#values[row] = undefined;
    this.remove(row);
    if (this.size === 0) this.#values = [];
    return true;
  }

  override clear(): void {
    super.clear();
    this.#values = [];
  }

  /** All of them; who sets others meanwhile may see some twice, or not at all. */
  *values(): IterableIterator<T> {
    for (let row = this.first; row < this.limit; row++) {
      const value = this.#values[row];
      if (value !== undefined) yield value;
    }
  }
  *ofType(lsType: number): IterableIterator<T> {
    for (let row = this.first; row < this.limit; row++) {
      const value = this.isLive(row) && this.keyOf(row, 0) === lsType ? this.#values[row] : undefined;
      if (value !== undefined) yield value;
    }
  }

  protected override move(rows: Int32Array): void {
    // Mostly they stay where they are.
    const values = this.#values;
    for (let i = 0; i < rows.length; i++) values[i] = values[rows[i]];
    values.length = rows.length;
  }
}
