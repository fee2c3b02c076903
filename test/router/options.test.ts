import { describe, expect, test } from 'vitest';
import type { DecisionConfig, GrantConfig, NetworkConfig } from '../../src/network/config.js';
import type { ExportKind, NeighbourConfig } from '../../src/router/config.js';
import { bgp } from '../support/hex.js';
import { silentPeer } from '../support/raw-peer.js';
import { A, B, C, routerLab } from '../support/router-lab.js';

const path = (...asns: number[]) => ({ asPath: [{ type: 'sequence' as const, asns }] });
const nodes = [
  { name: 'a', addresses: [A] },
  { name: 'b', addresses: [B] },
  { name: 'c', addresses: [C] },
];
const gateways = (prefix: string, more: Partial<GrantConfig> = {}): GrantConfig[] =>
  nodes.map(({ name }) => ({ node: name, prefix, as: 'gateway', ...more }));

describe('options of a neighbour', () => {
  test('enforceFirstAs: false takes paths that another AS begins, as a route server’s do', async () => {
    const { guest, say, verdicts } = await routerLab([
      { address: A, as: 65001, enforceFirstAs: false },
      { address: B, as: 65002, export: 'claims' },
    ]);
    const [a, b] = [guest(A, 65001), guest(B, 65002)];
    say(a, '192.0.2.1/32', path(65009, 65010));
    say(b, '192.0.2.2/32', path(65009, 65010));
    expect(verdicts()).toEqual({ '192.0.2.1/32': 'accepted', '192.0.2.2/32': 'first-as-mismatch' });
    expect(b.route('192.0.2.1/32')?.attributes.asPath).toEqual(path(65000, 65009, 65010).asPath);
  });

  test('localAs: to this neighbour we are another AS, in the OPEN and in paths; to the others it does not show (RFC 7705)', async () => {
    const { guest, say, verdicts, clock, transport } = await routerLab([
      { address: A, as: 65001, localAs: 64999, export: 'claims' },
      { address: B, as: 65002, export: 'claims' },
    ]);
    const raw = silentPeer(transport, clock, A);
    expect(raw.heard).toMatchObject([
      { type: 'open', asn: 64999, capabilities: expect.arrayContaining([{ type: 'four-octet-as', asn: 64999 }]) },
    ]);
    raw.connection.abort();
    clock.settle();
    const a = guest(A, 65001, { neighbour: { address: '10.0.0.1', as: 64999 } });
    const b = guest(B, 65002);
    say(a, '192.0.2.1/32');
    say(b, '192.0.2.2/32');
    expect(a.route('192.0.2.2/32')?.attributes.asPath).toEqual(path(64999, 65002).asPath);
    expect(b.route('192.0.2.1/32')?.attributes.asPath).toEqual(path(65000, 65001).asPath);
    // Both numbers are ours.
    say(a, '192.0.2.3/32', path(65001, 64999));
    say(a, '192.0.2.4/32', path(65001, 65000));
    expect(verdicts()).toMatchObject({ '192.0.2.1/32': 'accepted', '192.0.2.3/32': 'as-loop', '192.0.2.4/32': 'as-loop' });
  });

  test('delayOpen: our OPEN waits so many seconds for the neighbour’s, which is answered at once (RFC 4271 §8.1.1)', async () => {
    const { clock, transport, router } = await routerLab([
      { address: A, as: 65001, delayOpen: 3 },
      { address: B, as: 65002, delayOpen: 3 },
    ]);
    const a = silentPeer(transport, clock, A);
    clock.advance(2980);
    expect(a.octets).toEqual([]);
    clock.advance(20);
    expect(a.heard.map(({ type }) => type)).toEqual(['open']);
    const b = silentPeer(transport, clock, B);
    b.send({ type: 'open', version: 4, asn: 65002, holdTime: 90, routerId: B, capabilities: [] });
    clock.settle();
    expect(b.heard.map(({ type }) => type)).toEqual(['open', 'keepalive']);
    b.sendHex(bgp(4));
    clock.settle();
    expect(router.neighbours().map(({ state }) => state)).toEqual(['open-sent', 'established']);
  });

  test('export: all is what is connected, originated, claimed and held from the start; a default route is not in it', async () => {
    const network: NetworkConfig = {
      nodes,
      subnets: [{ prefix: '10.0.0.0/24' }],
      grants: gateways('192.0.2.0/24', { ge: 32 }),
      holders: [{ prefix: '192.0.2.9/32', node: 'c' }],
    };
    const told = async (kind: ExportKind): Promise<string[]> => {
      const { guest, say } = await routerLab(
        [
          { address: A, as: 65001 },
          { address: B, as: 65002, export: kind },
        ],
        { network, originate: [{ prefix: '198.51.100.0/24' }] },
      );
      const b = guest(B, 65002);
      say(guest(A, 65001), '192.0.2.1/32');
      const prefixes = b.routes().map(({ prefix }) => prefix);
      return prefixes.sort();
    };
    expect(await told('claims')).toEqual(['192.0.2.1/32']);
    // What the neighbour holds itself it is not told.
    expect(await told('all')).toEqual(['10.0.0.0/24', `${A}/32`, `${C}/32`, '192.0.2.1/32', '192.0.2.9/32', '198.51.100.0/24']);
    expect(await told('default')).toEqual(['0.0.0.0/0']);
  });
});

