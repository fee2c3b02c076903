import { describe, expect, test } from 'vitest';
import { type Capability, defaultContext, encodeMessage, type WireContext } from '../../src/bgp/wire/index.js';
import { concatBytes } from '../../src/lib/bytes.js';
import type { NeighbourConfig } from '../../src/router/config.js';
import { bgp } from '../support/hex.js';
import { type RawPeer, rawPeer } from '../support/raw-peer.js';
import { A, B, C, routerLab } from '../support/router-lab.js';

const FOUR: Capability = { type: 'four-octet-as', asn: 65002 };
const TELLING: NeighbourConfig = { address: B, as: 65002, export: 'claims' };

const updatesTo = ({ octets }: RawPeer): string[] => octets.filter((message) => message.slice(36, 38) === '02');
/** Prefixes announced and withdrawn, in order. */
const newsOf = ({ heard }: RawPeer): string[] =>
  heard.flatMap((message) =>
    message.type === 'update'
      ? [...message.withdrawn.map(({ prefix }) => `-${prefix}`), ...message.announced.map(({ prefix }) => `+${prefix}`)]
      : [],
  );

describe('an answer to a ROUTE-REFRESH, in octets', () => {
  const REQUEST = bgp(5, '0001 00 01');
  const BEGIN = bgp(5, '0001 01 01');
  const END = bgp(5, '0001 02 01');
  const END_OF_RIB = bgp(2, '0000 0000');
  const ROUTE = bgp(2, '0000 0018 40 01 01 00 40 02 0a 0202 0000fde8 0000fde9 40 03 04 0a000001 20 c0000201');

  test.each([
    [
      'stands between BoRR and EoRR for a neighbour that knows them (RFC 7313 §4)',
      [{ type: 'enhanced-route-refresh' }],
      [BEGIN, ROUTE, END],
    ],
    ['has no marks for one that does not (RFC 2918)', [], [ROUTE]],
  ] as const)('%s', async (_name, more, answer) => {
    const { guest, say, clock, transport } = await routerLab([{ address: A, as: 65001 }, TELLING]);
    say(guest(A, 65001), '192.0.2.1/32');
    const b = rawPeer(transport, clock, B, 65002, [FOUR, { type: 'route-refresh' }, ...more]);
    expect(b.octets.slice(2)).toEqual([ROUTE, END_OF_RIB]);
    b.sendHex(REQUEST);
    clock.settle();
    expect(b.octets.slice(4)).toEqual(answer);
    // A request for a family that was not agreed on, or of a kind that nobody knows, is not answered (RFC 2918 §4, RFC 7313 §5).
    b.sendHex(bgp(5, '0002 00 01') + bgp(5, '0001 07 01') + bgp(5, '0001 00 02'));
    clock.settle();
    expect(b.octets.length).toBe(4 + answer.length);
  });

  test('is one for all requests of one piece, and for all that come before it is over; who does not read waits for one', async () => {
    const { guest, say, clock, transport, router } = await routerLab([
      { address: A, as: 65001 },
      { ...TELLING, holdTime: 0, limits: { unread: 65_536 } },
    ]);
    const a = guest(A, 65001);
    say(a, '192.0.2.1/32');
    const b = rawPeer(transport, clock, B, 65002, [FOUR, { type: 'route-refresh' }, { type: 'enhanced-route-refresh' }]);
    const before = b.octets.length;
    b.sendHex(REQUEST.repeat(1000));
    clock.settle();
    expect(b.octets.slice(before)).toEqual([BEGIN, ROUTE, END]);
    b.connection.pause();
    // Long attributes fill what a connection holds.
    const unknown = [{ code: 250, flags: 0xc0, value: new Uint8Array(3900) }];
    for (let i = 0; i < 40; i++) a.announce(`10.1.0.${i}/32`, { med: i, unknown });
    clock.settle();
    const sent = () => router.neighbours().find(({ address }) => address === B)?.bytesOut ?? 0;
    const full = sent();
    expect(full).toBeGreaterThan(65_536);
    for (let i = 0; i < 20; i++) {
      b.sendHex(REQUEST.repeat(1000));
      clock.settle();
    }
    expect(sent() - full).toBeLessThan(100);
    b.connection.resume();
    clock.settle();
    const marks = b.octets.slice(before + 3).filter((message) => message === BEGIN || message === END);
    expect(marks).toEqual([BEGIN, END, BEGIN, END]);
  });

  test('covers what the router announces by itself', async () => {
    const { clock, transport } = await routerLab([{ address: B, as: 65002, export: ['default'] }]);
    const b = rawPeer(transport, clock, B, 65002, [FOUR, { type: 'enhanced-route-refresh' }]);
    const route = bgp(2, '0000 0014 40 01 01 00 40 02 06 0201 0000fde8 40 03 04 0a000001 00');
    b.sendHex(REQUEST);
    clock.settle();
    expect(b.octets.slice(2)).toEqual([route, END_OF_RIB, BEGIN, route, END]);
  });

  test('of a wrong length is an error of its own, 7/1, with the message as data (RFC 7313 §5)', async () => {
    const { clock, transport } = await routerLab([TELLING]);
    const b = rawPeer(transport, clock, B, 65002, [FOUR, { type: 'enhanced-route-refresh' }]);
    const long = bgp(5, '0001 01 01 00');
    b.sendHex(long);
    clock.settle();
    expect([b.octets.at(-1), b.closed]).toEqual([bgp(3, `07 01 ${long}`), true]);
  });
});

