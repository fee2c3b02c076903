import { afterEach, expect, test } from 'vitest';
import {
  BgpSpeaker,
  Host,
  ManualClock,
  MemoryTransport,
  memoryCable,
  seeded,
  UsageError,
  VirtualNetwork,
  VirtualRouter,
} from '../../src/core.js';
import { Forwarder } from '../../src/forwarder/forwarder.js';
import { ForwarderService } from '../../src/forwarder/service.js';
import { parseAddress } from '../../src/lib/address.js';
import type { RouterConfig } from '../../src/router/config.js';
import type { CableEnd } from '../../src/stack/index.js';
import { GuestStack } from '../support/guest-stack.js';

const ROUTER = '10.0.1.1';
const VIP = '10.0.1.100';
/** Type of the ICMPv6 message. */
const ROUTER_ADVERTISEMENT = 134;
const FEED = { address: 'feed', port: 1 };
const PORTS = ['pa', 'pb', 'pc'];

const NETWORK: NonNullable<RouterConfig['network']> = {
  ranges: ['10.0.0.0/16', '2001:db8::/32'],
  subnets: [
    { name: 'four', prefix: '10.0.1.0/24' },
    { name: 'six', prefix: '2001:db8::/64' },
  ],
  nodes: ['a', 'b', 'c'].map((name, i) => ({ name, addresses: [`10.0.1.1${i}`, `2001:db8::${name}`], location: `p${name}` })),
  grants: ['a', 'b'].map((node) => ({ node, prefix: VIP, sources: ['bgp', 'arp'] as const })),
  restart: { time: 60, deferral: 30 },
  forwarder: { path: '/run/feed', stale: 100 },
};
const ROUTERS: RouterConfig = {
  as: 65000,
  routerId: '10.0.0.1',
  interfaces: [
    { subnet: 'four', addresses: [ROUTER] },
    { subnet: 'six', addresses: ['2001:db8::1'] },
  ],
  // What kind they are makes no difference: cables are at their ends here.
  ports: PORTS.map((name) => ({ name, type: 'tap', device: name })),
  neighbours: ['a', 'b'].map((_, i) => ({ address: `10.0.1.1${i}`, as: 65001 + i, passive: true, connectRetryTime: 1 })),
};

let close: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of close.splice(0)) await one();
  close = [];
});

/** A routers' process, a forwarder, and three guests on cables. */
async function lab() {
  const clock = new ManualClock(1_000_000);
  const transport = new MemoryTransport(clock);
  const random = seeded(3);
  let router: VirtualRouter;
  let service: ForwarderService;
  let connections: { abort(): void }[] = [];
  const start = async (snapshot?: ReturnType<VirtualRouter['network']['snapshot']>) => {
    service = new ForwarderService({
      clock,
      accept: async (accepted) => {
        const listener = await transport.listen(FEED, (connection) => {
          connections.push(connection);
          accepted(connection);
        });
        return () => listener.close();
      },
    });
    const host = new Host({ clock, transport: new MemoryTransport(clock), random });
    const ports = service.ports(ROUTERS);
    router = new VirtualRouter({ ...ROUTERS, network: NETWORK }, { host, ports, ...(snapshot ? { snapshot } : {}) });
    await service.open();
    const starting = router.start();
    clock.settle();
    await starting;
    service.serve(router.network);
  };
  const ends = new Map<string, CableEnd>();
  /** When the router was advertised at the first port. */
  const advertised: number[] = [];
  const forwarder = new Forwarder(
    { network: NETWORK, routers: [ROUTERS] },
    {
      clock,
      ports: {
        open: ({ name }) => {
          const [port, guest] = memoryCable();
          ends.set(name, guest);
          const send = port.send.bind(port);
          port.send = (b, start, end) => {
            // Ethernet and IPv6 headers before it.
            if (b[start + 12] === 0x86 && b[start + 54] === ROUTER_ADVERTISEMENT && name === 'pa') advertised.push(clock.now());
            return send(b, start, end);
          };
          return Promise.resolve(port);
        },
      },
      dial: (_path, events) => transport.dial({ remote: FEED, localAddress: 'forwarder' }, events),
    },
  );
  const states: string[] = [];
  forwarder.on('forwarder-change', ({ state }) => states.push(state));
  close.push(() => forwarder.stop());
  await forwarder.start();
  const pass = async (time: number) => {
    for (let i = 0; i < 20; i++) {
      clock.advance(time / 20);
      await Promise.resolve();
    }
  };
  const guest = (name: 'a' | 'b' | 'c') => {
    const i = 'abc'.indexOf(name);
    const stack = new GuestStack(clock, ends.get(`p${name}`) as CableEnd, {
      mac: `02:00:00:00:00:0${name}`,
      addresses: [`10.0.1.1${i}`, `2001:db8::${name}`],
      prefixes: ['10.0.1.0/24', '2001:db8::/64'],
      router: [ROUTER, '2001:db8::1'],
    });
    const speaker = new BgpSpeaker(
      { as: 65001 + i, routerId: `10.0.1.1${i}`, neighbour: { address: ROUTER }, localAddress: `10.0.1.1${i}` },
      { transport: stack.transport, clock, random: seeded(5) },
    );
    /** Datagrams of a test protocol that it got. */
    const got: string[] = [];
    stack.stack.local.register(253, { receive: ({ source }) => void got.push(source) });
    const send = (destination: string): void => {
      stack.stack.local.send({
        source: destination.includes(':') ? `2001:db8::${name}` : `10.0.1.1${i}`,
        destination,
        protocol: 253,
        hopLimit: 64,
        payload: new Uint8Array(8),
        node: 'router',
      });
      clock.settle();
    };
    return { stack, speaker, got, send };
  };
  return {
    clock,
    forwarder,
    states,
    advertised,
    start,
    pass,
    guest,
    router: () => router,
    /** The routers' process is gone from one moment to the next. */
    kill: async () => {
      const dead = router;
      await service.close();
      for (const connection of connections) connection.abort();
      connections = [];
      clock.settle();
      void dead.stop();
    },
  };
}

