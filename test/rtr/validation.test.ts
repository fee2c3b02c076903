import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePrefix, prefixWords } from '../../src/lib/prefix.js';
import { verifyPath } from '../../src/rtr/aspa.js';
import { CacheData } from '../../src/rtr/cache-data.js';
import { VrpTable } from '../../src/rtr/vrp-table.js';
import { same } from '../support/same.js';

const folder = join(process.env.VIRTUAL_ROUTER_CORPORA ?? '', 'rpki');

interface Vrp {
  readonly prefix: string;
  readonly maxLength: number;
  readonly asn: number;
}

function change({ prefix: text, maxLength, asn }: Vrp, announce = true) {
  const prefix = parsePrefix(text);
  const [a, b, c, d] = prefixWords(prefix.bytes);
  return { type: 'prefix', announce, ipv6: prefix.family === 'ipv6', a, b, c, d, length: prefix.length, maxLength, asn } as const;
}

function stateOf(data: CacheData, text: string, origin: number) {
  const prefix = parsePrefix(text);
  return data.validate(...prefixWords(prefix.bytes), prefix.length, prefix.family === 'ipv6', origin);
}

function dataOf(vrps: readonly Vrp[]): CacheData {
  const data = new CacheData();
  data.applyAll(vrps.map((vrp) => change(vrp)));
  return data;
}

