/**
 * `npm run bench:failover`: from a guest's silent death (its link cut, nothing closed) to the withdrawal of its address at a third
 * peer, through virtual-router, BIRD and FRR in the same run, with BFD at 50 ms x 3 and at 10 ms x 3, quiet and while another peer
 * sends a table in churn. The guests are BIRDs, sixteen of them, so that one dies while others come back; the routers are
 * `bench/failover.yaml`, `bench/failover-10.yaml`, and BIRD and FRR with the same.
 *
 *     tsx bench/failover.ts [--rounds 100] [--intervals 50,10] [--prefixes 500000] [--only quiet|busy] [--routers virtual-router,BIRD,FRR] [--record]
 *
 * With `--record` figures go to docs/benchmarks.json, each in the place of the one measured before.
 */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Metronomes } from '../test/interop/support/metronomes.js';
import { BfdRecord } from './bfd-record.js';
import { type Host, Lab, type Speaker } from './lab.js';

const ROUTER = '10.98.1.1';
const OBSERVER = '10.98.1.3';
const FEEDER = '10.98.1.4';
const GUESTS = 16;
const root = join(import.meta.dirname, '..');

/** A guest's own address: the first is the one that the files name, the others are in their range. */
const addressOf = (guest: number): string => (guest === 0 ? '10.98.1.2' : `10.98.2.${guest}`);
/** What it announces. */
const holdingOf = (guest: number): string => `203.0.113.${guest + 1}/32`;
const everybody = Array.from({ length: GUESTS }, (_, guest) => guest);

interface Router {
  readonly name: string;
  readonly present: () => boolean;
  start(lab: Lab, host: Host, interval: number): void;
}

const virtualRouter: Router = {
  name: 'virtual-router',
  present: () => true,
  start: (lab, host, interval) => {
    const file = join(root, 'bench', interval === 50 ? 'failover.yaml' : `failover-${interval}.yaml`);
    lab.spawn(host, [process.execPath, join(root, 'dist', 'cli.js'), 'run', '--quiet', file]);
  },
};

const birdBfd = (interval: number): string =>
  `protocol bfd { interface "*" { min rx interval ${interval} ms; min tx interval ${interval} ms; multiplier 3; }; }`;

const bird: Router = {
  name: 'BIRD',
  present: () => existsSync('/usr/sbin/bird'),
  start: (lab, host, interval) => {
    const session = (name: string, address: string, as: number, options: string): string =>
      `protocol bgp ${name} { local ${ROUTER} as 65000; neighbor ${address} as ${as}; passive; ${options} }`;
    startBird(lab, host, 'router', [
      birdBfd(interval),
      ...everybody.map((guest) =>
        session(`guest${guest}`, addressOf(guest), 65001, 'bfd on; error wait time 1, 1; ipv4 { import all; export none; };'),
      ),
      session('observer', OBSERVER, 65003, 'ipv4 { import none; export all; };'),
      session('feeder', FEEDER, 65004, 'ipv4 { import all; export none; };'),
    ]);
  },
};

const frr: Router = {
  name: 'FRR',
  present: () => existsSync('/usr/lib/frr/bfdd'),
  start: (lab, host, interval) => {
    const write = (name: string, lines: readonly string[]): string => {
      const file = join(lab.folder, name);
      writeFileSync(file, `${lines.join('\n')}\n`);
      return file;
    };
    const zebra = write('zebra.conf', []);
    const bfd = write('bfdd.conf', [
      'bfd',
      ' profile fast',
      '  detect-multiplier 3',
      `  receive-interval ${interval}`,
      `  transmit-interval ${interval}`,
    ]);
    const bgp = write('bgpd.conf', [
      'router bgp 65000',
      ` bgp router-id ${ROUTER}`,
      ' no bgp ebgp-requires-policy',
      ' no bgp network import-check',
      ...everybody.flatMap((guest) => [
        ` neighbor ${addressOf(guest)} remote-as 65001`,
        ` neighbor ${addressOf(guest)} passive`,
        ` neighbor ${addressOf(guest)} advertisement-interval 0`,
        ` neighbor ${addressOf(guest)} bfd profile fast`,
      ]),
      ` neighbor ${OBSERVER} remote-as 65003`,
      ` neighbor ${OBSERVER} passive`,
      // Its default would hold a withdrawal back for up to 30 seconds.
      ` neighbor ${OBSERVER} advertisement-interval 0`,
      ` neighbor ${FEEDER} remote-as 65004`,
      ` neighbor ${FEEDER} passive`,
      ' address-family ipv4 unicast',
      ...[...everybody.map(addressOf), FEEDER].map((address) => `  neighbor ${address} prefix-list nothing out`),
      ' exit-address-family',
      'ip prefix-list nothing seq 5 deny any',
    ]);
    execFileSync('chown', ['-R', 'frr:frr', lab.folder]);
    const start = (daemon: string, file: string, ...more: string[]): ChildProcess =>
      lab.spawn(host, [
        `/usr/lib/frr/${daemon}`,
        ...['-z', join(lab.folder, 'zserv'), '--vty_socket', lab.folder, '-P', '0', '-f', file],
        ...['-i', join(lab.folder, `${daemon}.pid`)],
        ...more,
      ]);
    start('zebra', zebra);
    start('bfdd', bfd, '--bfdctl', join(lab.folder, 'bfdd.sock'));
    start('bgpd', bgp, '-n', '-l', ROUTER);
  },
};

