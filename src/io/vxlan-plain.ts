import { createSocket, type Socket } from 'node:dgram';
import { VXLAN, vniOf } from '../stack/wire/vxlan.js';
import { SOL_UDP, UDP_NO_CHECK6_RX } from './batched-udp.js';
import { libc } from './libc.js';
import { bound, isFull, receiveBuffer } from './udp-socket.js';
import type { Tunnels, VxlanCarrier } from './vxlan-carrier.js';
import type { VxlanTunnel } from './vxlan-tunnel.js';

/**
 * Has a socket take datagrams without a checksum over IPv6 (RFC 6935, RFC 7348 §5), which the kernel keeps from it else. Node has no word for that: where there is
 * no native code, they do not arrive.
 */
async function takeUnchecked(socket: Socket): Promise<void> {
  const c = await libc('a datagram without a checksum').catch(() => undefined);
  if (!c) return;
  // Beware: Node has no public way to a socket's descriptor, and warns of `_handle`. Where it is not found, all is as without native code.
  const state = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol');
  const { handle } = (state === undefined ? {} : Reflect.get(socket, state)) as { readonly handle?: { readonly fd?: number } };
  if (handle?.fd !== undefined && handle.fd >= 0) c.setsockopt(handle.fd, SOL_UDP, UDP_NO_CHECK6_RX, Uint8Array.of(1, 0, 0, 0), 4);
}

/** Tunnels by a socket of Node's. @internal */
export class PlainCarrier implements VxlanCarrier {
  readonly batched = false;
  /** The datagram that is being read, until it has left: each is in memory of its own, so that it can leave from there. */
  #reading: Uint8Array | undefined;

  private constructor(
    private readonly socket: Socket,
    tunnels: Tunnels,
  ) {
    socket.on('message', (datagram, { address }) => {
      // Who reads it takes no Buffer, and would make a view that is not known here again.
      const bytes = new Uint8Array(datagram.buffer, datagram.byteOffset, datagram.length);
      const from = tunnels.farEnd(address);
      const tunnel = from && tunnels.of(from, 0, from.length, vniOf(bytes, 0, bytes.length));
      if (!tunnel) return;
      this.#reading = bytes;
      tunnel.arrive(bytes, VXLAN, bytes.length);
      this.#reading = undefined;
    });
  }

  /** Rejects with a `UsageError`, as {@link bound} does. */
  static async open(address: string, port: number, tunnels: Tunnels): Promise<PlainCarrier> {
    const family = address.includes(':') ? 6 : 4;
    // Literal addresses need no look-up, and so a datagram leaves within `send`.
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      recvBufferSize: receiveBuffer,
      sendBufferSize: receiveBuffer,
      lookup: (host, _options, done) => done(null, host, family),
    });
    await bound(socket, address, port);
    if (family === 6) await takeUnchecked(socket);
    return new PlainCarrier(socket, tunnels);
  }

  /** Node's sockets take whatever comes. */
  widen(): void {}

  send({ counters, header, options, gone }: VxlanTunnel, buffer: Uint8Array, start: number, end: number): void {
    if (isFull(this.socket)) {
      counters.dropped++;
      return;
    }
    counters.sent++;
    const { remote, remotePort } = options;
    if (buffer === this.#reading && start >= VXLAN) {
      this.#reading = undefined;
      for (let i = 0; i < VXLAN; i++) buffer[start - VXLAN + i] = header[i] ?? 0;
      // As a whole, where it can be: for a part Node makes a view.
      if (start === VXLAN && end === buffer.length) this.socket.send(buffer, remotePort, remote, gone);
      else this.socket.send(buffer, start - VXLAN, VXLAN + end - start, remotePort, remote, gone);
      return;
    }
    // The socket may keep what it sends for a while: a copy.
    const datagram = Buffer.allocUnsafe(VXLAN + end - start);
    datagram.set(header);
    datagram.set(buffer.subarray(start, end), VXLAN);
    this.socket.send(datagram, remotePort, remote, gone);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }
}
