import { describe, expect, test } from 'vitest';
import { renderPrometheus } from '../../src/core.js';
import { claimOf, crowd } from '../support/crowd.js';

const GSHUT = '65535:0';

describe('a node that is drained', () => {
  test('loses what others claim too, at once, keeps what only it claims, and others hear GRACEFUL_SHUTDOWN', async () => {
    const { clock, guest, router, moves, mapping } = await crowd(3);
    guest(0).announceAll([claimOf(0), claimOf(5)]);
    clock.advance(3000);
    guest(1).announce(claimOf(0));
    const listener = guest(2);
    clock.advance(3000);
    expect(mapping()).toEqual([`${claimOf(0)} g0`, `${claimOf(5)} g0`]);
    moves.length = 0;
    router.drain('g0');
    clock.advance(10);
    expect(moves).toEqual([`${claimOf(0)} g1`]);
    expect(mapping()).toContain(`${claimOf(5)} g0`);
    expect(listener.route(claimOf(5))?.attributes.communities).toEqual([GSHUT]);
    expect(listener.route(claimOf(0))?.attributes.communities).toBeUndefined();
    expect(router.network.configuration().nodes?.[0]?.state).toBe('draining');
    router.network.setNodeState('g0', 'up');
    clock.advance(10);
    expect(moves.at(-1)).toBe(`${claimOf(0)} g0`);
    expect(listener.route(claimOf(5))?.attributes.communities).toBeUndefined();
  });

  test('claims what it announces while it is drained as the last resort, and its own communities stay', async () => {
    const { clock, guest, router, mapping } = await crowd(3);
    router.drain('g0');
    guest(0).announce(claimOf(0), { communities: ['65001:7'] });
    const listener = guest(2);
    clock.advance(3000);
    expect(mapping()).toEqual([`${claimOf(0)} g0`]);
    expect([...(listener.route(claimOf(0))?.attributes.communities ?? [])].sort()).toEqual(['65001:7', GSHUT]);
    guest(1).announce(claimOf(0));
    clock.advance(3000);
    expect(mapping()).toEqual([`${claimOf(0)} g1`]);
  });

  test('shares with weight zero', async () => {
    const { clock, guest, router } = await crowd(3, {}, { mode: 'shared' });
    for (const i of [0, 1, 2]) guest(i).announce(claimOf(0), { asPath: [{ type: 'sequence', asns: [65001 + i] }] });
    clock.advance(3000);
    const targets = (): unknown =>
      router.network.get(claimOf(0))?.map((target) => ('weight' in target ? [target.node, target.weight] : target.node));
    expect(targets()).toEqual(['g0', 'g1', 'g2']);
    router.drain('g1');
    expect(targets()).toEqual(['g0', ['g1', 0], 'g2']);
    router.drain('g0');
    router.drain('g2');
    // All are to be left: they share as before.
    expect(targets()).toEqual(['g0', 'g1', 'g2']);
  });
});

test('a router that is drained before it stops tells everything anew with GRACEFUL_SHUTDOWN, waits, and then says Cease', async () => {
  const { clock, guest, router } = await crowd(2);
  guest(0).announce(claimOf(0), { communities: ['65001:7'] });
  const listener = guest(1);
  clock.advance(3000);
  const reasons: string[] = [];
  listener.on('down', ({ text }) => reasons.push(text));
  const stopped = router.stop({ drain: 30 });
  await Promise.resolve();
  await Promise.resolve();
  clock.advance(1000);
  expect([...(listener.route(claimOf(0))?.attributes.communities ?? [])].sort()).toEqual(['65001:7', GSHUT]);
  clock.advance(28_000);
  expect(reasons).toEqual([]);
  for (let i = 0; i < 30; i++) {
    clock.advance(1000);
    await Promise.resolve();
  }
  await stopped;
  expect(reasons.length).toBe(1);
  expect(reasons[0]).toContain('administrative shutdown');
});

test('a move says when its cause was last heard, detected, decided and applied, and is counted by stage', async () => {
  const { clock, guest, router, transport } = await crowd(1);
  guest(0).announce(claimOf(0));
  clock.advance(5000);
  const { position } = router;
  transport.cut('10.0.1.1');
  const cut = clock.now();
  clock.advance(20_000);
  const since = router.changesSince(position);
  const change = since.type === 'changes' ? since.changes[0] : undefined;
  if (change?.type !== 'mapping-change') throw new Error('no change');
  // The hold time is nine seconds, and the last keepalive came before the cut.
  expect(change.lastHeard).toBeLessThanOrEqual(cut);
  expect(change.heard - change.lastHeard).toBeGreaterThanOrEqual(9000);
  expect(change.heard - change.lastHeard).toBeLessThan(9100);
  expect(change.cause).toMatchObject({ type: 'session-down', lastHeard: change.lastHeard });
  const { detection, total } = router.metrics().moves;
  // Its own address and the claim came at once; the death took between 5 and 10 seconds.
  const at = detection.bounds.indexOf(10_000);
  expect(detection.counts[at]).toBe(1);
  expect(total.count).toBe(detection.count);
  expect(renderPrometheus(router.metrics())).toContain('virtual_router_move_seconds_bucket{router="router",stage="detection",le="10"} ');
});
