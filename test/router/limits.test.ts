import { describe, expect, test } from 'vitest';
import { LIMITS, type LimitName, type LimitsConfig } from '../../src/bgp/limits.js';
import { AttributeFlag } from '../../src/bgp/wire/codes.js';
import { defaultContext, encodeMessage, type Nlri, type PathAttributes } from '../../src/bgp/wire/index.js';
import type { ManualClock, Millis } from '../../src/lib/clock.js';
import type { Connection, Transport } from '../../src/lib/transport.js';
import type { LimitReached, SessionRefused } from '../../src/router/events.js';
import { renderPrometheus } from '../../src/router/prometheus.js';
import { rawPeer } from '../support/raw-peer.js';
import { A, B, routerLab } from '../support/router-lab.js';

const LIMITED = { address: A, as: 65001 };
const host = (i: number): string => `192.0.${2 + (i >> 8)}.${i & 255}/32`;

/** A lab that writes down what limits say. */
async function lab(...[neighbours, more]: Parameters<typeof routerLab>) {
  const made = await routerLab(neighbours, more);
  const reports: string[] = [];
  made.router.on('limit-reached', ({ limit, action, used, most }: LimitReached) => reports.push(`${limit} ${action} ${used}/${most}`));
  const used = (limit: string) => made.router.neighbours()[0]?.limits.find((status) => status.limit === limit);
  const claimed = () => [...made.router.claims()].filter(({ source }) => source === 'bgp').map(({ prefix }) => prefix);
  return { ...made, reports, used, claimed };
}

/** Attributes of some so many octets, other ones for each number; in one that nobody knows, which is made and passed on at once. */
const wordy = (i: number, octets = 900): PathAttributes => ({
  med: i,
  unknown: [{ code: 250, flags: AttributeFlag.optional | AttributeFlag.transitive, value: new Uint8Array(octets) }],
});

/** A guest at {@link A} that opens its session, and then reads no more. */
function deafGuest(transport: Transport, clock: ManualClock): void {
  let stop = (): void => {};
  transport.dial(
    { remote: { address: '10.0.0.1', port: 179 }, localAddress: A },
    {
      connected: (connection) => {
        connection.listen({ data: () => {}, drained: () => {}, closed: () => {} });
        stop = () => connection.pause();
        const open = { type: 'open', version: 4, asn: 65001, holdTime: 90, routerId: A, capabilities: [] } as const;
        connection.write(encodeMessage(open, defaultContext));
        connection.write(encodeMessage({ type: 'keepalive' }, defaultContext));
      },
      failed: () => {},
    },
  );
  clock.settle();
  stop();
}

