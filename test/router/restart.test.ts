import { describe, expect, test } from 'vitest';
import { BgpSpeaker, Host, ManualClock, type NeighbourConfig, VirtualRouter } from '../../src/core.js';
import { concatBytes } from '../../src/lib/bytes.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import type { Connection } from '../../src/lib/transport.js';
import { type Capability, defaultContext, encodeMessage } from '../../src/wire.js';
import { rawPeer } from '../support/raw-peer.js';

const ROUTER = '10.0.0.1';
const GUEST = '10.0.0.10';
const GUEST6 = '2001:db8::10';
const OTHER = '10.0.0.11';

/** What a guest says of its restarts: 60 seconds, IPv4, forwarding goes on. */
const GRACEFUL: Capability = {
  type: 'graceful-restart',
  restarted: false,
  notification: false,
  restartTime: 60,
  families: [{ family: 'ipv4-unicast', forwarding: true }],
};
const NOTIFYING: Capability = { ...GRACEFUL, notification: true };
const LONG_LIVED: Capability = {
  type: 'long-lived-graceful-restart',
  families: [{ family: 'ipv4-unicast', forwarding: true, staleTime: 3600 }],
};

/** A guest that restarts gracefully, in 60 seconds at most, unless `capable` says otherwise. */
async function lab(neighbour: Partial<NeighbourConfig> = {}, capable: boolean | readonly Capability[] = true) {
  const clock = new ManualClock();
  const transport = new MemoryTransport(clock);
  const router = new VirtualRouter(
    {
      as: 65000,
      routerId: ROUTER,
      listen: [{ address: ROUTER }],
      network: {
        ranges: ['10.0.0.0/16', '2001:db8::/32'],
        nodes: [
          { name: 'guest', addresses: [GUEST, GUEST6] },
          { name: 'other', addresses: [OTHER] },
        ],
        grants: ['guest', 'other'].flatMap((node) => [
          { node, prefix: '10.0.9.0/24', ge: 32, le: 32 },
          { node, prefix: '2001:db8:9::/64', ge: 128, le: 128 },
        ]),
      },
      neighbours: [
        { address: GUEST, as: 65001, passive: true, dampPeerOscillations: false, ...neighbour },
        { address: OTHER, as: 65002, passive: true, dampPeerOscillations: false, export: 'claims' },
      ],
    },
    { host: new Host({ transport, clock, random: () => 0.5 }) },
  );
  const lines: string[] = [];
  router.on('mapping-change', ({ changes }) => {
    for (const { prefix, after } of changes) lines.push(`${prefix} ${after?.[0].node ?? 'nobody'}`);
  });
  await router.start();
  const guest = (...prefixes: readonly string[]): BgpSpeaker => {
    const speaker = new BgpSpeaker(
      {
        as: 65001,
        routerId: GUEST,
        localAddress: GUEST,
        neighbour: { address: ROUTER },
        connectRetryTime: 1000,
        capabilities: capable === true ? [GRACEFUL] : capable || [],
      },
      { transport, clock, random: () => 0.5 },
    );
    for (const prefix of prefixes) speaker.announce(prefix);
    speaker.start();
    return speaker;
  };
  /** The guest's process dies, and its system closes its connections. */
  const crash = (speaker: BgpSpeaker): void => {
    transport.cut(GUEST);
    void speaker.stop();
    transport.reset(GUEST);
    clock.advance(1);
    transport.mend(GUEST);
  };
  const restarting = (): boolean => router.metrics().neighbours[0]?.restart !== undefined;
  const stale = (): string[] =>
    [...router.network.claims()].flatMap((claim) => (claim.stale ? [`${claim.prefix} ${claim.stale}`] : [])).sort();
  const phases: string[] = [];
  router.on('restart-change', ({ neighbour, restart }) => phases.push(`${neighbour} ${restart?.phase ?? 'over'}`));
  /** Somebody else, who hears what the router tells. */
  const other = (capabilities: readonly Capability[] = [], ...prefixes: readonly string[]): BgpSpeaker => {
    const speaker = new BgpSpeaker(
      { as: 65002, routerId: OTHER, localAddress: OTHER, neighbour: { address: ROUTER }, capabilities },
      { transport, clock, random: () => 0.5 },
    );
    for (const prefix of prefixes) speaker.announce(prefix);
    speaker.start();
    return speaker;
  };
  return { clock, router, lines, guest, crash, restarting, stale, phases, other, transport };
}

