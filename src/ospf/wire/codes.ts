/** Numbers of RFC 2328, 5340 and their successors, named once. */

/** 2 is RFC 2328, 3 is RFC 5340. @public */
export type OspfVersion = 2 | 3;

/** The IP protocol, and IPv6 next header, of OSPF. @internal */
export const OSPF_PROTOCOL = 89;

/** AllSPFRouters and AllDRouters (RFC 2328 A.1, RFC 5340 A.1). @internal */
export const Group = {
  allRouters: { 2: '224.0.0.5', 3: 'ff02::5' },
  allDesignatedRouters: { 2: '224.0.0.6', 3: 'ff02::6' },
} as const;

/** RFC 2328 A.3.1. @public */
export const PacketType = {
  hello: 1,
  databaseDescription: 2,
  linkStateRequest: 3,
  linkStateUpdate: 4,
  linkStateAcknowledgment: 5,
} as const;

/** How a packet of OSPFv2 is authenticated (RFC 2328 D; 3 is RFC 7474 §3). @internal */
export const AuType = { null: 0, simple: 1, cryptographic: 2, cryptographicExtended: 3 } as const;

/**
 * Bits of the options field. Both versions share those of one octet but for the first; `af` and later are OSPFv3's alone.
 * RFC 2328 A.2, RFC 3101 §2.3 (N/P), RFC 5613 §2 (L), RFC 5250 §4.1 (O), RFC 4576 (DN); RFC 5340 A.2, RFC 5838 §2.2 (AF), RFC 7166 §2.1 (AT).
 *
 * @public
 */
export const Option = {
  /** OSPFv3: the router forwards IPv6. (OSPFv2: multi-topology.) */
  v6: 0x01,
  e: 0x02,
  /** N in Hellos, P in LSAs of type 7. */
  n: 0x08,
  /** OSPFv3: the router is active, that is, it forwards for others. */
  r: 0x10,
  /** OSPFv2: a block of link-local signalling follows. */
  lls: 0x10,
  dc: 0x20,
  /** OSPFv2: opaque LSAs are understood. */
  o: 0x40,
  /** OSPFv2: down, the route came out of a VPN. */
  dn: 0x80,
  af: 0x100,
  /** OSPFv3: a block of link-local signalling follows. */
  llsV3: 0x200,
  /** OSPFv3: an authentication trailer follows. */
  at: 0x400,
} as const;

/** Bits of prefix options in OSPFv3 (RFC 5340 A.4.1.1). @public */
export const PrefixOption = { noUnicast: 0x01, localAddress: 0x02, propagate: 0x08, dn: 0x10 } as const;

/** Bits of a Database Description (RFC 2328 A.3.3; R is RFC 4811's). @internal */
export const DatabaseBit = { master: 0x01, more: 0x02, init: 0x04, resync: 0x08 } as const;

/** Bits of a router LSA (RFC 2328 A.4.2, RFC 5340 A.4.3; Nt is RFC 3101 §2.? and RFC 5340 A.4.3). @internal */
export const RouterBit = { b: 0x01, e: 0x02, v: 0x04, nt: 0x10 } as const;

/** Where an LSA is flooded: on its link, in its area, in the whole AS (RFC 5340 §4.5, RFC 5250 §3). @public */
export type FloodingScope = 'link' | 'area' | 'as';

/** LS types of OSPFv2 (RFC 2328 A.4.1, RFC 3101, RFC 5250). @public */
export const LsTypeV2 = {
  router: 1,
  network: 2,
  summary: 3,
  asbrSummary: 4,
  external: 5,
  nssa: 7,
  opaqueLink: 9,
  opaqueArea: 10,
  opaqueAs: 11,
} as const;

/** LS types of OSPFv3 (RFC 5340 A.4.2.1, RFC 5187 §3). @public */
export const LsTypeV3 = {
  router: 0x2001,
  network: 0x2002,
  interAreaPrefix: 0x2003,
  interAreaRouter: 0x2004,
  external: 0x4005,
  nssa: 0x2007,
  link: 0x0008,
  intraAreaPrefix: 0x2009,
  grace: 0x000b,
} as const;

/** Opaque types (RFC 3623 A, RFC 3630, RFC 7770). @public */
export const OpaqueType = { trafficEngineering: 1, grace: 3, routerInformation: 4 } as const;

/** Bits of OSPFv3's LS type (RFC 5340 A.4.2.1). @internal */
export const LsTypeBit = { understand: 0x8000, scope: 0x6000 } as const;

/** Architectural constants (RFC 2328 B). Ages and times are seconds, sequence numbers signed. @internal */
export const Constant = {
  lsRefreshTime: 1800,
  minLsInterval: 5,
  minLsArrival: 1,
  maxAge: 3600,
  checkAge: 300,
  maxAgeDiff: 900,
  lsInfinity: 0xff_ffff,
  initialSequence: -0x7fff_ffff,
  maxSequence: 0x7fff_ffff,
} as const;

/** Octets of an LSA header, in both versions (RFC 2328 A.4.1, RFC 5340 A.4.2). @internal */
export const LSA_HEADER = 20;
/** Octets of a packet's header (RFC 2328 A.3.1, RFC 5340 A.3.1). @internal */
export const PACKET_HEADER = { 2: 24, 3: 16 } as const;
