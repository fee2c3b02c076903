import type { SecretConfig } from '../lib/secrets.js';
import type { RtrVersion } from './wire/index.js';

/** A cache to hear validated payloads from. @public */
export interface CacheConfig {
  readonly address: string;
  /** Default 323, and 324 with TLS (RFC 8210 §14). */
  readonly port?: number;
  /** Hear it over TLS (RFC 8210 §9.2) and in no other way. Default: over TCP, on which anybody in between can say what the cache does not. */
  readonly tls?: CacheTls;
  /** The lowest that has data is used. Default: its place in the list. */
  readonly preference?: number;
  /** Highest version to ask for; lower ones follow when the cache wants them. Default 1; 2 for ASPA. */
  readonly version?: RtrVersion;
  /** Most records, payloads and ASPAs together, that are kept of it; more are an error that ends the session. Default 4,000,000. */
  readonly limit?: number;
  /** Seconds between queries, 1 to 86400. Default: what the cache says, else 3600 (RFC 8210 §6). */
  readonly refresh?: number;
  /** Seconds to wait after a failure, 1 to 7200. Default: what the cache says, else 600. */
  readonly retry?: number;
  /** Seconds that data is good for without the cache, 600 to 172800. Default: what the cache says, else 7200. */
  readonly expire?: number;
}

/**
 * TLS towards a cache (RFC 8210 §9.2). Certificates and the key are texts in PEM, or where those are kept; they are read when the
 * configuration is taken over, and serve the connections that are made from then on.
 *
 * @public
 */
export interface CacheTls {
  /** The cache's DNS name. Its certificate must have it as a dNSName; a common name is not looked at. */
  readonly serverName: string;
  /** Certificates of the authorities that may have signed the cache's. No others are trusted. */
  readonly ca: SecretConfig;
  /**
   * The certificate to show to the cache, with those between it and its authority. RFC 8210 §9.2 has every router show one; there are
   * caches that ask for none. Default: none.
   */
  readonly certificate?: SecretConfig;
  /** The private key of `certificate`, without a passphrase. */
  readonly key?: SecretConfig;
}

/** Records of one cache unless configured: several times those of the whole RPKI. @internal */
export const MAX_RECORDS = 4_000_000;

/** Of a cache: RFC 8210 §14 (rpki-rtr, rpki-rtr-tls). @internal */
export function cachePort({ port, tls }: CacheConfig): number {
  return port ?? (tls ? 324 : 323);
}

/** RFC 8210 §6, seconds. @internal */
export const INTERVALS = {
  refresh: { usual: 3600, min: 1, max: 86_400 },
  retry: { usual: 600, min: 1, max: 7200 },
  expire: { usual: 7200, min: 600, max: 172_800 },
} as const;

/** @internal */
export type IntervalName = keyof typeof INTERVALS;
