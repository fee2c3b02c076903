import { expect, test } from 'vitest';
import { ManualClock } from '../../src/core.js';
import { parsePrefix } from '../../src/lib/prefix.js';
import { TimerHeap } from '../../src/lib/timers.js';
import { memoryCable } from '../../src/stack/index.js';
import { Stack } from '../../src/stack/stack.js';
import { UdpStack } from '../../src/stack/udp.js';

/** Two routers, each the only node that the other has, with a cable between. */
function pair() {
  const clock = new ManualClock();
  const ends = memoryCable({ mtu: 600 });
  const macs = ['02:00:00:00:00:01', '02:00:00:00:00:02'] as const;
  const addresses = [
    ['10.0.0.1', 'fd00::1'],
    ['10.0.0.2', 'fd00::2'],
  ] as const;
  return ([0, 1] as const).map((i) => {
    const far = [{ type: 'node', node: 'far' }] as const;
    const stack = new Stack({
      timers: new TimerHeap(clock),
      random: () => 0.5,
      lookup4: () => far as unknown as [(typeof far)[0]],
      lookup6: () => far as unknown as [(typeof far)[0]],
      via4: () => undefined,
      via6: () => undefined,
      mayClaim: () => false,
      announced: () => {},
      answered: () => {},
    });
    stack.setInterfaces([
      {
        prefix: parsePrefix('10.0.0.0/24'),
        addresses: [addresses[i][0]],
        mac: macs[i],
        advertise: false,
      },
      {
        prefix: parsePrefix('fd00::/64'),
        addresses: [addresses[i][1]],
        mac: macs[i],
        advertise: false,
      },
    ]);
    stack.setNodes([{ name: 'far', location: 'p', addresses: addresses[1 - i] ?? [], up: true }]);
    stack.attach('p', ends[i]);
    const udp = new UdpStack(stack.local);
    stack.local.register(17, udp);
    return { stack, udp };
  });
}

test.each([
  ['10.0.0.1', '10.0.0.2'],
  ['fd00::1', 'fd00::2'],
])('a datagram from %s gets to %s whole, in parts where it must, with the hop limit that it was sent with', (source, destination) => {
  const [a, b] = pair();
  if (!a || !b) throw new Error('a pair has two');
  const heard: unknown[] = [];
  b.udp.bind(3784, ({ source: from, sourcePort, hopLimit, payload }) =>
    heard.push([from, sourcePort, hopLimit, payload.length, payload[1499]]),
  );
  for (const size of [10, 1500]) {
    a.udp.send({ source, sourcePort: 49_152, destination, destinationPort: 3784, hopLimit: 255, payload: new Uint8Array(size).fill(7) });
  }
  expect(b.udp.unclaimed).toBe(0);
  // Where nobody listens the sender is told.
  const told: unknown[] = [];
  a.stack.local.register(17, { receive: () => {}, error: ({ destination: whither, reason }) => told.push([whither, reason]) > 0 });
  a.udp.send({ source, sourcePort: 49_152, destination, destinationPort: 9, payload: new Uint8Array(1) });
  expect(told).toEqual([[destination, `destination unreachable, code ${source.includes(':') ? 4 : 3}`]]);
  expect(heard).toEqual([
    [source, 49_152, 255, 10, undefined],
    [source, 49_152, 255, 1500, 7],
  ]);
  expect(b.udp.unclaimed).toBe(1);
  expect(a.stack.local.pathMtu(destination)).toBe(600);
});
