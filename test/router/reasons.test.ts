import { describe, expect, test } from 'vitest';
import type { PathAttributes } from '../../src/bgp/wire/index.js';
import { type RefusalReason, VERDICTS } from '../../src/claims/reasons.js';
import { concatBytes } from '../../src/lib/bytes.js';
import { ManualClock } from '../../src/lib/clock.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import { seeded } from '../../src/lib/random.js';
import type { NetworkConfig } from '../../src/network/config.js';
import { MemoryOspfLinks, OspfSegment } from '../../src/ospf/memory-links.js';
import type { NeighbourConfig, RouterConfig } from '../../src/router/config.js';
import { Host } from '../../src/router/host.js';
import type { OspfConfig } from '../../src/router/ospf-config.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';
import { formatWhy } from '../../src/router/why.js';
import { encodePdu } from '../../src/rtr/wire/index.js';
import { A, B, routerLab } from '../support/router-lab.js';

const PREFIX = '192.0.2.0/24';
const path = (...asns: number[]): PathAttributes => ({ asPath: [{ type: 'sequence', asns }] });
const CACHE = '10.0.9.1';

/** How a guest at {@link A} comes to be refused {@link PREFIX}, or another prefix, for each reason there is. */
interface Way {
  readonly prefix?: string;
  readonly says?: PathAttributes;
  readonly as?: number;
  readonly neighbour?: Partial<NeighbourConfig>;
  readonly network?: Partial<NetworkConfig>;
  readonly router?: Partial<RouterConfig>;
  /** Milliseconds after it was said. */
  readonly later?: number;
  /** Claims others before. */
  readonly before?: readonly string[];
  /** Says it and takes it back so often before. */
  readonly flaps?: number;
  /** PDUs of an RPKI cache. */
  readonly rpki?: readonly Parameters<typeof encodePdu>[1][];
}

const GATEWAY = { node: 'a', prefix: '0.0.0.0/0', le: 32, as: 'gateway' } as const;
const CACHES: Partial<RouterConfig> = { rpki: { caches: [{ address: CACHE, version: 2 }] } };

/** How a guest that speaks OSPF comes to be refused {@link PREFIX} for what OSPF alone can be refused for. */
interface OspfWay {
  /** Of the guest's externals; ours is 99. */
  readonly tag: number;
  /** The guest is neither designated router nor backup, so that another passes on what it says. */
  readonly throughAnother: boolean;
}

const OSPF_WAYS = {
  'origin-not-confirmed': { tag: 0, throughAnother: true },
  'own-tag': { tag: 99, throughAnother: false },
} as const satisfies Partial<Record<RefusalReason, OspfWay>>;

