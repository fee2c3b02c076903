import { cpus } from 'node:os';
import { bundled, type Host, type Lab, Speaker } from './lab.js';

/** Before whatever else there is: the kernel's own threads aside. */
const PRIORITY = 98;

/** When processors of this machine stood still, as a guest of another machine's do at times. */
export class Metronomes {
  readonly #still: { readonly since: number; readonly at: number }[] = [];

  constructor(lab: Lab, host: Host) {
    for (let cpu = 0; cpu < cpus().length; cpu++) {
      const pinned = ['taskset', '-c', String(cpu), 'chrt', '--rr', String(PRIORITY)];
      new Speaker(lab.program(host, [...pinned, process.execPath, bundled('metronome')])).listen(({ since = 0, at }) =>
        this.#still.push({ since, at }),
      );
    }
  }

  /** The longest that any processor stood still, of what reaches into a time; milliseconds, since the epoch and of standing still. */
  longest(from: number, to: number): number {
    return Math.max(0, ...this.#still.filter(({ since, at }) => at >= from && since <= to).map(({ since, at }) => at - since));
  }
}