test('a forwarder takes no packets before it was told the mapping, and then forwards as the router would', async () => {
  const { forwarder, start, pass, guest } = await lab();
  const [a, b] = [guest('a'), guest('b')];
  a.send('10.0.1.11');
  // As long as a asks who has it, and nobody answers.
  await pass(5000);
  expect([b.got, forwarder.status().state]).toEqual([[], 'waiting']);
  await start();
  await pass(2000);
  expect(forwarder.status()).toMatchObject({ state: 'following', prefixes: 6 });
  a.send('10.0.1.11');
  b.send('2001:db8::a');
  await pass(1000);
  expect([a.got, b.got]).toEqual([['2001:db8::b'], ['10.0.1.10']]);
  const [{ links = [] } = {}] = forwarder.status().routers;
  expect(links.map(({ port, node, forwarded }) => [port, node, forwarded])).toEqual([
    ['pa', 'a', 1],
    ['pb', 'b', 1],
    ['pc', 'c', 0],
  ]);
});

test('the router is advertised by the forwarder alone, also while the router is away', async () => {
  const { advertised, start, pass, kill } = await lab();
  await start();
  // A few at first, soon after another; then one at 200 to 600 seconds each.
  await pass(100_000);
  const first = advertised.length;
  await pass(3_000_000);
  const gaps = advertised.slice(first).map((at, i) => at - (advertised[first + i - 1] as number));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(200_000);
  const before = advertised.length;
  await kill();
  await pass(500_000);
  await pass(500_000);
  expect(advertised.length).toBeGreaterThan(before);
});

test('guests speak BGP to the router through it, an address moves, and stays where it is while the router is killed and started again', async () => {
  const { forwarder, start, pass, guest, kill, router, states } = await lab();
  await start();
  await pass(500);
  const [a, b, c] = [guest('a'), guest('b'), guest('c')];
  a.speaker.start();
  b.speaker.start();
  await pass(5000);
  expect(
    router()
      .neighbours()
      .map(({ state }) => state),
  ).toEqual(['established', 'established']);
  a.speaker.announce(`${VIP}/32`);
  await pass(500);
  // The address is a's: what is sent to it comes to a's port.
  const sent = (): number => forwarder.status().routers[0]?.links.find(({ port }) => port === 'pa')?.sent ?? 0;
  const before = sent();
  for (let i = 0; i < 10; i++) c.send(VIP);
  await pass(100);
  expect(sent() - before).toBe(10);
  const snapshot = router().network.snapshot();
  await kill();
  const dead = sent();
  for (let i = 0; i < 10; i++) c.send(VIP);
  await pass(100);
  expect(sent() - dead).toBe(10);
  await start(snapshot);
  await pass(2000);
  expect(states).toEqual(['following', 'stale', 'following']);
  const back = sent();
  for (let i = 0; i < 10; i++) c.send(VIP);
  expect(sent() - back).toBeGreaterThanOrEqual(10);
  // The guests' connections ended with the router's process: they are told so, dial again, and say the same.
  await pass(20_000);
  expect(
    router()
      .neighbours()
      .map(({ state }) => state),
  ).toEqual(['established', 'established']);
  await pass(20_000);
  expect(forwarder.lookup(VIP)).toEqual([{ type: 'node', node: 'a', location: 'pa' }]);
  await Promise.all([router().stop(), pass(3000)]);
});

