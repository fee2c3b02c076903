/**
 * `npm run soak -- [--minutes 10] [--hours 24] [--seed 1] [--guests 50]`: a router and many guests, each in a process of its own, and no
 * peace; and then as many hours of the same in memory, on a clock that is turned by hand (`soak/day.ts`). Zero of either leaves it out.
 *
 * Guests announce, withdraw and flap addresses that several may claim, one at a time or together. They are killed (SIGKILL) and started again,
 * stopped (SIGSTOP) for less than the hold time, which must do nothing, and for longer. Every other one is at a port of the router
 * and speaks by the library's own TCP over frames that are lost, late and doubled. Three more have no grant, and say what is malformed, too
 * much, or nothing. Somebody follows the router as a forwarder does, and is cut off now and then.
 *
 * Where the router's process got no processor for seconds, what ends then is the machine's fault: it is counted by itself, and said.
 *
 * Every half minute and at the end the mapping must be the one worked out from who is alive and what those claim; no change may be missing or out
 * of order; no session may end whose guest had no fault. What does not hold is printed, and the exit code is 1. Printed besides: what the
 * router's process takes, after garbage collection: its memory's slope, its handles, and how late its event loop was.
 *
 * The plan follows from the seed; what the machine makes of it in which millisecond does not. Linux only (127.0.0.0/8, /proc). Not part of
 * `npm test`. BFD is not in it: on a machine that is full of guests its intervals mean nothing.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { MemoryForwardingTable } from '../src/core.js';
import { Follower } from '../src/forwarder/index.js';
import { dialPath, SystemClock } from '../src/io/index.js';
import { seeded } from '../src/lib/random.js';
import { soakDay } from './soak/day.js';
import type { GuestOrder } from './soak/guest.js';
import { contested, type GuestPlan, guestPlan, HOLD_TIME, HOSTILE, hostileAddress, mappingOf, routerPlan, shared } from './soak/plan.js';
import type { Counts, RouterNews, Sample } from './soak/router.js';
import { slope } from './soak/slope.js';

/** Between two things that happen, milliseconds at most. */
const PACE = 120;
/** Stops that are no fault, and that are one: seconds, from and to. */
const SHORT_STOP = [0.5, 4] as const;
const LONG_STOP = [HOLD_TIME + 4, HOLD_TIME + 9] as const;
/** Guests that are dead or stopped at once, at most. */
const MOST_AWAY = 0.3;
/** Milliseconds between two looks at the mapping, and how long it may take to be right. */
const LOOK_EVERY = 30_000;
const RIGHT_WITHIN = 60_000;
/** The forwarder's end is cut off so often. */
const CUT_EVERY = 20_000;
/** The first part of the time, in which memory may grow: caches fill, code is compiled. */
const WARM_UP = 0.25;
/** What objects may grow by in the time that is measured, beside a megabyte of noise: a share of what they were. */
const MOST_GROWTH = 0.1;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    hours: { type: 'string', default: '24' },
    seed: { type: 'string', default: '1' },
    guests: { type: 'string', default: '50' },
  },
});
const minutes = Number(values.minutes);
const hours = Number(values.hours);
const seed = Number(values.seed);
const count = Number(values.guests);
if (!(minutes >= 0) || !(hours >= 0) || !Number.isInteger(seed) || !(count >= 2 && count <= 200)) {
  console.error('expected --minutes and --hours of 0 or more, --seed a whole number, --guests from 2 to 200');
  process.exit(2);
}
const random = seeded(seed);
const upTo = (most: number): number => Math.floor(random() * most);
const between = ([from, to]: readonly [number, number]): number => from + random() * (to - from);
const oneOf = <T>(list: readonly T[]): T | undefined => list[upTo(list.length)];

/** Sessions that ended without a fault of their guests, and when the router's process had stood still, by the time that it was told. */
const ended: { readonly at: number; readonly text: string }[] = [];
const stalls: { readonly at: number; readonly by: number }[] = [];
const violations: string[] = [];
const violated = (text: string): void => {
  if (violations.length < 50) console.log(`VIOLATION after ${Math.round((performance.now() - began) / 1000)} s: ${text}`);
  violations.push(text);
};
let began = performance.now();
const done = { announced: 0, withdrawn: 0, flaps: 0, kills: 0, shortStops: 0, longStops: 0, looks: 0, cuts: 0 };

