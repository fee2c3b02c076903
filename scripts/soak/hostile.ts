/** A guest of no grant, in a process of its own: says what is malformed, too much, or nothing at all, over and over. */
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { BgpSpeaker } from '../../src/bgp/speaker.js';
import { NodeTransport, SystemClock } from '../../src/io/index.js';
import { seeded } from '../../src/lib/random.js';
import { ROUTER } from './plan.js';

const [address = '', number = '0', routerPort = '', seed = '1'] = process.argv.slice(2);
const random = seeded(Number(seed));
const upTo = (most: number): number => Math.floor(random() * most);
const port = Number(routerPort);
const MARKER = new Uint8Array(16).fill(0xff);
const clock = new SystemClock();
const transport = new NodeTransport();

function speaker(): BgpSpeaker {
  return new BgpSpeaker(
    {
      as: 64_900 + Number(number),
      routerId: `10.6.0.${Number(number) + 1}`,
      localAddress: address,
      neighbour: { address: ROUTER.host, port },
    },
    { transport, clock, random },
  );
}

function dial(from = address): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ host: ROUTER.host, port, localAddress: from }, () => resolve(socket));
    socket.on('error', () => resolve(socket));
  });
}

/** An UPDATE with a random body; or with lengths that are right, and attributes that are not. */
function nonsense(): Uint8Array {
  const octets = (length: number): number[] => Array.from({ length }, () => upTo(256));
  const attribute = (code: number, length: number): number[] => [0x40, code, length, ...octets(length)];
  const attributes = [attribute(1, 1 + upTo(2)), attribute(2, upTo(8)), attribute(3, 4 + upTo(2)), attribute(5, 4)].flat();
  const body = random() < 0.2 ? octets(4 + upTo(200)) : [0, 0, 0, attributes.length, ...attributes, 32, 10, 9, 0, upTo(256)];
  const message = new Uint8Array(19 + body.length);
  message.set(MARKER);
  message[16] = message.length >>> 8;
  message[17] = message.length & 0xff;
  message[18] = 2;
  message.set(body, 19);
  return message;
}

const ACTS: readonly (() => Promise<void>)[] = [
  // Octets of no meaning.
  async () => {
    const socket = await dial();
    for (let i = 0; i < 5; i++) socket.write(Uint8Array.from({ length: 1 + upTo(400) }, () => upTo(256)));
    await pause(300);
    socket.destroy();
  },
  // A session, and then UPDATEs of no meaning.
  async () => {
    const one = speaker();
    one.start();
    await one.whenEstablished(5000).catch(() => {});
    for (let i = 0; i < 50 && one.negotiated; i++) {
      one.sendRaw(nonsense());
      await pause(5);
    }
    await one.kill();
  },
  // What it was not granted, by the thousand, and gone.
  async () => {
    const one = speaker();
    one.start();
    await one.whenEstablished(5000).catch(() => {});
    one.announceAll(Array.from({ length: 3000 }, (_, i) => `10.9.${i >> 8}.${i & 255}/32`));
    await pause(500 + upTo(1500));
    await one.kill();
  },
  // Connections that say nothing, and are left.
  async () => {
    const sockets = await Promise.all(Array.from({ length: 10 }, () => dial()));
    await pause(1000 + upTo(3000));
    for (const socket of sockets) socket.destroy();
  },
  // Whoever nobody knows.
  async () => {
    const sockets = await Promise.all(Array.from({ length: 10 }, () => dial(`127.3.0.${1 + upTo(200)}`)));
    await pause(200);
    for (const socket of sockets) socket.destroy();
  },
];

process.on('disconnect', () => process.exit(0));
process.send?.('ready');
for (;;) {
  await (ACTS[upTo(ACTS.length)] ?? pause)();
  await pause(200 + upTo(800));
}
