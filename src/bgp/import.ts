import type { Authorization } from '../claims/authorization.js';
import type { Importer } from '../claims/feed.js';
import { LEAST } from '../claims/grant.js';
import { Verdict } from '../claims/reasons.js';
import { formatIpv4, formatIpv6 } from '../lib/address.js';
import { AS_TRANS } from '../lib/asn.js';
import { toHex } from '../lib/bytes.js';
import { u32 } from '../lib/octets.js';
import type { OriginState, PathState } from '../lib/validation.js';
import type { NetworkModel } from '../network/model.js';
import { type AttributeSets, SetFlag } from '../rib/attribute-sets.js';
import type { Policy, PolicyResult } from './policy/index.js';
import { ROLES } from './roles.js';
import { decodeCanonical, encodeCanonical, MAX_CANONICAL, type PathAttributes, type Role } from './wire/index.js';

/** What the RPKI says of routes, as an import asks it. @internal */
export interface RouteValidation {
  /** Whether there is any cache to hear from. */
  readonly active: boolean;
  /** What becomes of invalid routes where the neighbour's configuration does not say. */
  readonly invalid: InvalidRemedy;
  /** RFC 6811; `origin` is 0 where the path has no one origin. */
  origin(a: number, b: number, c: number, d: number, length: number, ipv6: boolean, origin: number): OriginState;
  /** `path` has the nearest AS first; undefined where it holds an AS_SET. */
  path(path: readonly number[] | undefined, direction: 'upstream' | 'downstream'): PathState;
}

/** What becomes of a route that the RPKI says is invalid: refused, taken with preference 0 whatever its grant says, or only shown to policy and people. @public */
export type InvalidRemedy = 'reject' | 'depreference' | 'mark';

/** The RPKI towards one neighbour. @public */
export interface NeighbourRpki {
  /** Default: what the router's `rpki` says. */
  readonly invalid?: InvalidRemedy;
  /**
   * Verify AS paths by ASPA: `upstream` for paths from a customer or a peer, `downstream` for those from a provider. Default: not at all.
   * Takes a cache of version 2.
   */
  readonly aspa?: 'upstream' | 'downstream';
}

/** What an import needs to know of the session. @internal */
export interface ImportContext {
  readonly localAs: number;
  /** The router's own, where `localAs` is another (RFC 7705): a path with either is a loop. */
  readonly routerAs: number;
  readonly peerAs: number;
  readonly external: boolean;
  /** Our BGP identifier and cluster id. */
  readonly routerId: number;
  readonly clusterId: number;
  readonly allowOwnAs: number;
  readonly enforceFirstAs: boolean;
  /** The neighbour is a client of ours as a route server: what it says is passed on as it is (RFC 7947). */
  readonly routeServerClient: boolean;
  /** Paths may hold sets, against RFC 9774. */
  readonly allowAsSets: boolean;
  /** Our role towards the neighbour (RFC 9234); undefined inside an AS. */
  readonly role: Role | undefined;
  /** ASes that a path may have, repetitions counted. */
  readonly maxPathLength: number;
  /** Communities of all kinds that a route may have. */
  readonly maxCommunities: number;
  /** Node index of the speaker. */
  readonly speaker: number;
  /** Names for policies. */
  readonly neighbour: string;
  readonly node: string;
  readonly policy: Policy | undefined;
  readonly validation: RouteValidation | undefined;
  readonly rpki: NeighbourRpki | undefined;
}

/** Local part of the large community `<our AS>:1000:<preference>` by which a guest asks for a preference within its grant's bounds. */
export const PREFERENCE_COMMUNITY = 1000;

/** Next hops of others that are kept for a session. */
const MOST_FOREIGN = 256;

const NO_EXPORT = '65535:65281';
/** It goes no further than our AS already. */
const LOCAL = SetFlag.noExport | SetFlag.noAdvertise | SetFlag.noExportSubconfed;

/**
 * What becomes of a received attribute set: loops, whose next hop it is, and the neighbour's policy. The result stands in
 * fields and is the same for all prefixes of a set, unless the policy looks at prefixes.
 *
 * @internal
 */
export class RouteImport implements Importer {
  fault = 0;
  setOut = 0;
  holder = 0;
  wish = -1;
  origin: OriginState | undefined;
  path: PathState | undefined;
  #last = 0;
  /** Sets that policy made, by the set they were made of; both are counted while they stand here. */
  readonly #made = new Map<
    number,
    { readonly setOut: number; readonly fault: number; readonly wish: number; readonly words: string | undefined }
  >();
  /** Sets that Only-to-Customer or NO_EXPORT was added to, by the set without; both are counted while they stand here. */
  readonly #marks = new Map<number, number>();
  /** Whether the set looked at last has Only-to-Customer. */
  #otc = false;
  words: string | undefined;

