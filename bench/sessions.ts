/**
 * 1,000 guests with ten addresses each, over loopback: how long until all are up and mapped, and what a session takes; and how late the
 * event loop is while a full table arrives, while its session dies, and while a default route flaps; and how late the KEEPALIVEs of a
 * neighbour with a hold time of three seconds, who is to get one each second at the latest. The router runs in this process, the guests
 * in another.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { connect } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { nodeHost, rehearse, VirtualRouter } from '../src/index.js';
import { makeFeed } from './feed.js';

const SESSIONS = 1000;
const EACH = 10;
const PORT = 17_901;
/** The guest with the short hold time. */
const PATIENT = [127, 0, 0, 3];
const self = fileURLToPath(import.meta.url);

type Job =
  | { readonly job: 'guests' }
  | { readonly job: 'prepare'; readonly prefixes: number }
  | { readonly job: 'table' }
  | { readonly job: 'flap'; readonly times: number }
  | { readonly job: 'gap' }
  | { readonly job: 'die' };

/** What the guests' process answers. */
type Answer = { readonly ready: true } | { readonly gap: number };

function message(type: number, body: readonly number[]): Buffer {
  const bytes = Buffer.alloc(19 + body.length, 0xff);
  bytes.writeUInt16BE(bytes.length, 16);
  bytes[18] = type;
  bytes.set(body, 19);
  return bytes;
}
function greeting(as: number, address: readonly number[], holdTime = 240): Buffer {
  const capabilities = [1, 4, 0, 1, 0, 1, 65, 4, 0, 0, as >> 8, as & 255];
  return Buffer.concat([
    message(1, [4, as >> 8, as & 255, 0, holdTime, ...address, capabilities.length + 2, 2, capabilities.length, ...capabilities]),
    message(4, []),
  ]);
}
function addressOf(i: number): readonly number[] {
  return [127, 1 + (i >> 8), i & 255, 1];
}
function update(as: number, hop: readonly number[], nlri: readonly number[]): Buffer {
  const block = [0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, as >> 8, as & 255, 0x40, 3, 4, ...hop];
  return message(2, [0, 0, block.length >> 8, block.length & 255, ...block, ...nlri]);
}

/** The guests' process. */
function guests(): void {
  const sockets = new Map<string, ReturnType<typeof connect>>();
  const tell = (answer: Answer): void => void process.send?.(answer);
  let table: Buffer = Buffer.alloc(0);
  /** When the patient one last heard a KEEPALIVE, and the longest it waited for one since it was asked. */
  let heard = 0;
  let gap = 0;
  const dial = (address: readonly number[], as: number, then: (socket: ReturnType<typeof connect>) => void, holdTime = 240): void => {
    const socket = connect({ host: '127.0.0.1', port: PORT, localAddress: address.join('.'), noDelay: true });
    sockets.set(address.join('.'), socket);
    socket.on('error', () => {});
    socket.once('connect', () => {
      socket.write(greeting(as, address, holdTime));
      then(socket);
    });
    socket.on('data', () => {});
  };
  process.on('message', (job: Job) => {
    if (job.job === 'guests') {
      for (let i = 0; i < SESSIONS; i++) {
        const nlri = Array.from({ length: EACH }, (_, k) => [32, 10, i >> 8, i & 255, k]).flat();
        dial(addressOf(i), 65_001, (socket) => socket.write(update(65_001, addressOf(i), nlri)));
      }
      dial(
        PATIENT,
        65_001,
        (socket) => {
          // It is told nothing but KEEPALIVEs, and its own must come.
          setInterval(() => socket.write(message(4, [])), 500);
          socket.on('data', () => {
            const now = performance.now();
            if (heard > 0) gap = Math.max(gap, now - heard);
            heard = now;
          });
        },
        3,
      );
    } else if (job.job === 'table') {
      dial([127, 0, 0, 2], 65_001, (socket) => {
        tell({ ready: true });
        socket.write(table, () => {});
      });
    } else if (job.job === 'prepare') {
      table = makeFeed({ prefixes: job.prefixes, as: 65_001, nextHop: '127.0.0.2' }).bytes;
      tell({ ready: true });
    } else if (job.job === 'gap') {
      tell({ gap: Math.max(gap, performance.now() - heard) });
      gap = 0;
    } else if (job.job === 'die') {
      sockets.get('127.0.0.2')?.resetAndDestroy();
    } else {
      const socket = sockets.get('127.0.0.2');
      for (let i = 0; i < job.times; i++) {
        setTimeout(() => {
          socket?.write(update(65_001, [127, 0, 0, 2], [0]));
          socket?.write(message(2, [0, 1, 0, 0, 0]));
        }, i * 20);
      }
    }
  });
  process.on('disconnect', () => process.exit(0));
}

