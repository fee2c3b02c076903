/** The whole vocabulary of an OSPF instance: what can happen to it and what it asks for. */
import type { InterfaceOptions } from './options.js';
import type { Authentication, PacketDrop } from './wire/index.js';

/** RFC 2328 §9.1. (A loopback has no state of its own here: it is a passive interface.) @public */
export type OspfInterfaceState = 'down' | 'waiting' | 'point-to-point' | 'dr-other' | 'backup' | 'dr';

/** RFC 2328 §10.1; `attempt` is for NBMA networks, which are not done. @public */
export type OspfNeighbourState = 'down' | 'init' | '2-way' | 'ex-start' | 'exchange' | 'loading' | 'full';

/** RFC 2328 §9.2. @internal */
export type InterfaceEvent =
  | { readonly type: 'interfaceUp' }
  | { readonly type: 'waitTimer' }
  | { readonly type: 'backupSeen' }
  | { readonly type: 'neighbourChange' }
  | { readonly type: 'interfaceDown' };

/** RFC 2328 §10.2. What brings a neighbour back to an earlier state says why. @internal */
export type NeighbourEvent =
  | { readonly type: 'helloReceived' }
  | { readonly type: 'twoWayReceived' }
  | { readonly type: 'negotiationDone' }
  | { readonly type: 'exchangeDone' }
  | { readonly type: 'badLsReq' }
  | { readonly type: 'loadingDone' }
  | { readonly type: 'adjOk' }
  | { readonly type: 'seqNumberMismatch'; readonly reason: NeighbourReason }
  | { readonly type: 'oneWayReceived' }
  | { readonly type: 'killNbr'; readonly reason: NeighbourReason }
  | { readonly type: 'inactivityTimer' };

/**
 * Why a neighbour went back to an earlier state, or lost its adjacency.
 *
 * - `inactivity`: nothing was heard of it for the dead interval.
 * - `one-way`: its Hellos no longer name us.
 * - `interface-down`, `removed`: our side of the link is gone, or was changed.
 * - `sequence-mismatch`, `options-changed`, `unexpected-init`: its Database Descriptions do not fit (RFC 2328 §10.6).
 * - `unknown-lsa-type`: a Database Description names a type that cannot be (§10.6).
 * - `bad-request`: it asked for what we do not have (§10.7), or what we asked for came older than announced (§13 step 6).
 * - `retransmit-limit`: too much waits for its acknowledgment.
 * - `no-adjacency`: neither is the designated router or its backup any longer (§10.4).
 * - `router-id-changed`: another router is at its address.
 * - `restarted`: its Hello says that it begins anew.
 * - `bfd-down`: BFD found it silent (RFC 5882 §4.2).
 *
 * @public
 */
export type NeighbourReason =
  | 'inactivity'
  | 'one-way'
  | 'interface-down'
  | 'removed'
  | 'sequence-mismatch'
  | 'options-changed'
  | 'unexpected-init'
  | 'unknown-lsa-type'
  | 'bad-request'
  | 'retransmit-limit'
  | 'no-adjacency'
  | 'router-id-changed'
  | 'restarted'
  | 'bfd-down';

/**
 * Why a packet on an interface counts for nothing: what wants to be mended when a neighbour does not come up. Besides
 * what is wrong with a packet by itself ({@link PacketDrop}):
 *
 * - `area-mismatch`: it is of another area (RFC 2328 §8.2).
 * - `instance-mismatch`: of another OSPFv3 instance (RFC 5340 §4.2.2.1).
 * - `own-router-id`: it has our router id: another router has the same, or a loop brings back what we sent.
 * - `duplicate-router-id`: two neighbours have one router id.
 * - `router-id-zero`: router id 0.0.0.0 is nobody's.
 * - `source-off-link`: its source is not on the interface's network (RFC 2328 §8.2).
 * - `mask-mismatch`, `hello-interval-mismatch`, `dead-interval-mismatch`, `area-type-mismatch`: §10.5; the last is the E bit and N bit.
 * - `family-mismatch`: an OSPFv3 instance of another address family (RFC 5838 §2.4).
 * - `mtu-mismatch`: its Database Descriptions say that it sends larger packets than we can take (§10.6).
 * - `network-type-mismatch`: it is fully adjacent, and takes the link for point-to-point where we elect a designated router, or the other way
 *   about: no path leads over the link (§16.1).
 * - `unknown-neighbour`: it is no Hello, and no Hello of that router came before.
 * - `neighbour-limit`, `lsa-limit`: more than one interface, or one neighbour, may have.
 * - `passive`: the interface sends and takes nothing.
 * - `not-designated`: it is for designated routers, which we are none of there.
 * - `lsa-checksum`: an LSA in it has a wrong checksum; the others are taken.
 *
 * @public
 */
