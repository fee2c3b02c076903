/** What a network and a router tell the program that they live in. */
import type { BfdChange } from '../bfd/index.js';
import type { SessionState } from '../bgp/events.js';
import type { LimitName } from '../bgp/limits.js';
import type { RefusalReason } from '../claims/reasons.js';
import type { Millis } from '../lib/clock.js';
import type { MappingChange, Position } from '../mapping/change.js';
import type { FailedPrefix } from '../mapping/forwarding-table.js';
import type { GrantChange } from '../mapping/journal.js';
import type { ClaimSource, NodeState } from '../network/config.js';
import type { NeighbourReason, OspfNeighbourState, OspfProblem } from '../ospf/events.js';
import type { CacheState } from '../rtr/events.js';
import type { SecurityFault } from '../stack/tcp/index.js';
import type { NeighbourRestart } from './attach/bgp/absence.js';
import type { GuardStatus } from './guard.js';
import type { SessionRefusalReason } from './session-refusals.js';

/** Where addresses are reached has changed, and the forwarding table has it. @public */
export interface MappingChanged {
  readonly network: string;
  /** In order, as one batch was applied. */
  readonly changes: readonly MappingChange[];
  /** Resume from here with `changesSince`. */
  readonly position: Position;
}

/** A claim that was refused. @public */
export interface RejectedClaim {
  readonly prefix: string;
  /** Who would hold it. */
  readonly node: string;
  /** Who spoke. */
  readonly speaker: string;
  readonly source: ClaimSource;
  /** `"bgp 10.0.1.10"`. */
  readonly from: string;
  readonly reason: RefusalReason;
  /** The reason as a sentence. */
  readonly message: string;
}

/** Claims were refused: one event a turn. @public */
export interface ClaimsRejected {
  readonly network: string;
  /** At most 1,000; {@link ClaimsRejected.total} counts all. */
  readonly claims: readonly RejectedClaim[];
  readonly total: number;
}

/** The forwarding table could not take a change: it will be tried again. @public */
export interface TableFailed {
  readonly network: string;
  /** Prefixes that failed by themselves. */
  readonly failed: readonly FailedPrefix[];
  /** Why the whole batch failed, if it did. */
  readonly error: string | undefined;
}

/** A listener of the program's threw. @public */
export interface ListenerFailed {
  readonly event: string;
  readonly error: unknown;
}

/** The blast-radius guard found something, or somebody decided. @public */
export interface GuardChange {
  readonly network: string;
  /**
   * `suspected`: too many were lost at once; `held`: claims of `nodes` are held; `let-go`: they ended after all; `kept`: they stay until
   * their sessions are back.
   */
  readonly state: 'suspected' | 'held' | 'let-go' | 'kept';
  readonly nodes: readonly string[];
  /** As it stands now; undefined when the suspicion is over. */
  readonly status: GuardStatus | undefined;
}

/** A node died, or is back. @public */
export interface NodeChange {
  readonly network: string;
  readonly node: string;
  readonly state: NodeState;
  /** `configured` (by {@link VirtualNetwork.setNodeState}), or who watched it and heard nothing, or heard it again. */
  readonly reason: string;
}

/** The network went on with its former life, or could not, or has now chosen its routes. @public */
export interface RestoreChange {
  readonly network: string;
  /** `restored`: the claims of before stand, marked. `unusable`: there was a snapshot, and it is not used. `over`: routes are told. */
  readonly state: 'restored' | 'unusable' | 'over';
  /** Claims that were restored. */
  readonly claims: number;
  /** When what nobody has said again ends, in milliseconds since the epoch. */
  readonly until: Millis | undefined;
  /** Why it is unusable. */
  readonly reason: string | undefined;
}

/** What is claimed could not be written to its file; it is tried again. @public */
export interface SnapshotFailed {
  readonly network: string;
  readonly path: string;
  readonly reason: string;
}

/** A network's events. Each listener is called with one argument. @public */
export interface NetworkEvents {
  /** The mapping changed and the forwarding table has it. One event a batch. */
  'mapping-change': [event: MappingChanged];
  /** Claims were refused. One event a turn. */
  'claim-rejected': [event: ClaimsRejected];
  /** A grant was given, changed, revoked, or ended. */
  'grant-change': [event: GrantChange];
  /** A node died, or is back: what it holds and claims is out, or in again. */
  'node-change': [event: NodeChange];
  /** The forwarding table refused changes. */
  'table-failure': [event: TableFailed];
  /** Too many were lost at once, and what became of it. */
  'guard-change': [event: GuardChange];
  /** After a restart. */
  'restore-change': [event: RestoreChange];
  /** The snapshot could not be written; told once until it can be again. */
  'snapshot-failure': [event: SnapshotFailed];
  /** A listener threw. */
  'listener-error': [event: ListenerFailed];
}

/** A neighbour's session came up or went down. @public */
export interface SessionChange {
  readonly router: string;
  /** The neighbour's configured name, or its address. */
  readonly neighbour: string;
  readonly address: string;
  readonly node: string;
  /** RFC 4271 §8.2.2. */
  readonly from: SessionState;
  readonly to: SessionState;
  /** Why, when it went down, or when a connection came to nothing. */
  readonly reason: string | undefined;
}

/** A connection that was turned away. @public */
export interface SessionRefused {
  readonly router: string;
  readonly address: string;
  readonly reason: SessionRefusalReason;
}

