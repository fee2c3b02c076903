/** The whole vocabulary of a BGP session: what can happen to it, what it can ask for, and the timers that it has. */
import type { Millis } from '../lib/clock.js';
import type { Negotiated } from './negotiation.js';
import type { Notification, Open } from './wire/index.js';

/** RFC 4271 §8.2.2. @public */
export type SessionState = 'idle' | 'connect' | 'active' | 'open-sent' | 'open-confirm' | 'established';

/** RFC 4271 §8.1.3, RFC 9687, draft-ietf-idr-bgp-bfd-strict-mode §3. @internal */
export type SessionTimer = 'connectRetry' | 'hold' | 'keepalive' | 'delayOpen' | 'idleHold' | 'sendHold' | 'bfdHold';

/** What ends a session: the NOTIFICATION that is sent. @internal */
export interface SessionError {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
  /** For people. */
  readonly reason: string;
  /** Nothing of us is to be kept: sent as a Hard Reset where the neighbour would keep it otherwise (RFC 8538 §3.1). */
  readonly hard?: boolean;
}

/** RFC 4271 §8.1, by number. @internal */
export type SessionEvent =
  /** 1, 4: somebody starts it. */
  | { readonly type: 'start' }
  /** 2: somebody stops it, with a Cease. */
  | { readonly type: 'stop'; readonly subcode: number; readonly text?: string }
  /** 9 to 13, and RFC 9687. */
  | { readonly type: `${SessionTimer}Timer` }
  /** 16, 17: a connection is there, dialled or accepted. */
  | { readonly type: 'connected' }
  /** 18: the dial failed, or the connection is gone. */
  | { readonly type: 'disconnected'; readonly reason: string }
  /** 19, 20. */
  | { readonly type: 'open'; readonly open: Open }
  /** 21, 22, 28: what was received ends the session. */
  | { readonly type: 'error'; readonly error: SessionError }
  /** 23: another connection to the same neighbour goes before this one. */
  | { readonly type: 'collision' }
  /** 24, 25. */
  | { readonly type: 'notification'; readonly notification: Notification }
  /** 26. */
  | { readonly type: 'keepalive' }
  /** 27: one or more UPDATEs, in one chunk of input. */
  | { readonly type: 'updates' }
  /** RFC 2918. */
  | { readonly type: 'routeRefresh' }
  /** 30 to 33 (draft-ietf-idr-bgp-bfd-strict-mode §4): nothing is against a session now, as BFD is up or does not watch; or something is. */
  | { readonly type: 'bfd'; readonly clear: boolean }
  /** What waited to be sent has gone out, or begins to wait (RFC 9687). */
  | { readonly type: 'sendProgress'; readonly stuck: boolean };

/** Why a session is down. @public */
export interface DownReason {
  readonly code:
    | 'notification-sent'
    | 'notification-received'
    | 'hold-timer-expired'
    | 'send-hold-timer-expired'
    | 'connection-closed'
    | 'connection-failed'
    | 'collision'
    | 'stopped';
  /** A sentence. */
  readonly text: string;
  /** The NOTIFICATION's codes, where there was one; those of what it carries, of a Hard Reset (RFC 8538 §3.1). */
  readonly notification: { readonly code: number; readonly subcode: number; readonly text?: string; readonly hard?: boolean } | undefined;
}

/** @internal */
export type SessionEffect =
  | { readonly type: 'dial' }
  /** Gives up a dial, or closes the connection after what was sent. */
  | { readonly type: 'hangUp' }
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  | { readonly type: 'stateChanged'; readonly from: SessionState; readonly to: SessionState; readonly reason: DownReason | undefined }
  /** An OPEN was accepted: the session may collide with another (RFC 4271 §6.8). */
  | { readonly type: 'opened' }
  | { readonly type: 'established'; readonly negotiated: Negotiated };

/** Idle time before the next try, for those who show it. @internal */
export interface Backoff {
  readonly failures: number;
  readonly wait: Millis;
}
