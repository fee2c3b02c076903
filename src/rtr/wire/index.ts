/**
 * PDUs of RPKI to Router as octets and as values (RFC 6810, RFC 8210, and the draft of version 2). No state, no time.
 *
 * `pdu.ts` finds a PDU's length in a stream, reads and writes one; what is malformed is thrown as an `RtrWireError` with the error code that the
 * cache is told. `codes.ts` has the numbers. Not done: router keys (they are read and passed over).
 *
 * `checked.ts` is what programs read and write with (`virtual-router/wire`): what they give is held against what would be read.
 */
export { decodeRtrPdu, encodeRtrPdu, type RtrPdu, type RtrWritablePdu, rtrPduLength } from './checked.js';
export { PduType, RtrError, rtrErrorName } from './codes.js';
export { decodePdu, encodePdu, HEADER, type Intervals, MAX_PDU, type Pdu, pduLength, type RtrVersion, RtrWireError } from './pdu.js';
