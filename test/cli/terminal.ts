// What `main` loads for a command is here before a test's time begins: on a busy machine it takes the better part of a minute.
import '../../src/cli/decode.js';
import '../../src/cli/forward.js';
import '../../src/cli/status.js';
import '../../src/cli/watch.js';
import '../../src/cli/why.js';
import type { Output, Terminal } from '../../src/cli/command.js';

/** A terminal whose output is kept, and whose signals are given by hand. */
export class KeptTerminal implements Terminal {
  readonly out = new KeptOutput();
  readonly err = new KeptOutput();
  /** The rehearsal takes seconds, and is shown elsewhere. */
  readonly cold = true;
  /** How long a look at the clock takes. */
  step = 0;
  #now = 0;
  #given: string | undefined;
  #stop: (why: string) => void = () => {};

  onStop(call: (why: string) => void): () => void {
    this.#stop = call;
    if (this.#given !== undefined) call(this.#given);
    return () => {};
  }

  /** SIGHUP. */
  reload: () => void = () => {};

  onReload(call: () => void): () => void {
    this.reload = call;
    return () => {};
  }

  now(): number {
    this.#now += this.step;
    return this.#now;
  }

  signal(name: string): void {
    this.#given = name;
    this.#stop(name);
  }
}

class KeptOutput implements Output {
  text = '';
  colour = false;
  #waiting: { pattern: RegExp; found: (match: RegExpExecArray) => void }[] = [];

  write(text: string): void {
    this.text += text;
    this.#waiting = this.#waiting.filter(({ pattern, found }) => {
      const match = pattern.exec(this.text);
      if (match) found(match);
      return !match;
    });
  }

  /** Resolves once something is written that fits. */
  until(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((found) => {
      this.#waiting.push({ pattern, found });
      this.write('');
    });
  }
}
