/** What is recorded of OSPF: a table of two routers on a link. */

import type { LabNode } from '../../test/interop/support/lab.js';
import {
  full,
  linkLocal,
  type OspfGuest,
  type OspfGuestKind,
  type OspfGuestOptions,
  reaches,
  startOspfGuest,
} from '../../test/interop/support/ospf-guest.js';
import type { Recording, Stage } from './recordings.js';

const TWO = ['1.1.1.1', '2.2.2.2'] as const;

/** Two routers on a link: what they have in common, and what is each one's. */
interface Scene {
  readonly name: string;
  readonly holds: string;
  readonly version: 2 | 3;
  readonly kinds: readonly [OspfGuestKind, OspfGuestKind];
  readonly both?: Partial<OspfGuestOptions>;
  readonly first?: Partial<OspfGuestOptions>;
  readonly second?: Partial<OspfGuestOptions>;
  readonly proof: readonly string[];
  /** What they do once they are neighbours. By default the second one stops, and takes back what it said. */
  ends?(stage: Stage, guests: readonly [OspfGuest, OspfGuest]): Promise<void>;
}

const stub = (version: 2 | 3, n: number): string => (version === 2 ? `10.9.${n}.1/32` : `2001:db8:9:${n}::1/128`);
const external = (version: 2 | 3, n: number): string => (version === 2 ? `203.0.113.${n}/32` : `2001:db8:e:${n}::/64`);
const behind = (version: 2 | 3, area: string): { area: string; address: string } => ({
  area,
  address: version === 2 ? '10.8.2.1/24' : '2001:db8:8:2::1/64',
});

const addressOf = (version: 2 | 3, node: LabNode): string => (version === 2 ? node.ipv4 : linkLocal(node));

const settle = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

function recordingOf(scene: Scene): Recording {
  const { version } = scene;
  return {
    name: scene.name,
    holds: scene.holds,
    proof: scene.proof,
    filter: version === 2 ? 'ip proto 89' : 'ip6 proto 89',
    record: async (stage) => {
      const options = (n: 1 | 2): OspfGuestOptions => ({
        version,
        routerId: TWO[n - 1] ?? '',
        ...(scene.both?.family === 'ipv4' ? {} : { stubs: [stub(version, n)] }),
        ...scene.both,
        ...(scene.both?.type === 'point-to-multipoint' ? { others: [addressOf(version, n === 1 ? stage.other : stage.one)] } : {}),
        ...(n === 1 ? scene.first : scene.second),
      });
      const first = await startOspfGuest(stage.lab, stage.one, scene.kinds[0], options(1));
      const second = await startOspfGuest(stage.lab, stage.other, scene.kinds[1], options(2));
      await full(stage.lab, first, [TWO[1]]);
      await full(stage.lab, second, [TWO[0]]);
      const tells = (n: number): string[] => (scene.both?.family === 'ipv4' ? [external(2, n)] : [stub(version, n)]);
      await reaches(stage.lab, first, tells(2));
      await reaches(stage.lab, second, tells(1));
      if (scene.ends) await scene.ends(stage, [first, second]);
      else {
        await second.stop();
        await settle(2);
      }
    },
  };
}

const ALL_FIVE = [1, 2, 3, 4, 5].map((type) => `ospf.msg == ${type}`);
const lsaV2 = (...types: number[]): string[] => types.map((type) => `ospf.msg == 4 && ospf.lsa == ${type}`);
const lsaV3 = (...types: number[]): string[] => types.map((type) => `ospf.msg == 4 && ospf.v3.lsa == ${type}`);
const key = (hash: 'md5' | 'hmac-sha-1' | 'hmac-sha-256' | 'hmac-sha-384' | 'hmac-sha-512', id = 7) => ({
  id,
  hash,
  secret: 'a-key-of-the-lab',
});
const signed = (...keys: ReturnType<typeof key>[]): Partial<OspfGuestOptions> => ({ authentication: { type: 'cryptographic', keys } });

/** The prefixes told from elsewhere, once each guest is to have its own. */
const told = (version: 2 | 3, n: number, metricType: 1 | 2 = 2): Partial<OspfGuestOptions> => ({
  externals: [{ prefix: external(version, n), metric: 20 + n, metricType, tag: 100 + n }],
});