describe('a limit of prefixes', () => {
  test('is warned of, then keeps out the excess and nothing else; to say the same again costs nothing', async () => {
    const { guest, say, reports, used, claimed } = await lab([{ ...LIMITED, limits: { prefixes: 10 } }]);
    const a = guest(A, 65001);
    for (let i = 0; i < 12; i++) say(a, host(i));
    expect(claimed()).toEqual(Array.from({ length: 10 }, (_, i) => host(i)));
    expect(reports).toEqual(['prefixes warned 8/10', 'prefixes refused 10/10']);
    expect(used('prefixes')).toEqual({ limit: 'prefixes', used: 10, most: 10, exceeded: 2 });
    for (let i = 0; i < 10; i++) say(a, host(i), { med: 7 });
    expect([claimed().length, used('prefixes')?.exceeded, reports.length]).toEqual([10, 2, 2]);
  });

  test('has room again after a withdrawal, and asks again when it is raised', async () => {
    const { clock, guest, say, router, config, claimed } = await lab([{ ...LIMITED, limits: { prefixes: 2 } }]);
    const a = guest(A, 65001);
    for (let i = 0; i < 4; i++) say(a, host(i));
    a.withdraw(host(0));
    clock.settle();
    say(a, host(4));
    expect(claimed().sort()).toEqual([host(1), host(4)]);
    router.reconfigure({ ...config, neighbours: [{ ...LIMITED, passive: true, limits: { prefixes: 4 } }] });
    clock.settle();
    expect(claimed().sort()).toEqual([1, 2, 3, 4].map(host));
  });

  test('counts a prefix once, by however many paths it comes', async () => {
    const { clock, guest, used, claimed } = await lab([{ ...LIMITED, addPath: 'receive', limits: { prefixes: 2 } }]);
    const a = guest(A, 65001, { addPath: 'send' });
    for (const [i, pathId] of [
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 1],
      [2, 1],
      [1, 2],
    ] as const)
      a.announce({ prefix: host(i), pathId });
    clock.settle();
    expect([used('prefixes'), claimed().sort()]).toEqual([
      { limit: 'prefixes', used: 2, most: 2, exceeded: 1 },
      [host(0), host(0), host(0), host(1), host(1)],
    ]);
    a.withdraw({ prefix: host(0), pathId: 2 });
    a.announce({ prefix: host(3), pathId: 1 });
    for (const pathId of [1, 3]) a.withdraw({ prefix: host(0), pathId });
    a.announce({ prefix: host(4), pathId: 1 });
    clock.settle();
    expect(claimed().sort()).toEqual([host(1), host(1), host(4)]);
  });

  test('counts it once, too, where one UPDATE brings several of these, or one of them twice', async () => {
    const { transport, clock, used, claimed } = await lab([{ ...LIMITED, addPath: 'receive', limits: { prefixes: 2 } }]);
    const peer = rawPeer(transport, clock, A, 65001, [
      { type: 'four-octet-as', asn: 65001 },
      { type: 'add-path', families: [{ family: 'ipv4-unicast', send: true, receive: false }] },
    ]);
    const context = { ...defaultContext, addPath: { 'ipv4-unicast': true } };
    const say = (...[withdrawn, announced]: [Nlri[], Nlri[]]): void => {
      const attributes =
        announced.length === 0 ? {} : ({ origin: 'igp', asPath: [{ type: 'sequence', asns: [65001] }], nextHop: A } as const);
      peer.connection.write(encodeMessage({ type: 'update', withdrawn, attributes, announced }, context));
      clock.advance(10);
    };
    const paths = [1, 2, 1].map((pathId) => ({ prefix: host(0), pathId }));
    for (let i = 0; i < 3; i++) {
      say([], paths);
      expect([used('prefixes')?.used, claimed()]).toEqual([1, [host(0), host(0)]]);
      say(paths, []);
      expect(used('prefixes')?.used).toBe(0);
    }
  });

  test('ends the session only where that is asked for, or does nothing but tell', async () => {
    const strict = await lab([{ ...LIMITED, limits: { prefixes: 2, exceeded: 'shutdown' } }]);
    const a = strict.guest(A, 65001);
    for (let i = 0; i < 3; i++) strict.say(a, host(i));
    expect(strict.reports).toEqual(['prefixes warned 2/2', 'prefixes shutdown 2/2']);
    expect(strict.router.neighbours()[0]?.lastDown).toContain('maximum number of prefixes reached: the limit of 2');
    expect(strict.claimed()).toEqual([]);

    const lenient = await lab([{ ...LIMITED, limits: { prefixes: 2, exceeded: 'warn' } }]);
    const b = lenient.guest(A, 65001);
    for (let i = 0; i < 3; i++) lenient.say(b, host(i));
    expect(lenient.claimed().length).toBe(3);
    expect(lenient.reports).toEqual(['prefixes warned 2/2', 'prefixes warned 3/2']);
  });
});

test('a limit of attribute sets keeps out routes with new ones; sets that are known, or somebody else’s, are free', async () => {
  const { guest, say, reports, used, claimed } = await lab([
    { ...LIMITED, limits: { attributeSets: 3 } },
    { address: B, as: 65001 },
  ]);
  const [a, b] = [guest(A, 65001), guest(B, 65001)];
  say(b, '198.51.100.0/24', { nextHop: A, med: 99 });
  for (let i = 0; i < 5; i++) say(a, host(i), { med: i });
  expect(claimed().filter((prefix) => prefix.startsWith('192'))).toEqual([0, 1, 2].map(host));
  say(a, host(7), { med: 2 });
  say(a, host(8), { med: 99 });
  expect(claimed().filter((prefix) => prefix.startsWith('192'))).toEqual([0, 1, 2, 7, 8].map(host));
  // A change to a set that is not taken in is a withdrawal: what was said before is not true any more.
  say(a, host(7), { med: 42 });
  expect(claimed()).not.toContain(host(7));
  expect(reports.at(-1)).toMatch(/^attributeSets refused/);
  expect(used('attributeSets')?.exceeded).toBe(3);
});

