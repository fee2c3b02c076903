/** IANA numbers of the link and the network layer. */

/** @internal */
export const EtherType = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100, ipv6: 0x86dd, provider: 0x88a8, lldp: 0x88cc } as const;
/** @internal */
export const Protocol = {
  hopByHop: 0,
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  routing: 43,
  fragment: 44,
  ah: 51,
  icmp6: 58,
  none: 59,
  destination: 60,
  vrrp: 112,
} as const;
/** ICMP for IPv4 (RFC 792). @internal */
export const Icmp4 = { echoReply: 0, unreachable: 3, echo: 8, timeExceeded: 11, parameterProblem: 12 } as const;
/** Codes of {@link Icmp4.unreachable}. @internal */
export const Unreachable4 = { net: 0, host: 1, protocol: 2, port: 3, fragmentationNeeded: 4, prohibited: 13 } as const;
/** ICMP for IPv6 (RFC 4443) and Neighbour Discovery (RFC 4861). @internal */
export const Icmp6 = {
  unreachable: 1,
  packetTooBig: 2,
  timeExceeded: 3,
  parameterProblem: 4,
  echo: 128,
  echoReply: 129,
  mldQuery: 130,
  mldReport: 131,
  mldDone: 132,
  routerSolicitation: 133,
  routerAdvertisement: 134,
  neighbourSolicitation: 135,
  neighbourAdvertisement: 136,
  redirect: 137,
  mld2Report: 143,
} as const;
/** Codes of {@link Icmp6.unreachable}. @internal */
export const Unreachable6 = { noRoute: 0, prohibited: 1, address: 3, port: 4 } as const;
/** Options of Neighbour Discovery (RFC 4861 §4.6). @internal */
export const NdOption = { sourceLinkAddress: 1, targetLinkAddress: 2, prefix: 3, mtu: 5 } as const;