const ROUTERS = [virtualRouter, bird, frr];

function startBird(lab: Lab, host: Host, name: string, lines: readonly string[]): ChildProcess {
  const file = join(lab.folder, `${name}.conf`);
  writeFileSync(file, [`router id ${host.address};`, 'protocol device { scan time 1; }', ...lines, ''].join('\n'));
  return lab.spawn(host, ['/usr/sbin/bird', '-f', '-c', file, '-s', join(lab.folder, `${name}.ctl`)]);
}

function startGuest(lab: Lab, guest: number, interval: number): { cut(): void; mend(): void } {
  const address = addressOf(guest);
  const host = lab.host(address);
  startBird(lab, host, `guest${guest}`, [
    birdBfd(interval),
    `protocol static { ipv4; route ${holdingOf(guest)} blackhole; }`,
    `protocol bgp { local ${address} as 65001; neighbor ${ROUTER} as 65000; bfd on; connect delay time 1; connect retry time 1; error wait time 1, 1; ipv4 { import none; export all; }; }`,
  ]);
  return lab.link(host);
}

export interface Failover {
  readonly name: string;
  readonly interval: number;
  readonly busy: boolean;
  readonly rounds: number;
  /** Guests that went without having been cut off. */
  readonly falseAlarms: number;
  /** How many of these guests had been silent for longer than BFD allows, or gave up the router which had not. */
  readonly faultsOfGuests: number;
  /** How many others came while a processor of the machine stood still, with the router on it. */
  readonly stillMachine: number;
  /** Deaths that nobody was told of within {@link NOTICED}; they are not among the times. */
  readonly unnoticed: number;
  /** Milliseconds. */
  readonly min: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

async function measure(router: Router, interval: number, rounds: number, churn: number): Promise<Failover> {
  const lab = new Lab();
  try {
    const host = lab.host(ROUTER);
    const record = new BfdRecord(lab, host);
    using metronomes = await Metronomes.start();
    const began = Date.now();
    router.start(lab, host, interval);
    const links = everybody.map((guest) => startGuest(lab, guest, interval));
    const observer = lab.speaker(lab.host(OBSERVER), host, 179, 65003);
    const feeder = churn > 0 ? lab.speaker(lab.host(FEEDER), host, 179, 65004, [churn, 7, 0]) : undefined;
    await observer.next('up', 60);
    await feeder?.next('up', 120);
    feeder?.command('prepare');
    await feeder?.next('prepared', 120);
    let over = false;
    const churning = feeder ? churnOn(feeder, () => over) : undefined;
    /** Since when each guest is there; a session's intervals are agreed upon within seconds of that. */
    const since = new Map<number, number>();
    /** Who is waited for to be gone. */
    let dying: { readonly guest: number; readonly gone: (at: number) => void } | undefined;
    const alarms: { readonly guest: string; readonly at: number }[] = [];
    observer.listen(({ event, at }) => {
      const [what, prefix] = event.split(' ');
      const guest = everybody.findIndex((candidate) => holdingOf(candidate) === prefix);
      if (guest < 0) return;
      if (what === 'there') since.set(guest, performance.now());
      else {
        since.delete(guest);
        if (dying?.guest === guest) dying.gone(at);
        else alarms.push({ guest: addressOf(guest), at: Date.now() - (Number(process.hrtime.bigint()) / 1e6 - at) });
      }
    });
    for (const guest of everybody) observer.command(`watch ${holdingOf(guest)}`);
    const times: number[] = [];
    let unnoticed = 0;
    for (let round = 0; round < rounds; round++) {
      const guest = await ready(since);
      await pause(Math.random() * interval);
      if (!since.has(guest)) continue;
      const cut = Number(process.hrtime.bigint()) / 1e6;
      const gone = new Promise<number>((resolve) => {
        dying = { guest, gone: resolve };
      });
      links[guest]?.cut();
      const told = await Promise.race([gone, pause(NOTICED)]);
      if (told === undefined) unnoticed++;
      else times.push(told - cut);
      dying = undefined;
      links[guest]?.mend();
    }
    over = true;
    await churning;
    const packets = await record.read();
    const judged = alarms.map(({ guest, at }) => {
      const { fault, since, story } = packets.judge(guest, ROUTER, at, interval * MULTIPLIER - 1);
      const still = metronomes.longest(since, at);
      console.log(`  ${((at - began) / 1000).toFixed(1)} s: ${story}; a processor stood still for ${still.toFixed(1)} ms`);
      return fault === 'router' && still >= interval ? 'machine' : fault;
    });
    times.sort((x, y) => x - y);
    const at = (share: number): number => times[Math.max(0, Math.ceil(times.length * share) - 1)] ?? Number.NaN;
    return {
      name: router.name,
      interval,
      busy: churn > 0,
      rounds: times.length,
      falseAlarms: alarms.length,
      faultsOfGuests: judged.filter((whose) => whose === 'guest').length,
      stillMachine: judged.filter((whose) => whose === 'machine').length,
      unnoticed,
      min: at(0),
      median: at(0.5),
      p99: at(0.99),
      max: at(1),
    };
  } finally {
    lab.dispose();
  }
}

const MULTIPLIER = 3;
const SETTLED = 3000;
/** Milliseconds after which a death counts as unnoticed. */
const NOTICED = 20_000;

/** The guest that is there for the longest time, once that is long enough. */
async function ready(since: ReadonlyMap<number, number>): Promise<number> {
  const end = performance.now() + 120_000;
  for (;;) {
    const [first] = [...since].sort(([, x], [, y]) => x - y);
    if (first && performance.now() - first[1] > SETTLED) return first[0];
    if (performance.now() > end) throw new Error('no guest came back in two minutes');
    await pause(20);
  }
}

function pause(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time));
}

