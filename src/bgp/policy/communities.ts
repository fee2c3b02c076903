import { UsageError } from '../../lib/errors.js';
import { canonicalCommunity, canonicalExtendedCommunity, canonicalLargeCommunity, type PathAttributes } from '../wire/index.js';

/** Which list of a route's a community stands in. */
type Kind = 'communities' | 'largeCommunities' | 'extendedCommunities';

/** A community of any kind, or a pattern for some. @internal */
export interface CommunityPattern {
  readonly kind: Kind;
  /** Parts between colons; undefined matches any. */
  readonly parts: readonly (string | undefined)[];
  readonly text: string;
}

/** Reads `"65000:1"`, `"65000:*"`, `"65000:1:2"`, `"target:65000:1"`, `"no-export"`. Throws a `UsageError` (`CONFIG_INVALID`). @internal */
export function parsePattern(text: string): CommunityPattern {
  if (text.includes('*')) {
    const parts = text.split(':').map((part) => (part === '*' ? undefined : part));
    const kind: Kind = /^[a-z]/i.test(text) ? 'extendedCommunities' : parts.length === 3 ? 'largeCommunities' : 'communities';
    const fits = parts.length === (kind === 'communities' ? 2 : 3) && parts.every((part) => part === undefined || /^([\w.]+)$/.test(part));
    if (!fits) throw new UsageError('CONFIG_INVALID', `expected a community, or a pattern such as "65000:*", got "${text}"`);
    return { kind, parts, text };
  }
  const [kind, canonical] = canonicalOf(text);
  return { kind, parts: canonical.split(':'), text: canonical };
}

function canonicalOf(text: string): [kind: Kind, canonical: string] {
  if (/^\d+:\d+:\d+$/.test(text)) return ['largeCommunities', canonicalLargeCommunity(text)];
  if (/^(0x|target|origin|rt|soo)/i.test(text)) return ['extendedCommunities', canonicalExtendedCommunity(text)];
  return ['communities', canonicalCommunity(text)];
}

/** Reads one community, which a pattern for several is not. Throws a `UsageError` (`CONFIG_INVALID`). @internal */
export function parseSettable(text: string): CommunityPattern {
  const pattern = parsePattern(text);
  if (pattern.parts.includes(undefined)) throw new UsageError('CONFIG_INVALID', `expected one community to set, got the pattern "${text}"`);
  return pattern;
}

/** Whether a route has a community that the pattern means. @internal */
export function hasCommunity(attributes: PathAttributes, pattern: CommunityPattern): boolean {
  return (attributes[pattern.kind] ?? []).some((community) => matches(community, pattern));
}

function matches(community: string, { parts }: CommunityPattern): boolean {
  const own = community.split(':');
  return own.length === parts.length && parts.every((part, i) => part === undefined || part === own[i]);
}

/** Attributes with communities added and removed, or all replaced. @internal */
export function changeCommunities(
  attributes: PathAttributes,
  add: readonly CommunityPattern[],
  remove: readonly CommunityPattern[],
  replace: boolean,
): PathAttributes {
  const changed: { -readonly [K in Kind]?: readonly string[] } = {};
  for (const kind of ['communities', 'largeCommunities', 'extendedCommunities'] as const) {
    const before = replace ? [] : (attributes[kind] ?? []);
    const kept = before.filter((community) => !remove.some((pattern) => pattern.kind === kind && matches(community, pattern)));
    const added = add.filter((pattern) => pattern.kind === kind).map(({ text }) => text);
    changed[kind] = [...new Set([...kept, ...added])];
  }
  const { communities: _standard, largeCommunities: _large, extendedCommunities: _extended, ipv6ExtendedCommunities, ...rest } = attributes;
  const lists = Object.entries(changed).filter(([, list]) => list.length > 0);
  const others = replace || ipv6ExtendedCommunities === undefined ? {} : { ipv6ExtendedCommunities };
  return { ...rest, ...others, ...Object.fromEntries(lists) };
}
