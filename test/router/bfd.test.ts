import { expect, test } from 'vitest';
import { type BfdConfig, memoryBfd } from '../../src/bfd/index.js';
import { BgpSpeaker, type Clock, Host, ManualClock, type NeighbourConfig, type RouterConfig, VirtualRouter } from '../../src/core.js';
import { MemoryDatagrams } from '../../src/lib/memory-datagrams.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import { seeded } from '../../src/lib/random.js';

const ROUTER = '10.0.0.1';
const GUEST = '10.0.0.10';
const BFD = { minTx: 50, minRx: 50, multiplier: 3 };

/** A router and a guest that speaks BGP and BFD; what the router told, as lines. */
async function lab(neighbour: Partial<NeighbourConfig> = {}, watchedAlready = false) {
  const clock = new ManualClock();
  const transport = new MemoryTransport(clock);
  const datagrams = new MemoryDatagrams(clock);
  // As a thread that stands still: what is due meanwhile comes when it goes on.
  let asleepUntil = 0;
  const late: Clock = {
    now: () => clock.now(),
    defer: (call) => clock.defer(call),
    at: (when, call) => clock.at(when, () => (clock.now() < asleepUntil ? void clock.at(asleepUntil, call) : call())),
  };
  const sleep = (by: number) => {
    asleepUntil = clock.now() + by;
  };
  const bfd = memoryBfd(datagrams, late, seeded(1), ROUTER);
  if (watchedAlready) bfd.watch({ remote: GUEST, local: ROUTER, config: BFD }, { changed: () => {}, agreed: () => {}, failed: () => {} });
  const host = new Host({ transport, clock, random: () => 0.5, bfd });
  const router = new VirtualRouter(
    {
      as: 65000,
      routerId: ROUTER,
      listen: [{ address: ROUTER }],
      network: {
        ranges: ['10.0.0.0/16'],
        nodes: [{ name: 'guest', addresses: [GUEST] }],
        grants: [{ node: 'guest', prefix: '10.0.9.9/32' }],
      },
      neighbours: [{ address: GUEST, as: 65001, passive: true, bfd: BFD, ...neighbour }],
    },
    { host },
  );
  const lines: string[] = [];
  router.on('bfd-change', ({ from, to }) => void lines.push(`bfd ${from} > ${to}`));
  router.on('session-change', ({ from, to, reason }) => {
    if (to === 'established' || from === 'established') lines.push(`session ${to}${reason ? `: ${reason}` : ''}`);
  });
  router.on('mapping-change', ({ changes }) => {
    for (const { prefix, after, cause } of changes) lines.push(`${prefix} ${after?.[0].node ?? 'nobody'} (${cause.type})`);
  });
  router.on('bfd-failure', ({ router: name, neighbour: who, address, reason }) => {
    lines.push(`${name}: ${who} (${address}) cannot be watched: ${reason}`);
  });
  router.on('bfd-stall', ({ by }) => void lines.push(`stood still for ${Math.round(by / 100) * 100} ms`));
  await router.start();
  const watcher = memoryBfd(datagrams, clock, seeded(2), GUEST);
  const watch = (config: BfdConfig = BFD): { close(): void } =>
    watcher.watch({ remote: ROUTER, local: GUEST, config }, { changed: () => {}, agreed: () => {}, failed: () => {} });
  const guest = new BgpSpeaker(
    { as: 65001, routerId: GUEST, localAddress: GUEST, neighbour: { address: ROUTER } },
    { transport, clock, random: () => 0.5 },
  );
  guest.announce('10.0.9.9/32');
  return { clock, transport, datagrams, router, lines, guest, watch, sleep };
}

test('silence ends the session and its claims within the detection time, long before the hold time', async () => {
  const { clock, transport, datagrams, router, lines, guest, watch } = await lab();
  guest.start();
  watch();
  clock.advance(5000);
  expect(router.network.lookup('10.0.9.9')).toEqual([{ type: 'node', node: 'guest' }]);
  expect(router.metrics().neighbours[0]?.bfd).toMatchObject({ state: 'up', detectionTime: 150, downs: 0 });
  lines.length = 0;
  transport.cut(GUEST);
  datagrams.cut(GUEST);
  clock.advance(151);
  expect(lines).toEqual([
    'bfd up > down',
    '10.0.9.9/32 nobody (session-down)',
    'session idle: sent cease: BFD down: BFD is down: detection-time-expired',
  ]);
  expect(router.metrics().neighbours[0]?.bfd).toMatchObject({ state: 'down', diagnostic: 'detection-time-expired', downs: 1 });
});

test('a guest that stops its BFD on purpose keeps its session', async () => {
  const { clock, lines, guest, watch } = await lab();
  guest.start();
  const watched = watch();
  clock.advance(5000);
  lines.length = 0;
  watched.close();
  clock.advance(1000);
  expect(lines).toEqual(['bfd up > down']);
});

