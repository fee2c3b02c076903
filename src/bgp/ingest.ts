import type { Feed } from '../claims/feed.js';
import { maskedWord, u16, u32 } from '../lib/octets.js';
import type { AttributeSets } from '../rib/attribute-sets.js';
import type { Rib } from '../rib/rib.js';
import type { SessionError } from './events.js';
import type { RouteImport } from './import.js';
import { type Budget, CLAIM_OCTETS, type Use } from './limits.js';
import { LookAhead } from './look-ahead.js';
import { Repetition } from './repetition.js';
import {
  AttributeScan,
  REMEDY_DISABLE_FAMILY,
  REMEDY_DISCARD,
  REMEDY_RESET,
  REMEDY_TREAT_AS_WITHDRAW,
  receivesPathIds,
  type WireContext,
} from './wire/index.js';

const HEADER = 19;
const NO_DATA = new Uint8Array(0);

/**
 * UPDATEs into claims, straight from their octets: no object a message, none a route. One for each established session.
 *
 * A run of whole messages comes as a view; each attribute block is scanned and checked once, interned once, judged once
 * (see {@link RouteImport}), and every prefix under it becomes a row. What is wrong is dealt with as RFC 7606 says: attributes
 * dropped, the prefixes withdrawn, the family given up, or the session ended.
 *
 * @internal
 */
export class Ingest {
  readonly #scan = new AttributeScan();
  readonly #pathIds4: boolean;
  readonly #pathIds6: boolean;
  /** Prefixes of one UPDATE, and their path identifiers. */
  #ids = new Uint32Array(1024);
  #paths = new Uint32Array(1024);
  /** Claims that are said again where they were expected: rows + 1, by prefix of the UPDATE. */
  #rows = new Uint32Array(1024);
  readonly #repetition: Repetition | undefined;
  readonly #lookAhead: LookAhead | undefined;
  /** Messages, prefixes announced and withdrawn, and attribute blocks that were malformed, so far. */
  readonly counters = { updates: 0, announced: 0, withdrawn: 0, malformed: 0 };
  /** What the last malformed attribute block was, for the log. */
  lastMalformed = '';
  /** Families whose End-of-RIB came (RFC 4724 §2). */
  readonly endOfRib = new Set<'ipv4-unicast' | 'ipv6-unicast'>();
  /** A family that was given up (RFC 7606 §2 "AFI/SAFI disable"): its routes are ignored. */
  readonly disabled = { ipv4: false, ipv6: false };
  /** Where the claims of a family stand that the last run gave up: they are for the caller to end. */
  readonly givenUp: Rib[] = [];
  /** Whether the last run announced anything. */
  announcedAny = false;
  /** The family of the last prefix that went beyond a limit. */
  lastBeyond: 'ipv4-unicast' | 'ipv6-unicast' = 'ipv4-unicast';
  /** Prefixes that the neighbour claims, where several paths make them fewer than its claims; -1 until counted. */
  #unique = -1;
  /** Those that the UPDATE at hand has brought: by another path of the same UPDATE they are not new. */
  readonly #brought = new Set<number>();

  constructor(
    private readonly ribs: { readonly ipv4: Rib | undefined; readonly ipv6: Rib | undefined },
    private readonly sets: AttributeSets,
    private readonly feed: Feed,
    private readonly route: RouteImport,
    private readonly context: WireContext,
    /** What it may take in; no limit without. */
    public budget?: Budget,
  ) {
    this.#pathIds4 = receivesPathIds(context, 'ipv4-unicast');
    this.#pathIds6 = receivesPathIds(context, 'ipv6-unicast');
    if (!ribs.ipv4 || this.#pathIds4) return;
    this.#repetition = new Repetition(ribs.ipv4, feed.index);
    this.#lookAhead = new LookAhead(ribs.ipv4, sets);
  }

  /** Takes in whole messages, `bytes[from, to)`. Returns what ends the session, if anything does. */
  take(bytes: Uint8Array, from: number, to: number): SessionError | undefined {
    this.announcedAny = false;
    this.sets.payer = this.feed.account;
    const error = this.#take(bytes, from, to);
    this.sets.payer = 0;
    return error;
  }

  #take(bytes: Uint8Array, from: number, to: number): SessionError | undefined {
    const lookAhead = LookAhead.pays(to - from) && this.#repetition?.holds !== true ? this.#lookAhead : undefined;
    let seen = lookAhead === undefined ? to : from;
    for (let at = from; at < to; ) {
      if (lookAhead !== undefined && at >= seen) seen = lookAhead.look(bytes, at, to);
      const length = u16(bytes, at + 16);
      const error = this.#update(bytes, at + HEADER, at + length);
      if (error) return error;
      at += length;
    }
    return undefined;
  }

