/**
 * A database of external LSAs taken in from FRR, by our router, by BIRD and by FRR in turn: `npx tsx bench/ospf-database.ts [--lsas 50000]
 * [--rounds 3] [--targets bird,frr]`. FRR's ospfd redistributes the kernel's routes; the two hear each other once both have run for a while, so
 * what counts is the exchange alone. What came is read out of a capture at the receiver.
 * Namespaces of its own; needs root, tcpdump, and the daemons.
 */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { capturedPackets, readPcap } from '../src/capture/index.js';
import { parseAddress } from '../src/lib/address.js';
import { inspectPacket, LsTypeV2 } from '../src/ospf/wire/index.js';
import { bundled, type Host, Lab, median, Speaker, usage } from './lab.js';

const SOURCE = '10.99.1.2';
const RANGE = '100.64.0.0/10';
/** Seconds for one phase of one receiver. */
const PATIENCE = 120;
const POLL = 10;
/** Milliseconds after which a receiver's start counts no longer: neither for MinLSInterval nor for the back-off of calculations (RFC 8405). */
const SETTLED = 12_000;
const FRR = '/usr/lib/frr';

/** One of the routers that take it in. */
interface Receiver {
  readonly name: string;
  present(): boolean;
  /** Starts it. Comes back when it runs. */
  start(lab: Lab, host: Host, lsas: number): Promise<Running>;
}
interface Running {
  /** To be measured. */
  readonly processes: readonly ChildProcess[];
  /** When all are mapped, milliseconds since the epoch. */
  mapped(): Promise<number>;
}

