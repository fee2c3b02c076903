import type { OriginState, PathState } from '../lib/validation.js';
import type { ClaimSource } from '../network/config.js';
import { SOURCES } from './grant.js';

/**
 * One stream of claims: a BGP session's life, the program's own claims, the initial holders. A session that comes back is a new
 * feed, so what the old one left can be swept in slices while the new one already speaks.
 *
 * @internal
 */
export interface Feed {
  /** Dense; given to another feed once this one is swept. */
  readonly index: number;
  readonly source: ClaimSource;
  /** Its position in `SOURCES`. */
  readonly sourceIndex: number;
  /** Node index of who speaks; -1 where each claim names its own (api, initial). */
  readonly speaker: number;
  /** An external BGP session (RFC 4271 §9.1.2.2 d). */
  readonly external: boolean;
  /** BGP identifier (RFC 4271 §9.1.2.2 f). */
  readonly routerId: number;
  /** The neighbour's address, octets, for the last tie-break (RFC 4271 §9.1.2.2 g, RFC 9568 §6.4.3). */
  address: Uint8Array;
  /** For people: `"bgp 10.0.0.2"`. */
  readonly label: string;
  /** Name of the router that it speaks to; empty for the program's own. */
  readonly router: string;
  /** An internal neighbour that is a route-reflector client (RFC 4456). */
  readonly reflectorClient: boolean;
  /** A BGP session whose speaker sends End-of-RIB (RFC 4724). */
  readonly graceful: boolean;
  /** Of VRRP: the priority that the node has in the virtual router (RFC 9568 §5.2.4). */
  priority: number;
  /** What happened last, given to the changes that it caused. */
  cause: Cause;
  /** False once the session is gone: its claims are out, and swept. */
  alive: boolean;
  /** Of the attribute sets that it brings: see `AttributeSets.openAccount`; 0 for none. */
  account: number;
  /** Judges a received set anew when policy or ownership changed. */
  importer: Importer | undefined;
}

/** A feed to open: what is left out is 0, false, or nothing. @internal */
export type FeedOptions = Pick<Feed, 'source' | 'speaker' | 'label' | 'router' | 'cause'> &
  Partial<Omit<Feed, 'index' | 'sourceIndex' | 'alive'>>;

/** A feed of its own. All of them have one shape: code for millions of claims reads them. @internal */
export function newFeed(options: FeedOptions, index: number): Feed {
  return {
    index,
    source: options.source,
    sourceIndex: SOURCES.indexOf(options.source),
    speaker: options.speaker,
    external: options.external ?? false,
    routerId: options.routerId ?? 0,
    address: options.address ?? new Uint8Array(0),
    label: options.label,
    router: options.router,
    reflectorClient: options.reflectorClient ?? false,
    graceful: options.graceful ?? false,
    priority: options.priority ?? 0,
    cause: options.cause,
    alive: true,
    account: options.account ?? 0,
    importer: options.importer,
  };
}

/** What an import made of a received attribute set, left in fields: nothing is allocated a route. @internal */
export interface Importer {
  /** Whether what it made of claims may be another now that `address` is a node's, or no longer. */
  dependsOn(address: Uint8Array): boolean;
  /** Whether a set's next hop is `address`. */
  leadsTo(set: number, address: Uint8Array): boolean;
  /** Evaluates a received set for a prefix; the fields below hold the result until the next call. */
  evaluate(set: number, a: number, b: number, c: number, d: number, length: number, ipv6: boolean): void;
  /** Position in `VERDICTS`; 0 when the protocol and the policy have nothing against it. */
  fault: number;
  /** The set after policy; the received one when policy changed nothing. */
  setOut: number;
  /** Node index of the holder. */
  holder: number;
  /** The preference that policy or a community asks for, -1 for none. */
  wish: number;
  /** What the RPKI says of the set evaluated last; undefined where it was not asked. */
  readonly origin: OriginState | undefined;
  readonly path: PathState | undefined;
  /** The policy's own words where it refused what was evaluated last. */
  readonly words: string | undefined;
}

/** What brought a change about. @public */
export type Cause =
  | { readonly type: 'announced' | 'withdrawn'; readonly neighbour: string; readonly node: string }
  /** `lastHeard`: when the neighbour was last heard, in milliseconds since the epoch, where it fell silent. */
  | {
      readonly type: 'session-down';
      readonly neighbour: string;
      readonly node: string;
      readonly reason: string;
      readonly lastHeard?: number;
    }
  | { readonly type: 'claimed' | 'released' | 'lease-expired'; readonly node: string }
  | { readonly type: 'granted' | 'revoked' | 'grant-changed' | 'grant-expired'; readonly grant: string }
  | {
      readonly type: 'held' | 'node-up' | 'node-draining' | 'node-down' | 'node-added' | 'node-changed' | 'node-removed';
      readonly node: string;
    }
  /** Of neighbours whose policies changed together, the first. */
  | { readonly type: 'policy-changed'; readonly neighbour: string }
  | { readonly type: 'rpki-changed'; readonly cache: string }
  /**
   * `restored`: it stood so in a former life of the network, or did and nobody has said it again. `undampened`: a claim that came and went
   * has been quiet for long enough.
   */
  | { readonly type: 'configured' | 'restored' | 'undampened' };
