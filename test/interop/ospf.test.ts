/**
 * BIRD and FRR as guests that speak OSPF, in namespaces on one segment with the router, which has raw sockets there. Each guest owns its
 * address in the segment and is granted `10.9.N.0/24` (IPv6: `2001:db8:9:N::/64`), of which it tells a host address as a stub, and an external.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { NetworkConfig, OspfConfig, OspfInterfaceConfig, RouterConfig } from '../../src/index.js';
import { Lab, type LabNode } from './support/lab.js';
import {
  full,
  linkLocal,
  type OspfGuest,
  type OspfGuestKind,
  type OspfGuestOptions,
  reaches,
  startOspfGuest,
} from './support/ospf-guest.js';
import { type RunningRouter, startRouter } from './support/router.js';

const enabled = process.env.VIRTUAL_ROUTER_INTEROP === '1';
const ROUTER = '10.255.0.1';
const idOf = (node: LabNode): string => `10.255.1.${node.number}`;

type Version = 2 | 3;
const stub = (version: Version, { number }: LabNode): string => (version === 2 ? `10.9.${number}.1/32` : `2001:db8:9:${number}::1/128`);
const external = (version: Version, { number }: LabNode): string =>
  version === 2 ? `203.0.113.${number}/32` : `2001:db8:e:${number}::/64`;
const told = (version: Version): string => (version === 2 ? '198.51.100.0/24' : '2001:db8:f::/48');

function network(version: Version, guests: readonly LabNode[]): NetworkConfig {
  return {
    ranges: ['10.0.0.0/8', '203.0.113.0/24', '2001:db8::/32'],
    nodes: guests.map((node) => ({ name: node.name, addresses: version === 2 ? [node.ipv4] : [node.ipv6, linkLocal(node)] })),
    grants: guests.flatMap((node) => [
      { node: node.name, prefix: stub(version, node) },
      { node: node.name, prefix: external(version, node), as: 'gateway' as const },
    ]),
  };
}

/** The router in its own namespace, speaking on `eth0` as said. */
function config(
  version: Version,
  guests: readonly LabNode[],
  face: Partial<OspfInterfaceConfig> = {},
  ospf: Partial<OspfConfig> = {},
): RouterConfig {
  return {
    as: 65000,
    routerId: ROUTER,
    originate: [{ prefix: told(version) }],
    network: network(version, guests),
    ospf: [
      {
        version,
        interfaces: [{ device: 'eth0', helloInterval: 1, deadInterval: 4, retransmitInterval: 2, ...face }],
        export: { originated: true },
        ...ospf,
      },
    ],
  };
}

let lab: Lab | undefined;
afterEach(async () => {
  await lab?.dispose();
  lab = undefined;
});

interface Scene {
  readonly lab: Lab;
  readonly router: RunningRouter;
  readonly node: LabNode;
  readonly guest: OspfGuest;
}

/** One guest and the router, until they are full neighbours. */
async function scene(
  version: Version,
  kind: OspfGuestKind,
  face: Partial<OspfInterfaceConfig>,
  guest: Partial<OspfGuestOptions> = {},
  ospf: Partial<OspfConfig> = {},
): Promise<Scene> {
  const made = await Lab.create();
  lab = made;
  const own = await made.node('router');
  const node = await made.node('guest');
  const router = await startRouter(made, own, config(version, [node], face, ospf));
  const started = await startOspfGuest(made, node, kind, {
    version,
    routerId: idOf(node),
    stubs: [stub(version, node)],
    externals: [{ prefix: external(version, node), metric: 20, tag: 7 }],
    ...(guest.type === 'point-to-multipoint' ? { others: [version === 2 ? own.ipv4 : linkLocal(own)] } : {}),
    ...guest,
  });
  await full(made, started, [ROUTER]);
  return { lab: made, router, node, guest: started };
}

async function holds(
  { lab, router }: Pick<Scene, 'lab' | 'router'>,
  prefix: string,
  holder: string | undefined,
  seconds = 20,
): Promise<void> {
  await lab.waitFor(
    `${prefix} is ${holder ?? 'nobody'}'s`,
    async () => {
      const found = await router.holder(prefix);
      if (found === holder) return true;
      throw new Error(`it is ${found ?? 'nobody'}'s`);
    },
    seconds,
  );
}

