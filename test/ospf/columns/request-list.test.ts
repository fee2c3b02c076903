import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RequestList } from '../../../src/ospf/columns/request-list.js';
import type { LsaHeader } from '../../../src/ospf/wire/index.js';
import { alike, same } from '../../support/same.js';

const header = (id: number, length = 36): LsaHeader => ({
  age: id % 3600,
  options: 2,
  lsType: 5,
  id,
  advertisingRouter: 0xc000_0201,
  sequence: -0x7fff_ffff + id,
  checksum: 0xff00 + (id & 0xff),
  length,
});
/** Link state ids in a packet of requests. */
function ids(octets: Uint8Array): number[] {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  return Array.from({ length: octets.length / 12 }, (_, i) => {
    same(view.getUint32(12 * i), 5);
    same(view.getUint32(12 * i + 8), 0xc000_0201);
    return view.getUint32(12 * i + 4);
  });
}

test('wishes are asked for in their order, as many as full updates answer, and the rest when these have come', () => {
  const list = new RequestList();
  for (let id = 0; id < 130; id++) list.set(header(0xffff_ff00 + id));
  // Forty of 36 octets fill an update of 1452.
  list.ask(121, 1452);
  expect(list.outstanding).toBe(120);
  expect(ids(list.octets())).toEqual(Array.from({ length: 120 }, (_, i) => 0xffff_ff00 + i));
  for (let id = 0; id < 119; id++) expect(list.delete(5, 0xffff_ff00 + id, 0xc000_0201)).toBe(true);
  expect(ids(list.octets())).toEqual([0xffff_ff00 + 119]);
  list.delete(5, 0xffff_ff00 + 119, 0xc000_0201);
  expect(list.outstanding).toBe(0);
  list.ask(121, 1452);
  expect(list.outstanding).toBe(10);
  expect(list.size).toBe(10);
});

test('one that is larger than an update is asked for all the same', () => {
  const list = new RequestList();
  for (let id = 0; id < 5; id++) list.set(header(id, 3000));
  list.ask(2, 1452);
  expect(ids(list.octets())).toEqual([0]);
});

test('after any wishes, requests and deletions it has what a Map has, and as many are outstanding', () => {
  const step = fc.record({ id: fc.integer({ min: 0, max: 60 }), action: fc.constantFrom('set', 'set', 'delete', 'ask', 'clear') });
  fc.assert(
    fc.property(fc.array(step, { minLength: 300, maxLength: 400 }), (steps) => {
      const list = new RequestList();
      const wanted = new Map<number, LsaHeader>();
      let asked: number[] = [];
      for (const [i, { id, action }] of steps.entries()) {
        if (action === 'set') {
          const one = { ...header(id), age: i };
          list.set(one);
          wanted.set(id, one);
        } else if (action === 'delete') {
          same(list.delete(5, id, 0xc000_0201), wanted.delete(id));
          asked = asked.filter((other) => other !== id);
        } else if (action === 'ask' && asked.length === 0) {
          list.ask(7, 144);
          const ahead = [...wanted.keys()].slice(0, 7);
          asked = ahead.length === 7 && wanted.size > 7 ? ahead.slice(0, 4) : ahead;
        } else if (action === 'clear' && i % 50 === 0) {
          list.clear();
          wanted.clear();
          asked = [];
        }
        same(list.size, wanted.size);
        same(list.outstanding, asked.length);
        alike(ids(list.octets()), asked);
        const known = wanted.get(id);
        expect(list.get(header(id))).toEqual(known && { sequence: known.sequence, checksum: known.checksum, age: known.age });
      }
    }),
    { numRuns: 30, seed: 8 },
  );
});
