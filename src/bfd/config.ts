import { encodeUtf8 } from '../bgp/wire/text.js';
import type { Millis } from '../lib/clock.js';
import type { SecretConfig } from '../lib/secrets.js';
import { type BfdAuthenticationType, SCHEMES } from './wire/index.js';

/** How a neighbour is watched (RFC 5880, RFC 5881). @public */
export interface BfdConfig {
  /** Milliseconds between packets that we want to send, at the least. Default 300. */
  readonly minTx?: number;
  /** Milliseconds between packets that we can take, at the least. Default 300. */
  readonly minRx?: number;
  /** Packets that may be missing before the neighbour is down. Default 3. */
  readonly multiplier?: number;
  /** The neighbour is more than one hop away (RFC 5883): another port, and no look at the TTL. Default false. */
  readonly multihop?: boolean;
  /**
   * Who is watched counts as down until BFD is up. A BGP session is not established before, where the neighbour announces that it waits as
   * well (draft-ietf-idr-bgp-bfd-strict-mode), or, with `always`, whether it does or not. Default false; `always` with `dampening`.
   */
  readonly strict?: boolean | 'always';
  /** Milliseconds that a BGP session without a hold time waits for BFD (`strict`); others wait for their hold time. Default 30,000. */
  readonly holdTime?: number;
  /** Drop packets whose TTL is not 255 (RFC 5881 §5). Default true; never for `multihop`. Takes koffi and Linux. */
  readonly checkTtl?: boolean;
  /** Packets must be authenticated, and ours are (RFC 5880 §6.7). Default: neither. */
  readonly authentication?: BfdAuthenticationConfig;
  /**
   * Demand mode (RFC 5880 §6.6): once the session is up the neighbour is asked to be silent, and polled every so many milliseconds whether
   * it is still there. Default: it sends all the time.
   */
  readonly demand?: number;
  /**
   * The echo function (RFC 5880 §6.4): once the session is up, packets to ourselves are sent every so many milliseconds for the
   * neighbour to send back, and its own are sent back to it at that pace; Control packets then go once a second. Over
   * the host's sockets it takes Linux, the package koffi and CAP_NET_RAW. Default: no echo.
   */
  readonly echo?: number;
  /** One who comes and goes is told of only when it stays. Default: every change is told. */
  readonly dampening?: BfdDampeningConfig;
  /** Administratively down: the neighbour is told so, and not watched (RFC 5880 §6.8.16). Default false. */
  readonly disabled?: boolean;
}

/** @public */
export interface BfdAuthenticationConfig {
  readonly type: BfdAuthenticationType;
  /**
   * What we send is made with the first; what comes may be made with any. To roll over, add the new key behind the old at both ends, then put
   * it first at both, then take the old one away: the session stays up.
   */
  readonly keys: readonly BfdKeyConfig[];
}

/** @public */
export interface BfdKeyConfig {
  /** 0 to 255, the same at both ends. */
  readonly id: number;
  /** 1 to 16 octets of UTF-8, 20 for SHA-1. */
  readonly secret: SecretConfig;
}

/** Dampening of a session that flaps: each loss costs 1,000 points, which halve with time. @public */
export interface BfdDampeningConfig {
  /** Milliseconds in which the points halve. Default 5,000. */
  readonly halfLife?: number;
  /** From so many points on, its coming up is not told. Default 2,000. */
  readonly suppress?: number;
  /** From so few on it is told again. Default 1,000. */
  readonly reuse?: number;
  /** Milliseconds that it is held back at the most. Default 20,000. */
  readonly longest?: number;
}

/** @internal */
export interface ResolvedBfd {
  readonly minTx: Millis;
  readonly minRx: Millis;
  readonly multiplier: number;
  readonly multihop: boolean;
  readonly strict: boolean | 'always';
  readonly checkTtl: boolean;
  readonly authentication: ResolvedAuthentication | undefined;
  readonly demand: Millis | undefined;
  readonly echo: Millis | undefined;
  readonly dampening: Required<BfdDampeningConfig> | undefined;
  readonly disabled: boolean;
}

/** @internal */
export interface ResolvedAuthentication {
  readonly type: BfdAuthenticationType;
  /** By id, the one to send with first. */
  readonly keys: ReadonlyMap<number, Uint8Array>;
}

/** With the defaults filled in. Secrets must have been read by then. @internal */
export function resolveBfd({
  minTx = 300,
  minRx = 300,
  multiplier = 3,
  multihop = false,
  strict = false,
  checkTtl = true,
  authentication,
  demand,
  echo,
  dampening,
  disabled = false,
}: BfdConfig): ResolvedBfd {
  return {
    minTx,
    minRx,
    multiplier,
    multihop,
    strict,
    checkTtl: checkTtl && !multihop,
    authentication: authentication && {
      type: authentication.type,
      keys: new Map(authentication.keys.map(({ id, secret }) => [id, keyOf(secret, SCHEMES[authentication.type].size)])),
    },
    demand,
    // RFC 5883 §3: none over several hops.
    echo: multihop ? undefined : echo,
    dampening: dampening && { halfLife: 5000, suppress: 2000, reuse: 1000, longest: 20_000, ...dampening },
    disabled,
  };
}

/** Whether a BGP session waits for BFD: where the neighbour agrees, or in any case. @internal */
export function strictness({ strict = false, dampening }: BfdConfig): 'agreed' | 'always' | undefined {
  if (strict === 'always' || dampening !== undefined) return 'always';
  return strict ? 'agreed' : undefined;
}

/**
 * What serves all who watch one neighbour (RFC 5882 §2: they share a session). It sends and takes at the shortest interval that any of them
 * asks for, and the neighbour finds us silent after the shortest time that any of them asks for; demand mode and echo are used where all
 * want them; authentication where one does, with the keys of who came first; it is administratively down when it is for all. Dampening and
 * `strict` are each one's own.
 *
 * @internal
 */
export function strictest(configs: readonly ResolvedBfd[]): ResolvedBfd {
  const [first] = configs;
  if (!first) throw new Error('nobody watches');
  const least = (of: (config: ResolvedBfd) => Millis): Millis => Math.min(...configs.map(of));
  const minTx = least((config) => config.minTx);
  const shared = (mode: 'demand' | 'echo'): Millis | undefined =>
    configs.some((config) => config[mode] === undefined) ? undefined : least((config) => config[mode] ?? 0);
  return {
    ...first,
    minTx,
    minRx: least((config) => config.minRx),
    multiplier: Math.min(MOST_MISSING, Math.floor(least((config) => config.minTx * config.multiplier) / minTx + ROUNDING)),
    demand: shared('demand'),
    echo: shared('echo'),
    authentication: configs.find(({ authentication }) => authentication)?.authentication,
    dampening: undefined,
    strict: false,
    disabled: configs.every(({ disabled }) => disabled),
  };
}
/** It has an octet on the wire. */
const MOST_MISSING = 255;
const ROUNDING = 1e-9;

function keyOf(secret: SecretConfig, most: number): Uint8Array {
  if (typeof secret !== 'string') throw new Error('a secret that nobody has read');
  const octets = encodeUtf8(secret);
  if (octets.length === 0 || octets.length > most) throw new Error(`a secret must have 1 to ${most} octets`);
  return octets;
}
