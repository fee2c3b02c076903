/** Two nodes behind one router share an address; a client behind another has a narrow port. What is too big for it is said to who sent it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Host, ManualClock, MemoryTransport, memoryCable, seeded, VirtualNetwork, VirtualRouter } from '../../src/core.js';
import { parseAddress } from '../../src/lib/address.js';
import type { NetworkConfig } from '../../src/network/config.js';
import { Guest } from '../stack/guest.js';

const FLOWS = 40;
const VIPS = { ipv4: '10.0.9.9', ipv6: '2001:db8:9::9' } as const;
const network: NetworkConfig = {
  ranges: ['10.0.0.0/8', '2001:db8::/32'],
  subnets: [1, 2].flatMap((n) => [
    { name: `four${n}`, prefix: `10.0.${n}.0/24` },
    { name: `six${n}`, prefix: `2001:db8:${n}::/64` },
  ]),
  nodes: [
    { name: 'client', addresses: ['10.0.1.10', '2001:db8:1::a'], location: 'p1' },
    { name: 'one', addresses: ['10.0.2.10', '2001:db8:2::a'], location: 'p2' },
    { name: 'other', addresses: ['10.0.2.11', '2001:db8:2::b'], location: 'p3' },
  ],
  grants: ['one', 'other'].flatMap((node) => [
    { node, prefix: `${VIPS.ipv4}/32`, mode: 'shared' as const },
    { node, prefix: `${VIPS.ipv6}/128`, mode: 'shared' as const },
  ]),
  links: [{ routers: ['r1', 'r2'] }],
  routes: [
    { router: 'r1', prefix: '0.0.0.0/0', via: 'r2' },
    { router: 'r1', prefix: '::/0', via: 'r2' },
    { router: 'r2', prefix: '10.0.1.0/24', via: 'r1' },
    { router: 'r2', prefix: '2001:db8:1::/64', via: 'r1' },
  ],
};

let shared: VirtualNetwork;
let routers: VirtualRouter[];
let client: Guest;
let servers: Guest[];

beforeEach(async () => {
  const clock = new ManualClock(1_000_000);
  shared = new VirtualNetwork(network, { clock });
  const cables = [memoryCable({ mtu: 1280 }), memoryCable(), memoryCable()];
  routers = [['p1'], ['p2', 'p3']].map((names, i) => {
    const n = i + 1;
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
        ports: names.map((name) => ({ name, type: 'memory' })),
      },
      { host, network: shared, ports: Object.fromEntries(cables.map(([, far], at) => [`p${at + 1}`, far])) },
    );
  });
  for (const router of routers) await router.start();
  const guests = cables.map(([near], i) => {
    const [four, six] = network.nodes?.[i]?.addresses ?? [];
    return new Guest(near, Uint8Array.of(2, 0, 0, 0, 0, i), Uint8Array.of(2, 0x56, 10, 0, 0, i === 0 ? 1 : 2), `${four}`, `${six}`);
  });
  [client, ...servers] = guests as [Guest, ...Guest[]];
  for (const node of ['one', 'other']) for (const prefix of [`${VIPS.ipv4}/32`, `${VIPS.ipv6}/128`]) shared.claim({ node, prefix });
});
afterEach(async () => {
  for (const router of routers) await router.stop();
  await shared.close();
});

/** The first octets of TCP or UDP. */
const ports = (from: number, to: number, more: number): Uint8Array =>
  Uint8Array.of(from >> 8, from, to >> 8, to, 0, 8 + more, ...new Uint8Array(2 + more));

test.each([
  ['ipv4', 6],
  ['ipv4', 17],
  ['ipv6', 6],
  ['ipv6', 17],
] as const)('an error about a packet of a shared address (%s, protocol %i) goes to the node whose flow it was', (family, protocol) => {
  const four = family === 'ipv4';
  const [near, far] = [four ? '10.0.1.10' : '2001:db8:1::a', VIPS[family]];
  const send = (guest: Guest, from: string, to: string, payload: Uint8Array): void =>
    four
      ? guest.ipv4(from, to, { protocol, payload, fragment: 0x4000 })
      : guest.ipv6(parseAddress(from), parseAddress(to), protocol, payload);
  const told = new Map<Guest | undefined, number>();
  for (let flow = 0; flow < FLOWS; flow++) {
    send(client, near, far, ports(40_000 + flow, 443, 0));
    const server = servers.find(({ packets }) => packets.splice(0).some((p) => p[four ? 9 : 6] === protocol));
    if (server) send(server, far, near, ports(443, 40_000 + flow, 1300));
    const said = servers.filter(({ packets }) =>
      packets.splice(0).some((p) => (four ? p[20] === 3 && p[21] === 4 : p[6] === 58 && p[40] === 2)),
    );
    expect([flow, said.map((one) => servers.indexOf(one))]).toEqual([flow, [servers.indexOf(server as Guest)]]);
    told.set(server, 1 + (told.get(server) ?? 0));
    // The bound on errors is not what this is about.
    if (flow % 15 === 14) (shared.timers.clock as ManualClock).advance(1000);
    for (const one of [client, ...servers]) one.packets.length = 0;
  }
  expect(Math.min(...servers.map((server) => told.get(server) ?? 0))).toBeGreaterThan(8);
});
