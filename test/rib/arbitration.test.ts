import fc from 'fast-check';
import { test } from 'vitest';
import { encodeCanonical, type PathAttributes } from '../../src/bgp/wire/index.js';
import { ManualClock } from '../../src/lib/clock.js';
import { prefixWords } from '../../src/lib/prefix.js';
import type { ClaimSource, GrantConfig } from '../../src/network/config.js';
import type { DecisionOptions } from '../../src/rib/decision.js';
import { VirtualNetwork } from '../../src/router/virtual-network.js';
import { alike, same } from '../support/same.js';

const PREFIX = '10.0.0.1/32';
const NODES = ['a', 'b', 'c'];
const SOURCES = ['api', 'bgp', 'ospf', 'vrrp', 'arp'] as const;
const DEFAULTS: Readonly<Record<(typeof SOURCES)[number], number>> = { api: 500, bgp: 400, ospf: 300, vrrp: 200, arp: 100 };
const ORIGINS = ['igp', 'egp', 'incomplete'] as const;

interface Grant {
  readonly mode: 'single' | 'shared';
  readonly preference: number | undefined;
  readonly takeover: 'always' | 'if-preferred' | 'if-holder-down' | undefined;
}
interface Claim {
  readonly holder: number;
  readonly source: (typeof SOURCES)[number];
  readonly external: boolean;
  readonly localPref: number;
  readonly path: readonly number[];
  readonly origin: (typeof ORIGINS)[number];
  readonly med: number;
  readonly routerId: number;
  readonly originator: number | undefined;
  readonly clusters: number;
}

const grant: fc.Arbitrary<Grant> = fc.record({
  mode: fc.constantFrom('single', 'shared', 'shared'),
  preference: fc.constantFrom(undefined, undefined, 400),
  takeover: fc.constantFrom(undefined, 'always', 'if-preferred', 'if-holder-down'),
});
const few = (...values: number[]) => fc.constantFrom(...values);
const claim: fc.Arbitrary<Claim> = fc
  .record({
    holder: few(0, 1, 2),
    source: fc.constantFrom('bgp', 'bgp', 'bgp', 'bgp', ...SOURCES),
    external: fc.boolean(),
    localPref: few(100, 100, 200),
    path: fc.array(few(1, 2), { maxLength: 2 }),
    origin: fc.constantFrom('igp', 'igp', 'egp', 'incomplete'),
    med: few(0, 0, 5, 9),
    routerId: few(1, 2, 3),
    originator: fc.constantFrom(undefined, undefined, 2),
    clusters: few(0, 1, 2),
  })
  // What only stands between internal neighbours.
  .map((one) => (one.external ? { ...one, localPref: 100, originator: undefined, clusters: 0 } : one));

/** The rules of the design, said as plainly as they go. Claims stand in the order first heard; the answer is who holds the address. */
function holders(claims: readonly Claim[], grants: readonly Grant[], down: readonly boolean[], options: DecisionOptions): string[] {
  const preferenceOf = ({ holder, source }: Claim) => grants[holder]?.preference ?? DEFAULTS[source];
  const arrival = (one: Claim) => claims.indexOf(one);
  const least = (all: readonly Claim[], key: (one: Claim) => number) => {
    const best = Math.min(...all.map(key));
    return all.filter((one) => key(one) === best);
  };
  const equals = (all: readonly Claim[]): readonly Claim[] => {
    const left = least(all, ({ source }) => SOURCES.indexOf(source));
    if (left[0]?.source !== 'bgp') return left;
    let routes = least(left, ({ localPref }) => -localPref);
    routes = least(routes, ({ path }) => path.length);
    routes = least(routes, ({ origin }) => ORIGINS.indexOf(origin));
    const before = routes;
    routes = before.filter(
      (one) => !before.some((other) => (options.alwaysCompareMed || (other.path[0] ?? 0) === (one.path[0] ?? 0)) && other.med < one.med),
    );
    return least(routes, ({ external }) => (external ? 0 : 1));
  };
  const best = (all: readonly Claim[]): Claim => {
    let left = equals(all);
    if (left[0]?.source === 'bgp') {
      if (options.preferOldestExternal && left[0].external) left = least(left, arrival);
      left = least(left, ({ originator, routerId }) => originator ?? routerId);
      left = least(left, ({ clusters }) => clusters);
      left = least(left, arrival); // addresses count up with the claims
    }
    // Of equal priorities, which none has here, the greater address.
    if (left[0]?.source === 'vrrp') left = least(left, (one) => -arrival(one));
    return least(
      least(left, ({ holder }) => holder),
      arrival,
    )[0] as Claim;
  };
  // All claims of one holder are one candidate: its strongest stands for it, and it is as old as the oldest of these.
  const candidates = NODES.flatMap((_, holder) => {
    const own = claims.filter((one) => one.holder === holder && !down[holder]);
    if (own.length === 0) return [];
    const strongest = least(own, (one) => -preferenceOf(one));
    return [{ one: best(strongest), born: Math.min(...strongest.map(arrival)) }];
  });
  const most = Math.max(...candidates.map(({ one }) => preferenceOf(one)));
  const preferred = candidates.filter(({ one }) => preferenceOf(one) === most).sort((x, y) => x.born - y.born);
  const only = preferred[0];
  if (!only) return [];
  const name = ({ holder }: Claim) => NODES[holder] ?? '';
  if (preferred.length === 1) return [name(only.one)];
  if (preferred.every(({ one }) => grants[one.holder]?.mode === 'shared')) {
    const sharing = equals(preferred.map(({ one }) => one));
    return options.multipath ? sharing.map(name).sort() : [name(best(sharing))];
  }
  const contenders: Claim[] = [];
  for (const { one } of preferred) {
    const takeover = grants[one.holder]?.takeover ?? (one.source === 'api' || one.source === 'arp' ? 'always' : 'if-preferred');
    if (takeover === 'if-holder-down' && contenders.length > 0) continue;
    if (takeover === 'always') contenders.length = 0;
    contenders.push(one);
  }
  return [name(best(contenders))];
}

