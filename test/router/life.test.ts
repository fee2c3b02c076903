import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import { Host } from '../../src/router/host.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';

function lab() {
  const clock = new ManualClock();
  const host = new Host({ clock, transport: new MemoryTransport(clock) });
  const config = { as: 65000, routerId: '10.0.0.1', listen: [{ address: '10.0.0.1' }], network: {} };
  return { host, config, router: new VirtualRouter(config, { host }) };
}

describe('a router that is started and stopped', () => {
  test('before it is done with either ends as it was asked last', async () => {
    const { router } = lab();
    void router.start();
    void router.stop({ keepNetwork: true });
    void router.start();
    await router.stop({ keepNetwork: true });
    expect(router.endpoints).toEqual([]);
    await router.start();
    expect(router.endpoints).toHaveLength(1);
    await router.stop();
    expect(router.endpoints).toEqual([]);
  });

  test('runs when it is started while it stops, though it was to stop while it started', async () => {
    const { router } = lab();
    const started = router.start();
    const stopped = router.stop({ keepNetwork: true });
    await started;
    await router.start();
    await stopped;
    expect(router.endpoints).toHaveLength(1);
    await router.stop();
  });

  test('says that its network is closed instead of running without one', async () => {
    const { router } = lab();
    await router.start();
    await router.stop();
    await expect(router.start()).rejects.toMatchObject({ code: 'CLOSED' });
    expect(router.endpoints).toEqual([]);
    await router.stop();
  });

  test('may be started again where it could not be', async () => {
    const { host, config, router } = lab();
    const other = await host.transport.listen({ address: '10.0.0.1', port: 179 }, () => {});
    await expect(router.start()).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    await other.close();
    await router.start();
    expect(router.endpoints).toMatchObject([{ address: config.listen[0]?.address }]);
    await router.stop();
  });
});
