import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Capability, defaultContext, inspectMessage, type WireContext } from '../../src/bgp/wire/index.js';
import { brokenUpdates, malformed, missing, odd } from '../bgp/wire/malformed.js';
import { bgp, hex, unhex } from '../support/hex.js';
import { rawPeer } from '../support/raw-peer.js';
import { A, B, routerLab } from '../support/router-lab.js';

/** Prefixes that the neighbour has announced before, well-formed: what becomes of them shows the remedy. */
const V4 = '192.0.2.0/24';
const V6 = '2001:db8::/32';
const HOP6 = '20010db8000000000000000000000001';

/** A router, and a neighbour of octets whose session is up. */
async function lab({ peerType, fourOctetAs }: WireContext = defaultContext, more: readonly Capability[] = []) {
  const asn = peerType === 'internal' ? 65000 : 65001;
  const made = await routerLab([
    { address: A, as: asn, families: ['ipv4-unicast', 'ipv6-unicast'] },
    { address: B, as: 65002, export: 'claims' },
  ]);
  const { router, transport, clock } = made;
  const peer = rawPeer(transport, clock, A, asn, [
    { type: 'multiprotocol', family: 'ipv4-unicast' },
    { type: 'multiprotocol', family: 'ipv6-unicast' },
    ...(fourOctetAs ? [{ type: 'four-octet-as', asn } as const] : []),
    ...more,
  ]);
  const attributes: Readonly<Record<number, string>> = {
    1: '40 01 01 00',
    2: fourOctetAs ? '40 02 06 0201 0000fde9' : '40 02 04 0201 fde9',
    3: '40 03 04 0a00000a',
  };
  /** Sends path attributes, with those of a plain route that are not among them in front, and an IPv4 prefix. */
  const say = (given: string, plain = [1, 2, 3], nlri = '18 c00002'): void => {
    const all = hex(`${plain.map((code) => attributes[code]).join('')}${given}`);
    peer.sendHex(bgp(2, `0000 ${all.length.toString(16).padStart(4, '0')} ${unhex(all)} ${nlri}`));
    clock.settle();
  };
  say('');
  say(`80 0e 1a 0002 01 10 ${HOP6} 00 20 20010db8`, [1, 2], '');
  const claimed = () => [...router.claims()].filter(({ source }) => source === 'bgp').map(({ prefix }) => prefix);
  const state = () => router.neighbours()[0]?.state;
  const notifications = () => peer.octets.filter((message) => message.slice(36, 38) === '03');
  expect([claimed().sort(), state()]).toEqual([[V4, V6], 'established']);
  return { ...made, peer, say, claimed, state, notifications, plainCodes: Object.keys(attributes).map(Number) };
}

