import type { Feed } from '../claims/feed.js';
import { bytesEqual } from '../lib/bytes.js';
import { copyOctets, u32, viewOf } from '../lib/octets.js';
import { contains, type Prefix } from '../lib/prefix.js';
import { SetFlag } from '../rib/attribute-sets.js';
import type { Rib } from '../rib/rib.js';
import type { Policy } from './policy/index.js';
import { ROLES } from './roles.js';
import { decodeCanonical, encodeCanonical, type Role } from './wire/index.js';

const NONE = new Uint8Array(0);
const NO_VIEW = viewOf(NONE);

/** What an export needs to know of the neighbour. @internal */
export interface ExportContext {
  readonly localAs: number;
  readonly peerAs: number;
  /** Whether the neighbour is in another AS. */
  readonly external: boolean;
  readonly routerId: number;
  readonly clusterId: number;
  readonly reflectorClient: boolean;
  readonly routeServerClient: boolean;
  readonly asOverride: boolean;
  /** What becomes of private AS numbers in paths that it is told (RFC 6996): they stay, go, or are replaced by ours. */
  readonly privateAs: 'keep' | 'drop' | 'replace';
  /** Our role towards the neighbour (RFC 9234); undefined inside an AS. */
  readonly role: Role | undefined;
  /** A bilateral peer (RFC 3765). */
  readonly noPeer: boolean;
  /** Winning claims are told, and the initial holders too. */
  readonly claims: boolean;
  readonly initial: boolean;
  /** Node index of the neighbour: it is not told of what it holds itself. */
  readonly node: number;
  readonly neighbour: string;
  readonly nodeName: string;
  /** Our address for each family's routes; `undefined` keeps the next hop of the route where it has one of the right kind. */
  readonly nextHop4: Uint8Array | undefined;
  readonly nextHop6: Uint8Array | undefined;
  readonly unchanged: boolean;
  /** A next hop in one of these is the neighbour's too, without us (RFC 4271 §5.1.3): it stays as it is. */
  readonly shared: readonly Prefix[];
  /** Everything is told with GRACEFUL_SHUTDOWN (RFC 8326): we are about to leave. */
  readonly draining: boolean;
  /** It knows what LLGR_STALE means (RFC 9494). */
  readonly longLived: boolean;
  /** IPv4 routes may go with an IPv6 next hop (RFC 8950). */
  readonly extendedNextHop: boolean;
  readonly fourOctetAs: boolean;
  readonly policy: Policy | undefined;
}

/**
 * What one neighbour is told of a route: whether at all, and with which attributes.
 *
 * The attributes are rewritten on their octets, once a set: our AS in front (RFC 4271 §5.1.2), the next hop (§5.1.3), what does
 * not leave the AS dropped, what is reflected marked (RFC 4456), AS numbers narrowed for a neighbour of two octets (RFC 6793).
 *
 * @internal
 */
export class RouteExport {
  /** The attributes of the last route told, `bytes[0, length)`, without next hop; its octets stand beside. */
  bytes = new Uint8Array(4096);
  /** The same memory. */
  view = viewOf(this.bytes);
  length = 0;
  nextHop: Uint8Array = NONE;
  /** Counts up whenever the octets change: routes told under one number share an UPDATE. */
  version = 0;
  #set = -1;
  /** What the claim of the last route is judged to be, and the answer about it: neighbours in a queue mostly have both in common. */
  #standing = 0;
  #answer = false;
  #feed: Feed | undefined;
  #ipv6 = false;
  #tellable = false;
  #heardHop: Uint8Array = NONE;
  #heardIpv6 = false;
  #stays = false;
  /** Whether the route is told with GRACEFUL_SHUTDOWN that it does not have itself. */
  #shutdown = false;
  readonly needsPrefix: boolean;

  constructor(readonly context: ExportContext) {
    this.needsPrefix = context.policy?.needsPrefix ?? false;
  }

  /** Sets may have changed under their numbers since the last route: forget it. */
  reset(): void {
    this.#set = -1;
    this.#standing = 0;
    this.#feed = undefined;
    this.#heardHop = NONE;
  }

