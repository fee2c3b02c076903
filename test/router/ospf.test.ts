import { afterEach, describe, expect, test } from 'vitest';
import { Host, ManualClock, MemoryTransport, type RouterConfig, type RouterEvents, seeded, VirtualRouter } from '../../src/core.js';
import { MemoryOspfLinks, OspfSegment } from '../../src/testing.js';

const octets = (address: string): Uint8Array => Uint8Array.from(address.split('.').map(Number));

/** A guest is a router of its own: the other end is real. */
const running: VirtualRouter[] = [];
afterEach(async () => {
  for (const router of running.splice(0)) await router.stop();
});

interface Place {
  readonly segment: OspfSegment;
  readonly address: string;
}

function router(clock: ManualClock, config: Omit<RouterConfig, 'as'>, places: Readonly<Record<string, Place>>): VirtualRouter {
  const devices = Object.fromEntries(
    Object.entries(places).map(([name, { segment, address }]) => [name, { segment, addresses: [{ bytes: octets(address), length: 24 }] }]),
  );
  const host = new Host({ transport: new MemoryTransport(clock), clock, random: seeded(1), ospf: new MemoryOspfLinks(devices) });
  const made = new VirtualRouter({ as: 65000, ...config }, { host });
  running.push(made);
  return made;
}

const network = {
  ranges: ['10.0.0.0/8'],
  nodes: [
    { name: 'a', addresses: ['10.0.1.10'] },
    { name: 'b', addresses: ['10.0.2.10'] },
    { name: 'c', addresses: ['10.0.3.10'] },
  ],
  grants: [
    { node: 'a', prefix: '10.9.0.0/24', ge: 24, le: 32 },
    { node: 'b', prefix: '10.9.0.0/24', ge: 24, le: 32 },
  ],
};

/** Three guests, a link each, that tell what `told` says. */
async function lab(told: Readonly<Record<string, readonly string[]>>, config: Partial<RouterConfig> = {}) {
  const clock = new ManualClock(1_000_000);
  const segments = { a: new OspfSegment(clock), b: new OspfSegment(clock), c: new OspfSegment(clock) };
  const main = router(
    clock,
    {
      routerId: '10.0.0.1',
      network,
      ospf: [{ interfaces: [{ device: 'a' }, { device: 'b' }, { device: 'c', cost: 30 }] }],
      ...config,
    },
    {
      a: { segment: segments.a, address: '10.0.1.1' },
      b: { segment: segments.b, address: '10.0.2.1' },
      c: { segment: segments.c, address: '10.0.3.1' },
    },
  );
  const guests: Record<string, VirtualRouter> = {};
  const rejected: RouterEvents['claim-rejected'][0][] = [];
  const changes: RouterEvents['ospf-change'][0][] = [];
  const problems: RouterEvents['ospf-problem'][0][] = [];
  main.on('claim-rejected', (event) => rejected.push(event));
  main.on('ospf-change', (event) => changes.push(event));
  main.on('ospf-problem', (event) => problems.push(event));
  await main.start();
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    guests[name] = router(
      clock,
      {
        name,
        routerId: `10.0.${i + 1}.10`,
        network: { nodes: [] },
        originate: (told[name] ?? []).map((prefix) => ({ prefix })),
        ospf: [{ interfaces: [{ device: 'eth0' }], export: { originated: true, metricType: 1, metric: 5, tag: 0 } }],
      },
      { eth0: { segment: segments[name as 'a'], address: `10.0.${i + 1}.10` } },
    );
    await guests[name]?.start();
  }
  const advance = async (by: number): Promise<void> => {
    clock.advance(by);
    await main.network.settled();
  };
  return { clock, main, guests, segments, rejected, changes, problems, advance };
}
const holder = (main: VirtualRouter, address: string): unknown =>
  main.lookup(address)?.map((target) => (target.type === 'discard' ? target.type : target.node));