test('a guest that restarts keeps its claims, and what it does not say again ends with its End-of-RIB', async () => {
  const { clock, router, lines, guest, crash, restarting } = await lab();
  const first = guest('10.0.9.1/32', '10.0.9.2/32');
  clock.advance(5000);
  expect(router.network.lookup('10.0.9.1')).toBeDefined();
  lines.length = 0;
  crash(first);
  clock.advance(30_000);
  expect(lines).toEqual([]);
  expect(restarting()).toBe(true);
  expect(router.network.lookup('10.0.9.2')).toEqual([{ type: 'node', node: 'guest' }]);
  guest('10.0.9.1/32', '10.0.9.3/32');
  clock.advance(10_000);
  expect(lines.sort()).toEqual(['10.0.9.2/32 nobody', '10.0.9.3/32 guest']);
  expect(restarting()).toBe(false);
});

test('a guest that does not come back in time loses them', async () => {
  const { clock, lines, guest, crash, restarting } = await lab();
  const first = guest('10.0.9.1/32');
  clock.advance(5000);
  lines.length = 0;
  crash(first);
  clock.advance(59_000);
  expect(lines).toEqual([]);
  clock.advance(2000);
  expect(lines).toEqual(['10.0.9.1/32 nobody']);
  expect(restarting()).toBe(false);
});

test.each([
  ['has not asked for it', {}, false, 'crash'],
  ['may not, by the configuration', { gracefulRestart: false as const }, true, 'crash'],
  ['says goodbye', {}, true, 'stop'],
] as const)('a guest that %s loses them at once', async (_why, neighbour, capable, end) => {
  const { clock, lines, guest, crash } = await lab(neighbour, capable);
  const speaker = guest('10.0.9.1/32');
  clock.advance(5000);
  lines.length = 0;
  if (end === 'crash') crash(speaker);
  else void speaker.stop();
  clock.advance(100);
  expect(lines).toEqual(['10.0.9.1/32 nobody']);
});

test('a guest whose session ends as it says too much is not kept, though it takes NOTIFICATIONs for restarts', async () => {
  const { clock, router, restarting, transport } = await lab({ limits: { prefixes: 1, exceeded: 'shutdown' } });
  const raw = rawPeer(transport, clock, GUEST, 65001, [{ type: 'four-octet-as', asn: 65001 }, NOTIFYING]);
  const attributes = { origin: 'igp', asPath: [{ type: 'sequence', asns: [65001] }], nextHop: GUEST } as const;
  const announced = [{ prefix: '10.0.9.1/32' }, { prefix: '10.0.9.2/32' }];
  raw.send({ type: 'update', withdrawn: [], attributes, announced });
  clock.advance(1000);
  expect(raw.heard.at(-1)).toMatchObject({ code: 6, subcode: 9, hardReset: { code: 6, subcode: 1 } });
  expect([restarting(), router.network.lookup('10.0.9.1')]).toEqual([false, undefined]);
});

test('of several capabilities the last counts (RFC 4724 §3)', async () => {
  const { clock, router, guest, crash, restarting } = await lab({}, [{ ...GRACEFUL, families: [] }, GRACEFUL]);
  const first = guest('10.0.9.1/32');
  clock.advance(5000);
  crash(first);
  clock.advance(30_000);
  expect([restarting(), router.network.lookup('10.0.9.1')?.[0].node]).toEqual([true, 'guest']);
});

test('the configuration bounds the time that a guest may ask for', async () => {
  const { clock, lines, guest, crash } = await lab({ gracefulRestart: 10 });
  const speaker = guest('10.0.9.1/32');
  clock.advance(5000);
  lines.length = 0;
  crash(speaker);
  clock.advance(9000);
  expect(lines).toEqual([]);
  clock.advance(2000);
  expect(lines).toEqual(['10.0.9.1/32 nobody']);
});

