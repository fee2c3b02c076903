import type { FamilyName } from '../family.js';
import type { Nlri } from '../nlri.js';

/** One segment of an AS_PATH (RFC 4271 §4.3, RFC 5065 §3). @public */
export interface AsSegment {
  readonly type: 'sequence' | 'set' | 'confed-sequence' | 'confed-set';
  /** The nearest AS first. 1 to 255 of them. */
  readonly asns: readonly number[];
}

/** @public */
export type Origin = 'igp' | 'egp' | 'incomplete';

/** The AS and router that formed an aggregate. @public */
export interface Aggregator {
  readonly asn: number;
  /** IPv4 address of the router, canonical text. */
  readonly address: string;
}

/** MP_REACH_NLRI (RFC 4760 §3). @public */
export interface MpReach {
  readonly family: FamilyName;
  /** Canonical text. Absent in a family whose next hops are not read. */
  readonly nextHop?: string;
  /** A link-local next hop beside the global one (RFC 2545 §3). */
  readonly linkLocalNextHop?: string;
  readonly nlri: readonly Nlri[];
  /** The next hop's octets, in a family whose next hops are not read. */
  readonly nextHopData?: Uint8Array;
  /** The NLRI octets, in a family whose NLRI is not read. */
  readonly data?: Uint8Array;
}

/** MP_UNREACH_NLRI (RFC 4760 §4). Alone and without NLRI it is an End-of-RIB (RFC 4724 §2). @public */
export interface MpUnreach {
  readonly family: FamilyName;
  readonly nlri: readonly Nlri[];
  /** The NLRI octets, in a family whose NLRI is not read. */
  readonly data?: Uint8Array;
}

/** An attribute that is not known here, as it came. @public */
export interface UnknownAttribute {
  readonly code: number;
  /** Flags octet without the extended-length bit. */
  readonly flags: number;
  readonly value: Uint8Array;
}

/** The path attributes of a route, or of an UPDATE as seen on the wire. @public */
export interface PathAttributes {
  readonly origin?: Origin;
  /** Empty for a route of the neighbour's own AS. */
  readonly asPath?: readonly AsSegment[];
  /** Canonical text. IPv4 in an UPDATE's NEXT_HOP; either in a route's canonical set. */
  readonly nextHop?: string;
  /** A link-local next hop beside an IPv6 one. Only in a route's canonical set; on the wire it stands in {@link MpReach}. */
  readonly linkLocalNextHop?: string;
  /** MULTI_EXIT_DISC. */
  readonly med?: number;
  readonly localPref?: number;
  readonly atomicAggregate?: true;
  readonly aggregator?: Aggregator;
  /** `65000:1`, 16 bits each (RFC 1997). */
  readonly communities?: readonly string[];
  /** Dotted quad (RFC 4456). */
  readonly originatorId?: string;
  /** Dotted quads, the nearest cluster first (RFC 4456). */
  readonly clusterList?: readonly string[];
  /** Only as seen on the wire. */
  readonly mpReach?: MpReach;
  /** Only as seen on the wire. */
  readonly mpUnreach?: MpUnreach;
  /** `target:65000:1`, `origin:192.0.2.1:1`, others as `0x` and 16 hex digits (RFC 4360). */
  readonly extendedCommunities?: readonly string[];
  /** Only as seen on the wire, from a neighbour with two-octet AS numbers (RFC 6793 §4.2.3). */
  readonly as4Path?: readonly AsSegment[];
  /** Only as seen on the wire, from a neighbour with two-octet AS numbers. */
  readonly as4Aggregator?: Aggregator;
  /** `target:[2001:db8::1]:1`, others as `0x` and 40 hex digits (RFC 5701). */
  readonly ipv6ExtendedCommunities?: readonly string[];
  /** The accumulated IGP metric, 64 bits (RFC 7311): a bigint only where a number would be inexact. */
  readonly aigp?: number | bigint;
  /** `65000:1:2`, 32 bits each (RFC 8092). */
  readonly largeCommunities?: readonly string[];
  /** Only to Customer: the AS that set it (RFC 9234). */
  readonly otc?: number;
  readonly unknown?: readonly UnknownAttribute[];
}