describe('a guest that speaks OSPF', () => {
  test('moves an address that it is granted, and gives it back when it falls silent', async () => {
    const { main, segments, advance, changes } = await lab({ a: ['10.9.0.1/32'] });
    await advance(20_000);
    expect(holder(main, '10.9.0.1')).toEqual(['a']);
    segments.a.setUp(false, true);
    await advance(41_000);
    expect(main.lookup('10.9.0.1')).toBeUndefined();
    expect(changes.at(-1)).toMatchObject({ node: 'a', to: 'down', reason: 'inactivity' });
  });

  test('is refused what it is not granted, with the reason, and others hear of it by the protocol all the same', async () => {
    const { main, rejected, guests, advance } = await lab({ c: ['10.9.0.7/32'] });
    await advance(20_000);
    expect(main.lookup('10.9.0.7')).toBeUndefined();
    expect(rejected.flatMap(({ claims }) => claims)).toMatchObject([
      { prefix: '10.9.0.7/32', node: 'c', source: 'ospf', reason: 'not-granted' },
    ]);
    expect(guests.a?.ospf()[0]?.routes).toBeGreaterThan(0);
  });

  test('keeps an address that another tells at the same cost, who takes over at once when it ends', async () => {
    const { main, guests, advance } = await lab({ a: ['10.9.0.1/32'], b: ['10.9.0.1/32'] });
    await advance(20_000);
    // Both are as near: the one that had it keeps it.
    const [first] = holder(main, '10.9.0.1') as string[];
    expect(['a', 'b']).toContain(first);
    await guests[first ?? '']?.stop();
    await advance(2000);
    expect(holder(main, '10.9.0.1')).toEqual([first === 'a' ? 'b' : 'a']);
  });

  test('shares an address with another at equal cost where the grants say so', async () => {
    const shared = network.grants.map((grant) => ({ ...grant, mode: 'shared' as const }));
    const { main, advance } = await lab({ a: ['10.9.0.1/32'], b: ['10.9.0.1/32'] }, { network: { ...network, grants: shared } });
    await advance(20_000);
    expect(holder(main, '10.9.0.1')).toEqual(['a', 'b']);
  });

  test('loses an address to one that is nearer from now on, and gets it back when that one is farther again', async () => {
    const { main, guests, advance } = await lab({ a: ['10.9.0.1/32'], b: ['10.9.0.1/32'] });
    await advance(20_000);
    const [first = ''] = holder(main, '10.9.0.1') as string[];
    const other = first === 'a' ? 'b' : 'a';
    const tell = async (metric: number): Promise<void> => {
      const config = guests[first]?.configuration();
      const [ospf] = config?.ospf ?? [];
      if (config && ospf) guests[first]?.reconfigure({ ...config, ospf: [{ ...ospf, export: { ...ospf.export, metric } }] });
      await advance(10_000);
    };
    await tell(50);
    expect(holder(main, '10.9.0.1')).toEqual([other]);
    await tell(4);
    expect(holder(main, '10.9.0.1')).toEqual([first]);
  });
});

