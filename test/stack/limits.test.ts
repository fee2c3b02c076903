/** What the node at a port may use up: each limit is reached, and what is beyond it is counted under its reason. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Host, ManualClock, MemoryTransport, memoryCable, type RouterConfig, seeded, VirtualRouter } from '../../src/core.js';
import { parseAddress } from '../../src/lib/address.js';
import { renderPrometheus } from '../../src/router/prometheus.js';
import { DROPS } from '../../src/stack/drops.js';
import { PORT_LIMITS, type PortLimitName } from '../../src/stack/limits.js';
import { checksumTcp, encodeTcp, TcpFlag } from '../../src/stack/wire/tcp.js';
import { encodeVrrp } from '../../src/vrrp/wire/index.js';
import { floodsOf } from './floods.js';
import { Guest } from './guest.js';

const ROUTER = Uint8Array.of(2, 0x56, 10, 0, 0, 1);
const BEHIND = '2001:db8:1::';
const config: RouterConfig = {
  as: 65000,
  routerId: '10.0.0.1',
  interfaces: [
    { subnet: 'one', addresses: ['10.0.1.1'] },
    { subnet: 'six', addresses: ['2001:db8::1'] },
  ],
  ports: ['pa', 'pb'].map((name) => ({ name, type: 'memory' })),
  network: {
    subnets: [
      { name: 'one', prefix: '10.0.1.0/24' },
      { name: 'six', prefix: '2001:db8::/64' },
    ],
    nodes: [
      { name: 'a', addresses: ['10.0.1.10'], location: 'pa' },
      { name: 'b', addresses: ['10.0.1.11', '2001:db8::b'], location: 'pb' },
    ],
    grants: [{ node: 'a', prefix: '10.0.8.0/21', ge: 32, le: 32 }],
    holders: [{ prefix: `${BEHIND}/64`, node: 'a', as: 'gateway' }],
  },
  neighbours: [{ address: '10.0.1.10', as: 65001, passive: true }],
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
  a = new Guest(ca, Uint8Array.of(2, 0, 0, 0, 0, 10), ROUTER, '10.0.1.10');
  b = new Guest(cb, Uint8Array.of(2, 0, 0, 0, 0, 11), ROUTER, '10.0.1.11', '2001:db8::b');
});
afterEach(() => router.stop());

const times = (count: number, call: (n: number) => void): void => {
  for (let n = 0; n < count; n++) call(n);
};
const flood = (kind: string, count: number): void => times(count, floodsOf(a)[kind] as (n: number) => void); // each kind is there
function advertise(id: number, addresses: number): void {
  const list = Array.from({ length: addresses }, (_, n) => Uint8Array.of(10, 0, 8 + (id & 7), n));
  const fields = { version: 2, virtualRouterId: id, priority: 1, interval: 1000, addresses: list } as const;
  const payload = encodeVrrp(fields, parseAddress('10.0.1.10'), parseAddress('224.0.0.18'));
  a.ipv4('10.0.1.10', '224.0.0.18', { protocol: 112, payload, ttl: 255 });
}
/** A segment from a port of the guest's to one of the router's. */
function segment(from: number, to: number, flags: number): void {
  const payload = encodeTcp({ seq: from << 8, ack: 0, flags, window: 1024, payload: new Uint8Array(0) }, from, to, 0);
  checksumTcp(payload, parseAddress('10.0.1.10'), parseAddress('10.0.1.1'));
  a.ipv4('10.0.1.10', '10.0.1.1', { protocol: 6, payload });
}

