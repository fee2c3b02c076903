import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BgpSpeaker,
  type FormerLife,
  Host,
  ManualClock,
  type NetworkSnapshot,
  type RouterConfig,
  seeded,
  VirtualNetwork,
  VirtualRouter,
} from '../../src/core.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import { type Capability, defaultContext, encodeMessage } from '../../src/wire.js';
import { bgp } from '../support/hex.js';
import { rawPeer } from '../support/raw-peer.js';

const ROUTER = '10.0.0.1';
const GUESTS = ['10.0.0.10', '10.0.0.11', '10.0.0.12'] as const;
const SHARED = '10.0.9.0/24';

const HELPER: Capability = { type: 'graceful-restart', restarted: false, notification: true, restartTime: 0, families: [] };
const RESTARTED: Capability = { ...HELPER, restarted: true };

const config: RouterConfig = {
  as: 65000,
  routerId: ROUTER,
  listen: [{ address: ROUTER }],
  network: {
    ranges: ['10.0.0.0/16'],
    restart: { time: 60, deferral: 30 },
    nodes: GUESTS.map((address, i) => ({ name: `g${i}`, addresses: [address] })),
    grants: GUESTS.map((_, i) => ({ node: `g${i}`, prefix: SHARED, ge: 32, le: 32, takeover: 'always' as const })),
  },
  neighbours: GUESTS.map((address, i) => ({
    address,
    as: 65001 + i,
    passive: true,
    dampPeerOscillations: false,
    export: 'claims' as const,
  })),
};

/** A world in which routers come and go, and guests stay. */
function world() {
  const clock = new ManualClock(1_000_000);
  const transport = new MemoryTransport(clock);
  const host = new Host({ transport, clock, random: () => 0.5 });
  const events: string[] = [];
  const moves: string[] = [];
  const life = async (snapshot?: FormerLife, next: RouterConfig = config): Promise<VirtualRouter> => {
    const router = new VirtualRouter(next, { host, ...(snapshot ? { snapshot } : {}) });
    router.on('restore-change', ({ state, reason }) => events.push(reason === undefined ? state : `${state}: ${reason}`));
    router.on('mapping-change', ({ changes }) => {
      for (const { prefix, after } of changes) moves.push(`${prefix} ${after?.[0].node ?? 'nobody'}`);
    });
    await router.start();
    return router;
  };
  const guest = (i: number, capability: Capability | undefined, ...prefixes: readonly string[]): BgpSpeaker => {
    const speaker = new BgpSpeaker(
      {
        as: 65001 + i,
        routerId: GUESTS[i] ?? '',
        localAddress: GUESTS[i] ?? '',
        neighbour: { address: ROUTER },
        connectRetryTime: 1,
        ...(capability ? { capabilities: [capability] } : {}),
      },
      { transport, clock, random: () => 0.5 },
    );
    for (const prefix of prefixes) speaker.announce(prefix);
    speaker.start();
    return speaker;
  };
  /** The router is killed, and its system closes its connections. Nothing of it runs on. */
  const kill = async (router: VirtualRouter): Promise<NetworkSnapshot> => {
    const snapshot = JSON.parse(JSON.stringify(router.network.snapshot())) as NetworkSnapshot;
    const stopped = router.stop({ restart: true });
    for (let i = 0; i < 20; i++) {
      clock.advance(1);
      await Promise.resolve();
    }
    await stopped;
    moves.length = 0;
    return snapshot;
  };
  const stale = (router: VirtualRouter): string[] =>
    [...router.claims()].flatMap(({ prefix, stale }) => (stale ? [`${prefix} ${stale}`] : [])).sort();
  const mapping = (router: VirtualRouter): string[] =>
    [...router.mapping()]
      .filter(({ prefix }) => prefix.startsWith('10.0.9'))
      .map(({ prefix, targets }) => `${prefix} ${targets[0].node}`)
      .sort();
  return { clock, transport, life, guest, kill, stale, mapping, events, moves };
}

