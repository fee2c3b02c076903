import type { OspfVersion } from './wire/index.js';

/** What comes by a link of the host's. @public */
export interface OspfLinkEvents {
  /** The payload of an IP packet of protocol 89 that came in. It and the addresses, of 4 or 16 octets, are good only during the call. */
  received(source: Uint8Array, destination: Uint8Array, payload: Uint8Array): void;
  /** The link went down, or came back. */
  changed(up: boolean): void;
}

/** An open link: an interface of the host, spoken to over raw sockets. @public */
export interface OspfLink {
  /** The interface's addresses of either family, and how many of their bits are the subnet's. */
  readonly addresses: readonly { readonly bytes: Uint8Array; readonly length: number }[];
  /** Octets of the largest IP packet. */
  readonly mtu: number;
  /** The interface's number. */
  readonly index: number;
  /** Sends a payload from `source`, one of the addresses, with TTL 1 (RFC 2328 A.1). What cannot be sent is lost. */
  send(source: Uint8Array, destination: Uint8Array, payload: Uint8Array): void;
  close(): Promise<void>;
}

/**
 * Who opens links for OSPF: the host's raw sockets (`io/`), or segments in memory. It joins the groups of all OSPF routers and of designated
 * routers there.
 *
 * @public
 */
export interface OspfLinks {
  /** Rejects with a `UsageError` (`DEVICE_UNAVAILABLE`, `NATIVE_MISSING`). */
  open(device: string, version: OspfVersion, events: OspfLinkEvents): Promise<OspfLink>;
}
