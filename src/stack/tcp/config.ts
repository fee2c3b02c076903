import type { Millis } from '../../lib/clock.js';

/** How connections behave. @internal */
export interface TcpConfig {
  /** Octets that may wait for the owner to read: the window (RFC 9293 §3.8.6). Default 262144. */
  readonly receiveBuffer: number;
  /** Octets that may wait to be sent before a writer is told to wait. Default 1048576. */
  readonly sendBuffer: number;
  /** Small writes wait until what was sent is acknowledged (RFC 9293 §3.7.4). Default false. */
  readonly nagle: boolean;
  /** How long an acknowledgement may wait for company (RFC 9293 §3.8.6.3: less than 500). Default 40. */
  readonly delayedAck: Millis;
  readonly sack: boolean;
  readonly timestamps: boolean;
  readonly windowScaling: boolean;
  /** Retransmission timeout: the least (RFC 6298 §2.4 says 1000; Linux has 200, as we), the most, and before anything is known. */
  readonly minRto: Millis;
  readonly maxRto: Millis;
  readonly initialRto: Millis;
  /** Silence after which a connection that wants an answer is given up: R2 of RFC 9293 §3.8.3. Default 100000. */
  readonly userTimeout: Millis;
  /** Times that a SYN is sent again. Default 5. */
  readonly synRetries: number;
  /** Ask whether the other end is there, after so much silence, so often (RFC 9293 §3.8.4). Default: not. */
  readonly keepAlive: { readonly idle: Millis; readonly interval: Millis; readonly count: number } | undefined;
  /** Maximum segment lifetime; TIME-WAIT is two of them (RFC 9293 §3.4.1: 120000; ours 30000, as Linux). */
  readonly segmentLifetime: Millis;
  /** RFC 5961 §10: acknowledgements a second, of one connection, that answer what may be an attack. */
  readonly challenges: number;
}

/** @internal */
export const TCP_DEFAULTS: TcpConfig = {
  receiveBuffer: 262_144,
  sendBuffer: 1 << 20,
  nagle: false,
  delayedAck: 40,
  sack: true,
  timestamps: true,
  windowScaling: true,
  minRto: 200,
  maxRto: 60_000,
  initialRto: 1000,
  userTimeout: 100_000,
  synRetries: 5,
  keepAlive: undefined,
  segmentLifetime: 30_000,
  challenges: 100,
};