export interface OspfDatabase {
  readonly name: string;
  readonly rounds: number;
  /** From the first packet of the source to the last with any LSA before all routes were mapped. */
  readonly receivedSeconds: number;
  /** From that packet to all routes mapped. */
  readonly mappedSeconds: number;
  readonly cpuSeconds: number;
  /** Resident memory that came with it. */
  readonly octetsAnLsa: number;
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Asks until the answer is as wished. Comes back with the moment. */
async function until(what: string, condition: () => Promise<boolean>, every = POLL): Promise<number> {
  for (const stop = Date.now() + PATIENCE * 1000; Date.now() < stop; await pause(every)) if (await condition()) return Date.now();
  throw new Error(`${what}: not in ${PATIENCE} s`);
}

const ours: Receiver = {
  name: 'virtual-router',
  present: () => true,
  async start(lab, host, lsas) {
    const child = lab.program(host, [process.execPath, bundled('ospf-receiver'), SOURCE, RANGE, String(lsas)]);
    const speaker = new Speaker(child);
    await speaker.next('ready', PATIENCE);
    return { processes: [child], mapped: async () => (await speaker.next('mapped', PATIENCE)).at };
  },
};

const bird: Receiver = {
  name: 'BIRD',
  present: () => existsSync('/usr/sbin/bird'),
  async start(lab, host, lsas) {
    const file = join(lab.folder, 'bird.conf');
    const control = join(lab.folder, 'bird.ctl');
    writeFileSync(
      file,
      `router id 1.1.1.1;\nprotocol device {}\nprotocol ospf v2 {\n  ipv4 { import all; export none; };\n  area 0 { interface "eth0" { type ptp; hello 1; dead 10; }; };\n}\n`,
    );
    const child = lab.spawn(host, ['/usr/sbin/bird', '-f', '-c', file, '-s', control]);
    await until('BIRD starts', async () => existsSync(control));
    // Its socket is asked: a client's start would cost more than the answer.
    const ask = asking(control, '\n', (text) => /^0000 |^0014 |\n0000 |\n0014 |^0001 |^8001 /m.test(text));
    await ask('');
    return {
      processes: [child],
      mapped: () => until('BIRD has all', async () => Number(/(\d+) routes for/.exec(await ask('show route count'))?.[1] ?? 0) > lsas),
    };
  },
};

const frr: Receiver = {
  name: 'FRR',
  present: () => existsSync(join(FRR, 'ospfd')),
  async start(lab, host, lsas) {
    const daemons = await startFrr(lab, host, 'receiver', '1.1.1.1');
    return {
      processes: daemons.processes,
      mapped: () =>
        until('FRR has all', async () => {
          const counts = await daemons.ask('zebra', 'show ip route summary');
          return Number(/ospf\s+(\d+)/.exec(counts)?.[1] ?? 0) > lsas;
        }),
    };
  },
};

/** A command to a Unix socket and its answer, one at a time. */
function asking(path: string, terminator: string, isWhole: (text: string) => boolean): (command: string) => Promise<string> {
  const socket = connect(path);
  let text = '';
  let whole: (() => void) | undefined;
  socket.on('data', (data) => {
    text += data.toString('latin1');
    if (isWhole(text)) whole?.();
  });
  return (command) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to "${command}": ${text}`)), PATIENCE * 1000);
      whole = () => {
        clearTimeout(timer);
        whole = undefined;
        resolve(text);
      };
      text = '';
      if (command !== '' || terminator !== '\n') socket.write(`${command}${terminator}`);
    });
}

/** Zebra, and ospfd on `eth0`. */
async function startFrr(lab: Lab, host: Host, name: string, routerId: string, redistribute = '') {
  const folder = join(lab.folder, name);
  mkdirSync(folder, { recursive: true });
  const [owner, group] = ['-u', '-g'].map((of) => Number(execFileSync('id', [of, 'frr']).toString())) as [number, number]; // two of two
  const ospf = [
    'interface eth0',
    ' ip ospf area 0',
    ' ip ospf network point-to-point',
    ' ip ospf hello-interval 1',
    ' ip ospf dead-interval 10',
    'exit',
    'router ospf',
    ` ospf router-id ${routerId}`,
    redistribute,
    'exit',
    '',
  ];
  const files = { zebra: '', ospfd: ospf.join('\n') };
  for (const [daemon, text] of Object.entries(files)) writeFileSync(join(folder, `${daemon}.conf`), text);
  for (const path of [lab.folder, folder, ...Object.keys(files).map((daemon) => join(folder, `${daemon}.conf`))]) {
    chownSync(path, owner, group);
    chmodSync(path, 0o755);
  }
  const start = async (daemon: string): Promise<ChildProcess> => {
    const child = lab.spawn(host, [
      join(FRR, daemon),
      '-f',
      join(folder, `${daemon}.conf`),
      '-z',
      join(folder, 'zserv'),
      '-i',
      join(folder, `${daemon}.pid`),
      '--vty_socket',
      folder,
      '-P',
      '0',
    ]);
    await until(`${daemon} starts`, async () => existsSync(join(folder, `${daemon}.vty`)), 100);
    return child;
  };
  const zebra = await start('zebra');
  const ospfd = await start('ospfd');
  const sockets = new Map<string, (command: string) => Promise<string>>();
  return {
    processes: [ospfd, zebra],
    /** As vtysh asks: three octets of zero and the command's result end an answer. */
    async ask(daemon: string, command: string): Promise<string> {
      let ask = sockets.get(daemon);
      if (!ask) {
        ask = asking(join(folder, `${daemon}.vty`), '\0', (text) => text.length >= 4 && text.slice(-4, -1) === '\0\0\0');
        sockets.set(daemon, ask);
        await ask('enable');
      }
      return ask(command);
    },
  };
}

/** Resident memory now, of programs and their children. */
function resident(processes: readonly ChildProcess[]): number {
  let octets = 0;
  const add = (pid: number): void => {
    octets += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
    for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean)) add(Number(child));
  };
  for (const { pid } of processes) if (pid !== undefined) add(pid);
  return octets;
}
const cpu = (processes: readonly ChildProcess[]): number => processes.reduce((sum, one) => sum + usage(one).cpuSeconds, 0);

/**
 * When the first packet of the source came, and the last with any LSA: seconds since the epoch. The last is often one sent again: of the
 * router LSA with which the source says that it is adjacent, before which nobody can have a way to it.
 */
function received(file: string, until: number): { readonly first: number; readonly last: number; readonly externals: number } {
  const externals = new Set<number>();
  let [first, last] = [Number.NaN, Number.NaN];
  for (const one of capturedPackets(readPcap(readFileSync(file)))) {
    if (!('packet' in one) || one.from !== SOURCE || one.time > until) continue;
    if (Number.isNaN(first)) first = one.time;
    const { body } = inspectPacket(one.packet, one.version, parseAddress(one.from), parseAddress(one.to));
    if (body?.type !== 'link-state-update') continue;
    last = one.time;
    for (const { header } of body.lsas) if (header.lsType === LsTypeV2.external) externals.add(header.id);
  }
  return { first, last, externals: externals.size };
}

async function takeIn(receiver: Receiver, lsas: number): Promise<Omit<OspfDatabase, 'name' | 'rounds'>> {
  const lab = new Lab();
  try {
    const source = lab.host(SOURCE);
    const at = lab.host('10.99.1.1');
    const routes = Array.from({ length: lsas }, (_, i) => `route add blackhole 100.${64 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}/32\n`);
    execFileSync('ip', ['-n', source.namespace, '-batch', '-'], { input: routes.join('') });
    const sender = await startFrr(lab, source, 'sender', '2.2.2.2', ' redistribute kernel');
    await until('the sender has all', async () => (await sender.ask('ospfd', 'show ip ospf')).includes(`external LSA ${lsas}.`), 200);
    lab.forward(source, false);
    const { processes, mapped } = await receiver.start(lab, at, lsas);
    const file = join(lab.folder, 'received.pcap');
    const capture = lab.spawn(at, ['tcpdump', '-i', 'eth0', '-s', '0', '-U', '-B', '65536', '-w', file, 'ip proto 89']);
    await until('tcpdump starts', async () => existsSync(file), 50);
    await pause(SETTLED);
    const before = { cpu: cpu(processes), resident: resident(processes) };
    lab.forward(source, true);
    const done = await mapped();
    const after = { cpu: cpu(processes), resident: resident(processes) };
    await pause(500);
    const written = once(capture, 'exit');
    lab.interrupt(capture);
    await written;
    const { first, last, externals: came } = received(file, done / 1000);
    if (came < lsas) throw new Error(`${came} of ${lsas} LSAs are in the capture`);
    return {
      receivedSeconds: last - first,
      mappedSeconds: done / 1000 - last,
      cpuSeconds: after.cpu - before.cpu,
      octetsAnLsa: (after.resident - before.resident) / lsas,
    };
  } finally {
    lab.dispose();
  }
}

const RECEIVERS: readonly Receiver[] = [ours, bird, frr];

/** Several rounds of each, in turn. */
export async function benchOspfDatabase(
  lsas = 50_000,
  rounds = 3,
  receivers: readonly Receiver[] = RECEIVERS,
  print: (line: string) => void = console.log,
): Promise<OspfDatabase[]> {
  const runs = new Map<Receiver, Omit<OspfDatabase, 'name' | 'rounds'>[]>();
  for (let round = 0; round < rounds; round++)
    for (const receiver of receivers) {
      if (!receiver.present()) continue;
      const run = await takeIn(receiver, lsas);
      runs.set(receiver, [...(runs.get(receiver) ?? []), run]);
      print(line(receiver.name, run));
    }
  return [...runs].map(([{ name }, all]) => {
    const of = (field: keyof (typeof all)[0]): number => median(all.map((run) => run[field]));
    return {
      name,
      rounds: all.length,
      receivedSeconds: of('receivedSeconds'),
      mappedSeconds: of('mappedSeconds'),
      cpuSeconds: of('cpuSeconds'),
      octetsAnLsa: of('octetsAnLsa'),
    };
  });
}

function line(name: string, run: Omit<OspfDatabase, 'name' | 'rounds'>): string {
  return `${name.padEnd(16)} received in ${run.receivedSeconds.toFixed(2)} s, mapped ${run.mappedSeconds.toFixed(3)} s after the last, CPU ${run.cpuSeconds.toFixed(2)} s, ${run.octetsAnLsa.toFixed(0)} octets an LSA`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: { targets: { type: 'string' }, lsas: { type: 'string', default: '50000' }, rounds: { type: 'string', default: '3' } },
  });
  const names = values.targets?.toLowerCase().split(',');
  const results = await benchOspfDatabase(
    Number(values.lsas),
    Number(values.rounds),
    RECEIVERS.filter(({ name }) => names?.includes(name.toLowerCase()) ?? true),
  );
  console.log('\nmedians');
  for (const result of results) console.log(line(result.name, result));
}
