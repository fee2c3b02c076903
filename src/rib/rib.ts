import type { Authorization } from '../claims/authorization.js';
import type { Dampening } from '../claims/dampening.js';
import type { Feed } from '../claims/feed.js';
import { preferenceOf } from '../claims/grant.js';
import { GrantTrait } from '../claims/grant-columns.js';
import { VERDICTS, Verdict } from '../claims/reasons.js';
import { roomFor, widen } from '../lib/columns.js';
import type { Prefix } from '../lib/prefix.js';
import { Down, type NetworkModel } from '../network/model.js';
import { type AttributeSets, LLGR_STALE, SetFlag } from './attribute-sets.js';
import { ClaimRecords, ClaimWord, Stale } from './claim-records.js';
import { EmptyPrefixes } from './empty-prefixes.js';
import { FeedRows } from './feed-rows.js';
import { LimitedGrants } from './limited-grants.js';
import { type PrefixRecords, PrefixState, PrefixWord } from './prefix-records.js';
import { Ipv4Prefixes, Ipv6Prefixes, type PrefixTable } from './prefix-table.js';
import { prefixesWithin } from './prefixes-within.js';
import { Standings } from './standings.js';

/** What attributes say that has a part in what a claim is judged to be. */
const JUDGED = SetFlag.gracefulShutdown | SetFlag.llgrStale | SetFlag.blackhole;
/** Instead of what {@link Authorization.judge} found. */
const UNJUDGED = -0x4000_0000;
/** A run of one claim. */
const ONE_PREFIX = new Uint32Array(1);
const ONE_PATH = new Uint32Array(1);

/** What a claim makes of its holder; values of {@link Standings.kind}. @internal */
export const TargetKind = { node: 0, gateway: 1, discard: 2 } as const;

/**
 * The claims to one family's prefixes: Adj-RIB-In of every session, the program's claims and the initial holders together, each
 * claim a row of small integers, each prefix a row of its own with the list of its claims.
 *
 * A refused claim stays, with its verdict, so a changed grant judges it again and no peer is asked to resend.
 * Row numbers stand in lists as number + 1, so that 0 ends a list and fresh memory is an empty one.
 *
 * @internal
 */
export class Rib {
  readonly ipv6: boolean;
  readonly prefixes: PrefixTable;
  /** By prefix id. */
  readonly records: PrefixRecords;
  /** By claim row. */
  readonly claims = new ClaimRecords();
  readonly standings = new Standings();
  readonly #feedRows = new FeedRows();
  /** Claims that changed since the last publication beyond the first ({@link PrefixState.touched}), up to 65,534; made when first needed. */
  #merged = new Uint16Array(0);
  /** Claims alive, refused ones too. */
  rows = 0;
  /** Bits of a prefix's state with which nobody is told of it: the forwarding table is to have it first, and then it comes again. */
  untold = 0;
  /** How many changes were queued for the table, ever, and up to which of them it was asked: where its answer is no, too. */
  queued = 0;
  answered = 0;

  // By feed.
  /** Claims of each feed, and those refused. */
  feedRows = new Uint32Array(0);
  feedRefused = new Uint32Array(0);

  /** Prefixes whose claims changed, in the order in which they first did, and when that was heard. */
  dirty = new Uint32Array(0);
  dirtySince = new Float64Array(0);
  dirtyCount = 0;

  /** Prefixes to forget. */
  readonly #empties: EmptyPrefixes;

  #arrivals = 0;
  /** The time of the input being taken in. */
  now = 0;
  /** Refusals so far, by the position of their reason in `VERDICTS`. */
  readonly refusedFor = new Float64Array(VERDICTS.length);
  /** Row of each refusal since it was last reported, or undefined while nobody listens. */
  refusals: number[] | undefined;
  readonly #limits = new LimitedGrants(this);
  /** While all claims are judged again: those under limited grants, to be counted once they are all known. */
  #limited: number[] | undefined;
  /** Holds flaps against claims, where that is configured; and prefixes with claims that it refused since this was emptied, and until when. */
  dampening: Dampening | undefined;
  dampened: { readonly key: string; readonly until: number }[] = [];

  constructor(
    family: 'ipv4' | 'ipv6',
    readonly sets: AttributeSets,
    readonly model: NetworkModel,
    readonly authorization: Authorization,
    readonly feeds: (Feed | undefined)[],
  ) {
    this.ipv6 = family === 'ipv6';
    this.prefixes = family === 'ipv6' ? new Ipv6Prefixes() : new Ipv4Prefixes();
    this.records = this.prefixes.records;
    this.#empties = new EmptyPrefixes(this.records);
  }

