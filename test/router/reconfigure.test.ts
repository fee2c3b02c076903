import { describe, expect, test } from 'vitest';
import type { BgpSpeaker } from '../../src/bgp/speaker.js';
import { ManualClock, VirtualNetwork } from '../../src/core.js';
import type { NeighbourConfig, RouterConfig } from '../../src/router/config.js';
import { A, B, C, routerLab } from '../support/router-lab.js';

type Lab = Awaited<ReturnType<typeof routerLab>>;

/** What the network's part of a change is made of. */
function networkOf({ router }: Lab) {
  return router.configuration().network ?? {};
}
function change({ router, clock }: Lab, part: Partial<RouterConfig>) {
  const done = router.reconfigure({ ...router.configuration(), ...part });
  clock.settle();
  return done;
}
function told(speaker: BgpSpeaker): string[] {
  return speaker
    .routes()
    .map(({ prefix, attributes }) => [prefix, ...(attributes.med === undefined ? [] : [`med ${attributes.med}`])].join(' '))
    .sort();
}

describe('what a router announces by itself', () => {
  const neighbour: NeighbourConfig = { address: A, as: 65001, export: ['connected', 'originated'] };

  test('follows the configuration: subnets, what it originates, what the neighbour is told', async () => {
    const lab = await routerLab([neighbour], { originate: [{ prefix: '198.51.100.0/24', med: 5 }, { prefix: '203.0.113.0/24' }] });
    const a = lab.guest(A, 65001);
    expect(told(a)).toEqual(['198.51.100.0/24 med 5', '203.0.113.0/24']);

    expect(change(lab, { originate: [{ prefix: '198.51.100.0/24', med: 6 }] }).applied).toEqual(['originated prefixes changed']);
    expect(told(a)).toEqual(['198.51.100.0/24 med 6']);

    const network = { ...networkOf(lab), subnets: [{ prefix: '10.0.0.0/24' }] };
    expect(change(lab, { network }).applied).toEqual(['subnets changed']);
    expect(told(a)).toEqual(['10.0.0.0/24', '198.51.100.0/24 med 6']);
    change(lab, { network: { ...network, subnets: [] } });

    change(lab, { neighbours: [{ ...neighbour, passive: true, export: ['default'] }] });
    expect(told(a)).toEqual(['0.0.0.0/0']);
    const { export: _told, ...silent } = neighbour;
    change(lab, { neighbours: [{ ...silent, passive: true }] });
    expect(told(a)).toEqual([]);
    expect(a.state).toBe('established');
  });

  test('is told in place of a claim to the same prefix, and the claim once there is none of its own', async () => {
    const both: NeighbourConfig = { address: A, as: 65001, export: ['claims', 'originated'] };
    const lab = await routerLab([both, { address: B, as: 65002 }], { originate: [{ prefix: '198.51.100.0/24' }] });
    const a = lab.guest(A, 65001);
    const b = lab.guest(B, 65002);
    const path = () => a.route('198.51.100.0/24')?.attributes.asPath?.[0]?.asns;
    expect(path()).toEqual([65000]);
    lab.say(b, '198.51.100.0/24');
    expect(path()).toEqual([65000]);
    change(lab, { originate: [] });
    expect(path()).toEqual([65000, 65002]);
    change(lab, { originate: [{ prefix: '198.51.100.0/24' }] });
    expect(path()).toEqual([65000]);
    b.withdraw('198.51.100.0/24');
    lab.clock.settle();
    expect(path()).toEqual([65000]);
    a.refresh('ipv4-unicast');
    lab.clock.settle();
    expect(path()).toEqual([65000]);
    change(lab, { originate: [] });
    expect(told(a)).toEqual([]);
  });
});

