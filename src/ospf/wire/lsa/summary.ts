import { LsTypeV2, LsTypeV3 } from '../codes.js';
import { maskedPrefix, maskOf, readPrefix, writePrefix } from '../prefix.js';
import type { AsbrSummaryBody, SummaryBody } from '../values.js';
import { OspfWireError } from '../wire-error.js';
import type { LsaRow } from './row.js';

/** Summary LSAs of networks, inter-area-prefix LSAs in OSPFv3 (RFC 2328 A.4.4, RFC 5340 A.4.5). @internal */
export const summary: LsaRow<SummaryBody> = {
  v2: {
    lsType: LsTypeV2.summary,
    scope: 'area',
    decode(from, header) {
      const prefix = maskedPrefix(header.id, from.u32());
      if (!prefix) throw new OspfWireError('length', 'a network mask with holes', from.offset);
      const metric = from.skip(1).u24();
      from.rest(); // metrics of other TOS, no longer used
      return { type: 'summary', prefix, prefixOptions: 0, metric };
    },
    encode: (to, body) => to.u32(maskOf(body.prefix.length)).u8(0).u24(body.metric),
  },
  v3: {
    lsType: LsTypeV3.interAreaPrefix,
    scope: 'area',
    decode(from, _header, { family }) {
      const metric = from.skip(1).u24();
      const length = from.u8();
      const prefixOptions = from.u8();
      return { type: 'summary', prefix: readPrefix(from.skip(2), length, family), prefixOptions, metric };
    },
    encode(to, { metric, prefix, prefixOptions }) {
      writePrefix(to.u8(0).u24(metric).u8(prefix.length).u8(prefixOptions).u16(0), prefix);
    },
  },
};

/** Summary LSAs of AS boundary routers, inter-area-router LSAs in OSPFv3 (RFC 2328 A.4.4, RFC 5340 A.4.6). @internal */
export const asbrSummary: LsaRow<AsbrSummaryBody> = {
  v2: {
    lsType: LsTypeV2.asbrSummary,
    scope: 'area',
    decode(from, header) {
      const metric = from.skip(5).u24(); // the mask says nothing here
      from.rest();
      return { type: 'asbr-summary', router: header.id, options: header.options, metric };
    },
    encode: (to, body) => to.u32(0).u8(0).u24(body.metric),
  },
  v3: {
    lsType: LsTypeV3.interAreaRouter,
    scope: 'area',
    decode: (from) => ({ type: 'asbr-summary', options: from.skip(1).u24(), metric: from.skip(1).u24(), router: from.u32() }),
    encode: (to, body) => to.u8(0).u24(body.options).u8(0).u24(body.metric).u32(body.router),
  },
};