  #update(bytes: Uint8Array, from: number, end: number): SessionError | undefined {
    this.counters.updates++;
    const withdrawnLength = from + 2 <= end ? u16(bytes, from) : 0xffff;
    const withdrawnEnd = from + 2 + withdrawnLength;
    const attributesFrom = withdrawnEnd + 2;
    const attributesLength = attributesFrom <= end ? u16(bytes, withdrawnEnd) : 0xffff;
    const attributesEnd = attributesFrom + attributesLength;
    // RFC 4271 §6.3, RFC 7606 §3 (b): the lengths contradict each other, so nothing in the message can be found.
    if (attributesEnd > end)
      return { code: 3, subcode: 1, data: NO_DATA, reason: 'the withdrawn routes or path attributes run past the end of the UPDATE' };
    const { ipv4 } = this.ribs;
    if (withdrawnLength > 0 && ipv4 && !this.disabled.ipv4) {
      const whole =
        attributesEnd < end
          ? this.#withdrawOthers(ipv4, bytes, from + 2, withdrawnEnd, attributesEnd, end)
          : this.#withdraw4(ipv4, bytes, from + 2, withdrawnEnd);
      if (!whole) return badNlri;
    }
    if (attributesLength === 0) {
      if (attributesEnd < end) {
        // RFC 7606 §3 (d): mandatory attributes are missing: as good as withdrawn.
        this.#note('an UPDATE announces prefixes without path attributes');
        if (ipv4 && !this.disabled.ipv4 && !this.#withdraw4(ipv4, bytes, attributesEnd, end)) return badNlri;
      } else if (withdrawnLength === 0) this.endOfRib.add('ipv4-unicast');
      return undefined;
    }
    const scan = this.#scan;
    scan.scan(bytes, attributesFrom, attributesEnd, this.context);
    if (scan.remedy !== 0) {
      if (scan.remedy > REMEDY_DISCARD) this.#note(scan.reason);
      if (scan.remedy === REMEDY_RESET || (attributesEnd === end && scan.fatalWithoutRoutes)) {
        return {
          code: scan.errorCode,
          subcode: scan.errorSubcode,
          data: bytes.slice(scan.errorAt, scan.errorAt + scan.errorLength),
          reason: scan.reason,
        };
      }
    }
    // What else is in an UPDATE that gives up a family comes under malformed attributes too.
    let asWithdraw = scan.remedy >= REMEDY_TREAT_AS_WITHDRAW;
    if (scan.mpUnreachAt >= 0) {
      const error = this.#unreach(
        bytes,
        scan.mpUnreachAt,
        scan.mpUnreachAt + scan.mpUnreachLength,
        scan.mpReachAt < 0 && attributesEnd === end && withdrawnLength === 0,
      );
      if (error) return error;
    }
    const reachAt = scan.mpReachAt;
    const reachEnd = reachAt + scan.mpReachLength;
    if (attributesEnd < end && !asWithdraw && !scan.seenMandatory(true)) {
      // RFC 7606 §2: all routes of the UPDATE, those of MP_REACH_NLRI too.
      this.#note('a mandatory attribute is missing');
      asWithdraw = true;
    }
    if (attributesEnd < end && ipv4 && !this.disabled.ipv4) {
      if (asWithdraw) {
        if (!this.#withdraw4(ipv4, bytes, attributesEnd, end)) return badNlri;
      } else {
        this.sets.look(scan.bytes, scan.from, scan.to);
        if (!this.#announce4(ipv4, bytes, attributesEnd, end)) return badNlri;
      }
    }
    if (scan.remedy === REMEDY_DISABLE_FAMILY) this.#disable(bytes);
    else if (reachAt >= 0) return this.#reach(bytes, reachAt, reachEnd, asWithdraw);
    return undefined;
  }

  /** MP_REACH_NLRI: AFI, SAFI, next hop, a reserved octet, NLRI (RFC 4760 §3). Its fixed part was checked by the scan. */
  #reach(bytes: Uint8Array, at: number, end: number, asWithdraw: boolean): SessionError | undefined {
    const afi = u16(bytes, at);
    const nextHopLength = bytes[at + 3] ?? 0;
    const nextHopAt = at + 4;
    const nlriAt = nextHopAt + nextHopLength + 1;
    const rib = this.#ribOf(afi, bytes[at + 2] ?? 0);
    if (!rib) return undefined;
    const scan = this.#scan;
    if (asWithdraw || !scan.seenMandatory(false)) {
      if (!asWithdraw) this.#note('a mandatory attribute is missing');
      return (rib.ipv6 ? this.#withdraw6(rib, bytes, nlriAt, end) : this.#withdraw4(rib, bytes, nlriAt, end))
        ? undefined
        : badMp(bytes, scan.mpReachStart, end);
    }
    scan.canonicalFor(bytes, nextHopAt, nextHopLength);
    this.sets.look(scan.bytes, scan.from, scan.to);
    const whole = rib.ipv6 ? this.#announce6(rib, bytes, nlriAt, end) : this.#announce4(rib, bytes, nlriAt, end);
    return whole ? undefined : badMp(bytes, scan.mpReachStart, end);
  }

  #unreach(bytes: Uint8Array, at: number, end: number, alone: boolean): SessionError | undefined {
    const afi = u16(bytes, at);
    const rib = this.#ribOf(afi, bytes[at + 2] ?? 0);
    if (!rib) return undefined;
    if (at + 3 === end) {
      if (alone) this.endOfRib.add(rib.ipv6 ? 'ipv6-unicast' : 'ipv4-unicast');
      return undefined;
    }
    const { mpReachAt, mpReachLength, mpUnreachStart } = this.#scan;
    const whole =
      mpReachAt >= 0 && this.#ribOf(u16(bytes, mpReachAt), bytes[mpReachAt + 2] ?? 0) === rib
        ? this.#withdrawOthers(rib, bytes, at + 3, end, mpReachAt + 5 + (bytes[mpReachAt + 3] ?? 0), mpReachAt + mpReachLength)
        : rib.ipv6
          ? this.#withdraw6(rib, bytes, at + 3, end)
          : this.#withdraw4(rib, bytes, at + 3, end);
    return whole ? undefined : badMp(bytes, mpUnreachStart, end);
  }