  /** Whether the claim in `row` may be told, apart from what its attributes and the policy say. */
  #permitted(rib: Rib, row: number, feed: Feed, own: number): boolean {
    const { context } = this;
    if (feed.index === own || rib.holderOf(row) === context.node) return false;
    if (feed.source === 'initial') return context.initial;
    if (!context.claims && !context.initial) return false;
    // RFC 4456 §6: what an internal neighbour said is told to clients, and what a client said to all.
    return context.external || feed.source !== 'bgp' || feed.external || context.reflectorClient || feed.reflectorClient;
  }

  /**
   * Prepares what to tell of the claim in `row`, in {@link RouteExport.bytes} and {@link RouteExport.nextHop}. False when the
   * neighbour is not told. The same set from the same feed as last time is not worked on again.
   */
  prepare(rib: Rib, row: number, own: number): boolean {
    const set = rib.claims.setOutOf(row);
    const standing = rib.claims.standingOf(row);
    if (set === this.#set && standing === this.#standing && rib.ipv6 === this.#ipv6 && !this.needsPrefix) return this.#answer;
    const feed = rib.feeds[rib.feedOf(row)] as Feed; // a row's feed outlives it
    this.#answer = this.#permitted(rib, row, feed, own) && this.#prepare(rib, row, set, feed);
    // What is not permitted leaves the last set as it was.
    this.#standing = set === this.#set && rib.ipv6 === this.#ipv6 ? standing : 0;
    return this.#answer;
  }

  #prepare(rib: Rib, row: number, set: number, feed: Feed): boolean {
    const marked = (rib.sets.flagsOf(set) & SetFlag.gracefulShutdown) !== 0;
    const shutdown = !marked && (this.context.draining || rib.model.draining[rib.holderOf(row)] === 1);
    if (set === this.#set && feed === this.#feed && rib.ipv6 === this.#ipv6 && shutdown === this.#shutdown && !this.needsPrefix)
      return this.#tellable;
    this.#shutdown = shutdown;
    this.#set = set;
    this.#feed = feed;
    this.#ipv6 = rib.ipv6;
    const before = this.needsPrefix && this.#tellable ? this.bytes.slice(0, this.length) : undefined;
    this.#tellable = this.#scoped(rib.sets.flagsOf(set)) && this.#rewriteSet(rib, row, set, feed);
    if (!before || !this.#tellable || !bytesEqual(before, this.bytes.subarray(0, this.length))) this.version++;
    return this.#tellable;
  }

  /** RFC 1997, 3765: communities that limit where a route goes. They never limit the mapping. */
  #scoped(flags: number): boolean {
    if ((flags & SetFlag.noAdvertise) !== 0) return false;
    // RFC 9494 §4.4: whoever does not know the mark would take the route for a good one.
    if ((flags & SetFlag.llgrStale) !== 0 && !this.context.longLived) return false;
    if (this.context.external && (flags & (SetFlag.noExport | SetFlag.noExportSubconfed)) !== 0) return false;
    return !(this.context.noPeer && (flags & SetFlag.noPeer) !== 0);
  }

  #rewriteSet(rib: Rib, row: number, set: number, feed: Feed): boolean {
    const { policy } = this.context;
    const { sets } = rib;
    if (!policy) {
      const page = sets.pageOf(set);
      const from = sets.offsetOf(set);
      return this.#rewrite(page, sets.viewOf(set), from, from + sets.lengthOf(set), feed, rib.ipv6);
    }
    const attributes = decodeCanonical(sets.copy(set));
    const result = policy.evaluate({
      attributes,
      source: feed.source,
      neighbour: this.context.neighbour,
      node: rib.model.at(rib.holderOf(row)).name,
      ...(policy.needsPrefix ? { prefix: rib.prefixes.format(rib.claims.prefixOf(row)) } : {}),
    });
    if (result.verdict !== 'accept') return false;
    const bytes = encodeCanonical(result.attributes);
    // What policy sets on the way out is meant to leave.
    const { med, nextHop } = result.sets;
    return this.#rewrite(bytes, viewOf(bytes), 0, bytes.length, feed, rib.ipv6, med, nextHop);
  }

  /** Walks a canonical set and writes what the neighbour gets. False when it cannot be told (no next hop of the right kind). */
  #rewrite(
    page: Uint8Array,
    pageView: DataView,
    from: number,
    to: number,
    feed: Feed,
    ipv6: boolean,
    keepMed = false,
    keepHop = false,
  ): boolean {
    const { context } = this;
    // Room for what is added: an AS, LOCAL_PREF, ORIGINATOR_ID, a cluster id, AS4_PATH.
    if (this.bytes.length < (to - from) * 2 + 128) {
      this.bytes = new Uint8Array((to - from) * 2 + 4096);
      this.view = viewOf(this.bytes);
    }
    const transparent = !context.external || context.routeServerClient;
    const reflected = !context.external && feed.source === 'bgp' && !feed.external;
    this.nextHop = (ipv6 ? context.nextHop6 : context.nextHop4) ?? NONE;
    const out = this.bytes;
    let at = 0;
    /** Attributes up to this code are written, or need not be: what is ours to add goes in its place. */
    let past = 1;
    for (let i = from; i < to; ) {
      const flags = page[i] as number; // a canonical set is whole
      const code = page[i + 1] as number;
      const long = (flags & 0x10) !== 0;
      const length = long ? ((page[i + 2] as number) << 8) | (page[i + 3] as number) : (page[i + 2] as number);
      const value = i + (long ? 4 : 3);
      i = value + length;
      if (past < code) {
        at = this.#putOwn(out, at, past, code, feed, reflected);
        past = code;
      }
      switch (code) {
        case 2:
          at = this.#putPath(out, at, page, pageView, value, length);
          past = 3;
          continue;
        case 3:
          if (this.#staysNextHop(page, value, length, ipv6) || keepHop) this.nextHop = this.#heardHop;
          continue;
        case 4: // MED does not go on to a third AS (RFC 4271 §5.1.4).
          if (!transparent && !keepMed) continue;
          break;
        case 5:
          past = 6;
          if (context.external) continue;
          break;
        case 7: // AGGREGATOR
          if (!context.fourOctetAs) {
            at = putHeader(out, at, 0xc0, 7, 6);
            const asn = u32(page, value);
            const narrow = asn > 0xffff ? 23456 : asn;
            out[at++] = narrow >>> 8;
            out[at++] = narrow & 255;
            at = copyOctets(this.view, at, pageView, value + 4, value + 8);
            continue;
          }
          break;
        case 8:
          past = 9;
          if (!this.#shutdown) break;
          at = putU32(out, putHeader(out, at, flags, 8, length + 4), GRACEFUL_SHUTDOWN);
          at = copyOctets(this.view, at, pageView, value, value + length);
          continue;
        case 9:
          past = 10;
          if (context.external) continue;
          break;
        case 10:
          past = 11;
          if (context.external) continue;
          if (reflected) {
            at = putU32(out, putHeader(out, at, 0x80, 10, length + 4), context.clusterId);
            at = copyOctets(this.view, at, pageView, value, value + length);
            continue;
          }
          break;
        case 16: // Extended communities that are not transitive stay in the AS (RFC 4360 §6).
          at = putExtended(out, at, page, value, length, context.external && !context.routeServerClient, 8, flags, code);
          continue;
        case 25:
          at = putExtended(out, at, page, value, length, context.external && !context.routeServerClient, 20, flags, code);
          continue;
        case 26: // AIGP is for neighbours that are configured for it (RFC 7311 §3.3): none is.
          continue;
        case 35: // RFC 9234 §5, egress 2: what went down stays below.
          if (context.role && ROLES[context.role].told === 'never') return false;
          past = 36;
          break;
      }
      const known = code <= 10 || code === 32 || code === 35;
      // Unrecognized: non-transitive goes no further, transitive is marked partial (RFC 4271 §9).
      if (!known && (flags & 0x40) === 0) continue;
      at = putHeader(out, at, known ? flags : flags | 0x20, code, length);
      at = copyOctets(this.view, at, pageView, value, value + length);
    }
    at = this.#putOwn(out, at, past, 256, feed, reflected);
    if (!context.fourOctetAs) at = this.#putAs4(out, at, page, from, to);
    this.length = at;
    if (ipv6) return this.nextHop.length >= 16;
    return this.nextHop.length === 4 || (this.nextHop.length >= 16 && context.extendedNextHop);
  }

  /** Whether the next hop heard is told as it is; it is in {@link RouteExport.#heardHop} then. Those of neighbouring routes are mostly one. */
  #staysNextHop(page: Uint8Array, value: number, length: number, ipv6: boolean): boolean {
    const last = this.#heardHop;
    let same = last.length === length && this.#heardIpv6 === ipv6;
    for (let i = 0; same && i < length; i++) same = last[i] === page[value + i];
    if (!same) {
      this.#heardHop = page.slice(value, value + length);
      this.#heardIpv6 = ipv6;
      this.#stays = this.context.unchanged || this.#isShared(page, value, length, ipv6);
    }
    return this.#stays;
  }
  #isShared(page: Uint8Array, value: number, length: number, ipv6: boolean): boolean {
    const { shared, extendedNextHop } = this.context;
    if (shared.length === 0 || (length !== 4 && !ipv6 && !extendedNextHop)) return false;
    const hop = page.subarray(value, value + (length === 4 ? 4 : 16));
    return shared.some((subnet) => contains(subnet, hop));
  }

  /** What every route must have and the set has not, of the codes in `[past, code)`. */
  #putOwn(out: Uint8Array, at: number, past: number, code: number, feed: Feed, reflected: boolean): number {
    const { context } = this;
    if (past <= 2 && 2 < code) at = this.#putPath(out, at, NONE, NO_VIEW, 0, 0);
    if (!context.external && past <= 5 && 5 < code) at = putU32(out, putHeader(out, at, 0x40, 5, 4), 100);
    if (this.#shutdown && past <= 8 && 8 < code) at = putU32(out, putHeader(out, at, 0xc0, 8, 4), GRACEFUL_SHUTDOWN);
    // RFC 9234 §5, egress 1.
    if (past <= 35 && 35 < code && context.role && ROLES[context.role].marksTold)
      at = putU32(out, putHeader(out, at, 0xc0, 35, 4), context.localAs);
    if (context.external) return at;
    if (!reflected) return at;
    if (past <= 9 && 9 < code) at = putU32(out, putHeader(out, at, 0x80, 9, 4), feed.routerId);
    if (past <= 10 && 10 < code) at = putU32(out, putHeader(out, at, 0x80, 10, 4), context.clusterId);
    return at;
  }

  /** AS_PATH, with our AS number in front for an external neighbour that is not a route server's client. */
  #putPath(out: Uint8Array, at: number, page: Uint8Array, pageView: DataView, value: number, length: number): number {
    const { context } = this;
    const prepend = context.external && !context.routeServerClient;
    const wide = context.fourOctetAs;
    const first = length > 0 ? (page[value + 1] as number) : 0;
    if (
      prepend &&
      wide &&
      !context.asOverride &&
      context.privateAs === 'keep' &&
      first > 0 &&
      first < 255 &&
      page[value] === 2 &&
      length === 2 + 4 * first
    ) {
      // Nearly every path is one sequence.
      at = putHeader(out, at, 0x40, 2, length + 4);
      out[at++] = 2;
      out[at++] = first + 1;
      return copyOctets(this.view, putU32(out, at, context.localAs), pageView, value + 2, value + length);
    }
    const start = at;
    // The header's length is not known before; room for the long form, closed up after.
    at += 4;
    let i = value;
    const end = value + length;
    const put = (asn: number): void => {
      const ours = (context.asOverride && asn === context.peerAs) || (context.privateAs === 'replace' && this.#isPrivate(asn));
      const told = ours ? context.localAs : asn;
      if (wide) at = putU32(out, at, told);
      else {
        const narrow = told > 0xffff ? 23456 : told;
        out[at++] = narrow >>> 8;
        out[at++] = narrow & 255;
      }
    };
    if (prepend) {
      const count = length > 0 && page[i] === 2 ? (page[i + 1] ?? 0) : 0;
      if (count > 0 && count < 255) {
        out[at++] = 2;
        out[at++] = this.#kept(page, i + 2, count) + 1;
        put(context.localAs);
        for (let k = 0; k < count; k++) if (this.#keeps(u32(page, i + 2 + 4 * k))) put(u32(page, i + 2 + 4 * k));
        i += 2 + 4 * count;
      } else {
        out[at++] = 2;
        out[at++] = 1;
        put(context.localAs);
      }
    }
    while (i < end) {
      const type = page[i] ?? 0;
      const count = page[i + 1] ?? 0;
      // A confederation's segments do not leave it (RFC 5065 §5.3).
      if (context.external && (type === 3 || type === 4)) {
        i += 2 + 4 * count;
        continue;
      }
      const kept = this.#kept(page, i + 2, count);
      if (kept > 0) {
        out[at++] = type;
        out[at++] = kept;
        for (let k = 0; k < count; k++) if (this.#keeps(u32(page, i + 2 + 4 * k))) put(u32(page, i + 2 + 4 * k));
      }
      i += 2 + 4 * count;
    }
    const written = at - start - 4;
    const value0 = putHeader(out, start, 0x40, 2, written);
    out.copyWithin(value0, start + 4, at);
    return value0 + written;
  }

  /** Whether a number is private (RFC 6996) and not the neighbour's own, by which it finds loops. */
  #isPrivate(asn: number): boolean {
    return ((asn >= 64_512 && asn <= 65_534) || (asn >= 4_200_000_000 && asn <= 4_294_967_294)) && asn !== this.context.peerAs;
  }
  #keeps(asn: number): boolean {
    return this.context.privateAs !== 'drop' || !this.#isPrivate(asn);
  }
  /** How many of the `count` numbers at `page[at]` stay. */
  #kept(page: Uint8Array, at: number, count: number): number {
    if (this.context.privateAs !== 'drop') return count;
    let kept = 0;
    for (let k = 0; k < count; k++) if (this.#keeps(u32(page, at + 4 * k))) kept++;
    return kept;
  }

  /** AS4_PATH and AS4_AGGREGATOR for a neighbour of two-octet AS numbers, where they say more (RFC 6793 §4.2.2). */
  #putAs4(out: Uint8Array, at: number, page: Uint8Array, from: number, to: number): number {
    const { context } = this;
    for (let i = from; i < to; ) {
      const flags = page[i] ?? 0;
      const code = page[i + 1] ?? 0;
      const length = (flags & 0x10) !== 0 ? ((page[i + 2] ?? 0) << 8) | (page[i + 3] ?? 0) : (page[i + 2] ?? 0);
      const value = i + ((flags & 0x10) !== 0 ? 4 : 3);
      i = value + length;
      if (code === 2) {
        const wide = new RouteExport({ ...context, fourOctetAs: true });
        const path = new Uint8Array(length + 16);
        wide.view = viewOf(path);
        const told = wide.#putPath(path, 0, page, viewOf(page), value, length);
        const long = ((path[0] ?? 0) & 0x10) !== 0;
        const head = long ? 4 : 3;
        const end = withoutConfederation(path, head, told);
        if (!hasWide(path, head, end)) continue;
        at = putHeader(out, at, 0xc0, 17, end - head);
        out.set(path.subarray(head, end), at);
        at += end - head;
      } else if (code === 7 && u32(page, value) > 0xffff) {
        at = putHeader(out, at, 0xc0, 18, 8);
        out.set(page.subarray(value, value + 8), at);
        at += 8;
      }
    }
    return at;
  }
}

