/**
 * One router and two guests in one process, over real TCP on loopback: an address moves from web-a to web-b by BGP, web-b dies, and
 * the address goes back. Run it with `npm run quickstart`.
 */
import { BgpSpeaker, formatExplanation, VirtualRouter } from '../src/index.js';

const ADDRESS = '10.0.1.100';
const started = performance.now();
const colour = process.env.FORCE_COLOR || (process.stdout.isTTY && !process.env.NO_COLOR);
const CODES = { green: 32, cyan: 36, dim: 2, bold: 1 };
const paint = (style: keyof typeof CODES, text: string) => (colour ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text);
const say = (text: string) => console.log(`${paint('dim', `${(performance.now() - started).toFixed(1).padStart(7)} ms`)}  ${text}`);

const router = new VirtualRouter({
  as: 65000,
  routerId: '10.0.0.1',
  listen: [{ address: '127.0.0.1', port: 0 }],
  network: {
    ranges: ['10.0.0.0/16'],
    nodes: [
      { name: 'web-a', addresses: ['127.0.0.2'] },
      { name: 'web-b', addresses: ['127.0.0.3'] },
    ],
    holders: [{ prefix: `${ADDRESS}/32`, node: 'web-a' }],
    grants: [{ node: 'web-b', prefix: `${ADDRESS}/32` }],
  },
  neighbours: [
    { address: '127.0.0.2', as: 65001, passive: true, export: 'claims' },
    { address: '127.0.0.3', as: 65002, passive: true, export: 'claims' },
  ],
});

router.on('session-change', ({ node, from, to, reason }) => {
  if (to === 'established') say(`${paint('cyan', node)} speaks BGP to the router`);
  else if (from === 'established') say(`${paint('cyan', node)} is gone: ${reason}`);
});
router.on('mapping-change', ({ changes }) => {
  for (const { prefix, before, after, cause, heard, applied } of changes) {
    const [was, is] = [before?.[0].node ?? 'nobody', after?.[0].node ?? 'nobody'];
    say(
      `${paint('bold', prefix)}  ${was} -> ${paint('green', is)}  (${cause.type}, applied ${(applied - heard).toFixed(2)} ms after it was heard)`,
    );
  }
});
router.on('claim-rejected', ({ claims }) => {
  for (const { node, prefix, reason, message } of claims) say(`${node} may not have ${prefix}: ${reason}. ${message}`);
});

await router.start();
const port = router.endpoints[0]?.port ?? 0;
say(`the router listens on 127.0.0.1 port ${port}; ${ADDRESS} is at ${router.lookup(ADDRESS)?.[0].node}`);

const guest = (localAddress: string, as: number) =>
  new BgpSpeaker({ as, routerId: localAddress, localAddress, neighbour: { address: '127.0.0.1', port } });
const [a, b] = [guest('127.0.0.2', 65001), guest('127.0.0.3', 65002)];
for (const speaker of [a, b]) {
  speaker.start();
  await speaker.whenEstablished();
}

say('web-b announces the address, and one that it was not granted');
b.announceAll([`${ADDRESS}/32`, '10.0.1.101/32']);
await a.when(() => a.route(`${ADDRESS}/32`) !== undefined);
say(
  `web-a hears of it: next hop ${a.route(`${ADDRESS}/32`)?.attributes.nextHop}; packets for it go to ${router.lookup(ADDRESS)?.[0].node}`,
);
console.log(`\n${formatExplanation(router.explain(ADDRESS))}\n`);

say('web-b dies');
await b.kill();
await a.when(() => a.route(`${ADDRESS}/32`) === undefined);

console.log('\nThe mapping now:');
for (const { prefix, targets } of router.mapping()) console.log(`  ${prefix.padEnd(20)} ${targets.map(({ node }) => node).join(' + ')}`);
console.log(`\n${formatExplanation(router.explain(ADDRESS))}`);

await a.stop();
await router.stop();
