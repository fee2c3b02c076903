import { afterEach, describe, expect, test } from 'vitest';
import {
  Host,
  ManualClock,
  MemoryTransport,
  memoryCable,
  type NetworkConfig,
  type OspfConfig,
  type Port,
  type RouterConfig,
  type RouterEvents,
  seeded,
  VirtualRouter,
} from '../../src/core.js';
import { encodeLsa, encodePacket } from '../../src/ospf/wire/index.js';
import { MemoryOspfLinks, OspfSegment } from '../../src/testing.js';

const running: VirtualRouter[] = [];
afterEach(async () => {
  for (const router of running.splice(0)) await router.stop();
});

const octets = (address: string): Uint8Array => Uint8Array.from(address.split('.').map(Number));
/** Where a router is: `[device, segment, address]`. */
type Place = readonly [device: string, segment: OspfSegment, address: string];

function made(
  clock: ManualClock,
  config: Omit<RouterConfig, 'as'>,
  places: readonly Place[],
  ports: Record<string, Port> = {},
): VirtualRouter {
  const devices = Object.fromEntries(
    places.map(([device, segment, address]) => [device, { segment, addresses: [{ bytes: octets(address), length: 24 }] }]),
  );
  const host = new Host({ transport: new MemoryTransport(clock), clock, random: seeded(1), ospf: new MemoryOspfLinks(devices) });
  const router = new VirtualRouter({ as: 65000, ...config }, { host, ports });
  running.push(router);
  return router;
}

/** A guest's router, which tells prefixes as externals. */
function guest(
  clock: ManualClock,
  routerId: string,
  told: readonly string[],
  places: readonly Place[],
  ospf: Partial<OspfConfig> = {},
  network: NetworkConfig = {},
): VirtualRouter {
  return made(
    clock,
    {
      name: routerId,
      routerId,
      network,
      originate: told.map((prefix) => ({ prefix })),
      ospf: [
        {
          interfaces: places.map(([device]) => ({ device })),
          export: { originated: true, metricType: 1, metric: 5, tag: 0 },
          ...ospf,
        },
      ],
    },
    places,
  );
}

function watched(router: VirtualRouter) {
  const refused: string[] = [];
  const problems: RouterEvents['ospf-problem'][0][] = [];
  router.on('claim-rejected', ({ claims }) => {
    for (const { node, prefix, reason } of claims) refused.push(`${node} ${prefix} ${reason}`);
  });
  router.on('ospf-problem', (event) => problems.push(event));
  return { refused, problems };
}
const holders = (router: VirtualRouter, address: string): unknown =>
  router.lookup(address)?.map((target) => (target.type === 'discard' ? target.type : target.node));
const nodes = [
  { name: 'a', addresses: ['10.0.1.10'] },
  { name: 'b', addresses: ['10.0.1.11'] },
  { name: 'c', addresses: ['10.0.1.12'] },
];
const grants = [
  { node: 'a', prefix: '10.9.0.0/24', ge: 24, le: 32 },
  { node: 'b', prefix: '10.9.0.0/24', ge: 24, le: 32 },
];
const network: NetworkConfig = { ranges: ['10.0.0.0/8'], nodes, grants };

