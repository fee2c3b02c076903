import { expect, test } from 'vitest';
import { ChangeLog } from '../../src/fib/change-log.js';

/** A log of four chunks that notes which were settled. */
function logOf(): { readonly log: ChangeLog; readonly settled: number[] } {
  const settled: number[] = [];
  const log: ChangeLog = new ChangeLog(4, (chunk) => {
    settled.push(chunk);
    log.take(chunk, new Uint32Array(4096), new Uint32Array(128));
  });
  return { log, settled };
}

test('the newest value of a key is found, and the newest of each is taken', () => {
  const { log } = logOf();
  log.append(1, 7, 100, 10);
  log.append(2, 7, 200, 10);
  log.append(1, 7, 101, 10);
  log.append(1, 9, 0, 10);
  expect([log.find(1, 7, 99), log.find(1, 9, 99), log.find(1, 8, 99), log.find(3, 7, 99)]).toEqual([101, 0, -1, -1]);
  expect(log.find(1, 7, 1)).toBe(-2);
  const values = new Uint32Array(4096);
  const keys = new Uint32Array(128);
  log.take(1, values, keys);
  expect([values[7], values[9], keys[0]]).toEqual([101, 0, (1 << 7) | (1 << 9)]);
  expect([log.waiting, log.newest[1], log.find(2, 7, 99)]).toEqual([1, 0, 200]);
});

test('a full ring settles the chunk whose change stands in the way, and never grows past its bound', () => {
  const { log, settled } = logOf();
  const most = 20_000;
  for (let i = 0; i < 200_000; i++) log.append(i % 4, i % 4096, i, most);
  expect(settled.length).toBeGreaterThan(0);
  expect(log.waiting).toBeLessThanOrEqual(most + 8192);
  expect(log.bytes).toBeLessThan((most + 8192) * 12 + 64);
  for (let chunk = 0; chunk < 4; chunk++) log.take(chunk, new Uint32Array(4096), new Uint32Array(128));
  expect(log.waiting).toBe(0);
  expect(log.bytes).toBeLessThan(8192 * 12 + 64);
});