test('a limit of memory keeps out what does not fit, and the end of a session gives all back', async () => {
  const { clock, guest, say, router, reports, claimed } = await lab([{ ...LIMITED, limits: { memory: 1000 } }]);
  const a = guest(A, 65001);
  for (let i = 0; i < 20; i++) say(a, host(i));
  expect(claimed().length).toBeGreaterThan(5);
  expect(claimed().length).toBeLessThan(11);
  expect(reports.some((report) => report.startsWith('memory refused'))).toBe(true);
  const before = claimed().length;
  void a.stop();
  clock.advance(5000);
  const again = guest(A, 65001);
  for (let i = 0; i < 20; i++) say(again, host(i));
  expect([claimed().length, router.neighbours()[0]?.limits[0]?.used]).toEqual([before, before]);
});

test('a route with too many communities of all kinds is refused', async () => {
  const { guest, say, verdicts } = await lab([{ ...LIMITED, limits: { communities: 4 } }]);
  const a = guest(A, 65001);
  const kinds = { communities: ['65001:1', '65001:2'], largeCommunities: ['65001:1:1'], extendedCommunities: ['target:65001:1'] };
  say(a, host(1), kinds);
  say(a, host(2), { ...kinds, largeCommunities: ['65001:1:1', '65001:1:2'] });
  expect(verdicts()).toEqual({ [host(1)]: 'accepted', [host(2)]: 'too-many-communities' });
});

test('who says too much at once is read more slowly, and its session lives', async () => {
  const { clock, guest, router, reports, used, claimed } = await lab([{ ...LIMITED, holdTime: 9, limits: { updateRate: 25 } }]);
  const a = guest(A, 65001);
  const start = clock.now();
  for (let i = 0; i < 500; i++) a.announce(host(i));
  clock.settle();
  expect(claimed().length).toBeLessThan(250);
  while (claimed().length < 500 && clock.now() < start + 60_000) clock.advance(100);
  // 200 at once, then 25 a second.
  expect(clock.now() - start).toBeGreaterThan(10_000);
  expect(clock.now() - start).toBeLessThan(14_000);
  expect([router.neighbours()[0]?.state, router.neighbours()[0]?.flaps]).toEqual(['established', 0]);
  expect(reports).toEqual(['updateRate held 1/25']);
  expect(used('updateRate')?.exceeded).toBeGreaterThan(0);
});

test('who dials without end is not answered, and is heard again a minute later', async () => {
  const { clock, transport, router, guest } = await lab([{ ...LIMITED, limits: { attempts: 5 } }]);
  const refused: SessionRefused[] = [];
  router.on('session-refused', (event) => refused.push(event));
  let ended = 0;
  for (let i = 0; i < 50; i++) {
    transport.dial(
      { remote: { address: '10.0.0.1', port: 179 }, localAddress: A },
      {
        connected: (connection) => {
          connection.listen({ data: () => {}, drained: () => {}, closed: () => ended++ });
          clock.settle();
          connection.abort();
        },
        failed: () => {},
      },
    );
    clock.settle();
  }
  expect(ended).toBe(50);
  expect(refused).toEqual([{ router: 'router', address: A, reason: 'too-many-attempts' }]);
  expect(router.metrics().refused).toEqual({ 'too-many-attempts': 45 });
  expect(renderPrometheus(router.metrics())).toContain(
    'virtual_router_connections_refused_total{router="router",reason="too-many-attempts"} 45',
  );
  clock.advance(60_000);
  guest(A, 65001);
});

test('connections of a range that get no further are so many and no more, and are given up', async () => {
  const nodes = Array.from({ length: 6 }, (_, i) => ({ name: `n${i}`, addresses: [`10.1.0.${i + 1}`] }));
  const { clock, transport, router } = await lab([{ address: '10.1.0.0/24', as: 'any', limits: { halfOpen: 3 } }], { network: { nodes } });
  const refused: string[] = [];
  router.on('session-refused', ({ address, reason }) => refused.push(`${address} ${reason}`));
  for (let i = 0; i < 6; i++) {
    transport.dial(
      { remote: { address: '10.0.0.1', port: 179 }, localAddress: `10.1.0.${i + 1}` },
      { connected: (connection) => connection.listen({ data: () => {}, drained: () => {}, closed: () => {} }), failed: () => {} },
    );
    clock.settle();
  }
  expect(refused).toEqual(['10.1.0.4', '10.1.0.5', '10.1.0.6'].map((address) => `${address} too-many-half-open`));
  expect(router.neighbours().length).toBe(3);
  clock.advance(240_000); // RFC 4271 §8.2.2: the large hold time of OpenSent
  expect(router.neighbours()).toEqual([]);
});

