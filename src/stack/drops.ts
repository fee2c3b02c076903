/**
 * Why a frame went no further. Each reason is a counter, of the link that the frame came in by; none is ever an exception.
 *
 * @public
 */
export const DROPS = [
  /** Shorter than an Ethernet header. */
  'runt',
  /** Longer than the port's MTU and the header. */
  'jumbo',
  /** VLAN tags (802.1Q, 802.1ad): ports are untagged. */
  'vlan',
  /** LLDP, and everything else sent to 01:80:c2:00:00:0x, which a bridge keeps for itself (802.1D §7.12.6). */
  'link-local-control',
  /** An EtherType that is none of ARP, IPv4, IPv6. */
  'unknown-ethertype',
  /** A destination MAC that is neither the router's nor a group's. */
  'other-mac',
  /** Not ARP for IPv4 over Ethernet, or cut short. */
  'malformed-arp',
  'malformed-ip',
  'bad-checksum',
  /** Neighbour Discovery that fails RFC 4861 §6.1, §7.1: hop limit, checksum, options. */
  'malformed-nd',
  'malformed-icmp',
  /** VRRP that fails RFC 9568 §7.1: TTL, version, length, checksum. */
  'malformed-vrrp',
  /** Source routes, and IPv4 options that make no sense (RFC 7126); for the router itself, IPv6 options that it would have to know (RFC 8200 §4.2). */
  'refused-options',
  /** No node is at the port. */
  'no-node',
  /** The source address is not the node's own, nor one that it holds now. */
  'source-not-held',
  /** An access rule denies the packet. */
  'access-denied',
  /** Nothing maps the destination. */
  'no-route',
  /** The destination's node is at no port, or down. */
  'no-port',
  'ttl-exceeded',
  'too-big',
  /** The mapping says to discard. */
  'discard',
  /** Broadcast and multicast are not forwarded; only the router's own groups are heard. */
  'group',
  /** No transport takes the protocol, or nobody listens at the port of UDP. */
  'no-protocol',
  /** The node at the port did not answer ARP or ND, or too much waited for it. */
  'unresolved',
  /** Fragments for the router that did not become whole, or too many of them. */
  'reassembly',
  /** TCP: the node has as many connections as it may, or as many that are not open yet: the oldest of these gives way. */
  'too-many-connections',
  'too-many-half-open',
  /** TCP: not signed as it has to be, signed where nothing is agreed on, or from too far away (`segment-refused` says which). */
  'unauthenticated',
  /** The node announces more addresses by ARP, Neighbour Discovery or VRRP, or more virtual routers, than it may. */
  'too-many-claims',
  /** Too many frames came in while one was being dealt with, or too many a second that the router itself has to deal with. */
  'overload',
] as const;

/** @public */
export type DropReason = (typeof DROPS)[number];

/** Frames dropped, by reason. @internal */
export type DropCounters = Record<DropReason, number>;

/** @internal */
export function noDrops(): DropCounters {
  return Object.fromEntries(DROPS.map((reason) => [reason, 0])) as DropCounters; // one entry for each reason
}
