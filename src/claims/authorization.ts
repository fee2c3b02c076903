import { covers, formatPrefix, type Prefix, parsePrefix, prefixWords } from '../lib/prefix.js';
import { type ClaimSource, DEFAULT_PREFERENCE, type GrantConfig, type Takeover } from '../network/config.js';
import type { NetworkModel } from '../network/model.js';
import { Verdict } from './reasons.js';

/** Claim sources as rows hold them, strongest first. @internal */
export const SOURCES = ['api', 'bgp', 'ospf', 'vrrp', 'arp', 'initial'] as const satisfies readonly ClaimSource[];

/** A grant, resolved. @internal */
export interface Grant {
  /** Position in the {@link Authorization}'s list. */
  readonly index: number;
  readonly id: string;
  readonly config: GrantConfig;
  readonly prefix: Prefix;
  readonly ge: number;
  readonly le: number;
  readonly mode: 'single' | 'exclusive' | 'shared';
  readonly gateway: boolean;
  /** A bit for each position in {@link SOURCES}. */
  readonly sources: number;
  readonly limit: number;
  /** Milliseconds since the epoch, or infinity. */
  readonly until: number;
  /** False once revoked or ended. */
  live: boolean;
  /** Preference of a claim by it, by the source's position in {@link SOURCES}. */
  readonly preferences: readonly number[];
}

/** The id of a grant that names none. @internal */
export function grantId(config: GrantConfig): string {
  return config.id ?? `${config.node ?? `tag:${config.tag ?? ''}`}/${config.prefix}`;
}

/** A wish beyond all preferences, whatever the bounds: to be the last resort. @internal */
export const LEAST = 0x1_0000;

/** The preference of a claim by `grant`, moved to `wish` where the grant's bounds allow; `source` is a position in {@link SOURCES}. @internal */
export function preferenceOf(grant: Grant, source: number, wish: number): number {
  if (wish === LEAST) return 0;
  const own = grant.preferences[source] ?? 0;
  const bounds = grant.config.preferenceRange;
  if (wish < 0 || !bounds) return own;
  return Math.min(bounds[1], Math.max(bounds[0], wish));
}

/** When a claim from `source` by `grant` takes over. @internal */
export function takeoverOf(grant: Grant, source: ClaimSource): Takeover {
  return grant.config.takeover ?? (source === 'api' || source === 'arp' ? 'always' : 'if-preferred');
}

interface Entry {
  readonly prefix: Prefix;
  range: boolean;
  reserved: boolean;
  readonly exclusive: { readonly grant: Grant; readonly nodes: ReadonlySet<number> }[];
  /** Grants of this very range, by the node that has them. */
  readonly byNode: Map<number, Grant[]>;
}

/** Instead of a place in the index. */
const UNKNOWN = -2;

/**
 * The grants, compiled for look-up.
 *
 * All prefixes that matter (ranges, reserved ones, grants) stand sorted by address, then length, each with the nearest one that
 * covers it. What covers a claim is then found by one binary search and a walk up, and a claim's verdict is read on that walk.
 * Nothing is allocated a claim.
 *
 * @internal
 */
export class Authorization {
  /** Grants by index; also those taken back by which claims may still stand. */
  readonly grants: Grant[] = [];
  /** Indexes of grants taken back, and such that no claim stands by any more. */
  #taken: number[] = [];
  readonly #free: number[] = [];
  readonly #byId = new Map<string, Grant>();
  #v4 = new CoverIndex([], false);
  #v6 = new CoverIndex([], true);
  /** Bits: for each grant index, the node indexes that it lets the speaker name as holder. */
  #speaksFor = new Map<Grant, ReadonlySet<number>>();
  #stale = true;

  constructor(private readonly model: NetworkModel) {}

  add(config: GrantConfig, now: number): Grant {
    const prefix = parsePrefix(config.prefix);
    const bits = prefix.bytes.length * 8;
    const until = config.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(config.until);
    const grant: Grant = {
      index: this.#free.pop() ?? this.grants.length,
      id: grantId(config),
      config,
      prefix,
      ge: config.ge ?? prefix.length,
      le: config.le ?? (config.ge === undefined ? prefix.length : bits),
      mode: config.mode ?? 'single',
      gateway: config.as === 'gateway',
      sources: (config.sources ?? SOURCES).reduce((bitsSet, source) => bitsSet | (1 << SOURCES.indexOf(source)), 0),
      limit: config.limit ?? Number.POSITIVE_INFINITY,
      until,
      live: until > now,
      preferences: SOURCES.map((source) => config.preference ?? DEFAULT_PREFERENCE[source]),
    };
    this.grants[grant.index] = grant;
    this.#byId.set(grant.id, grant);
    this.#stale = true;
    return grant;
  }

