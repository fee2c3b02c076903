/** The whole vocabulary of a BFD session: what can happen to it and what it asks for. */
import type { Millis } from '../lib/clock.js';
import type { ResolvedBfd } from './config.js';
import type { BfdDiagnostic, BfdDrop, BfdState, ControlPacket } from './wire/index.js';

/** @internal */
export type BfdEvent =
  | { readonly type: 'start' }
  /** A packet for this session came; `bytes` is all of it, and good only where it is authenticated. */
  | { readonly type: 'packet'; readonly packet: ControlPacket; readonly bytes: Uint8Array }
  /** One of our echo packets came back. */
  | { readonly type: 'echoed' }
  /** Administratively down, and up again (RFC 5880 §6.8.16). */
  | { readonly type: 'disable' }
  | { readonly type: 'enable' }
  /** Other intervals, keys or modes from now on. */
  | { readonly type: 'configured'; readonly config: ResolvedBfd }
  /** Something else than silence is to be told to the neighbour (§6.8.15, §6.8.17). */
  | { readonly type: 'signalled'; readonly diagnostic: BfdSignal }
  /** We ourselves stood still for so long: silence in that time says nothing of the neighbour. */
  | { readonly type: 'stalled'; readonly by: Millis };

/**
 * What can be told of the path beside silence: our forwarding was reset, which ends the session (RFC 5880 §6.8.15), or a path that is
 * joined to this one failed, which does not (§6.8.17).
 *
 * @public
 */
export type BfdSignal = 'forwarding-plane-reset' | 'concatenated-path-down' | 'reverse-concatenated-path-down';

/** @internal */
export type BfdEffect =
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  /** Send an echo packet. */
  | { readonly type: 'echo' }
  /** A packet was not for this session after all. */
  | { readonly type: 'dropped'; readonly reason: BfdDrop }
  /** The detection time is another one, while the session is up. */
  | { readonly type: 'agreed'; readonly detectionTime: Millis }
  | { readonly type: 'stateChanged'; readonly from: BfdState; readonly to: BfdState; readonly diagnostic: BfdDiagnostic };

/** `verify` is when a silent neighbour is polled, `forget` when its sequence number is; `echo` and `echoDetect` are of the echo function. @internal */
export type BfdTimer = 'transmit' | 'detect' | 'verify' | 'forget' | 'echo' | 'echoDetect';
