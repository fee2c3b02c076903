/**
 * Entry `virtual-router/wire`: messages of BGP, OSPF, BFD, VRRP and RPKI to Router, octets to values and back. No state, no time, no I/O.
 *
 * @packageDocumentation
 */
export {
  type BfdAuthentication,
  type BfdAuthenticationType,
  type BfdDiagnostic,
  type BfdDrop,
  type BfdState,
  type ControlPacket as BfdPacket,
  decodeBfdPacket,
  encodeBfdPacket,
  isBfdPacketAuthentic,
} from './bfd/wire/index.js';
export type * from './bgp/wire/attributes/values.js';
export type * from './bgp/wire/capabilities/values.js';
export {
  AttributeCode,
  AttributeFlag,
  CapabilityCode,
  CeaseSubcode,
  canonicalCommunity,
  canonicalExtendedCommunity,
  canonicalIpv6ExtendedCommunity,
  canonicalLargeCommunity,
  decodeMessage,
  defaultContext,
  ErrorCode,
  encodeMessage,
  encodeShutdownText,
  type FamilyName,
  familyName,
  familyNumbers,
  formatCommunity,
  HEADER_SIZE,
  type Inspected,
  inspectMessage,
  type Json,
  lenientContext,
  MAX_EXTENDED_MESSAGE,
  MAX_MESSAGE,
  MessageError,
  MessageType,
  type Nlri,
  type NotificationFields,
  notificationName,
  OpenError,
  parseCommunity,
  toJson,
  type UnicastFamily,
  UpdateError,
  WELL_KNOWN_COMMUNITIES,
  type WireContext,
} from './bgp/wire/index.js';
export type * from './bgp/wire/values.js';
export type { Family } from './lib/address.js';
export { type Problem, UsageError, type UsageErrorCode, WireError } from './lib/errors.js';
export type { Prefix } from './lib/prefix.js';
export {
  type Authentication as OspfAuthentication,
  type Dropped as OspfDropped,
  decodeLsaBody,
  decodePacket as decodeOspfPacket,
  encodeCheckedLsa as encodeLsa,
  encodeOspfPacket,
  type InspectedPacket as InspectedOspfPacket,
  inspectPacket as inspectOspfPacket,
  type LsaHead,
  LsTypeV2,
  LsTypeV3,
  lsaChecksumValid,
  lsaTypeName,
  OpaqueType as OspfOpaqueType,
  Option as OspfOption,
  type OspfHash,
  type OspfKey,
  type OspfVersion,
  type PacketContext as OspfPacketContext,
  type PacketDrop as OspfPacketDrop,
  type PacketHeader as OspfPacketHeader,
  PacketType as OspfPacketType,
  PrefixOption as OspfPrefixOption,
  packetToJson as ospfPacketToJson,
  type Received as OspfReceived,
  type SeenAuthentication as SeenOspfAuthentication,
} from './ospf/wire/index.js';
export type * from './ospf/wire/values.js';
export {
  decodeRtrPdu,
  encodeRtrPdu,
  type Intervals as RtrIntervals,
  RtrError,
  type RtrPdu,
  type RtrVersion,
  RtrWireError,
  type RtrWritablePdu,
  rtrErrorName,
  rtrPduLength,
} from './rtr/wire/index.js';
export {
  decodeVrrpAdvertisement,
  encodeVrrpAdvertisement,
  type VrrpAdvertisement,
  type VrrpDrop,
  type VrrpEnds,
} from './vrrp/wire/index.js';
