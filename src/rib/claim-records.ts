import { roomFor, touch, widen } from '../lib/columns.js';

/**
 * Why a claim stands although nobody vouches for it now; values of {@link ClaimRecords.staleOf}. Its feed says it again (RFC 7313), is
 * gone for a while (RFC 4724), is gone for long (RFC 9494), was so in a former life of the router, or is lost in a way that is suspicious.
 * `ended`: nobody will; it is taken out when it is its turn, unless it is said again before.
 *
 * @internal
 */
export const Stale = { fresh: 0, refresh: 1, restart: 2, longLived: 3, restored: 4, held: 5, ended: 6 } as const;

/** {@link Stale} in words. @public */
export type StaleReason = 'refresh' | 'restart' | 'long-lived' | 'restored' | 'held';
const STALE_REASONS: readonly (StaleReason | undefined)[] = [undefined, 'refresh', 'restart', 'long-lived', 'restored', 'held'];

/** Words of a record, whose first is the prefix: what is looked at together stands together. @internal */
export const ClaimWord = { standing: 1, setIn: 2, next: 3, size: 4 } as const;
const { standing: STANDING, setIn: SET_IN, next: NEXT, size: RECORD } = ClaimWord;

/**
 * What is known of each claim to prefixes of one family, by its row: a record of four words, when it was first heard, and what few claims have, in
 * columns that are made when first needed.
 *
 * @internal
 */
export class ClaimRecords {
  /** The records: for loops over many, which keep them in a constant. They stay until room is made. */
  words = new Uint32Array(0);
  #arrival = new Uint32Array(0);
  #pathId = new Uint32Array(0);
  #setOut = new Uint32Array(0);
  #rank = new Float64Array(0);
  #stale = new Uint8Array(0);
  /** + 1, up to the last row that has one: initial holders', which come first, and those of the few who ask. */
  #wish = new Uint32Array(0);
  /** How many there may be. */
  room = 0;

  /** A claim that stands in front of `next`; its standing is to be found. */
  begin(row: number, prefix: number, setIn: number, setOut: number, pathId: number, arrival: number, next: number): void {
    const at = row * RECORD;
    const { words } = this;
    words[at] = prefix;
    words[at + SET_IN] = setIn;
    words[at + NEXT] = next;
    this.#arrival[row] = arrival;
    if (this.#pathId.length > 0 || pathId !== 0) this.#putPathId(row, pathId);
    if (this.#setOut.length > 0 || setOut !== setIn) this.#putSetOut(row, setOut);
  }

  /** The claim is over: its row is free. */
  end(row: number): void {
    this.words[row * RECORD + STANDING] = 0;
    this.words[row * RECORD + SET_IN] = 0;
    if (this.#rank.length > 0) this.#rank[row] = 0;
    if (row < this.#stale.length) this.#stale[row] = Stale.fresh;
    if (row < this.#wish.length) this.#wish[row] = 0;
  }

  prefixOf(row: number): number {
    return this.words[row * RECORD];
  }

  /** What the claim is judged to be: a number of the `Standings`; 0 in a row that is free. */
  standingOf(row: number): number {
    return this.words[row * RECORD + STANDING];
  }
  setStanding(row: number, standing: number): void {
    this.words[row * RECORD + STANDING] = standing;
  }

  /** The attributes that were heard; 0 in a row that is free. */
  setInOf(row: number): number {
    return this.words[row * RECORD + SET_IN];
  }
  /** What is told of a claim: what was heard, or what policy made of it. */
  setOutOf(row: number): number {
    return this.#setOut.length === 0 ? this.setInOf(row) : this.#setOut[row];
  }
  putSets(row: number, setIn: number, setOut: number): void {
    // Where nobody's differ yet, both are in the record.
    if (this.#setOut.length > 0 || setOut !== setIn) this.#putSetOut(row, setOut);
    this.words[row * RECORD + SET_IN] = setIn;
  }
  #putSetOut(row: number, set: number): void {
    if (this.#setOut.length === 0) {
      this.#setOut = new Uint32Array(this.room);
      for (let at = 0; at < this.room; at++) this.#setOut[at] = this.words[at * RECORD + SET_IN];
    }
    this.#setOut[row] = set;
  }

  /** The prefix's next claim, row + 1, or 0. */
  nextOf(row: number): number {
    return this.words[row * RECORD + NEXT];
  }
  setNext(row: number, next: number): void {
    this.words[row * RECORD + NEXT] = next;
  }

  /** Its place in the order in which claims were first heard; a change of attributes does not make a claim new. */
  arrivalOf(row: number): number {
    return this.#arrival[row];
  }
  setArrival(row: number, arrival: number): void {
    this.#arrival[row] = arrival;
  }

  /** RFC 7911 path identifier, or the program's lease number. */
  pathIdOf(row: number): number {
    return this.#pathId.length === 0 ? 0 : this.#pathId[row];
  }
  #putPathId(row: number, pathId: number): void {
    if (this.#pathId.length === 0) this.#pathId = new Uint32Array(this.room);
    this.#pathId[row] = pathId;
  }

  /** Place in its source's own order, the least first, where attributes do not say it: OSPF's cost. */
  rankOf(row: number): number {
    return this.#rank.length === 0 ? 0 : this.#rank[row];
  }
  setRank(row: number, rank: number): void {
    if (this.#rank.length === 0) this.#rank = new Float64Array(this.room);
    this.#rank[row] = rank;
  }

  /** See {@link Stale}. */
  staleOf(row: number): number {
    return row < this.#stale.length ? this.#stale[row] : Stale.fresh;
  }
  /** {@link ClaimRecords.staleOf} of all there is room for. */
  get marks(): Uint8Array {
    if (this.#stale.length < this.room) this.#stale = widen(this.#stale, this.room);
    return this.#stale;
  }
  /** {@link ClaimRecords.staleOf} in words. */
  staleReasonOf(row: number): StaleReason | undefined {
    return STALE_REASONS[this.staleOf(row)];
  }
  setStale(row: number, stale: number): void {
    if (row >= this.#stale.length) {
      if (stale === Stale.fresh) return;
      this.#stale = widen(this.#stale, this.room);
    }
    this.#stale[row] = stale;
  }

  /** The preference that it asks for, -1 for none. Of an initial holder, its kind. */
  wishOf(row: number): number {
    return row < this.#wish.length ? this.#wish[row] - 1 : -1;
  }
  setWish(row: number, wish: number): void {
    if (row >= this.#wish.length) {
      if (wish < 0) return;
      this.#wish = widen(this.#wish, roomFor(row + 1, this.#wish.length));
    }
    this.#wish[row] = wish + 1;
  }

  /** Makes room for so many. */
  widen(rows: number): void {
    if (rows <= this.room) return;
    const room = roomFor(rows, this.room);
    this.room = room;
    this.words = widen(this.words, room * RECORD);
    this.#arrival = widen(this.#arrival, room);
    if (this.#pathId.length > 0) this.#pathId = widen(this.#pathId, room);
    if (this.#setOut.length > 0) this.#setOut = widen(this.#setOut, room);
    if (this.#rank.length > 0) this.#rank = widen(this.#rank, room);
  }

  /** Touches the memory of so many. */
  touch(rows: number): void {
    touch(this.words, rows * RECORD);
    touch(this.#arrival, rows);
  }
}
