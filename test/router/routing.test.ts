import { describe, expect, test } from 'vitest';
import { BgpSpeaker, type SpeakerConfig } from '../../src/bgp/speaker.js';
import { defaultContext, encodeMessage, type Nlri, type PathAttributes } from '../../src/bgp/wire/index.js';
import { ManualClock } from '../../src/lib/clock.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import type { GrantConfig } from '../../src/network/config.js';
import type { NeighbourConfig, RouterConfig } from '../../src/router/config.js';
import { Host } from '../../src/router/host.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';

const A = '10.0.0.10';
const B = '10.0.0.11';
const C = '10.0.0.12';
const NAMES: Readonly<Record<string, string>> = { [A]: 'a', [B]: 'b', [C]: 'c', 'fd00::10': 'a', 'fd00::11': 'b' };
const ANYTHING: GrantConfig[] = ['a', 'b', 'c'].flatMap((node) => [
  { node, id: `${node}4`, prefix: '0.0.0.0/0', le: 32, as: 'gateway' },
  { node, id: `${node}6`, prefix: '::/0', le: 128, as: 'gateway' },
]);

/** A router of AS 65000 at 10.0.0.1 and fd00::1, and guests that are speakers of the library's own. */
async function lab(neighbours: readonly NeighbourConfig[], more: Partial<RouterConfig> = {}) {
  const clock = new ManualClock();
  const transport = new MemoryTransport(clock);
  const host = new Host({ transport, clock, random: () => 0.5 });
  const router = new VirtualRouter(
    {
      as: 65000,
      routerId: '10.0.0.1',
      listen: [{ address: '10.0.0.1' }, { address: 'fd00::1' }],
      network: {
        nodes: [
          { name: 'a', addresses: [A, 'fd00::10'] },
          { name: 'b', addresses: [B, 'fd00::11'] },
          { name: 'c', addresses: [C] },
        ],
        grants: ANYTHING,
      },
      neighbours: neighbours.map((neighbour) => ({ passive: true, ...neighbour })),
      ...more,
    },
    { host },
  );
  await router.start();
  const guest = (address: string, as: number, config: Partial<SpeakerConfig> = {}): BgpSpeaker => {
    const speaker = new BgpSpeaker(
      {
        as,
        routerId: address.includes(':') ? '10.0.9.9' : address,
        localAddress: address,
        neighbour: { address: address.includes(':') ? 'fd00::1' : '10.0.0.1' },
        ...config,
      },
      { transport, clock, random: () => 0.5 },
    );
    speaker.start();
    clock.advance(2000);
    expect(speaker.state, `${NAMES[address]} ${router.neighbours().map(({ lastDown }) => lastDown)}`).toBe('established');
    return speaker;
  };
  const say = (speaker: BgpSpeaker, prefix: string, attributes: PathAttributes = {}): void => {
    speaker.announce(prefix, attributes);
    clock.settle();
  };
  const unsay = (speaker: BgpSpeaker, prefix: Parameters<BgpSpeaker['withdraw']>[0]): void => {
    speaker.withdraw(prefix);
    clock.settle();
  };
  const verdicts = () =>
    Object.fromEntries([...router.claims()].filter(({ source }) => source === 'bgp').map(({ prefix, verdict }) => [prefix, verdict]));
  return { clock, transport, router, guest, say, unsay, verdicts };
}

