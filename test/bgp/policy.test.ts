import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AsPathPattern, asPathText } from '../../src/bgp/policy/as-path-pattern.js';
import { compilePolicy, type PolicyConfig, type PolicyRoute, type RuleChanges, type RuleMatch } from '../../src/bgp/policy/index.js';
import type { AsSegment } from '../../src/bgp/wire/index.js';

const sequence = (...asns: number[]): AsSegment => ({ type: 'sequence', asns });

const route: PolicyRoute = {
  prefix: '192.0.2.0/24',
  attributes: {
    origin: 'igp',
    asPath: [sequence(65001, 65002, 65002), { type: 'set', asns: [65003, 65004] }],
    nextHop: '10.0.0.10',
    med: 5,
    communities: ['65001:1', '65535:65281'],
    extendedCommunities: ['target:65001:7'],
    largeCommunities: ['65001:2:3'],
    ipv6ExtendedCommunities: ['target:[2001:db8::1]:1'],
  },
  source: 'bgp',
  neighbour: 'guest',
  node: 'a',
};

const lists = { mine: [{ prefix: '192.0.2.0/23', ge: 24, le: 25 }, { prefix: '2001:db8::/32' }] };
const compiled = (policy: PolicyConfig, otherwise: 'accept' | 'reject' = 'reject') =>
  compilePolicy(policy, { lists, localAs: 65000, otherwise });

describe('a rule matches by', () => {
  const cases: [what: string, match: RuleMatch, does: boolean, part?: Partial<PolicyRoute>][] = [
    ['nothing in particular', {}, true],
    ['a prefix, exactly', { prefixes: ['192.0.2.0/24'] }, true],
    ['a prefix that only covers it', { prefixes: ['192.0.0.0/16'] }, false],
    ['a prefix with lengths', { prefixes: [{ prefix: '192.0.0.0/16', ge: 24 }] }, true],
    ['a prefix with other lengths', { prefixes: [{ prefix: '192.0.0.0/16', le: 23 }] }, false],
    ['a prefix list', { prefixes: ['mine'] }, true],
    ['a prefix list of the other family', { prefixes: ['mine'] }, true, { prefix: '2001:db8::/32' }],
    ['a prefix list that has it in other lengths', { prefixes: ['mine'] }, false, { prefix: '192.0.2.0/26' }],
    ['the AS path', { asPath: '^65001_' }, true],
    ['an AS path that is not its own', { asPath: '^65002_' }, false],
    ['the length of the path, a set counting one', { asPathLength: { min: 4, max: 4 } }, true],
    ['another length of the path', { asPathLength: { max: 3 } }, false],
    ['the AS that originated it, where a set says no', { originAs: [65003, 65004] }, false],
    ['the AS that originated it', { originAs: [65002] }, true, { attributes: { asPath: [sequence(65001, 65002)] } }],
    ['an AS in the path', { containsAs: [1, 65004] }, true],
    ['a community', { communities: ['65001:1'] }, true],
    ['a community by name', { communities: ['no-export'] }, true],
    ['a pattern of communities', { communities: ['65001:*'] }, true],
    ['a large community', { communities: ['65001:2:3'] }, true],
    ['a pattern of large communities', { communities: ['65001:*:3'] }, true],
    ['an extended community', { communities: ['rt:65001:7'] }, true],
    ['one of several communities', { communities: ['1:1', '65001:1'] }, true],
    ['all of several communities', { allCommunities: ['no-export', '65001:*'] }, true],
    ['all of several, of which one is not there', { allCommunities: ['no-export', '1:1'] }, false],
    ['the next hop', { nextHop: ['10.0.0.0/24'] }, true],
    ['another next hop', { nextHop: ['10.0.1.0/24', '10.0.0.11'] }, false],
    ['the source', { source: ['api', 'bgp'] }, true],
    ['another source', { source: ['api'] }, false],
    ['MED', { med: { min: 5 } }, true],
    ['LOCAL_PREF, which is 100 where there is none', { localPref: { min: 100, max: 100 } }, true],
    ['ORIGIN', { origin: ['egp', 'igp'] }, true],
    ['the neighbour', { neighbour: ['guest'] }, true],
    ['the node', { node: ['b'] }, false],
    ['everything that it names', { node: ['a'], communities: ['1:1'] }, false],
  ];
  test.each(cases)('%s', (_what, match, does, part) => {
    expect(compiled([{ match }]).evaluate({ ...route, ...part }).verdict).toBe(does ? 'accept' : 'reject');
  });
});

