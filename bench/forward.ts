/**
 * `npm run bench:forward`: the whole forwarding path, source check and look-up with it, on one thread: between memory ports, through VXLAN
 * ports (plain and batched) and through TAP devices; whether the heap grows over ten million frames; and iperf3 between two Linux
 * guests through the router, beside slirp4netns and the kernel's bridge. In network namespaces of its own; takes root, koffi, iperf3 and
 * slirp4netns, and leaves out what is not there.
 *
 * Takes about eight minutes. With `--record` the figures go to docs/benchmarks.json; what was not measured stays there as it was.
 *
 *     tsx bench/forward.ts [--only memory,vxlan,tap,iperf] [--frames 10000000] [--seconds 4] [--mtu 1450,8950,65400] [--rounds 3] [--record]
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  type Clock,
  Host,
  ManualClock,
  MemoryTransport,
  memoryCable,
  NodePorts,
  type Port,
  SystemClock,
  VirtualRouter,
} from '../src/index.js';
import { socketName } from '../src/io/batched-udp.js';
import { libc } from '../src/io/libc.js';
import { parseAddress } from '../src/lib/address.js';
import { writeArp } from '../src/stack/wire/arp.js';
import { EtherType } from '../src/stack/wire/codes.js';
import { writeEthernet } from '../src/stack/wire/ethernet.js';
import { writeIpv4 } from '../src/stack/wire/ipv4.js';
import { bundled, type Host as Guest, Lab, median } from './lab.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'memory,vxlan,tap,iperf' },
    frames: { type: 'string', default: '10000000' },
    seconds: { type: 'string', default: '4' },
    mtu: { type: 'string', default: '1450,8950,65400' },
    /** Of iperf3, each way in turn: medians count. */
    rounds: { type: 'string', default: '3' },
    record: { type: 'boolean', default: false },
    /** Where a part runs: inside of a namespace that the whole has made. */
    inside: { type: 'string' },
  },
});
const FRAMES = Number(values.frames);
const SECONDS = Number(values.seconds);
const ROUTER = Uint8Array.of(2, 0x56, 10, 0, 0, 1);
const MACS = [Uint8Array.of(2, 0, 0, 0, 0, 10), Uint8Array.of(2, 0, 0, 0, 0, 11)] as const;
const root = join(import.meta.dirname, '..');

async function routerOf(ports: Readonly<Record<string, Port>>, clock: Clock): Promise<VirtualRouter> {
  const router = new VirtualRouter(
    {
      as: 65000,
      routerId: '10.0.0.1',
      interfaces: [
        { subnet: 'one', addresses: ['10.0.1.1'] },
        { subnet: 'two', addresses: ['10.0.2.1'] },
      ],
      ports: [
        { name: 'pa', type: 'memory' },
        { name: 'pb', type: 'memory' },
      ],
      network: {
        subnets: [
          { name: 'one', prefix: '10.0.1.0/24' },
          { name: 'two', prefix: '10.0.2.0/24' },
        ],
        nodes: [
          { name: 'a', addresses: ['10.0.1.10'], location: 'pa' },
          { name: 'b', addresses: ['10.0.2.11'], location: 'pb' },
        ],
      },
    },
    { host: new Host({ transport: new MemoryTransport(clock), clock }), ports },
  );
  await router.start();
  return router;
}

/** What makes the router know the MAC of b. */
function arp(): Uint8Array {
  const frame = new Uint8Array(42);
  writeEthernet(frame, 0, ROUTER, MACS[1], EtherType.arp);
  writeArp(frame, 14, 1, MACS[1], parseAddress('10.0.2.11'), new Uint8Array(6), parseAddress('10.0.2.1'));
  return frame;
}

/** 60 octets, as they are without the frame check sequence of 4. */
function packet(): Uint8Array {
  const frame = new Uint8Array(60);
  writeEthernet(frame, 0, ROUTER, MACS[0], EtherType.ipv4);
  writeIpv4(frame, 14, { source: parseAddress('10.0.1.10'), target: parseAddress('10.0.2.11'), protocol: 17, payload: 26, ttl: 64 });
  return frame;
}

/** What the heap did over some frames. */
interface Heap {
  /** Frames that were forwarded meanwhile. */
  readonly frames: number;
  /** MB more in use afterwards, nothing collected in between by us. */
  readonly grownMb: number;
  readonly collections: number;
}

function watchHeap(): (frames: number) => Heap {
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  observer.observe({ entryTypes: ['gc'] });
  const before = process.memoryUsage().heapUsed;
  return (frames) => {
    const grownMb = (process.memoryUsage().heapUsed - before) / 1e6;
    observer.disconnect();
    return { frames, grownMb, collections };
  };
}