test('a next hop in the neighbour’s own subnet stays as it is, unless packets pass through us', async () => {
  const subnets = [{ prefix: '10.0.0.0/24' }];
  const nodes = [
    { name: 'a', addresses: [A] },
    { name: 'b', addresses: [B] },
  ];
  const grants = [{ node: 'a', prefix: '192.0.2.0/24', as: 'gateway' as const }];
  const neighbour: NeighbourConfig = { address: B, as: 65002, passive: true, export: 'claims' };
  const lab = await routerLab([{ address: A, as: 65001 }, neighbour], { network: { subnets, nodes, grants } });
  const [a, b] = [lab.guest(A, 65001), lab.guest(B, 65002)];
  const hop = () => b.route('192.0.2.0/24')?.attributes.nextHop;
  lab.say(a, '192.0.2.0/24');
  expect(hop()).toBe(A);
  const neighbours = lab.router.configuration().neighbours ?? [];
  change(lab, { neighbours: [...neighbours.slice(0, 1), { ...neighbour, nextHop: 'self' }] });
  expect(hop()).toBe('10.0.0.1');
  change(lab, { neighbours });
  expect(hop()).toBe(A);
  change(lab, { network: { ...networkOf(lab), subnets: [{ prefix: '10.0.0.0/29' }] } });
  expect(hop()).toBe('10.0.0.1');
  change(lab, {
    neighbours: [...neighbours.slice(0, 1), { ...neighbour, export: { rules: [{ set: { nextHop: '10.0.0.77', med: 3 } }] } }],
  });
  expect(b.route('192.0.2.0/24')?.attributes).toMatchObject({ nextHop: '10.0.0.77', med: 3 });
});

test('a claim that a policy refuses says so in the policy’s words', async () => {
  const words = 'tests are not for here';
  const lab = await routerLab([{ address: A, as: 65001, import: [{ match: { communities: ['65001:13'] }, verdict: { reject: words } }] }]);
  const told: string[] = [];
  lab.router.on('claim-rejected', ({ claims }) => told.push(...claims.map(({ message }) => message)));
  const a = lab.guest(A, 65001);
  lab.say(a, '192.0.2.0/24', { communities: ['65001:13'] });
  expect(told).toEqual([`The neighbour's import policy rejects the route: ${words}.`]);
  expect(lab.router.explain('192.0.2.0/24').claims[0]?.message).toBe(told[0]);
});

test('policies of several neighbours that change at once are looked at once', async () => {
  let asked = 0;
  const neighbours = (): NeighbourConfig[] =>
    [A, B, C].map((address, i) => ({
      address,
      as: 65001 + i,
      passive: true,
      import: () => {
        asked++;
        return 'accept';
      },
    }));
  const lab = await routerLab(neighbours());
  for (const [i, address] of [A, B, C].entries()) lab.say(lab.guest(address, 65001 + i), `192.0.2.${i}/32`);
  const asks = (part: Partial<RouterConfig>): number => {
    asked = 0;
    change(lab, part);
    return asked;
  };
  const unchanged = asks({});
  expect(asks({ neighbours: neighbours() })).toBe(unchanged + 3);
});

test('rules are looked at again when a prefix list that they name changes', async () => {
  const lab = await routerLab([{ address: A, as: 65001, import: [{ match: { prefixes: ['mine'] }, verdict: 'reject' }] }], {
    prefixLists: { mine: [{ prefix: '192.0.2.1/32' }] },
  });
  const a = lab.guest(A, 65001);
  lab.say(a, '192.0.2.1/32');
  lab.say(a, '192.0.2.2/32');
  expect(lab.verdicts()).toEqual({ '192.0.2.1/32': 'policy-rejected', '192.0.2.2/32': 'accepted' });
  const { applied } = change(lab, { prefixLists: { mine: [{ prefix: '192.0.2.2/32' }] } });
  expect(applied).toEqual(['prefix lists changed', `neighbour ${A} policy changed`]);
  expect(lab.verdicts()).toEqual({ '192.0.2.1/32': 'accepted', '192.0.2.2/32': 'policy-rejected' });
});

