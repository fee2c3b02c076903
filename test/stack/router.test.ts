import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Host, ManualClock, MemoryTransport, memoryCable, type RouterConfig, seeded, VirtualRouter } from '../../src/core.js';
import { parseAddress } from '../../src/lib/address.js';
import { fold, sum } from '../../src/stack/wire/checksum.js';
import { checksumIcmp } from '../../src/stack/wire/icmp.js';
import { neighbourAdvertisement, neighbourSolicitation } from '../../src/stack/wire/nd.js';
import { u16 } from '../../src/stack/wire/octets.js';
import { hex } from '../support/hex.js';
import { Guest } from './guest.js';

const ROUTER = hex('02 56 0a 00 00 01');
const MACS = [hex('02 00 00 00 00 0a'), hex('02 00 00 00 00 0b'), hex('02 00 00 00 00 0c')] as const;

const config: RouterConfig = {
  as: 65000,
  routerId: '10.0.0.1',
  interfaces: [
    { subnet: 'one', addresses: ['10.0.1.1'] },
    { subnet: 'two', addresses: ['10.0.2.1'] },
    { subnet: 'six', addresses: ['2001:db8::1'] },
  ],
  ports: [
    { name: 'pa', type: 'memory' },
    { name: 'pb', type: 'memory' },
    { name: 'pc', type: 'memory' },
  ],
  network: {
    ranges: ['10.0.0.0/16', '2001:db8::/32'],
    subnets: [
      { name: 'one', prefix: '10.0.1.0/24' },
      { name: 'two', prefix: '10.0.2.0/24' },
      { name: 'six', prefix: '2001:db8::/64' },
    ],
    nodes: [
      { name: 'a', addresses: ['10.0.1.10', '2001:db8::a'], location: 'pa' },
      { name: 'b', addresses: ['10.0.1.11', '2001:db8::b'], location: 'pb' },
      { name: 'c', addresses: ['10.0.2.12'], location: 'pc' },
    ],
    holders: [{ prefix: '10.0.1.100/32', node: 'a' }],
    grants: [{ node: 'b', prefix: '10.0.1.100/32' }],
  },
};

let clock: ManualClock;
let router: VirtualRouter;
let a: Guest;
let b: Guest;
let c: Guest;

beforeEach(async () => {
  clock = new ManualClock(1_000_000);
  const [ca, pa] = memoryCable();
  const [cb, pb] = memoryCable();
  const [cc, pc] = memoryCable({ mtu: 600 });
  const host = new Host({ transport: new MemoryTransport(clock), clock, random: seeded(1) });
  router = new VirtualRouter(config, { host, ports: { pa, pb, pc } });
  await router.start();
  a = new Guest(ca, MACS[0], ROUTER, '10.0.1.10', '10.0.1.100', '2001:db8::a');
  b = new Guest(cb, MACS[1], ROUTER, '10.0.1.11', '2001:db8::b');
  c = new Guest(cc, MACS[2], ROUTER, '10.0.2.12');
});
afterEach(() => router.stop());

const drops = (port: string) => router.links().find((link) => link.port === port)?.dropped;

describe('a guest at a port', () => {
  test('finds the router by ARP and is answered', () => {
    a.arp(1, '10.0.1.10', '10.0.1.1');
    expect(a.replies.map((f) => f.subarray(22, 32).join())).toEqual([[...ROUTER, 10, 0, 1, 1].join()]);
    a.echo('10.0.1.10', '10.0.1.1');
    expect(a.take()).toEqual(['1/0/0 from 10.0.1.1 ttl 64']);
  });

  test('hears the router for the addresses of others in its subnet, and never for its own or for nobody', () => {
    for (const target of ['10.0.1.11', '10.0.1.10', '10.0.1.100', '10.0.1.77', '10.0.2.12']) a.arp(1, '10.0.1.10', target);
    expect(a.replies.map((f) => f.subarray(28, 32).join('.'))).toEqual(['10.0.1.11']);
  });

  test('that probes an address hears of a conflict, unless it may take the address', () => {
    b.arp(1, '0.0.0.0', '10.0.1.10');
    b.arp(1, '0.0.0.0', '10.0.1.100');
    expect(b.replies.map((f) => f.subarray(28, 32).join('.'))).toEqual(['10.0.1.10']);
  });

  test('asks for a router and for its neighbours over IPv6', () => {
    const from = parseAddress('fe80::ff:fe00:a');
    a.ipv6(from, parseAddress('ff02::2'), 58, hex('85 00 0000 00000000'), 255, true);
    a.ipv6(
      parseAddress('2001:db8::a'),
      parseAddress('ff02::1:ff00:b'),
      58,
      hex('87 00 0000 00000000 20010db8000000000000000000000000b'.replace('00b', '0b')),
      255,
      true,
    );
    expect(a.take()).toEqual(['6:58/136/0 hops 255']);
    clock.advance(500);
    expect(a.take()).toEqual(['6:58/134/0 hops 255']);
  });
});

