import { describe, expect, test } from 'vitest';
import { addressOf, claimOf, crowd } from '../support/crowd.js';

const GUARD = { guard: { share: 0.3, window: 10 } };

/** Twenty guests, each with an address of its own that nobody else claims. */
async function lab(guard: NonNullable<Parameters<typeof crowd>[1]>['guard'] = GUARD.guard) {
  const all = await crowd(20, { guard });
  const guests = Array.from({ length: 20 }, (_, i) => {
    const guest = all.guest(i);
    guest.announce(claimOf(i));
    return guest;
  });
  all.clock.advance(5000);
  all.moves.length = 0;
  const events: string[] = [];
  all.router.on('guard-change', ({ state, nodes }) => events.push([state, ...nodes].join(' ')));
  const held = (): string[] => [...all.router.claims()].flatMap(({ node, stale }) => (stale === 'held' ? [node] : [])).sort();
  return { ...all, guests, events, held };
}
const gone = (...numbers: number[]): string[] => numbers.map((i) => `${claimOf(i)} nobody`);

describe('the blast-radius guard', () => {
  test('lets some die as they do without it', async () => {
    const { kill, moves, clock, router } = await lab();
    for (const i of [0, 1, 2, 3, 4, 5]) kill(i);
    clock.advance(20_000);
    expect(moves).toEqual(gone(0, 1, 2, 3, 4, 5));
    expect(router.guard.status).toBeUndefined();
  });

  test('holds the rest from the threshold on, and the last holders of those that went before', async () => {
    const { kill, moves, clock, router, mapping, events, held } = await lab();
    const before = mapping();
    for (const i of [0, 1, 2, 3, 4, 5]) kill(i);
    expect(moves).toEqual(gone(0, 1, 2, 3, 4, 5));
    for (const i of [6, 7]) kill(i);
    // More than 0.3 of 20 is 7: the seventh is held, and the six come back.
    expect(mapping()).toEqual(before);
    expect(held()).toEqual(['g0', 'g1', 'g2', 'g3', 'g4', 'g5', 'g6', 'g7']);
    expect(router.guard.status).toMatchObject({ peers: [7, 20], holders: [7, 20], held: held() });
    expect(router.explain('10.0.9.1').claims[0]?.stale).toBe('held');
    clock.advance(600_000);
    expect(mapping()).toEqual(before);
    expect(events.slice(0, 2)).toEqual(['suspected', 'held g0']);
    expect(events.length).toBe(9);
  });

  test('is on its guard where a share of the peers is lost, though most addresses are held by others', async () => {
    const [speaking, others] = [10, 15];
    const numbers = Array.from({ length: others }, (_, i) => i);
    const { guest, kill, clock, router, mapping } = await crowd(speaking, {
      ranges: ['10.0.0.0/16', '10.1.0.0/16'],
      guard: { share: 0.4, window: 10 },
      holders: numbers.map((i) => ({ prefix: `10.1.9.${i}/32`, node: `still${i}` })),
      nodes: [
        ...Array.from({ length: speaking }, (_, i) => ({ name: `g${i}`, addresses: [addressOf(i)] })),
        ...numbers.map((i) => ({ name: `still${i}`, addresses: [`10.1.1.${i}`] })),
      ],
    });
    for (let i = 0; i < speaking; i++) guest(i).announce(claimOf(i));
    clock.advance(5000);
    const before = mapping();
    for (const i of [0, 1, 2, 3]) kill(i);
    expect(router.guard.status).toBeUndefined();
    kill(4);
    expect(router.guard.status).toMatchObject({ peers: [5, 10], holders: [5, 25] });
    expect(mapping()).toEqual(before);
  });

  test('brings back only what nobody else has', async () => {
    const { kill, guests, clock, router, mapping } = await lab();
    // Number 10 has the address of number 0 too; and number 0 that of 11, who keeps it.
    guests[10]?.announce(claimOf(0));
    clock.advance(10);
    for (const i of [0, 1, 2, 3, 4, 5, 6]) kill(i);
    expect(mapping()).toContain(`${claimOf(0)} g10`);
    expect(mapping()).toContain(`${claimOf(1)} g1`);
    expect(router.guard.status?.held).not.toContain('g0');
  });

  test('a withdrawal, a goodbye and a node that is set down act always', async () => {
    const { kill, guests, clock, router, moves, mapping } = await lab();
    for (const i of [0, 1, 2, 3, 4, 5, 6]) kill(i);
    moves.length = 0;
    guests[12]?.withdraw(claimOf(12));
    void guests[13]?.stop();
    clock.advance(100);
    router.network.setNodeState('g14', 'down');
    expect(moves).toContain(`${claimOf(12)} nobody`);
    expect(moves).toContain(`${claimOf(13)} nobody`);
    expect(moves).toContain(`${claimOf(14)} nobody`);
    expect(mapping()).toContain(`${claimOf(3)} g3`);
    // One that is held, too.
    router.network.setNodeState('g3', 'down');
    expect(mapping()).not.toContain(`${claimOf(3)} g3`);
  });

  test('a person decides: they are dead, one of them or all', async () => {
    const { kill, router, moves, events } = await lab();
    for (const i of [0, 1, 2, 3, 4, 5, 6]) kill(i);
    moves.length = 0;
    router.guard.letGo('g2');
    expect(moves).toEqual(gone(2));
    router.guard.letGo();
    expect([...moves].sort()).toEqual(gone(0, 1, 2, 3, 4, 5, 6));
    expect(router.guard.status).toBeUndefined();
    expect(events.filter((event) => event.startsWith('let-go'))).toEqual(['let-go g2', 'let-go g0 g1 g3 g4 g5 g6']);
  });

  test('a person decides: they live; they are as before once they are back', async () => {
    const { kill, router, moves, clock, held, transport } = await lab();
    for (const i of [0, 1, 2, 3, 4, 5, 6]) kill(i);
    moves.length = 0;
    router.guard.keep();
    expect(router.guard.status).toBeUndefined();
    clock.advance(60_000);
    expect(held().length).toBe(7);
    for (const i of [0, 1, 2, 3, 4, 5, 6]) transport.mend(addressOf(i));
    clock.advance(120_000);
    expect(held()).toEqual([]);
    expect(moves).toEqual([]);
  });

  test.each(['let-go', 'keep'] as const)('a rule decides when nobody has: %s', async (as) => {
    const { kill, router, clock, moves, held } = await lab({ ...GUARD.guard, decide: { after: 60, as } });
    for (const i of [0, 1, 2, 3, 4, 5, 6]) kill(i);
    moves.length = 0;
    clock.advance(59_000);
    expect(router.guard.status).toBeDefined();
    clock.advance(2000);
    expect(router.guard.status).toBeUndefined();
    expect(held().length).toBe(as === 'keep' ? 7 : 0);
    expect(moves.length).toBe(as === 'keep' ? 0 : 7);
  });

  test('a restart that comes to nothing is a death like any other', async () => {
    const { clock, guest, kill, mapping, router } = await crowd(10, GUARD);
    for (let i = 0; i < 10; i++) {
      const families = [{ family: 'ipv4-unicast', forwarding: true }] as const;
      guest(i, [{ type: 'graceful-restart', restarted: false, notification: false, restartTime: 60, families }]).announce(claimOf(i));
    }
    clock.advance(5000);
    for (let i = 0; i < 6; i++) kill(i);
    clock.advance(58_000);
    expect(router.guard.status).toBeUndefined();
    clock.advance(4000);
    expect(router.guard.status?.held).toEqual(['g0', 'g1', 'g2', 'g3', 'g4', 'g5']);
    expect(mapping().length).toBe(10);
  });

  test('deaths that are far apart are not added up', async () => {
    const { kill, clock, router, moves } = await lab();
    for (let i = 0; i < 10; i++) {
      kill(i);
      clock.advance(4000);
    }
    expect(router.guard.status).toBeUndefined();
    expect(moves).toEqual(gone(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  });

  test('is off unless configured', async () => {
    const { kill, router, moves } = await lab();
    const { guard: _off, ...rest } = router.network.configuration();
    router.network.reconfigure(rest);
    moves.length = 0;
    for (let i = 0; i < 20; i++) kill(i);
    expect(moves.length).toBe(20);
  });

  test('fewer than five are never suspicious', async () => {
    const { clock, guest, kill, moves, router } = await crowd(4, { guard: { share: 0.1 } });
    for (let i = 0; i < 4; i++) guest(i).announce(claimOf(i));
    clock.advance(5000);
    moves.length = 0;
    for (let i = 0; i < 4; i++) kill(i);
    expect(moves).toEqual(gone(0, 1, 2, 3));
    expect(router.guard.status).toBeUndefined();
  });
});
