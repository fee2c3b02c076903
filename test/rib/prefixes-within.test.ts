import fc from 'fast-check';
import { expect, test } from 'vitest';
import { covers, formatPrefix, maskBytes, type Prefix, prefixWords } from '../../src/lib/prefix.js';
import { Ipv4Prefixes, Ipv6Prefixes, type PrefixTable } from '../../src/rib/prefix-table.js';
import { prefixesWithin } from '../../src/rib/prefixes-within.js';

/** Prefixes that lie in one another often: the first bits are mostly the same, wherever the lengths end. */
const prefix = (size: 4 | 16): fc.Arbitrary<Prefix> =>
  fc
    .record({ bytes: fc.uint8Array({ minLength: size, maxLength: size, max: 3 }), length: fc.nat({ max: size * 8 }) })
    .map(({ bytes, length }): Prefix => ({ family: size === 4 ? 'ipv4' : 'ipv6', bytes: maskBytes(bytes, length), length }));

const of = (bytes: readonly number[], length: number, size: 4 | 16): Prefix => ({
  family: size === 4 ? 'ipv4' : 'ipv6',
  bytes: Uint8Array.from({ length: size }, (_, i) => bytes[i] ?? 0),
  length,
});

const add = (table: PrefixTable, { bytes, length }: Prefix): number => table.add(...prefixWords(bytes), length);

for (const size of [4, 16] as const) {
  test(`the prefixes inside another are those that it covers, found one by one or among all (${size} octets)`, () => {
    fc.assert(
      fc.property(
        fc.array(prefix(size), { maxLength: 60 }),
        prefix(size),
        fc.nat({ max: 14 }),
        fc.nat({ max: 14 }),
        (prefixes, outer, from, more) => {
          const table = size === 4 ? new Ipv4Prefixes() : new Ipv6Prefixes();
          for (const one of prefixes) add(table, one);
          // One that is gone is no longer among them, and its place may be another's.
          const [gone] = prefixes;
          if (gone) table.free(add(table, gone));
          const [least, most] = [outer.length + from, outer.length + from + more].map((length) => Math.min(length, size * 8)) as [
            number,
            number,
          ];
          const kept = new Set(prefixes.map(formatPrefix));
          if (gone) kept.delete(formatPrefix(gone));
          const expected = prefixes
            .filter((one) => kept.has(formatPrefix(one)) && covers(outer, one) && one.length >= least && one.length <= most)
            .map(formatPrefix);
          const found = prefixesWithin(table, outer, least, most).map((id) => table.format(id));
          expect([...found].filter((text) => kept.has(text)).sort()).toEqual([...new Set(expected)].sort());
          expect(found.length).toBe(new Set(found).size);
        },
      ),
      // The one that is gone leaves a place that looks like the other.
      { examples: [[[of([1, 0, 0, 0], 14, size), of([0, 0, 0, 0], 14, size)], of([0, 0, 0, 0], 0, size), 1, 13]] },
    );
  });
}
