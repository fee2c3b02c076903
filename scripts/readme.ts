/**
 * Writes the parts of README.md that come from elsewhere: the program, the interop table, the benchmark's figures, the reasons. `npm run docs`
 * runs it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { VERDICTS, verdictSentence } from '../src/claims/reasons.js';

const root = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

interface Results {
  readonly features: readonly string[];
  readonly peers: Readonly<Record<string, { readonly version: string; readonly features: Readonly<Record<string, string>> }>>;
}
interface Figures {
  readonly name: string;
  readonly version: string;
  readonly convergedSeconds: number;
  readonly withdrawnSeconds: number;
  readonly peakMb: number;
  readonly cpuSeconds: number;
}
interface Benchmarks {
  readonly measured: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly prefixes: number;
  readonly lookup: Readonly<Record<string, number>>;
  readonly convergence: readonly Figures[];
  readonly withGrants: { readonly granted: number; readonly results: readonly Figures[] };
  readonly forward?: Forward;
  readonly frames?: Frames;
  readonly failover?: Failover;
  readonly bfd?: Bfd;
  readonly sessions?: Readonly<Record<string, number>>;
  readonly churn?: Dated<readonly { readonly name: string; readonly arrivedSeconds: number; readonly churnedSeconds: number }[]>;
  /** Milliseconds. */
  readonly ospf?: Dated<readonly { readonly name: string; readonly median: number; readonly p99: number }[]>;
  /** A database of 50,000 external LSAs, taken in from FRR. */
  readonly ospfDatabase?: readonly {
    readonly name: string;
    readonly rounds: number;
    /** From the last LSA that was received until all routes were mapped. */
    readonly mappedSeconds: number;
    readonly cpuSeconds: number;
    readonly octetsAnLsa: number;
  }[];
  readonly ospfSimulation?: readonly {
    readonly version: number;
    readonly measured: string;
    readonly routers: number;
    readonly wrong: number;
    readonly checked: number;
    readonly cpuSeconds: number;
    readonly megabytes: number;
  }[];
}
interface Dated<T> {
  readonly measured: string;
  readonly results: T;
}
/** What `npm run bench:bfd --record` found. */
interface Bfd {
  readonly measured: string;
  readonly sessions: number;
  readonly interval: number;
  readonly seconds: number;
  readonly figures: readonly { readonly name: string; readonly cpuPercent: number; readonly falseAlarms: number }[];
  readonly days: readonly { readonly interval: number; readonly hours: number; readonly alarms: number; readonly stalls: number }[];
}
/** What `npm run bench:failover --record` found: milliseconds. */
interface Failover {
  readonly measured: string;
  readonly results: readonly {
    readonly name: string;
    readonly interval: number;
    readonly busy: boolean;
    readonly rounds: number;
    readonly falseAlarms: number;
    readonly faultsOfGuests?: number;
    readonly stillMachine?: number;
    readonly unnoticed: number;
    readonly median: number;
    readonly p99: number;
  }[];
}
interface Rate {
  readonly framesPerSecond: number;
  readonly heap: { readonly frames: number; readonly grownMb: number };
}
/** What `npm run bench:forward` found; what it left out is not there. */
interface Forward {
  readonly measured: string;
  /** Of the machine: a high one says that it had other work. */
  readonly loadAverage: number;
  readonly memory?: Rate;
  readonly vxlanPlain?: Rate;
  readonly vxlanBatched?: Rate;
  readonly tap?: Rate;
  readonly iperf?: readonly { readonly name: string; readonly mtu: number; readonly megabitsPerSecond: number }[];
}

/** What `npm run bench:frames` found: medians. */
interface Frames {
  readonly measured: string;
  readonly loadAverage: number;
  readonly prefixes: number;
  readonly framesSeconds: number;
  readonly socketsSeconds: number;
}

