import type { ByteReader, ByteWriter } from '../../../lib/bytes.js';
import type { FloodingScope } from '../codes.js';
import type { BodyContext, LsaBody, LsaHeader } from '../values.js';

/** A body of one type. @internal */
export type BodyOf<T extends LsaBody['type']> = Extract<LsaBody, { readonly type: T }>;

/** How a body stands in one version's LSAs. @internal */
export interface BodyCodec<B> {
  /** Its LS type on the wire. */
  readonly lsType: number;
  readonly scope: FloodingScope;
  /** OSPFv2: an opaque LSA of this opaque type, the first octet of its link state id (RFC 5250 §3). */
  readonly opaqueType?: number;
  /** Reads a body from the octets after the header, which name some of what it says in OSPFv2. Throws a `WireError`. */
  decode(from: ByteReader, header: LsaHeader, context: BodyContext): B;
  encode(to: ByteWriter, body: B, context: BodyContext): void;
}

/** Everything there is to know about one type of LSA. What a version does not have is absent. @internal */
export interface LsaRow<B> {
  readonly v2?: BodyCodec<B>;
  readonly v3?: BodyCodec<B>;
}
