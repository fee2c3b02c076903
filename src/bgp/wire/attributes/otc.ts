import { asNumber } from '../../../lib/unsigned.js';
import { AttributeCode, UpdateError } from '../codes.js';
import { type Attribute, always, OPTIONAL_TRANSITIVE, ofLength, toAll } from './attribute.js';

/** Only to Customer: the AS that sent a route downwards. Malformed: treat-as-withdraw. RFC 9234 §5 @internal */
export const otc: Attribute<number> = {
  code: AttributeCode.otc,
  name: 'ONLY_TO_CUSTOMER',
  flags: OPTIONAL_TRANSITIVE,
  malformedBy: 'RFC 9234 §5',
  ifMalformed: always('treat-as-withdraw'),
  subcode: UpdateError.optionalAttribute,
  forward: toAll('keep'),
  check: ofLength(4),
  decode: (value) => value.u32(),
  encode: (to, value) => to.u32(asNumber(value)),
};
