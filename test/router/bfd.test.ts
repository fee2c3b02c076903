import { describe, expect, test } from 'vitest';
import { type BfdConfig, BfdEngine, memoryBfd } from '../../src/bfd/index.js';
import { BgpSpeaker, type Clock, Host, ManualClock, type NeighbourConfig, type RouterConfig, VirtualRouter } from '../../src/core.js';
import { MemoryDatagrams } from '../../src/lib/memory-datagrams.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import { seeded } from '../../src/lib/random.js';
import type { Capability } from '../../src/wire.js';

const ROUTER = '10.0.0.1';
const GUEST = '10.0.0.10';
const BFD = { minTx: 50, minRx: 50, multiplier: 3 };

/** A router and a guest that speaks BGP and BFD; what the router told, as lines. */
async function lab(neighbour: Partial<NeighbourConfig> = {}, capabilities: readonly Capability[] = [], watchedAlready = false) {
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
  if (watchedAlready) {
    const config = { ...BFD, checkTtl: false };
    bfd.watch({ remote: GUEST, local: ROUTER, config }, { changed: () => {}, agreed: () => {}, failed: () => {} });
  }
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
    { as: 65001, routerId: GUEST, localAddress: GUEST, neighbour: { address: ROUTER }, capabilities },
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
  const { position } = router;
  const cut = clock.now();
  transport.cut(GUEST);
  datagrams.cut(GUEST);
  clock.advance(151);
  expect(lines).toEqual([
    'bfd up > down',
    '10.0.9.9/32 nobody (session-down)',
    'session idle: sent cease: BFD down: BFD is down: detection-time-expired',
  ]);
  expect(router.metrics().neighbours[0]?.bfd).toMatchObject({ state: 'down', diagnostic: 'detection-time-expired', downs: 1 });
  // The move's times: BFD heard it last just before the cut, and knew 150 ms later.
  const since = router.changesSince(position);
  const move = since.type === 'changes' ? since.changes.find((change) => change.type === 'mapping-change') : undefined;
  if (move?.type !== 'mapping-change') throw new Error('no move');
  expect(move.lastHeard).toBeLessThanOrEqual(cut);
  expect(cut - move.lastHeard).toBeLessThanOrEqual(50);
  expect(move.heard - move.lastHeard).toBe(150);
  expect([move.decided, move.applied]).toEqual([move.heard, move.heard]);
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
  // It does not say that it waits, too.
  const agreed = await lab({ bfd: { ...BFD, strict: true } });
  agreed.guest.start();
  agreed.clock.advance(10_000);
  expect(agreed.router.metrics().neighbours[0]).toMatchObject({ state: 'established', bfd: { state: 'down' } });
  const strict = await lab({ bfd: { ...BFD, strict: 'always' } });
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
  const { clock, lines, router, guest } = await lab({}, [], true);
  guest.start();
  clock.advance(5000);
  expect(lines).toContain(`router: ${GUEST} (${GUEST}) cannot be watched: ${GUEST} is watched already with another checkTtl`);
  expect(router.neighbours()[0]?.state).toBe('established');
});

/** BFD of a guest whose forwarding does not share the fate of its control plane (bit C, RFC 5880 §4.1), which ours never says. */
function independent({ clock, datagrams }: Pick<Awaited<ReturnType<typeof lab>>, 'clock' | 'datagrams'>): void {
  const engine: BfdEngine = new BfdEngine(clock, seeded(2), {
    open: () => ({
      send: (bytes) => {
        const packet = bytes.slice();
        packet[1] = (packet[1] ?? 0) | 0x08;
        datagrams.send(GUEST, ROUTER, packet);
      },
      close: () => {},
    }),
  });
  datagrams.listen(GUEST, (bytes, remote) => engine.receive(bytes, { remote, local: GUEST }));
  engine.watch({ remote: ROUTER, local: GUEST, config: BFD }, { changed: () => {}, agreed: () => {}, failed: () => {} });
}