/** What guests tell becomes theirs, what the router tells arrives, and what ends goes back. */
async function whole(version: Version, at: Scene): Promise<void> {
  await holds(at, stub(version, at.node), 'guest');
  await holds(at, external(version, at.node), 'guest');
  await reaches(at.lab, at.guest, [told(version)]);
}

const TYPES = [
  ['broadcast', { type: 'broadcast', priority: 10 }, { priority: 0 }, 'dr'],
  ['broadcast, the guest being the designated router', { type: 'broadcast', priority: 0 }, { priority: 10 }, 'dr-other'],
  ['point-to-point', { type: 'point-to-point' }, { type: 'point-to-point' }, 'point-to-point'],
  ['point-to-multipoint', { type: 'point-to-multipoint' }, { type: 'point-to-multipoint' }, 'point-to-point'],
] as const;

describe.skipIf(!enabled)('interfaces of every type', () => {
  const cases = (['BIRD', 'FRR'] as const).flatMap((kind) =>
    ([2, 3] as const).flatMap((version) => TYPES.map(([name, face, guest, state]) => [kind, version, name, face, guest, state] as const)),
  );
  // FRR has no point-to-multipoint in OSPFv3 before 9.0.
  it.each(cases.filter(([kind, version, name]) => !(kind === 'FRR' && version === 3 && name === 'point-to-multipoint')))(
    '%s, OSPFv%d, %s',
    async (kind, version, _name, face, guest, state) => {
      const at = await scene(version, kind, face, guest);
      await whole(version, at);
      const [instance] = await at.router.ospf();
      expect(instance?.interfaces[0]).toMatchObject({ state, neighbours: [{ routerId: idOf(at.node), state: 'full', node: 'guest' }] });
    },
  );
});

type Hash = 'md5' | 'hmac-sha-1' | 'hmac-sha-256' | 'hmac-sha-384' | 'hmac-sha-512';

describe.skipIf(!enabled)('authentication', () => {
  const key = (hash: Hash, id = 7) => ({ id, hash, secret: 'a-key-of-the-lab' });
  const cases: readonly (readonly [OspfGuestKind, Version, Hash])[] = [
    ['BIRD', 2, 'md5'],
    ['FRR', 2, 'md5'],
    ['BIRD', 2, 'hmac-sha-1'],
    ['BIRD', 2, 'hmac-sha-384'],
    ['BIRD', 2, 'hmac-sha-512'],
    ['BIRD', 3, 'hmac-sha-1'],
    ['BIRD', 3, 'hmac-sha-256'],
    ['BIRD', 3, 'hmac-sha-512'],
    ['FRR', 3, 'hmac-sha-256'],
  ];
  it.each(cases)('%s, OSPFv%d, %s', async (kind, version, hash) => {
    const at = await scene(
      version,
      kind,
      {
        type: 'point-to-point',
        authentication: {
          type: 'cryptographic',
          keys: [key(hash)],
          ...(kind === 'FRR' && version === 3 ? { swappedProtocolId: true } : {}),
        },
      },
      { type: 'point-to-point', authentication: { type: 'cryptographic', keys: [key(hash)] } },
    );
    await whole(version, at);
  });

  it('FRR, OSPFv2, a password', async () => {
    const at = await scene(
      2,
      'FRR',
      { type: 'point-to-point', authentication: { type: 'simple', password: 'ospfpass' } },
      { type: 'point-to-point', authentication: { type: 'simple', password: 'ospfpass' } },
    );
    await whole(2, at);
  });

  it.each([2, 3] as const)('BIRD changes over to another key in OSPFv%d, and stays a neighbour', async (version) => {
    const [old, next] = [key(version === 2 ? 'md5' : 'hmac-sha-256', 1), key('hmac-sha-512', 2)];
    const guest: Partial<OspfGuestOptions> = { type: 'point-to-point', authentication: { type: 'cryptographic', keys: [old, next] } };
    const sendFrom = new Date(Date.now() + 25_000).toISOString();
    const at = await scene(
      version,
      'BIRD',
      { type: 'point-to-point', authentication: { type: 'cryptographic', keys: [old, { ...next, sendFrom }] } },
      guest,
    );
    await holds(at, stub(version, at.node), 'guest');
    const since = at.router.log().length;
    // Both ends know both, then we sign with the new one, then BIRD forgets the old one.
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, Date.parse(sendFrom) - Date.now()) + 3000));
    const options = { version, routerId: idOf(at.node), stubs: [stub(version, at.node)], type: 'point-to-point' } as const;
    await at.guest.configure({ ...options, authentication: { type: 'cryptographic', keys: [next] } });
    await new Promise((resolve) => setTimeout(resolve, 6000));
    expect(at.router.log().slice(since)).not.toMatch(/"from":"full"|authentication-failed/);
    expect((await at.router.ospf())[0]?.interfaces[0]?.neighbours).toMatchObject([{ state: 'full' }]);
  });

  it('a guest with another key never becomes a neighbour, and an event says why', async () => {
    const made = await Lab.create();
    lab = made;
    const own = await made.node('router');
    const node = await made.node('guest');
    const router = await startRouter(
      made,
      own,
      config(2, [node], { authentication: { type: 'cryptographic', keys: [key('hmac-sha-256')] } }),
    );
    await startOspfGuest(made, node, 'BIRD', {
      version: 2,
      routerId: idOf(node),
      type: 'point-to-point',
      authentication: { type: 'cryptographic', keys: [{ ...key('hmac-sha-256'), secret: 'another' }] },
    });
    await made.waitFor('the event', () => /ospf-problem .*"problem":"authentication-failed"/.test(router.log()));
    expect((await router.ospf())[0]?.interfaces[0]?.neighbours).toEqual([]);
  });
});