describe('in a session', () => {
  test.each(brokenUpdates)('%s: a NOTIFICATION, and the end', async (_name, body, subcode, _rfc, data) => {
    const { peer, clock, state, notifications, claimed } = await lab();
    peer.sendHex(bgp(2, body));
    clock.settle();
    expect(notifications()).toEqual([bgp(3, `03 ${subcode.toString(16).padStart(2, '0')} ${data}`)]);
    expect([peer.closed, state(), claimed()]).toEqual([true, 'idle', []]);
  });

  test.each(missing)('prefixes without %s are withdrawn, and it goes on', async (_name, attributes) => {
    const { say, state, notifications, claimed, router } = await lab();
    say(attributes, []);
    expect([state(), notifications(), claimed()]).toEqual(['established', [], [V6]]);
    expect(router.neighbours()[0]?.malformed).toBe(1);
  });

  test.each(malformed.map(([name, bytes, remedy, subcode, context = defaultContext]) => ({ name, bytes, remedy, subcode, context })))(
    '$name: $remedy',
    async ({ bytes, remedy, subcode, context }) => {
      const { say, state, notifications, claimed, peer, plainCodes } = await lab(context);
      const code = hex(bytes)[1] ?? 0;
      say(
        bytes,
        plainCodes.filter((plain) => plain !== code),
      );
      if (remedy === 'reset-session') {
        const data = subcode === 1 ? '' : bytes;
        expect(notifications()).toEqual([bgp(3, `03 ${subcode.toString(16).padStart(2, '0')} ${data}`)]);
        expect([peer.closed, state(), claimed()]).toEqual([true, 'idle', []]);
        return;
      }
      // A prefix in MP_REACH_NLRI under a next hop that is no host's is withdrawn with the others.
      const both = bytes.includes('20 20010db8');
      const stay: string[] = { 'discard-attribute': [V4, V6], 'treat-as-withdraw': both ? [] : [V6], 'disable-family': [] }[remedy];
      if (remedy === 'disable-family') stay.push(...(bytes.includes('0001 01') ? [V6] : []));
      expect([peer.closed, state(), notifications(), claimed().sort()]).toEqual([false, 'established', [], stay]);
    },
  );

  test.each(odd)('%s is no error: the route is taken as it is without, and all else stays', async (_name, attributes) => {
    const { say, state, notifications, claimed, router, guest } = await lab();
    const b = guest(B, 65002);
    const own = attributes.replaceAll('c0000201', '0a00000a').replaceAll('0000fde8', '0000fde9');
    say(own, [], '18 c63364');
    expect([state(), notifications(), claimed().sort()]).toEqual(['established', [], [V4, '198.51.100.0/24', V6].sort()]);
    expect(router.neighbours()[0]?.malformed).toBe(0);
    expect(b.route('198.51.100.0/24')?.attributes).toEqual(b.route(V4)?.attributes);
  });

  test.each([
    ['an AFI that nobody knows', '4007 01'],
    ['EVPN', '0019 46'],
  ])('routes of a family that was not agreed on come and go unheard: %s', async (_name, family) => {
    const { peer, clock, state, notifications, claimed, router } = await lab();
    for (const body of [
      `0000 0010 80 0e 0d ${family} 04 0a000001 00 08010203`, // routes, and nothing besides
      `0000 0006 80 0f 03 ${family}`, // the End-of-RIB
      `0000 000a 80 0f 07 ${family} 08010203`,
    ])
      peer.sendHex(bgp(2, body));
    clock.settle();
    expect([state(), notifications(), claimed().sort()]).toEqual(['established', [], [V4, V6]]);
    expect(router.neighbours()[0]).toMatchObject({ malformed: 0, endOfRib: [] });
  });

  test('what is only discarded is missing from what others are told', async () => {
    const { say, guest } = await lab();
    const b = guest(B, 65002);
    say('40 06 00');
    expect(b.route(V4)?.attributes).toMatchObject({ atomicAggregate: true });
    say('40 06 01 00 80 04 04 00000007');
    expect(b.route(V4)?.attributes).toEqual({ origin: 'igp', asPath: [{ type: 'sequence', asns: [65000, 65001] }], nextHop: '10.0.0.1' });
  });

  test('others hear that the routes of a family that was given up are gone', async () => {
    const { say, guest, state } = await lab();
    const b = guest(B, 65002);
    expect(b.route(V4)).toBeDefined();
    say('80 0e 15 0001 01 10 20010db8000000000000000000000001 00', [1, 2], '');
    expect([b.route(V4), state(), b.state]).toEqual([undefined, 'established', 'established']);
  });

  test('a family that was given up is not listened to again; the other goes on', async () => {
    const { say, claimed, state } = await lab();
    say('80 0e 11 0002 01 0c 20010db80000000000000000 00', [1, 2], '');
    expect(claimed()).toEqual([V4]);
    say(`80 0e 1a 0002 01 10 ${HOP6} 00 20 20010db8`, [1, 2], '');
    expect(claimed()).toEqual([V4]);
    say('', [1, 2, 3], '18 c63364');
    expect([claimed().sort(), state()]).toEqual([[V4, '198.51.100.0/24'].sort(), 'established']);
  });

  test.each([
    [4096, []],
    [65_535, [{ type: 'extended-message' }]],
  ] as const)('an attribute that is longer than a message of %d octets is sent back as far as it fits', async (most, more) => {
    const { peer, clock, state, notifications } = await lab(defaultContext, more);
    // RFC 8654 §4: we take long messages of whoever sends them, as we announced that we do.
    const attribute = `50 63 ffe4 ${'00'.repeat(0xffe4)}`;
    peer.sendHex(bgp(2, `0000 ffe8 ${attribute}`));
    clock.settle();
    const data = hex(attribute).slice(0, most - 23);
    expect(notifications()).toEqual([bgp(3, `03 02 ${unhex(data)}`)]);
    expect([peer.closed, state()]).toEqual([true, 'idle']);
  });
});

test('any UPDATE ends a session where the codec says so, and with a NOTIFICATION that it names', async () => {
  const framed = (attributes: string, nlri: string): string =>
    `0000 ${hex(attributes).length.toString(16).padStart(4, '0')} ${attributes} ${nlri}`;
  const route = `40 01 01 00 40 02 06 0201 0000fde9 40 03 04 0a00000a`;
  const bodies = [
    ...brokenUpdates.map(([, body]) => body),
    ...malformed.flatMap(([, bytes]) => [framed(bytes, ''), framed(`${route} ${bytes}`, '18 c00002')]),
    framed(`${route} 80 0e 1a 0002 01 10 ${HOP6} 00 20 20010db8 80 0f 08 0002 01 20 20010db8`, '18 c00002 20 c0000201'),
    `0004 18 c00002 ${framed(route, '18 c00002').slice(4)}`,
  ].map(hex);
  const change = fc.record({ at: fc.nat(80), to: fc.integer({ min: 0, max: 255 }) });
  let current = await lab();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...bodies), fc.array(change, { maxLength: 3 }), async (body, changes) => {
      const bytes = body.slice();
      for (const { at, to } of changes) bytes[at % bytes.length] = to;
      const message = bgp(2, unhex(bytes));
      const { message: read, error } = inspectMessage(hex(message), defaultContext);
      const update = read?.type === 'update' ? read : undefined;
      const before = current.notifications().length;
      current.peer.sendHex(message);
      current.clock.settle();
      const said = current.notifications().slice(before);
      expect(current.peer.closed).toBe(error !== undefined);
      const named = (update?.malformed ?? []).flatMap(({ notification }) =>
        notification ? [bgp(3, unhex(Uint8Array.of(notification.code, notification.subcode, ...notification.data)))] : [],
      );
      expect(said).toEqual(error === undefined ? [] : [expect.toSatisfy((octets) => named.includes(octets as string))]);
      // What ended, and what was given up, stays so.
      if (error || update?.remedy === 'disable-family') current = await lab();
    }),
    { numRuns: 50 },
  );
});