describe('origin validation', () => {
  test('a payload that covers makes invalid, one that matches makes valid, none leaves the route not found', () => {
    const data = dataOf([
      { prefix: '192.0.2.0/24', maxLength: 25, asn: 65001 },
      { prefix: '192.0.0.0/16', maxLength: 16, asn: 65002 },
      { prefix: '2001:db8::/32', maxLength: 48, asn: 65001 },
    ]);
    expect(stateOf(data, '192.0.2.0/24', 65001)).toBe('valid');
    expect(stateOf(data, '192.0.2.128/25', 65001)).toBe('valid');
    expect(stateOf(data, '192.0.2.128/26', 65001)).toBe('invalid');
    expect(stateOf(data, '192.0.2.0/24', 65002)).toBe('invalid');
    expect(stateOf(data, '192.0.0.0/16', 65002)).toBe('valid');
    expect(stateOf(data, '192.0.0.0/15', 65002)).toBe('not-found');
    expect(stateOf(data, '2001:db8:1::/48', 65001)).toBe('valid');
    expect(stateOf(data, '2001:db8:1:1::/64', 65001)).toBe('invalid');
    expect(stateOf(data, '2001:db9::/32', 65001)).toBe('not-found');
  });

  test('AS 0 matches nothing, and a path without an origin is never valid', () => {
    const data = dataOf([{ prefix: '192.0.2.0/24', maxLength: 24, asn: 0 }]);
    expect(stateOf(data, '192.0.2.0/24', 0)).toBe('invalid');
    expect(stateOf(data, '198.51.100.0/24', 0)).toBe('not-found');
  });

  test('a payload of length 0 covers everything of its family', () => {
    const data = dataOf([{ prefix: '0.0.0.0/0', maxLength: 32, asn: 65001 }]);
    expect(stateOf(data, '203.0.113.7/32', 65001)).toBe('valid');
    expect(stateOf(data, '0.0.0.0/0', 65002)).toBe('invalid');
    expect(stateOf(data, '::/0', 65001)).toBe('not-found');
  });

  test('the table says what a list of the same payloads says, whatever came and went', () => {
    const vrp = fc.record({
      bits: fc.integer({ min: 0, max: 15 }),
      length: fc.integer({ min: 0, max: 4 }),
      more: fc.integer({ min: 0, max: 2 }),
      asn: fc.integer({ min: 0, max: 3 }),
      announce: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(vrp, { maxLength: 200 }), fc.boolean(), (steps, ipv6) => {
        const table = new VrpTable(ipv6);
        const model = new Map<string, { word: number; length: number; maxLength: number; asn: number }>();
        const cut = (bits: number, length: number): number => (length === 0 ? 0 : ((bits >> (4 - length)) << (32 - length)) >>> 0);
        for (const { bits, length, more, asn, announce } of steps) {
          const word = cut(bits, length);
          const maxLength = length + more;
          const key = `${word}/${length}-${maxLength} ${asn}`;
          if (announce) {
            same(table.add(word, 0, 0, 0, length, maxLength, asn), !model.has(key));
            model.set(key, { word, length, maxLength, asn });
          } else same(table.remove(word, 0, 0, 0, length, maxLength, asn), model.delete(key));
        }
        expect(table.size).toBe(model.size);
        for (let bits = 0; bits < 16; bits++) {
          for (let length = 0; length <= 4; length++) {
            for (let origin = 0; origin <= 3; origin++) {
              const word = cut(bits, length);
              const covering = [...model.values()].filter((one) => one.length <= length && cut(word >>> 28, one.length) === one.word);
              const valid = covering.some((one) => one.asn === origin && origin !== 0 && length <= one.maxLength);
              const expected = covering.length === 0 ? 'not-found' : valid ? 'valid' : 'invalid';
              same(table.validate(word, 0, 0, 0, length, origin), expected);
            }
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  test('changes that do not all fit change nothing', () => {
    const data = dataOf([{ prefix: '192.0.2.0/24', maxLength: 24, asn: 65001 }]);
    data.apply({ type: 'aspa', announce: true, customer: 65001, providers: [65002] });
    expect(() =>
      data.applyAll([
        change({ prefix: '192.0.2.0/24', maxLength: 24, asn: 65001 }, false),
        change({ prefix: '198.51.100.0/24', maxLength: 24, asn: 65001 }),
        { type: 'aspa', announce: false, customer: 65001, providers: [] },
        { type: 'aspa', announce: false, customer: 65009, providers: [] },
      ]),
    ).toThrow('withdrawn that is not there');
    expect(data.vrps).toBe(1);
    expect(stateOf(data, '192.0.2.0/24', 65001)).toBe('valid');
    expect(data.aspas.get(65001)).toEqual([65002]);
  });

  test.skipIf(!existsSync(join(folder, 'rov-cases.json')))(
    '5,000 payloads of the real RPKI answer as an independent implementation does',
    () => {
      const { roas } = JSON.parse(readFileSync(join(folder, 'vrps-5000.json'), 'utf8')) as { roas: Vrp[] };
      const { cases } = JSON.parse(readFileSync(join(folder, 'rov-cases.json'), 'utf8')) as {
        cases: { prefix: string; origin: number; state: string }[];
      };
      const data = new CacheData();
      const seen = new Set<string>();
      for (const roa of roas) {
        const key = `${roa.prefix} ${roa.maxLength} ${roa.asn}`;
        if (!seen.has(key)) data.apply(change(roa));
        seen.add(key);
      }
      expect(cases.length).toBeGreaterThan(1000);
      const wrong = cases.filter(({ prefix, origin, state }) => stateOf(data, prefix, origin) !== state);
      expect(wrong).toEqual([]);
    },
  );
});

describe('path verification', () => {
  // 1 and 2 are customers of 10 and 20; 10 and 20 of 100 and 200, which have no providers but say so with AS 0.
  const aspas = new Map([
    [1, [10]],
    [2, [20]],
    [10, [100]],
    [20, [200]],
    [100, [0]],
    [200, [0]],
  ]);
  const cases: readonly (readonly [path: readonly number[] | undefined, upstream: string, downstream: string])[] = [
    [[1], 'valid', 'valid'],
    [[10, 1], 'valid', 'valid'],
    [[10, 10, 10, 1, 1], 'valid', 'valid'],
    [[100, 10, 1], 'valid', 'valid'],
    [[200, 100, 10, 1], 'invalid', 'valid'], // across the top, once
    [[20, 200, 100, 10, 1], 'invalid', 'valid'],
    [[2, 20, 200, 100, 10, 1], 'invalid', 'valid'],
    [[100, 20, 10, 1], 'invalid', 'invalid'], // 20 leaks what it heard from 10
    [[200, 20, 100, 10, 1], 'invalid', 'invalid'],
    [[300, 1], 'invalid', 'valid'], // two ASes are no leak yet
    [[1, 300], 'unknown', 'valid'],
    [[100, 10, 300], 'unknown', 'unknown'], // whether 300 is a customer of 10 nobody says
    [[100, 300, 400], 'unknown', 'unknown'],
    [undefined, 'invalid', 'invalid'], // an AS_SET
    [[], 'invalid', 'invalid'],
  ];
  test.each(cases)('%j is %s upstream and %s downstream', (path, upstream, downstream) => {
    expect(verifyPath(aspas, path, 'upstream')).toBe(upstream);
    expect(verifyPath(aspas, path, 'downstream')).toBe(downstream);
  });
});