describe('a session is bound to the node that owns its address', () => {
  test('and starts anew when another node gets it', async () => {
    const lab = await routerLab([{ address: A, as: 65001 }]);
    const a = lab.guest(A, 65001);
    lab.say(a, '192.0.2.1/32');
    expect(lab.router.lookup('192.0.2.1')).toEqual([{ type: 'gateway', node: 'a' }]);
    const nodes = [
      { name: 'b', addresses: [A, B] },
      { name: 'a', addresses: [] },
      { name: 'c', addresses: [C] },
    ];
    const { applied, restarted } = change(lab, { network: { ...networkOf(lab), nodes } });
    expect(applied).toEqual(['node b changed', 'node a changed']);
    expect(restarted).toEqual([`neighbour ${A}`]);
    expect(lab.router.lookup('192.0.2.1')).toBeUndefined();
    lab.clock.advance(5000);
    expect(a.state).toBe('established');
    expect(lab.router.lookup('192.0.2.1')).toEqual([{ type: 'gateway', node: 'b' }]);
    expect(lab.router.neighbours()).toMatchObject([{ address: A, node: 'b' }]);
  });

  test('and ends when that node goes, and is there again when one comes', async () => {
    const lab = await routerLab([{ address: A, as: 65001 }]);
    const a = lab.guest(A, 65001);
    lab.say(a, '192.0.2.1/32');
    lab.router.network.removeNode('a');
    lab.clock.advance(5000);
    expect(a.state).not.toBe('established');
    expect([...lab.router.claims({ node: 'a' })]).toEqual([]);
    lab.router.network.addNode({ name: 'a2', addresses: [A] });
    lab.router.grant({ node: 'a2', prefix: '192.0.2.1/32', as: 'gateway' });
    lab.clock.advance(5000);
    expect(a.state).toBe('established');
    expect(lab.router.lookup('192.0.2.1')).toEqual([{ type: 'gateway', node: 'a2' }]);
  });

  test('also one of a range', async () => {
    const lab = await routerLab([{ address: '10.0.0.0/24', as: 65001 }]);
    const a = lab.guest(A, 65001);
    lab.router.network.changeNode({ name: 'a', addresses: [] });
    lab.clock.advance(5000);
    expect(a.state).not.toBe('established');
    expect(lab.router.neighbours()).toEqual([]);
  });

  test('and to no other that the configuration may name', async () => {
    await expect(routerLab([{ address: A, as: 65001, node: 'b' }])).rejects.toThrow(
      `neighbours[0].node: expected "a", which owns ${A}, got "b"`,
    );
  });
});

test('who dialled in from a range, and is then a neighbour by itself or of a narrower range, is that one’s; and nobody’s once it is removed', async () => {
  const range: NeighbourConfig = { address: '10.0.0.0/24', as: 'any', passive: true };
  const own: NeighbourConfig = { address: A, as: 65001, passive: true, name: 'own' };
  const lab = await routerLab([range]);
  const a = lab.guest(A, 65001);
  lab.say(a, '192.0.2.1/32');
  const there = () => lab.router.neighbours().map(({ name, state, claims }) => `${name} ${state} ${claims}`);
  const become = (...neighbours: NeighbourConfig[]) => {
    const done = change(lab, { neighbours });
    lab.clock.advance(60_000);
    return done;
  };
  expect(become(range, own)).toEqual({ applied: ['neighbour own added'], restarted: [`neighbour ${A}`] });
  expect(there()).toEqual(['own established 1']);
  expect(become(range)).toEqual({ applied: ['neighbour own removed'], restarted: [] });
  expect(there()).toEqual([`${A} established 1`]);
  const narrower: NeighbourConfig = { address: '10.0.0.8/29', as: 65001, maxPathLength: 7 };
  expect(become(range, narrower).restarted).toEqual([`neighbour ${A}`]);
  expect(there()).toEqual([`${A} established 1`]);
  become(range, narrower, { ...own, shutdown: true });
  expect([there(), a.state === 'established']).toEqual([['own idle 0'], false]);
  expect([...lab.router.claims({ node: 'a' })].filter(({ source }) => source === 'bgp')).toEqual([]);
});

test('a neighbour that is shut down hears why (RFC 9003), is turned away, and comes back', async () => {
  const neighbour: NeighbourConfig = { address: A, as: 65001, passive: true };
  const lab = await routerLab([neighbour]);
  const a = lab.guest(A, 65001);
  const reasons: string[] = [];
  a.on('down', ({ text }) => reasons.push(text));
  expect(change(lab, { neighbours: [{ ...neighbour, shutdown: 'back at noon' }] })).toEqual({
    applied: [`neighbour ${A} shut down`],
    restarted: [],
  });
  lab.clock.advance(1000);
  expect(reasons).toEqual([expect.stringMatching(/cease: administrative shutdown.*: back at noon$/)]);
  lab.clock.advance(10_000);
  expect(a.state).not.toBe('established');
  change(lab, { neighbours: [neighbour] });
  lab.clock.advance(10_000);
  expect(a.state).toBe('established');
});

