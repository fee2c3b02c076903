import { roomFor, touch, widen } from '../lib/columns.js';
import { u32, viewOf } from '../lib/octets.js';

/**
 * Path-attribute sets, each kept once, by its octets.
 *
 * What is interned is *canonical* (see `bgp/wire/attributes`): MP attributes cut out, the next hop in a NEXT_HOP of 4, 16 or 32
 * octets, AS numbers of four octets, attributes in ascending order, discarded ones gone. So equal routes have equal octets.
 *
 * A set is counted by its users. One that nobody uses is found again until it is buried, when there is time
 * ({@link AttributeSets.bury}). Octets lie in pages of 256 KiB; a page whose sets are all gone is used again, and when most of all
 * is dead, pages are emptied into the newest, a bounded amount at a time ({@link AttributeSets.compact}).
 * The decision's keys are columns, filled once, when a set comes in.
 */
const PAGE_BITS = 18;
const PAGE = 1 << PAGE_BITS;
const PAGE_MASK = PAGE - 1;
/** Octets of the first page: thousands of small networks have no more. */
const FIRST_PAGE = 4096;
/**
 * Words of a set's record. What is looked at together stands together, for memory far away is what a set costs: where its octets
 * are, its hash, its users, its length with its flags above, its degree (two words, a double), the neighbour's AS, and the MED.
 */
const RECORD = 8;
const HASH = 1;
const USERS = 2;
const LENGTH = 3;
const NEIGHBOUR_AS = 6;
const MED = 7;
/** A record in doubles, and where in it the degree is. */
const DOUBLES = 4;
const DEGREE = 2;
/** How full the hash may be. */
const FULL = 0.6;
/** What one of LOCAL_PREF is worth in {@link AttributeSets.degreeOf}: more than all that stands below it. */
const PREFERENCE = 2 ** 18;

/** What a set says about where the route may go; a bit each in {@link AttributeSets.flagsOf}. @internal */
export const SetFlag = {
  noExport: 1,
  noAdvertise: 2,
  noExportSubconfed: 4,
  noPeer: 8,
  gracefulShutdown: 16,
  blackhole: 32,
  hasMed: 64,
  hasLocalPref: 128,
  /** Has LARGE_COMMUNITY. */
  large: 256,
  /** RFC 9494: kept through a long failure; not to be kept through one. */
  llgrStale: 512,
  noLlgr: 1024,
} as const;

/** The community of routes that are kept through a long failure (RFC 9494 §4.2). @internal */
export const LLGR_STALE = 0xffff0006;

const COMMUNITIES = 8;

/** What one guest's sets take: those that it was the first to bring, as long as they are kept. @internal */
export interface SetAccount {
  sets: number;
  octets: number;
  /** Its guest is gone: it is forgotten with its last set. */
  closed: boolean;
}

