/**
 * The CPU that a router spends on taking in a database of external LSAs, with no daemon, socket or kernel in it: `npx tsx bench/ospf-intake.ts
 * [--lsas 50000] [--rounds 5]`. What a neighbour sends is recorded once, on a manual clock, and then played to a new router each round; the
 * first round is what a process just started spends, the later ones are warm. The longest turn of the event loop (a packet, a timer, or
 * what was put off) is how long anything else had to wait: by the clock, and by the CPU of its thread, which other work on the machine does
 * not lengthen. Needs Linux and koffi.
 */
import { parseArgs } from 'node:util';
import koffi from 'koffi';
import { ManualClock } from '../src/core.js';
import { OspfSegment } from '../src/testing.js';
import { Links, type Packet, receiver, recorded, START, STEP } from '../test/ospf/support/intake.js';

const CLOCK_THREAD_CPUTIME_ID = 3;
const clockGetTime = koffi.load('libc.so.6').func('int clock_gettime(int, void *)') as (clock: number, into: BigInt64Array) => number;
const timespec = new BigInt64Array(2);

/** Milliseconds that this thread has run. */
function threadTime(): number {
  clockGetTime(CLOCK_THREAD_CPUTIME_ID, timespec);
  return Number(timespec[0]) * 1e3 + Number(timespec[1]) / 1e6;
}

/** A clock that takes the time of each turn. */
class TurnClock extends ManualClock {
  /** Milliseconds: by the clock, and of its thread's CPU. */
  longestTurn = 0;
  longestRun = 0;

  override at(...[when, call]: Parameters<ManualClock['at']>): ReturnType<ManualClock['at']> {
    return super.at(when, () => this.turn(call));
  }
  turn(call: () => void): void {
    const start = performance.now();
    const ran = threadTime();
    call();
    this.longestRun = Math.max(this.longestRun, threadTime() - ran);
    this.longestTurn = Math.max(this.longestTurn, performance.now() - start);
  }
}

interface Round {
  readonly cpuSeconds: number;
  /** Milliseconds. */
  readonly longestTurn: number;
  readonly longestRun: number;
  readonly octetsAnLsa: number;
}

/** Octets in use; without garbage where node runs with `--expose-gc`. */
async function settledMemory(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function play(packets: readonly Packet[], lsas: number): Promise<Round> {
  const clock = new TurnClock(START);
  const links = new Links(new OspfSegment(clock));
  const router = receiver(clock, links);
  await router.start();
  const memory = await settledMemory();
  const before = process.cpuUsage();
  for (const { at, source, destination, payload } of packets) {
    for (; clock.now() < at; ) clock.advance(Math.min(STEP, at - clock.now()));
    clock.turn(() => links.received?.(source, destination, payload));
  }
  for (let i = 0; i < 1000; i++) clock.advance(STEP);
  await router.network.settled();
  const { user, system } = process.cpuUsage(before);
  const after = await settledMemory();
  const { changes } = router.metrics().network;
  if (changes < lsas) throw new Error(`${changes} of ${lsas} are mapped`);
  await router.stop();
  return {
    cpuSeconds: (user + system) / 1e6,
    longestTurn: clock.longestTurn,
    longestRun: clock.longestRun,
    octetsAnLsa: (after - memory) / lsas,
  };
}

const { values } = parseArgs({ options: { lsas: { type: 'string', default: '50000' }, rounds: { type: 'string', default: '5' } } });
const lsas = Number(values.lsas);
const packets = await recorded(lsas);
console.log(`${lsas} external LSAs in ${packets.length} packets`);
for (let round = 1; round <= Number(values.rounds); round++) {
  const { cpuSeconds, longestTurn, longestRun, octetsAnLsa } = await play(packets, lsas);
  console.log(
    `round ${round}: CPU ${cpuSeconds.toFixed(2)} s, longest turn ${longestTurn.toFixed(1)} ms (${longestRun.toFixed(1)} ms of CPU), ${octetsAnLsa.toFixed(0)} octets an LSA`,
  );
}
