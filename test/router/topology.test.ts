/** Three routers of one network in a row, a guest at each end, and what `traceroute` would see of them. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Host, ManualClock, MemoryTransport, memoryCable, seeded, VirtualNetwork, VirtualRouter } from '../../src/core.js';
import { parseAddress } from '../../src/lib/address.js';
import type { NetworkConfig } from '../../src/network/config.js';
import type { RouterConfig } from '../../src/router/config.js';
import { Guest } from '../stack/guest.js';

const network: NetworkConfig = {
  ranges: ['10.0.0.0/8', '2001:db8::/32'],
  subnets: [1, 2, 3].flatMap((n) => [
    { name: `four${n}`, prefix: `10.0.${n}.0/24` },
    { name: `six${n}`, prefix: `2001:db8:${n}::/64` },
  ]),
  nodes: [
    { name: 'a', addresses: ['10.0.1.10', '2001:db8:1::a'], location: 'pa' },
    { name: 'c', addresses: ['10.0.3.10', '2001:db8:3::a'], location: 'pc' },
    { name: 'd', addresses: ['10.0.3.11'], location: 'pd' },
  ],
  grants: [
    { node: 'c', prefix: '10.0.9.9/32', mode: 'shared' },
    { node: 'd', prefix: '10.0.9.9/32', mode: 'shared' },
  ],
  links: [{ routers: ['r1', 'r2'] }, { routers: ['r2', 'r3'] }],
  routes: [
    { router: 'r1', prefix: '0.0.0.0/0', via: 'r2' },
    { router: 'r1', prefix: '::/0', via: 'r2' },
    { router: 'r2', prefix: '10.0.1.0/24', via: 'r1' },
    { router: 'r2', prefix: '10.0.0.0/8', via: 'r3' },
    { router: 'r2', prefix: '2001:db8:1::/64', via: 'r1' },
    { router: 'r2', prefix: '2001:db8:3::/64', via: 'r3' },
    { router: 'r3', prefix: '10.0.0.0/16', via: 'r2' },
    { router: 'r3', prefix: '2001:db8::/32', via: 'r2' },
  ],
};

let clock: ManualClock;
let shared: VirtualNetwork;
let routers: VirtualRouter[];
let a: Guest;
let c: Guest;
let d: Guest;

beforeEach(async () => {
  clock = new ManualClock(1_000_000);
  shared = new VirtualNetwork(network, { clock });
  const cables = [memoryCable(), memoryCable(), memoryCable({ mtu: 1200 })] as const;
  const [[endA, pa], [endC, pc], [endD, pd]] = cables;
  const ports = [['pa'], [], ['pc', 'pd']];
  routers = [1, 2, 3].map((n, i) => {
    const host = new Host({ transport: new MemoryTransport(clock), clock, random: seeded(n) });
    return new VirtualRouter(
      {
        name: `r${n}`,
        as: 65000 + n,
        routerId: `10.0.0.${n}`,
        interfaces: [
          { subnet: `four${n}`, addresses: [`10.0.${n}.1`] },
          { subnet: `six${n}`, addresses: [`2001:db8:${n}::1`] },
        ],
        ports: (ports[i] ?? []).map((name) => ({ name, type: 'memory' })),
      },
      { host, network: shared, ports: { pa, pc, pd } },
    );
  });
  for (const router of routers) await router.start();
  const mac = (n: number) => Uint8Array.of(2, 0x56, 10, 0, 0, n);
  a = new Guest(endA, Uint8Array.of(2, 0, 0, 0, 0, 10), mac(1), '10.0.1.10', '2001:db8:1::a');
  c = new Guest(endC, Uint8Array.of(2, 0, 0, 0, 0, 12), mac(3), '10.0.3.10', '2001:db8:3::a', '10.0.9.9');
  d = new Guest(endD, Uint8Array.of(2, 0, 0, 0, 0, 13), mac(3), '10.0.3.11', '10.0.9.9');
});
afterEach(async () => {
  for (const router of routers) await router.stop();
  await shared.close();
});

describe('a packet through several routers', () => {
  test('loses one of its TTL at each', () => {
    a.ipv4('10.0.1.10', '10.0.3.10');
    expect(c.take()).toEqual(['17 from 10.0.1.10 ttl 61']);
    a.ipv6(parseAddress('2001:db8:1::a'), parseAddress('2001:db8:3::a'), 17, new Uint8Array(20));
    expect(c.take()).toEqual(['6:17 hops 61']);
    c.ipv4('10.0.3.10', '10.0.1.10');
    expect(a.take()).toEqual(['17 from 10.0.3.10 ttl 61']);
  });

  test('shows each router to whoever counts its hops, over both families', () => {
    for (const ttl of [1, 2, 3]) a.ipv4('10.0.1.10', '10.0.3.10', { ttl });
    expect(a.take()).toEqual(['1/11/0 from 10.0.1.1 ttl 64', '1/11/0 from 10.0.2.1 ttl 63', '1/11/0 from 10.0.3.1 ttl 62']);
    for (const hops of [1, 2, 3]) {
      a.ipv6(parseAddress('2001:db8:1::a'), parseAddress('2001:db8:3::a'), 17, new Uint8Array(20), hops);
      expect(a.packets[hops - 1]?.subarray(8, 24)).toEqual(parseAddress(`2001:db8:${hops}::1`));
    }
    expect(a.take()).toEqual(['6:58/3/0 hops 64', '6:58/3/0 hops 63', '6:58/3/0 hops 62']);
  });

  test('reaches the routers themselves', () => {
    for (const n of [1, 2, 3]) a.echo('10.0.1.10', `10.0.${n}.1`);
    expect(a.take()).toEqual(['1/0/0 from 10.0.1.1 ttl 64', '1/0/0 from 10.0.2.1 ttl 63', '1/0/0 from 10.0.3.1 ttl 62']);
  });

  test('is told of the way out of the last of them: its MTU, a neighbour that is silent, no route', () => {
    a.ipv4('10.0.1.10', '10.0.3.11', { payload: new Uint8Array(1300), fragment: 0x4000 });
    expect(a.take()).toEqual(['1/3/4 from 10.0.3.1 ttl 62']);
    c.silent = true;
    a.ipv4('10.0.1.10', '10.0.3.10');
    clock.advance(3001);
    // The first is a router's advertisement.
    expect(a.take()).toEqual(['6:58/134/0 hops 255', '1/3/1 from 10.0.3.1 ttl 62']);
    a.ipv4('10.0.1.10', '192.0.2.1');
    expect(a.take()).toEqual(['1/3/0 from 10.0.2.1 ttl 63']);
  });

  test('is dealt with for its own sake: a guest that floods a router behind another takes nothing from others there', () => {
    c.ipv4('10.0.3.10', '10.0.1.10', { ttl: 2 });
    expect(c.take()).toEqual(['1/11/0 from 10.0.2.1 ttl 63']);
    for (let i = 0; i < 3000; i++) d.ipv4('10.0.3.11', '10.0.1.10', { ttl: 2 });
    for (let i = 0; i < 3000; i++) d.echo('10.0.3.11', '10.0.2.1');
    const flood = d.take();
    expect([flood.filter((what) => what.startsWith('1/11')).length, flood.filter((what) => what.startsWith('1/0')).length]).toEqual([
      20, 1000,
    ]);
    c.ipv4('10.0.3.10', '10.0.1.10', { ttl: 2 });
    c.echo('10.0.3.10', '10.0.2.1');
    expect(c.take()).toEqual(['1/11/0 from 10.0.2.1 ttl 63', '1/0/0 from 10.0.2.1 ttl 63']);
    expect(routers[1]?.links().find(({ router }) => router === 'r3')).toMatchObject({
      withheld: { 'icmp-error': 2980 },
      dropped: { overload: 2000 },
    });
  });

  test('that runs in a circle ends with its TTL', () => {
    a.ipv4('10.0.1.10', '10.0.7.7', { ttl: 20 });
    // r2 says r3, and r3 says r2.
    expect(a.take()).toMatchObject([expect.stringMatching(/^1\/11\/0/)]);
  });

  test('is of no router of the network: who holds what all others are in does not have their addresses', () => {
    shared.grant({ node: 'a', prefix: '10.0.0.0/16', as: 'gateway' });
    shared.grant({ node: 'a', prefix: '2001:db8::/32', as: 'gateway' });
    for (const prefix of ['10.0.0.0/16', '2001:db8::/32']) shared.claim({ node: 'a', prefix });
    const refused = () => routers[0]?.links().find(({ port }) => port === 'pa')?.refusedSources;
    a.ipv4('10.0.44.4', '10.0.3.10');
    expect([c.take().length, refused()]).toEqual([1, []]);
    a.ipv4('10.0.3.1', '10.0.3.10');
    a.ipv6(parseAddress('2001:db8:2::1'), parseAddress('2001:db8:3::a'), 17, new Uint8Array(20));
    expect([c.take(), refused()]).toEqual([[], ['10.0.3.1', '2001:db8:2::1']]);
    // An address that a router has from now on, and one that it has no longer.
    const config = routers[2]?.configuration() as RouterConfig;
    const interfaces = (config.interfaces ?? []).map((face) => (face.subnet === 'four3' ? { ...face, addresses: ['10.0.3.2'] } : face));
    routers[2]?.reconfigure({ ...config, interfaces });
    a.ipv4('10.0.3.2', '10.0.3.10');
    a.ipv4('10.0.3.1', '10.0.3.10');
    expect([c.take().length, refused()]).toEqual([1, ['10.0.3.1', '2001:db8:2::1', '10.0.3.2']]);
  });

  test('is checked for its source where it comes in, and counted on the links', () => {
    a.ipv4('10.0.3.11', '10.0.3.10');
    expect(c.take()).toEqual([]);
    a.ipv4('10.0.1.10', '10.0.3.10');
    expect(routers[1]?.links()).toMatchObject([
      { port: undefined, router: 'r1', received: 1, forwarded: 1 },
      { port: undefined, router: 'r3', sent: 1 },
    ]);
  });

  test('to an address that two nodes share far away goes where every router would send its flow', () => {
    for (const node of ['c', 'd']) shared.claim({ node, prefix: '10.0.9.9/32' });
    for (let flow = 0; flow < 100; flow++)
      for (let i = 0; i < 2; i++) a.ipv4('10.0.1.10', '10.0.9.9', { payload: Uint8Array.of(flow >> 8, flow, 0, 9, 0, 20, 0, 0) });
    const [nc, nd] = [c.take().length, d.take().length];
    expect([nc + nd, nc % 2, nd % 2]).toEqual([200, 0, 0]);
    expect(Math.min(nc, nd)).toBeGreaterThan(60);
  });

  test('has no part in nodes that are nowhere: all of it goes to the others', () => {
    const nodes = (network.nodes ?? []).map(({ location, ...node }) =>
      node.name === 'd' ? node : { ...node, ...(location ? { location } : {}) },
    );
    shared.reconfigure({ ...network, nodes });
    for (const node of ['c', 'd']) shared.claim({ node, prefix: '10.0.9.9/32' });
    for (let flow = 0; flow < 50; flow++) a.ipv4('10.0.1.10', '10.0.9.9', { payload: Uint8Array.of(0, flow, 0, 9, 0, 8, 0, 0) });
    expect(c.take().length).toBe(50);
  });
});

describe('links', () => {
  test('and routes change while packets flow', () => {
    shared.reconfigure({ ...network, routes: (network.routes ?? []).filter(({ router }) => router !== 'r1') });
    a.ipv4('10.0.1.10', '10.0.3.10');
    expect(a.take()).toEqual(['1/3/1 from 10.0.1.1 ttl 64']);
    shared.reconfigure({
      ...network,
      links: [...(network.links ?? []), { routers: ['r3', 'r1'] }],
      routes: [...(network.routes ?? []), { router: 'r1', prefix: '10.0.3.0/24', via: 'r3' }],
    });
    a.ipv4('10.0.1.10', '10.0.3.10');
    expect(c.take()).toEqual(['17 from 10.0.1.10 ttl 62']);
  });

  test('count on while other links and routes change', () => {
    a.ipv4('10.0.1.10', '10.0.3.10');
    const counts = () =>
      routers[1]
        ?.links()
        .map(({ router, received, sent }) => [router, received, sent])
        .sort();
    const before = counts();
    expect(before).toEqual([
      ['r1', 1, 0],
      ['r3', 0, 1],
    ]);
    shared.reconfigure({ ...network, links: [...(network.links ?? []), { routers: ['r3', 'r1'] }] });
    expect(counts()).toEqual(before);
    const routes = (network.routes ?? []).filter(({ router, via }) => router !== 'r1' && via !== 'r1');
    shared.reconfigure({ ...network, links: (network.links ?? []).slice(1), routes });
    expect(counts()).toEqual([['r3', 0, 1]]);
  });

  test('end with the router at the other end, and come back with it', async () => {
    await routers[1]?.stop();
    a.ipv4('10.0.1.10', '10.0.3.10');
    expect(a.take()).toEqual(['1/3/1 from 10.0.1.1 ttl 64']);
    await routers[1]?.start();
    a.ipv4('10.0.1.10', '10.0.3.10');
    expect(c.take()).toEqual(['17 from 10.0.1.10 ttl 61']);
  });

  test('an address that moves to a node at another router is followed', () => {
    shared.reconfigure({
      ...network,
      grants: [
        { node: 'a', prefix: '10.0.8.8/32' },
        { node: 'c', prefix: '10.0.8.8/32' },
      ],
    });
    const lease = shared.claim({ node: 'a', prefix: '10.0.8.8/32' });
    d.ipv4('10.0.3.11', '10.0.8.8');
    expect(a.take().length).toBe(1);
    shared.claim({ node: 'c', prefix: '10.0.8.8/32' });
    d.ipv4('10.0.3.11', '10.0.8.8');
    expect([a.take().length, c.take().length]).toEqual([0, 1]);
    lease.release();
  });
});
