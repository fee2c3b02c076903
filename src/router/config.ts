/** What a virtual router is configured with. Plain JSON, as the YAML file. */
import type { BfdConfig } from '../bfd/index.js';
import type { InvalidRemedy, NeighbourRpki } from '../bgp/import.js';
import type { LimitsConfig } from '../bgp/limits.js';
import type { PolicyConfig } from '../bgp/policy/index.js';
import type { Role } from '../bgp/wire/index.js';
import type { SecretConfig } from '../lib/secrets.js';
import type { AoAlgorithm } from '../lib/transport.js';
import type { NetworkConfig } from '../network/config.js';
import type { CacheConfig } from '../rtr/config.js';
import type { PortConfig } from '../stack/config.js';
import type { OspfConfig } from './ospf-config.js';

/** @public */
export type AddressFamily = 'ipv4-unicast' | 'ipv6-unicast';

/**
 * A virtual router.
 *
 * @public
 */
export interface RouterConfig {
  /** Default `"router"`. Unique in its network. */
  readonly name?: string;
  /** AS number: 65000, `"AS65000"` or asdot `"1.10"`. */
  readonly as: number | string;
  /** BGP identifier in dotted quad, not 0.0.0.0 (RFC 6286). */
  readonly routerId: string;
  /** The network it serves. A private one without. */
  readonly network?: NetworkConfig;
  /** The router's address in each subnet. Nobody can claim these. */
  readonly interfaces?: readonly InterfaceConfig[];
  /** Where nodes are attached by frames: a node whose `location` names a port is there. Default: none. */
  readonly ports?: readonly PortConfig[];
  /** What may pass, at ports: the first rule that fits a packet decides, and without one it passes. Default: none. */
  readonly access?: readonly AccessRuleConfig[];
  /** Where it accepts sessions, on the host's sockets. Default: nowhere (it only dials). */
  readonly listen?: readonly ListenConfig[];
  readonly neighbours?: readonly NeighbourConfig[];
  /** Nodes that it watches by BFD though they speak no routing protocol: one that is silent is down, and what it holds goes to who is next. */
  readonly watch?: readonly WatchConfig[];
  /** What it announces by itself, to neighbours whose `export` says so. */
  readonly originate?: readonly OriginateConfig[];
  /** Named lists for policies. */
  readonly prefixLists?: Readonly<Record<string, readonly PrefixListEntry[]>>;
  /** Cluster id for route reflection (RFC 4456), dotted quad. Default: the router id. */
  readonly clusterId?: string;
  /** OSPF with guests: instances of OSPFv2 or OSPFv3. Default: none. */
  readonly ospf?: readonly OspfConfig[];
  /** Where it hears what the RPKI says of routes (RFC 8210), and what it makes of that. Default: routes are not validated. */
  readonly rpki?: RpkiConfig;
  /** The router's confederation (RFC 5065). Not done: absent on purpose. */
}

/** RPKI: caches, and what becomes of routes that are invalid. External neighbours' routes are validated. @public */
export interface RpkiConfig {
  readonly caches: readonly CacheConfig[];
  /**
   * What becomes of invalid routes: refused (`rpki-invalid`, `aspa-invalid`), taken with preference 0, or only marked:
   * for policies (`match: { rpki: [invalid] }`) and in explanations. Default `reject`. While no cache has data, nothing is invalid.
   */
  readonly invalid?: InvalidRemedy;
}

/** @public */
export interface InterfaceConfig {
  /** Name of a subnet of the network. */
  readonly subnet: string;
  readonly addresses: readonly string[];
  /** The router's MAC there, as guests at its ports see it. Default: `02:56:` and the octets of the router id. */
  readonly mac?: string;
  /** Its IPv6 link-local address. Default: made of the MAC (EUI-64). */
  readonly linkLocal?: string;
  /** Advertise the router to guests in an IPv6 subnet (RFC 4861): now and then, and when they ask. Default true, which is `{}`. */
  readonly advertise?: boolean | AdvertiseConfig;
}

/** How often the router advertises itself (RFC 4861 §6.2.1). At a port that several subnets are at, those of the first count. @public */
export interface AdvertiseConfig {
  /** Seconds between two advertisements at most, 4 to 1800. Default 600. */
  readonly maxInterval?: number;
  /** Seconds between two advertisements at least, 3 to three quarters of `maxInterval`. Default: a third of `maxInterval`, and 3 at least. */
  readonly minInterval?: number;
  /** Seconds for which guests take the router for a default one: 0 (they do not), or `maxInterval` to 9000. Default: three times `maxInterval`. */
  readonly lifetime?: number;
}

