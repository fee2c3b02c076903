import { formatAddress } from '../lib/address.js';
import { OSPF_PROTOCOL } from '../ospf/wire/index.js';
import type { IpPacket } from './ip.js';

/** An OSPF packet in a capture. @public */
export interface CapturedOspf {
  /** Seconds since the epoch. */
  readonly time: number;
  /** Number of the frame, from 1. */
  readonly frame: number;
  /** Addresses. */
  readonly from: string;
  readonly to: string;
  /** 2 over IPv4, 3 over IPv6. */
  readonly version: 2 | 3;
  /** The payload of the IP packet: the OSPF packet with what follows it, digest, trailer or link-local signalling. */
  readonly packet: Uint8Array;
}

/** The OSPF packet in an IP packet. @internal */
export function ospfOf({ source, destination, protocol, payload }: IpPacket, time: number, frame: number): CapturedOspf | undefined {
  if (protocol !== OSPF_PROTOCOL) return undefined;
  return {
    time,
    frame,
    from: formatAddress(source),
    to: formatAddress(destination),
    version: source.length === 4 ? 2 : 3,
    packet: payload.slice(),
  };
}
