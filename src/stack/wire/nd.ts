import { Icmp6, NdOption } from './codes.js';
import { put16, put32 } from './octets.js';

/** Neighbour Discovery (RFC 4861): messages and their options, read in place. */

/** Octets before the options, by type. @internal */
export const ND_FIXED: Readonly<Record<number, number>> = {
  [Icmp6.routerSolicitation]: 8,
  [Icmp6.routerAdvertisement]: 16,
  [Icmp6.neighbourSolicitation]: 24,
  [Icmp6.neighbourAdvertisement]: 24,
  [Icmp6.redirect]: 40,
};
/** Offset of the target in solicitations and advertisements of neighbours. @internal */
export const ND_TARGET = 8;
/** Flags of a neighbour advertisement. @internal */
export const NaFlag = { router: 0x80, solicited: 0x40, override: 0x20 } as const;

/** Whether the message is long enough and its options add up (§6.1, §7.1: one of length zero discards the whole). @internal */
export function isNd(b: Uint8Array, at: number, end: number): boolean {
  const fixed = ND_FIXED[b[at]];
  if (fixed === undefined || at + fixed > end || b[at + 1] !== 0) return false;
  for (let option = at + fixed; option < end; ) {
    if (option + 2 > end) return false;
    const length = b[option + 1] * 8;
    if (length === 0 || option + length > end) return false;
    option += length;
  }
  return true;
}

/** Offset of the link-layer address in the option `kind`, or -1. The message was checked by {@link isNd}. @internal */
export function linkAddressOption(b: Uint8Array, at: number, end: number, kind: number): number {
  const fixed = ND_FIXED[b[at]] ?? 0;
  for (let option = at + fixed; option + 8 <= end; option += b[option + 1] * 8) if (b[option] === kind) return option + 2;
  return -1;
}

/** A solicitation for `target`, without its checksum. @internal */
export function neighbourSolicitation(target: Uint8Array, mac: Uint8Array): Uint8Array {
  const b = new Uint8Array(32);
  b[0] = Icmp6.neighbourSolicitation;
  b.set(target, ND_TARGET);
  b.set([NdOption.sourceLinkAddress, 1], 24);
  b.set(mac, 26);
  return b;
}

/** An advertisement of `target`, without its checksum. @internal */
export function neighbourAdvertisement(target: Uint8Array, mac: Uint8Array, flags: number): Uint8Array {
  const b = new Uint8Array(32);
  b[0] = Icmp6.neighbourAdvertisement;
  b[4] = flags;
  b.set(target, ND_TARGET);
  b.set([NdOption.targetLinkAddress, 1], 24);
  b.set(mac, 26);
  return b;
}

/** A router's advertisement, without its checksum: a default router for `lifetime` seconds, with its prefixes on the link, none to make addresses of. @internal */
export function routerAdvertisement(
  mac: Uint8Array,
  mtu: number,
  prefixes: readonly { readonly bytes: Uint8Array; readonly length: number }[],
  lifetime: number,
): Uint8Array {
  const b = new Uint8Array(16 + 8 + 8 + 32 * prefixes.length);
  b[0] = Icmp6.routerAdvertisement;
  b[4] = 64;
  put16(b, 6, lifetime);
  b.set([NdOption.sourceLinkAddress, 1], 16);
  b.set(mac, 18);
  b.set([NdOption.mtu, 1], 24);
  put32(b, 28, mtu);
  let at = 32;
  for (const { bytes, length } of prefixes) {
    // On-link; not autonomous: an address that the network does not know would be dropped by the source check.
    b.set([NdOption.prefix, 4, length, 0x80], at);
    put32(b, at + 4, 86_400);
    put32(b, at + 8, 14_400);
    b.set(bytes, at + 16);
    at += 32;
  }
  return b;
}
