import { describe, expect, test } from 'vitest';
import { Path, type PathOptions, pattern, Sink } from './path.js';

/** Sends so many octets each way, and says how long it took. */
function exchange(options: PathOptions, octets: number, config = {}, other = config) {
  const path = new Path(options, config, other);
  const accepted = path.b.serve();
  const dialled = path.a.dial();
  path.clock.advance(60_000);
  const [far] = accepted;
  const near = dialled.sink;
  if (!far || !near) throw new Error(`no connection: ${dialled.failed}`);
  const start = path.clock.now();
  near.pour(octets);
  let largest = 0;
  for (let i = 0; far.octets < octets && i < 100_000; i++) {
    path.clock.advance(100);
    largest = Math.max(largest, path.b.stack.held);
  }
  const time = path.clock.now() - start;
  path.clock.advance(300_000);
  return { path, near, far, time, largest };
}

describe('our stack against itself', () => {
  test('opens, carries every octet, and closes at both ends', () => {
    const { near, far, path } = exchange({ delay: 5 }, 600_000);
    expect([far.octets, far.right, far.closed, near.closed]).toEqual([600_000, true, undefined, undefined]);
    expect([path.a.stack.size, path.b.stack.size]).toEqual([0, 0]);
  });

  test('an end that does not read for minutes still sends, and is not given up', () => {
    const path = new Path({ delay: 5 });
    const accepted = path.b.serve();
    const dialled = path.a.dial();
    path.clock.advance(100);
    const [far] = accepted;
    const near = dialled.sink;
    if (!near || !far) throw new Error('no connection');
    near.connection.pause();
    far.pour(600_000);
    for (let i = 0; i < 60; i++) {
      near.connection.write(pattern(10_000 * i, 10_000));
      path.clock.advance(10_000);
    }
    expect([far.octets, far.right, far.closed, near.closed]).toEqual([600_000, true, null, null]);
    near.connection.resume();
    path.clock.advance(100_000);
    expect([near.octets, near.right]).toEqual([600_000, true]);
  });

  test('both ends may dial each other at once', () => {
    const path = new Path({ delay: 5 });
    const sinks: Sink[] = [];
    for (const end of [path.a, path.b]) {
      const remote = { address: end.other?.address ?? '', port: 179 };
      end.stack.dial({ remote, localPort: 179 }, { connected: (one) => void sinks.push(new Sink(one)), failed: () => {} });
    }
    path.clock.advance(1000);
    expect([sinks.length, path.passed]).toEqual([2, 6]);
    sinks[0]?.pour(5000);
    path.clock.advance(1000);
    expect([sinks[1]?.octets, sinks[1]?.right]).toEqual([5000, true]);
  });

  test.each([
    ['0.1 % loss and 5 ms', { delay: 2.5, loss: 0.001 }, 1_500_000, 4_000],
    ['5 % loss and 200 ms', { delay: 100, loss: 0.05 }, 1_000_000, 120_000],
    ['5 % loss, reordering and doubles at 20 ms', { delay: 10, loss: 0.05, double: 0.05, reorder: 0.1 }, 1_000_000, 30_000],
  ])('through %s every octet arrives, once and in order', (_name, options, octets, most) => {
    const { far, near, time, largest } = exchange(options, octets);
    expect([far.octets, far.right, far.closed, near.closed]).toEqual([octets, true, undefined, undefined]);
    expect(time).toBeLessThan(most);
    expect(largest).toBeLessThanOrEqual(262_144);
  });

  test.each([
    ['without selective acknowledgement', { sack: false }],
    ['without timestamps', { timestamps: false }],
    ['without window scaling', { windowScaling: false }],
    ['without any of them', { sack: false, timestamps: false, windowScaling: false }],
    ['with Nagle', { nagle: true }],
  ])('%s it loses speed and no octet', (_name, config) => {
    const { far, near } = exchange({ delay: 5, loss: 0.02, reorder: 0.05 }, 300_000, config, {});
    expect([far.octets, far.right, far.closed, near.closed]).toEqual([300_000, true, undefined, undefined]);
  });
});
