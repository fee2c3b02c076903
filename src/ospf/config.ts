/** What the protocol is configured with. Plain JSON, as the YAML file. What of the network is told by it is the router's (`router/ospf-config.ts`). */
import type { NssaTranslatorRole, OspfAreaType, OspfInterfaceType } from './options.js';
import type { OspfHash, OspfVersion } from './wire/index.js';

/** An instance of the protocol, with one area or several. @public */
export interface OspfInstanceConfig {
  /** Shown in events and metrics. Default `"ospf"`, `"ospf6"` for OSPFv3. Unique in the router. */
  readonly name?: string;
  /** 2 is OSPFv2 (RFC 2328), for IPv4; 3 is OSPFv3 (RFC 5340). Default 2. */
  readonly version?: OspfVersion;
  /** OSPFv3: the family of its prefixes (RFC 5838). Default `ipv6`. */
  readonly family?: 'ipv4' | 'ipv6';
  /** Dotted quad. Default: the router's. */
  readonly routerId?: string;
  /** Default: the backbone alone. */
  readonly areas?: readonly OspfAreaConfig[];
  readonly interfaces: readonly OspfInterfaceConfig[];
  /** Others pass through us only if there is no other way (RFC 6987). Default false. */
  readonly stubRouter?: boolean;
  /** Most seconds that a guest which restarts gracefully is held for up (RFC 3623); false for not at all. Default 1800. */
  readonly gracefulRestart?: number | false;
  /** LSAs of one neighbour that are kept; the excess is refused. Default 100,000. */
  readonly lsaLimit?: number;
  /** LSAs that may wait for one neighbour's acknowledgment before its adjacency begins anew. Default 100,000. */
  readonly retransmitLimit?: number;
}

/** @public */
export interface OspfAreaConfig {
  /** A number, or dotted quad; 0 is the backbone. */
  readonly area: number | string;
  /** Default `normal`. */
  readonly type?: OspfAreaType;
  /** Stub areas and NSSAs: tell summaries of other areas; false is "totally stubby". Default true. */
  readonly summaries?: boolean;
  /** Cost of the default route told into a stub area or NSSA. Default 1. */
  readonly defaultCost?: number;
  /** Told to other areas in place of the networks that lie in them (RFC 2328 §12.4.3). Default: each network is told. */
  readonly ranges?: readonly OspfAreaRangeConfig[];
  /** NSSAs: told beyond the area in place of the externals that lie in them (RFC 3101 §3.2). Default: each external is told. */
  readonly nssaRanges?: readonly OspfNssaRangeConfig[];
  /**
   * NSSAs: what we are as border router (RFC 3101 §2.1). A `candidate` tells the area's externals to others while it is the elected one of the area's
   * border routers, `always` does whatever others do. Default `candidate`.
   */
  readonly translatorRole?: NssaTranslatorRole;
  /** NSSAs: seconds for which a border router goes on doing so once another one is elected (RFC 3101 §2.1). Default 40. */
  readonly translatorStabilityInterval?: number;
}

/** An address range of an area: while any network of the area in it can be reached, the range is told as one. @public */
export interface OspfAreaRangeConfig {
  readonly prefix: string;
  /** False: neither it nor what lies in it is told. Default true. */
  readonly advertise?: boolean;
}

/** An address range of an NSSA: while any external of the area in it is to be told beyond the area, the range is told as one. @public */
export interface OspfNssaRangeConfig {
  readonly prefix: string;
  /** False: neither it nor what lies in it is told. Default true. */
  readonly advertise?: boolean;
  /** Default: the highest of what lies in it, and one more where that is of type 2. */
  readonly metric?: number;
  /** Default 0, which is none. */
  readonly tag?: number;
}

/** A link, or several alike, on which OSPF is spoken. One of `port`, `subnet` and `device` says which. @public */
export interface OspfInterfaceConfig {
  /** Shown in events. Default: the port or device. */
  readonly name?: string;
  /** A port of the router's (see `ports`): the guest there. */
  readonly port?: string;
  /** A subnet of the network: each port whose node has an address there, an interface each. */
  readonly subnet?: string;
  /** An interface of the host's, over raw sockets (Linux, koffi). */
  readonly device?: string;
  /** `device`: the node of all that speak there. Default: the node that owns the address that speaks. */
  readonly node?: string;
  /** Number or dotted quad, one of `areas`. Default 0. */
  readonly area?: number | string;
  /** Default `point-to-point`. */
  readonly type?: OspfInterfaceType;
  /** 1 to 65535. Default 10. */
  readonly cost?: number;
  /** `broadcast`: 0 to 255, to be the designated router; 0 never is. Default 1. */
  readonly priority?: number;
  /** Seconds. Below 1 the dead interval is 1 at the least, and Hellos say 0, as fast Hellos do. Default 10. */
  readonly helloInterval?: number;
  /** Seconds. Default four times the Hello interval. */
  readonly deadInterval?: number;
  /** Seconds between retransmissions. Default 5. */
  readonly retransmitInterval?: number;
  /** Seconds. Default 1. */
  readonly transmitDelay?: number;
  /** Octets. Default: the port's or device's. */
  readonly mtu?: number;
  /** Take a neighbour whose MTU is larger (RFC 2328 §10.6 forbids it). Default false. */
  readonly ignoreMtu?: boolean;
  /** Announce the subnet and speak to nobody. Default false. */
  readonly passive?: boolean;
  /** OSPFv3 instance id on the link (RFC 5340 §2.4). Default 0; 64 for IPv4 (RFC 5838). */
  readonly instance?: number;
  /** Default: none. */
  readonly authentication?: OspfAuthenticationConfig;
  /** LSAs that come by this link become claims of their originators, whoever passed them on. For links where all are authenticated and trusted. Default false. */
  readonly trusted?: boolean;
  /** Most neighbours. Default 256. */
  readonly neighbourLimit?: number;
}

/** @public */
export interface OspfAuthenticationConfig {
  /** `simple`: a password in clear (OSPFv2). `cryptographic`: RFC 2328 D and RFC 5709 in OSPFv2, RFC 7166 in OSPFv3. */
  readonly type: 'simple' | 'cryptographic';
  /** `simple`: up to eight characters. */
  readonly password?: string;
  /** `cryptographic`: any of them is taken, the last that counts is sent. */
  readonly keys?: readonly OspfKeyConfig[];
  /** OSPFv2: sequence numbers of 64 bits (RFC 7474). Default false. */
  readonly extended?: boolean;
  /** OSPFv3: digests as FRR makes them, seen in 8.4, which differ from RFC 7166 in the order of two octets. Default false. */
  readonly swappedProtocolId?: boolean;
}

/** @public */
export interface OspfKeyConfig {
  readonly id: number;
  /** Default `md5` in OSPFv2, `hmac-sha-256` in OSPFv3. */
  readonly hash?: OspfHash;
  readonly secret: string;
  /** ISO 8601. Default: always. */
  readonly sendFrom?: string;
  readonly sendUntil?: string;
  readonly acceptFrom?: string;
  readonly acceptUntil?: string;
}
