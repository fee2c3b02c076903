import type { Family } from '../../lib/address.js';
import type { Prefix } from '../../lib/prefix.js';
import type { OspfVersion } from './codes.js';

/*
 * Router ids, area ids, link state ids, interface ids and IPv4 addresses are unsigned 32-bit numbers. Both versions share every
 * shape here, so that one engine serves both; what only one of them has says so, and what it is in the other.
 */

/** A packet, as far as both ends must agree on it. @public */
export interface OspfPacket {
  readonly version: OspfVersion;
  readonly routerId: number;
  readonly area: number;
  /** OSPFv3 instance; 0 in OSPFv2. */
  readonly instance: number;
  readonly body: PacketBody;
  /** Link-local signalling (RFC 5613), in Hellos and Database Descriptions whose options have L. */
  readonly lls?: Lls | undefined;
}

/** @public */
export type PacketBody = Hello | DatabaseDescription | LinkStateRequest | LinkStateUpdate | LinkStateAcknowledgment;

/** RFC 2328 A.3.2, RFC 5340 A.3.2. Intervals are seconds. @public */
export interface Hello {
  readonly type: 'hello';
  /** OSPFv2: network mask; 0 in OSPFv3. */
  readonly mask: number;
  /** OSPFv3: the sender's interface id; 0 in OSPFv2. */
  readonly interfaceId: number;
  readonly options: number;
  readonly helloInterval: number;
  readonly deadInterval: number;
  readonly priority: number;
  /** OSPFv2: its interface address; OSPFv3: its router id. 0 is none. */
  readonly designatedRouter: number;
  readonly backupDesignatedRouter: number;
  /** Router ids. */
  readonly neighbours: readonly number[];
}

/** RFC 2328 A.3.3, RFC 5340 A.3.3. @public */
export interface DatabaseDescription {
  readonly type: 'database-description';
  readonly mtu: number;
  readonly options: number;
  readonly init: boolean;
  readonly more: boolean;
  readonly master: boolean;
  readonly sequence: number;
  readonly headers: readonly LsaHeader[];
}

/** RFC 2328 A.3.4. @public */
export interface LinkStateRequest {
  readonly type: 'link-state-request';
  readonly requests: readonly LsaKey[];
}

/** RFC 2328 A.3.5. @public */
export interface LinkStateUpdate {
  readonly type: 'link-state-update';
  readonly lsas: readonly Lsa[];
}

/** RFC 2328 A.3.6. @public */
export interface LinkStateAcknowledgment {
  readonly type: 'link-state-acknowledgment';
  readonly headers: readonly LsaHeader[];
}

/** What names an LSA (RFC 2328 §12.1). @public */
export interface LsaKey {
  /** The LS type as on the wire: 1 to 11 in OSPFv2, flooding scope included in OSPFv3 (0x2001 is a router LSA). */
  readonly lsType: number;
  readonly id: number;
  readonly advertisingRouter: number;
}

/** RFC 2328 A.4.1, RFC 5340 A.4.2. @public */
export interface LsaHeader extends LsaKey {
  /** Seconds, as on the wire: at 3600 or more it is at its end. (DoNotAge, RFC 4136, is the top bit.) */
  readonly age: number;
  /** OSPFv2 only; 0 in OSPFv3, whose bodies have options of their own. */
  readonly options: number;
  /** Signed: -0x7fffffff is the first, 0x7fffffff the last. */
  readonly sequence: number;
  readonly checksum: number;
  /** Octets, the header's 20 included. */
  readonly length: number;
}

/** An LSA whose octets stay as they came: it is flooded, checked and kept by them, understood or not. @public */
export interface Lsa {
  readonly header: LsaHeader;
  /** Header and body. Aliases the packet it was decoded from: who keeps it copies it. */
  readonly bytes: Uint8Array;
}

/** What an LSA says. In OSPFv3 what depends on the address family has its family's size (RFC 5838). @public */
export type LsaBody =
  | RouterBody
  | NetworkBody
  | SummaryBody
  | AsbrSummaryBody
  | ExternalBody
  | LinkBody
  | IntraAreaPrefixBody
  | GraceBody
  | OpaqueBody
  | UnknownBody;

/** RFC 2328 A.4.2, RFC 5340 A.4.3. @public */
export interface RouterBody {
  readonly type: 'router';
  /** B: attached to more than one area. */
  readonly areaBorder: boolean;
  /** E: originates externals. */
  readonly asBoundary: boolean;
  /** V: an end of a virtual link. */
  readonly virtualEnd: boolean;
  /** Nt: translates type 7 unconditionally (RFC 3101 §3.1, appendix B). */
  readonly nssaTranslator: boolean;
  /** OSPFv3; in OSPFv2 the header's. */
  readonly options: number;
  readonly links: readonly RouterLink[];
}