function attributesOf({ localPref, path, origin, med, originator, clusters, external }: Claim): PathAttributes {
  return {
    origin,
    asPath: path.length > 0 ? [{ type: 'sequence', asns: path }] : [],
    med,
    ...(external ? {} : { localPref }),
    ...(originator === undefined ? {} : { originatorId: `0.0.0.${originator}` }),
    ...(clusters > 0 ? { clusterList: new Array<string>(clusters).fill('9.9.9.9') } : {}),
  };
}

test('who holds an address is what the rules say, whatever is claimed by whom, in which order', () => {
  const options = fc.record({ alwaysCompareMed: fc.boolean(), preferOldestExternal: fc.boolean(), multipath: fc.boolean() });
  fc.assert(
    fc.property(
      fc.tuple(grant, grant, grant),
      fc.array(claim, { minLength: 1, maxLength: 6 }),
      fc.tuple(fc.boolean(), fc.boolean(), fc.constant(false)),
      options,
      (grants, claims, down, decision) => {
        const network = new VirtualNetwork(
          {
            ranges: ['10.0.0.0/24'],
            nodes: NODES.map((name, i) => ({ name, ...(down[i] ? { state: 'down' as const } : {}) })),
            grants: grants.map((one, i): GrantConfig => {
              const { mode, preference, takeover } = one;
              const rest = { ...(preference === undefined ? {} : { preference }), ...(takeover === undefined ? {} : { takeover }) };
              return { node: NODES[i] ?? '', prefix: PREFIX, mode, ...rest };
            }),
          },
          { clock: new ManualClock() },
        );
        Object.assign(network.decision, decision);
        const rib = network.ribs.ipv4;
        for (const [i, one] of claims.entries()) {
          const feed = network.openFeed({
            source: one.source as ClaimSource,
            speaker: one.holder,
            external: one.external,
            routerId: one.routerId,
            address: Uint8Array.of(10, 0, 1, i),
            label: `claim ${i}`,
            router: 'router',
            cause: { type: 'configured' },
          });
          const bytes = encodeCanonical(attributesOf(one));
          const set = one.source === 'bgp' ? network.sets.intern(bytes, 0, bytes.length) : network.bareSet;
          network.begin();
          const id = rib.prefixId(...prefixWords(Uint8Array.of(10, 0, 0, 1)), 32);
          rib.announce(id, feed.index, 0, set, set, 0, one.holder, -1);
          network.settle(feed.cause);
          // After each claim, not only after the last: nothing may depend on what was decided before.
          const wanted = holders(claims.slice(0, i + 1), grants, down, decision);
          alike(
            (network.get(PREFIX) ?? []).map((target) => target.node),
            wanted,
          );
          const { claims: explained } = network.explain(PREFIX);
          const winner = explained.find(({ won }) => won);
          same(winner ? wanted.includes(winner.node) : wanted.length === 0, true);
          for (const { won, lostAt, node } of explained) if (!won && lostAt === undefined) same(wanted.includes(node), true);
        }
      },
    ),
    { numRuns: 200 },
  );
});