/** The table again and again, each time with other attributes. */
async function churnOn(feeder: Speaker, over: () => boolean): Promise<void> {
  for (let round = 0; round < 10_000 && !over(); round++) {
    feeder.command(round % 2 === 0 ? 'send' : 'churn');
    await feeder.next('sent', 120);
  }
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    intervals: { type: 'string', default: '50,10' },
    prefixes: { type: 'string', default: '500000' },
    only: { type: 'string' },
    record: { type: 'boolean' },
    routers: { type: 'string', default: ROUTERS.map(({ name }) => name).join(',') },
  },
});
if (!bird.present()) throw new Error('the guests are BIRDs, and BIRD is not installed (npm run interop:install)');
const churns = values.only === 'quiet' ? [0] : values.only === 'busy' ? [Number(values.prefixes)] : [0, Number(values.prefixes)];
const file = join(root, 'docs', 'benchmarks.json');
for (const interval of values.intervals.split(',').map(Number)) {
  for (const churn of churns) {
    for (const router of ROUTERS.filter(({ name, present }) => values.routers.split(',').includes(name) && present())) {
      const result = await measure(router, interval, Number(values.rounds), churn);
      const { name, busy, min, median, p99, max } = result;
      console.log(
        `${name.padEnd(16)} ${`${interval} ms x 3`.padEnd(11)} ${busy ? 'busy ' : 'quiet'}  min ${min.toFixed(1)}  median ${median.toFixed(1)}  p99 ${p99.toFixed(1)}  max ${max.toFixed(1)} ms${result.falseAlarms > 0 ? `, ${result.falseAlarms} false alarms (${result.faultsOfGuests} by a fault of the guest, ${result.stillMachine} as the machine stood still)` : ''}${result.unnoticed > 0 ? `, ${result.unnoticed} unnoticed` : ''}`,
      );
      if (!values.record) continue;
      const all = JSON.parse(readFileSync(file, 'utf8')) as { readonly failover?: { readonly results: readonly Failover[] } };
      const same = (other: Failover): boolean => other.name === name && other.interval === interval && other.busy === busy;
      const failover = {
        measured: new Date().toISOString().slice(0, 10),
        machine: { cpu: cpus()[0]?.model.trim(), cores: cpus().length, node: process.version },
        prefixes: Number(values.prefixes),
        results: [...(all.failover?.results ?? []).filter((other) => !same(other)), result],
      };
      writeFileSync(file, `${JSON.stringify({ ...all, failover }, null, 2)}\n`);
    }
  }
}
process.exit(0);
