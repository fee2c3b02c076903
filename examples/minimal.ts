/** The smallest router: one guest may claim one address. Give it a BGP speaker at 127.0.0.3, or none, and stop it with Ctrl-C. */
import { VirtualRouter } from '../src/index.js';

await using router = new VirtualRouter({
  as: 65000,
  routerId: '10.0.0.1',
  listen: [{ address: '127.0.0.1', port: Number(process.env.PORT ?? 1790) }],
  network: {
    ranges: ['10.0.0.0/16'],
    nodes: [{ name: 'web-b', addresses: ['127.0.0.3'] }],
    grants: [{ node: 'web-b', prefix: '10.0.1.100/32' }],
  },
  neighbours: [{ address: '127.0.0.3', as: 65002, passive: true }],
});
router.on('mapping-change', ({ changes }) => console.log(changes));
router.on('claim-rejected', ({ claims }) => console.log(claims));
router.on('listening', ({ address, port }) => console.log(`listening on ${address}:${port}`));
const stopped = new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
await router.start();
await stopped;
