import { describe, expect, test } from 'vitest';
import { AttributeFlag } from '../../src/bgp/wire/codes.js';
import { decodeMessage, defaultContext, encodeMessage } from '../../src/bgp/wire/index.js';
import { ManualClock } from '../../src/lib/clock.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import type { NeighbourConfig } from '../../src/router/config.js';
import { Host } from '../../src/router/host.js';
import { renderPrometheus } from '../../src/router/prometheus.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';
import { hex } from '../support/hex.js';
import { rawPeer } from '../support/raw-peer.js';
import { A, B, C, routerLab } from '../support/router-lab.js';

const MARKER = 'ffffffff ffffffff ffffffff ffffffff';

test('a neighbour that reads slowly gets the latest state, not what happened meanwhile, and costs no memory for that', async () => {
  const { router, guest, clock, transport } = await routerLab([
    { address: A, as: 65001 },
    { address: B, as: 65002, export: 'claims', holdTime: 0 },
  ]);
  const slow = rawPeer(transport, clock, B, 65002, [{ type: 'four-octet-as', asn: 65002 }]);
  const a = guest(A, 65001);
  slow.connection.pause();
  // Long attributes fill what a connection holds; one that nobody knows is made and passed on at once.
  const unknown = [{ code: 250, flags: AttributeFlag.optional | AttributeFlag.transitive, value: new Uint8Array(3900) }];
  for (let i = 0; i < 350; i++) a.announce(`10.1.${i >> 8}.${i & 255}/32`, { med: i, unknown });
  clock.settle();
  const sent = () => router.neighbours().find(({ address }) => address === B)?.bytesOut ?? 0;
  const full = sent();
  expect(full).toBeGreaterThan(1 << 20);
  for (let round = 0; round < 40; round++) {
    for (let i = 0; i < 10; i++) a.announce(`192.0.2.${i}/32`, { communities: [`65001:${round}`] });
    clock.settle();
  }
  for (let i = 5; i < 10; i++) a.withdraw(`192.0.2.${i}/32`);
  clock.settle();
  expect(sent()).toBe(full);
  expect(a.state).toBe('established');
  const before = slow.heard.length;
  slow.connection.resume();
  clock.settle();
  const updates = slow.heard.slice(before).flatMap((message) => (message.type === 'update' ? [message] : []));
  const about = updates.filter(({ announced }) => announced.some(({ prefix }) => prefix.startsWith('192.0.2.')));
  expect(about.flatMap(({ announced }) => announced.map(({ prefix }) => prefix)).sort()).toEqual(
    [0, 1, 2, 3, 4].map((i) => `192.0.2.${i}/32`),
  );
  expect(about.every(({ attributes }) => attributes.communities?.[0] === '65001:39')).toBe(true);
  const known = new Set(slow.heard.flatMap((message) => (message.type === 'update' ? message.announced.map(({ prefix }) => prefix) : [])));
  expect(known.size).toBe(355);
});

test('a neighbour of two-octet AS numbers is told, and tells, wide ones by AS4_PATH (RFC 6793)', async () => {
  const { guest, say, clock, transport } = await routerLab([
    { address: A, as: 4_200_000_001 },
    { address: B, as: 65002, export: 'claims' },
    { address: C, as: 65003, export: 'claims' },
  ]);
  const old = rawPeer(transport, clock, B, 65002, []);
  const [a, c] = [guest(A, 4_200_000_001), guest(C, 65003)];
  say(a, '192.0.2.0/24', { aggregator: { asn: 4_200_000_001, address: A } });
  const update = old.heard.find((message) => message.type === 'update' && message.announced.length > 0);
  expect(update).toMatchObject({
    attributes: {
      asPath: [{ type: 'sequence', asns: [65000, 23456] }],
      as4Path: [{ type: 'sequence', asns: [65000, 4_200_000_001] }],
      aggregator: { asn: 23456, address: A },
      as4Aggregator: { asn: 4_200_000_001, address: A },
    },
  });
  old.send({
    type: 'update',
    withdrawn: [],
    attributes: {
      origin: 'igp',
      asPath: [{ type: 'sequence', asns: [65002, 65010, 23456] }],
      nextHop: B,
      as4Path: [{ type: 'sequence', asns: [65010, 4_200_000_009] }],
    },
    announced: [{ prefix: '198.51.100.0/24' }],
  });
  clock.settle();
  expect(c.route('198.51.100.0/24')?.attributes.asPath).toEqual([{ type: 'sequence', asns: [65000, 65002, 65010, 4_200_000_009] }]);
});

test('AS4_PATH has nothing of a confederation, whose segments an internal neighbour of two-octet numbers is told (RFC 6793 §4.2.2)', async () => {
  const { guest, say, clock, transport } = await routerLab([
    { address: A, as: 65000 },
    { address: B, as: 65000, export: 'claims', routeReflectorClient: true },
  ]);
  const old = rawPeer(transport, clock, B, 65000, []);
  const confederation = { type: 'confed-sequence', asns: [65101, 4_200_000_002] } as const;
  say(guest(A, 65000), '192.0.2.0/24', { asPath: [confederation, { type: 'sequence', asns: [65010, 4_200_000_001] }] });
  const inside = { ...defaultContext, fourOctetAs: false, peerType: 'internal' } as const;
  const messages = old.octets.map((octets) => decodeMessage(hex(octets), inside));
  const told = messages.flatMap((message) => (message.type === 'update' && message.announced.length > 0 ? [message.attributes] : []));
  expect(told.map(({ asPath, as4Path }) => [asPath, as4Path])).toEqual([
    [
      [
        { type: 'confed-sequence', asns: [65101, 23456] },
        { type: 'sequence', asns: [65010, 23456] },
      ],
      [{ type: 'sequence', asns: [65010, 4_200_000_001] }],
    ],
  ]);
});