test('a router that stops keeps nothing waiting', async () => {
  const { clock, router, guest, crash, restarting } = await lab();
  const speaker = guest('10.0.9.1/32');
  clock.advance(5000);
  crash(speaker);
  const stopped = router.stop({ keepNetwork: true });
  for (let i = 0; i < 20; i++) {
    clock.advance(1000);
    await Promise.resolve();
  }
  await stopped;
  expect(restarting()).toBe(false);
  expect(router.network.lookup('10.0.9.1')).toBeUndefined();
});

test('what is kept is marked, where claims are listed, explained and announced as events', async () => {
  const { clock, router, guest, crash, stale, phases } = await lab();
  const first = guest('10.0.9.1/32', '10.0.9.2/32');
  clock.advance(5000);
  expect(stale()).toEqual([]);
  crash(first);
  expect(stale()).toEqual(['10.0.9.1/32 restart', '10.0.9.2/32 restart']);
  expect(router.network.explain('10.0.9.1').claims[0]?.stale).toBe('restart');
  guest('10.0.9.1/32');
  clock.advance(10_000);
  expect(stale()).toEqual([]);
  expect(phases).toEqual([`${GUEST} restarting`, `${GUEST} restating`, `${GUEST} over`]);
});

test('a guest that is back before its end was noticed keeps its claims, and the old session ends (RFC 4724 §4.2)', async () => {
  const { clock, router, lines, transport, restarting, stale } = await lab();
  const capabilities: Capability[] = [{ type: 'multiprotocol', family: 'ipv4-unicast' }, { type: 'four-octet-as', asn: 65001 }, GRACEFUL];
  const attributes = { origin: 'igp', asPath: [{ type: 'sequence', asns: [65001] }], nextHop: GUEST } as const;
  const announced = [1, 2].map((i) => ({ prefix: `10.0.9.${i}/32` }));
  const old = rawPeer(transport, clock, GUEST, 65001, capabilities);
  old.send({ type: 'update', withdrawn: [], attributes, announced });
  clock.settle();
  lines.length = 0;
  const back = rawPeer(transport, clock, GUEST, 65001, capabilities);
  expect([old.closed, back.closed, router.neighbours()[0]?.state]).toEqual([true, false, 'established']);
  expect([restarting(), stale()]).toEqual([true, ['10.0.9.1/32 restart', '10.0.9.2/32 restart']]);
  back.send({ type: 'update', withdrawn: [], attributes, announced: announced.slice(0, 1) });
  back.send({ type: 'update', withdrawn: [], attributes: {}, announced: [] });
  clock.settle();
  expect([restarting(), lines]).toEqual([false, ['10.0.9.2/32 nobody']]);
});

test('what was not said again before a second restart is not kept through it', async () => {
  const { clock, lines, guest, crash, stale, transport } = await lab();
  const first = guest('10.0.9.1/32', '10.0.9.2/32');
  clock.advance(5000);
  crash(first);
  lines.length = 0;
  // Back, says one of the two, and dies before its End-of-RIB.
  const open = { type: 'open', version: 4, asn: 65001, holdTime: 90, routerId: GUEST } as const;
  const capabilities: Capability[] = [{ type: 'multiprotocol', family: 'ipv4-unicast' }, { type: 'four-octet-as', asn: 65001 }, GRACEFUL];
  const attributes = { origin: 'igp', asPath: [{ type: 'sequence', asns: [65001] }], nextHop: GUEST } as const;
  let connection: Connection | undefined;
  transport.dial(
    { remote: { address: ROUTER, port: 179 }, localAddress: GUEST },
    {
      connected: (made) => {
        connection = made;
        made.listen({ data: () => {}, drained: () => {}, closed: () => {} });
        made.write(encodeMessage({ ...open, capabilities }, defaultContext));
        made.write(encodeMessage({ type: 'keepalive' }, defaultContext));
        const announced = [{ prefix: '10.0.9.1/32' }];
        made.write(encodeMessage({ type: 'update', withdrawn: [], attributes, announced }, { ...defaultContext, fourOctetAs: true }));
      },
      failed: () => {},
    },
  );
  clock.advance(100);
  expect(stale()).toEqual(['10.0.9.2/32 restart']);
  connection?.abort();
  clock.advance(100);
  expect(stale()).toEqual(['10.0.9.1/32 restart']);
  expect(lines).toEqual(['10.0.9.2/32 nobody']);
});

