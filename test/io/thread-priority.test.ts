import { expect, test } from 'vitest';
import { ThreadPriority } from '../../src/io/thread-priority.js';

/** A thread's priority, and what was asked of the system. */
function lab(allowed = true) {
  const asked: string[] = [];
  const priority = new ThreadPriority({
    schedule: (thread, policy, parameter) => {
      asked.push(`${thread} ${(policy & 0xff) === 2 ? 'real time' : 'ordinary'} ${parameter[0]}`);
      return allowed ? 0 : -1;
    },
  });
  priority.raise();
  /** Turns of 10 ms each, of which so much is work. */
  let now = 1_000_000;
  const turns = (count: number, worked: number): void => {
    for (let i = 0; i < count; i++) {
      now += 10;
      priority.spent(worked, now);
    }
  };
  return { asked, priority, turns };
}

test('a thread that does little stays before all others', () => {
  const { asked, priority, turns } = lab();
  turns(10_000, 4);
  expect([asked, priority.realTime]).toEqual([['0 real time 1'], true]);
});

test('one that works more than half of the time is ordinary until a second after it has stopped', () => {
  const { asked, priority, turns } = lab();
  turns(100, 1);
  turns(60, 8);
  expect([asked.splice(0), priority.realTime]).toEqual([['0 real time 1', '0 ordinary 0'], false]);
  turns(1000, 8);
  turns(80, 1);
  expect([asked, priority.realTime]).toEqual([[], false]);
  turns(60, 1);
  expect([asked, priority.realTime]).toEqual([['0 real time 1'], true]);
});

test('where it is not allowed it is not asked for again', () => {
  const { asked, priority, turns } = lab(false);
  turns(1000, 8);
  turns(1000, 1);
  expect([asked, priority.realTime]).toEqual([['0 real time 1'], false]);
});
