import { expect, test } from 'vitest';
import { BgpSpeaker, Host, ManualClock, VirtualRouter } from '../../src/core.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';

test('a claim through the session address of a dynamic neighbour is judged again when that comes, and when it goes', async () => {
  const clock = new ManualClock();
  const transport = new MemoryTransport(clock);
  const router = new VirtualRouter(
    {
      as: 65000,
      routerId: '10.0.0.1',
      listen: [{ address: '10.0.0.1' }],
      network: {
        ranges: ['10.0.0.0/16'],
        nodes: [{ name: 'speaker', addresses: ['10.0.0.10'] }, { name: 'others' }],
        grants: [{ node: 'speaker', prefix: '10.0.9.0/24', ge: 32, speaksFor: ['others'] }],
      },
      neighbours: [
        { address: '10.0.0.10', as: 65001, passive: true },
        { address: '10.0.0.128/25', as: 65002, passive: true, node: 'others' },
      ],
    },
    { host: new Host({ transport, clock, random: () => 0.5 }) },
  );
  await router.start();
  const speaker = new BgpSpeaker(
    { as: 65001, routerId: '10.0.0.10', localAddress: '10.0.0.10', neighbour: { address: '10.0.0.1' } },
    { transport, clock, random: () => 0.5 },
  );
  speaker.announce('10.0.9.1/32', { nextHop: '10.0.0.130' });
  speaker.announce('10.0.9.2/32');
  speaker.start();
  clock.advance(5000);
  const verdicts = (): string[] =>
    [...router.network.claims()]
      .filter(({ prefix }) => prefix.startsWith('10.0.9.'))
      .map(({ prefix, verdict }) => `${prefix} ${verdict}`)
      .sort();
  expect(verdicts()).toEqual(['10.0.9.1/32 next-hop-not-own', '10.0.9.2/32 accepted']);
  const other = new BgpSpeaker(
    { as: 65002, routerId: '10.0.0.130', localAddress: '10.0.0.130', neighbour: { address: '10.0.0.1' } },
    { transport, clock, random: () => 0.5 },
  );
  other.start();
  clock.advance(5000);
  expect(verdicts()).toEqual(['10.0.9.1/32 accepted', '10.0.9.2/32 accepted']);
  expect(router.network.lookup('10.0.9.1')).toEqual([{ type: 'node', node: 'others' }]);
  void other.stop();
  clock.advance(5000);
  expect(verdicts()).toEqual(['10.0.9.1/32 next-hop-not-own', '10.0.9.2/32 accepted']);
  expect(router.network.lookup('10.0.9.1')).toBeUndefined();
});
