import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatPrefix, maskBytes, prefixWords } from '../../../src/lib/prefix.js';
import { PrefixIndex } from '../../../src/ospf/columns/prefix-index.js';
import { alike, same } from '../../support/same.js';

test.each(['ipv4', 'ipv6'] as const)('of %s, prefixes that are there have numbers of their own, which come back when they go', (family) => {
  const size = family === 'ipv4' ? 4 : 16;
  // Few enough to meet again, in octets that tell each word from the others.
  const prefix = fc
    .record({ octet: fc.constantFrom(0, 1, 0x80, 0xff), at: fc.nat(size - 1), length: fc.integer({ min: 0, max: size * 8 }) })
    .map(({ octet, at, length }) => {
      const bytes = new Uint8Array(size);
      bytes[at] = octet;
      return { family, bytes: maskBytes(bytes, length), length };
    });
  let most = 0;
  fc.assert(
    fc.property(fc.array(fc.record({ prefix, free: fc.boolean() }), { minLength: 300, maxLength: 500 }), (steps) => {
      const index = new PrefixIndex(family);
      const numbers = new Map<string, number>();
      let live = 0;
      for (const { prefix: one, free } of steps) {
        const words = [...prefixWords(one.bytes), one.length] as const;
        const text = formatPrefix(one);
        const known = numbers.get(text) ?? -1;
        same(index.find(...words), known);
        if (free && known >= 0) {
          index.free(known);
          numbers.delete(text);
        } else if (!free) {
          const number = index.add(...words);
          if (known >= 0) same(number, known);
          numbers.set(text, number);
          alike(index.prefixOf(number), one);
        }
        live = Math.max(live, numbers.size);
        same(index.size, numbers.size);
      }
      expect(new Set(numbers.values()).size).toBe(numbers.size);
      expect(index.limit).toBe(live);
      most = Math.max(most, live);
    }),
    { numRuns: 40, seed: 7 },
  );
  expect(most).toBeGreaterThan(60);
});

test('a number that stands for nothing cannot be given back', () => {
  const index = new PrefixIndex('ipv4');
  const number = index.add(0x0a000000, 0, 0, 0, 8);
  index.free(number);
  expect(() => index.free(number)).toThrow(RangeError);
});
