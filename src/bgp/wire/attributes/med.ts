import { U32, unsigned } from '../../../lib/unsigned.js';
import { AttributeCode, UpdateError } from '../codes.js';
import { type Attribute, always, OPTIONAL_NON_TRANSITIVE, ofLength } from './attribute.js';

/** MULTI_EXIT_DISC: the metric among several links to one neighbouring AS. RFC 4271 §5.1.4; malformed: RFC 7606 §7.4 @internal */
export const med: Attribute<number> = {
  code: AttributeCode.med,
  name: 'MULTI_EXIT_DISC',
  flags: OPTIONAL_NON_TRANSITIVE,
  malformedBy: 'RFC 7606 §7.4',
  ifMalformed: always('treat-as-withdraw'),
  subcode: UpdateError.optionalAttribute,
  forward: { external: 'drop', internal: 'keep' },
  check: ofLength(4),
  decode: (value) => value.u32(),
  encode: (to, value) => to.u32(unsigned(value, U32)),
};
