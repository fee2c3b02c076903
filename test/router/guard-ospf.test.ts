import { expect, test } from 'vitest';
import { Host, ManualClock, MemoryTransport, type RouterConfig, seeded, VirtualRouter } from '../../src/core.js';
import { MemoryOspfLinks, OspfSegment } from '../../src/testing.js';

const GUESTS = 8;
const numbers = Array.from({ length: GUESTS }, (_, i) => i);
const octets = (address: string): Uint8Array => Uint8Array.from(address.split('.').map(Number));
const claimed = (i: number): string => `10.9.0.${i}`;
const PACE = { helloInterval: 1, deadInterval: 4 };

/** Guests on links of their own, each with an address that it tells by OSPF. */
async function lab() {
  const clock = new ManualClock(1_000_000);
  const segments = numbers.map(() => new OspfSegment(clock));
  const at = (i: number, place: number): string => `10.0.${i}.${place}`;
  const router = (config: Omit<RouterConfig, 'as'>, devices: ConstructorParameters<typeof MemoryOspfLinks>[0]): VirtualRouter =>
    new VirtualRouter(
      { as: 65000, ...config },
      { host: new Host({ transport: new MemoryTransport(clock), clock, random: seeded(1), ospf: new MemoryOspfLinks(devices) }) },
    );
  const device = (i: number, place: number) => {
    const segment = segments[i];
    if (!segment) throw new Error(`no segment ${i}`);
    return { segment, addresses: [{ bytes: octets(at(i, place)), length: 24 }] };
  };
  const main = router(
    {
      routerId: '10.0.0.254',
      network: {
        ranges: ['10.0.0.0/8'],
        nodes: numbers.map((i) => ({ name: `g${i}`, addresses: [at(i, 10)] })),
        grants: numbers.map((i) => ({ node: `g${i}`, prefix: '10.9.0.0/24', le: 32 })),
        guard: { share: 0.6, window: 60 },
      },
      ospf: [{ interfaces: numbers.map((i) => ({ device: `eth${i}`, ...PACE })) }],
    },
    Object.fromEntries(numbers.map((i) => [`eth${i}`, device(i, 1)])),
  );
  await main.start();
  const guests = numbers.map((i) =>
    router(
      {
        routerId: at(i, 10),
        network: {},
        originate: [{ prefix: `${claimed(i)}/32` }],
        ospf: [{ interfaces: [{ device: 'eth0', ...PACE }], export: { originated: true, metricType: 1, metric: 5, tag: 0 } }],
      },
      { eth0: device(i, 10) },
    ),
  );
  for (const guest of guests) await guest.start();
  const pass = async (seconds: number): Promise<void> => {
    clock.advance(seconds * 1000);
    await main.network.settled();
  };
  const holders = (): (string | undefined)[] => numbers.map((i) => main.lookup(claimed(i))?.[0].node);
  const held = (): string[] => [...main.claims()].flatMap(({ node, stale }) => (stale === 'held' ? [node] : [])).sort();
  const silence = (...which: number[]): void => {
    for (const i of which) segments[i]?.setUp(false, true);
  };
  const mend = (i: number): void => segments[i]?.setUp(true, true);
  await pass(60);
  expect(holders()).toEqual(all);
  return { main, guests, pass, holders, held, silence, mend };
}
const all: (string | undefined)[] = numbers.map((i) => `g${i}`);
const without = (...gone: number[]) => all.map((name, i) => (gone.includes(i) ? undefined : name));

test('the guard lets some neighbours of OSPF die as they do without it', async () => {
  const { main, pass, holders, silence } = await lab();
  silence(0, 1, 2, 3);
  await pass(120);
  expect(holders()).toEqual(without(0, 1, 2, 3));
  expect(main.guard.status).toBeUndefined();
  await main.stop();
});

test('the guard holds what silent neighbours claim by OSPF from the threshold on, until they are back', async () => {
  const { main, guests, pass, holders, held, silence, mend } = await lab();
  silence(0, 1, 2);
  await pass(15);
  expect(holders()).toEqual(without(0, 1, 2));
  silence(3, 4, 5);
  await pass(15);
  expect(main.guard.status).toMatchObject({ peers: [5, 8] });
  expect([holders(), held()]).toEqual([all, ['g0', 'g1', 'g2', 'g3', 'g4', 'g5']]);
  await pass(600);
  expect(holders()).toEqual(all);
  const moves: string[] = [];
  main.on('mapping-change', ({ changes }) => moves.push(...changes.map(({ prefix }) => prefix)));
  mend(3);
  await pass(120);
  expect([moves, held()]).toEqual([[], ['g0', 'g1', 'g2', 'g4', 'g5']]);
  expect([...main.claims({ node: 'g3' })].filter(({ source }) => source === 'ospf')).toHaveLength(1);
  // What a neighbour takes back is gone at once.
  await guests[6]?.stop();
  await pass(15);
  expect(holders()).toEqual(without(6));
  main.network.setNodeState('g0', 'down');
  main.guard.letGo('g1');
  expect(holders()).toEqual(without(0, 1, 6));
  main.guard.letGo();
  expect(holders()).toEqual(without(0, 1, 2, 4, 5, 6));
  await main.stop();
});