test('who announced an address that another one has by now, and answers for it from that address, still claims it: in both families', () => {
  const both = { '10.0.1.101': '32', '2001:db8::101': '128' };
  for (const [address, length] of Object.entries(both)) {
    for (const node of ['a', 'b']) router.grant({ node, prefix: `${address}/${length}` });
    for (const guest of [a, b]) {
      guest.addresses.add(address);
      const octets = parseAddress(address);
      if (octets.length === 4) guest.arp(1, address, address);
      else guest.ipv6(octets, parseAddress('ff02::1'), 58, neighbourAdvertisement(octets, guest.mac, 0x20), 255, true);
    }
  }
  clock.advance(60_000);
  for (const [address, length] of Object.entries(both)) {
    expect([...router.claims({ prefix: `${address}/${length}` })].map(({ node, best }) => `${node} ${best}`)).toEqual([
      'a false',
      'b true',
    ]);
  }
  a.addresses.clear();
  clock.advance(60_000);
  for (const [address, length] of Object.entries(both))
    expect([...router.claims({ prefix: `${address}/${length}` })].map(({ node }) => node)).toEqual(['b']);
});

test('nothing that is kept is a view of a buffer that the port uses again', () => {
  const buffer = Buffer.alloc(64);
  buffer.set(hex('ffffffffffff 02000000000c 0806 0001 0800 06 04 0001 02000000000c 0a00020c 000000000000 0a000201'));
  c.cable.send(buffer, 0, 42);
  buffer.fill(0xee);
  const sent: string[] = [];
  c.cable.listen((b, start) => sent.push(b.subarray(start, start + 6).join()));
  a.ipv4('10.0.1.10', '10.0.2.12');
  expect(sent).toEqual([MACS[2].join()]);
});

