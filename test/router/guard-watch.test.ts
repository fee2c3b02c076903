import { expect, test } from 'vitest';
import { memoryBfd } from '../../src/bfd/index.js';
import { Host, ManualClock, MemoryTransport, type RouterConfig, seeded, VirtualRouter } from '../../src/core.js';
import { MemoryDatagrams } from '../../src/lib/memory-datagrams.js';

const ROUTER = '10.0.0.1';
const NODES = 12;
const BFD = { minTx: 200, minRx: 200, multiplier: 3 };
const own = (i: number): string => `10.0.1.${10 + i}`;
const vip = (i: number): string => `10.0.2.${i}/32`;
const numbers = Array.from({ length: NODES }, (_, i) => i);
const all = numbers.map((i) => `n${i}`);
const without = (...gone: number[]): (string | undefined)[] => all.map((name, i) => (gone.includes(i) ? undefined : name));

/** Nodes that hold an address each, speak BFD and nothing else, and are watched. One more can hold the first's. */
async function lab(more: Partial<NonNullable<RouterConfig['network']>> = {}) {
  const clock = new ManualClock(1_000_000);
  const datagrams = new MemoryDatagrams(clock);
  const config: RouterConfig = {
    as: 65000,
    routerId: ROUTER,
    listen: [{ address: ROUTER }],
    network: {
      ranges: ['10.0.0.0/16'],
      nodes: [...numbers.map((i) => ({ name: `n${i}`, addresses: [own(i)] })), { name: 'spare', addresses: ['10.0.1.200'] }],
      holders: [...numbers.map((i) => ({ prefix: vip(i), node: `n${i}` })), { prefix: vip(0), node: 'spare' }],
      guard: { share: 0.4, window: 60 },
      ...more,
    },
    watch: numbers.map((i) => ({ node: `n${i}`, bfd: BFD })),
  };
  const bfd = memoryBfd(datagrams, clock, seeded(1), ROUTER);
  const host = new Host({ transport: new MemoryTransport(clock), clock, random: seeded(3), bfd });
  const router = new VirtualRouter(config, { host });
  const said: string[] = [];
  router.on('node-change', ({ node, state, reason }) => void said.push(`${node} ${state}: ${reason}`));
  router.on('guard-change', ({ state, nodes }) => void said.push(`guard ${state} ${nodes.join()}`));
  await router.start();
  for (const i of numbers) {
    const far = memoryBfd(datagrams, clock, seeded(10 + i), own(i));
    far.watch({ remote: ROUTER, local: own(i), config: BFD }, { changed: () => {}, agreed: () => {}, failed: () => {} });
  }
  clock.advance(5000);
  const holders = (): (string | undefined)[] => numbers.map((i) => router.lookup(`10.0.2.${i}`)?.[0].node);
  expect(holders()).toEqual(all);
  said.length = 0;
  /** They fall silent, one after the other. */
  const kill = (...which: number[]): void => {
    for (const i of which) {
      datagrams.cut(own(i));
      clock.advance(1000);
    }
  };
  const mend = (...which: number[]): void => {
    for (const i of which) datagrams.mend(own(i));
    clock.advance(5000);
  };
  const held = (): string[] => [...new Set([...router.claims()].flatMap(({ node, stale }) => (stale === 'held' ? [node] : [])))];
  return { clock, config, router, said, kill, mend, holders, held };
}

test('some watched nodes that fall silent are down, as they are without a guard', async () => {
  const { clock, router, said, kill, holders } = await lab();
  kill(1, 2, 3, 4);
  expect(holders()).toEqual(without(1, 2, 3, 4));
  expect(router.guard.status).toBeUndefined();
  expect(said).toEqual([1, 2, 3, 4].map((i) => `n${i} down: silent to router, by BFD with ${own(i)}`));
  // The window is over: these do not count any more.
  clock.advance(60_000);
  kill(5, 6, 7, 8);
  expect(holders()).toEqual(without(1, 2, 3, 4, 5, 6, 7, 8));
  expect(router.guard.status).toBeUndefined();
});