async function memory(): Promise<object> {
  const [a, pa] = memoryCable();
  const [b, pb] = memoryCable();
  const router = await routerOf({ pa, pb }, new ManualClock());
  let received = 0;
  b.listen(() => received++);
  const known = arp();
  b.send(known, 0, known.length);
  const template = packet();
  const buffer = template.slice();
  const run = (frames: number): number => {
    const start = performance.now();
    for (let i = 0; i < frames; i++) {
      buffer.set(template);
      a.send(buffer, 0, 60);
    }
    return (frames / (performance.now() - start)) * 1000;
  };
  run(500_000);
  received = 0;
  const heap = watchHeap();
  const framesPerSecond = run(FRAMES);
  const used = heap(received);
  if (received !== FRAMES) throw new Error(`${FRAMES - received} frames were lost`);
  await router.stop();
  return { framesPerSecond, heap: used };
}

/** A flood from another process. */
interface Blast {
  readonly over: Promise<unknown>;
  end(): void;
}

/** Slower than this the heap is watched over fewer frames than wanted: there is an end. */
const SLOWEST = 80_000;

/** Floods port a from another process, and counts what leaves by port b once all is warm; the heap is watched until `frames` have left. */
async function flooded(
  port: Port & { readonly counters?: { readonly sent: number; readonly dropped: number } },
  blast: (seconds: number) => Blast,
  frames = 0,
): Promise<object> {
  const sent = (): number => (port.counters?.sent ?? 0) - (port.counters?.dropped ?? 0);
  let blasting = true;
  const flood = blast(SECONDS + 4 + frames / SLOWEST);
  const over = flood.over.finally(() => {
    blasting = false;
  });
  // The other process takes a second to start, and ours a moment to be compiled.
  const latest = performance.now() + 3000;
  while (sent() < 20_000 && performance.now() < latest) await pause(10);
  const [from, at] = [sent(), performance.now()];
  const heap = watchHeap();
  await pause(SECONDS * 1000);
  const framesPerSecond = ((sent() - from) / (performance.now() - at)) * 1000;
  while (blasting && sent() - from < frames) await pause(100);
  const used = heap(sent() - from);
  flood.end();
  await over;
  return { framesPerSecond, heap: used };
}

function blaster(from: string, fromPort: number, to: string, toPort: number, payload: Uint8Array, prefix: readonly string[] = []) {
  return (seconds: number): Blast => {
    const program = bundled('blaster');
    const [command = '', ...args] = [...prefix, process.execPath, program, from, fromPort, to, toPort, seconds].map(String);
    const child = spawn(command, [...args, Buffer.from(payload).toString('hex')], { stdio: ['ignore', 'inherit', 'inherit'] });
    return { over: once(child, 'exit'), end: () => void child.kill() };
  };
}

async function vxlan(batched: boolean): Promise<object> {
  const ports = new NodePorts();
  const at = { type: 'vxlan', address: '127.0.0.1', port: 47_890, vni: 1, batched } as const;
  const pa = await ports.open({ ...at, name: 'pa', remote: '127.0.0.2' });
  const pb = await ports.open({ ...at, name: 'pb', remote: '127.0.0.3' });
  const router = await routerOf({ pa, pb }, new SystemClock());
  const header = Buffer.from('0800000000000100', 'hex');
  // Guest b is a socket that nobody reads (one of Node's would be, here and on this thread): it says who it is, and the kernel drops what it
  // cannot hold.
  const c = await libc('the benchmark');
  const b = c.socket(2, 2, 0);
  const [own, to, hello] = [socketName('127.0.0.3', 47_890), socketName('127.0.0.1', 47_890), Buffer.concat([header, arp()])];
  if (c.bind(b, own, own.length) < 0 || c.sendto(b, hello, hello.length, 0, to, to.length) < 0) throw new Error('guest b has no socket');
  await pause(100);
  // Node's own sockets make objects for each datagram; there is nothing to show of their heap.
  const frames = batched ? FRAMES : 0;
  const result = await flooded(pb, blaster('127.0.0.2', 47_890, '127.0.0.1', 47_890, Buffer.concat([header, packet()])), frames);
  c.close(b);
  await router.stop();
  await Promise.all([pa.close(), pb.close()]);
  return result;
}

