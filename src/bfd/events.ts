/** The whole vocabulary of a BFD session: what can happen to it and what it asks for. */
import type { Millis } from '../lib/clock.js';
import type { BfdDiagnostic, BfdState, ControlPacket } from './wire/index.js';

/** @internal */
export type BfdEvent =
  | { readonly type: 'start' }
  /** A packet for this session came. */
  | { readonly type: 'packet'; readonly packet: ControlPacket }
  /** Administratively down, and up again (RFC 5880 §6.8.16). */
  | { readonly type: 'disable' }
  | { readonly type: 'enable' }
  /** We ourselves stood still for so long: silence in that time says nothing of the neighbour. */
  | { readonly type: 'stalled'; readonly by: Millis };

/** @internal */
export type BfdEffect =
  | { readonly type: 'send'; readonly packet: ControlPacket }
  /** The detection time is another one, while the session is up. */
  | { readonly type: 'agreed'; readonly detectionTime: Millis }
  | { readonly type: 'stateChanged'; readonly from: BfdState; readonly to: BfdState; readonly diagnostic: BfdDiagnostic };

/** @internal */
export type BfdTimer = 'transmit' | 'detect';
