import type { OriginState, PathState } from '../../lib/validation.js';
import type { ClaimSource } from '../../network/config.js';
import type { Origin, PathAttributes } from '../wire/index.js';

/** Bounds, both included; either may be left out. @public */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** A prefix, and with `ge` or `le` longer ones inside it. @public */
export interface PrefixPattern {
  readonly prefix: string;
  /** Shortest length. Default: the prefix's own. */
  readonly ge?: number;
  /** Longest length. Default: `ge`'s family maximum if `ge` is given, else the prefix's own. */
  readonly le?: number;
}

/** What a rule looks at. Every field that is given must match; a list matches when one of its entries does. @public */
export interface RuleMatch {
  /** Names of prefix lists, or prefixes. */
  readonly prefixes?: readonly (string | PrefixPattern)[];
  /**
   * A regular expression over the AS path as text, `"65001 65002 {65003,65004}"`, as operators write it: `_65001_`, `^65001_`,
   * `^$`, `_(64[0-9]+|65000)$`. `_` is a border: the start, the end, a space, a brace, a comma. It takes linear time.
   */
  readonly asPath?: string;
  /** ASes in the path, a set counting one. */
  readonly asPathLength?: Bounds;
  /** The AS that originated the route. */
  readonly originAs?: readonly number[];
  /** An AS anywhere in the path. */
  readonly containsAs?: readonly number[];
  /** One of these: `"65000:1"`, `"65000:*"`, `"65000:1:*"`, `"target:65000:1"`, `"no-export"`. */
  readonly communities?: readonly string[];
  /** All of these. */
  readonly allCommunities?: readonly string[];
  /** Addresses or prefixes. */
  readonly nextHop?: readonly string[];
  readonly source?: readonly ClaimSource[];
  readonly med?: Bounds;
  readonly localPref?: Bounds;
  readonly origin?: readonly Origin[];
  /** The neighbour that the route comes from, or goes to, by name. */
  readonly neighbour?: readonly string[];
  /** The node that holds, or would hold, the prefix. */
  readonly node?: readonly string[];
  /** What RPKI origin validation says (RFC 6811). Import only, external neighbours, and only while there are caches. */
  readonly rpki?: readonly OriginState[];
  /** What ASPA verification of the path says, where the neighbour's `rpki.aspa` asks for it. Import only. */
  readonly aspa?: readonly PathState[];
}

/** What a rule changes. @public */
export interface RuleChanges {
  /** Preference of the claim, within the bounds of its grant. Import only. */
  readonly preference?: number;
  readonly localPref?: number;
  /** `"none"` takes it away. */
  readonly med?: number | 'none';
  readonly origin?: Origin;
  readonly nextHop?: string;
  readonly addCommunities?: readonly string[];
  /** Wildcards as in {@link RuleMatch.communities}. */
  readonly removeCommunities?: readonly string[];
  /** Instead of all that were there, of every kind. */
  readonly setCommunities?: readonly string[];
  /** AS numbers to put in front, the nearest first; a number of times for our own. */
  readonly prepend?: number | readonly number[];
}

/** One rule of a policy. The first that matches decides, unless it says `next`. @public */
export interface PolicyRule {
  /** Shown where the rule decided. */
  readonly name?: string;
  /** Default: everything matches. */
  readonly match?: RuleMatch;
  readonly set?: RuleChanges;
  /** `accept` (default), `next` to go on with what was set, or a rejection with its reason. */
  readonly verdict?: 'accept' | 'next' | 'reject' | { readonly reject: string };
}

/** A route as policies see it. @public */
export interface PolicyRoute {
  /** Absent where a policy in data looks at no prefixes. */
  readonly prefix?: string;
  readonly attributes: PathAttributes;
  readonly source: ClaimSource;
  readonly neighbour: string;
  readonly node: string;
  /** What RPKI origin validation says; absent where it was not asked. */
  readonly rpki?: OriginState;
  /** What ASPA verification says; absent where it was not asked. */
  readonly aspa?: PathState;
}

/** What a policy in code decides. @public */
export type PolicyDecision = 'accept' | { readonly reject: string } | { readonly accept: RuleChanges };

/** A policy in code: called for each route, so it is for those who have few. @public */
export type PolicyFunction = (route: PolicyRoute & { readonly prefix: string }) => PolicyDecision;

/** Rules as data, or a function. @public */
export type PolicyConfig = readonly PolicyRule[] | PolicyFunction;