describe('a rule sets', () => {
  const cases: [what: string, set: RuleChanges, after: object][] = [
    ['LOCAL_PREF', { localPref: 200 }, { localPref: 200 }],
    ['MED', { med: 0 }, { med: 0 }],
    ['no MED', { med: 'none' }, { med: undefined }],
    ['ORIGIN', { origin: 'incomplete' }, { origin: 'incomplete' }],
    ['the next hop', { nextHop: '2001:DB8::1' }, { nextHop: '2001:db8::1' }],
    [
      'communities beside those there are',
      { addCommunities: ['65000:7', '65000:1:1'] },
      { communities: ['65001:1', '65535:65281', '65000:7'], largeCommunities: ['65001:2:3', '65000:1:1'] },
    ],
    [
      'fewer communities',
      { removeCommunities: ['65001:*', 'target:*:*'] },
      { communities: ['65535:65281'], extendedCommunities: undefined },
    ],
    [
      'communities in place of all',
      { setCommunities: ['65000:9'] },
      { communities: ['65000:9'], largeCommunities: undefined, extendedCommunities: undefined, ipv6ExtendedCommunities: undefined },
    ],
    ['our AS in front', { prepend: 2 }, { asPath: [sequence(65000, 65000, 65001, 65002, 65002), { type: 'set', asns: [65003, 65004] }] }],
    ['other ASes in front', { prepend: [7, 8] }, { asPath: [sequence(7, 8, 65001, 65002, 65002), { type: 'set', asns: [65003, 65004] }] }],
  ];
  test.each(cases)('%s', (_what, set, after) => {
    const result = compiled([{ set }]).evaluate(route);
    expect(result.verdict === 'accept' && { ...route.attributes, ...result.attributes }).toMatchObject(
      Object.fromEntries(Object.entries(after).filter(([, value]) => value !== undefined)),
    );
    for (const [field, value] of Object.entries(after))
      if (value === undefined) expect(result.verdict === 'accept' && field in result.attributes, field).toBe(false);
  });

  test('one community or several, where no pattern stands for others', () => {
    for (const set of [{ addCommunities: ['65000:*'] }, { setCommunities: ['65000:1', '65000:*:1'] }, { addCommunities: ['target:*:1'] }])
      expect(() => compiled([{ set }])).toThrow('expected one community to set');
  });

  test('a preference, which is the claim’s and no attribute', () => {
    expect(compiled([{ set: { preference: 300 } }]).evaluate(route)).toMatchObject({ preference: 300, attributes: route.attributes });
  });

  test('a segment of its own where the first would be longer than 255', () => {
    const long = { ...route, attributes: { asPath: [sequence(...new Array<number>(254).fill(1))] } };
    const result = compiled([{ set: { prepend: 2 } }]).evaluate(long);
    expect(result.verdict === 'accept' && result.attributes.asPath?.map(({ asns }) => asns.length)).toEqual([2, 254]);
  });
});

describe('rules go in order', () => {
  test('the first that matches decides; one that says next only sets', () => {
    const policy = compiled([
      { name: 'mark', set: { addCommunities: ['65000:1'], preference: 300 }, verdict: 'next' },
      { name: 'marked', match: { communities: ['65000:1'], asPathLength: { max: 1 } }, verdict: 'reject' },
      { name: 'last', match: { communities: ['65000:1'] }, set: { med: 1 } },
      { name: 'never', verdict: 'reject' },
    ]);
    expect(policy.evaluate(route)).toMatchObject({ verdict: 'accept', rule: 'last', preference: 300, attributes: { med: 1 } });
    const short = { ...route, attributes: { asPath: [sequence(65001)] } };
    expect(policy.evaluate(short)).toEqual({ verdict: 'reject', reason: 'rejected by marked', rule: 'marked' });
  });

  test('a rejection has the reason that it was given', () => {
    expect(compiled([{ verdict: { reject: 'not today' } }]).evaluate(route)).toMatchObject({ verdict: 'reject', reason: 'not today' });
  });

  test('what none decides is taken on the way in, and not on the way out', () => {
    const none: PolicyConfig = [{ match: { node: ['b'] } }];
    expect(compiled(none, 'accept').evaluate(route)).toMatchObject({ verdict: 'accept', rule: undefined });
    expect(compiled(none, 'reject').evaluate(route)).toMatchObject({ verdict: 'reject', reason: 'no rule accepts it' });
  });
});

