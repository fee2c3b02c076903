import type { Millis } from '../lib/clock.js';

/**
 * Milliseconds that one socket's input may take before everybody else has a turn: Node's event loop reads a socket that has more up to
 * 32 times over, two megabytes of UPDATEs, before it looks at timers, threads and other sockets.
 */
export const TURN: Millis = 2;

/** What is read: a socket. */
export interface Reading {
  pause(): void;
  resume(): void;
}

/** What a turn is measured by: monotonic milliseconds, and a call once everything else that is due has been looked at. */
export interface TurnSurroundings {
  now(): Millis;
  afterOthers(call: () => void): void;
}

/** Of Node's event loop. */
export const NODE_TURNS: TurnSurroundings = { now: () => performance.now(), afterOthers: (call) => void setImmediate(call) };

/**
 * Whether a socket is read: while its owner wants to, in turns. Once its input has taken as long as one turn, everything else that is due
 * goes before what it says next.
 */
export class ReadingTurn {
  /** Whether its owner reads; whether others have their turn now; and what its input took since they had. */
  #wanted = false;
  #waiting = false;
  #took: Millis = 0;
  #turn = TURN;
  #ended: (() => void) | undefined;

  constructor(
    private readonly reading: Reading,
    private readonly around: TurnSurroundings = NODE_TURNS,
  ) {}

  /** The length of its turns against the usual: 1 unless said; and what is called when one ends before its owner is done. */
  weigh(weight: number, ended?: () => void): void {
    this.#turn = TURN * weight;
    this.#ended = ended;
  }

  pause(): void {
    this.#wanted = false;
    this.reading.pause();
  }
  resume(): void {
    this.#wanted = true;
    if (!this.#waiting) this.reading.resume();
  }

  /** Takes input in. */
  take(input: () => void): void {
    const start = this.around.now();
    input();
    this.#took += this.around.now() - start;
    if (this.#took > this.#turn) this.#giveWay();
  }

  #giveWay(): void {
    this.#took = 0;
    if (this.#waiting) return;
    this.#waiting = true;
    this.#ended?.();
    this.reading.pause();
    this.around.afterOthers(() => {
      this.#waiting = false;
      if (this.#wanted) this.reading.resume();
    });
  }
}