/** A neighbour came near one of its limits, or to it. @public */
export interface LimitReached {
  readonly router: string;
  readonly neighbour: string;
  readonly address: string;
  readonly node: string;
  readonly limit: LimitName;
  readonly used: number;
  readonly most: number;
  /** Only reported; the excess is not taken in; the session ends; its connection is read more slowly, or is full. */
  readonly action: 'warned' | 'refused' | 'shutdown' | 'held';
}

/**
 * A segment was dropped, since its peer's connections are protected (`password`, `tcpAo`, `ttlSecurity`) and it was not as it has to be. At
 * most 10 a second. Over frames only: the host's system drops without a word.
 *
 * @public
 */
export interface SegmentRefusal {
  readonly router: string;
  /** Whence it came. */
  readonly address: string;
  readonly port: number;
  /** The node at the port that it came in by. */
  readonly node: string | undefined;
  /**
   * `md5-missing`, `ao-missing`: it is not signed. `md5-unexpected`, `ao-unexpected`: it is, and there is no key. `md5-mismatch`, `ao-mismatch`:
   * it is signed with another key. `ao-unknown-key`: no key has its KeyID. `too-far-away`: its TTL is too low (RFC 5082).
   */
  readonly reason: SecurityFault;
}

/** A neighbour sent something malformed, and the session went on (RFC 7606). @public */
export interface MessageMalformed {
  readonly router: string;
  readonly neighbour: string;
  readonly message: string;
  /** Malformed messages of the session so far. */
  readonly count: number;
}

/** A neighbour's graceful restart began, went on, or is over. @public */
export interface RestartChange {
  readonly router: string;
  readonly neighbour: string;
  readonly address: string;
  readonly node: string;
  /** Undefined when it is over: nothing of the neighbour is kept any more that it does not say itself. */
  readonly restart: NeighbourRestart | undefined;
  readonly reason: string;
}

/** The BFD session of a neighbour, or of a node that is watched (`neighbour` is its address then), changed its state. @public */
export interface NeighbourBfdChange extends BfdChange {
  readonly router: string;
  readonly neighbour: string;
  readonly address: string;
  readonly node: string;
}

/** A neighbour or a node cannot be watched by BFD. @public */
export interface NeighbourBfdFailure {
  readonly router: string;
  readonly neighbour: string;
  readonly address: string;
  readonly reason: string;
}

/** The capture of a port could not be written, and ends there. @public */
export interface CaptureFailed {
  readonly router: string;
  readonly port: string;
  readonly path: string;
  readonly reason: string;
}

/** A session with an RPKI cache changed, or the data in use did. @public */
export interface CacheChange {
  readonly router: string;
  /** `"192.0.2.1 port 323"`. */
  readonly cache: string;
  readonly from: CacheState;
  readonly to: CacheState;
  /** Why, when it failed. */
  readonly reason: string | undefined;
}

/** An OSPF neighbour's state changed. @public */
export interface OspfChange {
  readonly router: string;
  /** Name of the instance. */
  readonly instance: string;
  readonly interface: string;
  readonly routerId: string;
  readonly address: string;
  /** Undefined where the neighbour is no node of the network. */
  readonly node: string | undefined;
  readonly from: OspfNeighbourState;
  readonly to: OspfNeighbourState;
  /** Why, when it went back to an earlier state. */
  readonly reason: NeighbourReason | undefined;
}

/** Something keeps an OSPF neighbour from coming up, or what it says from counting. Told once while it lasts. @public */
export interface OspfProblemEvent {
  readonly router: string;
  readonly instance: string;
  readonly interface: string;
  /** What: see {@link OspfProblem}; besides, the speaker may be no node of the network, or the device may have no address. */
  readonly problem: OspfProblem | 'unknown-node' | 'no-address';
  /** Where the packet came from; empty where it is no packet's fault. */
  readonly source: string;
  readonly routerId: string;
  readonly node: string | undefined;
  /** For people. */
  readonly detail: string;
}

/** A router's events: its network's, and those of its sessions. @public */
export interface RouterEvents extends NetworkEvents {
  /** Any change of a session's state. */
  'session-change': [event: SessionChange];
  /** A neighbour restarts gracefully: its claims are kept, marked, replaced or swept. */
  'restart-change': [event: RestartChange];
  /** A connection was turned away. */
  'session-refused': [event: SessionRefused];
  /** A neighbour came near one of its limits, or to it. */
  'limit-reached': [event: LimitReached];
  /** A segment was not signed as it has to be, or came from too far away. */
  'segment-refused': [event: SegmentRefusal];
  /** The capture of a port could not be written: it has no frames after that. Told once. */
  'capture-failure': [event: CaptureFailed];
  /** A malformed message was dealt with without ending the session. */
  'message-malformed': [event: MessageMalformed];
  /** A BFD session came up or went down, or is on its way. */
  'bfd-change': [event: NeighbourBfdChange];
  /** A neighbour that should be watched by BFD cannot be. Its session goes on without, or, where it waits for BFD (`strict`), is not established. */
  'bfd-failure': [event: NeighbourBfdFailure];
  /** The watcher stood still itself for so many milliseconds, so the silence of that time was held against nobody. */
  'bfd-stall': [event: { readonly router: string; readonly by: number }];
  /** An OSPF neighbour's state changed. */
  'ospf-change': [event: OspfChange];
  /** Why an OSPF neighbour does not come up, or is not heard. */
  'ospf-problem': [event: OspfProblemEvent];
  /** A session with an RPKI cache changed. */
  'cache-change': [event: CacheChange];
  /** The router listens. */
  listening: [event: { readonly router: string; readonly address: string; readonly port: number }];
}
