import { parseAddress } from '../lib/address.js';
import { contains, type Prefix, prefixWords } from '../lib/prefix.js';
import type { AdvertiseTimes } from './advertiser.js';

/** An interface of the router, as configured. @internal */
export interface InterfaceOptions {
  /** The subnet's prefix. */
  readonly prefix: Prefix;
  readonly addresses: readonly string[];
  /** `02:56:0a:00:00:01`. */
  readonly mac: string;
  /** Default: made of the MAC (RFC 4291, appendix A). */
  readonly linkLocal?: string;
  /** How often it advertises the router, if it does. */
  readonly advertise: AdvertiseTimes | false;
}

/** An interface of the router: its place in one subnet. @internal */
export interface Interface {
  readonly prefix: Prefix;
  readonly addresses: readonly Uint8Array[];
  readonly mac: Uint8Array;
  readonly linkLocal: Uint8Array;
  readonly advertise: AdvertiseTimes | false;
  /** IPv4: the subnet as numbers. */
  readonly net: number;
  readonly mask: number;
}

/** Resolves an interface. @internal */
export function interfaceOf(options: InterfaceOptions): Interface {
  const { prefix } = options;
  const mac = parseMac(options.mac);
  const mask = prefix.family === 'ipv4' && prefix.length > 0 ? -1 << (32 - prefix.length) : 0;
  return {
    prefix,
    addresses: options.addresses.map(parseAddress),
    mac,
    linkLocal: options.linkLocal === undefined ? linkLocalOf(mac) : parseAddress(options.linkLocal),
    advertise: options.advertise,
    net: prefixWords(prefix.bytes)[0] | 0,
    mask,
  };
}

/** Whether the interface's subnet holds the address. @internal */
export function onLink(one: Interface, address: Uint8Array): boolean {
  return contains(one.prefix, address);
}

/** Octets of `02:56:0a:00:00:01`. @internal */
export function parseMac(text: string): Uint8Array {
  return Uint8Array.from(text.split(':'), (part) => Number.parseInt(part, 16));
}
/** @internal */
export function formatMac(b: Uint8Array, at = 0): string {
  return Array.from(b.subarray(at, at + 6), (octet) => octet.toString(16).padStart(2, '0')).join(':');
}

/** fe80:: and the modified EUI-64 of a MAC (RFC 4291, appendix A). @internal */
export function linkLocalOf(mac: Uint8Array): Uint8Array {
  return Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]);
}