test.each([
  ['a NOTIFICATION', [NOTIFYING], false, []],
  ['a hard reset', [NOTIFYING], true, ['10.0.9.1/32 nobody']],
  ['a NOTIFICATION of one that does not take them for restarts', [GRACEFUL], false, ['10.0.9.1/32 nobody']],
] as const)('%s', async (_what, capabilities, hard, expected) => {
  const { clock, lines, guest, router } = await lab({}, capabilities);
  const speaker = guest('10.0.9.1/32');
  clock.advance(5000);
  lines.length = 0;
  // Cease, out of resources; alone, or inside a Hard Reset (RFC 8538 3.1).
  const octets = hard ? [0, 23, 3, 6, 9, 6, 8] : [0, 21, 3, 6, 8];
  speaker.sendRaw(Uint8Array.from([...new Array(16).fill(0xff), ...octets]));
  clock.advance(100);
  expect(router.neighbours()[0]?.lastDown).toContain(hard ? 'hard reset (cease: out of resources)' : 'cease: out of resources');
  expect(lines).toEqual(expected);
});

test('a guest that falls silent keeps its claims where both ends take that for a restart', async () => {
  for (const [capabilities, expected] of [
    [[NOTIFYING], []],
    [[GRACEFUL], ['10.0.9.1/32 nobody']],
  ] as const) {
    const { clock, lines, guest, transport } = await lab({ holdTime: 9 }, capabilities);
    guest('10.0.9.1/32');
    clock.advance(5000);
    lines.length = 0;
    transport.cut(GUEST);
    clock.advance(10_000);
    expect(lines).toEqual(expected);
  }
});

test('we stop for good with a hard reset towards those who would wait for us', async () => {
  const { clock, router, guest } = await lab({}, [NOTIFYING]);
  const speaker = guest('10.0.9.1/32');
  clock.advance(5000);
  const reasons: string[] = [];
  speaker.on('down', (reason) => reasons.push(reason.text));
  const stopped = router.stop({ text: 'gone' });
  for (let i = 0; i < 20; i++) {
    clock.advance(1000);
    await Promise.resolve();
  }
  await stopped;
  expect(reasons).toEqual(['the neighbour sent hard reset (cease: administrative shutdown): gone']);
});

test('what a guest that restarts has claimed is judged by a policy that changes meanwhile, as by a grant that does', async () => {
  const { clock, router, guest, crash, restarting } = await lab();
  const first = guest('10.0.9.1/32', '10.0.9.2/32');
  clock.advance(5000);
  crash(first);
  const verdicts = () => [...router.claims()].flatMap(({ source, verdict }) => (source === 'bgp' ? [verdict] : []));
  expect([restarting(), verdicts()]).toEqual([true, ['accepted', 'accepted']]);
  const { neighbours = [], ...config } = router.configuration();
  const [mine, ...others] = neighbours;
  const rules = [{ match: { prefixes: ['10.0.9.1/32'] } }, { verdict: 'reject' }] as const;
  if (mine) router.reconfigure({ ...config, neighbours: [{ ...mine, import: rules }, ...others] });
  expect([restarting(), verdicts()]).toEqual([true, ['accepted', 'policy-rejected']]);
  expect(router.lookup('10.0.9.2')).toBeUndefined();
  guest('10.0.9.1/32', '10.0.9.2/32');
  clock.advance(5000);
  expect([restarting(), verdicts()]).toEqual([false, ['accepted', 'policy-rejected']]);
});