describe('a router that starts again', () => {
  test('serves the mapping of before at once, marked, and what is said again is as if nothing had been', async () => {
    const { clock, life, guest, kill, stale, mapping, events, moves } = world();
    const first = await life();
    guest(0, HELPER, '10.0.9.1/32', '10.0.9.2/32');
    guest(1, HELPER, '10.0.9.3/32');
    clock.advance(5000);
    const before = mapping(first);
    const snapshot = await kill(first);
    const second = await life(snapshot);
    expect(mapping(second)).toEqual(before);
    expect(stale(second)).toEqual(['10.0.9.1/32 restored', '10.0.9.2/32 restored', '10.0.9.3/32 restored']);
    clock.advance(10_000);
    expect(stale(second)).toEqual([]);
    expect(mapping(second)).toEqual(before);
    expect(events).toEqual(['restored', 'over']);
    expect(moves).toEqual([]);
  });

  test('what is not said again ends with the End-of-RIB; what its speaker does not come back for, when time is up', async () => {
    const { clock, life, guest, kill, mapping, moves } = world();
    const first = await life();
    const g0 = guest(0, HELPER, '10.0.9.1/32', '10.0.9.2/32');
    const g1 = guest(1, HELPER, '10.0.9.3/32');
    clock.advance(5000);
    const snapshot = await kill(first);
    g0.withdraw('10.0.9.2/32');
    void g1.stop();
    const second = await life(snapshot);
    clock.advance(10_000);
    expect(moves).toEqual(['10.0.9.2/32 nobody']);
    clock.advance(19_000);
    expect(mapping(second)).toEqual(['10.0.9.1/32 g0', '10.0.9.3/32 g1']);
    clock.advance(2000);
    expect(moves).toEqual(['10.0.9.2/32 nobody', '10.0.9.3/32 nobody']);
  });

  test('tells nobody anything before those who send End-of-RIB have spoken (RFC 4724 4.1), then all and its own End-of-RIB', async () => {
    const { clock, life, guest, kill } = world();
    const first = await life();
    guest(0, HELPER, '10.0.9.1/32');
    const slow = guest(1, HELPER, '10.0.9.3/32');
    clock.advance(5000);
    const snapshot = await kill(first);
    void slow.stop();
    await life(snapshot);
    const listener = guest(2, HELPER);
    clock.advance(10_000);
    expect(listener.state).toBe('established');
    expect([listener.routes().length, [...listener.endOfRib]]).toEqual([0, []]);
    clock.advance(21_000);
    expect(listener.routes().map(({ prefix }) => prefix)).toEqual(['10.0.9.1/32']);
    expect([...listener.endOfRib]).toEqual(['ipv4-unicast']);
  });

  test('a neighbour that asks for a refresh meanwhile is answered after the End-of-RIB, never before (RFC 7313 §4)', async () => {
    const { clock, life, guest, kill, transport } = world();
    const first = await life();
    guest(0, HELPER, '10.0.9.1/32');
    const slow = guest(1, HELPER, '10.0.9.3/32');
    clock.advance(5000);
    const snapshot = await kill(first);
    void slow.stop();
    await life(snapshot);
    const peer = rawPeer(transport, clock, GUESTS[2], 65003, [{ type: 'four-octet-as', asn: 65003 }, { type: 'enhanced-route-refresh' }]);
    peer.sendHex(bgp(5, '0001 00 01'));
    clock.advance(10_000);
    const types = () => peer.octets.slice(2).map((message) => message.slice(36));
    expect(types()).toEqual([]);
    clock.advance(21_000);
    const route = bgp(2, '0000 0018 40 01 01 00 40 02 0a 0202 0000fde8 0000fde9 40 03 04 0a000001 20 0a000901').slice(36);
    const [endOfRib, begin, end] = ['0200000000', '0500010101', '0500010201'];
    const order = types().filter((type) => [route, endOfRib, begin, end].includes(type));
    expect(order).toEqual([route, endOfRib, begin, route, end]);
  });

  test.each([
    ['announces no graceful restart', []],
    ['has restarted too', [RESTARTED]],
    ['is silent, for longer than the time', undefined],
  ])('waits no longer for a neighbour that %s', async (_why, extra) => {
    const { clock, life, guest, kill, transport } = world();
    const first = await life();
    guest(0, HELPER, '10.0.9.1/32');
    const other = guest(1, HELPER, '10.0.9.3/32');
    clock.advance(5000);
    const snapshot = await kill(first);
    void other.stop();
    await life(snapshot);
    const listener = guest(2, HELPER);
    clock.advance(3000);
    expect(listener.state).toBe('established');
    expect(listener.routes()).toEqual([]);
    // It is back, and never sends an End-of-RIB.
    const capabilities: Capability[] = [{ type: 'multiprotocol', family: 'ipv4-unicast' }, ...(extra ?? [HELPER])];
    const open = { type: 'open', version: 4, asn: 65002, holdTime: 90, routerId: GUESTS[1], capabilities } as const;
    transport.dial(
      { remote: { address: ROUTER, port: 179 }, localAddress: GUESTS[1] },
      {
        connected: (connection) => {
          connection.listen({ data: () => {}, drained: () => {}, closed: () => {} });
          connection.write(encodeMessage(open, defaultContext));
          connection.write(encodeMessage({ type: 'keepalive' }, defaultContext));
        },
        failed: () => {},
      },
    );
    clock.advance(1000);
    expect(listener.routes().length).toBe(extra ? 2 : 0);
    clock.advance(30_000);
    expect(listener.routes().length).toBe(2);
  });

  test('announces the capability: asked for, bit R while it chooses, bit F where it went on', async () => {
    const { clock, life, guest, kill } = world();
    const first = await life();
    const g0 = guest(0, HELPER, '10.0.9.1/32');
    clock.advance(5000);
    expect(g0.negotiated?.gracefulRestart).toEqual({
      type: 'graceful-restart',
      restarted: false,
      notification: true,
      restartTime: 60,
      families: [{ family: 'ipv4-unicast', forwarding: false }],
    });
    const snapshot = await kill(first);
    await life(snapshot);
    clock.advance(5000);
    expect(g0.negotiated?.gracefulRestart).toMatchObject({
      restarted: true,
      families: [{ family: 'ipv4-unicast', forwarding: true }],
    });
  });

  test('claims of the program stand until time is up, and one made again goes on', async () => {
    const { clock, life, kill, mapping, moves } = world();
    const first = await life();
    first.claim({ node: 'g0', prefix: '10.0.9.7/32' });
    first.claim({ node: 'g1', prefix: '10.0.9.8/32' });
    const snapshot = await kill(first);
    const second = await life(snapshot);
    expect(mapping(second)).toEqual(['10.0.9.7/32 g0', '10.0.9.8/32 g1']);
    second.claim({ node: 'g0', prefix: '10.0.9.7/32' });
    clock.advance(31_000);
    expect(moves).toEqual(['10.0.9.8/32 nobody']);
  });

  test('judges what was claimed by the grants of now, and leaves neighbours that it has no more', async () => {
    const { clock, life, guest, kill, mapping } = world();
    const first = await life();
    guest(0, HELPER, '10.0.9.1/32');
    guest(1, HELPER, '10.0.9.3/32');
    guest(2, HELPER, '10.0.9.5/32');
    clock.advance(5000);
    const snapshot = await kill(first);
    const second = await life(snapshot, {
      ...config,
      network: { ...config.network, grants: (config.network?.grants ?? []).filter(({ node }) => node !== 'g0') },
      neighbours: (config.neighbours ?? []).filter(({ address }) => address !== GUESTS[1]),
    });
    expect(mapping(second)).toEqual(['10.0.9.5/32 g2']);
  });

  test.each([
    ['another version', { version: 2 }, 'unusable: the snapshot is damaged: it is of version 2, and this reads version 1'],
    ['a claim of nobody', { claims: [[9, '10.0.9.1/32', 0, 0, 0, 0, -1]] }, 'unusable: the snapshot is damaged: a claim is incomplete'],
    ['another network', { network: 'other' }, 'unusable: the snapshot is of the network "other"'],
    ['too old', { at: 900_000 }, 'unusable: the snapshot is 105 seconds old'],
  ])('a snapshot with %s is not used, and that is said', async (_what, wrong, expected) => {
    const { clock, life, guest, kill, mapping, events } = world();
    const first = await life();
    guest(0, HELPER, '10.0.9.1/32');
    clock.advance(5000);
    const snapshot = await kill(first);
    const second = await life({ ...snapshot, ...wrong } as NetworkSnapshot);
    expect(mapping(second)).toEqual([]);
    clock.advance(10);
    expect(events).toEqual([expected]);
    // It is a router like any other.
    clock.advance(5000);
    expect(mapping(second)).toEqual(['10.0.9.1/32 g0']);
  });
});

