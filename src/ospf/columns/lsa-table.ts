import type { LsaKey } from '../wire/index.js';

/** Rows that the first thing makes room for. */
const FIRST = 8;
/** Numbers of a key: LS type, id, advertising router. */
const WIDTH = 3;
/** A slot whose row is gone: a search goes on past it. */
const GONE = -1;
/** Slots of a small table. */
const SMALL = 512;
const NO_NUMBERS = new Int32Array(0);

/**
 * Things by the LSA that they are about, in columns: a key is three numbers in an array that all share, found by a hash of them, and nothing is
 * made for a look-up, of which an LSA that comes has half a dozen. In the order in which they came; what is set anew keeps its place.
 *
 * Rows are only ever added. When they are all used the live ones move together, to more room where most are live.
 *
 * @internal
 */
export class LsaTable<T> {
  /** By row, three numbers each. */
  #keys = NO_NUMBERS;
  #values: (T | undefined)[] = [];
  /** Open addressing with linear probing, half full at most: row + 1, 0 where nothing was ever, or {@link GONE}. */
  #slots = NO_NUMBERS;
  /** One past the last row. */
  #limit = 0;
  /** No row before it is live. */
  #first = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: LsaKey): T | undefined {
    if (this.#size === 0) return undefined;
    const slot = this.#find(key.lsType | 0, key.id | 0, key.advertisingRouter | 0);
    return slot < 0 ? undefined : this.#values[this.#slots[slot] - 1];
  }
  has(key: LsaKey): boolean {
    return this.get(key) !== undefined;
  }

  set(key: LsaKey, value: T): void {
    const lsType = key.lsType | 0;
    const id = key.id | 0;
    const router = key.advertisingRouter | 0;
    const known = this.#size === 0 ? -1 : this.#find(lsType, id, router);
    if (known >= 0) {
      this.#values[this.#slots[known] - 1] = value;
      return;
    }
    if (this.#limit * WIDTH === this.#keys.length) this.#makeRoom();
    const row = this.#limit++;
    this.#values[row] = value;
    this.#keys[row * WIDTH] = lsType;
    this.#keys[row * WIDTH + 1] = id;
    this.#keys[row * WIDTH + 2] = router;
    this.#enter(row);
    this.#size++;
  }

  /** Whether there was one. */
  delete(key: LsaKey): boolean {
    if (this.#size === 0) return false;
    const slot = this.#find(key.lsType | 0, key.id | 0, key.advertisingRouter | 0);
    if (slot < 0) return false;
    if (this.#size === 1) {
      this.#empty();
      return true;
    }
    const row = this.#slots[slot] - 1;
    this.#slots[slot] = GONE;
    this.#values[row] = undefined;
    this.#size--;
    if (row === this.#first) while (this.#values[this.#first] === undefined) this.#first++;
    return true;
  }

  clear(): void {
    this.#keys = NO_NUMBERS;
    this.#values = [];
    this.#slots = NO_NUMBERS;
    this.#limit = 0;
    this.#first = 0;
    this.#size = 0;
  }

  /** All of them; who sets others meanwhile may see some twice, or not at all. */
  *values(): IterableIterator<T> {
    for (let row = this.#first; row < this.#limit; row++) {
      const value = this.#values[row];
      if (value !== undefined) yield value;
    }
  }
  *ofType(lsType: number): IterableIterator<T> {
    for (let row = this.#first; row < this.#limit; row++) {
      const value = this.#keys[row * WIDTH] === lsType ? this.#values[row] : undefined;
      if (value !== undefined) yield value;
    }
  }

  /** Of what was small the room is kept: it is soon used again. */
  #empty(): void {
    if (this.#slots.length > SMALL) {
      this.clear();
      return;
    }
    this.#slots.fill(0);
    this.#values = [];
    this.#limit = 0;
    this.#first = 0;
    this.#size = 0;
  }

  /** The slot of a key, or -1. */
  #find(lsType: number, id: number, router: number): number {
    const keys = this.#keys;
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = hash(lsType, id, router) & mask; ; at = (at + 1) & mask) {
      const row = slots[at];
      if (row === 0) return -1;
      if (row === GONE) continue;
      const key = (row - 1) * WIDTH;
      if (keys[key + 1] === id && keys[key + 2] === router && keys[key] === lsType) return at;
    }
  }

  #enter(row: number): void {
    const keys = this.#keys;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = hash(keys[row * WIDTH], keys[row * WIDTH + 1], keys[row * WIDTH + 2]) & mask;
    while (slots[at] > 0) at = (at + 1) & mask;
    slots[at] = row + 1;
  }

  #makeRoom(): void {
    const { length } = this.#keys;
    const rows = length / WIDTH;
    const room = this.#size * 2 < rows ? rows : Math.max(FIRST, rows * 2);
    const keys = new Int32Array(room * WIDTH);
    const values: (T | undefined)[] = [];
    for (let row = this.#first; row < this.#limit; row++) {
      const value = this.#values[row];
      if (value === undefined) continue;
      const into = values.length * WIDTH;
      for (let i = 0; i < WIDTH; i++) keys[into + i] = this.#keys[row * WIDTH + i];
      values.push(value);
    }
    this.#keys = keys;
    this.#values = values;
    this.#slots = new Int32Array(room * 2);
    this.#first = 0;
    this.#limit = values.length;
    for (let row = 0; row < this.#limit; row++) this.#enter(row);
  }
}

function hash(lsType: number, id: number, router: number): number {
  let h = Math.imul(id ^ (id >>> 15), 0x9e3779b1) ^ Math.imul(router, 0x85ebca6b) ^ Math.imul(lsType, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
