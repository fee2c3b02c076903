import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.js';
import type { ApplyResult, ForwardingTable, MappingBatch, TableControl } from '../../src/mapping/forwarding-table.js';
import type { GrantConfig, NetworkConfig, NodeConfig } from '../../src/network/config.js';
import type { Lease } from '../../src/router/lease.js';
import { VirtualNetwork } from '../../src/router/virtual-network.js';
import { flush } from '../support/manual-table.js';
import { countTimers } from '../support/timers.js';

const NODES = ['a', 'b', 'c'] as const;
const PREFIXES = ['10.0.0.0/24', '10.0.0.1/32', '10.0.0.2/32', '10.0.200.1/32', '192.0.2.0/24', '2001:db8::1/128'];
/** What a table does with a batch; `few` and `most` refuse some prefixes. */
const MOODS = ['prompt', 'prompt', 'slow', 'rejecting', 'throwing', 'few', 'most'] as const;
type Mood = (typeof MOODS)[number];

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const node = pick(...NODES);
const prefix = pick(...PREFIXES);
const tagged = (name: string, sources: object): GrantConfig => ({ id: name, tag: 'all', ...sources }) as GrantConfig;
const grant: fc.Arbitrary<GrantConfig> = pick(
  tagged('g1', { prefix: '10.0.0.0/16', le: 32, mode: 'shared', limit: 2 }),
  tagged('g1', { prefix: '10.0.0.0/16', le: 32, as: 'gateway', takeover: 'if-holder-down' }),
  tagged('g2', { prefix: '192.0.2.0/24', as: 'gateway', until: '1970-01-01T00:00:20Z' }),
  tagged('g2', { prefix: '2001:db8::/32', le: 128, preference: 100 }),
  { id: 'g3', node: 'a', prefix: '10.0.0.0/24', le: 32, mode: 'exclusive' },
  { id: 'g3', node: 'b', prefix: '10.0.0.1/32' },
);
const config: fc.Arbitrary<Partial<NetworkConfig>> = pick<Partial<NetworkConfig>>(
  { ranges: ['10.0.0.0/24'] },
  { ranges: ['10.0.0.0/16', '2001:db8::/32'] },
  { subnets: [{ prefix: '10.0.0.0/24' }] },
  { subnets: [] },
  { decision: { multipath: false } },
  { decision: {} },
  { holders: [] },
  {
    holders: [
      { prefix: '10.0.0.1/32', node: 'a', as: 'gateway' },
      { prefix: '10.0.0.1/32', node: 'c' },
    ],
  },
);

