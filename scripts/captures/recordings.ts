/** What is recorded: a table of sessions between two daemons, or three. */
import type { Announcement, Daemon, DaemonKind, DaemonName, DaemonOptions, NeighbourOptions } from '../../test/interop/support/daemon.js';
import { daemons } from '../../test/interop/support/daemons.js';
import type { Lab, LabNode } from '../../test/interop/support/lab.js';

/** One capture. */
export interface Recording {
  readonly name: string;
  /** What it holds, for the note. */
  readonly holds: string;
  /** tshark display filters, each of which must find something. */
  readonly proof: readonly string[];
  /** What is captured, in tcpdump's words. Default: BGP. */
  readonly filter?: string;
  /** It must hold a message of at least so many octets (tshark takes long ones for errors). */
  readonly longest?: number;
  record(stage: Stage): Promise<void>;
}

/** Where it is recorded: two nodes, the capture running at the first. */
export interface Stage {
  readonly lab: Lab;
  readonly one: LabNode;
  readonly other: LabNode;
}

const OPENS = ['bgp.type == 1', 'bgp.type == 4'];
const BOTH = ['ipv4-unicast', 'ipv6-unicast'] as const;

function kindOf(name: DaemonName): DaemonKind {
  const kind = daemons.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`there is no daemon ${name}`);
  return kind;
}

/** One side of a session, as far as it is not the usual. */
interface Side extends Partial<Omit<DaemonOptions, 'neighbours'>> {
  readonly kind: DaemonName;
  readonly peer?: Partial<NeighbourOptions>;
}

interface Pair {
  readonly waits: Daemon;
  readonly dials: Daemon;
}

/** Starts two daemons with a session between them; the second dials. `transport` says over which addresses. */
async function start(stage: Stage, waits: Side, dials: Side, transport: 'ipv4' | 'ipv6' = 'ipv4'): Promise<Pair> {
  const { lab, one, other } = stage;
  const as = { waits: waits.as ?? 65001, dials: dials.as ?? 65002 };
  const run = (
    { kind, peer, ...options }: Side,
    own: LabNode,
    far: LabNode,
    ownAs: number,
    farAs: number,
    passive: boolean,
  ): Promise<Daemon> =>
    kindOf(kind).start(lab, own, {
      routerId: `192.0.2.${own.number}`,
      ...options,
      as: ownAs,
      neighbours: [{ address: far[transport], as: farAs, passive, families: BOTH, ...peer }],
    });
  const first = await run(waits, one, other, as.waits, as.dials, true);
  const second = await run(dials, other, one, as.dials, as.waits, false);
  return { waits: first, dials: second };
}

async function up({ lab, one, other }: Stage, { waits, dials }: Pair, transport: 'ipv4' | 'ipv6' = 'ipv4'): Promise<void> {
  await lab.waitFor('the session is up', async () => {
    const states = [await waits.sessionState(other[transport]), await dials.sessionState(one[transport])];
    if (states.some((state) => state !== 'established')) throw new Error(states.join(' and '));
    return true;
  });
}

/** Until a daemon has (or no longer has) as many paths of a family as said. */
async function has({ lab }: Stage, daemon: Daemon, count: number, family: 'ipv4-unicast' | 'ipv6-unicast' = 'ipv4-unicast'): Promise<void> {
  await lab.waitFor(`${daemon.name} has ${count} ${family} paths`, async () => {
    const { length } = await daemon.routes(family);
    if (length !== count) throw new Error(`it has ${length}`);
    return true;
  });
}

/** Waits for what a daemon does in its own time: messages that nobody can be asked about. */
const settle = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

const v4: Announcement = {
  prefix: '203.0.113.0/24',
  med: 50,
  origin: 'igp',
  communities: ['65000:100', '65000:200'],
  largeCommunities: ['65000:1:2'],
};
const v6: Announcement = { prefix: '2001:db8:100::/48', communities: ['65000:100'] };