describe('what an external neighbour is told', () => {
  test('has our AS in front, our next hop, no LOCAL_PREF and no MED of another’s', async () => {
    const { guest, say, unsay } = await lab([
      { address: A, as: 65001 },
      { address: B, as: 65002, export: 'claims' },
    ]);
    const [a, b] = [guest(A, 65001), guest(B, 65002)];
    say(a, '192.0.2.0/24', {
      med: 7,
      communities: ['65001:1'],
      largeCommunities: ['65001:1:2'],
      extendedCommunities: ['target:65001:5'],
      otc: 65001,
    });
    expect(b.route('192.0.2.0/24')?.attributes).toEqual({
      origin: 'igp',
      asPath: [{ type: 'sequence', asns: [65000, 65001] }],
      nextHop: '10.0.0.1',
      communities: ['65001:1'],
      extendedCommunities: ['target:65001:5'],
      largeCommunities: ['65001:1:2'],
      otc: 65001,
    });
    unsay(a, '192.0.2.0/24');
    expect(b.route('192.0.2.0/24')).toBeUndefined();
  });

  test('has what its rules set, also where that is what it was', async () => {
    const { guest, say } = await lab([
      { address: A, as: 65001 },
      { address: B, as: 65002, export: { of: ['claims'], rules: [{ set: { med: 50, nextHop: A } }] } },
    ]);
    const [a, b] = [guest(A, 65001), guest(B, 65002)];
    say(a, '192.0.2.1/32', { med: 50 });
    say(a, '192.0.2.2/32', { med: 51 });
    expect(b.routes().map(({ attributes }) => [attributes.med, attributes.nextHop])).toEqual([
      [50, A],
      [50, A],
    ]);
  });

  test('of what the router announces by itself is what its rules make of it, as of claims', async () => {
    const families = ['ipv4-unicast', 'ipv6-unicast'] as const;
    const rules = [
      { match: { neighbour: ['other'] }, verdict: 'reject' },
      { match: { asPath: '^$', neighbour: ['guest'], prefixes: ['::/0'] }, set: { nextHop: 'fd00::7', prepend: [65009], localPref: 200 } },
      { match: { asPath: '^$', prefixes: ['0.0.0.0/0'] }, set: { nextHop: '10.0.0.7', med: 3 } },
      // IPv4 has no IPv6 next hop here.
      { match: { prefixes: ['198.51.100.0/24'] }, set: { nextHop: 'fd00::7' } },
    ] as const;
    const { guest } = await lab([{ address: A, name: 'guest', as: 65001, families, export: { of: ['default', 'originated'], rules } }], {
      originate: [{ prefix: '198.51.100.0/24' }],
    });
    const a = guest(A, 65001, { families });
    expect(a.routes()).toEqual([
      {
        prefix: '0.0.0.0/0',
        attributes: { origin: 'igp', asPath: [{ type: 'sequence', asns: [65000] }], nextHop: '10.0.0.7', med: 3 },
      },
      { prefix: '::/0', attributes: { origin: 'igp', asPath: [{ type: 'sequence', asns: [65000, 65009] }], nextHop: 'fd00::7' } },
    ]);
  });

  test('is nothing without an export (RFC 8212)', async () => {
    const { guest, say } = await lab([
      { address: A, as: 65001 },
      { address: B, as: 65002 },
    ]);
    const [a, b] = [guest(A, 65001), guest(B, 65002)];
    say(a, '192.0.2.0/24');
    expect(b.routes()).toEqual([]);
  });

  test('is limited by well-known communities, which do not limit the mapping', async () => {
    const { guest, say, router } = await lab([
      { address: A, as: 65001 },
      { address: B, as: 65002, export: 'claims', bilateralPeer: true },
      { address: C, as: 65003, export: 'claims' },
    ]);
    const [a, b, c] = [guest(A, 65001), guest(B, 65002), guest(C, 65003)];
    say(a, '192.0.2.1/32', { communities: ['65535:65281'] });
    say(a, '192.0.2.2/32', { communities: ['65535:65282'] });
    say(a, '192.0.2.3/32', { communities: ['65535:65284'] });
    say(a, '192.0.2.4/32', { communities: ['65535:666'] });
    expect(b.routes()).toEqual([]);
    expect(c.routes().map(({ prefix }) => prefix)).toEqual(['192.0.2.3/32']);
    expect(router.lookup('192.0.2.1')).toEqual([{ type: 'gateway', node: 'a' }]);
    expect(router.lookup('192.0.2.4')).toEqual([{ type: 'discard', node: 'a' }]);
  });

  test('is nothing of what is to be dropped here, unless a policy wants that; inside the AS it goes with NO_EXPORT (RFC 7999 §3.2)', async () => {
    const BLACKHOLE = '65535:666';
    const NO_EXPORT = '65535:65281';
    const rules = [{ match: { communities: [BLACKHOLE, '65001:1'] }, set: { removeCommunities: [NO_EXPORT] } }] as const;
    const told = async (neighbour: Partial<NeighbourConfig>, communities: readonly string[]) => {
      const { guest, say, router } = await lab([
        { address: A, as: 65001, ...neighbour },
        { address: B, as: 65002, export: 'claims' },
        { address: C, as: 65000, export: 'claims' },
      ]);
      const [a, b, c] = [guest(A, 65001), guest(B, 65002), guest(C, 65000)];
      say(a, '192.0.2.1/32', { communities });
      expect(router.lookup('192.0.2.1')).toEqual([{ type: 'discard', node: 'a' }]);
      return [b, c].map((speaker) => speaker.routes()[0]?.attributes.communities);
    };
    expect(await told({}, [BLACKHOLE])).toEqual([undefined, [BLACKHOLE, NO_EXPORT]]);
    expect(await told({}, [BLACKHOLE, '65535:65282'])).toEqual([undefined, undefined]);
    expect(await told({ localRole: 'customer' }, [BLACKHOLE])).toEqual([undefined, [BLACKHOLE, NO_EXPORT]]);
    expect(await told({ import: rules }, [BLACKHOLE, '65001:1'])).toEqual([
      [BLACKHOLE, '65001:1'],
      [BLACKHOLE, '65001:1'],
    ]);
    expect(await told({ routeServerClient: true }, [BLACKHOLE])).toEqual([[BLACKHOLE], [BLACKHOLE]]);
  });

  test('connected subnets, a default route, and what the router originates', async () => {
    const { guest } = await lab([{ address: A, as: 65001, export: ['connected', 'default', 'originated'] }], {
      network: { subnets: [{ prefix: '10.0.0.0/24' }], nodes: [{ name: 'a', addresses: [A] }] },
      originate: [{ prefix: '198.51.100.0/24', med: 5, communities: ['65000:1'] }],
    });
    const a = guest(A, 65001);
    expect(a.routes().map(({ prefix, attributes }) => [prefix, attributes.nextHop, attributes.med])).toEqual([
      ['10.0.0.0/24', '10.0.0.1', undefined],
      ['0.0.0.0/0', '10.0.0.1', undefined],
      ['198.51.100.0/24', '10.0.0.1', 5],
    ]);
    expect([...a.endOfRib]).toEqual(['ipv4-unicast']);
  });

  test('takes a two-octet neighbour’s numbers into account (RFC 6793)', async () => {
    const { guest, say } = await lab([
      { address: A, as: 4_200_000_001 },
      { address: B, as: 65002, export: 'claims' },
    ]);
    const a = guest(A, 4_200_000_001);
    const b = guest(B, 65002);
    say(a, '192.0.2.0/24');
    expect(b.route('192.0.2.0/24')?.attributes.asPath).toEqual([{ type: 'sequence', asns: [65000, 4_200_000_001] }]);
  });

  test('as-override and allow-own-as let guests share one AS', async () => {
    const { guest, say, verdicts } = await lab([
      { address: A, as: 65001 },
      { address: B, as: 65001, export: 'claims', asOverride: true },
      { address: C, as: 65003, allowOwnAs: 1 },
    ]);
    const [a, b, c] = [guest(A, 65001), guest(B, 65001), guest(C, 65003)];
    say(a, '192.0.2.0/24');
    expect(b.route('192.0.2.0/24')?.attributes.asPath).toEqual([{ type: 'sequence', asns: [65000, 65000] }]);
    say(a, '192.0.2.1/32', { asPath: [{ type: 'sequence', asns: [65001, 65000] }] });
    say(c, '192.0.2.2/32', { asPath: [{ type: 'sequence', asns: [65003, 65000] }] });
    expect(verdicts()).toMatchObject({ '192.0.2.1/32': 'as-loop', '192.0.2.2/32': 'accepted' });
  });

  test('a route server’s client gets routes as they are (RFC 7947)', async () => {
    const { guest, say } = await lab([
      { address: A, as: 65001, routeServerClient: true },
      { address: B, as: 65002, routeServerClient: true, export: 'claims' },
    ]);
    const [a, b] = [guest(A, 65001), guest(B, 65002)];
    say(a, '192.0.2.0/24', { med: 7 });
    expect(b.route('192.0.2.0/24')?.attributes).toMatchObject({ asPath: [{ type: 'sequence', asns: [65001] }], nextHop: A, med: 7 });
  });
});

