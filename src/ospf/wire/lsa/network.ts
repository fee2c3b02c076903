import type { ByteReader } from '../../../lib/bytes.js';
import { LsTypeV2, LsTypeV3 } from '../codes.js';
import { maskedPrefix, maskOf } from '../prefix.js';
import type { NetworkBody } from '../values.js';
import { OspfWireError } from '../wire-error.js';
import type { LsaRow } from './row.js';

/** Network LSAs (RFC 2328 A.4.3, RFC 5340 A.4.4). @internal */
export const network: LsaRow<NetworkBody> = {
  v2: {
    lsType: LsTypeV2.network,
    scope: 'area',
    decode(from, header) {
      const prefix = maskedPrefix(header.id, from.u32());
      if (!prefix) throw new OspfWireError('length', 'a network mask with holes', from.offset);
      return { type: 'network', prefix, options: header.options, routers: readRouters(from) };
    },
    encode(to, body) {
      if (!body.prefix) throw new Error('a network LSA of OSPFv2 has a mask');
      to.u32(maskOf(body.prefix.length));
      for (const id of body.routers) to.u32(id);
    },
  },
  v3: {
    lsType: LsTypeV3.network,
    scope: 'area',
    decode: (from) => ({ type: 'network', prefix: undefined, options: from.skip(1).u24(), routers: readRouters(from) }),
    encode(to, body) {
      to.u8(0).u24(body.options);
      for (const id of body.routers) to.u32(id);
    },
  },
};

function readRouters(from: ByteReader): number[] {
  const routers: number[] = [];
  while (from.remaining > 0) routers.push(from.u32());
  return routers;
}
