import { AttributeCode, UpdateError } from '../codes.js';
import {
  formatExtendedCommunity,
  formatIpv6ExtendedCommunity,
  parseExtendedCommunity,
  parseIpv6ExtendedCommunity,
} from '../communities.js';
import { type Attribute, always, listOf, OPTIONAL_TRANSITIVE } from './attribute.js';

/** EXTENDED COMMUNITIES. Those that are not transitive stay in the AS (RFC 4360 §6); malformed: RFC 7606 §7.14 @internal */
export const extendedCommunities: Attribute<readonly string[]> = {
  code: AttributeCode.extendedCommunities,
  name: 'EXTENDED COMMUNITIES',
  flags: OPTIONAL_TRANSITIVE,
  malformedBy: 'RFC 7606 §7.14',
  ifMalformed: always('treat-as-withdraw'),
  subcode: UpdateError.optionalAttribute,
  forward: { external: 'splice', internal: 'keep' },
  check: listOf(8),
  decode: (value) => Array.from({ length: value.remaining / 8 }, () => formatExtendedCommunity(value.take(8))),
  emptyIsNone: true,
  encode(to, list) {
    for (const text of list) to.raw(parseExtendedCommunity(text));
  },
};

/** IPv6 Address Specific Extended Communities. RFC 5701; malformed: RFC 7606 §7.15 @internal */
export const ipv6ExtendedCommunities: Attribute<readonly string[]> = {
  code: AttributeCode.ipv6ExtendedCommunities,
  name: 'IPV6 EXTENDED COMMUNITIES',
  flags: OPTIONAL_TRANSITIVE,
  malformedBy: 'RFC 7606 §7.15',
  ifMalformed: always('treat-as-withdraw'),
  subcode: UpdateError.optionalAttribute,
  forward: { external: 'splice', internal: 'keep' },
  check: listOf(20),
  decode: (value) => Array.from({ length: value.remaining / 20 }, () => formatIpv6ExtendedCommunity(value.take(20))),
  emptyIsNone: true,
  encode(to, list) {
    for (const text of list) to.raw(parseIpv6ExtendedCommunity(text));
  },
};