test('property: after any history and a restart, the mapping is the one of before, until and after all have spoken', async () => {
  const step = fc.record({
    guest: fc.integer({ min: 0, max: 2 }),
    prefix: fc.integer({ min: 1, max: 6 }),
    announce: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), fc.integer(), async (steps, seed) => {
      const { clock, life, guest, kill, mapping, moves } = world();
      const first = await life();
      const guests = GUESTS.map((_, i) => guest(i, HELPER));
      clock.advance(3000);
      const said = GUESTS.map(() => new Set<string>());
      for (const { guest: i, prefix, announce } of steps) {
        const text = `10.0.9.${prefix}/32`;
        if (announce === said[i]?.has(text)) continue;
        if (announce) {
          guests[i]?.announce(text);
          said[i]?.add(text);
        } else {
          guests[i]?.withdraw(text);
          said[i]?.delete(text);
        }
        clock.advance(10);
      }
      const before = mapping(first);
      const snapshot = await kill(first);
      const second = await life(snapshot);
      expect(mapping(second)).toEqual(before);
      // Guests come back in any order.
      const random = seeded(seed);
      for (const { speaker } of guests.map((speaker) => ({ speaker, key: random() })).sort((x, y) => x.key - y.key)) {
        await speaker.kill().catch(() => {});
      }
      for (const speaker of guests) speaker.start();
      clock.advance(10_000);
      expect(mapping(second)).toEqual(before);
      expect(moves).toEqual([]);
    }),
    { numRuns: 10 },
  );
});

