/**
 * The router of the soak, in a process of its own, so that what it takes can be measured. It watches its own changes: that none is missing,
 * none out of order, and each begins where the one before it ended.
 */
import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ForwarderService } from '../../src/forwarder/index.js';
import { nodeHost, VirtualRouter } from '../../src/index.js';
import { acceptAtPath } from '../../src/io/index.js';
import type { RouterConfig } from '../../src/router/config.js';
import { spelt, Witness } from './witness.js';

/** What the router's process says by itself. */
export type RouterNews =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'session'; readonly node: string; readonly from: string; readonly to: string; readonly reason: string }
  | { readonly type: 'violation'; readonly text: string }
  /** The process stood still for so many milliseconds. */
  | { readonly type: 'stall'; readonly by: number }
  | { readonly type: 'sample'; readonly sample: Sample }
  | {
      readonly type: 'mapping';
      readonly mapping: readonly (readonly [prefix: string, nodes: string])[];
      readonly counts: Counts;
      /** How each guest's session stands, for when something is not as it should be. */
      readonly sessions: Readonly<Record<string, string>>;
    };

/** What it takes, at a moment, after all garbage is gone. */
export interface Sample {
  /** Milliseconds since it runs. */
  readonly at: number;
  /** Octets: objects; columns and buffers, which the system gives as they are first written; and what the process has of the system. */
  readonly heap: number;
  readonly columns: number;
  readonly rss: number;
  readonly handles: number;
}

export interface Counts {
  readonly changes: number;
  readonly refused: number;
  readonly malformed: number;
  /** Of the event loop's delay, milliseconds. */
  readonly delay: { readonly median: number; readonly p99: number; readonly most: number };
  readonly user: number;
}

const SAMPLE_EVERY = 5000;
const LOOK_EVERY = 700;
/** Milliseconds between two looks whether the process stands still, and how long it does before it is told. */
const BEAT = 250;
const STALL = 2000;

const [text = '', socket = ''] = process.argv.slice(2);
const router = new VirtualRouter(JSON.parse(text) as RouterConfig);
const say = (news: RouterNews): void => void process.send?.(news);
const wrong = (violation: string): void => say({ type: 'violation', text: violation });
const delay = monitorEventLoopDelay({ resolution: 1 });

let refused = 0;
let malformed = 0;
router.on('session-refused', () => void refused++);
router.on('claim-rejected', ({ total }) => {
  refused += total;
});
router.on('message-malformed', () => void malformed++);
router.on('session-change', ({ node, from, to, reason }) => {
  if (to === 'established' || from === 'established') say({ type: 'session', node, from, to, reason: reason ?? '' });
});
router.on('listener-error', ({ error }) => wrong(`a listener threw: ${String(error)}`));
router.on('listening', ({ port }) => say({ type: 'listening', port }));

await router.start();
const service = new ForwarderService({ clock: nodeHost().clock, accept: (accepted) => acceptAtPath(socket, accepted) });
await service.open();
service.serve(router.network);

const listener = new Witness('the listener', router, wrong);
const resumer = new Witness('the one that resumes', router, wrong);
router.on('mapping-change', ({ changes }) => {
  for (const change of changes) listener.take(change);
});
const resume = (): void => {
  const since = router.changesSince(resumer.position);
  if (since.type === 'snapshot') {
    wrong('the journal did not go back as far as it was asked to');
    return;
  }
  for (const entry of since.changes) if (entry.type === 'mapping-change') resumer.take(entry);
};
setInterval(resume, LOOK_EVERY);
let beat = performance.now();
setInterval(() => {
  const now = performance.now();
  if (now - beat > STALL + BEAT) say({ type: 'stall', by: now - beat - BEAT });
  beat = now;
}, BEAT);
delay.enable();
const began = performance.now();
setInterval(() => {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  say({
    type: 'sample',
    sample: { at: performance.now() - began, heap: heapUsed, columns: arrayBuffers, rss, handles: readdirSync('/proc/self/fd').length },
  });
}, SAMPLE_EVERY);

process.on('message', (order: 'mapping' | 'stop') => {
  if (order === 'stop') {
    void service
      .close()
      .then(() => router.stop())
      .then(() => process.exit(0));
    return;
  }
  resume();
  listener.compare();
  resumer.compare();
  const ms = (nanoseconds: number): number => Math.round(nanoseconds / 1e4) / 100;
  say({
    type: 'mapping',
    mapping: [...router.mapping()].map(({ prefix, targets }) => [prefix, spelt(targets)]),
    sessions: Object.fromEntries(
      router
        .neighbours()
        .map(({ node, state, lastDown, claims, claimsRefused }) => [
          node,
          `${state}, ${claims} claims, ${claimsRefused} refused, last down: ${lastDown ?? 'never'}`,
        ]),
    ),
    counts: {
      changes: listener.changes,
      refused,
      malformed,
      delay: { median: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), most: ms(delay.max) },
      user: process.cpuUsage().user / 1e6,
    },
  });
});
process.on('disconnect', () => process.exit(0));
