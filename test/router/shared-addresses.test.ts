/** Two nodes behind one router share an address; a client behind another has a narrow port. What went wrong with a packet is said to who sent it. */
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
    { name: 'mute', addresses: ['10.0.2.12', '2001:db8:2::c'], location: 'p4' },
  ],
  holders: [{ prefix: '2001:db8:1::/48', node: 'client' }],
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
let mute: Guest;
let servers: Guest[];

beforeEach(async () => {
  const clock = new ManualClock(1_000_000);
  shared = new VirtualNetwork(network, { clock });
  const cables = [memoryCable({ mtu: 1280 }), memoryCable(), memoryCable(), memoryCable()];
  routers = [['p1'], ['p2', 'p3', 'p4']].map((names, i) => {
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
  servers = guests.slice(1, 3);
  [client, mute] = [guests[0], guests[3]] as [Guest, Guest];
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

test('parts of a datagram go to one node, also where options stand before what it is', () => {
  const [from, to] = [parseAddress('2001:db8:1::a'), parseAddress(VIPS.ipv6)];
  for (let id = 0; id < FLOWS; id++) {
    const source = from.slice();
    source[7] = id; // of the client's, as it holds them all
    const options = Uint8Array.of(17, 0, 1, 4, 0, 0, 0, 0);
    client.ipv6(source, to, 44, Uint8Array.of(60, 0, 0, 1, 0, 0, 0, id, ...options, ...ports(9, 443, 8)));
    client.ipv6(source, to, 44, Uint8Array.of(60, 0, 0, 24, 0, 0, 0, id, ...new Uint8Array(16)));
    expect([id, servers.map(({ packets }) => packets.splice(0).length).sort()]).toEqual([id, [0, 2]]);
  }
});

test.each(['ipv4', 'ipv6'] as const)('who has the flow is told where the other end does not answer (%s)', (family) => {
  const four = family === 'ipv4';
  const [near, far] = [four ? '10.0.2.12' : '2001:db8:2::c', VIPS[family]];
  const send = (guest: Guest, source: string, target: string, payload: Uint8Array): void =>
    four ? guest.ipv4(source, target, { payload }) : guest.ipv6(parseAddress(source), parseAddress(target), 17, payload);
  mute.silent = true;
  const owners: (Guest | undefined)[] = [];
  for (let flow = 0; flow < 12; flow++) {
    send(mute, near, far, ports(40_000 + flow, 443, 0));
    const server = servers.find(({ packets }) => packets.splice(0).some((p) => p[four ? 9 : 6] === 17));
    if (server) send(server, far, near, ports(443, 40_000 + flow, 0));
    owners.push(server);
  }
  (shared.timers.clock as ManualClock).advance(4000);
  const told = servers.map(({ packets }) => packets.filter((p) => (four ? p[20] === 3 && p[21] === 1 : p[40] === 1 && p[41] === 3)).length);
  expect(told).toEqual(servers.map((server) => owners.filter((owner) => owner === server).length));
  expect(Math.min(...told)).toBeGreaterThan(0);
});
