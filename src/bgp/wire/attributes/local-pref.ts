import { U32, unsigned } from '../../../lib/unsigned.js';
import { AttributeCode, UpdateError } from '../codes.js';
import { type Attribute, Fault, WELL_KNOWN } from './attribute.js';

/** LOCAL_PREF: how much a route is preferred inside the AS. RFC 4271 §5.1.5; from outside it is dropped: RFC 7606 §7.5 @internal */
export const localPref: Attribute<number> = {
  code: AttributeCode.localPref,
  name: 'LOCAL_PREF',
  flags: WELL_KNOWN,
  malformedBy: 'RFC 7606 §7.5',
  ifMalformed: { external: 'discard-attribute', internal: 'treat-as-withdraw' },
  subcode: UpdateError.attributeLength,
  forward: { external: 'drop', internal: 'keep' },
  check: (_bytes, from, to, context) => (context.peerType === 'external' ? Fault.external : to - from === 4 ? Fault.none : Fault.length),
  decode: (value) => value.u32(),
  encode: (to, value) => to.u32(unsigned(value, U32)),
};
