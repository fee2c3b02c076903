/** PDU types (RFC 8210 §5; ASPA: draft-ietf-sidrops-8210bis §5.12). @internal */
export const PduType = {
  serialNotify: 0,
  serialQuery: 1,
  resetQuery: 2,
  cacheResponse: 3,
  ipv4Prefix: 4,
  ipv6Prefix: 6,
  endOfData: 7,
  cacheReset: 8,
  routerKey: 9,
  errorReport: 10,
  aspa: 11,
} as const;

/** Error codes (RFC 8210 §12). @public */
export const RtrError = {
  corruptData: 0,
  internalError: 1,
  noDataAvailable: 2,
  invalidRequest: 3,
  unsupportedVersion: 4,
  unsupportedPduType: 5,
  withdrawalOfUnknown: 6,
  duplicateAnnouncement: 7,
  unexpectedVersion: 8,
} as const;

/** Words for an error code. @public */
export function rtrErrorName(code: number): string {
  return NAMES[code] ?? `error ${code}`;
}

const NAMES: Readonly<Record<number, string>> = {
  0: 'corrupt data',
  1: 'internal error',
  2: 'no data available',
  3: 'invalid request',
  4: 'unsupported protocol version',
  5: 'unsupported PDU type',
  6: 'withdrawal of unknown record',
  7: 'duplicate announcement received',
  8: 'unexpected protocol version',
};