/**
 * A rule on packets, without memory of flows: answers have to be let through too.
 *
 * What it denies is dropped, counted (`access-denied`), and its sender told, within bounds (ICMP, administratively prohibited).
 * Later parts of fragmented packets, which have no ports, pass a permitting rule with ports by its other fields.
 *
 * @public
 */
export interface AccessRuleConfig {
  readonly action: 'permit' | 'deny';
  /** `in`: what guests send, to whomever. `out`: what is forwarded to guests; what the router itself says is not asked about. */
  readonly direction: 'in' | 'out';
  /** Names of ports. Default: all. */
  readonly at?: readonly string[];
  /** Default: any. */
  readonly source?: string;
  /** Default: any. */
  readonly destination?: string;
  /** Default: any. A name, or an IANA number. */
  readonly protocol?: 'tcp' | 'udp' | 'icmp' | 'icmp6' | number;
  /** Ports of TCP or UDP, as numbers or ranges (`"8000-8099"`). Default: any. */
  readonly sourcePorts?: readonly (number | string)[];
  /** Default: any. */
  readonly destinationPorts?: readonly (number | string)[];
}

/** A node to watch by BFD: static holders have a heartbeat so. @public */
export interface WatchConfig {
  readonly node: string;
  /** Default: the node's first address. An IPv6 link-local one has its link with it, `fe80::1%eth0`, and is of the host's. */
  readonly address?: string;
  /** Address to speak from. Default: the router's own on the node's subnet, else one that it listens at, else the system's choice. */
  readonly localAddress?: string;
  /** Default: 300 ms x 3. A node that was never heard counts as up, unless `strict`. */
  readonly bfd?: BfdConfig;
}

/** @public */
export interface ListenConfig {
  readonly address: string;
  /** Default 179. */
  readonly port?: number;
}

/** A prefix that the router originates. @public */
export interface OriginateConfig {
  readonly prefix: string;
  readonly communities?: readonly string[];
  readonly med?: number;
}

/** An entry of a prefix list. @public */
export interface PrefixListEntry {
  readonly prefix: string;
  readonly ge?: number;
  readonly le?: number;
}

/** What of the network a neighbour is told. @public */
export type ExportKind = 'connected' | 'default' | 'originated' | 'claims' | 'all';

/** A key of TCP-AO: a master key tuple (RFC 5925 §3.1). @public */
export interface TcpAoKeyConfig {
  /** KeyID in what we send, 0 to 255. */
  readonly sendId: number;
  /** KeyID in what the neighbour sends. Default: the same. */
  readonly receiveId?: number;
  readonly secret: SecretConfig;
  /** RFC 5926. Default `hmac-sha-1-96`. */
  readonly algorithm?: AoAlgorithm;
  /** Cover the other TCP options too. Default true. */
  readonly coverOptions?: boolean;
}