describe('a router that is reconfigured while OSPF runs', () => {
  async function running() {
    const made = await lab({ a: ['10.9.0.1/32'] });
    await made.advance(20_000);
    made.changes.length = 0;
    const [ospf] = made.main.configuration().ospf ?? [];
    if (!ospf) throw new Error('no OSPF');
    const change = (...wanted: NonNullable<RouterConfig['ospf']>) => made.main.reconfigure({ ...made.main.configuration(), ospf: wanted });
    /** Second by second: devices are opened between them. */
    const pass = async (seconds: number): Promise<void> => {
      for (let i = 0; i < seconds; i++) await made.advance(1000);
    };
    return { ...made, ospf, change, pass };
  }

  test('tells otherwise from then on, and no neighbour is lost', async () => {
    const { main, guests, advance, ospf, change, changes } = await running();
    main.claim({ node: 'c', prefix: '10.8.0.1/32' });
    main.grant({ node: 'c', prefix: '10.8.0.1/32' });
    const known = guests.a?.ospf()[0]?.routes ?? 0;
    expect(change({ ...ospf, export: { claims: true } })).toEqual({ applied: ['ospf export changed'], restarted: [] });
    await advance(5000);
    expect(guests.a?.ospf()[0]?.routes).toBe(known + 1);
    change(ospf);
    await advance(5000);
    expect(guests.a?.ospf()[0]?.routes).toBe(known);
    expect(changes).toEqual([]);
  });

  test('has another key from then on, and no neighbour is lost while both ends have both', async () => {
    const clock = new ManualClock(1_000_000);
    const segment = new OspfSegment(clock);
    const key = (id: number) => ({ id, hash: 'hmac-sha-256' as const, secret: `secret ${id}` });
    const ospf = (device: string, ...ids: number[]) => ({
      interfaces: [{ device, helloInterval: 1, deadInterval: 4, authentication: { type: 'cryptographic' as const, keys: ids.map(key) } }],
      export: { originated: true, tag: 0 },
    });
    const main = router(clock, { routerId: '10.0.0.1', network, ospf: [ospf('a', 1)] }, { a: { segment, address: '10.0.1.1' } });
    const originate = [{ prefix: '10.9.0.1/32' }];
    const far = router(
      clock,
      { name: 'far', routerId: '10.0.1.10', network: { nodes: [] }, originate, ospf: [ospf('b', 1)] },
      { b: { segment, address: '10.0.1.10' } },
    );
    await main.start();
    await far.start();
    clock.advance(10_000);
    await main.network.settled();
    expect(holder(main, '10.9.0.1')).toEqual(['a']);
    const changes: RouterEvents['ospf-change'][0][] = [];
    const problems: RouterEvents['ospf-problem'][0][] = [];
    for (const one of [main, far]) {
      one.on('ospf-change', (event) => changes.push(event));
      one.on('ospf-problem', (event) => problems.push(event));
    }
    const rekey = (one: VirtualRouter, device: string, ...ids: number[]) =>
      one.reconfigure({ ...one.configuration(), ospf: [ospf(device, ...ids)] });
    expect(rekey(main, 'a', 1)).toEqual({ applied: [], restarted: [] });
    for (const [one, device, ...ids] of [
      [far, 'b', 1, 2],
      [main, 'a', 2, 1],
      [far, 'b', 2],
      [main, 'a', 2],
    ] as const) {
      // The higher of two that began together is sent: who has not heard of it yet takes it once it has.
      expect(rekey(one, device, ...ids)).toEqual({ applied: ['ospf keys changed'], restarted: [] });
      clock.advance(2000);
    }
    clock.advance(20_000);
    await main.network.settled();
    expect(changes).toEqual([]);
    expect(holder(main, '10.9.0.1')).toEqual(['a']);
    // A key that the other end has not is heard of.
    rekey(far, 'b', 3);
    clock.advance(20_000);
    expect(problems.at(-1)).toMatchObject({ problem: 'authentication-key' });
    expect(changes.some(({ to }) => to === 'down')).toBe(true);
  });

  test('begins an instance anew whose links change, and has the claims again', async () => {
    const { main, pass, ospf, change, changes } = await running();
    expect(change({ ...ospf, interfaces: [{ device: 'a', cost: 7 }, { device: 'b' }, { device: 'c' }] }).restarted).toEqual(['ospf']);
    await pass(60);
    expect(changes.filter(({ node, to }) => node === 'a' && to === 'full')).toHaveLength(1);
    expect(holder(main, '10.9.0.1')).toEqual(['a']);
  });

  test('ends an instance that is no more with its claims, and begins one that there was not', async () => {
    const { main, pass, ospf, change } = await running();
    expect(change().applied).toEqual(['ospf removed']);
    await pass(1);
    expect(main.lookup('10.9.0.1')).toBeUndefined();
    expect(main.ospf()).toEqual([]);
    expect(change(ospf).applied).toEqual(['ospf added']);
    await pass(60);
    expect(holder(main, '10.9.0.1')).toEqual(['a']);
  });
});
