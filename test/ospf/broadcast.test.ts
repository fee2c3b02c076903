import { describe, expect, test } from 'vitest';
import { elect } from '../../src/ospf/election.js';
import { Lab, type LabRouter } from './support/lab.js';

/** Routers 1 to `count` on one link, each of a priority. */
function segment(version: 2 | 3, priorities: readonly number[]) {
  const lab = new Lab({ version, interface: { type: 'broadcast' } });
  const wire = lab.wire();
  const routers = priorities.map((priority, i) => {
    const router = lab.router(i + 1);
    router.attach(wire, version === 2 ? `10.0.0.${i + 1}/24` : `2001:db8::${i + 1}/64`, { priority });
    return router;
  });
  return { lab, wire, routers };
}
const state = (router: LabRouter): string => [...router.machine.interfaces.values()][0]?.state ?? '';

describe.each([2, 3] as const)('OSPFv%i on a broadcast link', (version) => {
  test('the highest priority is designated, then the highest router id; the others are adjacent to these two alone', () => {
    const { lab, routers } = segment(version, [1, 5, 1, 1]);
    lab.advance(60_000);
    expect(routers.map(state)).toEqual(['dr-other', 'dr', 'dr-other', 'backup']);
    expect(routers[0]?.states().sort()).toEqual(['2-way', 'full', 'full']);
  });

  test('priority 0 never is, and when nobody else is there nobody is', () => {
    const { lab, routers } = segment(version, [0, 1, 0]);
    lab.advance(60_000);
    expect(routers.map(state)).toEqual(['dr-other', 'dr', 'dr-other']);
    const none = segment(version, [0, 0]);
    none.lab.advance(60_000);
    expect(none.routers.map(state)).toEqual(['dr-other', 'dr-other']);
    expect(none.routers[0]?.states()).toEqual(['2-way']);
  });

  test('a better one that comes later takes nothing over; the backup steps in when the designated one is gone', () => {
    const { lab, wire, routers } = segment(version, [1, 2, 3]);
    lab.advance(60_000);
    expect(routers.map(state)).toEqual(['dr-other', 'backup', 'dr']);
    const late = lab.router(9);
    late.attach(wire, version === 2 ? '10.0.0.9/24' : '2001:db8::9/64', { priority: 200 });
    lab.advance(60_000);
    expect([...routers, late].map(state)).toEqual(['dr-other', 'backup', 'dr', 'dr-other']);
    routers[2]?.handle({ type: 'stop' });
    lab.advance(60_000);
    expect([...routers, late].map(state)).toEqual(['dr-other', 'dr', 'down', 'backup']);
    expect(routers[0]?.states()).toEqual(['full', 'full']);
  });

  test('what one of them reaches, all reach', () => {
    const { lab, routers } = segment(version, [1, 1, 1, 1]);
    const prefix = version === 2 ? '10.9.0.0/16' : '2001:db8:9::/48';
    routers[0]?.attach(lab.wire(), version === 2 ? '10.9.0.1/16' : '2001:db8:9::1/48', { name: 'own', passive: true, cost: 1 });
    lab.advance(90_000);
    for (const router of routers.slice(1)) expect(router.table()[prefix]).toBe('intra 11 via 1');
    const databases = routers.map((router) => router.databases());
    for (const database of databases) expect(database).toEqual(databases[0]);
  });
});

test('an election among those who have declared nothing makes the highest id designated and the next its backup', () => {
  const candidate = (routerId: number) => ({ routerId, priority: 1, drId: routerId, designatedRouter: 0, backupDesignatedRouter: 0 });
  expect(elect(candidate(3), [candidate(1), candidate(2)])).toEqual({ designatedRouter: 3, backupDesignatedRouter: 2 });
  expect(elect(candidate(1), [candidate(3), candidate(2)])).toEqual({ designatedRouter: 3, backupDesignatedRouter: 3 });
});