  find(id: string): Grant | undefined {
    return this.#byId.get(id);
  }
  remove(id: string): Grant | undefined {
    const grant = this.#byId.get(id);
    if (!grant) return undefined;
    grant.live = false;
    this.#byId.delete(id);
    this.#taken.push(grant.index);
    this.#stale = true;
    return grant;
  }
  /** Another grant under the same id, in the same place. */
  replace(grant: Grant, config: GrantConfig, now: number): Grant {
    grant.live = false;
    this.#taken.push(grant.index);
    this.#forget();
    return this.add(config, now);
  }
  /** Every claim that stood by a grant taken back was judged again: its index may be another's. */
  reuse(): void {
    this.#free.push(...this.#taken);
    this.#taken = [];
  }
  /** Whether a limit has a part in what claims inside a prefix are judged to be: each then depends on others. */
  hasLimits(prefix: Prefix): boolean {
    const counts = ({ limit, prefix: other }: Grant): boolean =>
      limit !== Number.POSITIVE_INFINITY && (covers(other, prefix) || covers(prefix, other));
    return this.current().some(counts) || this.#taken.some((index) => counts(this.grants[index] as Grant)); // indexes of grants
  }
  /** Grants in force or ended, in the order given. */
  current(): Grant[] {
    return [...this.#byId.values()];
  }
  /** When the next grant ends, if any does. */
  nextExpiry(): number | undefined {
    let next: number | undefined;
    for (const grant of this.#byId.values()) {
      if (grant.live && grant.until < (next ?? Number.POSITIVE_INFINITY)) next = grant.until;
    }
    return next;
  }
  /** Ends the grants whose time is up; whether there were any. */
  expire(now: number): Grant[] {
    const ended = [...this.#byId.values()].filter((grant) => grant.live && grant.until <= now);
    for (const grant of ended) grant.live = false;
    this.#forget();
    return ended;
  }
  /** Nodes, tags or addresses changed: compile anew before the next judgement. */
  invalidate(): void {
    this.#stale = true;
  }
  /** Whether anything changed since the last judgement. */
  get stale(): boolean {
    return this.#stale;
  }

  /**
   * Judges a claim: the index of the grant that covers it, or minus its refusal's position in `VERDICTS`.
   * Limits are not looked at here: they depend on what else is claimed. Words may have a sign.
   */
  judge(
    a: number,
    b: number,
    c: number,
    d: number,
    length: number,
    ipv6: boolean,
    speaker: number,
    holder: number,
    source: number,
  ): number {
    if (this.#stale) this.#compile();
    if (ipv6 ? isMartian6(a, b, c, d, length) : isMartian4(a, length)) return -Verdict.reserved;
    const index = ipv6 ? this.#v6 : this.#v4;
    const innermost = index.innermost(a, b, c, d, length);
    if (speaker === this.#lastSpeaker && holder === this.#lastHolder && source === this.#lastSource && ipv6 === this.#lastIpv6) {
      if (this.#lastInnermost[length] === innermost) return this.#lastVerdict[length] as number; // lengths are up to 128
    } else {
      this.#forget();
      this.#lastSpeaker = speaker;
      this.#lastHolder = holder;
      this.#lastSource = source;
      this.#lastIpv6 = ipv6;
    }
    const verdict = this.#find(index, innermost, length, speaker, holder, source);
    this.#lastInnermost[length] = innermost;
    this.#lastVerdict[length] = verdict;
    return verdict;
  }

  // A guest's claims mostly come together and lie under the same prefix that matters: what was found there for a length is remembered.
  #lastSpeaker = -1;
  #lastHolder = -1;
  #lastSource = -1;
  #lastIpv6 = false;
  readonly #lastInnermost = new Int32Array(129).fill(UNKNOWN);
  readonly #lastVerdict = new Int32Array(129);
  #forget(): void {
    this.#lastInnermost.fill(UNKNOWN);
  }

  /** Reads the verdict on the walk up from the innermost prefix that covers a claim. */
  #find(index: CoverIndex, innermost: number, length: number, speaker: number, holder: number, source: number): number {
    let at = innermost;
    let refusal = length === 0 ? Verdict['default-not-granted'] : Verdict['not-granted'];
    let accepted = -1;
    let gateway = -1;
    let outside = true;
    for (; at >= 0; at = index.up(at)) {
      const entry = index.entry(at);
      if (entry.reserved && entry.prefix.length === length) return -Verdict.reserved;
      if (entry.range) outside = false;
      for (const { nodes } of entry.exclusive) if (!nodes.has(speaker)) return -Verdict['covered-by-exclusive'];
      if (gateway >= 0) continue;
      const grants = entry.byNode.get(speaker);
      if (grants === undefined) continue;
      for (const grant of grants) {
        if (length < grant.ge || length > grant.le || (length === 0 && grant.le !== 0)) continue;
        if (!grant.live) {
          if (refusal === Verdict['not-granted'] || refusal === Verdict['default-not-granted']) refusal = Verdict['grant-expired'];
        } else if ((grant.sources & (1 << source)) === 0) refusal = Verdict['source-not-granted'];
        else if (holder !== speaker && !(this.#speaksFor.get(grant)?.has(holder) ?? false)) refusal = Verdict['next-hop-not-own'];
        else {
          if (accepted < 0) accepted = grant.index;
          if (grant.gateway && gateway < 0) gateway = grant.index;
        }
      }
    }
    if (accepted < 0) return -refusal;
    if (outside) return gateway >= 0 ? gateway : -Verdict['outside-network'];
    return accepted;
  }

  /** Whether any grant at all lets `speaker` name `holder` as next hop. */
  maySpeakFor(speaker: number, holder: number): boolean {
    if (this.#stale) this.#compile();
    for (const [grant, holders] of this.#speaksFor) {
      if (grant.live && holders.has(holder) && this.#nodesOf(grant).has(speaker)) return true;
    }
    return false;
  }

  /** Of a node's grants whose range holds a prefix but that are for other lengths, the one with the smallest range. */
  grantOfOtherLengths(prefix: Prefix, node: number): Grant | undefined {
    let nearest: Grant | undefined;
    for (const grant of this.#byId.values()) {
      if (!grant.live || !covers(grant.prefix, prefix) || (prefix.length >= grant.ge && prefix.length <= grant.le)) continue;
      if (nearest && nearest.prefix.length >= grant.prefix.length) continue;
      if (this.#nodesOf(grant).has(node)) nearest = grant;
    }
    return nearest;
  }

  #nodesOf(grant: Grant): ReadonlySet<number> {
    if (grant.config.node !== undefined) {
      const node = this.model.find(grant.config.node);
      return new Set(node ? [node.index] : []);
    }
    return new Set(grant.config.tag === undefined ? [] : this.model.withTag(grant.config.tag).map((node) => node.index));
  }

  #compile(): void {
    this.#forget();
    this.#stale = false;
    this.#speaksFor = new Map();
    const entries = new Map<string, Entry>();
    const entryOf = (prefix: Prefix): Entry => {
      const key = formatPrefix(prefix);
      let entry = entries.get(key);
      if (!entry) {
        entry = { prefix, range: false, reserved: false, exclusive: [], byNode: new Map() };
        entries.set(key, entry);
      }
      return entry;
    };
    for (const prefix of this.model.ranges) entryOf(prefix).range = true;
    for (const prefix of this.model.reserved()) entryOf(prefix).reserved = true;
    const tagged = new Map<string, ReadonlySet<number>>();
    for (const grant of this.#byId.values()) {
      const { tag, speaksFor } = grant.config;
      const nodes = (tag === undefined ? undefined : tagged.get(tag)) ?? this.#nodesOf(grant);
      if (tag !== undefined) tagged.set(tag, nodes);
      const entry = entryOf(grant.prefix);
      if (grant.mode === 'exclusive' && grant.live) entry.exclusive.push({ grant, nodes });
      for (const node of nodes) {
        const list = entry.byNode.get(node);
        if (list) list.push(grant);
        else entry.byNode.set(node, [grant]);
      }
      if (speaksFor) {
        const holders = speaksFor.flatMap((name) =>
          name.startsWith('tag:') ? this.model.withTag(name.slice(4)) : (this.model.find(name) ?? []),
        );
        this.#speaksFor.set(grant, new Set(holders.map((node) => node.index)));
      }
    }
    const of = (family: string): Entry[] => [...entries.values()].filter((entry) => entry.prefix.family === family);
    this.#v4 = new CoverIndex(of('ipv4'), false);
    this.#v6 = new CoverIndex(of('ipv6'), true);
  }
}

/** Nested prefixes in one sorted array, each with the position of the nearest that covers it. */
class CoverIndex {
  readonly #entries: readonly Entry[];
  readonly #words: Uint32Array;
  readonly #lengths: Uint8Array;
  readonly #up: Int32Array;
  /** What {@link CoverIndex.#search} found last. */
  #last = 0;

  constructor(
    entries: readonly Entry[],
    private readonly ipv6: boolean,
  ) {
    const sorted = entries
      .map((entry) => ({ entry, words: prefixWords(entry.prefix.bytes) }))
      .sort((x, y) => compare(x.words, y.words) || x.entry.prefix.length - y.entry.prefix.length);
    this.#entries = sorted.map(({ entry }) => entry);
    this.#words = new Uint32Array(sorted.flatMap(({ words }) => words));
    this.#lengths = new Uint8Array(sorted.map(({ entry }) => entry.prefix.length));
    this.#up = new Int32Array(sorted.length).fill(-1);
    for (let i = 1; i < sorted.length; i++) {
      const [a, b, c, d] = sorted[i]?.words ?? [0, 0, 0, 0];
      let up = i - 1;
      while (up >= 0 && !this.#covers(up, a, b, c, d, this.#lengths[i] ?? 0)) up = this.#up[up] ?? -1;
      this.#up[i] = up;
    }
  }

  entry(at: number): Entry {
    return this.#entries[at] as Entry; // positions come from this index
  }
  up(at: number): number {
    return this.#up[at] as number;
  }

  /** The position of the longest prefix that is, or covers, the one given; -1 without. */
  innermost(signedA: number, signedB: number, signedC: number, signedD: number, length: number): number {
    const a = signedA >>> 0;
    const b = signedB >>> 0;
    const c = signedC >>> 0;
    const d = signedD >>> 0;
    // Prefixes that are asked about one after another mostly fall between the same two entries.
    let low = this.#last;
    if ((low > 0 && this.#isAbove(low - 1, a, b, c, d)) || (low < this.#lengths.length && !this.#isAbove(low, a, b, c, d))) {
      low = this.#search(a, b, c, d);
      this.#last = low;
    }
    let at = low - 1;
    while (at >= 0 && !this.#covers(at, a, b, c, d, length)) at = this.#up[at] as number;
    return at;
  }

  /** One past the last entry whose address is not above: everything that covers the prefix is that one or is above it. */
  #search(a: number, b: number, c: number, d: number): number {
    let low = 0;
    let high = this.#lengths.length;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if (this.#isAbove(mid, a, b, c, d)) high = mid;
      else low = mid + 1;
    }
    return low;
  }

  #isAbove(at: number, a: number, b: number, c: number, d: number): boolean {
    const words = this.#words;
    const i = at * 4;
    const w = words[i] as number;
    if (w !== a || !this.ipv6) return w > a;
    const x = words[i + 1] as number;
    const y = words[i + 2] as number;
    return x > b || (x === b && (y > c || (y === c && (words[i + 3] as number) > d)));
  }

  #covers(at: number, a: number, b: number, c: number, d: number, length: number): boolean {
    const own = this.#lengths[at] as number;
    if (own > length) return false;
    const i = at * 4;
    return (
      same(this.#words[i] as number, a, own) &&
      (own <= 32 || same(this.#words[i + 1] as number, b, own - 32)) &&
      (own <= 64 || same(this.#words[i + 2] as number, c, own - 64)) &&
      (own <= 96 || same(this.#words[i + 3] as number, d, own - 96))
    );
  }
}

/** Whether two words agree in their first `bits` bits. */
function same(x: number, y: number, bits: number): boolean {
  return bits >= 32 ? x === y : bits <= 0 || (x ^ y) >>> (32 - bits) === 0;
}

function compare(x: readonly number[], y: readonly number[]): number {
  for (let i = 0; i < x.length; i++) {
    const difference = (x[i] ?? 0) - (y[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Whether nobody can hold an IPv4 prefix, whatever is granted (RFC 6890 §2.2.2, RFC 1122 §3.2.1.3): 0.0.0.0/8, 127.0.0.0/8, multicast and
 * the limited broadcast. A default route and its halves cover these and are none of them; private, link-local and class E addresses are
 * some network's.
 */
function isMartian4(a: number, length: number): boolean {
  const first = a >>> 24;
  return a >>> 28 === 14 || (length >= 8 && (first === 0 || first === 127)) || (length === 32 && a >>> 0 === 0xffff_ffff);
}

/** The same of IPv6 (RFC 6890 §2.2.3, RFC 4291 §2.5.5.2): ::, ::1, IPv4-mapped addresses, multicast. */
function isMartian6(a: number, b: number, c: number, d: number, length: number): boolean {
  if (a >>> 24 === 0xff) return true;
  if (a !== 0 || b !== 0) return false;
  return (length === 128 && c === 0 && d >>> 0 <= 1) || (length >= 96 && c === 0xffff);
}
