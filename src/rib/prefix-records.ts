import { roomFor, touch, widen } from '../lib/columns.js';

/** Bits of {@link PrefixRecords.stateOf}. @internal */
export const PrefixState = {
  /** In the list of prefixes whose claims changed this turn. */
  dirty: 1,
  /** Waiting to be published. */
  queued: 2,
  /** In the batch that the forwarding table is applying. */
  inFlight: 4,
  /** The table refused its last change: a retry is due. */
  failed: 8,
  /** The id stands for a prefix. */
  live: 16,
  /** Nothing referred to it lately: in the list of those to forget. */
  empty: 32,
  /** The winner's attributes changed, or it ended, since the last decision. */
  altered: 64,
  /** A claim changed since the last publication. */
  touched: 128,
} as const;

/** Words of a record. The first has the length of the prefix in an octet, its state in the next, and in the other half who holds on to it. @internal */
export const PrefixWord = { head: 1, best: 2, decided: 3, published: 4, address: 5 } as const;
const { head: HEAD, best: BEST, decided: DECIDED, published: PUBLISHED, address: ADDRESS } = PrefixWord;
const NO_LENGTH = 255;

/**
 * What is known of each prefix of one family, by its id: a record of six words in IPv4, of nine in IPv6. A prefix is looked at in many
 * places in one turn, and each is far away in memory the first time; as they stand together, that is once.
 *
 * @internal
 */
export class PrefixRecords {
  /**
   * The records, {@link PrefixRecords.size} words each, and the same memory in octets: for loops over many, which keep them in constants. They stay
   * until room is made.
   */
  words = new Uint32Array(0);
  octets = new Uint8Array(0);
  readonly size: number;
  #halves = new Uint16Array(0);
  /** How many there may be. */
  room = 0;

  constructor(readonly ipv6: boolean) {
    this.size = ADDRESS + (ipv6 ? 4 : 1);
  }

  // The prefix. In IPv4 the second to fourth word of an address are 0.

  lengthOf(id: number): number {
    return this.octets[id * this.size * 4];
  }
  aOf(id: number): number {
    return this.words[id * this.size + ADDRESS];
  }
  bOf(id: number): number {
    return this.ipv6 ? this.words[id * this.size + ADDRESS + 1] : 0;
  }
  cOf(id: number): number {
    return this.ipv6 ? this.words[id * this.size + ADDRESS + 2] : 0;
  }
  dOf(id: number): number {
    return this.ipv6 ? this.words[id * this.size + ADDRESS + 3] : 0;
  }
  /** Whether the prefix is this one of IPv4, whose address has a sign. */
  isIpv4(id: number, a: number, length: number): boolean {
    const at = id * this.size;
    return (this.words[at + ADDRESS] | 0) === a && this.octets[at * 4] === length;
  }
  /** Of an id that is free: the next free one, + 1. It stands where the prefix was, whose length is one that none has. */
  nextFreeOf(id: number): number {
    return this.words[id * this.size + ADDRESS];
  }
  setNextFree(id: number, next: number): void {
    const at = id * this.size;
    this.words[at + ADDRESS] = next;
    this.octets[at * 4] = NO_LENGTH;
  }

  /** Begins a record: all but the prefix is 0. */
  begin(id: number, a: number, b: number, c: number, d: number, length: number): void {
    const at = id * this.size;
    const words = this.words;
    words[at] = 0;
    words[at + ADDRESS] = a;
    if (this.ipv6) {
      words[at + ADDRESS + 1] = b;
      words[at + ADDRESS + 2] = c;
      words[at + ADDRESS + 3] = d;
    }
    this.octets[at * 4] = length;
  }

  /** First claim of the prefix, row + 1. */
  headOf(id: number): number {
    return this.words[id * this.size + HEAD];
  }
  setHead(id: number, row: number): void {
    this.words[id * this.size + HEAD] = row;
  }

  /** The winner as last decided, row + 1. */
  bestOf(id: number): number {
    return this.words[id * this.size + BEST];
  }
  setBest(id: number, row: number): void {
    this.words[id * this.size + BEST] = row;
  }

  /** Target as decided; 0 is none. */
  decidedOf(id: number): number {
    return this.words[id * this.size + DECIDED];
  }
  setDecided(id: number, target: number): void {
    this.words[id * this.size + DECIDED] = target;
  }

  /** Target as published; 0 is none. */
  publishedOf(id: number): number {
    return this.words[id * this.size + PUBLISHED];
  }
  setPublished(id: number, target: number): void {
    this.words[id * this.size + PUBLISHED] = target;
  }

  /** Bits of {@link PrefixState}. */
  stateOf(id: number): number {
    return this.octets[id * this.size * 4 + 1];
  }
  setState(id: number, state: number): void {
    this.octets[id * this.size * 4 + 1] = state;
  }
  /** Sets bits of the state. */
  mark(id: number, bits: number): void {
    this.octets[id * this.size * 4 + 1] |= bits;
  }
  /** Clears bits of the state. */
  unmark(id: number, bits: number): void {
    this.octets[id * this.size * 4 + 1] &= ~bits;
  }

  /** Neighbours that were told of the prefix, or wait to be: 65,535 of them can be. */
  holdsOf(id: number): number {
    return this.#halves[id * this.size * 2 + 1];
  }
  /** One more of them, or less: how many there are then. */
  hold(id: number, more: 1 | -1): number {
    const at = id * this.size * 2 + 1;
    this.#halves[at] += more;
    return this.#halves[at];
  }

  /** Whether nothing refers to the prefix. */
  isUnused(id: number): boolean {
    const at = id * this.size;
    const words = this.words;
    return (
      words[at + HEAD] === 0 && words[at + BEST] === 0 && words[at + DECIDED] === 0 && words[at + PUBLISHED] === 0 && this.holdsOf(id) === 0
    );
  }

  /** Makes room for so many. */
  widen(records: number): void {
    if (records <= this.room) return;
    const room = roomFor(records, this.room);
    const words = widen(this.words, room * this.size);
    // All or none of them, should there be no memory.
    const [halves, octets] = [new Uint16Array(words.buffer), new Uint8Array(words.buffer)];
    this.room = room;
    this.words = words;
    this.#halves = halves;
    this.octets = octets;
  }

  /** Touches the memory of so many. */
  touch(records: number): void {
    touch(this.words, records * this.size);
  }
}
