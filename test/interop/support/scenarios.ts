/**
 * What is tried with every daemon, one table for all. The daemon is a guest of our router, and so is a BIRD that looks on: what one
 * of them announces the other hears through us. So attributes are compared between two programs that are not ours.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NeighbourConfig, RouterConfig } from '../../../src/index.js';
import { bird } from './bird.js';
import type { Daemon, DaemonKind, Family, HeardRoute, NeighbourOptions } from './daemon.js';
import { here } from './daemons.js';
import { Lab, type LabNode } from './lab.js';
import { type Feature, type Outcome, writeResults } from './results.js';
import { type RunningRouter, startRouter } from './router.js';

const BOTH = ['ipv4-unicast', 'ipv6-unicast'] as const;
const AS = 65000;
const GUEST = 65001;
const OBSERVER = 65002;

/** All that is tried with one kind of daemon; skipped where it, or BIRD to look on, is not installed. */
export function scenarios(kind: DaemonKind): void {
  const runs = here(kind, bird);
  const found = new Map<Feature, Outcome>();

  /** A test that stands for a feature in the table of results. It returns what the peer left to be desired, if anything. */
  const feature: FeatureTest = (name, sentence, test) => {
    it(sentence, async () => {
      const before = found.get(name);
      found.set(name, 'no');
      const outcome = await test();
      if (before !== 'no') found.set(name, typeof outcome === 'string' ? outcome : 'yes');
    });
  };

  describe.skipIf(!runs)(`${kind.name} as a guest`, () => {
    afterAll(() => {
      if (runs) writeResults(kind.name, kind.version(), found);
    });

    describe('over IPv4, where it dials', () => overIpv4(kind, feature));
    describe('over IPv6, where the router dials', () => overIpv6(kind, feature));
    describe('with path identifiers', () => withPathIds(kind, feature));
    describe('twice', () => twice(kind, feature));
  });
}

type FeatureTest = (name: Feature, sentence: string, test: () => Promise<unknown>) => void;

/** A router, a guest and an observer; `start` fills it. */
interface Scene {
  readonly lab: Lab;
  readonly router: RunningRouter;
  readonly guest: Daemon;
  readonly observer: Daemon;
  readonly another?: Daemon;
  readonly nodes: readonly LabNode[];
}

/** How the scenes differ. */
interface SceneOptions {
  readonly transport: 'ipv4' | 'ipv6';
  /** Who waits: the guest, or the router. */
  readonly guestWaits: boolean;
  /** More for the router's side of the guest's session, and for the guest's own. */
  readonly neighbour?: Partial<Omit<NeighbourConfig, 'node'>>;
  readonly peer?: Partial<NeighbourOptions>;
  /** A second observer, in AS 65003. */
  readonly another?: boolean;
  /** The router has no IPv4 address in the subnet, and so no IPv4 next hop to give. */
  readonly withoutIpv4?: boolean;
}

async function scene(kind: DaemonKind, options: SceneOptions): Promise<Scene> {
  const { transport, guestWaits } = options;
  const lab = await Lab.create();
  try {
    const own = await lab.node('router');
    const guestNode = await lab.node('guest');
    const observerNode = await lab.node('observer');
    const anotherNode = options.another ? await lab.node('another') : undefined;
    const observers = [observerNode, ...(anotherNode ? [anotherNode] : [])];
    const router = await startRouter(
      lab,
      own,
      config(
        own,
        [
          { node: guestNode, as: GUEST, address: guestNode[transport], passive: !guestWaits, ...options.neighbour },
          ...observers.map((node, i) => ({ node, as: OBSERVER + i, address: node.ipv4, passive: true })),
        ],
        options.withoutIpv4,
      ),
    );
    const guest = await kind.start(lab, guestNode, {
      as: GUEST,
      routerId: '192.0.2.2',
      neighbours: [{ address: own[transport], as: AS, passive: guestWaits, families: BOTH, ...options.peer }],
    });
    const watch = (node: LabNode, as: number): Promise<Daemon> =>
      bird.start(lab, node, { as, routerId: `192.0.2.${node.number}`, neighbours: [{ address: own.ipv4, as: AS, families: BOTH }] });
    const observer = await watch(observerNode, OBSERVER);
    const another = anotherNode && (await watch(anotherNode, OBSERVER + 1));
    return { lab, router, guest, observer, ...(another ? { another } : {}), nodes: [own, guestNode, observerNode] };
  } catch (error) {
    await lab.dispose();
    throw error;
  }
}

