import { expect, test } from 'vitest';
import { formatStatus } from '../../src/cli/status.js';
import { BgpSpeaker, Host, ManualClock, memoryCable, VirtualRouter } from '../../src/core.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';

const ROUTER = '10.0.0.1';

async function lab() {
  const clock = new ManualClock();
  const transport = new MemoryTransport(clock);
  const random = () => 0.5;
  const [near] = memoryCable();
  const router = new VirtualRouter(
    {
      name: 'edge',
      as: 65000,
      routerId: ROUTER,
      listen: [{ address: ROUTER }],
      interfaces: [{ subnet: 'lan', addresses: ['10.0.1.1'] }],
      ports: [{ name: 'tap0', type: 'memory' }],
      network: {
        ranges: ['10.0.0.0/16'],
        subnets: [{ name: 'lan', prefix: '10.0.1.0/24' }],
        nodes: [
          { name: 'web-a', addresses: ['10.0.0.10'] },
          { name: 'web-b', addresses: ['10.0.0.11'] },
          { name: 'vm', addresses: ['10.0.1.10'], location: 'tap0' },
        ],
        grants: [{ node: 'web-a', prefix: '10.0.9.9/32' }],
      },
      neighbours: [
        { name: 'a', address: '10.0.0.10', as: 65001, passive: true },
        { address: '10.0.0.11', as: 65002, passive: true },
      ],
      ospf: [{ interfaces: [{ port: 'tap0' }] }],
    },
    { host: new Host({ transport, clock, random }), ports: { tap0: near } },
  );
  await router.start();
  const guest = new BgpSpeaker(
    { as: 65001, routerId: '10.0.0.10', localAddress: '10.0.0.10', neighbour: { address: ROUTER } },
    { transport, clock, random },
  );
  for (const prefix of ['10.0.9.9/32', '10.0.9.10/32']) guest.announce(prefix);
  return { clock, router, guest, shown: () => formatStatus({ at: clock.now(), routers: [router.metrics()] }) };
}

test('a router’s status is shown as tables of what there is, whose columns stand under their heads', async () => {
  const { clock, guest, shown } = await lab();
  guest.start();
  clock.advance(192_000);
  expect(shown()).toMatchInlineSnapshot(`
    "edge: 3 nodes, 1 grant, 5 claims (1 refused) to 5 prefixes

    neighbour      node      AS  claims  refused  told  session                 BFD
    a (10.0.0.10)  web-a  65001       2        1     0  established for 3m 12s
    10.0.0.11      web-b              0        0     0  active

    link  node  frames in  out  forwarded  dropped
    tap0  vm            0   20          0

    OSPF  interface  area     neighbour        node  state
    ospf  tap0       0.0.0.0  nobody is heard        point-to-point
    "
  `);
  guest.stop();
  clock.advance(1000);
  expect(shown()).toMatch(
    /^a \(10\.0\.0\.10\) +web-a +0 +0 +0 +active: the neighbour sent hard reset \(cease: administrative shutdown\)$/m,
  );
});

test('a session that cannot come up is shown with why', async () => {
  const { clock, router, shown } = await lab();
  router.changeNeighbour({ address: '10.0.0.11', as: 65002 });
  clock.advance(1000);
  expect(shown()).toMatch(/^10\.0\.0\.11 +web-b +0 +0 +0 +\w+: connect ECONNREFUSED 10\.0\.0\.11:179$/m);
});

test.each([
  [4_000, '4s'],
  [192_000, '3m 12s'],
  [7_500_000, '2h 5m'],
  [349_200_000, '4d 1h'],
])('a session that is up for %i ms is shown as up for %s', async (milliseconds, words) => {
  const { clock, router, guest } = await lab();
  guest.start();
  clock.advance(5000);
  const [{ establishedAt = 0 } = {}] = router.neighbours();
  expect(formatStatus({ at: establishedAt + milliseconds, routers: [router.metrics()] })).toMatch(
    new RegExp(`established for ${words}$`, 'm'),
  );
});