describe('on a segment that guests share', () => {
  /** `a` is neither designated nor backup, so what it says comes to us through `b`. */
  async function segment(interfaces: Partial<OspfConfig['interfaces'][0]>) {
    const clock = new ManualClock(1_000_000);
    const lan = new OspfSegment(clock);
    const shared = { type: 'broadcast' as const, ...interfaces };
    const { trusted: _trusted, ...plain } = shared;
    const main = made(clock, { routerId: '10.0.1.1', network, ospf: [{ interfaces: [{ device: 'lan', ...shared, priority: 0 }] }] }, [
      ['lan', lan, '10.0.1.1'],
    ]);
    const seen = watched(main);
    await main.start();
    for (const [i, priority] of [0, 10, 5].entries()) {
      const address = `10.0.1.${10 + i}`;
      const told = i === 0 ? ['10.9.0.1/32'] : i === 1 ? ['10.9.0.2/32'] : [];
      await guest(clock, address, told, [['eth0', lan, address]], { interfaces: [{ device: 'eth0', ...plain, priority }] }).start();
    }
    clock.advance(90_000);
    await main.network.settled();
    return { main, ...seen };
  }

  test('what the designated router passes on is not taken for what its originator said', async () => {
    const { main, refused } = await segment({});
    expect(holders(main, '10.9.0.2')).toEqual(['b']);
    expect(main.lookup('10.9.0.1')).toBeUndefined();
    expect(refused).toContain('a 10.9.0.1/32 origin-not-confirmed');
  });

  test('it is where the segment is authenticated and said to be trusted', async () => {
    const { main } = await segment({
      trusted: true,
      authentication: { type: 'cryptographic', keys: [{ id: 1, hash: 'hmac-sha-256', secret: 'a secret' }] },
    });
    expect(holders(main, '10.9.0.1')).toEqual(['a']);
    expect(holders(main, '10.9.0.2')).toEqual(['b']);
  });
});

test('what a guest says in the name of a designated router elsewhere is not confirmed by the copy that this one floods back', async () => {
  const clock = new ManualClock(1_000_000);
  const [lan, own] = [new OspfSegment(clock), new OspfSegment(clock)];
  const shared = { device: 'lan', type: 'broadcast' as const };
  const granted = { ...network, nodes: [...nodes.slice(1), { name: 'a', addresses: ['10.0.2.10'] }] };
  const main = made(
    clock,
    { routerId: '10.0.1.1', network: granted, ospf: [{ interfaces: [{ ...shared, priority: 0 }, { device: 'own' }] }] },
    [
      ['lan', lan, '10.0.1.1'],
      ['own', own, '10.0.2.1'],
    ],
  );
  const { refused } = watched(main);
  const accepted: string[] = [];
  main.on('mapping-change', ({ changes }) => {
    for (const { prefix } of changes) accepted.push(prefix);
  });
  await main.start();
  for (const [address, priority] of [
    ['10.0.1.11', 10],
    ['10.0.1.12', 0],
  ] as const)
    await guest(clock, address, ['10.9.0.2/32'].slice(priority === 0 ? 1 : 0), [['eth0', lan, address]], {
      interfaces: [{ ...shared, device: 'eth0', priority }],
    }).start();
  await guest(clock, '10.0.2.10', [], [['eth0', own, '10.0.2.10']]).start();
  clock.advance(90_000);
  await main.network.settled();
  expect(holders(main, '10.9.0.2')).toEqual(['b']);
  const source = octets('10.0.2.10');
  const spoofed = await new MemoryOspfLinks({ eth0: { segment: own, addresses: [] } }).open('eth0', 2, {
    received: () => {},
    changed: () => {},
  });
  // The router LSA of `b`, with a stub link more than it has.
  const id = 0x0a00_010b;
  const links = [
    { type: 'transit' as const, metric: 10, neighbour: 0, interfaceId: id, neighbourInterfaceId: id },
    { type: 'stub' as const, metric: 1, prefix: { family: 'ipv4' as const, bytes: octets('10.9.0.66'), length: 32 } },
  ];
  const bits = { areaBorder: false, asBoundary: true, virtualEnd: false, nssaTranslator: false };
  for (let i = 1; i < 60; i++) {
    const head = { lsType: 1, id, advertisingRouter: id, age: 1, options: 2, sequence: 3 * i };
    const lsa = encodeLsa(head, { type: 'router', ...bits, options: 2, links }, { version: 2, family: 'ipv4' });
    const destination = octets('224.0.0.5');
    const context = { authentication: { type: 'null' as const }, source, destination, now: clock.now() };
    const update = { type: 'link-state-update' as const, lsas: [lsa] };
    spoofed.send(source, destination, encodePacket({ version: 2, routerId: 0x0a00_020a, area: 0, instance: 0, body: update }, context));
    clock.advance(1100);
    await main.network.settled();
  }
  expect(accepted).not.toContain('10.9.0.66/32');
  expect(refused).toContain('b 10.9.0.66/32 origin-not-confirmed');
});

