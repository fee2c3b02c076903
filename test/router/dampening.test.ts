import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Dampening } from '../../src/claims/dampening.js';
import { VERDICTS } from '../../src/core.js';
import { claimOf, crowd } from '../support/crowd.js';

const MINUTE = 60_000;

describe('a claim that comes and goes', () => {
  test('is refused from the third time on, visibly, and taken again when it has been quiet', async () => {
    const { clock, guest, router, mapping, moves } = await crowd(2, { dampening: {} });
    const flapping = guest(0);
    const other = guest(1);
    clock.advance(3000);
    const refused: string[] = [];
    router.on('claim-rejected', ({ claims }) => refused.push(...claims.map(({ prefix, reason }) => `${prefix} ${reason}`)));
    const flap = (): void => {
      flapping.announce(claimOf(0));
      clock.advance(500);
      flapping.withdraw(claimOf(0));
      clock.advance(500);
    };
    for (let i = 0; i < 3; i++) flap();
    moves.length = 0;
    flapping.announce(claimOf(0));
    clock.advance(1000);
    expect(mapping()).toEqual([]);
    expect(router.explain('10.0.9.1').claims[0]).toMatchObject({ verdict: 'flap-dampened' });
    expect(refused).toEqual([`${claimOf(0)} flap-dampened`]);
    // Its peers hear nothing of it.
    expect(other.routes()).toEqual([]);
    // 3000 decays to 750 in two half-lives of fifteen minutes.
    clock.advance(29 * MINUTE);
    expect(mapping()).toEqual([]);
    clock.advance(2 * MINUTE);
    expect(mapping()).toEqual([`${claimOf(0)} g0`]);
    expect(moves).toEqual([`${claimOf(0)} g0`]);
  });

  test('dampens nobody else, and no other prefix', async () => {
    const { clock, guest, mapping } = await crowd(2, { dampening: {} });
    const flapping = guest(0);
    clock.advance(3000);
    for (let i = 0; i < 4; i++) {
      flapping.announce(claimOf(0));
      clock.advance(100);
      flapping.withdraw(claimOf(0));
      clock.advance(100);
    }
    flapping.announceAll([claimOf(0), claimOf(1)]);
    const other = guest(1);
    other.announce(claimOf(0));
    clock.advance(3000);
    expect(mapping().sort()).toEqual([`${claimOf(0)} g1`, `${claimOf(1)} g0`]);
  });

  test('costs something when only its attributes change, and that only where it says something else', async () => {
    const { clock, guest, router } = await crowd(1, { dampening: {} });
    const flapping = guest(0);
    flapping.announce(claimOf(0));
    clock.advance(3000);
    for (let i = 0; i < 10; i++) {
      flapping.announce(claimOf(0));
      clock.advance(100);
    }
    expect(router.explain('10.0.9.1').claims[0]?.verdict).toBe('accepted');
    for (let i = 0; i < 5; i++) {
      flapping.announce(claimOf(0), { med: i });
      clock.advance(100);
    }
    expect(router.explain('10.0.9.1').claims[0]?.verdict).toBe('flap-dampened');
  });

  test('is held down for so long after it ended', async () => {
    const { clock, guest, router, mapping } = await crowd(1, { holdDown: 30 });
    const guestOne = guest(0);
    guestOne.announce(claimOf(0));
    clock.advance(3000);
    guestOne.withdraw(claimOf(0));
    clock.advance(1000);
    guestOne.announce(claimOf(0));
    clock.advance(28_000);
    expect(router.explain('10.0.9.1').claims[0]?.verdict).toBe('held-down');
    clock.advance(2000);
    expect(mapping()).toEqual([`${claimOf(0)} g0`]);
  });

  test('is dealt with anew when that is configured away', async () => {
    const { clock, guest, router, mapping } = await crowd(1, { holdDown: 3600 });
    const one = guest(0);
    one.announce(claimOf(0));
    clock.advance(3000);
    one.withdraw(claimOf(0));
    clock.advance(100);
    one.announce(claimOf(0));
    clock.advance(100);
    expect(mapping()).toEqual([]);
    router.network.reconfigure({ ...router.network.configuration(), holdDown: 0 });
    expect(mapping()).toEqual([`${claimOf(0)} g0`]);
  });
});

test('property: a claim is never refused for longer than the maximum, and what is told of its end is right', () => {
  const step = fc.record({ wait: fc.integer({ min: 0, max: 600_000 }), change: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const dampening = new Dampening({ maxSuppress: 3600 }, 0);
      let now = 0;
      for (const { wait, change } of steps) {
        now += wait;
        if (change) dampening.changed('a', now);
        else dampening.ended('a', now);
      }
      const until = dampening.until('a', now);
      if (until === undefined) {
        expect(dampening.verdict('a', now)).toBe(0);
        return;
      }
      expect(VERDICTS[dampening.verdict('a', now)]).toBe('flap-dampened');
      expect(until - now).toBeLessThanOrEqual(3600 * 1000 + 2);
      if (until - 10 > now) expect(dampening.verdict('a', until - 10)).not.toBe(0);
      expect(dampening.verdict('a', until)).toBe(0);
    }),
  );
});
