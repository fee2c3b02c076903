import type { RtrVersion } from './wire/index.js';

/** A cache to hear validated payloads from. @public */
export interface CacheConfig {
  readonly address: string;
  /** Default 323. */
  readonly port?: number;
  /** The lowest that has data is used. Default: its place in the list. */
  readonly preference?: number;
  /** Highest version to ask for; lower ones follow when the cache wants them. Default 1; 2 for ASPA. */
  readonly version?: RtrVersion;
  /** Seconds between queries, 1 to 86400. Default: what the cache says, else 3600 (RFC 8210 §6). */
  readonly refresh?: number;
  /** Seconds to wait after a failure, 1 to 7200. Default: what the cache says, else 600. */
  readonly retry?: number;
  /** Seconds that data is good for without the cache, 600 to 172800. Default: what the cache says, else 7200. */
  readonly expire?: number;
}

/** RFC 8210 §6, seconds. @internal */
export const INTERVALS = {
  refresh: { usual: 3600, min: 1, max: 86_400 },
  retry: { usual: 600, min: 1, max: 7200 },
  expire: { usual: 7200, min: 600, max: 172_800 },
} as const;

/** @internal */
export type IntervalName = keyof typeof INTERVALS;