/** Closes up a path of four-octet numbers over a confederation's segments, which have no place in AS4_PATH (RFC 6793 §4.2.2). Where it ends then. */
function withoutConfederation(path: Uint8Array, from: number, to: number): number {
  let end = from;
  for (let i = from; i < to; ) {
    const next = i + 2 + 4 * (path[i + 1] ?? 0);
    if ((path[i] ?? 0) <= 2) {
      path.copyWithin(end, i, next);
      end += next - i;
    }
    i = next;
  }
  return end;
}

/** Whether a path of four-octet numbers holds one that does not fit two. */
function hasWide(path: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; ) {
    const count = path[i + 1] ?? 0;
    for (let k = 0; k < count; k++) if (u32(path, i + 2 + 4 * k) > 0xffff) return true;
    i += 2 + 4 * count;
  }
  return false;
}

/** Extended communities of `size` octets, without the non-transitive ones (bit 0x40 of the type) if they must stay. */
function putExtended(
  out: Uint8Array,
  at: number,
  page: Uint8Array,
  value: number,
  length: number,
  leaving: boolean,
  size: number,
  flags: number,
  code: number,
): number {
  let kept = 0;
  for (let i = 0; i < length; i += size) if (!leaving || ((page[value + i] ?? 0) & 0x40) === 0) kept++;
  if (kept === 0) return at;
  at = putHeader(out, at, flags, code, kept * size);
  for (let i = 0; i < length; i += size) {
    if (leaving && ((page[value + i] ?? 0) & 0x40) !== 0) continue;
    for (let k = 0; k < size; k++) out[at++] = page[value + i + k] ?? 0;
  }
  return at;
}

const GRACEFUL_SHUTDOWN = 0xffff0000;

function putHeader(out: Uint8Array, at: number, flags: number, code: number, length: number): number {
  const long = length > 255;
  out[at++] = long ? flags | 0x10 : flags & ~0x10;
  out[at++] = code;
  if (long) out[at++] = length >>> 8;
  out[at++] = length & 255;
  return at;
}

function putU32(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 24;
  out[at + 1] = (value >>> 16) & 255;
  out[at + 2] = (value >>> 8) & 255;
  out[at + 3] = value & 255;
  return at + 4;
}