test('a function decides as rules do, and one that throws or says what cannot be is an error of its own', () => {
  expect(compiled(() => 'accept').evaluate(route)).toMatchObject({ verdict: 'accept', attributes: route.attributes });
  expect(compiled(({ prefix }) => ({ reject: `no ${prefix}` })).evaluate(route)).toMatchObject({ reason: 'no 192.0.2.0/24' });
  expect(compiled(() => ({ accept: { med: 9, preference: 1 } })).evaluate(route)).toMatchObject({ attributes: { med: 9 }, preference: 1 });
  const wrong: (() => unknown)[] = [
    () => {
      throw new Error('oh');
    },
    () => undefined,
    () => 'perhaps',
    () => ({ accept: { addCommunities: ['nonsense'] } }),
    () => ({ accept: { setCommunities: ['65000:*'] } }),
    () => ({ accept: { med: -1 } }),
    () => ({ accept: { prepend: [2 ** 32] } }),
    () => ({ accept: { localPref: 0.5 } }),
  ];
  for (const decision of [undefined, true, 'reject', Promise.resolve('accept')])
    expect(compiled((() => decision) as never).evaluate(route)).toMatchObject({
      verdict: 'error',
      reason: expect.stringMatching(/^expected 'accept', { reject } or { accept } of the function, got /),
    });
  for (const decide of wrong) expect(compiled(decide as never).evaluate(route).verdict, String(decide)).toBe('error');
});

describe('a pattern over the AS path', () => {
  const path = '65001 65002 65002 {65003,65004}';
  const cases: [pattern: string, does: boolean, text?: string][] = [
    ['', true],
    ['^$', false],
    ['^$', true, ''],
    ['_65002_', true],
    ['_6500_', false],
    ['^65001', true],
    ['65004_$', true],
    ['_65003_', true],
    ['^65001 (65002 ?)+', true],
    ['^[0-9]+$', true, '65001'],
    ['^[0-9]+$', false, '65001 1'],
    ['^(64[0-9]{3}|65001)_', true],
    ['_65002{2}', false],
    ['(65002 ){2}', true],
    ['^[^ ]+ 65002', true],
    ['.*65005', false],
    ['\\{65003', true],
    ['_(1|2|65002)_', true],
  ];
  test.each(cases)('%j', (pattern, does, text = path) => {
    expect(new AsPathPattern(pattern).test(text)).toBe(does);
  });

  test.each(['(', ')', '[1', '*', 'a{2', '{1}', '\\', '[2-1]', '((1{999}){999}){999}'])('%j is no pattern', (pattern) => {
    expect(() => new AsPathPattern(pattern)).toThrow(/AS path pattern .* does not read at character/);
  });

  test('says what the engine’s own regular expressions say, and takes no longer for a path that is made to hurt', () => {
    const atom = fc.constantFrom('1', '2', ' ', '.', '[12]', '[^1]', '(1|2 )', '(12)*');
    const pattern = fc.array(fc.tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{1,2}')), { maxLength: 6 });
    fc.assert(
      fc.property(pattern, fc.array(fc.constantFrom('1', '2', ' '), { maxLength: 12 }), (parts, characters) => {
        const source = parts.map(([one, count]) => (count !== '' && one === '(12)*' ? one : one + count)).join('');
        const text = characters.join('');
        expect(new AsPathPattern(`^${source}$`).test(text), source).toBe(new RegExp(`^(?:${source})$`).test(text));
      }),
      { numRuns: 400 },
    );
    // Backtracking would take longer than the universe has.
    expect(new AsPathPattern('^((1+)+)+$').test(`${'1'.repeat(300)}2`)).toBe(false);
  });

  test('reads a path as operators write it', () => {
    expect(asPathText([sequence(1, 2), { type: 'set', asns: [3, 4] }, { type: 'confed-sequence', asns: [5, 6] }])).toBe('1 2 {3,4} (5 6)');
  });
});
