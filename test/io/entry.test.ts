import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { BgpSpeaker, Forwarder, VirtualNetwork, VirtualRouter } from '../../src/index.js';

test.each([undefined, null, 'router.yaml', 7, []])('a router of %j is told what was expected', (config) => {
  expect(() => new VirtualRouter(config as never)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

test.each([null, 'network.yaml', 7, []])('a network of %j is told what was expected', (config) => {
  expect(() => new VirtualNetwork(config as never)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

test.each(['host', 'logger', 'table', 'ports', 'network', 'snapshot'])('the option %s may be given as undefined', async (option) => {
  const router = new VirtualRouter({ as: 65000, routerId: '10.0.0.1', network: {} }, { [option]: undefined });
  await router.start();
  await router.stop();
});

test.each(['clock', 'logger', 'table', 'random', 'snapshot'])('the option %s of a network may be given as undefined', async (option) => {
  await new VirtualNetwork({}, { [option]: undefined }).close();
});

describe('a part that is none is named', () => {
  const clock = { now: () => 0, at: () => () => {}, defer: () => () => {} };
  test.each([
    ['host: ', { host: 5 }],
    ['host.clock: ', { host: {} }],
    ['host.transport: ', { host: { clock } }],
    ['network: ', { network: {} }],
    ['logger: ', { logger: { info: () => {} } }],
    ['table: ', { table: {} }],
    ['table: ', { table: null }],
    ['ports.pa: ', { ports: { pa: {} } }],
  ])('%s%j', (where, options) => {
    const shared = 'network' in options ? {} : { network: {} };
    const make = () => new VirtualRouter({ as: 65000, routerId: '10.0.0.1', ...shared }, options as never);
    expect(make).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(where) }));
  });

  test.each([
    ['clock: ', { clock: Date }],
    ['random: ', { random: 0.5 }],
    ['table: ', { table: new Map() }],
  ])('of a network: %s%j', (where, options) => {
    const make = () => new VirtualNetwork({}, options as never);
    expect(make).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(where) }));
  });

  test('of a network in use, which goes on with the table that it has', async () => {
    const network = new VirtualNetwork({ nodes: [{ name: 'a' }], ranges: ['10.0.0.0/8'], holders: [{ prefix: '10.0.0.1/32', node: 'a' }] });
    for (const none of [undefined, null, {}, new Map()])
      expect(() => network.setForwardingTable(none as never)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    await network.settled();
    expect(network.lookup('10.0.0.1')).toMatchObject([{ node: 'a' }]);
    await network.close();
  });
});

describe('what is no such value at all', () => {
  const network = new VirtualNetwork({ nodes: [{ name: 'a' }] });
  const router = new VirtualRouter({ as: 65000, routerId: '10.0.0.1' }, { network });
  afterAll(() => network.close());
  const CALLS: Readonly<Record<string, (value: never) => unknown>> = {
    claim: (value) => network.claim(value),
    'claim.prefix': (prefix) => network.claim({ node: 'a', prefix }),
    get: (value) => network.get(value),
    lookup: (value) => network.lookup(value),
    explain: (value) => network.explain(value),
    addNode: (value) => network.addNode(value),
    changeNode: (value) => network.changeNode(value),
    removeNode: (value) => network.removeNode(value),
    setNodeState: (value) => network.setNodeState('a', value),
    grant: (value) => network.grant(value),
    revoke: (value) => network.revoke(value),
    reconfigure: (value) => network.reconfigure(value),
    why: (value) => router.why(value, 'a'),
    addNeighbour: (value) => router.addNeighbour(value),
    changeNeighbour: (value) => router.changeNeighbour(value),
    removeNeighbour: (value) => router.removeNeighbour(value),
    refresh: (value) => router.refresh(value),
    reset: (value) => router.reset(value),
    addPort: (value) => router.addPort(value),
    changePort: (value) => router.changePort(value),
    removePort: (value) => router.removePort(value),
    Forwarder: (value) => new Forwarder(value),
    BgpSpeaker: (value) => new BgpSpeaker(value),
  };
  test.each(Object.entries(CALLS))('%s says so', async (_, call) => {
    for (const none of [undefined, null, 5, true, [], 10n])
      await expect((async () => call(none as never))()).rejects.toMatchObject({ name: 'UsageError' });
  });

  test('is no position either, so that a follower that has none yet is given everything', () => {
    for (const none of [undefined, null, 5, {}]) expect(network.changesSince(none as never)).toMatchObject({ type: 'snapshot' });
  });
});

test('a router that is stopped before it has started keeps no snapshot', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const snapshot = join(tmpdir(), `virtual-router-${process.pid}`, 'snapshot');
    const router = new VirtualRouter({ as: 65000, routerId: '10.0.0.1', network: { restart: { snapshot } } });
    const taken = vi.spyOn(router.network, 'snapshot');
    await Promise.all([router.start(), router.stop()]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(taken).not.toHaveBeenCalled();
  } finally {
    vi.useRealTimers();
  }
});
