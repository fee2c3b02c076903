import { expect, test } from 'vitest';
import { Host, ManualClock, memoryCable, VirtualNetwork, VirtualRouter } from '../../src/core.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';

test('a node is at one port: of two routers of a network that have one of a name, nobody is there', async () => {
  const clock = new ManualClock();
  const host = new Host({ transport: new MemoryTransport(clock), clock, random: () => 0.5 });
  const shared = new VirtualNetwork({ nodes: [{ name: 'g', location: 'pa' }, { name: 'h' }] }, { clock, random: () => 0.5 });
  const port = (name: string) => ({ name, type: 'memory' as const });
  const router = (name: string, ...ports: string[]) =>
    new VirtualRouter(
      { name, as: 65000, routerId: '10.0.0.1', ports: ports.map(port) },
      { host, network: shared, ports: Object.fromEntries(ports.map((one) => [one, memoryCable()[1]])) },
    );
  await router('r1', 'pa', 'pb').start();
  await expect(router('r2', 'pc', 'pa').start()).rejects.toMatchObject({ code: 'CONFIG_INVALID', path: ['ports', 1, 'name'] });
  const other = router('r3', 'pb');
  await other.start();
  await expect(other.addPort(port('pa'), memoryCable()[1])).rejects.toMatchObject({ code: 'CONFIG_INVALID', path: ['ports', 1, 'name'] });
  expect(other.configuration().ports).toEqual([port('pb')]);
  expect(() => shared.changeNode({ name: 'h', location: 'pb' })).toThrow(
    /^nodes\[1\]\.location: expected a port of one router, as "r1" and "r3"/,
  );
  await other.removePort('pb');
  shared.changeNode({ name: 'h', location: 'pb' });
  expect(shared.configuration().nodes?.[1]).toEqual({ name: 'h', location: 'pb' });
});
