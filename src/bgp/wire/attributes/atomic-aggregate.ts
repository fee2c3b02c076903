import { AttributeCode, UpdateError } from '../codes.js';
import { type Attribute, always, ofLength, toAll, WELL_KNOWN } from './attribute.js';

/** ATOMIC_AGGREGATE: some AS was left out of the path. RFC 4271 §5.1.6; malformed: RFC 7606 §7.6 @internal */
export const atomicAggregate: Attribute<true> = {
  code: AttributeCode.atomicAggregate,
  name: 'ATOMIC_AGGREGATE',
  flags: WELL_KNOWN,
  malformedBy: 'RFC 7606 §7.6',
  ifMalformed: always('discard-attribute'),
  subcode: UpdateError.attributeLength,
  forward: toAll('keep'),
  check: ofLength(0),
  decode: () => true,
  encode: () => {},
};
