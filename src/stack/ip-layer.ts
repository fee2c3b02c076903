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
  /** The node at whose port it arrived; of what is to leave, the node that a link-local destination is of. */
  readonly node?: string;
  /** IPv4: whoever cannot pass it on whole is to say so (RFC 1191). Default false. */
  readonly dontFragment?: boolean;
  /**
   * Of one to be sent: the node at whose port it leaves, whoever has the destination, and even while that node counts as down. A packet to
   * one of our own addresses goes to it and comes back so (RFC 5881 §4). Default: who has the destination.
   */
  readonly via?: string;
  /** Good only during the call: copy what is kept. */
  readonly payload: Uint8Array;
  /** The port that it came by; for what is sent, the port that it must leave by. Default: as its destination says. */
  readonly port?: string;
}

/** What ICMP reports of a datagram that we sent. @public */
export interface IpError {
  /** Of the datagram: ours, and whither it was to go. */
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly node?: string;
  /** Octets that the narrowest way takes, where that was why. */
  readonly mtu?: number;
  readonly reason: string;
  /** The first octets of what the datagram carried: 8 at least. */
  readonly payload: Uint8Array;
}

/** What a transport sends by. @public */
export interface IpLayer {
  /** Sends a datagram; what cannot be sent is dropped and counted. Never throws for what the network does. */
  send(datagram: IpDatagram): void;
  /** Octets of the largest packet, header included, that gets to `destination` whole. */
  pathMtu(destination: string, node?: string): number;
  /** The address of ours that `destination` is spoken to from; undefined where there is none. */
  sourceFor(destination: string, node?: string): string | undefined;
}

/** A transport, as IP knows it. @public */
export interface IpReceiver {
  receive(datagram: IpDatagram, now: Millis): void;
  /** Whether it takes what is sent to a group or a broadcast. Default true. */
  readonly groups?: boolean;
  /**
   * Whether a datagram of the node at the port is worth more than a glance, before anything is made of it: its payload is `[at, end)` of
   * `b`. What is not is dropped and counted. Default: each is.
   */
  admits?(node: string, b: Uint8Array, at: number, end: number): boolean;
  /** Whether anybody listens at the port that a datagram is for, its payload being given; else its sender is told. Default: somebody does. */
  listens?(payload: Uint8Array): boolean;
  /** ICMP says that something it sent did not arrive. Returns whether that can be: what it never sent is somebody's forgery (RFC 5927). */
  error?(error: IpError, now: Millis): boolean;
}
