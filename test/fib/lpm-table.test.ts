import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LpmTable } from '../../src/fib/lpm-table.js';
import { seeded } from '../../src/lib/random.js';
import { same } from '../support/same.js';

type Words = [a: number, b: number, c: number, d: number];

/** The plainest table that can be right. */
class NaiveTable {
  readonly entries = new Map<string, { words: Words; length: number; target: number }>();
  set(words: Words, length: number, target: number): number {
    const key = `${words} ${length}`;
    const before = this.entries.get(key)?.target ?? 0;
    this.entries.set(key, { words, length, target });
    return before;
  }
  delete(words: Words, length: number): number {
    const key = `${words} ${length}`;
    const before = this.entries.get(key)?.target ?? 0;
    this.entries.delete(key);
    return before;
  }
  lookup(address: Words): number {
    let best = { length: -1, target: 0 };
    for (const entry of this.entries.values()) {
      if (entry.length > best.length && covers(entry, address)) best = entry;
    }
    return best.target;
  }
}

function covers({ words, length }: { readonly words: Words; readonly length: number }, address: Words): boolean {
  for (let i = 0, left = length; left > 0; i++, left -= 32) if (cut(address[i] as number, left) !== words[i]) return false;
  return true;
}

function masked(words: Words, length: number): Words {
  const [a, b, c, d] = words;
  return [cut(a, length), cut(b, length - 32), cut(c, length - 64), cut(d, length - 96)];
}

/** The first `bits` of a word; none or all of them where `bits` is less or more than it has. */
function cut(word: number, bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? word : (word & (-1 << (32 - bits))) >>> 0;
}

/** What a table of either family answers. */
function lookup(table: LpmTable, [a, b, c, d]: Words): number {
  return table.ipv6 ? table.lookup6(a, b, c, d) : table.lookup4(a);
}

/** Words that share long prefixes often, and fall anywhere sometimes. */
const word = fc.oneof(
  fc.constantFrom(0, 0x0a000000, 0x0a000001, 0x0a00ff00, 0x0a010000, 0xffffffff),
  fc.integer({ min: 0, max: 0xffffffff }),
);
const nearby = fc
  .tuple(fc.constantFrom(0x0a00, 0x0a01, 0xffff), fc.integer({ min: 0, max: 0xffff }))
  .map(([high, low]) => ((high << 16) | low) >>> 0);

describe.each([
  ['IPv4', false, 32, fc.oneof(nearby, word).map((a): Words => [a, 0, 0, 0])],
  ['IPv6', true, 128, fc.tuple(nearby, word, fc.constantFrom(0, 1, 0xff000000), word) as fc.Arbitrary<Words>],
] as const)('%s', (_name, ipv6, bits, address) => {
  const change = fc.record({ address, length: fc.integer({ min: 0, max: bits }), target: fc.integer({ min: 0, max: 5 }) });

  test.each([0, 600])('answers as a naive table does, %i prefixes at the start', (crowd) => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 120 }), fc.array(address, { maxLength: 30 }), (changes, addresses) => {
        const table = new LpmTable(ipv6);
        const naive = new NaiveTable();
        // A crowd elsewhere makes the table a trie.
        for (let i = 0; i < crowd; i++) {
          const words: Words = [(0xc0000000 + i * 256) >>> 0, 0, 0, 0];
          table.set(...words, 24, 9);
          naive.set(words, 24, 9);
        }
        for (const { address: at, length, target } of changes) {
          const words = masked(at, length);
          if (target === 0) same(table.delete(...words, length), naive.delete(words, length));
          else same(table.set(...words, length, target), naive.set(words, length, target));
          same(table.get(...words, length), target);
          same(lookup(table, at), naive.lookup(at));
        }
        expect(table.size).toBe(naive.entries.size);
        for (const at of addresses) same(lookup(table, at), naive.lookup(at));
      }),
      { numRuns: crowd === 0 ? 120 : 25 },
    );
  });

  test('what was freed is used again: churn does not make it grow', () => {
    const table = new LpmTable(ipv6);
    const fill = (): void => {
      for (let i = 0; i < 5000; i++) table.set((0x0a000000 + i * 64) >>> 0, 0, 0, 0, 17 + (i % 16), 1 + (i % 3));
      for (let i = 0; i < 5000; i++) lookup(table, [(0x0a000000 + i * 64) >>> 0, 0, 0, 0]);
    };
    const empty = (): void => {
      for (let i = 0; i < 5000; i++) table.delete((0x0a000000 + i * 64) >>> 0, 0, 0, 0, 17 + (i % 16));
    };
    fill();
    empty();
    fill();
    const bytes = table.bytes;
    for (let round = 0; round < 3; round++) {
      empty();
      fill();
    }
    expect(table.bytes).toBeLessThanOrEqual(bytes * 1.05);
  });
});

test('an empty table costs nothing, one of 100 prefixes less than 16 KB', () => {
  const table = new LpmTable(false);
  expect(table.bytes).toBe(0);
  for (let i = 0; i < 100; i++) table.set((0x0a000000 + i * 256) >>> 0, 0, 0, 0, 24, 1);
  expect(table.lookup4(0x0a000501)).toBe(1);
  expect(table.bytes).toBeLessThan(16_384);
});

