import { BgpSpeaker, Host, ManualClock, type NetworkConfig, VirtualRouter } from '../../src/core.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import type { Capability } from '../../src/wire.js';

const ROUTER = '10.0.0.1';

export const addressOf = (i: number): string => `10.0.1.${i + 1}`;
/** The address that guest `i` claims. */
export const claimOf = (i: number): string => `10.0.9.${i + 1}/32`;

/** A router and `count` guests `g0`, `g1`, ..., each of which may claim all of 10.0.9.0/24, and the time they live in. */
export async function crowd(
  count: number,
  network: Partial<NetworkConfig> = {},
  grant: Partial<NonNullable<NetworkConfig['grants']>[number]> = {},
) {
  const clock = new ManualClock(1_000_000);
  const transport = new MemoryTransport(clock);
  const numbers = Array.from({ length: count }, (_, i) => i);
  const router = new VirtualRouter(
    {
      as: 65000,
      routerId: ROUTER,
      listen: [{ address: ROUTER }],
      network: {
        ranges: ['10.0.0.0/16'],
        nodes: numbers.map((i) => ({ name: `g${i}`, addresses: [addressOf(i)] })),
        grants: numbers.map((i) => ({ node: `g${i}`, prefix: '10.0.9.0/24', ge: 32, le: 32, ...grant })),
        ...network,
      },
      neighbours: numbers.map((i) => ({
        address: addressOf(i),
        as: 65001 + i,
        passive: true,
        dampPeerOscillations: false,
        holdTime: 9,
        export: 'claims' as const,
      })),
    },
    { host: new Host({ transport, clock, random: () => 0.5 }) },
  );
  const moves: string[] = [];
  router.on('mapping-change', ({ changes }) => {
    for (const { prefix, after } of changes) moves.push(`${prefix} ${after?.map(({ node }) => node).join('+') ?? 'nobody'}`);
  });
  await router.start();
  const guest = (i: number, capabilities: readonly Capability[] = []): BgpSpeaker => {
    const speaker = new BgpSpeaker(
      { as: 65001 + i, routerId: addressOf(i), localAddress: addressOf(i), neighbour: { address: ROUTER }, capabilities },
      { transport, clock, random: () => 0.5 },
    );
    speaker.start();
    return speaker;
  };
  /** The guest's process is killed: its system closes its connections. */
  const kill = (i: number): void => {
    transport.cut(addressOf(i));
    transport.reset(addressOf(i));
    clock.advance(1);
  };
  const mapping = (): string[] =>
    [...router.mapping()]
      .filter(({ prefix }) => prefix.startsWith('10.0.9.'))
      .map(({ prefix, targets }) => `${prefix} ${targets.map(({ node }) => node).join('+')}`);
  return { clock, transport, router, moves, guest, kill, mapping };
}
