import type { Millis } from '../lib/clock.js';

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
  /** The BGP session waits until BFD is up. Default false. */
  readonly strict?: boolean;
  /** Drop packets whose TTL is not 255 (RFC 5881 §5). Default true; never for `multihop`. Takes koffi and Linux. */
  readonly checkTtl?: boolean;
}

/** @internal */
export interface ResolvedBfd {
  readonly minTx: Millis;
  readonly minRx: Millis;
  readonly multiplier: number;
  readonly multihop: boolean;
  readonly strict: boolean;
  readonly checkTtl: boolean;
}

/** With the defaults filled in. @internal */
export function resolveBfd({
  minTx = 300,
  minRx = 300,
  multiplier = 3,
  multihop = false,
  strict = false,
  checkTtl = true,
}: BfdConfig): ResolvedBfd {
  return { minTx, minRx, multiplier, multihop, strict, checkTtl: checkTtl && !multihop };
}