test('long-lived: after its time the claim stays as the last resort, marked, and is told only to those who know the mark', async () => {
  const { clock, router, lines, guest, crash, stale, other, phases } = await lab({ longLivedRestart: 600 }, [GRACEFUL, LONG_LIVED]);
  const knows = other([]);
  const first = guest('10.0.9.1/32');
  clock.advance(5000);
  expect(knows.route('10.0.9.1/32')?.attributes.communities).toBeUndefined();
  lines.length = 0;
  crash(first);
  clock.advance(61_000);
  expect(stale()).toEqual(['10.0.9.1/32 long-lived']);
  expect(lines).toEqual([]);
  expect(router.network.explain('10.0.9.1').claims[0]).toMatchObject({ preference: 0, won: true, stale: 'long-lived' });
  expect(knows.route('10.0.9.1/32')?.attributes.communities).toEqual(['65535:6']);
  // Somebody else's claim is better now.
  knows.announce('10.0.9.1/32');
  clock.advance(10);
  expect(lines).toEqual(['10.0.9.1/32 other']);
  knows.withdraw('10.0.9.1/32');
  clock.advance(10);
  expect(lines).toEqual(['10.0.9.1/32 other', '10.0.9.1/32 guest']);
  // It ends when its time is up: 600 seconds after the 60.
  clock.advance(598_000);
  expect(lines.length).toBe(2);
  clock.advance(3000);
  expect(lines[2]).toBe('10.0.9.1/32 nobody');
  expect(phases).toEqual([`${GUEST} restarting`, `${GUEST} long-lived`, `${GUEST} over`]);
});

test('long-lived: a neighbour that has not announced the capability hears a withdrawal', async () => {
  const { clock, guest, crash, other } = await lab({ longLivedRestart: 600 }, [GRACEFUL, LONG_LIVED]);
  // With a graceful-restart capability of its own and no other, it does not know the mark.
  const ignorant = other([{ ...GRACEFUL, families: [] }]);
  const first = guest('10.0.9.1/32');
  clock.advance(5000);
  expect(ignorant.route('10.0.9.1/32')).toBeDefined();
  crash(first);
  clock.advance(59_000);
  expect(ignorant.route('10.0.9.1/32')).toBeDefined();
  clock.advance(2000);
  expect(ignorant.route('10.0.9.1/32')).toBeUndefined();
});

test('long-lived: a claim with NO_LLGR ends with the first time, and one that is back is as before', async () => {
  const { clock, lines, guest, crash, stale, router } = await lab({ longLivedRestart: 600 }, [GRACEFUL, LONG_LIVED]);
  const first = guest('10.0.9.1/32');
  first.announce('10.0.9.2/32', { communities: ['65535:7'] });
  clock.advance(5000);
  lines.length = 0;
  crash(first);
  clock.advance(61_000);
  expect(lines).toEqual(['10.0.9.2/32 nobody']);
  expect(stale()).toEqual(['10.0.9.1/32 long-lived']);
  guest('10.0.9.1/32');
  clock.advance(10_000);
  expect(stale()).toEqual([]);
  expect(router.network.explain('10.0.9.1').claims[0]?.preference).toBe(400);
  expect(lines).toEqual(['10.0.9.2/32 nobody']);
});

test('long-lived: very many claims become the last resort in slices, between which others have their turn, and all of them do', async () => {
  const { clock, guest, crash, stale, router } = await lab({ longLivedRestart: 600 }, [GRACEFUL, LONG_LIVED]);
  const many = Array.from({ length: 9000 }, (_, i) => `10.0.${i >> 8}.${i & 255}/32`);
  const first = guest(...many.slice(0, -3));
  for (const [i, prefix] of many.slice(-3).entries()) first.announce(prefix, { med: i });
  clock.advance(5000);
  crash(first);
  clock.advance(59_000);
  const turns = router.network.turns;
  clock.advance(2000);
  expect(router.network.turns - turns).toBeGreaterThanOrEqual(3);
  expect(stale()).toEqual(many.map((prefix) => `${prefix} long-lived`).sort());
  expect(router.network.explain('10.0.9.1').claims[0]).toMatchObject({ preference: 0, won: true });
  // All of them have gone, and what was made for the mark.
  clock.advance(610_000);
  expect(router.network.counts()).toMatchObject({ claims: 3, attributeSets: 1 });
});

