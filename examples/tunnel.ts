/**
 * Two ways to attach a guest without any privilege: a VXLAN tunnel, whose other end is as a rule Linux's own (`ip link add vx0 type vxlan
 * id 42 local 127.0.0.2 remote 127.0.0.1 dstport 4790`), and a VM's socket (`qemu -netdev stream,id=n,addr.type=unix,addr.path=vm.sock`).
 * Here the guests are a few lines that ask for the router by ARP. What passes the VM's port is kept as a capture.
 */
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPcapng } from '../src/capture/index.js';
import { VirtualRouter } from '../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'virtual-router-'));
const [path, capture] = [join(folder, 'vm.sock'), join(folder, 'vm.pcapng')];
const port = 20_000 + (process.pid % 10_000);
const router = new VirtualRouter({
  as: 65000,
  routerId: '10.0.0.1',
  interfaces: [{ subnet: 'lan', addresses: ['10.0.1.1'] }],
  ports: [
    { name: 'tunnel', type: 'vxlan', address: '127.0.0.1', port, remote: '127.0.0.2', vni: 42 },
    { name: 'vm', type: 'stream', path, capture },
  ],
  network: {
    subnets: [{ name: 'lan', prefix: '10.0.1.0/24' }],
    nodes: [
      { name: 'a', addresses: ['10.0.1.10'], location: 'tunnel' },
      { name: 'b', addresses: ['10.0.1.11'], location: 'vm' },
    ],
  },
});
await router.start();

const question = (last: string) => `ffffffffffff0200000000${last}080600010800060400010200000000${last}0a0001${last}0000000000000a000101`;

const tunnel = createSocket('udp4').bind(port, '127.0.0.2');
await new Promise<void>((resolve) => {
  tunnel.once('message', (datagram) => {
    console.log(`the router answered ${datagram.length - 8} octets over vxlan`);
    resolve();
  });
  tunnel.once('listening', () => tunnel.send(Buffer.from(`0800000000002a00${question('0a')}`, 'hex'), port, '127.0.0.1'));
});
tunnel.close();

const vm = createConnection(path);
const answered = await new Promise<number>((resolve) => {
  vm.once('data', (bytes) => resolve(bytes.readUInt32BE(0)));
  vm.write(Buffer.from(`0000002a${question('0b')}`, 'hex'));
});
vm.destroy();
await router.stop();
console.log(
  `the router answered ${answered} octets over stream, and vm.pcapng has ${[...readPcapng(readFileSync(capture))].length} frames`,
);
rmSync(folder, { recursive: true });