describe('attributes that nobody knows', () => {
  test('go on with PARTIAL where they are transitive, and no further where they are not (RFC 4271 §5, §9)', async () => {
    const { guest, say, clock, transport } = await routerLab([
      { address: A, as: 65001 },
      TELLING,
      { address: C, as: 65000, export: 'claims' },
    ]);
    const b = rawPeer(transport, clock, B, 65002, [FOUR]);
    const c = rawPeer(transport, clock, C, 65000, [{ type: 'four-octet-as', asn: 65000 }]);
    say(guest(A, 65001), '192.0.2.1/32', {
      unknown: [
        { code: 97, flags: 0xe0, value: Uint8Array.of(1) },
        { code: 98, flags: 0x80, value: Uint8Array.of(2) },
        { code: 99, flags: 0xc0, value: Uint8Array.of(3, 4) },
        { code: 100, flags: 0xd0, value: new Uint8Array(300).fill(7) },
      ],
    });
    const unknown = `e0 61 01 01  e0 63 02 0304  f0 64 012c ${'07'.repeat(300)}`;
    const plain = '40 01 01 00 40 02 0a 0202 0000fde8 0000fde9 40 03 04 0a000001';
    expect(updatesTo(b).at(-1)).toBe(bgp(2, `0000 0151 ${plain} ${unknown} 20 c0000201`));
    const inside = '40 01 01 00 40 02 06 0201 0000fde9 40 03 04 0a000001 40 05 04 00000064';
    expect(updatesTo(c).at(-1)).toBe(bgp(2, `0000 0154 ${inside} ${unknown} 20 c0000201`));
  });
});