  /** The RIB of a family that was negotiated and is not given up. */
  #ribOf(afi: number, safi: number): Rib | undefined {
    if (safi !== 1) return undefined;
    if (afi === 1) return this.disabled.ipv4 ? undefined : this.ribs.ipv4;
    if (afi === 2) return this.disabled.ipv6 ? undefined : this.ribs.ipv6;
    return undefined;
  }

  /** RFC 7606 §2: the family's routes go, and what comes of it later is ignored. */
  #disable(bytes: Uint8Array): void {
    const at = this.#scan.mpReachAt >= 0 ? this.#scan.mpReachAt : this.#scan.mpUnreachAt;
    const ipv6 = at < 0 || u16(bytes, at) === 2;
    this.disabled[ipv6 ? 'ipv6' : 'ipv4'] = true;
    const rib = ipv6 ? this.ribs.ipv6 : this.ribs.ipv4;
    if (rib) this.givenUp.push(rib);
  }

  #announce4(rib: Rib, bytes: Uint8Array, from: number, end: number): boolean {
    const most = (end - from + 1) >> (this.#pathIds4 ? 2 : 0);
    if (this.#ids.length < most) this.#makeRoom(most);
    const ids = this.#ids;
    const rows = this.#rows;
    const repetition = this.#repetition;
    repetition?.begin();
    let count = 0;
    let at = from;
    let whole = from;
    while (at < end) {
      if (this.#pathIds4) {
        if (at + 4 > end) break;
        this.#paths[count] = u32(bytes, at);
        at += 4;
      }
      const length = bytes[at++] as number; // at < end, or checked below
      const octets = (length + 7) >> 3;
      if (length > 32 || at + octets > end) break;
      const a = maskedWord(bytes, at, octets, length);
      const row = repetition === undefined ? 0 : repetition.next(a, length);
      rows[count] = row;
      ids[count++] = row === 0 ? rib.prefixId(a, 0, 0, 0, length) : rib.claims.prefixOf(row - 1);
      at += octets;
      whole = at;
    }
    this.#announce(rib, this.#pathIds4, count);
    repetition?.end();
    return whole === end;
  }

  #announce6(rib: Rib, bytes: Uint8Array, from: number, end: number): boolean {
    const most = end - from;
    if (this.#ids.length < most) this.#makeRoom(most);
    const ids = this.#ids;
    let count = 0;
    let at = from;
    let whole = from;
    while (at < end) {
      if (this.#pathIds6) {
        if (at + 4 > end) break;
        this.#paths[count] = u32(bytes, at);
        at += 4;
      }
      const length = bytes[at++] as number; // at < end, or checked below
      const octets = (length + 7) >> 3;
      if (length > 128 || at + octets > end) break;
      const a = maskedWord(bytes, at, octets, length);
      const b = maskedWord(bytes, at + 4, octets - 4, length - 32);
      const c = maskedWord(bytes, at + 8, octets - 8, length - 64);
      const d = maskedWord(bytes, at + 12, octets - 12, length - 96);
      ids[count++] = rib.prefixId(a, b, c, d, length);
      at += octets;
      whole = at;
    }
    this.#announce(rib, this.#pathIds6, count);
    return whole === end;
  }

  /** The prefixes in {@link Ingest.#ids}, with their path identifiers where there are any, are claimed with the attributes that were looked for. */
  #announce(rib: Rib, pathIds: boolean, count: number): void {
    const { sets } = this;
    const set = sets.take();
    this.#claim(rib, pathIds, count, set);
    sets.release(set);
  }

  #claim(rib: Rib, pathIds: boolean, count: number, set: number): void {
    const { route } = this;
    const ids = this.#ids;
    const paths = pathIds ? this.#paths : undefined;
    this.announcedAny = true;
    this.counters.announced += count;
    let rows = rib.ipv6 || !this.#repetition ? undefined : this.#rows;
    // With several paths, prefixes are counted one by one.
    if (this.budget && (this.#pathIds4 || this.#pathIds6 || !this.#fits(this.budget, count))) {
      count = this.#admit(this.budget, rib, paths, count, set);
      rows = undefined;
    }
    if (!route.needsPrefix) {
      route.evaluate(set, 0, 0, 0, 0, 0, rib.ipv6);
      rib.announceRun(ids, paths, count, this.feed.index, set, route.setOut, route.fault, route.holder, route.wish, rows);
      return;
    }
    const { records: r } = rib;
    for (let i = 0; i < count; i++) {
      const id = ids[i] as number; // i < count
      route.evaluate(set, r.aOf(id), r.bOf(id), r.cOf(id), r.dOf(id), r.lengthOf(id), rib.ipv6);
      rib.announce(id, this.feed.index, paths?.[i] ?? 0, set, route.setOut, route.fault, route.holder, route.wish);
    }
  }

  /** Claims ended without a withdrawal: they are counted again. */
  recount(): void {
    this.#unique = -1;
  }

  /** What its claims take now. */
  get use(): Use {
    const account = this.feed.account > 0 ? this.sets.account(this.feed.account) : undefined;
    const claims = this.#claims();
    const prefixes = this.#pathIds4 || this.#pathIds6 ? this.#countUnique() : claims;
    return { prefixes, attributeSets: account?.sets ?? 0, memory: claims * CLAIM_OCTETS + (account?.octets ?? 0) };
  }

  #claims(): number {
    const { ipv4, ipv6 } = this.ribs;
    return (ipv4?.feedRows[this.feed.index] ?? 0) + (ipv6?.feedRows[this.feed.index] ?? 0);
  }

  #fits(budget: Budget, count: number): boolean {
    const account = this.feed.account > 0 ? this.sets.account(this.feed.account) : undefined;
    return budget.fits(this.#claims(), count, account?.sets ?? 0, account?.octets ?? 0);
  }

  /**
   * Near a limit, or with several paths: looks at the prefixes in {@link Ingest.#ids} one by one, and leaves those that may come in. What is known already may
   * always be said again; what is not taken in is as good as withdrawn.
   */
  #admit(budget: Budget, rib: Rib, paths: Uint32Array | undefined, count: number, set: number): number {
    const ids = this.#ids;
    const { most, exceeded } = budget;
    const account = this.feed.account > 0 ? this.sets.account(this.feed.account) : undefined;
    const feed = this.feed.index;
    // A set that somebody uses costs nothing more. Ours has one user, who is about to look for others.
    const fresh = this.sets.users(set) === 1 && this.sets.isOn(set, this.feed.account);
    const overSets = fresh && (account?.sets ?? 0) > most.attributeSets;
    let claims = this.#claims();
    // One family may have several paths and the other not.
    const several = this.#pathIds4 || this.#pathIds6;
    let unique = several ? this.#countUnique() : claims;
    const room = Math.floor((most.memory - (account?.octets ?? 0)) / CLAIM_OCTETS);
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const id = ids[i] as number; // i < count
      const path = paths?.[i] ?? 0;
      const known = rib.find(id, feed, path) !== 0;
      const newPrefix = !known && !this.#brought.has(id) && !(paths && rib.hears(id, feed));
      const limit = overSets
        ? 'attributeSets'
        : known
          ? undefined
          : newPrefix && unique + 1 > most.prefixes
            ? 'prefixes'
            : claims + 1 > room
              ? 'memory'
              : undefined;
      if (limit) {
        budget.refuse(limit, 1);
        this.lastBeyond = rib.ipv6 ? 'ipv6-unicast' : 'ipv4-unicast';
        if (exceeded !== 'warn') {
          if (known) this.#withdrawn(rib, id, path);
          else rib.touch(id); // so that it is forgotten
          continue;
        }
      }
      if (!known) claims++;
      if (newPrefix) {
        unique++;
        if (count > 1) this.#brought.add(id);
      }
      ids[kept] = id;
      if (paths) paths[kept] = path;
      kept++;
    }
    if (several) this.#unique = unique;
    if (this.#brought.size > 0) this.#brought.clear();
    return kept;
  }

  /** Prefixes by the claims to them, however many paths there are. Walked once, then kept up to date. */
  #countUnique(): number {
    if (this.#unique >= 0) return this.#unique;
    this.#unique = 0;
    for (const rib of [this.ribs.ipv4, this.ribs.ipv6]) if (rib) this.#unique += rib.prefixesOf(this.feed.index);
    return this.#unique;
  }

  #withdrawn(rib: Rib, prefix: number, pathId: number): void {
    if (!rib.withdraw(prefix, this.feed.index, pathId) || this.#unique < 0) return;
    if (!rib.hears(prefix, this.feed.index)) this.#unique--;
  }

  #makeRoom(prefixes: number): void {
    this.#ids = new Uint32Array(prefixes * 2);
    this.#paths = new Uint32Array(prefixes * 2);
    this.#rows = new Uint32Array(prefixes * 2);
  }

  #withdraw4(rib: Rib, bytes: Uint8Array, from: number, end: number): boolean {
    for (let at = from; at < end; ) {
      let pathId = 0;
      if (this.#pathIds4) {
        if (at + 4 > end) return false;
        pathId = u32(bytes, at);
        at += 4;
      }
      const length = bytes[at++] as number; // at < end, or checked below
      const octets = (length + 7) >> 3;
      if (length > 32 || at + octets > end) return false;
      const prefix = rib.prefixes.find(maskedWord(bytes, at, octets, length), 0, 0, 0, length);
      at += octets;
      if (prefix >= 0) this.#withdrawn(rib, prefix, pathId);
      this.counters.withdrawn++;
    }
    return true;
  }

  /**
   * Withdraws what is not in the NLRI of the same UPDATE: what is there is as if it had not been withdrawn (RFC 4271 §4.3), in MP attributes
   * too. Few send both.
   */
  #withdrawOthers(rib: Rib, bytes: Uint8Array, from: number, end: number, nlriFrom: number, nlriEnd: number): boolean {
    const withdrawn = this.#read(rib, bytes, from, end);
    if (!withdrawn) return false;
    // NLRI that are malformed end the session when they are taken in.
    const announced = this.#read(rib, bytes, nlriFrom, nlriEnd) ?? [];
    const again = new Set(announced.map((path) => path.join()));
    for (const [prefix, pathId] of withdrawn) {
      if (again.has(`${prefix},${pathId}`)) continue;
      if (prefix >= 0) this.#withdrawn(rib, prefix, pathId);
      this.counters.withdrawn++;
    }
    return true;
  }

  /** The prefixes of a field by their ids, -1 for what nobody claims, with path identifiers; undefined where they run past its end. */
  #read(rib: Rib, bytes: Uint8Array, from: number, end: number): (readonly [prefix: number, pathId: number])[] | undefined {
    const paths: (readonly [number, number])[] = [];
    const pathIds = rib.ipv6 ? this.#pathIds6 : this.#pathIds4;
    const longest = rib.ipv6 ? 128 : 32;
    for (let at = from; at < end; ) {
      const pathId = pathIds && at + 4 <= end ? u32(bytes, at) : 0;
      if (pathIds) at += 4;
      const length = at < end ? (bytes[at++] as number) : 0xff; // at < end
      const octets = (length + 7) >> 3;
      if (length > longest || at + octets > end) return undefined;
      const word = (i: number): number => maskedWord(bytes, at + 4 * i, octets - 4 * i, length - 32 * i);
      paths.push([
        rib.ipv6 ? rib.prefixes.find(word(0), word(1), word(2), word(3), length) : rib.prefixes.find(word(0), 0, 0, 0, length),
        pathId,
      ]);
      at += octets;
    }
    return paths;
  }

  #withdraw6(rib: Rib, bytes: Uint8Array, from: number, end: number): boolean {
    for (let at = from; at < end; ) {
      let pathId = 0;
      if (this.#pathIds6) {
        if (at + 4 > end) return false;
        pathId = u32(bytes, at);
        at += 4;
      }
      const length = bytes[at++] as number; // at < end, or checked below
      const octets = (length + 7) >> 3;
      if (length > 128 || at + octets > end) return false;
      const a = maskedWord(bytes, at, octets, length);
      const b = maskedWord(bytes, at + 4, octets - 4, length - 32);
      const c = maskedWord(bytes, at + 8, octets - 8, length - 64);
      const d = maskedWord(bytes, at + 12, octets - 12, length - 96);
      const prefix = rib.prefixes.find(a, b, c, d, length);
      at += octets;
      if (prefix >= 0) this.#withdrawn(rib, prefix, pathId);
      this.counters.withdrawn++;
    }
    return true;
  }

  #note(reason: string): void {
    this.counters.malformed++;
    this.lastMalformed = reason;
  }
}

/** RFC 4271 §6.3, and RFC 7606 §3 (i) for withdrawn ones. */
const badNlri: SessionError = { code: 3, subcode: 10, data: NO_DATA, reason: 'a prefix is too long or runs past the end of its field' };

/** RFC 4271 §6.3: an optional attribute that is wrong is sent back whole. */
function badMp(bytes: Uint8Array, start: number, end: number): SessionError {
  const reason = 'a prefix in MP_REACH_NLRI or MP_UNREACH_NLRI is too long or runs past its end';
  return { code: 3, subcode: 9, data: bytes.slice(start, end), reason };
}
