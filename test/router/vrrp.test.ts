import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  Host,
  ManualClock,
  MemoryTransport,
  memoryCable,
  type RouterConfig,
  seeded,
  VirtualNetwork,
  VirtualRouter,
} from '../../src/core.js';
import { parseAddress } from '../../src/lib/address.js';
import { LinkAttachment } from '../../src/router/attach/link/attachment.js';
import { VrrpClaims } from '../../src/router/attach/link/vrrp.js';
import { encodeVrrp } from '../../src/vrrp/wire/index.js';
import { Guest } from '../stack/guest.js';
import { hex } from '../support/hex.js';

const ROUTER = hex('02 56 0a 00 00 01');
const VIP = '10.0.1.100';

const config: RouterConfig = {
  as: 65000,
  routerId: '10.0.0.1',
  interfaces: [
    { subnet: 'one', addresses: ['10.0.1.1'] },
    { subnet: 'six', addresses: ['2001:db8::1'] },
  ],
  ports: ['pa', 'pb', 'pc'].map((name) => ({ name, type: 'memory' })),
  network: {
    ranges: ['10.0.0.0/16', '2001:db8::/32'],
    subnets: [
      { name: 'one', prefix: '10.0.1.0/24' },
      { name: 'six', prefix: '2001:db8::/64' },
    ],
    nodes: [
      { name: 'a', addresses: ['10.0.1.10', '2001:db8::a'], location: 'pa', tags: ['vip'] },
      { name: 'b', addresses: ['10.0.1.11', '2001:db8::b'], location: 'pb', tags: ['vip'] },
      { name: 'c', addresses: ['10.0.1.12', '2001:db8::c'], location: 'pc' },
    ],
    grants: [
      { tag: 'vip', prefix: `${VIP}/32` },
      { tag: 'vip', prefix: '2001:db8::100/128' },
    ],
  },
};

let clock: ManualClock;
let router: VirtualRouter;
let a: Guest;
let b: Guest;
let c: Guest;

beforeEach(async () => {
  clock = new ManualClock(1_000_000);
  const cables = [memoryCable(), memoryCable(), memoryCable()] as const;
  const [pa, pb, pc] = cables.map(([, port]) => port) as [(typeof cables)[0][1], (typeof cables)[0][1], (typeof cables)[0][1]];
  const host = new Host({ transport: new MemoryTransport(clock), clock, random: seeded(1) });
  router = new VirtualRouter(config, { host, ports: { pa, pb, pc } });
  await router.start();
  [a, b, c] = cables.map(
    ([end], i) => new Guest(end, Uint8Array.of(2, 0, 0, 0, 0, 10 + i), ROUTER, `10.0.1.${10 + i}`, `2001:db8::${'abc'[i]}`),
  ) as [Guest, Guest, Guest];
});
afterEach(() => router.stop());

interface Options {
  readonly version?: 2 | 3;
  readonly interval?: number;
  readonly addresses?: readonly string[];
  readonly ttl?: number;
}
function advertise(guest: Guest, priority: number, { version = 2, interval = 1000, addresses = [VIP], ttl = 255 }: Options = {}): void {
  const ipv6 = addresses[0]?.includes(':') ?? false;
  const own = `10.0.1.${guest.mac[5]}`;
  const source = parseAddress(ipv6 ? 'fe80::1' : own);
  const group = parseAddress(ipv6 ? 'ff02::12' : '224.0.0.18');
  const fields = { version, virtualRouterId: 51, priority, interval, addresses: addresses.map(parseAddress) };
  const payload = encodeVrrp(fields, source, group);
  if (ipv6) guest.ipv6(source, group, 112, payload, ttl);
  else guest.ipv4(own, '224.0.0.18', { protocol: 112, payload, ttl });
}
const holder = (address = VIP): string | undefined => router.lookup(address)?.[0].node;
const drops = (port: string) => router.links().find((link) => link.port === port)?.dropped;

