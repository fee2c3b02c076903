import type { Millis } from '../lib/clock.js';
import type { Capability, Role, UnicastFamily } from './wire/index.js';

/** How we restart, for the capabilities (RFC 4724 §3, RFC 9494 §3). @internal */
export interface OwnRestart {
  /** Seconds that the neighbour is asked to keep our routes. */
  readonly time: number;
  /** Seconds more that they may be its last resort; 0 for none. */
  readonly longLived: number;
  /** We have restarted, and not yet chosen our routes: bit R. */
  readonly restarted: boolean;
  /** Packets were forwarded through our last restart: bit F. */
  readonly forwarding: boolean;
}

/** What a BGP session is configured with, resolved: every default is here. @internal */
export interface PeerConfig {
  /** The neighbour's address. */
  readonly address: string;
  /** Port to dial. Default 179. */
  readonly port: number;
  /** Address to dial from. */
  readonly localAddress: string | undefined;
  readonly localAs: number;
  /** BGP identifier. */
  readonly routerId: string;
  /** AS numbers that the neighbour may have; undefined for any. */
  readonly peerAs: readonly number[] | undefined;
  /** Never dials. Default false. */
  readonly passive: boolean;
  readonly families: readonly UnicastFamily[];
  /** Several paths a prefix (RFC 7911). Default neither. */
  readonly addPath: 'send' | 'receive' | 'both' | undefined;
  /** IPv4 routes with IPv6 next hops (RFC 8950). */
  readonly extendedNextHop: boolean;
  /** RFC 8654. Default true. */
  readonly extendedMessages: boolean;
  /** Keeps the claims of a neighbour that restarts gracefully (RFC 4724), as a helper. Default true. */
  readonly gracefulRestart: boolean;
  /** Our role towards the neighbour (RFC 9234 §4). */
  readonly role: Role | undefined;
  /**
   * The session is not established before BFD is up (draft-ietf-idr-bgp-bfd-strict-mode): where the neighbour has that capability too, or
   * always. Default not.
   */
  readonly bfdStrict: 'agreed' | 'always' | undefined;
  /** How long a session that has no hold time waits for that (BfdHoldTime, §3). Default 30,000. */
  readonly bfdHoldTime: Millis;
  /** A neighbour that announces no role is turned away (RFC 9234 §4.2, strict mode). Default false. */
  readonly requireRole: boolean;
  /** How we restart ourselves, looked at whenever an OPEN is sent; undefined: the neighbour need keep nothing. */
  readonly ownRestart: OwnRestart | undefined;
  /** Announced besides those that follow from the fields above; for tests of other speakers. */
  readonly capabilities: readonly Capability[];
  /** Milliseconds, 0 or at least 3,000. Default 90,000. */
  readonly holdTime: Millis;
  /** RFC 4271 §8.2.2. Default 30,000, jittered to between 0.75 and 1 of it. */
  readonly connectRetryTime: Millis;
  /** Wait with our OPEN. Default 0: do not. */
  readonly delayOpenTime: Millis;
  /** First pause after a session failed; doubles with each failure up to {@link PeerConfig.idleHoldMax}. Default 1,000. */
  readonly idleHoldTime: Millis;
  /** Default 60,000; equal to `idleHoldTime` when peer oscillations are not damped. */
  readonly idleHoldMax: Millis;
  /** A send stuck for so long ends the session (RFC 9687). Default twice the hold time, at least eight minutes. */
  readonly sendHoldTime: Millis;
}

/** The fields that have no default. @internal */
export type PeerConfigInput = Pick<PeerConfig, 'address' | 'localAs' | 'routerId' | 'peerAs'> & Partial<PeerConfig>;

/** Fills in the defaults. @internal */
export function resolvePeerConfig(input: PeerConfigInput): PeerConfig {
  const holdTime = input.holdTime ?? 90_000;
  const families = input.families ?? [input.address.includes(':') ? 'ipv6-unicast' : 'ipv4-unicast'];
  return {
    port: 179,
    localAddress: undefined,
    passive: false,
    addPath: undefined,
    extendedNextHop: input.address.includes(':') && families.includes('ipv4-unicast'),
    extendedMessages: true,
    gracefulRestart: true,
    role: undefined,
    bfdStrict: undefined,
    bfdHoldTime: 30_000,
    requireRole: false,
    ownRestart: undefined,
    capabilities: [],
    connectRetryTime: 30_000,
    delayOpenTime: 0,
    idleHoldTime: 1000,
    idleHoldMax: 60_000,
    sendHoldTime: Math.max(480_000, 2 * holdTime), // RFC 9687 §5
    ...input,
    holdTime,
    families,
  };
}
