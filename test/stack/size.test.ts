/** Packets that come in parts, or are too big for the way out. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Host, ManualClock, MemoryTransport, memoryCable, seeded, VirtualRouter } from '../../src/core.js';
import { parseAddress } from '../../src/lib/address.js';
import { u16, u32 } from '../../src/stack/wire/octets.js';
import { hex } from '../support/hex.js';
import { Guest } from './guest.js';

const ROUTER = hex('02 56 0a 00 00 01');
const [A, B] = ['2001:db8:1::a', '2001:db8:2::b'] as const;

let router: VirtualRouter;
let a: Guest;
let b: Guest;

beforeEach(async () => {
  const clock = new ManualClock(1_000_000);
  const [ca, pa] = memoryCable();
  const [cb, pb] = memoryCable({ mtu: 1300 });
  router = new VirtualRouter(
    {
      as: 65000,
      routerId: '10.0.0.1',
      interfaces: [
        { subnet: 'one', addresses: ['10.0.1.1'] },
        { subnet: 'two', addresses: ['10.0.2.1'] },
        { subnet: 'sixone', addresses: ['2001:db8:1::1'] },
        { subnet: 'sixtwo', addresses: ['2001:db8:2::1'] },
      ],
      ports: [
        { name: 'pa', type: 'memory' },
        { name: 'pb', type: 'memory' },
      ],
      network: {
        subnets: [
          { name: 'one', prefix: '10.0.1.0/24' },
          { name: 'two', prefix: '10.0.2.0/24' },
          { name: 'sixone', prefix: '2001:db8:1::/64' },
          { name: 'sixtwo', prefix: '2001:db8:2::/64' },
        ],
        nodes: [
          { name: 'a', addresses: ['10.0.1.10', A], location: 'pa' },
          { name: 'b', addresses: ['10.0.2.11', B], location: 'pb' },
        ],
      },
    },
    { host: new Host({ transport: new MemoryTransport(clock), clock, random: seeded(1) }), ports: { pa, pb } },
  );
  await router.start();
  a = new Guest(ca, hex('02 00 00 00 00 0a'), ROUTER, '10.0.1.10', A);
  b = new Guest(cb, hex('02 00 00 00 00 0b'), ROUTER, '10.0.2.11', B);
});
afterEach(() => router.stop());

const dropped = () => router.links().map((link) => link.dropped);

describe('parts of a packet', () => {
  test('are passed on as they come, out of order and without the others', () => {
    for (const [fragment, length] of [
      [0x2000 | 50, 400],
      [100, 60],
    ] as const)
      a.ipv4('10.0.1.10', '10.0.2.11', { fragment, id: 77, payload: new Uint8Array(length) });
    expect(b.packets.map((p) => [u16(p, 2), u16(p, 4), u16(p, 6), p[8]])).toEqual([
      [420, 77, 0x2000 | 50, 63],
      [80, 77, 100, 63],
    ]);
    expect([a.take(), dropped()]).toEqual([[], [{}, {}]]);
  });

  test('over IPv6 too, with their header', () => {
    // Next header UDP, offset 1 (in eights), more to come, and its identification (RFC 8200 §4.5).
    const part = Uint8Array.of(17, 0, 0, 9, 0, 0, 0, 5, ...new Uint8Array(64).fill(7));
    a.ipv6(parseAddress(A), parseAddress(B), 44, part);
    expect(b.packets.map((p) => [p[7], p.subarray(40)])).toEqual([[63, part]]);
    expect([a.take(), dropped()]).toEqual([[], [{}, {}]]);
  });

  test('are cut further where the way out is narrower, and stay parts of the same', () => {
    a.ipv4('10.0.1.10', '10.0.2.11', { fragment: 0x2000 | 10, id: 78, payload: new Uint8Array(1400) });
    expect(b.packets.map((p) => [u16(p, 2), u16(p, 4), u16(p, 6)])).toEqual([
      [1300, 78, 0x2000 | 10],
      [140, 78, 0x2000 | (10 + 160)],
    ]);
  });
});

describe('a packet too big for the way out', () => {
  test('over IPv6 is refused with the MTU of that way, never cut (RFC 4443 §3.2)', () => {
    a.ipv6(parseAddress(A), parseAddress(B), 17, new Uint8Array(1261));
    const [error] = a.packets;
    expect(error && [error[40], error[41], u32(error, 44)]).toEqual([2, 0, 1300]);
    // What it is about comes back with it.
    expect(error?.subarray(48 + 8, 48 + 40)).toEqual(Uint8Array.of(...parseAddress(A), ...parseAddress(B)));
    expect([b.take(), dropped()]).toEqual([[], [{ 'too-big': 1 }, {}]]);
    a.take();
    a.ipv6(parseAddress(A), parseAddress(B), 17, new Uint8Array(1260));
    expect([a.take(), b.take()]).toEqual([[], ['6:17 hops 63']]);
  });

  test('that ran out of hops says so, from the address on the side that it came from', () => {
    a.ipv6(parseAddress(A), parseAddress(B), 17, new Uint8Array(8), 1);
    const [error] = a.packets;
    expect(error?.subarray(8, 24)).toEqual(parseAddress('2001:db8:1::1'));
    expect(a.take()).toEqual(['6:58/3/0 hops 64']);
  });
});
