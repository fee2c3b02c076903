import type { Terminal } from './command.js';

/** Milliseconds after which progress is shown, and again. */
const EVERY = 1000;

/** Says on standard error how far a job is that takes longer than a second, once a second. */
export class Progress {
  #shown: number;

  constructor(private readonly terminal: Terminal) {
    this.#shown = terminal.now();
  }

  /** Called often; `text` is asked for when it is time to say something. */
  at(text: () => string): void {
    const now = this.terminal.now();
    if (now - this.#shown < EVERY) return;
    this.#shown = now;
    this.terminal.err.write(`${text()}\n`);
  }
}
