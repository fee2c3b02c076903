/** Numbers that IANA gave out (registries "BGP Parameters", "Capability Codes", "Address Family Numbers", "SAFI"), each named once. */

/** Message types (RFC 4271 §4.1, RFC 2918). @public */
export const MessageType = { open: 1, update: 2, notification: 3, keepalive: 4, routeRefresh: 5 } as const;

/** Octets of a message's header (RFC 4271 §4.1). @public */
export const HEADER_SIZE = 19;
/** The longest message without RFC 8654, in octets. @public */
export const MAX_MESSAGE = 4096;
/** The longest message with RFC 8654, in octets. @public */
export const MAX_EXTENDED_MESSAGE = 65_535;

/** Path attribute type codes. @public */
export const AttributeCode = {
  origin: 1,
  asPath: 2,
  nextHop: 3,
  med: 4,
  localPref: 5,
  atomicAggregate: 6,
  aggregator: 7,
  communities: 8,
  originatorId: 9,
  clusterList: 10,
  mpReach: 14,
  mpUnreach: 15,
  extendedCommunities: 16,
  as4Path: 17,
  as4Aggregator: 18,
  ipv6ExtendedCommunities: 25,
  aigp: 26,
  largeCommunities: 32,
  otc: 35,
} as const;

/** Attribute flags (RFC 4271 §4.3). @public */
export const AttributeFlag = { optional: 0x80, transitive: 0x40, partial: 0x20, extendedLength: 0x10 } as const;

/** AS_PATH segment types (RFC 4271 §4.3, RFC 5065 §3). @public */
export const SegmentType = { set: 1, sequence: 2, confedSequence: 3, confedSet: 4 } as const;

/** Capability codes. @public */
export const CapabilityCode = {
  multiprotocol: 1,
  routeRefresh: 2,
  extendedNextHop: 5,
  extendedMessage: 6,
  role: 9,
  gracefulRestart: 64,
  fourOctetAs: 65,
  addPath: 69,
  enhancedRouteRefresh: 70,
  longLivedGracefulRestart: 71,
  fqdn: 73,
  bfdStrictMode: 74,
  softwareVersion: 75,
} as const;

/** Optional parameters of an OPEN (RFC 5492 §4, RFC 9072 §2). @public */
export const OptionalParameter = { capabilities: 2, extendedLength: 255 } as const;

/** Address family numbers. @public */
export const Afi = { ipv4: 1, ipv6: 2 } as const;
/** Subsequent address family numbers. @public */
export const Safi = { unicast: 1, multicast: 2 } as const;

/** ROUTE-REFRESH subtypes (RFC 7313 §3.2). @public */
export const RefreshSubtype = { request: 0, begin: 1, end: 2 } as const;

/** NOTIFICATION codes. @public */
export const ErrorCode = {
  messageHeader: 1,
  open: 2,
  update: 3,
  holdTimerExpired: 4,
  fsm: 5,
  cease: 6,
  routeRefresh: 7,
  sendHoldTimerExpired: 8,
} as const;

/** Subcodes of Message Header Error (RFC 4271 §6.1). @public */
export const HeaderError = { notSynchronised: 1, badLength: 2, badType: 3 } as const;
/** Subcodes of OPEN Message Error (RFC 4271 §6.2, RFC 5492 §3, RFC 9234 §4.2). @public */
export const OpenError = {
  unspecific: 0,
  unsupportedVersion: 1,
  badPeerAs: 2,
  badIdentifier: 3,
  unsupportedParameter: 4,
  unacceptableHoldTime: 6,
  unsupportedCapability: 7,
  roleMismatch: 11,
} as const;
/** Subcodes of UPDATE Message Error (RFC 4271 §6.3). @public */
export const UpdateError = {
  malformedAttributeList: 1,
  unrecognisedWellKnown: 2,
  missingWellKnown: 3,
  attributeFlags: 4,
  attributeLength: 5,
  invalidOrigin: 6,
  invalidNextHop: 8,
  optionalAttribute: 9,
  invalidNetwork: 10,
  malformedAsPath: 11,
} as const;
/** Subcodes of Finite State Machine Error (RFC 6608 §3). @public */
export const FsmError = { unspecified: 0, inOpenSent: 1, inOpenConfirm: 2, inEstablished: 3 } as const;
/** Subcodes of Cease (RFC 4486 §3, RFC 8538 §3.1, RFC 9384 §3). @public */
export const CeaseSubcode = {
  maximumPrefixes: 1,
  administrativeShutdown: 2,
  peerDeconfigured: 3,
  administrativeReset: 4,
  connectionRejected: 5,
  otherConfigurationChange: 6,
  connectionCollision: 7,
  outOfResources: 8,
  hardReset: 9,
  bfdDown: 10,
} as const;
/** Subcodes of ROUTE-REFRESH Message Error (RFC 7313 §5). @public */
export const RefreshError = { invalidLength: 1 } as const;
