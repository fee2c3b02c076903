/** The recorded sessions of `test/captures/`: read, written again, and played. OSPF's are held in test/ospf/wire. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canonical, messagesOf } from '../../scripts/captures/octets.js';
import { type BgpMessage, decodeMessage, defaultContext, encodeMessage, type Open } from '../../src/bgp/wire/index.js';
import {
  bgpMessages,
  type CapturedMessage,
  neighbourFrom,
  openFrom,
  type RecordedNeighbour,
  readPcap,
  replay,
} from '../../src/capture/index.js';
import { ManualClock } from '../../src/lib/clock.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import { Host } from '../../src/router/host.js';
import { checkRouter } from '../../src/router/schema.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';
import { alike, same } from '../support/same.js';

const folder = join(import.meta.dirname, '..', 'captures');
const recorded = readdirSync(folder).filter((file) => file.endsWith('.pcap') && !file.startsWith('ospf'));
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const octetsOf = (file: string) => new Uint8Array(readFileSync(join(folder, file)));
const addressOf = (endpoint: string) => endpoint.replace(/:\d+$/, '').replace(/[[\]]/g, '');

/** Messages of one side that are played, and of both that are encoded again by themselves. */
const LONGEST = 3000;
/** Read once, for all that is done with them. */
const read = new Map<string, readonly CapturedMessage[]>();
function messagesIn(file: string): readonly CapturedMessage[] {
  const known = read.get(file);
  if (known) return known;
  const messages = [...bgpMessages(readPcap(octetsOf(file)))].map((message) => {
    if ('damage' in message) throw new Error(message.damage);
    return message;
  });
  read.set(file, messages);
  return messages;
}
/** What another reader finds, read once too. */
const foundIn = new Map<string, ReturnType<typeof messagesOf>>();
function others(file: string): ReturnType<typeof messagesOf> {
  const found = foundIn.get(file) ?? messagesOf(octetsOf(file));
  foundIn.set(file, found);
  return found;
}
const decoded = new WeakMap<CapturedMessage, BgpMessage>();
function decode(captured: CapturedMessage): BgpMessage {
  const message = decoded.get(captured) ?? decodeMessage(captured.bytes, captured.context);
  decoded.set(captured, message);
  return message;
}

/** What one side said on its first connection. */
function saidBy(side: string, all: readonly CapturedMessage[]): CapturedMessage[] {
  const first = all.find(({ from }) => addressOf(from) === side);
  return all.filter(({ from, to }) => from === first?.from && to === first.to);
}

/** The routes that stand after each message, as `prefix` or `prefix pathId`, worked out from the decoded values alone: the most, and the last. */
function standing(messages: readonly CapturedMessage[]): { readonly most: number; readonly last: Set<string> } {
  const routes = new Set<string>();
  const key = ({ prefix, pathId }: { prefix: string; pathId?: number }) => (pathId === undefined ? prefix : `${prefix} ${pathId}`);
  let [most, size] = [0, 0];
  for (const [i, captured] of messages.entries()) {
    const message = decode(captured);
    if (message.type !== 'update') continue;
    const { mpReach, mpUnreach } = message.attributes;
    for (const one of [...message.withdrawn, ...(mpUnreach?.nlri ?? [])]) routes.delete(key(one));
    for (const one of [...message.announced, ...(mpReach?.nlri ?? [])]) routes.add(key(one));
    if (routes.size > size) [most, size] = [i, routes.size];
  }
  return { most, last: routes };
}

