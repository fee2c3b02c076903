/**
 * The emulated link: a guest has a plain Ethernet interface and sees a router that answers ARP and Neighbour Discovery, forwards, and
 * sends ICMP; none of it exists but here.
 *
 * A frame comes in by a `port.ts` (a cable in memory is `memory-cable.ts`; VXLAN, QEMU's sockets and TAP are in `io/`) to `stack.ts`,
 * which knows the `link.ts` of each port and the node that is there: the port says who a frame is from, and never the frame.
 * `resolution.ts` answers who has an address; `neighbour.ts` is what we know of a guest's MAC,
 * `advertiser.ts` when it is told of the router. `forwarding.ts` is the fast path: checks,
 * the source check, look-up in the forwarding table, TTL, MACs, out; in place, nothing made per frame. `flow-hash.ts` shares flows among
 * targets, an ICMP error being of the flow that it is about, and `flow-table.ts` knows those of late, so that old ones end where they are when a target is drained. `access.ts` is the rules on what may pass. `local.ts` takes what is for the router itself: echo, reassembly (`reassembly.ts`),
 * transports by the seam of `ip-layer.ts`, of which `udp.ts` is one and `tcp/` another. `wire/` reads and writes octets in place. `drops.ts`
 * names every reason to drop a frame, and each
 * is counted; `limits.ts` has what the node at a port may use up.
 *
 * **Who may send what.** A packet's source must be an address of the node at the port, or one that the mapping gives to that node now (as
 * holder, or as gateway for what lies behind it); the addresses of the network's routers, `::` and `::1` are nobody's, whatever a prefix covers. Exceptions, all of link scope and none of them forwarded:
 *
 * | Source | Destination | What for |
 * | --- | --- | --- |
 * | 0.0.0.0, as ARP's sender | | ARP probes (RFC 5227 §2.1.1) |
 * | the address announced, as ARP's sender | | ARP announcements: a claim, and refused as such where there is no grant |
 * | `::` | a group | duplicate address detection, MLD |
 * | 0.0.0.0 port 68 | 255.255.255.255 port 67 | DHCP |
 * | fe80::/10 | the router, or a group | Neighbour Discovery, MLD, routing protocols |
 * | the address announced | the router, or a group | neighbour advertisements: a claim, or the answer of who is asked whether it still has what it claims |
 * | any MAC | | sender MACs are not checked, as the port is the identity: VRRP's virtual MAC passes |
 *
 * **What a frame may be.** Untagged Ethernet II. VLAN tags, LLDP and 802.1D's reserved groups, unknown EtherTypes, runts, jumbos, unicast for
 * another MAC are dropped and counted; groups are heard for the router's own protocols and forwarded to nobody. Of
 * groups, ARP, Neighbour Discovery and what is sent to the router itself, 1,000 frames a second and link are looked at; of TCP segments that belong
 * to no connection, 200. Of VRRP's
 * advertisements, 250. So a guest that floods takes a bounded share of the router's time.
 *
 * Within a subnet the router stands in for a switch (TTL stays); between subnets it takes one off, and so does each router on the way to a
 * node elsewhere: routers of one network are joined by cables, and a static route says which is next towards the node. ICMP errors are at most 100 a
 * second and link. Of what comes over a cable from another router, these bounds are each guest's own.
 *
 * RFCs: 768, 791, 792, 826, 1112 (group MACs), 1624, 1812 (forwarding and errors, no redirects), 2464, 4291 (link-local), 4443, 4861 (router's
 * side), 5227 (probes and announcements), 5722, 8200.
 *
 * A target of several that is drained (weight zero) keeps the flows that it has: where each of the last 65,536 flows to shared addresses went is
 * known until it has been quiet for five minutes. A connection that reuses the ports of one of those within that time counts as the old one.
 * Where an address that is not shared goes from one node to another, all its flows go along at once.
 *
 * Not done: DHCP; IGMP and multicast forwarding;
 * redirects; SLAAC addresses (an address that the network does not know is dropped); nodes behind several ports, several nodes behind one
 * port (a VXLAN socket has a port for each pair of far end and VNI); link-local traffic between guests; parts of IPv4
 * packets made by us leave options out.
 */
export { DROPS, type DropReason } from './drops.js';
export type { IpDatagram, IpError, IpLayer, IpReceiver } from './ip-layer.js';
export type { WithheldAnswer } from './limits.js';
export { type CableEnd, type CableOptions, memoryCable } from './memory-cable.js';
export type { FrameReceiver, Port, PortCounters } from './port.js';
