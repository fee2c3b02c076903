import { ByteReader, ByteWriter } from '../../lib/bytes.js';
import { brand, WireError } from '../../lib/errors.js';
import { PduType, RtrError } from './codes.js';

/** A version of the protocol: 0 is RFC 6810, 1 is RFC 8210, 2 is draft-ietf-sidrops-8210bis. @public */
export type RtrVersion = 0 | 1 | 2;

/** Octets before a PDU's own fields. @internal */
export const HEADER = 8;
/** The longest PDU believed: an ASPA of 16,000 providers fits, and a length that lies cannot make us wait for more. @internal */
export const MAX_PDU = 65_535;

/** Intervals in seconds (RFC 8210 §6). @public */
export interface Intervals {
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
}

/** What a cache and a router say to each other. @internal */
export type Pdu =
  | { readonly type: 'serial-notify' | 'serial-query'; readonly session: number; readonly serial: number }
  | { readonly type: 'reset-query' | 'cache-reset' }
  | { readonly type: 'cache-response'; readonly session: number }
  | {
      readonly type: 'prefix';
      readonly announce: boolean;
      readonly ipv6: boolean;
      /** The prefix as words; the last three are 0 in IPv4. */
      readonly a: number;
      readonly b: number;
      readonly c: number;
      readonly d: number;
      readonly length: number;
      readonly maxLength: number;
      readonly asn: number;
    }
  | { readonly type: 'end-of-data'; readonly session: number; readonly serial: number; readonly intervals: Intervals | undefined }
  | { readonly type: 'router-key' }
  | { readonly type: 'aspa'; readonly announce: boolean; readonly customer: number; readonly providers: readonly number[] }
  | { readonly type: 'error-report'; readonly code: number; readonly pdu: Uint8Array; readonly text: string }
  | { readonly type: 'unknown'; readonly code: number };

/** A PDU that means nothing, with the error to report (RFC 8210 §12). @public */
export class RtrWireError extends WireError {
  static {
    brand(RtrWireError, 'RtrWireError');
  }
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message, 0);
    this.message = message; // of the whole PDU: no place in it
  }
}

/** Octets in the PDU that starts at `at`, or undefined while its header is not whole. Throws an {@link RtrWireError}. @internal */
export function pduLength(bytes: Uint8Array, at: number): number | undefined {
  if (bytes.length - at < HEADER) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(4);
  if (length < HEADER || length > MAX_PDU) throw new RtrWireError(RtrError.corruptData, `a PDU says it has ${length} octets`);
  return length;
}

/** Decodes one whole PDU. Throws an {@link RtrWireError}. @internal */
export function decodePdu(bytes: Uint8Array): Pdu {
  const version = bytes[0] ?? 0;
  const type = bytes[1] ?? 0;
  const reader = new ByteReader(bytes);
  const session = reader.skip(2).u16();
  reader.skip(4);
  try {
    const pdu = decodeBody(version, type, session, reader);
    if (reader.remaining > 0) throw new RtrWireError(RtrError.corruptData, `PDU type ${type} is ${reader.remaining} octets too long`);
    return pdu;
  } catch (error) {
    if (error instanceof RtrWireError || !(error instanceof WireError)) throw error;
    throw new RtrWireError(RtrError.corruptData, `PDU type ${type} is truncated`);
  }
}

function decodeBody(version: number, type: number, session: number, reader: ByteReader): Pdu {
  switch (type) {
    case PduType.serialNotify:
      return { type: 'serial-notify', session, serial: reader.u32() };
    case PduType.serialQuery:
      return { type: 'serial-query', session, serial: reader.u32() };
    case PduType.resetQuery:
      return { type: 'reset-query' };
    case PduType.cacheResponse:
      return { type: 'cache-response', session };
    case PduType.ipv4Prefix:
    case PduType.ipv6Prefix:
      return decodePrefix(type === PduType.ipv6Prefix, reader);
    case PduType.endOfData: {
      const serial = reader.u32();
      // RFC 6810 has no intervals.
      const intervals = version === 0 ? undefined : { refresh: reader.u32(), retry: reader.u32(), expire: reader.u32() };
      return { type: 'end-of-data', session, serial, intervals };
    }
    case PduType.cacheReset:
      return { type: 'cache-reset' };
    case PduType.errorReport: {
      const pdu = reader.take(reader.u32());
      const text = reader.take(reader.u32());
      return { type: 'error-report', code: session, pdu: pdu.slice(), text: new TextDecoder().decode(text) };
    }
    case PduType.routerKey:
      if (version === 0) return unknown(type, reader);
      reader.skip(24).rest(); // BGPsec is not done: the key is not kept
      return { type: 'router-key' };
    case PduType.aspa:
      return version < 2 ? unknown(type, reader) : decodeAspa(session >> 8, reader);
    default:
      return unknown(type, reader);
  }
}