async function until(condition: () => boolean, seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not in ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function send(child: ChildProcess, job: Job): void {
  child.send(job);
}

export async function benchSessions(print: (line: string) => void = console.log): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  // As `virtual-router run` does.
  await rehearse(nodeHost().clock);
  const nodes = Array.from({ length: SESSIONS }, (_, i) => ({ name: `guest-${i}`, addresses: [addressOf(i).join('.')], tags: ['guest'] }));
  const router = new VirtualRouter({
    as: 65_000,
    routerId: '10.0.0.1',
    listen: [{ address: '127.0.0.1', port: PORT }],
    network: {
      reserve: { ipv4: 1_100_000 },
      nodes: [...nodes, { name: 'table', addresses: ['127.0.0.2'] }, { name: 'patient', addresses: [PATIENT.join('.')] }],
      grants: [
        { tag: 'guest', prefix: '10.0.0.0/8', ge: 32, as: 'gateway' },
        { node: 'table', prefix: '0.0.0.0/0', le: 32, as: 'gateway' },
        { node: 'table', id: 'default', prefix: '0.0.0.0/0', as: 'gateway' },
      ],
    },
    neighbours: [
      { address: '127.0.0.2', as: 65_001, passive: true },
      { address: PATIENT.join('.'), as: 65_001, passive: true },
      ...nodes.map(({ addresses: [address = ''] }) => ({ address, as: 65_001, passive: true })),
    ],
  });
  await router.start();
  const child = fork(self, ['guests'], { execArgv: process.execArgv });
  try {
    const answer = (): Promise<Answer> => new Promise((resolve) => child.once('message', (message) => resolve(message as Answer)));
    const prefixes = 1_000_000;
    const prepared = answer();
    send(child, { job: 'prepare', prefixes });
    await prepared;
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    let start = performance.now();
    send(child, { job: 'guests' });
    const own = nodes.length + 2;
    await until(() => router.network.size >= own + SESSIONS * EACH, 60);
    figures['sessions up and mapped s'] = (performance.now() - start) / 1000;
    globalThis.gc?.();
    figures['KB a session'] = (process.memoryUsage().rss - before) / SESSIONS / 1000;

    const delay = monitorEventLoopDelay({ resolution: 1 });
    const measured = async (name: string): Promise<void> => {
      delay.disable();
      const asked = answer();
      send(child, { job: 'gap' });
      const said = await asked;
      if ('gap' in said) figures[`KEEPALIVEs, ${name}: most s between two`] = said.gap / 1000;
      figures[`event loop, ${name}: p99 ms`] = delay.percentile(99) / 1e6;
      figures[`event loop, ${name}: max ms`] = delay.max / 1e6;
      delay.reset();
    };
    const base = router.network.counts().claims;
    const sending = answer();
    send(child, { job: 'table' });
    await sending;
    delay.enable();
    start = performance.now();
    await until(() => router.network.counts().claims >= base + prefixes, 60);
    await measured('a full table arrives');
    delay.enable();
    send(child, { job: 'flap', times: 50 });
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await measured('a default route flaps');
    delay.enable();
    send(child, { job: 'die' });
    await until(() => router.network.counts().claims <= base, 60);
    await measured('a session with a full table dies');
    delay.enable();
    child.kill('SIGKILL');
    await until(() => router.network.counts().claims <= own, 60);
    delay.disable();
    figures['event loop, all sessions die: max ms'] = delay.max / 1e6;
  } finally {
    child.kill('SIGKILL');
    await router.stop();
  }
  for (const [name, value] of Object.entries(figures)) print(`${name.padEnd(48)} ${value.toFixed(2)}`);
  return figures;
}

if (process.argv[2] === 'guests') guests();
else if (process.argv.includes('--json')) console.log(JSON.stringify(await benchSessions(() => {})));
else if (process.argv[1]?.endsWith('sessions.ts')) await benchSessions();
