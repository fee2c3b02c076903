/**
 * A thousand neighbours that speak BFD and nothing else, in one process: each at an address of its own, and each sends what RFC 5880
 * wants of it, at the pace that was agreed. What the router sends comes in at one socket, told apart by discriminators.
 *
 *     bfd-crowd.ts ROUTER INTERVAL ADDRESS...
 *
 * Prints JSON lines: `{ "event": "up" }` when all are up, and after that `{ "event": "false-alarm" }` for each that the router says is
 * down, since none of them ever is.
 */
import { createSocket, type Socket } from 'node:dgram';
import { BfdPort, type BfdState, decodeControl, encodeControl } from '../src/bfd/wire/index.js';

const [router = '', interval = '300', ...addresses] = process.argv.slice(2);
const agreed = Number(interval);

interface Neighbour {
  readonly socket: Socket;
  readonly discriminator: number;
  state: BfdState;
  /** The router's discriminator. */
  theirs: number;
  up: boolean;
  /** When it sends next. */
  timer: NodeJS.Timeout | undefined;
}

const neighbours = addresses.map((address, i): Neighbour => {
  const socket = createSocket('udp4');
  socket.bind({ address, port: 49_152 + i, exclusive: true }, () => socket.setTTL(255));
  socket.on('error', () => {});
  return { socket, discriminator: i + 1, state: 'down', theirs: 0, up: false, timer: undefined };
});
let up = 0;

function send(neighbour: Neighbour, final = false): void {
  const slow = neighbour.state !== 'up';
  const packet = encodeControl({
    diagnostic: 'none',
    state: neighbour.state,
    poll: false,
    final,
    controlPlaneIndependent: false,
    demand: false,
    multiplier: 3,
    myDiscriminator: neighbour.discriminator,
    yourDiscriminator: neighbour.theirs,
    desiredMinTx: (slow ? 1000 : agreed) * 1000,
    requiredMinRx: agreed * 1000,
    requiredMinEchoRx: 0,
  });
  neighbour.socket.send(packet, BfdPort.singleHop, router);
}

/** Sends now, and goes on at the pace that fits its state: one that came up at the slow pace must not wait for that to be over. */
function pace(neighbour: Neighbour): void {
  clearTimeout(neighbour.timer);
  send(neighbour);
  // RFC 5880 §6.8.7: a quarter less at random.
  neighbour.timer = setTimeout(() => pace(neighbour), (neighbour.state === 'up' ? agreed : 1000) * (0.75 + Math.random() * 0.25));
}

const ear = createSocket({ type: 'udp4', reuseAddr: true });
ear.bind(BfdPort.singleHop, '0.0.0.0', () => {
  ear.setRecvBufferSize(1 << 20);
  for (const neighbour of neighbours) setTimeout(() => pace(neighbour), Math.random() * 1000);
});
ear.on('message', (bytes) => {
  const packet = decodeControl(bytes);
  if (typeof packet === 'string') return;
  // A first packet names nobody: ours, which comes soon, does.
  const neighbour = neighbours[packet.yourDiscriminator - 1];
  if (!neighbour) return;
  neighbour.theirs = packet.myDiscriminator;
  const before = neighbour.state;
  // RFC 5880 §6.8.6.
  if (packet.state === 'down') neighbour.state = before === 'up' ? 'down' : 'init';
  else if (packet.state === 'init' || before === 'init' || before === 'up') neighbour.state = 'up';
  if (packet.poll) send(neighbour, true);
  if (neighbour.state === 'up' && !neighbour.up) {
    neighbour.up = true;
    if (++up === neighbours.length) console.log(JSON.stringify({ event: 'up' }));
  } else if (before === 'up' && neighbour.state !== 'up' && up === neighbours.length) console.log(JSON.stringify({ event: 'false-alarm' }));
  if (before !== neighbour.state) pace(neighbour);
});
process.stdin.resume();
