import { expect, test } from 'vitest';
import type { NeighbourConfig, RouterConfig } from '../../src/router/config.js';
import { bgp, hex } from '../support/hex.js';
import { type RawPeer, rawPeer, silentPeer } from '../support/raw-peer.js';
import { A, routerLab } from '../support/router-lab.js';

type Lab = Awaited<ReturnType<typeof routerLab>>;

const BOTH = ['ipv4-unicast', 'ipv6-unicast'] as const;
const NEIGHBOUR: NeighbourConfig = { address: A, as: 65001, passive: true, families: BOTH };
const PATH = '40 01 01 00 40 02 06 02 01 0000fde9';
const HOSTS = ['00000001', '00000002', '00000003'].map((n) =>
  bgp(2, `0000 001b ${PATH} 40 03 04 0a00000a 80 04 04 ${n} 20 c00002${n.slice(6)}`),
);
const HOST6 = bgp(
  2,
  `0000 0036 80 0e 26 0002 01 10 ${'20010db8000000000000000000000001'} 00 80 ${'20010db80000000000000000000000ff'} ${PATH}`,
);

function reconfigure({ router, clock }: Lab, part: Partial<RouterConfig>): void {
  router.reconfigure({ ...router.configuration(), ...part });
  clock.settle();
}
function say({ clock }: Lab, peer: RawPeer, messages: readonly string[]): void {
  for (const message of messages) peer.sendHex(message);
  clock.settle();
}

/** What takes promises and time. */
async function settled({ clock }: Lab, done: Promise<unknown>): Promise<void> {
  let over = false;
  void done.then(() => {
    over = true;
  });
  for (let i = 0; i < 100 && !over; i++) {
    clock.advance(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(over).toBe(true);
}

/** Why a session ends, what makes it end so, and the NOTIFICATION: code, subcode, data. */
const ENDS: readonly {
  readonly name: string;
  readonly neighbour?: Partial<NeighbourConfig>;
  readonly how: (lab: Lab, peer: RawPeer) => void | Promise<void>;
  readonly notification: string;
}[] = [
  {
    name: '6/1 beyond the limit of prefixes, with family and limit',
    neighbour: { limits: { prefixes: 2, exceeded: 'shutdown' } },
    how: (lab, peer) => say(lab, peer, HOSTS),
    notification: '06 01 0001 01 00000002',
  },
  {
    name: '6/1 where it is an IPv6 prefix that is too many',
    neighbour: { limits: { prefixes: 2, exceeded: 'shutdown' } },
    how: (lab, peer) => say(lab, peer, [...HOSTS.slice(0, 2), HOST6]),
    notification: '06 01 0002 01 00000002',
  },
  {
    name: '6/2 when the router stops, without words',
    how: (lab) => settled(lab, lab.router.stop()),
    notification: '06 02',
  },
  {
    name: '6/2 when the router stops, with words (RFC 9003)',
    how: (lab) => settled(lab, lab.router.stop({ text: 'back at noon' })),
    notification: '06 02 0c 6261636b206174206e6f6f6e',
  },
  {
    name: '6/2 when the neighbour is shut down, with words',
    how: (lab) => reconfigure(lab, { neighbours: [{ ...NEIGHBOUR, shutdown: 'moved' }] }),
    notification: '06 02 05 6d6f766564',
  },
  {
    name: '6/3 when the neighbour is removed',
    how: (lab) => reconfigure(lab, { neighbours: [] }),
    notification: '06 03',
  },
  {
    name: '6/4 when a change of configuration starts the session anew',
    how: (lab) => reconfigure(lab, { neighbours: [{ ...NEIGHBOUR, holdTime: 30 }] }),
    notification: '06 04',
  },
  {
    name: '6/4 when somebody resets it, with words',
    how: (lab) => settled(lab, lab.router.reset(A, 'again')),
    notification: '06 04 05 616761696e',
  },
  {
    name: '6/4 when the neighbour’s address has another owner',
    how: (lab) => reconfigure(lab, { network: { nodes: [{ name: 'z', addresses: [A] }] } }),
    notification: '06 04',
  },
  {
    name: '6/8 beyond the limit of attribute sets',
    neighbour: { limits: { attributeSets: 1, exceeded: 'shutdown' } },
    how: (lab, peer) => say(lab, peer, HOSTS),
    notification: '06 08',
  },
  {
    name: '6/8 beyond the limit of memory',
    neighbour: { limits: { memory: 250, exceeded: 'shutdown' } },
    how: (lab, peer) => say(lab, peer, HOSTS),
    notification: '06 08',
  },
];

test.each(ENDS)('a session ends with $name (RFC 4486)', async ({ neighbour = {}, how, notification }) => {
  const lab = await routerLab([{ ...NEIGHBOUR, ...neighbour }]);
  const peer = rawPeer(lab.transport, lab.clock, A, 65001, [
    ...BOTH.map((family) => ({ type: 'multiprotocol', family }) as const),
    { type: 'four-octet-as', asn: 65001 },
  ]);
  expect([lab.router.neighbours()[0]?.state, peer.closed]).toEqual(['established', false]);
  await how(lab, peer);
  expect(peer.octets.filter((message) => message.slice(36, 38) === '03')).toEqual([bgp(3, notification)]);
  expect(peer.closed).toBe(true);
});

/** Who is turned away before there is a session, and with what. */
const TURNED_AWAY: readonly {
  readonly name: string;
  readonly from?: string;
  readonly neighbours?: readonly NeighbourConfig[];
  readonly before?: (lab: Lab) => void;
  readonly notification: string;
}[] = [
  { name: '6/5 whom nobody knows', from: '10.0.0.99', notification: '06 05' },
  { name: '6/5 whose address no node has', from: '10.0.0.99', neighbours: [{ address: '10.0.0.0/24', as: 65001 }], notification: '06 05' },
  { name: '6/5 who is shut down', neighbours: [{ ...NEIGHBOUR, shutdown: true }], notification: '06 05' },
  {
    name: '6/5 who is one too many of a range',
    neighbours: [{ address: '10.0.0.0/24', as: 65001, limits: { halfOpen: 1 } }],
    before: ({ transport, clock }) => void silentPeer(transport, clock, '10.0.0.11'),
    notification: '06 05',
  },
  {
    name: '6/5 whose sessions keep failing, until the pause for that is over',
    neighbours: [{ ...NEIGHBOUR, passive: false }],
    before: ({ transport, clock }) => {
      void transport.listen({ address: A, port: 179 }, (connection) => connection.write(hex(bgp(9))));
      clock.advance(60_000);
    },
    notification: '06 05',
  },
  {
    name: '6/7 who has a connection already',
    before: ({ transport, clock }) => void silentPeer(transport, clock, A),
    notification: '06 07',
  },
  {
    name: '6/7 who has a session already',
    before: ({ transport, clock }) => void rawPeer(transport, clock, A, 65001, []),
    notification: '06 07',
  },
];

test.each(TURNED_AWAY)(
  'a connection is turned away with $name, and hears no OPEN',
  async ({ from = A, neighbours, before, notification }) => {
    const lab = await routerLab(neighbours ?? [NEIGHBOUR]);
    before?.(lab);
    const peer = silentPeer(lab.transport, lab.clock, from);
    expect([peer.octets, peer.closed]).toEqual([[bgp(3, notification)], true]);
  },
);
