import { formatAddress } from '../../../lib/address.js';
import { AS_TRANS } from '../../../lib/asn.js';
import type { ByteWriter } from '../../../lib/bytes.js';
import { asNumber } from '../../../lib/unsigned.js';
import { AttributeCode, UpdateError } from '../codes.js';
import { type Attribute, always, Fault, OPTIONAL_TRANSITIVE, toAll } from './attribute.js';
import { u16, u32 } from './octets.js';
import { dottedQuad } from './originator-id.js';
import type { Aggregator } from './values.js';

/** AGGREGATOR: who formed an aggregate. RFC 4271 §5.1.7, RFC 6793; malformed: RFC 7606 §7.7, RFC 7607 @internal */
export const aggregator: Attribute<Aggregator> = {
  code: AttributeCode.aggregator,
  name: 'AGGREGATOR',
  flags: OPTIONAL_TRANSITIVE,
  malformedBy: 'RFC 7606 §7.7, RFC 7607',
  ifMalformed: always('discard-attribute'),
  subcode: UpdateError.optionalAttribute,
  forward: toAll('keep'),
  check(bytes, from, to, { fourOctetAs }) {
    if (to - from !== (fourOctetAs ? 8 : 6)) return Fault.length;
    return (fourOctetAs ? u32(bytes, from) : u16(bytes, from)) === 0 ? Fault.asZero : Fault.none;
  },
  decode: (value, { fourOctetAs }) => ({ asn: fourOctetAs ? value.u32() : value.u16(), address: formatAddress(value.take(4)) }),
  encode(to, value, { fourOctetAs }) {
    if (fourOctetAs) put(to, value);
    else to.u16(asNumber(value.asn) > 0xffff ? AS_TRANS : value.asn).raw(dottedQuad(value.address));
  },
};

/** AS4_AGGREGATOR: AGGREGATOR in four octets, beside one in two. RFC 6793 §3; malformed: §6 @internal */
export const as4Aggregator: Attribute<Aggregator> = {
  code: AttributeCode.as4Aggregator,
  name: 'AS4_AGGREGATOR',
  flags: OPTIONAL_TRANSITIVE,
  malformedBy: 'RFC 6793 §6',
  ifMalformed: always('discard-attribute'),
  subcode: UpdateError.optionalAttribute,
  forward: toAll('drop'),
  check: (bytes, from, to) => (to - from !== 8 ? Fault.length : u32(bytes, from) === 0 ? Fault.asZero : Fault.none),
  decode: (value) => ({ asn: value.u32(), address: formatAddress(value.take(4)) }),
  encode: put,
};

function put(to: ByteWriter, value: Aggregator): void {
  to.u32(asNumber(value.asn)).raw(dottedQuad(value.address));
}
