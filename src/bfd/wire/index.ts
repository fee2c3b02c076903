/** BFD Control packets as octets and as values (RFC 5880 §4.1 to §4.4). No state, no time. */
export { type BfdAuthentication, type BfdAuthenticationType, isAuthentic, SCHEMES } from './authentication.js';
export { type BfdDiagnostic, BfdPort, type BfdState } from './codes.js';
export { type BfdDrop, type ControlPacket, decodeControl, encodeControl, SIZE } from './packet.js';
