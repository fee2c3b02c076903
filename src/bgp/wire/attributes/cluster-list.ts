import { formatAddress } from '../../../lib/address.js';
import { AttributeCode, UpdateError } from '../codes.js';
import { type Attribute, Fault, OPTIONAL_NON_TRANSITIVE } from './attribute.js';
import { dottedQuad } from './originator-id.js';

/** CLUSTER_LIST: the reflectors a route went through. RFC 4456 §8; malformed, and from outside: RFC 7606 §7.10 @internal */
export const clusterList: Attribute<readonly string[]> = {
  code: AttributeCode.clusterList,
  name: 'CLUSTER_LIST',
  flags: OPTIONAL_NON_TRANSITIVE,
  malformedBy: 'RFC 7606 §7.10',
  ifMalformed: { external: 'discard-attribute', internal: 'treat-as-withdraw' },
  subcode: UpdateError.optionalAttribute,
  forward: { external: 'drop', internal: 'splice' },
  check(_bytes, from, to, context) {
    if (context.peerType === 'external') return Fault.external;
    return to > from && (to - from) % 4 === 0 ? Fault.none : Fault.length;
  },
  decode: (value) => Array.from({ length: value.remaining / 4 }, () => formatAddress(value.take(4))),
  emptyIsNone: true,
  encode(to, list) {
    for (const id of list) to.raw(dottedQuad(id));
  },
};
