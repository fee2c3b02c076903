import type { ByteReader, ByteWriter } from '../../../lib/bytes.js';
import { LsTypeV2, LsTypeV3, OpaqueType } from '../codes.js';
import { readTlvs, writeTlv } from '../tlv.js';
import type { GraceBody, GraceReason } from '../values.js';
import type { LsaRow } from './row.js';

/** RFC 3623 A. */
const Tlv = { period: 1, reason: 2, address: 3 } as const;
const REASONS: readonly GraceReason[] = ['unknown', 'software-restart', 'software-upgrade', 'switch-to-redundant'];

/**
 * Grace LSAs (RFC 3623 A, RFC 5187 §3). In OSPFv2 they are opaque LSAs of the link, of opaque type 3.
 *
 * @internal
 */
export const grace: LsaRow<GraceBody> = {
  v2: { lsType: LsTypeV2.opaqueLink, scope: 'link', opaqueType: OpaqueType.grace, decode, encode },
  v3: { lsType: LsTypeV3.grace, scope: 'link', decode, encode },
};

function decode(from: ByteReader): GraceBody {
  let period = 0;
  let reason: GraceReason = 'unknown';
  let address: number | undefined;
  for (const { type, value } of readTlvs(from)) {
    if (type === Tlv.period) period = value.u32();
    else if (type === Tlv.reason) reason = REASONS[value.u8()] ?? 'unknown';
    else if (type === Tlv.address) address = value.u32();
  }
  return { type: 'grace', period, reason, address };
}

function encode(to: ByteWriter, { period, reason, address }: GraceBody): void {
  writeTlv(to, Tlv.period, (value) => value.u32(period));
  writeTlv(to, Tlv.reason, (value) => value.u8(REASONS.indexOf(reason)));
  if (address !== undefined) writeTlv(to, Tlv.address, (value) => value.u32(address));
}
