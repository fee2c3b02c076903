/**
 * Frames and packets as octets, read and changed in place. Functions over a frame and an offset: nothing is made per frame, nothing is
 * remembered, and nothing here decides.
 *
 * A file is a header: `ethernet.ts`, `arp.ts`, `ipv4.ts`, `ipv6.ts`, `icmp.ts` (of both families), `nd.ts`, `udp.ts`, `tcp.ts`, `vxlan.ts`. Each names its
 * offsets and sizes, says whether octets are a whole one (`isUdp`, say), and writes one. `checksum.ts` adds up, and amends a sum when one field changes.
 * `codes.ts` names IANA's numbers, `octets.ts` reads and writes words.
 *
 * Who calls has looked that the octets are there: `../stack.ts` checks a frame's size, each `is...` that of what it is about.
 *
 * RFCs: 768, 791, 792, 826, 1071, 1624, 4443, 4861, 8200, 7348 (§5), 9293 (§3.1). Source routes (IPv4 options) are refused as RFC 7126 says. Not done: VLAN
 * tags (such frames are dropped, and counted); IPv6 extension headers are passed over to find the transport, and looked into only where the packet is for us.
 */
export {};
