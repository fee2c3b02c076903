import type { Authorization } from '../claims/authorization.js';
import { preferenceOf } from '../claims/authorization.js';
import type { Dampening } from '../claims/dampening.js';
import type { Feed } from '../claims/feed.js';
import { Verdict } from '../claims/reasons.js';
import { roomFor, touch, widen } from '../lib/columns.js';
import type { NetworkModel } from '../network/model.js';
import { type AttributeSets, LLGR_STALE, SetFlag } from './attribute-sets.js';
import { FeedRows } from './feed-rows.js';
import { Ipv4Prefixes, Ipv6Prefixes, type PrefixTable } from './prefix-table.js';
import { Standings } from './standings.js';

/** What attributes say that has a part in what a claim is judged to be. */
const JUDGED = SetFlag.gracefulShutdown | SetFlag.llgrStale | SetFlag.blackhole;
/** Instead of what a claim is judged to be. */
const UNJUDGED = Number.MIN_SAFE_INTEGER;

/** Bits of {@link Rib.state}. @internal */
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

/**
 * Why a claim stands although nobody vouches for it now; values of {@link Rib.staleOf}. Its feed says it again (RFC 7313), is gone for
 * a while (RFC 4724), is gone for long (RFC 9494), was so in a former life of the router, or is lost in a way that is suspicious.
 *
 * @internal
 */
export const Stale = { fresh: 0, refresh: 1, restart: 2, longLived: 3, restored: 4, held: 5 } as const;