/** In a namespace: two TAP devices, each moved into a guest's. */
async function tap(guests: readonly string[]): Promise<object> {
  const ports = new NodePorts();
  const pa = await ports.open({ type: 'tap', name: 'pa', device: 'vrbencha' });
  const pb = await ports.open({ type: 'tap', name: 'pb', device: 'vrbenchb' });
  const router = await routerOf({ pa, pb }, new SystemClock());
  for (const [i, device] of ['vrbencha', 'vrbenchb'].entries()) {
    const guest = guests[i] ?? '';
    execFileSync('ip', ['link', 'set', device, 'netns', guest]);
    execFileSync('ip', ['-n', guest, 'link', 'set', device, 'up']);
    execFileSync('ip', ['-n', guest, 'address', 'add', `10.0.${i + 1}.${i + 10}/24`, 'dev', device]);
    execFileSync('ip', ['-n', guest, 'route', 'add', `10.0.${2 - i}.0/24`, 'via', `10.0.${i + 1}.1`]);
  }
  // 64-octet frames: 14 + 20 + 8 + 18, and the check sequence that is not there.
  const result = await flooded(
    pb,
    blaster('10.0.1.10', 4000, '10.0.2.11', 4000, new Uint8Array(18), ['ip', 'netns', 'exec', guests[0] ?? '']),
    FRAMES,
  );
  await router.stop();
  await Promise.all([pa.close(), pb.close()]);
  return result;
}

/** In the router's namespace: guests behind vxlan devices, and iperf3 between them. */
async function router(batched: boolean, mtu: number, hosts: readonly string[]): Promise<void> {
  const ports = new NodePorts();
  const at = { type: 'vxlan', address: hosts[0] ?? '', vni: 1, mtu, batched } as const;
  const pa = await ports.open({ ...at, name: 'pa', remote: hosts[1] ?? '' });
  const pb = await ports.open({ ...at, name: 'pb', remote: hosts[2] ?? '' });
  await routerOf({ pa, pb }, new SystemClock());
  console.log('ready');
  await pause(60_000);
}

/** The guests' TCP: Linux's own default, whatever this machine's is. */
const CONGESTION_CONTROL = 'cubic';

interface Iperf {
  readonly name: string;
  readonly mtu: number;
  readonly megabitsPerSecond: number;
}

type Guests = Readonly<Record<'r' | 'a' | 'b' | 'slirp', Guest>>;

