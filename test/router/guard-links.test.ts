import { describe, expect, test } from 'vitest';
import { Host, ManualClock, MemoryTransport, memoryCable, seeded, VirtualRouter } from '../../src/core.js';
import { parseAddress } from '../../src/lib/address.js';
import { encodeVrrp } from '../../src/vrrp/wire/index.js';
import { Guest } from '../stack/guest.js';
import { hex } from '../support/hex.js';

const GUESTS = 12;
const own = (i: number): string => `10.0.1.${10 + i}`;
const vip = (i: number): string => `10.0.1.${100 + i}`;

/** Guests at ports, each with an address that it claims from the link. */
async function lab(how: 'arp' | 'vrrp') {
  const clock = new ManualClock(1_000_000);
  const numbers = Array.from({ length: GUESTS }, (_, i) => i);
  const cables = numbers.map(() => memoryCable());
  const router = new VirtualRouter(
    {
      as: 65000,
      routerId: '10.0.0.1',
      interfaces: [{ subnet: 'lan', addresses: ['10.0.1.1'] }],
      ports: numbers.map((i) => ({ name: `p${i}`, type: 'memory' })),
      network: {
        ranges: ['10.0.0.0/16'],
        subnets: [{ name: 'lan', prefix: '10.0.1.0/24' }],
        nodes: numbers.map((i) => ({ name: `g${i}`, addresses: [own(i)], location: `p${i}` })),
        grants: numbers.map((i) => ({ node: `g${i}`, prefix: '10.0.1.96/27', le: 32 })),
        guard: { share: 0.4, window: 60 },
      },
    },
    {
      host: new Host({ transport: new MemoryTransport(clock), clock, random: seeded(1) }),
      ports: Object.fromEntries(cables.map(([, port], i) => [`p${i}`, port])),
    },
  );
  await router.start();
  const guests = cables.map(([end], i) => new Guest(end, Uint8Array.of(2, 0, 0, 0, 0, 10 + i), hex('02 56 0a 00 00 01'), own(i)));
  const guest = (i: number): Guest => {
    const found = guests[i];
    if (!found) throw new Error(`no guest ${i}`);
    return found;
  };
  /** It claims an address, for the first time or once more. */
  const claim = (i: number, address = vip(i), priority = 100): void => {
    guest(i).addresses.add(address);
    if (how === 'arp') guest(i).arp(1, address, address);
    else {
      const source = parseAddress(own(i));
      const group = parseAddress('224.0.0.18');
      const fields = { version: 2, virtualRouterId: 1 + i, priority, interval: 1000, addresses: [parseAddress(address)] } as const;
      guest(i).ipv4(own(i), '224.0.0.18', { protocol: 112, payload: encodeVrrp(fields, source, group), ttl: 255 });
    }
  };
  const kill = (...which: number[]): void => {
    for (const i of which) guest(i).silent = true;
  };
  /** Who lives is heard. */
  const pass = (seconds: number): void => {
    for (let i = 0; i < seconds; i++) {
      if (how === 'vrrp') for (const n of numbers) if (!guest(n).silent) claim(n);
      clock.advance(1000);
    }
  };
  const holders = (): (string | undefined)[] => numbers.map((i) => router.lookup(vip(i))?.[0].node);
  const held = (): string[] => [...router.claims()].flatMap(({ node, stale }) => (stale === 'held' ? [node] : [])).sort();
  for (const i of numbers) claim(i);
  pass(2);
  expect(holders()).toEqual(numbers.map((i) => `g${i}`));
  return { clock, router, guest, claim, kill, pass, holders, held };
}
const all = Array.from({ length: GUESTS }, (_, i) => `g${i}`);
const without = (...gone: number[]): (string | undefined)[] => all.map((name, i) => (gone.includes(i) ? undefined : name));

describe.each(['arp', 'vrrp'] as const)('the blast-radius guard, of guests that claim by %s', (how) => {
  test('lets some die as they do without it', async () => {
    const { router, kill, pass, holders } = await lab(how);
    kill(0, 1, 2, 3);
    pass(20);
    expect(holders()).toEqual(without(0, 1, 2, 3));
    expect(router.guard.status).toBeUndefined();
    pass(100);
    expect(holders()).toEqual(without(0, 1, 2, 3));
  });

  test('holds the rest from the threshold on, and the last holders of those that went before, until they are heard again', async () => {
    const { router, guest, claim, kill, pass, holders, held } = await lab(how);
    kill(0, 1, 2, 3);
    pass(20);
    expect(holders()).toEqual(without(0, 1, 2, 3));
    kill(4, 5);
    pass(20);
    // More than 0.4 of 12.
    expect(router.guard.status).toMatchObject({ peers: [5, 12], held: ['g0', 'g1', 'g2', 'g3', 'g4', 'g5'] });
    expect([holders(), held()]).toEqual([all, ['g0', 'g1', 'g2', 'g3', 'g4', 'g5']]);
    pass(600);
    expect(holders()).toEqual(all);
    const moves: string[] = [];
    router.on('mapping-change', ({ changes }) => moves.push(...changes.map(({ prefix }) => prefix)));
    guest(2).silent = false;
    claim(2);
    pass(20);
    expect([moves, held()]).toEqual([[], ['g0', 'g1', 'g3', 'g4', 'g5']]);
    expect([...router.claims({ node: 'g2' })].filter(({ source }) => source === how)).toHaveLength(1);
    // One that dies after that is held, too; one that a person says is dead is not.
    kill(2);
    pass(20);
    expect(held()).toContain('g2');
    router.guard.letGo('g3');
    expect(holders()).toEqual(without(3));
    router.guard.letGo();
    expect(holders()).toEqual(without(0, 1, 2, 3, 4, 5));
  });

  test('a node that is set down goes, held or not, and somebody else may take what is held', async () => {
    const { router, claim, kill, pass, holders, held } = await lab(how);
    kill(0, 1, 2, 3, 4);
    pass(20);
    expect(holders()).toEqual(all);
    router.network.setNodeState('g0', 'down');
    router.network.setNodeState('g9', 'down');
    expect([holders(), held()]).toEqual([without(0, 9), ['g1', 'g2', 'g3', 'g4']]);
    router.network.setNodeState('g0', 'up');
    expect(holders()[0]).toBeUndefined();
    claim(8, vip(0));
    expect(holders()[0]).toBe('g8');
  });
});

test('the guard, where guests claim by ARP: one address of a node that is there is no death', async () => {
  const { router, guest, claim, pass, holders } = await lab('arp');
  for (let i = 0; i < 8; i++) {
    claim(i, `10.0.1.${112 + i}`);
    guest(i).addresses.delete(vip(i));
  }
  pass(30);
  expect(router.guard.status).toBeUndefined();
  expect(holders()).toEqual(without(0, 1, 2, 3, 4, 5, 6, 7));
  expect(router.lookup('10.0.1.115')).toMatchObject([{ node: 'g3' }]);
});

test('the guard, where guests claim by VRRP: who resigns is gone, also while it is held', async () => {
  const { guest, claim, kill, pass, holders } = await lab('vrrp');
  kill(0, 1, 2, 3, 4);
  pass(20);
  expect(holders()).toEqual(all);
  guest(0).silent = false;
  claim(0, vip(0), 0);
  claim(7, vip(7), 0);
  expect(holders()).toEqual(without(0, 7));
});