/** @public */
export type RouterLink =
  | {
      readonly type: 'point-to-point' | 'virtual';
      readonly metric: number;
      /** The other end's router id. */
      readonly neighbour: number;
      /** OSPFv2: the address of this end, or its ifIndex where unnumbered (RFC 2328 A.4.2). OSPFv3: its interface id. */
      readonly interfaceId: number;
      /** OSPFv3: the other end's interface id; 0 in OSPFv2. */
      readonly neighbourInterfaceId: number;
    }
  | {
      readonly type: 'transit';
      readonly metric: number;
      /** OSPFv3: the designated router's router id; 0 in OSPFv2. */
      readonly neighbour: number;
      readonly interfaceId: number;
      /** Link state id of the network LSA: the designated router's address (OSPFv2) or interface id (OSPFv3). */
      readonly neighbourInterfaceId: number;
    }
  /** OSPFv2 only. */
  | { readonly type: 'stub'; readonly metric: number; readonly prefix: Prefix }
  /** Of no type known here, or a stub with a mask that has holes. */
  | {
      readonly type: 'unknown';
      readonly code: number;
      readonly metric: number;
      readonly neighbour: number;
      readonly interfaceId: number;
      readonly neighbourInterfaceId: number;
    };

/** RFC 2328 A.4.3, RFC 5340 A.4.4. @public */
export interface NetworkBody {
  readonly type: 'network';
  /** OSPFv2: the network; in OSPFv3 an intra-area-prefix LSA says it. */
  readonly prefix: Prefix | undefined;
  readonly options: number;
  /** Router ids of all that are fully adjacent to the designated router, itself included. */
  readonly routers: readonly number[];
}

/** Type 3; inter-area-prefix in OSPFv3 (RFC 5340 A.4.5). @public */
export interface SummaryBody {
  readonly type: 'summary';
  readonly prefix: Prefix;
  readonly prefixOptions: number;
  readonly metric: number;
}

/** Type 4; inter-area-router in OSPFv3 (RFC 5340 A.4.6). @public */
export interface AsbrSummaryBody {
  readonly type: 'asbr-summary';
  readonly router: number;
  readonly options: number;
  readonly metric: number;
}

/** Type 5, and 7 in a not-so-stubby area (RFC 2328 A.4.5, RFC 3101 A, RFC 5340 A.4.7, A.4.8). @public */
export interface ExternalBody {
  readonly type: 'external' | 'nssa';
  readonly prefix: Prefix;
  readonly prefixOptions: number;
  /** 2: the metric is greater than any path in the AS. */
  readonly metricType: 1 | 2;
  readonly metric: number;
  /** 4 or 16 octets; undefined: packets go to the originator itself. */
  readonly forwarding: Uint8Array | undefined;
  /** 0 where OSPFv3 says none. */
  readonly tag: number;
  /** P: a border router of the area translates it (in OSPFv2 the bit is the header's). `nssa` only. */
  readonly propagate: boolean;
  /** OSPFv3: more is said by this LSA of the same router. */
  readonly referenced: { readonly lsType: number; readonly id: number } | undefined;
}

/** OSPFv3: a router's address and prefixes on a link (RFC 5340 A.4.9). @public */
export interface LinkBody {
  readonly type: 'link';
  readonly priority: number;
  readonly options: number;
  /** 16 octets, or 4 where the instance is one of IPv4. */
  readonly linkLocal: Uint8Array;
  readonly prefixes: readonly LinkPrefix[];
}

/** @public */
export interface LinkPrefix {
  readonly prefix: Prefix;
  readonly options: number;
  /** 0 in link LSAs, where it says nothing. */
  readonly metric: number;
}

/** OSPFv3: prefixes of a router or a transit network (RFC 5340 A.4.10). @public */
export interface IntraAreaPrefixBody {
  readonly type: 'intra-area-prefix';
  readonly referenced: LsaKey;
  readonly prefixes: readonly LinkPrefix[];
}

/** Why a router restarts, in the order of their numbers (RFC 3623 A). @public */
export type GraceReason = 'unknown' | 'software-restart' | 'software-upgrade' | 'switch-to-redundant';

/** A router asks to be held for up (RFC 3623 A, RFC 5187 §3). @public */
export interface GraceBody {
  readonly type: 'grace';
  /** Seconds; 0 where it says none, which makes it of no use (RFC 3623 §3.1 would have it malformed). */
  readonly period: number;
  readonly reason: GraceReason;
  /** OSPFv2: the restarting interface, needed on all but point-to-point links. */
  readonly address: number | undefined;
}

/** RFC 5250: an opaque LSA of a type not read here. @public */
export interface OpaqueBody {
  readonly type: 'opaque';
  readonly opaqueType: number;
  readonly opaqueId: number;
  readonly data: Uint8Array;
}

/** OSPFv3: a type not known here, carried as its U and S bits say (RFC 5340 §4.5.1). @public */
export interface UnknownBody {
  readonly type: 'unknown';
  readonly lsType: number;
  readonly data: Uint8Array;
}

/** Where bodies are read: in OSPFv3 the instance says of which family its prefixes are. @public */
export interface BodyContext {
  readonly version: OspfVersion;
  readonly family: Family;
}

/** Link-local signalling (RFC 5613). @public */
export interface Lls {
  /** Extended options (RFC 5613 §2.? type 1): bit 0 LSDB resynchronization, bit 1 restart signal. */
  readonly extendedOptions: number;
  /** Blocks not read here, as they came. */
  readonly others: readonly { readonly type: number; readonly value: Uint8Array }[];
}
