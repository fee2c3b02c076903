import { parseAddress } from '../../lib/address.js';
import { UsageError } from '../../lib/errors.js';
import { contains, covers, type Prefix, parsePrefix } from '../../lib/prefix.js';
import type { AsSegment } from '../wire/index.js';
import { AsPathPattern, asPathText } from './as-path-pattern.js';
import { hasCommunity, parsePattern } from './communities.js';
import type { Bounds, PolicyRoute, PrefixPattern, RuleMatch } from './rules.js';

/** Named prefix lists. @internal */
export type PrefixLists = Readonly<Record<string, readonly PrefixPattern[]>>;

/** Whether a route matches; made once from a rule. @internal */
export type Matcher = (route: PolicyRoute) => boolean;

/** Compiles what a rule looks at. Throws a `UsageError` (`CONFIG_INVALID`). @internal */
export function compileMatch(match: RuleMatch, lists: PrefixLists): Matcher {
  const tests: Matcher[] = [];
  const {
    prefixes,
    asPath,
    asPathLength,
    originAs,
    containsAs,
    communities,
    allCommunities,
    nextHop,
    source,
    med,
    localPref,
    origin,
    neighbour,
    node,
    rpki,
    aspa,
  } = match;
  if (prefixes) {
    const ranges = prefixes.flatMap((entry) => rangesOf(entry, lists));
    tests.push(({ prefix }) => prefix !== undefined && inRanges(parsePrefix(prefix), ranges));
  }
  if (asPath !== undefined) {
    const pattern = new AsPathPattern(asPath);
    tests.push(({ attributes }) => pattern.test(asPathText(attributes.asPath ?? [])));
  }
  if (asPathLength) tests.push(({ attributes }) => within(pathLength(attributes.asPath ?? []), asPathLength));
  if (originAs) tests.push(({ attributes }) => originAs.includes(originOf(attributes.asPath ?? []) ?? -1));
  if (containsAs)
    tests.push(({ attributes }) => (attributes.asPath ?? []).some(({ asns }) => asns.some((asn) => containsAs.includes(asn))));
  if (communities) {
    const patterns = communities.map(parsePattern);
    tests.push(({ attributes }) => patterns.some((pattern) => hasCommunity(attributes, pattern)));
  }
  if (allCommunities) {
    const patterns = allCommunities.map(parsePattern);
    tests.push(({ attributes }) => patterns.every((pattern) => hasCommunity(attributes, pattern)));
  }
  if (nextHop) {
    const ranges = nextHop.map(parsePrefix);
    tests.push(({ attributes }) => {
      if (attributes.nextHop === undefined) return false;
      const address = parseAddress(attributes.nextHop);
      return ranges.some((range) => contains(range, address));
    });
  }
  if (source) tests.push((route) => source.includes(route.source));
  if (med) tests.push(({ attributes }) => within(attributes.med ?? 0, med));
  if (localPref) tests.push(({ attributes }) => within(attributes.localPref ?? 100, localPref));
  if (origin) tests.push(({ attributes }) => origin.includes(attributes.origin ?? 'incomplete'));
  if (neighbour) tests.push((route) => neighbour.includes(route.neighbour));
  if (node) tests.push((route) => node.includes(route.node));
  if (rpki) tests.push((route) => route.rpki !== undefined && rpki.includes(route.rpki));
  if (aspa) tests.push((route) => route.aspa !== undefined && aspa.includes(route.aspa));
  return (route) => tests.every((test) => test(route));
}

interface Range {
  readonly prefix: Prefix;
  readonly ge: number;
  readonly le: number;
}

function rangesOf(entry: string | PrefixPattern, lists: PrefixLists): Range[] {
  if (typeof entry !== 'string') return [rangeOf(entry)];
  const list = lists[entry];
  if (list) return list.map(rangeOf);
  if (!/[.:]/.test(entry)) throw new UsageError('CONFIG_INVALID', `there is no prefix list "${entry}"`);
  return [rangeOf({ prefix: entry })];
}

function rangeOf({ prefix: text, ge, le }: PrefixPattern): Range {
  const prefix = parsePrefix(text);
  return { prefix, ge: ge ?? prefix.length, le: le ?? (ge === undefined ? prefix.length : prefix.bytes.length * 8) };
}

function inRanges(prefix: Prefix, ranges: readonly Range[]): boolean {
  return ranges.some((range) => prefix.length >= range.ge && prefix.length <= range.le && covers(range.prefix, prefix));
}

function within(value: number, { min = 0, max = Number.POSITIVE_INFINITY }: Bounds): boolean {
  return value >= min && value <= max;
}

/** RFC 4271 §9.1.2.2 a: a set counts one; a confederation's segments nothing (RFC 5065 §5.3). */
function pathLength(path: readonly AsSegment[]): number {
  return path.reduce((sum, { type, asns }) => sum + (type === 'sequence' ? asns.length : type === 'set' ? 1 : 0), 0);
}

/** The AS at the path's end; undefined for an empty path, and for one that ends in a set. */
function originOf(path: readonly AsSegment[]): number | undefined {
  const last = path.at(-1);
  return last?.type === 'sequence' ? last.asns.at(-1) : undefined;
}