  constructor(
    private readonly sets: AttributeSets,
    private readonly model: NetworkModel,
    private readonly authorization: Authorization,
    public context: ImportContext,
  ) {}

  /** Whether the result depends on the prefix too. */
  get needsPrefix(): boolean {
    return (this.context.policy?.needsPrefix ?? false) || this.#isValidated();
  }

  evaluate(set: number, a: number, b: number, c: number, d: number, length: number, ipv6: boolean): void {
    const { context, sets } = this;
    this.setOut = set;
    this.holder = context.speaker;
    this.wish = -1;
    this.fault = this.#fault(set);
    if (this.fault === 0 && (sets.flagsOf(set) & SetFlag.large) !== 0) this.wish = this.#asked(set);
    this.origin = undefined;
    this.path = undefined;
    this.words = undefined;
    if (this.fault === 0 && this.#isValidated()) this.#validate(set, a, b, c, d, length, ipv6);
    if (this.fault === 0) this.setOut = this.#marked(set);
    if (this.fault === 0 && context.policy) this.#applyPolicy(context.policy, this.setOut, a, b, c, d, length, ipv6);
  }

  /** Other rules from now on, a policy as a rule. */
  change(context: ImportContext): void {
    this.release();
    this.context = context;
  }

  /** Forgets what roles and policy made. */
  release(): void {
    this.#forgetPolicy();
    this.#forgetMarks();
  }

  #forgetMarks(): void {
    for (const [set, marked] of this.#marks) {
      this.sets.release(set);
      this.sets.release(marked);
    }
    this.#marks.clear();
  }

  #forgetPolicy(): void {
    for (const [set, { setOut }] of this.#made) {
      this.sets.release(set);
      this.sets.release(setOut);
    }
    this.#made.clear();
    if (this.#last !== 0) this.sets.release(this.#last);
    this.#last = 0;
  }