type Guest = Pick<NeighbourConfig, 'as' | 'address' | 'passive' | 'addPath' | 'extendedNextHop' | 'nextHop'> & { readonly node: LabNode };

/** A router on a subnet with its guests, each of which may announce what the tests make it announce. */
function config(own: LabNode, guests: readonly Guest[], withoutIpv4 = false): RouterConfig {
  return {
    as: AS,
    routerId: '192.0.2.1',
    listen: [{ address: own.ipv4 }, { address: own.ipv6 }],
    interfaces: [...(withoutIpv4 ? [] : [{ subnet: 'lan4', addresses: [own.ipv4] }]), { subnet: 'lan6', addresses: [own.ipv6] }],
    network: {
      ranges: ['10.77.0.0/24', '2001:db8:77::/64', '203.0.113.0/24', '198.51.100.0/24', '2001:db8:100::/40'],
      subnets: [
        { name: 'lan4', prefix: '10.77.0.0/24' },
        { name: 'lan6', prefix: '2001:db8:77::/64' },
      ],
      nodes: guests.map(({ node }) => ({ name: node.name, addresses: [node.ipv4, node.ipv6], tags: ['guest'] })),
      grants: [
        { tag: 'guest', prefix: '203.0.113.0/24', le: 32, takeover: 'always' },
        { tag: 'guest', prefix: '198.51.100.0/24', le: 32 },
        { tag: 'guest', prefix: '2001:db8:100::/40', le: 128 },
      ],
    },
    neighbours: guests.map(({ node, ...neighbour }) => ({
      name: node.name,
      node: node.name,
      families: BOTH,
      export: 'claims',
      connectRetryTime: 1,
      ...neighbour,
    })),
  };
}

async function established({ lab, router, guest }: Scene, own: string): Promise<void> {
  await lab.waitFor('the session is up at both ends', async () => {
    const states = [(await router.neighbour('guest')).state, await guest.sessionState(own)];
    if (states.some((state) => state !== 'established')) throw new Error(states.join(' and '));
    return true;
  });
}

/** Waits until a daemon has a path to a prefix that passes, and returns it. */
function heard(lab: Lab, daemon: Daemon, prefix: string, passes: (route: HeardRoute) => boolean = () => true): Promise<HeardRoute> {
  const family: Family = prefix.includes(':') ? 'ipv6-unicast' : 'ipv4-unicast';
  return lab.waitFor(`${daemon.name} in ${daemon.node.name} hears ${prefix}`, async () => {
    const routes = await daemon.routes(family);
    const route = routes.find((one) => one.prefix === prefix && passes(one));
    if (route === undefined) throw new Error(`it has ${JSON.stringify(routes)}`);
    return route;
  });
}

function gone(lab: Lab, daemon: Daemon, prefix: string): Promise<true> {
  const family: Family = prefix.includes(':') ? 'ipv6-unicast' : 'ipv4-unicast';
  return lab.waitFor(`${daemon.name} in ${daemon.node.name} no longer has ${prefix}`, async () =>
    (await daemon.routes(family)).every((route) => route.prefix !== prefix),
  );
}

function holds(lab: Lab, router: RunningRouter, prefix: string, node: string | undefined): Promise<true> {
  return lab.waitFor(`${prefix} is ${node === undefined ? 'nobody' : node}'s`, async () => {
    const holder = await router.holder(prefix);
    if (holder !== node) throw new Error(`it is ${holder}'s`);
    return true;
  });
}

