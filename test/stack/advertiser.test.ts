import { afterEach, beforeEach, expect, test } from 'vitest';
import { Host, ManualClock, MemoryTransport, memoryCable, type RouterConfig, seeded, VirtualRouter } from '../../src/core.js';
import { parseAddress } from '../../src/lib/address.js';
import { fold, pseudo, sum } from '../../src/stack/wire/checksum.js';
import { u16 } from '../../src/stack/wire/octets.js';
import { hex } from '../support/hex.js';
import { Guest } from './guest.js';

const ROUTER = hex('02 56 0a 00 00 01');
const config: RouterConfig = {
  as: 65000,
  routerId: '10.0.0.1',
  interfaces: [
    { subnet: 'six', addresses: ['2001:db8::1'], advertise: { minInterval: 30, maxInterval: 40 } },
    { subnet: 'four', addresses: ['10.0.1.1'] },
    { subnet: 'still', addresses: ['2001:db8:1::1'], advertise: false },
  ],
  ports: ['pa', 'pb', 'pc'].map((name) => ({ name, type: 'memory' })),
  network: {
    subnets: [
      { name: 'six', prefix: '2001:db8::/64' },
      { name: 'four', prefix: '10.0.1.0/24' },
      { name: 'still', prefix: '2001:db8:1::/64' },
    ],
    nodes: [
      { name: 'a', addresses: ['2001:db8::a'], location: 'pa' },
      { name: 'b', addresses: ['10.0.1.11'], location: 'pb' },
      { name: 'c', addresses: ['2001:db8:1::c'], location: 'pc' },
    ],
  },
};

let clock: ManualClock;
let router: VirtualRouter;
let guests: Guest[];
/** When each guest heard a router advertisement, and the lifetime in it. */
let heard: [at: number, lifetime: number][][];

beforeEach(async () => {
  clock = new ManualClock(0);
  const cables = ['pa', 'pb', 'pc'].map((name) => [name, ...memoryCable()] as const);
  const host = new Host({ transport: new MemoryTransport(clock), clock, random: seeded(3) });
  router = new VirtualRouter(config, { host, ports: Object.fromEntries(cables.map(([name, , port]) => [name, port])) });
  heard = cables.map(() => []);
  guests = cables.map(([, cable], i) => {
    const guest = new Guest(cable, Uint8Array.of(2, 0, 0, 0, 0, 10 + i), ROUTER, 'fe80::a');
    cable.listen((frame, start) => {
      if (u16(frame, start + 12) === 0x86dd && frame[start + 54] === 134) heard[i]?.push([clock.now(), u16(frame, start + 60)]);
    });
    return guest;
  });
  await router.start();
});
afterEach(() => router.stop());

const times = (i = 0): number[] => (heard[i] ?? []).map(([at]) => at);
const gaps = (at: readonly number[]): number[] => at.slice(1).map((time, i) => time - (at[i] ?? 0));
const solicit = (): void => guests[0]?.ipv6(parseAddress('fe80::a'), parseAddress('ff02::2'), 58, hex('85 00 0000 00000000'), 255, true);

test('the router is advertised soon, three times quickly, and then within the interval, each time after another while', () => {
  clock.advance(500);
  expect(times().length).toBe(1);
  clock.advance(1_000_000);
  const between = gaps(times());
  expect(between.slice(0, 3)).toEqual([16_000, 16_000, 16_000]);
  const later = between.slice(3);
  expect(later.length).toBeGreaterThan(20);
  expect(Math.min(...later)).toBeGreaterThanOrEqual(30_000);
  expect(Math.max(...later)).toBeLessThanOrEqual(40_000);
  expect(new Set(later).size).toBeGreaterThan(20);
  expect(new Set(heard[0]?.map(([, lifetime]) => lifetime))).toEqual(new Set([120]));
});

test('only in IPv6 subnets, and not where it is told not to be', () => {
  clock.advance(100_000);
  expect(times(1)).toEqual([]);
  expect(times(2)).toEqual([]);
});

test('who asks is answered within half a second, and no oftener than every three', () => {
  clock.advance(200_000);
  const before = times().length;
  const asked = clock.now();
  // A hundred times a second, for a minute.
  for (let i = 0; i < 6000; i++) {
    solicit();
    clock.advance(10);
  }
  const answers = times().slice(before);
  expect((answers[0] ?? 0) - asked).toBeLessThanOrEqual(500 + 3000);
  expect(answers.length).toBeGreaterThan(15);
  expect(Math.min(...gaps(answers))).toBeGreaterThanOrEqual(3000);
});

test('a node that comes to a port hears of the router soon', () => {
  clock.advance(100_000);
  const before = times(1).length;
  router.network.changeNode({ name: 'a', addresses: ['2001:db8::a'] });
  router.network.changeNode({ name: 'b', addresses: ['2001:db8::b'], location: 'pb' });
  clock.advance(500);
  expect(times(1).length).toBe(before + 1);
  const at = times().length;
  clock.advance(100_000);
  expect(times().length).toBe(at);
});

test('the router that stops says that it is a default router no more', async () => {
  clock.advance(100);
  await router.stop();
  expect(heard[0]?.at(-1)).toEqual([100, 0]);
  const count = times().length;
  clock.advance(1_000_000);
  expect(times().length).toBe(count);
});

test('the octets are those of RFC 4861', () => {
  let frame = new Uint8Array(0);
  guests[0]?.cable.listen((b, start, end) => {
    frame = b.slice(start, end);
  });
  clock.advance(500);
  const own = parseAddress('fe80::56:aff:fe00:1');
  expect([...frame.subarray(0, 6)]).toEqual([0x33, 0x33, 0, 0, 0, 1]);
  expect([...frame.subarray(22, 38)]).toEqual([...own]);
  expect(fold(sum(frame, 54, frame.length, pseudo(frame, 22, frame, 38, 16, 58, frame.length - 54)))).toBe(0);
  const message = hex(`86 00 ${Buffer.from(frame.subarray(56, 58)).toString('hex')} 40 00 0078 00000000 00000000
    01 01 02560a000001  05 01 0000 000005dc
    03 04 40 80 00015180 00003840 00000000 20010db8000000000000000000000000`);
  expect(Buffer.from(frame.subarray(54)).toString('hex')).toBe(Buffer.from(message).toString('hex'));
});
