import { describe, expect, test } from 'vitest';
import { memoryBfd } from '../../src/bfd/index.js';
import { Host, ManualClock, MemoryTransport, memoryCable, type RouterEvents, seeded, VirtualRouter } from '../../src/core.js';
import { MemoryDatagrams } from '../../src/lib/memory-datagrams.js';
import { MemoryOspfLinks, OspfSegment } from '../../src/testing.js';

const BFD = { minTx: 50, minRx: 50, multiplier: 3 };
const octets = (address: string): Uint8Array => Uint8Array.from(address.split('.').map(Number));
const holder = (router: VirtualRouter, address: string): unknown =>
  router.lookup(address)?.map((target) => 'node' in target && target.node);

function watched(router: VirtualRouter) {
  const changes: RouterEvents['ospf-change'][0][] = [];
  const failures: string[] = [];
  router.on('ospf-change', (event) => changes.push(event));
  router.on('bfd-failure', ({ reason }) => failures.push(reason));
  return { changes, failures };
}

describe("over the host's interfaces", () => {
  const [MAIN, GUEST] = ['10.0.1.1', '10.0.1.10'];

  /** A guest that holds an address by OSPF, with Hellos every ten seconds, and answers BFD if it is made to. */
  async function lab() {
    const clock = new ManualClock(1_000_000);
    const datagrams = new MemoryDatagrams(clock);
    const segment = new OspfSegment(clock);
    const made = (address: string, bfd: boolean, config: Omit<ConstructorParameters<typeof VirtualRouter>[0], 'as' | 'routerId'>) =>
      new VirtualRouter(
        { as: 65000, routerId: address, ...config },
        {
          host: new Host({
            transport: new MemoryTransport(clock),
            clock,
            random: seeded(1),
            ...(bfd ? { bfd: memoryBfd(datagrams, clock, seeded(1), address) } : {}),
            ospf: new MemoryOspfLinks({ eth0: { segment, addresses: [{ bytes: octets(address), length: 24 }] } }),
          }),
        },
      );
    const network = {
      ranges: ['10.0.0.0/8'],
      nodes: [{ name: 'guest', addresses: [GUEST] }],
      grants: [{ node: 'guest', prefix: '10.9.0.1/32' }],
    };
    const ospf = [{ interfaces: [{ device: 'eth0', bfd: BFD }] }];
    const main = made(MAIN, true, { network, ospf });
    const seen = watched(main);
    await main.start();
    const guest = made(GUEST, false, {
      network: { nodes: [] },
      originate: [{ prefix: '10.9.0.1/32' }],
      ospf: [{ interfaces: [{ device: 'eth0' }], export: { originated: true, tag: 0 } }],
    });
    await guest.start();
    const answer = (): { close(): void } =>
      memoryBfd(datagrams, clock, seeded(2), GUEST).watch(
        { remote: MAIN, local: GUEST, config: BFD },
        { changed: () => {}, agreed: () => {}, failed: () => {} },
      );
    const advance = async (by: number): Promise<void> => {
      clock.advance(by);
      await main.network.settled();
    };
    const silence = (): void => {
      datagrams.cut(GUEST);
      segment.setUp(false, true);
    };
    return { clock, main, made, network, ospf, answer, advance, silence, ...seen };
  }

  test('a neighbour that falls silent is down within the detection time, and its claims end', async () => {
    const { main, answer, advance, silence, changes } = await lab();
    answer();
    await advance(20_000);
    expect(holder(main, '10.9.0.1')).toEqual(['guest']);
    expect(main.ospf()[0]?.interfaces[0]?.neighbours[0]?.bfd).toMatchObject({ state: 'up', detectionTime: 150 });
    silence();
    await advance(200);
    expect(changes.at(-1)).toMatchObject({ node: 'guest', to: 'down', reason: 'bfd-down' });
    expect(main.lookup('10.9.0.1')).toBeUndefined();
  });

  test('one that answers no BFD is a neighbour all the same, and lost after the dead interval', async () => {
    const { main, advance, silence, changes } = await lab();
    await advance(20_000);
    expect(holder(main, '10.9.0.1')).toEqual(['guest']);
    silence();
    await advance(41_000);
    expect(changes.at(-1)).toMatchObject({ to: 'down', reason: 'inactivity' });
  });

  test('one that stops answering on purpose is kept', async () => {
    const { main, answer, advance } = await lab();
    const answering = answer();
    await advance(20_000);
    answering.close();
    await advance(5000);
    expect(holder(main, '10.9.0.1')).toEqual(['guest']);
  });

  test('a host without BFD says so before anything starts', async () => {
    const { made, network, ospf } = await lab();
    await expect(made('10.0.1.3', false, { network, ospf }).start()).rejects.toMatchObject({ code: 'BFD_UNAVAILABLE' });
  });
});