/** Announced by the guest, mapped to it, heard by the observer with the router's AS in between, and withdrawn; then the other way. */
async function bothWays({ lab, router, guest, observer, nodes }: Scene, mine: string, other: string, nextHop?: string): Promise<void> {
  const from = nodes[2];
  await guest.announce({ prefix: mine });
  await holds(lab, router, mine, 'guest');
  expect((await heard(lab, observer, mine)).asPath).toEqual([AS, GUEST]);
  await observer.announce({ prefix: other });
  const route = await heard(lab, guest, other);
  expect(route.asPath).toEqual([AS, OBSERVER]);
  // By itself a next hop in the subnet of all stays: packets need not pass through the router.
  expect(route.nextHop).toBe(nextHop ?? (mine.includes(':') ? from?.ipv6 : from?.ipv4));
  await guest.withdraw(mine);
  await holds(lab, router, mine, undefined);
  await gone(lab, observer, mine);
  await observer.withdraw(other);
  await gone(lab, guest, other);
}

function overIpv4(kind: DaemonKind, feature: FeatureTest): void {
  let stage: Scene;
  let own: string;
  beforeAll(async () => {
    stage = await scene(kind, { transport: 'ipv4', guestWaits: false });
    own = stage.nodes[0]?.ipv4 ?? '';
  });
  afterAll(() => stage?.lab.dispose());

  feature('session, the peer dials', 'brings the session up', () => established(stage, own));

  feature('IPv4 routes both ways', 'tells and hears IPv4 routes', () => bothWays(stage, '203.0.113.1/32', '198.51.100.1/32'));

  feature('IPv6 routes both ways', 'tells and hears IPv6 routes', () => bothWays(stage, '2001:db8:101::/48', '2001:db8:102::/48'));

  feature('communities: standard, extended, large', 'has its communities passed on, and hears those of others', async () => {
    const { lab, guest, observer } = stage;
    const values = {
      communities: ['65000:100', '65001:65535'],
      extendedCommunities: ['target:65000:7', 'target:192.0.2.9:7'],
      largeCommunities: ['65000:1:2', '4200000000:0:4294967295'],
    };
    const sorted = (route: HeardRoute) => ({
      communities: [...route.communities].sort(),
      extendedCommunities: [...route.extendedCommunities].sort().reverse(),
      largeCommunities: [...route.largeCommunities].sort().reverse(),
    });
    // ExaBGP 4.2 writes a target with an address under the type of one with an AS number.
    const own = kind.name === 'ExaBGP' ? { ...values, extendedCommunities: ['target:65000:7'] } : values;
    await guest.announce({ prefix: '203.0.113.2/32', ...own });
    expect(sorted(await heard(lab, observer, '203.0.113.2/32'))).toEqual(sorted({ ...blank, ...own }));
    await observer.announce({ prefix: '198.51.100.2/32', ...values });
    expect(sorted(await heard(lab, guest, '198.51.100.2/32'))).toEqual(sorted({ ...blank, ...values }));
    await guest.withdraw('203.0.113.2/32');
    await observer.withdraw('198.51.100.2/32');
    return own === values ? 'yes' : 'yes; this peer writes no target with an address';
  });

  feature('route refresh', 'asks for its routes again, and answers when it is asked', async () => {
    const { lab, router, guest, observer } = stage;
    await guest.announce({ prefix: '203.0.113.3/32' });
    await observer.announce({ prefix: '198.51.100.3/32' });
    await heard(lab, guest, '198.51.100.3/32');
    await holds(lab, router, '203.0.113.3/32', 'guest');
    const before = await router.neighbour('guest');
    if (kind.abilities.refreshAsked) {
      await guest.refresh(own);
      await lab.waitFor(
        'the router sends its routes again',
        async () => (await router.neighbour('guest')).messagesOut > before.messagesOut,
      );
      await heard(lab, guest, '198.51.100.3/32');
    }
    if (kind.abilities.refreshAnswered) {
      const { messagesIn } = await router.neighbour('guest');
      await router.refresh('guest');
      await lab.waitFor('the guest sends its routes again', async () => (await router.neighbour('guest')).messagesIn > messagesIn);
    }
    expect(await router.neighbour('guest')).toMatchObject({ state: 'established', flaps: before.flaps, malformed: 0 });
    expect(await router.holder('203.0.113.3/32')).toBe('guest');
    if (!kind.abilities.refreshAsked) return 'yes; this peer only answers';
    return kind.abilities.refreshAnswered ? 'yes' : 'yes; this peer only asks';
  });

  feature('shutdown text to the peer', 'is told why the session ends', async () => {
    const { lab, router, guest } = stage;
    const { flaps } = await router.neighbour('guest');
    await router.reset('guest', 'new cables at noon');
    if (kind.abilities.shutdownTextHeard) await lab.waitFor('the guest shows it', () => guest.log().includes('new cables at noon'));
    const back = async (): Promise<boolean> => {
      const { state, flaps: now } = await router.neighbour('guest');
      return state === 'established' && now > flaps;
    };
    await lab.waitFor('the session comes back', back, 60);
    return kind.abilities.shutdownTextHeard ? 'yes' : 'yes; this peer shows none';
  });

  feature('shutdown text from the peer', 'says why it ends the session', async () => {
    const { lab, router, guest } = stage;
    await established(stage, own);
    await holds(lab, router, '203.0.113.3/32', 'guest');
    await guest.shutdown(own, 'gone for lunch');
    await lab.waitFor('the router has the reason', async () => {
      const { state, lastDown = '' } = await router.neighbour('guest');
      if (!lastDown.includes(kind.abilities.shutdownTextSent ? 'gone for lunch' : 'administrative shutdown'))
        throw new Error(`${state}, ${lastDown}`);
      return true;
    });
    // ExaBGP is back at once, with its routes.
    if (kind.name !== 'ExaBGP') await holds(lab, router, '203.0.113.3/32', undefined);
    return kind.abilities.shutdownTextSent ? 'yes' : 'yes; this peer sends none';
  });
}