describe('messages of more than 4,096 octets (RFC 8654)', () => {
  const neighbours: readonly NeighbourConfig[] = [{ address: A, as: 65001 }, TELLING, { address: C, as: 65003, export: 'claims' }];
  const LONG: readonly Capability[] = [FOUR, { type: 'extended-message' }];
  const SHORT: readonly Capability[] = [{ type: 'four-octet-as', asn: 65003 }];
  const longest = (peer: RawPeer): number => Math.max(...updatesTo(peer).map((message) => message.length / 2));

  test('go to whoever announces that it takes them, and to nobody else', async () => {
    const { guest, clock, transport } = await routerLab(neighbours);
    const prefixes = Array.from({ length: 2000 }, (_, i) => `10.1.${i >> 8}.${i & 255}/32`);
    guest(A, 65001).announceAll(prefixes);
    clock.settle();
    const [b, c] = [rawPeer(transport, clock, B, 65002, LONG), rawPeer(transport, clock, C, 65003, SHORT)];
    clock.settle();
    const wanted = prefixes.map((prefix) => `+${prefix}`).sort();
    expect([newsOf(b).sort(), newsOf(c).sort()]).toEqual([wanted, wanted]);
    // All of them in one.
    expect([longest(b), updatesTo(b).length]).toEqual([19 + 4 + 24 + 2000 * 5, 2]);
    expect(longest(c)).toBeGreaterThan(4000);
    expect(longest(c)).toBeLessThanOrEqual(4096);
  });

  test('a route that needs one is withdrawn from a neighbour that takes none, until it is short enough (§5)', async () => {
    const { guest, say, clock, transport } = await routerLab(neighbours);
    const [b, c] = [rawPeer(transport, clock, B, 65002, LONG), rawPeer(transport, clock, C, 65003, SHORT)];
    const a = guest(A, 65001);
    const large = (count: number) => ({ largeCommunities: Array.from({ length: count }, (_, i) => `65001:1:${i}`) });
    say(a, '192.0.2.1/32', large(10));
    say(a, '192.0.2.1/32', large(400));
    expect([newsOf(b), newsOf(c)]).toEqual([
      ['+192.0.2.1/32', '+192.0.2.1/32'],
      ['+192.0.2.1/32', '-192.0.2.1/32'],
    ]);
    expect([longest(b) > 4096 + 700, longest(c) < 4096]).toEqual([true, true]);
    say(a, '192.0.2.2/32', large(400));
    say(a, '192.0.2.1/32', large(11));
    expect(newsOf(c).slice(2)).toEqual(['+192.0.2.1/32']);
    expect(newsOf(b).slice(2)).toEqual(['+192.0.2.2/32', '+192.0.2.1/32']);
  });

  test('may be the longest there are: a policy that makes them longer refuses the route', async () => {
    const rules = [{ set: { prepend: 20 } }];
    const { router, clock, transport } = await routerLab([{ ...neighbours[0], import: rules } as NeighbourConfig, TELLING]);
    const a = rawPeer(transport, clock, A, 65001, [{ type: 'four-octet-as', asn: 65001 }, { type: 'extended-message' }]);
    const b = rawPeer(transport, clock, B, 65002, LONG);
    const attributes = { origin: 'igp', asPath: [{ type: 'sequence', asns: [65001] }], nextHop: A } as const;
    for (const [prefix, octets] of [
      ['192.0.2.1/32', 64_800],
      ['192.0.2.2/32', 65_480],
    ] as const) {
      const unknown = [{ code: 250, flags: 0xc0, value: new Uint8Array(octets) }];
      a.send({ type: 'update', withdrawn: [], attributes: { ...attributes, unknown }, announced: [{ prefix }] });
    }
    clock.settle();
    const claims = [...router.claims()].filter(({ source }) => source === 'bgp');
    expect(claims.map(({ prefix, verdict }) => [prefix, verdict])).toEqual([
      ['192.0.2.1/32', 'accepted'],
      ['192.0.2.2/32', 'policy-error'],
    ]);
    expect(router.explain('192.0.2.2').claims[0]?.message).toMatch(/: the policy makes 6\d{4} octets of attributes, where 65000 may be\.$/);
    expect([newsOf(b), a.closed]).toEqual([['+192.0.2.1/32'], false]);
  });

  test('are no more than others for what the router announces by itself', async () => {
    const communities = Array.from({ length: 1200 }, (_, i) => `65000:${i}`);
    const told: NeighbourConfig[] = [
      { address: B, as: 65002, export: 'originated' },
      { address: C, as: 65003, export: 'originated' },
    ];
    const originate = [{ prefix: '192.0.2.1/32', communities }, { prefix: '192.0.2.2/32' }];
    const { clock, transport } = await routerLab(told, { originate });
    const [b, c] = [rawPeer(transport, clock, B, 65002, LONG), rawPeer(transport, clock, C, 65003, SHORT)];
    expect([newsOf(b), newsOf(c), c.closed]).toEqual([['+192.0.2.1/32', '+192.0.2.2/32'], ['+192.0.2.2/32'], false]);
  });

  test('are taken of a neighbour that announces nothing of the kind, and are not where we announce none', async () => {
    const communities = Array.from({ length: 1000 }, () => 'fde90001').join('');
    const body = `0000 0fb8 40 01 01 00 40 02 06 0201 0000fde9 40 03 04 0a00000a d0 08 0fa0 ${communities}`;
    const padded = bgp(2, `${body} ${'20 c0000201'.repeat(20)}`);
    expect(padded.length / 2).toBeGreaterThan(4096);
    for (const extendedMessages of [true, false]) {
      const { router, clock, transport } = await routerLab([{ address: A, as: 65001, extendedMessages }]);
      const a = rawPeer(transport, clock, A, 65001, [{ type: 'four-octet-as', asn: 65001 }]);
      a.sendHex(padded);
      clock.settle();
      const claims = [...router.claims()].filter(({ source }) => source === 'bgp').map(({ prefix }) => prefix);
      const length = padded.slice(32, 36);
      if (extendedMessages) expect([claims, a.closed]).toEqual([['192.0.2.1/32'], false]);
      else expect([claims, a.closed, a.octets.at(-1)]).toEqual([[], true, bgp(3, `01 02 ${length}`)]);
    }
  });
});