describe('internal neighbours', () => {
  test('are not told what another internal neighbour said, unless routes are reflected (RFC 4456)', async () => {
    const { guest, say, verdicts } = await lab([
      { address: A, as: 65000, export: 'claims' },
      { address: B, as: 65000, export: 'claims' },
      { address: C, as: 65000, export: 'claims', routeReflectorClient: true },
    ]);
    const [a, b, c] = [guest(A, 65000), guest(B, 65000), guest(C, 65000)];
    say(a, '192.0.2.0/24', { localPref: 250 });
    say(c, '198.51.100.0/24');
    expect(b.routes().map(({ prefix }) => prefix)).toEqual(['198.51.100.0/24']);
    expect(c.route('192.0.2.0/24')?.attributes).toMatchObject({
      asPath: [],
      localPref: 250,
      nextHop: A,
      originatorId: A,
      clusterList: ['10.0.0.1'],
    });
    say(a, '203.0.113.0/24', { originatorId: '10.0.0.1', clusterList: ['1.1.1.1'] });
    say(a, '203.0.113.1/32', { originatorId: '9.9.9.9', clusterList: ['1.1.1.1', '10.0.0.1'] });
    expect(verdicts()).toMatchObject({ '203.0.113.0/24': 'originator-loop', '203.0.113.1/32': 'cluster-loop' });
  });

  test('LOCAL_PREF decides between them, and counts for nothing from outside', async () => {
    const grants: GrantConfig[] = ['a', 'b', 'c'].map((node) => ({ node, prefix: '192.0.2.0/24', as: 'gateway' }));
    const { guest, say, router } = await lab(
      [
        { address: A, as: 65000 },
        { address: B, as: 65000 },
        { address: C, as: 65003 },
      ],
      { network: { nodes: [A, B, C].map((address) => ({ name: NAMES[address] ?? '', addresses: [address] })), grants } },
    );
    const [a, b, c] = [guest(A, 65000), guest(B, 65000), guest(C, 65003)];
    say(a, '192.0.2.0/24', { localPref: 100, asPath: [] });
    say(b, '192.0.2.0/24', { localPref: 200, asPath: [{ type: 'sequence', asns: [1, 2, 3] }] });
    say(c, '192.0.2.0/24', { localPref: 900 });
    expect(router.explain('192.0.2.0/24').claims.map(({ node, won, lostAt }) => [node, won, lostAt])).toEqual([
      ['b', true, undefined],
      ['c', false, 'local-pref'],
      ['a', false, 'local-pref'],
    ]);
  });
});

