export { PduType, RtrError, rtrErrorName } from './codes.js';
export { decodePdu, encodePdu, HEADER, type Intervals, MAX_PDU, type Pdu, pduLength, type RtrVersion, RtrWireError } from './pdu.js';
