import { AttributeCode, UpdateError } from '../codes.js';
import { formatLargeCommunity, parseLargeCommunity } from '../communities.js';
import { type Attribute, always, listOf, OPTIONAL_TRANSITIVE, toAll } from './attribute.js';

/** LARGE_COMMUNITY. RFC 8092; malformed: §6 @internal */
export const largeCommunities: Attribute<readonly string[]> = {
  code: AttributeCode.largeCommunities,
  name: 'LARGE_COMMUNITY',
  flags: OPTIONAL_TRANSITIVE,
  malformedBy: 'RFC 8092 §6',
  ifMalformed: always('treat-as-withdraw'),
  subcode: UpdateError.optionalAttribute,
  forward: toAll('keep'),
  check: listOf(12),
  decode: (value) => Array.from({ length: value.remaining / 12 }, () => formatLargeCommunity(value.u32(), value.u32(), value.u32())),
  emptyIsNone: true,
  encode(to, list) {
    for (const text of list) for (const part of parseLargeCommunity(text)) to.u32(part);
  },
};