test('what a neighbour does not repeat between the marks of its refresh is gone (RFC 7313)', async () => {
  const { router, guest, say, clock } = await routerLab([{ address: A, as: 65001 }]);
  const a = guest(A, 65001);
  say(a, '192.0.2.1/32');
  say(a, '192.0.2.2/32');
  const claimed = () => [...router.claims({ node: 'a' })].filter(({ source }) => source === 'bgp').map(({ prefix }) => prefix);
  a.sendRaw(hex(`${MARKER} 0017 05 0001 01 01`));
  say(a, '192.0.2.1/32');
  expect(claimed().sort()).toEqual(['192.0.2.1/32', '192.0.2.2/32']);
  a.sendRaw(hex(`${MARKER} 0017 05 0001 02 01`));
  clock.settle();
  expect(claimed()).toEqual(['192.0.2.1/32']);
});

describe('a neighbour whose sessions keep failing', () => {
  /** How often it is dialled in so many minutes. */
  async function dials(minutes: number, more: Partial<NeighbourConfig>): Promise<number> {
    const { transport, clock } = await routerLab([{ address: A, as: 65001, passive: false, ...more }]);
    let count = 0;
    await transport.listen({ address: A, port: 179 }, (connection) => {
      count++;
      connection.listen({ data: () => {}, drained: () => {}, closed: () => {} });
      connection.write(
        encodeMessage({ type: 'open', version: 4, asn: 65001, holdTime: 90, routerId: A, capabilities: [] }, defaultContext),
      );
      connection.write(encodeMessage({ type: 'keepalive' }, defaultContext));
      clock.at(clock.now() + 100, () => connection.abort());
    });
    clock.advance(minutes * 60_000);
    return count;
  }

  test('is tried less and less often, down to once a minute (RFC 4271 §8.1.1, damping)', async () => {
    const count = await dials(10, {});
    expect(count).toBeGreaterThanOrEqual(12);
    expect(count).toBeLessThanOrEqual(20);
  });

  test('is tried every second where that is not wanted', async () => {
    expect(await dials(2, { dampPeerOscillations: false })).toBeGreaterThan(80);
  });
});

describe('a router', () => {
  test('starts and stops as often as it is told, also in the middle of the other', async () => {
    const { router, config, transport, clock } = await routerLab([{ address: A, as: 65001 }]);
    await Promise.all([router.start(), router.start()]);
    expect(router.endpoints).toEqual([{ address: '10.0.0.1', port: 179 }]);
    await Promise.all([router.stop(), router.stop()]);
    expect(router.endpoints).toEqual([]);
    await router.stop();

    const again = new VirtualRouter(config, { host: new Host({ transport, clock }) });
    void again.start();
    await again.stop();
    expect(again.endpoints).toEqual([]);
    {
      await using third = new VirtualRouter(config, { host: new Host({ transport, clock }) });
      await third.start();
    }
    // Its network is closed: nobody could claim anything.
    await expect(again.start()).rejects.toMatchObject({ code: 'CLOSED' });
    // Its port is free: nothing of it is left.
    await (await transport.listen({ address: '10.0.0.1', port: 179 }, () => {})).close();
  });

  test('whose port is in use leaves nothing running, and starts once it is free', async () => {
    const clock = new ManualClock();
    const transport = new MemoryTransport(clock);
    const taken = await transport.listen({ address: '10.0.0.2', port: 179 }, () => {});
    const router = new VirtualRouter(
      { as: 65000, routerId: '10.0.0.1', listen: [{ address: '10.0.0.1' }, { address: '10.0.0.2' }] },
      { host: new Host({ transport, clock }) },
    );
    await expect(router.start()).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    await (await transport.listen({ address: '10.0.0.1', port: 179 }, () => {})).close();
    await taken.close();
    await router.start();
    expect(router.endpoints.length).toBe(2);
    await router.stop();
  });

  test('counts what it does, as plain data and as text for Prometheus', async () => {
    const { router, guest, say } = await routerLab([
      { address: A, as: 65001 },
      { address: B, as: 65002, export: 'claims' },
    ]);
    const a = guest(A, 65001);
    say(a, '192.0.2.1/32');
    say(a, '127.0.0.1/32');
    const metrics = router.metrics();
    expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics);
    expect(metrics.network).toMatchObject({ claimsRefused: 1 });
    const lines = renderPrometheus(metrics).trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[\d.e+]+)$/);
    expect(
      lines.find((line) => /claims.*refused.*\b1$/.test(line)),
      lines.join('\n'),
    ).toBeDefined();
  });
});