test('who does not read has so much waiting for it and no more, and loses the session after the send hold time', async () => {
  const { clock, transport, router, guest, reports } = await lab([
    { ...LIMITED, export: 'claims', sendHoldTime: 30 },
    { address: B, as: 65002 },
  ]);
  deafGuest(transport, clock);
  expect(router.neighbours()[0]?.state).toBe('established');
  const b = guest(B, 65002);
  for (let i = 0; i < 350; i++) b.announce(host(i), wordy(i, 3900));
  clock.advance(1000);
  const { unread = 0, state } = router.neighbours()[0] ?? {};
  expect([state, unread > 1 << 20, unread < (1 << 20) + 100_000]).toEqual(['established', true, true]);
  expect(router.neighbours()[1]?.state).toBe('established');
  expect(reports).toEqual([expect.stringMatching(/^unread held \d+\/1048576$/)]);
  clock.advance(31_000);
  expect([router.neighbours()[0]?.state === 'established', router.neighbours()[0]?.lastDown]).toEqual([
    false,
    'nothing could be sent for the send hold time',
  ]);
  expect(renderPrometheus(router.metrics())).toContain(
    `virtual_router_session_ends_total{router="router",neighbour="${A}",reason="send-hold-timer-expired"} 1\n`,
  );
});

test('who connects and says nothing is given up after the large hold time', async () => {
  const { clock, transport, router } = await lab([LIMITED]);
  let ended = 0;
  const connected = (connection: Connection): void => connection.listen({ data: () => {}, drained: () => {}, closed: () => void ended++ });
  transport.dial({ remote: { address: '10.0.0.1', port: 179 }, localAddress: A }, { connected, failed: () => {} });
  clock.advance(239_000);
  expect([ended, router.neighbours()[0]?.state]).toEqual([0, 'open-sent']);
  clock.advance(4000);
  expect(ended).toBe(1);
  expect(renderPrometheus(router.metrics())).toContain(
    `virtual_router_session_ends_total{router="router",neighbour="${A}",reason="hold-timer-expired"} 1\n`,
  );
});

/** How a guest at {@link A}, or a range of guests, comes to the end of a limit. */
interface Way {
  readonly limits: LimitsConfig;
  readonly claims?: readonly (readonly [prefix: string, attributes?: PathAttributes])[];
  /** Reasons of other limits that are reached on the way. */
  readonly before?: readonly string[];
  /** It does not read, and {@link B} makes the claims. */
  readonly deaf?: true;
  /** How long it takes after what it claims. */
  readonly after?: Millis;
  /** Addresses that dial and say nothing. */
  readonly diallers?: readonly string[];
  readonly range?: string;
  /** The metric that shows it: its name, and its label beside the router's. */
  readonly metric: readonly [name: string, label: string];
}

const METRIC = 'virtual_router_limit_exceeded_total';
const twelve = Array.from({ length: 12 }, (_, i) => i);
const limitOf = (limit: LimitName): readonly [string, string] => [METRIC, `neighbour="${A}",limit="${limit}"`];

