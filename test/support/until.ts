import { expect } from 'vitest';

/**
 * Waits for what the host's sockets and threads bring about: looked at in turns of the event loop, at most {@link TRIES} times. Turns are
 * counted, not time: while the process stands still none goes by.
 */
export async function until(what: string, done: () => boolean | Promise<boolean>): Promise<void> {
  let over = await done();
  for (let tries = 0; !over && tries < TRIES; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    over = await done();
  }
  expect([what, over]).toEqual([what, true]);
}

/** Half a minute at the least. */
const TRIES = 6000;
