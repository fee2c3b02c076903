/** Why connections are turned away: each reason is reached, told and counted. */
import { expect, test } from 'vitest';
import type { NeighbourConfig } from '../../src/router/config.js';
import { renderPrometheus } from '../../src/router/prometheus.js';
import { SESSION_REFUSALS, type SessionRefusalReason } from '../../src/router/session-refusals.js';
import { bgp, hex } from '../support/hex.js';
import { rawPeer } from '../support/raw-peer.js';
import { A, B, routerLab } from '../support/router-lab.js';

type Lab = Awaited<ReturnType<typeof routerLab>>;

/** How a connection comes to be turned away. */
interface Way {
  readonly from?: string;
  readonly neighbour?: NeighbourConfig;
  /** What is there before. */
  readonly before?: (lab: Lab) => void;
}

const NEIGHBOUR: NeighbourConfig = { address: A, as: 65001 };
const RANGE: NeighbourConfig = { address: '10.0.0.8/29', as: 65001 };

/** Connects, and says nothing. */
function dial({ transport, clock }: Lab, from: string): void {
  transport.dial(
    { remote: { address: '10.0.0.1', port: 179 }, localAddress: from },
    { connected: (connection) => connection.listen({ data: () => {}, drained: () => {}, closed: () => {} }), failed: () => {} },
  );
  clock.settle();
}

const WAYS: Readonly<Record<SessionRefusalReason, Way>> = {
  'unknown-neighbour': { from: '10.0.0.99' },
  'unknown-node': { from: '10.0.0.13', neighbour: RANGE },
  'limit-exceeded': { neighbour: { ...RANGE, limit: 1 }, before: ({ transport, clock }) => void rawPeer(transport, clock, B, 65001, []) },
  'too-many-half-open': { neighbour: { ...RANGE, limits: { halfOpen: 1 } }, before: (lab) => dial(lab, B) },
  'too-many-attempts': { neighbour: { ...NEIGHBOUR, limits: { attempts: 1 } }, before: (lab) => dial(lab, A) },
  shutdown: { neighbour: { ...NEIGHBOUR, shutdown: true } },
  'connection-collision': { before: (lab) => dial(lab, A) },
  'too-many-failures': {
    neighbour: { ...NEIGHBOUR, passive: false },
    before: ({ transport, clock }) => {
      void transport.listen({ address: A, port: 179 }, (connection) => connection.write(hex(bgp(9))));
      clock.advance(60_000);
    },
  },
};

test.each(Object.entries(WAYS))('%s', async (reason, { from = A, neighbour = NEIGHBOUR, before }) => {
  const lab = await routerLab([neighbour]);
  const told: string[] = [];
  lab.router.on('session-refused', (event) => told.push(`${event.address} ${event.reason}`));
  before?.(lab);
  expect(told).toEqual([]);
  dial(lab, from);
  expect(told).toEqual([`${from} ${reason}`]);
  expect(renderPrometheus(lab.router.metrics())).toContain(
    `virtual_router_connections_refused_total{router="router",reason="${reason}"} 1\n`,
  );
  expect(SESSION_REFUSALS).toHaveProperty([reason]);
});
