import { formatAddress, parseAddress } from '../../../lib/address.js';
import { UsageError } from '../../../lib/errors.js';
import { AttributeCode, UpdateError } from '../codes.js';
import { type Attribute, Fault, OPTIONAL_NON_TRANSITIVE } from './attribute.js';

/** ORIGINATOR_ID: who brought a reflected route into the AS. RFC 4456 §8; malformed, and from outside: RFC 7606 §7.9 @internal */
export const originatorId: Attribute<string> = {
  code: AttributeCode.originatorId,
  name: 'ORIGINATOR_ID',
  flags: OPTIONAL_NON_TRANSITIVE,
  malformedBy: 'RFC 7606 §7.9',
  ifMalformed: { external: 'discard-attribute', internal: 'treat-as-withdraw' },
  subcode: UpdateError.optionalAttribute,
  forward: { external: 'drop', internal: 'splice' },
  check: (_bytes, from, to, context) => (context.peerType === 'external' ? Fault.external : to - from === 4 ? Fault.none : Fault.length),
  decode: (value) => formatAddress(value.take(4)),
  encode: (to, value) => to.raw(dottedQuad(value)),
};

/** Four octets of an identifier in dotted quad. Throws a `UsageError` (`ADDRESS_INVALID`). @internal */
export function dottedQuad(text: string): Uint8Array {
  const bytes = parseAddress(text);
  if (bytes.length !== 4) throw new UsageError('ADDRESS_INVALID', `expected a dotted quad, got ${JSON.stringify(text)}`);
  return bytes;
}
