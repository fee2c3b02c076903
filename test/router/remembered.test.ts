/** What is remembered of guests has bounds: what was heard of longest ago is forgotten, and nobody is refused for it. */
import { expect, test } from 'vitest';
import { Dampening, MOST_FLAPS } from '../../src/claims/dampening.js';
import { Verdict } from '../../src/claims/reasons.js';
import { Attempts, REMEMBERED } from '../../src/router/attach/bgp/attempts.js';
import { REJECTIONS_TOLD } from '../../src/router/claim-view.js';
import { A, routerLab } from '../support/router-lab.js';

test('of addresses that dialled, those that did so longest ago', () => {
  const attempts = new Attempts();
  const address = (i: number): string => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
  attempts.admit(address(0), 1, 0);
  expect(attempts.admit(address(0), 1, 0)).toBe(false);
  for (let i = 1; i < REMEMBERED; i++) attempts.admit(address(i), 1, 0);
  expect([attempts.admit(address(0), 1, 0), attempts.refused(address(0))]).toEqual([false, 2]);
  // Now it is the latest: the next one is forgotten in its place.
  attempts.admit(address(REMEMBERED), 1, 0);
  expect([attempts.admit(address(0), 1, 0), attempts.admit(address(1), 1, 0)]).toEqual([false, true]);
});

test('of claims that came and went, those that did so longest ago', () => {
  const dampening = new Dampening({}, 0);
  const flap = (key: string): void => {
    for (let i = 0; i < 3; i++) dampening.ended(key, i);
  };
  flap('first');
  for (let i = 1; i < MOST_FLAPS; i++) dampening.ended(`${i}`, 3);
  expect(dampening.verdict('first', 3)).toBe(Verdict['flap-dampened']);
  dampening.ended('one more', 3);
  expect(dampening.verdict('first', 3)).toBe(0);
});

test('of refused claims of one turn so many are told one by one, and all are counted', async () => {
  const { router, clock, guest } = await routerLab([{ address: A, as: 65001 }]);
  const told: (readonly [claims: number, total: number])[] = [];
  router.on('claim-rejected', ({ claims, total }) => told.push([claims.length, total]));
  const a = guest(A, 65001);
  a.announceAll(Array.from({ length: 1500 }, (_, i) => `192.0.${i >> 8}.${i & 255}/32`));
  clock.settle();
  expect(told).toEqual([]);
  router.revoke('a4');
  clock.settle();
  expect(told).toEqual([[REJECTIONS_TOLD, 1500]]);
  expect(router.metrics().network.refusals).toEqual({ 'not-granted': 1500 });
});
