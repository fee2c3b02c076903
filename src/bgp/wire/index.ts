/**
 * BGP messages: octets to values and back. No state, no time, no I/O.
 *
 * A message is decoded with a {@link WireContext}, what both ends agreed on. `message.ts` has the header and leads to `open.ts`
 * (with `capabilities/`, one table), `update.ts` (with `attributes/`, one table, and `nlri.ts`), `notification.ts` and
 * `route-refresh.ts`. What ends the session is thrown as a {@link MessageError} with the NOTIFICATION in it; whatever RFC 7606 deals
 * with more gently stands in the value, with its remedy. `values.ts` says what the values are, `communities.ts` how communities are
 * written, `codes.ts` names IANA's numbers once, `family.ts` the address families.
 *
 * There are two ways through the attributes, and one walk. `attributes/scan.ts` walks their octets once, checks each by its row,
 * and leaves the *canonical set*, in which AS paths have four octets (`attributes/as4.ts`) and MP attributes are replaced by the
 * next hop: the hot path uses that and makes no value. `attributes/block.ts` makes values of what the same walk found;
 * `attributes/canonical.ts` makes a value of a canonical set, and one of a value. So what is malformed is stated once, in the
 * `check` of the attribute's row, and both ways agree.
 *
 * Done: RFC 4271 (§4, §6.1-6.3), 1997, 2545, 2918, 4360, 4456, 4486, 4724 and 9494 (capabilities), 4760, 5065, 5492, 5668, 5701,
 * 6286, 6608, 6793, 7311, 7313, 7606, 7607, 7911, 8092, 8538 (shown), 8654, 8950, 9003, 9072, 9234 (capability and attribute).
 *
 * **Not done:** NLRI of families other than IPv4 and IPv6 unicast and multicast (kept as octets), outbound route filters (RFC 5291,
 * kept as octets), AIGP TLVs other than the metric (they stay in the octets and not in the value), PARTIAL in values of known
 * attributes, AS_SET deprecation (RFC 9774). A missing LOCAL_PREF from an internal neighbour is no error here (it counts as 100).
 */
export type { Forward } from './attributes/attribute.js';
export { decodeCanonical, encodeCanonical } from './attributes/canonical.js';
export {
  AttributeScan,
  MAX_CANONICAL,
  REMEDY_DISABLE_FAMILY,
  REMEDY_DISCARD,
  REMEDY_NONE,
  REMEDY_RESET,
  REMEDY_TREAT_AS_WITHDRAW,
} from './attributes/scan.js';
export { attributes, byCode } from './attributes/table.js';
export type * from './attributes/values.js';
export type * from './capabilities/values.js';
export * from './codes.js';
export * from './communities.js';
export { defaultContext, lenientContext, receivesPathIds, type WireContext } from './context.js';
export { type FamilyName, familyName, familyNumbers, type UnicastFamily } from './family.js';
export { type Json, toJson } from './json.js';
export { checkHeader, decodeMessage, encodeMessage, type Inspected, inspectMessage } from './message.js';
export type { Nlri } from './nlri.js';
export { encodeShutdownText, notificationName } from './notification.js';
export { endOfRib } from './update.js';
export type * from './values.js';
export { MessageError, type NotificationFields } from './wire-error.js';
