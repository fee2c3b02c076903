/**
 * A BGP speaker that costs next to nothing, in a process of its own: sends a feed when told to, and counts what it is sent.
 *
 *     speaker.ts ROUTER PORT LOCAL AS COUNT [PREFIXES SEED FROM]
 *
 * Reads commands from standard input (`send`, `churn`, `prepare`, `count N`, `watch PREFIX`, `hear N`, `quiet MILLISECONDS`, `die`) and prints events as JSON lines, with the system's
 * monotonic clock in milliseconds.
 */
import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type Feed, makeFeed } from './feed.js';

const [router = '', port = '', local = '', as = '', prefixes = '0', seed = '1', from = '0'] = process.argv.slice(2);
/** The feed of a round: the first before anything runs, others (the same prefixes with other attributes) when asked for. */
function feedOf(round: number): Feed {
  return makeFeed({ prefixes: Number(prefixes), as: Number(as), nextHop: local, seed: Number(seed) + round, from: Number(from) });
}
const feeds = Number(prefixes) > 0 ? [feedOf(0)] : [];

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
function say(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/**
 * Which prefixes are announced now: a bit each by length, and those longer than 24 bits in a set. It is the measuring instrument: on a
 * machine of few cores, whatever it costs is taken from the router that is measured.
 */
const present = Array.from({ length: 25 }, (_, length) => new Uint8Array(Math.max(1, 2 ** length / 8)));
const long = new Set<number>();
let announced = 0;
/** Prefixes that are told of by themselves, by address and length. */
const watched = new Map<number, string>();
let messages = 0;
let want = -1;

function check(): void {
  if (want >= 0 && announced === want) {
    want = -1;
    say({ event: 'reached', at: now(), announced, messages });
  }
}

function isPresent(a: number, length: number): boolean {
  if (length > 24) return long.has(a * 64 + length);
  const place = length === 0 ? 0 : a >>> (32 - length);
  return ((present[length]?.[place >>> 3] ?? 0) & (1 << (place & 7))) !== 0;
}

function mark(a: number, length: number, there: boolean): void {
  if (length > 24) {
    if (long.has(a * 64 + length) === there) return;
    if (there) long.add(a * 64 + length);
    else long.delete(a * 64 + length);
  } else {
    const bits = present[length] as Uint8Array; // one for each length up to 24
    const place = length === 0 ? 0 : a >>> (32 - length);
    const bit = 1 << (place & 7);
    const octet = bits[place >>> 3] as number; // as many octets as there are places
    if (((octet & bit) !== 0) === there) return;
    bits[place >>> 3] = octet ^ bit;
  }
  announced += there ? 1 : -1;
  const name = length === 32 && watched.size > 0 ? watched.get(a * 64 + length) : undefined;
  if (name !== undefined) say({ event: `${there ? 'there' : 'gone'} ${name}`, at: now() });
}

function prefixesIn(b: Uint8Array, at: number, end: number, there: boolean): void {
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
  prefixesIn(b, at + 2, at + 2 + withdrawn, false);
  at += 2 + withdrawn;
  const attributes = ((b[at] as number) << 8) | (b[at + 1] as number);
  const nlri = at + 2 + attributes;
  for (let i = nlri; i < end; i += 1 + (((b[i] as number) + 7) >> 3)) heard++;
  prefixesIn(b, nlri, end, true);
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
    else if (++tries < 1200) setTimeout(dial, 250);
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
    lastData = now();
    if (wantHeard >= 0 && heard >= wantHeard) {
      wantHeard = -1;
      say({ event: 'heard', at: now(), heard });
    }
  });
  setInterval(() => up && !socket.destroyed && socket.write(KEEPALIVE), 20_000).unref();
}
let wantHeard = -1;
/** When it was last sent anything, and prefixes heard by then: how the end of a change is known whose extent is not. */
let lastData = 0;

createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, argument] = line.split(' ');
  if (command === 'prepare') {
    feeds[1] ??= feedOf(1);
    say({ event: 'prepared', at: now() });
  } else if (command === 'send' || command === 'churn') {
    if (feeds.length === 0) return;
    const round = command === 'send' ? 0 : 1;
    const feed = feeds[round] ?? feedOf(round);
    feeds[round] = feed;
    say({ event: 'sending', at: now(), updates: feed.updates, prefixes: feed.prefixes });
    socket.write(feed.bytes, () => say({ event: 'sent', at: now() }));
  } else if (command === 'count') {
    want = Number(argument);
    check();
  } else if (command === 'watch') {
    const [address = '', length = '32'] = (argument ?? '').split('/');
    const a = new DataView(Uint8Array.from(address.split('.').map(Number)).buffer).getUint32(0);
    watched.set(a * 64 + Number(length), argument ?? '');
    if (isPresent(a, Number(length))) say({ event: `there ${argument}`, at: now() });
  } else if (command === 'quiet') {
    const pause = Number(argument);
    const timer = setInterval(() => {
      if (lastData === 0 || now() - lastData < pause) return;
      clearInterval(timer);
      say({ event: 'quiet', at: lastData, announced, heard });
      lastData = 0;
    }, 50);
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
