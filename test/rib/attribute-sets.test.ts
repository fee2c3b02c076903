import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AttributeSets } from '../../src/rib/attribute-sets.js';

/** A canonical set: ORIGIN, an AS_PATH, and some communities; some lengths are not whole words. */
function octetsOf({ origin, path, communities }: { origin: number; path: number[]; communities: number[] }): Uint8Array {
  const octets = [0x40, 1, 1, origin, 0x40, 2, path.length === 0 ? 0 : 2 + 4 * path.length];
  if (path.length > 0) octets.push(2, path.length, ...path.flatMap((asn) => [0, 0, asn >> 8, asn & 255]));
  if (communities.length === 0) return Uint8Array.from(octets);
  octets.push(0xd0, 8, (4 * communities.length) >> 8, (4 * communities.length) & 255);
  const set = Buffer.alloc(octets.length + 4 * communities.length);
  set.set(octets);
  communities.forEach((value, i) => {
    set.writeUInt32BE(0x1_0000 + value, octets.length + 4 * i);
  });
  return new Uint8Array(set);
}

const set = fc.record({
  origin: fc.nat(2),
  path: fc.array(fc.nat(3), { maxLength: 3 }),
  communities: fc.oneof(fc.array(fc.nat(2), { maxLength: 2 }), fc.constant(Array.from({ length: 700 }, (_, i) => i))),
});

it('keeps each set once, as long as it has users, against a naive model', () => {
  const command = fc.oneof(
    fc.record({ intern: set }),
    fc.record({ release: fc.nat() }),
    fc.record({ bury: fc.nat(5) }),
    fc.constant({ compact: true } as const),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120 }), fc.boolean(), (commands, reserved) => {
      const sets = new AttributeSets();
      if (reserved) sets.reserve(1000, 600_000);
      const users = new Map<string, { id: number; users: number; octets: Uint8Array }>();
      for (const one of commands) {
        if ('intern' in one) {
          const octets = octetsOf(one.intern);
          // As it comes: in the middle of something else.
          const chunk = Uint8Array.from([9, ...octets, 9, 9]);
          const id = sets.intern(chunk, 1, 1 + octets.length);
          const key = octets.join();
          const known = users.get(key);
          if (known) {
            expect(id).toBe(known.id);
            known.users++;
          } else users.set(key, { id, users: 1, octets });
        } else if ('release' in one) {
          const [key, known] = [...users][one.release % Math.max(1, users.size)] ?? [];
          if (key === undefined || !known) continue;
          sets.release(known.id);
          if (--known.users === 0) users.delete(key);
        } else if ('bury' in one) sets.bury(one.bury);
        else while (sets.compact());
        expect(sets.size).toBe(users.size);
        const wrong = [...users.values()].filter(
          ({ id, octets, users: count }) => sets.users(id) !== count || Buffer.compare(sets.copy(id), octets) !== 0,
        );
        expect(wrong).toEqual([]);
      }
      expect(new Set([...users.values()].map(({ id }) => id)).size).toBe(users.size);
    }),
    { numRuns: 60 },
  );
});

it.each([0, 1_000_000])('holds what fills many pages, while most of it goes and pages are emptied; %i octets reserved', (octets) => {
  const sets = new AttributeSets();
  if (octets > 0) sets.reserve(1000, octets);
  const long = Array.from({ length: 600 }, (_, i) => i);
  let held: { id: number; octets: Uint8Array }[] = [];
  for (let round = 0; round < 12; round++) {
    while (sets.compact(100_000));
    for (let i = 0; i < 300; i++) {
      const own = octetsOf({ origin: 0, path: [round + 1, i + 1], communities: long.slice(0, 200 + ((i * 7) % 400)) });
      held.push({ id: sets.intern(own, 0, own.length), octets: own });
    }
    // Of every three sets two stay, and in the end one in ten.
    const stays = (i: number) => (round < 9 ? i % 3 !== 0 : i % 10 === 0);
    for (const { id } of held.filter((_, i) => !stays(i))) sets.release(id);
    held = held.filter((_, i) => stays(i));
    while (sets.bury(100));
    expect(held.filter(({ id, octets: own }) => Buffer.compare(sets.copy(id), own) !== 0)).toEqual([]);
  }
  expect(held.length).toBeGreaterThan(10);
});

it('reads the keys of the decision from a set, defaults where it has none', () => {
  const sets = new AttributeSets();
  const plain = octetsOf({ origin: 0, path: [7, 8], communities: [] });
  const first = sets.intern(plain, 0, plain.length);
  expect([sets.localPrefOf(first), sets.originatorIdOf(first), sets.clusterLengthOf(first)]).toEqual([100, 0, 0]);
  expect([sets.originOf(first), sets.pathLengthOf(first), sets.neighbourAsOf(first), sets.originAsOf(first)]).toEqual([0, 2, 7, 8]);
  const full = Uint8Array.from([
    ...[0x40, 1, 1, 2, 0x40, 2, 6, 2, 1, 0, 0, 0, 7, 0x80, 4, 4, 0, 0, 0, 5],
    ...[0x40, 5, 4, 0, 0, 0, 200, 0x80, 9, 4, 1, 2, 3, 4, 0x80, 10, 8, 0, 0, 0, 1, 0, 0, 0, 2],
  ]);
  const second = sets.intern(full, 0, full.length);
  expect([sets.localPrefOf(second), sets.originatorIdOf(second), sets.clusterLengthOf(second)]).toEqual([200, 0x01020304, 2]);
  expect(sets.medOf(second)).toBe(5);
  // What was made room for because of the second says nothing of the first.
  expect([sets.localPrefOf(first), sets.originatorIdOf(first), sets.clusterLengthOf(first)]).toEqual([100, 0, 0]);
});

it('puts sets on the account of who brought them first', () => {
  const sets = new AttributeSets();
  const one = octetsOf({ origin: 0, path: [1], communities: [] });
  const two = octetsOf({ origin: 0, path: [2], communities: [] });
  sets.intern(one, 0, one.length);
  const account = sets.openAccount();
  sets.payer = account;
  const brought = sets.intern(two, 0, two.length);
  sets.intern(one, 0, one.length);
  sets.payer = 0;
  expect(sets.account(account)).toMatchObject({ sets: 1, octets: two.length });
  sets.release(brought);
  sets.bury(10);
  expect(sets.account(account)).toMatchObject({ sets: 0, octets: 0 });
});

it.each([
  ['buried', 'and then others come and go'],
  ['unburied', 'and then others come, to stay'],
])('finds every set after a great many have gone, %s, %s', (gone) => {
  const sets = new AttributeSets();
  const med = (value: number): Uint8Array => {
    const octets = Uint8Array.of(0x40, 1, 1, 0, 0x40, 2, 0, 0x80, 4, 4, 0, 0, 0, 0);
    new DataView(octets.buffer).setUint32(10, value);
    return octets;
  };
  const intern = (value: number): number => sets.intern(med(value), 0, 14);
  // Just before the hash of 131,072 grows.
  const first = Array.from({ length: 78_000 }, (_, i) => intern(i));
  for (const id of first) sets.release(id);
  if (gone === 'buried') while (sets.bury(10_000));
  const held: { readonly id: number; readonly value: number }[] = [];
  for (let value = 100_000; value < 220_000; value++) {
    const id = intern(value);
    if (gone === 'unburied' ? held.length < 20_000 : value % 20_000 === 0) held.push({ id, value });
    else {
      sets.release(id);
      sets.bury(10);
    }
  }
  while (sets.bury(10_000));
  expect(sets.size).toBe(held.length);
  for (const { id, value } of held) expect(intern(value)).toBe(id);
});
