import { formatIpv4, formatIpv6 } from '../../lib/address.js';
import { UsageError } from '../../lib/errors.js';
import { parsePrefix, prefixWords } from '../../lib/prefix.js';
import { refuseOther } from '../../lib/read-back.js';
import { shown } from '../../lib/shown.js';
import { RtrError } from './codes.js';
import { decodePdu, encodePdu, type Intervals, MAX_PDU, type Pdu, pduLength, type RtrVersion, RtrWireError } from './pdu.js';

/**
 * What a cache and a router say to each other: {@link RtrWritablePdu}, a router key, which is passed over, and what is of no type that the version has.
 *
 * @public
 */
export type RtrPdu = RtrWritablePdu | { readonly type: 'router-key' } | { readonly type: 'unknown'; readonly code: number };

/** What can be written, too. @public */
export type RtrWritablePdu =
  | { readonly type: 'serial-notify' | 'serial-query'; readonly session: number; readonly serial: number }
  | { readonly type: 'reset-query' | 'cache-reset' }
  | { readonly type: 'cache-response'; readonly session: number }
  | { readonly type: 'prefix'; readonly announce: boolean; readonly prefix: string; readonly maxLength: number; readonly asn: number }
  | { readonly type: 'end-of-data'; readonly session: number; readonly serial: number; readonly intervals: Intervals | undefined }
  | { readonly type: 'aspa'; readonly announce: boolean; readonly customer: number; readonly providers: readonly number[] }
  | { readonly type: 'error-report'; readonly code: number; readonly pdu: Uint8Array; readonly text: string };

/** Octets in the PDU at the start of a stream's, or undefined while its header is not whole. Throws an `RtrWireError`. @public */
export function rtrPduLength(bytes: Uint8Array): number | undefined {
  return pduLength(bytes, 0);
}

/** Decodes one whole PDU. Throws an `RtrWireError`. @public */
export function decodeRtrPdu(bytes: Uint8Array): RtrPdu {
  const length = pduLength(bytes, 0);
  if (length !== bytes.length)
    throw new RtrWireError(RtrError.corruptData, `a PDU says it has ${length ?? 'no'} octets, and has ${bytes.length}`);
  return shownPdu(decodePdu(bytes));
}

function shownPdu(pdu: Pdu): RtrPdu {
  if (pdu.type !== 'prefix') return pdu;
  const { type, announce, ipv6, a, b, c, d, length, maxLength, asn } = pdu;
  return { type, announce, prefix: `${ipv6 ? formatIpv6(a, b, c, d) : formatIpv4(a)}/${length}`, maxLength, asn };
}

const WRITABLE: readonly string[] = [
  'serial-notify',
  'serial-query',
  'reset-query',
  'cache-reset',
  'cache-response',
  'prefix',
  'end-of-data',
  'aspa',
  'error-report',
] satisfies RtrWritablePdu['type'][];

/**
 * The octets of a PDU. Throws a `UsageError` (`PREFIX_INVALID`, `VALUE_INVALID`, `MESSAGE_TOO_LONG`) whose `path` says where a value stands that cannot be written.
 *
 * @public
 */
export function encodeRtrPdu(version: RtrVersion, pdu: RtrWritablePdu): Uint8Array {
  if (![0, 1, 2].includes(version)) throw new UsageError('VALUE_INVALID', `expected version 0, 1 or 2, got ${shown(version)}`);
  if (!WRITABLE.includes(pdu.type)) throw new UsageError('VALUE_INVALID', `expected a type of PDU, got ${shown(pdu.type)}`, ['type']);
  const bytes = encodePdu(version, pdu.type === 'prefix' ? inWords(pdu) : pdu);
  if (bytes.length > MAX_PDU) throw new UsageError('MESSAGE_TOO_LONG', `${bytes.length} octets in a PDU, where ${MAX_PDU} may be`);
  refuseOther(pdu, readBack(bytes));
  return bytes;
}

function inWords({
  type,
  announce,
  prefix,
  maxLength,
  asn,
}: Extract<RtrWritablePdu, { type: 'prefix' }>): Extract<Pdu, { type: 'prefix' }> {
  const { bytes, length, family } = parsePrefix(prefix);
  const [a, b, c, d] = prefixWords(bytes);
  return { type, announce, ipv6: family === 'ipv6', a, b, c, d, length, maxLength, asn };
}

function readBack(bytes: Uint8Array): RtrPdu {
  try {
    return decodeRtrPdu(bytes);
  } catch (error) {
    if (!(error instanceof RtrWireError)) throw error;
    throw new UsageError('VALUE_INVALID', `nobody could read the PDU: ${error.message}`);
  }
}
