import { type Family, formatIpv4, formatIpv6 } from '../lib/address.js';
import { roomFor, touch, widen } from '../lib/columns.js';

/**
 * Prefix <-> dense id, both ways, without an object a prefix.
 *
 * The hash is cut into 64 shards that grow one at a time and at staggered fill levels, so that no insertion ever pays for
 * moving the whole table (growing one table of four million slots stalls for 50 ms; a shard of it for less than one).
 */
const SHARDS = 64;
/** How full the first shard to grow is. */
const FULL = 0.56;

/** What both families' tables offer; `b`, `c` and `d` are 0 in IPv4. @internal */
export interface PrefixTable {
  readonly family: Family;
  /** Ids given out and not freed. */
  readonly size: number;
  /** One past the largest id ever given out. */
  readonly limit: number;
  readonly a: Uint32Array;
  readonly b: Uint32Array;
  readonly c: Uint32Array;
  readonly d: Uint32Array;
  readonly length: Uint8Array;
  /** The id of a prefix, or -1. */
  find(a: number, b: number, c: number, d: number, length: number): number;
  /** The id of a prefix, new if need be. */
  add(a: number, b: number, c: number, d: number, length: number): number;
  /** Gives an id back. */
  free(id: number): void;
  /** Makes room for so many. */
  reserve(count: number): void;
  /** Canonical text. */
  format(id: number): string;
}

/** A slot holds id + 1 in its low bits and, above them, bits of the hash: most probes that miss need not look at a prefix. */
const ID_BITS = 24;
const ID_MASK = (1 << ID_BITS) - 1;
/** A deleted entry: probes go on past it. No id is this large. */
const DELETED = ID_MASK;

abstract class Shards {
  /** 0 is empty. */
  protected readonly shards: (Uint32Array | undefined)[] = new Array(SHARDS);
  protected readonly used = new Uint32Array(SHARDS);
  protected freed = new Uint32Array(0);
  protected freeCount = 0;
  protected room = 0;
  size = 0;
  limit = 0;
  length = new Uint8Array(0);

  protected abstract hashOf(id: number): number;
  protected abstract widenKeys(room: number): void;
  protected abstract touchKeys(rows: number): void;

  protected take(): number {
    this.size++;
    if (this.freeCount > 0) return this.freed[--this.freeCount];
    const id = this.limit++;
    if (id + 1 >= DELETED) throw new RangeError('more than 16 million prefixes in one family');
    if (id >= this.room) this.#widen(id + 1);
    return id;
  }

  #widen(rows: number): void {
    this.room = roomFor(rows, this.room);
    this.length = widen(this.length, this.room);
    this.widenKeys(this.room);
  }

  reserve(count: number): void {
    if (count > this.room) this.#widen(count);
    touch(this.length, count);
    this.touchKeys(count);
    // So large that the fullest is not yet to grow.
    const slots = 2 ** Math.ceil(Math.log2(count / SHARDS / FULL));
    for (let s = 0; s < SHARDS; s++) {
      const shard = this.shards[s] ?? new Uint32Array(8);
      if (slots > shard.length) this.#rehash(s, shard, slots);
    }
  }

  protected giveBack(id: number): void {
    this.size--;
    if (this.freeCount >= this.freed.length) this.freed = widen(this.freed, roomFor(this.freeCount + 1, this.freed.length));
    this.freed[this.freeCount++] = id;
  }

  /** Makes room in shard `s` for one more; returns the shard. */
  protected spare(s: number): Uint32Array {
    const shard = this.shards[s];
    if (shard === undefined) {
      const first = new Uint32Array(8);
      this.shards[s] = first;
      return first;
    }
    // From 56 % to 72 %: shards fill evenly, and must not all grow at once.
    if (this.used[s] < shard.length * (FULL + s * 0.0025)) return shard;
    let live = 0;
    for (let i = 0; i < shard.length; i++) if (shard[i] !== 0 && shard[i] !== DELETED) live++;
    // Moving an entry costs a look at its prefix, far away in memory: while shards are small they grow by four.
    const factor = live * 2 <= shard.length * FULL ? 1 : shard.length < 32_768 ? 4 : 2;
    return this.#rehash(s, shard, shard.length * factor);
  }

  #rehash(s: number, shard: Uint32Array, slots: number): Uint32Array {
    const wider = new Uint32Array(slots);
    touch(wider, slots);
    let live = 0;
    const mask = wider.length - 1;
    for (let i = 0; i < shard.length; i++) {
      const slot = shard[i];
      if (slot === 0 || slot === DELETED) continue;
      let at = this.hashOf((slot & ID_MASK) - 1) & mask;
      while (wider[at] !== 0) at = (at + 1) & mask;
      wider[at] = slot;
      live++;
    }
    this.used[s] = live;
    this.shards[s] = wider;
    return wider;
  }

  protected forget(id: number, hash: number): void {
    const s = hash >>> 26;
    const shard = this.shards[s];
    if (shard === undefined) return;
    const mask = shard.length - 1;
    let at = hash & mask;
    while ((shard[at] & ID_MASK) !== id + 1) {
      if (shard[at] === 0) return;
      at = (at + 1) & mask;
    }
    // A slot before an empty one ends no probe: it can be empty itself, and so can the deleted ones before it.
    if (shard[(at + 1) & mask] === 0) {
      do {
        shard[at] = 0;
        this.used[s]--;
        at = (at - 1) & mask;
      } while (shard[at] === DELETED);
    } else {
      shard[at] = DELETED;
    }
  }
}

/** Bits of the hash that neither choose the shard nor, in shards of up to 256 Ki slots, the place in it. */
function tagOf(h: number): number {
  return ((h >>> 18) & 0xff) << ID_BITS;
}

