/** Rows that the first thing makes room for. */
const FIRST = 8;
/** Numbers of a key: LS type, id, advertising router. */
const WIDTH = 3;
/** In the place of an LS type: the row is gone. */
const NO_TYPE = -1;
/** A slot whose row is gone: a search goes on past it. */
const GONE = -1;
/** Slots of a small table. */
const SMALL = 512;
const NO_NUMBERS = new Int32Array(0);

/**
 * Rows by the LSA that they are about, in columns: a key is three numbers in an array that all share, found by a hash of them, and nothing is
 * made for a look-up, of which an LSA that comes has several. In the order in which they came. What there is of a row beside its key is
 * the business of who extends it.
 *
 * Rows are only ever added. When they are all used the live ones move together, to more room where most are live.
 *
 * @internal
 */
export abstract class LsaRows {
  /** By row, three numbers each. */
  #keys = NO_NUMBERS;
  /** Open addressing with linear probing, half full at most: row + 1, 0 where nothing was ever, or {@link GONE}. */
  #slots = NO_NUMBERS;
  /** One past the last row. */
  protected limit = 0;
  /** No row before it is live. */
  protected first = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The row of a key, or -1. */
  protected row(lsType: number, id: number, advertisingRouter: number): number {
    const slot = this.#find(lsType | 0, id | 0, advertisingRouter | 0);
    return slot < 0 ? -1 : this.#slots[slot] - 1;
  }

  /** A row for a key that has none; those there are may move. */
  protected add(lsType: number, id: number, advertisingRouter: number): number {
    if (this.limit * WIDTH === this.#keys.length) this.#makeRoom();
    const row = this.limit++;
    const keys = this.#keys;
    keys[row * WIDTH] = lsType;
    keys[row * WIDTH + 1] = id;
    keys[row * WIDTH + 2] = advertisingRouter;
    this.#enter(row);
    this.#size++;
    return row;
  }

  /** The key of a row is gone. */
  protected remove(row: number): void {
    const keys = this.#keys;
    const at = row * WIDTH;
    this.#slots[this.#find(keys[at], keys[at + 1], keys[at + 2])] = GONE;
    keys[at] = NO_TYPE;
    this.#size--;
    if (this.#size === 0) this.#empty();
    else if (row === this.first) while (keys[this.first * WIDTH] === NO_TYPE) this.first++;
  }

  protected isLive(row: number): boolean {
    return this.#keys[row * WIDTH] !== NO_TYPE;
  }
  /** A number of a live row's key, signed: LS type, id, or advertising router. */
  protected keyOf(row: number, i: number): number {
    return this.#keys[row * WIDTH + i];
  }

  /** What there is of the live rows, in their order, stands in the first rows from now on; there is room for so many. */
  protected abstract move(rows: Int32Array, room: number): void;

  clear(): void {
    this.#keys = NO_NUMBERS;
    this.#slots = NO_NUMBERS;
    this.limit = 0;
    this.first = 0;
    this.#size = 0;
  }

  /** Of what was small the room is kept: it is soon used again. */
  #empty(): void {
    if (this.#slots.length > SMALL) {
      this.clear();
      return;
    }
    this.#slots.fill(0);
    this.limit = 0;
    this.first = 0;
  }

  /** The slot of a key, or -1. */
  #find(lsType: number, id: number, router: number): number {
    if (this.#size === 0) return -1;
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
    const had = length / WIDTH;
    const room = this.#size * 2 < had ? had : Math.max(FIRST, had * 2);
    const keys = new Int32Array(room * WIDTH);
    const live = new Int32Array(this.#size);
    let rows = 0;
    for (let row = this.first; row < this.limit; row++) {
      if (!this.isLive(row)) continue;
      for (let i = 0; i < WIDTH; i++) keys[rows * WIDTH + i] = this.#keys[row * WIDTH + i];
      live[rows++] = row;
    }
    this.move(live, room);
    this.#keys = keys;
    this.#slots = new Int32Array(room * 2);
    this.first = 0;
    this.limit = rows;
    for (let row = 0; row < rows; row++) this.#enter(row);
  }
}

function hash(lsType: number, id: number, router: number): number {
  let h = Math.imul(id ^ (id >>> 15), 0x9e3779b1) ^ Math.imul(router, 0x85ebca6b) ^ Math.imul(lsType, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
