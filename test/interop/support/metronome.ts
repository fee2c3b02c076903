/**
 * Looks at the clock every two milliseconds, on one processor and before all else that runs there, and says when it could not: somebody
 * else's machine had the processor then, and whatever was to run on it stood still too. Run by `Metronomes`.
 */
import { writeSync } from 'node:fs';

const BEAT = 2;
/** Milliseconds of standing still that are worth a line. */
const WORTH = 5;

const cell = new Int32Array(new SharedArrayBuffer(4));
const now = (): number => performance.timeOrigin + performance.now();
let last = now();
const say = (at: number): void => void writeSync(1, `${JSON.stringify({ since: last, at })}\n`);
say(last);
for (;;) {
  Atomics.wait(cell, 0, 0, BEAT);
  const at = now();
  if (at - last > WORTH) say(at);
  last = at;
}