/** All other reasons: one without a row does not compile, and fails below. */
const WAYS: Readonly<Record<Exclude<RefusalReason, keyof typeof OSPF_WAYS>, Way>> = {
  reserved: { prefix: `${B}/32` },
  'not-granted': { network: { grants: [] } },
  'source-not-granted': { network: { grants: [{ ...GATEWAY, sources: ['arp'] }] } },
  'grant-expired': { network: { grants: [{ ...GATEWAY, until: '1970-01-01T00:00:10Z' }] }, later: 60_000 },
  'outside-network': { network: { ranges: ['10.0.0.0/8'], grants: [{ node: 'a', prefix: '192.0.2.0/24' }] } },
  'default-not-granted': { prefix: '0.0.0.0/0', network: { grants: [GATEWAY] } },
  'covered-by-exclusive': {
    network: { grants: [GATEWAY, { node: 'b', prefix: '192.0.0.0/16', le: 32, as: 'gateway', mode: 'exclusive' }] },
  },
  'limit-exceeded': { network: { grants: [{ ...GATEWAY, limit: 1 }] }, before: ['198.51.100.0/24'] },
  'next-hop-not-own': { says: { nextHop: B } },
  'as-loop': { says: path(65001, 65000) },
  'first-as-mismatch': { says: path(65009, 65001) },
  'originator-loop': { as: 65000, says: { originatorId: '10.0.0.1' } },
  'cluster-loop': { as: 65000, says: { clusterList: ['10.0.0.1'] } },
  'policy-rejected': { neighbour: { import: [{ verdict: 'reject' }] } },
  'policy-error': {
    neighbour: {
      import: () => {
        throw new Error('a mistake of the program');
      },
    },
  },
  'rpki-invalid': {
    router: CACHES,
    rpki: [{ type: 'prefix', announce: true, ipv6: false, a: 0xc000_0200, b: 0, c: 0, d: 0, length: 24, maxLength: 24, asn: 65009 }],
  },
  'aspa-invalid': {
    says: path(65001, 65007),
    router: CACHES,
    neighbour: { rpki: { aspa: 'upstream' } },
    rpki: [{ type: 'aspa', announce: true, customer: 65007, providers: [65008] }],
  },
  'path-too-long': { says: path(65001, 65002, 65003), neighbour: { maxPathLength: 2 } },
  'as-set': { says: { asPath: [...(path(65001).asPath ?? []), { type: 'set', asns: [65002] }] } },
  'reserved-as': { says: path(65001, 23456) },
  'route-leak': { says: { otc: 65001 }, neighbour: { localRole: 'provider' } },
  'too-many-communities': { says: { communities: ['65001:1', '65001:2'] }, neighbour: { limits: { communities: 1 } } },
  'flap-dampened': { network: { grants: [GATEWAY], dampening: {} }, flaps: 3 },
  'held-down': { network: { grants: [GATEWAY], holdDown: 30 }, flaps: 1 },
};

/** A cache in memory that answers each query with the same. */
async function cache(transport: MemoryTransport, pdus: readonly Parameters<typeof encodePdu>[1][]): Promise<void> {
  const intervals = { refresh: 100, retry: 50, expire: 1000 };
  const all = [{ type: 'cache-response', session: 1 }, ...pdus, { type: 'end-of-data', session: 1, serial: 1, intervals }] as const;
  await transport.listen({ address: CACHE, port: 323 }, (connection) => {
    connection.listen({
      data: () => void connection.write(concatBytes(all.map((pdu) => encodePdu(2, pdu)))),
      drained: () => {},
      closed: () => {},
    });
  });
}

async function lab(way: Way) {
  const as = way.as ?? 65001;
  const nodes = [
    { name: 'a', addresses: [A] },
    { name: 'b', addresses: [B] },
  ];
  const made = await routerLab(
    [
      { address: A, as, tellVerdicts: true, ...way.neighbour },
      { address: B, as: 65002 },
    ],
    {
      network: { nodes, grants: [GATEWAY], ...way.network },
      ...way.router,
    },
  );
  if (way.rpki) {
    await cache(made.transport, way.rpki);
    made.clock.advance(1000);
  }
  const settle = (clock: ManualClock, time: number): void => {
    clock.settle();
    clock.advance(time);
  };
  const guest = made.guest(A, as, way.as ? { capabilities: [] } : {});
  for (const prefix of way.before ?? []) guest.announce(prefix);
  for (let i = 0; i < (way.flaps ?? 0); i++) {
    guest.announce(PREFIX);
    settle(made.clock, 200);
    guest.withdraw(PREFIX);
    settle(made.clock, 200);
  }
  guest.announce(way.prefix ?? PREFIX, way.says);
  settle(made.clock, 200);
  settle(made.clock, way.later ?? 0);
  return { ...made, a: guest, settle };
}