test('a refresh marks what is not said again yet (RFC 7313), and its end sweeps it', async () => {
  const { clock, lines, guest, stale } = await lab();
  const speaker = guest('10.0.9.1/32', '10.0.9.2/32');
  clock.advance(5000);
  lines.length = 0;
  const refresh = (subtype: number): void => speaker.sendRaw(Uint8Array.from([...new Array(16).fill(0xff), 0, 23, 5, 0, 1, subtype, 1]));
  refresh(1);
  clock.advance(10);
  expect(stale()).toEqual(['10.0.9.1/32 refresh', '10.0.9.2/32 refresh']);
  speaker.announce('10.0.9.1/32');
  clock.advance(10);
  expect(stale()).toEqual(['10.0.9.2/32 refresh']);
  refresh(2);
  clock.advance(10);
  expect(lines).toEqual(['10.0.9.2/32 nobody']);
});

test('a refresh that does not come to its end is over in six minutes (RFC 7313 §4), unless it begins anew', async () => {
  const { clock, lines, guest, stale } = await lab();
  const speaker = guest('10.0.9.1/32', '10.0.9.2/32');
  clock.advance(5000);
  lines.length = 0;
  const mark = (subtype: number): void => speaker.sendRaw(Uint8Array.from([...new Array(16).fill(0xff), 0, 23, 5, 0, 1, subtype, 1]));
  mark(1);
  clock.advance(10);
  speaker.announce('10.0.9.1/32');
  clock.advance(300_000);
  mark(1);
  clock.advance(10);
  expect(stale()).toEqual(['10.0.9.1/32 refresh', '10.0.9.2/32 refresh']);
  speaker.announce('10.0.9.1/32');
  clock.advance(300_000);
  expect([lines, stale()]).toEqual([[], ['10.0.9.2/32 refresh']]);
  clock.advance(60_000);
  expect([lines, stale()]).toEqual([['10.0.9.2/32 nobody'], []]);
  // The end of a refresh that has not begun ends nothing.
  mark(2);
  clock.advance(400_000);
  expect(lines).toEqual(['10.0.9.2/32 nobody']);
});

test('of first marks in one piece of input the first counts: each is about every claim that there is', async () => {
  const { clock, guest, stale } = await lab();
  const speaker = guest('10.0.9.1/32', '10.0.9.2/32');
  clock.advance(5000);
  const mark = Uint8Array.from([...new Array(16).fill(0xff), 0, 23, 5, 0, 1, 1, 1]);
  const attributes = { origin: 'igp', asPath: [{ type: 'sequence', asns: [65001] }], nextHop: GUEST } as const;
  const again = { type: 'update', withdrawn: [], attributes, announced: [{ prefix: '10.0.9.1/32' }] } as const;
  speaker.sendRaw(concatBytes([mark, encodeMessage(again, defaultContext), mark]));
  clock.settle();
  expect(stale()).toEqual(['10.0.9.2/32 refresh']);
  speaker.sendRaw(mark);
  clock.settle();
  expect(stale()).toEqual(['10.0.9.1/32 refresh', '10.0.9.2/32 refresh']);
});

test('the end of a refresh is not the end of a restart: what waits for the End-of-RIB waits on', async () => {
  const { clock, guest, crash, restarting, stale, transport } = await lab();
  const first = guest('10.0.9.1/32', '10.0.9.2/32');
  clock.advance(5000);
  crash(first);
  clock.advance(3000);
  const back = rawPeer(transport, clock, GUEST, 65001, [{ type: 'four-octet-as', asn: 65001 }, GRACEFUL]);
  expect(restarting()).toBe(true);
  back.sendHex(`${'ff'.repeat(16)} 0017 05 0001 02 01`);
  clock.settle();
  expect(stale()).toEqual(['10.0.9.1/32 restart', '10.0.9.2/32 restart']);
  back.sendHex(`${'ff'.repeat(16)} 0017 02 0000 0000`);
  clock.settle();
  expect([restarting(), stale()]).toEqual([false, []]);
});