const blank: HeardRoute = { prefix: '', nextHop: '', asPath: [], communities: [], extendedCommunities: [], largeCommunities: [] };

function overIpv6(kind: DaemonKind, feature: FeatureTest): void {
  let stage: Scene;
  let own: LabNode | undefined;
  const extendedNextHop = kind.abilities.extendedNextHop;
  beforeAll(async () => {
    stage = await scene(kind, {
      transport: 'ipv6',
      guestWaits: true,
      neighbour: { extendedNextHop, nextHop: 'self' },
      peer: { extendedNextHop },
      withoutIpv4: extendedNextHop,
    });
    own = stage.nodes[0];
  });
  afterAll(() => stage?.lab.dispose());

  feature('session, the router dials', 'brings the session up', () => established(stage, own?.ipv6 ?? ''));

  feature('IPv6 routes both ways', 'tells and hears IPv6 routes', () =>
    bothWays(stage, '2001:db8:103::/48', '2001:db8:104::/48', own?.ipv6),
  );

  feature('IPv4 over an IPv6 session', 'tells and hears IPv4 routes', () =>
    bothWays(stage, '203.0.113.4/32', '198.51.100.4/32', extendedNextHop ? own?.ipv6 : own?.ipv4),
  );
}

function withPathIds(kind: DaemonKind, feature: FeatureTest): void {
  let stage: Scene;
  beforeAll(async () => {
    stage = await scene(kind, {
      transport: 'ipv4',
      guestWaits: false,
      neighbour: { addPath: 'both' },
      peer: { addPath: 'both' },
      another: true,
    });
  });
  afterAll(() => stage?.lab.dispose());

  feature('add-path', 'tells and hears several paths to one prefix', async () => {
    const { lab, router, guest, observer, another, nodes } = stage;
    await established(stage, nodes[0]?.ipv4 ?? '');
    // FRR and OpenBGPD have one path to what they themselves announce, under an identifier all the same.
    const own = kind.name === 'FRR' || kind.name === 'OpenBGPD' ? [{}] : [{ pathId: 1 }, { pathId: 2 }];
    await guest.announce(...own.map((id, i) => ({ prefix: '203.0.113.5/32', med: 10 + i, ...id })));
    await lab.waitFor('the router has each path', async () => {
      const claims = (await router.claims()).filter(({ prefix }) => prefix === '203.0.113.5/32');
      if (claims.length !== own.length) throw new Error(JSON.stringify(claims));
      return true;
    });
    for (const speaker of [observer, another]) await speaker?.announce({ prefix: '198.51.100.5/32' });
    await lab.waitFor('the guest has a path through each observer', async () => {
      const paths = (await guest.routes('ipv4-unicast')).filter(({ prefix }) => prefix === '198.51.100.5/32');
      const through = paths.map(({ asPath }) => asPath[1]).sort();
      if (JSON.stringify(through) !== JSON.stringify([OBSERVER, OBSERVER + 1])) throw new Error(JSON.stringify(paths));
      return true;
    });
    await another?.withdraw('198.51.100.5/32');
    await lab.waitFor('one of them ends', async () => {
      const paths = (await guest.routes('ipv4-unicast')).filter(({ prefix }) => prefix === '198.51.100.5/32');
      return paths.length === 1 && paths[0]?.asPath[1] === OBSERVER;
    });
    expect((await router.neighbour('guest')).malformed).toBe(0);
    await guest.withdraw('203.0.113.5/32');
    await holds(lab, router, '203.0.113.5/32', undefined);
    return own.length > 1 ? 'yes' : 'yes; this peer has one path to what it announces';
  });
}

