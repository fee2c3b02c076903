import { expect, test } from 'vitest';
import { Lab } from './support/lab.js';

/** Seconds between two looks at an LSA (RFC 2328 B: CheckAge), and when it ends (MaxAge). */
const CHECK_AGE = 300;
const MAX_AGE = 3600;
/** Two turns, the second with less to do. */
const LSAS = 2400;

test('LSAs that came together are looked at two thousand a turn, all before the second is over, and end at MaxAge', () => {
  const lab = new Lab();
  const [a, b] = [lab.router(1), lab.router(2)];
  const wire = lab.wire();
  a.attach(wire, '10.0.1.1', { type: 'point-to-point' });
  b.attach(wire, '10.0.1.2', { type: 'point-to-point' });
  const metric = { value: 20, type: 2 as const, tag: 0 };
  const changes = Array.from({ length: LSAS }, (_, i) => ({ bytes: Uint8Array.of(100, 64, i >> 8, i & 255), length: 32, metric }));
  const began = lab.now;
  a.handle({ type: 'externals', changes });
  const { machine } = b;
  lab.until(() => machine.database.size === LSAS, 60_000);
  lab.advance(10_000);
  wire.up = false;
  lab.advance(60_000);
  const waiting = (): number => [...machine.database.all()].filter(({ slot }) => slot * 1000 <= lab.now).length;
  const firstDue = Math.min(...[...machine.database.all()].map(({ slot }) => slot * 1000));
  expect(firstDue - began).toBeLessThanOrEqual((CHECK_AGE + 5) * 1000);
  lab.advance(firstDue - lab.now - 1);
  const turns: number[] = [];
  const tick = machine.tick.bind(machine);
  machine.tick = (now) => {
    const before = waiting();
    const effects = tick(now);
    if (before !== waiting()) turns.push(before - waiting());
    return effects;
  };
  lab.advance(5000);
  expect(turns.reduce((sum, looked) => sum + looked, 0)).toBe(LSAS);
  expect(Math.max(...turns)).toBeLessThanOrEqual(2000);
  expect(waiting()).toBe(0);
  lab.advance((MAX_AGE - CHECK_AGE) * 1000);
  expect([...machine.database.all()].filter(({ ended }) => !ended)).toEqual([]);
});