async function iperf(lab: Lab, hosts: Guests, mtu: number): Promise<Iperf[]> {
  const results: Iperf[] = [];
  const { r, a, b } = hosts;
  const inside = (host: { namespace: string }, ...command: string[]): string =>
    execFileSync('ip', ['netns', 'exec', host.namespace, ...command], { timeout: 30_000 }).toString();
  const note = (name: string, out: string): void => {
    const { end } = JSON.parse(out) as { end: { sum_received: { bits_per_second: number }; sum_sent: { retransmits: number } } };
    const megabitsPerSecond = end.sum_received.bits_per_second / 1e6;
    results.push({ name, mtu, megabitsPerSecond });
    console.log(`  iperf3, ${name}, MTU ${mtu}: ${megabitsPerSecond.toFixed(0)} Mb/s, ${end.sum_sent.retransmits} segments sent again`);
  };
  const measure = (name: string, target: string, from: Guest = a): void => {
    note(name, inside(from, 'iperf3', '-c', target, '-t', String(SECONDS), '-O', '1', '-C', CONGESTION_CONTROL, '-J'));
  };
  const server = lab.spawn(b, ['iperf3', '-s']);
  lab.setMtu(mtu);
  await pause(500);
  measure("the kernel's bridge", '10.99.1.3');
  // The tunnels run over a cable each: slirp4netns has no bridge in its way either.
  const under = [a, b].map((host) => lab.wire(r, host, mtu + 50));
  for (const batched of [false, true]) {
    const child = spawn(
      'ip',
      [
        'netns',
        'exec',
        r.namespace,
        process.execPath,
        bundled('forward'),
        '--inside',
        `router ${batched} ${mtu} 10.99.1.1 10.99.1.2 10.99.1.3`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(child.stdout, 'data');
    for (const [i, host] of [a, b].entries()) {
      const device = `vxb type vxlan id 1 local ${host.address} remote 10.99.1.1 dstport 4789 dev ${under[i]}`.split(' ');
      inside(host, 'ip', 'link', 'add', ...device);
      inside(host, 'ip', 'link', 'set', 'vxb', 'mtu', String(mtu), 'up');
      // A veth leaves the inner checksum to hardware that is not there.
      inside(host, 'python3', join(root, 'test', 'interop', 'support', 'checksums.py'), 'vxb');
      inside(host, 'ip', 'address', 'add', `10.0.${i + 1}.${i + 10}/24`, 'dev', 'vxb');
      inside(host, 'ip', 'route', 'add', `10.0.${2 - i}.0/24`, 'via', `10.0.${i + 1}.1`);
    }
    measure(`virtual-router, ${batched ? 'batched' : 'plain'} VXLAN`, '10.0.2.11');
    for (const host of [a, b]) inside(host, 'ip', 'link', 'delete', 'vxb');
    child.kill();
    // `ip` has become the program itself.
    await once(child, 'exit');
  }
  for (const [i, host] of [a, b].entries()) inside(host, 'ip', 'link', 'delete', under[i] ?? '');
  lab.stop(server);
  if (spawnSync('slirp4netns', ['--version']).error === undefined) {
    // A guest of slirp4netns reaches the namespace that it runs in.
    inside(r, 'ip', 'link', 'set', 'lo', 'up');
    const guest = hosts.slirp;
    const near = lab.spawn(r, ['iperf3', '-s']);
    const slirp = lab.spawn(r, [
      'slirp4netns',
      '--configure',
      `--mtu=${mtu}`,
      '--netns-type=path',
      `/run/netns/${guest.namespace}`,
      'tap0',
    ]);
    await pause(1500);
    measure('slirp4netns', '10.0.2.2', guest);
    lab.stop(slirp);
    lab.stop(near);
  }
  return results;
}

/** A part in a process of its own: its heap is its own, and its namespace. */
function part(name: string, namespace?: string): object {
  const node = [process.execPath, bundled('forward'), '--inside', name, '--frames', values.frames, '--seconds', values.seconds];
  const [command = '', ...args] = namespace === undefined ? node : ['ip', 'netns', 'exec', namespace, ...node];
  const out = execFileSync(command, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: 240_000 })
    .toString()
    .trim()
    .split('\n');
  const result = JSON.parse(out.at(-1) ?? '{}') as { framesPerSecond: number; heap: Heap };
  const { frames, grownMb, collections } = result.heap;
  console.log(
    `${name}: ${Math.round(result.framesPerSecond)} frames/s; heap ${grownMb.toFixed(1)} MB more after ${(frames / 1e6).toFixed(1)} M frames, ${collections} collections`,
  );
  return result;
}

if (values.inside !== undefined) {
  const [name, ...rest] = values.inside.split(' ');
  if (name === 'router') await router(rest[0] === 'true', Number(rest[1]), rest.slice(2));
  else console.log(JSON.stringify(await (name === 'memory' ? memory() : name === 'tap' ? tap(rest) : vxlan(rest[0] === 'batched'))));
  process.exit(0);
}

/** Of others: what is measured here would be in a later one. */
const loadAverage = Math.round(loadavg()[0] ?? 0);
const only = values.only.split(',');
const measured: Record<string, unknown> = {};
const lab = new Lab();
try {
  if (only.includes('memory')) measured.memory = part('memory');
  if (only.includes('vxlan')) {
    const alone = lab.host('10.99.2.1').namespace;
    measured.vxlanPlain = part('vxlan plain', alone);
    measured.vxlanBatched = part('vxlan batched', alone);
  }
  if (only.includes('tap')) {
    const [r, a, b] = ['10.99.3.1', '10.99.3.2', '10.99.3.3'].map((address) => lab.host(address).namespace);
    measured.tap = part(`tap ${a} ${b}`, r);
  }
  if (only.includes('iperf')) {
    const [r, a, b, slirp] = ['10.99.1.1', '10.99.1.2', '10.99.1.3', '10.99.1.9'].map((address) => lab.host(address));
    if (r && a && b && slirp) {
      const results: Iperf[] = [];
      for (const mtu of values.mtu.split(',').map(Number)) {
        const rounds: Iperf[] = [];
        for (let round = 0; round < Number(values.rounds); round++) rounds.push(...(await iperf(lab, { r, a, b, slirp }, mtu)));
        for (const name of new Set(rounds.map((one) => one.name)))
          results.push({
            name,
            mtu,
            megabitsPerSecond: median(rounds.filter((one) => one.name === name).map((one) => one.megabitsPerSecond)),
          });
      }
      measured.iperf = results;
    }
  }
} finally {
  lab.dispose();
}
if (values.record) {
  const file = join(root, 'docs', 'benchmarks.json');
  const before = JSON.parse(readFileSync(file, 'utf8')) as { forward?: object };
  const forward = {
    ...before.forward,
    measured: new Date().toISOString().slice(0, 10),
    loadAverage,
    ...measured,
  };
  writeFileSync(file, `${JSON.stringify({ ...before, forward }, null, 2)}\n`);
}
