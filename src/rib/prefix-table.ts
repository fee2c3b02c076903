import { type Family, formatIpv4, formatIpv6 } from '../lib/address.js';
import { touch } from '../lib/columns.js';
import { PrefixRecords } from './prefix-records.js';

/**
 * Prefix <-> dense id, both ways, without an object a prefix.
 *
 * The hash is cut into 64 shards that grow one at a time and at staggered fill levels, so that no insertion ever pays for
 * moving the whole table (growing one table of four million slots stalls for 50 ms; a shard of it for less than one).
 */
const SHARDS = 64;
/** How full the first shard to grow is. */
const FULL = 0.56;

/**
 * What both families' tables offer; `b`, `c` and `d` are 0 in IPv4. Words of addresses may have a sign, here and wherever a million are
 * handed on: a number over 2^31 is an object to the engine.
 *
 * @internal
 */
export interface PrefixTable {
  readonly family: Family;
  /** What is known of each, by id. */
  readonly records: PrefixRecords;
  /** Ids given out and not freed. */
  readonly size: number;
  /** One past the largest id ever given out. */
  readonly limit: number;
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
  /** The first free id, + 1; a free one's record has the next. */
  #free = 0;
  size = 0;
  limit = 0;

  constructor(readonly records: PrefixRecords) {}

  protected abstract hashOf(id: number): number;

  protected take(): number {
    this.size++;
    if (this.#free !== 0) {
      const id = this.#free - 1;
      this.#free = this.records.nextFreeOf(id);
      return id;
    }
    const id = this.limit++;
    if (id + 1 >= DELETED) throw new RangeError('more than 16 million prefixes in one family');
    this.records.widen(this.limit);
    return id;
  }

  reserve(count: number): void {
    this.records.widen(count);
    this.records.touch(count);
    // So large that the fullest is not yet to grow.
    const slots = 2 ** Math.ceil(Math.log2(count / SHARDS / FULL));
    for (let s = 0; s < SHARDS; s++) {
      const shard = this.shards[s] ?? new Uint32Array(8);
      if (slots > shard.length) this.#rehash(s, shard, slots);
    }
  }

  protected giveBack(id: number): void {
    this.size--;
    this.records.setNextFree(id, this.#free);
    this.#free = id + 1;
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
  return h ^ (h >>> 16);
}

/** IPv4 prefixes. @internal */
export class Ipv4Prefixes extends Shards implements PrefixTable {
  readonly family = 'ipv4';

  constructor() {
    super(new PrefixRecords(false));
  }

  protected hashOf(id: number): number {
    return hash4(this.records.aOf(id), this.records.lengthOf(id));
  }

  find(signed: number, _b: number, _c: number, _d: number, length: number): number {
    const a = signed | 0;
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
      if (this.records.isIpv4(id, a, length)) return id;
    }
  }

  /** The hash of a prefix, for {@link Ipv4Prefixes.guess}. */
  static hash(a: number, length: number): number {
    return hash4(a, length);
  }

  /**
   * The ids, most likely, of those among `count` prefixes with these hashes that are there, to `ids`; how many they are. It only looks where each is
   * looked for first. Slots lie far apart in memory: with so little between one and the next, many are on their way at once.
   */
  guess(hashes: Int32Array, count: number, ids: Int32Array): number {
    const { shards } = this;
    for (let i = 0; i < count; i++) {
      const h = hashes[i];
      const shard = shards[h >>> 26];
      ids[i] = shard === undefined ? 0 : shard[h & (shard.length - 1)];
    }
    let found = 0;
    for (let i = 0; i < count; i++) {
      const slot = ids[i] ^ tagOf(hashes[i]);
      if (slot >>> ID_BITS === 0 && slot !== DELETED && slot !== 0) ids[found++] = slot - 1;
    }
    return found;
  }

  add(signed: number, _b: number, _c: number, _d: number, length: number): number {
    const a = signed | 0;
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
        if (this.records.isIpv4(known, a, length)) return known;
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
    this.records.begin(id, a, 0, 0, 0, length);
    roomy[at] = (tag | (id + 1)) >>> 0;
    this.used[s]++;
    return id;
  }

  free(id: number): void {
    this.forget(id, this.hashOf(id));
    this.giveBack(id);
  }

  format(id: number): string {
    return `${formatIpv4(this.records.aOf(id))}/${this.records.lengthOf(id)}`;
  }
}

function hash6(a: number, b: number, c: number, d: number, length: number): number {
  let h = Math.imul(a ^ (a >>> 15), 0x9e3779b1) ^ Math.imul(length + 1, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13) ^ b, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15) ^ c, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 13) ^ d, 0x165667b1);
  return h ^ (h >>> 16);
}

/** IPv6 prefixes. @internal */
export class Ipv6Prefixes extends Shards implements PrefixTable {
  readonly family = 'ipv6';

  constructor() {
    super(new PrefixRecords(true));
  }

  protected hashOf(id: number): number {
    const { records: r } = this;
    return hash6(r.aOf(id), r.bOf(id), r.cOf(id), r.dOf(id), r.lengthOf(id));
  }

  #is(id: number, a: number, b: number, c: number, d: number, length: number): boolean {
    const { records: r } = this;
    return (
      (r.aOf(id) | 0) === (a | 0) &&
      (r.bOf(id) | 0) === (b | 0) &&
      (r.cOf(id) | 0) === (c | 0) &&
      (r.dOf(id) | 0) === (d | 0) &&
      r.lengthOf(id) === length
    );
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
    this.records.begin(id, a, b, c, d, length);
    shard[at] = (tagOf(h) | (id + 1)) >>> 0;
    this.used[s]++;
    return id;
  }

  free(id: number): void {
    this.forget(id, this.hashOf(id));
    this.giveBack(id);
  }

  format(id: number): string {
    const { records: r } = this;
    return `${formatIpv6(r.aOf(id), r.bOf(id), r.cOf(id), r.dOf(id))}/${r.lengthOf(id)}`;
  }
}