describe('a packet', () => {
  test('between subnets loses one of its TTL, has a right checksum, and the MAC of its target', () => {
    a.ipv4('10.0.1.10', '10.0.2.12');
    const [packet] = c.packets;
    expect(c.take()).toEqual(['17 from 10.0.1.10 ttl 63']);
    expect(fold(sum(packet as Uint8Array, 0, 20))).toBe(0);
  });

  test('within a subnet keeps its TTL', () => {
    a.ipv4('10.0.1.10', '10.0.1.11');
    expect(b.take()).toEqual(['17 from 10.0.1.10 ttl 64']);
  });

  test('that runs out of hops makes the router show itself', () => {
    a.ipv4('10.0.1.10', '10.0.2.12', { ttl: 1 });
    expect(a.take()).toEqual(['1/11/0 from 10.0.1.1 ttl 64']);
    expect(c.take()).toEqual([]);
  });

  test('that is too big is refused with the MTU of the way out, or goes in parts', () => {
    a.ipv4('10.0.1.10', '10.0.2.12', { payload: new Uint8Array(1000), fragment: 0x4000 });
    expect(u16(a.packets[0] as Uint8Array, 26)).toBe(600);
    expect(a.take()).toEqual(['1/3/4 from 10.0.1.1 ttl 64']);
    a.ipv4('10.0.1.10', '10.0.2.12', { payload: new Uint8Array(1000) });
    expect(c.packets.map((p) => [u16(p, 2), u16(p, 6)])).toEqual([
      [596, 0x2000],
      [444, 72],
    ]);
  });

  test('that is the end of nothing there is, and too big, is not made the beginning of something', () => {
    // The second part of it would stand at 65536, which is 0.
    a.ipv4('10.0.1.10', '10.0.2.12', { protocol: 6, payload: new Uint8Array(1152), fragment: 0x2000 - 72 });
    expect([c.take(), drops('pa')]).toEqual([[], { 'malformed-ip': 1 }]);
    a.ipv4('10.0.1.10', '10.0.2.12', { protocol: 6, payload: new Uint8Array(1150), fragment: 0x2000 - 144 });
    expect(c.take().length).toBe(2);
  });

  test('of UDP for the router ends at it: who traces a path to it is told so', () => {
    a.ipv4('10.0.1.10', '10.0.1.1', { payload: Uint8Array.of(0x9c, 0x40, 0x82, 0x9a, 0, 20, ...new Uint8Array(14)) });
    a.ipv6(parseAddress('2001:db8::a'), parseAddress('2001:db8::1'), 17, new Uint8Array(8));
    a.ipv4('10.0.1.10', '10.0.1.1', { protocol: 99 });
    expect(a.take()).toEqual(['1/3/3 from 10.0.1.1 ttl 64', '6:58/1/4 hops 64', '1/3/2 from 10.0.1.1 ttl 64']);
  });

  test.each([
    ['a source route that goes on', 43, '3a 00 00 01 00000000', '0 at 42'],
    ['a source route at its end', 43, '3a 00 00 00 00000000', undefined],
    ['an option to be passed over', 60, '3a 00 1e 04 00000000', undefined],
    ['an option to be known', 60, '3a 00 9e 04 00000000', '2 at 42'],
    ['an option to be known, in silence', 60, '3a 00 5e 04 00000000', ''],
    ['an option that is cut', 60, '3a 00 1e 05 00000000', '0 at 42'],
    ['an option in the second header', 0, '3c 00 05 02 0000 0100 3a 00 01 02 0000 c2 00', '2 at 54'],
    ['hop-by-hop options behind others', 60, '00 00 01 04 00000000 3a 00 01 04 00000000', '1 at 40'],
  ])('for the router with %s is taken or refused as RFC 8200 says', (_name, next, headers, problem) => {
    const [from, to] = [parseAddress('2001:db8::a'), parseAddress('2001:db8::1')];
    const echo = hex('80 00 0000 00010001 0000');
    checksumIcmp(echo, 0, echo.length, from, to);
    a.ipv6(from, to, next, Uint8Array.of(...hex(headers), ...echo));
    const said = a.packets.map((p) => (p[40] === 4 ? `${p[41]} at ${p[47]}` : `type ${p[40]}`)).join();
    expect([said, drops('pa')]).toEqual(problem === undefined ? ['type 129', {}] : [problem, { 'refused-options': 1 }]);
  });

  test.each([
    ['at once', 200, '', '6'],
    ['behind options', 60, 'c8 00 01 04 00000000', '40'],
    ['behind options and the header of an only part', 60, '2c 00 01 04 00000000 c8 00 0000 00000001', '48'],
    ['behind an authentication header', 51, 'c8 01 0000 00000001 00000001', '40'],
    ['at once, where it is none', 59, '', ''],
    ['behind options, where it is none', 60, '3b 00 01 04 00000000', ''],
  ])('of no protocol that we know is refused where its name stands: %s', (_name, next, headers, pointer) => {
    a.ipv6(parseAddress('2001:db8::a'), parseAddress('2001:db8::1'), next, Uint8Array.of(...hex(headers), ...new Uint8Array(8)));
    expect(a.packets.map((p) => (p[40] === 4 && p[41] === 1 ? `${p[47]}` : 'something else')).join()).toBe(pointer);
    expect(drops('pa')).toEqual({ 'no-protocol': 1 });
  });

  test('to everybody, or to everybody on the link, is no reason to complain', () => {
    router.reconfigure({ ...config, access: [{ action: 'deny', direction: 'in', protocol: 'tcp' }] });
    const payload = new Uint8Array(20);
    a.ipv4('10.0.1.10', '10.0.1.255', { protocol: 6, payload });
    const everybody = new Guest(a.cable, MACS[0], Uint8Array.of(255, 255, 255, 255, 255, 255), '10.0.1.10');
    everybody.ipv4('10.0.1.10', '10.0.2.12', { protocol: 6, payload });
    everybody.ipv4('10.0.1.10', '10.0.1.1', { protocol: 99 });
    everybody.ipv6(parseAddress('2001:db8::a'), parseAddress('2001:db8::1'), 99, payload);
    expect([everybody.take(), drops('pa')]).toEqual([[], { 'access-denied': 2, 'no-protocol': 2 }]);
  });

  test('to where nothing leads is refused, at most so many times a second', () => {
    for (let i = 0; i < 100; i++) a.ipv4('10.0.1.10', '10.9.9.9');
    expect(a.take()).toEqual(Array(20).fill('1/3/0 from 10.0.1.1 ttl 64'));
    expect(drops('pa')).toEqual({ 'no-route': 100 });
  });

  test('to a neighbour that does not answer waits, and is then refused', () => {
    c.silent = true;
    a.ipv4('10.0.1.10', '10.0.2.12');
    clock.advance(2999);
    expect(a.take()).toEqual(['6:58/134/0 hops 255']);
    clock.advance(2);
    expect(a.take()).toEqual(['1/3/1 from 10.0.1.1 ttl 64']);
  });

  test("of the router's own to a guest that does not answer is lost, and nobody else is told of it", async () => {
    const [near, pa] = memoryCable();
    const [far, pb] = memoryCable();
    const host = new Host({ transport: new MemoryTransport(clock), clock, random: seeded(1) });
    const { network } = config;
    const holders = ['0.0.0.0/0', '::/0'].map((prefix) => ({ prefix, node: 'b' }));
    const gateway = new VirtualRouter(
      {
        ...config,
        ports: (config.ports ?? []).slice(0, 2),
        network: { ...network, ranges: ['0.0.0.0/0', '::/0'], holders },
      },
      { host, ports: { pa, pb } },
    );
    await gateway.start();
    const mute = new Guest(near, MACS[0], ROUTER, '10.0.1.10', '2001:db8::a');
    const uplink = new Guest(far, MACS[1], ROUTER, '10.0.1.11', '2001:db8::b');
    mute.silent = true;
    mute.echo('10.0.1.10', '10.0.1.1');
    const echo = hex('80 00 0000 00010001');
    mute.ipv6(parseAddress('2001:db8::a'), parseAddress('2001:db8::1'), 58, echo, 64, true);
    clock.advance(4000);
    expect(uplink.take().filter((what) => !what.startsWith('6:58/134'))).toEqual([]);
    expect(gateway.links()[0]?.dropped).toEqual({ unresolved: 2 });
    await gateway.stop();
  });

  test('to a neighbour that was long silent has it asked, once: who says no MAC is where he was', () => {
    const send = () => a.ipv6(parseAddress('2001:db8::a'), parseAddress('2001:db8::b'), 17, new Uint8Array(16));
    for (let second = 0; second < 120; second++) {
      send();
      clock.advance(1000);
    }
    expect([b.take().filter((what) => what.startsWith('6:17')).length, b.solicited]).toEqual([120, { alone: 3, group: 1 }]);
  });

  test.each([
    ['over IPv4', '1/11/1 from 10.0.1.1 ttl 64'],
    ['over IPv6', '6:58/3/1 hops 64'],
  ])('of which the rest does not come is given up, and its sender is told: %s', (how, said) => {
    if (how === 'over IPv4') a.ipv4('10.0.1.10', '10.0.1.1', { protocol: 1, fragment: 0x2000, payload: new Uint8Array(16).fill(8, 0, 1) });
    else {
      const [from, to] = [parseAddress('2001:db8::a'), parseAddress('2001:db8::1')];
      a.ipv6(from, to, 44, Uint8Array.of(58, 0, 0, 1, 0, 0, 0, 1, 128, ...new Uint8Array(15)));
      // Of this one the first part never came.
      a.ipv6(from, to, 44, Uint8Array.of(58, 0, 0, 9, 0, 0, 0, 2, 128, ...new Uint8Array(15)));
    }
    clock.advance(29_999);
    expect(a.take().filter((what) => !what.startsWith('6:58/134'))).toEqual([]);
    clock.advance(1);
    expect([a.take(), drops('pa')]).toEqual([[said], { reassembly: how === 'over IPv4' ? 1 : 2 }]);
  });

  test('in parts for the router that are too long together is dropped, and counted', () => {
    for (let at = 0; at < 65_520; at += 1480)
      a.ipv4('10.0.1.10', '10.0.1.1', {
        protocol: 1,
        fragment: (at + 1480 < 65_520 ? 0x2000 : 0) | (at >> 3),
        payload: new Uint8Array(Math.min(1480, 65_520 - at)),
      });
    expect([a.take(), drops('pa')]).toEqual([[], { reassembly: 1 }]);
  });

  test('in parts for the router is put together before it is answered', () => {
    const message = new Uint8Array(32);
    message[0] = 8;
    const checksum = fold(sum(message, 0, 32));
    message[2] = checksum >> 8;
    message[3] = checksum & 255;
    a.ipv4('10.0.1.10', '10.0.1.1', { protocol: 1, payload: message.slice(16), fragment: 2 });
    expect(a.take()).toEqual([]);
    a.ipv4('10.0.1.10', '10.0.1.1', { protocol: 1, payload: message.slice(0, 16), fragment: 0x2000 });
    expect(a.take()).toEqual(['1/0/0 from 10.0.1.1 ttl 64']);
  });

  test('over IPv6 goes its way, and a source that is not held goes nowhere', () => {
    a.ipv6(parseAddress('2001:db8::a'), parseAddress('2001:db8::b'), 17, new Uint8Array(16));
    expect(b.take()).toEqual(['6:17 hops 64']);
    a.ipv6(parseAddress('2001:db8::b'), parseAddress('2001:db8::b'), 17, new Uint8Array(16));
    expect(b.take()).toEqual([]);
    expect(drops('pa')).toEqual({ 'source-not-held': 1 });
  });

  test('from an address of somebody else is dropped, counted and named', () => {
    b.ipv4('10.0.1.10', '10.0.2.12');
    b.ipv4('10.0.1.100', '10.0.2.12');
    expect(c.take()).toEqual([]);
    expect(router.links()[1]).toMatchObject({ dropped: { 'source-not-held': 2 }, refusedSources: ['10.0.1.10', '10.0.1.100'] });
  });
});

