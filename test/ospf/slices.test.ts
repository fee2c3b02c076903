import { expect, test } from 'vitest';
import { Lab } from './support/lab.js';

test('externals of a boundary router that is reached, or no longer, are looked at four hundred a turn, and it is said that more are to come', () => {
  const lab = new Lab();
  const [a, b] = [lab.router(1), lab.router(2)];
  const wire = lab.wire();
  a.attach(wire, '10.0.1.1');
  b.attach(wire, '10.0.1.2');
  const turns: { readonly count: number; readonly more: boolean }[] = [];
  const tick = b.machine.tick.bind(b.machine);
  b.machine.tick = (now) => {
    const effects = tick(now);
    for (const effect of effects) if (effect.type === 'routesChanged') turns.push({ count: effect.routes.length, more: effect.more });
    return effects;
  };
  const changes = Array.from({ length: 2500 }, (_, i) => ({
    bytes: Uint8Array.of(100, 64, i >> 8, i & 255),
    length: 32,
    metric: { value: 20, type: 2 as const, tag: 0 },
  }));
  a.handle({ type: 'externals', changes });
  const externals = (): number => Object.values(b.table()).filter((way) => way.startsWith('external-2 20')).length;
  lab.until(() => externals() === 2500, 120_000, 5000);
  turns.length = 0;
  wire.up = false;
  lab.until(() => externals() === 0, 120_000, 5000);
  lab.advance(1000);
  const large = turns.filter(({ count }) => count >= 200);
  expect(large.length).toBeGreaterThanOrEqual(6);
  for (const { count } of large) expect(count).toBeLessThanOrEqual(401);
  expect(large.slice(0, 2).map(({ more }) => more)).toEqual([true, true]);
  expect(turns.at(-1)?.more).toBe(false);
});
