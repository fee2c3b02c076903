import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Authorization } from '../../src/claims/authorization.js';
import { SOURCES } from '../../src/claims/grant.js';
import { VERDICTS } from '../../src/claims/reasons.js';
import { covers, formatPrefix, maskBytes, type Prefix, parsePrefix, prefixWords } from '../../src/lib/prefix.js';
import type { GrantConfig } from '../../src/network/config.js';
import { NetworkModel } from '../../src/network/model.js';

const NODES = ['n0', 'n1', 'n2'];
const NOW = Date.parse('2026-01-01T00:00:00Z');

/** Addresses that lie in one another often, under a first octet that is nobody's own. */
const prefix = (size: 4 | 16): fc.Arbitrary<Prefix> =>
  fc
    .record({
      octets: fc.array(fc.constantFrom(0, 0, 0, 1, 128), { minLength: size, maxLength: size }),
      length: size === 4 ? fc.integer({ min: 6, max: 32 }) : fc.integer({ min: 6, max: 128 }),
    })
    .map(({ octets, length }) => ({
      family: size === 4 ? 'ipv4' : 'ipv6',
      bytes: maskBytes(Uint8Array.from([size === 4 ? 20 : 0x20, ...octets.slice(1)]), length),
      length,
    }));

const grant = (size: 4 | 16): fc.Arbitrary<Omit<GrantConfig, 'id'>> =>
  fc
    .record({
      range: prefix(size),
      who: fc.constantFrom({ node: 'n0' }, { node: 'n1' }, { node: 'n2' }, { tag: 'even' }),
      ge: fc.option(fc.nat({ max: 8 })),
      more: fc.option(fc.nat({ max: 24 })),
      mode: fc.constantFrom('single', 'single', 'single', 'shared', 'exclusive'),
      gateway: fc.boolean(),
      sources: fc.option(fc.subarray(['bgp', 'ospf', 'api'] as const, { minLength: 1 })),
      ended: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
      speaksFor: fc.option(fc.constantFrom(['n1'], ['tag:even'])),
    })
    .map(({ range, who, ge, more, mode, gateway, sources, ended, speaksFor }) => {
      const bits = range.bytes.length * 8;
      const least = ge === null ? undefined : Math.min(bits, range.length + ge);
      return {
        ...who,
        prefix: formatPrefix(range),
        ...(least === undefined ? {} : { ge: least }),
        ...(more === null ? {} : { le: Math.min(bits, (least ?? range.length) + more) }),
        mode: mode as 'single',
        ...(gateway ? { as: 'gateway' as const } : {}),
        ...(sources ? { sources } : {}),
        ...(ended ? { until: '2025-01-01T00:00:00Z' } : {}),
        ...(speaksFor ? { speaksFor } : {}),
      };
    });

const has = ({ node, tag }: Pick<GrantConfig, 'node' | 'tag'>, index: number): boolean =>
  tag === undefined ? node === NODES[index] : index % 2 === 0;

interface Claim {
  readonly prefix: Prefix;
  readonly speaker: number;
  readonly holder: number;
  readonly source: 'api' | 'bgp' | 'ospf';
}

/** The verdict in words, or the id of the grant, as DESIGN has it: without index, columns and caches. */
function judged(
  grants: readonly GrantConfig[],
  ranges: readonly Prefix[],
  reserved: readonly Prefix[],
  { prefix, speaker, holder, source }: Claim,
): string {
  const outer = (one: Prefix): boolean => covers(one, prefix) && one.length <= prefix.length;
  let refusal = 'not-granted';
  let accepted: string | undefined;
  let gateway: string | undefined;
  if (reserved.some((one) => formatPrefix(one) === formatPrefix(prefix))) return 'reserved';
  const inner = grants.filter((one) => outer(parsePrefix(one.prefix)));
  const over = inner.some((one) => one.mode === 'exclusive' && !one.until && !has(one, speaker));
  if (over) return 'covered-by-exclusive';
  const own = inner
    .filter((one) => has(one, speaker))
    .map((one, order) => ({ one, order, range: parsePrefix(one.prefix) }))
    .sort((x, y) => y.range.length - x.range.length || x.order - y.order);
  let done = -1;
  for (const { one, range } of own) {
    // What a gateway grant of a narrower range allows, wider ones do not add to.
    if (done >= 0 && range.length < done) break;
    const least = one.ge ?? range.length;
    const most = one.le ?? (one.ge === undefined ? range.length : range.bytes.length * 8);
    if (prefix.length < least || prefix.length > most) continue;
    if (one.until) refusal = refusal === 'not-granted' ? 'grant-expired' : refusal;
    else if (one.sources && !one.sources.includes(source)) refusal = 'source-not-granted';
    else if (
      holder !== speaker &&
      !(one.speaksFor ?? []).some((name) => has(name.startsWith('tag:') ? { tag: 'even' } : { node: name }, holder))
    )
      refusal = 'next-hop-not-own';
    else {
      accepted ??= one.id;
      if (one.as === 'gateway') {
        gateway ??= one.id;
        done = range.length;
      }
    }
  }
  if (accepted === undefined) return refusal;
  return ranges.some(outer) ? accepted : (gateway ?? 'outside-network');
}

