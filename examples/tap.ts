/**
 * A TAP device: the guest is the kernel of this machine, or whoever the device is given to (`ip link set NAME netns ...`, a bridge). Here the
 * kernel gets an address on it and dials the router's BGP port, which is a TCP of the library's own: the kernel asks for the MAC by ARP, and
 * hears the router's OPEN. Takes Linux, koffi, `ip`, and the right to make a device; says so and ends where it cannot. Try it in a
 * namespace of its own: `unshare -n npx tsx examples/tap.ts`.
 */
import { execFileSync } from 'node:child_process';
import { createConnection } from 'node:net';
import { UsageError, VirtualRouter } from '../src/index.js';

const device = 'vr-example';
const router = new VirtualRouter({
  as: 65000,
  routerId: '192.0.2.1',
  interfaces: [{ subnet: 'lan', addresses: ['192.0.2.1'] }],
  ports: [{ name: 'tap', type: 'tap', device }],
  network: {
    subnets: [{ name: 'lan', prefix: '192.0.2.0/24' }],
    nodes: [{ name: 'kernel', addresses: ['192.0.2.10'], location: 'tap' }],
  },
  neighbours: [{ address: '192.0.2.10', as: 65001, passive: true }],
});
try {
  await router.start();
  execFileSync('ip', ['address', 'add', '192.0.2.10/24', 'dev', device], { stdio: 'pipe' });
  execFileSync('ip', ['link', 'set', device, 'up'], { stdio: 'pipe' });
} catch (error) {
  const known = error instanceof UsageError || (error as NodeJS.ErrnoException).code === 'ENOENT';
  if (!known) throw error;
  console.log(`skipped: ${(error as Error).message}`);
  await router.stop();
  process.exit(0);
}

const kernel = createConnection({ host: '192.0.2.1', port: 179 });
const opened = await new Promise<Buffer>((resolve, reject) => {
  kernel.once('data', resolve);
  kernel.once('error', reject);
});
const as = opened.readUInt16BE(20);
console.log(`the kernel heard ${opened[18] === 1 ? 'an OPEN' : 'something else'} of AS ${as} over ${device}`);
kernel.destroy();
console.log(router.links()[0]);
await router.stop();
