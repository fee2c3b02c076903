import type { LsaHeader, LsaKey } from '../wire/index.js';
import { LsaRows } from './lsa-rows.js';

/** Numbers of a wish beside its key: sequence; checksum and age in one; octets of the LSA. */
const WIDTH = 3;
/** Octets of a request (RFC 2328 A.3.4, RFC 5340 A.3.4: the LS type takes four in both). */
const REQUEST = 12;

/** What a wish says of the instance that is wanted. @internal */
export type Wanted = Pick<LsaHeader, 'sequence' | 'checksum' | 'age'>;

/**
 * The Link state request list (RFC 2328 §10): what a neighbour has and we lack, in the order in which it was told, of which the first are asked
 * for. In columns, as LSAs are: a neighbour may tell of a hundred thousand.
 *
 * @internal
 */
export class RequestList extends LsaRows {
  #columns = new Int32Array(0);
  /** Rows before it that are there are asked for. */
  #askedTo = 0;
  /** How many are asked for and have not come. */
  outstanding = 0;

  /** It is wanted in this instance, at its old place if it was wanted in another. */
  set({ lsType, id, advertisingRouter, sequence, checksum, age, length }: LsaHeader): void {
    const known = this.row(lsType, id, advertisingRouter);
    const at = (known < 0 ? this.add(lsType, id, advertisingRouter) : known) * WIDTH;
    this.#columns[at] = sequence;
    this.#columns[at + 1] = (checksum << 16) | age;
    this.#columns[at + 2] = length;
  }

  /** The instance that is wanted of an LSA, if it is. */
  get({ lsType, id, advertisingRouter }: LsaKey): Wanted | undefined {
    const row = this.row(lsType, id, advertisingRouter);
    if (row < 0) return undefined;
    const both = this.#columns[row * WIDTH + 1];
    return { sequence: this.#columns[row * WIDTH], checksum: both >>> 16, age: both & 0xffff };
  }

  has(lsType: number, id: number, advertisingRouter: number): boolean {
    return this.row(lsType, id, advertisingRouter) >= 0;
  }

  /** It came, or is not wanted any more. Whether it was. */
  delete(lsType: number, id: number, advertisingRouter: number): boolean {
    const row = this.row(lsType, id, advertisingRouter);
    if (row < 0) return false;
    if (row < this.#askedTo) this.outstanding--;
    this.remove(row);
    if (this.size === 0) this.#askedTo = 0;
    return true;
  }

  /**
   * Asks for the next ones, `most` in all, of which as many as are answered by updates that are full, with `room` octets of LSAs in each:
   * what is left goes with the next.
   */
  ask(most: number, room: number): void {
    let octets = 0;
    let asked = 0;
    let full = 0;
    let row = this.first;
    let askedTo = row;
    for (; row < this.limit && asked < most; row++) {
      if (!this.isLive(row)) continue;
      const length = this.#columns[row * WIDTH + 2];
      if (octets > 0 && octets + length > room) {
        octets = 0;
        full = asked;
        askedTo = row;
      }
      octets += length;
      asked++;
    }
    // The last of all need fill none.
    if (asked === this.size || full === 0) {
      full = asked;
      askedTo = row;
    }
    this.outstanding = full;
    this.#askedTo = askedTo;
  }

  /** What is asked for, as a packet has it. */
  octets(): Uint8Array {
    const octets = new Uint8Array(this.outstanding * REQUEST);
    let at = 0;
    for (let row = this.first; row < this.#askedTo; row++) {
      if (!this.isLive(row)) continue;
      for (let i = 0; i < 3; i++) {
        const word = this.keyOf(row, i);
        octets[at++] = word >>> 24;
        octets[at++] = word >>> 16;
        octets[at++] = word >>> 8;
        octets[at++] = word;
      }
    }
    return octets;
  }

  override clear(): void {
    super.clear();
    this.#columns = new Int32Array(0);
    this.#askedTo = 0;
    this.outstanding = 0;
  }

  protected override move(rows: Int32Array, room: number): void {
    const columns = new Int32Array(room * WIDTH);
    let askedTo = 0;
    for (let row = 0; row < rows.length; row++) {
      const from = rows[row];
      if (from < this.#askedTo) askedTo = row + 1;
      for (let i = 0; i < WIDTH; i++) columns[row * WIDTH + i] = this.#columns[from * WIDTH + i];
    }
    this.#columns = columns;
    this.#askedTo = askedTo;
  }
}
