import { expect, test } from 'vitest';
import { BgpSpeaker, Host, ManualClock, type NeighbourConfig, VirtualRouter } from '../../src/core.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';

const ROUTER = '10.0.0.1';
const GUEST = '10.0.0.10';

/** A guest that restarts gracefully, in 60 seconds at most, unless `capable` says otherwise. */
async function lab(neighbour: Partial<NeighbourConfig> = {}, capable = true) {
  const clock = new ManualClock();
  const transport = new MemoryTransport(clock);
  const router = new VirtualRouter(
    {
      as: 65000,
      routerId: ROUTER,
      listen: [{ address: ROUTER }],
      network: {
        ranges: ['10.0.0.0/16'],
        nodes: [{ name: 'guest', addresses: [GUEST] }],
        grants: [{ node: 'guest', prefix: '10.0.9.0/24', ge: 32, le: 32 }],
      },
      neighbours: [{ address: GUEST, as: 65001, passive: true, dampPeerOscillations: false, ...neighbour }],
    },
    { host: new Host({ transport, clock, random: () => 0.5 }) },
  );
  const lines: string[] = [];
  router.on('mapping-change', ({ changes }) => {
    for (const { prefix, after } of changes) lines.push(`${prefix} ${after?.[0].node ?? 'nobody'}`);
  });
  await router.start();
  const guest = (...prefixes: readonly string[]): BgpSpeaker => {
    const speaker = new BgpSpeaker(
      {
        as: 65001,
        routerId: GUEST,
        localAddress: GUEST,
        neighbour: { address: ROUTER },
        connectRetryTime: 1000,
        ...(capable
          ? {
              capabilities: [
                {
                  type: 'graceful-restart',
                  restarted: false,
                  notification: false,
                  restartTime: 60,
                  families: [{ family: 'ipv4-unicast', forwarding: true }],
                },
              ],
            }
          : {}),
      },
      { transport, clock, random: () => 0.5 },
    );
    for (const prefix of prefixes) speaker.announce(prefix);
    speaker.start();
    return speaker;
  };
  /** The guest's process dies, and its system closes its connections. */
  const crash = (speaker: BgpSpeaker): void => {
    transport.cut(GUEST);
    void speaker.stop();
    transport.reset(GUEST);
    clock.advance(1);
    transport.mend(GUEST);
  };
  const restarting = (): boolean | undefined => router.metrics().neighbours[0]?.restarting;
  return { clock, router, lines, guest, crash, restarting };
}

test('a guest that restarts keeps its claims, and what it does not say again ends with its End-of-RIB', async () => {
  const { clock, router, lines, guest, crash, restarting } = await lab();
  const first = guest('10.0.9.1/32', '10.0.9.2/32');
  clock.advance(5000);
  expect(router.network.lookup('10.0.9.1')).toBeDefined();
  lines.length = 0;
  crash(first);
  clock.advance(30_000);
  expect(lines).toEqual([]);
  expect(restarting()).toBe(true);
  expect(router.network.lookup('10.0.9.2')).toEqual([{ type: 'node', node: 'guest' }]);
  guest('10.0.9.1/32', '10.0.9.3/32');
  clock.advance(10_000);
  expect(lines.sort()).toEqual(['10.0.9.2/32 nobody', '10.0.9.3/32 guest']);
  expect(restarting()).toBe(false);
});

test('a guest that does not come back in time loses them', async () => {
  const { clock, lines, guest, crash, restarting } = await lab();
  const first = guest('10.0.9.1/32');
  clock.advance(5000);
  lines.length = 0;
  crash(first);
  clock.advance(59_000);
  expect(lines).toEqual([]);
  clock.advance(2000);
  expect(lines).toEqual(['10.0.9.1/32 nobody']);
  expect(restarting()).toBe(false);
});

test.each([
  ['has not asked for it', {}, false, 'crash'],
  ['may not, by the configuration', { gracefulRestart: false as const }, true, 'crash'],
  ['says goodbye', {}, true, 'stop'],
] as const)('a guest that %s loses them at once', async (_why, neighbour, capable, end) => {
  const { clock, lines, guest, crash } = await lab(neighbour, capable);
  const speaker = guest('10.0.9.1/32');
  clock.advance(5000);
  lines.length = 0;
  if (end === 'crash') crash(speaker);
  else void speaker.stop();
  clock.advance(100);
  expect(lines).toEqual(['10.0.9.1/32 nobody']);
});

test('the configuration bounds the time that a guest may ask for', async () => {
  const { clock, lines, guest, crash } = await lab({ gracefulRestart: 10 });
  const speaker = guest('10.0.9.1/32');
  clock.advance(5000);
  lines.length = 0;
  crash(speaker);
  clock.advance(9000);
  expect(lines).toEqual([]);
  clock.advance(2000);
  expect(lines).toEqual(['10.0.9.1/32 nobody']);
});

test('a router that stops keeps nothing waiting', async () => {
  const { clock, router, guest, crash, restarting } = await lab();
  const speaker = guest('10.0.9.1/32');
  clock.advance(5000);
  crash(speaker);
  const stopped = router.stop({ keepNetwork: true });
  for (let i = 0; i < 20; i++) {
    clock.advance(1000);
    await Promise.resolve();
  }
  await stopped;
  expect(restarting()).toBe(false);
  expect(router.network.lookup('10.0.9.1')).toBeUndefined();
});
