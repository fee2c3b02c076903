import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { BfdThread } from '../../src/io/index.js';
import { pairs, TIMERS } from './support/bfd-pairs.js';
import { realTime } from './support/real-time.js';
import { undisturbed } from './support/undisturbed.js';

const program = fileURLToPath(new URL('./support/bfd-peers.ts', import.meta.url));
const children: ChildProcess[] = [];

/** Peers in a process of their own, from the `from`th on. */
function peers(from: number, count: number): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', program, String(from), String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

const SCHED_RR = 2;
/** How each thread of this process is scheduled: field 41 of its `stat`, after its name. */
function policies(): number[] {
  return readdirSync('/proc/self/task').map((thread) =>
    Number(
      readFileSync(`/proc/self/task/${thread}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[38],
    ),
  );
}

const watches: { close(): void }[] = [];

async function end(): Promise<void> {
  for (const watch of watches.splice(0)) watch.close();
  const ended = children.splice(0).map((child) => {
    child.kill('SIGKILL');
    return child.exitCode ?? child.signalCode ?? once(child, 'exit');
  });
  await Promise.all(ended);
}

async function scenario(): Promise<void> {
  const all = [...pairs(0, 199), ...pairs(199, 1)];
  peers(0, 199);
  const one = peers(199, 1);
  const thread = new BfdThread();
  const up = new Set<string>();
  const downs: { readonly remote: string; readonly at: number; readonly diagnostic: string }[] = [];
  const failures: string[] = [];
  let resolve: () => void = () => {};
  const ready = new Promise<void>((done) => {
    resolve = done;
  });
  for (const [own, other] of all) {
    const watch = thread.watch(
      { local: own, remote: other, config: TIMERS },
      {
        changed: ({ from, to, at, diagnostic }) => {
          if (to === 'up' && up.add(other).size === all.length) resolve();
          else if (from === 'up') downs.push({ remote: other, at, diagnostic });
        },
        agreed: () => {},
        failed: (reason) => failures.push(reason),
      },
    );
    watches.push(watch);
  }
  await ready;
  // Once more, so that the fast intervals are agreed upon everywhere.
  const settled = performance.now();
  await expect.poll(() => performance.now() - settled > 2000, { timeout: 10_000, interval: 100 }).toBe(true);
  if (realTime(1).length > 0) expect(policies()).toContain(SCHED_RR);
  downs.length = 0;
  one.kill('SIGKILL');
  const until = performance.now() + 1000;
  while (performance.now() < until);
  const unblocked = performance.timeOrigin + performance.now();
  // Nothing can have been heard of yet: what is heard now was seen by the thread in the meantime.
  expect(downs).toEqual([]);
  await expect.poll(() => downs.length, { timeout: 10_000 }).toBeGreaterThan(0);
  expect(downs).toMatchObject([{ remote: pairs(199, 1)[0]?.[1], diagnostic: 'detection-time-expired' }]);
  expect(downs[0]?.at).toBeLessThan(unblocked);
  expect(failures).toEqual([]);
}

it(
  '200 sessions at 50 ms x 3 stay up while the main thread is blocked, and one whose peer is killed meanwhile is noticed then',
  () =>
    undisturbed(TIMERS.minTx, async () => {
      try {
        await scenario();
      } finally {
        await end();
      }
    }),
  120_000,
);
