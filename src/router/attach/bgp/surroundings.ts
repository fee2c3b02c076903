import type { BfdChange, BfdService } from '../../../bfd/index.js';
import type { RouteValidation } from '../../../bgp/import.js';
import type { LimitReport } from '../../../bgp/limits.js';
import type { Peer } from '../../../bgp/peer.js';
import type { PolicyContext } from '../../../bgp/policy/index.js';
import type { Buffers } from '../../../lib/buffers.js';
import type { Cancel } from '../../../lib/clock.js';
import type { Dialler } from '../../../lib/transport.js';
import type { VirtualNetwork } from '../../virtual-network.js';
import type { NeighbourRestart } from './absence.js';
import type { localRoutes } from './local-routes.js';
import type { BgpNeighbour } from './neighbour.js';

/** What a neighbour needs of its router. @internal */
export interface BgpSurroundings {
  readonly network: VirtualNetwork;
  readonly router: RouterIdentity;
  /** What a node is dialled by: frames, where it is at a port, else the host's sockets. */
  dialler(node: string): Dialler;
  readonly host: {
    readonly random: () => number;
    defer(call: () => void): Cancel;
  };
  readonly logger: ConstructorParameters<typeof Peer>[1]['logger'];
  readonly prefixLists: PolicyContext['lists'];
  readonly buffers: Buffers;
  /** Who watches a node by BFD, if anybody can. */
  bfdOf(node: string): BfdService | undefined;
  /** The address to watch an address of a node's from, where there is one to name. */
  localAddress(node: string, remote: string): string | undefined;
  bfdChanged(neighbour: BgpNeighbour, change: BfdChange): void;
  bfdFailed(neighbour: BgpNeighbour, reason: string): void;
  readonly validation: RouteValidation;
  stateChanged(neighbour: BgpNeighbour, from: string, to: string, reason: string | undefined): void;
  malformed(neighbour: BgpNeighbour, message: string, count: number): void;
  limitReached(neighbour: BgpNeighbour, report: LimitReport): void;
  /** It may linger no longer: see {@link BgpNeighbour.lingers}. */
  lingered(neighbour: BgpNeighbour): void;
  /** The neighbour's graceful restart goes on, or is over: its claims are kept no longer. */
  restartChanged(neighbour: BgpNeighbour, restart: NeighbourRestart | undefined, why: string): void;
}

/** @internal */
export interface RouterIdentity {
  readonly name: string;
  readonly as: number;
  readonly routerId: string;
  readonly clusterId: string;
  /** The router's own addresses by subnet prefix, for next hops. */
  readonly addresses: readonly string[];
  /** Packets pass through it: it has ports. */
  readonly forwards: boolean;
  /** What it announces by itself. */
  readonly originate: Parameters<typeof localRoutes>[0]['originate'];
}