describe('what a guest says', () => {
  test('is refused with the reason that fits', async () => {
    const { guest, say, verdicts, router } = await lab([
      { address: A, as: 65001 },
      { address: B, as: 65002 },
    ]);
    const a = guest(A, 65001);
    guest(B, 65002);
    say(a, '192.0.2.1/32', { nextHop: '10.0.0.99' });
    say(a, '192.0.2.2/32', { nextHop: B });
    say(a, '192.0.2.3/32', { asPath: [{ type: 'sequence', asns: [65009] }] });
    say(a, '192.0.2.4/32', { asPath: [{ type: 'sequence', asns: [65001, 65000] }] });
    say(a, `${B}/32`);
    say(a, '192.0.2.5/32');
    expect(verdicts()).toEqual({
      '192.0.2.1/32': 'next-hop-not-own',
      '192.0.2.2/32': 'next-hop-not-own',
      '192.0.2.3/32': 'first-as-mismatch',
      '192.0.2.4/32': 'as-loop',
      [`${B}/32`]: 'reserved',
      '192.0.2.5/32': 'accepted',
    });
    expect(router.neighbours().map(({ claims, claimsRefused }) => [claims, claimsRefused])).toEqual([
      [6, 5],
      [0, 0],
    ]);
  });

  test('speaksFor lets it name another node as holder', async () => {
    const { guest, say, router } = await lab([{ address: A, as: 65001 }], {
      network: {
        nodes: [
          { name: 'a', addresses: [A] },
          { name: 'b', addresses: [B] },
        ],
        grants: [{ node: 'a', prefix: '192.0.2.0/24', ge: 32, as: 'gateway', speaksFor: ['b'] }],
      },
    });
    const a = guest(A, 65001);
    say(a, '192.0.2.1/32', { nextHop: B });
    expect(router.lookup('192.0.2.1')).toEqual([{ type: 'gateway', node: 'b' }]);
    expect([...router.claims({ prefix: '192.0.2.1/32' })]).toMatchObject([{ node: 'b', speaker: 'a' }]);
  });

  test('a community sets the preference within the grant’s bounds', async () => {
    const { guest, say, router } = await lab([{ address: A, as: 65001 }], {
      network: {
        nodes: [{ name: 'a', addresses: [A] }],
        grants: [{ node: 'a', prefix: '192.0.2.0/24', ge: 32, as: 'gateway', preference: 300, preferenceRange: [200, 350] }],
      },
    });
    const a = guest(A, 65001);
    say(a, '192.0.2.1/32');
    say(a, '192.0.2.2/32', { largeCommunities: ['65000:1000:250'] });
    say(a, '192.0.2.3/32', { largeCommunities: ['65000:1000:999'] });
    expect([...router.claims()].filter(({ source }) => source === 'bgp').map(({ preference }) => preference)).toEqual([300, 250, 350]);
  });

  test('GRACEFUL_SHUTDOWN makes it the last choice (RFC 8326)', async () => {
    const grants: GrantConfig[] = ['a', 'b'].map((node) => ({ node, prefix: '192.0.2.1/32', as: 'gateway' }));
    const { guest, say, router } = await lab(
      [
        { address: A, as: 65001 },
        { address: B, as: 65002 },
      ],
      { network: { nodes: [A, B].map((address) => ({ name: NAMES[address] ?? '', addresses: [address] })), grants } },
    );
    const [a, b] = [guest(A, 65001), guest(B, 65002)];
    say(a, '192.0.2.1/32');
    say(b, '192.0.2.1/32', { asPath: [{ type: 'sequence', asns: [65002, 65002] }] });
    expect(router.lookup('192.0.2.1')?.[0].node).toBe('a');
    say(a, '192.0.2.1/32', { communities: ['65535:0'] });
    expect(router.lookup('192.0.2.1')?.[0].node).toBe('b');
    say(a, '192.0.2.1/32');
    expect(router.lookup('192.0.2.1')?.[0].node).toBe('a');
  });

  test('import rules reject, change, and are looked at again when they change', async () => {
    const neighbour: NeighbourConfig = {
      address: A,
      as: 65001,
      passive: true,
      import: [
        { name: 'no tests', match: { communities: ['65001:13'] }, verdict: { reject: 'tests are not for here' } },
        {
          match: { prefixes: [{ prefix: '192.0.2.0/24', le: 32 }], asPath: '^65001$' },
          set: { addCommunities: ['65000:7'], preference: 450 },
        },
      ],
    };
    const { guest, say, verdicts, router, clock } = await lab([neighbour, { address: B, as: 65002, export: 'claims' }]);
    const [a, b] = [guest(A, 65001), guest(B, 65002)];
    say(a, '192.0.2.1/32', { communities: ['65001:13'] });
    say(a, '192.0.2.2/32');
    say(a, '198.51.100.0/24');
    expect(verdicts()).toMatchObject({ '192.0.2.1/32': 'policy-rejected', '192.0.2.2/32': 'accepted', '198.51.100.0/24': 'accepted' });
    expect(b.route('192.0.2.2/32')?.attributes.communities).toEqual(['65000:7']);
    expect(b.route('198.51.100.0/24')?.attributes.communities).toBeUndefined();
    const { import: _rules, ...open } = neighbour;
    const config = router.configuration();
    const { applied, restarted } = router.reconfigure({ ...config, neighbours: [open, ...(config.neighbours ?? []).slice(1)] });
    clock.settle();
    expect([applied, restarted]).toEqual([[`neighbour ${A} policy changed`], []]);
    expect(verdicts()['192.0.2.1/32']).toBe('accepted');
    expect(b.route('192.0.2.2/32')?.attributes.communities).toBeUndefined();
    expect(a.state).toBe('established');
  });
});