/** {@link Stale} in words. @public */
export type StaleReason = 'refresh' | 'restart' | 'long-lived' | 'restored' | 'held';
const STALE_REASONS: readonly (StaleReason | undefined)[] = [undefined, 'refresh', 'restart', 'long-lived', 'restored', 'held'];

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
  readonly standings = new Standings();

  // By prefix id.
  #prefixRoom = 0;
  /** First claim of the prefix, row + 1. */
  head = new Uint32Array(0);
  /** The winner as last decided, row + 1. */
  best = new Uint32Array(0);
  /** Target as decided, and as published; 0 is none. */
  decided = new Uint32Array(0);
  published = new Uint32Array(0);
  state = new Uint8Array(0);
  /** Claims that changed since the last publication beyond the first ({@link PrefixState.touched}), up to 65,535; made when first needed. */
  #merged = new Uint16Array(0);
  /** Neighbours that were told of the prefix, and that wait to be: 32,767 of them can be. */
  holds = new Uint16Array(0);

  // By claim row.
  #rowRoom = 0;
  readonly #feedRows = new FeedRows();
  /** Claims alive, refused ones too. */
  rows = 0;
  prefixOf = new Uint32Array(0);
  /** What the claim is judged to be: a number of {@link Rib.standings}. */
  standing = new Uint32Array(0);
  /** RFC 7911 path identifier, or the program's lease number; made when first needed. */
  pathId = new Uint32Array(0);
  /** 0 in a row that is free. */
  setIn = new Uint32Array(0);
  /** What is told of the claim, where that is not what was heard; made when first needed. */
  #setOut = new Uint32Array(0);
  /** Preferences asked for, by row: few ask. Of an initial holder's row, its kind. */
  readonly #wishes = new Map<number, number>();
  /** Its place in the order in which claims were first heard; a change of attributes does not make a claim new. */
  arrival = new Uint32Array(0);
  /** The prefix's next claim, row + 1; made when a prefix first has two. */
  #next = new Uint32Array(0);

  /** Place in its source's own order, the least first, where attributes do not say it: OSPF's cost. Made when first needed. */
  #rank = new Float64Array(0);

  /** Values of {@link Stale}; made when first needed. */
  #stale = new Uint8Array(0);

  // By feed.
  /** Claims of each feed, and those refused. */
  feedRows = new Uint32Array(0);
  feedRefused = new Uint32Array(0);

  /** Prefixes whose claims changed, in the order in which they first did, and when that was heard. */
  dirty = new Uint32Array(0);
  dirtySince = new Float64Array(0);
  dirtyCount = 0;

  #emptied = new Uint32Array(0);
  #emptyCount = 0;

  #arrivals = 0;
  /** The time of the input being taken in. */
  now = 0;
  /** Row of each refusal since it was last reported, or undefined while nobody listens. */
  refusals: number[] | undefined;
  /** Accepted prefixes by grant and holder, for grants with a limit: `grant * 2^32 + holder`. */
  readonly #counts = new Map<number, number>();
  /** While all claims are judged again: those under limited grants, to be counted once they are all known. */
  #limited: number[] | undefined;
  /** Holds flaps against claims, where that is configured; and prefixes with claims that it refused since this was emptied, and until when. */
  dampening: Dampening | undefined;
  dampened: { readonly key: string; readonly until: number }[] = [];
  /** Limited grants under which room was made. */
  readonly roomMade = new Set<number>();

  constructor(
    family: 'ipv4' | 'ipv6',
    readonly sets: AttributeSets,
    readonly model: NetworkModel,
    readonly authorization: Authorization,
    readonly feeds: (Feed | undefined)[],
  ) {
    this.ipv6 = family === 'ipv6';
    this.prefixes = family === 'ipv6' ? new Ipv6Prefixes() : new Ipv4Prefixes();
  }

  // Of a claim's row, by its standing.

  feedOf(row: number): number {
    return this.#feedRows.feedOf(row);
  }
  holderOf(row: number): number {
    return this.standings.holder[this.standing[row]];
  }
  verdictOf(row: number): number {
    return this.standings.verdict[this.standing[row]];
  }
  grantOf(row: number): number {
    return this.standings.grant[this.standing[row]];
  }
  preferenceOf(row: number): number {
    return this.standings.preference[this.standing[row]];
  }
  kindOf(row: number): number {
    return this.standings.kind[this.standing[row]];
  }

  /** The id of a prefix, new if need be. A new one must get a claim, or {@link Rib.tidy}. */
  prefixId(a: number, b: number, c: number, d: number, length: number): number {
    const id = this.prefixes.add(a, b, c, d, length);
    if (id >= this.#prefixRoom) this.#widenPrefixes(id + 1);
    this.state[id] |= PrefixState.live;
    return id;
  }

  /** The claim of a feed to a prefix, row + 1, or 0. */
  find(prefix: number, feed: number, pathId: number): number {
    // Nobody named a path yet: all are path 0.
    if (this.pathId.length === 0 && pathId !== 0) return 0;
    let row = this.head[prefix];
    while (row !== 0 && (this.feedOf(row - 1) !== feed || (this.pathId.length > 0 && this.pathId[row - 1] !== pathId)))
      row = this.nextOf(row - 1);
    return row;
  }

  /** Whether a feed claims the prefix, by any path. */
  hears(prefix: number, feed: number): boolean {
    for (let row = this.head[prefix]; row !== 0; row = this.nextOf(row - 1)) if (this.feedOf(row - 1) === feed) return true;
    return false;
  }

  /** Prefixes that a feed claims, each once. Walks its claims. */
  prefixesOf(feed: number): number {
    let count = 0;
    for (let at = this.firstOf(feed); at !== 0; at = this.afterOf(at - 1)) {
      // Of several paths, the one that stands first counts.
      let row = this.head[this.prefixOf[at - 1]];
      while (this.feedOf(row - 1) !== feed) row = this.nextOf(row - 1);
      if (row === at) count++;
    }
    return count;
  }

  /** One claim, new or changed: see {@link Rib.announceRun}. */
  announce(prefix: number, feed: number, pathId: number, setIn: number, setOut: number, fault: number, holder: number, wish: number): void {
    this.announceRun(Uint32Array.of(prefix), Uint32Array.of(pathId), 1, feed, setIn, setOut, fault, holder, wish);
  }

  /**
   * Claims of one feed to `count` prefixes with the same attributes, new or changed. `fault` is what the protocol or policy has
   * against them; the rest of the verdict is found here. The same claim again is not news.
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
  ): void {
    this.#makeRoom(count, pathIds);
    const { source, speaker: bound, sourceIndex } = this.feeds[feed] as Feed; // an open feed
    const speaker = bound < 0 ? holder : bound;
    const { standings } = this;
    // Columns stay where they are from here on.
    const { head, state, dirty, dirtySince, prefixOf, standing, arrival, now } = this;
    const own = this.setIn;
    const rows = this.#feedRows;
    let fresh = 0;
    // Neighbours in a run are mostly judged alike.
    let lastJudged = UNJUDGED;
    let lastStanding = 0;
    for (let i = 0; i < count; i++) {
      const prefix = prefixes[i];
      const pathId = pathIds === undefined ? 0 : pathIds[i];
      const first = head[prefix];
      const known = first === 0 ? 0 : this.find(prefix, feed, pathId);
      let row = known - 1;
      if (known !== 0) {
        if (!this.#change(row, setIn, setOut, fault, holder, wish)) continue;
      } else {
        row = rows.take(feed);
        fresh++;
        prefixOf[row] = prefix;
        if (this.pathId.length > 0) this.pathId[row] = pathId;
        arrival[row] = ++this.#arrivals;
        if (first !== 0 || this.#next.length > 0) this.#link(row, first);
        head[prefix] = row + 1;
        own[row] = setIn;
        if (setOut !== setIn || this.#setOut.length > 0) this.#putSetOut(row, setOut);
        if (wish >= 0) this.#wishes.set(row, wish);
        const judged = fault !== 0 ? -fault : source === 'initial' ? UNJUDGED : this.#authorize(prefix, speaker, holder, sourceIndex);
        if (judged === lastJudged && judged !== UNJUDGED) {
          standing[row] = lastStanding;
          standings.retain(lastStanding);
          if (judged < 0) this.#refused(row, feed);
        } else {
          this.#judge(row, feed, holder, fault);
          lastStanding = standing[row];
          // Under a limited grant each is counted for itself.
          const shared =
            judged < 0 || (judged !== UNJUDGED && !this.dampening && this.authorization.grants[judged].limit === Number.POSITIVE_INFINITY);
          lastJudged = shared ? judged : UNJUDGED;
        }
      }
      const mark = state[prefix];
      if ((mark & PrefixState.touched) !== 0) this.merge(prefix, 1);
      if ((mark & PrefixState.dirty) !== 0) continue;
      state[prefix] = mark | PrefixState.dirty | PrefixState.touched;
      dirty[this.dirtyCount] = prefix;
      dirtySince[this.dirtyCount++] = now;
    }
    this.feedRows[feed] += fresh;
    this.rows += fresh;
    this.sets.retain(setIn, fresh);
    this.sets.retain(setOut, fresh);
  }

  /** A claim that is known; whether anything changed. */
  #change(row: number, setIn: number, setOut: number, fault: number, holder: number, wish: number): boolean {
    if (row < this.#stale.length) this.#stale[row] = Stale.fresh;
    if (
      this.setIn[row] === setIn &&
      this.setOutOf(row) === setOut &&
      this.standings.fault[this.standing[row]] === fault &&
      this.holderOf(row) === holder &&
      this.wishOf(row) === wish
    ) {
      return false;
    }
    const judged = !this.#standsWith(row, setOut, fault, holder, wish);
    if (judged) this.#uncount(row);
    if (this.dampening && this.setIn[row] !== setIn) this.#flapped(row, false);
    this.sets.retain(setIn);
    this.sets.retain(setOut);
    const heard = this.setIn[row];
    const told = this.setOutOf(row);
    this.sets.release(heard);
    this.sets.release(told);
    this.setIn[row] = setIn;
    this.#tell(row, told, setOut);
    if (judged) {
      this.#setWish(row, wish);
      this.#judge(row, this.feedOf(row), holder, fault);
    }
    return true;
  }

  /** Whether an accepted claim is judged to be the same with these attributes for certain: they have no part in it, as those before. */
  #standsWith(row: number, setOut: number, fault: number, holder: number, wish: number): boolean {
    const { standings } = this;
    const at = this.standing[row];
    return (
      standings.verdict[at] === 0 &&
      standings.fault[at] === fault &&
      standings.holder[at] === holder &&
      // What {@link Rib.#derive} makes of marks shows.
      standings.kind[at] !== TargetKind.discard &&
      standings.preference[at] !== 0 &&
      (this.sets.flagsOf(setOut) & JUDGED) === 0 &&
      this.wishOf(row) === wish &&
      !this.dampening
    );
  }

  /** What is told of a claim: what was heard, or what policy made of it. */
  setOutOf(row: number): number {
    return this.#setOut.length === 0 ? this.setIn[row] : this.#setOut[row];
  }
  #putSetOut(row: number, set: number): void {
    if (this.#setOut.length < this.#rowRoom) {
      if (set === this.setIn[row] && this.#setOut.length === 0) return;
      this.#setOut = widen(this.#setOut.length === 0 ? this.setIn : this.#setOut, this.#rowRoom);
    }
    this.#setOut[row] = set;
  }

  /** A set is told of a claim from now on, where it was `before`. */
  #tell(row: number, before: number, set: number): void {
    this.#putSetOut(row, set);
    if (before === set) return;
    const prefix = this.prefixOf[row];
    if (this.best[prefix] === row + 1) this.state[prefix] |= PrefixState.altered;
  }

  /** Makes room for `count` claims that may all be new, to prefixes that have ids. */
  #makeRoom(count: number, pathIds: Uint32Array | undefined): void {
    // Rows come in blocks.
    const rows = this.#feedRows.limit + count + 128;
    if (rows > this.#rowRoom) this.#widenRows(rows);
    if (this.dirtyCount + count > this.dirty.length) {
      const room = roomFor(this.dirtyCount + count, this.dirty.length);
      this.dirty = widen(this.dirty, room);
      this.dirtySince = widen(this.dirtySince, room);
    }
    if (this.#arrivals + count > 0xffff_ffff) this.#renumber();
    if (pathIds !== undefined && this.pathId.length === 0 && pathIds.subarray(0, count).some((id) => id !== 0))
      this.pathId = new Uint32Array(this.#rowRoom);
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
    const prefix = this.prefixOf[row];
    if (this.head[prefix] === row + 1) this.head[prefix] = this.nextOf(row);
    else {
      let before = this.head[prefix] - 1;
      while (this.#next[before] !== row + 1) before = this.#next[before] - 1;
      this.#next[before] = this.#next[row];
    }
    if (this.best[prefix] === row + 1) this.state[prefix] |= PrefixState.altered;
    const feed = this.feedOf(row);
    if (this.dampening) this.#flapped(row, true);
    this.feedRows[feed]--;
    if (this.verdictOf(row) !== 0) this.feedRefused[feed]--;
    this.#uncount(row);
    this.standings.release(this.standing[row]);
    this.standing[row] = 0;
    this.sets.release(this.setIn[row]);
    this.sets.release(this.setOutOf(row));
    this.rows--;
    this.setIn[row] = 0;
    if (this.#rank.length > 0) this.#rank[row] = 0;
    if (row < this.#stale.length) this.#stale[row] = Stale.fresh;
    this.#setWish(row, -1);
    this.#feedRows.give(row);
    this.touch(prefix);
  }

  /** Ends up to `most` claims of a feed. Returns how many there were. */
  sweep(feed: number, most: number): number {
    let swept = 0;
    for (let row = this.firstOf(feed); row !== 0 && swept < most; swept++) {
      const after = this.afterOf(row - 1);
      this.remove(row - 1);
      row = after;
    }
    return swept;
  }

  /** Marks a feed's claims, but for those that are marked with more already: what it does not repeat before {@link Rib.sweepStale} ends. */
  markStale(feed: number, mark: number): void {
    if (this.#stale.length < this.#rowRoom) this.#stale = widen(this.#stale, this.#rowRoom);
    for (let at = this.firstOf(feed); at !== 0; at = this.afterOf(at - 1)) if (this.#stale[at - 1] < mark) this.#stale[at - 1] = mark;
  }

  /** Ends the claims that the feed did not repeat: all marked ones, or those of one mark. */
  sweepStale(feed: number, mark?: number): void {
    for (let at = this.firstOf(feed); at !== 0; ) {
      const row = at - 1;
      at = this.afterOf(row);
      const stale = this.staleOf(row);
      if (stale !== Stale.fresh && (mark === undefined || stale === mark)) this.remove(row);
    }
  }

  /** A feed is gone for long (RFC 9494 §4.2): what may stay of its marked claims does so as the last resort, and says so to others. */
  keepLongLived(feed: number): void {
    for (let at = this.firstOf(feed); at !== 0; ) {
      const row = at - 1;
      at = this.afterOf(row);
      if (this.staleOf(row) === Stale.fresh || this.staleOf(row) === Stale.longLived) continue;
      const before = this.setOutOf(row);
      if ((this.sets.flagsOf(before) & SetFlag.noLlgr) !== 0) {
        this.remove(row);
        continue;
      }
      this.#stale[row] = Stale.longLived;
      const told = this.#adorned(row, before);
      this.sets.release(before);
      this.#tell(row, before, told);
      this.rejudge(row);
      this.touch(this.prefixOf[row]);
    }
  }

  /** What is told of a claim with this set, counted once more. */
  #adorned(row: number, set: number): number {
    if (this.staleOf(row) === Stale.longLived) return this.sets.withCommunity(set, LLGR_STALE);
    this.sets.retain(set);
    return set;
  }

  /** {@link Rib.staleOf} in words. */
  staleReasonOf(row: number): StaleReason | undefined {
    return STALE_REASONS[this.staleOf(row)];
  }

  /** See {@link Stale}. */
  staleOf(row: number): number {
    return row < this.#stale.length ? this.#stale[row] : Stale.fresh;
  }

  /** The first claim of a feed, row + 1, or 0. */
  firstOf(feed: number): number {
    return this.#feedRows.first(feed);
  }
  /** The claim of the same feed after that in `row`, row + 1, or 0. */
  afterOf(row: number): number {
    return this.#feedRows.after(row);
  }
  /** The claim to the same prefix after that in `row`, row + 1, or 0. */
  nextOf(row: number): number {
    return this.#next.length === 0 ? 0 : this.#next[row];
  }
  #link(row: number, next: number): void {
    if (this.#next.length < this.#rowRoom) this.#next = widen(this.#next, this.#rowRoom);
    this.#next[row] = next;
  }

  /** One past the largest row in use; a row with `setIn` 0 is free. */
  get rowLimit(): number {
    return this.#feedRows.limit;
  }

  /** Claims to a prefix that changed since the last publication, up to 65,536. */
  mergedOf(prefix: number): number {
    if ((this.state[prefix] & PrefixState.touched) === 0) return 0;
    return 1 + (prefix < this.#merged.length ? this.#merged[prefix] : 0);
  }
  /** So many more of them changed. */
  merge(prefix: number, changes: number): void {
    if (changes > 0 && (this.state[prefix] & PrefixState.touched) === 0) {
      this.state[prefix] |= PrefixState.touched;
      changes--;
    }
    if (changes === 0) return;
    if (this.#merged.length < this.#prefixRoom) this.#merged = widen(this.#merged, this.#prefixRoom);
    this.#merged[prefix] = Math.min(0xffff, this.#merged[prefix] + changes);
  }
  /** What changes from now on belongs to the next publication. */
  unmerge(prefix: number): void {
    this.state[prefix] &= ~PrefixState.touched;
    if (prefix < this.#merged.length) this.#merged[prefix] = 0;
  }

  /** A claim's holder is to be left, or no longer: what is told of it changes though its attributes do not. */
  reconsider(row: number): void {
    const prefix = this.prefixOf[row];
    if (this.best[prefix] === row + 1) this.state[prefix] |= PrefixState.altered;
    this.rejudge(row);
    this.touch(prefix);
  }

  /** The claims to a prefix changed: it will be decided again at the end of the turn. */
  touch(prefix: number): void {
    this.merge(prefix, 1);
    if ((this.state[prefix] & PrefixState.dirty) !== 0) return;
    this.state[prefix] |= PrefixState.dirty;
    if (this.dirtyCount >= this.dirty.length) {
      const room = roomFor(this.dirtyCount + 1, this.dirty.length);
      this.dirty = widen(this.dirty, room);
      this.dirtySince = widen(this.dirtySince, room);
    }
    this.dirty[this.dirtyCount] = prefix;
    this.dirtySince[this.dirtyCount++] = this.now;
  }

  /** Finds the verdict of a claim, its grant, preference and kind. Whether its standing changed. */
  #judge(row: number, feed: number, holder: number, fault: number): boolean {
    const { source, speaker, sourceIndex } = this.feeds[feed] as Feed; // a row's feed outlives it
    let verdict = fault;
    let grant = 0;
    let preference = 0;
    let kind: number = TargetKind.node;
    if (source === 'initial') {
      // Configuration needs no grant. Where a claim's wish stands: 0 node, 1 gateway, 2 more for one that a claim of before moved
      // here, which goes before the configured ones.
      kind = (this.wishOf(row) & 1) !== 0 ? TargetKind.gateway : TargetKind.node;
      preference = this.wishOf(row) >= 2 ? 1 : 0;
    } else if (verdict === 0) {
      const judged = this.#authorize(this.prefixOf[row], speaker < 0 ? holder : speaker, holder, sourceIndex);
      if (judged < 0) verdict = -judged;
      else {
        grant = judged + 1;
        this.#derive(judged, holder, this.setOutOf(row), sourceIndex, this.wishOf(row));
        preference = this.#preference;
        kind = this.#kind;
        const { limit } = this.authorization.grants[judged];
        if (this.dampening && source !== 'api') verdict = this.#dampened(row, holder);
        if (limit !== Number.POSITIVE_INFINITY && verdict === 0) {
          if (this.#limited) this.#limited.push(row);
          else verdict = this.#count(row, holder, judged, limit);
        }
      }
    }
    return this.#stand(row, feed, holder, fault, verdict, grant, preference, kind);
  }

  /** What is held against a claim that came and went: it is looked at again when that is over. */
  #dampened(row: number, holder: number): number {
    const { dampening, now } = this;
    if (!dampening) return 0;
    const prefix = this.prefixOf[row];
    const key = this.#flapKey(prefix, holder);
    const until = dampening.until(key, now);
    if (until === undefined) return 0;
    this.dampened.push({ key: this.prefixes.format(prefix), until });
    return dampening.verdict(key, now);
  }
  #flapped(row: number, ended: boolean): void {
    const source = this.feeds[this.feedOf(row)]?.source;
    if (source === 'initial' || source === 'api' || this.staleOf(row) === Stale.restored) return;
    const key = this.#flapKey(this.prefixOf[row], this.holderOf(row));
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
    const before = this.standing[row];
    const after = standings.intern(feed, holder, fault, verdict, grant, preference, kind);
    const was = before === 0 ? 0 : standings.verdict[before];
    this.standing[row] = after;
    if (verdict !== was) {
      if (was !== 0) this.feedRefused[feed]--;
      if (verdict !== 0) this.#refused(row, feed);
    }
    if (before !== 0) standings.release(before);
    return after !== before;
  }

  #refused(row: number, feed: number): void {
    this.feedRefused[feed]++;
    this.refusals?.push(row);
  }

  /** Judges a claim again that is there already, outside of limits: see {@link Rib.rejudgeAll}. */
  rejudge(row: number): void {
    this.#uncount(row);
    if (this.#again(row)) this.touch(this.prefixOf[row]);
  }

  #again(row: number): boolean {
    const standing = this.standing[row];
    return this.#judge(row, this.standings.feed[standing], this.standings.holder[standing], this.standings.fault[standing]);
  }

  /** The grant that covers a claim, or -1 times the verdict. */
  #authorize(prefix: number, speaker: number, holder: number, sourceIndex: number): number {
    const t = this.prefixes;
    const length = t.length[prefix];
    return this.ipv6
      ? this.authorization.judge(t.a[prefix], t.b[prefix], t.c[prefix], t.d[prefix], length, true, speaker, holder, sourceIndex)
      : this.authorization.judge(t.a[prefix], 0, 0, 0, length, false, speaker, holder, sourceIndex);
  }

  /** What a claim with these attributes gets of its grant, in {@link Rib.#preference} and {@link Rib.#kind}. */
  #derive(grant: number, holder: number, set: number, sourceIndex: number, wish: number): void {
    const by = this.authorization.grants[grant];
    const flags = this.sets.flagsOf(set);
    // RFC 8326 §4.1, RFC 9494 §4.2: the last resort.
    const marked = (flags & (SetFlag.gracefulShutdown | SetFlag.llgrStale)) !== 0;
    // Among those who share, one that is to be left stays for its old flows, with weight zero.
    const least = marked || (this.model.draining[holder] === 1 && by.mode !== 'shared');
    this.#preference = least ? 0 : preferenceOf(by, sourceIndex, wish);
    if ((flags & SetFlag.blackhole) !== 0)
      this.#kind = TargetKind.discard; // RFC 7999 §3.3
    else this.#kind = by.gateway ? TargetKind.gateway : TargetKind.node;
  }
  #preference = 0;
  #kind: number = TargetKind.node;

  /** Has a feed's importer look at its claims again: policy, or who owns which address, changed. */
  reimport(feed: Feed): void {
    const { importer } = feed;
    if (!importer) return;
    const { prefixes: t, standings } = this;
    for (let at = this.firstOf(feed.index); at !== 0; at = this.afterOf(at - 1)) {
      const row = at - 1;
      const prefix = this.prefixOf[row];
      if (this.ipv6) importer.evaluate(this.setIn[row], t.a[prefix], t.b[prefix], t.c[prefix], t.d[prefix], t.length[prefix], true);
      else importer.evaluate(this.setIn[row], t.a[prefix], 0, 0, 0, t.length[prefix], false);
      const before = this.setOutOf(row);
      const told = this.#adorned(row, importer.setOut);
      this.sets.release(before);
      if (told !== before) {
        this.#tell(row, before, told);
        this.touch(prefix);
      }
      this.#setWish(row, importer.wish);
      const stood = this.standing[row];
      // Its verdict is found when all are judged again, which follows.
      this.standing[row] = standings.intern(
        feed.index,
        importer.holder,
        importer.fault,
        standings.verdict[stood],
        standings.grant[stood],
        standings.preference[stood],
        standings.kind[stood],
      );
      standings.release(stood);
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
    this.#counts.clear();
    this.roomMade.clear();
    const limited: number[] = [];
    this.#limited = limited;
    for (let row = 0; row < this.rowLimit; row++) {
      if (this.setIn[row] !== 0 && this.#again(row)) this.touch(this.prefixOf[row]);
    }
    this.#limited = undefined;
    this.#fill(limited);
  }

  /** Gives room that claims left under limited grants to those that wait for it, oldest first. */
  fillRoom(): void {
    if (this.roomMade.size === 0) return;
    const waiting: number[] = [];
    for (let row = 0; row < this.rowLimit; row++) {
      if (this.setIn[row] !== 0 && this.verdictOf(row) === Verdict['limit-exceeded'] && this.roomMade.has(this.grantOf(row) - 1))
        waiting.push(row);
    }
    this.roomMade.clear();
    this.#fill(waiting);
  }

  #fill(rows: number[]): void {
    rows.sort((x, y) => this.arrival[x] - this.arrival[y]);
    // None of them counts yet, so none may pass for the counted twin of another.
    const uncounted = new Set(rows);
    this.#uncounted = uncounted;
    for (const row of rows) {
      uncounted.delete(row);
      const { feed, holder, fault, grant, preference, kind } = this.standings;
      const at = this.standing[row];
      const by = grant[at] - 1;
      const verdict = this.#count(row, holder[at], by, this.authorization.grants[by].limit);
      if (this.#stand(row, feed[at], holder[at], fault[at], verdict, grant[at], preference[at], kind[at])) this.touch(this.prefixOf[row]);
    }
    this.#uncounted = undefined;
  }
  /** Claims under limited grants that are about to be counted. */
  #uncounted: Set<number> | undefined;

  /** Takes note of a prefix that nothing refers to any more: {@link Rib.bury} forgets it when there is time. */
  tidy(prefix: number): void {
    if (!this.#empty(prefix) || this.state[prefix] !== PrefixState.live) return;
    this.state[prefix] |= PrefixState.empty;
    if (this.#emptyCount >= this.#emptied.length) this.#emptied = widen(this.#emptied, roomFor(this.#emptyCount + 1, this.#emptied.length));
    this.#emptied[this.#emptyCount++] = prefix;
  }

  /** Forgets up to `most` empty prefixes; whether there are more. */
  bury(most: number): boolean {
    for (let i = 0; i < most && this.#emptyCount > 0; i++) {
      const prefix = this.#emptied[--this.#emptyCount];
      this.state[prefix] &= ~PrefixState.empty;
      if (!this.#empty(prefix) || this.state[prefix] !== PrefixState.live) continue;
      this.unmerge(prefix);
      this.state[prefix] = 0;
      this.prefixes.free(prefix);
    }
    return this.#emptyCount > 0;
  }

  /** Whether prefixes wait to be forgotten. */
  get hasEmpty(): boolean {
    return this.#emptyCount > 0;
  }

  #empty(prefix: number): boolean {
    return (
      this.published[prefix] === 0 &&
      this.holds[prefix] === 0 &&
      this.head[prefix] === 0 &&
      this.decided[prefix] === 0 &&
      this.best[prefix] === 0
    );
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

  /** Where a claim stands in its source's own order, the least first. */
  rankOf(row: number): number {
    return this.#rank.length === 0 ? 0 : this.#rank[row];
  }
  /** Puts a claim at another place in that order: its prefix is decided again. */
  setRank(row: number, rank: number): void {
    if (this.rankOf(row) === rank) return;
    if (this.#rank.length < this.#rowRoom) this.#rank = widen(this.#rank, this.#rowRoom);
    this.#rank[row] = rank;
    this.touch(this.prefixOf[row]);
  }

  /** What a claim asks for, -1 for nothing. */
  wishOf(row: number): number {
    return this.#wishes.size === 0 ? -1 : (this.#wishes.get(row) ?? -1);
  }

  #setWish(row: number, wish: number): void {
    if (wish >= 0) this.#wishes.set(row, wish);
    else if (this.#wishes.size > 0) this.#wishes.delete(row);
  }

  /** Four thousand million claims have come and gone: those that are alive are numbered anew, in their order. */
  #renumber(): void {
    const rows: number[] = [];
    for (let row = 0; row < this.rowLimit; row++) if (this.setIn[row] !== 0) rows.push(row);
    rows.sort((x, y) => this.arrival[x] - this.arrival[y]);
    rows.forEach((row, i) => {
      this.arrival[row] = i + 1;
    });
    this.#arrivals = rows.length;
  }

  /** Counts a claim under a limited grant, unless its holder's prefix counts already: 0, or `limit-exceeded`. */
  #count(row: number, holder: number, grant: number, limit: number): number {
    if (this.#twin(row, holder, grant)) return 0;
    const key = grant * 0x1_0000_0000 + holder;
    const count = this.#counts.get(key) ?? 0;
    if (count >= limit) return Verdict['limit-exceeded'];
    this.#counts.set(key, count + 1);
    return 0;
  }

  #uncount(row: number): void {
    const { standings } = this;
    const at = this.standing[row];
    const grant = standings.grant[at] - 1;
    if (grant < 0 || standings.verdict[at] !== 0 || this.authorization.grants[grant].limit === Number.POSITIVE_INFINITY) return;
    const holder = standings.holder[at];
    if (this.#twin(row, holder, grant)) return;
    const key = grant * 0x1_0000_0000 + holder;
    const count = (this.#counts.get(key) ?? 1) - 1;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
    this.roomMade.add(grant);
  }

  /** Whether another accepted claim of the same holder to the same prefix stands under the same grant. */
  #twin(row: number, holder: number, grant: number): boolean {
    const { standings } = this;
    for (let other = this.head[this.prefixOf[row]]; other !== 0; other = this.nextOf(other - 1)) {
      const at = this.standing[other - 1];
      if (other - 1 === row || standings.holder[at] !== holder || standings.grant[at] !== grant + 1 || standings.verdict[at] !== 0)
        continue;
      if (!this.#uncounted?.has(other - 1)) return true;
    }
    return false;
  }

  /** Makes room for so many prefixes with a claim each, to come and to go. */
  reserve(count: number): void {
    this.prefixes.reserve(count);
    if (count > this.#prefixRoom) this.#widenPrefixes(count);
    if (count > this.#rowRoom) this.#widenRows(count);
    for (const column of [this.head, this.best, this.decided, this.published, this.state, this.holds]) touch(column, count);
    for (const column of [this.prefixOf, this.standing, this.setIn, this.arrival]) touch(column, count);
    if (count > this.#emptied.length) this.#emptied = widen(this.#emptied, roomFor(count, this.#emptied.length));
    touch(this.#emptied, count);
  }

  #widenPrefixes(rows: number): void {
    const room = roomFor(rows, this.#prefixRoom);
    this.#prefixRoom = room;
    this.head = widen(this.head, room);
    this.best = widen(this.best, room);
    this.decided = widen(this.decided, room);
    this.published = widen(this.published, room);
    this.state = widen(this.state, room);
    if (this.#merged.length > 0) this.#merged = widen(this.#merged, room);
    this.holds = widen(this.holds, room);
  }

  #widenRows(rows: number): void {
    const room = roomFor(rows, this.#rowRoom);
    this.#rowRoom = room;
    this.prefixOf = widen(this.prefixOf, room);
    this.standing = widen(this.standing, room);
    if (this.pathId.length > 0) this.pathId = widen(this.pathId, room);
    if (this.#rank.length > 0) this.#rank = widen(this.#rank, room);
    this.setIn = widen(this.setIn, room);
    if (this.#setOut.length > 0) this.#setOut = widen(this.#setOut, room);
    this.arrival = widen(this.arrival, room);
    if (this.#next.length > 0) this.#next = widen(this.#next, room);
  }
}
