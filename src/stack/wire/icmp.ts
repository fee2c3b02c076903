import { fold, pseudo, sum } from './checksum.js';
import { Icmp4, Icmp6, Protocol } from './codes.js';
import { put16, put32 } from './octets.js';

/** ICMP (RFC 792, RFC 4443): type, code, checksum, four octets of the type's own, a body. */

/** Octets of the header. @internal */
export const ICMP = 8;

/** Writes a message's checksum; addresses are needed for IPv6, whose checksum covers them. @internal */
export function checksumIcmp(b: Uint8Array, at: number, end: number, source?: Uint8Array, target?: Uint8Array): void {
  put16(b, at + 2, 0);
  const start = source && target ? pseudo(source, 0, target, 0, 16, Protocol.icmp6, end - at) : 0;
  put16(b, at + 2, fold(sum(b, at, end, start)));
}

/** Types that report an error: about these no error is ever sent (RFC 1812 §4.3.2.7, RFC 4443 §2.4 e). @internal */
export function isError(ipv6: boolean, type: number): boolean {
  if (ipv6) return type < 128 || type === Icmp6.redirect;
  return type !== Icmp4.echo && type !== Icmp4.echoReply && type < 13;
}

/** An error message about the packet in `about`, without its checksum; `rest` is the type's own word (the MTU, as a rule). @internal */
export function icmpError(type: number, code: number, rest: number, about: Uint8Array): Uint8Array {
  const message = new Uint8Array(ICMP + about.length);
  message[0] = type;
  message[1] = code;
  put32(message, 4, rest);
  message.set(about, ICMP);
  return message;
}
