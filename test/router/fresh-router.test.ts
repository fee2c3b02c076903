import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PolicyRule } from '../../src/bgp/policy/index.js';
import { BgpSpeaker } from '../../src/bgp/speaker.js';
import type { PathAttributes } from '../../src/bgp/wire/index.js';
import { ManualClock } from '../../src/lib/clock.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import type { GrantConfig } from '../../src/network/config.js';
import type { RouterConfig } from '../../src/router/config.js';
import { Host } from '../../src/router/host.js';
import type { Lease } from '../../src/router/lease.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';

const NODES = ['a', 'b', 'c'] as const;
type Name = (typeof NODES)[number];
const ADDRESS: Readonly<Record<Name, string>> = { a: '10.0.0.10', b: '10.0.0.11', c: '10.0.0.12' };
/** Next hops that go from node to node. */
const MOVING = ['10.0.0.20', '10.0.0.21'];
const PREFIXES = ['10.1.0.0/24', '10.1.0.1/32', '10.1.0.2/32', '192.0.2.0/24', '0.0.0.0/0'];

const pick = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const sometimes = <T>(...values: T[]): fc.Arbitrary<T | undefined> => pick<T | undefined>(undefined, undefined, ...values);

/** Without the fields that are undefined. */
function given<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

const grant: fc.Arbitrary<GrantConfig> = fc
  .record({
    id: pick('g1', 'g2', 'g3', 'g4'),
    who: pick<object>({ node: 'a' }, { node: 'b' }, { node: 'c' }, { tag: 'all' }),
    range: pick(
      { prefix: '10.1.0.0/24', le: 32 },
      { prefix: '10.1.0.0/16', le: 32 },
      { prefix: '10.1.0.1/32' },
      { prefix: '0.0.0.0/0', le: 32 },
      { prefix: '0.0.0.0/0' },
    ),
    mode: sometimes<'exclusive' | 'shared'>('exclusive', 'shared', 'shared'),
    weight: sometimes(0, 3),
    as: pick<'holder' | 'gateway'>('holder', 'gateway', 'gateway'),
    sources: sometimes<('api' | 'bgp')[]>(['bgp'], ['api']),
    limit: sometimes(1, 2, 3),
    preference: sometimes(100, 400, 500),
    preferenceRange: sometimes<[number, number]>([50, 600]),
    takeover: sometimes<'always' | 'if-preferred' | 'if-holder-down'>('always', 'if-preferred', 'if-holder-down'),
    speaksFor: sometimes(['b', 'c'], ['tag:all']),
  })
  .map(({ who, range, weight, ...others }) => {
    const rest = { ...others, weight: others.mode === 'shared' ? weight : undefined };
    const { preference, preferenceRange } = rest;
    const outside = preference !== undefined && preferenceRange && (preference < preferenceRange[0] || preference > preferenceRange[1]);
    return { ...who, ...range, ...given(outside ? { ...rest, preference: undefined } : rest) } as GrantConfig;
  });

const attributes: fc.Arbitrary<PathAttributes> = fc
  .record({
    med: sometimes(5),
    largeCommunities: sometimes(['65000:1000:450'], ['65000:1000:90']),
    communities: sometimes(['65535:0'], ['65001:1'], ['65535:65281']),
    nextHop: sometimes(...Object.values(ADDRESS), ...MOVING),
    origin: sometimes<'incomplete'>('incomplete'),
  })
  .map(given);

const RULES: readonly (readonly PolicyRule[])[] = [
  [{ match: { communities: ['65001:1'] }, verdict: 'reject' }],
  [{ match: { prefixes: [{ prefix: '10.1.0.0/24', ge: 32 }] }, set: { preference: 500, addCommunities: ['65000:7'] } }],
];

const node = pick(...NODES);
const prefix = pick(...PREFIXES);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('announce' as const), node, prefix, attributes, longer: fc.nat({ max: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('withdraw' as const), node, prefix }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('claim' as const), node, prefix }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('release' as const), which: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('grant' as const), grant }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('revoke' as const), id: pick('g1', 'g2', 'g3', 'g4') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reconfigure' as const), grants: fc.array(grant, { maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('ranges' as const), ranges: pick(['10.1.0.0/16'], ['10.1.0.0/24'], []) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('tags' as const), node, tags: pick<string[]>(['all'], []) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('addresses' as const), to: fc.tuple(node, node) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('rules' as const), node, rules: sometimes(...RULES) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('state' as const), node, state: pick('up' as const, 'down' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('die' as const), node }) },
);