describe('a guest of both families that restarts', () => {
  const families = ['ipv4-unicast', 'ipv6-unicast'] as const;
  /** What it says of its restarts: of each family, whether it goes on forwarding; nothing of one that is left out. */
  const saying = (forwarding: { readonly v4?: boolean; readonly v6?: boolean }): Capability => ({
    ...GRACEFUL,
    families: families.flatMap((family, i) => {
      const goesOn = i === 0 ? forwarding.v4 : forwarding.v6;
      return goesOn === undefined ? [] : [{ family, forwarding: goesOn }];
    }),
  });
  const ALL = ['10.0.9.1/32', '2001:db8:9::1/128'];

  /** It has announced an address of each family, and comes back as often as it is called. */
  async function both() {
    const { clock, transport, router, lines, restarting, stale } = await lab({ families });
    const connect = (capability: Capability) => {
      const peer = rawPeer(transport, clock, GUEST, 65001, [
        ...families.map((family) => ({ type: 'multiprotocol' as const, family })),
        { type: 'four-octet-as', asn: 65001 },
        capability,
      ]);
      const attributes = { origin: 'igp', asPath: [{ type: 'sequence', asns: [65001] }] } as const;
      const update = (more: object, announced: { prefix: string }[] = []): void => {
        peer.send({ type: 'update', withdrawn: [], attributes: more, announced });
        clock.settle();
      };
      return {
        peer,
        announce4: () => update({ ...attributes, nextHop: GUEST }, [{ prefix: '10.0.9.1/32' }]),
        announce6: () =>
          update({ ...attributes, mpReach: { family: 'ipv6-unicast', nextHop: GUEST6, nlri: [{ prefix: '2001:db8:9::1/128' }] } }),
        end4: () => update({}),
        end6: () => update({ mpUnreach: { family: 'ipv6-unicast', nlri: [] } }),
      };
    };
    const first = connect(saying({ v4: true, v6: true }));
    first.announce4();
    first.announce6();
    expect(router.network.lookup('2001:db8:9::1')).toEqual([{ type: 'node', node: 'guest' }]);
    lines.length = 0;
    const crash = (): void => {
      transport.reset(GUEST);
      clock.advance(1);
    };
    return { clock, router, lines, restarting, stale, connect, crash };
  }

  test('keeps both, and each is swept by an End-of-RIB of its own', async () => {
    const { lines, restarting, stale, connect, crash } = await both();
    crash();
    expect([lines, stale()]).toEqual([[], ALL.map((prefix) => `${prefix} restart`)]);
    const back = connect(saying({ v4: true, v6: true }));
    back.end4();
    expect([lines, stale()]).toEqual([['10.0.9.1/32 nobody'], ['2001:db8:9::1/128 restart']]);
    expect(restarting()).toBe(true);
    back.announce6();
    back.end6();
    expect([lines, stale(), restarting()]).toEqual([['10.0.9.1/32 nobody'], [], false]);
  });

  test('loses at once what it says nothing of', async () => {
    const { lines, stale, connect, crash } = await both();
    crash();
    const back = connect(saying({ v4: true }));
    expect([lines, stale()]).toEqual([['2001:db8:9::1/128 nobody'], ['10.0.9.1/32 restart']]);
    back.announce4();
    back.announce6();
    back.end4();
    lines.length = 0;
    // This time it had said so before.
    crash();
    expect([lines, stale()]).toEqual([['2001:db8:9::1/128 nobody'], ['10.0.9.1/32 restart']]);
  });

  test('loses what it did not go on forwarding, when it is back and says so (RFC 4724 §4.2)', async () => {
    const { lines, stale, connect, crash } = await both();
    crash();
    connect(saying({ v4: true, v6: false }));
    expect([lines, stale()]).toEqual([['2001:db8:9::1/128 nobody'], ['10.0.9.1/32 restart']]);
  });

  test('loses both when it does not come back in time', async () => {
    const { clock, lines, stale, crash } = await both();
    crash();
    clock.advance(59_000);
    expect(lines).toEqual([]);
    clock.advance(2000);
    expect([lines.sort(), stale()]).toEqual([ALL.map((prefix) => `${prefix} nobody`), []]);
  });
});
