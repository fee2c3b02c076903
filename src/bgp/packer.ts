import type { Feed } from '../claims/feed.js';
import { BUFFER, type Buffers } from '../lib/buffers.js';
import { copyOctets, viewOf } from '../lib/octets.js';
import type { AdjRibOut } from '../rib/adj-rib-out.js';
import { PrefixState, PrefixWord } from '../rib/prefix-records.js';
import type { RouteExport } from './export.js';

/** Octets that one call packs, about, where messages are short: more than become of what is read at once, so that it goes in one piece. */
const CHUNK = 98_304;
/** What is shorter is copied: a buffer must not wait long for little. */
const SMALL = 16_384;
const NOTHING = new Uint8Array(0);
const HEADER = 19;
const UPDATE = 2;

/** @internal */
export interface PackerOptions {
  /** Octets in one message: 4,096, or 65,535 (RFC 8654). */
  readonly maxMessage: number;
  /** Index of the neighbour's own feed. */
  readonly own: number;
  /** Where what is packed is written; it goes back there when it was sent. */
  readonly buffers: Buffers;
}

/**
 * From prefixes that wait to UPDATEs, full ones: neighbours in the queue that share attributes share a message. IPv4 routes with
 * an IPv4 next hop go in the classic fields, all others in MP_REACH_NLRI, which comes first (RFC 7606 §5.1).
 *
 * @internal
 */
export class Packer {
  /** A call begins no other message once it has packed so much. */
  readonly #chunk: number;
  /** UPDATEs and prefixes sent. */
  readonly counters = { updates: 0, announced: 0, withdrawn: 0 };
  #out: Uint8Array = NOTHING;
  /** The same memory. */
  #view = viewOf(NOTHING);
  #at = 0;
  /** Of the message that is open: where it starts, and where the lengths of its attributes, and of its MP attribute or withdrawn routes, stand while they are not known (0 for none). */
  #startAt = 0;
  #attributesAt = 0;
  #mpAt = 0;
  /** Where it must end, so that what follows its NLRI fits. */
  #limit = 0;
  /** The prefix whose paths did not fit one chunk. */
  #rest: RestOfPaths | undefined;
  /** Attributes that follow the NLRI: the route is prepared for the next prefix before they are written. */
  #held = new DataView(new ArrayBuffer(256));
  #heldLength = 0;

  constructor(
    private readonly adjRibOut: AdjRibOut,
    private readonly route: RouteExport,
    private readonly options: PackerOptions,
  ) {
    this.#chunk = Math.min(CHUNK, BUFFER - options.maxMessage);
  }

  /** Whether there is more to pack: prefixes that wait, or paths of one that was begun. */
  get waits(): boolean {
    return this.adjRibOut.waiting > 0 || this.#rest !== undefined;
  }

