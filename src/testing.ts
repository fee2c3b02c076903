/**
 * For those who test against virtual routers: a clock to turn by hand, a network in memory, the suite that every forwarding table
 * must pass.
 *
 * @packageDocumentation
 */
export { type BfdDrops, BfdEngine, memoryBfd } from './bfd/index.js';
export { BgpSpeaker, type HeardRoute, type SpeakerConfig, type SpeakerEvents, type SpeakerOptions } from './bgp/speaker.js';
export * from './capture/index.js';
export { type Cancel, type Clock, ManualClock, type Millis } from './lib/clock.js';
export { MemoryDatagrams } from './lib/memory-datagrams.js';
export { MemoryTransport } from './lib/memory-transport.js';
export { type Random, seeded } from './lib/random.js';
export { type ContractCase, forwardingTableContract, type TableUnderTest } from './mapping/table-contract.js';
export { MemoryOspfLinks, OspfSegment } from './ospf/index.js';
export { Host } from './router/host.js';