/** A router that is what the other side was, with a node that may claim everything. */
async function routerFor(neighbour: RecordedNeighbour, other: RecordedNeighbour, all: readonly CapturedMessage[]) {
  const clock = new ManualClock();
  const transport = new MemoryTransport(clock);
  const { address: side, as, families, holdTime, addPath, extendedNextHop, extendedMessages } = neighbour;
  const hops = new Set(
    all.flatMap((captured) => {
      const message = decode(captured);
      return message.type === 'update' ? [message.attributes.nextHop, message.attributes.mpReach?.nextHop] : [];
    }),
  );
  const foreign = [...hops].filter((hop) => hop !== undefined && hop !== side && hop !== other.address);
  const router = new VirtualRouter(
    {
      as: other.as,
      routerId: openOf(all, other).routerId,
      listen: [{ address: other.address }],
      originate: [{ prefix: '198.18.0.0/24' }, { prefix: '2001:db8:ffff::/48' }],
      network: {
        nodes: [{ name: 'guest', addresses: [side, ...(foreign as string[])] }],
        grants: [
          { node: 'guest', prefix: '0.0.0.0/0', le: 32, as: 'gateway' },
          { node: 'guest', prefix: '::/0', le: 128, as: 'gateway' },
        ],
      },
      neighbours: [
        {
          address: side,
          as: lostAs(neighbour, openOf(all, other)) ? 23456 : as,
          families,
          holdTime,
          extendedNextHop,
          extendedMessages,
          passive: true,
          export: 'all',
          limits: { communities: 1200 },
          ...(addPath ? { addPath } : {}),
        },
      ],
    },
    { host: new Host({ transport, clock, random: () => 0.5 }) },
  );
  await router.start();
  const prefixes = () =>
    sorted([...router.claims()].filter(({ source, verdict }) => source === 'bgp' && verdict === 'accepted').map(({ prefix }) => prefix));
  const stop = async () => {
    const stopped = router.stop();
    clock.advance(5000);
    await stopped;
  };
  return { router, clock, transport, prefixes, stop, play: { transport, clock, side, router: { address: other.address } } };
}

function openOf(all: readonly CapturedMessage[], { address }: RecordedNeighbour): Open {
  const open = openFrom(all, address);
  if (!open) throw new Error(`expected an OPEN of ${address}`);
  return open;
}

/** Whether the other side heard AS 23456 instead of a wider number. */
const lostAs = ({ as }: RecordedNeighbour, { capabilities }: Open) =>
  as > 0xffff && !capabilities.some(({ type }) => type === 'four-octet-as');

const sidesOf = (file: string) => [...new Set(messagesIn(file).map(({ from }) => addressOf(from)))];
const prefixesOf = (routes: Iterable<string>) => sorted([...routes].map((route) => route.split(' ')[0] ?? ''));
function sorted(list: readonly string[]): string[] {
  return [...new Set(list)].sort();
}

