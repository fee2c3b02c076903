import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LsaTable } from '../../../src/ospf/columns/lsa-table.js';
import { same } from '../../support/same.js';

test('after any sets and deletions a table has what a Map has, in its order', () => {
  const key = fc.record({
    lsType: fc.constantFrom(1, 5),
    // Of the same few numbers, signed or not as they may come; enough of them that rows are used up, moved and used again.
    id: fc.integer({ min: 0, max: 60 }).map((id) => (id % 2 === 0 ? id : 0xffff_ff00 + id)),
    advertisingRouter: fc.constantFrom(1, 0x8000_0000),
  });
  const step = fc.record({ key, action: fc.constantFrom('set', 'set', 'delete', 'clear') });
  fc.assert(
    fc.property(fc.array(step, { minLength: 300, maxLength: 400 }), (steps) => {
      const table = new LsaTable<number>();
      const map = new Map<string, { readonly lsType: number; readonly value: number }>();
      for (const [value, { key: one, action }] of steps.entries()) {
        const text = `${one.lsType} ${one.id} ${one.advertisingRouter}`;
        if (action === 'set') {
          table.set(one, value + 1);
          map.set(text, { lsType: one.lsType, value: value + 1 });
        } else if (action === 'delete') {
          same(table.delete(one), map.delete(text));
        } else if (value % 10 === 0) {
          table.clear();
          map.clear();
        }
        same(table.get(one), map.get(text)?.value);
        same(table.size, map.size);
      }
      expect([...table.values()]).toEqual([...map.values()].map(({ value }) => value));
      expect([...table.ofType(5)]).toEqual([...map.values()].flatMap(({ lsType, value }) => (lsType === 5 ? [value] : [])));
    }),
    { numRuns: 60, seed: 3 },
  );
});

test('what was deleted and is set again is the last; what is set anew keeps its place; a number with a sign is the same number', () => {
  const table = new LsaTable<string>();
  const key = (id: number) => ({ lsType: 5, id, advertisingRouter: 0xc0a8_0001 });
  for (let id = 0; id < 100; id++) table.set(key(id), `first ${id}`);
  for (let id = 0; id < 90; id++) table.delete(key(id));
  table.set(key(0), 'again');
  table.set(key(95), 'anew');
  const rest = [90, 91, 92, 93, 94].map((id) => `first ${id}`);
  expect([...table.values()]).toEqual([...rest, 'anew', 'first 96', 'first 97', 'first 98', 'first 99', 'again']);
  expect(table.get({ ...key(95), advertisingRouter: 0xc0a8_0001 | 0 })).toBe('anew');
});