export type OspfProblem =
  | PacketDrop
  | 'area-mismatch'
  | 'instance-mismatch'
  | 'own-router-id'
  | 'duplicate-router-id'
  | 'router-id-zero'
  | 'source-off-link'
  | 'mask-mismatch'
  | 'hello-interval-mismatch'
  | 'dead-interval-mismatch'
  | 'area-type-mismatch'
  | 'family-mismatch'
  | 'mtu-mismatch'
  | 'network-type-mismatch'
  | 'unknown-neighbour'
  | 'neighbour-limit'
  | 'lsa-limit'
  | 'passive'
  | 'not-designated'
  | 'lsa-checksum';

/** @internal */
export type OspfEvent =
  | { readonly type: 'interfaceAdded'; readonly options: InterfaceOptions }
  | { readonly type: 'interfaceUp' | 'interfaceDown' | 'interfaceRemoved'; readonly interface: string }
  /** Packets there are authenticated otherwise from now on: by other keys. */
  | { readonly type: 'interfaceRekeyed'; readonly interface: string; readonly authentication: Authentication }
  /** The payload of an IP packet of protocol 89. */
  | {
      readonly type: 'packet';
      readonly interface: string;
      readonly source: Uint8Array;
      readonly destination: Uint8Array;
      readonly bytes: Uint8Array;
    }
  /** BFD found a neighbour silent. `independent`: what answers BFD there does not restart with OSPF (RFC 5882 §4.3). */
  | { readonly type: 'neighbourSilent'; readonly interface: string; readonly routerId: number; readonly independent: boolean }
  /** What is told of other sources changed; undefined ends it. */
  | { readonly type: 'externals'; readonly changes: readonly ExternalRoute[] }
  /** We are to be passed only if there is no other way, or not any more (RFC 6987). */
  | { readonly type: 'stubRouter'; readonly on: boolean }
  /** Everything of ours is taken back, and nobody is spoken to any more. */
  | { readonly type: 'stop' };

/** A route that we tell as boundary router of the AS. @internal */
export interface ExternalRoute {
  readonly bytes: Uint8Array;
  readonly length: number;
  /** Undefined: it is told no longer. */
  readonly metric: { readonly value: number; readonly type: 1 | 2; readonly tag: number } | undefined;
}

/** @internal */
export type OspfEffect =
  /** A packet to send with TTL 1, precedence internetwork control. */
  | { readonly type: 'send'; readonly interface: string; readonly destination: Uint8Array; readonly bytes: Uint8Array }
  | { readonly type: 'interfaceChanged'; readonly interface: string; readonly from: OspfInterfaceState; readonly to: OspfInterfaceState }
  | {
      readonly type: 'neighbourChanged';
      readonly interface: string;
      readonly routerId: number;
      readonly address: Uint8Array;
      readonly from: OspfNeighbourState;
      readonly to: OspfNeighbourState;
      readonly reason: NeighbourReason | undefined;
    }
  /** Told once while it lasts, for each interface, sender and problem. */
  | {
      readonly type: 'problem';
      readonly interface: string;
      readonly problem: OspfProblem;
      readonly source: Uint8Array;
      readonly routerId: number;
      readonly detail: string;
    }
  /** Destinations whose paths changed: their numbers in the table of routes, each once. `more`: what changed them changes others, which come in later turns. */
  | { readonly type: 'routesChanged'; readonly routes: readonly number[]; readonly more: boolean };

/** IPv4 as a number, IPv6 as a text: see `routes.ts`. @internal */
export type RouteKey = number | string;
