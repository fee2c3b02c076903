import { roomFor, widen } from '../lib/columns.js';
import type { OriginState } from '../lib/validation.js';

const EMPTY = 0;
const DELETED = -1;

/**
 * Validated ROA payloads of one family in columns: a prefix finds its first payload by hash, and payloads of one prefix are
 * chained. A look-up asks for the route's prefix at each length that any payload has, shortest first, so there is no object a
 * payload and none a route, and a payload comes or goes in constant time.
 *
 * @internal
 */
export class VrpTable {
  size = 0;
  /** Row + 1 of the first payload of a prefix. */
  #slots = new Int32Array(64);
  #used = 0;
  #limit = 0;
  /** Row + 1 of the first free row; free rows are chained as payloads are. */
  #free = 0;
  #a = new Uint32Array(0);
  #b = new Uint32Array(0);
  #c = new Uint32Array(0);
  #d = new Uint32Array(0);
  #length = new Uint8Array(0);
  #maxLength = new Uint8Array(0);
  #asn = new Uint32Array(0);
  #next = new Int32Array(0);
  /** Payloads by prefix length. */
  readonly #ofLength: Uint32Array;

  constructor(readonly ipv6: boolean) {
    this.#ofLength = new Uint32Array(ipv6 ? 129 : 33);
  }

  /** False when it was there already. */
  add(a: number, b: number, c: number, d: number, length: number, maxLength: number, asn: number): boolean {
    const slot = this.#find(a, b, c, d, length);
    const first = slot < 0 ? 0 : (this.#slots[slot] ?? 0);
    for (let at = first; at > 0; at = this.#next[at - 1] ?? 0) {
      if (this.#maxLength[at - 1] === maxLength && this.#asn[at - 1] === asn) return false;
    }
    const row = this.#take();
    this.#a[row] = a;
    if (this.ipv6) {
      this.#b[row] = b;
      this.#c[row] = c;
      this.#d[row] = d;
    }
    this.#length[row] = length;
    this.#maxLength[row] = maxLength;
    this.#asn[row] = asn;
    this.#next[row] = first;
    if (slot >= 0) this.#slots[slot] = row + 1;
    else this.#put(row);
    this.#ofLength[length] = (this.#ofLength[length] ?? 0) + 1;
    this.size++;
    return true;
  }

  /** False when it was not there. */
  remove(a: number, b: number, c: number, d: number, length: number, maxLength: number, asn: number): boolean {
    const slot = this.#find(a, b, c, d, length);
    if (slot < 0) return false;
    let before = 0;
    for (let at = this.#slots[slot] ?? 0; at > 0; before = at, at = this.#next[at - 1] ?? 0) {
      const row = at - 1;
      if (this.#maxLength[row] !== maxLength || this.#asn[row] !== asn) continue;
      const next = this.#next[row] ?? 0;
      if (before > 0) this.#next[before - 1] = next;
      else this.#slots[slot] = next > 0 ? next : DELETED;
      this.#next[row] = this.#free;
      this.#free = row + 1;
      this.#ofLength[length] = (this.#ofLength[length] ?? 0) - 1;
      this.size--;
      return true;
    }
    return false;
  }

  /**
   * RFC 6811 §2. `origin` is 0 where a path has no one origin (an AS_SET at its end): no payload matches it, and none with AS 0
   * matches anything (RFC 6483 §4).
   */
  validate(a: number, b: number, c: number, d: number, length: number, origin: number): OriginState {
    let covered = false;
    for (let bits = 0; bits <= length; bits++) {
      if (this.#ofLength[bits] === 0) continue;
      const slot = this.#find(first(a, bits), first(b, bits - 32), first(c, bits - 64), first(d, bits - 96), bits);
      if (slot < 0) continue;
      covered = true;
      for (let at = this.#slots[slot] ?? 0; at > 0; at = this.#next[at - 1] ?? 0) {
        if (this.#asn[at - 1] === origin && origin !== 0 && length <= (this.#maxLength[at - 1] ?? 0)) return 'valid';
      }
    }
    return covered ? 'invalid' : 'not-found';
  }

  /** The slot that leads to a prefix's payloads, or -1. */
  #find(a: number, b: number, c: number, d: number, length: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = hash(a, b, c, d, length) & mask; ; at = (at + 1) & mask) {
      const entry = slots[at] ?? EMPTY;
      if (entry === EMPTY) return -1;
      if (entry === DELETED) continue;
      const row = entry - 1;
      if (this.#a[row] !== a || this.#length[row] !== length) continue;
      if (!this.ipv6 || (this.#b[row] === b && this.#c[row] === c && this.#d[row] === d)) return at;
    }
  }

  #put(row: number): void {
    if (++this.#used > this.#slots.length * 0.6) this.#rehash();
    this.#insert(row + 1);
  }

  #insert(entry: number): void {
    const row = entry - 1;
    const mask = this.#slots.length - 1;
    let at = hash(this.#a[row] ?? 0, this.#b[row] ?? 0, this.#c[row] ?? 0, this.#d[row] ?? 0, this.#length[row] ?? 0) & mask;
    while (this.#slots[at] !== EMPTY) at = (at + 1) & mask;
    this.#slots[at] = entry;
  }

  /** Twice as many slots as are needed, without those that were deleted, and one to spare. */
  #rehash(): void {
    const live = this.#slots.filter((entry) => entry > 0);
    this.#slots = new Int32Array(1 << Math.ceil(Math.log2((live.length + 1) * 4)));
    for (const entry of live) this.#insert(entry);
    this.#used = live.length + 1;
  }

  #take(): number {
    if (this.#free > 0) {
      const row = this.#free - 1;
      this.#free = this.#next[row] ?? 0;
      return row;
    }
    const row = this.#limit++;
    if (row >= this.#length.length) {
      const room = roomFor(row + 1, this.#length.length);
      this.#a = widen(this.#a, room);
      if (this.ipv6) {
        this.#b = widen(this.#b, room);
        this.#c = widen(this.#c, room);
        this.#d = widen(this.#d, room);
      }
      this.#length = widen(this.#length, room);
      this.#maxLength = widen(this.#maxLength, room);
      this.#asn = widen(this.#asn, room);
      this.#next = widen(this.#next, room);
    }
    return row;
  }
}

/** The first `bits` bits of a word. */
function first(word: number, bits: number): number {
  return bits >= 32 ? word : bits <= 0 ? 0 : (word & (-1 << (32 - bits))) >>> 0;
}

function hash(a: number, b: number, c: number, d: number, length: number): number {
  let h = Math.imul(a ^ Math.imul(length + 1, 0x9e37_79b1), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 15) ^ b, 0xc2b2_ae35);
  h = Math.imul(h ^ (h >>> 13) ^ c, 0x27d4_eb2f);
  h = Math.imul(h ^ (h >>> 16) ^ d, 0x1656_67b1);
  return (h ^ (h >>> 15)) >>> 0;
}
