import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.js';
import type { GrantConfig, NetworkConfig } from '../../src/network/config.js';
import type { Lease } from '../../src/router/lease.js';
import { VirtualNetwork } from '../../src/router/virtual-network.js';

const NODES = ['a', 'b', 'c'];
const PREFIXES = ['10.0.0.0/24', '10.0.0.1/32', '10.0.0.2/32', '10.0.1.1/32', '2001:db8::1/128'];

const grant: fc.Arbitrary<GrantConfig> = fc
  .record({
    who: fc.constantFrom('a', 'b', 'c', 'tag'),
    prefix: fc.constantFrom('10.0.0.0/24', '10.0.0.0/16', '10.0.0.0/31', '10.0.0.1/32', '0.0.0.0/0', '2001:db8::/32'),
    longer: fc.boolean(),
    mode: fc.constantFrom('single', 'single', 'exclusive', 'shared') as fc.Arbitrary<'single' | 'exclusive' | 'shared'>,
    limit: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 1 }),
    gateway: fc.boolean(),
    preference: fc.constantFrom(undefined, 100, 500),
    takeover: fc.constantFrom(undefined, 'always', 'if-preferred', 'if-holder-down') as fc.Arbitrary<
      'always' | 'if-preferred' | 'if-holder-down' | undefined
    >,
  })
  .map(({ who, prefix, longer, mode, limit, gateway, preference, takeover }) => ({
    ...(who === 'tag' ? { tag: 'all' } : { node: who }),
    prefix,
    mode,
    ...(longer ? { le: prefix.includes(':') ? 128 : 32 } : {}),
    ...(limit === undefined ? {} : { limit }),
    ...(gateway ? { as: 'gateway' as const } : {}),
    ...(preference === undefined ? {} : { preference }),
    ...(takeover === undefined ? {} : { takeover }),
  }));

type Step =
  | { readonly type: 'claim'; readonly node: string; readonly prefix: string }
  | { readonly type: 'release'; readonly which: number }
  | { readonly type: 'grant'; readonly grant: GrantConfig }
  | { readonly type: 'change'; readonly which: number; readonly grant: GrantConfig }
  | { readonly type: 'revoke'; readonly which: number }
  | { readonly type: 'node'; readonly node: string; readonly state: 'up' | 'down' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('claim' as const), node: fc.constantFrom(...NODES), prefix: fc.constantFrom(...PREFIXES) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('release' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('grant' as const), grant }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('change' as const), which: fc.nat(), grant }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('revoke' as const), which: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('node' as const),
      node: fc.constantFrom(...NODES),
      state: fc.constantFrom('up' as const, 'down' as const),
    }),
  },
);

const base: NetworkConfig = {
  ranges: ['10.0.0.0/16', '2001:db8::/32'],
  nodes: NODES.map((name, i) => ({ name, tags: ['all'], addresses: [`10.0.200.${i + 1}`] })),
  holders: [{ prefix: '10.0.0.1/32', node: 'c' }],
};

function start(config: NetworkConfig): VirtualNetwork {
  return new VirtualNetwork(config, { clock: new ManualClock(), random: () => 0.5 });
}

function someGrant(network: VirtualNetwork, which: number): string {
  return network.grants()[which % network.grants().length]?.id ?? '';
}

function mappingOf(network: VirtualNetwork): Record<string, string> {
  return Object.fromEntries(
    [...network.mapping()].map(({ prefix, targets }) => [prefix, targets.map(({ node }) => node).join('+')]).sort(),
  );
}
function verdictsOf(network: VirtualNetwork): string[] {
  return [...network.claims()].map(({ prefix, node, source, verdict }) => `${prefix} ${node} ${source} ${verdict}`).sort();
}

test('after any changes the state is that of a fresh network with the same configuration and the same live claims, in the order first heard', () => {
  fc.assert(
    fc.property(fc.array(grant, { maxLength: 4 }), fc.array(step, { maxLength: 30 }), (grants, steps) => {
      const network = start({ ...base, grants: grants.map((given, i) => ({ ...given, id: `g${i}` })) });
      const live: { readonly node: string; readonly prefix: string; readonly lease: Lease }[] = [];
      let given = grants.length;
      for (const next of steps) {
        if (next.type === 'claim') live.push({ node: next.node, prefix: next.prefix, lease: network.claim(next) });
        else if (next.type === 'release' && live.length > 0) live.splice(next.which % live.length, 1)[0]?.lease.release();
        else if (next.type === 'grant') network.grant({ ...next.grant, id: `g${given++}` });
        else if (next.type === 'change' && network.grants().length > 0)
          network.grant({ ...next.grant, id: someGrant(network, next.which) });
        else if (next.type === 'revoke' && network.grants().length > 0) network.revoke(someGrant(network, next.which));
        else if (next.type === 'node') network.setNodeState(next.node, next.state);
      }
      // A run of every length ends here, so each step is the last one of some.
      const { holders = [], ...config } = network.configuration();
      const fresh = start({ ...config, holders: holders.filter(({ moved }) => !moved) });
      for (const { node, prefix } of live) fresh.claim({ node, prefix });
      expect(mappingOf(network)).toEqual(mappingOf(fresh));
      expect(verdictsOf(network)).toEqual(verdictsOf(fresh));
      // What explain says is what is.
      for (const prefix of PREFIXES) {
        const { claims, decided } = network.explain(prefix);
        const winners = claims.filter(({ won }) => won).map(({ node }) => node);
        expect(
          winners.every((node) => decided?.some((target) => target.node === node)),
          prefix,
        ).toBe(true);
        expect(winners.length > 0).toBe(decided !== undefined);
      }
    }),
    { numRuns: 120 },
  );
});

test('when all has gone, nothing is left: no claim, no prefix, no attribute set but the one that stands for no announcement', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const clock = new ManualClock();
      const network = new VirtualNetwork({ ...base, holders: [], nodes: NODES.map((name) => ({ name, tags: ['all'] })) }, { clock });
      const live: Lease[] = [];
      for (const next of steps) {
        if (next.type === 'claim') live.push(network.claim(next));
        else if (next.type === 'grant') network.grant(next.grant);
        else if (next.type === 'node') network.setNodeState(next.node, next.state);
      }
      for (const lease of live) lease.release();
      clock.settle();
      expect(network.counts()).toMatchObject({ claims: 0, claimsRefused: 0, prefixes: 0, attributeSets: 1 });
      expect(network.size).toBe(0);
    }),
    { numRuns: 60 },
  );
});
