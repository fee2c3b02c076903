/**
 * What a virtual network is configured with. Every field is plain JSON, so the same shape is the YAML file's, and
 * `network.configuration()` gives it back.
 */

/** Where a claim to an address came from, strongest default preference first. @public */
export type ClaimSource = 'api' | 'bgp' | 'ospf' | 'vrrp' | 'arp' | 'initial';

/** The preference of a claim whose grant states none. @public */
export const DEFAULT_PREFERENCE: Readonly<Record<ClaimSource, number>> = {
  api: 500,
  bgp: 400,
  ospf: 300,
  vrrp: 200,
  arp: 100,
  initial: 0,
};

/**
 * A virtual network: its addresses, the nodes in it, and what each node may claim.
 *
 * @public
 */
export interface NetworkConfig {
  /** Shown in logs, metrics and events. Default `"network"`. */
  readonly name?: string;
  /** Prefixes that belong to the network. A claim outside them needs a `gateway` grant. Default: none. */
  readonly ranges?: readonly string[];
  readonly subnets?: readonly SubnetConfig[];
  readonly nodes?: readonly NodeConfig[];
  /** Who may claim what. Nothing is granted unless it stands here. */
  readonly grants?: readonly GrantConfig[];
  /** Who holds an address while nobody claims it: candidates of preference 0. A node's own addresses need not be listed. */
  readonly holders?: readonly HolderConfig[];
  /** Links between the network's routers, by name. */
  readonly links?: readonly LinkConfig[];
  /** Routes from one router to the next, followed along links. */
  readonly routes?: readonly StaticRouteConfig[];
  /** How many changes the journal keeps for {@link NetworkConfig} listeners that resume. Default 65,536. */
  readonly journal?: number;
  /**
   * Prefixes of each family for which to make room at the start, about 200 octets each: a table that large then comes in without waiting for
   * the system's memory. Default: room is made when it is needed.
   */
  readonly reserve?: { readonly ipv4?: number; readonly ipv6?: number };
  /** Options of the decision process. */
  readonly decision?: DecisionConfig;
  /** How its routers come through a restart of their own. Default: they ask nobody to wait for them. */
  readonly restart?: RestartConfig;
  /** Its ports are in a forwarder, a process of its own. Default: in the router's. */
  readonly forwarder?: ForwarderConfig;
  /** Refuses claims that come and go (RFC 2439), each holder's to each prefix for itself. Default: not. */
  readonly dampening?: DampeningConfig;
  /** Seconds for which a claim that ended is not taken back from its holder. Default 0. */
  readonly holdDown?: number;
  /** Suspects the way to nodes when many are lost at once. Default: not. */
  readonly guard?: GuardConfig;
  /** When routes leave for other neighbours: once the forwarding table took the change, or as soon as it is decided. Default `applied`. */
  readonly announce?: 'applied' | 'decided';
}

/** Options of the decision process. @public */
export interface DecisionConfig {
  /** Compare MED between different neighbouring ASes. Default false (RFC 4271 §9.1.2.2 c). */
  readonly alwaysCompareMed?: boolean;
  /** Between external paths that tie, keep the oldest (RFC 5004). Default false. */
  readonly preferOldestExternal?: boolean;
  /** Paths equal up to the steps that only break ties share a prefix whose grants are `shared`. Default true. */
  readonly multipath?: boolean;
}

/**
 * A restart of the routers' own: neighbours keep their routes through it (RFC 4724), which is of use where packets are forwarded
 * meanwhile, by something that outlives the process.
 *
 * @public
 */
export interface RestartConfig {
  /** Seconds that neighbours are asked to wait for us, 1 to 4095. Default 120. */
  readonly time?: number;
  /** Seconds more for which our routes may be their last resort (RFC 9494). Default 0: none. */
  readonly longLived?: number;
  /**
   * Seconds after the start in which neighbours say everything again: nothing is told before, and what they have not said by then ends
   * (RFC 4724 §4.1, Selection_Deferral_Timer). Default 120.
   */
  readonly deferral?: number;
  /** A file that what is claimed is written to, for the next life to begin with. Default: none. */
  readonly snapshot?: string;
}

/**
 * A forwarder: a process that has the ports of the network's routers and forwards by the mapping that it hears of, on its own while no
 * router runs.
 *
 * @public
 */
export interface ForwarderConfig {
  /** A UNIX socket, at which the routers' process listens and the forwarder's calls. */
  readonly path: string;
  /** Seconds for which the forwarder goes on without a router: then it forwards nothing any more. Default 600. */
  readonly stale?: number;
}

/** How claims that come and go are dampened; the figures of RFC 2439 §4.2 are the defaults. @public */
export interface DampeningConfig {
  /** Seconds in which a penalty decays by half. Default 900. */
  readonly halfLife?: number;
  /** Penalty above which a claim is refused. Default 2000 (RFC 7196 advises 6000). */
  readonly suppress?: number;
  /** Penalty below which it is taken again. Default 750. */
  readonly reuse?: number;
  /** Seconds for which a claim is refused at most after its last flap. Default 3600. */
  readonly maxSuppress?: number;
  /** What the end of a claim costs. Default 1000. */
  readonly withdrawal?: number;
  /** What other attributes cost. Default 500. */
  readonly change?: number;
}

