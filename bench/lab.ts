/** Namespaces, processes and measurements of the benchmarks: made here, and always taken away again. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A namespace with one interface on the lab's bridge. */
export interface Host {
  readonly namespace: string;
  readonly address: string;
}

/** A host's link to the bridge. */
export interface Link {
  cut(): void;
  mend(): void;
}

export interface Usage {
  /** Peak resident memory, MB. */
  readonly peakMb: number;
  readonly cpuSeconds: number;
}

/** What a speaker printed. */
export interface SpeakerEvent {
  readonly event: string;
  readonly at: number;
  readonly updates?: number;
  readonly announced?: number;
  readonly since?: number;
}

/** At these the lab is taken down like at its end. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Processes and namespaces of one run. */
export class Lab {
  readonly #prefix = `vrb${process.pid}`;
  readonly #namespaces: string[] = [];
  readonly #processes = new Set<ChildProcess>();
  readonly folder = mkdtempSync(join(tmpdir(), 'virtual-router-bench-'));
  #count = 0;
  readonly #end = (): void => this.dispose();
  readonly #stop = (): void => process.exit(1);

  constructor() {
    this.#ip('netns', 'add', `${this.#prefix}-sw`);
    this.#namespaces.push(`${this.#prefix}-sw`);
    this.#in('sw', 'ip', 'link', 'add', 'br0', 'type', 'bridge');
    this.#in('sw', 'ip', 'link', 'set', 'br0', 'up');
    process.once('exit', this.#end);
    for (const signal of SIGNALS) process.once(signal, this.#stop);
  }

  /** A host with an address in 10.99.1.0/24 and its IPv6 counterpart. */
  host(address: string): Host {
    const n = this.#count++;
    const namespace = `${this.#prefix}-${n}`;
    this.#ip('netns', 'add', namespace);
    this.#namespaces.push(namespace);
    const port = `v${n}`;
    this.#ip('link', 'add', port, 'netns', `${this.#prefix}-sw`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    this.#in('sw', 'ip', 'link', 'set', port, 'master', 'br0', 'up');
    this.#in(String(n), 'ip', 'link', 'set', 'lo', 'up');
    this.#in(String(n), 'ip', 'address', 'add', `${address}/16`, 'dev', 'eth0');
    this.#in(String(n), 'ip', 'link', 'set', 'eth0', 'up');
    return { namespace, address };
  }

  /** Octets that a frame may carry on the bridge and on every host that there is. */
  setMtu(mtu: number): void {
    for (let n = 0; n < this.#count; n++) {
      this.#in('sw', 'ip', 'link', 'set', `v${n}`, 'mtu', String(mtu));
      this.#in(String(n), 'ip', 'link', 'set', 'eth0', 'mtu', String(mtu));
    }
  }

  /** A cable between two hosts, past the bridge, by which they reach each other's addresses from then on. Returns the name of its end at `to`. */
  wire(from: Host, to: Host, mtu: number): string {
    const near = `to-${to.namespace.slice(this.#prefix.length + 1)}`;
    const far = `to-${from.namespace.slice(this.#prefix.length + 1)}`;
    this.#ip(
      'link',
      'add',
      near,
      'mtu',
      String(mtu),
      'netns',
      from.namespace,
      'type',
      'veth',
      'peer',
      'name',
      far,
      'mtu',
      String(mtu),
      'netns',
      to.namespace,
    );
    for (const [host, device, other] of [
      [from, near, to],
      [to, far, from],
    ] as const) {
      this.#ip('-n', host.namespace, 'link', 'set', device, 'up');
      this.#ip('-n', host.namespace, 'route', 'add', `${other.address}/32`, 'dev', device, 'src', host.address);
    }
    return far;
  }

  addAddress(host: Host, address: string): void {
    execFileSync('ip', ['-n', host.namespace, 'address', 'add', `${address}/16`, 'dev', 'eth0']);
  }

  /** Starts a program in a host's namespace. What it prints goes to a file of the lab's. */
  spawn(host: Host, command: readonly string[], env: Record<string, string> = {}): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', host.namespace, ...command], {
      stdio: ['ignore', 'ignore', 'ignore'],
      env: { ...process.env, ...env },
    });
    this.#processes.add(child);
    return child;
  }

  /** As {@link Lab.spawn}, for one that is heard: lines of JSON, as a {@link Speaker}'s. */
  program(host: Host, command: readonly string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', host.namespace, ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#processes.add(child);
    return child;
  }

  /** A speaker of `speaker.ts` in a host's namespace. */
  speaker(host: Host, router: Host, port: number, as: number, feed: readonly (string | number)[] = []): Speaker {
    const child = spawn(
      'ip',
      [
        'netns',
        'exec',
        host.namespace,
        process.execPath,
        bundled('speaker'),
        router.address,
        String(port),
        host.address,
        String(as),
        ...feed.map(String),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    this.#processes.add(child);
    return new Speaker(child);
  }

  /** A way to cut a host's link, silently for all others, and to mend it: its port of the bridge goes down and up. */
  link(host: Host): Link {
    const child = spawn('ip', ['-n', `${this.#prefix}-sw`, '-batch', '-'], { stdio: ['pipe', 'ignore', 'inherit'] });
    this.#processes.add(child);
    const port = `v${host.namespace.slice(this.#prefix.length + 1)}`;
    return {
      cut: () => void child.stdin.write(`link set ${port} down\n`),
      mend: () => void child.stdin.write(`link set ${port} up\n`),
    };
  }

  /** Has the bridge forward what a host sends and is sent, or not: nobody sees its link go down or come up. */
  forward(host: Host, on: boolean): void {
    const port = `v${host.namespace.slice(this.#prefix.length + 1)}`;
    // The port's state in the spanning tree: disabled, or forwarding.
    execFileSync('bridge', ['-n', `${this.#prefix}-sw`, 'link', 'set', 'dev', port, 'state', on ? '3' : '0']);
  }

  /** Has a program end by itself: it is told by SIGINT. */
  interrupt(child: ChildProcess): void {
    for (const pid of child.pid === undefined ? [] : family(child.pid)) process.kill(pid, 'SIGINT');
  }

  stop(child: ChildProcess): void {
    this.#processes.delete(child);
    child.kill('SIGKILL');
  }

  dispose(): void {
    process.off('exit', this.#end);
    for (const signal of SIGNALS) process.off(signal, this.#stop);
    for (const child of this.#processes) child.kill('SIGKILL');
    this.#processes.clear();
    for (const namespace of this.#namespaces.splice(0).reverse()) {
      // Only processes that this lab started can be in its namespaces.
      for (const pid of execFileSync('ip', ['netns', 'pids', namespace]).toString().split('\n').filter(Boolean)) {
        try {
          process.kill(Number(pid), 'SIGKILL');
        } catch {}
      }
      this.#ip('netns', 'delete', namespace);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #in(host: string, ...command: string[]): void {
    execFileSync('ip', ['netns', 'exec', `${this.#prefix}-${host}`, ...command]);
  }
  #ip(...args: string[]): void {
    execFileSync('ip', args);
  }
}

const programs = new Map<string, string>();

/**
 * A program of this folder's, bundled once: starting it through a loader would cost each process a second, and a check whenever it looks
 * at a typed array, since V8 makes none only as long as no buffer was ever handed to another thread.
 */
export function bundled(name: string): string {
  const known = programs.get(name);
  if (known !== undefined) return known;
  const root = join(import.meta.dirname, '..');
  const file = join(root, '.tmp', `bench-${name}.mjs`);
  execFileSync(
    join(root, 'node_modules', '.bin', 'esbuild'),
    [
      join(root, 'bench', `${name}.ts`),
      '--bundle',
      '--platform=node',
      '--format=esm',
      '--target=node20',
      '--packages=external',
      `--outfile=${file}`,
      '--log-level=error',
    ],
    { stdio: 'inherit' },
  );
  programs.set(name, file);
  return file;
}

/** A running speaker: commands in, events out. */
export class Speaker {
  readonly #events: SpeakerEvent[] = [];
  #waiting: { readonly event: string; readonly resolve: (event: SpeakerEvent) => void }[] = [];

  readonly #listeners: ((event: SpeakerEvent) => void)[] = [];

  constructor(readonly child: ChildProcess) {
    if (!child.stdout) throw new Error('a speaker without output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line) as SpeakerEvent;
      for (const listener of this.#listeners) listener(event);
      const waiting = this.#waiting.findIndex((candidate) => candidate.event === event.event);
      if (waiting < 0) this.#events.push(event);
      else this.#waiting.splice(waiting, 1)[0]?.resolve(event);
    });
  }

  /** Hears every event from now on, besides those who wait for one. */
  listen(listener: (event: SpeakerEvent) => void): void {
    this.#listeners.push(listener);
  }

  command(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** The next event of a kind. Rejects after `seconds`. */
  next(event: string, seconds: number): Promise<SpeakerEvent> {
    const known = this.#events.findIndex((candidate) => candidate.event === event);
    if (known >= 0) return Promise.resolve(this.#events.splice(known, 1)[0] as SpeakerEvent);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no "${event}" in ${seconds} s`)), seconds * 1000);
      this.#waiting.push({
        event,
        resolve: (found) => {
          clearTimeout(timer);
          resolve(found);
        },
      });
    });
  }
}

/** Processes below a process, itself included, without the `ip` that started it. */
function family(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
  return [pid, ...children.flatMap(family)];
}

/** Peak memory and CPU of a program and its children. */
export function usage(child: ChildProcess): Usage {
  let peakKb = 0;
  let ticks = 0;
  for (const pid of child.pid === undefined ? [] : family(child.pid)) {
    peakKb += Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return { peakMb: peakKb / 1000, cpuSeconds: ticks / 100 };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
