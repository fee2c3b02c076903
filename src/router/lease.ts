import type { VerdictCode } from '../claims/reasons.js';
import type { Millis } from '../lib/clock.js';

/** What a program claims for a node. @public */
export interface ClaimRequest {
  /** The node that is to hold the prefix. */
  readonly node: string;
  readonly prefix: string;
  /** Milliseconds after which the claim ends unless renewed, 0 or more. Default, as with `Infinity`: never. */
  readonly lease?: Millis;
}

/**
 * A claim of the program's own. It goes through the same grants and the same decision as a guest's: being held here does not say
 * that it won, see {@link Lease.verdict}.
 *
 * @public
 */
export interface Lease {
  readonly node: string;
  readonly prefix: string;
  /** When it ends; undefined when it does not by itself. */
  readonly expires: Millis | undefined;
  /** `accepted` where the claim is authorized now, else the reason why not; `ended` once it is over. */
  readonly verdict: VerdictCode | 'ended';
  /** Starts the time anew, by its own length or another. Throws a `UsageError` when it has ended (`CLOSED`), or the time is none (`CONFIG_INVALID`). */
  renew(lease?: Millis): void;
  /** Ends the claim. Harmless when it has ended. */
  release(): void;
}