/** @internal */
export class AttributeSets {
  readonly #pages: (Uint8Array<ArrayBuffer> | undefined)[] = [];
  /** The same memory in words: a set begins at a whole word, and the octets after its last one are 0. */
  readonly #words: (Int32Array<ArrayBuffer> | undefined)[] = [];
  readonly #views: (DataView | undefined)[] = [];
  /** Octets of live sets in each page, and in all. */
  readonly #live: number[] = [];
  #octets = 0;
  /** Numbers of pages that are free. */
  readonly #freePages: number[] = [];
  /** Memory of pages that nobody uses, as many as are reserved. */
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];
  #reserved = 0;
  #page = -1;
  #pageWords = new Int32Array(0);
  #top = 0;
  #end = 0;

  /** Sets made so far, and by the last time that somebody asked for pages to be emptied. */
  #made = 0;
  #madeBefore = 0;

  #slots = new Int32Array(64);
  #slotsUsed = 0;
  /** The hash being left behind while the larger one fills: see {@link AttributeSets.#grow}. */
  #old: Int32Array | undefined;
  #oldAt = 0;

  #room = 0;
  /** A record a set, in words and in doubles. */
  #record = new Uint32Array(0);
  #doubles = new Float64Array(0);
  /** The AS that originated each, 0 without. */
  #originAs = new Uint32Array(0);
  #freed = new Uint32Array(0);
  #freeCount = 0;
  /** Sets that had no users at some time since they were made; some have users again. */
  #unused = new Uint32Array(0);
  #unusedCount = 0;

  /** By set: whose account it stands on, 0 for nobody's; made when first needed. */
  #account = new Uint32Array(0);
  readonly #accounts: (SetAccount | undefined)[] = [undefined];
  /** The account that new sets are put on now. */
  payer = 0;

  /** Sets that have users. */
  size = 0;
  /** One past the largest id ever given out; ids start at 1, and 0 means none. */
  limit = 1;

  /** ORIGINATOR_ID, 0 when absent, and the length of CLUSTER_LIST: what reflectors add (RFC 4456); made when first needed. */
  #originatorId = new Uint32Array(0);
  #clusterLength = new Uint8Array(0);

  /** Octets held, all told. */
  get bytes(): number {
    const pages = [...this.#pages, ...this.#spare].reduce((sum, page) => sum + (page?.length ?? 0), 0);
    return pages + (this.#slots.length + (this.#old?.length ?? 0)) * 4 + this.limit * 32;
  }

  /** The id of the set in `bytes[from, to)`, new if need be, with one more user. */
  intern(bytes: Uint8Array, from: number, to: number): number {
    this.look(bytes, from, to);
    return this.take();
  }

  /** The hash by which {@link AttributeSets.look} looks for the set in `bytes[from, to)`, for {@link AttributeSets.glance}. */
  static hash(bytes: Uint8Array, from: number, to: number): number {
    let h = Math.imul(to - from, 0x9e3779b1);
    let i = from;
    for (; i + 4 <= to; i += 4) h = mixed(h, bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24));
    if (i < to) h = mixedLast(h, lastWord(bytes, i, to));
    return h ^ (h >>> 13);
  }
  /** Looks at where sets with these hashes are looked for first, all together, so that they are at hand soon after. What it returns means nothing. */
  glance(hashes: Int32Array, count: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let sum = 0;
    for (let i = 0; i < count; i++) sum = (sum + slots[hashes[i] & mask]) | 0;
    return sum;
  }

  /** Looks for the set in `bytes[from, to)`, which is to be taken ({@link AttributeSets.take}) before anything else is done here. */
  look(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    if (this.#top + length + 3 > this.#end) this.#turn(length);
    // It is written where a new one would stand, so that it is compared and kept by words.
    const words = this.#pageWords;
    let at = this.#top >>> 2;
    let h = Math.imul(length, 0x9e3779b1);
    let i = from;
    for (; i + 4 <= to; i += 4) {
      const word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
      words[at++] = word;
      h = mixed(h, word);
    }
    if (i < to) {
      const word = lastWord(bytes, i, to);
      words[at] = word;
      h = mixedLast(h, word);
    }
    this.#lookedHash = h ^ (h >>> 13);
    this.#lookedLength = length;
  }
  #lookedHash = 0;
  #lookedLength = 0;

  /** The id of the set that was looked for, new if need be, with one more user. */
  take(): number {
    const h = this.#lookedHash;
    const length = this.#lookedLength;
    const known = this.#find(this.#slots, h, length) || (this.#old ? this.#find(this.#old, h, length) : 0);
    if (known > 0) {
      if (this.#record[known * RECORD + USERS]++ === 0) this.size++;
      return known;
    }
    return this.#add(h, length);
  }

  /** Makes room for so many sets, of so many octets together. */
  reserve(sets: number, octets: number): void {
    if (sets >= this.#room) this.#widen(roomFor(sets + 1, this.#room));
    touch(this.#record, sets * RECORD);
    touch(this.#originAs, sets);
    if (sets > this.#unused.length) this.#unused = widen(this.#unused, roomFor(sets, this.#unused.length));
    touch(this.#unused, sets);
    const slots = 2 ** Math.ceil(Math.log2(sets / FULL));
    if (slots > this.#slots.length && !this.#old) {
      const before = this.#slots;
      this.#slots = new Int32Array(slots);
      touch(this.#slots, slots);
      this.#slotsUsed = 0;
      for (const id of before) if (id > 0) this.#put(id);
    }
    this.#reserved = Math.ceil(octets / PAGE);
    while (this.#spare.length < this.#reserved) {
      const page = new Uint8Array(PAGE);
      touch(page, PAGE);
      this.#spare.push(page);
    }
  }

  /** An account to put sets on. */
  openAccount(): number {
    const free = this.#accounts.indexOf(undefined, 1);
    const account = free < 0 ? this.#accounts.length : free;
    this.#accounts[account] = { sets: 0, octets: 0, closed: false };
    return account;
  }
  account(account: number): SetAccount {
    const found = this.#accounts[account];
    if (found === undefined) throw new Error(`no account ${account}`);
    return found;
  }
  closeAccount(account: number): void {
    const found = this.account(account);
    found.closed = true;
    if (found.sets === 0) this.#accounts[account] = undefined;
  }

  #charge(id: number): void {
    if (this.payer === 0 && this.#account.length === 0) return;
    if (this.#account.length < this.#room) this.#account = widen(this.#account, this.#room);
    this.#account[id] = this.payer;
    if (this.payer === 0) return;
    const account = this.account(this.payer);
    account.sets++;
    account.octets += this.lengthOf(id);
  }
  #discharge(id: number): void {
    const number = id < this.#account.length ? this.#account[id] : 0;
    if (number === 0) return;
    const account = this.account(number);
    account.sets--;
    account.octets -= this.lengthOf(id);
    if (account.closed && account.sets === 0) this.#accounts[number] = undefined;
  }

  /** One more user of a set, or more. */
  retain(id: number, users = 1): void {
    this.#record[id * RECORD + USERS] += users;
  }

  /** So many users less. */
  release(id: number, users = 1): void {
    const left = this.#record[id * RECORD + USERS] - users;
    this.#record[id * RECORD + USERS] = left;
    if (left > 0) return;
    this.size--;
    if (this.#unusedCount >= this.#unused.length) this.#unused = widen(this.#unused, roomFor(this.#unusedCount + 1, this.#unused.length));
    this.#unused[this.#unusedCount++] = id;
  }

  /** Whether sets may wait to be buried. */
  get hasUnused(): boolean {
    return this.#unusedCount > 0;
  }

  /** Frees sets without users, looking at `most`; whether there are more. */
  bury(most: number): boolean {
    for (let i = 0; i < most && this.#unusedCount > 0; i++) {
      const id = this.#unused[--this.#unusedCount];
      // It has users again, or stood in the list twice.
      const length = this.lengthOf(id);
      if (this.users(id) > 0 || length === 0) continue;
      this.#remove(id);
      this.#discharge(id);
      const page = this.#record[id * RECORD] >>> PAGE_BITS;
      this.#live[page] -= length;
      this.#octets -= length;
      this.#reclaim(page);
      this.#record[id * RECORD + LENGTH] = 0;
      if (this.#freeCount >= this.#freed.length) this.#freed = widen(this.#freed, roomFor(this.#freeCount + 1, this.#freed.length));
      this.#freed[this.#freeCount++] = id;
    }
    return this.#unusedCount > 0;
  }

  /** Whether a set stands on an account. */
  isOn(id: number, account: number): boolean {
    return (id < this.#account.length ? this.#account[id] : 0) === account;
  }

  /** Users of a set; for tests of the sums. */
  users(id: number): number {
    return this.#record[id * RECORD + USERS];
  }

  /** The page that holds a set's octets, from {@link AttributeSets.offsetOf}, {@link AttributeSets.lengthOf} of them. Good until the next change. */
  pageOf(id: number): Uint8Array {
    const page = this.#pages[this.#record[id * RECORD] >>> PAGE_BITS];
    if (page === undefined) throw new Error(`attribute set ${id} is gone`);
    return page;
  }
  /** The same memory. */
  viewOf(id: number): DataView {
    return this.#views[this.#record[id * RECORD] >>> PAGE_BITS] as DataView; // where there is a page
  }
  offsetOf(id: number): number {
    return this.#record[id * RECORD] & PAGE_MASK;
  }
  lengthOf(id: number): number {
    return this.#record[id * RECORD + LENGTH] & 0xffff;
  }
  /** A copy of a set's octets. */
  copy(id: number): Uint8Array {
    const at = this.offsetOf(id);
    return this.pageOf(id).slice(at, at + this.lengthOf(id));
  }

  /** The set that has one more community, itself if it has it; counted once more. */
  withCommunity(id: number, community: number): number {
    const set = this.copy(id);
    let at = 0;
    while (at < set.length && set[at + 1] < COMMUNITIES) at += attributeLength(set, at);
    const has = at < set.length && set[at + 1] === COMMUNITIES;
    const size = has ? attributeLength(set, at) : 0;
    const value = has ? set.subarray(at + size - valueLength(set, at), at + size) : new Uint8Array(0);
    for (let i = 0; i < value.length; i += 4) {
      if (u32(value, i) !== community) continue;
      this.retain(id);
      return id;
    }
    const length = value.length + 4;
    const header = length > 255 ? [0xd0, COMMUNITIES, length >> 8, length & 255] : [0xc0, COMMUNITIES, length];
    const made = new Uint8Array(set.length - size + header.length + length);
    made.set(set.subarray(0, at));
    made.set(header, at);
    made.set(value, at + header.length);
    new DataView(made.buffer).setUint32(at + header.length + value.length, community);
    made.set(set.subarray(at + size), at + header.length + length);
    return this.intern(made, 0, made.length);
  }

  /**
   * Where pages are less than half alive all told, empties such pages into the newest, moving at most `budget` octets. Returns
   * whether there is more to do. While new sets come it waits, until less than a quarter is alive: when everything is announced again, pages die
   * one and all, and moving their last halves is in vain.
   */
  compact(budget = PAGE): boolean {
    const held = (this.#pages.length - this.#freePages.length) * PAGE;
    if (this.#octets * 2 > held) return false;
    const busy = this.#made !== this.#madeBefore;
    this.#madeBefore = this.#made;
    if (busy && this.#octets * 4 > held) return true;
    // All that are emptied now are found in one walk over the sets.
    const emptied: number[] = [];
    let octets = 0;
    let more = false;
    for (let p = 0; p < this.#pages.length && !more; p++) {
      if (p === this.#page || this.#pages[p] === undefined || this.#live[p] * 2 > PAGE) continue;
      if (octets >= budget) more = true;
      else {
        octets += this.#live[p];
        emptied.push(p);
      }
    }
    this.#empty(emptied, octets);
    return more;
  }

  /** Moves what is alive in these pages, so many octets, to the newest. */
  #empty(pages: readonly number[], octets: number): void {
    const marks = new Uint8Array(this.#pages.length);
    for (const p of pages) marks[p] = 1;
    let left = octets;
    const { limit } = this;
    const record = this.#record;
    for (let id = 1; id < limit && left > 0; id++) {
      const p = record[id * RECORD] >>> PAGE_BITS;
      if (marks[p] !== 1) continue;
      const length = this.lengthOf(id);
      if (length === 0) continue;
      const page = this.#pages[p] as Uint8Array; // it is one of them
      const at = this.offsetOf(id);
      this.#live[p] -= length;
      this.#octets -= length;
      left -= length;
      if (this.#top + length + 3 > this.#end) this.#turn(length);
      (this.#pages[this.#page] as Uint8Array).set(page.subarray(at, (at + length + 3) & ~3), this.#top); // padding too
      this.#place(id, length);
    }
    for (const p of pages) this.#reclaim(p);
  }

  /** A set equal to what stands at the top of the newest page, or 0. */
  #find(slots: Int32Array, h: number, length: number): number {
    const mask = slots.length - 1;
    const record = this.#record;
    for (let at = h & mask; ; at = (at + 1) & mask) {
      const id = slots[at];
      if (id === 0) return 0;
      if (id < 0 || (record[id * RECORD + HASH] | 0) !== h) continue;
      if (this.lengthOf(id) === length && this.#same(record[id * RECORD], length)) return id;
    }
  }

  /** Whether a set's octets are those at the top of the newest page. */
  #same(offset: number, length: number): boolean {
    const words = this.#words[offset >>> PAGE_BITS] as Int32Array; // a live set's page exists
    let at = (offset & PAGE_MASK) >>> 2;
    const own = this.#pageWords;
    const from = this.#top >>> 2;
    const end = from + ((length + 3) >>> 2);
    for (let i = from; i < end; i++, at++) if (words[at] !== own[i]) return false;
    return true;
  }

  /** What stands at the top of the newest page becomes a set. */
  #add(h: number, length: number): number {
    // Where there is never time, what is new makes room for itself.
    if (this.#unusedCount > 1024 && this.#unusedCount * 2 > this.size) this.bury(4);
    let id: number;
    if (this.#freeCount > 0) id = this.#freed[--this.#freeCount];
    else {
      id = this.limit++;
      if (id >= this.#room) this.#widen(roomFor(id + 1, this.#room));
    }
    this.size++;
    this.#made++;
    const record = this.#record;
    record[id * RECORD + HASH] = h;
    record[id * RECORD + USERS] = 1;
    record[id * RECORD + LENGTH] = length;
    this.#charge(id);
    const page = this.#pages[this.#page] as Uint8Array; // it was just written
    this.#fillKeys(id, page, this.#top, this.#top + length);
    this.#place(id, length);
    this.#grow();
    this.#put(id);
    return id;
  }

  #put(id: number): void {
    const mask = this.#slots.length - 1;
    let at = this.#record[id * RECORD + HASH] & mask;
    while (this.#slots[at] > 0) at = (at + 1) & mask;
    if (this.#slots[at] === 0) this.#slotsUsed++;
    this.#slots[at] = id;
  }

  /** The set's octets are those at the top of the newest page. */
  #place(id: number, length: number): void {
    this.#record[id * RECORD] = this.#page * PAGE + this.#top;
    this.#live[this.#page] += length;
    this.#octets += length;
    this.#top = (this.#top + length + 3) & ~3;
  }

  /** Goes on in another page, for so many octets. */
  #turn(octets: number): void {
    const retired = this.#page;
    const next = this.#freePages.pop() ?? this.#pages.length;
    const page = this.#spare.pop() ?? new Uint8Array(this.#pages.length === 0 && octets + 3 <= FIRST_PAGE ? FIRST_PAGE : PAGE);
    this.#pages[next] = page;
    this.#pageWords = new Int32Array(page.buffer);
    this.#words[next] = this.#pageWords;
    this.#views[next] = viewOf(page);
    this.#live[next] = 0;
    this.#page = next;
    this.#top = 0;
    this.#end = page.length;
    if (retired >= 0) this.#reclaim(retired);
  }

  #reclaim(p: number): void {
    if (this.#live[p] > 0 || p === this.#page || this.#pages[p] === undefined) return;
    const page = this.#pages[p];
    if (page.length === PAGE && this.#spare.length < this.#reserved) this.#spare.push(page);
    this.#pages[p] = undefined;
    this.#words[p] = undefined;
    this.#views[p] = undefined;
    this.#freePages.push(p);
  }

  /** Growth in steps, and where few sets are left, the other way: the new hash starts empty, and each later addition moves a few slots over. */
  #grow(): void {
    if (this.#old) {
      const old = this.#old;
      // It must be done by the time that an eighth of the new one's room is taken by what comes meanwhile.
      const until = Math.min(old.length, this.#oldAt + Math.max(16, (8 * old.length) / this.#slots.length));
      for (; this.#oldAt < until; this.#oldAt++) {
        const id = old[this.#oldAt];
        if (id > 0) {
          this.#put(id);
          // The slot must go on leading probes of the old hash to what stands behind it.
          old[this.#oldAt] = -1;
        }
      }
      if (this.#oldAt === old.length) this.#old = undefined;
      return;
    }
    if (this.#slotsUsed < this.#slots.length * FULL) return;
    this.#old = this.#slots;
    this.#oldAt = 0;
    // Sets that wait to be buried move too.
    const sets = this.limit - 1 - this.#freeCount;
    this.#slots = new Int32Array(Math.max(64, 2 ** Math.ceil(Math.log2(sets * 2))));
    this.#slotsUsed = 0;
  }

  #remove(id: number): void {
    if (!this.#clear(this.#slots, id) && this.#old) this.#clear(this.#old, id);
  }

  #clear(slots: Int32Array, id: number): boolean {
    const mask = slots.length - 1;
    for (let at = this.#record[id * RECORD + HASH] & mask; ; at = (at + 1) & mask) {
      if (slots[at] === 0) return false;
      if (slots[at] === id) {
        slots[at] = -1;
        return true;
      }
    }
  }

  #widen(room: number): void {
    this.#room = room;
    this.#record = widen(this.#record, room * RECORD);
    this.#doubles = new Float64Array(this.#record.buffer);
    this.#originAs = widen(this.#originAs, room);
    if (this.#originatorId.length > 0) this.#widenReflected();
  }

  #widenReflected(): void {
    this.#originatorId = widen(this.#originatorId, this.#room);
    this.#clusterLength = widen(this.#clusterLength, this.#room);
  }

  /** Bits of {@link SetFlag}. */
  flagsOf(id: number): number {
    return this.#record[id * RECORD + LENGTH] >>> 16;
  }
  /**
   * The first three steps of the decision in one number, the least first: LOCAL_PREF, AS_PATH length and ORIGIN, together 50 bits. They
   * are looked at for each claim to a contested prefix.
   */
  degreeOf(id: number): number {
    return this.#doubles[id * DOUBLES + DEGREE];
  }
  /** The AS the route came from, 0 for our own; a path that starts with a set has none. */
  neighbourAsOf(id: number): number {
    return this.#record[id * RECORD + NEIGHBOUR_AS];
  }
  /** The AS that originated it, 0 without. */
  originAsOf(id: number): number {
    return this.#originAs[id];
  }
  /** MULTI_EXIT_DISC, 0 when absent. */
  medOf(id: number): number {
    return this.#record[id * RECORD + MED];
  }
  /** LOCAL_PREF, or the default of 100. */
  localPrefOf(id: number): number {
    return 0xffff_ffff - Math.floor(this.degreeOf(id) / PREFERENCE);
  }
  /** AS_PATH length as RFC 4271 §9.1.2.2 a counts: a set is one, a confederation's segments nothing (RFC 5065 §5.3). Up to 65,535. */
  pathLengthOf(id: number): number {
    return (this.degreeOf(id) % PREFERENCE) >>> 2;
  }
  /** ORIGIN: 0 IGP, 1 EGP, 2 incomplete. */
  originOf(id: number): number {
    return this.degreeOf(id) % 4;
  }
  /** ORIGINATOR_ID, 0 when absent. */
  originatorIdOf(id: number): number {
    return this.#originatorId.length === 0 ? 0 : this.#originatorId[id];
  }
  /** Length of CLUSTER_LIST. */
  clusterLengthOf(id: number): number {
    return this.#clusterLength.length === 0 ? 0 : this.#clusterLength[id];
  }

  #fillKeys(id: number, bytes: Uint8Array, from: number, to: number): void {
    let flags = 0;
    let localPref = 100;
    let pathLength = 0;
    let origin = 2;
    let neighbourAs = 0;
    let originAs = 0;
    let med = 0;
    let originatorId = 0;
    let clusterLength = 0;
    for (let at = from; at < to; ) {
      const code = bytes[at + 1];
      const extended = (bytes[at] & 0x10) !== 0;
      const length = extended ? (bytes[at + 2] << 8) | bytes[at + 3] : bytes[at + 2];
      const value = at + (extended ? 4 : 3);
      const end = value + length;
      switch (code) {
        case 1:
          origin = bytes[value];
          break;
        case 2: {
          for (let seg = value; seg + 2 <= end; ) {
            const type = bytes[seg];
            const count = bytes[seg + 1];
            if (type === 2) {
              pathLength += count;
              if (seg === value && count > 0) neighbourAs = u32(bytes, seg + 2);
            } else if (type === 1) pathLength += 1;
            // The first AS outside the confederation is the neighbour, past its segments (RFC 5065 §5.3).
            else if (neighbourAs === 0 && bytes[seg + 2 + 4 * count] === 2) neighbourAs = u32(bytes, seg + 4 + 4 * count);
            seg += 2 + 4 * count;
            originAs = type === 2 && count > 0 ? u32(bytes, seg - 4) : 0;
          }
          break;
        }
        case 4:
          med = u32(bytes, value);
          flags |= SetFlag.hasMed;
          break;
        case 5:
          localPref = u32(bytes, value);
          flags |= SetFlag.hasLocalPref;
          break;
        case 8:
          for (let i = value; i < end; i += 4) flags |= wellKnown(u32(bytes, i));
          break;
        case 9:
          originatorId = u32(bytes, value);
          break;
        case 10:
          clusterLength = Math.min(255, length >> 2);
          break;
        case 32:
          flags |= SetFlag.large;
          break;
      }
      at = end;
    }
    this.#doubles[id * DOUBLES + DEGREE] = (0xffff_ffff - localPref) * PREFERENCE + Math.min(0xffff, pathLength) * 4 + origin;
    const at = id * RECORD;
    this.#record[at + LENGTH] |= flags << 16;
    this.#record[at + NEIGHBOUR_AS] = neighbourAs;
    this.#record[at + MED] = med;
    this.#originAs[id] = originAs;
    if (originatorId !== 0 || clusterLength !== 0 || this.#originatorId.length > 0) {
      if (this.#originatorId.length < this.#room) this.#widenReflected();
      this.#originatorId[id] = originatorId;
      this.#clusterLength[id] = clusterLength;
    }
  }
}

/** Octets of the attribute at `at`: of its value, and of the whole. */
function valueLength(bytes: Uint8Array, at: number): number {
  return (bytes[at] & 0x10) !== 0 ? (bytes[at + 2] << 8) | bytes[at + 3] : bytes[at + 2];
}
function attributeLength(bytes: Uint8Array, at: number): number {
  return ((bytes[at] & 0x10) !== 0 ? 4 : 3) + valueLength(bytes, at);
}

/** The flag of a well-known community (RFC 1997, 3765, 7999, 8326, 9494). */
function wellKnown(community: number): number {
  switch (community) {
    case 0xffffff01:
      return SetFlag.noExport;
    case 0xffffff02:
      return SetFlag.noAdvertise;
    case 0xffffff03:
      return SetFlag.noExportSubconfed;
    case 0xffffff04:
      return SetFlag.noPeer;
    case 0xffff0000:
      return SetFlag.gracefulShutdown;
    case 0xffff029a:
      return SetFlag.blackhole;
    case LLGR_STALE:
      return SetFlag.llgrStale;
    case 0xffff0007:
      return SetFlag.noLlgr;
    default:
      return 0;
  }
}

/** One word more in the hash of a set, and the last one, where that is not whole. */
function mixed(h: number, word: number): number {
  const next = Math.imul(h ^ word, 0x9e3779b1);
  return next ^ (next >>> 15);
}
function mixedLast(h: number, word: number): number {
  return Math.imul(h ^ word, 0x85ebca6b);
}
/** Up to three octets, with zeros behind them. */
function lastWord(bytes: Uint8Array, from: number, to: number): number {
  let word = 0;
  for (let i = from, shift = 0; i < to; i++, shift += 8) word |= bytes[i] << shift;
  return word;
}
