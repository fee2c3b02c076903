import { AS_TRANS } from '../lib/asn.js';
import type { Millis } from '../lib/clock.js';
import type { PeerConfig } from './config.js';
import { ROLES } from './roles.js';
import {
  type Capability,
  CapabilityCode,
  encodeMessage,
  type FamilyName,
  MAX_EXTENDED_MESSAGE,
  MAX_MESSAGE,
  type Open,
  type UnicastFamily,
  type WireContext,
} from './wire/index.js';

/** What two OPENs agreed on (RFC 4271 §4.2, RFC 5492). @public */
export interface Negotiated {
  readonly peerAs: number;
  /** Dotted quad. */
  readonly peerRouterId: string;
  /** Milliseconds; 0 for none (RFC 4271 §4.2). */
  readonly holdTime: Millis;
  /** Families whose routes go both ways (RFC 4760 §8). */
  readonly families: readonly UnicastFamily[];
  /** Families in which we send several paths a prefix, and in which the peer does (RFC 7911 §4). */
  readonly addPathSend: readonly UnicastFamily[];
  readonly addPathReceive: readonly UnicastFamily[];
  /** RFC 6793. */
  readonly fourOctetAs: boolean;
  /** IPv4 routes may have an IPv6 next hop (RFC 8950). */
  readonly extendedNextHop: boolean;
  /** RFC 2918, and RFC 7313. */
  readonly routeRefresh: boolean;
  readonly enhancedRouteRefresh: boolean;
  /** The session waits for BFD (draft-ietf-idr-bgp-bfd-strict-mode §6). */
  readonly waitsForBfd: boolean;
  /** Octets of the longest message that we may send. */
  readonly maxMessage: number;
  /** The peer's, as announced. */
  readonly gracefulRestart: Extract<Capability, { type: 'graceful-restart' }> | undefined;
  /** The peer's, as announced; without the one before it means nothing (RFC 9494 §4.1). */
  readonly longLivedRestart: Extract<Capability, { type: 'long-lived-graceful-restart' }> | undefined;
  /** Both ends take a NOTIFICATION that is not a Hard Reset, and silence, for a restart (RFC 8538 §2). */
  readonly restartOnNotification: boolean;
  /** All that the peer announced. */
  readonly capabilities: readonly Capability[];
  /** How what we receive reads. */
  readonly context: WireContext;
  /** How what we send is written. */
  readonly sendContext: WireContext;
}

/** The capabilities that a configuration announces. @internal */
export function ownCapabilities(config: PeerConfig): Capability[] {
  const { families, addPath } = config;
  const capabilities: Capability[] = families.map((family) => ({ type: 'multiprotocol', family }));
  capabilities.push({ type: 'route-refresh' }, { type: 'enhanced-route-refresh' }, { type: 'four-octet-as', asn: config.localAs });
  if (config.extendedMessages) capabilities.push({ type: 'extended-message' });
  if (config.extendedNextHop && families.includes('ipv4-unicast')) {
    capabilities.push({ type: 'extended-next-hop', entries: [{ family: 'ipv4-unicast', nextHopAfi: 2 }] });
  }
  if (addPath) {
    capabilities.push({
      type: 'add-path',
      families: families.map((family) => ({ family, send: addPath !== 'receive', receive: addPath !== 'send' })),
    });
  }
  if (config.bfdStrict) capabilities.push({ type: 'bfd-strict-mode' });
  if (config.role) capabilities.push({ type: 'role', role: config.role });
  if (config.gracefulRestart && !config.capabilities.some(({ type }) => type === 'graceful-restart'))
    capabilities.push(...restartCapabilities(config));
  return [...capabilities, ...config.capabilities];
}

/**
 * RFC 4724 §3, RFC 8538 §2, RFC 9494 §3. Without families we only help those who restart; with them, packets are forwarded through a
 * restart of our own too.
 */
function restartCapabilities({ families, ownRestart }: PeerConfig): Capability[] {
  const forwarding = ownRestart?.forwarding ?? false;
  const through = ownRestart ? families : [];
  return [
    {
      type: 'graceful-restart',
      restarted: ownRestart?.restarted ?? false,
      notification: true,
      restartTime: ownRestart?.time ?? 0,
      families: through.map((family) => ({ family, forwarding })),
    },
    {
      type: 'long-lived-graceful-restart',
      families: through.flatMap((family) =>
        ownRestart && ownRestart.longLived > 0 ? [{ family, forwarding, staleTime: ownRestart.longLived }] : [],
      ),
    },
  ];
}

/** Our OPEN. @internal */
export function ownOpen(config: PeerConfig): Uint8Array {
  const open: Open = {
    type: 'open',
    version: 4,
    asn: config.localAs,
    holdTime: Math.round(config.holdTime / 1000),
    routerId: config.routerId,
    capabilities: ownCapabilities(config),
  };
  return encodeMessage(open, contextOf(config.localAs > AS_TRANS, 'external'));
}

