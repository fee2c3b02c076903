import type { ConnectionBounds } from '../../lib/transport.js';
import type { OutgoingSegment, TcpSegment } from '../wire/tcp.js';

/** RFC 9293 §3.3.2; LISTEN is the stack's. @internal */
export type TcpState =
  | 'syn-sent'
  | 'syn-received'
  | 'established'
  | 'fin-wait-1'
  | 'fin-wait-2'
  | 'close-wait'
  | 'closing'
  | 'last-ack'
  | 'time-wait'
  | 'closed';

/** What happens to a connection. @internal */
export type TcpEvent =
  /** Dial: a SYN is to be sent. */
  | { readonly type: 'open' }
  /** A segment arrived; its payload is good only during the call. */
  | { readonly type: 'segment'; readonly segment: TcpSegment }
  /** The owner writes octets, which it gives away; `sent` is called when they are needed no more. */
  | { readonly type: 'write'; readonly bytes: Uint8Array; readonly sent?: () => void }
  /** The owner reads no more for now, or again. */
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  /** How much may wait: see {@link Connection.bound}. */
  | { readonly type: 'bound'; readonly bounds: ConnectionBounds }
  /** The owner has written all that it will. */
  | { readonly type: 'end' }
  | { readonly type: 'abort' }
  /** The way to the other end takes packets of so many octets. `seq`: the segment that did not pass. */
  | { readonly type: 'narrow'; readonly mtu: number; readonly seq: number }
  /** ICMP says that the other end cannot be reached; `seq` is the segment that it speaks of. */
  | { readonly type: 'unreachable'; readonly reason: string; readonly seq: number };

/** What a connection wants done. @internal */
export type TcpEffect =
  | { readonly type: 'send'; readonly segment: OutgoingSegment }
  | { readonly type: 'established' }
  /** Octets for the owner, good only during the call. */
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  /** Octets that the owner wrote are needed no more. */
  | { readonly type: 'sent'; readonly call: () => void }
  | { readonly type: 'drained' }
  /** For the owner it is over. */
  | { readonly type: 'closed'; readonly reason: string | undefined }
  /** Nothing is left of it: the stack forgets it. */
  | { readonly type: 'gone' };

/** @internal */
export type TcpTimer = 'retransmit' | 'persist' | 'delayedAck' | 'keepAlive' | 'timeWait';