function forwarding({ measured, loadAverage, memory, vxlanPlain, vxlanBatched, tap, iperf = [] }: Forward): string {
  const ways: readonly (readonly [string, Rate | undefined])[] = [
    ['memory port to memory port', memory],
    ['VXLAN in and out', vxlanPlain],
    ['VXLAN in and out, batched', vxlanBatched],
    ['TAP to TAP', tap],
  ];
  const rates = ways.flatMap(([name, rate]) => {
    if (!rate) return [];
    const { framesPerSecond, heap } = rate;
    const million = heap.frames / 1e6;
    return [
      `| ${name} | ${Math.round(framesPerSecond / 100) / 10} k | ${heap.grownMb.toFixed(1)} MB over ${million.toFixed(million < 1 ? 1 : 0)} million |`,
    ];
  });
  const mtus = [...new Set(iperf.map(({ mtu }) => mtu))];
  const rateOf = (name: string, mtu: number): number | undefined =>
    iperf.find((one) => one.name === name && one.mtu === mtu)?.megabitsPerSecond;
  const transfers = [...new Set(iperf.map(({ name }) => name))].map((name) => {
    const cells = mtus.map((mtu) => {
      const [own, peer] = [rateOf(name, mtu), rateOf('slirp4netns', mtu)];
      return own === undefined ? '' : `${own.toFixed(0)}${peer === undefined ? '' : ` (${(own / peer).toFixed(2)})`}`;
    });
    return `| ${name} | ${cells.join(' | ')} |`;
  });
  return [
    `Forwarding (\`npm run bench:forward\`, ${measured}, one thread, source check and look-up included, load average ${loadAverage} from other work on the same two cores), frames of 64 octets:\n`,
    '| | a second | the heap grew by |',
    '| --- | --- | --- |',
    ...rates,
    ...(transfers.length > 0
      ? [
          '\niperf3 between two guests (TCP with cubic, as Linux has it by default), each with a cable to the router, Mb/s, medians of rounds in one run; in parentheses the ratio to slirp4netns:\n',
          `| | ${mtus.map((mtu) => `MTU ${mtu}`).join(' | ')} |`,
          `| --- |${' --- |'.repeat(mtus.length)}`,
          ...transfers,
        ]
      : []),
  ].join('\n');
}

function overFrames({ measured, loadAverage, prefixes, framesSeconds, socketsSeconds }: Frames): string {
  return `A table of ${prefixes.toLocaleString('en')} prefixes from BIRD in a guest (\`npm run bench:frames\`, ${measured}, load average ${loadAverage}): ${framesSeconds.toFixed(2)} s over frames and our own TCP, ${socketsSeconds.toFixed(2)} s over the kernel's sockets (${(framesSeconds / socketsSeconds).toFixed(2)}).`;
}

const ROUTERS = ['virtual-router', 'BIRD', 'FRR'];

function failing({ measured, results }: Failover): string {
  // The slower timers first, quiet before busy.
  const sorted = [...results].sort(
    (x, y) => y.interval - x.interval || Number(x.busy) - Number(y.busy) || ROUTERS.indexOf(x.name) - ROUTERS.indexOf(y.name),
  );
  const rows = sorted.map(
    ({ name, interval, busy, rounds, falseAlarms, faultsOfGuests = 0, stillMachine = 0, unnoticed, median, p99 }) =>
      `| ${name} | ${interval} ms x 3 | ${busy ? 'a table in churn' : 'quiet'} | ${median.toFixed(1)} ms | ${p99.toFixed(1)} ms | ${falseAlarms - faultsOfGuests - stillMachine} | ${faultsOfGuests + stillMachine} | ${unnoticed} of ${rounds + unnoticed} |`,
  );
  return [
    `From a guest's silent death to the withdrawal of its address at a third neighbour (\`npm run bench:failover\`, ${measured}):\n`,
    '| | BFD | meanwhile | median | 99th percentile | false alarms | lost to silence | unnoticed for 20 s |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    'A session that ended with nobody cut off is a false alarm, unless packets recorded beside it show that the guest had been silent for longer than BFD allows (or gave up a router that was not), or that a processor of this virtual machine stood still meanwhile, as threads that do nothing but look at the clock can tell: those are lost to silence.',
  ].join('\n');
}

function watching({ measured, sessions, interval, seconds, figures, days }: Bfd): string {
  const costs = figures.map(
    ({ name, cpuPercent, falseAlarms }) => `${name} ${digits(cpuPercent)} % of a core, ${falseAlarms} false alarms`,
  );
  const calm = days.map(({ interval: ms, alarms }) => `${alarms} at ${ms} ms x 3`);
  return `${sessions.toLocaleString('en')} BFD sessions at ${interval} ms x 3 for ${seconds} seconds (\`npm run bench:bfd\`, ${measured}): ${costs.join('; ')}. False alarms in a simulated day on a thread that is busy, and suspended once an hour for up to five seconds: ${calm.join(', ')}.`;
}