test('every odd frame has its counter, and none does harm', () => {
  const header = '02560a000001 02000000000a';
  a.raw(hex('0256'));
  a.raw(hex(`${header} 8100 0001 0800`));
  a.raw(hex('0180c200000e 02000000000a 88cc 0207'));
  a.raw(hex(`${header} 1234`));
  a.raw(hex('020000000099 02000000000a 0800'));
  a.raw(new Uint8Array(1600).fill(2, 0, 6).fill(8, 12, 13));
  a.raw(hex(`${header} 0800 45`));
  a.raw(hex(`${header} 0806 0001`));
  a.ipv4('10.0.1.10', '255.255.255.255');
  a.ipv4('10.0.1.10', '10.0.1.1', { protocol: 99 });
  expect(drops('pa')).toEqual({
    runt: 1,
    vlan: 1,
    'link-local-control': 1,
    'unknown-ethertype': 1,
    'other-mac': 1,
    jumbo: 1,
    'malformed-ip': 1,
    'malformed-arp': 1,
    group: 1,
    'no-protocol': 1,
  });
});

describe('who says that a group is his MAC', () => {
  const GROUP = hex('ff ff ff ff ff ff');
  const target = parseAddress('2001:db8::b');
  const ways: readonly (readonly [how: string, say: () => void, reason: string])[] = [
    ['by ARP', () => new Guest(b.cable, GROUP, ROUTER).arp(2, '10.0.1.11', '10.0.1.1'), 'malformed-arp'],
    [
      'by a neighbour solicitation',
      () =>
        b.ipv6(
          target,
          parseAddress('2001:db8::1'),
          58,
          neighbourSolicitation(parseAddress('2001:db8::1'), hex('33 33 00 00 00 01')),
          255,
          true,
        ),
      'malformed-nd',
    ],
    [
      'by a neighbour advertisement',
      () => b.ipv6(target, parseAddress('2001:db8::1'), 58, neighbourAdvertisement(target, GROUP, 0x60), 255, true),
      'malformed-nd',
    ],
  ];
  test.each(ways)('%s is not believed (RFC 1812 §3.3.2)', (_how, say, reason) => {
    say();
    const to: string[] = [];
    b.cable.listen((x, start) => to.push(u16(x, start + 12) === 0x0800 ? 'a packet' : 'a question'));
    a.ipv4('10.0.1.10', '10.0.1.11');
    a.ipv6(parseAddress('2001:db8::a'), target, 17, new Uint8Array(8));
    expect([to, drops('pb')]).toEqual([['a question', 'a question'], { [reason]: 1 }]);
  });
});

