/** Ports that come, change and go while others are still being opened: by an opener that takes as long as the test says. */
import { expect, test } from 'vitest';
import { Host, ManualClock, MemoryTransport, type PortConfig, seeded, VirtualRouter } from '../../src/core.js';
import type { Port } from '../../src/stack/port.js';

class Opener {
  /** VNIs of the ports that are open, and what is still to be opened. */
  readonly live: number[] = [];
  readonly #waiting = new Map<number, () => void>();

  open({ vni = 0 }: PortConfig): Promise<Port> {
    return new Promise((resolve) => this.#waiting.set(vni, () => resolve(this.#port(vni))));
  }
  #port(vni: number): Port {
    this.live.push(vni);
    const close = (): Promise<void> => {
      this.live.splice(this.live.indexOf(vni), 1);
      return Promise.resolve();
    };
    return { mtu: 1450, listen: () => {}, send: () => {}, close };
  }

  /** The port of a VNI can be had now, if anybody waits for it. */
  async has(vni: number): Promise<void> {
    for (let i = 0; i < 30; i++) await Promise.resolve();
    this.#waiting.get(vni)?.();
    this.#waiting.delete(vni);
    for (let i = 0; i < 30; i++) await Promise.resolve();
  }
}

const tunnel = (vni: number): PortConfig => ({ name: 'p', type: 'vxlan', address: '127.0.0.1', remote: '127.0.0.2', vni });

function scene(...ports: PortConfig[]) {
  const clock = new ManualClock(1_000_000);
  const opener = new Opener();
  const host = new Host({ transport: new MemoryTransport(clock), clock, random: seeded(1), ports: opener });
  const router = new VirtualRouter(
    { as: 65000, routerId: '10.0.0.1', ports, network: { nodes: [{ name: 'a', location: 'p' }] } },
    { host },
  );
  return { opener, router };
}

test.each([[[2, 3]], [[3, 2]]])('of two changes at once the later one stands, whichever can be had first: %j', async (order) => {
  const { opener, router } = scene();
  await router.start();
  const added = router.addPort(tunnel(1));
  await opener.has(1);
  await added;
  const changes = [router.changePort(tunnel(2)), router.changePort(tunnel(3))];
  for (const vni of [...order, ...order]) await opener.has(vni);
  await Promise.all(changes);
  expect([opener.live, router.configuration().ports?.map(({ vni }) => vni), router.links().map(({ node }) => node)]).toEqual([
    [3],
    [3],
    ['a'],
  ]);
  await router.stop();
  expect(opener.live).toEqual([]);
});

test('a port that is removed while it is opened is not there afterwards', async () => {
  const { opener, router } = scene();
  await router.start();
  const changes = [router.addPort(tunnel(1)), router.removePort('p'), router.addPort(tunnel(2))];
  for (const vni of [2, 1, 2]) await opener.has(vni);
  await Promise.all(changes);
  expect([opener.live, router.configuration().ports?.map(({ vni }) => vni)]).toEqual([[2], [2]]);
  await router.stop();
  expect(opener.live).toEqual([]);
});

test('a port that is removed while the router starts is not there afterwards', async () => {
  const { opener, router } = scene(tunnel(1));
  const changes = [router.start(), router.removePort('p')];
  await opener.has(1);
  await Promise.all(changes);
  expect([opener.live, router.links(), router.configuration().ports]).toEqual([[], [], []]);
  await router.stop();
});

test('a port that is still being opened when the router stops is closed', async () => {
  const { opener, router } = scene();
  await router.start();
  const added = router.addPort(tunnel(1));
  for (let i = 0; i < 30; i++) await Promise.resolve();
  await router.stop();
  await opener.has(1);
  await added;
  expect(opener.live).toEqual([]);
});
