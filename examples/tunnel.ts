/**
 * A guest on a VXLAN tunnel, whose other end is as a rule Linux's own (`ip link add vx0 type vxlan id 42 local 127.0.0.2 remote 127.0.0.1
 * dstport 4790`); no privilege is needed on this side. Two guests are behind one far end here, and told apart by the VNI: each is a port. They
 * are a few lines that ask for the router by ARP, and the second one asks in the first one's name too.
 */
import { createSocket } from 'node:dgram';
import { setTimeout as pause } from 'node:timers/promises';
import { VirtualRouter } from '../src/index.js';

const port = 20_000 + (process.pid % 10_000);
const tunnel = { type: 'vxlan', address: '127.0.0.1', port, remote: '127.0.0.2' } as const;
const router = new VirtualRouter({
  as: 65000,
  routerId: '10.0.0.1',
  interfaces: [{ subnet: 'lan', addresses: ['10.0.1.1'] }],
  ports: [
    { name: 'port-a', ...tunnel, vni: 42 },
    { name: 'port-b', ...tunnel, vni: 43 },
  ],
  network: {
    subnets: [{ name: 'lan', prefix: '10.0.1.0/24' }],
    nodes: [
      { name: 'a', addresses: ['10.0.1.10'], location: 'port-a' },
      { name: 'b', addresses: ['10.0.1.11'], location: 'port-b' },
    ],
  },
});
await router.start();

const guests = createSocket('udp4').bind(port, '127.0.0.2');
await new Promise((resolve) => guests.once('listening', resolve));
/** Two answers and a refusal are all that there is to be said. */
let left = 3;
let all = (): void => {};
const saidAll = new Promise<void>((resolve) => {
  all = resolve;
});
function say(line: string): void {
  console.log(line);
  if (--left === 0) all();
}
guests.on('message', (datagram) => {
  const asked = datagram.subarray(8 + 38, 8 + 42).join('.');
  say(`VNI ${datagram.readUIntBE(4, 3)}: the router answered ${asked} with ${datagram.length - 8} octets`);
});

/** A datagram of a tunnel: RFC 7348's header, then "who has 10.0.1.1? Tell 10.0.1.x". */
function ask(vni: number, last: string): void {
  const header = `08000000${vni.toString(16).padStart(6, '0')}00`;
  const frame = `ffffffffffff0200000000${last}080600010800060400010200000000${last}0a0001${last}0000000000000a000101`;
  guests.send(Buffer.from(header + frame, 'hex'), port, '127.0.0.1');
}
ask(42, '0a');
ask(43, '0b');
/** "I have 10.0.1.10": said by b, it is b's claim, and b has no grant. */
router.on('claim-rejected', ({ claims }) => {
  for (const { prefix, node, reason } of claims) say(`${node} may not have ${prefix}: ${reason}`);
});
const claim = 'ffffffffffff02000000000b0806000108000604000102000000000b0a00010a0000000000000a00010a';
guests.send(Buffer.from(`0800000000002b00${claim}`, 'hex'), port, '127.0.0.1');
await Promise.race([saidAll, pause(10_000, undefined, { ref: false })]);
guests.close();
await router.stop();
