import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.js';
import { TimerHeap } from '../../src/lib/timers.js';
import { Reassembly } from '../../src/stack/reassembly.js';

/** Octets that say where they are. */
const part = (at: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => at + i);
type Fragment = readonly [at: number, length: number, more: boolean];

function added(fragments: readonly Fragment[]): (Uint8Array | undefined | null)[] {
  const reassembly = new Reassembly(new TimerHeap(new ManualClock()), () => {});
  return fragments.map(([at, length, more]) => {
    const whole = reassembly.add('a', at, more, part(at, length), 17);
    return whole ? whole.payload : whole;
  });
}

test('fragments are put together in any order', () => {
  const fragments: Fragment[] = [
    [0, 16, true],
    [16, 8, true],
    [24, 5, false],
  ];
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ])
    expect(added(order.flatMap((i) => fragments.slice(i, i + 1))).at(-1)).toEqual(part(0, 29));
});

test('a fragment that comes twice counts once, the last one too', () => {
  const [first, last]: Fragment[] = [
    [0, 16, true],
    [24, 5, false],
  ];
  expect(added([first, first, last, last, first, [16, 8, true]] as Fragment[])).toEqual([...Array(5).fill(undefined), part(0, 29)]);
});

test('the first fragment says what the datagram is (RFC 8200 §4.5)', () => {
  const reassembly = new Reassembly(new TimerHeap(new ManualClock()), () => {});
  reassembly.add('a', 8, false, part(8, 8), 6);
  expect(reassembly.add('a', 0, true, part(0, 8), 58)?.protocol).toBe(58);
  reassembly.add('b', 0, true, part(0, 8), 58);
  expect(reassembly.add('b', 8, false, part(8, 8), 6)?.protocol).toBe(58);
});

describe('a datagram is given up', () => {
  const cases: readonly (readonly [why: string, fragments: readonly Fragment[]])[] = [
    [
      'where two overlap (RFC 5722)',
      [
        [0, 16, true],
        [8, 16, true],
      ],
    ],
    [
      'where one lies beyond the last one',
      [
        [8, 16, false],
        [64, 8, true],
      ],
    ],
    [
      'where the last one comes and others lie beyond it',
      [
        [64, 16, true],
        [0, 16, false],
      ],
    ],
    [
      'where the last one is empty, and would end it before others',
      [
        [64, 16, true],
        [16, 0, false],
      ],
    ],
    [
      'where there are two last ones',
      [
        [64, 8, false],
        [32, 8, false],
      ],
    ],
    ['where one of the middle is no multiple of eight octets', [[0, 13, true]]],
    [
      'where one comes twice, with other octets',
      [
        [0, 16, true],
        [0, 8, true],
      ],
    ],
    [
      'where one comes twice, as the last one too',
      [
        [0, 16, true],
        [0, 16, false],
      ],
    ],
    ['where it is longer than one may be', [[65_528, 16, false]]],
  ];
  test.each(cases)('%s', (_why, fragments) => {
    expect(added(fragments).at(-1)).toBeNull();
  });
});

test('property: whatever comes is whole, waits or is given up', () => {
  const fragment = fc.tuple(fc.nat(6), fc.nat(24), fc.boolean()).map(([at, length, more]): Fragment => [at * 8, length, more]);
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 8 }), (fragments) => {
      for (const result of added(fragments)) if (result) expect(result).toEqual(part(0, result.length));
    }),
    { numRuns: 2000 },
  );
});

test('what is not whole in 30 s is given up by itself, the oldest of 64 before that, and nothing is kept of either', () => {
  const clock = new ManualClock(1_000_000);
  const timers = new TimerHeap(clock);
  const late: (number | undefined)[] = [];
  const reassembly = new Reassembly(timers, (first) => late.push(first?.[0]));
  for (let i = 0; i < 65; i++) {
    reassembly.add(`${i}`, i === 1 ? 8 : 0, true, part(0, 8), 17);
    if (i !== 1) reassembly.began(`${i}`, Uint8Array.of(i));
    if (i < 3) clock.advance(5000);
  }
  expect(late).toEqual([undefined]);
  clock.advance(20_000);
  // Of the second the first part never came.
  expect(late).toEqual([undefined, undefined]);
  clock.advance(5000);
  expect(late.slice(2)).toEqual([2]);
  clock.advance(5000);
  expect([late.length, reassembly.deadline]).toEqual([65, undefined]);
});