describe('IPv6 and several paths', () => {
  test('IPv6 routes over an IPv6 session, and IPv4 routes with IPv6 next hops (RFC 8950)', async () => {
    const families = ['ipv4-unicast', 'ipv6-unicast'] as const;
    const { guest, say, unsay, router } = await lab([
      { address: 'fd00::10', as: 65001, families },
      { address: 'fd00::11', as: 65002, families, export: 'claims' },
    ]);
    const a = guest('fd00::10', 65001, { families });
    const b = guest('fd00::11', 65002, { families, routerId: '10.0.9.8' });
    say(a, '2001:db8:1::/48');
    say(a, '192.0.2.0/24', { nextHop: 'fd00::10' });
    expect(b.route('2001:db8:1::/48')?.attributes).toMatchObject({
      nextHop: 'fd00::1',
      asPath: [{ type: 'sequence', asns: [65000, 65001] }],
    });
    expect(b.route('192.0.2.0/24')?.attributes).toMatchObject({ nextHop: 'fd00::1' });
    expect(router.lookup('2001:db8:1::1')).toEqual([{ type: 'gateway', node: 'a' }]);
    expect([...b.endOfRib].sort()).toEqual(['ipv4-unicast', 'ipv6-unicast']);
    unsay(a, '2001:db8:1::/48');
    unsay(a, '192.0.2.0/24');
    expect(b.routes()).toEqual([]);
  });

  test('an IPv6 next hop of an IPv4 route, on a subnet of all, is ours for a neighbour that knows no such thing', async () => {
    const families = ['ipv4-unicast', 'ipv6-unicast'] as const;
    const { guest, say } = await lab(
      [
        { address: 'fd00::10', as: 65001, families },
        { address: B, as: 65002, export: 'claims' },
      ],
      {
        network: {
          subnets: [{ prefix: '10.0.0.0/24' }, { prefix: 'fd00::/64' }],
          nodes: [
            { name: 'a', addresses: [A, 'fd00::10'] },
            { name: 'b', addresses: [B, 'fd00::11'] },
          ],
          grants: ANYTHING.filter(({ node }) => node !== 'c'),
        },
      },
    );
    const a = guest('fd00::10', 65001, { families });
    const b = guest(B, 65002);
    say(a, '192.0.2.0/24', { nextHop: 'fd00::10' });
    expect(b.route('192.0.2.0/24')?.attributes.nextHop).toBe('10.0.0.1');
  });

  test('add-path: all paths are told, and each withdrawn by itself (RFC 7911)', async () => {
    const { guest, say, unsay, router } = await lab([
      { address: A, as: 65001, addPath: 'receive' },
      { address: B, as: 65002 },
      { address: C, as: 65003, addPath: 'send', export: 'claims' },
    ]);
    const a = guest(A, 65001, { addPath: 'send' });
    const [b, c] = [guest(B, 65002), guest(C, 65003, { addPath: 'receive' })];
    a.announce({ prefix: '192.0.2.0/24', pathId: 1 }, { asPath: [{ type: 'sequence', asns: [65001, 1] }] });
    a.announce({ prefix: '192.0.2.0/24', pathId: 2 }, { asPath: [{ type: 'sequence', asns: [65001, 2, 2] }] });
    say(b, '192.0.2.0/24');
    const paths = () =>
      c
        .routes()
        .map(({ attributes }) => attributes.asPath?.[0]?.asns.join(' '))
        .sort();
    expect(paths()).toEqual(['65000 65001 1', '65000 65001 2 2', '65000 65002']);
    expect(router.explain('192.0.2.0/24').claims.length).toBe(3);
    unsay(a, { prefix: '192.0.2.0/24', pathId: 1 });
    expect(paths()).toEqual(['65000 65001 2 2', '65000 65002']);
    unsay(b, '192.0.2.0/24');
    expect(paths()).toEqual(['65000 65001 2 2']);
  });
});

