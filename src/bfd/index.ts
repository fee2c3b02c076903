/**
 * Bidirectional Forwarding Detection: whether a neighbour is still there, known within three missed packets.
 *
 * A router asks a `BfdService` (service.ts) to watch a neighbour. `engine.ts` is the one there is: it tells packets apart by
 * discriminator and address, gives each to its session (`session.ts`, a machine that `fsm.ts` moves), and suspects itself first: when
 * its own heartbeat is late, nobody's silence in that time counts. It knows no sockets: Node's run on a thread of their own
 * (`io/bfd-thread.ts`), so that a full table that is being taken in delays nothing; in tests and labs they are in memory. `wire/` turns
 * packets into values and back; `config.ts` has the defaults.
 *
 * RFCs: 5880 (asynchronous mode, poll sequences, jitter, administrative down), 5881 (single hop, GTSM), 5883 (multihop), 5882 (a BGP
 * session ends with it, or waits for it), 9384 (Cease/BFD Down).
 *
 * Not done: demand mode, the echo function, authentication (a packet that has it is dropped), dampening, micro-BFD, S-BFD,
 * unaffiliated echo; IPv6 link-local neighbours.
 */
export { type BfdConfig, type ResolvedBfd, resolveBfd } from './config.js';
export { type BfdDrops, BfdEngine, type BfdLink, type BfdLinks } from './engine.js';
export { memoryBfd } from './memory.js';
export type { BfdChange, BfdEvents, BfdService, BfdTarget, BfdWatch } from './service.js';
export {
  type BfdDiagnostic,
  type BfdDrop,
  BfdPort,
  type BfdState,
  type ControlPacket,
  decodeControl,
  encodeControl,
} from './wire/index.js';