const WAYS: Readonly<Record<LimitName, Way>> = {
  prefixes: { limits: { prefixes: 2 }, claims: twelve.map((i) => [host(i)]), metric: limitOf('prefixes') },
  attributeSets: { limits: { attributeSets: 2 }, claims: twelve.map((med) => [host(med), { med }]), metric: limitOf('attributeSets') },
  memory: { limits: { memory: 500 }, claims: twelve.map((i) => [host(i)]), metric: limitOf('memory') },
  communities: {
    limits: { communities: 1 },
    claims: [[host(0), { communities: ['65001:1', '65001:2'] }]],
    metric: ['virtual_router_refusals_total', 'reason="too-many-communities"'],
  },
  updateRate: { limits: { updateRate: 1 }, claims: twelve.map((i) => [host(i)]), metric: limitOf('updateRate') },
  // The ninth prefix is too much at once: the others wait.
  backlog: {
    limits: { updateRate: 1, backlog: 65_536 },
    claims: Array.from({ length: 100 }, (_, i) => [host(i), wordy(i)]),
    before: [LIMITS.updateRate.reason],
    after: 2000,
    metric: limitOf('backlog'),
  },
  unread: {
    limits: { unread: 65_536 },
    claims: Array.from({ length: 100 }, (_, i) => [host(i), wordy(i)]),
    deaf: true,
    metric: limitOf('unread'),
  },
  attempts: {
    limits: { attempts: 2 },
    diallers: [A, A, A],
    before: ['session-refused: connection-collision'],
    metric: ['virtual_router_connections_refused_total', 'reason="too-many-attempts"'],
  },
  halfOpen: {
    limits: { halfOpen: 1 },
    diallers: [A, B],
    range: '10.0.0.8/29',
    metric: ['virtual_router_connections_refused_total', 'reason="too-many-half-open"'],
  },
};

describe('every limit', () => {
  test('has a default, and those of what is kept are there to be seen', async () => {
    expect(Object.keys(WAYS).sort()).toEqual(Object.keys(LIMITS).sort());
    const { router } = await lab([LIMITED]);
    for (const { otherwise } of Object.values(LIMITS)) expect(otherwise).toBeGreaterThan(0);
    const shown = router.neighbours()[0]?.limits.map(({ limit, most }) => [limit, most]);
    const seen = ['prefixes', 'attributeSets', 'memory', 'updateRate', 'backlog', 'unread'] as const;
    expect(shown).toEqual(seen.map((name) => [name, LIMITS[name].otherwise]));
    const text = renderPrometheus(router.metrics());
    for (const [limit] of shown ?? [])
      expect(text).toContain(`virtual_router_limit_most{router="router",neighbour="${A}",limit="${limit}"}`);
  });

  test.each(Object.keys(WAYS) as LimitName[])('is told of by its reason and counted where it is reached: %s', async (limit) => {
    const { limits, claims = [], diallers = [], range, metric, before = [], deaf, after = 200 } = WAYS[limit];
    const neighbour = range ? { address: range, as: 'any' as const, limits } : { ...LIMITED, limits, export: 'claims' as const };
    const { clock, transport, router, guest, say } = await lab([neighbour, ...(deaf ? [{ address: B, as: 65002 }] : [])]);
    const told = new Set<string>();
    router.on('limit-reached', (event) => told.add(`limit-reached: ${event.limit}`));
    router.on('session-refused', ({ reason }) => told.add(`session-refused: ${reason}`));
    router.on('claim-rejected', ({ claims: refused }) => {
      for (const { reason } of refused) told.add(reason);
    });
    for (const localAddress of diallers) {
      const connected = (connection: Connection) => connection.listen({ data: () => {}, drained: () => {}, closed: () => {} });
      transport.dial({ remote: { address: '10.0.0.1', port: 179 }, localAddress }, { connected, failed: () => {} });
      clock.settle();
    }
    if (deaf) deafGuest(transport, clock);
    if (claims.length > 0) {
      const speaker = deaf ? guest(B, 65002) : guest(A, 65001);
      for (const [prefix, attributes] of claims) say(speaker, prefix, attributes);
    }
    clock.advance(after);
    expect([...told]).toEqual([...before, LIMITS[limit].reason]);
    const shown = renderPrometheus(router.metrics()).split('\n');
    const line = shown.find((text) => text.startsWith(`${metric[0]}{router="router",${metric[1]}} `));
    expect(Number(line?.split(' ').at(-1))).toBeGreaterThan(0);
  });
});