for (const size of [4, 16] as const) {
  const claim: fc.Arbitrary<Claim> = fc.record({
    prefix: prefix(size),
    speaker: fc.nat({ max: 2 }),
    holder: fc.nat({ max: 2 }),
    source: fc.constantFrom('bgp', 'ospf', 'api'),
  });
  /** So many grants of elsewhere that the index has a list of where each value of the first 16 bits begins. */
  const crowd = (many: boolean): GrantConfig[] =>
    Array.from({ length: many ? 300 : 0 }, (_, i) => ({
      id: `crowd-${i}`,
      node: 'n1',
      prefix: size === 4 ? `${60 + (i & 63)}.${i >> 6}.0.0/16` : `${(0x2600 + i).toString(16)}::/16`,
    }));

  test(`a claim is judged as a walk over all grants would (${size} octets)`, () => {
    fc.assert(
      fc.property(
        fc.array(grant(size), { maxLength: 12 }),
        fc.array(claim, { minLength: 1, maxLength: 30 }),
        fc.array(prefix(size), { maxLength: 3 }),
        prefix(size),
        fc.boolean(),
        fc.nat({ max: 30 }),
        (shapes, claims, ranges, connected, many, changed) => {
          const model = new NetworkModel({
            ranges: ranges.map(formatPrefix),
            subnets: [{ prefix: formatPrefix(connected) }],
            nodes: NODES.map((name, i) => ({ name, tags: i % 2 === 0 ? ['even'] : [] })),
          });
          const authorization = new Authorization(model);
          let grants: GrantConfig[] = shapes.map((one, i) => ({ ...one, id: `g${i}` }));
          for (const one of [...crowd(many), ...grants]) authorization.add(one, NOW);
          const verdictOf = ({ prefix, speaker, holder, source }: Claim): string => {
            const index = SOURCES.indexOf(source);
            const found = authorization.judge(...prefixWords(prefix.bytes), prefix.length, size === 16, speaker, holder, index);
            return found < 0 ? (VERDICTS[-found] as string) : (authorization.grants[found]?.id ?? '');
          };
          for (const [i, one] of claims.entries()) {
            // One grant goes meanwhile, and one comes to its end.
            if (i === changed && grants.length > 1) {
              authorization.remove(grants[0]?.id as string);
              grants = grants.slice(1);
            }
            expect(verdictOf(one)).toBe(judged(grants, ranges, [connected], one));
          }
          // Known by now, each.
          for (const one of claims) expect(verdictOf(one)).toBe(judged(grants, ranges, [connected], one));
        },
      ),
    );
  });
}

describe('what was found of claims alike', () => {
  const model = new NetworkModel({ ranges: ['10.0.0.0/8'], nodes: NODES.map((name) => ({ name })) });
  const judge = (authorization: Authorization): string => {
    const found = authorization.judge(0x0a000001, 0, 0, 0, 32, false, 0, 0, SOURCES.indexOf('bgp'));
    return found < 0 ? (VERDICTS[-found] as string) : `by ${authorization.grants[found]?.id}`;
  };

  test('is of one length, one speaker, one holder and one source', () => {
    const authorization = new Authorization(model);
    authorization.add({ id: 'g', node: 'n0', prefix: '10.0.0.0/24', le: 31, sources: ['bgp'] }, NOW);
    const found = (length: number, speaker: number, holder: number, source: Claim['source']): boolean =>
      authorization.judge(0x0a000000, 0, 0, 0, length, false, speaker, holder, SOURCES.indexOf(source)) >= 0;
    for (let again = 0; again < 2; again++) {
      expect(found(31, 0, 0, 'bgp')).toBe(true);
      expect(found(32, 0, 0, 'bgp')).toBe(false);
      expect(found(30, 1, 1, 'bgp')).toBe(false);
      expect(found(30, 0, 1, 'bgp')).toBe(false);
      expect(found(30, 0, 0, 'ospf')).toBe(false);
      expect(found(30, 0, 0, 'bgp')).toBe(true);
    }
  });

  test('ends with the grant', () => {
    const authorization = new Authorization(model);
    authorization.add({ id: 'g', node: 'n0', prefix: '10.0.0.0/24', le: 32, until: '2026-01-02T00:00:00Z' }, NOW);
    expect(judge(authorization)).toBe('by g');
    expect(authorization.expire(NOW + 86_400_000).map(({ id }) => id)).toEqual(['g']);
    expect(judge(authorization)).toBe('grant-expired');
  });

  test('is found anew by a grant that replaces it', () => {
    const authorization = new Authorization(model);
    const config: GrantConfig = { id: 'g', node: 'n0', prefix: '10.0.0.0/24', le: 32 };
    const before = authorization.add(config, NOW);
    expect(judge(authorization)).toBe('by g');
    authorization.replace(before, { ...config, sources: ['ospf'] }, NOW);
    expect(judge(authorization)).toBe('source-not-granted');
  });
});
