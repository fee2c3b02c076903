import { createSocket, type Socket } from 'node:dgram';
import { canonicalAddress } from '../lib/address.js';
import { UsageError } from '../lib/errors.js';
import type { PortConfig } from '../stack/config.js';
import type { FrameReceiver, Port, PortCounters } from '../stack/port.js';
import { bound, receiveBuffer } from './udp-socket.js';

/** IANA's. */
const VXLAN_PORT = 4789;
/** Octets of the header: flags, reserved, VNI, reserved (RFC 7348 §5). */
const HEADER = 8;
const VNI_VALID = 0x08;

/**
 * VXLAN (RFC 7348) over plain UDP sockets. All tunnels of one local address and port share a socket; a frame's tunnel, and so its
 * node, is told by whence the datagram came and its VNI. What is of no tunnel is dropped and counted.
 *
 * @internal
 */
export class VxlanSockets {
  readonly #sockets = new Map<string, Promise<VxlanSocket>>();

  async open(config: PortConfig): Promise<Port> {
    const { address = '0.0.0.0', port = VXLAN_PORT, remote = '', vni = 0 } = config;
    const key = `${address} ${port}`;
    let opening = this.#sockets.get(key);
    if (!opening) {
      opening = VxlanSocket.open(address, port, () => this.#sockets.delete(key));
      this.#sockets.set(key, opening);
      opening.catch(() => this.#sockets.delete(key));
    }
    const socket = await opening;
    return socket.tunnel(remote, config.remotePort ?? port, vni, config.mtu ?? 1450);
  }
}

class VxlanSocket {
  readonly #tunnels = new Map<string, Tunnel>();
  /** Datagrams of no tunnel. */
  unknown = 0;

  private constructor(
    readonly socket: Socket,
    private readonly closed: () => void,
  ) {
    socket.on('message', (bytes, { address }) => this.#received(bytes, address));
  }

  static async open(address: string, port: number, closed: () => void): Promise<VxlanSocket> {
    const family = address.includes(':') ? 6 : 4;
    // Literal addresses need no look-up, and so a datagram leaves within `send`.
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      recvBufferSize: receiveBuffer,
      lookup: (host, _options, done) => done(null, host, family),
    });
    await bound(socket, address, port);
    return new VxlanSocket(socket, closed);
  }

  tunnel(remote: string, remotePort: number, vni: number, mtu: number): Port {
    const key = `${remote} ${vni}`;
    if (this.#tunnels.has(key)) throw new UsageError('PORT_IN_USE', `there is a tunnel to ${remote} with VNI ${vni} already`);
    const tunnel = new Tunnel(this.socket, remote, remotePort, vni, mtu, async () => {
      if (!this.#tunnels.delete(key) || this.#tunnels.size > 0) return;
      this.closed();
      await new Promise<void>((resolve) => this.socket.close(resolve));
    });
    this.#tunnels.set(key, tunnel);
    return tunnel;
  }

  #received(bytes: Buffer, address: string): void {
    const vni = bytes.length > HEADER && ((bytes[0] ?? 0) & VNI_VALID) !== 0 ? bytes.readUIntBE(4, 3) : -1;
    const from = address.includes(':') ? canonicalAddress(address.replace(/%.*$/, '')) : address;
    const tunnel = this.#tunnels.get(`${from} ${vni}`);
    if (tunnel) tunnel.arrive(bytes);
    else this.unknown++;
  }
}

class Tunnel implements Port {
  readonly counters: PortCounters = { received: 0, sent: 0, dropped: 0 };
  #receiver: FrameReceiver | undefined;
  readonly #header = Buffer.alloc(HEADER);
  #open = true;

  constructor(
    private readonly socket: Socket,
    private readonly remote: string,
    private readonly remotePort: number,
    vni: number,
    readonly mtu: number,
    private readonly done: () => Promise<void>,
  ) {
    this.#header[0] = VNI_VALID;
    this.#header.writeUIntBE(vni, 4, 3);
  }

  listen(receiver: FrameReceiver | undefined): void {
    this.#receiver = receiver;
  }

  arrive(bytes: Uint8Array): void {
    this.counters.received++;
    this.#receiver?.(bytes, HEADER, bytes.length);
  }

  send(buffer: Uint8Array, start: number, end: number): void {
    if (!this.#open) return;
    this.counters.sent++;
    // The socket may keep what it sends for a while: a copy.
    const datagram = Buffer.allocUnsafe(HEADER + end - start);
    this.#header.copy(datagram);
    datagram.set(buffer.subarray(start, end), HEADER);
    this.socket.send(datagram, this.remotePort, this.remote, (error) => {
      if (error) this.counters.dropped++;
    });
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.done();
  }
}