describe.each([
  ['set', true],
  ['clear', false],
] as const)('BFD down of a guest that restarts gracefully, its bit C %s (RFC 5882 §4.3)', (_bit, bit) => {
  async function restartable() {
    const made = await lab({ dampPeerOscillations: false }, [
      {
        type: 'graceful-restart',
        restarted: false,
        notification: false,
        restartTime: 60,
        families: [{ family: 'ipv4-unicast', forwarding: true }],
      },
    ]);
    made.guest.start();
    if (bit) independent(made);
    else made.watch();
    made.clock.advance(5000);
    expect(made.router.metrics().neighbours[0]).toMatchObject({ state: 'established', bfd: { state: 'up' } });
    made.lines.length = 0;
    const stale = () => [...made.router.network.claims()].flatMap((claim) => (claim.stale ? [claim.stale] : []));
    return { ...made, stale };
  }

  test('as the first sign of it', async () => {
    const { clock, transport, datagrams, lines, stale } = await restartable();
    transport.cut(GUEST);
    datagrams.cut(GUEST);
    clock.advance(151);
    const gone = '10.0.9.9/32 nobody (session-down)';
    if (bit) {
      // Nothing forwards there.
      expect(lines).toEqual(['bfd up > down', gone, 'session idle: sent cease: BFD down: BFD is down: detection-time-expired']);
      return;
    }
    // Its control plane is away, which is what a restart is; it has the time that it asked for.
    expect([lines[0], stale()]).toEqual(['bfd up > down', ['restart']]);
    clock.advance(59_000);
    expect(lines.some((line) => line.includes('nobody'))).toBe(false);
    clock.advance(2000);
    expect(lines.at(-1)).toContain('10.0.9.9/32 nobody');
  });

  test('while it restarts already', async () => {
    const { clock, transport, datagrams, guest, lines, stale } = await restartable();
    transport.cut(GUEST);
    void guest.stop();
    transport.reset(GUEST);
    clock.advance(1000);
    expect(stale()).toEqual(['restart']);
    lines.length = 0;
    datagrams.cut(GUEST);
    clock.advance(151);
    expect(lines[0]).toBe('bfd up > down');
    expect(lines.some((line) => line.includes('nobody'))).toBe(bit);
    expect(stale()).toEqual(bit ? [] : ['restart']);
    clock.advance(60_000);
    expect(lines.filter((line) => line.includes('nobody'))).toHaveLength(1);
  });
});

describe.each([
  ['with a guest that agrees (draft-ietf-idr-bgp-bfd-strict-mode)', true, [{ type: 'bfd-strict-mode' }]],
  ['that waits always', 'always', []],
] as const)('a strict session %s', (_what, strict, capabilities) => {
  const STRICT = { bfd: { ...BFD, strict }, dampPeerOscillations: false };
  /** Of an hour: more than three times the longest timer that there is, the large hold time. */
  const QUARTER = 900_000;

  test('is never established with a guest that never speaks BFD: it is told nothing, however often it tries', async () => {
    const { clock, router, lines, guest } = await lab(STRICT, capabilities);
    guest.start();
    clock.advance(QUARTER);
    expect(router.neighbours()[0]).toMatchObject({ establishedAt: undefined, flaps: 0 });
    expect(router.neighbours()[0]?.lastDown).toBe('BFD did not come up within the hold time');
    expect(router.metrics().neighbours[0]?.bfd).toMatchObject({ state: 'down', downs: 0, failure: undefined });
    expect(router.network.lookup('10.0.9.9')).toBeUndefined();
    expect(lines.filter((line) => !line.startsWith('10.0.0.10/32'))).toEqual([]);
  });

  test('waits with the OPENs exchanged, and is established as soon as BFD is up', async () => {
    const { clock, router, lines, guest, watch } = await lab(STRICT, capabilities);
    guest.start();
    clock.advance(20_000);
    expect(router.neighbours()[0]).toMatchObject({ state: 'open-sent', waitsForBfd: true, bfd: { state: 'down' } });
    watch();
    clock.advance(3000);
    expect(router.neighbours()[0]).toMatchObject({ state: 'established', waitsForBfd: false, bfd: { state: 'up' } });
    // BFD is up, and in the same moment the session.
    const up = lines.findIndex((line) => line.startsWith('bfd') && line.endsWith('> up'));
    expect(lines.slice(up + 1, up + 3)).toEqual(['session established', '10.0.9.9/32 guest (announced)']);
  });

  test('ends when BFD goes down, and waits for it again, though the guest is to be reached and dials', async () => {
    const { clock, datagrams, router, lines, guest, watch } = await lab(STRICT, capabilities);
    watch();
    guest.start();
    clock.advance(120_000);
    expect(router.neighbours()[0]?.state).toBe('established');
    lines.length = 0;
    // BFD is lost, TCP is not.
    datagrams.cut(GUEST);
    clock.advance(151);
    expect(lines).toEqual([
      'bfd up > down',
      '10.0.9.9/32 nobody (session-down)',
      'session idle: sent cease: BFD down: BFD is down: detection-time-expired',
    ]);
    lines.length = 0;
    clock.advance(QUARTER);
    expect(router.neighbours()[0]?.state).not.toBe('established');
    expect(lines).toEqual([]);
    datagrams.mend(GUEST);
    clock.advance(180_000);
    expect(router.neighbours()[0]?.state).toBe('established');
    expect(router.network.lookup('10.0.9.9')).toEqual([{ type: 'node', node: 'guest' }]);
  });

  test('stays when the guest stops its BFD on purpose, and is not had anew without it', async () => {
    const { clock, transport, router, lines, guest, watch } = await lab(STRICT, capabilities);
    const watching = watch();
    guest.start();
    clock.advance(120_000);
    lines.length = 0;
    watching.close();
    clock.advance(QUARTER);
    expect([lines, router.neighbours()[0]?.state]).toEqual([['bfd up > down'], 'established']);
    transport.reset(GUEST);
    clock.advance(QUARTER);
    expect(router.neighbours()[0]?.state).not.toBe('established');
  });
});