/** A router at 10.0.0.1 and two guests at {@link A} and {@link B} that speak OSPF on one segment, the first of which tells {@link PREFIX}. */
async function ospfLab({ tag, throughAnother }: OspfWay) {
  const clock = new ManualClock(1_000_000);
  const segment = new OspfSegment(clock);
  const on = async (address: string, priority: number, config: Partial<RouterConfig>, ospf: Partial<OspfConfig>) => {
    const addresses = [{ bytes: Uint8Array.from(address.split('.').map(Number)), length: 24 }];
    const host = new Host({
      transport: new MemoryTransport(clock),
      clock,
      random: seeded(1),
      ospf: new MemoryOspfLinks({ lan: { segment, addresses } }),
    });
    const interfaces = [{ device: 'lan', type: 'broadcast' as const, priority }];
    const router = new VirtualRouter({ as: 65000, routerId: address, ospf: [{ interfaces, ...ospf }], ...config }, { host });
    await router.start();
    return router;
  };
  const nodes = [
    { name: 'a', addresses: [A] },
    { name: 'b', addresses: [B] },
  ];
  const router = await on('10.0.0.1', 0, { network: { nodes, grants: [GATEWAY] } }, { export: { tag: 99 } });
  const told = { originate: [{ prefix: PREFIX }] };
  const a = await on(A, throughAnother ? 0 : 20, told, { export: { originated: true, tag } });
  const b = await on(B, 10, {}, {});
  clock.advance(90_000);
  await router.network.settled();
  return {
    router,
    async [Symbol.asyncDispose]() {
      for (const one of [router, a, b]) await one.stop();
    },
  };
}

describe('a claim is refused', () => {
  test.each(Object.keys(WAYS) as (keyof typeof WAYS)[])('%s, and the guest is told so', async (reason) => {
    const way = WAYS[reason];
    const { router, a } = await lab(way);
    const prefix = way.prefix ?? PREFIX;
    const claims = [...router.claims({ node: 'a', prefix }), ...router.claims({ node: 'b', prefix })].filter(
      ({ source }) => source === 'bgp',
    );
    expect(claims.map(({ verdict }) => verdict)).toEqual([reason]);
    expect(router.metrics().network.refusals[reason]).toBeGreaterThan(0);
    // By the large communities on what is sent back...
    expect(a.route(prefix)?.attributes).toMatchObject({
      communities: ['65535:65282'],
      largeCommunities: [`65000:1001:${VERDICTS.indexOf(reason)}`, '65000:1002:0'],
    });
    // ... and to whoever asks.
    const why = router.why(prefix, 'a');
    expect([why.outcome, why.code]).toEqual(['refused', reason]);
    expect(formatWhy(why).split('\n')[0]).toBe(`${prefix} a: refused (${reason})`);
  });

  test.each(Object.keys(OSPF_WAYS) as (keyof typeof OSPF_WAYS)[])('%s, and whoever asks is told so', async (reason) => {
    await using lab = await ospfLab(OSPF_WAYS[reason]);
    const { router } = lab;
    expect(router.metrics().network.refusals[reason]).toBeGreaterThan(0);
    expect([...router.claims({ node: 'a', prefix: PREFIX })].map(({ source, verdict }) => [source, verdict])).toEqual([['ospf', reason]]);
    const why = router.why(PREFIX, 'a');
    expect([why.outcome, why.code]).toEqual(['refused', reason]);
    expect(formatWhy(why).split('\n')[0]).toBe(`${PREFIX} a: refused (${reason})`);
  });

  test('for each reason that there is', () => {
    expect([...Object.keys(WAYS), ...Object.keys(OSPF_WAYS)].sort()).toEqual(VERDICTS.filter((code) => code !== 'accepted').sort());
  });
});