test('clusterId marks what is reflected, and finds its way back (RFC 4456)', async () => {
  const { guest, say, verdicts } = await routerLab(
    [
      { address: A, as: 65000, routeReflectorClient: true },
      { address: B, as: 65000, routeReflectorClient: true, export: 'claims' },
    ],
    { clusterId: '9.9.9.9' },
  );
  const [a, b] = [guest(A, 65000), guest(B, 65000)];
  say(a, '192.0.2.1/32');
  say(a, '192.0.2.2/32', { clusterList: ['1.1.1.1'], originatorId: '1.1.1.2' });
  say(a, '192.0.2.3/32', { clusterList: ['1.1.1.1', '9.9.9.9'] });
  // The router's identifier is not its cluster's.
  say(a, '192.0.2.4/32', { clusterList: ['10.0.0.1'] });
  expect(b.route('192.0.2.1/32')?.attributes).toMatchObject({ clusterList: ['9.9.9.9'], originatorId: A });
  expect(b.route('192.0.2.2/32')?.attributes).toMatchObject({ clusterList: ['9.9.9.9', '1.1.1.1'], originatorId: '1.1.1.2' });
  expect(verdicts()).toMatchObject({ '192.0.2.3/32': 'cluster-loop', '192.0.2.4/32': 'accepted' });
});

describe('options of the decision', () => {
  const PREFIX = '192.0.2.1/32';
  const NEIGHBOURS: readonly NeighbourConfig[] = [
    { address: A, as: 65001 },
    { address: B, as: 65002 },
  ];
  async function lab(decision: DecisionConfig, mode: GrantConfig['mode']) {
    const grants = gateways(PREFIX, { takeover: 'if-preferred', ...(mode ? { mode } : {}) });
    const made = await routerLab(NEIGHBOURS, { network: { nodes, grants, decision } });
    // The second has the lower identifier.
    const [a, b] = [made.guest(A, 65001, { routerId: '20.0.0.1' }), made.guest(B, 65002, { routerId: '10.0.0.11' })];
    const held = () => made.router.lookup('192.0.2.1')?.map(({ node }) => node);
    return { ...made, a, b, held };
  }

  test.each([
    [{}, ['a', 'b']],
    [{ multipath: true }, ['a', 'b']],
    [{ multipath: false }, ['b']],
  ] as const)('multipath, as %o: who shares a prefix with an equal path', async (decision, holders) => {
    const { say, a, b, held } = await lab(decision, 'shared');
    say(a, PREFIX);
    say(b, PREFIX);
    expect([...(held() ?? [])].sort()).toEqual(holders);
    // A longer path is no equal.
    say(b, PREFIX, path(65002, 65002));
    expect(held()).toEqual(['a']);
  });

  test.each([
    [{}, 'b', 'router-id'],
    [{ preferOldestExternal: false }, 'b', 'router-id'],
    [{ preferOldestExternal: true }, 'a', 'oldest-external'],
  ] as const)('preferOldestExternal, as %o: of two external paths that tie', async (decision, winner, step) => {
    const { say, a, b, held, router } = await lab({ multipath: false, ...decision }, 'shared');
    say(a, PREFIX);
    say(b, PREFIX);
    expect(held()).toEqual([winner]);
    expect(router.explain(PREFIX).claims.find(({ won }) => !won)?.lostAt).toBe(step);
  });
});

test('a preference that policy sets is kept within the bounds of the grant, and counts for nothing where it has none', async () => {
  const bounded = gateways('192.0.2.0/24', { ge: 32, preference: 300, preferenceRange: [200, 350] });
  const unbounded = gateways('198.51.100.0/24', { ge: 32, preference: 300 });
  const { guest, say, router } = await routerLab(
    [
      {
        address: A,
        as: 65001,
        import: [
          { match: { communities: ['65001:1'] }, set: { preference: 9999 } },
          { match: { communities: ['65001:2'] }, set: { preference: 0 } },
          { match: { communities: ['65001:3'] }, set: { preference: 222 } },
        ],
      },
    ],
    { network: { nodes, grants: [...bounded, ...unbounded] } },
  );
  const a = guest(A, 65001);
  for (const i of [0, 1, 2, 3]) for (const net of ['192.0.2', '198.51.100']) say(a, `${net}.${i}/32`, { communities: [`65001:${i}`] });
  const preferences = (net: string) =>
    [...router.claims()].filter(({ source, prefix }) => source === 'bgp' && prefix.startsWith(net)).map(({ preference }) => preference);
  expect(preferences('192.0.2')).toEqual([300, 350, 200, 222]);
  expect(preferences('198.51.100')).toEqual([300, 300, 300, 300]);
});
