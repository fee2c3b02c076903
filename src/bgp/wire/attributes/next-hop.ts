import { formatAddress, parseAddress } from '../../../lib/address.js';
import { UsageError } from '../../../lib/errors.js';
import { AttributeCode, UpdateError } from '../codes.js';
import { type Attribute, always, Fault, WELL_KNOWN } from './attribute.js';

/** NEXT_HOP. RFC 4271 §5.1.3; malformed: RFC 7606 §7.3 @internal */
export const nextHop: Attribute<string> = {
  code: AttributeCode.nextHop,
  name: 'NEXT_HOP',
  flags: WELL_KNOWN,
  malformedBy: 'RFC 7606 §7.3',
  ifMalformed: always('treat-as-withdraw'),
  subcode: UpdateError.invalidNextHop,
  forward: { external: 'splice', internal: 'splice' },
  check: (bytes, from, to) => (to - from === 4 ? checkHost(bytes, from, 4) : Fault.length),
  decode: (value) => formatAddress(value.take(4)),
  encode(to, value) {
    const bytes = parseAddress(value);
    if (bytes.length !== 4)
      throw new UsageError('ADDRESS_INVALID', `NEXT_HOP takes an IPv4 address, not ${value}; others go in MP_REACH_NLRI`);
    to.raw(bytes);
  },
};

/**
 * Whether an address can be a host's: not unspecified, not multicast, not broadcast (RFC 4271 §6.3, "syntactically correct").
 * Loopback and 240.0.0.0/4 pass: here the first is a host like others, and networks use the second.
 *
 * @internal
 */
export function checkHost(bytes: Uint8Array, at: number, size: number): number {
  const first = bytes[at] ?? 0;
  if (size === 4) {
    if (first === 0 || (first >= 224 && first < 240)) return Fault.nextHop;
    return first === 255 && bytes[at + 1] === 255 && bytes[at + 2] === 255 && bytes[at + 3] === 255 ? Fault.nextHop : Fault.none;
  }
  if (first === 0xff) return Fault.nextHop;
  for (let i = at; i < at + 16; i++) if (bytes[i] !== 0) return Fault.none;
  return Fault.nextHop;
}
