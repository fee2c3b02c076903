import { z } from 'zod';
import { address, addressOrPrefix, expects, prefix, text, whole } from '../../lib/fields.js';
import { AsPathPattern } from './as-path-pattern.js';
import { parsePattern, parseSettable } from './communities.js';

const bounds = z
  .strictObject({ min: whole(0).exactOptional().describe('Least.'), max: whole(0).exactOptional().describe('Most.') })
  .meta({ id: 'Bounds', description: 'Bounds, both included.' });

const AS = whole(0, 0xffff_ffff);
const preference = whole(0, 65_535);

/** Text that a parser of ours reads. */
const read = (parse: (value: string) => unknown, what: string) =>
  z.string().check((payload) => {
    try {
      parse(payload.value);
    } catch (error) {
      payload.issues.push({ code: 'custom', input: payload.value, message: error instanceof Error ? error.message : what });
    }
  });

const community = read(parsePattern, 'a community');
const settable = read(parseSettable, 'a community');
const prefixPattern = z
  .strictObject({
    prefix: prefix().describe('The prefix.'),
    ge: whole(0, 128).exactOptional().describe("Shortest length. Default: the prefix's own."),
    le: whole(0, 128).exactOptional().describe("Longest length. Default: the family's maximum if `ge` is given, else the prefix's own."),
  })
  .meta({ id: 'PrefixPattern', description: 'A prefix, and with `ge` or `le` longer ones inside it.' });
const origin = z.enum(['igp', 'egp', 'incomplete']);

const match = z
  .strictObject({
    prefixes: z
      .array(
        z.union(
          [text('a prefix list or a prefix'), prefixPattern],
          expects('a prefix, the name of a prefix list, or an object such as { prefix: 10.0.0.0/8, le: 32 }'),
        ),
      )
      .exactOptional()
      .describe('Names of prefix lists, or prefixes.'),
    asPath: read((pattern) => new AsPathPattern(pattern), 'a pattern')
      .exactOptional()
      .describe('A regular expression over the AS path, as operators write it: `_65001_`, `^65001_`, `^$`. Linear time.'),
    asPathLength: bounds.exactOptional().describe('ASes in the path, a set counting one.'),
    originAs: z.array(AS).exactOptional().describe('The AS that originated the route.'),
    containsAs: z.array(AS).exactOptional().describe('An AS anywhere in the path.'),
    communities: z
      .array(community)
      .exactOptional()
      .describe('One of these: `65000:1`, `65000:*`, `65000:1:*`, `target:65000:1`, `no-export`.'),
    allCommunities: z.array(community).exactOptional().describe('All of these.'),
    nextHop: z.array(addressOrPrefix()).exactOptional().describe('Addresses or prefixes.'),
    source: z
      .array(z.enum(['api', 'bgp', 'ospf', 'vrrp', 'arp', 'initial']))
      .exactOptional()
      .describe('Where the claim came from.'),
    med: bounds.exactOptional().describe('MULTI_EXIT_DISC; none is 0.'),
    localPref: bounds.exactOptional().describe('LOCAL_PREF; none is 100.'),
    origin: z.array(origin).exactOptional().describe('ORIGIN.'),
    neighbour: z.array(text('a name')).exactOptional().describe('The neighbour that the route comes from, or goes to, by name.'),
    node: z.array(text('a name')).exactOptional().describe('The node that holds, or would hold, the prefix.'),
    rpki: z
      .array(z.enum(['valid', 'invalid', 'not-found']))
      .exactOptional()
      .describe('What RPKI origin validation says (RFC 6811). Import only, external neighbours, and only while there are caches.'),
    aspa: z
      .array(z.enum(['valid', 'invalid', 'unknown']))
      .exactOptional()
      .describe("What ASPA verification of the path says, where the neighbour's `rpki.aspa` asks for it. Import only."),
  })
  .meta({
    id: 'RuleMatch',
    description: 'What a rule looks at. Every field that is given must match; a list matches when one of its entries does.',
  });

/** What a rule changes, also where a function says so. @internal */
export const ruleChanges = z
  .strictObject({
    preference: preference.exactOptional().describe('Preference of the claim, within the bounds of its grant. Import only.'),
    localPref: whole(0, 0xffff_ffff).exactOptional().describe('LOCAL_PREF.'),
    med: z
      .union([whole(0, 0xffff_ffff), z.literal('none')], expects('a whole number from 0 to 4294967295, or "none"'))
      .exactOptional()
      .describe('MULTI_EXIT_DISC; `none` takes it away.'),
    origin: origin.exactOptional().describe('ORIGIN.'),
    nextHop: address().exactOptional().describe('NEXT_HOP.'),
    addCommunities: z.array(settable).exactOptional().describe('Added, of any kind.'),
    removeCommunities: z.array(community).exactOptional().describe('Removed; wildcards as in a match.'),
    setCommunities: z.array(settable).exactOptional().describe('Instead of all that were there, of every kind.'),
    prepend: z
      .union([whole(1, 32), z.array(AS)], expects('how often, 1 to 32, or a list of AS numbers'))
      .exactOptional()
      .describe('AS numbers to put in front, the nearest first; a number of times for our own.'),
  })
  .meta({ id: 'RuleChanges', description: 'What a rule changes.' });

/** A rule of a policy. @internal */
export const policyRule = z
  .strictObject({
    name: text('a name').exactOptional().describe('Shown where the rule decided.'),
    match: match.exactOptional().describe('Default: everything matches.'),
    set: ruleChanges.exactOptional().describe('What it changes.'),
    verdict: z
      .union(
        [z.enum(['accept', 'next', 'reject']), z.strictObject({ reject: text('a reason').describe('Why.') })],
        expects('"accept", "next", "reject" or { reject: REASON }'),
      )
      .exactOptional()
      .describe('`accept` (default), `next` to go on with what was set, `reject`, or `{ reject: reason }`.'),
  })
  .meta({ id: 'PolicyRule', description: 'One rule of a policy. The first that matches decides, unless it says `next`.' });