/** Both kinds of routes both ways, a change and a withdrawal, and the end with a reason. */
function session(waits: DaemonName, dials: DaemonName, transport: 'ipv4' | 'ipv6' = 'ipv4'): Recording {
  const ends = kindOf(dials).abilities.shutdownTextSent ? 'with a shutdown text' : 'without a text';
  return {
    name: `${waits}-${dials}${transport === 'ipv6' ? '-over-ipv6' : ''}`.toLowerCase(),
    holds: `A session of ${waits} (AS 65001) and ${dials} (AS 65002) over ${transport === 'ipv4' ? 'IPv4' : 'IPv6'}: OPENs, an IPv4 and an IPv6 route each way, a change, withdrawals, and a Cease ${ends}.`,
    proof: [
      ...OPENS,
      'bgp.type == 2',
      'bgp.type == 3',
      'bgp.update.path_attribute.mp_reach_nlri',
      'bgp.update.withdrawn_routes.length > 0',
    ],
    record: async (stage) => {
      const pair = await start(
        stage,
        { kind: waits, announce: [v4, v6] },
        {
          kind: dials,
          announce: [
            { ...v4, prefix: '198.51.100.0/24' },
            { ...v6, prefix: '2001:db8:200::/48' },
          ],
        },
        transport,
      );
      await up(stage, pair, transport);
      for (const daemon of [pair.waits, pair.dials]) {
        await has(stage, daemon, 1);
        await has(stage, daemon, 1, 'ipv6-unicast');
      }
      await pair.waits.announce({ ...v4, med: 60, communities: ['65000:300'] });
      await stage.lab.waitFor(
        'the change arrives',
        async () => (await pair.dials.routes('ipv4-unicast'))[0]?.communities[0] === '65000:300',
      );
      await pair.waits.withdraw(v4.prefix, v6.prefix);
      await pair.dials.withdraw('198.51.100.0/24', '2001:db8:200::/48');
      for (const daemon of [pair.waits, pair.dials]) {
        await has(stage, daemon, 0);
        await has(stage, daemon, 0, 'ipv6-unicast');
      }
      await pair.dials.shutdown(stage.one[transport], 'maintenance until 06:00');
      // ExaBGP is back at once: there is no state to wait for.
      await settle(1);
    },
  };
}

function communities(waits: DaemonName, dials: DaemonName): Recording {
  const extended =
    dials === 'GoBGP' ? ['target:65000:7', 'target:192.0.2.1:7'] : ['target:65000:7', 'origin:65000:8', 'target:192.0.2.1:7'];
  // FRR and OpenBGPD keep their own routes with NO_EXPORT to themselves; NO_PEER they pass on.
  const passesOn = dials === 'BIRD' || dials === 'GoBGP';
  return {
    name: `communities-${dials}-to-${waits}`.toLowerCase(),
    holds: `${dials} (AS 65002) announces routes with standard, well-known, extended and large communities to ${waits} (AS 65001).`,
    proof: [...OPENS, ...[8, 16, 32].map((code) => `bgp.update.path_attribute.type_code == ${code}`)],
    record: async (stage) => {
      const pair = await start(
        stage,
        { kind: waits },
        {
          kind: dials,
          announce: [
            { prefix: '203.0.113.1/32', communities: ['65000:1', '0:0', '65535:666', passesOn ? '65535:65281' : '65535:65284'] },
            { prefix: '203.0.113.2/32', extendedCommunities: extended },
            { prefix: '203.0.113.3/32', largeCommunities: ['65000:1:2', '4200000000:4294967295:0'] },
            {
              prefix: '2001:db8:1::/48',
              communities: ['65000:1'],
              extendedCommunities: ['target:65000:7'],
              largeCommunities: ['65000:1:2'],
            },
          ],
        },
      );
      await up(stage, pair);
      await has(stage, pair.waits, 3);
      await has(stage, pair.waits, 1, 'ipv6-unicast');
    },
  };
}