/** How the node at port `pa` comes beyond a limit, and by how much; connections: see `tcp/hostile.test.ts`. */
const WAYS: Readonly<Record<Exclude<PortLimitName, 'connections'>, readonly [excess: number, go: () => void]>> = {
  control: [500, () => flood('ARP', 1500)],
  queued: [
    76,
    () => {
      // It answers the first frame that it gets with 1,100 to another guest, all of which come in while the router still sends.
      a.cable.listen(() => {
        a.cable.listen(() => {});
        times(1100, () => a.ipv4('10.0.1.10', '10.0.1.11'));
      });
      b.ipv4('10.0.1.11', '10.0.1.10');
    },
  ],
  strangers: [88, () => times(600, (n) => segment(2000 + n, 80, TcpFlag.ack))],
  halfOpen: [44, () => times(300, (n) => segment(2000 + n, 179, TcpFlag.syn))],
  datagrams: [6, () => flood('fragments', 70)],
  parts: [1, () => times(65, (n) => a.ipv4('10.0.1.10', '10.0.1.1', { fragment: 0x2000 | n, id: 7, payload: new Uint8Array(8) }))],
  neighbours: [
    45,
    () =>
      times(300, (n) => {
        const target = Uint8Array.of(...parseAddress(BEHIND).subarray(0, 12), 0, 0, n >> 8, n);
        b.ipv6(parseAddress('2001:db8::b'), target, 17, new Uint8Array(20));
      }),
  ],
  waiting: [
    4,
    () => {
      a.silent = true;
      times(20, () => b.ipv4('10.0.1.11', '10.0.1.10'));
    },
  ],
  announced: [44, () => flood('gratuitous ARP', 300)],
  virtualRouters: [6, () => times(70, (n) => advertise(1 + n, 1))],
  virtualAddresses: [1, () => times(2, (n) => advertise(1 + n, 200))],
  advertisements: [100, () => times(600, () => advertise(1, 1))],
  errors: [180, () => flood('packets to nowhere', 200)],
  resets: [50, () => times(150, (n) => segment(2000 + n, 80, TcpFlag.ack))],
};

describe('what is beyond a limit of a port is counted', () => {
  test.each(Object.entries(WAYS))('%s', (name, [excess, go]) => {
    const { reason } = PORT_LIMITS[name as PortLimitName]; // a key of the table
    const dropped = DROPS.some((drop) => drop === reason);
    const shown = (port: string, node: string): number => {
      const metric = dropped ? 'virtual_router_frames_dropped_total' : 'virtual_router_answers_withheld_total';
      const labels = `{router="router",port="${port}",node="${node}",${dropped ? 'reason' : 'kind'}="${reason}"}`;
      const line = renderPrometheus(router.metrics())
        .split('\n')
        .find((text) => text.startsWith(`${metric}${labels} `));
      return Number(line?.split(' ').at(-1) ?? 0);
    };
    expect(shown('pa', 'a')).toBe(0);
    go();
    clock.settle();
    expect([shown('pa', 'a'), shown('pb', 'b')]).toEqual([excess, 0]);
  });

  test('for each that there is', () => {
    expect([...Object.keys(WAYS), 'connections'].sort()).toEqual(Object.keys(PORT_LIMITS).sort());
  });
});

test('what a node announced has made room once it answers no more', () => {
  const excess = (): number => router.links()[0]?.dropped['too-many-claims'] ?? 0;
  const claims = (): number => [...router.claims({ node: 'a' })].filter(({ source }) => source === 'arp').length;
  flood('gratuitous ARP', 300);
  expect([claims(), excess()]).toEqual([256, 44]);
  a.silent = true;
  for (let seconds = 0; seconds < 20; seconds++) clock.advance(1000);
  expect(claims()).toBe(0);
  flood('gratuitous ARP', 256);
  expect([claims(), excess()]).toEqual([256, 44]);
  for (let id = 1; id <= 70; id++) advertise(id, 1);
  expect([router.virtualRouters().length, excess()]).toEqual([64, 50]);
  clock.advance(60_000);
  expect(router.virtualRouters()).toEqual([]);
  for (let id = 101; id <= 164; id++) advertise(id, 1);
  expect([router.virtualRouters().length, excess()]).toEqual([64, 50]);
});

test('parts of datagrams that one guest never finishes take no room of another’s', () => {
  const whole = new Uint8Array(24);
  whole[0] = 8; // an echo request, whose checksum is that of its first octet
  whole[2] = 0xf7;
  whole[3] = 0xff;
  b.ipv4('10.0.1.11', '10.0.1.1', { protocol: 1, fragment: 0x2000, id: 9, payload: whole.subarray(0, 16) });
  flood('fragments', 500);
  b.ipv4('10.0.1.11', '10.0.1.1', { protocol: 1, fragment: 2, id: 9, payload: whole.subarray(16) });
  expect(b.take()).toEqual(['1/0/0 from 10.0.1.1 ttl 64']);
});
