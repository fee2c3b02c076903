import { parseAddress } from '../lib/address.js';
import type { Millis } from '../lib/clock.js';
import type { IpDatagram, IpLayer, IpReceiver } from './ip-layer.js';
import { Protocol } from './wire/codes.js';
import { u16 } from './wire/octets.js';
import { isUdp, UDP, udpDatagram } from './wire/udp.js';

/** A datagram received over UDP. @internal */
export interface UdpMessage {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  /** TTL or hop limit as it arrived: for GTSM (RFC 5082). */
  readonly hopLimit: number;
  /** Good only during the call. */
  readonly payload: Uint8Array;
}

/** UDP over an {@link IpLayer}: one receiver a port. @internal */
export class UdpStack implements IpReceiver {
  readonly #ports = new Map<number, (message: UdpMessage, now: Millis) => void>();
  /** Datagrams with a wrong checksum or length, and those for a port where nobody listens. */
  malformed = 0;
  unclaimed = 0;

  constructor(private readonly ip: IpLayer) {}

  /** Listens on a port of all the router's addresses. Returns how to stop. Throws where the port is taken. */
  bind(port: number, receive: (message: UdpMessage, now: Millis) => void): () => void {
    if (this.#ports.has(port)) throw new Error(`UDP port ${port} is taken`);
    this.#ports.set(port, receive);
    return () => void this.#ports.delete(port);
  }

  send(message: {
    readonly source: string;
    readonly sourcePort: number;
    readonly destination: string;
    readonly destinationPort: number;
    /** Default 64. */
    readonly hopLimit?: number;
    readonly trafficClass?: number;
    /** See {@link IpDatagram.via}. */
    readonly via?: string;
    readonly payload: Uint8Array;
  }): void {
    const { source, destination, hopLimit = 64, trafficClass = 0, via } = message;
    const payload = udpDatagram(
      parseAddress(source),
      message.sourcePort,
      parseAddress(destination),
      message.destinationPort,
      message.payload,
    );
    this.ip.send({ source, destination, protocol: Protocol.udp, hopLimit, trafficClass, payload, ...(via === undefined ? {} : { via }) });
  }

  listens(payload: Uint8Array): boolean {
    if (payload.length < UDP || this.#ports.has(u16(payload, 2))) return true;
    this.unclaimed++;
    return false;
  }

  receive({ source, destination, hopLimit, payload }: IpDatagram, now: Millis): void {
    if (!isUdp(payload, parseAddress(source), parseAddress(destination))) {
      this.malformed++;
      return;
    }
    this.#ports.get(u16(payload, 2))?.(
      { source, sourcePort: u16(payload, 0), destination, hopLimit, payload: payload.subarray(UDP, u16(payload, 4)) },
      now,
    );
  }
}
