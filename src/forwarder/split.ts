import type { LocalDelivery } from '../stack/local.js';
import { Arp, ArpOperation, isArp } from '../stack/wire/arp.js';
import { EtherType, Icmp4, Icmp6, Protocol } from '../stack/wire/codes.js';
import { ETHERNET } from '../stack/wire/ethernet.js';
import { headerLength4, IPV4, isFragment4 } from '../stack/wire/ipv4.js';
import { IPV6, isLinkLocal } from '../stack/wire/ipv6.js';
import { isZero, sameAt, u16, u32 } from '../stack/wire/octets.js';

/** Whose a frame from a guest is: bits. @internal */
export const Share = { forwarder: 1, router: 2, both: 3 } as const;

/**
 * Whose the frame at `[start, end)` from a guest is.
 *
 * The forwarder's is what can be answered or passed on by the mapping and the configuration alone: packets for others, ARP requests and
 * neighbour solicitations, router solicitations, echo requests. The router's is what may change the mapping or speaks to its protocols:
 * whatever else is for its addresses or a group, and probes (RFC 5227, duplicate address detection), whose answer depends on grants.
 * Announcements and replies of ARP and Neighbour Discovery are both's: claims to the one, MACs to the other.
 *
 * @internal
 */
export function shareOf(
  local: Pick<LocalDelivery, 'isOurs4' | 'isBroadcast4' | 'isOurs6'>,
  b: Uint8Array,
  start: number,
  end: number,
): number {
  if (end - start < ETHERNET) return Share.forwarder; // which drops it, and counts it
  const at = start + ETHERNET;
  switch (u16(b, start + 12)) {
    case EtherType.arp:
      return isArp(b, at, end) ? ofArp(b, at) : Share.forwarder;
    case EtherType.ipv4:
      return end - at < IPV4 ? Share.forwarder : ofIpv4(local, b, at, end);
    case EtherType.ipv6:
      return end - at < IPV6 ? Share.forwarder : ofIpv6(local, b, at, end);
    default:
      return Share.forwarder;
  }
}

function ofArp(b: Uint8Array, at: number): number {
  if (isZero(b, at + Arp.sender, 4)) return Share.router;
  const announcement = sameAt(b, at + Arp.sender, b, at + Arp.target, 4);
  return announcement || u16(b, at + Arp.operation) === ArpOperation.reply ? Share.both : Share.forwarder;
}

function ofIpv4(local: Pick<LocalDelivery, 'isOurs4' | 'isBroadcast4'>, b: Uint8Array, at: number, end: number): number {
  const target = u32(b, at + 16);
  if (target >>> 28 >= 14 || local.isBroadcast4(target | 0)) return Share.router;
  if (!local.isOurs4(target | 0)) return Share.forwarder;
  const upper = at + headerLength4(b, at);
  const echo = b[at + 9] === Protocol.icmp && !isFragment4(b, at) && upper < end && b[upper] === Icmp4.echo;
  return echo ? Share.forwarder : Share.router;
}

function ofIpv6(local: Pick<LocalDelivery, 'isOurs6'>, b: Uint8Array, at: number, end: number): number {
  const group = b[at + 24] === 0xff;
  if (!group && !local.isOurs6(b, at + 24)) return isLinkLocal(b, at + 24) ? Share.router : Share.forwarder;
  if (b[at + 6] !== Protocol.icmp6 || at + IPV6 >= end) return Share.router;
  switch (b[at + IPV6]) {
    case Icmp6.echo:
      return group ? Share.router : Share.forwarder;
    case Icmp6.routerSolicitation:
      return Share.forwarder;
    case Icmp6.neighbourSolicitation:
      return isZero(b, at + 8, 16) ? Share.router : Share.forwarder;
    case Icmp6.neighbourAdvertisement:
      return Share.both;
    default:
      return Share.router;
  }
}
