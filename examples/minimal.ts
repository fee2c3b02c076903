/**
 * The smallest router: one guest may claim one address. Give it a BGP speaker at 127.0.0.3, or none, and stop it with SIGTERM. BIRD and FRR
 * do not speak to loopback addresses: docs/first-guest.md has them in a network namespace.
 */
import { VirtualRouter } from '../src/index.js';

const router = new VirtualRouter({
  as: 65000,
  routerId: '10.0.0.1',
  listen: [{ address: '127.0.0.1', port: Number(process.env.PORT ?? 1790) }],
  network: {
    ranges: ['10.0.0.0/16'],
    nodes: [{ name: 'web-a' }, { name: 'web-b', addresses: ['127.0.0.3'] }],
    holders: [{ prefix: '10.0.1.100/32', node: 'web-a' }], // who has it while nobody claims it
    grants: [{ node: 'web-b', prefix: '10.0.1.100/32' }], // who may claim it
  },
  neighbours: [{ address: '127.0.0.3', as: 65002, passive: true, export: 'claims' }],
});
router.on('session-change', ({ address, to, reason }) => console.log(address, to, reason ?? ''));
router.on('mapping-change', ({ changes }) => console.dir(changes, { depth: null }));
router.on('claim-rejected', ({ claims }) => console.log(claims));
router.on('listening', ({ address, port }) => console.log(`listening on ${address}:${port}`));
process.once('SIGTERM', () => router.stop()); // ends every session with a Cease
await router.start();
