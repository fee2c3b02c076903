import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Clock, ManualClock } from '../../src/lib/clock.js';
import { type Due, TimerHeap, Timers } from '../../src/lib/timers.js';

test('the next timer is the earliest that runs, whatever was started, moved, stopped and expired before', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const step = fc.oneof(
    fc.record({ start: name, at: fc.nat(20) }),
    fc.record({ stop: fc.array(name, { minLength: 1, maxLength: 2 }) }),
    fc.record({ expire: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const timers = new Timers<string>();
      const running = new Map<string, number>();
      for (const one of steps) {
        if ('start' in one) {
          timers.start(one.start, one.at);
          running.set(one.start, one.at);
        } else if ('stop' in one) {
          timers.stop(...one.stop);
          for (const gone of one.stop) running.delete(gone);
        } else {
          const due = Math.min(...running.values());
          const expired = timers.expire(one.expire);
          expect(expired === undefined).toBe(due > one.expire);
          if (expired !== undefined) {
            expect(running.get(expired)).toBe(due);
            running.delete(expired);
          }
        }
        expect(timers.next()).toBe(running.size > 0 ? Math.min(...running.values()) : undefined);
      }
    }),
  );
});

/** Something that is due now and then, and says when it was. */
class Bell implements Due {
  rung: number[] = [];
  deadline: number | undefined;
  due(now: number): void {
    this.rung.push(now);
    this.deadline = undefined;
  }
}

test('a heap calls each at its deadline, however many were moved and forgotten meanwhile', () => {
  const step = fc.record({ who: fc.nat(199), at: fc.integer({ min: 1, max: 50 }), forget: fc.boolean(), pass: fc.nat(1) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
      const clock = new ManualClock();
      const heap = new TimerHeap(clock);
      const bells = Array.from({ length: 200 }, () => new Bell());
      const wanted = bells.map(() => [] as number[]);
      const pass = (time: number): void => {
        const until = clock.now() + time;
        for (const [i, { deadline }] of bells.entries()) if (deadline !== undefined && deadline <= until) wanted[i]?.push(deadline);
        clock.advance(time);
      };
      for (const { who, at, forget, pass: time } of steps) {
        const bell = bells[who] as Bell;
        bell.deadline = forget ? undefined : clock.now() + at;
        if (forget) heap.forget(bell);
        else heap.note(bell);
        pass(time);
      }
      pass(100);
      expect(bells.map(({ rung }) => rung)).toEqual(wanted);
    }),
    { numRuns: 50 },
  );
});

test('who was forgotten is not kept until its deadline', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const heap = new TimerHeap(new ManualClock());
  const stays = new Bell();
  stays.deadline = 1000;
  heap.note(stays);
  const gone = Array.from({ length: 1000 }, () => {
    const bell = new Bell();
    bell.deadline = 240_000;
    heap.note(bell);
    heap.forget(bell);
    return new WeakRef(bell);
  });
  await new Promise((resolve) => setImmediate(resolve));
  gc();
  expect(gone.filter((one) => one.deref() !== undefined).length).toBeLessThanOrEqual(100);
});

test('when the process stood still, what waits to be read has its turn before anybody is late', () => {
  let now = 0;
  const calls: (() => void)[] = [];
  const deferred: (() => void)[] = [];
  const list = (calls: (() => void)[], call: () => void): (() => void) => {
    calls.push(call);
    return () => void calls.splice(calls.indexOf(call), 1);
  };
  const clock: Clock = { now: () => now, at: (_when, call) => list(calls, call), defer: (call) => list(deferred, call) };
  const heap = new TimerHeap(clock);
  const [heard, silent] = [new Bell(), new Bell()];
  for (const bell of [heard, silent]) {
    bell.deadline = 9000;
    heap.note(bell);
  }
  now = 20_000;
  for (const call of calls.splice(0)) call();
  expect([heard.rung, silent.rung]).toEqual([[], []]);
  // What waited is read: one of them was heard all the time. Noting anything meanwhile sets no timer of its own.
  heard.deadline = 29_000;
  heap.note(heard);
  expect(calls.length).toBe(0);
  for (const call of deferred.splice(0)) call();
  expect([heard.rung, silent.rung]).toEqual([[], [20_000]]);
  now = 29_010;
  for (const call of calls.splice(0)) call();
  expect([heard.rung, deferred.length]).toEqual([[29_010], 0]);
});