  /** The next messages, about 96 KiB of them; undefined when nothing waits. */
  pack(): Uint8Array | undefined {
    const { adjRibOut, route } = this;
    if (!this.waits) return undefined;
    this.#out = this.options.buffers.take();
    this.#view = viewOf(this.#out);
    this.#at = 0;
    route.reset();
    if (this.#rest) this.#goOn(this.#rest);
    while (adjRibOut.waiting > 0 && this.#at < this.#chunk) {
      const prefix = adjRibOut.peek(0);
      if (this.#untold(prefix)) adjRibOut.skip();
      else if (adjRibOut.paths) this.#packPaths(prefix);
      else if (this.#tellable(prefix)) this.#announceRun();
      else if (adjRibOut.told(prefix)) this.#withdrawRun();
      else adjRibOut.consume(1);
    }
    const packed = this.#out;
    this.#out = NOTHING;
    this.#view = viewOf(NOTHING);
    if (this.#at > SMALL) return packed.subarray(0, this.#at);
    const copy = packed.slice(0, this.#at);
    this.options.buffers.give(packed);
    return copy;
  }

  /** Whether the forwarding table is to have a prefix first: it waits again when that is so. */
  #untold(prefix: number): boolean {
    const { rib } = this.adjRibOut;
    return (rib.records.stateOf(prefix) & rib.untold) !== 0;
  }

  #tellable(prefix: number): boolean {
    const { rib } = this.adjRibOut;
    const row = rib.records.bestOf(prefix);
    // What the table refuses and has not in another form either is nothing to tell anybody.
    const refused = rib.untold !== 0 && (rib.records.stateOf(prefix) & PrefixState.failed) !== 0 && rib.records.publishedOf(prefix) === 0;
    return row !== 0 && !refused && this.route.prepare(rib, row - 1, this.options.own) && this.#fits();
  }

  /** Whether the attributes leave room for a prefix in a message; a route that cannot be told is withdrawn (RFC 8654 §5). */
  #fits(): boolean {
    return this.route.length + 96 <= this.options.maxMessage;
  }

  /** One UPDATE for the first prefix that waits and those behind it with the same attributes. */
  #announceRun(): void {
    const { adjRibOut, route } = this;
    const { version } = route;
    this.#open();
    const { rib, waiting } = adjRibOut;
    const { words, octets, size } = rib.records;
    // What is not to be told yet, or not at all, is not of this run.
    const apart = rib.untold | PrefixState.failed;
    let count = 0;
    while (count < waiting && this.#at + 17 <= this.#limit) {
      const prefix = adjRibOut.peek(count);
      if (count > 0) {
        const at = prefix * size;
        const best = words[at + PrefixWord.best] as number; // a prefix that waits has a record
        if (((octets[at * 4 + 1] as number) & apart) !== 0 || best === 0) break;
        if (!route.prepare(rib, best - 1, this.options.own) || route.version !== version) break;
      }
      this.#putPrefix(prefix);
      count++;
    }
    this.#finish();
    this.counters.announced += count;
    adjRibOut.announced(count);
  }

  #withdrawRun(): void {
    const { adjRibOut } = this;
    this.#openWithdrawal();
    let count = 0;
    let withdrawn = 0;
    while (count < adjRibOut.waiting && this.#at + 17 <= this.#limit) {
      const prefix = adjRibOut.peek(count);
      if (count > 0 && (this.#untold(prefix) || this.#tellable(prefix))) break;
      if (adjRibOut.told(prefix)) {
        this.#putPrefix(prefix);
        withdrawn++;
      }
      count++;
    }
    this.#finish();
    this.counters.withdrawn += withdrawn;
    adjRibOut.withdrawn(count);
  }

  /** All paths of one prefix (RFC 7911): each that there is is announced, each that is gone withdrawn. The row is the identifier. */
  #packPaths(prefix: number): void {
    const { adjRibOut } = this;
    const { records, claims } = adjRibOut.rib;
    const rows: number[] = [];
    for (let row = records.headOf(prefix); row !== 0; row = claims.nextOf(row - 1)) rows.push(row);
    const rest: RestOfPaths = { prefix, rows, told: [], before: adjRibOut.paths?.get(prefix) ?? [] };
    this.#announcePaths(rest);
    const whole = rest.rows.length === 0 && this.#withdrawPaths(rest);
    this.#remember(rest);
    // What is not whole was told in part: the prefix stays known, and waits again if its claims change meanwhile.
    if (!whole || rest.told.length > 0) adjRibOut.announced(1);
    else adjRibOut.withdrawn(1);
    if (!whole) this.#rest = rest;
  }

  /** Goes on where the chunk before was full. */
  #goOn(rest: RestOfPaths): void {
    const { adjRibOut } = this;
    this.#announcePaths(rest);
    const whole = rest.rows.length === 0 && this.#withdrawPaths(rest);
    this.#remember(rest);
    if (!whole) return;
    this.#rest = undefined;
    // Nothing of it was told in the end: its turn lets go of it.
    if (rest.told.length === 0) adjRibOut.add(rest.prefix);
  }

  /** Announces paths until the chunk is full. Claims may have ended since they were listed, and their rows may be other prefixes'. */
  #announcePaths({ prefix, rows, told }: RestOfPaths): void {
    const { route } = this;
    const { rib } = this.adjRibOut;
    let at = 0;
    for (; at < rows.length && this.#at < this.#chunk; at++) {
      const row = rows[at] as number; // at < length
      const claim = row - 1;
      if (rib.claims.setInOf(claim) === 0 || rib.claims.prefixOf(claim) !== prefix) continue;
      const feed = rib.feeds[rib.feedOf(claim)] as Feed; // a row's feed outlives it
      if (rib.verdictOf(claim) !== 0 || !feed.alive || rib.isHolderDown(claim)) continue;
      if (!route.prepare(rib, claim, this.options.own) || !this.#fits()) continue;
      told.push(row);
      this.#open();
      this.#putPrefix(prefix, row);
      this.#finish();
      this.counters.announced++;
    }
    rows.splice(0, at);
  }

  /** Withdraws what was told before and is not any more, until the chunk is full; whether that was all. */
  #withdrawPaths(rest: RestOfPaths): boolean {
    if (rest.before.length === 0) return true;
    const told = new Set(rest.told);
    const gone = rest.before.filter((row) => !told.has(row));
    let at = 0;
    while (at < gone.length && this.#at < this.#chunk) {
      this.#openWithdrawal();
      for (; at < gone.length && this.#at + 21 <= this.#limit; at++) this.#putPrefix(rest.prefix, gone[at]);
      this.#finish();
    }
    this.counters.withdrawn += at;
    rest.before = gone.slice(at);
    return rest.before.length === 0;
  }

