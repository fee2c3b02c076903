import type { FloodingScope } from '../codes.js';
import { LsTypeV2 } from '../codes.js';
import type { OpaqueBody } from '../values.js';
import type { LsaRow } from './row.js';

/** Opaque LSAs of types not read here: router information and traffic engineering among them (RFC 5250, RFC 7770, RFC 3630). */
function opaque(lsType: number, scope: FloodingScope): LsaRow<OpaqueBody> {
  return {
    v2: {
      lsType,
      scope,
      decode: (from, { id }) => ({ type: 'opaque', opaqueType: id >>> 24, opaqueId: id & 0xff_ffff, data: from.rest().slice() }),
      encode: (to, { data }) => to.raw(data),
    },
  };
}

/** @internal */
export const opaqueLink = opaque(LsTypeV2.opaqueLink, 'link');
/** @internal */
export const opaqueArea = opaque(LsTypeV2.opaqueArea, 'area');
/** @internal */
export const opaqueAs = opaque(LsTypeV2.opaqueAs, 'as');