/** Attributes that only ExaBGP writes on demand. */
const attributes: Recording = {
  name: 'attributes-exabgp-to-bird',
  holds:
    'ExaBGP (AS 65001) announces to BIRD (AS 65001, internal): LOCAL_PREF, ATOMIC_AGGREGATE, AGGREGATOR, ORIGINATOR_ID, CLUSTER_LIST, AIGP, IPv6 extended communities (25), OTC (35), an unknown attribute (99).',
  proof: [...OPENS, ...[5, 6, 7, 9, 10, 25, 26, 35, 99].map((code) => `bgp.update.path_attribute.type_code == ${code}`)],
  record: async (stage) => {
    const more = [
      'local-preference 150',
      'local-preference 100 originator-id 192.0.2.9 cluster-list [ 192.0.2.7 192.0.2.8 ]',
      'atomic-aggregate aggregator ( 65001:192.0.2.5 )',
      'aggregator ( 4200000001:192.0.2.5 )',
      'aigp 1000',
      'attribute [ 0x19 0xc0 0x000220010db80000000000000000000000010007 ]',
      'attribute [ 0x23 0xc0 0x0000fde9 ]',
      'attribute [ 0x63 0xc0 0x0102030405 ]',
    ];
    const pair = await start(
      stage,
      { kind: 'BIRD', as: 65001 },
      { kind: 'ExaBGP', as: 65001, announce: more.map((exabgp, i) => ({ prefix: `203.0.113.${i + 1}/32`, exabgp })) },
    );
    await up(stage, pair);
    await settle(2);
  },
};

function addPath(waits: DaemonName, dials: DaemonName, ids: readonly number[]): Recording {
  return {
    name: `add-path-${dials}-to-${waits}`.toLowerCase(),
    holds: `Path identifiers (RFC 7911) both ways: ${dials} (AS 65002) announces ${ids.length} path(s) to each of two prefixes to ${waits} (AS 65001), withdraws one of them, and hears one route.`,
    proof: [...OPENS, 'bgp.cap.type == 69', 'bgp.type == 2'],
    record: async (stage) => {
      const route = (prefix: string): Announcement[] => ids.map((pathId) => ({ prefix, pathId, med: pathId }));
      const pair = await start(
        stage,
        { kind: waits, peer: { addPath: 'both' }, announce: [{ prefix: '198.51.100.0/24' }, { prefix: '2001:db8:200::/48' }] },
        {
          kind: dials,
          peer: { addPath: 'both' },
          announce: [...route('203.0.113.0/25'), ...route('203.0.113.128/25'), { prefix: '2001:db8:100::/48', pathId: ids[0] ?? 1 }],
        },
      );
      await up(stage, pair);
      await has(stage, pair.waits, 2 * ids.length);
      await has(stage, pair.dials, 1);
      await pair.dials.withdraw('203.0.113.0/25');
      await has(stage, pair.waits, ids.length);
    },
  };
}

function refresh(waits: DaemonName, dials: DaemonName, enhanced: boolean): Recording {
  return {
    name: `refresh-${enhanced ? 'enhanced-' : ''}${waits}-${dials}`.toLowerCase(),
    holds: enhanced
      ? `Enhanced route refresh (RFC 7313): ${waits} (AS 65001) and ${dials} (AS 65002) each ask the other: requests, beginnings and ends${waits === 'OpenBGPD' ? ' (OpenBGPD does not answer)' : ''}.`
      : `Route refresh (RFC 2918): ${waits} (AS 65001) asks ${dials} (AS 65002), which does not know the enhanced kind.`,
    proof: [...OPENS, 'bgp.type == 5', ...(enhanced ? ['bgp.route_refresh.subtype == 1', 'bgp.route_refresh.subtype == 2'] : [])],
    record: async (stage) => {
      const peer = { enhancedRefresh: enhanced };
      const pair = await start(
        stage,
        { kind: waits, announce: [v4, v6], peer },
        {
          kind: dials,
          announce: [
            { ...v4, prefix: '198.51.100.0/24' },
            { ...v6, prefix: '2001:db8:200::/48' },
          ],
          peer,
        },
      );
      await up(stage, pair);
      await has(stage, pair.waits, 1);
      await has(stage, pair.dials, 1);
      await pair.waits.refresh(stage.other.ipv4);
      await settle(1);
      await pair.dials.refresh(stage.one.ipv4);
      await settle(2);
    },
  };
}

