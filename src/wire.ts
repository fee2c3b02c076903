/**
 * Entry `virtual-router/wire`: BGP messages, octets to values and back. No state, no time, no I/O.
 *
 * @packageDocumentation
 */
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
export { UsageError, type UsageErrorCode, WireError } from './lib/errors.js';
