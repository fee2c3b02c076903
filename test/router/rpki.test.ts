import { describe, expect, test } from 'vitest';
import { BgpSpeaker } from '../../src/bgp/speaker.js';
import { concatBytes } from '../../src/lib/bytes.js';
import { ManualClock } from '../../src/lib/clock.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import type { Connection } from '../../src/lib/transport.js';
import type { NeighbourConfig, RouterConfig, RpkiConfig } from '../../src/router/config.js';
import { formatExplanation } from '../../src/router/explain.js';
import { Host } from '../../src/router/host.js';
import { renderPrometheus } from '../../src/router/prometheus.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';
import { encodePdu } from '../../src/rtr/wire/index.js';

type Sent = Parameters<typeof encodePdu>[1];

const GUEST = '10.0.0.10';
const vrp = (asn: number, a = 0xc000_0200, announce = true): Sent => ({
  type: 'prefix',
  announce,
  ipv6: false,
  a,
  b: 0,
  c: 0,
  d: 0,
  length: 24,
  maxLength: 24,
  asn,
});

/** A cache in memory that says what the test has it say. */
class Cache {
  connection: Connection | undefined;
  queries = 0;
  #serial = 0;

  constructor(
    readonly transport: MemoryTransport,
    readonly address: string,
    readonly version: 1 | 2 = 1,
  ) {}