function twice(kind: DaemonKind, feature: FeatureTest): void {
  const shared = '203.0.113.100/32';
  let lab: Lab;
  let router: RunningRouter;
  let first: Daemon;
  let second: Daemon;
  beforeAll(async () => {
    lab = await Lab.create();
    const own = await lab.node('router');
    const nodes = [await lab.node('first'), await lab.node('second')] as const;
    router = await startRouter(
      lab,
      own,
      config(
        own,
        nodes.map((node, i) => ({ node, as: GUEST + i, address: node.ipv4, passive: true })),
      ),
    );
    const start = (node: LabNode, i: number): Promise<Daemon> =>
      kind.start(lab, node, {
        as: GUEST + i,
        routerId: `192.0.2.${node.number}`,
        neighbours: [{ address: own.ipv4, as: AS, families: BOTH }],
      });
    [first, second] = await Promise.all([start(nodes[0], 0), start(nodes[1], 1)]);
    await lab.waitFor('both sessions are up', async () => (await router.neighbours()).every(({ state }) => state === 'established'));
  });
  afterAll(() => lab?.dispose());

  feature('take-over of an address', 'hands an address from one to the other and back', async () => {
    await first.announce({ prefix: shared });
    await holds(lab, router, shared, 'first');
    expect((await heard(lab, second, shared)).asPath).toEqual([AS, GUEST]);
    await second.announce({ prefix: shared });
    await holds(lab, router, shared, 'second');
    expect((await heard(lab, first, shared)).asPath).toEqual([AS, GUEST + 1]);
    await second.withdraw(shared);
    await holds(lab, router, shared, 'first');
    await second.announce({ prefix: shared });
    await holds(lab, router, shared, 'second');
  });

  feature('peer killed: the address goes back', 'gives the address back when it is killed', async () => {
    await second.kill9();
    await holds(lab, router, shared, 'first');
    await first.kill9();
    await holds(lab, router, shared, undefined);
  });
}