describe('sessions', () => {
  test('of a range are bound to the node that owns the address, up to the limit, and others are turned away', async () => {
    const { router, transport, clock } = await lab([{ address: '10.0.0.0/24', as: 'any', limit: 1 }]);
    const refused: string[] = [];
    router.on('session-refused', ({ address, reason }) => refused.push(`${address} ${reason}`));
    const dial = (localAddress: string) => {
      const speaker = new BgpSpeaker(
        { as: 65009, routerId: localAddress, localAddress, neighbour: { address: '10.0.0.1' } },
        { transport, clock },
      );
      speaker.start();
      clock.advance(500);
      return speaker;
    };
    expect(dial(A).state).toBe('established');
    expect(dial(B).state).not.toBe('established');
    expect(dial('10.0.0.77').state).not.toBe('established');
    expect(dial('10.9.9.9').state).not.toBe('established');
    expect(new Set(refused)).toEqual(new Set([`${B} limit-exceeded`, '10.0.0.77 unknown-node', '10.9.9.9 unknown-neighbour']));
    expect(router.neighbours()).toMatchObject([{ address: A, node: 'a', state: 'established', peerAs: 65009 }]);
  });

  test('of a range make room again when they end, or never get far', async () => {
    const { router, transport, clock } = await lab([{ address: '10.0.0.0/24', as: 65009, limit: 1 }]);
    const dial = (localAddress: string, as: number) => {
      const speaker = new BgpSpeaker(
        { as, routerId: localAddress, localAddress, neighbour: { address: '10.0.0.1' } },
        { transport, clock },
      );
      speaker.start();
      clock.advance(500);
      return speaker;
    };
    const wrong = dial(A, 65001);
    expect(wrong.state).not.toBe('established');
    void wrong.stop();
    clock.advance(5000);
    expect(router.neighbours()).toEqual([]);
    const right = dial(B, 65009);
    expect(right.state).toBe('established');
    void right.stop();
    clock.advance(5000);
    expect(router.neighbours()).toEqual([]);
  });

  test('a route refresh brings everything again', async () => {
    const { guest, say, clock } = await lab([
      { address: A, as: 65001 },
      { address: B, as: 65002, export: ['claims', 'default'] },
    ]);
    const [a, b] = [guest(A, 65001), guest(B, 65002)];
    say(a, '192.0.2.0/24');
    let again = 0;
    b.on('routes', ({ announced }) => {
      again += announced.length;
    });
    b.refresh('ipv4-unicast');
    clock.settle();
    expect(again).toBe(2);
  });

  test('what an UPDATE withdraws and announces is as if it had not been withdrawn (RFC 4271 §4.3)', async () => {
    const takeover = 'if-holder-down';
    const { guest, say, router, clock } = await lab(
      [
        { address: A, as: 65001, addPath: 'receive' },
        { address: B, as: 65002 },
      ],
      {
        network: {
          nodes: [
            { name: 'a', addresses: [A] },
            { name: 'b', addresses: [B] },
          ],
          grants: ['a', 'b'].map((node) => ({ node, prefix: '192.0.2.0/24', le: 32, as: 'gateway', takeover })),
        },
      },
    );
    const holders = () => [1, 2].map((i) => router.lookup(`192.0.2.${i}`)?.[0].node);
    const attributes = { origin: 'igp', asPath: [{ type: 'sequence', asns: [65001] }], nextHop: A } as const;
    for (const addPath of [undefined, 'send'] as const) {
      const a = guest(A, 65001, addPath ? { addPath } : {});
      const context = { ...defaultContext, addPath: addPath ? { 'ipv4-unicast': true } : {} };
      const nlri = (i: number) => ({ prefix: `192.0.2.${i}/32`, ...(addPath ? { pathId: 7 } : {}) });
      const send = (withdrawn: readonly Nlri[], announced: readonly Nlri[]): void => {
        a.sendRaw(encodeMessage({ type: 'update', withdrawn, attributes, announced }, context));
        clock.settle();
      };
      send([], [nlri(1), nlri(2)]);
      const b = guest(B, 65002);
      say(b, '192.0.2.1/32');
      say(b, '192.0.2.2/32');
      expect(holders()).toEqual(['a', 'a']);
      send([nlri(1), nlri(2), nlri(3)], [nlri(1)]);
      expect(holders()).toEqual(['a', 'b']);
      void a.stop();
      void b.stop();
      clock.advance(10_000);
    }
  });

  test.each([undefined, 'send'] as const)('and so it is in MP attributes (add-path: %s)', async (addPath) => {
    const families = ['ipv4-unicast', 'ipv6-unicast'] as const;
    const prefix = (i: number): string => `2001:db8::${i}:0:0:0/112`;
    const { guest, say, router, clock } = await lab(
      [
        { address: A, as: 65001, families, addPath: 'receive' },
        { address: B, as: 65002, families },
      ],
      {
        network: {
          nodes: [
            { name: 'a', addresses: [A, 'fd00::10'] },
            { name: 'b', addresses: [B, 'fd00::11'] },
          ],
          grants: ['a', 'b'].map((node) => ({ node, prefix: '2001:db8::/32', le: 128, as: 'gateway', takeover: 'if-holder-down' })),
        },
      },
    );
    const a = guest(A, 65001, { families, ...(addPath ? { addPath } : {}) });
    const b = guest(B, 65002, { families });
    const context = { ...defaultContext, addPath: addPath ? { 'ipv6-unicast': true } : {} };
    const nlri = (...numbers: number[]) => numbers.map((i) => ({ prefix: prefix(i), ...(addPath ? { pathId: 7 } : {}) }));
    const send = (withdrawn: readonly number[], announced: readonly number[]): void => {
      const family = 'ipv6-unicast';
      const mpReach = { family, nextHop: 'fd00::10', nlri: nlri(...announced) } as const;
      const attributes = { origin: 'igp', asPath: [{ type: 'sequence', asns: [65001] }], mpReach } as const;
      const mpUnreach = withdrawn.length > 0 ? { mpUnreach: { family, nlri: nlri(...withdrawn) } as const } : {};
      a.sendRaw(encodeMessage({ type: 'update', withdrawn: [], attributes: { ...attributes, ...mpUnreach }, announced: [] }, context));
      clock.settle();
    };
    const holders = () => [1, 2].map((i) => router.network.get(prefix(i))?.[0].node);
    send([], [1, 2]);
    for (const i of [1, 2]) say(b, prefix(i), { nextHop: 'fd00::11' });
    expect(holders()).toEqual(['a', 'a']);
    send([1, 2, 3], [1]);
    expect(holders()).toEqual(['a', 'b']);
  });

  test('a malformed attribute withdraws the route and keeps the session (RFC 7606)', async () => {
    const { guest, say, router, clock } = await lab([{ address: A, as: 65001 }]);
    const malformed: string[] = [];
    router.on('message-malformed', ({ message }) => malformed.push(message));
    const a = guest(A, 65001);
    say(a, '192.0.2.0/24');
    expect(router.lookup('192.0.2.1')).toBeDefined();
    // ORIGIN of two octets.
    const bytes = Uint8Array.from([
      ...new Uint8Array(16).fill(255),
      0,
      47,
      2,
      0,
      0,
      0,
      20,
      0x40,
      1,
      2,
      0,
      0,
      0x40,
      2,
      6,
      2,
      1,
      0,
      0,
      0xfd,
      0xe9,
      0x40,
      3,
      4,
      10,
      0,
      0,
      10,
      24,
      192,
      0,
      2,
    ]);
    bytes[17] = bytes.length;
    bytes[22] = bytes.length - 23 - 4;
    a.sendRaw(bytes);
    clock.settle();
    expect(router.lookup('192.0.2.1')).toBeUndefined();
    expect(a.state).toBe('established');
    expect(malformed.length).toBe(1);
  });

  test('a neighbour that is added, changed and removed while the router runs', async () => {
    const { router, guest, clock } = await lab([{ address: A, as: 65001 }]);
    const a = guest(A, 65001);
    const config = router.configuration();
    const b: NeighbourConfig = { address: B, as: 65002, passive: true };
    expect(router.reconfigure({ ...config, neighbours: [...(config.neighbours ?? []), b] })).toMatchObject({
      applied: [`neighbour ${B} added`],
    });
    const speaker = guest(B, 65002);
    expect(router.reconfigure({ ...config, neighbours: [...(config.neighbours ?? []), { ...b, holdTime: 30 }] })).toMatchObject({
      restarted: [`neighbour ${B}`],
    });
    clock.advance(5000);
    expect(speaker.negotiated?.holdTime).toBe(30_000);
    expect(router.reconfigure(config)).toMatchObject({ applied: [`neighbour ${B} removed`] });
    clock.advance(100);
    expect(speaker.state).not.toBe('established');
    expect(a.state).toBe('established');
    expect(() => router.reconfigure({ ...config, as: 65099 })).toThrow('as: cannot change');
  });

  test('two routers of different networks cannot share a listener for the same neighbours', async () => {
    const clock = new ManualClock();
    const host = new Host({ transport: new MemoryTransport(clock), clock });
    const config: RouterConfig = {
      as: 65000,
      routerId: '10.0.0.1',
      listen: [{ address: '10.0.0.1' }],
      network: { nodes: [{ name: 'a', addresses: [A] }] },
      neighbours: [{ address: A, as: 65001, passive: true }],
    };
    const one = new VirtualRouter({ ...config, name: 'one' }, { host });
    const two = new VirtualRouter({ ...config, name: 'two' }, { host });
    const three = new VirtualRouter(
      {
        ...config,
        name: 'three',
        network: { nodes: [{ name: 'b', addresses: [B] }] },
        neighbours: [{ address: B, as: 65001, passive: true }],
      },
      { host },
    );
    await one.start();
    await expect(two.start()).rejects.toThrow(`routers "two" and "one" both listen on 10.0.0.1 port 179 for neighbour ${A}`);
    await three.start();
    const neighbours = [
      { address: B, as: 65001, passive: true },
      { address: '10.0.0.0/28', as: 65001 },
    ];
    expect(() => three.reconfigure({ ...three.configuration(), neighbours })).toThrow(
      `routers "three" and "one" both listen on 10.0.0.1 port 179 for neighbour ${A}`,
    );
    expect(three.neighbours().length).toBe(1);
    await Promise.all([one.stop(), three.stop()]);
    await two.start();
    await two.stop();
  });
});