const scenes: readonly Scene[] = [
  {
    name: 'ospf2-broadcast-bird-frr',
    holds:
      'OSPFv2 of BIRD (1.1.1.1) and FRR (2.2.2.2) on a broadcast network: election, exchange, an external of type 2 and one of type 1, and FRR that stops and takes back its own.',
    version: 2,
    kinds: ['BIRD', 'FRR'],
    first: told(2, 1),
    second: told(2, 2, 1),
    proof: [...ALL_FIVE, ...lsaV2(1, 2, 5), 'ospf.lsa.age == 3600'],
  },
  {
    name: 'ospf2-point-to-point-bird-frr',
    holds: 'OSPFv2 of BIRD (1.1.1.1) and FRR (2.2.2.2) on a point-to-point link, and BIRD that stops.',
    version: 2,
    kinds: ['BIRD', 'FRR'],
    both: { type: 'point-to-point' },
    proof: [...ALL_FIVE, ...lsaV2(1)],
    ends: async (_stage, [first]) => {
      await first.stop();
      await settle(2);
    },
  },
  {
    name: 'ospf2-point-to-multipoint-frr-frr',
    holds: 'OSPFv2 of FRR (1.1.1.1 and 2.2.2.2) on a point-to-multipoint link: each tells its own address as a host.',
    version: 2,
    kinds: ['FRR', 'FRR'],
    both: { type: 'point-to-multipoint' },
    proof: [...ALL_FIVE, ...lsaV2(1)],
  },
  {
    name: 'ospf2-password-bird-frr',
    holds: 'OSPFv2 of BIRD (1.1.1.1) and FRR (2.2.2.2) with the password "ospfpass".',
    version: 2,
    kinds: ['BIRD', 'FRR'],
    both: { authentication: { type: 'simple', password: 'ospfpass' } },
    proof: [...ALL_FIVE, 'ospf.auth.type == 1'],
  },
  {
    name: 'ospf2-md5-bird-frr',
    holds: 'OSPFv2 of BIRD (1.1.1.1) and FRR (2.2.2.2) with MD5, key 7 "a-key-of-the-lab".',
    version: 2,
    kinds: ['BIRD', 'FRR'],
    both: signed(key('md5')),
    proof: [...ALL_FIVE, 'ospf.auth.type == 2'],
  },
  ...(['hmac-sha-1', 'hmac-sha-256', 'hmac-sha-512'] as const).map(
    (hash): Scene => ({
      name: `ospf2-${hash}-bird-bird`,
      holds: `OSPFv2 of BIRD (1.1.1.1 and 2.2.2.2) with ${hash.toUpperCase()} (RFC 5709), key 7 "a-key-of-the-lab".`,
      version: 2,
      kinds: ['BIRD', 'BIRD'],
      both: signed(key(hash)),
      proof: [...ALL_FIVE, 'ospf.auth.type == 2'],
    }),
  ),
  {
    name: 'ospf2-nssa-bird-frr',
    holds:
      'A not-so-stubby area (0.0.0.1): BIRD (1.1.1.1) tells an external as type 7, FRR (2.2.2.2) is border router to the backbone behind it and tells a default.',
    version: 2,
    kinds: ['BIRD', 'FRR'],
    both: { area: '0.0.0.1', areaType: 'nssa' },
    first: told(2, 1),
    second: { behind: behind(2, '0.0.0.0') },
    proof: [...ALL_FIVE, ...lsaV2(1, 3, 7)],
  },
  {
    name: 'ospf2-border-frr-bird',
    holds: 'FRR (1.1.1.1) is border router between the backbone and area 0.0.0.1 behind it, and tells BIRD (2.2.2.2) what is there.',
    version: 2,
    kinds: ['FRR', 'BIRD'],
    first: { behind: behind(2, '0.0.0.1') },
    proof: [...ALL_FIVE, ...lsaV2(1, 3)],
  },
  {
    name: 'ospf2-grace-bird-bird',
    holds: 'BIRD (2.2.2.2) restarts gracefully: it asks BIRD (1.1.1.1) to hold it for up by a grace LSA (RFC 3623).',
    version: 2,
    kinds: ['BIRD', 'BIRD'],
    both: { restartGracefully: true },
    proof: [...ALL_FIVE, 'ospf.v2.grace'],
    ends: restart,
  },
  {
    name: 'ospf3-broadcast-bird-frr',
    holds:
      'OSPFv3 of BIRD (1.1.1.1) and FRR (2.2.2.2) on a broadcast network: election, exchange, link and intra-area-prefix LSAs, externals, and FRR that stops.',
    version: 3,
    kinds: ['BIRD', 'FRR'],
    first: told(3, 1),
    second: told(3, 2, 1),
    proof: [...ALL_FIVE, ...lsaV3(0x2001, 0x2002, 0x0008, 0x2009, 0x4005)],
  },
  {
    name: 'ospf3-point-to-point-bird-frr',
    holds: 'OSPFv3 of BIRD (1.1.1.1) and FRR (2.2.2.2) on a point-to-point link.',
    version: 3,
    kinds: ['BIRD', 'FRR'],
    both: { type: 'point-to-point' },
    proof: [...ALL_FIVE, ...lsaV3(0x2001, 0x0008, 0x2009)],
  },
  {
    name: 'ospf3-point-to-multipoint-bird-bird',
    holds: 'OSPFv3 of BIRD (1.1.1.1 and 2.2.2.2) on a point-to-multipoint link.',
    version: 3,
    kinds: ['BIRD', 'BIRD'],
    both: { type: 'point-to-multipoint' },
    proof: [...ALL_FIVE, ...lsaV3(0x2001, 0x0008, 0x2009)],
  },
  ...(['hmac-sha-1', 'hmac-sha-256', 'hmac-sha-512'] as const).map(
    (hash): Scene => ({
      name: `ospf3-${hash}-bird-bird`,
      holds: `OSPFv3 of BIRD (1.1.1.1 and 2.2.2.2) with a trailer of ${hash.toUpperCase()} (RFC 7166), security association 7 "a-key-of-the-lab".`,
      version: 3,
      kinds: ['BIRD', 'BIRD'],
      both: signed(key(hash)),
      proof: [...ALL_FIVE, 'ospf.at.auth_type == 1'],
    }),
  ),
  {
    name: 'ospf3-hmac-sha-256-frr-frr',
    holds:
      'OSPFv3 of FRR (1.1.1.1 and 2.2.2.2) with a trailer of HMAC-SHA-256 (RFC 7166), security association 7 "a-key-of-the-lab", the protocol\'s number in the digest low octet first.',
    version: 3,
    kinds: ['FRR', 'FRR'],
    both: signed(key('hmac-sha-256')),
    proof: [...ALL_FIVE, 'ospf.at.auth_type == 1'],
  },
  {
    name: 'ospf3-nssa-bird-frr',
    holds:
      'OSPFv3 in a not-so-stubby area (0.0.0.1): BIRD (1.1.1.1) tells an external as type 7, FRR (2.2.2.2) is border router to the backbone behind it.',
    version: 3,
    kinds: ['BIRD', 'FRR'],
    both: { area: '0.0.0.1', areaType: 'nssa' },
    first: told(3, 1),
    second: { behind: behind(3, '0.0.0.0') },
    proof: [...ALL_FIVE, ...lsaV3(0x2001, 0x2003, 0x2007)],
  },
  {
    name: 'ospf3-border-frr-bird',
    holds:
      'OSPFv3: FRR (1.1.1.1) is border router between the backbone and area 0.0.0.1 behind it, and tells BIRD (2.2.2.2) what is there.',
    version: 3,
    kinds: ['FRR', 'BIRD'],
    first: { behind: behind(3, '0.0.0.1') },
    proof: [...ALL_FIVE, ...lsaV3(0x2001, 0x2003)],
  },
  {
    name: 'ospf3-ipv4-bird-bird',
    holds: 'OSPFv3 for IPv4 (RFC 5838, instance 64) of BIRD (1.1.1.1 and 2.2.2.2), with an external each.',
    version: 3,
    kinds: ['BIRD', 'BIRD'],
    both: { family: 'ipv4' },
    first: told(2, 1),
    second: told(2, 2),
    proof: [...ALL_FIVE, 'ospf.instance_id == 64', ...lsaV3(0x4005)],
  },
  {
    name: 'ospf3-grace-bird-bird',
    holds: 'OSPFv3: BIRD (2.2.2.2) restarts gracefully: it asks BIRD (1.1.1.1) to hold it for up by a grace LSA (RFC 5187).',
    version: 3,
    kinds: ['BIRD', 'BIRD'],
    both: { restartGracefully: true },
    proof: [...ALL_FIVE, ...lsaV3(0x000b)],
    ends: restart,
  },
];

/** Ends the second with a request to be held for up. */
async function restart({ lab, other }: Stage, [, second]: readonly [OspfGuest, OspfGuest]): Promise<void> {
  await lab.exec(other, 'birdc', ['-s', `${second.node.directory}/bird-ospf.ctl`, 'graceful', 'restart']);
  await settle(3);
}

/** OSPF's captures. */
export const ospfRecordings: readonly Recording[] = scenes.map(recordingOf);
