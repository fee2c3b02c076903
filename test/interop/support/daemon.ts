/**
 * What the five BGP daemons have in common here: one way to start each, to make it announce, and to ask what it heard. All values
 * are written as the router writes its own (canonical addresses, `65000:1`, `target:65000:1`), so that tests compare them directly.
 */
import type { Lab, LabNode } from './lab.js';

export type Family = 'ipv4-unicast' | 'ipv6-unicast';

/** What a daemon announces, or heard. */
export interface Attributes {
  readonly origin?: 'igp' | 'egp' | 'incomplete';
  /** Put before the path that the daemon itself makes: other AS numbers, as if it had heard the route from them. */
  readonly asPath?: readonly number[];
  readonly nextHop?: string;
  readonly med?: number;
  readonly communities?: readonly string[];
  readonly extendedCommunities?: readonly string[];
  readonly largeCommunities?: readonly string[];
}

/** One prefix to announce. Several with one prefix are several paths, where the daemon can (they need a `pathId` each). */
export interface Announcement extends Attributes {
  readonly prefix: string;
  readonly pathId?: number;
  /** More of ExaBGP's own words, for what no other daemon writes. */
  readonly exabgp?: string;
}

/** A path that a daemon has from a neighbour. */
export interface HeardRoute {
  readonly prefix: string;
  /** The neighbour's address where the daemon says it. */
  readonly from?: string;
  readonly nextHop: string;
  /** Flat: the numbers of sets stand among those of sequences. */
  readonly asPath: readonly number[];
  readonly origin?: 'igp' | 'egp' | 'incomplete';
  readonly med?: number;
  readonly communities: readonly string[];
  /** `target:65000:1`, `origin:65000:1`, or what the daemon shows for others. */
  readonly extendedCommunities: readonly string[];
  readonly largeCommunities: readonly string[];
  readonly pathId?: number;
}

/** One neighbour of a daemon. */
export interface NeighbourOptions {
  readonly address: string;
  readonly as: number;
  /** Never dial. Default false: dial (most also accept). */
  readonly passive?: boolean;
  /** Port to dial. Default 179. */
  readonly port?: number;
  /** Default: the family of the address. */
  readonly families?: readonly Family[];
  readonly addPath?: 'send' | 'receive' | 'both';
  /** RFC 8950: IPv4 routes with IPv6 next hops. Default false. */
  readonly extendedNextHop?: boolean;
  /** RFC 8654. Default false. */
  readonly extendedMessages?: boolean;
  /** Enhanced route refresh (RFC 7313) where it is an option. Default false. */
  readonly enhancedRefresh?: boolean;
  /** Whether the four-octet AS capability is announced. Default true. */
  readonly fourOctetAs?: boolean;
  /** Seconds. Default 90. */
  readonly holdTime?: number;
  /** Cease once the neighbour announces more prefixes of a family than this. */
  readonly maxPrefixes?: number;
  /** It keeps the neighbour's routes through its graceful restart, where that is an option (BIRD and FRR do unasked). Default false. */
  readonly gracefulRestart?: boolean;
  /** Our AS number is in the neighbour's path and that is fine (guests that share one AS). Default false. */
  readonly allowOwnAs?: boolean;
}

/** How to start a daemon. */
export interface DaemonOptions {
  readonly as: number;
  readonly routerId: string;
  readonly neighbours: readonly NeighbourOptions[];
  readonly announce?: readonly Announcement[];
  /** Port to listen on. Default 179. */
  readonly port?: number;
  /** Pass on what one neighbour said to the others. Default false: only its own routes leave. */
  readonly transit?: boolean;
  /**
   * It can be killed and started again (RFC 4724), and goes on forwarding meanwhile: started for the first time, or again. Default: it asks
   * nobody to wait. BIRD, FRR and GoBGP.
   */
  readonly restarter?: 'first' | 'again';
}

/** A daemon that runs. */
export interface Daemon {
  readonly name: DaemonName;
  readonly node: LabNode;
  readonly pid: number;
  /** What it heard from its neighbours, after its own checks. */
  routes(family: Family): Promise<HeardRoute[]>;
  /** `established`, or what it calls its state, in lower case. */
  sessionState(address: string): Promise<string>;
  /** Announces, or announces again with other attributes. */
  announce(...routes: readonly Announcement[]): Promise<void>;
  withdraw(...prefixes: readonly string[]): Promise<void>;
  /** Asks the neighbour to send everything again (ROUTE-REFRESH). */
  refresh(address: string): Promise<void>;
  /** Closes the session with an administrative shutdown (Cease 6/2, or 6/4 where it restarts), with the text where it can. */
  shutdown(address: string, text: string): Promise<void>;
  /** All that it logged. */
  log(): string;
  /** SIGKILL: no NOTIFICATION; the kernel closes its connections. */
  kill9(): Promise<void>;
  /** Ends it as its own tools would. */
  stop(): Promise<void>;
}

export type DaemonName = 'BIRD' | 'FRR' | 'GoBGP' | 'ExaBGP' | 'OpenBGPD';

/** What tests must know of a daemon's abilities (the versions in Debian 12). */
export interface Abilities {
  readonly addPathSend: boolean;
  readonly addPathReceive: boolean;
  readonly extendedNextHop: boolean;
  readonly extendedMessages: boolean;
  readonly enhancedRefresh: boolean;
  /** It can send a text of ours with its Cease (RFC 9003). */
  readonly shutdownTextSent: boolean;
  /** It shows the text of a Cease that it receives. */
  readonly shutdownTextHeard: boolean;
  /** It can ask for a route refresh on command. */
  readonly refreshAsked: boolean;
  /** It answers a route refresh. */
  readonly refreshAnswered: boolean;
}

/** One kind of daemon. */
export interface DaemonKind {
  readonly name: DaemonName;
  /** Its programs, by path or by name in PATH. */
  readonly programs: readonly string[];
  readonly abilities: Abilities;
  /** The words it announces itself with, for the table of results. */
  version(): string;
  start(lab: Lab, node: LabNode, options: DaemonOptions): Promise<Daemon>;
}

export function familyOf(prefixOrAddress: string): Family {
  return prefixOrAddress.includes(':') ? 'ipv6-unicast' : 'ipv4-unicast';
}

export function familiesOf(neighbour: NeighbourOptions): readonly Family[] {
  return neighbour.families ?? [familyOf(neighbour.address)];
}

/** An origin as the daemons write it, in any case. */
export function originOf(text: string | undefined): 'igp' | 'egp' | 'incomplete' | undefined {
  const word = text?.toLowerCase();
  if (word === '?') return 'incomplete';
  return word === 'igp' || word === 'egp' || word === 'incomplete' ? word : undefined;
}

/** The node's own address of the family in which it speaks to a neighbour. */
export function localAddress(node: LabNode, neighbour: NeighbourOptions): string {
  return familyOf(neighbour.address) === 'ipv6-unicast' ? node.ipv6 : node.ipv4;
}

/** Keeps what is announced at the moment, for daemons that are told by a file. */
export class Announced {
  readonly #routes = new Map<string, Announcement>();

  constructor(routes: readonly Announcement[] = []) {
    this.set(routes);
  }

  set(routes: readonly Announcement[]): void {
    for (const route of routes) this.#routes.set(`${route.prefix} ${route.pathId ?? ''}`, route);
  }

  delete(prefixes: readonly string[]): void {
    for (const key of this.#routes.keys()) if (prefixes.includes(key.split(' ')[0] ?? '')) this.#routes.delete(key);
  }

  all(): readonly Announcement[] {
    return [...this.#routes.values()];
  }
}