describe.each(recorded)('%s', (file) => {
  test('decodes whole: what another reader finds, and nothing of it cut or lost', () => {
    const all = messagesIn(file);
    expect(all.filter(({ truncated, lost }) => truncated || lost > 0)).toEqual([]);
    const found = others(file).flatMap(({ messages }) => messages.map(text));
    expect(all.map(({ bytes }) => text(bytes)).sort()).toEqual(found.sort());
  });

  test('what is encoded again decodes equal', () => {
    for (const captured of messagesIn(file).slice(0, LONGEST)) {
      const { context } = captured;
      const value = decode(captured);
      alike(decodeMessage(encodeMessage(value, context), context), value);
      if (value.type === 'update') same(value.malformed, undefined);
    }
  });

  test('and is the same octets, except where the note says otherwise', () => {
    const [, , last] = readFileSync(join(folder, file.replace('.pcap', '.txt')), 'utf8').split('\n');
    expect(last).toBe(canonical(others(file)));
    expect(last).not.toContain('in another way');
  });

  test.each(sidesOf(file))('%s is played to a router: its routes are claims, and the router answers', async (side) => {
    const all = messagesIn(file);
    const [neighbour, other] = [side, ...sidesOf(file).filter((address) => address !== side)].map((address) => neighbourFrom(all, address));
    if (!neighbour || !other) throw new Error('expected an OPEN of each side');
    const own = saidBy(side, all);
    // As far as most of its routes stand: later it may take them back, or end the session. Thousands of routes show what more would.
    const most = own.slice(0, Math.min(Math.max(standing(own).most + 1, 2), LONGEST)).filter(({ bytes }) => bytes[18] !== 3);
    const { router, clock, prefixes, stop, play } = await routerFor(neighbour, other, all);
    const played = replay([...most, ...all.filter((message) => !own.includes(message))], play);
    clock.advance(1000);
    expect(played.finished).toBe(true);
    const [open, ...later] = played.said();
    expect(open).toMatchObject({ type: 'open', asn: other.as, routerId: openOf(all, other).routerId, holdTime: neighbour.holdTime });
    const state = router.neighbours()[0]?.state;
    if (lostAs(neighbour, openOf(all, other))) {
      // The AS number that stands for a lost one is no neighbour's (RFC 6793).
      expect([state, later]).toEqual(['active', [expect.objectContaining({ type: 'notification', code: 2, subcode: 2 })]]);
    } else if (most.every(({ bytes }) => bytes[18] !== 4)) {
      expect([state, later.map(({ type }) => type)]).toEqual(['open-confirm', ['keepalive']]);
    } else {
      expect([state, later[0]?.type]).toEqual(['established', 'keepalive']);
      expect(prefixes()).toEqual(prefixesOf(standing(most).last));
      // What the session has a next hop for, and an End-of-RIB for each family.
      const families = neighbour.families.filter((family) => other.families.includes(family));
      expect(announcedIn(later)).toEqual([
        ...(!side.includes(':') || (neighbour.extendedNextHop && families.includes('ipv4-unicast')) ? ['198.18.0.0/24'] : []),
        ...(side.includes(':') ? ['2001:db8:ffff::/48'] : []),
      ]);
      expect(later.filter(isEnd).length).toBe(families.length);
    }
    played.stop();
    await stop();
  });
});

function announcedIn(messages: readonly BgpMessage[]): string[] {
  const prefixes = messages.flatMap((message) =>
    message.type === 'update' ? [...message.announced, ...(message.attributes.mpReach?.nlri ?? [])].map(({ prefix }) => prefix) : [],
  );
  return [...new Set(prefixes)];
}
function isEnd(message: BgpMessage): boolean {
  if (message.type !== 'update' || message.announced.length + message.withdrawn.length > 0) return false;
  const { mpUnreach, ...rest } = message.attributes;
  return Object.keys(rest).length === 0 && (mpUnreach?.nlri ?? []).length === 0;
}

test('at recorded speed each route is claimed when it was announced, and goes when it was withdrawn', async () => {
  const all = messagesIn('bird-frr.pcap');
  const side = '10.77.0.1';
  const [neighbour, other] = [neighbourFrom(all, side), neighbourFrom(all, '10.77.0.2')];
  if (!neighbour || !other) throw new Error('expected an OPEN of each side');
  const own = saidBy(side, all);
  const { router, clock, prefixes, stop, play } = await routerFor(neighbour, other, all);
  const played = replay(all, { ...play, speed: 'recorded' });
  const start = own[0]?.time ?? 0;
  const seen = new Set<string>();
  for (const [i, { time }] of own.entries()) {
    // Those of one moment are sent together.
    if (own[i + 1]?.time === time) continue;
    expect(played.finished).toBe(false);
    clock.advance(Math.max(0, (time - start) * 1000 + 0.01 - clock.now()));
    expect(prefixes(), `${time - start} s`).toEqual(prefixesOf(standing(own.slice(0, i + 1)).last));
    seen.add(prefixes().join());
  }
  expect(played.finished).toBe(true);
  // None; one or more; none again.
  expect(seen.size).toBeGreaterThan(2);
  expect(router.neighbours()[0]?.state).toBe('established');
  played.stop();
  await stop();
});

