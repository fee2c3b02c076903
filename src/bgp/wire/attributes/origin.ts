import { indexOfWord } from '../../../lib/unsigned.js';
import { AttributeCode, UpdateError } from '../codes.js';
import { type Attribute, always, Fault, toAll, WELL_KNOWN } from './attribute.js';
import type { Origin } from './values.js';

const ORIGINS: readonly Origin[] = ['igp', 'egp', 'incomplete'];

/** ORIGIN: how the route came into BGP. RFC 4271 §5.1.1; malformed: RFC 7606 §7.1 @internal */
export const origin: Attribute<Origin> = {
  code: AttributeCode.origin,
  name: 'ORIGIN',
  flags: WELL_KNOWN,
  malformedBy: 'RFC 7606 §7.1',
  ifMalformed: always('treat-as-withdraw'),
  subcode: UpdateError.invalidOrigin,
  forward: toAll('keep'),
  check(bytes, from, to) {
    if (to - from !== 1) return Fault.length;
    return (bytes[from] ?? 0) > 2 ? Fault.value : Fault.none;
  },
  decode: (value) => ORIGINS[value.u8()] ?? 'incomplete',
  encode: (to, value) => to.u8(indexOfWord(ORIGINS, value)),
};
