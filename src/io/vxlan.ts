import { createSocket, type Socket } from 'node:dgram';
import { canonicalAddress, parseAddress } from '../lib/address.js';
import { UsageError } from '../lib/errors.js';
import type { PortConfig } from '../stack/config.js';
import type { FrameReceiver, Port, PortCounters } from '../stack/port.js';
import { VXLAN, vniOf, vxlanHeader } from '../stack/wire/vxlan.js';
import { BatchedUdp, nameAddress, nameSize, socketName } from './batched-udp.js';
import { bound, receiveBuffer } from './udp-socket.js';

/** IANA's. */
const VXLAN_PORT = 4789;
/** Octets of a datagram of a batched socket: the header, an Ethernet header with room for a tag that is then dropped as such. */
const OVERHEAD = VXLAN + 14 + 4;

/**
 * VXLAN (RFC 7348) over UDP sockets, plain or batched. All tunnels of one local address and port share a socket; a frame's tunnel, and so
 * its node, is told by whence the datagram came and its VNI. What is of no tunnel is dropped and counted.
 *
 * @internal
 */
export class VxlanSockets {
  readonly #sockets = new Map<string, Promise<VxlanSocket>>();

  async open(config: PortConfig): Promise<Port> {
    const { address = '0.0.0.0', port = VXLAN_PORT, remote = '', vni = 0, mtu = 1450, batched = false } = config;
    const key = `${address} ${port}`;
    let opening = this.#sockets.get(key);
    if (!opening) {
      const closed = (): void => void this.#sockets.delete(key);
      opening = batched ? BatchedSocket.open(address, port, mtu, closed) : PlainSocket.open(address, port, closed);
      this.#sockets.set(key, opening);
      opening.catch(closed);
    }
    const socket = await opening;
    if (socket.batched !== batched || mtu > socket.mtu)
      throw new UsageError(
        'PORT_IN_USE',
        `the tunnels on ${key.replace(' ', ' port ')} share a socket: all must agree on batched and, batched, mtu`,
      );
    return socket.tunnel(remote, config.remotePort ?? port, vni, mtu);
  }
}

/** Tunnels of one socket. */
abstract class VxlanSocket {
  abstract readonly batched: boolean;
  /** The largest MTU that a tunnel may have. */
  abstract readonly mtu: number;
  /** Datagrams of no tunnel. */
  unknown = 0;
  /** By a hash of address and VNI, so that a look-up makes nothing. */
  readonly #tunnels = new Map<number, Tunnel[]>();
  #count = 0;

  protected constructor(private readonly closed: () => void) {}

  protected abstract make(remote: string, remotePort: number, vni: number, mtu: number, done: () => Promise<void>): Tunnel;
  protected abstract closeSocket(): Promise<void> | void;

  tunnel(remote: string, remotePort: number, vni: number, mtu: number): Port {
    const octets = parseAddress(remote);
    if (this.find(octets, 0, octets.length, vni))
      throw new UsageError('PORT_IN_USE', `there is a tunnel to ${remote} with VNI ${vni} already`);
    const key = hash(octets, 0, octets.length, vni);
    const tunnel = this.make(remote, remotePort, vni, mtu, async () => {
      this.#tunnels.set(
        key,
        (this.#tunnels.get(key) ?? []).filter((one) => one !== tunnel),
      );
      if (--this.#count > 0) return;
      this.closed();
      await this.closeSocket();
    });
    this.#tunnels.set(key, [...(this.#tunnels.get(key) ?? []), tunnel]);
    this.#count++;
    return tunnel;
  }

  protected find(octets: Uint8Array, at: number, size: number, vni: number): Tunnel | undefined {
    const candidates = this.#tunnels.get(hash(octets, at, size, vni));
    if (candidates) for (const tunnel of candidates) if (tunnel.is(octets, at, size, vni)) return tunnel;
    return undefined;
  }
}

function hash(octets: Uint8Array, at: number, size: number, vni: number): number {
  let h = vni;
  for (let i = at; i < at + size; i++) h = Math.imul(h ^ (octets[i] ?? 0), 0x01000193);
  return h;
}

/** Node gives IPv6 addresses with their zone. */
function canonical(address: string): string {
  return address.includes(':') ? canonicalAddress(address.replace(/%.*$/, '')) : address;
}

class PlainSocket extends VxlanSocket {
  readonly batched = false;
  readonly mtu = 65_535;
  /** Octets of the far ends, by what Node calls them: to parse each datagram's sender takes longer than all else that is done with it. */
  readonly #far = new Map<string, Uint8Array>();
  readonly #reading: Reading = { datagram: undefined };

  private constructor(
    private readonly socket: Socket,
    closed: () => void,
  ) {
    super(closed);
    socket.on('message', (bytes, { address }) => {
      const from = this.#far.get(address) ?? this.#far.get(canonical(address));
      const tunnel = from && this.find(from, 0, from.length, vniOf(bytes, 0, bytes.length));
      if (!tunnel) {
        this.unknown++;
        return;
      }
      this.#reading.datagram = bytes;
      tunnel.arrive(bytes, VXLAN, bytes.length);
      this.#reading.datagram = undefined;
    });
  }

