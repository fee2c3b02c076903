import type { DownReason, SessionState } from '../bgp/events.js';
import type { LimitStatus } from '../bgp/limits.js';
import type { Capability } from '../bgp/wire/index.js';
import { toHex } from '../lib/bytes.js';
import type { NeighbourRestart } from './attach/bgp/absence.js';
import type { BgpNeighbour } from './attach/bgp/neighbour.js';
import type { BfdStatus } from './attach/neighbour-watch.js';
import type { AddressFamily } from './config.js';

/** A neighbour as it stands. @public */
export interface NeighbourStatus {
  readonly name: string;
  readonly address: string;
  readonly node: string;
  readonly state: SessionState;
  /** Why it is down, or was last; a dial that comes to nothing counts. */
  readonly lastDown: string | undefined;
  /** Milliseconds since the epoch; undefined while it is not established. */
  readonly establishedAt: number | undefined;
  /** How often it came up again after it had been down. */
  readonly flaps: number;
  /** How often a session, or an attempt at one, ended, by why; what did not occur is left out. */
  readonly ends: Readonly<Partial<Record<DownReason['code'], number>>>;
  readonly peerAs: number | undefined;
  readonly peerRouterId: string | undefined;
  readonly families: readonly AddressFamily[];
  /** What the peer announced, by name; what is not known as `unknown <code>: <value in hex>`. */
  readonly capabilities: readonly string[];
  /** Seconds, as agreed. */
  readonly holdTime: number | undefined;
  /** Claims that it makes, and how many of them are refused. */
  readonly claims: number;
  readonly claimsRefused: number;
  /** Prefixes that it was told. */
  readonly told: number;
  /** Families whose End-of-RIB it has sent. */
  readonly endOfRib: readonly AddressFamily[];
  /** Malformed messages that did not end the session (RFC 7606). */
  readonly malformed: number;
  /** It restarts gracefully (RFC 4724): its claims stay although it is gone, or has not yet said everything again. Undefined else. */
  readonly restart: NeighbourRestart | undefined;
  /** It is as good as established, and waits for BFD to come up (`bfd.strict`). */
  readonly waitsForBfd: boolean;
  /** Undefined where it is not watched. */
  readonly bfd: BfdStatus | undefined;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** How often its input had taken so much of the process's time that everybody else had a turn first (`limits.weight`). */
  readonly turns: number;
  /** Octets written that it has not taken yet; reading as slowly as that ends the session after `sendHoldTime`. */
  readonly unread: number;
  /** Its limits, and what it uses of them. */
  readonly limits: readonly LimitStatus[];
}

/** @internal */
export function neighbourStatus(neighbour: BgpNeighbour): NeighbourStatus {
  const { lastDown, ...status } = neighbour.peer.status();
  const { negotiated } = neighbour.peer;
  const { claims, refused } = neighbour.heard;
  return {
    name: neighbour.name,
    address: neighbour.address,
    node: neighbour.node.name,
    ...status,
    lastDown: lastDown?.text,
    peerAs: negotiated?.peerAs,
    peerRouterId: negotiated?.peerRouterId,
    families: negotiated?.families ?? [],
    capabilities: (negotiated?.capabilities ?? []).map(capabilityName),
    holdTime: negotiated === undefined ? undefined : negotiated.holdTime / 1000,
    claims,
    claimsRefused: refused,
    told: neighbour.told,
    endOfRib: neighbour.endOfRibHeard,
    malformed: neighbour.malformedCount,
    restart: neighbour.restart,
    bfd: neighbour.bfd,
    limits: neighbour.limits,
  };
}

function capabilityName(capability: Capability): string {
  if (capability.type !== 'unknown') return capability.type;
  const { code, value } = capability;
  return value.length === 0 ? `unknown ${code}` : `unknown ${code}: ${toHex(value)}`;
}