  /** The neighbour knows what it was told, and what is still to be withdrawn. */
  #remember({ prefix, told, before }: RestOfPaths): void {
    const known = before.length === 0 ? told : [...new Set([...told, ...before])];
    if (known.length > 0) this.adjRibOut.paths?.set(prefix, known);
    else this.adjRibOut.paths?.delete(prefix);
  }

  /** Begins an UPDATE with the route's attributes; what is put next is its NLRI. */
  #open(): void {
    const { route } = this;
    this.#start();
    const { ipv6 } = this.adjRibOut.rib;
    this.#u16(0);
    this.#attributesAt = this.#at;
    this.#u16(0);
    if (!ipv6 && route.nextHop.length === 4) {
      this.#putClassic(route);
      this.#patch(this.#attributesAt, this.#at - this.#attributesAt - 2);
      this.#attributesAt = 0;
      return;
    }
    // The other attributes follow the NLRI; their room is kept free at the end of the message.
    if (this.#held.byteLength < route.length) this.#held = new DataView(new ArrayBuffer(route.length * 2));
    copyOctets(this.#held, 0, route.view, 0, route.length);
    this.#heldLength = route.length;
    this.#limit -= route.length;
    this.#openMp(14, ipv6);
    const out = this.#out;
    out[this.#at++] = route.nextHop.length;
    out.set(route.nextHop, this.#at);
    this.#at += route.nextHop.length;
    out[this.#at++] = 0;
  }

  /** Begins an UPDATE that withdraws; what is put next goes. */
  #openWithdrawal(): void {
    this.#start();
    if (!this.adjRibOut.rib.ipv6) {
      this.#mpAt = this.#at;
      this.#u16(0);
      this.#limit -= 2;
      return;
    }
    this.#u16(0);
    this.#attributesAt = this.#at;
    this.#u16(0);
    this.#openMp(15, true);
  }

  /** MP_REACH_NLRI or MP_UNREACH_NLRI up to its SAFI (RFC 4760 §3, §4). */
  #openMp(code: 14 | 15, ipv6: boolean): void {
    this.#out[this.#at++] = 0x90;
    this.#out[this.#at++] = code;
    this.#mpAt = this.#at;
    this.#u16(0);
    this.#u16(ipv6 ? 2 : 1);
    this.#out[this.#at++] = 1;
  }

  /** Ends the message that is open. */
  #finish(): void {
    if (this.#mpAt !== 0) {
      this.#patch(this.#mpAt, this.#at - this.#mpAt - 2);
      // Withdrawn routes are followed by no attributes, an MP attribute by all others.
      if (this.#attributesAt === 0) this.#u16(0);
    }
    this.#at = copyOctets(this.#view, this.#at, this.#held, 0, this.#heldLength);
    if (this.#attributesAt !== 0) this.#patch(this.#attributesAt, this.#at - this.#attributesAt - 2);
    this.#patch(this.#startAt + 16, this.#at - this.#startAt);
    this.counters.updates++;
  }

  /** The route's attributes with NEXT_HOP in its place, third. */
  #putClassic({ bytes, view, length, nextHop }: RouteExport): void {
    const out = this.#out;
    let split = 0;
    while (split < length && (bytes[split + 1] ?? 0) < 3) split += attributeLength(bytes, split);
    let to = copyOctets(this.#view, this.#at, view, 0, split);
    out[to++] = 0x40;
    out[to++] = 3;
    out[to++] = 4;
    for (let i = 0; i < 4; i++) out[to++] = nextHop[i] as number; // four octets
    this.#at = copyOctets(this.#view, to, view, split, length);
  }

  /** Whole words are written, and what is behind the prefix overwritten by what comes next. */
  #putPrefix(prefix: number, pathId?: number): void {
    const { records, ipv6 } = this.adjRibOut.rib;
    const view = this.#view;
    let at = this.#at;
    if (pathId !== undefined) {
      view.setUint32(at, pathId);
      at += 4;
    }
    const length = records.lengthOf(prefix);
    this.#out[at++] = length;
    const octets = (length + 7) >> 3;
    view.setUint32(at, records.aOf(prefix));
    this.#at = at + octets;
    if (!ipv6 || octets <= 4) return;
    view.setUint32(at + 4, records.bOf(prefix));
    if (octets <= 8) return;
    view.setUint32(at + 8, records.cOf(prefix));
    view.setUint32(at + 12, records.dOf(prefix));
  }

  #start(): void {
    const start = this.#at;
    const view = this.#view;
    for (let at = start; at < start + 16; at += 4) view.setUint32(at, 0xffff_ffff);
    this.#out[start + 18] = UPDATE;
    this.#at = start + HEADER;
    this.#startAt = start;
    this.#limit = start + this.options.maxMessage;
    this.#attributesAt = 0;
    this.#mpAt = 0;
    this.#heldLength = 0;
  }
  #u16(value: number): void {
    this.#patch(this.#at, value);
    this.#at += 2;
  }
  #patch(at: number, value: number): void {
    this.#out[at] = value >>> 8;
    this.#out[at + 1] = value & 255;
  }
}

/** Paths of one prefix that are still to be told. */
interface RestOfPaths {
  readonly prefix: number;
  /** Rows + 1 of the claims to look at. */
  readonly rows: number[];
  /** Those that were announced. */
  readonly told: number[];
  /** Those that the neighbour knew: what of them is not announced again is to be withdrawn. */
  before: readonly number[];
}

function attributeLength(bytes: Uint8Array, at: number): number {
  const long = ((bytes[at] ?? 0) & 0x10) !== 0;
  return long ? 4 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) : 3 + (bytes[at + 2] ?? 0);
}