/** How messages read before anything is agreed on. @internal */
export function contextOf(fourOctetAs: boolean, peerType: WireContext['peerType']): WireContext {
  return { fourOctetAs, peerType, addPath: {}, extendedNextHop: false, maxMessage: MAX_MESSAGE };
}

/** Whether our capability has bit N. */
function announcesN(config: PeerConfig): boolean {
  return ownCapabilities(config).some((capability) => capability.type === 'graceful-restart' && capability.notification);
}

/** Why the roles of two OPENs do not go together (RFC 9234 §4.2), if they do not. @internal */
export function roleMismatch(config: PeerConfig, open: Open): string | undefined {
  // Roles are for sessions between two ASes (§4.1).
  if (!config.role || open.asn === config.localAs) return undefined;
  const theirs = open.capabilities.flatMap((capability) => {
    if (capability.type === 'role') return [capability.role];
    return capability.type === 'unknown' && capability.code === CapabilityCode.role ? [`unknown role ${capability.value[0]}`] : [];
  });
  const { faces } = ROLES[config.role];
  const [role] = theirs;
  if (role === undefined) return config.requireRole ? 'the neighbour announces no role' : undefined;
  if (new Set(theirs).size > 1) return `the neighbour announces several roles: ${theirs.join(', ')}`;
  return role === faces ? undefined : `the neighbour is ${role}, and to us as ${config.role} it would be ${faces}`;
}

/** What our configuration and the peer's OPEN agree on. @internal */
export function negotiate(config: PeerConfig, open: Open): Negotiated {
  const has = (type: Capability['type']): boolean => open.capabilities.some((capability) => capability.type === type);
  const theirFamilies = open.capabilities.flatMap((capability) => (capability.type === 'multiprotocol' ? [capability.family] : []));
  // Without the capability a speaker means IPv4 unicast (RFC 4760 §8).
  const spoken: readonly FamilyName[] = theirFamilies.length > 0 ? theirFamilies : ['ipv4-unicast'];
  const families = config.families.filter((family) => spoken.includes(family));
  const theirPaths = open.capabilities.flatMap((capability) => (capability.type === 'add-path' ? capability.families : []));
  const sends = config.addPath === 'send' || config.addPath === 'both';
  const receives = config.addPath === 'receive' || config.addPath === 'both';
  const addPathSend = families.filter((family) => sends && theirPaths.some((entry) => entry.family === family && entry.receive));
  const addPathReceive = families.filter((family) => receives && theirPaths.some((entry) => entry.family === family && entry.send));
  const fourOctetAs = has('four-octet-as');
  const hops = open.capabilities.flatMap((capability) => (capability.type === 'extended-next-hop' ? capability.entries : []));
  const extendedNextHop = config.extendedNextHop && hops.some((entry) => entry.family === 'ipv4-unicast' && entry.nextHopAfi === 2);
  const maxMessage = config.extendedMessages && has('extended-message') ? MAX_EXTENDED_MESSAGE : MAX_MESSAGE;
  const peerType = open.asn === config.localAs ? 'internal' : 'external';
  const context = (paths: readonly UnicastFamily[], longest: number): WireContext => ({
    fourOctetAs,
    peerType,
    addPath: Object.fromEntries(paths.map((family) => [family, true])),
    extendedNextHop,
    maxMessage: longest,
  });
  // Of several the last counts (RFC 4724 §3).
  const restart = open.capabilities.findLast((capability) => capability.type === 'graceful-restart');
  const longLived = restart && open.capabilities.findLast((capability) => capability.type === 'long-lived-graceful-restart');
  return {
    peerAs: open.asn,
    peerRouterId: open.routerId,
    holdTime: Math.min(config.holdTime, open.holdTime * 1000),
    families,
    addPathSend,
    addPathReceive,
    fourOctetAs,
    extendedNextHop,
    routeRefresh: has('route-refresh'),
    enhancedRouteRefresh: has('enhanced-route-refresh'),
    waitsForBfd: config.bfdStrict === 'always' || (config.bfdStrict === 'agreed' && has('bfd-strict-mode')),
    maxMessage,
    gracefulRestart: restart?.type === 'graceful-restart' ? restart : undefined,
    longLivedRestart: longLived?.type === 'long-lived-graceful-restart' ? longLived : undefined,
    restartOnNotification: announcesN(config) && restart?.type === 'graceful-restart' && restart.notification,
    capabilities: open.capabilities,
    // Whoever announces extended messages must be ready to take them (RFC 8654 §4).
    context: context(addPathReceive, config.extendedMessages ? MAX_EXTENDED_MESSAGE : MAX_MESSAGE),
    sendContext: context(addPathSend, maxMessage),
  };
}
