import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import type { NetworkConfig } from '../../src/network/config.js';
import { Host } from '../../src/router/host.js';
import { VirtualNetwork } from '../../src/router/virtual-network.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';

const CONFIG: NetworkConfig = {
  ranges: ['10.0.0.0/16'],
  nodes: [{ name: 'a', location: 'x' }, { name: 'b' }],
  grants: [
    { node: 'a', prefix: '10.0.0.0/16', ge: 24 },
    { node: 'b', prefix: '10.0.0.0/16', ge: 24 },
  ],
};
const MOVED: NetworkConfig = { ...CONFIG, nodes: [{ name: 'a', location: 'y' }, { name: 'b' }] };

function make(): VirtualNetwork {
  const network = new VirtualNetwork(CONFIG, { clock: new ManualClock() });
  network.claim({ node: 'a', prefix: '10.0.0.1/32' });
  return network;
}
function router(): VirtualRouter {
  const clock = new ManualClock();
  const host = new Host({ clock, transport: new MemoryTransport(clock) });
  const made = new VirtualRouter({ as: 65000, routerId: '10.0.0.254', network: CONFIG }, { host });
  made.claim({ node: 'a', prefix: '10.0.0.1/32' });
  return made;
}
/** Calls once. */
function once(call: () => void): () => void {
  let done = false;
  return () => {
    if (!done) call();
    done = true;
  };
}

describe('a listener that changes the network from inside an event', () => {
  test('does not turn the order around for those who listen after it', () => {
    const network = make();
    const heard: string[] = [];
    network.on(
      'mapping-change',
      once(() => void network.claim({ node: 'a', prefix: '10.0.0.2/32' })),
    );
    network.on('mapping-change', ({ changes }) => heard.push(...changes.map(({ seq, after }) => `${seq} ${after?.[0].node}`)));
    network.claim({ node: 'b', prefix: '10.0.0.2/32' });
    expect(heard).toEqual(['2 b', '3 a']);
  });

  test('is told of a node after what the node brought about, and of its return after that', () => {
    const network = make();
    const states: string[] = [];
    network.on(
      'mapping-change',
      once(() => network.setNodeState('a', 'up')),
    );
    network.on('node-change', ({ state }) => states.push(state));
    network.setNodeState('a', 'down');
    expect(states).toEqual(['down', 'up']);
    expect(network.get('10.0.0.1/32')).toMatchObject([{ node: 'a' }]);
  });

  test('finds another configuration in force, whole, and may change it', () => {
    const network = make();
    network.on(
      'mapping-change',
      once(() => {
        expect(network.configuration().ranges).toEqual(['10.0.0.0/16', '10.9.0.0/16']);
        network.grant({ node: 'b', prefix: '10.9.0.0/24', id: 'inner' });
      }),
    );
    network.reconfigure({ ...MOVED, ranges: ['10.0.0.0/16', '10.9.0.0/16'] });
    network.addNode({ name: 'c' });
    expect(network.grants().map(({ id }) => id)).toContain('inner');
    expect(network.claim({ node: 'b', prefix: '10.9.0.0/24' }).verdict).toBe('accepted');
  });

  test('finds a grant that is taken back without effect already', () => {
    const network = make();
    const held: unknown[] = [];
    network.on('grant-change', () => held.push(network.get('10.0.0.1/32')));
    network.revoke('a/10.0.0.0/16');
    expect(held).toEqual([undefined]);
  });

  test('may take over a configuration of the router while another is taken over, and has the last word', () => {
    const one = router();
    const before = one.configuration();
    one.on(
      'mapping-change',
      once(() => {
        one.reconfigure({
          ...before,
          network: { ...MOVED, ranges: ['10.0.0.0/16', '10.7.0.0/16'] },
          originate: [{ prefix: '10.7.0.0/16' }],
        });
      }),
    );
    one.reconfigure({ ...before, network: MOVED, originate: [{ prefix: '10.8.0.0/16' }] });
    expect(one.configuration().originate).toEqual([{ prefix: '10.7.0.0/16' }]);
    expect(one.configuration().network?.ranges).toEqual(['10.0.0.0/16', '10.7.0.0/16']);
  });
});

describe('listeners', () => {
  test('of a network hear a router that they were added to by either name', () => {
    const one = router();
    let heard = 0;
    one.addListener('mapping-change', () => {
      heard++;
    });
    one.claim({ node: 'a', prefix: '10.0.0.2/32' });
    expect(heard).toBe(1);
  });

  test('of one time for several events are taken off each for itself', () => {
    const network = make();
    let heard = 0;
    const listener = (): void => {
      heard++;
    };
    network.once('grant-change', listener);
    network.once('mapping-change', listener);
    network.off('grant-change', listener);
    network.grant({ node: 'a', prefix: '10.9.0.0/16' });
    expect(heard).toBe(0);
    network.claim({ node: 'a', prefix: '10.0.0.2/32' });
    network.claim({ node: 'a', prefix: '10.0.0.3/32' });
    expect(heard).toBe(1);
  });
});