test('from the threshold on the rest is held, and so is the last that those before held, until they are heard again', async () => {
  const { clock, router, said, kill, mend, holders, held } = await lab();
  kill(0, 1, 2, 3);
  expect(holders()).toEqual(['spare', ...without(0, 1, 2, 3).slice(1)]);
  said.length = 0;
  kill(4, 5);
  // More than 0.4 of 12.
  expect(router.guard.status).toMatchObject({ peers: [5, 12], held: ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'] });
  // What the spare has now it keeps; n0's own address has nobody else.
  expect(holders()).toEqual(['spare', ...all.slice(1)]);
  expect(router.lookup(own(0))).toMatchObject([{ node: 'n0' }]);
  expect(held().sort()).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 'n5']);
  expect(said).toEqual([
    'guard suspected ',
    ...[0, 1, 2, 3].flatMap((i) => [`n${i} up: held: too many were lost at once`, `guard held n${i}`]),
    'guard held n4',
    'guard held n5',
  ]);
  // Other changes of the network do not end it.
  router.network.addNode({ name: 'late', addresses: ['10.0.1.201'] });
  clock.advance(120_000);
  expect(holders()).toEqual(['spare', ...all.slice(1)]);
  const moves: string[] = [];
  router.on('mapping-change', ({ changes }) => moves.push(...changes.map(({ prefix, after }) => `${prefix} ${after?.[0].node}`)));
  mend(2, 4);
  expect([moves, held().sort()]).toEqual([[], ['n0', 'n1', 'n3', 'n5']]);
  expect(router.guard.status?.held).toEqual(['n0', 'n1', 'n3', 'n5']);
  mend(0);
  // As it does when there was no guard.
  expect(moves).toEqual(['10.0.2.0/32 n0']);
  said.length = 0;
  router.guard.letGo('n3');
  expect(said).toEqual(['n3 down: it is dead, as was decided', 'guard let-go n3']);
  expect(holders()).toEqual(without(3));
  router.guard.letGo();
  expect(holders()).toEqual(without(1, 3, 5));
  expect([held(), router.guard.status]).toEqual([[], undefined]);
  mend(1, 3, 5);
  expect(holders()).toEqual(all);
});

test('a node that is set down, or taken away, goes, held or not', async () => {
  const { router, kill, mend, holders, held } = await lab();
  kill(1, 2, 3, 4, 5);
  expect(router.guard.status?.held).toHaveLength(5);
  expect(holders()).toEqual(all);
  router.network.setNodeState('n1', 'down');
  router.network.setNodeState('n5', 'down');
  router.network.removeNode('n2');
  expect(holders()).toEqual(without(1, 2, 5));
  expect([router.guard.status?.held, held().sort()]).toEqual([
    ['n3', 'n4'],
    ['n3', 'n4'],
  ]);
  // Set up again, it is as silent as before, and nobody suspects anything of that.
  router.network.setNodeState('n1', 'up');
  expect(holders()).toEqual(without(1, 2, 5));
  router.network.setNodeState('n5', 'up');
  mend(1, 3, 4, 5);
  expect(holders()).toEqual(without(2));
});

test('a rule decides; what is kept waits to be heard', async () => {
  const { clock, router, said, kill, mend, holders, held } = await lab({ guard: { share: 0.4, decide: { after: 30, as: 'keep' } } });
  kill(1, 2, 3, 4, 5);
  said.length = 0;
  clock.advance(30_000);
  expect(said).toEqual(['guard kept n1,n2,n3,n4,n5']);
  expect([router.guard.status, holders()]).toEqual([undefined, all]);
  clock.advance(120_000);
  expect(holders()).toEqual(all);
  mend(1, 2, 3, 4, 5);
  expect([holders(), held()]).toEqual([all, []]);
  const other = await lab({ guard: { share: 0.4, decide: { after: 30, as: 'let-go' } } });
  other.kill(1, 2, 3, 4, 5);
  other.clock.advance(30_000);
  expect(other.holders()).toEqual(without(1, 2, 3, 4, 5));
});

test('one that is heard again within the window is not counted, nor one that is not watched any more held', async () => {
  const { config, router, kill, mend, holders } = await lab();
  kill(1, 2, 3);
  mend(1, 2, 3);
  kill(4, 5);
  expect(router.guard.status).toBeUndefined();
  expect(holders()).toEqual(without(4, 5));
  kill(6, 7, 8);
  expect(router.guard.status?.held).toEqual(['n4', 'n5', 'n6', 'n7', 'n8']);
  expect(holders()).toEqual(all);
  router.reconfigure({ ...config, watch: (config.watch ?? []).slice(0, 6) });
  expect(router.guard.status?.held).toEqual(['n4', 'n5']);
  expect(holders()).toEqual(all);
});
