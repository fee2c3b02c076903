import { expect } from 'vitest';
import { BgpSpeaker, type SpeakerConfig } from '../../src/bgp/speaker.js';
import type { PathAttributes } from '../../src/bgp/wire/index.js';
import { ManualClock } from '../../src/lib/clock.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import type { NeighbourConfig, RouterConfig } from '../../src/router/config.js';
import { Host } from '../../src/router/host.js';
import { type RouterOptions, VirtualRouter } from '../../src/router/virtual-router.js';

/** Guests' addresses, and the names of their nodes. */
export const A = '10.0.0.10';
export const B = '10.0.0.11';
export const C = '10.0.0.12';
const NAMES: Readonly<Record<string, string>> = { [A]: 'a', [B]: 'b', [C]: 'c' };

/** A router of AS 65000 at 10.0.0.1 in memory, whose guests may claim everything; speakers of the library's own as guests. */
export async function routerLab(
  neighbours: readonly NeighbourConfig[],
  more: Partial<RouterConfig> = {},
  options: Omit<RouterOptions, 'host'> = {},
) {
  const clock = new ManualClock();
  const transport = new MemoryTransport(clock);
  const host = new Host({ transport, clock, random: () => 0.5 });
  const config: RouterConfig = {
    as: 65000,
    routerId: '10.0.0.1',
    listen: [{ address: '10.0.0.1' }],
    network: {
      nodes: Object.entries(NAMES).map(([address, name]) => ({ name, addresses: [address] })),
      grants: Object.values(NAMES).flatMap((node) => [
        { node, id: `${node}4`, prefix: '0.0.0.0/0', le: 32, as: 'gateway' },
        { node, id: `${node}6`, prefix: '::/0', le: 128, as: 'gateway' },
      ]),
    },
    neighbours: neighbours.map((neighbour) => ({ passive: true, ...neighbour })),
    ...more,
  };
  const router = new VirtualRouter(config, { host, ...options });
  await router.start();
  /** Dials; established unless it is turned away. */
  const dial = (address: string, as: number, options: Partial<SpeakerConfig> = {}): BgpSpeaker => {
    const speaker = new BgpSpeaker(
      { as, routerId: address, localAddress: address, neighbour: { address: '10.0.0.1' }, ...options },
      { transport, clock, random: () => 0.5 },
    );
    speaker.start();
    clock.advance(2000);
    return speaker;
  };
  const guest = (address: string, as: number, options: Partial<SpeakerConfig> = {}): BgpSpeaker => {
    const speaker = dial(address, as, options);
    expect(speaker.state, `${NAMES[address]} ${router.neighbours().map(({ lastDown }) => lastDown)}`).toBe('established');
    return speaker;
  };
  const say = (speaker: BgpSpeaker, prefix: string, attributes: PathAttributes = {}): void => {
    speaker.announce(prefix, attributes);
    clock.settle();
  };
  const verdicts = () =>
    Object.fromEntries([...router.claims()].filter(({ source }) => source === 'bgp').map(({ prefix, verdict }) => [prefix, verdict]));
  return { clock, transport, router, config, dial, guest, say, verdicts };
}
