import { expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import { Host } from '../../src/router/host.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';
import { rawPeer } from '../support/raw-peer.js';

test('thousands of networks with the same addresses live side by side behind one listener', async () => {
  const clock = new ManualClock();
  const transport = new MemoryTransport(clock);
  const host = new Host({ transport, clock });
  const count = 2_000;
  const guestOf = (i: number) => `10.9.${i >> 8}.${i & 255}`;
  const routers = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const router = new VirtualRouter(
        {
          name: `router ${i}`,
          as: 65000,
          routerId: '10.0.0.1',
          listen: [{ address: '10.0.0.1' }],
          network: {
            ranges: ['10.0.0.0/8'],
            nodes: [{ name: 'a', addresses: [guestOf(i)] }],
            grants: [{ node: 'a', prefix: '10.1.0.0/24', ge: 32 }],
          },
          neighbours: [{ address: guestOf(i), as: 65001, passive: true }],
        },
        { host },
      );
      await router.start();
      return router;
    }),
  );
  for (let i = 0; i < count; i += 800) {
    const peer = rawPeer(transport, clock, guestOf(i), 65001, []);
    peer.send({
      type: 'update',
      withdrawn: [],
      attributes: { origin: 'igp', asPath: [{ type: 'sequence', asns: [65001] }], nextHop: guestOf(i) },
      announced: [{ prefix: '10.1.0.1/32' }],
    });
  }
  clock.settle();
  const mapped = routers.flatMap((router, i) => (router.lookup('10.1.0.1') ? [i] : []));
  expect(mapped).toEqual([0, 800, 1600]);
  let stopped = false;
  void Promise.all(routers.map((router) => router.stop())).then(() => {
    stopped = true;
  });
  for (let i = 0; i < 100 && !stopped; i++) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(stopped).toBe(true);
});
