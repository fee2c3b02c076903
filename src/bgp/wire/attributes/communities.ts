import { AttributeCode, UpdateError } from '../codes.js';
import { formatCommunity, parseCommunity } from '../communities.js';
import { type Attribute, always, listOf, OPTIONAL_TRANSITIVE, toAll } from './attribute.js';

/** COMMUNITIES. RFC 1997; malformed: RFC 7606 §7.8 @internal */
export const communities: Attribute<readonly string[]> = {
  code: AttributeCode.communities,
  name: 'COMMUNITIES',
  flags: OPTIONAL_TRANSITIVE,
  malformedBy: 'RFC 7606 §7.8',
  ifMalformed: always('treat-as-withdraw'),
  subcode: UpdateError.optionalAttribute,
  forward: toAll('keep'),
  check: listOf(4),
  decode: (value) => Array.from({ length: value.remaining / 4 }, () => formatCommunity(value.u32())),
  emptyIsNone: true,
  encode(to, list) {
    for (const text of list) to.u32(parseCommunity(text));
  },
};