test('an address is taken by a gratuitous ARP, whose sender is asked now and then, and given back when it answers no more', async () => {
  const { forwarder, start, pass, guest, router } = await lab();
  await start();
  await pass(500);
  const b = guest('b');
  const announce = (): void => {
    const frame = new Uint8Array(42);
    frame.fill(0xff, 0, 6);
    frame.set([2, 0, 0, 0, 0, 11, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 11], 6);
    frame.set(parseAddress(VIP), 28);
    frame.set(parseAddress(VIP), 38);
    const [link] = [...b.stack.stack.links.values()];
    if (link) b.stack.stack.send(link, frame);
  };
  announce();
  await pass(200);
  expect(forwarder.lookup(VIP)).toMatchObject([{ node: 'b' }]);
  // Its stack does not know the address, and so does not answer for it.
  await pass(15_000);
  expect(forwarder.lookup(VIP)).toBeUndefined();
  expect(forwarder.status().brought).toBeGreaterThanOrEqual(3);
  await Promise.all([router().stop(), pass(1000)]);
});

test('what a guest sends from an address that is not its own is dropped by the forwarder', async () => {
  const { forwarder, start, pass, guest, router } = await lab();
  await start();
  await pass(500);
  const [a, b] = [guest('a'), guest('b')];
  a.stack.stack.local.send({
    source: VIP,
    destination: '10.0.1.11',
    protocol: 253,
    hopLimit: 64,
    payload: new Uint8Array(8),
    node: 'router',
  });
  await pass(500);
  expect(b.got).toEqual([]);
  const [{ links = [] } = {}] = forwarder.status().routers;
  expect(links[0]).toMatchObject({ dropped: { 'source-not-held': 1 }, refusedSources: [VIP] });
  await Promise.all([router().stop(), pass(1000)]);
});

test('echo is answered by the forwarder, and a flood of what is for the router costs nobody else anything', async () => {
  const { forwarder, start, pass, guest, router } = await lab();
  await start();
  await pass(500);
  const [a] = [guest('a')];
  for (let i = 0; i < 5000; i++) a.send(ROUTER);
  const { left, routers } = forwarder.status();
  expect(left).toBeLessThanOrEqual(2010);
  expect(routers[0]?.links[0]?.dropped.overload).toBeGreaterThanOrEqual(2900);
  await pass(1000);
  a.send(ROUTER);
  expect(forwarder.status().left).toBeGreaterThan(left);
  await Promise.all([router().stop(), pass(1000)]);
});