describe('what a guest is told of its claims', () => {
  test('changes with the verdict and with who holds the prefix, and ends with the claim', async () => {
    const { clock, guest, router, a, settle } = await lab({
      network: { grants: [GATEWAY, { ...GATEWAY, node: 'b', id: 'b', preference: 900 }] },
    });
    const told = () => a.route(PREFIX)?.attributes.largeCommunities?.join(' ');
    expect(told()).toBe('65000:1001:0 65000:1002:1');
    const b = guest(B, 65002);
    b.announce(PREFIX);
    settle(clock, 200);
    expect(told()).toBe('65000:1001:0 65000:1002:0');
    router.revoke('a/0.0.0.0/0');
    settle(clock, 200);
    expect(told()).toBe(`65000:1001:${VERDICTS.indexOf('not-granted')} 65000:1002:0`);
    a.withdraw(PREFIX);
    settle(clock, 200);
    expect(a.route(PREFIX)).toBeUndefined();
  });

  test('is told again when it asks for everything, and ends with the claim as ever', async () => {
    const { clock, a, settle } = await lab({});
    const heard: string[] = [];
    a.on('routes', ({ announced, withdrawn }) =>
      heard.push(...announced.map(({ prefix }) => `+${prefix}`), ...withdrawn.map(({ prefix }) => `-${prefix}`)),
    );
    a.refresh('ipv4-unicast');
    settle(clock, 200);
    expect(heard).toEqual([`+${PREFIX}`]);
    a.refresh('ipv4-unicast');
    a.withdraw(PREFIX);
    settle(clock, 200);
    expect(heard.slice(1)).toEqual([`-${PREFIX}`]);
  });

  test('is about the prefixes that it claims now, however soon one came after the other', async () => {
    const { clock, a, settle } = await lab({});
    expect(a.route(PREFIX)).toBeDefined();
    a.withdraw(PREFIX);
    clock.settle();
    a.announce('198.51.100.0/24');
    settle(clock, 200);
    expect(a.routes().map(({ prefix }) => prefix)).toEqual(['198.51.100.0/24']);
  });

  test('gives way to a route of another’s that it is told of', async () => {
    const { clock, guest, a, settle } = await lab({
      neighbour: { export: 'claims' },
      network: { grants: [GATEWAY, { ...GATEWAY, node: 'b', id: 'b', preference: 900 }] },
    });
    expect(a.route(PREFIX)?.attributes.largeCommunities).toHaveLength(2);
    const b = guest(B, 65002);
    b.announce(PREFIX);
    settle(clock, 200);
    expect(a.route(PREFIX)?.attributes.asPath).toEqual(path(65000, 65002).asPath);
    b.withdraw(PREFIX);
    settle(clock, 200);
    expect(a.route(PREFIX)?.attributes.largeCommunities).toEqual(['65000:1001:0', '65000:1002:1']);
  });
});

describe('why', () => {
  test('says who holds a prefix, at which step another lost it, and why nobody claims it', async () => {
    const { clock, guest, router, a, settle } = await lab({
      neighbour: { limits: { prefixes: 2 } },
      network: { grants: [GATEWAY, { ...GATEWAY, node: 'b', id: 'b' }] },
    });
    const short = (prefix: string, node: string) => {
      const { outcome, code, holders } = router.why(prefix, node);
      return `${outcome} ${code} ${holders.join()}`;
    };
    expect(short(PREFIX, 'a')).toBe('holds undefined a');
    expect(short(PREFIX, 'b')).toBe('not-claimed no-session a');
    expect(router.why(PREFIX, 'b', []).message).toBe(`b has no BGP session here, and claims ${PREFIX} in no other way.`);
    const b = guest(B, 65002);
    b.announce(PREFIX);
    settle(clock, 200);
    expect(short(PREFIX, 'b')).toMatch(/^lost [a-z-]+ a$/);
    expect(short('203.0.113.0/24', 'b')).toBe('not-claimed not-announced ');
    for (let i = 0; i < 3; i++) a.announce(`198.51.${i}.0/24`);
    settle(clock, 200);
    expect(short('198.51.2.0/24', 'a')).toBe('not-claimed over-limit ');
    expect(() => router.why('198.51.2.0/24', 'c')).toThrow('there is no node "c"');
    expect(() => router.why('198.51.2.1/99', 'a')).toThrow();
  });
});
