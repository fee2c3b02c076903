/**
 * OSPF packets and LSAs as octets and as values (RFC 2328, RFC 5340). No state, no time.
 *
 * `codes.ts` has the numbers, `values.ts` the shapes, which both versions share. `packet.ts` reads and writes headers and bodies,
 * `lsa.ts` LSAs, and `lsa-run.ts` those of a packet where they stand; one file of `lsa/` has a type's body in both versions, and `lsa/table.ts` lists them. `codec.ts` is the door: a
 * packet out of an IP payload, or the reason to drop it, and back; what keeps packets whole (checksums, authentication, the
 * link-local signalling beside them) is one `PacketSecurity` a version; `checked.ts` has the writers that programs are given. The far end's bytes throw nowhere past it. `inspect.ts` and
 * `json.ts` show packets to people, who have no keys.
 *
 * RFCs: 2328 A and D, 3101 A, 3623 A, 5187, 5250, 5340 A, 5613, 5709, 5838, 7166, 7474. Not done: what is in opaque LSAs but grace ones (they are
 * carried whole); extended LSAs (RFC 8362, carried as their U bit says); TOS metrics, which RFC 2328 took out; RFC 4552 (IPsec).
 */

export { type Authentication, acceptedKey, longestSecret, type OspfHash, type OspfKey, sendingKey } from './authentication.js';
export { encodeCheckedLsa, encodeOspfPacket } from './checked.js';
export { type Dropped, decodePacket, encodeOctets, encodePacket, type Received, type ReceivedRun, runPacket } from './codec.js';
export * from './codes.js';
export { instanceFamily } from './family.js';
export { checksumValidAt, lsaChecksumValid, writeLsaChecksum } from './fletcher.js';
export { type InspectedPacket, inspectLsa, inspectPacket, type SeenAuthentication } from './inspect.js';
export { packetToJson } from './json.js';
export { lsaTypeName } from './lsa/table.js';
export { decodeLsaBody, encodeLsa, type LsaHead, type LsTypeFacts, lsTypeFacts } from './lsa.js';
export { LsaRun, LsaView } from './lsa-run.js';
export type { Description, OctetsBody, PacketHeader, PacketRun } from './packet.js';
export { maskedPrefix, maskOf, octets, word } from './prefix.js';
export type { PacketContext } from './security.js';
export type * from './values.js';
export { OspfWireError, type PacketDrop } from './wire-error.js';
