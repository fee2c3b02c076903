/** A guest of no grant, in a process of its own: says what is malformed, too much, or nothing at all, over and over. */
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { BgpSpeaker } from '../../src/bgp/speaker.js';
import { NodeTransport, SystemClock } from '../../src/io/index.js';
import { seeded } from '../../src/lib/random.js';
import { nonsense } from './nonsense.js';
import { ROUTER } from './plan.js';

const [address = '', number = '0', routerPort = '', seed = '1'] = process.argv.slice(2);
const random = seeded(Number(seed));
const upTo = (most: number): number => Math.floor(random() * most);
const port = Number(routerPort);
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
      one.sendRaw(nonsense(random));
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
