/** A guest of the soak, in a process of its own: announces and withdraws what it is told to, until it is killed. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { BgpSpeaker } from '../../src/bgp/speaker.js';
import { NodeTransport, SystemClock } from '../../src/io/index.js';
import { type Random, seeded } from '../../src/lib/random.js';
import type { FrameReceiver, Port } from '../../src/stack/index.js';
import { GuestStack } from '../../test/support/guest-stack.js';
import { type GuestPlan, HOLD_TIME, ROUTER } from './plan.js';

/** What the guest is told. */
export interface GuestOrder {
  readonly announce?: readonly string[];
  readonly withdraw?: readonly string[];
}

/** Of frames, each way: lost, late by a few milliseconds, doubled. */
const LOSS = 0.03;
const LATE = 0.03;
const DOUBLED = 0.01;
const LATE_BY = 8;

const [text = '', routerPort = '', seed = '1'] = process.argv.slice(2);
const plan = JSON.parse(text) as GuestPlan;
const clock = new SystemClock();
const random = seeded(Number(seed));

const transport = plan.frames
  ? new GuestStack(clock, await unkindPort(plan, random), {
      mac: `02:00:00:00:00:${(16 + plan.number).toString(16).padStart(2, '0')}`,
      addresses: [plan.address],
      prefixes: ['10.8.0.0/24'],
      router: [ROUTER.link],
    }).transport
  : new NodeTransport();
const speaker = new BgpSpeaker(
  {
    as: plan.as,
    routerId: `10.7.0.${plan.number + 1}`,
    localAddress: plan.address,
    neighbour: plan.frames ? { address: ROUTER.link } : { address: ROUTER.host, port: Number(routerPort) },
    holdTime: HOLD_TIME,
  },
  { transport, clock, random },
);
process.on('message', ({ announce = [], withdraw = [] }: GuestOrder) => {
  if (announce.length > 0) speaker.announceAll(announce);
  for (const prefix of withdraw) speaker.withdraw(prefix);
});
process.on('disconnect', () => process.exit(0));
speaker.start();
process.send?.('ready');

/** The guest's end of its link: a UDP socket that is unkind to what passes, both ways. */
async function unkindPort({ ports: [router, own] }: GuestPlan, chance: Random): Promise<Port> {
  const socket = createSocket('udp4');
  let receiver: FrameReceiver | undefined;
  const unkindly = (frame: Uint8Array, pass: (frame: Uint8Array) => void): void => {
    if (chance() < LOSS) return;
    if (chance() < DOUBLED) pass(frame.slice());
    if (chance() < LATE) setTimeout(() => pass(frame), LATE_BY * chance());
    else pass(frame);
  };
  socket.on('message', (bytes) => unkindly(Uint8Array.from(bytes), (frame) => receiver?.(frame, 0, frame.length)));
  // Whoever had the port before may be dying still.
  while (true) {
    socket.bind(own, '127.0.0.1');
    if (
      await once(socket, 'listening').then(
        () => true,
        () => false,
      )
    )
      break;
    await pause(100);
  }
  socket.on('error', () => {}); // the router is not there yet, or any more
  return {
    mtu: 1500,
    listen: (next) => {
      receiver = next;
    },
    send: (buffer, start, end) => unkindly(buffer.slice(start, end), (frame) => socket.send(frame, router, '127.0.0.1', () => {})),
    close: () => new Promise((closed) => socket.close(() => closed())),
  };
}