  // Of a claim's row, by its standing.

  feedOf(row: number): number {
    return this.#feedRows.feedOf(row);
  }
  holderOf(row: number): number {
    return this.standings.holder[this.claims.standingOf(row)];
  }
  verdictOf(row: number): number {
    return this.standings.verdict[this.claims.standingOf(row)];
  }
  grantOf(row: number): number {
    return this.standings.grant[this.claims.standingOf(row)];
  }
  preferenceOf(row: number): number {
    return this.standings.preference[this.claims.standingOf(row)];
  }
  kindOf(row: number): number {
    return this.standings.kind[this.claims.standingOf(row)];
  }

  /** The id of a prefix, new if need be. A new one must get a claim, or {@link Rib.tidy}. */
  prefixId(a: number, b: number, c: number, d: number, length: number): number {
    const id = this.prefixes.add(a, b, c, d, length);
    this.records.mark(id, PrefixState.live);
    return id;
  }

  /** The claim of a feed to a prefix, row + 1, or 0. */
  find(prefix: number, feed: number, pathId: number): number {
    const { claims } = this;
    let row = this.records.headOf(prefix);
    while (row !== 0 && (this.feedOf(row - 1) !== feed || claims.pathIdOf(row - 1) !== pathId)) row = claims.nextOf(row - 1);
    return row;
  }

  /** Whether a feed claims the prefix, by any path. */
  hears(prefix: number, feed: number): boolean {
    for (let row = this.records.headOf(prefix); row !== 0; row = this.claims.nextOf(row - 1))
      if (this.feedOf(row - 1) === feed) return true;
    return false;
  }

  /** Prefixes that a feed claims, each once. Walks its claims. */
  prefixesOf(feed: number): number {
    let count = 0;
    for (let at = this.firstOf(feed); at !== 0; at = this.afterOf(at - 1)) {
      // Of several paths, the one that stands first counts.
      let row = this.records.headOf(this.claims.prefixOf(at - 1));
      while (this.feedOf(row - 1) !== feed) row = this.claims.nextOf(row - 1);
      if (row === at) count++;
    }
    return count;
  }

  /** One claim, new or changed: see {@link Rib.announceRun}. */
  announce(prefix: number, feed: number, pathId: number, setIn: number, setOut: number, fault: number, holder: number, wish: number): void {
    ONE_PREFIX[0] = prefix;
    ONE_PATH[0] = pathId;
    this.announceRun(ONE_PREFIX, ONE_PATH, 1, feed, setIn, setOut, fault, holder, wish);
  }

