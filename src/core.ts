/**
 * Virtual routers without Node: no sockets, no clock, no files. Bring a {@link Host} of your own: an in-memory transport and a
 * {@link ManualClock} for a simulation, or whatever carries bytes where you run.
 *
 * @packageDocumentation
 */
export type {
  BfdAuthenticationConfig,
  BfdAuthenticationType,
  BfdChange,
  BfdConfig,
  BfdDampeningConfig,
  BfdDiagnostic,
  BfdDrop,
  BfdDropReason,
  BfdDrops,
  BfdEvents,
  BfdKeyConfig,
  BfdService,
  BfdSignal,
  BfdState,
  BfdTarget,
  BfdWatch,
} from './bfd/index.js';
export type { DownReason, SessionState } from './bgp/events.js';
export type { InvalidRemedy, NeighbourRpki } from './bgp/import.js';
export type { LimitName, LimitStatus, LimitsConfig } from './bgp/limits.js';
export type { Negotiated } from './bgp/negotiation.js';
export type {
  Bounds,
  PolicyConfig,
  PolicyDecision,
  PolicyFunction,
  PolicyRoute,
  PolicyRule,
  PrefixPattern,
  RuleChanges,
  RuleMatch,
} from './bgp/policy/index.js';
export { BgpSpeaker, type HeardRoute, type SpeakerConfig, type SpeakerEvents, type SpeakerOptions } from './bgp/speaker.js';
export type {
  AddPathEntry,
  Aggregator,
  AsSegment,
  Capability,
  ExtendedNextHopEntry,
  FamilyName,
  MpReach,
  MpUnreach,
  Nlri,
  Origin,
  PathAttributes,
  Role,
  UnicastFamily,
  UnknownAttribute,
  WireContext,
} from './bgp/wire/index.js';
export type { Cause } from './claims/feed.js';
export { type RefusalReason, VERDICTS, type VerdictCode, verdictSentence } from './claims/reasons.js';
export { MemoryForwardingTable } from './fib/memory-table.js';
export { type Cancel, type Clock, ManualClock, type Millis } from './lib/clock.js';
export type { Compiler } from './lib/compiler.js';
export { type Problem, UsageError, type UsageErrorCode, WireError } from './lib/errors.js';
export type { HistogramSnapshot } from './lib/histogram.js';
export { type Logger, type LogLine, silentLogger } from './lib/logger.js';
export { MemoryTransport } from './lib/memory-transport.js';
export { type Random, seeded } from './lib/random.js';
export type { SecretConfig, SecretPlace, SecretReader } from './lib/secrets.js';
export type {
  AoAlgorithm,
  Connection,
  ConnectionBounds,
  ConnectionEvents,
  ConnectionSecurity,
  DialEvents,
  Dialler,
  DialOptions,
  Endpoint,
  Listener,
  ListenOptions,
  MasterKey,
  SecuredPeers,
  TlsClient,
  Transport,
} from './lib/transport.js';
export type { OriginState, PathState } from './lib/validation.js';
export type { MappingChange, MappingEntry, Position } from './mapping/change.js';
export type { ApplyResult, FailedPrefix, ForwardingTable, MappingBatch, PacketLookup, TableControl } from './mapping/forwarding-table.js';
export type { GrantChange, JournalEntry } from './mapping/journal.js';
export type { Target, Targets } from './mapping/target.js';
export type { MoveTiming } from './mapping/timing.js';
export {
  type ClaimSource,
  type DampeningConfig,
  DEFAULT_PREFERENCE,
  type DecisionConfig,
  type ForwarderConfig,
  type GrantConfig,
  type GuardConfig,
  type HolderConfig,
  type LinkConfig,
  type NetworkConfig,
  type NodeConfig,
  type NodeState,
  type RestartConfig,
  type StaticRouteConfig,
  type SubnetConfig,
  type Takeover,
} from './network/config.js';
export type {
  NeighbourReason,
  NssaTranslatorRole,
  OspfAreaConfig,
  OspfAreaRangeConfig,
  OspfAreaType,
  OspfAuthenticationConfig,
  OspfHash,
  OspfInstanceConfig,
  OspfInterfaceConfig,
  OspfInterfaceState,
  OspfInterfaceType,
  OspfKeyConfig,
  OspfLink,
  OspfLinkEvents,
  OspfLinks,
  OspfNeighbourState,
  OspfNssaRangeConfig,
  OspfProblem,
  OspfVersion,
  PacketDrop,
} from './ospf/index.js';
export type { StaleReason } from './rib/claim-records.js';
export type { DecisionStep } from './rib/decision.js';
export type { NeighbourRestart } from './router/attach/bgp/absence.js';
export type { RestartPhase } from './router/attach/bgp/retained-claims.js';
export type { LinkStatus } from './router/attach/link/attachment.js';
export type { VrrpStatus } from './router/attach/link/vrrp.js';
export type { BfdStatus } from './router/attach/neighbour-watch.js';
export type { NodeWatchStatus } from './router/attach/node-watch.js';
export type { OspfInterfaceStatus, OspfNeighbourStatus, OspfStatus } from './router/attach/ospf/speaker.js';
export type { CacheStatus } from './router/attach/rtr.js';
export type { ClaimFilter, ClaimView } from './router/claim-view.js';
export type {
  AccessRuleConfig,
  AddressFamily,
  AdvertiseConfig,
  ExportKind,
  InterfaceConfig,
  ListenConfig,
  NeighbourConfig,
  OriginateConfig,
  PrefixListEntry,
  RouterConfig,
  RpkiConfig,
  TcpAoKeyConfig,
  WatchConfig,
} from './router/config.js';
export type {
  CacheChange,
  CaptureFailed,
  ClaimsRejected,
  GuardChange,
  LimitReached,
  ListenerFailed,
  MappingChanged,
  MessageMalformed,
  NeighbourBfdChange,
  NeighbourBfdFailure,
  NetworkEvents,
  NodeChange,
  OspfChange,
  OspfProblemEvent,
  RejectedClaim,
  RestartChange,
  RestoreChange,
  RouterEvents,
  SegmentRefusal,
  SessionChange,
  SessionRefused,
  SnapshotFailed,
  TableFailed,
} from './router/events.js';
export { type ExplainedClaim, type Explanation, formatExplanation } from './router/explain.js';
export { Guard, type GuardState, type GuardStatus } from './router/guard.js';
export { Host } from './router/host.js';
export type { ClaimRequest, Lease } from './router/lease.js';
export type { NeighbourStatus } from './router/neighbour-status.js';
export type { OspfConfig, OspfExportConfig, OspfLinkConfig } from './router/ospf-config.js';
export { renderPrometheus } from './router/prometheus.js';
export { type RehearsalParts, rehearse } from './router/rehearsal.js';
export { SESSION_REFUSALS, type SessionRefusalReason } from './router/session-refusals.js';
export type { ClaimSnapshot, FeedSnapshot, NetworkSnapshot } from './router/snapshot.js';
export { IsolatedEmitter } from './router/turn.js';
export {
  type ChangesSince,
  type FormerLife,
  type NetworkCounts,
  type NetworkOptions,
  type Reconfigured,
  VirtualNetwork,
} from './router/virtual-network.js';
export { type RouterMetrics, type RouterOptions, type StopOptions, VirtualRouter } from './router/virtual-router.js';
export { formatWhy, type Why } from './router/why.js';
export type { CacheConfig, CacheTls } from './rtr/config.js';
export type { CacheState } from './rtr/events.js';
export type { RtrVersion } from './rtr/wire/index.js';
export type { PortConfig, PortOpener } from './stack/config.js';
export {
  type CableEnd,
  type CableOptions,
  DROPS,
  type DropReason,
  type FrameReceiver,
  memoryCable,
  type Port,
  type PortCounters,
  type WithheldAnswer,
} from './stack/index.js';
export type { SecurityFault } from './stack/tcp/index.js';