test('a claim is of who has the next hop’s address now', async () => {
  const nodes = (b: string[], c: string[]) => [
    { name: 'a', addresses: [A] },
    { name: 'b', addresses: b },
    { name: 'c', addresses: c },
  ];
  const grants = [{ node: 'a', prefix: '192.0.2.0/24', as: 'gateway', speaksFor: ['b', 'c'] }] as const;
  const lab = await routerLab([{ address: A, as: 65001 }], { network: { nodes: nodes([B], [C]), grants } });
  lab.say(lab.guest(A, 65001), '192.0.2.0/24', { nextHop: B });
  const target = () => lab.router.network.get('192.0.2.0/24')?.map(({ node }) => node);
  expect(target()).toEqual(['b']);
  change(lab, { network: { ...networkOf(lab), nodes: nodes([], [C, B]) } });
  expect(target()).toEqual(['c']);
});

test('nodes come and go by the configuration', async () => {
  const lab = await routerLab([{ address: A, as: 65001 }]);
  const network = networkOf(lab);
  const nodes = network.nodes ?? [];
  const more = [...nodes, { name: 'd', addresses: ['10.0.0.13'] }];
  expect(change(lab, { network: { ...network, nodes: more } })).toEqual({ applied: ['node d added'], restarted: [] });
  expect(lab.router.lookup('10.0.0.13')?.[0]).toMatchObject({ node: 'd' });
  expect(change(lab, { network: { ...networkOf(lab), nodes } })).toEqual({ applied: ['node d removed'], restarted: [] });
  expect(lab.router.lookup('10.0.0.13')).toBeUndefined();
  expect(networkOf(lab).nodes?.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
});

test('a node that is brought up by the configuration is up', async () => {
  const lab = await routerLab([]);
  lab.router.network.setNodeState('a', 'down');
  expect(networkOf(lab).nodes).toContainEqual({ name: 'a', addresses: [A], state: 'down' });
  const nodes = (networkOf(lab).nodes ?? []).map(({ state: _state, ...node }) => node);
  expect(change(lab, { network: { ...networkOf(lab), nodes } }).applied).toEqual(['node a changed']);
  expect(lab.router.lookup(A)).toEqual([{ type: 'node', node: 'a' }]);
});

describe('what a network has for all its life, and what it can change', () => {
  test('another decision holds at once, for what is claimed already', async () => {
    const lab = await routerLab([
      { address: A, as: 65001 },
      { address: B, as: 65002 },
    ]);
    const [a, b] = [lab.guest(A, 65001), lab.guest(B, 65002)];
    const asPath = (as: number) => [{ type: 'sequence' as const, asns: [as] }];
    lab.say(a, '198.51.100.0/24', { asPath: asPath(65001), med: 10 });
    lab.say(b, '198.51.100.0/24', { asPath: asPath(65002), med: 5 });
    // Of different neighbouring ASes MED is not compared: the lower router id has it.
    const holder = () => lab.router.explain('198.51.100.0/24').targets?.map(({ node }) => node);
    expect(holder()).toEqual(['a']);
    const network = { ...networkOf(lab), decision: { alwaysCompareMed: true } };
    expect(change(lab, { network }).applied).toEqual(['decision changed']);
    expect(holder()).toEqual(['b']);
    const { decision: _decision, ...plain } = network;
    change(lab, { network: plain });
    expect(holder()).toEqual(['a']);
  });

  test.each([
    ['name', { name: 'another' }],
    ['journal', { journal: 5 }],
    ['reserve', { reserve: { ipv4: 10 } }],
  ])('%s cannot change, and nothing else does then', async (field, part) => {
    const lab = await routerLab([{ address: A, as: 65001 }]);
    const before = lab.router.configuration();
    expect(() => change(lab, { network: { ...networkOf(lab), ...part }, originate: [{ prefix: '203.0.113.0/24' }] })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', path: ['network', field] }),
    );
    expect(lab.router.configuration()).toEqual(before);
  });
});

describe('a neighbour by itself', () => {
  test('is added, changed and removed while others go on', async () => {
    const lab = await routerLab([{ address: A, as: 65001, passive: true, export: 'claims' }]);
    const { router } = lab;
    const a = lab.guest(A, 65001);
    expect(router.addNeighbour({ address: B, as: 65002, passive: true, name: 'bee' })).toEqual({
      applied: ['neighbour bee added'],
      restarted: [],
    });
    const b = lab.guest(B, 65002);
    lab.say(b, '198.51.100.0/24');
    expect(told(a)).toEqual(['198.51.100.0/24']);
    // A policy changes in place: what was heard is judged by it.
    const rules = [{ verdict: { reject: 'not now' } }];
    expect(router.changeNeighbour({ address: B, as: 65002, passive: true, name: 'bee', import: rules }).applied).toEqual([
      'neighbour bee policy changed',
    ]);
    lab.clock.settle();
    expect(told(a)).toEqual([]);
    expect(b.state).toBe('established');
    // An AS number does not.
    expect(router.changeNeighbour({ address: B, as: 65003, passive: true, name: 'bee' }).restarted).toEqual(['neighbour bee']);
    lab.clock.settle();
    expect(b.state).not.toBe('established');
    expect(router.removeNeighbour(B).applied).toEqual(['neighbour bee removed']);
    expect(router.configuration().neighbours?.map(({ address }) => address)).toEqual([A]);
    expect(a.state).toBe('established');
    // Its address identifies no session any more: who may claim it is a matter of grants again.
    expect(router.claim({ node: 'b', prefix: `${B}/32` }).verdict).not.toBe('reserved');
  });

  test('is found however its address is written', async () => {
    const nodes = [{ name: 'a', addresses: [A, '2001:db8::a'] }];
    const { router } = await routerLab([{ address: A, as: 65001 }], { network: { nodes } });
    router.addNeighbour({ address: '2001:db8:0::a', as: 65001, passive: true });
    expect(() => router.addNeighbour({ address: '2001:DB8::A', as: 65001 })).toThrow(expect.objectContaining({ code: 'NAME_TAKEN' }));
    expect(router.changeNeighbour({ address: '2001:DB8::0a', as: 65002, passive: true }).restarted).toEqual(['neighbour 2001:db8::a']);
    router.refresh('2001:DB8::A');
    await router.reset('2001:db8:0:0::a');
    expect(router.removeNeighbour('2001:0db8::a').applied).toEqual(['neighbour 2001:db8::a removed']);
    expect(router.configuration().neighbours?.map(({ address }) => address)).toEqual([A]);
  });

  test('is checked against what there is, and nothing has changed when it is refused', async () => {
    const { router } = await routerLab([{ address: A, as: 65001, name: 'first' }]);
    const before = router.configuration();
    const refused = (call: () => unknown): unknown => {
      try {
        return call();
      } catch (error) {
        return error;
      }
    };
    expect(refused(() => router.addNeighbour({ address: A, as: 65001 }))).toMatchObject({ code: 'NAME_TAKEN' });
    expect(refused(() => router.changeNeighbour({ address: B, as: 65001 }))).toMatchObject({ code: 'NAME_UNKNOWN' });
    expect(refused(() => router.removeNeighbour(B))).toMatchObject({ code: 'NAME_UNKNOWN' });
    expect(refused(() => router.addNeighbour({ address: B, as: 65001, name: 'first' }))).toMatchObject({ path: ['neighbours', 1, 'name'] });
    expect(refused(() => router.addNeighbour({ address: '203.0.113.77', as: 65001 }))).toMatchObject({
      path: ['neighbours', 1, 'address'],
    });
    expect(refused(() => router.addNeighbour({ address: B, as: 'any' }))).toMatchObject({ path: ['neighbours', 1, 'as'] });
    expect(refused(() => router.changeNeighbour({ address: A, as: 65000, localRole: 'customer' }))).toMatchObject({
      path: ['neighbours', 0, 'localRole'],
    });
    expect(router.configuration()).toEqual(before);
  });
});

test('of several grants that cover a claim alike the first counts, in the order that the configuration has now', async () => {
  const clock = new ManualClock();
  const prefix = '192.0.2.1/32';
  const nodes = [{ name: 'a', tags: ['web'] }, { name: 'b' }];
  const own = { node: 'a', prefix, as: 'gateway', preference: 100 } as const;
  const tagged = { tag: 'web', prefix, as: 'gateway', preference: 700 } as const;
  const other = { node: 'b', prefix, as: 'gateway', preference: 300 } as const;
  await using network = new VirtualNetwork({ nodes, grants: [own, other] }, { clock });
  for (const node of ['b', 'a']) network.claim({ node, prefix });
  const found: (string | undefined)[] = [];
  for (const grants of [
    [tagged, own, other],
    [own, tagged, other],
  ]) {
    network.reconfigure({ nodes, grants });
    expect(network.grants()).toEqual(grants);
    await using fresh = new VirtualNetwork({ nodes, grants }, { clock });
    for (const node of ['b', 'a']) fresh.claim({ node, prefix });
    expect(network.get(prefix)).toEqual(fresh.get(prefix));
    found.push(network.get(prefix)?.[0].node);
  }
  expect(found).toEqual(['a', 'b']);
});