/** BIRD in two octets, and a neighbour whose paths need four. */
function widePath(dials: DaemonName): Recording {
  return {
    name: `as4-bird-2-octets-${dials}`.toLowerCase(),
    holds: `BIRD (AS 65001) without four-octet AS numbers; ${dials} (AS 65002) announces a path with AS 4200000100: AS_TRANS in AS_PATH, AS4_PATH beside it (RFC 6793).`,
    proof: [...OPENS, 'bgp.update.path_attribute.type_code == 17'],
    record: async (stage) => {
      const pair = await start(
        stage,
        { kind: 'BIRD', announce: [{ prefix: '203.0.113.0/24', asPath: [65200, 65300] }], peer: { fourOctetAs: false } },
        { kind: dials, announce: [{ prefix: '198.51.100.0/24', asPath: [65100, 4200000100] }, { prefix: '198.51.101.0/24' }] },
      );
      await up(stage, pair);
      await has(stage, pair.waits, 2);
      await has(stage, pair.dials, 1);
    },
  };
}

/** A speaker in two octets beside a neighbour whose own AS number needs four. */
function wideNeighbour(waits: DaemonName, dials: DaemonName): Recording {
  return {
    name: `as4-${waits}-2-octets-${dials}-as-trans`.toLowerCase(),
    holds: `${waits} (AS 65001) without four-octet AS numbers, and ${dials} as AS 4200000001: AS_TRANS in OPEN and AS_PATH, AS4_PATH beside it (RFC 6793).`,
    proof: [...OPENS, 'bgp.update.path_attribute.type_code == 17', 'bgp.open.myas == 23456'],
    record: async (stage) => {
      const pair = await start(
        stage,
        { kind: waits, announce: [{ prefix: '203.0.113.0/24' }], peer: { fourOctetAs: false, as: 23456 } },
        {
          kind: dials,
          as: 4200000001,
          announce: [{ prefix: '198.51.100.0/24', asPath: [65100, 4200000100] }, { prefix: '198.51.101.0/24' }],
        },
      );
      await up(stage, pair);
      await has(stage, pair.waits, 2);
      await has(stage, pair.dials, 1);
    },
  };
}

const aggregator2: Recording = {
  name: 'as4-bird-2-octets-exabgp',
  holds:
    'BIRD (AS 65001) without four-octet AS numbers, and ExaBGP (AS 65002) with a wide AGGREGATOR and AS_PATH: AS4_AGGREGATOR and AS4_PATH (RFC 6793).',
  proof: [...OPENS, 'bgp.update.path_attribute.type_code == 17', 'bgp.update.path_attribute.type_code == 18'],
  record: async (stage) => {
    const pair = await start(
      stage,
      { kind: 'BIRD', peer: { fourOctetAs: false } },
      {
        kind: 'ExaBGP',
        announce: [{ prefix: '198.51.100.0/24', asPath: [65100, 4200000100], exabgp: 'aggregator ( 4200000001:192.0.2.5 )' }],
      },
    );
    await up(stage, pair);
    await has(stage, pair.waits, 1);
  },
};

function maxPrefixes(waits: DaemonName, dials: DaemonName): Recording {
  return {
    name: `notification-max-prefix-${waits}`.toLowerCase(),
    holds: `${waits} (AS 65001) takes at most 3 prefixes and hears 5 from ${dials} (AS 65002): Cease, maximum number of prefixes reached (6/1).`,
    proof: [...OPENS, 'bgp.notify.major_error == 6 && bgp.notify.minor_error_cease == 1'],
    record: async (stage) => {
      const pair = await start(
        stage,
        { kind: waits, peer: { maxPrefixes: 3, families: ['ipv4-unicast'] } },
        {
          kind: dials,
          peer: { families: ['ipv4-unicast'] },
          announce: [1, 2, 3, 4, 5].map((i) => ({ prefix: `203.0.113.${i}/32`, med: i })),
        },
      );
      await stage.lab.waitFor('the limit is reached', () => /route receive limit|MAXPFX|prefix/.test(pair.waits.log()));
      await settle(1);
    },
  };
}

