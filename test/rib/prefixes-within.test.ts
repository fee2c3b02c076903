import fc from 'fast-check';
import { expect, test } from 'vitest';
import { covers, maskBytes, type Prefix, prefixWords } from '../../src/lib/prefix.js';
import { Ipv4Prefixes, Ipv6Prefixes, type PrefixTable } from '../../src/rib/prefix-table.js';
import { prefixesWithin } from '../../src/rib/prefixes-within.js';

const OCTET = fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1, 128);
/** Prefixes that lie in one another often: the first bits are mostly the same, wherever the lengths end. */
const prefix = (size: 4 | 16): fc.Arbitrary<Prefix> =>
  fc
    .record({ octets: fc.array(OCTET, { minLength: size, maxLength: size }), length: fc.nat({ max: size * 8 }) })
    .map(({ octets, length }): Prefix => {
      const bytes = maskBytes(Uint8Array.from(octets), length);
      return { family: size === 4 ? 'ipv4' : 'ipv6', bytes, length };
    });

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
          const kept = new Map(prefixes.map((one) => [add(table, one), one]));
          // One that is gone is no longer among them, and its place may be another's.
          const [gone] = prefixes;
          if (gone) {
            const id = add(table, gone);
            table.free(id);
            kept.delete(id);
          }
          const [least, most] = [outer.length + from, outer.length + from + more].map((length) => Math.min(length, size * 8)) as [
            number,
            number,
          ];
          const expected = [...kept].filter(([, one]) => covers(outer, one) && one.length >= least && one.length <= most);
          const found = prefixesWithin(table, outer, least, most);
          expect(found.sort((x, y) => x - y)).toEqual(expected.map(([id]) => id).sort((x, y) => x - y));
        },
      ),
      // The one that is gone leaves a place that looks like the other.
      { examples: [[[of([1, 0, 0, 0], 14, size), of([0, 0, 0, 0], 14, size)], of([0, 0, 0, 0], 0, size), 1, 13]] },
    );
  });
}