const base: RouterConfig = {
  as: 65000,
  routerId: '10.0.0.1',
  listen: [{ address: '10.0.0.1' }],
  network: {
    ranges: ['10.1.0.0/16'],
    nodes: NODES.map((name) => ({ name, tags: ['all'], addresses: [ADDRESS[name]] })),
    holders: [{ prefix: '10.1.0.1/32', node: 'c' }],
    grants: [{ id: 'g1', tag: 'all', prefix: '10.1.0.0/24', le: 32, as: 'gateway' }],
  },
  neighbours: NODES.map((name, i) => ({ address: ADDRESS[name], name, as: 65001 + i, passive: true, export: 'claims' as const })),
};

/** A router, and the guests of its nodes. */
class Scene {
  readonly clock = new ManualClock();
  readonly #transport = new MemoryTransport(this.clock);
  readonly router: VirtualRouter;
  readonly #guests = new Map<Name, BgpSpeaker>();

  constructor(config: RouterConfig) {
    this.router = new VirtualRouter(config, { host: new Host({ transport: this.#transport, clock: this.clock, random: () => 0.5 }) });
  }
  async start(): Promise<this> {
    await this.router.start();
    for (const name of NODES) this.join(name);
    return this;
  }
  join(name: Name): void {
    const guest = new BgpSpeaker(
      {
        as: 65001 + NODES.indexOf(name),
        routerId: ADDRESS[name],
        localAddress: ADDRESS[name],
        neighbour: { address: '10.0.0.1' },
        connectRetryTime: 0.1,
      },
      { transport: this.#transport, clock: this.clock, random: () => 0.5 },
    );
    guest.start();
    this.#guests.set(name, guest);
    for (let i = 0; i < 100 && guest.state !== 'established'; i++) this.clock.advance(1000);
    expect(guest.state).toBe('established');
  }
  guest(name: Name): BgpSpeaker {
    const guest = this.#guests.get(name);
    if (!guest) throw new Error(`no guest ${name}`);
    return guest;
  }
  announce({ node, prefix, attributes, longer }: Announcement): void {
    const asn = 65001 + NODES.indexOf(node);
    this.guest(node).announce(prefix, { ...attributes, asPath: [{ type: 'sequence', asns: new Array<number>(longer + 1).fill(asn) }] });
    this.clock.settle();
  }
  /** All that can be seen of it. */
  state() {
    return {
      mapping: [...this.router.mapping()].map((entry) => JSON.stringify(entry)).sort(),
      claims: [...this.router.claims()].map((claim) => JSON.stringify(claim)).sort(),
      told: NODES.map((name) =>
        this.guest(name)
          .routes()
          .map((route) => JSON.stringify(route))
          .sort(),
      ),
    };
  }
}

/** Where packets go is where the winner says, and what others hear is of the winner: whatever else is claimed. */
function disagreements(scene: Scene): string[] {
  const found: string[] = [];
  const claims = [...scene.router.claims()];
  for (const prefix of PREFIXES) {
    const winner = claims.find((claim) => claim.prefix === prefix && claim.best);
    const targets = scene.router.network.get(prefix);
    if ((winner === undefined) !== (targets === undefined)) found.push(`${prefix}: won by ${winner?.node}, mapped to ${targets?.length}`);
    if (winner && !targets?.some((target) => target.type === 'discard' || target.node === winner.node))
      found.push(`${prefix}: won by ${winner.node}, mapped to others`);
    for (const name of NODES) {
      const path = scene
        .guest(name)
        .route(prefix)
        ?.attributes.asPath?.flatMap(({ asns }) => asns);
      if (path === undefined) continue;
      const from = winner?.source === 'bgp' ? 65001 + NODES.indexOf(winner.speaker as Name) : undefined;
      if (!winner || winner.from === name || path.at(-1) !== (from ?? 65000))
        found.push(`${prefix}: ${name} hears ${path}, ${winner?.speaker} won`);
    }
  }
  return found;
}

interface Announcement {
  readonly node: Name;
  readonly prefix: string;
  readonly attributes: PathAttributes;
  readonly longer: number;
}

/** What is alive, in the order first heard. */
type Live =
  | { readonly type: 'announced'; last: Announcement }
  | { readonly type: 'claimed'; readonly node: Name; readonly prefix: string; readonly lease: Lease };

async function follow(scene: Scene, steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]): Promise<Live[]> {
  const { router, clock } = scene;
  let live: Live[] = [];
  const announced = (name: Name, of: string) =>
    live.find((one) => one.type === 'announced' && one.last.node === name && one.last.prefix === of);
  for (const next of steps) {
    if (next.type === 'announce') {
      scene.announce(next);
      const known = announced(next.node, next.prefix);
      if (known?.type === 'announced') known.last = next;
      else live.push({ type: 'announced', last: next });
    } else if (next.type === 'withdraw') {
      const known = announced(next.node, next.prefix);
      if (!known) continue;
      scene.guest(next.node).withdraw(next.prefix);
      live = live.filter((one) => one !== known);
    } else if (next.type === 'claim') {
      live.push({ ...next, type: 'claimed', lease: router.claim(next) });
    } else if (next.type === 'release') {
      const leases = live.filter((one) => one.type === 'claimed');
      const ended = leases[next.which % Math.max(1, leases.length)];
      ended?.lease.release();
      live = live.filter((one) => one !== ended);
    } else if (next.type === 'grant') {
      router.grant(next.grant);
    } else if (next.type === 'revoke') {
      if (router.network.grants().some(({ id }) => id === next.id)) router.revoke(next.id);
    } else if (next.type === 'state') {
      router.network.setNodeState(next.node, next.state);
    } else if (next.type === 'die') {
      // A guest that comes back begins anew.
      await scene.guest(next.node).kill();
      live = live.filter((one) => one.type !== 'announced' || one.last.node !== next.node);
      clock.advance(100);
      scene.join(next.node);
    } else {
      const config = router.configuration();
      const network = config.network ?? {};
      if (next.type === 'reconfigure') {
        const grants = [...new Map(next.grants.map((one) => [one.id, one])).values()];
        router.reconfigure({ ...config, network: { ...network, grants } });
      } else if (next.type === 'ranges') router.reconfigure({ ...config, network: { ...network, ranges: next.ranges } });
      else if (next.type === 'tags') {
        const nodes = (network.nodes ?? []).map((one) => (one.name === next.node ? { ...one, tags: next.tags } : one));
        router.reconfigure({ ...config, network: { ...network, nodes } });
      } else if (next.type === 'addresses') {
        const own = (name: string): string[] => [ADDRESS[name as Name], ...MOVING.filter((_, i) => next.to[i] === name)]; // names are these
        const nodes = (network.nodes ?? []).map((one) => ({ ...one, addresses: own(one.name) }));
        router.reconfigure({ ...config, network: { ...network, nodes } });
      } else {
        const neighbours = (config.neighbours ?? []).map(({ import: before, ...one }) => {
          const rules = one.name === next.node ? next.rules : before;
          return rules ? { ...one, import: rules } : one;
        });
        router.reconfigure({ ...config, neighbours });
      }
    }
    clock.settle();
  }
  return live;
}

test('after any changes the state is that of a fresh router with the same configuration and the same live claims, in the order first heard', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const scene = await new Scene(base).start();
      const live = await follow(scene, steps);
      const config = scene.router.configuration();
      const holders = (config.network?.holders ?? []).filter(({ moved }) => !moved);
      const fresh = await new Scene({ ...config, network: { ...config.network, holders } }).start();
      for (const one of live) {
        if (one.type === 'announced') fresh.announce(one.last);
        else fresh.router.claim({ node: one.node, prefix: one.prefix });
        fresh.clock.settle();
      }
      expect(scene.state()).toEqual(fresh.state());
      expect(disagreements(scene)).toEqual([]);
    }),
    { numRuns: 30 },
  );
});
