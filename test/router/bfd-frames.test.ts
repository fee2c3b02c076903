import { describe, expect, test } from 'vitest';
import { BfdPort } from '../../src/bfd/index.js';
import {
  BgpSpeaker,
  Host,
  ManualClock,
  MemoryTransport,
  memoryCable,
  type NeighbourConfig,
  renderPrometheus,
  seeded,
  VirtualRouter,
} from '../../src/core.js';
import { LinkBfd } from '../../src/router/attach/link/bfd.js';
import { UdpStack } from '../../src/stack/udp.js';
import { GuestStack } from '../support/guest-stack.js';

const BFD = { minTx: 50, minRx: 50, multiplier: 3 };
const FAMILIES = {
  4: { lan: '10.0.1.0/24', router: '10.0.1.1', guest: '10.0.1.10', held: '10.0.9.9' },
  6: { lan: '2001:db8:1::/64', router: '2001:db8:1::1', guest: '2001:db8:1::10', held: '2001:db8:9::9' },
} as const;

/** What a neighbour says that knows nothing of us yet. */
const HELLO = Uint8Array.of(0x20, 0x40, 3, 24, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 0, 0x0f, 0x42, 0x40, 0, 0, 0, 0);

/** A router and a guest at a port of it, which speaks BGP and BFD over the cable. */
async function lab(family: 4 | 6, more: Partial<NeighbourConfig> = {}) {
  const { lan, router: own, guest: far, held } = FAMILIES[family];
  const clock = new ManualClock(1_000_000);
  const cable = memoryCable();
  const prefix = `${held}/${family === 4 ? 32 : 128}`;
  const router = new VirtualRouter(
    {
      as: 65000,
      routerId: '10.0.1.1',
      interfaces: [{ subnet: 'lan', addresses: [own] }],
      ports: [{ name: 'p', type: 'memory' }],
      neighbours: [{ address: far, as: 65001, passive: true, bfd: BFD, ...more }],
      network: {
        ranges: ['10.0.0.0/8', '2001:db8::/32'],
        subnets: [{ name: 'lan', prefix: lan }],
        nodes: [{ name: 'guest', addresses: [far], location: 'p' }],
        grants: [{ node: 'guest', prefix }],
      },
    },
    // No BFD service: only the port can watch.
    { host: new Host({ transport: new MemoryTransport(clock), clock, random: seeded(1) }), ports: { p: cable[0] } },
  );
  const lines: string[] = [];
  router.on('bfd-change', ({ from, to }) => void ((from === 'up' || to === 'up') && lines.push(`bfd ${to}`)));
  router.on('session-change', ({ from, to, reason }) => {
    if (to === 'established' || from === 'established') lines.push(`session ${to}${reason ? `: ${reason}` : ''}`);
  });
  router.on('mapping-change', ({ changes }) => {
    for (const { prefix, after, cause } of changes) lines.push(`${prefix} ${after?.[0].node ?? 'nobody'} (${cause.type})`);
  });
  const starting = router.start();
  clock.settle();
  await starting;
  const stack = new GuestStack(clock, cable[1], { mac: '02:00:00:00:00:0a', addresses: [far], prefixes: [lan], router: [own] });
  const bfd = new LinkBfd(stack.stack.local, clock, seeded(2));
  const watch = () =>
    bfd.of('router').watch({ remote: own, local: far, config: BFD }, { changed: () => {}, agreed: () => {}, failed: () => {} });
  const guest = new BgpSpeaker(
    { as: 65001, routerId: '10.0.1.10', localAddress: far, neighbour: { address: own } },
    { transport: stack.transport, clock, random: seeded(5) },
  );
  guest.announce(prefix);
  const pass = async (time: number): Promise<void> => {
    for (let i = 0; i < 20; i++) {
      clock.advance(time / 20);
      await Promise.resolve();
    }
  };
  const cut = (): void => {
    for (const end of cable) end.listen(undefined);
  };
  const udp = new UdpStack(stack.stack.local);
  /** Says it with this TTL. */
  const hello = (hopLimit: number): void =>
    udp.send({ source: far, sourcePort: 49_200, destination: own, destinationPort: BfdPort.singleHop, hopLimit, payload: HELLO });
  return { router, lines, guest, watch, hello, pass, cut, prefix, held };
}

test.each([4, 6] as const)('IPv%i: a guest at a port that falls silent loses its session within the detection time', async (family) => {
  const { router, lines, guest, watch, pass, cut, prefix, held } = await lab(family);
  watch();
  guest.start();
  await pass(5000);
  expect(router.neighbours()[0]).toMatchObject({ state: 'established' });
  expect(router.metrics().neighbours[0]?.bfd).toMatchObject({ state: 'up', detectionTime: 150, failure: undefined });
  expect(router.lookup(held)).toMatchObject([{ node: 'guest' }]);
  lines.length = 0;
  cut();
  await pass(160);
  expect(lines).toEqual([
    'bfd down',
    `${prefix} nobody (session-down)`,
    'session idle: sent cease: BFD down: BFD is down: detection-time-expired',
  ]);
});

test('at a port, too, a strict session waits for BFD, and a guest that stops its BFD on purpose keeps it', async () => {
  const { router, lines, guest, watch, pass } = await lab(4, { bfd: { ...BFD, strict: 'always' } });
  guest.start();
  await pass(10_000);
  expect(router.neighbours()[0]?.state).not.toBe('established');
  const watching = watch();
  await pass(120_000);
  expect(router.neighbours()[0]?.state).toBe('established');
  lines.length = 0;
  watching.close();
  await pass(5000);
  expect(lines).toEqual(['bfd down']);
  expect(router.neighbours()[0]?.state).toBe('established');
});

describe.each([4, 6] as const)('at a port, IPv%i packets from beyond the link', (family) => {
  test('are dropped and counted (RFC 5881 §5)', async () => {
    const { router, hello, pass } = await lab(family);
    const state = () => router.metrics().neighbours[0]?.bfd?.state;
    await pass(1000);
    hello(254);
    hello(1);
    await pass(10);
    expect([state(), router.metrics().bfdDrops.ports]).toEqual(['down', { 'hop-limit': 2 }]);
    expect(renderPrometheus(router.metrics())).toContain('at="ports",reason="hop-limit"} 2');
    hello(255);
    await pass(10);
    expect(state()).toBe('init');
  });

  test('are taken where the neighbour may be beyond it', async () => {
    const { router, hello, pass } = await lab(family, { bfd: { ...BFD, checkTtl: false } });
    await pass(1000);
    hello(254);
    await pass(10);
    expect(router.metrics().neighbours[0]?.bfd?.state).toBe('init');
    expect(router.metrics().bfdDrops.ports).toEqual({});
  });
});
