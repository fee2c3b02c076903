import { expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.js';
import { TimerHeap } from '../../src/lib/timers.js';
import { mix } from '../../src/stack/flow-hash.js';
import { FlowTable } from '../../src/stack/flow-table.js';

const MINUTE = 60_000;
const flow = (number: number): number => mix(7, number);

function lab() {
  const clock = new ManualClock(1_700_000_000_000);
  return { clock, table: new FlowTable(new TimerHeap(clock)) };
}

test('a flow is known where it went last, until it has been quiet for five minutes', () => {
  const { clock, table } = lab();
  table.note(flow(1), -5);
  table.note(flow(2), 6);
  clock.advance(MINUTE);
  table.note(flow(2), 7);
  clock.advance(3 * MINUTE);
  expect([1, 2, 3].map((one) => table.find(flow(one)))).toEqual([-5, 7, undefined]);
  clock.advance(MINUTE + 1000);
  expect([1, 2].map((one) => table.find(flow(one)))).toEqual([undefined, 7]);
  // While nobody sends, nobody's clock runs; then it is right again.
  clock.advance(3 * MINUTE);
  expect([table.deadline, table.find(flow(2))]).toEqual([undefined, undefined]);
});

test('flow number zero is a flow like any other', () => {
  const { table } = lab();
  expect(table.find(0)).toBeUndefined();
  table.note(0, 0);
  expect(table.find(0)).toBe(0);
});

test('of more flows than there is room for, those heard last are known', () => {
  const { clock, table } = lab();
  const ALL = 400_000;
  for (let i = 0; i < ALL; i++) {
    table.note(flow(i), i);
    if (i % 2000 === 0) clock.advance(1000);
  }
  const known = (from: number): number => {
    let count = 0;
    for (let i = from; i < from + 10_000; i++) if (table.find(flow(i)) === i) count++;
    return count;
  };
  expect(known(ALL - 10_000)).toBeGreaterThan(9900);
  expect(known(0)).toBe(0);
});