describe('an advertisement', () => {
  test('is a claim, explained like any other, and ends when its node resigns', () => {
    advertise(a, 100);
    expect(holder()).toBe('a');
    expect(router.explain(VIP).claims).toMatchObject([{ node: 'a', source: 'vrrp', from: 'vrrp a 51', preference: 200, won: true }]);
    expect(router.virtualRouters()).toEqual([
      { node: 'a', virtualRouterId: 51, family: 'ipv4', version: 2, priority: 100, interval: 1000, addresses: [VIP] },
    ]);
    advertise(a, 0);
    expect([holder(), router.virtualRouters()]).toEqual([undefined, []]);
  });

  test('that is not followed by another ends its claim, in both versions and families', () => {
    advertise(a, 100, { version: 3, interval: 100 });
    advertise(a, 100, { version: 3, interval: 1000, addresses: ['fe80::5100', '2001:db8::100'] });
    expect([holder(), holder('2001:db8::100')]).toEqual(['a', 'a']);
    clock.advance(350);
    expect(holder()).toBe('a');
    clock.advance(60);
    expect([holder(), holder('2001:db8::100')]).toEqual([undefined, 'a']);
    clock.advance(3600);
    expect(holder('2001:db8::100')).toBeUndefined();
  });

  test('names all addresses of now: what is left out is given up', () => {
    router.grant({ node: 'a', prefix: '10.0.1.101/32' });
    advertise(a, 100, { addresses: [VIP, '10.0.1.101'] });
    expect(holder('10.0.1.101')).toBe('a');
    advertise(a, 100);
    expect([holder(), holder('10.0.1.101')]).toEqual(['a', undefined]);
  });

  test('without a grant is refused, and makes nobody step back', () => {
    const refused: string[] = [];
    router.on('claim-rejected', ({ claims }) => refused.push(...claims.map(({ node, source, reason }) => `${node} ${source} ${reason}`)));
    advertise(c, 255);
    expect(refused).toEqual(['c vrrp not-granted']);
    expect([a.take(), b.take(), holder()]).toEqual([[], [], undefined]);
  });

  test('that has passed a router, or is malformed, is dropped and counted', () => {
    advertise(a, 100, { ttl: 254 });
    a.ipv4('10.0.1.10', '224.0.0.18', { protocol: 112, payload: hex('21 33 64 01 00 01 0000 0a000164'), ttl: 255 });
    // Over IPv6 the source is a link-local address.
    const global = parseAddress('2001:db8::a');
    const group = parseAddress('ff02::12');
    const fields = { version: 3, virtualRouterId: 1, priority: 1, interval: 1000, addresses: [parseAddress('2001:db8::100')] } as const;
    a.ipv6(global, group, 112, encodeVrrp(fields, global, group), 255);
    expect(drops('pa')).toEqual({ 'malformed-vrrp': 3 });
    expect(holder()).toBeUndefined();
  });

  test('from an address of somebody else gets no further than the port', () => {
    const group = parseAddress('224.0.0.18');
    const fields = { version: 2, virtualRouterId: 51, priority: 200, interval: 1000, addresses: [parseAddress(VIP)] } as const;
    b.ipv4('10.0.1.10', '224.0.0.18', { protocol: 112, payload: encodeVrrp(fields, parseAddress('10.0.1.10'), group), ttl: 255 });
    expect([holder(), drops('pb')]).toEqual([undefined, { 'source-not-held': 1 }]);
  });
});

describe('two nodes that both advertise', () => {
  test('are decided by priority, whoever was first; then by the greater address', () => {
    advertise(a, 150);
    advertise(b, 100);
    expect(holder()).toBe('a');
    expect(router.explain(VIP).decidedAt).toBe('vrrp-priority');
    advertise(a, 90);
    expect(holder()).toBe('b');
    advertise(a, 100);
    expect([holder(), router.explain(VIP).decidedAt]).toEqual(['b', 'neighbour-address']);
  });

  test('are decided by the grants where these say so', () => {
    router.grant({ id: 'late', node: 'b', prefix: `${VIP}/32`, takeover: 'if-holder-down' });
    router.revoke(`tag:vip/${VIP}/32`);
    router.grant({ node: 'a', prefix: `${VIP}/32` });
    advertise(a, 100);
    advertise(b, 200);
    expect(holder()).toBe('a');
    router.grant({ id: 'late', node: 'b', prefix: `${VIP}/32`, preference: 250 });
    expect(holder()).toBe('b');
  });

  test('hear each other only as far as the winner goes: the others are told, unchanged, and the loser is not', () => {
    advertise(a, 150);
    expect([a.packets.length, b.packets.length, c.packets.length]).toEqual([0, 1, 1]);
    const [told] = b.packets;
    expect([told?.[8], told?.subarray(12, 20).join('.')]).toEqual([255, '10.0.1.10.224.0.0.18']);
    b.take();
    advertise(b, 100);
    expect(a.take()).toEqual([]);
    advertise(a, 0);
    // Its last word is passed on too, so that nobody waits for it.
    expect(b.take().length).toBe(1);
    expect(holder()).toBe('b');
    advertise(b, 100);
    expect(a.take().length).toBe(1);
  });

  test('do not lose the address in between, when the backup takes over from one that died', () => {
    const seen: (string | undefined)[] = [];
    router.on('mapping-change', ({ changes }) => seen.push(...changes.map(({ after }) => after?.[0].node)));
    advertise(a, 150);
    // keepalived's backup of priority 100 concludes 3.6 s after the last advertisement.
    clock.advance(3610);
    advertise(b, 100);
    clock.advance(1000);
    expect(seen).toEqual(['a', 'b']);
  });
});

