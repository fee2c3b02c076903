/** The router of `ospf-database.ts`: given how many addresses there are to come, it prints when all of them are mapped. */
import { nodeCompiler, nodeHost, rehearse, VirtualRouter } from '../src/index.js';

const [source = '', range = '', expected = '0'] = process.argv.slice(2);
await rehearse(nodeHost().clock, { ospf: true, compiler: nodeCompiler });
const router = new VirtualRouter({
  as: 65000,
  routerId: '1.1.1.1',
  network: {
    nodes: [{ name: 'source', addresses: [source] }],
    grants: [{ node: 'source', prefix: range, le: 32, as: 'gateway' }],
  },
  ospf: [{ interfaces: [{ device: 'eth0', helloInterval: 1, deadInterval: 10 }] }],
});
const say = (event: string): void => void process.stdout.write(`${JSON.stringify({ event, at: Date.now() })}\n`);
router.on('ospf-problem', ({ problem, detail }) => void process.stderr.write(`${problem}: ${detail}\n`));
await router.start();
say('ready');
const poll = setInterval(() => {
  if (router.network.position.seq < Number(expected)) return;
  clearInterval(poll);
  say('mapped');
}, 10);