/**
 * The blast-radius guard. When more than `share` of the network's holders, or of its peers, and at least five, are lost without a word
 * within `window`, those lost from then on keep what they claim, and so do those lost before what nobody else claims, until
 * `network.guard` or `decide` says what becomes of it.
 *
 * @public
 */
export interface GuardConfig {
  /** More than 0, less than 1. */
  readonly share: number;
  /** Seconds. Default 10. */
  readonly window?: number;
  /** What is decided when nobody has after so many seconds: they are dead (`let-go`), or alive (`keep`). Default: nothing. */
  readonly decide?: { readonly after: number; readonly as: 'let-go' | 'keep' };
}

/** One subnet: an address range on one link. Its prefix is reserved (nobody can claim it). @public */
export interface SubnetConfig {
  /** Default: the prefix. */
  readonly name?: string;
  /** `"10.0.1.0/24"`. */
  readonly prefix: string;
}

/** @public */
export type NodeState = 'up' | 'draining' | 'down';

/** A computing node: a VM, a container, an appliance. @public */
export interface NodeConfig {
  /** Unique in the network. */
  readonly name: string;
  /** The node's own addresses. It is their initial holder; they identify its sessions, and no other node can claim those that do. */
  readonly addresses?: readonly string[];
  /** Groups for grants. */
  readonly tags?: readonly string[];
  /** Where it is attached (a host, a port); opaque to the control plane and given to the forwarding table. */
  readonly location?: string;
  /**
   * A node that is down holds nothing. One that is draining holds what nobody else claims, as the last resort, and shares with weight
   * zero; others are told so (GRACEFUL_SHUTDOWN, RFC 8326). Default `up`.
   */
  readonly state?: NodeState;
}

/** When a claim takes an address from the node that has it. @public */
export type Takeover = 'always' | 'if-preferred' | 'if-holder-down';

/** Permission for a node, or all nodes with a tag, to claim prefixes. @public */
export interface GrantConfig {
  /** Stable name, to change or revoke it by. Default: `node/prefix` or `tag/prefix`. */
  readonly id?: string;
  /** The node that may claim. Either this or `tag`. */
  readonly node?: string;
  /** The tag whose nodes may claim. */
  readonly tag?: string;
  /** The range. Alone it is exactly this prefix; with `ge` or `le` also longer ones inside it. A default route is granted only as itself. */
  readonly prefix: string;
  /** Shortest length, in bits. Default: the prefix's own. */
  readonly ge?: number;
  /** Longest length, in bits. Default: the family's maximum if `ge` is given, else the prefix's own. */
  readonly le?: number;
  /**
   * - `single` (default): one holder at a time; others with a grant may take over.
   * - `exclusive`: as single, and nobody without this very grant may claim anything equal to the range or inside it.
   * - `shared`: all claimants that are equal hold it together.
   */
  readonly mode?: 'single' | 'exclusive' | 'shared';
  /**
   * Of a `shared` grant: how many flows a claimant gets in comparison with the others, 0 to 1000. 0: none, unless all have 0. When it changes,
   * only flows that the claimant gets or loses move. Default 1.
   */
  readonly weight?: number;
  /** `holder` (default): the addresses are the node's own. `gateway`: a remote prefix that is reached through it. */
  readonly as?: 'holder' | 'gateway';
  /** Default: all. */
  readonly sources?: readonly Exclude<ClaimSource, 'initial'>[];
  /** Most prefixes that one holder may have by this grant at once; the excess is refused. Default: no limit. */
  readonly limit?: number;
  /** When the grant ends, ISO 8601. Default: never. */
  readonly until?: string;
  /** Preference of a claim under this grant, 0 to 65535. Default: the source's ({@link DEFAULT_PREFERENCE}). */
  readonly preference?: number;
  /** Bounds within which policy or a community may set the preference. Default: it may not be set. */
  readonly preferenceRange?: readonly [min: number, max: number];
  /** Default: `if-preferred` for bgp, ospf and vrrp, which have a decision of their own, `always` for api and arp. */
  readonly takeover?: Takeover;
  /** Nodes (by name, or `tag:NAME`) whose addresses this node's claims may name as next hop. Default: none. */
  readonly speaksFor?: readonly string[];
}

/** An initial holder. @public */
export interface HolderConfig {
  readonly prefix: string;
  readonly node: string;
  /** Default `holder`. */
  readonly as?: 'holder' | 'gateway';
  /**
   * It was claimed, not configured: `network.configuration()` writes it, and the network that it is given to starts with it. It goes
   * before other initial holders and ends when its node's own claim is heard again. Default false.
   */
  readonly moved?: boolean;
}

/** A link between two routers of the network. @public */
export interface LinkConfig {
  readonly routers: readonly [string, string];
}

/** "From `router`, `prefix` is reached through `via`", a neighbouring router. @public */
export interface StaticRouteConfig {
  readonly router: string;
  readonly prefix: string;
  readonly via: string;
}
