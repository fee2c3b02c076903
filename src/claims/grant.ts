import { type Prefix, parsePrefix } from '../lib/prefix.js';
import { type ClaimSource, DEFAULT_PREFERENCE, type GrantConfig, type Takeover } from '../network/config.js';

/** Claim sources as rows hold them, strongest first. @internal */
export const SOURCES = ['api', 'bgp', 'ospf', 'vrrp', 'arp', 'initial'] as const satisfies readonly ClaimSource[];

/** A grant, resolved. @internal */
export interface Grant {
  /** Position in the `Authorization`'s list. */
  readonly index: number;
  readonly id: string;
  readonly config: GrantConfig;
  readonly prefix: Prefix;
  readonly ge: number;
  readonly le: number;
  readonly mode: 'single' | 'exclusive' | 'shared';
  readonly gateway: boolean;
  /** A bit for each position in {@link SOURCES}. */
  readonly sources: number;
  readonly limit: number;
  /** Milliseconds since the epoch, or infinity. */
  readonly until: number;
  /** False once revoked or ended. */
  live: boolean;
  /** Preference of a claim by it, by the source's position in {@link SOURCES}; and how far a wish may move it, which is nowhere without bounds. */
  readonly preferences: readonly number[];
  readonly bounds: readonly [least: number, most: number] | undefined;
}

/** Of a configuration, what a grant holds by itself. @internal */
export function resolveGrant(config: GrantConfig, index: number, now: number): Grant {
  const prefix = parsePrefix(config.prefix);
  const until = config.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(config.until);
  return {
    index,
    id: grantId(config),
    config,
    prefix,
    ge: config.ge ?? prefix.length,
    le: config.le ?? (config.ge === undefined ? prefix.length : prefix.bytes.length * 8),
    mode: config.mode ?? 'single',
    gateway: config.as === 'gateway',
    sources: (config.sources ?? SOURCES).reduce((bits, source) => bits | (1 << SOURCES.indexOf(source)), 0),
    limit: config.limit ?? Number.POSITIVE_INFINITY,
    until,
    live: until > now,
    preferences: SOURCES.map((source) => config.preference ?? DEFAULT_PREFERENCE[source]),
    bounds: config.preferenceRange,
  };
}

/** The id of a grant that names none. @internal */
export function grantId(config: GrantConfig): string {
  return config.id ?? `${config.node ?? `tag:${config.tag ?? ''}`}/${config.prefix}`;
}

/** A wish beyond all preferences, whatever the bounds: to be the last resort. @internal */
export const LEAST = 0x1_0000;

/** The preference of a claim by `grant`, moved to `wish` where the grant's bounds allow; `source` is a position in {@link SOURCES}. @internal */
export function preferenceOf(grant: Grant, source: number, wish: number): number {
  if (wish === LEAST) return 0;
  const { bounds } = grant;
  if (wish < 0 || bounds === undefined) return grant.preferences[source] ?? 0;
  return Math.min(bounds[1], Math.max(bounds[0], wish));
}

/** When a claim from `source` by `grant` takes over. @internal */
export function takeoverOf(grant: Grant, source: ClaimSource): Takeover {
  return grant.config.takeover ?? (source === 'api' || source === 'arp' ? 'always' : 'if-preferred');
}
