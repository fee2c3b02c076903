/** What a link must bear: sources that are no node's, floods of every kind, and a cable that loses, doubles and reorders. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Host, ManualClock, MemoryTransport, memoryCable, type RouterConfig, seeded, VirtualRouter } from '../../src/core.js';
import { parseAddress } from '../../src/lib/address.js';
import { writeArp } from '../../src/stack/wire/arp.js';
import { writeEthernet } from '../../src/stack/wire/ethernet.js';
import { writeIpv4 } from '../../src/stack/wire/ipv4.js';
import { neighbourAdvertisement, neighbourSolicitation } from '../../src/stack/wire/nd.js';
import { encodeVrrp } from '../../src/vrrp/wire/index.js';
import { hex } from '../support/hex.js';
import { floodsOf } from './floods.js';
import { Guest } from './guest.js';

const ROUTER = Uint8Array.of(2, 0x56, 10, 0, 0, 1);
const VIP = '10.0.1.100';
const config: RouterConfig = {
  as: 65000,
  routerId: '10.0.0.1',
  interfaces: [
    { subnet: 'one', addresses: ['10.0.1.1'] },
    { subnet: 'six', addresses: ['2001:db8::1'] },
  ],
  ports: ['pa', 'pb'].map((name) => ({ name, type: 'memory' })),
  network: {
    ranges: ['10.0.0.0/16', '2001:db8::/32'],
    subnets: [
      { name: 'one', prefix: '10.0.1.0/24' },
      { name: 'six', prefix: '2001:db8::/64' },
    ],
    nodes: [
      { name: 'a', addresses: ['10.0.1.10', '2001:db8::a'], location: 'pa' },
      { name: 'b', addresses: ['10.0.1.11', '2001:db8::b'], location: 'pb' },
    ],
    grants: [
      { node: 'b', prefix: `${VIP}/32` },
      { node: 'a', prefix: '10.0.8.0/21', ge: 32, le: 32 },
    ],
  },
};

let clock: ManualClock;
let router: VirtualRouter;
let a: Guest;
let b: Guest;
beforeEach(async () => {
  clock = new ManualClock(1_000_000);
  const [ca, pa] = memoryCable();
  const [cb, pb] = memoryCable();
  const host = new Host({ transport: new MemoryTransport(clock), clock, random: seeded(1) });
  router = new VirtualRouter(config, { host, ports: { pa, pb } });
  await router.start();
  a = new Guest(ca, Uint8Array.of(2, 0, 0, 0, 0, 10), ROUTER, '10.0.1.10', '2001:db8::a');
  b = new Guest(cb, Uint8Array.of(2, 0, 0, 0, 0, 11), ROUTER, '10.0.1.11', '2001:db8::b', VIP);
});
afterEach(() => router.stop());
const drops = (port = 'pa') => router.links().find((link) => link.port === port)?.dropped;
const any = new Uint8Array(16);
const linkLocal = parseAddress('fe80::ff:fe00:a');
const group = parseAddress('ff02::16');

describe('the source check', () => {
  const exceptions: Readonly<Record<string, () => void>> = {
    'an ARP probe': () => a.arp(1, '0.0.0.0', '10.0.1.77'),
    'duplicate address detection from ::': () =>
      a.ipv6(
        any,
        parseAddress('ff02::1:ff00:77'),
        58,
        neighbourSolicitation(parseAddress('2001:db8::77'), a.mac).subarray(0, 24),
        255,
        true,
      ),
    'a link-local source to the router': () => a.ipv6(linkLocal, parseAddress('2001:db8::1'), 58, hex('80 00 0000 00000000'), 64, true),
    'an advertisement to a group, of the address that it is from': () => {
      const own = parseAddress('2001:db8::99');
      a.ipv6(own, parseAddress('ff02::1'), 58, neighbourAdvertisement(own, a.mac, 0x20), 255, true);
    },
  };
  test.each(Object.entries(exceptions))('lets %s pass', (_name, send) => {
    send();
    expect(drops()).toEqual({});
  });

  test('lets MLD from :: and DHCP from 0.0.0.0 pass, which nobody here listens to', () => {
    a.ipv6(any, group, 58, hex('8f 00 0000 0000 0000'), 1, true);
    expect(drops()).toEqual({});
    const payload = Uint8Array.of(0, 68, 0, 67, 0, 8, 0, 0);
    a.ipv4('0.0.0.0', '255.255.255.255', { payload });
    expect(drops()?.['source-not-held']).toBeUndefined();
    // Neither from another port nor to another place.
    a.ipv4('0.0.0.0', '255.255.255.255', { payload: Uint8Array.of(0, 69, 0, 67, 0, 8, 0, 0) });
    a.ipv4('0.0.0.0', '10.0.1.11', { payload });
    expect(drops()?.['source-not-held']).toBe(2);
  });

  test("does not look at MACs: VRRP's virtual one passes", () => {
    const frame = new Uint8Array(54);
    frame.set([...ROUTER, 0, 0, 0x5e, 0, 1, 51, 8, 0]);
    writeIpv4(frame, 14, { source: parseAddress('10.0.1.10'), target: parseAddress('10.0.1.11'), protocol: 17, payload: 20, ttl: 64 });
    a.raw(frame);
    expect([b.take().length, drops()]).toEqual([1, {}]);
  });

  test('forwards none of what has link scope', () => {
    a.ipv6(linkLocal, parseAddress('2001:db8::b'), 17, new Uint8Array(8));
    a.ipv6(any, parseAddress('2001:db8::b'), 17, new Uint8Array(8));
    a.ipv4('169.254.1.1', '10.0.1.11');
    expect([b.take(), drops()]).toEqual([[], { 'source-not-held': 3 }]);
  });

  test("knows that who holds what all others are in has neither the router's addresses nor nobody's", async () => {
    const [near, pa] = memoryCable();
    const [, pb] = memoryCable();
    const { network } = config;
    const host = new Host({ transport: new MemoryTransport(clock), clock, random: seeded(1) });
    const gateway = new VirtualRouter(
      {
        ...config,
        interfaces: [...(config.interfaces ?? []), { subnet: 'two', addresses: ['10.0.2.1'] }],
        network: {
          ...network,
          ranges: ['0.0.0.0/0', '::/0'],
          subnets: [...(network?.subnets ?? []), { name: 'two', prefix: '10.0.2.0/24' }],
          holders: ['0.0.0.0/0', '::/0'].map((prefix) => ({ prefix, node: 'a' })),
        },
      },
      { host, ports: { pa, pb } },
    );
    await gateway.start();
    const uplink = new Guest(near, a.mac, ROUTER, '10.0.1.10', '2001:db8::a');
    uplink.ipv4('10.0.2.1', '10.0.1.11');
    uplink.ipv4('10.0.2.1', '10.0.1.1');
    const to = parseAddress('2001:db8::b');
    for (const from of ['2001:db8::1', '::1', '::']) uplink.ipv6(parseAddress(from), to, 17, new Uint8Array(8));
    for (const nobody of ['::1', '::']) uplink.ipv6(parseAddress('2001:db8::a'), parseAddress(nobody), 17, new Uint8Array(8));
    uplink.ipv4('192.0.2.1', '10.0.1.11');
    uplink.ipv6(parseAddress('2001:4860::1'), to, 17, new Uint8Array(8));
    const [link] = gateway.links();
    expect([link?.dropped, link?.forwarded]).toEqual([{ 'source-not-held': 5, 'no-route': 2 }, 2]);
    await gateway.stop();
  });

  test("knows the router's link-local address, which is no guest's either", () => {
    const own = parseAddress('fe80::56:aff:fe00:1');
    a.ipv6(own, parseAddress('2001:db8::1'), 58, hex('80 00 0000 00000000'), 64, true);
    a.ipv6(own, parseAddress('ff02::1:ff00:b'), 58, neighbourSolicitation(parseAddress('2001:db8::b'), a.mac), 255, true);
    expect([a.take(), drops()]).toEqual([[], { 'source-not-held': 2 }]);
  });

  test('knows who holds an address now: a claim that was accepted and does not win gives no right', () => {
    router.grant({ node: 'a', prefix: `${VIP}/32`, takeover: 'if-holder-down' });
    b.arp(1, VIP, VIP);
    a.arp(1, VIP, VIP);
    expect(router.explain(VIP).claims.map(({ node, verdict, won }) => [node, verdict, won])).toEqual([
      ['b', 'accepted', true],
      ['a', 'accepted', false],
    ]);
    a.ipv4(VIP, '10.0.1.11');
    expect([b.take(), drops()]).toEqual([[], { 'source-not-held': 1 }]);
    b.ipv4(VIP, '10.0.1.10');
    expect(a.take().length).toBe(1);
  });
});

describe('a flood', () => {
  const kinds = Object.keys(floodsOf(new Guest(memoryCable()[0], ROUTER, ROUTER)));

  test.each(kinds)('of %s takes nothing from another guest, and is answered within bounds', (kind) => {
    const send = floodsOf(a)[kind] as (n: number) => void; // each kind is there
    const advertise = (): void => {
      const fields = { version: 2, virtualRouterId: 51, priority: 100, interval: 1000, addresses: [parseAddress(VIP)] } as const;
      b.ipv4('10.0.1.11', '224.0.0.18', {
        protocol: 112,
        payload: encodeVrrp(fields, parseAddress('10.0.1.11'), parseAddress('224.0.0.18')),
        ttl: 255,
      });
    };
    let moved = 0;
    router.on('mapping-change', ({ changes }) => {
      moved += changes.filter(({ prefix }) => prefix === `${VIP}/32`).length;
    });
    advertise();
    const SECONDS = 2;
    for (let second = 0; second < SECONDS; second++) {
      for (let n = 0; n < 1200; n++) send(second * 1200 + n);
      clock.advance(1000);
      advertise();
      // The other guest is answered in the midst of it.
      b.take();
      b.echo('10.0.1.11', '10.0.1.1');
      expect(b.take()).toEqual(['1/0/0 from 10.0.1.1 ttl 64']);
    }
    expect([moved, router.lookup(VIP)?.[0].node]).toEqual([1, 'b']);
    // What the flooder made us keep: claims, and nothing else that grows with it.
    expect([...router.claims({ node: 'a' })].length).toBeLessThanOrEqual(256 + 64 + 2);
    expect(drops('pb')).toEqual({});
  });
});

describe('what the router itself deals with', () => {
  test.each<[string, () => void]>([
    [
      'ARP to its MAC',
      () => {
        const frame = new Uint8Array(42);
        writeEthernet(frame, 0, ROUTER, a.mac, 0x0806);
        writeArp(frame, 14, 1, a.mac, parseAddress('10.0.1.10'), new Uint8Array(6), parseAddress('10.0.1.1'));
        a.raw(frame);
      },
    ],
    ['echo', () => a.echo('10.0.1.10', '10.0.1.1')],
    ['Neighbour Discovery', () => floodsOf(a)['Neighbour Discovery']?.(1)],
    ['fragments', () => floodsOf(a).fragments?.(2)],
  ])('of %s is a thousand a second and link', (_name, send) => {
    for (let second = 1; second <= 3; second++) {
      for (let n = 0; n < 1300; n++) send();
      // What the guest answers, when it is asked for its MAC, counts too.
      expect(drops()?.overload).toBeGreaterThanOrEqual(300 * second);
      expect(drops()?.overload).toBeLessThanOrEqual(300 * second + 1);
      clock.advance(1000);
    }
  });

  test('is not what is passed on, nor what another link sends', () => {
    for (let n = 0; n < 1300; n++) a.echo('10.0.1.10', '10.0.1.1');
    a.take();
    b.arp(1, '10.0.1.11', '10.0.1.1');
    expect(b.replies.length).toBe(1);
    for (let n = 0; n < 1300; n++) a.ipv4('10.0.1.10', '10.0.1.11');
    expect(b.take().length).toBe(1300);
  });

  test('of TCP is what belongs to a connection, and some hundreds a second of what does not', () => {
    const syns = floodsOf(a).SYNs as (n: number) => void; // it is there
    a.take();
    for (let n = 0; n < 1500; n++) syns(n);
    const first = a.take().length;
    clock.advance(1000);
    a.take();
    for (let n = 1500; n < 3000; n++) syns(n);
    const later = a.take().length;
    expect([first, later]).toEqual([512, 200]);
  });
});

describe('a cable', () => {
  test('without misfortunes hands frames over at once and in order', () => {
    const [near, far] = memoryCable();
    const got: number[] = [];
    far.listen((frame, start) => got.push(frame[start] ?? -1));
    for (let n = 0; n < 5; n++) near.send(Uint8Array.of(9, n, 9), 1, 2);
    expect(got).toEqual([0, 1, 2, 3, 4]);
  });

  test('loses, doubles, delays and reorders as often as it is told, and the same each time', () => {
    const FRAMES = 4000;
    const run = () => {
      const time = new ManualClock(0);
      const [near, far] = memoryCable({ clock: time, random: seeded(7), delay: 5, loss: 0.1, duplication: 0.05, reordering: 0.2 });
      const got: { readonly n: number; readonly at: number }[] = [];
      far.listen((frame, start) => got.push({ n: ((frame[start] ?? 0) << 8) | (frame[start + 1] ?? 0), at: time.now() }));
      for (let n = 0; n < FRAMES; n++) {
        near.send(Uint8Array.of(n >> 8, n), 0, 2);
        time.advance(1);
      }
      time.advance(20);
      return { got, lost: near.counters.dropped };
    };
    const { got, lost } = run();
    expect(lost / FRAMES).toBeCloseTo(0.1, 1);
    expect(got.length - new Set(got.map(({ n }) => n)).size).toBeGreaterThan(0.03 * FRAMES);
    const late = got.filter(({ n, at }) => at - n >= 10).length / got.length;
    expect(late).toBeGreaterThan(0.17);
    expect(late).toBeLessThan(0.23);
    expect(got.every(({ n, at }) => at - n >= 5)).toBe(true);
    expect(got.some(({ n }, i) => i > 0 && n < (got[i - 1]?.n ?? 0))).toBe(true);
    expect(run().got).toEqual(got);
  });
});

test('who sends to ever more addresses behind a node does not have it forgotten how the node itself is reached', async () => {
  const behind = '2001:db8:1::';
  const [first] = config.network?.nodes ?? [];
  router.reconfigure({
    ...config,
    network: {
      ...config.network,
      nodes: [{ ...first, name: 'a', addresses: ['10.0.1.10'] }, ...(config.network?.nodes ?? []).slice(1)],
      holders: [{ prefix: `${behind}/64`, node: 'a', as: 'gateway' }],
    },
  });
  await router.network.settled();
  const source = parseAddress('2001:db8::b');
  const send = (n: number): void => {
    b.ipv6(source, Uint8Array.of(...parseAddress(behind).subarray(0, 12), 0, 0, n >> 8, n), 17, new Uint8Array(20));
  };
  for (let n = 0; n < 300; n++) send(n);
  // The first of them have made room for the last; the others still wait for an answer.
  expect(drops()?.unresolved).toBe(300 - 255);
  // What was heard of the node is asked for again, and it answers.
  for (let seconds = 0; seconds < 90; seconds += 10) {
    clock.advance(10_000);
    a.take();
    b.ipv4('10.0.1.11', '10.0.1.10');
    clock.advance(1);
    expect(a.take()).toEqual(['17 from 10.0.1.11 ttl 64']);
  }
});
