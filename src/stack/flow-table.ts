import type { Millis } from '../lib/clock.js';
import type { Due, TimerHeap } from '../lib/timers.js';

/** Flows in a table, by sets of so many: 768 KiB. */
const FLOWS = 65_536;
const WAYS = 4;
/** A flow that is quiet for so long is over. */
const QUIET: Millis = 300_000;
/** How coarse the table's time is: no packet reads the clock while others come. */
const TICK: Millis = 1000;

/**
 * Where flows went that several targets share, for as long as they go on: one whose target is to be left stays there. Of fixed size, made
 * with the first such packet: where there are more flows than it has room for, those quiet for longest are forgotten, and then go where
 * new ones go. A flow is its hash: in 65,536 flows, one new one in some 65,000 is taken for an old one.
 *
 * @internal
 */
export class FlowTable implements Due {
  readonly #flows = new Int32Array(FLOWS);
  readonly #places = new Int32Array(FLOWS);
  /** Seconds since just before the first; 0 where there is no flow. */
  readonly #seen = new Int32Array(FLOWS);
  readonly #from: Millis;
  #second = 0;
  #noted = false;
  deadline: Millis | undefined;

  constructor(private readonly timers: TimerHeap) {
    this.#from = timers.clock.now() - TICK;
  }

  due(now: Millis): void {
    this.#second = this.#secondAt(now);
    this.deadline = this.#noted ? now + TICK : undefined;
    this.#noted = false;
    this.timers.note(this);
  }

  /** A packet of a flow goes to a place. */
  note(flow: number, place: number): undefined {
    if (this.deadline === undefined) this.#wake();
    this.#noted = true;
    const first = (flow & (FLOWS / WAYS - 1)) * WAYS;
    let at = first;
    for (let i = first; i < first + WAYS; i++) {
      if (this.#flows[i] === flow && this.#seen[i] !== 0) {
        at = i;
        break;
      }
      if (this.#seen[i] < this.#seen[at]) at = i;
    }
    this.#flows[at] = flow;
    this.#places[at] = place;
    this.#seen[at] = this.#second;
  }

  /** Where the packets of a flow went, if there were any lately. */
  find(flow: number): number | undefined {
    if (this.deadline === undefined) this.#wake();
    const first = (flow & (FLOWS / WAYS - 1)) * WAYS;
    for (let i = first; i < first + WAYS; i++) {
      if (this.#flows[i] === flow && this.#seen[i] !== 0)
        return (this.#second - this.#seen[i]) * TICK < QUIET ? this.#places[i] : undefined;
    }
    return undefined;
  }

  /** No more packets come. */
  close(): undefined {
    this.deadline = undefined;
    this.timers.forget(this);
  }

  #wake(): undefined {
    const now = this.timers.clock.now();
    this.#second = this.#secondAt(now);
    this.deadline = now + TICK;
    this.timers.note(this);
  }
  #secondAt(now: Millis): number {
    return Math.floor((now - this.#from) / TICK);
  }
}