function badPeerAs(waits: DaemonName, dials: DaemonName): Recording {
  return {
    name: `notification-bad-peer-as-${waits}`.toLowerCase(),
    holds: `${waits} (AS 65001) expects AS 65003 and hears an OPEN of ${dials} (AS 65002): bad peer AS (2/2).`,
    proof: ['bgp.type == 1', 'bgp.notify.major_error == 2'],
    record: async (stage) => {
      await start(stage, { kind: waits, peer: { as: 65003 } }, { kind: dials });
      await settle(3);
    },
  };
}

function holdTimer(waits: DaemonName, dials: DaemonName): Recording {
  return {
    name: `notification-hold-timer-${waits}`.toLowerCase(),
    holds: `${dials} (AS 65002) is stopped (SIGSTOP) with a hold time of 9 s: hold timer expired (4/0) from ${waits} (AS 65001).`,
    proof: [...OPENS, 'bgp.notify.major_error == 4'],
    record: async (stage) => {
      const pair = await start(stage, { kind: waits, announce: [v4], peer: { holdTime: 9 } }, { kind: dials, peer: { holdTime: 9 } });
      await up(stage, pair);
      await has(stage, pair.dials, 1);
      process.kill(pair.dials.pid, 'SIGSTOP');
      await stage.lab.waitFor(
        'the hold timer expires',
        async () => (await pair.waits.sessionState(stage.other.ipv4)) !== 'established',
        30,
      );
      await pair.dials.kill9();
    },
  };
}

/** IPv4 routes with IPv6 next hops over an IPv6 session. */
function ipv4OverIpv6(waits: DaemonName, dials: DaemonName): Recording {
  return {
    name: `ipv4-over-ipv6-${waits}-${dials}`.toLowerCase(),
    holds: `IPv4 routes with IPv6 next hops (RFC 8950) between ${waits} (AS 65001) and ${dials} (AS 65002) over IPv6.`,
    proof: [...OPENS, 'bgp.cap.type == 5', 'bgp.update.path_attribute.mp_reach_nlri.afi == 1'],
    record: async (stage) => {
      const peer = { extendedNextHop: true };
      const pair = await start(
        stage,
        { kind: waits, announce: [v4, v6], peer },
        {
          kind: dials,
          announce: [
            { ...v4, prefix: '198.51.100.0/24' },
            { ...v6, prefix: '2001:db8:200::/48' },
          ],
          peer,
        },
        'ipv6',
      );
      await up(stage, pair, 'ipv6');
      await has(stage, pair.waits, 1);
      await has(stage, pair.dials, 1);
      await pair.waits.withdraw(v4.prefix);
      await has(stage, pair.dials, 0);
    },
  };
}

/** The same numbers on every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

/** Prefixes of lengths 16 to 24 outside all that is special, in groups that share their attributes. */
function feed(count: number): Announcement[] {
  const next = numbers(1);
  const routes = new Map<string, Announcement>();
  while (routes.size < count) {
    const asPath = Array.from({ length: 1 + next(5) }, () => 64_600 + next(400));
    const communities = Array.from({ length: next(4) }, () => `65000:${next(1000)}`);
    const shared = {
      asPath,
      ...(next(3) === 0 ? { med: next(100) } : {}),
      origin: next(10) === 0 ? ('incomplete' as const) : ('igp' as const),
      communities,
    };
    for (let i = 1 + next(40); i > 0 && routes.size < count; i--) {
      const length = [16, 19, 20, 21, 22, 22, 23, 24, 24, 24, 24, 24][next(12)] ?? 24;
      const value = ((20 + next(80)) * 2 ** 24 + next(2 ** 24)) & (-1 << (32 - length));
      const prefix = `${[24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')}/${length}`;
      if (!routes.has(prefix)) routes.set(prefix, { prefix, ...shared });
    }
  }
  return [...routes.values()];
}

