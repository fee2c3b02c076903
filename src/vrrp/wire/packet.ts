import { formatAddress } from '../../lib/address.js';
import { ByteReader, ByteWriter } from '../../lib/bytes.js';
import { fold, pseudo, sum } from '../../stack/wire/checksum.js';
import { Protocol } from '../../stack/wire/codes.js';
import { ADVERTISEMENT, AUTHENTICATION_DATA, Authentication, HEADER } from './codes.js';

/** An advertisement (RFC 3768 §5.3, RFC 9568 §5.2). @public */
export interface VrrpAdvertisement {
  readonly version: 2 | 3;
  /** 1 to 255. */
  readonly virtualRouterId: number;
  /** 1 to 254; 255 for the owner of the addresses; 0 for one that resigns. */
  readonly priority: number;
  /** Milliseconds between advertisements, as the sender has it: whole seconds in version 2, hundredths in version 3. */
  readonly interval: number;
  /** Canonical text, in the sender's order. */
  readonly addresses: readonly string[];
}

/** Why a packet is dropped. @public */
export type VrrpDrop = 'short' | 'version' | 'type' | 'checksum' | 'virtual-router-id' | 'interval' | 'no-addresses' | 'authentication';

/**
 * The advertisement in an IP payload, or why it is dropped (RFC 9568 §7.1, RFC 3768 §7.1, but for the TTL).
 *
 * The checksum of version 3 over IPv4 is taken either way: RFC 9568 §5.2.8 has it over the message alone, while keepalived, FRR and others put a
 * pseudo-header before it, as one could read RFC 5798.
 *
 * @param source - The packet's source address: 4 octets for IPv4, 16 for IPv6.
 * @internal
 */
export function decodeVrrp(bytes: Uint8Array, source: Uint8Array, destination: Uint8Array): VrrpAdvertisement | VrrpDrop {
  if (bytes.length < HEADER) return 'short';
  const size = source.length === 4 ? 4 : 16;
  const r = new ByteReader(bytes);
  const first = r.u8();
  const version = first >>> 4;
  if (version !== 3 && !(version === 2 && size === 4)) return 'version';
  if ((first & 15) !== ADVERTISEMENT) return 'type';
  const virtualRouterId = r.u8();
  const priority = r.u8();
  const count = r.u8();
  const field = r.u16();
  r.u16();
  if (bytes.length < HEADER + count * size + (version === 2 ? AUTHENTICATION_DATA : 0)) return 'short';
  const plain = sum(bytes, 0, bytes.length);
  const covering = sum(bytes, 0, bytes.length, pseudo(source, 0, destination, 0, size, Protocol.vrrp, bytes.length));
  const right = size === 16 ? fold(covering) === 0 : fold(plain) === 0 || (version === 3 && fold(covering) === 0);
  if (!right) return 'checksum';
  if (virtualRouterId === 0) return 'virtual-router-id';
  if (count === 0) return 'no-addresses';
  const interval = version === 2 ? (field & 0xff) * 1000 : (field & 0x0fff) * 10;
  if (interval === 0) return 'interval';
  if (version === 2 && field >>> 8 !== Authentication.none && field >>> 8 !== Authentication.password) return 'authentication';
  const addresses = Array.from({ length: count }, () => formatAddress(r.take(size)));
  return { version, virtualRouterId, priority, interval, addresses };
}

/** The IP payload of an advertisement. @internal */
export function encodeVrrp(
  {
    version,
    virtualRouterId,
    priority,
    interval,
    addresses,
  }: Omit<VrrpAdvertisement, 'addresses'> & { readonly addresses: readonly Uint8Array[] },
  source: Uint8Array,
  destination: Uint8Array,
): Uint8Array {
  const w = new ByteWriter();
  w.u8((version << 4) | ADVERTISEMENT);
  w.u8(virtualRouterId);
  w.u8(priority);
  w.u8(addresses.length);
  w.u16(version === 2 ? Math.round(interval / 1000) & 0xff : Math.round(interval / 10) & 0x0fff);
  w.u16(0);
  for (const address of addresses) w.raw(address);
  if (version === 2) w.raw(new Uint8Array(AUTHENTICATION_DATA));
  const bytes = w.finish();
  const start = source.length === 16 ? pseudo(source, 0, destination, 0, 16, Protocol.vrrp, bytes.length) : 0;
  const checksum = fold(sum(bytes, 0, bytes.length, start));
  bytes[6] = checksum >>> 8;
  bytes[7] = checksum;
  return bytes;
}
