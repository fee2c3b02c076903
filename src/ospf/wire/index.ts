/**
 * OSPF packets and LSAs as octets and as values (RFC 2328, RFC 5340). No state, no time.
 *
 * `codes.ts` has the numbers, `values.ts` the shapes, which both versions share. `packet.ts` reads and writes headers and bodies,
 * `lsa.ts` LSAs; one file of `lsa/` has a type's body in both versions, and `lsa/table.ts` lists them. `codec.ts` is the door: a
 * packet out of an IP payload, or the reason to drop it, and back; what keeps packets whole (checksums, authentication, the
 * link-local signalling beside them) is one `PacketSecurity` a version. The far end's bytes throw nowhere past it.
 */

export { type Authentication, acceptedKey, type OspfHash, type OspfKey, sendingKey } from './authentication.js';
export { type Dropped, decodePacket, encodePacket, type Received } from './codec.js';
export * from './codes.js';
export { instanceFamily } from './family.js';
export { lsaChecksumValid, writeLsaChecksum } from './fletcher.js';
export { decodeLsaBody, encodeLsa, type LsaHead, type LsTypeFacts, lsTypeFacts } from './lsa.js';
export { maskedPrefix, maskOf, octets, word } from './prefix.js';
export type { PacketContext } from './security.js';
export type * from './values.js';
export { OspfWireError, type PacketDrop } from './wire-error.js';