test('routers that are joined by links are so in the forwarder: a packet passes each of them', async () => {
  const clock = new ManualClock(1_000_000);
  const transport = new MemoryTransport(clock);
  const network = {
    ranges: ['10.0.0.0/16'],
    subnets: [1, 2].map((n) => ({ name: `lan${n}`, prefix: `10.0.${n}.0/24` })),
    nodes: [1, 2].map((n) => ({ name: `n${n}`, addresses: [`10.0.${n}.10`], location: `p${n}` })),
    links: [{ routers: ['r1', 'r2'] as const }],
    routes: [
      { router: 'r1', prefix: '10.0.2.0/24', via: 'r2' },
      { router: 'r2', prefix: '10.0.1.0/24', via: 'r1' },
    ],
    forwarder: { path: '/run/feed' },
  };
  const routers = [1, 2].map((n) => ({
    name: `r${n}`,
    as: 65000 + n,
    routerId: `10.0.0.${n}`,
    interfaces: [{ subnet: `lan${n}`, addresses: [`10.0.${n}.1`] }],
    ports: [{ name: `p${n}`, type: 'tap' as const, device: `p${n}` }],
  }));
  const service = new ForwarderService({
    clock,
    accept: async (accepted) => {
      const listener = await transport.listen(FEED, accepted);
      return () => listener.close();
    },
  });
  await service.open();
  service.serve(new VirtualNetwork(network, { clock }));
  const ends: CableEnd[] = [];
  const forwarder = new Forwarder(
    { network, routers },
    {
      clock,
      ports: {
        open: () => {
          const [port, end] = memoryCable();
          ends.push(end);
          return Promise.resolve(port);
        },
      },
      dial: (_path, events) => transport.dial({ remote: FEED, localAddress: 'forwarder' }, events),
    },
  );
  close.push(() => forwarder.stop());
  await forwarder.start();
  clock.advance(100);
  const guests = [1, 2].map((n) => {
    const guest = new GuestStack(clock, ends[n - 1] as CableEnd, {
      mac: `02:00:00:00:00:0${n}`,
      addresses: [`10.0.${n}.10`],
      prefixes: [`10.0.${n}.0/24`],
      router: [`10.0.${n}.1`],
    });
    const got: number[] = [];
    guest.stack.local.register(253, { receive: ({ hopLimit }) => void got.push(hopLimit) });
    return { local: guest.stack.local, got };
  });
  const packet = { source: '10.0.1.10', destination: '10.0.2.10', protocol: 253, hopLimit: 64, payload: new Uint8Array(8), node: 'router' };
  guests[0]?.local.send(packet);
  clock.advance(10);
  expect(guests[1]?.got).toEqual([62]);
});

test('a forwarder that was stopped knows nothing, and forwards again once it is started and told', async () => {
  const { clock, forwarder, states, start, guest, pass } = await lab();
  await start();
  await pass(1000);
  expect([forwarder.status().state, forwarder.lookup('10.0.1.11')?.[0].node]).toEqual(['following', 'b']);
  await forwarder.stop();
  expect([forwarder.status(), forwarder.lookup('10.0.1.11')]).toMatchObject([{ state: 'waiting', prefixes: 0 }, undefined]);
  await forwarder.start();
  await pass(1000);
  expect([forwarder.status().state, states.at(-1)]).toEqual(['following', 'following']);
  const [a, b] = [guest('a'), guest('b')];
  a.send('10.0.1.11');
  clock.advance(100);
  expect(b.got).toEqual(['10.0.1.10']);
});

test('a forwarder that is stopped while it opens its ports leaves none of them open, and calls nobody', async () => {
  const clock = new ManualClock();
  const opened: (() => void)[] = [];
  let [live, calls] = [0, 0];
  const forwarder = new Forwarder(
    { network: NETWORK, routers: [ROUTERS] },
    {
      clock,
      ports: {
        open: () =>
          new Promise((resolve) =>
            opened.push(() => {
              live++;
              resolve({ ...memoryCable()[0], mtu: 1500, listen: () => {}, send: () => {}, close: () => Promise.resolve(void live--) });
            }),
          ),
      },
      dial: () => {
        calls++;
        return () => {};
      },
    },
  );
  const both = [forwarder.start(), forwarder.stop()];
  opened.shift()?.();
  // Whoever opened one after another would have the second asked for by now.
  for (let i = 0; i < 20; i++) await Promise.resolve();
  for (const open of opened.splice(0)) open();
  await Promise.all(both);
  expect([live, calls]).toEqual([0, 0]);
});

test('a network without a forwarder has none to start, and a port in memory is in no other process', () => {
  const options = { clock: new ManualClock(), ports: { open: () => Promise.reject(new Error('none')) }, dial: () => () => {} };
  const { forwarder: _none, ...without } = NETWORK;
  expect(() => new Forwarder({ network: without, routers: [ROUTERS] }, options)).toThrow(
    'network: expected a forwarder, which says where the router is to be reached',
  );
  const memory: RouterConfig = { ...ROUTERS, ports: [{ name: 'pa', type: 'memory' }] };
  expect(() => new Forwarder({ network: NETWORK, routers: [memory] }, options)).toThrow(UsageError);
  expect(() => new Forwarder({ network: NETWORK, routers: [memory] }, options)).toThrow('routers[0].ports[0].type');
});
