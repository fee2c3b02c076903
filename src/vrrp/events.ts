/** The whole vocabulary of a VRRP session: what can happen to it and what it asks for. */
import type { Millis } from '../lib/clock.js';
import type { VrrpAdvertisement } from './wire/index.js';

/** Whether the node is the active router of the session's virtual router (RFC 3768's "Master"), as far as it says so. @public */
export type VrrpState = 'absent' | 'active';

/** @internal */
export type VrrpEvent = {
  readonly type: 'advertisement';
  readonly advertisement: VrrpAdvertisement;
  /** The sender's primary address. */
  readonly source: string;
};

/** @internal */
export type VrrpEffect =
  /** The node is active and has these addresses; again whenever any of it changes. */
  | { readonly type: 'claim'; readonly addresses: readonly string[]; readonly priority: number; readonly source: string }
  /** It is active no more: it resigned, or nothing was heard of it for so long. */
  | { readonly type: 'release'; readonly silence: Millis | undefined };

/** @internal */
export type VrrpTimer = 'active-down';
