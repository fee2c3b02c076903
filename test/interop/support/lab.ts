/**
 * A network of its own for a test: each node is a network namespace, and all of them hang on one bridge, which has a namespace too.
 * So nothing touches the machine's own network, and removing the namespaces removes everything.
 *
 * What was started in a lab ends with it: its processes are killed by their id, its namespaces deleted, its files removed, also
 * when the test failed or the process is told to stop. What a killed run left behind is cleared by the next one.
 */
import { type ChildProcess, type ExecFileSyncOptions, execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { realTime } from './real-time.js';

const execute = promisify(execFile);
const NAMESPACE = /^vri-(\d+)-\d+/;
const ENOUGH_OUTPUT = 1_000_000;
/** Of what is not to be delayed: above the router's own thread for BFD. */
const PRIORITY = 20;

/** One namespace of a lab, with one interface (`eth0`) on the lab's bridge. */
export interface LabNode {
  readonly name: string;
  readonly namespace: string;
  /** 1, 2, ... in the order of creation; the last part of its addresses. */
  readonly number: number;
  /** `10.77.0.N`, of a /24. */
  readonly ipv4: string;
  /** `2001:db8:77::N`, of a /64. */
  readonly ipv6: string;
  /** Scratch folder of this node, removed with the lab. */
  readonly directory: string;
}

/** A process that was started in a lab. */
export interface Running {
  readonly pid: number;
  readonly name: string;
  /** What it wrote so far, on both streams. */
  output(): string;
  alive(): boolean;
  /** Signals it and the processes that it started, and resolves once it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
}

/** What `Lab.spawn` takes besides the command. */
export interface SpawnOptions {
  readonly name?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** Before all else that runs here, as one has that is on a machine of its own. Default false. */
  readonly undelayed?: boolean;
}

/** The network. Make one with `Lab.create()`, and dispose of it in a `finally` (or by `await using`). */
export class Lab {
  static #made = 0;
  static readonly #alive = new Set<Lab>();

  /** Scratch folder of the lab, removed with it. */
  readonly directory = mkdtempSync(join(tmpdir(), 'virtual-router-interop-'));
  readonly #nodes: LabNode[] = [];
  readonly #running: { readonly process: Running; readonly child: ChildProcess }[] = [];
  readonly #switch: string;
  readonly #prefix: string;
  #disposed = false;

  private constructor() {
    // Other users may read through it (bgpd of OpenBGPD and FRR give up root).
    execFileSync('chmod', ['755', this.directory]);
    this.#prefix = `vri-${process.pid}-${++Lab.#made}`;
    this.#switch = `${this.#prefix}s`;
  }

  /** An empty lab: a bridge in a namespace. */
  static async create(): Promise<Lab> {
    if (Lab.#made === 0) {
      await clearLeftovers();
      process.once('exit', () => {
        for (const lab of Lab.#alive) lab.#disposeNow();
      });
      // A signal would otherwise end the process without its `exit` event.
      for (const [signal, code] of [
        ['SIGINT', 130],
        ['SIGTERM', 143],
        ['SIGHUP', 129],
      ] as const)
        process.once(signal, () => process.exit(code));
    }
    const lab = new Lab();
    Lab.#alive.add(lab);
    try {
      await ip('netns', 'add', lab.#switch);
      await ip('-n', lab.#switch, 'link', 'add', 'br0', 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0', 'mcast_snooping', '0');
      await ip('-n', lab.#switch, 'link', 'set', 'br0', 'up');
    } catch (error) {
      await lab.dispose();
      throw error;
    }
    return lab;
  }

  /** Adds a node to the network, up and with its addresses. */
  async node(name: string): Promise<LabNode> {
    const number = this.#nodes.length + 1;
    const namespace = `${this.#prefix}n${number}`;
    const directory = join(this.directory, `${number}-${name}`);
    mkdirSync(directory, { mode: 0o755 });
    const node: LabNode = { name, namespace, number, ipv4: `10.77.0.${number}`, ipv6: `2001:db8:77::${number.toString(16)}`, directory };
    this.#nodes.push(node);
    await ip('netns', 'add', namespace);
    // No duplicate address detection: addresses are usable at once, link-local ones too.
    await this.exec(node, 'sysctl', ['-qw', 'net.ipv6.conf.default.accept_dad=0', 'net.ipv6.conf.all.accept_dad=0']);
    const mac = `02:00:00:00:00:${number.toString(16).padStart(2, '0')}`;
    const port = `port${number}`;
    await ip('-n', this.#switch, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'address', mac, 'netns', namespace);
    await ip('-n', this.#switch, 'link', 'set', port, 'master', 'br0', 'up');
    // One Ethernet frame a packet, as it would be on a wire, also in captures.
    await ip('-n', namespace, 'link', 'set', 'eth0', 'gso_max_segs', '1');
    await ip('-n', namespace, 'link', 'set', 'lo', 'up');
    await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
    await this.address(node, `${node.ipv4}/24`);
    await this.address(node, `${node.ipv6}/64`);
    return node;
  }

  /** Gives a node one more address, with its prefix length. */
  async address(node: LabNode, address: string): Promise<void> {
    await ip('-n', node.namespace, 'address', 'add', address, 'dev', 'eth0', ...(address.includes(':') ? ['nodad'] : []));
  }

  /** Cuts a node's link (or mends it) at the bridge: what is sent is lost, the node keeps its carrier, and nobody is told. */
  async link(node: LabNode, state: 'up' | 'down'): Promise<void> {
    await ip('-n', this.#switch, 'link', 'set', `port${node.number}`, ...(state === 'up' ? ['master', 'br0'] : ['nomaster']));
  }

  /** Runs a command in a node to its end and returns its standard output. Throws with its standard error where it fails. */
  async exec(node: LabNode, command: string, args: readonly string[], options: { readonly timeout?: number } = {}): Promise<string> {
    const { stdout } = await execute('ip', ['netns', 'exec', node.namespace, command, ...args], {
      timeout: options.timeout ?? 15_000,
      killSignal: 'SIGKILL',
      maxBuffer: 256 * 1024 * 1024,
    });
    return stdout;
  }

  /** Starts a command in a node. It is killed with the lab, if not before. */
  spawn(node: LabNode, command: string, args: readonly string[], options: SpawnOptions = {}): Running {
    const name = options.name ?? `${command} in ${node.name}`;
    // A group of its own, so that the processes it starts can be signalled with it.
    const first = options.undelayed ? realTime(PRIORITY) : [];
    const child = spawn('ip', ['netns', 'exec', node.namespace, ...first, command, ...args], {
      cwd: options.directory ?? node.directory,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const { pid } = child;
    if (pid === undefined) throw new Error(`cannot start ${name}`);
    let output = '';
    const keep = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
      if (output.length > 2 * ENOUGH_OUTPUT) output = output.slice(-ENOUGH_OUTPUT);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const exited = new Promise<number | string>((resolve) => {
      child.once('exit', (code, signal) => resolve(code ?? signal ?? 'gone'));
      child.once('error', (error) => resolve(error.message));
    });
    const alive = (): boolean => child.exitCode === null && child.signalCode === null;
    const running: Running = {
      pid,
      name,
      output: () => output,
      alive,
      exited,
      kill: async (signal = 'SIGTERM') => {
        if (alive()) signalGroup(pid, signal);
        await exited;
      },
    };
    this.#running.push({ process: running, child });
    return running;
  }

  /**
   * Polls until the condition gives something other than `undefined` or `false`, and returns it. An exception counts as "not yet".
   * Fails after `seconds` (20) with what was waited for, the last exception, and the end of what every process here wrote.
   */
  async waitFor<T>(what: string, condition: () => Promise<T | undefined | false> | T | undefined | false, seconds = 20): Promise<T> {
    const end = Date.now() + seconds * 1000;
    let last: unknown;
    for (;;) {
      try {
        const value = await condition();
        if (value !== undefined && value !== false) return value;
        last = undefined;
      } catch (error) {
        last = error;
      }
      if (Date.now() >= end) break;
      await pause(50);
    }
    const why = last === undefined ? '' : `\nlast error: ${last instanceof Error ? last.message : String(last)}`;
    throw new Error(`waited ${seconds} s in vain: ${what}${why}\n${this.transcript()}`);
  }

  /** Waits until a process that was just started does what is asked of it. Fails at once where it ended instead. */
  async answers(running: Running, condition: () => Promise<boolean> | boolean): Promise<void> {
    let ended = false;
    await this.waitFor(`${running.name} answers`, async () => {
      ended = !running.alive();
      return ended || (await condition());
    });
    if (ended) throw new Error(`${running.name} ended by itself:\n${running.output().slice(-3000)}`);
  }

  /** The end of what every process of the lab wrote, for messages about failures. */
  transcript(characters = 3000): string {
    return this.#running
      .map(
        ({ process: { name, pid, alive, output } }) =>
          `--- ${name} (${pid}, ${alive() ? 'running' : 'gone'}):\n${output().slice(-characters)}`,
      )
      .join('\n');
  }

  /** Kills what runs here and removes all of it. Safe to call twice. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposeNow();
    await Promise.all(this.#running.map(({ process: { exited } }) => Promise.race([exited, pause(5000, undefined, { ref: false })])));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  #disposeNow(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    Lab.#alive.delete(this);
    for (const { process: running } of this.#running) if (running.alive()) signalGroup(running.pid, 'SIGKILL');
    for (const namespace of [...this.#nodes.map((node) => node.namespace), this.#switch]) removeNamespace(namespace);
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function ip(...args: string[]): Promise<void> {
  await execute('ip', args, { timeout: 10_000, killSignal: 'SIGKILL' });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It is gone already.
  }
}

/** Deletes a namespace of ours, after what still runs in it (a daemon's child that left its group). */
function removeNamespace(namespace: string): void {
  if (!existsSync(`/run/netns/${namespace}`)) return;
  const quiet: ExecFileSyncOptions = { stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 };
  try {
    for (const pid of execFileSync('ip', ['netns', 'pids', namespace], quiet).toString().trim().split(/\s+/).map(Number)) {
      try {
        if (pid > 1) process.kill(pid, 'SIGKILL');
      } catch {
        // It is gone already.
      }
    }
  } finally {
    execFileSync('ip', ['netns', 'delete', namespace], quiet);
  }
}

/** Removes the namespaces of runs whose process is no more. */
async function clearLeftovers(): Promise<void> {
  const { stdout } = await execute('ip', ['netns', 'list']);
  for (const line of stdout.split('\n')) {
    const pid = Number(NAMESPACE.exec(line)?.[1]);
    const namespace = line.split(' ')[0];
    if (namespace !== undefined && pid > 0 && !existsSync(`/proc/${pid}`)) removeNamespace(namespace);
  }
}
