/**
 * The whole forwarding path, source check and look-up with it: memory port to memory port on one thread, and frames through VXLAN ports on
 * loopback, in and out. `npx tsx bench/forward.ts`; says whether the heap grows.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
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
import { parseAddress } from '../src/lib/address.js';
import { writeArp } from '../src/stack/wire/arp.js';
import { EtherType } from '../src/stack/wire/codes.js';
import { writeEthernet } from '../src/stack/wire/ethernet.js';
import { writeIpv4 } from '../src/stack/wire/ipv4.js';

const FRAMES = 10_000_000;
const ROUTER = Uint8Array.of(2, 0x56, 10, 0, 0, 1);
const MACS = [Uint8Array.of(2, 0, 0, 0, 0, 10), Uint8Array.of(2, 0, 0, 0, 0, 11)] as const;

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

async function memory(): Promise<void> {
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
    return frames / (performance.now() - start) / 1000;
  };
  run(500_000);
  received = 0;
  const heap = process.memoryUsage().heapUsed;
  const rate = run(FRAMES);
  const grown = (process.memoryUsage().heapUsed - heap) / 1e6;
  if (received !== FRAMES) throw new Error(`${FRAMES - received} frames were lost`);
  console.log(
    `memory to memory, 64-byte frames    ${rate.toFixed(2)} M/s; heap after ${FRAMES / 1e6} M frames ${grown.toFixed(1)} MB more`,
  );
  await router.stop();
}

async function vxlan(): Promise<void> {
  const ports = new NodePorts();
  const at = { type: 'vxlan', address: '127.0.0.1', port: 47_890, vni: 1 } as const;
  const pa = await ports.open({ ...at, name: 'pa', remote: '127.0.0.2' });
  const pb = await ports.open({ ...at, name: 'pb', remote: '127.0.0.3' });
  const router = await routerOf({ pa, pb }, new SystemClock());
  const [a, b] = ['127.0.0.2', '127.0.0.3'].map((address) => createSocket({ type: 'udp4', recvBufferSize: 4 << 20 }).bind(47_890, address));
  if (!a || !b) return;
  await Promise.all([once(a, 'listening'), once(b, 'listening')]);
  const header = Buffer.from('0800000000000100', 'hex');
  let received = 0;
  b.on('message', () => received++);
  b.send(Buffer.concat([header, arp()]), 47_890, '127.0.0.1');
  await new Promise((resolve) => setTimeout(resolve, 100));
  received = 0;
  const datagram = Buffer.concat([header, packet()]);
  let over = false;
  // The sender and both ends share this thread with the router: the rate is a lower bound.
  const fill = (): void => {
    if (over) return;
    for (let i = 0; i < 64; i++) a.send(datagram, 47_890, '127.0.0.1');
    setImmediate(fill);
  };
  const start = performance.now();
  fill();
  await new Promise((resolve) => setTimeout(resolve, 3000));
  over = true;
  console.log(`VXLAN in and out, sender on the same thread  ${((received / (performance.now() - start)) * 1000).toFixed(0)} frames/s`);
  a.close();
  b.close();
  await router.stop();
  await Promise.all([pa.close(), pb.close()]);
}

await memory();
await vxlan();