describe('a prefix with more paths than fit one chunk', () => {
  const PREFIX = '192.0.2.0/24';
  const PATHS = 3000;

  /** A guest that says them all at once, and another that is told them; what is told is kept as octets. */
  async function paths() {
    const { guest, clock, router } = await routerLab([
      { address: A, as: 65001, addPath: 'receive' },
      { address: B, as: 65002, addPath: 'send', export: 'claims' },
    ]);
    const a = guest(A, 65001, { addPath: 'send' });
    const b = guest(B, 65002, { addPath: 'receive' });
    const withIds: WireContext = { ...defaultContext, addPath: { 'ipv4-unicast': true } };
    const say = (ids: readonly number[], med: number): void => {
      const updates = ids.map((pathId) =>
        encodeMessage(
          {
            type: 'update',
            withdrawn: [],
            attributes: {
              origin: 'igp',
              asPath: [{ type: 'sequence', asns: [65001] }],
              nextHop: A,
              communities: [`${pathId}:${med}`],
            },
            announced: [{ prefix: PREFIX, pathId }],
          },
          withIds,
        ),
      );
      a.sendRaw(concatBytes(updates));
      clock.settle();
    };
    const unsay = (ids: readonly number[]): void => {
      const updates: Uint8Array[] = [];
      for (let at = 0; at < ids.length; at += 400) {
        const withdrawn = ids.slice(at, at + 400).map((pathId) => ({ prefix: PREFIX, pathId }));
        updates.push(encodeMessage({ type: 'update', withdrawn, attributes: {}, announced: [] }, withIds));
      }
      a.sendRaw(concatBytes(updates));
      clock.settle();
    };
    const heard = (): string[] =>
      b
        .routes()
        .map(({ attributes }) => attributes.communities?.[0] ?? '')
        .sort();
    return { a, b, say, unsay, heard, clock, router };
  }
  const all = Array.from({ length: PATHS }, (_, i) => i);
  const of = (ids: readonly number[], med: number): string[] => ids.map((id) => `${id}:${med}`).sort();

  test('is told of whole, changed whole, and withdrawn whole (RFC 7911)', async () => {
    const { b, say, unsay, heard } = await paths();
    say(all, 1);
    expect(heard()).toEqual(of(all, 1));
    say(all, 2);
    expect(heard()).toEqual(of(all, 2));
    // More at once than one UPDATE withdraws.
    unsay(all.slice(1));
    expect([b.state, heard()]).toEqual(['established', of([0], 2)]);
    unsay([0]);
    expect(heard()).toEqual([]);
  });

  test('that change between two chunks are told as they are in the end', async () => {
    const { a, b, say, unsay, heard, clock, router } = await paths();
    let first = true;
    b.on('routes', () => {
      if (!first) return;
      first = false;
      unsay(all.slice(0, 1500));
      say([0, 1, 2999], 3);
    });
    say(all, 1);
    const left = [...of([0, 1, 2999], 3), ...of(all.slice(1500, 2999), 1)].sort();
    expect(heard()).toEqual(left);
    const { prefixes } = router.metrics().network;
    void a.stop();
    clock.advance(5000);
    expect([heard(), router.metrics().network.prefixes]).toEqual([[], prefixes - 1]);
  });
});

test('capabilities that nobody knows are kept and shown, with code and value', async () => {
  const { router, guest } = await routerLab([{ address: A, as: 65001 }]);
  const a = guest(A, 65001, {
    capabilities: [
      { type: 'unknown', code: 239, value: Uint8Array.of(0, 0xab) },
      { type: 'unknown', code: 240, value: new Uint8Array(0) },
    ],
  });
  const shown = router.neighbours()[0]?.capabilities ?? [];
  expect(shown.filter((name) => name.startsWith('unknown'))).toEqual(['unknown 239: 00ab', 'unknown 240']);
  expect(shown).toEqual(
    expect.arrayContaining(['multiprotocol', 'route-refresh', 'enhanced-route-refresh', 'four-octet-as', 'extended-message']),
  );
  expect(a.state).toBe('established');
});