  /**
   * Claims of one feed to `count` prefixes with the same attributes, new or changed. `fault` is what the protocol or policy has
   * against them; the rest of the verdict is found here. The same claim again is not news. `known` are the
   * claims that there are, as far as the caller knows them: rows + 1, 0 for one to be looked for.
   */
  announceRun(
    prefixes: Uint32Array,
    pathIds: Uint32Array | undefined,
    count: number,
    feed: number,
    setIn: number,
    setOut: number,
    fault: number,
    holder: number,
    wish: number,
    known?: Uint32Array,
  ): void {
    this.#makeRoom(count);
    const { source, speaker: bound, sourceIndex } = this.feeds[feed] as Feed; // an open feed
    const speaker = bound < 0 ? holder : bound;
    const { standings, claims, now } = this;
    // The lists and records stay where they are from here on.
    const { dirty, dirtySince } = this;
    const { words, octets, size } = this.records;
    const { words: claimWords } = claims;
    const rows = this.#feedRows;
    let fresh = 0;
    let changed = 0;
    // Neighbours in a run are mostly judged alike.
    let lastJudged = UNJUDGED;
    let lastStanding = 0;
    /** Claims of it that it does not count yet. */
    let alike = 0;
    let row = -1;
    for (let i = 0; i < count; i++) {
      const prefix = prefixes[i];
      const pathId = pathIds === undefined ? 0 : pathIds[i];
      const at = prefix * size;
      const first = words[at + PrefixWord.head];
      const told = known === undefined ? 0 : known[i];
      row = (told !== 0 && this.#isClaim(told - 1, prefix, feed, pathId) ? told : first === 0 ? 0 : this.find(prefix, feed, pathId)) - 1;
      if (row >= 0) {
        if (!this.#change(row, setIn, setOut, fault, holder, wish)) continue;
        changed++;
      } else {
        row = rows.take(feed);
        fresh++;
        claims.begin(row, prefix, setIn, setOut, pathId, ++this.#arrivals, first);
        words[at + PrefixWord.head] = row + 1;
        if (wish >= 0) claims.setWish(row, wish);
        const judged = fault !== 0 ? -fault : source === 'initial' ? UNJUDGED : this.#authorize(prefix, speaker, holder, sourceIndex);
        if (judged === lastJudged && judged !== UNJUDGED) {
          claimWords[row * ClaimWord.size + ClaimWord.standing] = lastStanding;
          alike++;
          if (judged < 0) this.#refused(row, feed);
        } else {
          if (alike > 0) standings.retain(lastStanding, alike);
          alike = 0;
          this.#judge(row, feed, holder, fault, judged);
          lastStanding = claims.standingOf(row);
          // Under a limited grant each is counted for itself.
          const shared = judged < 0 ? judged !== UNJUDGED : !this.dampening && !this.authorization.columns.isLimited(judged);
          lastJudged = shared ? judged : UNJUDGED;
        }
      }
      const state = octets[at * 4 + 1];
      if ((state & PrefixState.touched) !== 0) this.merge(prefix, 1);
      if ((state & PrefixState.dirty) !== 0) continue;
      octets[at * 4 + 1] = state | PrefixState.dirty | PrefixState.touched;
      dirty[this.dirtyCount] = prefix;
      dirtySince[this.dirtyCount++] = now;
    }
    if (alike > 0) standings.retain(lastStanding, alike);
    this.lastSaid = row + 1;
    this.feedRows[feed] += fresh;
    this.rows += fresh;
    this.sets.retain(setIn, fresh + changed);
    this.sets.retain(setOut, fresh + changed);
  }
  /** The claim that the last run ended with, row + 1. */
  lastSaid = 0;

  /** Whether there is a claim in a row, and it is this one. */
  #isClaim(row: number, prefix: number, feed: number, pathId: number): boolean {
    const { claims } = this;
    return claims.prefixOf(row) === prefix && claims.setInOf(row) !== 0 && this.feedOf(row) === feed && claims.pathIdOf(row) === pathId;
  }

  /** A claim that is known; whether anything changed: then both sets have a user more. */
  #change(row: number, setIn: number, setOut: number, fault: number, holder: number, wish: number): boolean {
    const { claims, sets } = this;
    claims.setStale(row, Stale.fresh);
    const heard = claims.setInOf(row);
    const told = claims.setOutOf(row);
    if (
      heard === setIn &&
      told === setOut &&
      this.standings.fault[claims.standingOf(row)] === fault &&
      this.holderOf(row) === holder &&
      claims.wishOf(row) === wish
    ) {
      return false;
    }
    const judged = !this.#standsWith(row, setOut, fault, holder, wish);
    if (judged) this.#limits.uncount(row);
    if (this.dampening && heard !== setIn) this.#flapped(row, false);
    if (heard === told) sets.release(heard, 2);
    else {
      sets.release(heard);
      sets.release(told);
    }
    this.#tell(row, setIn, told, setOut);
    if (judged) {
      claims.setWish(row, wish);
      this.#judge(row, this.feedOf(row), holder, fault);
    }
    return true;
  }

  /** Whether an accepted claim is judged to be the same with these attributes for certain: they have no part in it, as those before. */
  #standsWith(row: number, setOut: number, fault: number, holder: number, wish: number): boolean {
    const { standings } = this;
    const at = this.claims.standingOf(row);
    return (
      standings.verdict[at] === 0 &&
      standings.fault[at] === fault &&
      standings.holder[at] === holder &&
      // What {@link Rib.#derive} makes of marks shows.
      standings.kind[at] !== TargetKind.discard &&
      standings.preference[at] !== 0 &&
      (this.sets.flagsOf(setOut) & JUDGED) === 0 &&
      this.claims.wishOf(row) === wish &&
      !this.dampening
    );
  }

