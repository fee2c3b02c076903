/**
 * A BGP speaker that costs next to nothing, in a process of its own: sends a feed when told to, and counts what it is sent.
 *
 *     speaker.ts ROUTER PORT LOCAL AS COUNT [PREFIXES SEED FROM]
 *
 * Reads commands from standard input (`send`, `churn`, `count N`, `watch PREFIX`, `die`) and prints events as JSON lines, with the system's
 * monotonic clock in milliseconds.
 */
import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { Ipv4Prefixes } from '../src/rib/prefix-table.js';
import { makeFeed } from './feed.js';

const [router = '', port = '', local = '', as = '', prefixes = '0', seed = '1', from = '0'] = process.argv.slice(2);
const feeds =
  Number(prefixes) > 0
    ? [0, 1].map((round) =>
        makeFeed({ prefixes: Number(prefixes), as: Number(as), nextHop: local, seed: Number(seed) + round, from: Number(from) }),
      )
    : [];

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
function say(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

const known = new Ipv4Prefixes();
/** Whether each prefix is announced now, and in which round it was last announced. */
let present = new Uint8Array(1 << 21);
let announced = 0;
/** The prefix that is told of by itself. */
let watched = -1;
let messages = 0;
let want = -1;

function check(): void {
  if (want >= 0 && announced === want) {
    want = -1;
    say({ event: 'reached', at: now(), announced, messages });
  }
}

function mark(a: number, length: number, there: 0 | 1): void {
  const id = known.add(a, 0, 0, 0, length);
  if (id >= present.length) {
    const wider = new Uint8Array(present.length * 2);
    wider.set(present);
    present = wider;
  }
  if (present[id] === there) return;
  if (id === watched) say({ event: there === 1 ? 'there' : 'gone', at: now() });
  present[id] = there;
  announced += there === 1 ? 1 : -1;
}

function prefixesIn(b: Uint8Array, at: number, end: number, there: 0 | 1): void {
  while (at < end) {
    const length = b[at++] as number;
    let a = 0;
    const octets = (length + 7) >> 3;
    for (let i = 0; i < octets; i++) a |= (b[at + i] as number) << (24 - 8 * i);
    at += octets;
    mark(a >>> 0, length, there);
  }
}

/** Prefixes named by announcements since the last question: how a churn is known to be over. */
let heard = 0;

function take(b: Uint8Array, at: number, end: number): void {
  messages++;
  const withdrawn = ((b[at] as number) << 8) | (b[at + 1] as number);
  prefixesIn(b, at + 2, at + 2 + withdrawn, 0);
  at += 2 + withdrawn;
  const attributes = ((b[at] as number) << 8) | (b[at + 1] as number);
  const nlri = at + 2 + attributes;
  for (let i = nlri; i < end; i += 1 + (((b[i] as number) + 7) >> 3)) heard++;
  prefixesIn(b, nlri, end, 1);
}

const OPEN = ((): Buffer => {
  const number = Number(as);
  const capabilities = [1, 4, 0, 1, 0, 1, 2, 0, 65, 4, (number >>> 24) & 255, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];
  const short = number > 65_535 ? 23_456 : number;
  const body = [
    4,
    short >> 8,
    short & 255,
    0,
    240,
    ...local.split('.').map(Number),
    capabilities.length + 2,
    2,
    capabilities.length,
    ...capabilities,
  ];
  const message = Buffer.alloc(19 + body.length, 0xff);
  message.writeUInt16BE(message.length, 16);
  message[18] = 1;
  message.set(body, 19);
  return message;
})();
const KEEPALIVE = ((): Buffer => {
  const message = Buffer.alloc(19, 0xff);
  message.writeUInt16BE(19, 16);
  message[18] = 4;
  return message;
})();

let socket: Socket;
let tries = 0;

function dial(): void {
  let rest: Buffer = Buffer.alloc(0);
  let up = false;
  socket = createConnection({ host: router, port: Number(port), localAddress: local, noDelay: true });
  socket.on('connect', () => socket.write(OPEN));
  socket.on('error', () => {});
  socket.on('close', () => {
    if (up) say({ event: 'closed', at: now() });
    else if (++tries < 120) setTimeout(dial, 250);
    else process.exit(1);
  });
  socket.on('data', (chunk) => {
    const b = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    while (b.length - at >= 19) {
      const length = b.readUInt16BE(at + 16);
      if (b.length - at < length) break;
      const type = b[at + 18];
      if (type === 2) take(b, at + 19, at + length);
      else if (type === 1) socket.write(KEEPALIVE);
      else if (type === 4 && !up) {
        up = true;
        say({ event: 'up', at: now() });
      } else if (type === 3) say({ event: 'notification', code: b[at + 19], subcode: b[at + 20] });
      at += length;
    }
    rest = at < b.length ? b.subarray(at) : Buffer.alloc(0);
    check();
    if (wantHeard >= 0 && heard >= wantHeard) {
      wantHeard = -1;
      say({ event: 'heard', at: now(), heard });
    }
  });
  setInterval(() => up && !socket.destroyed && socket.write(KEEPALIVE), 20_000).unref();
}
let wantHeard = -1;

createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, argument] = line.split(' ');
  if (command === 'send' || command === 'churn') {
    const feed = feeds[command === 'send' ? 0 : 1];
    if (!feed) return;
    say({ event: 'sending', at: now(), updates: feed.updates, prefixes: feed.prefixes });
    socket.write(feed.bytes, () => say({ event: 'sent', at: now() }));
  } else if (command === 'count') {
    want = Number(argument);
    check();
  } else if (command === 'watch') {
    const [address = '', length = '32'] = (argument ?? '').split('/');
    watched = known.add(new DataView(Uint8Array.from(address.split('.').map(Number)).buffer).getUint32(0), 0, 0, 0, Number(length));
    if (present[watched] === 1) say({ event: 'there', at: now() });
  } else if (command === 'hear') {
    heard = 0;
    wantHeard = Number(argument);
  } else if (command === 'die') {
    say({ event: 'died', at: now() });
    socket.resetAndDestroy();
    setTimeout(() => process.exit(0), 50);
  }
});
say({ event: 'ready', at: now(), updates: feeds[0]?.updates ?? 0 });
dial();