  static async open(address: string, port: number, closed: () => void): Promise<PlainSocket> {
    const family = address.includes(':') ? 6 : 4;
    // Literal addresses need no look-up, and so a datagram leaves within `send`.
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      recvBufferSize: receiveBuffer,
      sendBufferSize: receiveBuffer,
      lookup: (host, _options, done) => done(null, host, family),
    });
    await bound(socket, address, port);
    return new PlainSocket(socket, closed);
  }

  protected make(remote: string, remotePort: number, vni: number, mtu: number, done: () => Promise<void>): Tunnel {
    this.#far.set(canonicalAddress(remote), parseAddress(remote));
    return new PlainTunnel(this.socket, this.#reading, remote, remotePort, vni, mtu, done);
  }
  protected closeSocket(): Promise<void> {
    return new Promise((resolve) => this.socket.close(resolve));
  }
}

class BatchedSocket extends VxlanSocket {
  readonly batched = true;
  #udp: BatchedUdp | undefined;

  private constructor(
    readonly mtu: number,
    closed: () => void,
  ) {
    super(closed);
  }

  static async open(address: string, port: number, mtu: number, closed: () => void): Promise<BatchedSocket> {
    const socket = new BatchedSocket(mtu, closed);
    socket.#udp = await BatchedUdp.open(address, port, OVERHEAD + mtu, (b, start, end, names, name) => {
      const tunnel = socket.find(names, nameAddress(names, name), nameSize(names, name), vniOf(b, start, end));
      if (tunnel) tunnel.arrive(b, start + VXLAN, end);
      else socket.unknown++;
    });
    return socket;
  }

  protected make(remote: string, remotePort: number, vni: number, mtu: number, done: () => Promise<void>): Tunnel {
    if (!this.#udp) throw new Error('a tunnel of a socket that is not open');
    return new BatchedTunnel(this.#udp, remote, remotePort, vni, mtu, done);
  }
  protected closeSocket(): void {
    this.#udp?.close();
  }
}

abstract class Tunnel implements Port {
  readonly counters: PortCounters = { received: 0, sent: 0, dropped: 0 };
  protected readonly header: Uint8Array;
  protected open = true;
  #receiver: FrameReceiver | undefined;
  readonly #far: Uint8Array;

  protected constructor(
    remote: string,
    private readonly vni: number,
    readonly mtu: number,
    private readonly done: () => Promise<void>,
  ) {
    this.#far = parseAddress(remote);
    this.header = vxlanHeader(vni);
  }

  is(octets: Uint8Array, at: number, size: number, vni: number): boolean {
    if (vni !== this.vni || size !== this.#far.length) return false;
    for (let i = 0; i < size; i++) if (octets[at + i] !== this.#far[i]) return false;
    return true;
  }

  listen(receiver: FrameReceiver | undefined): void {
    this.#receiver = receiver;
  }

  arrive(bytes: Uint8Array, start: number, end: number): void {
    this.counters.received++;
    this.#receiver?.(bytes, start, end);
  }

  abstract send(buffer: Uint8Array, start: number, end: number): void;

  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    await this.done();
  }
}

/** What a socket's reader is at. */
interface Reading {
  /** The datagram that is being read, until it has left: each is in memory of its own, so that it can leave from there. */
  datagram: Uint8Array | undefined;
}

class PlainTunnel extends Tunnel {
  readonly #gone = (error: Error | null): void => {
    if (error) this.counters.dropped++;
  };

  constructor(
    private readonly socket: Socket,
    private readonly reading: Reading,
    private readonly remote: string,
    private readonly remotePort: number,
    vni: number,
    mtu: number,
    done: () => Promise<void>,
  ) {
    super(remote, vni, mtu, done);
  }

  send(buffer: Uint8Array, start: number, end: number): void {
    if (!this.open) return;
    this.counters.sent++;
    if (buffer === this.reading.datagram && start >= VXLAN) {
      this.reading.datagram = undefined;
      for (let i = 0; i < VXLAN; i++) buffer[start - VXLAN + i] = this.header[i] ?? 0;
      // As a whole, where it can be: for a part Node makes a view.
      if (start === VXLAN && end === buffer.length) this.socket.send(buffer, this.remotePort, this.remote, this.#gone);
      else this.socket.send(buffer, start - VXLAN, VXLAN + end - start, this.remotePort, this.remote, this.#gone);
      return;
    }
    // The socket may keep what it sends for a while: a copy.
    const datagram = Buffer.allocUnsafe(VXLAN + end - start);
    datagram.set(this.header);
    datagram.set(buffer.subarray(start, end), VXLAN);
    this.socket.send(datagram, this.remotePort, this.remote, this.#gone);
  }
}

class BatchedTunnel extends Tunnel {
  readonly #name: Uint8Array;

  constructor(
    private readonly udp: BatchedUdp,
    remote: string,
    remotePort: number,
    vni: number,
    mtu: number,
    done: () => Promise<void>,
  ) {
    super(remote, vni, mtu, done);
    this.#name = socketName(remote, remotePort);
  }

  send(buffer: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (!this.open || length > this.mtu + 14) {
      this.counters.dropped++;
      return;
    }
    this.counters.sent++;
    const { udp } = this;
    if (udp.mayLeave(buffer, start - VXLAN)) {
      for (let i = 0; i < VXLAN; i++) buffer[start - VXLAN + i] = this.header[i] ?? 0;
      udp.sentAsReceived(start - VXLAN, VXLAN + length, this.#name);
      return;
    }
    const at = udp.next();
    const { buffer: out } = udp;
    for (let i = 0; i < VXLAN; i++) out[at + i] = this.header[i] ?? 0;
    // `set` would take a view, and with it an object a frame, for all that is not long.
    if (length > 256) out.set(buffer.subarray(start, end), at + VXLAN);
    else for (let i = 0; i < length; i++) out[at + VXLAN + i] = buffer[start + i] ?? 0;
    udp.sent(VXLAN + length, this.#name);
  }
}
