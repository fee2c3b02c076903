import { expect, test } from 'vitest';
import { type BfdConfig, memoryBfd } from '../../src/bfd/index.js';
import { Host, ManualClock, memoryCable, type RouterConfig, VirtualRouter } from '../../src/core.js';
import { parseAddress } from '../../src/lib/address.js';
import { MemoryDatagrams } from '../../src/lib/memory-datagrams.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import { seeded } from '../../src/lib/random.js';
import { udpDatagram } from '../../src/stack/wire/udp.js';
import { Guest } from '../stack/guest.js';

const ROUTER = '10.0.0.1';
const HOLDER = '10.0.0.10';
const BFD = { minTx: 50, minRx: 50, multiplier: 3 };

function record(router: VirtualRouter): string[] {
  const lines: string[] = [];
  router.on('bfd-change', ({ node, from, to }) => {
    if (from === 'up' || to === 'up') lines.push(`bfd of ${node} ${to}`);
  });
  router.on('node-change', ({ node, state, reason }) => void lines.push(`${node} ${state}: ${reason}`));
  router.on('mapping-change', ({ changes }) => {
    for (const { prefix, after } of changes) lines.push(`${prefix} ${after?.[0].node ?? 'nobody'}`);
  });
  return lines;
}

/** A router and a holder of an address, which speaks BFD and nothing else. */
async function lab(bfd: BfdConfig = BFD) {
  const clock = new ManualClock();
  const datagrams = new MemoryDatagrams(clock);
  const host = new Host({
    transport: new MemoryTransport(clock),
    clock,
    random: () => 0.5,
    bfd: memoryBfd(datagrams, clock, seeded(1), ROUTER),
  });
  const config: RouterConfig = {
    as: 65000,
    routerId: ROUTER,
    listen: [{ address: ROUTER }],
    network: {
      ranges: ['10.0.0.0/16'],
      nodes: [
        { name: 'holder', addresses: [HOLDER] },
        { name: 'spare', addresses: ['10.0.0.11'] },
      ],
      holders: [
        { prefix: '10.0.9.9/32', node: 'holder' },
        { prefix: '10.0.9.9/32', node: 'spare' },
      ],
    },
    watch: [{ node: 'holder', bfd }],
  };
  const router = new VirtualRouter(config, { host });
  const lines = record(router);
  await router.start();
  const far = memoryBfd(datagrams, clock, seeded(2), HOLDER);
  const speak = () => far.watch({ remote: ROUTER, local: HOLDER, config: BFD }, { changed: () => {}, agreed: () => {}, failed: () => {} });
  return { clock, datagrams, router, config, lines, speak };
}

test('a static holder that falls silent is down, and what it holds goes to who is next, until it is heard again', async () => {
  const { clock, datagrams, router, lines, speak } = await lab();
  speak();
  clock.advance(5000);
  expect(router.network.lookup('10.0.9.9')).toMatchObject([{ node: 'holder' }]);
  expect(router.metrics().watches).toMatchObject([{ node: 'holder', address: HOLDER, bfd: { state: 'up', detectionTime: 150 } }]);
  lines.length = 0;
  datagrams.cut(HOLDER);
  clock.advance(151);
  expect(lines).toEqual([
    'bfd of holder down',
    '10.0.9.9/32 spare',
    '10.0.0.10/32 nobody',
    `holder down: silent to router, by BFD with ${HOLDER}`,
  ]);
  // It is not configured to be down: nobody who is given this configuration would have it so.
  expect(router.configuration().network?.nodes?.[0]).toEqual({ name: 'holder', addresses: [HOLDER] });
  lines.length = 0;
  datagrams.mend(HOLDER);
  clock.advance(5000);
  expect(lines).toContain(`holder up: heard by router, by BFD with ${HOLDER}`);
  expect(router.network.lookup('10.0.9.9')).toMatchObject([{ node: 'holder' }]);
});

test('one that was never heard counts as up, unless the watch is strict; one that stops on purpose is not down', async () => {
  const loose = await lab();
  loose.clock.advance(10_000);
  expect(loose.router.network.lookup('10.0.9.9')).toMatchObject([{ node: 'holder' }]);
  const strict = await lab({ ...BFD, strict: true });
  strict.clock.advance(10_000);
  expect(strict.router.network.lookup('10.0.9.9')).toMatchObject([{ node: 'spare' }]);
  const watch = strict.speak();
  strict.clock.advance(5000);
  expect(strict.router.network.lookup('10.0.9.9')).toMatchObject([{ node: 'holder' }]);
  watch.close();
  strict.clock.advance(5000);
  expect(strict.router.network.lookup('10.0.9.9')).toMatchObject([{ node: 'holder' }]);
});

test('a watch changes in place, and one that is taken away leaves nobody down', async () => {
  const { clock, datagrams, router, config, lines, speak } = await lab();
  speak();
  clock.advance(5000);
  lines.length = 0;
  expect(router.reconfigure({ ...config, watch: [{ node: 'holder', bfd: { minTx: 100, minRx: 100 } }] }).applied).toEqual([
    'watch of holder changed',
  ]);
  clock.advance(5000);
  expect(lines).toEqual([]);
  expect(router.metrics().watches[0]?.bfd.detectionTime).toBe(300);
  datagrams.cut(HOLDER);
  clock.advance(301);
  expect(router.network.lookup('10.0.9.9')).toMatchObject([{ node: 'spare' }]);
  expect(router.reconfigure({ ...config, watch: [] }).applied).toEqual(['watch of holder ended']);
  expect(router.network.lookup('10.0.9.9')).toMatchObject([{ node: 'holder' }]);
});