  async listen(): Promise<void> {
    await this.transport.listen({ address: this.address, port: 323 }, (connection) => {
      this.connection = connection;
      connection.listen({ data: () => this.queries++, drained: () => {}, closed: () => {} });
    });
  }
  /** Answers the query that is out. */
  answer(...records: Sent[]): void {
    const intervals = { refresh: 100, retry: 50, expire: 1000 };
    const pdus: Sent[] = [
      { type: 'cache-response', session: 1 },
      ...records,
      { type: 'end-of-data', session: 1, serial: ++this.#serial, intervals },
    ];
    this.connection?.write(concatBytes(pdus.map((pdu) => encodePdu(this.version, pdu))));
  }
  /** Says that there is news, and answers the query that follows. */
  news(clock: ManualClock, ...records: Sent[]): void {
    this.connection?.write(encodePdu(this.version, { type: 'serial-notify', session: 1, serial: this.#serial + 1 }));
    clock.settle();
    this.answer(...records);
    clock.settle();
  }
}

async function lab(rpki: Partial<RpkiConfig> = {}, neighbour: Partial<NeighbourConfig> = {}, version: 1 | 2 = 1) {
  const clock = new ManualClock();
  const transport = new MemoryTransport(clock);
  const [first, second] = [new Cache(transport, '10.0.9.1', version), new Cache(transport, '10.0.9.2', version)];
  await first.listen();
  await second.listen();
  const config: RouterConfig = {
    as: 65000,
    routerId: '10.0.0.1',
    listen: [{ address: '10.0.0.1' }],
    network: {
      nodes: [{ name: 'a', addresses: [GUEST] }],
      grants: [{ node: 'a', prefix: '0.0.0.0/0', le: 32, as: 'gateway' }],
    },
    neighbours: [{ address: GUEST, as: 65001, passive: true, ...neighbour }],
    rpki: {
      caches: [
        { address: '10.0.9.1', version },
        { address: '10.0.9.2', version },
      ],
      ...rpki,
    },
  };
  const router = new VirtualRouter(config, { host: new Host({ transport, clock, random: () => 0.5 }) });
  await router.start();
  clock.settle();
  const guest = new BgpSpeaker(
    { as: 65001, routerId: GUEST, localAddress: GUEST, neighbour: { address: '10.0.0.1' } },
    { transport, clock, random: () => 0.5 },
  );
  guest.start();
  clock.advance(2000);
  expect(guest.state).toBe('established');
  const updates = () => router.neighbours()[0]?.messagesIn;
  const verdict = (prefix = '192.0.2.0/24') => [...router.claims({ prefix })].map((claim) => `${claim.verdict} ${claim.preference}`).join();
  return { clock, router, config, guest, first, second, verdict, updates };
}

describe('routes and the RPKI', () => {
  test('a route that became invalid is refused where it stands, and taken again when it is not any more', async () => {
    const { clock, router, guest, first, verdict, updates } = await lab();
    const causes: string[] = [];
    router.on('mapping-change', ({ changes }) => causes.push(...changes.map(({ prefix, cause }) => `${prefix} ${cause.type}`)));
    const refused: string[] = [];
    router.on('claim-rejected', ({ claims }) => refused.push(...claims.map(({ prefix, reason }) => `${prefix} ${reason}`)));
    guest.announce('192.0.2.0/24');
    guest.announce('198.51.100.0/24');
    clock.settle();
    expect([verdict(), verdict('198.51.100.0/24')]).toEqual(['accepted 400', 'accepted 400']); // no cache has said anything yet
    const before = updates();
    first.answer(vrp(65009));
    clock.settle();
    expect([verdict(), verdict('198.51.100.0/24')]).toEqual(['rpki-invalid 0', 'accepted 400']);
    expect(refused).toEqual(['192.0.2.0/24 rpki-invalid']);
    first.news(clock, vrp(65001));
    expect(verdict()).toBe('accepted 400');
    first.news(clock, vrp(65001, undefined, false));
    expect(verdict()).toBe('rpki-invalid 0');
    expect(updates()).toBe(before); // nobody was asked to say anything again
    expect(causes).toEqual([
      '192.0.2.0/24 announced',
      '198.51.100.0/24 announced',
      '192.0.2.0/24 rpki-changed',
      '192.0.2.0/24 rpki-changed',
      '192.0.2.0/24 rpki-changed',
    ]);
  });

  test('the most preferred cache that has data is used, and none has the last word once its data expired', async () => {
    const { clock, router, guest, first, second, verdict } = await lab();
    guest.announce('192.0.2.0/24');
    second.answer(vrp(65009));
    clock.settle();
    expect(verdict()).toBe('rpki-invalid 0');
    first.answer(vrp(65001));
    clock.settle();
    expect(verdict()).toBe('accepted 400');
    expect(router.caches().map(({ name, used, vrps }) => [name, used, vrps])).toEqual([
      ['10.0.9.1 port 323', true, 1],
      ['10.0.9.2 port 323', false, 1],
    ]);
    expect(renderPrometheus(router.metrics())).toContain('virtual_router_rpki_cache_in_use{router="router",cache="10.0.9.1 port 323"} 1');
    first.connection?.abort();
    clock.advance(500_000);
    expect(verdict()).toBe('accepted 400'); // good for 1000 seconds
    second.answer(vrp(65009, 0xc633_6400));
    clock.advance(600_000);
    expect(router.caches().map(({ used }) => used)).toEqual([false, true]);
    expect(verdict()).toBe('rpki-invalid 0');
    second.connection?.abort();
    clock.advance(1_100_000);
    expect(verdict()).toBe('accepted 400');
    const stopped = router.stop();
    for (let turn = 0; turn < 20; turn++) {
      await Promise.resolve();
      clock.settle();
    }
    await stopped;
    expect(router.caches().map(({ state }) => state)).toEqual(['idle', 'idle']);
  });

  test('a cache that has more to say than it may is left, and the next one is used', async () => {
    const { clock, router, guest, first, second, verdict } = await lab({
      caches: [{ address: '10.0.9.1', limit: 2 }, { address: '10.0.9.2' }],
    });
    const told: string[] = [];
    router.on('cache-change', ({ cache, to, reason }) => {
      if (reason !== undefined) told.push(`${cache} ${to}: ${reason}`);
    });
    guest.announce('192.0.2.0/24');
    first.answer(vrp(65001), vrp(65001, 0xc633_6400), vrp(65001, 0xcb00_7100));
    second.answer(vrp(65009));
    clock.settle();
    expect(told).toEqual(['10.0.9.1 port 323 down: internal error: more than 2 records are not kept']);
    expect(router.caches().map(({ used, vrps, failures }) => [used, vrps, failures])).toEqual([
      [false, 0, 1],
      [true, 1, 0],
    ]);
    expect(verdict()).toBe('rpki-invalid 0');
    const shown = renderPrometheus(router.metrics());
    expect(shown).toContain('virtual_router_rpki_cache_failures_total{router="router",cache="10.0.9.1 port 323"} 1');
  });

  test('invalid routes may be taken with preference 0, or only be marked; a neighbour has its own say', async () => {
    const { clock, router, config, guest, first, verdict } = await lab({ invalid: 'depreference' });
    guest.announce('192.0.2.0/24');
    first.answer(vrp(65009));
    clock.settle();
    expect(verdict()).toBe('accepted 0');
    router.reconfigure({ ...config, neighbours: [{ address: GUEST, as: 65001, passive: true, rpki: { invalid: 'mark' } }] });
    expect(verdict()).toBe('accepted 400');
    expect(guest.state).toBe('established');
    expect(formatExplanation(router.explain('192.0.2.1'))).toContain('rpki invalid');
    const { rpki: _gone, ...without } = config;
    router.reconfigure(without);
    expect(formatExplanation(router.explain('192.0.2.1'))).not.toContain('rpki');
    expect(router.caches()).toEqual([]);
  });

  test('a policy can look at the state', async () => {
    const { clock, guest, first, verdict } = await lab(
      { invalid: 'mark' },
      {
        import: [
          { match: { rpki: ['invalid'] }, verdict: { reject: 'not yours' } },
          { match: { rpki: ['valid'] }, set: { preference: 450 } },
        ],
      },
    );
    guest.announce('192.0.2.0/24');
    guest.announce('198.51.100.0/24');
    guest.announce('203.0.113.0/24');
    first.answer(vrp(65009), vrp(65001, 0xc633_6400));
    clock.settle();
    expect([verdict(), verdict('198.51.100.0/24'), verdict('203.0.113.0/24')]).toEqual([
      expect.stringContaining('policy-rejected'),
      expect.stringMatching(/^accepted (400|450)$/),
      'accepted 400',
    ]);
  });

  test('prefixes of one announcement are each judged, also under a policy that looks at no prefixes', async () => {
    const { clock, guest, first, verdict } = await lab({ invalid: 'depreference' }, { import: [{ set: { med: 5 } }] });
    first.answer(vrp(65009));
    clock.settle();
    guest.announce('192.0.2.0/24');
    guest.announce('198.51.100.0/24');
    clock.settle();
    expect([verdict(), verdict('198.51.100.0/24')]).toEqual(['accepted 0', 'accepted 400']);
  });

  test('a path that a customer may not have is refused', async () => {
    const { clock, guest, first, verdict } = await lab({}, { rpki: { aspa: 'upstream' } }, 2);
    guest.announce('192.0.2.0/24', { asPath: [{ type: 'sequence', asns: [65001, 65007] }] });
    clock.settle();
    expect(verdict()).toBe('accepted 400');
    first.answer({ type: 'aspa', announce: true, customer: 65007, providers: [65008] });
    clock.settle();
    expect(verdict()).toBe('aspa-invalid 0');
    first.news(clock, { type: 'aspa', announce: true, customer: 65007, providers: [65001] });
    expect(verdict()).toBe('accepted 400');
  });
});

describe('what a neighbour may send', () => {
  test('a path that is too long is refused, and what it may send can change while the session goes on', async () => {
    const { clock, router, config, guest, verdict } = await lab({}, { maxPathLength: 3 });
    const say = (prefix: string, asns: readonly number[]): void => guest.announce(prefix, { asPath: [{ type: 'sequence', asns }] });
    say('192.0.2.0/24', [65001, 65002, 65003]);
    say('198.51.100.0/24', [65001, 65002, 65002, 65002]);
    say('203.0.113.0/24', [65001, 65000]);
    clock.settle();
    expect([verdict(), verdict('198.51.100.0/24'), verdict('203.0.113.0/24')]).toEqual(['accepted 400', 'path-too-long 0', 'as-loop 0']);
    router.reconfigure({ ...config, neighbours: [{ address: GUEST, as: 65001, passive: true, maxPathLength: 4, allowOwnAs: 1 }] });
    expect([verdict('198.51.100.0/24'), verdict('203.0.113.0/24')]).toEqual(['accepted 400', 'accepted 400']);
    expect(guest.state).toBe('established');
  });
});