  /** A claim has these sets from now on, where `before` was told of it. */
  #tell(row: number, setIn: number, before: number, setOut: number): void {
    this.claims.putSets(row, setIn, setOut);
    if (before !== setOut) this.#altered(row);
  }
  /** What is to be told of a claim is another thing now; if it won, that must be told. */
  #altered(row: number): void {
    const prefix = this.claims.prefixOf(row);
    if (this.records.bestOf(prefix) === row + 1) this.records.mark(prefix, PrefixState.altered);
  }

  /** Makes room for `count` claims that may all be new, to prefixes that have ids. */
  #makeRoom(count: number): void {
    // Rows come in blocks.
    this.claims.widen(this.#feedRows.limit + count + 128);
    if (this.dirtyCount + count > this.dirty.length) {
      const room = roomFor(this.dirtyCount + count, this.dirty.length);
      this.dirty = widen(this.dirty, room);
      this.dirtySince = widen(this.dirtySince, room);
    }
    if (this.#arrivals + count > 0xffff_ffff) this.#renumber();
  }

  /** Ends a claim; whether there was one. */
  withdraw(prefix: number, feed: number, pathId: number): boolean {
    const row = this.find(prefix, feed, pathId) - 1;
    if (row < 0) return false;
    this.remove(row);
    return true;
  }

  /** Ends the claim in a row. */
  remove(row: number): void {
    const { claims } = this;
    const [standing, setIn, setOut] = [claims.standingOf(row), claims.setInOf(row), claims.setOutOf(row)];
    this.#end(row, this.feedOf(row));
    this.#release(standing, setIn, setOut, 1);
  }

  /** Ends up to `most` claims of a feed. Returns how many there were. */
  sweep(feed: number, most: number): number {
    const { claims } = this;
    let swept = 0;
    // Neighbours mostly share what they refer to.
    let [standing, setIn, setOut, alike] = [0, 0, 0, 0];
    for (let at = this.firstOf(feed); at !== 0 && swept < most; swept++) {
      const row = at - 1;
      at = this.afterOf(row);
      if (claims.setInOf(row) !== setIn || claims.setOutOf(row) !== setOut || claims.standingOf(row) !== standing) {
        if (alike > 0) this.#release(standing, setIn, setOut, alike);
        standing = claims.standingOf(row);
        setIn = claims.setInOf(row);
        setOut = claims.setOutOf(row);
        alike = 0;
      }
      alike++;
      this.#end(row, feed);
    }
    if (alike > 0) this.#release(standing, setIn, setOut, alike);
    return swept;
  }

  /** So many claims are over that referred to these. */
  #release(standing: number, setIn: number, setOut: number, claims: number): void {
    this.standings.release(standing, claims);
    this.sets.release(setIn, claims);
    this.sets.release(setOut, claims);
  }

  /** Takes a claim out, whose feed this is; what it refers to is for the caller to release then. */
  #end(row: number, feed: number): void {
    const { claims, records } = this;
    const prefix = claims.prefixOf(row);
    let before = records.headOf(prefix);
    if (before === row + 1) records.setHead(prefix, claims.nextOf(row));
    else {
      while (claims.nextOf(before - 1) !== row + 1) before = claims.nextOf(before - 1);
      claims.setNext(before - 1, claims.nextOf(row));
    }
    if (this.dampening) this.#flapped(row, true);
    this.feedRows[feed]--;
    if (this.verdictOf(row) !== 0) this.feedRefused[feed]--;
    this.#limits.uncount(row);
    this.rows--;
    claims.end(row);
    this.#feedRows.give(row);
    this.touch(prefix, records.bestOf(prefix) === row + 1 ? PrefixState.altered : 0);
  }

  /** Marks a feed's claims, but for those that are marked with more already: what it does not repeat before {@link Rib.sweepStale} ends. */
  markStale(feed: number, mark: number): void {
    this.#feedRows.replace(feed, this.claims.marks, Stale.fresh, mark - 1, mark);
  }

  /** The claims of a feed are over, but for those that it says again, and for those without a mark, or without this one: {@link Rib.sweepEnded} takes them out. */
  condemn(feed: number, which: 'all' | 'marked' | number): void {
    const least = which === 'all' ? Stale.fresh : which === 'marked' ? Stale.refresh : which;
    this.#feedRows.replace(feed, this.claims.marks, least, typeof which === 'number' ? which : Stale.held, Stale.ended);
  }

  /**
   * Ends up to `most` of the claims of a feed that were condemned, and looks at eight times as many. Begins with the row (+ 1) where the last call
   * ended, if the same claim is still there, and notes where this one does, 0 for the end. Returns how many there were.
   */
  sweepEnded(feed: number, most: number, from: { row: number; arrival: number }): number {
    const { claims } = this;
    const { row: last } = from;
    const stands =
      last !== 0 && claims.setInOf(last - 1) !== 0 && this.feedOf(last - 1) === feed && claims.arrivalOf(last - 1) === from.arrival;
    let at = stands ? last : this.firstOf(feed);
    let swept = 0;
    for (let seen = 0; at !== 0 && swept < most && seen < most * 8; seen++) {
      const row = at - 1;
      at = this.afterOf(row);
      if (claims.staleOf(row) !== Stale.ended) continue;
      this.remove(row);
      swept++;
    }
    from.row = at;
    if (at !== 0) from.arrival = claims.arrivalOf(at - 1);
    return swept;
  }

  /** Ends the claims that the feed did not repeat: all that are marked, at once. */
  sweepStale(feed: number): void {
    for (let at = this.firstOf(feed); at !== 0; ) {
      const row = at - 1;
      at = this.afterOf(row);
      if (this.claims.staleOf(row) !== Stale.fresh) this.remove(row);
    }
  }

  /**
   * A feed is gone for long (RFC 9494 §4.2): what may stay of its marked claims does so as the last resort, and says so to others. Up to `most`,
   * beginning with the row (+ 1) where the last call ended; returns where this one does, 0 for the end.
   */
  keepLongLived(feed: number, most: number, from = 0): number {
    const { claims, sets } = this;
    // Neighbours mostly have their set in common. The last one and what is made of it are held, as each may be the other's last user.
    let [last, made] = [0, 0];
    const stands = from !== 0 && claims.setInOf(from - 1) !== 0 && this.feedOf(from - 1) === feed;
    let at = stands ? from : this.firstOf(feed);
    for (let kept = 0; at !== 0 && kept < most; kept++) {
      const row = at - 1;
      at = this.afterOf(row);
      const stale = claims.staleOf(row);
      if (stale === Stale.fresh || stale === Stale.longLived || stale === Stale.ended) continue;
      const before = claims.setOutOf(row);
      if ((sets.flagsOf(before) & SetFlag.noLlgr) !== 0) {
        this.remove(row);
        continue;
      }
      claims.setStale(row, Stale.longLived);
      if (before !== last) {
        if (last !== 0) {
          sets.release(last);
          sets.release(made);
        }
        sets.retain(before);
        last = before;
        made = this.#adorned(row, before);
      }
      sets.retain(made);
      sets.release(before);
      this.#tell(row, claims.setInOf(row), before, made);
      this.rejudge(row);
      this.touch(claims.prefixOf(row));
    }
    if (last !== 0) {
      sets.release(last);
      sets.release(made);
    }
    return at;
  }

  /** What is told of a claim with this set, counted once more. */
  #adorned(row: number, set: number): number {
    if (this.claims.staleOf(row) === Stale.longLived) return this.sets.withCommunity(set, LLGR_STALE);
    this.sets.retain(set);
    return set;
  }

  /** The first claim of a feed, row + 1, or 0. */
  firstOf(feed: number): number {
    return this.#feedRows.first(feed);
  }
  /** The claim of the same feed after that in `row`, row + 1, or 0. */
  afterOf(row: number): number {
    return this.#feedRows.after(row);
  }
  /** One past the largest row in use; a row whose set is 0 is free. */
  get rowLimit(): number {
    return this.#feedRows.limit;
  }

  /** Claims to a prefix that changed since the last publication, up to 65,535. */
  mergedOf(prefix: number): number {
    if ((this.records.stateOf(prefix) & PrefixState.touched) === 0) return 0;
    return 1 + (prefix < this.#merged.length ? this.#merged[prefix] : 0);
  }
  /** So many more of them changed. */
  merge(prefix: number, changes: number): void {
    if (changes > 0 && (this.records.stateOf(prefix) & PrefixState.touched) === 0) {
      this.records.mark(prefix, PrefixState.touched);
      changes--;
    }
    if (changes === 0) return;
    if (this.#merged.length < this.records.room) this.#merged = widen(this.#merged, this.records.room);
    this.#merged[prefix] = Math.min(0xfffe, this.#merged[prefix] + changes);
  }
  /** Claims that changed to a prefix of this state, which is to be no more {@link PrefixState.touched}: what changes from now on belongs to the next publication. */
  takeMerged(prefix: number, state: number): number {
    if ((state & PrefixState.touched) === 0) return 0;
    if (prefix >= this.#merged.length) return 1;
    const merged = this.#merged[prefix];
    this.#merged[prefix] = 0;
    return 1 + merged;
  }
  /** What changes from now on belongs to the next publication. */
  unmerge(prefix: number): void {
    this.records.unmark(prefix, PrefixState.touched);
    if (prefix < this.#merged.length) this.#merged[prefix] = 0;
  }

  /** A claim's holder is to be left, or no longer: what is told of it changes though its attributes do not. */
  reconsider(row: number): void {
    this.#altered(row);
    this.rejudge(row);
    this.touch(this.claims.prefixOf(row));
  }

  /** The holder of a claim is down, and the claim is out for that. */
  isHolderDown(row: number): boolean {
    const down = this.model.down[this.holderOf(row)];
    return down !== Down.not && (down !== Down.butHeld || this.claims.staleOf(row) !== Stale.held);
  }

  /** The claims to a prefix changed: it will be decided again at the end of the turn. Its state gets these marks, too. */
  touch(prefix: number, marks = 0): void {
    const state = this.records.stateOf(prefix);
    if ((state & PrefixState.touched) !== 0) this.merge(prefix, 1);
    this.records.setState(prefix, state | PrefixState.touched | PrefixState.dirty | marks);
    if ((state & PrefixState.dirty) !== 0) return;
    if (this.dirtyCount >= this.dirty.length) {
      const room = roomFor(this.dirtyCount + 1, this.dirty.length);
      this.dirty = widen(this.dirty, room);
      this.dirtySince = widen(this.dirtySince, room);
    }
    this.dirty[this.dirtyCount] = prefix;
    this.dirtySince[this.dirtyCount++] = this.now;
  }

  /** Finds the verdict of a claim, its grant, preference and kind; by what the grants say, where that is known. Whether its standing changed. */
  #judge(row: number, feed: number, holder: number, fault: number, known = UNJUDGED): boolean {
    const { source, speaker, sourceIndex } = this.feeds[feed] as Feed; // a row's feed outlives it
    let verdict = fault;
    let grant = 0;
    let preference = 0;
    let kind: number = TargetKind.node;
    if (source === 'initial') {
      // Configuration needs no grant. Where a claim's wish stands: 0 node, 1 gateway, 2 more for one that a claim of before moved
      // here, which goes before the configured ones.
      kind = (this.claims.wishOf(row) & 1) !== 0 ? TargetKind.gateway : TargetKind.node;
      preference = this.claims.wishOf(row) >= 2 ? 1 : 0;
    } else if (verdict === 0) {
      const judged =
        known === UNJUDGED ? this.#authorize(this.claims.prefixOf(row), speaker < 0 ? holder : speaker, holder, sourceIndex) : known;
      if (judged < 0) verdict = -judged;
      else {
        grant = judged + 1;
        this.#derive(judged, holder, this.claims.setOutOf(row), sourceIndex, this.claims.wishOf(row));
        preference = this.#preference;
        kind = this.#kind;
        if (this.dampening && source !== 'api') verdict = this.#dampened(row, holder);
        if (verdict === 0 && this.authorization.columns.isLimited(judged)) {
          if (this.#limited) {
            this.#limited.push(row);
            // Until it is counted it stands as before: what is refused still is not refused anew.
            if (this.verdictOf(row) === Verdict['limit-exceeded']) verdict = Verdict['limit-exceeded'];
          } else verdict = this.#limits.count(row, holder, judged, this.authorization.grants[judged].limit);
        }
      }
    }
    return this.#stand(row, feed, holder, fault, verdict, grant, preference, kind);
  }

  /** What is held against a claim that came and went: it is looked at again when that is over. */
  #dampened(row: number, holder: number): number {
    const { dampening, now } = this;
    if (!dampening) return 0;
    const prefix = this.claims.prefixOf(row);
    const key = this.#flapKey(prefix, holder);
    const until = dampening.until(key, now);
    if (until === undefined) return 0;
    this.dampened.push({ key: this.prefixes.format(prefix), until });
    return dampening.verdict(key, now);
  }
  #flapped(row: number, ended: boolean): void {
    const source = this.feeds[this.feedOf(row)]?.source;
    if (source === 'initial' || source === 'api' || this.claims.staleOf(row) === Stale.restored) return;
    const key = this.#flapKey(this.claims.prefixOf(row), this.holderOf(row));
    if (ended) this.dampening?.ended(key, this.now);
    else this.dampening?.changed(key, this.now);
  }
  #flapKey(prefix: number, holder: number): string {
    return `${this.prefixes.format(prefix)} ${holder}`;
  }

  /** Gives a claim its standing, and counts refusals. Whether it is another one. */
  #stand(
    row: number,
    feed: number,
    holder: number,
    fault: number,
    verdict: number,
    grant: number,
    preference: number,
    kind: number,
  ): boolean {
    const { standings } = this;
    const before = this.claims.standingOf(row);
    const after = standings.intern(feed, holder, fault, verdict, grant, preference, kind);
    const was = before === 0 ? 0 : standings.verdict[before];
    this.claims.setStanding(row, after);
    if (verdict !== was) {
      if (was !== 0) this.feedRefused[feed]--;
      if (verdict !== 0) this.#refused(row, feed);
    }
    if (before !== 0) standings.release(before);
    return after !== before;
  }

  #refused(row: number, feed: number): void {
    this.feedRefused[feed]++;
    this.refusedFor[this.verdictOf(row)]++;
    this.refusals?.push(row);
  }

  /** Judges a claim again that is there already, outside of limits: see {@link Rib.rejudgeAll}. */
  rejudge(row: number): void {
    this.#limits.uncount(row);
    if (this.#again(row)) this.touch(this.claims.prefixOf(row));
  }

  /** Judges all claims to a prefix again. */
  rejudgePrefix(id: number): void {
    for (let at = this.records.headOf(id); at !== 0; at = this.claims.nextOf(at - 1)) this.rejudge(at - 1);
  }

  /** Judges all claims again that lie inside a prefix and are `least` to `most` bits long. No limited grant may have a part in that. */
  rejudgeWithin(outer: Prefix, least: number, most: number): void {
    for (const id of prefixesWithin(this.prefixes, outer, least, most)) this.rejudgePrefix(id);
  }

  #again(row: number): boolean {
    const standing = this.claims.standingOf(row);
    return this.#judge(row, this.standings.feed[standing], this.standings.holder[standing], this.standings.fault[standing]);
  }

  /** The grant that covers a claim, or -1 times the verdict. */
  #authorize(prefix: number, speaker: number, holder: number, sourceIndex: number): number {
    const { records: r } = this;
    const length = r.lengthOf(prefix);
    return this.ipv6
      ? this.authorization.judge(
          r.aOf(prefix) | 0,
          r.bOf(prefix) | 0,
          r.cOf(prefix) | 0,
          r.dOf(prefix) | 0,
          length,
          true,
          speaker,
          holder,
          sourceIndex,
        )
      : this.authorization.judge(r.aOf(prefix) | 0, 0, 0, 0, length, false, speaker, holder, sourceIndex);
  }

  /** What a claim with these attributes gets of its grant, in {@link Rib.#preference} and {@link Rib.#kind}. */
  #derive(grant: number, holder: number, set: number, sourceIndex: number, wish: number): void {
    const { columns, grants } = this.authorization;
    const traits = columns.traits[grant];
    const flags = this.sets.flagsOf(set);
    // RFC 8326 §4.1, RFC 9494 §4.2: the last resort.
    const marked = (flags & (SetFlag.gracefulShutdown | SetFlag.llgrStale)) !== 0;
    // Among those who share, one that is to be left stays for its old flows, with weight zero.
    const least = marked || (this.model.draining[holder] === 1 && (traits & GrantTrait.shared) === 0);
    this.#preference = least ? 0 : wish < 0 ? columns.preferenceOf(grant, sourceIndex) : preferenceOf(grants[grant], sourceIndex, wish);
    if ((flags & SetFlag.blackhole) !== 0)
      this.#kind = TargetKind.discard; // RFC 7999 §3.3
    else this.#kind = (traits & GrantTrait.gateway) !== 0 ? TargetKind.gateway : TargetKind.node;
  }
  #preference = 0;
  #kind: number = TargetKind.node;

  /**
   * Has a feed's importer look at its claims again: policy, or who owns which address, changed. Where it is about one next hop, at those only that
   * lead there, which are judged again, too.
   */
  reimport(feed: Feed, nextHop?: Uint8Array): void {
    const { importer } = feed;
    if (!importer) return;
    const { records: r, claims, standings } = this;
    // Neighbours mostly have their set in common.
    let [last, leads] = [0, false];
    for (let at = this.firstOf(feed.index); at !== 0; at = this.afterOf(at - 1)) {
      const row = at - 1;
      const prefix = claims.prefixOf(row);
      const heard = claims.setInOf(row);
      if (nextHop !== undefined && heard !== last) [last, leads] = [heard, importer.leadsTo(heard, nextHop)];
      if (nextHop !== undefined && !leads) continue;
      if (this.ipv6) importer.evaluate(heard, r.aOf(prefix), r.bOf(prefix), r.cOf(prefix), r.dOf(prefix), r.lengthOf(prefix), true);
      else importer.evaluate(heard, r.aOf(prefix), 0, 0, 0, r.lengthOf(prefix), false);
      const before = this.claims.setOutOf(row);
      const told = this.#adorned(row, importer.setOut);
      this.sets.release(before);
      if (told !== before) {
        this.#tell(row, heard, before, told);
        this.touch(prefix);
      }
      this.claims.setWish(row, importer.wish);
      const stood = claims.standingOf(row);
      // Its verdict is found when all are judged again, which follows.
      const stands = standings.intern(
        feed.index,
        importer.holder,
        importer.fault,
        standings.verdict[stood],
        standings.grant[stood],
        standings.preference[stood],
        standings.kind[stood],
      );
      claims.setStanding(row, stands);
      standings.release(stood);
      // Who holds it may be all that is another.
      if (stands !== stood) this.touch(prefix);
      if (nextHop !== undefined) this.rejudge(row);
    }
  }

  /** Claims that are refused. */
  get refused(): number {
    let sum = 0;
    for (let i = 0; i < this.feedRefused.length; i++) sum += this.feedRefused[i];
    return sum;
  }

  /** Judges every claim again, and fills limits in the order in which claims were first heard. */
  rejudgeAll(): void {
    this.#limits.clear();
    const limited: number[] = [];
    this.#limited = limited;
    for (let row = 0; row < this.rowLimit; row++) {
      if (this.claims.setInOf(row) !== 0 && this.#again(row)) this.touch(this.claims.prefixOf(row));
    }
    this.#limited = undefined;
    this.#limits.fill(limited, this.#restand);
  }

  /** Gives room that claims left under limited grants to those that wait for it, oldest first. */
  fillRoom(): void {
    this.#limits.fillRoom(this.#restand);
  }

  readonly #restand = (row: number, verdict: number): void => {
    const { feed, holder, fault, grant, preference, kind } = this.standings;
    const at = this.claims.standingOf(row);
    if (this.#stand(row, feed[at], holder[at], fault[at], verdict, grant[at], preference[at], kind[at]))
      this.touch(this.claims.prefixOf(row));
  };

  /** Takes note of a prefix that nothing refers to any more: {@link Rib.bury} forgets it when there is time. */
  tidy(prefix: number): void {
    const { records } = this;
    if (records.isUnused(prefix) && records.stateOf(prefix) === PrefixState.live) this.#empties.add(prefix);
  }

  /** Forgets up to `most` empty prefixes; whether there are more. */
  bury(most: number): boolean {
    return this.#empties.bury(this, most);
  }

  /** Whether prefixes wait to be forgotten. */
  get hasEmpty(): boolean {
    return this.#empties.count > 0;
  }

  /** Makes room for a feed's list. */
  addFeed(index: number): void {
    this.#feedRows.addFeed(index);
    if (index >= this.feedRows.length) {
      const room = roomFor(index + 1, this.feedRows.length);
      this.feedRows = widen(this.feedRows, room);
      this.feedRefused = widen(this.feedRefused, room);
    }
  }

  /** Puts a claim at another place in its source's own order: its prefix is decided again. */
  setRank(row: number, rank: number): void {
    if (this.claims.rankOf(row) === rank) return;
    this.claims.setRank(row, rank);
    this.touch(this.claims.prefixOf(row));
  }

  /** Four thousand million claims have come and gone: those that are alive are numbered anew, in their order. */
  #renumber(): void {
    const rows: number[] = [];
    for (let row = 0; row < this.rowLimit; row++) if (this.claims.setInOf(row) !== 0) rows.push(row);
    rows.sort((x, y) => this.claims.arrivalOf(x) - this.claims.arrivalOf(y));
    this.#limits.renumber(() => {
      rows.forEach((row, i) => {
        this.claims.setArrival(row, i + 1);
      });
    });
    this.#arrivals = rows.length;
  }

  /** Makes room for so many prefixes with a claim each, to come and to go. */
  reserve(count: number): void {
    this.prefixes.reserve(count);
    this.claims.widen(count);
    this.claims.touch(count);
  }
}