function externals(database: NonNullable<Benchmarks['ospfDatabase']>): string {
  const each = database.map(
    ({ name, rounds, cpuSeconds, mappedSeconds, octetsAnLsa }) =>
      `${name} ${cpuSeconds.toFixed(2)} s of CPU, all routes mapped ${mappedSeconds.toFixed(2)} s after the last LSA, ${Math.round(octetsAnLsa)} octets an LSA (median of ${rounds})`,
  );
  return `A database of 50,000 external LSAs of OSPF, taken in from FRR (\`npm run bench -- database\`): ${each.join('; ')}. Of ours the octets are too few: the rehearsal leaves heap behind that is used again. When BIRD has mapped all differs between runs, from 1 to 10 s.`;
}

function shortestPaths(ospf: Benchmarks['ospf'], simulations: Benchmarks['ospfSimulation'] = []): string {
  const times = ospf?.results.map(({ name, median, p99 }) => `${name} ${digits(median)} ms (99 of 100 under ${digits(p99)})`);
  return [
    ...(times
      ? [
          `Shortest paths of OSPF over 5,000 routers and 20,000 links (\`npx tsx bench/ospf.ts\`, ${ospf?.measured}), medians: ${times.join(', ')}.`,
        ]
      : []),
    ...(simulations.length > 0
      ? [`Simulated with loss and links that flap, and held to a plain Dijkstra: ${simulations.map(simulated).join('; ')}.`]
      : []),
  ].join(' ');
}

function simulated({
  version,
  measured,
  routers,
  wrong,
  checked,
  cpuSeconds,
  megabytes,
}: NonNullable<Benchmarks['ospfSimulation']>[number]): string {
  const command = `npx tsx bench/ospf-simulation.ts --routers ${routers}${version === 3 ? ' --version 3' : ''}`;
  const ways = wrong === 0 ? `all of ${checked} ways as that says` : `${wrong} of ${checked} ways other than that says`;
  return `${routers} routers of OSPFv${version} (\`${command}\`, ${measured}) end with ${ways}, in ${cpuSeconds.toFixed(0)} s of CPU and ${megabytes} MB`;
}

function digits(value: number): string {
  return value.toFixed(value < 1 ? 2 : 1);
}

/** The smallest example, as one who has installed the package writes it. */
function program(): string {
  const [, code = ''] = /^(?:\/\*\*[\s\S]*?\*\/\n)?([\s\S]*)$/.exec(read('examples/minimal.ts')) ?? [];
  return `\`\`\`ts\n${code.trim().replace('../src/index.js', 'virtual-router')}\n\`\`\``;
}

function interop(): string {
  const { features, peers } = JSON.parse(read('test/interop/RESULTS.json')) as Results;
  const names = Object.keys(peers);
  const rows = features.map(
    (feature) => `| ${feature} | ${names.map((name) => peers[name]?.features[feature] ?? 'not tried').join(' | ')} |`,
  );
  const versions = names.map((name) => peers[name]?.version ?? name);
  return [`| | ${versions.join(' | ')} |`, `| --- |${' --- |'.repeat(names.length)}`, ...rows].join('\n');
}

