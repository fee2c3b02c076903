import { UsageError } from '../../../lib/errors.js';
import { shown } from '../../../lib/shown.js';
import { AttributeCode, UpdateError } from '../codes.js';
import { type Attribute, always, Fault, OPTIONAL_NON_TRANSITIVE, toAll } from './attribute.js';
import { u16 } from './octets.js';

/** The one TLV that is defined: the metric, in eight octets (RFC 7311 §3). */
const AIGP_TLV = 1;
const AIGP_TLV_LENGTH = 11;

/**
 * AIGP: the accumulated metric to the next hop. RFC 7311. Only the metric is kept in the value; a malformed one is dropped
 * (§3.2). One from a neighbour that is not to send it counts as an unknown attribute (§3.1). It is not passed on: that takes a
 * configured AIGP session, and there is none yet.
 *
 * @internal
 */
export const aigp: Attribute<number | bigint> = {
  code: AttributeCode.aigp,
  name: 'AIGP',
  flags: OPTIONAL_NON_TRANSITIVE,
  malformedBy: 'RFC 7311 §3.2',
  ifMalformed: always('discard-attribute'),
  ifFlagsWrong: 'discard-attribute', // RFC 7311 §3.2
  subcode: UpdateError.optionalAttribute,
  forward: toAll('drop'),
  check(bytes, from, to, context) {
    if (!(context.aigp ?? context.peerType !== 'external')) return Fault.quiet;
    let found = false;
    for (let at = from; at < to; ) {
      const length = at + 3 <= to ? u16(bytes, at + 1) : 0;
      if (length < 3 || at + length > to) return Fault.tlv;
      if (bytes[at] === AIGP_TLV) {
        if (length !== AIGP_TLV_LENGTH) return Fault.tlv;
        found = true;
      }
      at += length;
    }
    return found ? Fault.none : Fault.tlv;
  },
  decode(value) {
    for (;;) {
      const type = value.u8();
      const tlv = value.sub(value.u16() - 3);
      // RFC 7311 §3: of several, the first counts.
      if (type !== AIGP_TLV) continue;
      const metric = tlv.u64();
      value.rest();
      return metric <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(metric) : metric;
    }
  },
  encode(to, value) {
    const fits = typeof value === 'bigint' ? value >= 0n && value < 1n << 64n : Number.isSafeInteger(value) && value >= 0;
    if (!fits)
      throw new UsageError('VALUE_INVALID', `expected a whole number from 0 to 2^64-1, as a bigint above 2^53-1, got ${shown(value)}`);
    to.u8(AIGP_TLV).u16(AIGP_TLV_LENGTH).u64(BigInt(value));
  },
};
