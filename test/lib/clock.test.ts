import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.js';

test('appointments are kept in the order of their times, of those at one time as they were made, and none that was called off', () => {
  const step = fc.oneof(
    fc.record({ at: fc.integer({ min: -3, max: 20 }) }),
    fc.record({ cancel: fc.nat(40) }),
    fc.record({ advance: fc.nat(4) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = new ManualClock();
      const kept: number[] = [];
      const expected: number[] = [];
      const waiting = new Map<number, number>();
      const cancels: (() => void)[] = [];
      for (const one of steps) {
        if ('at' in one) {
          const name = cancels.length;
          waiting.set(name, clock.now() + one.at);
          cancels.push(clock.at(clock.now() + one.at, () => kept.push(name)));
        } else if ('cancel' in one) {
          cancels[one.cancel]?.();
          waiting.delete(one.cancel);
        } else {
          clock.advance(one.advance);
          // A Map is in the order in which they were made, and a sort is stable.
          const due = [...waiting].filter(([, at]) => at <= clock.now()).sort(([, a], [, b]) => a - b);
          for (const [name] of due) {
            expected.push(name);
            waiting.delete(name);
          }
          expect(kept).toEqual(expected);
        }
      }
    }),
  );
});

test('the time of a call is that of its appointment, and what it makes is kept in the same turn when it is due', () => {
  const clock = new ManualClock(100);
  const times: number[] = [];
  clock.at(103, () => {
    times.push(clock.now());
    clock.at(101, () => times.push(clock.now()));
    clock.at(105, () => times.push(clock.now()));
    clock.at(111, () => times.push(clock.now()));
  });
  clock.advance(10);
  expect([times, clock.now()]).toEqual([[103, 103, 105], 110]);
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, '5' as never])('a clock that is turned by %s stays where it is', (by) => {
  const clock = new ManualClock(1000);
  expect(() => clock.advance(by)).toThrow(expect.objectContaining({ code: 'VALUE_INVALID' }));
  expect(clock.now()).toBe(1000);
});