function hash4(a: number, length: number): number {
  let h = Math.imul(a ^ (a >>> 15), 0x9e3779b1) ^ Math.imul(length + 1, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** IPv4 prefixes. @internal */
export class Ipv4Prefixes extends Shards implements PrefixTable {
  readonly family = 'ipv4';
  a = new Uint32Array(0);
  readonly b = new Uint32Array(0);
  readonly c = new Uint32Array(0);
  readonly d = new Uint32Array(0);

  protected widenKeys(room: number): void {
    this.a = widen(this.a, room);
  }
  protected touchKeys(rows: number): void {
    touch(this.a, rows);
  }
  protected hashOf(id: number): number {
    return hash4(this.a[id], this.length[id]);
  }

  find(a: number, _b: number, _c: number, _d: number, length: number): number {
    const h = hash4(a, length);
    const shard = this.shards[h >>> 26];
    if (shard === undefined) return -1;
    const mask = shard.length - 1;
    const tag = tagOf(h);
    for (let at = h & mask; ; at = (at + 1) & mask) {
      const slot = shard[at];
      if (slot === 0) return -1;
      if ((slot ^ tag) >>> ID_BITS !== 0 || slot === DELETED) continue;
      const id = (slot & ID_MASK) - 1;
      if (this.a[id] === a && this.length[id] === length) return id;
    }
  }

  /** Looks at the slot that a prefix will be looked for in, so that it is in the cache then. The result means nothing. */
  warm(a: number, length: number): number {
    const h = hash4(a, length);
    const shard = this.shards[h >>> 26];
    return shard === undefined ? 0 : shard[h & (shard.length - 1)];
  }

  add(a: number, _b: number, _c: number, _d: number, length: number): number {
    const h = hash4(a, length);
    const s = h >>> 26;
    const tag = tagOf(h);
    let shard = this.shards[s];
    let at = 0;
    if (shard !== undefined) {
      const mask = shard.length - 1;
      for (at = h & mask; ; at = (at + 1) & mask) {
        const slot = shard[at];
        if (slot === 0) break;
        if ((slot ^ tag) >>> ID_BITS !== 0 || slot === DELETED) continue;
        const known = (slot & ID_MASK) - 1;
        if (this.a[known] === a && this.length[known] === length) return known;
      }
    }
    const roomy = this.spare(s);
    if (roomy !== shard) {
      shard = roomy;
      const mask = shard.length - 1;
      at = h & mask;
      while (shard[at] !== 0) at = (at + 1) & mask;
    }
    const id = this.take();
    this.a[id] = a;
    this.length[id] = length;
    roomy[at] = (tag | (id + 1)) >>> 0;
    this.used[s]++;
    return id;
  }

  free(id: number): void {
    this.forget(id, this.hashOf(id));
    this.giveBack(id);
  }

  format(id: number): string {
    return `${formatIpv4(this.a[id])}/${this.length[id]}`;
  }
}

function hash6(a: number, b: number, c: number, d: number, length: number): number {
  let h = Math.imul(a ^ (a >>> 15), 0x9e3779b1) ^ Math.imul(length + 1, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13) ^ b, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15) ^ c, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 13) ^ d, 0x165667b1);
  return (h ^ (h >>> 16)) >>> 0;
}

/** IPv6 prefixes. @internal */
export class Ipv6Prefixes extends Shards implements PrefixTable {
  readonly family = 'ipv6';
  a = new Uint32Array(0);
  b = new Uint32Array(0);
  c = new Uint32Array(0);
  d = new Uint32Array(0);

  protected widenKeys(room: number): void {
    this.a = widen(this.a, room);
    this.b = widen(this.b, room);
    this.c = widen(this.c, room);
    this.d = widen(this.d, room);
  }
  protected touchKeys(rows: number): void {
    for (const column of [this.a, this.b, this.c, this.d]) touch(column, rows);
  }
  protected hashOf(id: number): number {
    return hash6(this.a[id], this.b[id], this.c[id], this.d[id], this.length[id]);
  }

  #is(id: number, a: number, b: number, c: number, d: number, length: number): boolean {
    return this.a[id] === a && this.b[id] === b && this.c[id] === c && this.d[id] === d && this.length[id] === length;
  }

  find(a: number, b: number, c: number, d: number, length: number): number {
    const h = hash6(a, b, c, d, length);
    const shard = this.shards[h >>> 26];
    if (shard === undefined) return -1;
    const mask = shard.length - 1;
    const tag = tagOf(h);
    for (let at = h & mask; ; at = (at + 1) & mask) {
      const slot = shard[at];
      if (slot === 0) return -1;
      if ((slot ^ tag) >>> ID_BITS !== 0 || slot === DELETED) continue;
      if (this.#is((slot & ID_MASK) - 1, a, b, c, d, length)) return (slot & ID_MASK) - 1;
    }
  }

  add(a: number, b: number, c: number, d: number, length: number): number {
    const known = this.find(a, b, c, d, length);
    if (known >= 0) return known;
    const h = hash6(a, b, c, d, length);
    const s = h >>> 26;
    const shard = this.spare(s);
    const mask = shard.length - 1;
    let at = h & mask;
    while (shard[at] !== 0) at = (at + 1) & mask;
    const id = this.take();
    this.a[id] = a;
    this.b[id] = b;
    this.c[id] = c;
    this.d[id] = d;
    this.length[id] = length;
    shard[at] = (tagOf(h) | (id + 1)) >>> 0;
    this.used[s]++;
    return id;
  }

  free(id: number): void {
    this.forget(id, this.hashOf(id));
    this.giveBack(id);
  }

  format(id: number): string {
    return `${formatIpv6(this.a[id], this.b[id], this.c[id], this.d[id])}/${this.length[id]}`;
  }
}
