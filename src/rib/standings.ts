import { roomFor, widen } from '../lib/columns.js';

/**
 * What claims are judged to be: whose feed they came over, who holds, what was found against them, under which grant they stand, and
 * what they get of it. A million claims of one guest under one grant share one standing, so a claim's row has a number for all of
 * it. Counted by their claims, freed by the last.
 *
 * @internal
 */
export class Standings {
  #room = 0;
  /** One past the largest number ever given out; numbers start at 1. */
  #limit = 1;
  #free: number[] = [];
  #refs = new Uint32Array(0);
  #slots = new Uint32Array(16);
  #used = 0;

  feed = new Uint32Array(0);
  /** Node index. */
  holder = new Uint32Array(0);
  /** What the protocol or policy has against the claim, and the whole verdict; positions in `VERDICTS`. */
  fault = new Uint8Array(0);
  verdict = new Uint8Array(0);
  /** Index of the grant that covers an accepted claim, + 1. */
  grant = new Uint32Array(0);
  preference = new Uint16Array(0);
  /** Values of `TargetKind`. */
  kind = new Uint8Array(0);

  /** Standings in use. */
  get size(): number {
    return this.#limit - 1 - this.#free.length;
  }

  /** The number of a standing, new if need be, counted once more. */
  intern(feed: number, holder: number, fault: number, verdict: number, grant: number, preference: number, kind: number): number {
    if (this.#used * 2 >= this.#slots.length) this.#rehash();
    const mask = this.#slots.length - 1;
    let at = hash(feed, holder, fault, verdict, grant, preference, kind) & mask;
    for (; this.#slots[at] !== 0; at = (at + 1) & mask) {
      const id = this.#slots[at];
      if (
        this.grant[id] === grant &&
        this.holder[id] === holder &&
        this.feed[id] === feed &&
        this.preference[id] === preference &&
        this.verdict[id] === verdict &&
        this.fault[id] === fault &&
        this.kind[id] === kind
      ) {
        this.#refs[id]++;
        return id;
      }
    }
    const id = this.#free.pop() ?? this.#limit++;
    if (id >= this.#room) this.#widen(id + 1);
    this.#refs[id] = 1;
    this.feed[id] = feed;
    this.holder[id] = holder;
    this.fault[id] = fault;
    this.verdict[id] = verdict;
    this.grant[id] = grant;
    this.preference[id] = preference;
    this.kind[id] = kind;
    this.#slots[at] = id;
    this.#used++;
    return id;
  }

  /** So many claims more with it. */
  retain(id: number, claims = 1): void {
    this.#refs[id] += claims;
  }

  /** So many claims less with it. */
  release(id: number, claims = 1): void {
    this.#refs[id] -= claims;
    if (this.#refs[id] > 0) return;
    this.#free.push(id);
    this.#forget(id);
  }

  /** Closes the gap that a standing leaves in the hash: what was put further on because of it moves back. */
  #forget(id: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let gap = this.#hashOf(id) & mask;
    while (slots[gap] !== id) gap = (gap + 1) & mask;
    this.#used--;
    slots[gap] = 0;
    for (let at = (gap + 1) & mask; slots[at] !== 0; at = (at + 1) & mask) {
      const home = this.#hashOf(slots[at]) & mask;
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      slots[gap] = slots[at];
      slots[at] = 0;
      gap = at;
    }
  }

  #rehash(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(before.length * 4);
    const mask = this.#slots.length - 1;
    for (const id of before) {
      if (id === 0) continue;
      let at = this.#hashOf(id) & mask;
      while (this.#slots[at] !== 0) at = (at + 1) & mask;
      this.#slots[at] = id;
    }
  }

  #hashOf(id: number): number {
    return hash(this.feed[id], this.holder[id], this.fault[id], this.verdict[id], this.grant[id], this.preference[id], this.kind[id]);
  }

  #widen(rows: number): void {
    const room = roomFor(rows, this.#room);
    this.#room = room;
    this.#refs = widen(this.#refs, room);
    this.feed = widen(this.feed, room);
    this.holder = widen(this.holder, room);
    this.fault = widen(this.fault, room);
    this.verdict = widen(this.verdict, room);
    this.grant = widen(this.grant, room);
    this.preference = widen(this.preference, room);
    this.kind = widen(this.kind, room);
  }
}

function hash(feed: number, holder: number, fault: number, verdict: number, grant: number, preference: number, kind: number): number {
  let h = Math.imul(grant ^ (feed << 16), 0x9e3779b1) ^ Math.imul(holder + (preference << 14), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ (verdict | (fault << 8) | (kind << 16)), 0xc2b2ae35);
  return h ^ (h >>> 14);
}