describe.skipIf(!enabled)('areas', () => {
  const nssa = { areas: [{ area: 1, type: 'nssa' as const }] };

  it.each([
    ['BIRD', 2],
    ['FRR', 2],
    ['BIRD', 3],
    ['FRR', 3],
  ] as const)('%s, OSPFv%d, in a not-so-stubby area', async (kind, version) => {
    const at = await scene(
      version,
      kind,
      { type: 'point-to-point', area: 1 },
      { type: 'point-to-point', area: '0.0.0.1', areaType: 'nssa' },
      nssa,
    );
    await whole(version, at);
  });

  it.each([
    ['BIRD', 2],
    ['FRR', 2],
    ['BIRD', 3],
    ['FRR', 3],
  ] as const)('%s, OSPFv%d, as border router: what is in the area behind it is reached through it', async (kind, version) => {
    const [address, prefix] = version === 2 ? ['10.8.2.1/24', '10.8.2.0/24'] : ['2001:db8:8:2::1/64', '2001:db8:8:2::/64'];
    const made = await Lab.create();
    lab = made;
    const own = await made.node('router');
    const node = await made.node('guest');
    const base = config(version, [node], { type: 'point-to-point' });
    const grants = [...(base.network?.grants ?? []), { node: 'guest', prefix, as: 'gateway' as const }];
    const router = await startRouter(made, own, { ...base, network: { ...base.network, grants } });
    const guest = await startOspfGuest(made, node, kind, {
      version,
      routerId: idOf(node),
      type: 'point-to-point',
      stubs: [stub(version, node)],
      behind: { area: '0.0.0.2', address },
    });
    await full(made, guest, [ROUTER]);
    await holds({ lab: made, router }, prefix, 'guest');
  });
});