describe('with a link to each guest', () => {
  async function links(config: Partial<RouterConfig> = {}, ospf: Partial<OspfConfig> = {}) {
    const clock = new ManualClock(1_000_000);
    const [la, lb] = [new OspfSegment(clock), new OspfSegment(clock)];
    const main = made(
      clock,
      {
        routerId: '10.0.0.1',
        network,
        ospf: [
          {
            interfaces: [
              { device: 'a', node: 'a' },
              { device: 'b', node: 'b' },
            ],
            ...ospf,
          },
        ],
        ...config,
      },
      [
        ['a', la, '10.0.1.1'],
        ['b', lb, '10.0.2.1'],
      ],
    );
    const seen = watched(main);
    await main.start();
    const advance = async (by = 20_000): Promise<void> => {
      clock.advance(by);
      await main.network.settled();
    };
    return { clock, main, la, lb, advance, ...seen };
  }

  test('what a router behind a guest tells belongs to that guest', async () => {
    const { clock, main, la, advance } = await links();
    const behind = new OspfSegment(clock);
    await guest(
      clock,
      '10.0.1.10',
      [],
      [
        ['eth0', la, '10.0.1.10'],
        ['eth1', behind, '172.16.0.1'],
      ],
    ).start();
    await guest(clock, '172.16.0.9', ['10.9.0.5/32'], [['eth0', behind, '172.16.0.9']]).start();
    await advance(40_000);
    expect(holders(main, '10.9.0.5')).toEqual(['a']);
    expect(main.explain('10.9.0.5').claims).toMatchObject([{ node: 'a', source: 'ospf', verdict: 'accepted' }]);
  });

  test('two nodes with one router id are told of, and neither speaks for the other', async () => {
    const { clock, main, la, lb, problems, advance } = await links();
    await guest(clock, '10.0.1.10', ['10.9.0.1/32'], [['eth0', la, '10.0.1.10']]).start();
    await advance();
    await guest(clock, '10.0.1.10', ['10.9.0.2/32'], [['eth0', lb, '10.0.2.11']]).start();
    await advance();
    expect(problems).toMatchObject([{ problem: 'duplicate-router-id', routerId: '10.0.1.10', detail: 'nodes a and b have one router id' }]);
    for (const { prefix, node, verdict } of main.claims())
      if (verdict === 'accepted' && prefix.startsWith('10.9.'))
        expect([`${node} 10.9.0.1/32`, `${node} 10.9.0.2/32`]).toContain(`${node} ${prefix}`);
    const accepted = [...main.claims()]
      .filter(({ verdict, source }) => verdict === 'accepted' && source === 'ospf')
      .map(({ node, prefix }) => `${node} ${prefix}`);
    expect(accepted).not.toContain('b 10.9.0.1/32');
    expect(accepted).not.toContain('a 10.9.0.2/32');
  });

  test('guests are told what others hold, and not any more when that ends; the guest sees it as an external', async () => {
    const { clock, main, la, advance } = await links({}, { export: { claims: true, metric: 7, metricType: 2 } });
    const one = guest(
      clock,
      '10.0.1.10',
      [],
      [['eth0', la, '10.0.1.10']],
      {},
      {
        ranges: ['10.0.0.0/8'],
        nodes: [{ name: 'main', addresses: ['10.0.1.1'] }],
        grants: [{ node: 'main', prefix: '0.0.0.0/0', ge: 1, le: 32, as: 'gateway' }],
      },
    );
    await one.start();
    const lease = main.claim({ node: 'b', prefix: '10.9.0.9/32' });
    await advance();
    expect(holders(one, '10.9.0.9')).toEqual(['main']);
    lease.release();
    await advance(5000);
    await one.network.settled();
    expect(one.lookup('10.9.0.9')).toBeUndefined();
  });

  const hearing = (clock: ManualClock, la: OspfSegment): VirtualRouter =>
    guest(
      clock,
      '10.0.1.10',
      [],
      [['eth0', la, '10.0.1.10']],
      {},
      {
        nodes: [{ name: 'main', addresses: ['10.0.1.1'] }],
        grants: [
          { node: 'main', prefix: '0.0.0.0/0', as: 'gateway' },
          { node: 'main', prefix: '10.0.0.0/8', le: 32, as: 'gateway' },
        ],
      },
    );

  test('a default that is told always is there though the network has none', async () => {
    const { clock, la, advance } = await links({}, { export: { default: 'always' } });
    const one = hearing(clock, la);
    await one.start();
    await advance();
    await one.network.settled();
    expect(holders(one, '192.0.2.1')).toEqual(['main']);
  });

  test('subnets of the router are told, those that nobody speaks OSPF in too', async () => {
    const silent = { name: 'silent', prefix: '10.0.7.0/24' };
    const part = (connected: boolean): [Partial<RouterConfig>, Partial<OspfConfig>] => [
      { network: { ...network, subnets: [silent] }, interfaces: [{ subnet: 'silent', addresses: ['10.0.7.1'] }] },
      { export: { connected } },
    ];
    const { clock, main, la, advance } = await links(...part(true));
    const one = hearing(clock, la);
    await one.start();
    await advance();
    await one.network.settled();
    expect(holders(one, '10.0.7.7')).toEqual(['main']);
    const [ospf] = main.configuration().ospf ?? [];
    main.reconfigure({ ...main.configuration(), ospf: ospf ? [{ ...ospf, export: {} }] : [] });
    await advance();
    await one.network.settled();
    expect(one.lookup('10.0.7.7')).toBeUndefined();
  });

  test('a default is told always, or only while there is one', async () => {
    const granted = { ...network, grants: [...grants, { node: 'b', prefix: '0.0.0.0/0', as: 'gateway' as const }] };
    const { clock, main, la, advance } = await links({ network: granted }, { export: { default: 'conditional' } });
    const one = guest(
      clock,
      '10.0.1.10',
      [],
      [['eth0', la, '10.0.1.10']],
      {},
      {
        nodes: [{ name: 'main', addresses: ['10.0.1.1'] }],
        grants: [{ node: 'main', prefix: '0.0.0.0/0', as: 'gateway' }],
      },
    );
    await one.start();
    await advance();
    expect(one.lookup('192.0.2.1')).toBeUndefined();
    const lease = main.claim({ node: 'b', prefix: '0.0.0.0/0' });
    await advance(5000);
    await one.network.settled();
    expect(holders(one, '192.0.2.1')).toEqual(['main']);
    lease.release();
    await advance(5000);
    await one.network.settled();
    expect(one.lookup('192.0.2.1')).toBeUndefined();
  });

  test('rules say what of that is told, and at which metric', async () => {
    const rules = [
      { match: { prefixes: ['10.9.0.8/32'] }, verdict: 'reject' as const },
      { match: { source: ['api' as const] }, set: { med: 33 } },
    ];
    const { clock, main, la, advance } = await links({}, { export: { claims: true, rules } });
    const one = guest(
      clock,
      '10.0.1.10',
      [],
      [['eth0', la, '10.0.1.10']],
      {},
      {
        ranges: ['10.0.0.0/8'],
        nodes: [{ name: 'main', addresses: ['10.0.1.1'] }],
        grants: [{ node: 'main', prefix: '0.0.0.0/0', ge: 1, le: 32, as: 'gateway' }],
      },
    );
    await one.start();
    for (const last of [8, 9]) main.claim({ node: 'b', prefix: `10.9.0.${last}/32` });
    await advance();
    await one.network.settled();
    expect(holders(one, '10.9.0.9')).toEqual(['main']);
    expect(one.lookup('10.9.0.8')).toBeUndefined();
  });

  test('what comes back with our tag is refused', async () => {
    const { clock, la, refused, advance } = await links({}, { export: { claims: true, tag: 99 } });
    await guest(clock, '10.0.1.10', ['10.9.0.1/32'], [['eth0', la, '10.0.1.10']], { export: { originated: true, tag: 99 } }).start();
    await advance();
    expect(refused).toEqual(['a 10.9.0.1/32 own-tag']);
  });

  test('a revoked grant takes the address away at once, and a new one gives it', async () => {
    const { clock, main, la, advance } = await links();
    await guest(clock, '10.0.1.10', ['10.9.0.1/32'], [['eth0', la, '10.0.1.10']]).start();
    await advance();
    expect(holders(main, '10.9.0.1')).toEqual(['a']);
    main.revoke('a/10.9.0.0/24');
    await main.network.settled();
    expect(main.lookup('10.9.0.1')).toBeUndefined();
    main.grant({ node: 'a', prefix: '10.9.0.1/32' });
    await main.network.settled();
    expect(holders(main, '10.9.0.1')).toEqual(['a']);
  });
});