/** A guest, as the soak knows it. */
class Guest {
  readonly claims = new Set<string>();
  child: ChildProcess | undefined;
  stopped = false;
  /** From when it is killed, or stopped for too long, until its session is up again: whatever becomes of the session is its own fault. */
  faulty = false;
  up = false;

  constructor(readonly plan: GuestPlan) {}

  start(): void {
    const child = fork(bundle('guest'), [JSON.stringify(this.plan), String(routerPort), String(seed * 1000 + this.plan.number)], {
      execArgv: [],
    });
    this.child = child;
    child.once('exit', (code, signal) => {
      if (this.child !== child) return;
      this.child = undefined;
      if (!stopping && signal !== 'SIGKILL') violated(`${this.plan.name} ended by itself: ${code ?? signal}`);
    });
    this.tell({ announce: [...this.claims] });
  }

  tell(order: GuestOrder): void {
    this.child?.send(order, () => {}); // one that died meanwhile is told nothing
  }

  claim(prefix: string): void {
    if (this.claims.has(prefix)) {
      this.claims.delete(prefix);
      done.withdrawn++;
      this.tell({ withdraw: [prefix] });
    } else {
      this.claims.add(prefix);
      done.announced++;
      this.tell({ announce: [prefix] });
    }
  }

  kill(): void {
    done.kills++;
    this.faulty = true;
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }

  stop(long: boolean): void {
    if (long) {
      done.longStops++;
      this.faulty = true;
    } else done.shortStops++;
    this.stopped = true;
    this.child?.kill('SIGSTOP');
  }
  resume(): void {
    this.stopped = false;
    this.child?.kill('SIGCONT');
  }
}

const folder = mkdtempSync(join(tmpdir(), 'virtual-router-soak-'));
const bundle = (name: string): string => join(folder, `${name}.mjs`);
const base = 10_000 + (process.pid % 50) * 400;
const guests = Array.from({ length: count }, (_, i) => new Guest(guestPlan(i, base)));
const hostile: ChildProcess[] = [];
let routerPort = 0;
let stopping = false;
let router: ChildProcess | undefined;
const samples: Sample[] = [];
let answered: ((news: Extract<RouterNews, { readonly type: 'mapping' }>) => void) | undefined;

function heard(news: RouterNews): void {
  switch (news.type) {
    case 'listening':
      routerPort = news.port;
      return;
    case 'stall':
      stalls.push({ at: performance.now(), by: news.by });
      return;
    case 'violation':
      violated(news.text);
      return;
    case 'sample':
      samples.push(news.sample);
      return;
    case 'mapping':
      answered?.(news);
      return;
    case 'session': {
      const guest = guests.find(({ plan }) => plan.name === news.node);
      if (!guest) return;
      guest.up = news.to === 'established';
      if (guest.up) {
        if (guest.child && !guest.stopped) guest.faulty = false;
      } else if (!guest.faulty && !stopping) {
        // Until it is up again, whatever else becomes of it is no news.
        guest.faulty = true;
        ended.push({ at: performance.now(), text: `the session of ${news.node} ended, which had no fault: ${news.reason}` });
      }
    }
  }
}

async function until(what: string, condition: () => boolean, milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await pause(20);
  }
}

/** What the router says is so. */
function ask(): Promise<{ mapping: Map<string, string>; counts: Counts; sessions: Readonly<Record<string, string>> }> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the router does not answer')), 20_000);
    answered = ({ mapping, counts, sessions }) => {
      clearTimeout(late);
      resolve({ mapping: new Map(mapping.filter(([prefix]) => prefix.startsWith('10.9.'))), counts, sessions });
    };
    router?.send('mapping');
  });
}