test('a guest without BFD has its session all the same, unless it is strict', async () => {
  const loose = await lab();
  loose.guest.start();
  loose.clock.advance(10_000);
  expect(loose.router.metrics().neighbours[0]).toMatchObject({ state: 'established', bfd: { state: 'down' } });
  const strict = await lab({ bfd: { ...BFD, strict: true } });
  strict.guest.start();
  strict.clock.advance(10_000);
  expect(strict.router.metrics().neighbours[0]?.state).not.toBe('established');
  strict.watch();
  strict.clock.advance(120_000);
  expect(strict.router.metrics().neighbours[0]?.state).toBe('established');
});

test('a host without BFD says so before anything starts', async () => {
  const clock = new ManualClock();
  const host = new Host({ transport: new MemoryTransport(clock), clock });
  const router = new VirtualRouter(
    {
      as: 65000,
      routerId: ROUTER,
      network: { nodes: [{ name: 'guest', addresses: [GUEST] }] },
      neighbours: [{ address: GUEST, as: 65001, bfd: {} }],
    },
    { host },
  );
  await expect(router.start()).rejects.toMatchObject({ code: 'BFD_UNAVAILABLE' });
});

test('keys kept in files roll over while the session stays up', async () => {
  const files: Record<string, string> = { old: 'one', new: 'two' };
  const clock = new ManualClock();
  const datagrams = new MemoryDatagrams(clock);
  const host = new Host({
    transport: new MemoryTransport(clock),
    clock,
    random: () => 0.5,
    bfd: memoryBfd(datagrams, clock, seeded(1), ROUTER),
    secrets: (place) => ('file' in place ? (files[place.file] ?? '') : ''),
  });
  const keyed = (...names: string[]): RouterConfig => ({
    as: 65000,
    routerId: ROUTER,
    listen: [{ address: ROUTER }],
    network: { nodes: [{ name: 'guest', addresses: [GUEST] }] },
    neighbours: [
      {
        address: GUEST,
        as: 65001,
        passive: true,
        bfd: { ...BFD, authentication: { type: 'meticulous-sha1', keys: names.map((file) => ({ id: file.length, secret: { file } })) } },
      },
    ],
  });
  files.newer = 'three';
  const router = new VirtualRouter(keyed('old'), { host });
  const lines: string[] = [];
  router.on('bfd-change', ({ from, to }) => void lines.push(`${from} > ${to}`));
  await router.start();
  const far = memoryBfd(datagrams, clock, seeded(2), GUEST);
  const key = (id: number, secret: string): BfdConfig => ({
    ...BFD,
    authentication: { type: 'meticulous-sha1', keys: [{ id, secret }] },
  });
  const watch = far.watch(
    { remote: ROUTER, local: GUEST, config: key(3, 'one') },
    { changed: () => {}, agreed: () => {}, failed: () => {} },
  );
  clock.advance(5000);
  expect(lines.at(-1)).toBe('init > up');
  lines.length = 0;
  expect(router.reconfigure(keyed('old', 'newer')).applied).toEqual([`neighbour ${GUEST} BFD changed`]);
  clock.advance(1000);
  router.reconfigure(keyed('newer', 'old'));
  watch.reconfigure({ ...BFD, authentication: { type: 'meticulous-sha1', keys: [{ id: 5, secret: 'three' }] } });
  clock.advance(1000);
  router.reconfigure(keyed('newer'));
  clock.advance(5000);
  expect(lines).toEqual([]);
  files.newer = 'x'.repeat(21);
  expect(() => router.reconfigure(keyed('newer'))).toThrow(/expected 1 to 20 octets there, found 21/);
});

test('a listener hears that the watcher itself stood still, and nobody is blamed', async () => {
  const { clock, datagrams, router, lines, guest, watch, sleep } = await lab();
  guest.start();
  // The guest itself is patient.
  watch({ ...BFD, minRx: 900 });
  clock.advance(5000);
  lines.length = 0;
  // What came meanwhile would wait in the socket, and be read first.
  sleep(1000);
  datagrams.cut(GUEST);
  clock.advance(990);
  datagrams.mend(GUEST);
  clock.advance(2000);
  expect(lines).toEqual(['stood still for 1000 ms']);
  expect(router.neighbours()[0]?.state).toBe('established');
});

test('a listener hears of a neighbour that cannot be watched, and its session goes on without', async () => {
  const { clock, lines, router, guest } = await lab({}, true);
  guest.start();
  clock.advance(5000);
  expect(lines).toContain(`router: ${GUEST} (${GUEST}) cannot be watched: ${GUEST} is watched already`);
  expect(router.neighbours()[0]?.state).toBe('established');
});
