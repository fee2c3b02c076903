import { describe, expect, test } from 'vitest';
import { SpfBackoff } from '../../src/ospf/backoff.js';
import { Lab } from './support/lab.js';

const DELAYS = { initial: 50, short: 200, long: 5000, timeToLearn: 500, holdDown: 10_000 };

/** What an event at each of these moments waits. */
function waits(...moments: readonly number[]): number[] {
  const backoff = new SpfBackoff(DELAYS);
  return moments.map((now) => backoff.event(now));
}

describe('the wait for a calculation (RFC 8405 §5)', () => {
  test('is the initial one when all was quiet, and the short one while a failure makes itself known', () => {
    expect(waits(1000)).toEqual([50]);
    expect(waits(1000, 1100, 1499)).toEqual([50, 200, 200]);
  });

  test('is the long one once the time to learn of one failure is over', () => {
    expect(waits(1000, 1500, 4000)).toEqual([50, 5000, 5000]);
  });

  test('is the initial one again only after nothing came for the hold-down time, which each event begins anew', () => {
    expect(waits(1000, 11_000)).toEqual([50, 50]);
    expect(waits(1000, 10_999, 20_998, 30_998)).toEqual([50, 5000, 5000, 50]);
    expect(waits(1000, 1100, 11_099, 21_099)).toEqual([50, 200, 5000, 50]);
  });
});

test('a storm of changes is worked out a few times, and the last change counts', () => {
  const lab = new Lab({ instance: { spf: DELAYS } });
  const wire = lab.wire();
  const [a, b] = [lab.router(1), lab.router(2)];
  a.attach(wire, '10.0.0.1/24');
  b.attach(wire, '10.0.0.2/24');
  lab.advance(60_000);
  const calculations = (): number => {
    const area = a.machine.areas.get(0);
    return (area?.paths.full ?? 0) + (area?.paths.incremental ?? 0);
  };
  const before = calculations();
  // Twice a second for half a minute another interface of the neighbour's is there, and each costs something else.
  for (let i = 0; i < 60; i++) {
    b.attach(lab.wire(), '10.9.0.1/16', { name: 'own', passive: true, cost: i + 1 });
    lab.advance(500);
  }
  // MinLSInterval lets six instances come; each waits.
  expect(calculations() - before).toBeLessThanOrEqual(7);
  lab.advance(20_000);
  expect(a.table()['10.9.0.0/16']).toBe('intra 70 via 2');
});
