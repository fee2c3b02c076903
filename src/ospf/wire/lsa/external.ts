import type { ByteReader, ByteWriter } from '../../../lib/bytes.js';
import { LsTypeV2, LsTypeV3, Option, PrefixOption } from '../codes.js';
import { readFamilyAddress, writeFamilyAddress } from '../family.js';
import { maskedPrefix, maskOf, octets, readPrefix, word, writePrefix } from '../prefix.js';
import type { BodyContext, ExternalBody, LsaHeader } from '../values.js';
import { OspfWireError } from '../wire-error.js';
import type { LsaRow } from './row.js';

/** E in OSPFv2's metric word. */
const TYPE_2 = 0x80;
/** RFC 5340 A.4.7. */
const BitV3 = { type2: 0x04, forwarding: 0x02, tag: 0x01 } as const;

type Of<T> = ExternalBody & { readonly type: T };

/** AS-external LSAs (RFC 2328 A.4.5, RFC 5340 A.4.7). @internal */
export const external: LsaRow<Of<'external'>> = {
  v2: { lsType: LsTypeV2.external, scope: 'as', decode: (from, header) => readV2('external', from, header), encode: writeV2 },
  v3: {
    lsType: LsTypeV3.external,
    scope: 'as',
    decode: (from, _header, context) => readV3('external', from, context),
    encode: writeV3,
  },
};

/** AS-external LSAs in a not-so-stubby area, in the same form (RFC 3101 A, RFC 5340 A.4.8). @internal */
export const nssa: LsaRow<Of<'nssa'>> = {
  v2: { lsType: LsTypeV2.nssa, scope: 'area', decode: (from, header) => readV2('nssa', from, header), encode: writeV2 },
  v3: { lsType: LsTypeV3.nssa, scope: 'area', decode: (from, _header, context) => readV3('nssa', from, context), encode: writeV3 },
};

function readV2<T extends 'external' | 'nssa'>(type: T, from: ByteReader, header: LsaHeader): Of<T> {
  const prefix = maskedPrefix(header.id, from.u32());
  if (!prefix) throw new OspfWireError('length', 'a network mask with holes', from.offset);
  const metricType = (from.u8() & TYPE_2) !== 0 ? 2 : 1;
  const metric = from.u24();
  const forwarding = from.u32();
  const tag = from.u32();
  from.skip(from.remaining); // metrics of other TOS, no longer used
  return {
    type,
    prefix,
    prefixOptions: 0,
    metricType,
    metric,
    forwarding: forwarding === 0 ? undefined : octets(forwarding),
    tag,
    propagate: type === 'nssa' && (header.options & Option.n) !== 0,
    referenced: undefined,
  };
}

function writeV2(to: ByteWriter, body: ExternalBody): void {
  to.u32(maskOf(body.prefix.length))
    .u8(body.metricType === 2 ? TYPE_2 : 0)
    .u24(body.metric)
    .u32(body.forwarding ? word(body.forwarding) : 0)
    .u32(body.tag);
}

function readV3<T extends 'external' | 'nssa'>(type: T, from: ByteReader, { family }: BodyContext): Of<T> {
  const bits = from.u8();
  const metric = from.u24();
  const length = from.u8();
  const prefixOptions = from.u8();
  const referencedType = from.u16();
  const prefix = readPrefix(from, length, family);
  const forwarding = (bits & BitV3.forwarding) !== 0 ? readFamilyAddress(from, family) : undefined;
  const tag = (bits & BitV3.tag) !== 0 ? from.u32() : 0;
  return {
    type,
    prefix,
    prefixOptions,
    metricType: (bits & BitV3.type2) !== 0 ? 2 : 1,
    metric,
    forwarding,
    tag,
    propagate: type === 'nssa' && (prefixOptions & PrefixOption.propagate) !== 0,
    referenced: referencedType === 0 ? undefined : { lsType: referencedType, id: from.u32() },
  };
}

function writeV3(to: ByteWriter, body: ExternalBody): void {
  const { prefix, forwarding, tag, referenced } = body;
  to.u8((body.metricType === 2 ? BitV3.type2 : 0) | (forwarding ? BitV3.forwarding : 0) | (tag !== 0 ? BitV3.tag : 0))
    .u24(body.metric)
    .u8(prefix.length)
    .u8(body.prefixOptions)
    .u16(referenced?.lsType ?? 0);
  writePrefix(to, prefix);
  if (forwarding) writeFamilyAddress(to, forwarding);
  if (tag !== 0) to.u32(tag);
  if (referenced) to.u32(referenced.id);
}
