/**
 * `npm run bench:failover`: from a guest's silent death (its link cut, nothing closed) to the withdrawal of its address at a third
 * peer, through virtual-router and BIRD in the same run, with BFD at 50 ms x 3 and at 10 ms x 3, quiet and while another peer
 * sends a table in churn. The guest is BIRD; the routers are `bench/failover.yaml` and `bench/failover-10.yaml`, and BIRD with the same.
 *
 *     tsx bench/failover.ts [--rounds 100] [--intervals 50,10] [--prefixes 500000] [--quiet-only]
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Host, Lab, type Speaker } from './lab.js';

const ADDRESS = '203.0.113.7/32';
const ROUTER = '10.98.1.1';
const GUEST = '10.98.1.2';
const OBSERVER = '10.98.1.3';
const FEEDER = '10.98.1.4';
const root = join(import.meta.dirname, '..');

interface Watcher {
  readonly name: string;
  start(lab: Lab, host: Host, interval: number): ChildProcess;
}

const virtualRouter: Watcher = {
  name: 'virtual-router',
  start: (lab, host, interval) => {
    const file = join(root, 'bench', interval === 50 ? 'failover.yaml' : `failover-${interval}.yaml`);
    return lab.spawn(host, [process.execPath, join(root, 'dist', 'cli.js'), 'run', '--quiet', file]);
  },
};

const bfd = (interval: number): string =>
  `protocol bfd { interface "*" { min rx interval ${interval} ms; min tx interval ${interval} ms; multiplier 3; }; }`;

const bird: Watcher = {
  name: 'BIRD',
  start: (lab, host, interval) => {
    const session = (name: string, address: string, as: number, options: string): string =>
      `protocol bgp ${name} { local ${ROUTER} as 65000; neighbor ${address} as ${as}; passive; ${options} }`;
    return startBird(lab, host, 'router', [
      bfd(interval),
      session('guest', GUEST, 65001, 'bfd on; error wait time 1, 1; ipv4 { import all; export none; };'),
      session('observer', OBSERVER, 65003, 'ipv4 { import none; export all; };'),
      session('feeder', FEEDER, 65004, 'ipv4 { import all; export none; };'),
    ]);
  },
};

function startBird(lab: Lab, host: Host, name: string, lines: readonly string[]): ChildProcess {
  const file = join(lab.folder, `${name}.conf`);
  writeFileSync(file, [`router id ${host.address};`, 'protocol device { scan time 1; }', ...lines, ''].join('\n'));
  return lab.spawn(host, ['/usr/sbin/bird', '-f', '-c', file, '-s', join(lab.folder, `${name}.ctl`)]);
}

export interface Failover {
  readonly name: string;
  readonly interval: number;
  readonly busy: boolean;
  readonly rounds: number;
  /** Milliseconds. */
  readonly median: number;
  readonly p99: number;
  readonly max: number;
  readonly min: number;
}

async function measure(watcher: Watcher, interval: number, rounds: number, churn: number): Promise<Failover> {
  const lab = new Lab();
  try {
    const host = lab.host(ROUTER);
    const guest = lab.host(GUEST);
    const link = lab.link(guest);
    watcher.start(lab, host, interval);
    startBird(lab, guest, 'guest', [
      bfd(interval),
      `protocol static { ipv4; route ${ADDRESS} blackhole; }`,
      `protocol bgp { local ${GUEST} as 65001; neighbor ${ROUTER} as 65000; bfd on; connect delay time 1; connect retry time 1; error wait time 1, 1; ipv4 { import none; export all; }; }`,
    ]);
    const observer = lab.speaker(lab.host(OBSERVER), host, 179, 65003);
    const feeder = churn > 0 ? lab.speaker(lab.host(FEEDER), host, 179, 65004, [churn, 7, 0]) : undefined;
    await observer.next('up', 60);
    observer.command(`watch ${ADDRESS}`);
    await feeder?.next('up', 60);
    let over = false;
    const churning = feeder ? churnOn(feeder, () => over) : undefined;
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await observer.next('there', 90);
      // The session's intervals are agreed upon within a second of its coming up.
      await new Promise((resolve) => setTimeout(resolve, 1500 + Math.random() * interval));
      const cut = Number(process.hrtime.bigint()) / 1e6;
      link.cut();
      const gone = await observer.next('gone', 60);
      times.push(gone.at - cut);
      link.mend();
    }
    over = true;
    await churning;
    times.sort((x, y) => x - y);
    const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
    return { name: watcher.name, interval, busy: churn > 0, rounds, min: at(0), median: at(0.5), p99: at(0.99), max: at(1) };
  } finally {
    lab.dispose();
  }
}

/** The table again and again, each time with other attributes. */
async function churnOn(feeder: Speaker, over: () => boolean): Promise<void> {
  for (let round = 0; round < 10_000 && !over(); round++) {
    feeder.command(round % 2 === 0 ? 'send' : 'churn');
    await feeder.next('sent', 120);
  }
}

export async function benchFailover(rounds: number, intervals: readonly number[], churns: readonly number[]): Promise<Failover[]> {
  const results: Failover[] = [];
  const watchers = existsSync('/usr/sbin/bird') ? [virtualRouter, bird] : [];
  if (watchers.length === 0) console.log('BIRD is not installed: nothing to measure with');
  for (const interval of intervals) {
    for (const churn of churns) {
      for (const watcher of watchers) {
        const result = await measure(watcher, interval, rounds, churn);
        results.push(result);
        const { name, min, median, p99, max } = result;
        console.log(
          `${name.padEnd(16)} ${`${interval} ms x 3`.padEnd(11)} ${churn > 0 ? 'busy ' : 'quiet'}  min ${min.toFixed(0)}  median ${median.toFixed(0)}  p99 ${p99.toFixed(0)}  max ${max.toFixed(0)} ms`,
        );
      }
    }
  }
  return results;
}

if (process.argv[1]?.endsWith('failover.ts')) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '100' },
      intervals: { type: 'string', default: '50,10' },
      prefixes: { type: 'string', default: '500000' },
      'quiet-only': { type: 'boolean' },
    },
  });
  const churns = values['quiet-only'] ? [0] : [0, Number(values.prefixes)];
  const failover = await benchFailover(Number(values.rounds), values.intervals.split(',').map(Number), churns);
  const file = join(root, 'docs', 'benchmarks.json');
  writeFileSync(file, `${JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), failover }, null, 2)}\n`);
}