test('at recorded speed a recorder whose clock was set back, or that had none, changes no order', async () => {
  const all = messagesIn('bird-frr.pcap');
  const side = '10.77.0.1';
  const [neighbour, other] = [neighbourFrom(all, side), neighbourFrom(all, '10.77.0.2')];
  if (!neighbour || !other) throw new Error('expected an OPEN of each side');
  for (const timeOf of [(i: number) => 1000 - i, () => Number.NaN]) {
    const { router, clock, prefixes, stop, play } = await routerFor(neighbour, other, all);
    const played = replay(
      all.map((message, i) => ({ ...message, time: timeOf(i) })),
      { ...play, speed: 'recorded' },
    );
    clock.advance(2000);
    expect([played.finished, router.neighbours()[0]?.state]).toEqual([true, 'established']);
    expect(prefixes()).toEqual(prefixesOf(standing(saidBy(side, all)).last));
    played.stop();
    await stop();
  }
});

describe('the neighbour that a recorded OPEN implies', () => {
  test('is found by its address however that is written', () => {
    const all = messagesIn('ipv4-over-ipv6-bird-frr.pcap');
    expect(neighbourFrom(all, '2001:0DB8:77:0::2')).toEqual(neighbourFrom(all, '2001:db8:77::2'));
    expect(neighbourFrom(all, '2001:db8:77::2')).toBeDefined();
    expect(() => neighbourFrom(all, 'bird')).toThrow('expected an IPv4 or IPv6 address');
  });

  test.each([
    ['add-path-bird-to-frr', '10.77.0.2', { as: 65002, holdTime: 90, addPath: 'both', extendedNextHop: false }],
    ['ipv4-over-ipv6-bird-frr', '2001:db8:77::2', { as: 65002, extendedNextHop: true, extendedMessages: true }],
    ['notification-hold-timer-frr', '10.77.0.1', { as: 65001, holdTime: 9, families: ['ipv4-unicast', 'ipv6-unicast'] }],
    ['as4-exabgp-2-octets-bird-as-trans', '10.77.0.2', { as: 4_200_000_001, extendedMessages: false }],
    ['feed-10000-bird-to-frr', '10.77.0.2', { families: ['ipv4-unicast'] }],
  ])('%s, %s', (name, side, expected) => {
    const found = neighbourFrom(messagesIn(`${name}.pcap`), side);
    expect(found).toMatchObject({ address: side, ...expected });
    const neighbour = found as RecordedNeighbour; // just seen to be there
    const network = { nodes: [{ name: 'n', addresses: [side] }] };
    expect(checkRouter({ as: 65000, routerId: '10.0.0.1', network, neighbours: [neighbour] }).neighbours).toEqual([neighbour]);
  });

  const open = (capabilities: Open['capabilities']): CapturedMessage => ({
    time: 0,
    frame: 1,
    from: '10.0.0.2:1024',
    to: '10.0.0.1:179',
    bytes: encodeMessage({ type: 'open', version: 4, asn: 65001, holdTime: 30, routerId: '192.0.2.9', capabilities }, defaultContext),
    context: defaultContext,
    lost: 0,
    truncated: false,
  });
  const family = 'ipv4-unicast';
  test.each([
    ['sends only', { send: true, receive: false }, 'receive'],
    ['receives only', { send: false, receive: true }, 'send'],
    ['does both', { send: true, receive: true }, 'both'],
  ] as const)('one that %s several paths is answered with the other side of it', (_name, does, addPath) => {
    const neighbour = neighbourFrom([open([{ type: 'add-path', families: [{ family, ...does }] }])], '10.0.0.2');
    expect(neighbour).toMatchObject({ as: 65001, holdTime: 30, addPath });
  });

  test('one without capabilities speaks IPv4, and of a side that said no OPEN nothing is known', () => {
    const bare = neighbourFrom([open([])], '10.0.0.2');
    expect(bare).toMatchObject({ families: ['ipv4-unicast'], extendedNextHop: false, extendedMessages: false });
    expect(openFrom([open([])], '10.0.0.2')).toMatchObject({ routerId: '192.0.2.9', capabilities: [] });
    expect(bare?.addPath).toBeUndefined();
    expect(neighbourFrom([open([])], '10.0.0.1')).toBeUndefined();
    expect(openFrom([open([])], '10.0.0.1')).toBeUndefined();
  });
});