/** Nothing new happens until the mapping is what it should be: says in which prefixes it is not, if it never is. */
async function look(): Promise<Counts> {
  done.looks++;
  const wanted = mappingOf(new Map(guests.filter(({ child }) => child).map(({ plan, claims }) => [plan, claims])));
  const end = performance.now() + RIGHT_WITHIN;
  for (;;) {
    const { mapping, counts, sessions } = await ask();
    await pause(50); // for the follower, which is told of it a moment later
    const all = [...new Set([...wanted.keys(), ...mapping.keys()])];
    const told = (prefix: string): string | undefined =>
      table
        .lookup(prefix.replace('/32', ''))
        ?.map(({ node }) => node)
        .sort()
        .join('+');
    const wrong = all.filter((prefix) => mapping.get(prefix) !== wanted.get(prefix) || told(prefix) !== wanted.get(prefix));
    if (wrong.length === 0) return counts;
    if (performance.now() > end) {
      for (const prefix of wrong.slice(0, 10))
        violated(`${prefix} should be at ${wanted.get(prefix)}: the router has ${mapping.get(prefix)}, the forwarder ${told(prefix)}`);
      for (const { plan, child } of guests)
        if (child && !sessions[plan.name]?.startsWith('established'))
          violated(`${plan.name} lives, and its session does not: ${sessions[plan.name]}`);
      return counts;
    }
    await pause(250);
  }
}

/** One thing, and what it needs later on. */
function act(later: (after: number, call: () => void) => void): void {
  const free = guests.filter(({ child, stopped }) => child && !stopped);
  const away = guests.length - free.length;
  const guest = oneOf(free);
  if (!guest) return;
  const die = random();
  const prefix = (): string => oneOf(random() < 0.6 ? [...contested, ...shared] : guest.plan.prefixes) ?? '';
  if (die < 0.86 || away >= guests.length * MOST_AWAY) for (let i = 1 + upTo(4); i > 0; i--) guest.claim(prefix());
  else if (die < 0.92) {
    done.flaps++;
    const flapping = prefix();
    for (let i = 0; i < 20; i++) later(i * 10, () => guest.child && !guest.stopped && guest.claim(flapping));
  } else if (die < 0.955) {
    guest.kill();
    later(between([0.3, 12]) * 1000, () => guest.start());
  } else {
    const long = die > 0.985;
    guest.stop(long);
    later(between(long ? LONG_STOP : SHORT_STOP) * 1000, () => guest.resume());
  }
}

const table = new MemoryForwardingTable();
const clock = new SystemClock();
const follower = new Follower('network', [], {
  clock,
  dial: (events) => dialPath(join(folder, 'feed.sock'), { ...events, connected: (connection) => events.connected(cuttable(connection)) }),
  table,
  stale: 3_600_000,
  nodes: () => {},
  frame: () => undefined,
  changed: () => {},
});
let cut: () => void = () => {};
function cuttable<T extends { abort(): void }>(connection: T): T {
  cut = () => connection.abort();
  return connection;
}