test('a network that starts again decides between claims of OSPF by cost, as before', async () => {
  const clock = new ManualClock(1_000_000);
  const prefix = '10.0.9.1/32';
  const nodes = ['a', 'b'].map((name) => ({ name }));
  const configuration = { ranges: ['10.0.0.0/16'], nodes, grants: nodes.map(({ name }) => ({ node: name, prefix })), restart: {} };
  await using before = new VirtualNetwork(configuration, { clock });
  const { ipv4 } = before.ribs;
  for (const [index, cost] of [20, 10].entries()) {
    const feed = before.openFeed({ source: 'ospf', speaker: index, label: '', router: 'r', cause: { type: 'configured' } });
    const id = ipv4.prefixId(0x0a000901, 0, 0, 0, 32);
    ipv4.announce(id, feed.index, 0, before.bareSet, before.bareSet, 0, index, -1);
    ipv4.setRank(ipv4.find(id, feed.index, 0) - 1, cost);
  }
  before.settle({ type: 'configured' });
  const snapshot = JSON.parse(JSON.stringify(before.snapshot())) as NetworkSnapshot;
  await using after = new VirtualNetwork(configuration, { clock, snapshot });
  expect([before, after].map((network) => network.get(prefix)?.[0].node)).toEqual(['b', 'b']);
});
