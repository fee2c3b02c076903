/**
 * Recordings: records out of octets, and octets out of records. It knows files, frames and segments, and protocols only by their `wire/`.
 *
 * A capture goes through `pcap.ts` or `pcapng.ts` (frames, and damage where the file has any), `ip.ts` (IP packets, fragments put
 * together, and TCP segments), `tcp-stream.ts` (one direction in order; what never came, or the receiver has and nobody recorded, is a gap) and `bgp-streams.ts` (messages, each with
 * the context that the recorded OPENs agree on), or `ospf-packets.ts`. `mrt.ts` reads route collectors' files. `session.ts` turns a recorded side into a neighbour's
 * configuration, and plays it to a router. Opening files, gzip and bzip2 are `io/capture-file.ts`'s.
 *
 * Nothing here throws on what a file holds: everything before the damage is read, then comes one record that says so.
 *
 * Done: RFC 6396, RFC 8050; pcap and pcapng as the IETF drafts have them. Not done: reading while a file grows; RFC 6397 (geo-location);
 * OSPF and ISIS in MRT; link types beyond Ethernet, raw IP, Linux cooked, BSD null, PPP, Cisco HDLC, Frame Relay.
 */
export { bgpMessages, type CapturedMessage, capturedPackets } from './bgp-streams.js';
export { isMrt, type MrtMessage, type MrtRecord, type MrtRoute, type MrtStateChange, type MrtUnknown, readMrt } from './mrt.js';
export type { CapturedOspf } from './ospf-packets.js';
export { type Damage, type Frame, isPcap, readPcap, type WrittenFrame, writePcap } from './pcap.js';
export { isPcapng, readPcapng, writePcapng } from './pcapng.js';
export { neighbourFrom, openFrom, type RecordedNeighbour, type Replay, type ReplayOptions, replay } from './session.js';