async function soak(): Promise<void> {
  await build({
    entryPoints: ['router', 'guest', 'hostile'].map((name) => fileURLToPath(new URL(`soak/${name}.ts`, import.meta.url))),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['koffi'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  const plans = guests.map(({ plan }) => plan);
  router = fork(bundle('router'), [JSON.stringify(routerPlan(plans, 0)), join(folder, 'feed.sock')], { execArgv: ['--expose-gc'] });
  router.on('message', (news) => heard(news as RouterNews));
  router.once('exit', (code, signal) => {
    if (!stopping) violated(`the router ended: ${code ?? signal}`);
    router = undefined;
  });
  await until('the router listens', () => routerPort > 0, 30_000);
  follower.start();
  for (const guest of guests) {
    for (const prefix of guest.plan.prefixes) if (random() < 0.3) guest.claims.add(prefix);
    guest.faulty = true;
    guest.start();
  }
  await until('all sessions are up', () => guests.every(({ up }) => up), 120_000);
  await look();
  for (let i = 0; i < HOSTILE; i++)
    hostile.push(fork(bundle('hostile'), [hostileAddress(i), String(i), String(routerPort), String(seed + i)], { execArgv: [] }));
  console.log(`${count} guests (every other one over frames), ${HOSTILE} hostile ones, ${minutes} minutes, seed ${seed}`);
  began = performance.now();
  samples.length = 0;

  let due: { readonly at: number; readonly call: () => void }[] = [];
  const later = (after: number, call: () => void): void => void due.push({ at: performance.now() + after, call });
  const end = began + minutes * 60_000;
  let looked = began;
  let cutAt = began;
  while (performance.now() < end && router) {
    const now = performance.now();
    const kept = due.filter(({ at }) => at <= now).sort((x, y) => x.at - y.at);
    due = due.filter(({ at }) => at > now);
    for (const { call } of kept) call();
    if (now - cutAt > CUT_EVERY) {
      cutAt = now;
      done.cuts++;
      cut();
    }
    if (now - looked > LOOK_EVERY) {
      for (const guest of guests) if (guest.stopped) guest.resume();
      await look();
      looked = performance.now();
    }
    act(later);
    await pause(upTo(PACE));
  }
  for (const guest of guests) if (guest.stopped) guest.resume();
  const counts = await look();
  // A guest notices up to a hold time after it that nothing came while the router stood still.
  const excused = ended.filter(({ at }) => stalls.some((stall) => at > stall.at - stall.by - 1000 && at < stall.at + HOLD_TIME * 1000));
  for (const one of ended) if (!excused.includes(one)) violated(`${one.text} (${Math.round((one.at - began) / 1000)} s)`);
  const alive = guests.filter(({ child }) => child).length;

  const past = samples.filter(({ at }) => at - (samples[0]?.at ?? 0) >= minutes * 60_000 * WARM_UP);
  const points = (of: (sample: Sample) => number): [number, number][] => past.map((sample) => [sample.at / 60_000, of(sample)]);
  const first = past[0];
  const last = past.at(-1);
  const MB = 1 << 20;
  const heap = slope(points(({ heap: octets }) => octets));
  const rss = slope(points(({ rss: octets }) => octets));
  const grown = heap * (1 - WARM_UP) * minutes;
  if (first && last && grown > Math.max(MB, first.heap * MOST_GROWTH)) violated(`memory grew by ${(grown / MB).toFixed(2)} MB`);
  const handles = past.map((sample) => sample.handles);
  const [fewest, most] = [Math.min(...handles), Math.max(...handles)];
  // Sessions, and what hostile guests hold open for a moment: no more than at the start, with all of those.
  if (last && most > count + 60 + HOSTILE * 10) violated(`${most} handles`);
  const lines = [
    `done       ${done.announced} announced, ${done.withdrawn} withdrawn, ${done.flaps} flaps of 20, ${done.kills} killed, ${done.shortStops} stopped for up to ${SHORT_STOP[1]} s, ${done.longStops} for longer than the hold time, the forwarder cut off ${done.cuts} times`,
    `router     ${counts.changes} changes of the mapping, ${counts.refused} claims and connections refused, ${counts.malformed} malformed messages, ${counts.user.toFixed(0)} s of CPU`,
    `mapping    looked at ${done.looks} times, at the end with ${alive} of ${count} guests alive`,
    `memory     ${((last?.heap ?? 0) / MB).toFixed(1)} MB of objects after garbage collection, slope ${(heap / 1024).toFixed(1)} KB/min (${((heap * 60) / MB).toFixed(2)} MB/hour) over the last ${Math.round(minutes * (1 - WARM_UP) * 10) / 10} minutes; ${((last?.columns ?? 0) / MB).toFixed(1)} MB of columns and buffers, at first ${((first?.columns ?? 0) / MB).toFixed(1)}; resident ${((last?.rss ?? 0) / MB).toFixed(0)} MB, slope ${(rss / 1024).toFixed(0)} KB/min`,
    `handles    ${fewest} to ${most}`,
    `event loop ${counts.delay.median} ms median, ${counts.delay.p99} ms 99th percentile, ${counts.delay.most} ms at most (timer of 1 ms included), on ${cpus().length} cores with ${count + HOSTILE} guests`,
    `stood still ${stalls.length} times for over 2 s${stalls.length > 0 ? ` (${stalls.map(({ by }) => `${(by / 1000).toFixed(1)} s`).join(', ')})` : ''}: ${excused.length} sessions ended by that`,
  ];
  console.log(lines.join('\n'));
}

/** Everything that was started ends, also what is stopped. */
function cleanUp(): void {
  stopping = true;
  follower.stop();
  for (const child of [...guests.map(({ child: one }) => one), ...hostile, router]) child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
process.once('exit', cleanUp);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

try {
  if (minutes > 0) await soak();
  cleanUp();
  if (hours > 0) console.log((await soakDay({ hours, seed, count, violated })).join('\n'));
} catch (error) {
  violated(String(error));
}
console.log(`violations ${violations.length}`);
process.exit(violations.length > 0 ? 1 : 0);