const act = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('claim' as const), node, prefix, lease: pick(undefined, 500, 30_000) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('release' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('grant' as const), grant }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('revoke' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('node' as const), node, location: pick('x', 'y'), own: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('state' as const), node, state: pick('up', 'down', 'draining') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('configure' as const), config }) },
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;
const step = fc.oneof(
  { weight: 14, arbitrary: act },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('inside' as const), act }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('time' as const), by: pick(0, 100, 700, 40_000) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('mood' as const), mood: pick(...MOODS) }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: pick('answer' as const, 'resync' as const, 'swap' as const, 'resume' as const, 'give-back' as const) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Table implements ForwardingTable {
  readonly holds = new Map<string, string>();
  control: TableControl | undefined;
  #answer: (() => void) | undefined;

  constructor(private readonly mood: () => Mood) {}
  attach(control: TableControl): void {
    this.control = control;
  }
  apply({ kind, changes }: MappingBatch): ApplyResult | Promise<ApplyResult> {
    if (this.#answer) throw new Error('two batches at once');
    const mood = this.mood();
    const carry = (): ApplyResult => {
      const refused = ({ prefix }: { prefix: string }): boolean =>
        (this.mood() === 'few' || this.mood() === 'most') && prefix.endsWith('.1/32') === (this.mood() === 'few');
      const before = new Map(this.holds);
      if (kind === 'sync') this.holds.clear();
      for (const change of changes) {
        const after = refused(change) ? before.get(change.prefix) : change.after && JSON.stringify(change.after);
        if (after === undefined) this.holds.delete(change.prefix);
        else this.holds.set(change.prefix, after);
      }
      return { failed: changes.filter(refused).map(({ prefix }) => ({ prefix, reason: 'full' })) };
    };
    if (mood === 'throwing') throw new Error('gone');
    if (mood !== 'slow' && mood !== 'rejecting') return carry();
    return new Promise((resolve, reject) => {
      this.#answer = () => (mood === 'slow' ? resolve(carry()) : reject(new Error('gone')));
    });
  }
  async answer(): Promise<void> {
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.();
    await flush();
  }
}

/** A network, whoever claims in it, and two who follow it: by events, and by the journal. */
class Scene {
  readonly clock = new ManualClock();
  readonly timers = countTimers(this.clock);
  mood: Mood = 'prompt';
  table = new Table(() => this.mood);
  readonly network = new VirtualNetwork(
    {
      ranges: ['10.0.0.0/16', '2001:db8::/32'],
      journal: 5,
      nodes: NODES.map((name, i) => ({ name, tags: ['all'], addresses: [`10.0.200.${i + 1}`] })),
      grants: [tagged('g1', { prefix: '10.0.0.0/16', le: 32 })],
      holders: [{ prefix: '10.0.0.1/32', node: 'c' }],
    },
    { clock: this.clock, table: this.table },
  );
  /** In the order first heard. */
  live: { readonly node: string; readonly prefix: string; lease?: Lease }[] = [];
  readonly heard = mappingOf(this.network);
  #followed = new Map(this.heard);
  #position = this.network.position;
  inside: Act | undefined;

  constructor() {
    const { network, heard } = this;
    network.on('mapping-change', () => {
      const { inside } = this;
      this.inside = undefined;
      if (inside) this.act(inside);
    });
    let seq = network.position.seq;
    network.on('mapping-change', ({ changes }) => {
      for (const { prefix, before, after, seq: next } of changes) {
        expect(next).toBeGreaterThan(seq);
        seq = next;
        expect(heard.get(prefix)).toBe(before && JSON.stringify(before));
        if (after) heard.set(prefix, JSON.stringify(after));
        else heard.delete(prefix);
      }
    });
    network.on('listener-error', ({ error }) => this.errors.push(error));
  }
  readonly errors: unknown[] = [];

  act(one: Act): void {
    const { network } = this;
    this.live = this.live.filter(({ lease }) => lease?.verdict !== 'ended');
    if (one.type === 'claim') {
      const { node, prefix, lease } = one;
      const claim: (typeof this.live)[number] = { node, prefix };
      this.live.push(claim);
      claim.lease = network.claim({ node, prefix, ...(lease === undefined ? {} : { lease }) });
    } else if (one.type === 'release') {
      const held = this.live.filter(({ lease }) => lease);
      held[one.which % Math.max(1, held.length)]?.lease?.release();
    } else if (one.type === 'grant') network.grant(one.grant);
    else if (one.type === 'revoke') {
      const given = network.grants();
      if (given.length > 0) network.revoke(given[one.which % given.length]?.id ?? '');
    } else if (one.type === 'node') {
      const addresses = one.own ? [`10.0.200.${NODES.indexOf(one.node) + 1}`] : [];
      network.changeNode({ name: one.node, tags: ['all'], location: one.location, addresses } satisfies NodeConfig);
    } else if (one.type === 'state') network.setNodeState(one.node, one.state as 'up');
    else network.reconfigure({ ...network.configuration(), ...one.config });
  }

  async play(next: Step): Promise<void> {
    const { network } = this;
    if (next.type === 'inside') this.inside = next.act;
    else if (next.type === 'time') await this.pass(next.by);
    else if (next.type === 'mood') this.mood = next.mood;
    else if (next.type === 'answer') await this.table.answer();
    else if (next.type === 'resync') this.table.control?.resync();
    else if (next.type === 'swap') {
      this.table = new Table(() => this.mood);
      network.setForwardingTable(this.table);
    } else if (next.type === 'resume') this.resume();
    else if (next.type === 'give-back') expect(network.reconfigure(network.configuration())).toEqual({ applied: [], restarted: [] });
    else this.act(next as Act); // the rest are acts
  }

  async pass(time: number): Promise<void> {
    this.clock.advance(time);
    await flush();
  }
  /** The table does as it should, and has had the time. */
  async heal(): Promise<void> {
    this.inside = undefined;
    this.mood = 'prompt';
    for (let i = 0; i < 4; i++) {
      await this.table.answer();
      await this.pass(40_000);
    }
  }
  /** Follows by the journal, or by a snapshot where that does not reach back. */
  resume(): void {
    const since = this.network.changesSince(this.#position);
    if (since.type === 'snapshot') this.#followed = new Map(since.mapping.map(({ prefix, targets }) => [prefix, JSON.stringify(targets)]));
    else
      for (const entry of since.changes) {
        if (entry.type !== 'mapping-change') continue;
        if (entry.after) this.#followed.set(entry.prefix, JSON.stringify(entry.after));
        else this.#followed.delete(entry.prefix);
      }
    this.#position = since.position;
    expect(sorted(this.#followed)).toEqual(sorted(mappingOf(this.network)));
  }
}

function mappingOf(network: VirtualNetwork): Map<string, string> {
  return new Map([...network.mapping()].map(({ prefix, targets }) => [prefix, JSON.stringify(targets)]));
}
function sorted(mapping: ReadonlyMap<string, string>): [string, string][] {
  return [...mapping].sort();
}
function claimsOf(network: VirtualNetwork): string[] {
  return PREFIXES.flatMap((one) => network.explain(one).claims.map((claim) => JSON.stringify({ ...claim, prefix: one }))).sort();
}

test('whatever a table does, and whoever acts from inside an event: all who follow have the mapping, the table has it in the end, and nothing is left', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const scene = new Scene();
      const { network } = scene;
      for (const next of steps) {
        await scene.play(next);
        expect(scene.errors).toEqual([]);
        expect(sorted(scene.heard)).toEqual(sorted(mappingOf(network)));
      }
      await scene.heal();
      expect(sorted(scene.table.holds)).toEqual(sorted(mappingOf(network)));
      scene.resume();
      const { holders = [], ...config } = network.configuration();
      const fresh = new VirtualNetwork({ ...config, holders: holders.filter(({ moved }) => !moved) }, { clock: scene.clock });
      const live = scene.live.filter(({ lease }) => lease?.verdict !== 'ended');
      for (const { node, prefix } of live) fresh.claim({ node, prefix });
      expect(sorted(mappingOf(network))).toEqual(sorted(mappingOf(fresh)));
      expect(claimsOf(network)).toEqual(claimsOf(fresh));
      await fresh.close();
      for (const { lease } of live) lease?.release();
      network.reconfigure({ journal: 5 });
      await scene.heal();
      expect(network.counts()).toMatchObject({ claims: 0, claimsRefused: 0, prefixes: 0, attributeSets: 1, nodes: 0, grants: 0 });
      expect([network.ribs.ipv4.standings.size, network.ribs.ipv6.standings.size, scene.table.holds.size]).toEqual([0, 0, 0]);
      await network.close();
      expect(scene.timers()).toBe(0);
    }),
    { numRuns: 250, seed: 3 },
  );
});