  /** Routes of our own AS were validated where they came in (RFC 6811 §3). */
  #isValidated(): boolean {
    return this.context.external && (this.context.validation?.active ?? false);
  }

  #validate(set: number, a: number, b: number, c: number, d: number, length: number, ipv6: boolean): void {
    const { validation } = this.context;
    if (!validation) return;
    const aspa = this.context.rpki?.aspa;
    this.origin = validation.origin(a, b, c, d, length, ipv6, this.sets.originAsOf(set));
    if (aspa !== undefined) this.path = validation.path(this.#pathOf(set), aspa);
    if (this.origin !== 'invalid' && this.path !== 'invalid') return;
    const remedy = this.context.rpki?.invalid ?? validation.invalid;
    if (remedy === 'reject') this.fault = Verdict[this.origin === 'invalid' ? 'rpki-invalid' : 'aspa-invalid'];
    else if (remedy === 'depreference') this.wish = LEAST;
  }

  /** The AS path, nearest first; undefined where it holds anything but sequences. */
  #pathOf(set: number): readonly number[] | undefined {
    const { sets } = this;
    const page = sets.pageOf(set);
    const from = sets.offsetOf(set);
    const to = from + sets.lengthOf(set);
    const path: number[] = [];
    for (let at = from; at < to; ) {
      const extended = ((page[at] ?? 0) & 0x10) !== 0;
      const length = extended ? ((page[at + 2] ?? 0) << 8) | (page[at + 3] ?? 0) : (page[at + 2] ?? 0);
      const value = at + (extended ? 4 : 3);
      if (page[at + 1] === 2) {
        for (let seg = value; seg + 2 <= value + length; ) {
          if (page[seg] !== 2) return undefined;
          const asns = page[seg + 1] ?? 0;
          for (let i = seg + 2; i < seg + 2 + 4 * asns; i += 4) path.push(u32(page, i));
          seg += 2 + 4 * asns;
        }
      }
      at = value + length;
    }
    return path;
  }

  #fault(set: number): number {
    const { context, sets, model } = this;
    if (sets.pathLengthOf(set) > context.maxPathLength) return Verdict['path-too-long'];
    const page = sets.pageOf(set);
    const from = sets.offsetOf(set);
    const to = from + sets.lengthOf(set);
    this.#otc = false;
    let communities = 0;
    for (let at = from; at < to; ) {
      const code = page[at + 1];
      const extended = ((page[at] ?? 0) & 0x10) !== 0;
      const length = extended ? ((page[at + 2] ?? 0) << 8) | (page[at + 3] ?? 0) : (page[at + 2] ?? 0);
      const value = at + (extended ? 4 : 3);
      if (code === 2) {
        if (context.external && context.enforceFirstAs && sets.neighbourAsOf(set) !== context.peerAs) return Verdict['first-as-mismatch'];
        const fault = this.#pathFault(page, value, value + length);
        if (fault !== 0) return fault;
      } else if (code === 3) {
        const owner = model.owner(page, value, length === 4 ? 4 : 16);
        if (owner !== undefined) this.holder = owner.index;
        if (owner?.index !== context.speaker) {
          this.#noteForeign(page, value, length);
          if (owner === undefined || !this.authorization.maySpeakFor(context.speaker, owner.index)) return Verdict['next-hop-not-own'];
        }
      } else if (code === 9 && !context.external && u32(page, value) === context.routerId) return Verdict['originator-loop'];
      else if (code === 10 && !context.external) {
        for (let i = value; i < value + length; i += 4) if (u32(page, i) === context.clusterId) return Verdict['cluster-loop'];
      } else if (code === 8 || code === 16 || code === 25 || code === 32) {
        communities += length / (code === 8 ? 4 : code === 16 ? 8 : code === 25 ? 20 : 12);
        if (communities > context.maxCommunities) return Verdict['too-many-communities'];
      } else if (code === 35) {
        this.#otc = true;
        const heard = context.role && ROLES[context.role].heard;
        if (heard === 'leak' || (heard === 'leak-unless-own' && u32(page, value) !== context.peerAs)) return Verdict['route-leak'];
      }
      at = value + length;
    }
    return 0;
  }

  /** Next hops that were not the speaker's own; undefined where they were too many to keep. */
  #foreign: Set<string> | undefined = new Set();
  #noteForeign(page: Uint8Array, at: number, length: number): void {
    const foreign = this.#foreign;
    if (!foreign) return;
    foreign.add(toHex(page.subarray(at, at + (length === 4 ? 4 : 16))));
    if (foreign.size > MOST_FOREIGN) this.#foreign = undefined;
  }

  dependsOn(address: Uint8Array): boolean {
    const foreign = this.#foreign;
    if (foreign === undefined) return true;
    // Mostly there is none, and each neighbour is asked when any session comes up.
    return foreign.size > 0 && foreign.has(toHex(address));
  }

  leadsTo(set: number, address: Uint8Array): boolean {
    const { sets } = this;
    const page = sets.pageOf(set);
    const to = sets.offsetOf(set) + sets.lengthOf(set);
    for (let at = sets.offsetOf(set); at < to; ) {
      const extended = ((page[at] ?? 0) & 0x10) !== 0;
      const length = extended ? ((page[at + 2] ?? 0) << 8) | (page[at + 3] ?? 0) : (page[at + 2] ?? 0);
      const value = at + (extended ? 4 : 3);
      if (page[at + 1] === 3) return (length === 4) === (address.length === 4) && address.every((octet, i) => page[value + i] === octet);
      at = value + length;
    }
    return false;
  }

  /** What is wrong with the path in `page[from, to)`, on its own. */
  #pathFault(page: Uint8Array, from: number, to: number): number {
    const { localAs, routerAs, allowOwnAs, allowAsSets, external } = this.context;
    let own = 0;
    for (let seg = from; seg + 2 <= to; ) {
      const type = page[seg] ?? 0;
      // RFC 9774 §3: treat-as-withdraw; the claim stays refused, so that a changed configuration needs no refresh.
      if ((type === 1 || type === 4) && !allowAsSets) return Verdict['as-set'];
      const asns = page[seg + 1] ?? 0;
      for (let i = seg + 2; i < seg + 2 + 4 * asns; i += 4) {
        const asn = u32(page, i);
        if (asn === localAs || asn === routerAs) own++;
        // RFC 6793 §4.2.3 has put the true number in its place where it was known.
        else if (asn === AS_TRANS && external) return Verdict['reserved-as'];
      }
      seg += 2 + 4 * asns;
    }
    return own > allowOwnAs ? Verdict['as-loop'] : 0;
  }

  /** The set with what is added to it on the way in, if anything is: policy sees it, and may take it away. */
  #marked(set: number): number {
    const { role, external, routeServerClient } = this.context;
    const flags = this.sets.flagsOf(set);
    // RFC 9234 §5, ingress 3.
    const otc = role !== undefined && !this.#otc && ROLES[role].marksHeard;
    // RFC 7999 §3.2: what is dropped here for one who asked for it is not to draw the traffic of other ASes.
    const local = external && !routeServerClient && (flags & SetFlag.blackhole) !== 0 && (flags & LOCAL) === 0;
    return otc || local ? this.#mark(set, otc, local) : set;
  }

  #mark(set: number, otc: boolean, local: boolean): number {
    const known = this.#marks.get(set);
    if (known !== undefined) return known;
    if (this.#marks.size >= 4096) this.#forgetMarks();
    const heard = decodeCanonical(this.sets.copy(set));
    const bytes = encodeCanonical({
      ...heard,
      ...(otc ? { otc: this.context.peerAs } : {}),
      ...(local ? { communities: [...(heard.communities ?? []), NO_EXPORT] } : {}),
    });
    const marked = this.sets.intern(bytes, 0, bytes.length);
    this.sets.retain(set);
    this.#marks.set(set, marked);
    return marked;
  }

  /** The preference that a large community `<our AS>:1000:<preference>` asks for, -1 without. */
  #asked(set: number): number {
    const page = this.sets.pageOf(set);
    const from = this.sets.offsetOf(set);
    const to = from + this.sets.lengthOf(set);
    for (let at = from; at < to; ) {
      const extended = ((page[at] ?? 0) & 0x10) !== 0;
      const length = extended ? ((page[at + 2] ?? 0) << 8) | (page[at + 3] ?? 0) : (page[at + 2] ?? 0);
      const value = at + (extended ? 4 : 3);
      if (page[at + 1] === 32) {
        for (let i = value; i < value + length; i += 12) {
          if (u32(page, i) === this.context.localAs && u32(page, i + 4) === PREFERENCE_COMMUNITY) return Math.min(0xffff, u32(page, i + 8));
        }
      }
      at = value + length;
    }
    return -1;
  }

  #applyPolicy(policy: Policy, set: number, a: number, b: number, c: number, d: number, length: number, ipv6: boolean): void {
    const cached = policy.needsPrefix ? undefined : this.#made.get(set);
    if (cached) {
      this.setOut = cached.setOut;
      this.fault = cached.fault;
      this.words = cached.words;
      if (cached.wish >= 0) this.wish = cached.wish;
      return;
    }
    const attributes = decodeCanonical(this.sets.copy(set));
    const result = this.#evaluate(
      policy,
      attributes,
      policy.needsPrefix ? `${ipv6 ? formatIpv6(a, b, c, d) : formatIpv4(a)}/${length}` : undefined,
    );
    let made = set;
    if (result.verdict !== 'accept') {
      this.fault = Verdict[result.verdict === 'error' ? 'policy-error' : 'policy-rejected'];
      this.words = result.reason;
    } else if (result.preference !== undefined) this.wish = result.preference;
    const bytes = result.verdict === 'accept' && result.attributes !== attributes ? encodeCanonical(result.attributes) : undefined;
    if (bytes && bytes.length > MAX_CANONICAL) {
      this.fault = Verdict['policy-error'];
      this.words = `the policy makes ${bytes.length} octets of attributes, where ${MAX_CANONICAL} may be`;
    }
    if (bytes && this.fault === 0) made = this.sets.intern(bytes, 0, bytes.length);
    else this.sets.retain(set);
    this.setOut = made;
    // What was made is held until the next one is, so that a set is not freed between here and the row that takes it.
    if (policy.needsPrefix) {
      if (this.#last !== 0) this.sets.release(this.#last);
      this.#last = made;
    } else {
      if (this.#made.size >= 4096) this.#forgetPolicy();
      this.sets.retain(set);
      this.#made.set(set, {
        setOut: made,
        fault: this.fault,
        words: this.words,
        // What the RPKI wishes is a prefix's own.
        wish: result.verdict === 'accept' ? (result.preference ?? -1) : -1,
      });
    }
  }

  #evaluate(policy: Policy, attributes: PathAttributes, prefix: string | undefined): PolicyResult {
    const { neighbour, node } = this.context;
    return policy.evaluate({
      attributes,
      source: 'bgp',
      neighbour,
      node,
      ...(prefix === undefined ? {} : { prefix }),
      ...(this.origin === undefined ? {} : { rpki: this.origin }),
      ...(this.path === undefined ? {} : { aspa: this.path }),
    });
  }
}
