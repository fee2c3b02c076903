/** Several nodes behind one UDP socket: who a frame is from is told by the far end and the VNI, each pair a port with a node of its own. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { VirtualRouter } from '../../src/index.js';
import { parseAddress } from '../../src/lib/address.js';
import { writeArp } from '../../src/stack/wire/arp.js';
import { writeEthernet } from '../../src/stack/wire/ethernet.js';
import { writeIpv4 } from '../../src/stack/wire/ipv4.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';

const ROUTER = Uint8Array.of(2, 0x56, 10, 0, 0, 1);
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** The far ends: two tunnels of one VTEP, and one of another with a VNI that the first has too. */
const GUESTS = [
  { name: 'a', vtep: '127.0.0.2', vni: 1, address: '10.0.1.10' },
  { name: 'b', vtep: '127.0.0.2', vni: 2, address: '10.0.1.11' },
  { name: 'c', vtep: '127.0.0.3', vni: 1, address: '10.0.1.12' },
] as const;

const native = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

test.each([{}, { batched: false }])(
  'one VXLAN socket serves many pairs of VTEP and VNI, each a node (%j)',
  async (way: { readonly batched?: boolean }) => {
    const sockets = new Map<string, Socket>();
    const port = await freePort('127.0.0.1', '127.0.0.2', '127.0.0.3');
    const first = createSocket('udp4').bind(port, '127.0.0.2');
    await once(first, 'listening');
    sockets.set('127.0.0.2', first);
    sockets.set('127.0.0.3', createSocket('udp4').bind(port, '127.0.0.3'));
    for (const socket of sockets.values()) open.push(() => socket.close());
    const router = new VirtualRouter({
      as: 65000,
      routerId: '10.0.0.1',
      interfaces: [{ subnet: 'lan', addresses: ['10.0.1.1'] }],
      ports: GUESTS.map(({ name, vtep, vni }) => ({
        name: `p${name}`,
        type: 'vxlan',
        address: '127.0.0.1',
        port,
        remote: vtep,
        vni,
        ...way,
      })),
      network: {
        subnets: [{ name: 'lan', prefix: '10.0.1.0/24' }],
        nodes: GUESTS.map(({ name, address }) => ({ name, addresses: [address], location: `p${name}` })),
      },
    });
    await router.start();
    open.push(() => router.stop());
    expect(router.links().map(({ batched }) => batched)).toEqual(GUESTS.map(() => way.batched ?? native));
    const heard: { vtep: string; vni: number; type: number; source: string }[] = [];
    for (const [vtep, socket] of sockets)
      socket.on('message', (b) => {
        const type = b.readUInt16BE(8 + 12);
        const source = b.subarray(8 + (type === 0x0800 ? 26 : 28)).subarray(0, 4);
        heard.push({ vtep, vni: b.readUIntBE(4, 3), type, source: source.join('.') });
      });
    const send = (guest: (typeof GUESTS)[number], frame: Uint8Array): void => {
      const header = Buffer.from([8, 0, 0, 0, 0, 0, guest.vni, 0]);
      sockets.get(guest.vtep)?.send(Buffer.concat([header, frame]), port, '127.0.0.1');
    };
    const packet = (source: string, target: string): Uint8Array => {
      const frame = new Uint8Array(60);
      writeEthernet(frame, 0, ROUTER, Uint8Array.of(2, 0, 0, 0, 0, 9), 0x0800);
      writeIpv4(frame, 14, { source: parseAddress(source), target: parseAddress(target), protocol: 17, payload: 26, ttl: 64 });
      return frame;
    };

    // Each finds the router, and is answered in its own tunnel.
    for (const guest of GUESTS) {
      const frame = new Uint8Array(42);
      writeEthernet(frame, 0, ROUTER, Uint8Array.of(2, 0, 0, 0, 0, 9), 0x0806);
      writeArp(frame, 14, 1, Uint8Array.of(2, 0, 0, 0, 0, 9), parseAddress(guest.address), new Uint8Array(6), parseAddress('10.0.1.1'));
      send(guest, frame);
    }
    await until('each is answered', () => heard.length === 3);
    const tunnels = (): string[] => heard.map(({ vtep, vni }) => `${vtep} ${vni}`).sort();
    expect(tunnels()).toEqual(['127.0.0.2 1', '127.0.0.2 2', '127.0.0.3 1']);

    // From a to b, which is behind the same VTEP, and to c, which has the same VNI.
    heard.length = 0;
    send(GUESTS[0], packet('10.0.1.10', '10.0.1.11'));
    send(GUESTS[0], packet('10.0.1.10', '10.0.1.12'));
    await until('both arrive', () => heard.length === 2);
    expect(tunnels()).toEqual(['127.0.0.2 2', '127.0.0.3 1']);

    // Nobody sends as another, whether that is behind the same VTEP or in the same VNI.
    send(GUESTS[0], packet('10.0.1.11', '10.0.1.12'));
    send(GUESTS[2], packet('10.0.1.10', '10.0.1.11'));
    const refused = () => router.links().map(({ node, dropped }) => [node, dropped['source-not-held'] ?? 0]);
    await until('both are refused', () => refused().filter(([, count]) => count === 1).length === 2);
    expect(refused()).toEqual([
      ['a', 1],
      ['b', 0],
      ['c', 1],
    ]);
    expect(heard.length).toBe(2);
  },
);
