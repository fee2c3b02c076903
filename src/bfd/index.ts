/**
 * Bidirectional Forwarding Detection: whether a neighbour is still there, known within three missed packets.
 *
 * A router asks a `BfdService` (service.ts) to watch a neighbour. `engine.ts` is the one there is: it tells packets apart by
 * discriminator and address, gives each to its session (`session.ts`, a machine that `fsm.ts` moves; `watched.ts` is a session with its
 * link, shared by all who watch that neighbour, of whom each is a `client.ts`), and suspects itself first: when its own heartbeat is late,
 * nobody's silence in that time counts. `authenticator.ts` has the keys and sequence numbers of a session, `dampening.ts` holds back one
 * that flaps, `drops.ts` counts what is not taken. The engine knows no sockets: Node's run on a thread of their own (`io/bfd-thread.ts`), so that a full table that is being
 * taken in delays nothing; at the ports of a router it runs over the emulated wire (`router/attach/link/bfd.ts`); in tests and labs
 * datagrams are in memory. `wire/` turns packets into values and back; `config.ts` has the defaults.
 *
 * RFCs: 5880 (asynchronous and demand mode, the echo function, poll sequences, jitter, authentication of every kind, administrative down,
 * forwarding plane reset, concatenated paths), 5881 (single hop, GTSM, IPv6 link-local neighbours), 5883 (multihop), 5882 (a BGP session
 * ends with it, or waits for it; bit C; all who watch one neighbour share a session), 9384 (Cease/BFD Down).
 *
 * Over the host's sockets echo packets go by packet sockets, to the MAC that the neighbour speaks from (`io/bfd-echo.ts`); the neighbour's
 * come back to it by the kernel where that forwards, else by the BFD thread, which shares the fate of BFD and not that of a forwarder.
 *
 * Not done: echo packets from another address than the one that the session is on (RFC 5881 §4 would have it, against ICMP redirects), those
 * of FRR over IPv6 (which it sends to the neighbour's address, not to its own), micro-BFD, S-BFD, unaffiliated echo, a passive
 * role. BGP's strict mode (draft-ietf-idr-bgp-bfd-strict-mode) is in `bgp/fsm.ts`. We never set bit C: BFD runs beside the rest, but the forwarding table is this process's.
 */
export {
  type BfdAuthenticationConfig,
  type BfdConfig,
  type BfdDampeningConfig,
  type BfdKeyConfig,
  type ResolvedBfd,
  resolveBfd,
  strictness,
} from './config.js';
export { type BfdDropReason, type BfdDrops, DropCounts } from './drops.js';
export { type BfdArrival, BfdEngine, type BfdLinks } from './engine.js';
export type { BfdSignal } from './events.js';
export { memoryBfd } from './memory.js';
export type { BfdChange, BfdEvents, BfdService, BfdTarget, BfdWatch } from './service.js';
export type { BfdLink } from './watched.js';
export {
  type BfdAuthentication,
  type BfdAuthenticationType,
  type BfdDiagnostic,
  type BfdDrop,
  BfdPort,
  type BfdState,
  type ControlPacket,
  decodeControl,
  encodeControl,
} from './wire/index.js';