/** A BGP neighbour, or a range of them. @public */
export interface NeighbourConfig {
  /** The neighbour's address, or a prefix from which neighbours may dial in (dynamic neighbours). */
  readonly address: string;
  /** Default: the address. */
  readonly name?: string;
  /** AS number(s) it may have; `"any"` only for a range. */
  readonly as: number | string | readonly (number | string)[];
  /** The node that speaks. Default: the node that owns the address. */
  readonly node?: string;
  /** Most sessions of a range. Default 100. */
  readonly limit?: number;
  /** Our AS number towards it. Default: the router's. */
  readonly localAs?: number | string;
  /** Port to dial. Default 179. */
  readonly port?: number;
  /** Never dial. Default: false for an address, always true for a range. */
  readonly passive?: boolean;
  /** Address to dial from. */
  readonly localAddress?: string;
  /** Seconds, 0 or 3 to 65535. Default 90. */
  readonly holdTime?: number;
  /** Seconds between dials. Default 30 (jittered). */
  readonly connectRetryTime?: number;
  /** Seconds to wait with our OPEN after the connection. Default: none. */
  readonly delayOpen?: number;
  /** Back off when the session keeps failing. Default true. */
  readonly dampPeerOscillations?: boolean;
  /** Seconds of a stuck send after which the session is closed (RFC 9687). Default: twice the hold time, at least 480. */
  readonly sendHoldTime?: number;
  /** Default: the family of the address. */
  readonly families?: readonly AddressFamily[];
  /** Several paths a prefix (RFC 7911). Default: neither. */
  readonly addPath?: 'send' | 'receive' | 'both';
  /** IPv4 routes with IPv6 next hops (RFC 8950). Default: true when the address is IPv6 and `ipv4-unicast` is among the families. */
  readonly extendedNextHop?: boolean;
  /** Messages up to 65,535 octets (RFC 8654). Default true. */
  readonly extendedMessages?: boolean;
  /** Rules on what is heard, after authorization. What no rule decides on is accepted. Default: accept all. */
  readonly import?: PolicyConfig;
  /** What it is told; with rules, `of` is what they choose from (default: claims), and what no rule decides on is not told. Default: nothing (RFC 8212). */
  readonly export?: ExportKind | readonly ExportKind[] | { readonly of?: readonly ExportKind[]; readonly rules: PolicyConfig };
  /**
   * Next hop of what we announce. Default `self`; `unchanged` for a route-server client or a reflector's, and of a next hop in the
   * neighbour's own subnet while the router has no ports, as packets then need not pass through it.
   */
  readonly nextHop?: 'self' | 'unchanged' | string;
  /** An internal neighbour to reflect to and from (RFC 4456). Default false. */
  readonly routeReflectorClient?: boolean;
  /** Leave AS_PATH, MED and NEXT_HOP alone (RFC 7947). Default false. */
  readonly routeServerClient?: boolean;
  /** Replace the neighbour's AS number by ours in paths that we send it. Default false. */
  readonly asOverride?: boolean;
  /** How often our own AS may stand in a path that it sends. Default 0. */
  readonly allowOwnAs?: number;
  /** Most ASes in a path from it, repetitions counted, an AS_SET as one; a longer one is refused `path-too-long`. Default 255. */
  readonly maxPathLength?: number;
  /** What it may use up: prefixes, attribute sets, memory, updates a second and so on. Each has a default. */
  readonly limits?: LimitsConfig;
  /** Paths from it may hold AS_SETs, which RFC 9774 has nobody send: else such a route is refused `as-set`. Default false. */
  readonly allowAsSets?: boolean;
  /**
   * What becomes of private AS numbers (RFC 6996) in paths that we send it: they stay, go, or are replaced by ours. Its own stays. Default
   * `keep`.
   */
  readonly privateAs?: 'keep' | 'drop' | 'replace';
  /**
   * Our role towards it (RFC 9234): announced, held against its own, and what Only-to-Customer is read and written by. A route that came
   * down already and comes up again is refused `route-leak`. Default: none.
   */
  readonly localRole?: Role;
  /** Turn it away when it announces no role (RFC 9234 §4.2, strict mode). Default false. */
  readonly requireRole?: boolean;
  /** A bilateral peer: routes with NOPEER are not told to it (RFC 3765). Default false. */
  readonly bilateralPeer?: boolean;
  /** Require the neighbour's AS first in paths from it (RFC 4271 §6.3). Default true; false for a route-server peer. */
  readonly enforceFirstAs?: boolean;
  /** Watch the neighbour by BFD (RFC 5880): when it falls silent, its session and its claims end at once. Default: not. */
  readonly bfd?: BfdConfig;
  /** What the RPKI means for its routes. External neighbours only. Default: as the router's `rpki` says. */
  readonly rpki?: NeighbourRpki;
  /**
   * When the neighbour restarts and has said that it goes on forwarding (RFC 4724), its claims stay until it is back, for the time that
   * it asked for, up to so many seconds. False: they end at once. Default 120.
   */
  readonly gracefulRestart?: number | false;
  /**
   * Tell it what became of its claims: each of the first 4,096 is sent back to it with the large communities `<our AS>:1001:<verdict>` and
   * `<our AS>:1002:<1 where it holds the prefix>`, NO_ADVERTISE and the lowest preference; see docs/guests.md. Default false.
   */
  readonly tellVerdicts?: boolean;
  /** TCP MD5 signature key (RFC 2385), 1 to 80 octets. Of a range: of every neighbour in it. Default: none. */
  readonly password?: SecretConfig;
  /**
   * Keys of TCP-AO (RFC 5925), in place of `password`. What we send begins with the first, and that is the one that we ask the neighbour
   * to use: to roll over, add the new key behind the old at both ends, then put it first. Default: none.
   */
  readonly tcpAo?: readonly TcpAoKeyConfig[];
  /**
   * GTSM (RFC 5082): hops that the neighbour may be away, 1 where it is on the link. We send with TTL 255, as it must, and what comes with
   * less than 256 minus this is dropped. Default: not looked at.
   */
  readonly ttlSecurity?: number;
  /**
   * When it is not back by then and has asked for it (RFC 9494), its claims go on standing as the last resort, for the time that it asked
   * for, up to so many seconds more. Default 0: they end.
   */
  readonly longLivedRestart?: number;
  /** Keep the session down. Default false. */
  readonly shutdown?: boolean | string;
}