/** Two routers with a cable between, each a node of the other's, which it watches over the wire. */
async function wire(family: 4 | 6, one: BfdConfig, other: BfdConfig = one) {
  const clock = new ManualClock();
  const ends = memoryCable({});
  const [prefix, ...addresses] = family === 4 ? ['10.0.0.0/24', '10.0.0.1', '10.0.0.2'] : ['fd00::/64', 'fd00::1', 'fd00::2'];
  let down = false;
  const routers = await Promise.all(
    [one, other].map(async (bfd, i) => {
      const own = addresses[i] ?? '';
      const far = addresses[1 - i] ?? '';
      const end = ends[i === 0 ? 0 : 1];
      const router = new VirtualRouter(
        {
          as: 65000,
          routerId: `10.9.9.${i + 1}`,
          network: {
            subnets: [{ name: 'lan', prefix: prefix ?? '' }],
            nodes: [{ name: 'far', addresses: [far], location: 'p' }],
          },
          interfaces: [{ subnet: 'lan', addresses: [own] }],
          ports: [{ name: 'p', type: 'memory' }],
          watch: [{ node: 'far', bfd }],
        },
        {
          host: new Host({ transport: new MemoryTransport(clock), clock, random: seeded(i + 1) }),
          ports: {
            p: { ...end, mtu: end.mtu, listen: (r) => end.listen(r), send: (...f) => down || end.send(...f), close: () => end.close() },
          },
        },
      );
      const lines = record(router);
      await router.start();
      return { router, lines };
    }),
  );
  const [a, b] = routers;
  if (!a || !b) throw new Error('two');
  const cut = (is: boolean): void => {
    down = is;
  };
  return { clock, a, b, ends, cut };
}

test.each([4, 6] as const)(
  'over the emulated wire, IPv%i: comes up, notices silence, and comes back though the node counts as down',
  async (family) => {
    const { clock, a, b, cut } = await wire(family, { ...BFD, authentication: { type: 'sha1', keys: [{ id: 1, secret: 'wire' }] } });
    clock.advance(5000);
    expect(a.lines).toEqual(['bfd of far up']);
    expect(b.lines).toEqual(['bfd of far up']);
    cut(true);
    clock.advance(151);
    expect(a.lines.slice(1).filter((line) => line.startsWith('far down'))).toHaveLength(1);
    cut(false);
    clock.advance(5000);
    expect(a.lines.filter((line) => line.startsWith('far up'))).toHaveLength(1);
    expect(b.lines.filter((line) => line.startsWith('far up'))).toHaveLength(1);
  },
);

test.each([4, 6] as const)(
  'over the emulated wire, IPv%i: echoes come back by the far end, and their absence ends the session',
  async (family) => {
    const { clock, a, b, cut } = await wire(family, { ...BFD, echo: 20 });
    clock.advance(5000);
    expect(a.lines).toEqual(['bfd of far up']);
    // Control packets go once a second now: three of them missing would take three seconds.
    const before = a.router.links()[0]?.received ?? 0;
    clock.advance(10_000);
    const frames = (a.router.links()[0]?.received ?? 0) - before;
    // Its own echoes, back, and those of the far end to send back: 2 x 10 s / 17.5 ms; and ten Control packets.
    expect(frames).toBeGreaterThan(1000);
    expect(frames).toBeLessThan(1400);
    expect(a.lines).toHaveLength(1);
    const downs: string[] = [];
    for (const { router } of [a, b]) router.on('bfd-change', ({ from, diagnostic }) => void (from === 'up' && downs.push(diagnostic)));
    cut(true);
    clock.advance(61);
    expect(downs).toEqual(['echo-failed', 'echo-failed']);
  },
);

test('what a guest forges from one of our addresses to another port is dropped', async () => {
  const { clock, a, ends } = await wire(4, BFD);
  clock.advance(3000);
  const guest = new Guest(ends[1], hexMac('02:56:0a:09:09:02'), hexMac('02:56:0a:09:09:01'));
  const datagram = (port: number) => udpDatagram(parseAddress('10.0.0.1'), 49_152, parseAddress('10.0.0.1'), port, new Uint8Array(12));
  guest.ipv4('10.0.0.1', '10.0.0.1', { payload: datagram(3784), ttl: 255 });
  expect(a.router.links()[0]?.dropped['source-not-held']).toBe(1);
  guest.ipv4('10.0.0.1', '10.0.0.1', { payload: datagram(3785), ttl: 255 });
  expect(a.router.links()[0]?.dropped['source-not-held']).toBe(1);
  expect(a.router.metrics().watches[0]?.bfd.state).toBe('up');
});

function hexMac(text: string): Uint8Array {
  return Uint8Array.from(text.split(':'), (octet) => Number.parseInt(octet, 16));
}
