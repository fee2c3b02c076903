/** BFD Control packets as octets and as values (RFC 5880 §4.1). No state, no time. */
export { type BfdDiagnostic, BfdPort, type BfdState } from './codes.js';
export { type BfdDrop, type ControlPacket, decodeControl, encodeControl } from './packet.js';
