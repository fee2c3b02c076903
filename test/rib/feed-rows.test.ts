import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FeedRows } from '../../src/rib/feed-rows.js';

const FEEDS = 5;

it('gives each feed rows of its own, and finds them all again', () => {
  const command = fc.oneof(
    fc.record({ feed: fc.nat(FEEDS - 1), take: fc.nat(150) }),
    // Which of those in use, by their place.
    fc.record({ feed: fc.nat(FEEDS - 1), give: fc.nat(150), from: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
      const rows = new FeedRows();
      for (let feed = 0; feed < FEEDS; feed++) rows.addFeed(feed);
      const model = Array.from({ length: FEEDS }, () => new Set<number>());
      for (const one of commands) {
        const own = model[one.feed] as Set<number>;
        if ('take' in one) {
          for (let i = 0; i < one.take; i++) {
            const before = rows.limit;
            const row = rows.take(one.feed);
            if (model.some((taken) => taken.has(row))) throw new Error(`row ${row} was given twice`);
            if (rows.limit > before + 64 || row >= rows.limit) throw new Error(`row ${row} is beyond what was to be expected`);
            own.add(row);
          }
        } else {
          const inUse = [...own];
          for (let i = 0; i < Math.min(one.give, inUse.length); i++) {
            const row = inUse[(one.from + i) % inUse.length] as number;
            if (own.delete(row)) rows.give(row);
          }
        }
      }
      for (const [feed, own] of model.entries()) {
        const walked: number[] = [];
        for (let at = rows.first(feed); at !== 0; at = rows.after(at - 1)) walked.push(at - 1);
        expect(walked.length).toBe(own.size);
        expect(new Set(walked)).toEqual(own);
        expect(walked.every((row) => rows.feedOf(row) === feed)).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});

it('can be walked while rows are given back', () => {
  const rows = new FeedRows();
  rows.addFeed(0);
  for (let i = 0; i < 1000; i++) rows.take(0);
  let seen = 0;
  for (let at = rows.first(0); at !== 0; ) {
    const row = at - 1;
    at = rows.after(row);
    rows.give(row);
    seen++;
  }
  expect(seen).toBe(1000);
  expect(rows.first(0)).toBe(0);
  // Blocks are used again, by whoever comes.
  rows.addFeed(1);
  for (let i = 0; i < 1000; i++) rows.take(1);
  expect(rows.limit).toBeLessThanOrEqual(1024);
});

it('keeps the order in which rows came', () => {
  const rows = new FeedRows();
  rows.addFeed(0);
  rows.addFeed(1);
  const own: number[] = [];
  for (let i = 0; i < 300; i++) {
    own.push(rows.take(0));
    if (i % 3 === 0) rows.take(1);
  }
  const walked: number[] = [];
  for (let at = rows.first(0); at !== 0; at = rows.after(at - 1)) walked.push(at - 1);
  expect(walked).toEqual(own);
});
