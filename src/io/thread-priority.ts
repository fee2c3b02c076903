import { constants, setPriority } from 'node:os';
import type { Millis } from '../lib/clock.js';
import type { Libc } from './libc.js';

const SCHED_OTHER = 0;
const SCHED_RR = 2;
/** What this thread starts is ordinary. */
const SCHED_RESET_ON_FORK = 0x4000_0000;
/** The lowest of real time: before all that is ordinary, and after everybody else there. */
const LOWEST = 1;
/** How much of a stretch of time the thread may work, and how long it is ordinary if it works more. */
const STRETCH: Millis = 200;
const SHARE = 0.5;
const PENANCE: Millis = 1000;

/**
 * Puts the calling thread before all others of the machine, in real time (`SCHED_RR`): a thread that is to answer within ten milliseconds is
 * otherwise kept waiting for several times that where others have work, whatever its nice value, as that counts only among the threads of
 * its own group. Takes CAP_SYS_NICE or a limit (`RLIMIT_RTPRIO`) that allows it; without, the thread gets the best nice value that it may.
 *
 * Who is before all others must not work all the time: with more than half of a stretch of 200 ms it is ordinary for a second, so that
 * a flood of what it reads takes no more than its share.
 */
export class ThreadPriority {
  #realTime = false;
  /** Whether it may be in real time at all. */
  #allowed = true;
  #begun: Millis = 0;
  #worked: Millis = 0;
  #ordinaryUntil: Millis = 0;

  constructor(private readonly c: Pick<Libc, 'schedule'>) {}

  get realTime(): boolean {
    return this.#realTime;
  }

  raise(): void {
    this.#schedule(true);
    // On Linux this is of this thread alone.
    try {
      setPriority(constants.priority.PRIORITY_HIGHEST);
    } catch {}
  }

  /** A turn of the thread is over, in which it has worked so long. */
  spent(worked: Millis, now: Millis): void {
    if (!this.#allowed) return;
    this.#worked += worked;
    if (now - this.#begun < STRETCH) return;
    const tooMuch = this.#worked > SHARE * (now - this.#begun);
    this.#begun = now;
    this.#worked = 0;
    if (tooMuch) {
      this.#ordinaryUntil = now + PENANCE;
      if (this.#realTime) this.#schedule(false);
    } else if (!this.#realTime && now >= this.#ordinaryUntil) this.#schedule(true);
  }

  #schedule(realTime: boolean): void {
    // `struct sched_param`: a priority.
    const parameter = new Uint8Array(Int32Array.of(realTime ? LOWEST : 0).buffer);
    const done = this.c.schedule(0, realTime ? SCHED_RR | SCHED_RESET_ON_FORK : SCHED_OTHER, parameter) === 0;
    if (realTime) this.#allowed = done;
    if (done) this.#realTime = realTime;
  }
}