describe('gratuitous ARP of a node that advertises', () => {
  const arp = (guest: Guest): void => guest.arp(1, VIP, VIP);
  const sources = (): string[] => router.explain(VIP).claims.map(({ source }) => source);

  test('says nothing new, before or after, and leaves nothing behind when VRRP ends', () => {
    arp(a);
    expect(sources()).toEqual(['arp']);
    advertise(a, 100);
    expect(sources()).toEqual(['vrrp']);
    arp(a);
    expect(sources()).toEqual(['vrrp']);
    advertise(a, 0);
    expect([sources(), holder()]).toEqual([[], undefined]);
  });

  test('is a claim of its own where VRRP is not granted', () => {
    router.grant({ id: `tag:vip/${VIP}/32`, tag: 'vip', prefix: `${VIP}/32`, sources: ['arp'] });
    advertise(a, 100);
    arp(a);
    expect(
      router
        .explain(VIP)
        .claims.map(({ source, verdict }) => [source, verdict])
        .sort(),
    ).toEqual([
      ['arp', 'accepted'],
      ['vrrp', 'source-not-granted'],
    ]);
    expect(holder()).toBe('a');
  });
});

test('a node that goes down, or leaves its port, has no virtual router any more', () => {
  advertise(a, 100);
  router.network.setNodeState('a', 'down');
  expect([holder(), router.virtualRouters()]).toEqual([undefined, []]);
});

test('what a node says while it is down counts once it is up, whatever becomes of others meanwhile', () => {
  const { network } = router;
  network.grant({ node: 'a', prefix: '10.0.1.101/32' });
  network.setNodeState('a', 'down');
  advertise(a, 100);
  a.arp(1, '10.0.1.101', '10.0.1.101');
  network.setNodeState('c', 'down');
  network.changeNode({ name: 'b', addresses: ['10.0.1.11'], location: 'pb', tags: ['vip'] });
  expect([holder(), holder('10.0.1.101')]).toEqual([undefined, undefined]);
  network.setNodeState('a', 'up');
  expect([holder(), holder('10.0.1.101')]).toEqual(['a', 'a']);
});

test('a router that starts again has each virtual router with the node of before, by priority', async () => {
  const network = { ...router.network.configuration(), restart: {} };
  advertise(a, 200);
  advertise(b, 100);
  advertise(a, 100, { addresses: ['fe80::5100', '2001:db8::100'], version: 3 });
  advertise(b, 200, { addresses: ['fe80::5100', '2001:db8::100'], version: 3 });
  expect([holder(), holder('2001:db8::100')]).toEqual(['a', 'b']);
  const snapshot = JSON.parse(JSON.stringify(router.network.snapshot()));
  await using next = new VirtualNetwork(network, { clock, snapshot });
  expect([...next.mapping()].sort()).toEqual([...router.mapping()].sort());
});

test('one node cannot make sessions without end', () => {
  for (let id = 1; id <= 255; id++) {
    const fields = { version: 2, virtualRouterId: id, priority: 1, interval: 1000, addresses: [parseAddress(VIP)] } as const;
    const payload = encodeVrrp(fields, parseAddress('10.0.1.10'), parseAddress('224.0.0.18'));
    a.ipv4('10.0.1.10', '224.0.0.18', { protocol: 112, payload, ttl: 255 });
  }
  expect(router.virtualRouters().length).toBe(64);
});

test('what counts the packets of a node goes with it, and not while it is only down', async () => {
  const network = new VirtualNetwork({ nodes: [{ name: 'vm-1' }] }, { clock });
  const host = new Host({ transport: new MemoryTransport(clock), clock });
  const link = new LinkAttachment(
    network,
    { name: 'router', routerId: '10.0.0.1' },
    undefined,
    host,
    () => {},
    () => {},
  );
  const vrrp = new VrrpClaims(network, 'router', { nodeAt: () => undefined, dropped: () => {}, relay: () => {} });
  network.join({ announce: () => {}, nodesChanged: () => vrrp.leave((node) => network.model.find(node)?.up !== true) as undefined });
  await link.start([], {});
  const use = (): boolean[][] =>
    Array.from({ length: 5000 }, () => [vrrp.admits('vm-1'), link.tcp.admits('vm-1', new Uint8Array(20), 0, 20)]);
  expect(use().at(-1)).toEqual([false, false]);
  network.setNodeState('vm-1', 'down');
  expect(use()[0]).toEqual([false, false]);
  network.removeNode('vm-1');
  network.addNode({ name: 'vm-1' });
  expect(use()[0]).toEqual([true, true]);
  await link.stop();
  await network.close();
});

test('nodes that are gone have no sets of their own', async () => {
  const network = new VirtualNetwork({}, { clock });
  for (let i = 0; i < 10; i++) {
    network.addNode({ name: `vm-${i}` });
    network.watched(`vm-${i}`, 'router', 'heard');
    network.watched(`vm-${i}`, 'router', 'silent');
    network.removeNode(`vm-${i}`);
  }
  expect(new Set(network.model.nodes.flatMap(({ silentTo, heardBy }) => [silentTo, heardBy])).size).toBe(1);
  await network.close();
});