describe.each([2, 3] as const)('OSPFv%i over frames', (version) => {
  test('a guest at a port moves an address, and another has it when its port falls silent', async () => {
    const v2 = version === 2;
    const clock = new ManualClock(1_000_000);
    const lan = v2 ? '10.0.1.0/24' : '2001:db8:1::/64';
    const at = (place: number): string => (v2 ? `10.0.1.${place}` : `2001:db8:1::${place}`);
    const moving = v2 ? '10.9.0.1' : '2001:db8:9::1';
    const prefix = `${moving}/${v2 ? 32 : 128}`;
    const cables = [memoryCable(), memoryCable()] as const;
    const subnets = [{ name: 'lan', prefix: lan }];
    const main = made(
      clock,
      {
        routerId: '10.0.1.1',
        interfaces: [{ subnet: 'lan', addresses: [at(1)] }],
        ports: [
          { name: 'pa', type: 'memory' },
          { name: 'pb', type: 'memory' },
        ],
        network: {
          ranges: ['10.0.0.0/8', '2001:db8::/32'],
          subnets,
          nodes: [
            { name: 'a', addresses: [at(10)], location: 'pa' },
            { name: 'b', addresses: [at(11)], location: 'pb' },
          ],
          grants: [
            { node: 'a', prefix },
            { node: 'b', prefix },
          ],
        },
        ospf: [{ version, interfaces: [{ subnet: 'lan', helloInterval: 1 }], export: { connected: true } }],
      },
      [],
      { pa: cables[0][0], pb: cables[1][0] },
    );
    const { refused, problems } = watched(main);
    await main.start();
    for (const [i, metric] of [5, 50].entries()) {
      const far = made(
        clock,
        {
          name: `guest ${i}`,
          routerId: `10.0.1.${10 + i}`,
          interfaces: [{ subnet: 'lan', addresses: [at(10 + i)] }],
          ports: [{ name: 'up', type: 'memory' }],
          network: { subnets, nodes: [{ name: 'main', addresses: [at(1)], location: 'up' }] },
          originate: [{ prefix }],
          ospf: [{ version, interfaces: [{ port: 'up', helloInterval: 1 }], export: { originated: true, metric, metricType: 1, tag: 0 } }],
        },
        [],
        { up: cables[i === 0 ? 0 : 1][1] },
      );
      await far.start();
    }
    clock.advance(15_000);
    await main.network.settled();
    expect(main.ospf()[0]?.interfaces.filter(({ neighbours }) => neighbours.length > 0)).toMatchObject([
      { name: 'pa', neighbours: [{ node: 'a', state: 'full' }] },
      { name: 'pb', neighbours: [{ node: 'b', state: 'full' }] },
    ]);
    expect(problems).toEqual([]);
    expect(refused).toEqual([]);
    expect(holders(main, moving)).toEqual(['a']);
    cables[0][1].listen(undefined);
    cables[0][0].listen(undefined);
    clock.advance(5000);
    await main.network.settled();
    expect(holders(main, moving)).toEqual(['b']);
  });
});
