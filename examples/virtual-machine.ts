/**
 * Two virtual machines, as QEMU attaches them without any privilege, and a capture of what passes the first one's port:
 *
 *     qemu-system-x86_64 ... -netdev stream,id=n,addr.type=unix,addr.path=vm.sock -device virtio-net,netdev=n
 *     qemu-system-x86_64 ... -netdev dgram,id=n,local.type=inet,local.host=127.0.0.1,local.port=PORT,remote... -device virtio-net,netdev=n
 *
 * Here they are a few lines each that speak QEMU's protocol and ask for the router by ARP.
 */
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualRouter } from '../src/index.js';
import { readPcapng } from '../src/testing.js';

const folder = mkdtempSync(join(tmpdir(), 'virtual-router-'));
const [path, capture] = [join(folder, 'vm.sock'), join(folder, 'vm.pcapng')];
const port = 10_000 + (process.pid % 10_000);
const router = new VirtualRouter({
  as: 65000,
  routerId: '10.0.0.1',
  interfaces: [{ subnet: 'lan', addresses: ['10.0.1.1'] }],
  ports: [
    { name: 'vm-a', type: 'stream', path, capture },
    { name: 'vm-b', type: 'dgram', address: '127.0.0.1', port, remote: '127.0.0.1', remotePort: port + 1 },
  ],
  network: {
    subnets: [{ name: 'lan', prefix: '10.0.1.0/24' }],
    nodes: [
      { name: 'a', addresses: ['10.0.1.10'], location: 'vm-a' },
      { name: 'b', addresses: ['10.0.1.11'], location: 'vm-b' },
    ],
  },
});
await router.start();

/** "Who has 10.0.1.1? Tell 10.0.1.x." */
const question = (last: string) =>
  Buffer.from(`ffffffffffff0200000000${last}080600010800060400010200000000${last}0a0001${last}0000000000000a000101`, 'hex');

const a = createConnection(path);
const overStream = await new Promise<number>((resolve) => {
  a.once('data', (bytes) => resolve(bytes.readUInt32BE(0)));
  // Each frame has its length before it.
  a.write(Buffer.concat([Buffer.from([0, 0, 0, 42]), question('0a')]));
});
console.log(`the router answered ${overStream} octets over stream`);
a.destroy();

const b = createSocket('udp4').bind(port + 1, '127.0.0.1');
const overDatagrams = await new Promise<number>((resolve) => {
  b.once('message', (bytes) => resolve(bytes.length));
  b.once('listening', () => b.send(question('0b'), port, '127.0.0.1'));
});
console.log(`the router answered ${overDatagrams} octets over dgram`);
b.close();

await router.stop();
console.log(`vm.pcapng has ${[...readPcapng(readFileSync(capture))].length} frames`);
rmSync(folder, { recursive: true });
