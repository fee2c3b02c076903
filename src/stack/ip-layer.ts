/** The seam between IP and what runs over it: TCP, UDP and raw protocols send and receive datagrams, and know of nothing beneath. */
import type { Millis } from '../lib/clock.js';

/** One datagram, whole: fragments are put together before. @public */
export interface IpDatagram {
  /** Canonical text (RFC 5952). */
  readonly source: string;
  /** Canonical text (RFC 5952). */
  readonly destination: string;
  /** IANA protocol number. */
  readonly protocol: number;
  /** TTL, or hop limit: as it arrived, or as it is to leave. */
  readonly hopLimit: number;
  /** TOS, or traffic class. Default 0. */
  readonly trafficClass?: number;
  /** Good only during the call: copy what is kept. */
  readonly payload: Uint8Array;
}

/** What a transport sends by. @public */
export interface IpLayer {
  /** Sends a datagram; what cannot be sent is dropped and counted. Never throws for what the network does. */
  send(datagram: IpDatagram): void;
  /** Octets of the largest packet, header included, that gets to `destination` whole. */
  pathMtu(destination: string): number;
}

/** A transport, as IP knows it. @public */
export interface IpReceiver {
  receive(datagram: IpDatagram, now: Millis): void;
}
