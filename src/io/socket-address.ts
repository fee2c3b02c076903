import { formatAddress, parseAddress } from '../lib/address.js';

/** Address families and levels of Linux, as structures and calls have them. */
export const AF_INET = 2;
export const AF_INET6 = 10;

/** Octets of the larger of the two structures. */
export const SOCKADDR = 28;

/** `struct sockaddr_in` or `sockaddr_in6`. `scope` is the index of an interface, for link-local addresses. */
export function socketAddress(address: string, port: number, scope = 0): Uint8Array {
  const ipv6 = address.includes(':');
  const view = new DataView(new ArrayBuffer(ipv6 ? SOCKADDR : 16));
  view.setUint16(0, ipv6 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port);
  new Uint8Array(view.buffer).set(parseAddress(address), ipv6 ? 8 : 4);
  if (ipv6) view.setUint32(24, scope, true);
  return new Uint8Array(view.buffer);
}

/** The address in a `struct sockaddr` that the kernel filled, as canonical text, without its zone. */
export function addressIn(sockaddr: Uint8Array): string {
  return formatAddress(sockaddr[0] === AF_INET6 ? sockaddr.subarray(8, 24) : sockaddr.subarray(4, 8));
}

/** The index of the link that the sender of a link-local address is on; 0 for other addresses. */
export function scopeIn(sockaddr: Uint8Array): number {
  if (sockaddr[0] !== AF_INET6) return 0;
  return new DataView(sockaddr.buffer, sockaddr.byteOffset).getUint32(24, true);
}

/** The zone of a link-local address: `fe80::1%eth0` is on `eth0`. */
export function splitZone(address: string): { readonly plain: string; readonly zone: string | undefined } {
  const at = address.indexOf('%');
  return at < 0 ? { plain: address, zone: undefined } : { plain: address.slice(0, at), zone: address.slice(at + 1) };
}
