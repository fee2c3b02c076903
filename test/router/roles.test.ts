import { describe, expect, test } from 'vitest';
import { ROLES } from '../../src/bgp/roles.js';
import type { Capability, Role } from '../../src/bgp/wire/index.js';
import type { NeighbourConfig } from '../../src/router/config.js';
import { A, B, routerLab } from '../support/router-lab.js';

const role = (role: Role): { readonly capabilities: readonly Capability[] } => ({ capabilities: [{ type: 'role', role }] });
const path = (...asns: number[]) => [{ type: 'sequence' as const, asns }];

describe('roles of two ASes (RFC 9234)', () => {
  const all = Object.keys(ROLES) as Role[];

  test.each(all)('ours as %s goes with one role of the neighbour only', async (localRole) => {
    const outcomes: string[] = [];
    for (const theirs of all) {
      const { dial, router } = await routerLab([{ address: A, as: 65001, localRole }]);
      const speaker = dial(A, 65001, role(theirs));
      if (speaker.state === 'established') outcomes.push(theirs);
      else expect(router.neighbours()[0]?.lastDown).toMatch(/Role Mismatch/i);
    }
    expect(outcomes).toEqual([ROLES[localRole].faces]);
  });

  test('that are not announced are no obstacle, unless they are required', async () => {
    const lenient = await routerLab([{ address: A, as: 65001, localRole: 'provider' }]);
    expect(lenient.dial(A, 65001).state).toBe('established');
    const strict = await routerLab([{ address: A, as: 65001, localRole: 'provider', requireRole: true }]);
    expect(strict.dial(A, 65001).state).not.toBe('established');
    expect(strict.router.neighbours()[0]?.lastDown).toContain('the neighbour announces no role');
  });

  test('are refused when they contradict each other, or mean nothing', async () => {
    for (const capabilities of [
      [...role('customer').capabilities, ...role('peer').capabilities],
      [{ type: 'unknown', code: 9, value: Uint8Array.of(9) }],
    ] as Capability[][]) {
      const { dial, router } = await routerLab([{ address: A, as: 65001, localRole: 'provider' }]);
      expect(dial(A, 65001, { capabilities }).state).not.toBe('established');
      expect(router.neighbours()[0]?.lastDown).toMatch(/Role Mismatch/i);
    }
  });
});

/** What `a`, to which we are `toA`, sends with `otc`, and what `b` gets of it, to which we are `toB`. */
async function passed(toA: Role | undefined, toB: Role | undefined, otc: number | undefined): Promise<string | number | undefined> {
  const neighbour = (address: string, as: number, localRole: Role | undefined): NeighbourConfig => ({
    address,
    as,
    export: 'claims',
    ...(localRole ? { localRole } : {}),
  });
  const { guest, say, verdicts } = await routerLab([neighbour(A, 65001, toA), neighbour(B, 65002, toB)]);
  const [a, b] = [guest(A, 65001), guest(B, 65002)];
  say(a, '192.0.2.0/24', otc === undefined ? {} : { otc });
  const verdict = verdicts()['192.0.2.0/24'];
  const heard = b.route('192.0.2.0/24');
  if (verdict !== 'accepted') return verdict;
  return heard ? heard.attributes.otc : 'not told';
}

describe('Only to Customer (RFC 9234 §5)', () => {
  test('marks what comes from a provider, a peer or a route server, so that it goes down only', async () => {
    for (const toA of ['customer', 'peer', 'route-server-client'] as const) {
      expect([toA, await passed(toA, 'provider', undefined)]).toEqual([toA, 65001]);
      for (const toB of ['customer', 'peer', 'route-server-client'] as const)
        expect([toA, toB, await passed(toA, toB, undefined)]).toEqual([toA, toB, 'not told']);
    }
  });

  test('is added on the way down or beside, and kept where it is', async () => {
    for (const toB of ['provider', 'peer', 'route-server'] as const) expect(await passed('provider', toB, undefined)).toBe(65000);
    expect(await passed('provider', 'customer', undefined)).toBeUndefined();
    expect(await passed('customer', 'provider', 65009)).toBe(65009);
    expect(await passed(undefined, undefined, 65009)).toBe(65009);
  });

  test('makes a leak of what comes up from below, and from a peer that did not set it', async () => {
    expect(await passed('provider', 'provider', 65001)).toBe('route-leak');
    expect(await passed('route-server', 'provider', 65001)).toBe('route-leak');
    expect(await passed('peer', 'provider', 65009)).toBe('route-leak');
    expect(await passed('peer', 'provider', 65001)).toBe(65001);
  });

  test('stands on what the router originates', async () => {
    const { guest } = await routerLab([{ address: A, as: 65001, localRole: 'provider', export: 'originated' }], {
      originate: [{ prefix: '198.51.100.0/24' }],
    });
    expect(guest(A, 65001).route('198.51.100.0/24')?.attributes.otc).toBe(65000);
  });

  test('may be added to more sets than are remembered, and leaves none behind', async () => {
    const { clock, guest, router } = await routerLab([{ address: A, as: 65001, localRole: 'customer' }]);
    const { claims, attributeSets } = router.network.counts();
    const a = guest(A, 65001);
    for (let i = 0; i < 4200; i++) a.announce(`192.0.${i >> 8}.${i & 255}/32`, { med: i });
    clock.settle();
    expect(router.network.counts().claims).toBe(claims + 4200);
    void a.stop();
    clock.advance(10_000);
    expect(router.network.counts()).toMatchObject({ claims, attributeSets });
  });
});

describe('AS numbers that do not belong in a path', () => {
  test('an AS_SET is refused (RFC 9774) unless it is allowed', async () => {
    for (const [allowAsSets, verdict] of [
      [false, 'as-set'],
      [true, 'accepted'],
    ] as const) {
      const { guest, say, verdicts } = await routerLab([{ address: A, as: 65001, allowAsSets }]);
      say(guest(A, 65001), '192.0.2.0/24', { asPath: [...path(65001), { type: 'set', asns: [65005, 65006] }] });
      expect(verdicts()).toEqual({ '192.0.2.0/24': verdict });
    }
  });

  test('AS 23456 is refused in a path, and as a neighbour', async () => {
    const { guest, say, verdicts } = await routerLab([{ address: A, as: 65001 }]);
    say(guest(A, 65001), '192.0.2.0/24', { asPath: path(65001, 23456) });
    expect(verdicts()).toEqual({ '192.0.2.0/24': 'reserved-as' });
    const { dial, router } = await routerLab([{ address: '10.0.0.0/24', as: 'any' }]);
    expect(dial(A, 23456).state).not.toBe('established');
    expect(router.neighbours()).toEqual([]);
  });

  test('private ones go or become ours on the way out, but for the neighbour’s own', async () => {
    const sent = [65001, 64512, 3356, 4_200_000_000, 65002, 65534, 65535, 4_294_967_294];
    for (const [privateAs, told] of [
      ['keep', [65000, ...sent]],
      ['drop', [65000, 3356, 65002, 65535]],
      ['replace', [65000, 65000, 65000, 3356, 65000, 65002, 65000, 65535, 65000]],
    ] as const) {
      const { guest, say } = await routerLab([
        { address: A, as: 65001 },
        { address: B, as: 65002, export: 'claims', privateAs },
      ]);
      const [a, b] = [guest(A, 65001), guest(B, 65002)];
      say(a, '192.0.2.0/24', { asPath: path(...sent) });
      expect([privateAs, b.route('192.0.2.0/24')?.attributes.asPath]).toEqual([privateAs, path(...told)]);
    }
  });
});
