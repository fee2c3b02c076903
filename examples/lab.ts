/** A lab of several routers on one manual clock: a day passes in a moment, and a cut cable is noticed after the hold time. */
import { BgpSpeaker, Host, ManualClock, MemoryTransport, VirtualNetwork, VirtualRouter } from '../src/core.js';

const clock = new ManualClock();
const transport = new MemoryTransport(clock, { latency: 5 });
const random = () => 0.5;
const host = new Host({ transport, clock, random });

// Two routers of one network: what a guest says to either is one claim.
const network = new VirtualNetwork(
  {
    ranges: ['10.0.0.0/16'],
    nodes: [
      { name: 'a', addresses: ['10.0.0.10'] },
      { name: 'b', addresses: ['10.0.0.11'] },
    ],
    grants: [
      { node: 'a', prefix: '10.0.9.9/32', preference: 500 },
      { node: 'b', prefix: '10.0.9.9/32', preference: 400 },
    ],
  },
  { clock, random },
);
const routers = ['10.0.0.1', '10.0.0.2'].map(
  (address, i) =>
    new VirtualRouter(
      {
        name: `router-${i + 1}`,
        as: 65000,
        routerId: address,
        listen: [{ address }],
        neighbours: ['10.0.0.10', '10.0.0.11'].map((neighbour, n) => ({ address: neighbour, as: 65001 + n, passive: true, holdTime: 9 })),
      },
      { host, network },
    ),
);
for (const router of routers) await router.start();
network.on('mapping-change', ({ changes }) => {
  for (const { prefix, after, cause } of changes)
    console.log(`${(clock.now() / 1000).toFixed(3)} s  ${prefix} -> ${after?.[0].node ?? 'nobody'}  (${cause.type})`);
});

const speakers = [0, 1].flatMap((n) =>
  ['10.0.0.1', '10.0.0.2'].map(
    (address) =>
      new BgpSpeaker(
        { as: 65001 + n, routerId: `10.0.0.${10 + n}`, localAddress: `10.0.0.${10 + n}`, neighbour: { address }, holdTime: 9 },
        { transport, clock, random },
      ),
  ),
);
for (const speaker of speakers) {
  speaker.start();
  speaker.announce('10.0.9.9/32');
}
clock.advance(1000);
clock.advance(24 * 3600 * 1000);
console.log(`${(clock.now() / 1000).toFixed(3)} s  a day later: ${network.lookup('10.0.9.9')?.[0].node}`);
transport.cut('10.0.0.10');
console.log(`${(clock.now() / 1000).toFixed(3)} s  the cable of a is cut`);
clock.advance(10_000);
console.log(`${(clock.now() / 1000).toFixed(3)} s  ${network.lookup('10.0.9.9')?.[0].node} has the address`);
if (network.lookup('10.0.9.9')?.[0].node !== 'b') throw new Error('the cut went unnoticed');
