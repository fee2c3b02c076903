import type { Family } from '../lib/address.js';
import type { Millis } from '../lib/clock.js';
import type { Prefix } from '../lib/prefix.js';
import type { Authentication, OspfVersion } from './wire/index.js';

/** What a link is to OSPF (RFC 2328 §1.2). @public */
export type OspfInterfaceType = 'point-to-point' | 'broadcast' | 'point-to-multipoint';

/** @public */
export type OspfAreaType = 'normal' | 'stub' | 'nssa';

/** RFC 3101 §2.1, NSSATranslatorRole. @public */
export type NssaTranslatorRole = 'candidate' | 'always';

/** An address range of an area (RFC 2328 C.2), resolved. @internal */
export interface AreaRange {
  readonly prefix: Prefix;
  /** False: what lies in it is not told to other areas. */
  readonly advertise: boolean;
}

/** An address range of an NSSA's externals (RFC 3101 §2.2), resolved. @internal */
export interface NssaRange {
  readonly prefix: Prefix;
  /** False: what lies in it is not told beyond the area. */
  readonly advertise: boolean;
  /** Undefined: it follows from what lies in it. */
  readonly metric: number | undefined;
  readonly tag: number;
}

/** An area, resolved. @internal */
export interface AreaOptions {
  readonly id: number;
  readonly type: OspfAreaType;
  /** Whether summaries of other areas are told in a stub area or NSSA; false makes it "totally stubby". */
  readonly summaries: boolean;
  /** Cost of the default route that a border router tells in a stub area or NSSA. */
  readonly defaultCost: number;
  /** What is told to other areas in place of the networks in it. */
  readonly ranges: readonly AreaRange[];
  /** What is told beyond an NSSA in place of the externals in it. */
  readonly nssaRanges: readonly NssaRange[];
  /** NSSAs: whether a border router translates whatever others do (RFC 3101 §2.1). */
  readonly translatorRole: NssaTranslatorRole;
  /** How long it goes on translating once another one is elected. */
  readonly translatorStability: Millis;
}

/** An interface, resolved. @internal */
export interface InterfaceOptions {
  readonly name: string;
  readonly area: number;
  readonly type: OspfInterfaceType;
  /** Announced, but no packet is sent or taken. */
  readonly passive: boolean;
  readonly cost: number;
  readonly priority: number;
  readonly helloInterval: Millis;
  readonly deadInterval: Millis;
  readonly rxmtInterval: Millis;
  /** Seconds added to the age of what is sent (InfTransDelay). */
  readonly transmitDelay: number;
  /** Octets of the largest IP packet. */
  readonly mtu: number;
  readonly ignoreMtu: boolean;
  /** Our address there: OSPFv2 the IPv4 address, OSPFv3 the link-local one. */
  readonly address: Uint8Array;
  /** Where packets of the family are sent to reach us: the address, but in an OSPFv3 instance of IPv4 an IPv4 address (RFC 5838 §2.5). */
  readonly nextHop: Uint8Array;
  /** An address of ours there that others in the AS can send to: none is link-local. */
  readonly forwarding: Uint8Array | undefined;
  /** OSPFv2: length of the mask; 32 where it is unnumbered. */
  readonly maskLength: number;
  /** What is connected, to be announced. */
  readonly prefixes: readonly { readonly bytes: Uint8Array; readonly length: number }[];
  /** OSPFv3; for OSPFv2 the number of an unnumbered interface. */
  readonly interfaceId: number;
  /** OSPFv3 instance (RFC 5340 §2.4, RFC 5838 §2.1). */
  readonly instance: number;
  readonly authentication: Authentication;
  /** Most neighbours on it. */
  readonly neighbourLimit: number;
}

/** RFC 8405, milliseconds. @internal */
export interface SpfDelays {
  readonly initial: Millis;
  readonly short: Millis;
  readonly long: Millis;
  readonly timeToLearn: Millis;
  readonly holdDown: Millis;
}

/** An instance of the engine, resolved. @internal */
export interface OspfOptions {
  readonly version: OspfVersion;
  readonly family: Family;
  readonly routerId: number;
  readonly areas: readonly AreaOptions[];
  readonly spf: SpfDelays;
  /** Most seconds that a restarting neighbour is held for up (RFC 3623 §3.1); 0 for none. */
  readonly helper: number;
  /** Announce that we are to be passed only if there is no other way (RFC 6987). */
  readonly stubRouter: boolean;
  /** LSAs heard from one neighbour that are kept, and those that may wait for its acknowledgment. */
  readonly lsaLimit: number;
  readonly retransmitLimit: number;
}

/** RFC 8405 §5's timers, with the values of its §6: the first calculation at once, in a storm every five seconds at most. @internal */
export const SPF_DELAYS: SpfDelays = { initial: 50, short: 200, long: 5000, timeToLearn: 500, holdDown: 10_000 };

/** What an area is unless told otherwise. @internal */
export const AREA_DEFAULTS = {
  type: 'normal',
  summaries: true,
  defaultCost: 1,
  ranges: [],
  nssaRanges: [],
  translatorRole: 'candidate',
  translatorStability: 40_000,
} as const satisfies Partial<AreaOptions>;

/** What an interface is unless told otherwise. @internal */
export const INTERFACE_DEFAULTS = {
  type: 'point-to-point',
  passive: false,
  cost: 10,
  priority: 1,
  helloInterval: 10_000,
  deadInterval: 40_000,
  rxmtInterval: 5000,
  transmitDelay: 1,
  mtu: 1500,
  ignoreMtu: false,
  instance: 0,
  authentication: { type: 'null' },
  neighbourLimit: 256,
} as const satisfies Partial<InterfaceOptions>;

/** What an instance is unless told otherwise. @internal */
export const INSTANCE_DEFAULTS = {
  spf: SPF_DELAYS,
  helper: 1800,
  stubRouter: false,
  lsaLimit: 100_000,
  retransmitLimit: 100_000,
} as const satisfies Partial<OspfOptions>;