test('changes that nobody looks at wait, go round the ring, and are answered right in the end', () => {
  const random = seeded(7);
  const table = new LpmTable(false);
  const known = new Map<string, readonly [a: number, length: number, target: number]>();
  // One expectation of a list: tens of thousands of them would take most of the time.
  const wrong = (is: (entry: readonly [a: number, length: number, target: number]) => boolean) => [...known.values()].filter(is);
  for (let i = 0; i < 60_000; i++) {
    // Two /16s that are busy and a hundred that are not, so that rings are left and chunks settled at any moment.
    const high = random() < 0.7 ? 0x0a00 + Math.floor(random() * 2) : 0x0b00 + Math.floor(random() * 100);
    const length = 17 + Math.floor(random() * 10);
    const [a] = masked([((high << 16) | Math.floor(random() * 0x1_0000)) >>> 0, 0, 0, 0], length);
    const key = `${a}/${length}`;
    const target = random() < 0.45 ? 0 : 1 + Math.floor(random() * 9);
    const before = known.get(key)?.[2] ?? 0;
    table.put(a, 0, 0, 0, length, before, target);
    if (target === 0) known.delete(key);
    else known.set(key, [a, length, target]);
    if (i % 15_000 === 14_999) expect(wrong(([at, bits, to]) => table.get(at, 0, 0, 0, bits) !== to)).toEqual([]);
  }
  expect(table.size).toBe(known.size);
  const before = wrong(([a, length, target]) => {
    const got = table.get(a, 0, 0, 0, length);
    table.delete(a, 0, 0, 0, length);
    return got !== target;
  });
  expect(before).toEqual([]);
  expect(table.size).toBe(0);
  expect(wrong(([a]) => table.lookup4(a) !== 0)).toEqual([]);
});

test('targets beyond 16 bits, with prefixes beneath them and above, are answered as the small ones were', () => {
  const table = new LpmTable(false);
  // A whole /16 with one target, a /24 with longer prefixes, and a crowd, so that it is a trie.
  for (let i = 0; i < 600; i++) table.set((0x0b000000 + i * 256) >>> 0, 0, 0, 0, 24, 1 + (i % 3));
  table.set(0x0a000000, 0, 0, 0, 16, 0x7fff);
  table.set(0x0a010100, 0, 0, 0, 24, 5);
  table.set(0x0a010104, 0, 0, 0, 30, 6);
  const answers = (): number[] => [0x0b000001, 0x0b000101, 0x0a00ffff, 0x0a010101, 0x0a010105, 0x0c000000].map((a) => table.lookup4(a));
  expect(answers()).toEqual([1, 2, 0x7fff, 5, 6, 0]);
  table.set(0x0c000000, 0, 0, 0, 8, 2 ** 30 - 1);
  table.set(0x0a010106, 0, 0, 0, 31, 0x8000);
  expect(answers()).toEqual([1, 2, 0x7fff, 5, 6, 2 ** 30 - 1]);
  expect(table.lookup4(0x0a010106)).toBe(0x8000);
  expect(table.lookup4(0x0cffffff)).toBe(2 ** 30 - 1);
  table.set(0x0a000000, 0, 0, 0, 16, 0x8000);
  table.delete(0x0c000000, 0, 0, 0, 8);
  expect(answers()).toEqual([1, 2, 0x8000, 5, 6, 0]);
});

test('what covers whole networks takes no room for each of their parts, and gives it back', () => {
  const table = new LpmTable(false);
  for (let i = 0; i < 600; i++) table.set((0x0b000000 + i * 256) >>> 0, 0, 0, 0, 24, 1);
  const everywhere = (): Set<number> => new Set(Array.from({ length: 16_384 }, (_, i) => table.lookup4((0x10000000 + i * 16_384) >>> 0)));
  expect(everywhere()).toEqual(new Set([0]));
  const bytes = table.bytes;
  for (let round = 1; round <= 20; round++) {
    table.set(0x10000000, 0, 0, 0, 8, round);
    expect(everywhere()).toEqual(new Set([round, 0]));
  }
  // A block for the target of now and for that of before it, not 20, and not one for each /18.
  expect(table.bytes - bytes).toBeLessThan(1024);
});

test('IPv6 prefixes one within another change between look-ups, and every answer is that of the moment', () => {
  const random = seeded(11);
  const pick = (below: number): number => Math.floor(random() * below);
  const lengths = [128, 64, 56, 52, 48, 47, 44, 41, 40, 36, 33, 32, 31, 29, 28, 25, 24, 20, 16, 12, 0];
  const table = new LpmTable(true);
  const known = new Map<string, number>();
  const wrong: string[] = [];
  // Few octets, so that nodes get many leaves and few again, and one address lies under many prefixes.
  const anywhere = (): Words => [
    (0x2a000000 + pick(2) * 0x10000 + pick(3) * 0x100 + pick(4)) >>> 0,
    ((pick(3) << 30) | (pick(40) << 24) | (pick(40) << 16) | pick(2)) >>> 0,
    pick(2),
    pick(2),
  ];
  for (let i = 0; i < 600; i++) table.set((0x24000000 + i * 0x100) >>> 0, 0, 0, 0, 24, 9);
  for (let step = 0; step < 16_000; step++) {
    // Long quiet times, so that much is remembered, and bursts.
    if (random() < 0.3) {
      const length = lengths[pick(lengths.length)] as number;
      const words = masked(anywhere(), length);
      const key = `${words}/${length}`;
      const target = step % 4_000 > 2_000 ? pick(2) : pick(6);
      if (table.set(...words, length, target) !== (known.get(key) ?? 0)) wrong.push(key);
      if (target === 0) known.delete(key);
      else known.set(key, target);
    }
    const at = anywhere();
    const covering = lengths.find((length) => known.has(`${masked(at, length)}/${length}`));
    const target = covering === undefined ? 0 : known.get(`${masked(at, covering)}/${covering}`);
    if (table.lookup6(...at) !== target) wrong.push(`${at} after ${step} steps`);
  }
  expect(wrong).toEqual([]);
});
