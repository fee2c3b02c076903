import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NumberSet } from '../../../src/ospf/columns/number-set.js';
import { same } from '../../support/same.js';

test('after any additions and deletions it has what a Set has, few or many', () => {
  const step = fc.record({ number: fc.integer({ min: 0, max: 2000 }), action: fc.constantFrom('add', 'add', 'add', 'delete') });
  fc.assert(
    fc.property(fc.array(step, { minLength: 0, maxLength: 1500, size: 'max' }), (steps) => {
      const numbers = new NumberSet();
      const set = new Set<number>();
      for (const { number, action } of steps) {
        numbers[action](number);
        set[action](number);
        same(numbers.has(number), set.has(number));
        same(numbers.size, set.size);
      }
      expect([...numbers.values()].sort((x, y) => x - y)).toEqual([...set].sort((x, y) => x - y));
    }),
    { numRuns: 40, seed: 4 },
  );
});

test('of many, the smallest comes first, also those whose bit is the last of its word', () => {
  const numbers = new NumberSet();
  for (let number = 1023; number >= 0; number--) numbers.add(number);
  expect([...numbers.values()]).toEqual(Array.from({ length: 1024 }, (_, i) => i));
  for (let number = 0; number < 1024; number++) if (number % 32 !== 31) numbers.delete(number);
  expect([...numbers.values()]).toEqual(Array.from({ length: 32 }, (_, i) => 32 * i + 31));
});