const table: Recording = {
  name: 'feed-10000-bird-to-frr',
  holds:
    'BIRD (AS 65002) announces 10,000 IPv4 prefixes of lengths 16 to 24 in about 500 attribute sets to FRR (AS 65001), and withdraws all.',
  proof: [...OPENS, 'bgp.type == 2', 'bgp.update.withdrawn_routes.length > 1000'],
  record: async (stage) => {
    const routes = feed(10_000);
    const families = ['ipv4-unicast'] as const;
    const pair = await start(stage, { kind: 'FRR', peer: { families } }, { kind: 'BIRD', peer: { families }, announce: routes });
    await up(stage, pair);
    await has(stage, pair.waits, 10_000);
    await pair.dials.withdraw(...routes.map(({ prefix }) => prefix));
    await has(stage, pair.waits, 0);
  },
};

const extendedMessages: Recording = {
  name: 'extended-messages-bird-frr',
  holds:
    'Extended messages (RFC 8654): BIRD (AS 65002) announces a route with 1,200 communities to FRR (AS 65001), in a message longer than 4,096 octets.',
  proof: [...OPENS, 'bgp.cap.type == 6', 'bgp.type == 2'],
  longest: 4097,
  record: async (stage) => {
    const peer = { families: ['ipv4-unicast'] as const, extendedMessages: true };
    const communities = Array.from({ length: 1200 }, (_, i) => `${65000 + (i >> 10)}:${i & 1023}`);
    const announce = [{ prefix: '203.0.113.0/24', communities }, { prefix: '198.51.100.0/24' }];
    const pair = await start(stage, { kind: 'FRR', peer }, { kind: 'BIRD', peer, announce });
    await up(stage, pair);
    await has(stage, pair.waits, 2);
    await pair.dials.withdraw('203.0.113.0/24');
    await has(stage, pair.waits, 1);
  },
};

export const recordings: readonly Recording[] = [
  session('BIRD', 'FRR'),
  session('BIRD', 'GoBGP'),
  session('BIRD', 'ExaBGP'),
  session('BIRD', 'OpenBGPD'),
  session('FRR', 'GoBGP'),
  session('FRR', 'ExaBGP'),
  session('FRR', 'OpenBGPD'),
  session('GoBGP', 'ExaBGP'),
  session('GoBGP', 'OpenBGPD'),
  session('OpenBGPD', 'ExaBGP'),
  session('FRR', 'BIRD', 'ipv6'),
  session('OpenBGPD', 'GoBGP', 'ipv6'),
  ...(['BIRD', 'FRR', 'GoBGP', 'OpenBGPD'] as const).map((kind) => communities(kind === 'BIRD' ? 'FRR' : 'BIRD', kind)),
  attributes,
  addPath('FRR', 'BIRD', [1, 2, 3]),
  addPath('BIRD', 'ExaBGP', [1, 2]),
  addPath('OpenBGPD', 'GoBGP', [1]),
  refresh('BIRD', 'FRR', true),
  refresh('OpenBGPD', 'BIRD', true),
  refresh('BIRD', 'GoBGP', false),
  widePath('FRR'),
  widePath('GoBGP'),
  wideNeighbour('ExaBGP', 'BIRD'),
  aggregator2,
  maxPrefixes('GoBGP', 'BIRD'),
  maxPrefixes('FRR', 'BIRD'),
  maxPrefixes('OpenBGPD', 'BIRD'),
  badPeerAs('BIRD', 'FRR'),
  badPeerAs('FRR', 'BIRD'),
  badPeerAs('GoBGP', 'BIRD'),
  badPeerAs('OpenBGPD', 'BIRD'),
  holdTimer('BIRD', 'GoBGP'),
  holdTimer('FRR', 'BIRD'),
  ipv4OverIpv6('BIRD', 'FRR'),
  ipv4OverIpv6('BIRD', 'ExaBGP'),
  ipv4OverIpv6('FRR', 'GoBGP'),
  table,
  extendedMessages,
];
