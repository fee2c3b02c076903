import type { Millis } from '../lib/clock.js';
import { NODE_TURNS, type TurnSurroundings } from './reading-turn.js';

/** Milliseconds of a turn of the event loop that connections which ended may take. */
export const CLOSING: Millis = 5;

/**
 * When owners hear that their connections ended: at once, but where many end together (a thousand, when a switch goes) after everybody else
 * had a turn. In the order in which they ended.
 */
export class ClosingTurns {
  readonly #waiting: (() => void)[] = [];
  /** What those of this turn took. */
  #took: Millis = 0;
  #counting = false;

  constructor(private readonly around: TurnSurroundings = NODE_TURNS) {}

  /** A connection ended. */
  take(ended: () => void): void {
    if (this.#waiting.length > 0 || this.#took > CLOSING) this.#waiting.push(ended);
    else this.#tell(ended);
  }

  #tell(ended: () => void): void {
    if (!this.#counting) {
      this.#counting = true;
      this.around.afterOthers(() => this.#next());
    }
    const start = this.around.now();
    try {
      ended();
    } finally {
      this.#took += this.around.now() - start;
    }
  }

  #next(): void {
    this.#counting = false;
    this.#took = 0;
    while (this.#took <= CLOSING) {
      const ended = this.#waiting.shift();
      if (!ended) return;
      this.#tell(ended);
    }
  }
}