describe('what is limited elsewhere than by `limits`', () => {
  const metricOf = (text: string, start: string): number =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${start} `))
        ?.split(' ')
        .at(-1) ?? 0,
    );

  test('is counted where it is reached: ASes of a path', async () => {
    const { router, guest, say, verdicts } = await lab([LIMITED]);
    const a = guest(A, 65001);
    const path = (length: number): PathAttributes => ({
      asPath: [{ type: 'sequence', asns: Array.from({ length }, (_, i) => 65001 + (i % 9)) }],
    });
    say(a, host(1), path(255));
    expect(renderPrometheus(router.metrics())).not.toContain('virtual_router_refusals_total');
    say(a, host(2), { asPath: [...(path(255).asPath ?? []), { type: 'sequence', asns: [65002] }] });
    expect(verdicts()).toEqual({ [host(1)]: 'accepted', [host(2)]: 'path-too-long' });
    const shown = renderPrometheus(router.metrics());
    expect(metricOf(shown, 'virtual_router_refusals_total{router="router",reason="path-too-long"}')).toBe(1);
  });

  test('is counted where it is reached: prefixes of a grant', async () => {
    const grants = [{ node: 'a', prefix: '192.0.0.0/16', le: 32, as: 'gateway', limit: 2 }] as const;
    const { router, guest, say } = await lab([LIMITED], { network: { nodes: [{ name: 'a', addresses: [A] }], grants } });
    const a = guest(A, 65001);
    for (let i = 0; i < 5; i++) say(a, host(i));
    const shown = renderPrometheus(router.metrics());
    expect(metricOf(shown, 'virtual_router_refusals_total{router="router",reason="limit-exceeded"}')).toBe(3);
  });

  test('is counted where it is reached: sessions of a range', async () => {
    const nodes = Array.from({ length: 102 }, (_, i) => ({ name: `n${i}`, addresses: [`10.1.0.${i + 1}`] }));
    const { router, dial } = await lab([{ address: '10.1.0.0/24', as: 'any' }], { network: { nodes } });
    const states = nodes.map(({ addresses: [address = ''] }) => dial(address, 65001).state);
    expect(states.filter((state) => state === 'established').length).toBe(100);
    const shown = renderPrometheus(router.metrics());
    expect(metricOf(shown, 'virtual_router_connections_refused_total{router="router",reason="limit-exceeded"}')).toBeGreaterThanOrEqual(2);
  });

  test('is so many, and the rest can be asked for: claims whose verdicts are sent back', async () => {
    const { clock, router, guest } = await lab([{ ...LIMITED, tellVerdicts: true }]);
    const a = guest(A, 65001);
    a.announceAll(Array.from({ length: 4100 }, (_, i) => host(i)));
    clock.advance(1000);
    expect([...a.routes()].filter(({ prefix }) => prefix.startsWith('192.0.')).length).toBe(4096);
    expect(router.neighbours()[0]?.claims).toBe(4100);
    expect(router.why(host(4099), 'a').outcome).toBe('holds');
  });
});

test('the weight of a guest is the weight of its connection, and another one once it is configured; turns that end are counted', async () => {
  const neighbour = { ...LIMITED, passive: false };
  const { clock, transport, router, config } = await lab([{ ...neighbour, limits: { weight: 4 } }]);
  clock.settle(); // the first dial finds nobody
  const weights: number[] = [];
  let ended = (): void => {};
  const weigh = (weight: number, told: () => void): void => {
    weights.push(weight);
    ended = told;
  };
  const dial = transport.dial.bind(transport);
  transport.dial = (options, events) =>
    dial(options, {
      ...events,
      connected: (connection) => events.connected(Object.assign(connection, { weigh })),
    });
  await transport.listen({ address: A, port: 179 }, (connection) => {
    connection.listen({ data: () => {}, drained: () => {}, closed: () => {} });
    const open = { type: 'open', version: 4, asn: 65001, holdTime: 0, routerId: A, capabilities: [] } as const;
    connection.write(encodeMessage(open, defaultContext));
    connection.write(encodeMessage({ type: 'keepalive' }, defaultContext));
  });
  clock.advance(200_000);
  expect([router.neighbours()[0]?.state, weights]).toEqual(['established', [4]]);
  router.reconfigure({ ...config, neighbours: [{ ...neighbour, limits: { weight: 2 } }] });
  clock.settle();
  expect([router.neighbours()[0]?.state, weights]).toEqual(['established', [4, 2]]);
  for (let turns = 0; turns < 3; turns++) ended();
  expect(router.neighbours()[0]?.turns).toBe(3);
  expect(renderPrometheus(router.metrics())).toContain(`virtual_router_session_turns_total{router="router",neighbour="${A}"} 3`);
});
