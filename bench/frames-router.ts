/** The router of `frames.ts`: given where it listens, as JSON, it prints when it has the first prefix and when it has so many. */
import { nodeHost, rehearse, VirtualRouter } from '../src/index.js';

const [mode = 'sockets', own = '', remote = '', expected = '0'] = process.argv.slice(2);
const frames = mode === 'frames';
await rehearse(nodeHost().clock);
const guest = frames ? '10.0.1.10' : remote;
const router = new VirtualRouter({
  as: 65000,
  routerId: '1.1.1.1',
  ...(frames
    ? {
        interfaces: [{ subnet: 'lan', addresses: ['10.0.1.1'] }],
        ports: [{ name: 'p', type: 'vxlan', address: own, remote, vni: 42 }],
      }
    : { listen: [{ address: own, port: 179 }] }),
  network: {
    subnets: [{ name: 'lan', prefix: '10.0.1.0/24' }],
    nodes: [{ name: 'guest', addresses: [guest], ...(frames ? { location: 'p' } : {}) }],
    grants: [{ node: 'guest', prefix: '0.0.0.0/0', le: 32, as: 'gateway' }],
  },
  neighbours: [{ address: guest, as: 65001, passive: true }],
});
const say = (event: string): void => void process.stdout.write(`${JSON.stringify({ event, at: Number(process.hrtime.bigint()) / 1e6 })}\n`);
router.on('session-change', ({ to, reason }) => {
  if (reason) process.stderr.write(`${reason}\n`);
  if (to !== 'established') return;
  let begun = false;
  const poll = setInterval(() => {
    const { claims } = router.metrics().network;
    if (claims > 0 && !begun) {
      begun = true;
      say('first');
    }
    if (claims < Number(expected)) return;
    clearInterval(poll);
    say('full');
  }, 2);
});
await router.start();
say('ready');