test('Neighbour Discovery that RFC 4861 §7.1 has nobody believe is dropped', () => {
  const group = parseAddress('ff02::1:ff00:b');
  const own = parseAddress('2001:db8::a');
  a.ipv6(new Uint8Array(16), group, 58, neighbourSolicitation(parseAddress('2001:db8::b'), a.mac), 255, true);
  a.ipv6(own, parseAddress('ff02::1'), 58, neighbourAdvertisement(own, a.mac, 0x40), 255, true);
  expect([a.take(), drops('pa')]).toEqual([[], { 'malformed-nd': 2 }]);
});

test('a storm of broadcasts is looked at a thousand times a second', () => {
  for (let i = 0; i < 5000; i++) a.arp(1, '10.0.1.10', '10.0.1.1');
  expect(drops('pa')).toEqual({ overload: 4000 });
  expect(a.replies.length).toBe(1000);
});

describe('an address', () => {
  test('announced by gratuitous ARP moves, and goes back when its node falls silent', () => {
    c.ipv4('10.0.2.12', '10.0.1.100');
    expect(a.take().length).toBe(1);
    b.addresses.add('10.0.1.100');
    b.arp(1, '10.0.1.100', '10.0.1.100');
    expect(router.explain('10.0.1.100').claims[0]).toMatchObject({ node: 'b', source: 'arp', from: 'arp b', won: true });
    c.ipv4('10.0.2.12', '10.0.1.100');
    expect([a.take().length, b.take().length]).toEqual([0, 1]);
    clock.advance(60_000);
    expect(router.lookup('10.0.1.100')?.[0].node).toBe('b');
    b.silent = true;
    clock.advance(14_000);
    expect(router.lookup('10.0.1.100')?.[0].node).toBe('a');
  });

  test('announced by an unsolicited neighbour advertisement moves too', () => {
    router.grant({ node: 'b', prefix: '2001:db8::100/128' });
    const target = parseAddress('2001:db8::100');
    b.ipv6(target, parseAddress('ff02::1'), 58, neighbourAdvertisement(target, MACS[1], 0x20), 255, true);
    expect(router.lookup('2001:db8::100')?.[0].node).toBe('b');
    a.ipv6(target, parseAddress('ff02::1'), 58, neighbourAdvertisement(target, MACS[0], 0x20), 255, true);
    expect(router.lookup('2001:db8::100')?.[0].node).toBe('b');
  });

  test('shared by two nodes has its flows shared, each flow at one', () => {
    for (const node of ['a', 'b']) {
      router.grant({ node, prefix: '10.0.9.9/32', mode: 'shared' });
      router.claim({ node, prefix: '10.0.9.9/32' });
    }
    for (let flow = 0; flow < 400; flow++)
      for (let i = 0; i < 2; i++) c.ipv4('10.0.2.12', '10.0.9.9', { payload: Uint8Array.of(flow >> 8, flow, 0, 9, 0, 20, 0, 0) });
    const [na, nb] = [a.take().length, b.take().length];
    expect(na + nb).toBe(800);
    expect([na % 2, nb % 2]).toEqual([0, 0]);
    expect(Math.abs(na - nb)).toBeLessThan(160);
  });

  test('reached through a gateway is sent there, and is no neighbour’s to ask for', () => {
    router.grant({ node: 'b', prefix: '10.0.1.128/25', le: 32, as: 'gateway', sources: ['api'] });
    router.claim({ node: 'b', prefix: '10.0.1.200/32' });
    expect(router.lookup('10.0.1.200')).toEqual([{ type: 'gateway', node: 'b', location: 'pb' }]);
    a.arp(1, '10.0.1.10', '10.0.1.200');
    expect(a.replies).toEqual([]);
    c.ipv4('10.0.2.12', '10.0.1.200');
    expect(b.take()).toEqual(['17 from 10.0.2.12 ttl 63']);
    // What lies behind it may answer.
    b.ipv4('10.0.1.200', '10.0.2.12');
    expect(c.take()).toEqual(['17 from 10.0.1.200 ttl 63']);
    a.ipv4('10.0.1.200', '10.0.2.12');
    expect([c.take(), drops('pa')]).toEqual([[], { 'source-not-held': 1 }]);
  });

  test('shared by weight has flows as the weights say, and only those move that the change is about', () => {
    const share = (weight: number): void => void router.grant({ node: 'b', prefix: '10.0.9.9/32', mode: 'shared', weight });
    router.grant({ node: 'a', prefix: '10.0.9.9/32', mode: 'shared' });
    share(1);
    for (const node of ['a', 'b']) router.claim({ node, prefix: '10.0.9.9/32' });
    const FLOWS = 1000;
    /** Which of so many flows to a port go to b. */
    const atB = (port = 9): boolean[] =>
      Array.from({ length: FLOWS }, (_, flow) => {
        c.ipv4('10.0.2.12', '10.0.9.9', { payload: Uint8Array.of(flow >> 8, flow, 0, port, 0, 20, 0, 0) });
        const [na, nb] = [a.take().length, b.take().length];
        expect(na + nb).toBe(1);
        return nb === 1;
      });
    const count = (flows: readonly boolean[]): number => flows.filter(Boolean).length / FLOWS;
    const even = atB();
    expect(count(even)).toBeCloseTo(1 / 2, 1);
    share(3);
    const most = atB();
    expect(count(most)).toBeCloseTo(3 / 4, 1);
    // None went from b to a.
    expect(even.some((b, i) => b && !most[i])).toBe(false);
    share(0);
    // New ones go elsewhere.
    expect(count(atB(10))).toBe(0);
  });

  test('drained of one of those that share it keeps its old flows there until they are quiet, and new ones go elsewhere', () => {
    for (const node of ['a', 'b']) {
      router.grant({ node, prefix: '10.0.9.9/32', mode: 'shared' });
      router.claim({ node, prefix: '10.0.9.9/32' });
    }
    const FLOWS = 400;
    const send = (port: number, flow: number): string => {
      c.ipv4('10.0.2.12', '10.0.9.9', { payload: Uint8Array.of(flow >> 8, flow, 0, port, 0, 20, 0, 0) });
      return `${a.take().length > 0 ? 'a' : ''}${b.take().length > 0 ? 'b' : ''}`;
    };
    const flows = (port: number): string[] => Array.from({ length: FLOWS }, (_, flow) => send(port, flow));
    const before = flows(9);
    expect(before.filter((node) => node === 'b').length).toBeGreaterThan(FLOWS / 4);
    router.drain('b');
    expect(flows(9)).toEqual(before);
    expect(new Set(flows(10))).toEqual(new Set(['a']));
    // A flow that goes on stays for as long as it does.
    const one = before.indexOf('b');
    for (let i = 0; i < 10; i++) {
      clock.advance(240_000);
      for (const guest of [a, b]) guest.take();
      expect(send(9, one)).toBe('b');
    }
    // The rest were quiet for five minutes: they have ended.
    expect(flows(9).flatMap((node, flow) => (node === 'b' ? [flow] : []))).toEqual([one]);
    // What b has no more goes at once, and one that is back has its share again.
    router.network.setNodeState('b', 'down');
    expect(send(9, one)).toBe('a');
    router.network.setNodeState('b', 'up');
    expect(flows(11).filter((node) => node === 'b').length).toBeGreaterThan(FLOWS / 4);
  });

  test('announced without a grant is refused, and gives no right to send', () => {
    c.arp(2, '10.0.1.100', '10.0.1.100');
    expect([...router.claims({ node: 'c' })].map(({ prefix, verdict }) => [prefix, verdict])).toContainEqual([
      '10.0.1.100/32',
      'not-granted',
    ]);
    c.ipv4('10.0.1.100', '10.0.1.11');
    expect(drops('pc')).toEqual({ 'source-not-held': 1 });
  });

  test('follows its node to another port at once', () => {
    a.ipv4('10.0.1.10', '10.0.2.12');
    expect(c.take().length).toBe(1);
    router.network.changeNode({ name: 'b', addresses: ['10.0.1.11', '2001:db8::b'] });
    router.network.changeNode({ name: 'c', addresses: ['10.0.2.12'], location: 'pb' });
    b.addresses.add('10.0.2.12');
    a.ipv4('10.0.1.10', '10.0.2.12');
    expect([b.take(), c.take()]).toEqual([['17 from 10.0.1.10 ttl 63'], []]);
  });
});
