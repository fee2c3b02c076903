import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { realTime } from './real-time.js';

const program = fileURLToPath(new URL('metronome.ts', import.meta.url));
/** Before whatever else there is: the kernel's own threads aside. */
const PRIORITY = 98;

/** When processors of this machine stood still, as those of a machine that is another's guest do at times. One process for each of them. */
export class Metronomes {
  readonly #still: { readonly since: number; readonly at: number }[] = [];
  readonly #children: ChildProcess[] = [];

  private constructor() {}

  /** Resolves once all of them beat. */
  static async start(): Promise<Metronomes> {
    const metronomes = new Metronomes();
    await Promise.all(cpus().map((_, cpu) => metronomes.#add(['taskset', '-c', String(cpu), ...realTime(PRIORITY)])));
    return metronomes;
  }

  async #add([command = '', ...before]: readonly string[]): Promise<void> {
    const child = spawn(command, [...before, process.execPath, '--import', 'tsx', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#children.push(child);
    const lines = createInterface(child.stdout).on('line', (line) => this.#still.push(JSON.parse(line)));
    await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => Promise.reject(new Error('a metronome ended by itself')))]);
  }

  /** The longest that any processor stood still, of what reaches into a time; milliseconds, since the epoch and of standing still. */
  longest(from: number, to: number): number {
    return Math.max(0, ...this.#still.filter(({ since, at }) => at >= from && since <= to).map(({ since, at }) => at - since));
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}
