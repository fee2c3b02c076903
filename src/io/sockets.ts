import { createConnection, createServer, type ServerOpts, type Socket } from 'node:net';
import { canonicalAddress, isAddress } from '../lib/address.js';
import { UsageError } from '../lib/errors.js';
import type {
  Connection,
  ConnectionEvents,
  DialEvents,
  DialOptions,
  Endpoint,
  Listener,
  ListenOptions,
  Transport,
} from '../lib/transport.js';

/** Octets that may wait in a socket before its writer is told to wait. */
const HIGH_WATER = 1 << 20;

/**
 * Milliseconds that one socket's input may take before everybody else has a turn: Node's event loop reads a socket that has more up to
 * 32 times over, two megabytes of UPDATEs, before it looks at timers, threads and other sockets.
 */
const TURN = 2;

/** Never dial unprotected where protection is asked for. */
const UNPROTECTED = "the host's sockets cannot protect the connection (password, tcpAo, ttlSecurity)";

/** For sockets dialled and accepted. `highWaterMark` reaches the stream under the socket; the types do not know it. */
const OPTIONS: ServerOpts & { readonly highWaterMark: number } = { noDelay: true, highWaterMark: HIGH_WATER };

/** The host's TCP sockets. @public */
export class NodeTransport implements Transport {
  listen({ address, port }: ListenOptions, accepted: (connection: Connection) => void): Promise<Listener> {
    const server = createServer(OPTIONS, (socket) => accepted(new SocketConnection(socket)));
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, address, port)));
      server.listen({ host: address, port, exclusive: true, ipv6Only: address.includes(':') }, () => {
        const bound = server.address();
        // A TCP server has an address object.
        const endpoint: Endpoint = { address: canonicalAddress(address), port: typeof bound === 'object' && bound ? bound.port : port };
        server.on('error', () => {}); // an accept that failed (no descriptors left) concerns that connection alone
        resolve({
          endpoint,
          // The server itself would wait for connections, which are their owners' to end.
          close: () => {
            server.close();
            return Promise.resolve();
          },
        });
      });
    });
  }

  dial({ remote, localAddress, localPort, security }: DialOptions, events: DialEvents): () => void {
    let over = false;
    if (security) {
      queueMicrotask(() => over || events.failed(UNPROTECTED));
      return () => {
        over = true;
      };
    }
    const socket = createConnection({
      host: remote.address,
      port: remote.port,
      ...OPTIONS,
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(localPort === undefined ? {} : { localPort }),
    });
    const failed = (error: Error): void => {
      if (over) return;
      over = true;
      events.failed(error.message);
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      if (over) return;
      over = true;
      socket.off('error', failed);
      events.connected(new SocketConnection(socket));
    });
    return () => {
      over = true;
      socket.on('error', () => {});
      socket.destroy();
    };
  }
}

function listenError(error: NodeJS.ErrnoException, address: string, port: number): UsageError {
  const where = `${address} port ${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new UsageError('PORT_IN_USE', `cannot listen on ${where}: the port is in use`);
    case 'EADDRNOTAVAIL':
      return new UsageError('ADDRESS_UNAVAILABLE', `cannot listen on ${where}: this host does not have the address`);
    case 'EACCES':
      return new UsageError('ADDRESS_UNAVAILABLE', `cannot listen on ${where}: ports below 1024 need root or CAP_NET_BIND_SERVICE`);
    default:
      return new UsageError('ADDRESS_UNAVAILABLE', `cannot listen on ${where}: ${error.message}`);
  }
}

/** A TCP socket as a {@link Connection}. */
class SocketConnection implements Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  #events: ConnectionEvents | undefined;
  #error: string | undefined;
  #over = false;
  /** Whether its owner reads; whether others have their turn now; and what its input took since they had. */
  #reading = false;
  #waiting = false;
  #took = 0;

  constructor(private readonly socket: Socket) {
    this.local = endpoint(socket.localAddress, socket.localPort);
    this.remote = endpoint(socket.remoteAddress, socket.remotePort);
    socket.pause();
    // A Buffer's `slice` is a view, an array's a copy: the core means the latter.
    socket.on('data', (chunk) => {
      const start = performance.now();
      this.#events?.data(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
      this.#took += performance.now() - start;
      if (this.#took > TURN) this.#giveWay();
    });
    socket.on('drain', () => this.#events?.drained());
    socket.on('error', (error) => {
      this.#error = error.message;
    });
    // The other end said all it had to say: so do we.
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      this.#over = true;
      this.#events?.closed(this.#error);
    });
  }

  get buffered(): number {
    return this.socket.writableLength;
  }

  listen(events: ConnectionEvents): void {
    this.#events = events;
    if (this.#over) queueMicrotask(() => events.closed(this.#error));
    else this.resume();
  }

  write(bytes: Uint8Array, sent?: () => void): boolean {
    if (this.#over || this.socket.destroyed || this.socket.writableEnded) return true;
    return sent ? this.socket.write(bytes, () => sent()) : this.socket.write(bytes);
  }

  pause(): void {
    this.#reading = false;
    this.socket.pause();
  }
  resume(): void {
    this.#reading = true;
    if (!this.#waiting) this.socket.resume();
  }

  /** Reads on when everything else that is due has been looked at. */
  #giveWay(): void {
    this.#took = 0;
    if (this.#waiting) return;
    this.#waiting = true;
    this.socket.pause();
    setImmediate(() => {
      this.#waiting = false;
      if (this.#reading) this.socket.resume();
    });
  }

  end(): void {
    this.socket.end();
  }

  abort(): void {
    if (this.socket.destroyed) return;
    this.socket.resetAndDestroy();
  }
}

function endpoint(address: string | undefined, port: number | undefined): Endpoint {
  const plain = (address ?? '').replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/, '');
  return { address: isAddress(plain) ? canonicalAddress(plain) : plain, port: port ?? 0 };
}