function unknown(code: number, reader: ByteReader): Pdu {
  reader.rest();
  return { type: 'unknown', code };
}

function decodePrefix(ipv6: boolean, reader: ByteReader): Pdu {
  const announce = (reader.u8() & 1) === 1;
  const length = reader.u8();
  const maxLength = reader.u8();
  reader.skip(1);
  const a = reader.u32();
  const b = ipv6 ? reader.u32() : 0;
  const c = ipv6 ? reader.u32() : 0;
  const d = ipv6 ? reader.u32() : 0;
  const asn = reader.u32();
  // RFC 8210 §5.6: the maximum length is not below the prefix's own, and fits the family.
  if (length > maxLength || maxLength > (ipv6 ? 128 : 32))
    throw new RtrWireError(RtrError.corruptData, `a prefix of length ${length} has maximum length ${maxLength}`);
  return {
    type: 'prefix',
    announce,
    ipv6,
    a: kept(a, length),
    b: kept(b, length - 32),
    c: kept(c, length - 64),
    d: kept(d, length - 96),
    length,
    maxLength,
    asn,
  };
}

/** The first `bits` bits of a word. */
function kept(word: number, bits: number): number {
  return bits >= 32 ? word : bits <= 0 ? 0 : (word & (-1 << (32 - bits))) >>> 0;
}

function decodeAspa(flags: number, reader: ByteReader): Pdu {
  const customer = reader.u32();
  if (reader.remaining % 4 !== 0) throw new RtrWireError(RtrError.corruptData, 'the providers of an ASPA are not whole AS numbers');
  const providers: number[] = [];
  while (reader.remaining > 0) providers.push(reader.u32());
  const announce = (flags & 1) === 1;
  // A withdrawal names no providers. Caches of older drafts left the header's flags zero and put flags, an address family and a count
  // where the customer now is: what they mean to announce reads as such a withdrawal.
  if (!announce && providers.length > 0)
    throw new RtrWireError(RtrError.corruptData, 'an ASPA withdrawal names providers: the cache speaks an older draft of version 2');
  if (announce && providers.length === 0) throw new RtrWireError(RtrError.corruptData, 'an ASPA names no providers');
  return { type: 'aspa', announce, customer, providers };
}

/** Encodes a PDU. @internal */
export function encodePdu(version: RtrVersion, pdu: Exclude<Pdu, { readonly type: 'router-key' | 'unknown' }>): Uint8Array {
  const writer = new ByteWriter(32);
  const begin = (type: number, session = 0): ByteWriter => writer.u8(version).u8(type).u16(session).u32(0);
  switch (pdu.type) {
    case 'serial-notify':
    case 'serial-query':
      begin(pdu.type === 'serial-notify' ? PduType.serialNotify : PduType.serialQuery, pdu.session).u32(pdu.serial);
      break;
    case 'reset-query':
      begin(PduType.resetQuery);
      break;
    case 'cache-reset':
      begin(PduType.cacheReset);
      break;
    case 'cache-response':
      begin(PduType.cacheResponse, pdu.session);
      break;
    case 'prefix':
      begin(pdu.ipv6 ? PduType.ipv6Prefix : PduType.ipv4Prefix)
        .u8(pdu.announce ? 1 : 0)
        .u8(pdu.length)
        .u8(pdu.maxLength)
        .u8(0)
        .u32(pdu.a);
      if (pdu.ipv6) writer.u32(pdu.b).u32(pdu.c).u32(pdu.d);
      writer.u32(pdu.asn);
      break;
    case 'end-of-data':
      begin(PduType.endOfData, pdu.session).u32(pdu.serial);
      if (pdu.intervals && version > 0) writer.u32(pdu.intervals.refresh).u32(pdu.intervals.retry).u32(pdu.intervals.expire);
      break;
    case 'aspa':
      begin(PduType.aspa, pdu.announce ? 0x0100 : 0).u32(pdu.customer);
      for (const provider of pdu.providers) writer.u32(provider);
      break;
    case 'error-report': {
      const text = new TextEncoder().encode(pdu.text);
      begin(PduType.errorReport, pdu.code).u32(pdu.pdu.length).raw(pdu.pdu).u32(text.length).raw(text);
      break;
    }
  }
  writer.patchU16(4, writer.length >>> 16).patchU16(6, writer.length & 0xffff);
  return writer.finish();
}
