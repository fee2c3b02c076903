import { expect, test } from 'vitest';
import { parseAddress } from '../../../src/lib/address.js';
import { InitialNumbers } from '../../../src/stack/tcp/isn.js';

const ends = { local: parseAddress('10.0.1.1'), localPort: 179, remote: parseAddress('10.0.1.10'), remotePort: 40_000 };
const numbers = (secret = 1) => new InitialNumbers(new Uint8Array(32).fill(secret));

test('the numbers of two ends go up by one each four microseconds, and round (RFC 6528 §3)', () => {
  const own = numbers();
  const { iss } = own.for(ends, 0);
  for (const [later, more] of [
    [1, 250],
    [60_000, 15_000_000],
    // The clock goes round in 4.77 hours; a day later it is where its remainder says.
    [17_179_869, 4_294_967_250],
    [86_400_000, 86_400_000 * 250],
  ] as const)
    expect((own.for(ends, later).iss - iss) >>> 0).toBe(more % 0x1_0000_0000);
});

test('other ends, or another secret, begin elsewhere, and timestamps too (RFC 7323 §5.4)', () => {
  const places = [
    numbers().for(ends, 0),
    numbers().for({ ...ends, remotePort: 40_001 }, 0),
    numbers().for({ ...ends, localPort: 180 }, 0),
    numbers().for({ ...ends, remote: parseAddress('10.0.1.11') }, 0),
    numbers().for({ ...ends, local: parseAddress('10.0.1.2') }, 0),
    numbers(2).for(ends, 0),
  ];
  for (const pick of ['iss', 'timestampOffset'] as const) {
    const values = places.map((place) => place[pick]);
    expect(new Set(values).size).toBe(places.length);
    // Not next to each other: one says nothing of another.
    for (const [i, value] of values.entries())
      for (const other of values.slice(i + 1)) expect(Math.abs(value - other)).toBeGreaterThan(65_536);
  }
});