describe.skipIf(!enabled)('a guest that ends', () => {
  it.each([
    ['BIRD', 2],
    ['FRR', 2],
    ['BIRD', 3],
    ['FRR', 3],
  ] as const)(
    "%s, OSPFv%d, killed: its address is nobody's within the dead interval, and its own again when it is back",
    async (kind, version) => {
      const options: Partial<OspfGuestOptions> = { type: 'point-to-point' };
      const at = await scene(version, kind, { type: 'point-to-point' }, options);
      await whole(version, at);
      const killed = performance.now();
      await at.guest.kill9();
      await holds(at, stub(version, at.node), undefined);
      // Four seconds from its last Hello, which came within the second before; and the polling.
      expect(performance.now() - killed).toBeLessThan(5000);
      const again = await startOspfGuest(at.lab, at.node, kind, {
        version,
        routerId: idOf(at.node),
        stubs: [stub(version, at.node)],
        ...options,
      });
      await full(at.lab, again, [ROUTER]);
      await holds(at, stub(version, at.node), 'guest');
    },
  );

  it('BIRD, OSPFv3 with a trailer, killed: it counts its packets from 1 again, and is taken back', async () => {
    const keys = [{ id: 7, hash: 'hmac-sha-256' as const, secret: 'a-key-of-the-lab' }];
    const options: Partial<OspfGuestOptions> = { type: 'point-to-point', authentication: { type: 'cryptographic', keys } };
    const at = await scene(3, 'BIRD', { type: 'point-to-point', authentication: { type: 'cryptographic', keys } }, options);
    await holds(at, stub(3, at.node), 'guest');
    await at.guest.kill9();
    await holds(at, stub(3, at.node), undefined);
    const own = { version: 3, routerId: idOf(at.node), stubs: [stub(3, at.node)] } as const;
    const again = await startOspfGuest(at.lab, at.node, 'BIRD', { ...own, ...options });
    await full(at.lab, again, [ROUTER]);
    await holds(at, stub(3, at.node), 'guest');
  });

  it("FRR with Hellos four times a second, killed: its address is nobody's within about a second", async () => {
    const fast = { helloInterval: 0.25, deadInterval: 1 };
    const at = await scene(2, 'FRR', { type: 'point-to-point', ...fast }, { type: 'point-to-point', hello: 0.25, dead: 1 });
    await whole(2, at);
    const killed = performance.now();
    await at.guest.kill9();
    await holds(at, stub(2, at.node), undefined);
    expect(performance.now() - killed).toBeLessThan(2000);
  });

  it.each([
    ['BIRD', 2],
    ['FRR', 2],
  ] as const)("%s, OSPFv%d, stopped: it takes back what it told, and its address is nobody's at once", async (kind, version) => {
    // By its silence it would be gone only after forty seconds.
    const at = await scene(version, kind, { type: 'point-to-point', deadInterval: 40 }, { type: 'point-to-point', dead: 40 });
    await whole(version, at);
    await at.guest.stop();
    await holds(at, stub(version, at.node), undefined, 15);
  });
});

describe.skipIf(!enabled)('many guests', () => {
  it('twenty of BIRD and FRR on one segment, each with its address, the router designated', async () => {
    const made = await Lab.create();
    lab = made;
    const own = await made.node('router');
    const nodes: LabNode[] = [];
    for (let i = 0; i < 20; i++) nodes.push(await made.node(`guest${i}`));
    const slow = { helloInterval: 2, deadInterval: 20 };
    const base = config(2, nodes, { type: 'broadcast', priority: 255, trusted: true, ...slow });
    // On a shared segment an LSA may come through the designated router, who is us: all are first heard from their originators.
    const [instance] = base.ospf ?? [];
    const router = await startRouter(made, own, {
      ...base,
      ospf: instance ? [{ ...instance, interfaces: instance.interfaces.map(({ trusted: _, ...face }) => face) }] : [],
    });
    const guests = await Promise.all(
      nodes.map((node, i) =>
        startOspfGuest(made, node, i % 4 === 3 ? 'FRR' : 'BIRD', {
          version: 2,
          routerId: idOf(node),
          priority: 0,
          stubs: [stub(2, node)],
          hello: 2,
          dead: 20,
        }),
      ),
    );
    for (const node of nodes) await holds({ lab: made, router }, stub(2, node), node.name, 60);
    // Each hears of all the others.
    for (const guest of guests)
      await reaches(
        made,
        guest,
        nodes.filter((node) => node !== guest.node).map((node) => stub(2, node)),
        [],
        60,
      );
    const killed = guests[7];
    await killed?.kill9();
    await holds({ lab: made, router }, stub(2, nodes[7] as LabNode), undefined, 30);
    await holds({ lab: made, router }, stub(2, nodes[8] as LabNode), 'guest8');
  });
});
