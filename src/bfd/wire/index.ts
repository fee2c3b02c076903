/**
 * BFD Control packets as octets and as values (RFC 5880 §4.1 to §4.4). No state, no time.
 *
 * `packet.ts` reads one, or says why it is to be dropped, and writes one; `authentication.ts` has a scheme for each type of authentication section;
 * `codes.ts` names the numbers.
 *
 * `checked.ts` is what programs read and write with (`virtual-router/wire`): what they give is held against what would be read.
 */

export { type BfdAuthentication, type BfdAuthenticationType, isAuthentic, SCHEMES } from './authentication.js';
export { decodeBfdPacket, encodeBfdPacket, isBfdPacketAuthentic } from './checked.js';
export { type BfdDiagnostic, BfdPort, type BfdState } from './codes.js';
export { type BfdDrop, type ControlPacket, decodeControl, encodeControl, SIZE } from './packet.js';