test.each([2, 3] as const)('OSPFv%i over frames: both ends watch each other, and know within the detection time', async (version) => {
  const v2 = version === 2;
  const clock = new ManualClock(1_000_000);
  const lan = v2 ? '10.0.1.0/24' : '2001:db8:1::/64';
  const at = (place: number): string => (v2 ? `10.0.1.${place}` : `2001:db8:1::${place}`);
  const moving = v2 ? '10.9.0.1' : '2001:db8:9::1';
  const prefix = `${moving}/${v2 ? 32 : 128}`;
  const cable = memoryCable();
  const subnets = [{ name: 'lan', prefix: lan }];
  const router = (place: number, other: number, port: (typeof cable)[0], more: object): VirtualRouter =>
    new VirtualRouter(
      {
        as: 65000,
        name: `r${place}`,
        routerId: `10.0.1.${place}`,
        interfaces: [{ subnet: 'lan', addresses: [at(place)] }],
        ports: [{ name: 'p', type: 'memory' }],
        network: {
          ranges: ['10.0.0.0/8', '2001:db8::/32'],
          subnets,
          // OSPFv3 speaks from link-local addresses, which are the node's by its port.
          nodes: [{ name: 'other', addresses: [at(other)], location: 'p' }],
          grants: [{ node: 'other', prefix }],
        },
        ...more,
      },
      { host: new Host({ transport: new MemoryTransport(clock), clock, random: seeded(place) }), ports: { p: port } },
    );
  const interfaces = [{ subnet: 'lan', bfd: BFD }];
  const main = router(1, 10, cable[0], { ospf: [{ version, interfaces }] });
  const guest = router(10, 1, cable[1], {
    originate: [{ prefix }],
    ospf: [{ version, interfaces, export: { originated: true, tag: 0 } }],
  });
  const { changes, failures } = watched(main);
  await main.start();
  await guest.start();
  clock.advance(30_000);
  await main.network.settled();
  expect(failures).toEqual([]);
  expect(main.ospf()[0]?.interfaces[0]?.neighbours).toMatchObject([{ node: 'other', state: 'full', bfd: { state: 'up' } }]);
  expect(holder(main, moving)).toEqual(['other']);
  cable[1].listen(undefined);
  cable[0].listen(undefined);
  clock.advance(200);
  await main.network.settled();
  expect(changes.at(-1)).toMatchObject({ node: 'other', to: 'down', reason: 'bfd-down' });
  expect(main.lookup(moving)).toBeUndefined();
});

test.each([2, 3] as const)('OSPFv%i, BGP and a watch of one neighbour share its BFD, and each acts when it is silent', async (version) => {
  const clock = new ManualClock(1_000_000);
  const cable = memoryCable();
  const at = (place: number): string => (version === 2 ? `10.0.1.${place}` : `2001:db8:1::${place}`);
  const [byOspf, byBgp] = version === 2 ? ['10.9.0.1/32', '10.9.0.2/32'] : ['2001:db8:9::1/128', '2001:db8:9::2/128'];
  const router = (place: number, other: number, port: (typeof cable)[0], more: object): VirtualRouter =>
    new VirtualRouter(
      {
        as: 65000 + place,
        name: `r${place}`,
        routerId: `10.0.1.${place}`,
        interfaces: [{ subnet: 'lan', addresses: [at(place)] }],
        ports: [{ name: 'p', type: 'memory' }],
        watch: [{ node: 'other', bfd: { ...BFD, minTx: 100, minRx: 100 } }],
        network: {
          ranges: ['10.0.0.0/8', '2001:db8::/32'],
          subnets: [{ name: 'lan', prefix: version === 2 ? '10.0.1.0/24' : '2001:db8:1::/64' }],
          nodes: [{ name: 'other', addresses: [at(other)], location: 'p' }],
          grants: [byOspf, byBgp].map((prefix) => ({ node: 'other', prefix })),
        },
        ...more,
      },
      { host: new Host({ transport: new MemoryTransport(clock), clock, random: seeded(place) }), ports: { p: port } },
    );
  const interfaces = [{ subnet: 'lan', bfd: BFD }];
  const bgp = (place: number, more: object) => ({ address: at(place), as: 65000 + place, bfd: { ...BFD, minTx: 70, minRx: 70 }, ...more });
  const main = router(1, 10, cable[0], { ospf: [{ version, interfaces }], neighbours: [bgp(10, { passive: true })] });
  const guest = router(10, 1, cable[1], {
    originate: [{ prefix: byOspf }],
    ospf: [{ version, interfaces, export: { originated: true, tag: 0 } }],
    neighbours: [bgp(1, { export: 'all' })],
  });
  const { changes, failures } = watched(main);
  const sessions: string[] = [];
  main.on('session-change', ({ from, reason }) => from === 'established' && sessions.push(reason ?? ''));
  const nodes: string[] = [];
  main.on('node-change', ({ node, state }) => nodes.push(`${node} ${state}`));
  const starting = Promise.all([main.start(), guest.start()]);
  clock.settle();
  await starting;
  for (let i = 0; i < 40; i++) {
    clock.advance(1000);
    await main.network.settled();
  }
  expect(failures).toEqual([]);
  const up = { state: 'up', failure: undefined };
  expect(main.metrics().watches[0]?.bfd).toMatchObject(up);
  expect(main.neighbours()[0]?.state).toBe('established');
  expect(main.metrics().neighbours[0]?.bfd).toMatchObject(up);
  expect(main.ospf()[0]?.interfaces[0]?.neighbours).toMatchObject([{ state: 'full', bfd: up }]);
  for (const end of cable) end.listen(undefined);
  // OSPFv3 watches the link-local address, in a session of its own; the other two have 70 ms x 3. With OSPFv2 all have 50 ms x 3.
  clock.advance(version === 2 ? 151 : 211);
  await main.network.settled();
  expect(changes.at(-1)).toMatchObject({ node: 'other', to: 'down', reason: 'bfd-down' });
  expect(sessions).toEqual(['sent cease: BFD down: BFD is down: detection-time-expired']);
  expect(nodes.at(-1)).toBe('other down');
  expect(main.lookup(byOspf?.split('/')[0] ?? '')).toBeUndefined();
});
