/**
 * A guest at the end of a cable in memory: it asks by ARP who the router is, and takes an address over by a gratuitous ARP. All of it
 * on a clock that is turned by hand.
 */
import { type CableEnd, Host, ManualClock, MemoryTransport, memoryCable, VirtualRouter } from '../src/index.js';

const clock = new ManualClock();
const [guest, port] = memoryCable({ clock, delay: 2 });
const router = new VirtualRouter(
  {
    as: 65000,
    routerId: '10.0.0.1',
    interfaces: [{ subnet: 'lan', addresses: ['10.0.1.1'] }],
    ports: [{ name: 'port-b', type: 'memory' }],
    network: {
      ranges: ['10.0.0.0/16'],
      subnets: [{ name: 'lan', prefix: '10.0.1.0/24' }],
      nodes: [{ name: 'web-a' }, { name: 'web-b', addresses: ['10.0.1.11'], location: 'port-b' }],
      holders: [{ prefix: '10.0.1.100/32', node: 'web-a' }],
      grants: [{ node: 'web-b', prefix: '10.0.1.100/32', sources: ['arp'] }],
    },
  },
  { host: new Host({ transport: new MemoryTransport(clock), clock }), ports: { 'port-b': port } },
);
router.on('mapping-change', ({ changes }) => {
  for (const { prefix, after } of changes) console.log(`${prefix.replace('/32', '')} is at ${after?.[0].node} now`);
});
await router.start();

guest.listen((frame, start) => {
  const [address, mac] = [frame.subarray(start + 28, start + 32), frame.subarray(start + 22, start + 28)];
  console.log(`${address.join('.')} is at ${Array.from(mac, (octet) => octet.toString(16).padStart(2, '0')).join(':')}`);
});
arp(guest, '10.0.1.11', '10.0.1.1');
clock.advance(10);
arp(guest, '10.0.1.100', '10.0.1.100');
clock.advance(10);
console.log(router.links());
await router.stop();

/** "Who has `target`? Tell `sender`." Where the two are the same, it says "I have it". */
function arp(cable: CableEnd, sender: string, target: string): void {
  const mac = '02000000000b';
  const octets = (address: string) => Buffer.from(address.split('.').map(Number)).toString('hex');
  const frame = Buffer.from(`ffffffffffff${mac}08060001080006040001${mac}${octets(sender)}000000000000${octets(target)}`, 'hex');
  cable.send(frame, 0, frame.length);
}
