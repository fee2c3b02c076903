import { expect, test } from 'vitest';
import { Lab, type LabRouter } from './support/lab.js';
import { SharedOctets } from './support/shared-octets.js';

test('routers that share keep the same octets and meanings of an LSA, each with its own age, and only the last instances', () => {
  const octets = new SharedOctets();
  const lab = new Lab({ octets });
  const routers = [1, 2, 3].map((id) => lab.router(id)) as [LabRouter, LabRouter, LabRouter];
  for (const [i, j] of [
    [0, 1],
    [1, 2],
  ] as const) {
    const wire = lab.wire(700);
    routers[i].attach(wire, `10.0.${j}.1`, { type: 'point-to-point' });
    routers[j].attach(wire, `10.0.${j}.2`, { type: 'point-to-point' });
  }
  const ofFirst = () => routers.map(({ machine }) => machine.areas.get(0)?.database.get({ lsType: 1, id: 1, advertisingRouter: 1 }));
  lab.advance(60_000);
  const before = ofFirst();
  expect(before.map((lsa) => lsa?.octets === before[0]?.octets)).toEqual([true, true, true]);
  const [meant, ...others] = routers.map(({ machine }, i) => before[i] && machine.meaningOf(before[i]));
  expect(meant?.vertex?.key).toBe(1);
  expect(others.map((meaning) => meaning === meant)).toEqual([true, true]);
  // Each hop takes 700 ms and counts for a second (InfTransDelay).
  const born = before[0]?.born ?? 0;
  expect(before.map((lsa) => lsa?.born)).toEqual([born, born - 300, born - 600]);
  // Another instance: all have the new octets, and nobody the old ones.
  routers[0].handle({ type: 'stubRouter', on: true });
  lab.advance(60_000);
  const after = ofFirst();
  expect(after.map((lsa) => lsa?.octets === after[0]?.octets)).toEqual([true, true, true]);
  expect(after[0]?.octets).not.toBe(before[0]?.octets);
  expect(after[2]?.sequence).toBeGreaterThan(before[2]?.sequence ?? 0);
});
