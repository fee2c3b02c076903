import type { CacheData } from './cache-data.js';

/**
 * `down`: no connection. `connecting`: dialling. `syncing`: a query is out and its answer is on its way. `in-sync`: connected, and
 * what the cache has we have. `no-data`: connected, but the cache has nothing to give yet. @public
 */
export type CacheState = 'idle' | 'down' | 'connecting' | 'syncing' | 'in-sync' | 'no-data';

/** What happens to a session with a cache. @internal */
export type CacheEvent =
  | { readonly type: 'start' | 'stop' | 'connected' }
  | { readonly type: 'failed' | 'closed'; readonly reason: string | undefined }
  | { readonly type: 'octets'; readonly bytes: Uint8Array };

/** What a session wants done. @internal */
export type CacheEffect =
  | { readonly type: 'dial' }
  /** What was said is to go out first where `flush` says so. */
  | { readonly type: 'close'; readonly flush: boolean }
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  /** The data is another, or the same and changed; undefined once it has expired. */
  | { readonly type: 'data'; readonly data: CacheData | undefined }
  | { readonly type: 'state'; readonly from: CacheState; readonly to: CacheState; readonly reason: string | undefined };

/** @internal */
export type CacheTimer = 'dial' | 'refresh' | 'retry' | 'expire' | 'response';
