import { describe, expect, test } from 'vitest';
import type { BfdConfig } from '../../src/bfd/config.js';
import { type BfdChange, memoryBfd } from '../../src/bfd/index.js';
import { ManualClock } from '../../src/lib/clock.js';
import { MemoryDatagrams } from '../../src/lib/memory-datagrams.js';
import { seeded } from '../../src/lib/random.js';

const A = '10.0.0.1';
const B = '10.0.0.2';

/** Two ends that watch each other; what each was told, as words. */
function pair(a: BfdConfig = {}, b: BfdConfig = a, seed = 1) {
  const clock = new ManualClock(1_000_000);
  const datagrams = new MemoryDatagrams(clock, 1);
  const said: string[] = [];
  const changes: (BfdChange & { readonly by: string })[] = [];
  const stalls: number[] = [];
  const ends = [
    [A, B, a],
    [B, A, b],
  ] as const;
  const [one, other] = ends.map(([local, remote, config], i) => {
    const engine = memoryBfd(datagrams, clock, seeded(seed + i), local);
    if (i === 0) engine.onStall((by) => stalls.push(by));
    const watch = engine.watch(
      { local, remote, config },
      {
        changed: (change) => {
          changes.push({ ...change, by: local });
          said.push(`${local} ${change.from} > ${change.to}${change.diagnostic === 'none' ? '' : ` (${change.diagnostic})`}`);
        },
        agreed: () => {},
        failed: (reason) => said.push(`${local} failed: ${reason}`),
      },
    );
    return { engine, watch };
  });
  if (!one || !other) throw new Error('two ends');
  return { clock, datagrams, said, changes, stalls, one, other };
}

describe('a session', () => {
  test('comes up by the three-way handshake', () => {
    const { clock, said } = pair();
    clock.advance(3000);
    expect(said).toContain(`${A} down > init`);
    expect(said.filter((line) => line.endsWith('> up'))).toHaveLength(2);
  });

  test('goes down when nothing is heard for the detection time, and comes up again', () => {
    const { clock, datagrams, said, changes } = pair({ minTx: 50, minRx: 50, multiplier: 3 });
    clock.advance(5000);
    said.length = 0;
    const cut = clock.now();
    datagrams.cut(B);
    clock.advance(151);
    expect(said).toEqual([`${A} up > down (detection-time-expired)`, `${B} up > down (detection-time-expired)`].sort());
    const down = changes.at(-1);
    expect(down?.detectionTime).toBe(150);
    expect((down?.at ?? 0) - cut).toBeGreaterThan(100);
    datagrams.mend(B);
    clock.advance(3000);
    expect(said.filter((line) => line.endsWith('> up'))).toHaveLength(2);
  });

  test('agrees on the slower of what one sends and the other takes', () => {
    const { clock, changes, datagrams } = pair({ minTx: 10, minRx: 200, multiplier: 5 }, { minTx: 100, minRx: 30, multiplier: 2 });
    clock.advance(5000);
    datagrams.cut(B);
    clock.advance(2000);
    const times = Object.fromEntries(changes.filter(({ to }) => to === 'down').map(({ by, detectionTime }) => [by, detectionTime]));
    // A hears B: 2 packets of max(200, 100). B hears A: 5 packets of max(30, 10).
    expect(times).toEqual({ [A]: 400, [B]: 150 });
  });

  test('is not lost when the other end closes it: it was told', () => {
    const { clock, said, other } = pair();
    clock.advance(3000);
    said.length = 0;
    other.watch.close();
    clock.advance(10);
    expect(said).toEqual([`${A} up > down (neighbour-signalled-down)`]);
  });

  test('sends no two packets in step: 75 to 100 % of the interval', () => {
    const { clock, datagrams } = pair({ minTx: 100, minRx: 100 });
    clock.advance(5000);
    const at: number[] = [];
    datagrams.lost = () => {
      at.push(clock.now());
      return false;
    };
    clock.advance(20_000);
    // Both ends' packets: each sends about 1000 / 87.5 a second.
    expect(at.length).toBeGreaterThan(400);
    expect(at.length).toBeLessThan(535);
  });

  test('survives two packets lost of every three', () => {
    const { clock, datagrams, said } = pair({ minTx: 50, minRx: 50, multiplier: 5 });
    clock.advance(5000);
    said.length = 0;
    const sent = { [A]: 0, [B]: 0 };
    datagrams.lost = (from) => (sent[from as typeof A | typeof B]++ as number) % 3 !== 0;
    clock.advance(60_000);
    expect(said).toEqual([]);
  });

  test('raises no alarm in an hour', () => {
    const { clock, said } = pair({ minTx: 300, minRx: 300 });
    clock.advance(5000);
    said.length = 0;
    clock.advance(3600_000);
    expect(said).toEqual([]);
  });
});

describe('one who stood still', () => {
  test('does not blame the neighbour, and says so', () => {
    const clock = new ManualClock();
    /** A clock whose owner sleeps: appointments are kept late, all at once. */
    const sleepy = { ...clock, now: () => clock.now(), defer: clock.defer.bind(clock) };
    const datagrams = new MemoryDatagrams(clock, 1);
    let asleepUntil = 0;
    const slow = {
      now: sleepy.now,
      defer: sleepy.defer,
      at: (when: number, call: () => void) =>
        clock.at(when, () => {
          if (clock.now() < asleepUntil) clock.at(asleepUntil, call);
          else call();
        }),
    };
    const said: string[] = [];
    const stalls: number[] = [];
    const one = memoryBfd(datagrams, slow, seeded(1), A);
    one.onStall((by) => stalls.push(by));
    const other = memoryBfd(datagrams, clock, seeded(2), B);
    // Long enough on the other side, which hears nothing meanwhile.
    const config = { minTx: 50, minRx: 50, multiplier: 3 };
    one.watch({ local: A, remote: B, config }, { changed: ({ to }) => said.push(`${A} ${to}`), agreed: () => {}, failed: () => {} });
    other.watch(
      { local: B, remote: A, config: { ...config, multiplier: 3, minRx: 900 } },
      { changed: ({ to }) => said.push(`${B} ${to}`), agreed: () => {}, failed: () => {} },
    );
    clock.advance(5000);
    said.length = 0;
    // Nothing is heard either: what came would wait in the socket, and be read first.
    asleepUntil = clock.now() + 1000;
    datagrams.cut(B);
    clock.advance(990);
    datagrams.mend(B);
    clock.advance(2000);
    expect(stalls).toHaveLength(1);
    expect(stalls[0]).toBeGreaterThan(900);
    expect(said).toEqual([]);
  });
});

describe('packets', () => {
  test('of nobody, of a stranger, and broken ones are dropped and counted', () => {
    const { clock, one } = pair();
    clock.advance(3000);
    one.engine.receive(new Uint8Array(3), B, A, false);
    one.engine.receive(new Uint8Array(24).fill(0xff), B, A, false);
    const hello = Uint8Array.of(0x20, 0x40, 3, 24, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 0, 0x0f, 0x42, 0x40, 0, 0, 0, 0);
    one.engine.receive(hello, '10.9.9.9', A, false);
    expect(one.engine.drops).toEqual({ short: 1, version: 1, 'no-session': 1 });
  });
});
