import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { UsageError } from '../lib/errors.js';
import { mtuOf, type PortConfig } from '../stack/config.js';
import type { FrameReceiver, Port, PortCounters } from '../stack/port.js';
import { FrameStream, LENGTH } from './frame-stream.js';
import { bound, isFull, receiveBuffer } from './udp-socket.js';
import { listenAtPath } from './unix-socket.js';

/** Octets that may wait for a guest that does not read, before frames are dropped. */
const MOST_WAITING = 4 << 20;
/** Between dials, milliseconds. */
const REDIAL = 1000;

/**
 * QEMU's `-netdev stream`: frames over a UNIX or TCP socket, each with its length before it. One guest at a time: who connects later
 * takes the place of who was there. A guest that went may come again; where we dial, we dial again.
 *
 * @internal
 */
export class StreamPort implements Port {
  readonly mtu: number;
  readonly counters: PortCounters = { received: 0, sent: 0, dropped: 0 };
  #receiver: FrameReceiver | undefined;
  #guest: Socket | undefined;
  #server: Server | undefined;
  #redial: NodeJS.Timeout | undefined;
  #open = true;
  #stream = new FrameStream();

  private constructor(private readonly config: PortConfig) {
    this.mtu = mtuOf(config);
  }

  static async open(config: PortConfig): Promise<StreamPort> {
    const port = new StreamPort(config);
    if (config.remote !== undefined) port.#dial();
    else await port.#listen();
    return port;
  }

  listen(receiver: FrameReceiver | undefined): void {
    this.#receiver = receiver;
  }

  send(buffer: Uint8Array, start: number, end: number): void {
    const guest = this.#guest;
    // What is said before somebody is there is lost, as on a wire: much later nobody wants it.
    if (!guest?.writable || guest.connecting || guest.writableLength > MOST_WAITING) {
      this.counters.dropped++;
      return;
    }
    const message = Buffer.allocUnsafe(LENGTH + end - start);
    message.writeUInt32BE(end - start);
    message.set(buffer.subarray(start, end), LENGTH);
    this.counters.sent++;
    guest.write(message);
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#redial);
    this.#guest?.destroy();
    const server = this.#server;
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  async #listen(): Promise<void> {
    const { path, address, port } = this.config;
    const where = path ?? `${address} port ${port}`;
    const server = createServer((socket) => this.#join(socket));
    this.#server = server;
    const failed = (error: NodeJS.ErrnoException): never => {
      const code = error.code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'ADDRESS_UNAVAILABLE';
      throw new UsageError(code, `cannot listen on ${where}: ${error.message}`);
    };
    const listening = new Promise<void>((resolve, reject) => {
      if (path !== undefined) listenAtPath(server, path, 'any').then(resolve, reject);
      else server.once('error', reject).listen({ host: address, port, exclusive: true }, () => resolve());
    });
    await listening.catch(failed);
    server.removeAllListeners('error');
    server.on('error', () => {});
  }

  #dial(): void {
    const { remote = '', remotePort = 0 } = this.config;
    this.#join(createConnection({ host: remote, port: remotePort }));
  }

  #join(socket: Socket): void {
    this.#guest?.destroy();
    this.#guest = socket;
    this.#stream = new FrameStream();
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      if (socket === this.#guest) this.#arrived(chunk);
    });
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => {
      if (socket !== this.#guest) return;
      this.#guest = undefined;
      if (this.#open && this.config.remote !== undefined) this.#redial = setTimeout(() => this.#dial(), REDIAL);
    });
  }

  #arrived(chunk: Buffer): void {
    const sensible = this.#stream.push(chunk, (bytes, start, end) => {
      this.counters.received++;
      this.#receiver?.(bytes, start, end);
    });
    if (sensible) return;
    this.counters.dropped++;
    this.#guest?.destroy();
  }
}

/** QEMU's `-netdev dgram`: each frame a UDP datagram; those from another address or port than the configured one are dropped. @internal */
export class DatagramPort implements Port {
  readonly mtu: number;
  readonly counters: PortCounters = { received: 0, sent: 0, dropped: 0 };
  #receiver: FrameReceiver | undefined;
  #open = true;

  private constructor(
    private readonly config: PortConfig,
    private readonly socket: UdpSocket,
  ) {
    this.mtu = mtuOf(config);
    socket.on('message', (bytes, { address, port }) => {
      if (address !== config.remote || port !== config.remotePort) {
        this.counters.dropped++;
        return;
      }
      this.counters.received++;
      this.#receiver?.(bytes, 0, bytes.length);
    });
  }

  static async open(config: PortConfig): Promise<DatagramPort> {
    const { address = '', port = 0 } = config;
    const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: receiveBuffer });
    await bound(socket, address, port);
    return new DatagramPort(config, socket);
  }

  listen(receiver: FrameReceiver | undefined): void {
    this.#receiver = receiver;
  }
  send(buffer: Uint8Array, start: number, end: number): void {
    if (!this.#open || isFull(this.socket)) {
      this.counters.dropped++;
      return;
    }
    this.counters.sent++;
    this.socket.send(Buffer.from(buffer.subarray(start, end)), this.config.remotePort, this.config.remote, (error) => {
      if (error) this.counters.dropped++;
    });
  }
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await new Promise<void>((resolve) => this.socket.close(() => resolve()));
  }
}
