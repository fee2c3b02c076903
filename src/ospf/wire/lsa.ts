import { ByteReader, ByteWriter } from '../../lib/bytes.js';
import { WireError } from '../../lib/errors.js';
import { type FloodingScope, LSA_HEADER, LsTypeBit, type OspfVersion } from './codes.js';
import { writeLsaChecksum } from './fletcher.js';
import { codecOf, hasOpaqueTypes } from './lsa/table.js';
import type { BodyContext, Lsa, LsaBody, LsaHeader, LsaKey } from './values.js';
import { OspfWireError } from './wire-error.js';

/** Reads the 20 octets before every LSA's body (RFC 2328 A.4.1, RFC 5340 A.4.2). @internal */
export function readLsaHeader(from: ByteReader, version: OspfVersion): LsaHeader {
  const age = from.u16();
  const typeWord = from.u16();
  return {
    age,
    options: version === 2 ? typeWord >>> 8 : 0,
    lsType: version === 2 ? typeWord & 0xff : typeWord,
    id: from.u32(),
    advertisingRouter: from.u32(),
    sequence: from.u32() | 0,
    checksum: from.u16(),
    length: from.u16(),
  };
}

/** @internal */
export function writeLsaHeader(to: ByteWriter, header: LsaHeader, version: OspfVersion): void {
  to.u16(header.age)
    .u16(version === 2 ? (header.options << 8) | header.lsType : header.lsType)
    .u32(header.id)
    .u32(header.advertisingRouter)
    .u32(header.sequence)
    .u16(header.checksum)
    .u16(header.length);
}

/** Reads one LSA, header and body, its octets aliasing the input. @internal */
export function readLsa(from: ByteReader, version: OspfVersion): Lsa {
  const at = from.offset;
  const header = readLsaHeader(from, version);
  if (header.length < LSA_HEADER) throw new OspfWireError('length', `an LSA says it has ${header.length} octets`, at);
  from.skip(header.length - LSA_HEADER);
  return { header, bytes: from.bytes.subarray(at, at + header.length) };
}

/**
 * What an LSA says. An LSA of a type not known is carried as it is; one that cannot be read, though its checksum is right, is the
 * string that says why.
 *
 * @public
 */
export function decodeLsaBody(lsa: Lsa, context: BodyContext): LsaBody | string {
  const { header, bytes } = lsa;
  const codec = codecOf(context.version, header.lsType, header.id);
  const from = new ByteReader(bytes).skip(LSA_HEADER);
  if (!codec) return { type: 'unknown', lsType: header.lsType, data: from.rest().slice() };
  try {
    const body = codec.decode(from, header, context);
    return from.remaining > 0 ? `${from.remaining} octets too many` : body;
  } catch (error) {
    if (error instanceof WireError) return error.message;
    throw error;
  }
}

/** What of a header an originator chooses. @public */
export type LsaHead = LsaKey & Pick<LsaHeader, 'age' | 'options' | 'sequence'>;

/** An LSA with its length and checksum. The body must be one of its LS type. @internal */
export function encodeLsa(head: LsaHead, body: LsaBody, context: BodyContext): Lsa {
  const to = new ByteWriter();
  writeLsaHeader(to, { ...head, checksum: 0, length: 0 }, context.version);
  if (body.type === 'unknown') to.raw(body.data);
  else {
    const codec = codecOf(context.version, head.lsType, head.id);
    if (!codec) throw new Error(`OSPFv${context.version} has no LSA of type ${head.lsType}`);
    codec.encode(to, body, context);
  }
  to.patchU16(18, to.length);
  const bytes = to.finish();
  return { header: { ...head, checksum: writeLsaChecksum(bytes), length: bytes.length }, bytes };
}

/** How an LSA is flooded, whether its type is known or not. @internal */
export interface LsTypeFacts {
  /** `reserved`: never to be flooded (RFC 5340 A.4.2.1). */
  readonly scope: FloodingScope | 'reserved';
  readonly known: boolean;
  /** OSPFv3's U bit: without it an unknown type stays on the link it came by (RFC 5340 §4.5.1). */
  readonly floodUnknown: boolean;
}

const SCOPES = ['link', 'area', 'as', 'reserved'] as const;

/** What was found of types: each is asked for with every LSA. */
const facts: Readonly<Record<OspfVersion, Map<number, LsTypeFacts>>> = { 2: new Map(), 3: new Map() };

/** @internal */
export function lsTypeFacts(version: OspfVersion, lsType: number, id: number): LsTypeFacts {
  const found = facts[version].get(lsType);
  if (found) return found;
  const codec = codecOf(version, lsType, id);
  const made: LsTypeFacts =
    version === 2
      ? { scope: codec?.scope ?? 'reserved', known: codec !== undefined, floodUnknown: false }
      : {
          scope: SCOPES[(lsType & LsTypeBit.scope) >>> 13] ?? 'reserved',
          known: codec !== undefined,
          floodUnknown: (lsType & LsTypeBit.understand) !== 0,
        };
  // Of types that are known, there are few; what opaque ones are hangs on more than the type.
  if (codec && !hasOpaqueTypes(version, lsType)) facts[version].set(lsType, made);
  return made;
}
