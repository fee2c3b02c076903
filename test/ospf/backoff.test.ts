import { describe, expect, test } from 'vitest';
import { SpfBackoff } from '../../src/ospf/backoff.js';
import { vertexOfRouter } from '../../src/ospf/dialect.js';
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

/** `1 - 2 - 3`, and how often 1 has worked out its paths since it was asked last. */
function chain() {
  const lab = new Lab({ instance: { spf: DELAYS } });
  const wires = [lab.wire(), lab.wire()] as const;
  const [a, b, c] = [lab.router(1), lab.router(2), lab.router(3)];
  a.attach(wires[0], '10.0.0.1/24');
  b.attach(wires[0], '10.0.0.2/24');
  b.attach(wires[1], '10.0.1.1/24');
  c.attach(wires[1], '10.0.1.2/24');
  lab.advance(60_000);
  const calculations = (): number => {
    const { full = 0, incremental = 0 } = a.machine.areas.get(0)?.paths ?? {};
    return full + incremental;
  };
  return { lab, a, b, c, calculations };
}

test('other prefixes at a router, or a link that its other end does not list, start no calculation', () => {
  const { lab, a, b, calculations } = chain();
  const before = calculations();
  b.attach(lab.wire(), '10.9.0.1/16', { name: 'own', passive: true, cost: 1 });
  lab.advance(20_000);
  expect(a.table()['10.9.0.0/16']).toBe('intra 11 via 2');
  expect(calculations()).toBe(before);
});

test('a storm of changes is worked out a few times, and the last change counts', () => {
  const { lab, a, b, calculations } = chain();
  const before = calculations();
  // Three times a second for half a minute the router between has other costs. MinLSInterval lets six instances come, and each waits.
  for (let i = 0; i < 91; i++) {
    b.handle({ type: 'stubRouter', on: i % 2 === 0 });
    lab.advance(333);
  }
  expect(calculations() - before).toBeGreaterThan(0);
  expect(calculations() - before).toBeLessThanOrEqual(7);
  lab.advance(20_000);
  expect(a.machine.areas.get(0)?.distance(vertexOfRouter(3))).toBe(10 + 0xffff);
});
