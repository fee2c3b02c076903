import { AttributeCode, UpdateError } from '../codes.js';
import { familyName, familyNumbers } from '../family.js';
import { type Attribute, always, Fault, OPTIONAL_NON_TRANSITIVE, toAll } from './attribute.js';
import { checkFamilyNlri, readFamilyNlri, writeFamilyNlri } from './mp-reach.js';
import { u16 } from './octets.js';
import type { MpUnreach } from './values.js';

/** MP_UNREACH_NLRI: routes of any family that are gone. RFC 4760 §4; malformed: RFC 7606 §7.12, §5.3 @internal */
export const mpUnreach: Attribute<MpUnreach> = {
  code: AttributeCode.mpUnreach,
  name: 'MP_UNREACH_NLRI',
  flags: OPTIONAL_NON_TRANSITIVE,
  malformedBy: 'RFC 7606 §7.12',
  ifMalformed: always('reset-session'),
  subcode: UpdateError.optionalAttribute,
  forward: toAll('drop'), // written anew for each neighbour
  check: (_bytes, from, to) => (to - from < 3 ? Fault.short : Fault.none),
  checkNlri: (bytes, from, to, context) =>
    checkFamilyNlri(bytes, from + 3, to, familyName(u16(bytes, from), bytes[from + 2] ?? 0), context),
  decode(value, context) {
    const family = familyName(value.u16(), value.u8());
    return { family, ...readFamilyNlri(value, family, context) };
  },
  encode(to, value, context) {
    const [afi, safi] = familyNumbers(value.family);
    writeFamilyNlri(to.u16(afi).u8(safi), value, context);
  },
};