/** A figure with its unit; nothing where it was not measured. */
function shown(figures: Readonly<Record<string, number>>, name: string, unit: string): string {
  const value = figures[name];
  return value === undefined ? '' : `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
}

function crowd(sessions: Readonly<Record<string, number>>): string {
  const rows = ['a full table arrives', 'a session with a full table dies', 'a default route flaps', 'all sessions die'].map(
    (name) =>
      `| ${name} | ${shown(sessions, `event loop, ${name}: p99 ms`, 'ms')} | ${shown(sessions, `event loop, ${name}: max ms`, 'ms')} | ${shown(sessions, `KEEPALIVEs, ${name}: most s between two`, 's')} |`,
  );
  return [
    `1,000 sessions of ten addresses each over loopback are up and mapped in ${shown(sessions, 'sessions up and mapped s', 's')}, and take ${shown(sessions, 'KB a session', 'KB')} each. How late the event loop is, and how long another neighbour waits between two KEEPALIVEs of one a second:\n`,
    '| meanwhile | 99th percentile | most | KEEPALIVEs |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function lookUps(lookup: Readonly<Record<string, number>>): string {
  const row = (what: string, unit: string, ...names: readonly string[]): string =>
    `| ${what} | ${names.map((name) => shown(lookup, name, unit)).join(' | ')} |`;
  return [
    `The memory table, and beside it DIR-24-8 in plain typed arrays, which is filled once and not changed; a table of 100 prefixes takes ${shown(lookup, '100 prefixes KB, each of 1,000 tables', 'KB')}:\n`,
    '| | IPv4, 1,000,000 prefixes | DIR-24-8 | IPv6, 280,000 prefixes |',
    '| --- | --- | --- | --- |',
    row('look-ups of random addresses', 'M/s', 'ipv4 random M/s', 'DIR-24-8 random M/s', ''),
    row('look-ups of addresses that have a route', 'M/s', 'ipv4 routed M/s', 'DIR-24-8 routed M/s', 'ipv6 routed M/s'),
    row('memory', 'MB', 'ipv4 bytes MB', '', 'ipv6 bytes MB'),
    row('filled in', 'ms', 'ipv4 fill ms', '', 'ipv6 fill ms'),
    row('emptied in', 'ms', 'ipv4 empty ms', '', ''),
    row('a default route set', 'ms', 'ipv4 default route flap ms', '', ''),
  ].join('\n');
}

function bench(): string {
  if (!existsSync(new URL('docs/benchmarks.json', root))) return 'Not measured yet.';
  const {
    measured,
    machine,
    prefixes,
    lookup,
    convergence,
    withGrants,
    forward,
    frames,
    failover,
    bfd,
    sessions,
    churn,
    ospf,
    ospfDatabase,
    ospfSimulation,
  } = JSON.parse(read('docs/benchmarks.json')) as Benchmarks;
  const table = (results: readonly Figures[]): string => {
    const base = results.find(({ name }) => name === 'BIRD') ?? results[0];
    const cell = (value: number, of: number, unit: string): string =>
      `${value.toFixed(value < 10 ? 2 : 0)} ${unit} (${(value / of).toFixed(2)})`;
    const rows = results.map(
      (result) =>
        `| ${result.name} | ${cell(result.convergedSeconds, base?.convergedSeconds ?? 1, 's')} | ${cell(result.withdrawnSeconds, base?.withdrawnSeconds ?? 1, 's')} | ${cell(result.peakMb, base?.peakMb ?? 1, 'MB')} | ${cell(result.cpuSeconds, base?.cpuSeconds ?? 1, 's')} |`,
    );
    return ['| | converged | withdrawn | peak memory | CPU |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
  };
  const churnOfBird = churn?.results.find(({ name }) => name === 'BIRD');
  const churned = churn?.results.map(
    ({ name, arrivedSeconds, churnedSeconds }) =>
      `${name} ${arrivedSeconds.toFixed(2)} s and ${churnedSeconds.toFixed(2)} s${
        churnOfBird && name !== churnOfBird.name
          ? ` (${(arrivedSeconds / churnOfBird.arrivedSeconds).toFixed(2)} and ${(churnedSeconds / churnOfBird.churnedSeconds).toFixed(2)})`
          : ''
      }`,
  );
  return [
    `Measured on ${measured}: ${machine.cores} cores of ${machine.cpu}, Node ${machine.node.slice(1)}. Medians; in parentheses the ratio to BIRD in the same run.`,
    table(convergence),
    '![One full table through each router](docs/convergence.svg)',
    `With 10,000 grants, by which ${(((prefixes - withGrants.granted) / prefixes) * 100).toFixed(1)} % of the table is refused:`,
    table(withGrants.results),
    ...(churned
      ? [
          `Ten neighbours with 100,000 prefixes each, half of them shared, until another has heard all; and again with other attributes (${churn?.measured}): ${churned.join(', ')}.`,
        ]
      : []),
    ...(sessions ? [crowd(sessions)] : []),
    lookUps(lookup),
    ...(ospf || ospfSimulation ? [shortestPaths(ospf, ospfSimulation)] : []),
    ...(ospfDatabase ? [externals(ospfDatabase)] : []),
    ...(failover ? [failing(failover)] : []),
    ...(bfd ? [watching(bfd)] : []),
    ...(forward ? [forwarding(forward)] : []),
    ...(frames ? [overFrames(frames)] : []),
  ].join('\n\n');
}

const reasons = VERDICTS.filter((verdict) => verdict !== 'accepted').map((verdict) => `| \`${verdict}\` | ${verdictSentence(verdict)} |`);
const parts: Readonly<Record<string, string>> = {
  program: program(),
  interop: interop(),
  bench: bench(),
  reasons: ['| reason | |', '| --- | --- |', ...reasons].join('\n'),
};

/** The README with those parts as they are now. */
export function readme(): string {
  let text = read('README.md');
  for (const [name, part] of Object.entries(parts)) {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [from, to] = [text.indexOf(open), text.indexOf(close)];
    if (from < 0 || to < from) throw new Error(`README.md has no part "${name}"`);
    text = `${text.slice(0, from + open.length)}\n${part}\n${text.slice(to)}`;
  }
  return text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(new URL('README.md', root), readme());
