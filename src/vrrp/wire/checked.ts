import { parseAddress } from '../../lib/address.js';
import { UsageError } from '../../lib/errors.js';
import { refuseOther } from '../../lib/read-back.js';
import { decodeVrrp, encodeVrrp, type VrrpAdvertisement, type VrrpDrop } from './packet.js';

/** Between whom an advertisement goes: its checksum may cover that. Both are of one family. @public */
export interface VrrpEnds {
  /** Canonical text. */
  readonly source: string;
  /** Default: the group of all VRRP routers, 224.0.0.18 or ff02::12. */
  readonly destination?: string;
}

const GROUP4 = '224.0.0.18';
const GROUP6 = 'ff02::12';

/**
 * The advertisement in an IP payload (protocol 112), or why it is dropped (RFC 9568 §7.1, RFC 3768 §7.1, but for the TTL). Throws a `UsageError` (`ADDRESS_INVALID`)
 * for ends that are none.
 *
 * @public
 */
export function decodeVrrpAdvertisement(bytes: Uint8Array, ends: VrrpEnds): VrrpAdvertisement | VrrpDrop {
  return decodeVrrp(bytes, ...octetsOf(ends));
}

/**
 * The IP payload of an advertisement. Throws a `UsageError` (`ADDRESS_INVALID`, `VALUE_INVALID`) whose `path` says where a value stands that cannot be written.
 *
 * @public
 */
export function encodeVrrpAdvertisement(advertisement: VrrpAdvertisement, ends: VrrpEnds): Uint8Array {
  const [source, destination] = octetsOf(ends);
  const addresses = advertisement.addresses.map((text, i) => {
    const address = parseAddress(text);
    if (address.length === source.length) return address;
    throw new UsageError('VALUE_INVALID', `expected an address of the family of ${ends.source}, got ${text}`, ['addresses', i]);
  });
  const bytes = encodeVrrp({ ...advertisement, addresses }, source, destination);
  const read = decodeVrrp(bytes, source, destination);
  if (typeof read === 'string') throw new UsageError('VALUE_INVALID', `whoever gets it drops it: ${read}`);
  refuseOther(advertisement, read);
  return bytes;
}

function octetsOf({ source, destination = source.includes(':') ? GROUP6 : GROUP4 }: VrrpEnds): [Uint8Array, Uint8Array] {
  const ends: [Uint8Array, Uint8Array] = [parseAddress(source), parseAddress(destination)];
  if (ends[0].length !== ends[1].length)
    throw new UsageError('ADDRESS_INVALID', `expected addresses of one family, got ${source} and ${destination}`, ['destination']);
  return ends;
}
