import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { doNotWait, StreamOutput } from '../../src/cli/stream-output.js';

/** A stream whose reader takes what it is told to, and what its output told. */
function lab() {
  const told: string[] = [];
  let taken = 0;
  let go: ((error?: Error | null) => void) | undefined;
  const stream = new Writable({
    emitClose: false,
    write: (chunk: Buffer, _encoding, done) => {
      taken += chunk.length;
      go = done;
    },
  });
  const events = { unread: () => void told.push('unread'), failed: (reason: string) => void told.push(reason) };
  const output = new StreamOutput(stream, false, events);
  const step = (error?: NodeJS.ErrnoException) => {
    const done = go;
    go = undefined;
    done?.(error);
    return done !== undefined;
  };
  return { output, told, step, taken: () => taken };
}
const MEGABYTE = 'x'.repeat(1 << 20);

test('what a reader leaves waits, up to a bound; beyond it lines are left out, which is told once', async () => {
  const { output, told, step, taken } = lab();
  for (let i = 0; i < 17; i++) output.write(MEGABYTE);
  expect([told, output.failure, output.waits]).toEqual([[], undefined, true]);
  for (let i = 0; i < 17; i++) output.write(MEGABYTE);
  expect(told).toEqual(['its reader does not keep up, and lines are left out']);
  expect(output.failure).toBe(told[0]);
  while (step()) await turn();
  expect([taken(), output.waits]).toEqual([17 << 20, false]);
  // It keeps up again.
  output.write(MEGABYTE);
  expect(taken()).toBe(18 << 20);
});

test('who can wait is told when there is room, or when there will be none', async () => {
  const { output, told, step } = lab();
  await output.ready();
  for (const error of [undefined, Object.assign(new Error('EPIPE'), { code: 'EPIPE' })]) {
    output.write(MEGABYTE);
    let ready = false;
    const waiting = output.ready().then(() => {
      ready = true;
    });
    await turn();
    expect(ready).toBe(false);
    step(error);
    await waiting;
  }
  expect([told, output.failure]).toEqual([['unread'], undefined]);
  await output.ready();
});

test('an error that may pass is told once', async () => {
  const { output, told, step } = lab();
  output.write('x');
  step(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }));
  await turn();
  expect([told, output.failure, output.waits]).toEqual([['no space left on device'], 'no space left on device', false]);
});

test.skipIf(process.platform === 'win32')(
  'a terminal is not waited for, so that one that was stopped stops nothing; other streams stay as they are',
  () => {
    const said: unknown[] = [];
    const stream = (isTTY: boolean) =>
      Object.assign(new Writable(), { isTTY, _handle: { setBlocking: (blocking: boolean) => said.push([isTTY, blocking]) } });
    for (const isTTY of [true, false]) doNotWait(stream(isTTY));
    doNotWait(Object.assign(new Writable(), { isTTY: true }));
    expect(said).toEqual([[true, false]]);
  },
);
