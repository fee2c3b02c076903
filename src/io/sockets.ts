import { createConnection, createServer, type ServerOpts, Socket } from 'node:net';
import { canonicalAddress, parseAddress } from '../lib/address.js';
import { UsageError } from '../lib/errors.js';
import { contains, parsePrefix } from '../lib/prefix.js';
import type {
  Connection,
  ConnectionSecurity,
  DialEvents,
  Dialler,
  DialOptions,
  Endpoint,
  Listener,
  ListenOptions,
  SecuredPeers,
  TlsClient,
  Transport,
} from '../lib/transport.js';
import type { Libc } from './libc.js';
import { SocketConnection } from './socket-connection.js';
import { assureSecurity, bindSocket, descriptor, ListenerSecurity, openSocket, protectDialled, tcpLibc } from './tcp-options.js';
import { TlsDialler } from './tls.js';

/** Octets that may wait in a socket before its writer is told to wait. */
const HIGH_WATER = 1 << 20;

/** For sockets dialled and accepted. `highWaterMark` reaches the stream under the socket; the types do not know it. */
const OPTIONS: ServerOpts & { readonly highWaterMark: number } = { noDelay: true, highWaterMark: HIGH_WATER };

/** The host's TCP sockets. @public */
export class NodeTransport implements Transport {
  /** @param first - Called before each piece of input that a socket has, for what must not wait until all of it is taken in. */
  constructor(private readonly first: () => void = () => {}) {}

  /** Takes Linux and koffi. */
  async assure(security: ConnectionSecurity): Promise<void> {
    assureSecurity(await tcpLibc(), security);
  }

  tls(client: TlsClient, path: readonly (string | number)[] = []): Dialler {
    return new TlsDialler(client, path, this.first);
  }

  async listen({ address, port, peers = [] }: ListenOptions, accepted: (connection: Connection) => void): Promise<Listener> {
    const ipv6 = address.includes(':');
    let security: ListenerSecurity | LateSecurity | undefined;
    let c: Libc | undefined;
    const server = createServer(OPTIONS, (socket) => {
      if (!hasEnds(socket)) return;
      const connection = new SocketConnection(socket, { libc: () => c, first: this.first });
      // Not what its neighbour's configuration asks for: whoever it is, it is not answered.
      if (security && !security.admit(socket, connection.remote.address)) socket.resetAndDestroy();
      else accepted(connection);
    });
    let fd: number | undefined;
    if (peers.length > 0) {
      // The keys are there before the first connection can be.
      c = await tcpLibc();
      fd = openSocket(c, ipv6);
      security = new ListenerSecurity(c, fd, ipv6, false);
      try {
        bindSocket(c, fd, address, port, true);
        security.replace(peers);
      } catch (error) {
        c.close(fd);
        throw error instanceof UsageError ? error : listenError(error as NodeJS.ErrnoException, address, port);
      }
    }
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, address, port)));
      server.listen(fd === undefined ? { host: address, port, exclusive: true, ipv6Only: ipv6 } : { fd }, () => {
        const bound = server.address();
        // A TCP server has an address object.
        const endpoint: Endpoint = { address: canonicalAddress(address), port: typeof bound === 'object' && bound ? bound.port : port };
        server.on('error', () => {}); // an accept that failed (no descriptors left) concerns that connection alone
        resolve({
          endpoint,
          secure: (all) => {
            if (all.length === 0 && !security) return;
            security ??= new LateSecurity(
              () => (server.listening ? descriptor(server) : undefined),
              ipv6,
              (loaded) => {
                c = loaded;
              },
            );
            security.replace(all);
          },
          // The server itself would wait for connections, which are their owners' to end.
          close: () => {
            server.close();
            return Promise.resolve();
          },
        });
      });
    });
  }

  dial(options: DialOptions, events: DialEvents): () => void {
    const { remote, localAddress, localPort, security } = options;
    if (security) return this.#dialProtected({ ...options, security }, events);
    const socket = createConnection({
      host: remote.address,
      port: remote.port,
      ...OPTIONS,
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(localPort === undefined ? {} : { localPort }),
    });
    return watchDial(socket, undefined, events, this.first);
  }

  /** The socket is the C library's until it has its keys; then it is Node's, and dials. */
  #dialProtected(
    { remote, localAddress, localPort = 0, security }: DialOptions & { security: ConnectionSecurity },
    events: DialEvents,
  ): () => void {
    let over = false;
    let giveUp = (): void => {
      over = true;
    };
    tcpLibc()
      .then((c) => {
        if (over) return;
        const fd = openSocket(c, remote.address.includes(':'));
        try {
          protectDialled(c, fd, remote.address, security);
          if (localAddress !== undefined || localPort !== 0)
            bindSocket(c, fd, localAddress ?? (remote.address.includes(':') ? '::' : '0.0.0.0'), localPort, false);
        } catch (error) {
          c.close(fd);
          throw error;
        }
        // Beware: it must dial in the same turn, or it is read from before there is a connection.
        const socket = new Socket({ fd });
        giveUp = watchDial(socket, c, events, this.first);
        socket.connect({ host: remote.address, port: remote.port });
      })
      .catch((error: unknown) => {
        if (!over) events.failed(error instanceof Error ? error.message : String(error));
      });
    return () => giveUp();
  }
}

/** Whether a connection is one. What was reset before we saw it has no addresses any more: it is nobody's, and goes. */
function hasEnds(socket: Socket): boolean {
  if (socket.remoteAddress !== undefined && socket.localAddress !== undefined) return true;
  socket.on('error', () => {});
  socket.destroy();
  return false;
}

/** Tells how a dial ends, once. Returns a way to give up. */
function watchDial(socket: Socket, c: Libc | undefined, events: DialEvents, first: () => void): () => void {
  let over = false;
  const failed = (error: Error): void => {
    if (over) return;
    over = true;
    events.failed(error.message);
  };
  socket.once('error', failed);
  socket.once('connect', () => {
    if (over) return;
    if (!hasEnds(socket)) {
      failed(new Error('the connection was reset'));
      return;
    }
    over = true;
    socket.off('error', failed);
    events.connected(new SocketConnection(socket, { libc: () => c, first }));
  });
  return () => {
    over = true;
    socket.on('error', () => {});
    socket.destroy();
  };
}

/**
 * Keys for a listener that was opened without any: until the C library is there to set them, whoever they are meant for is not let in; nor
 * where the system does not take them, which is warned of.
 */
class LateSecurity {
  #now: ListenerSecurity | undefined;
  /** What is asked for, and whether the system has it. */
  #wanted: readonly SecuredPeers[] = [];
  #set = false;
  #closed = false;

  /** @param fd - Of the listener; undefined once it is closed. */
  constructor(fd: () => number | undefined, ipv6: boolean, loaded: (c: Libc) => void) {
    if (process.platform !== 'linux')
      throw new UsageError('SECURITY_UNAVAILABLE', `protecting TCP connections takes Linux, and this is ${process.platform}`);
    tcpLibc()
      .then((c) => {
        loaded(c);
        const socket = fd();
        if (socket === undefined) return;
        this.#now = new ListenerSecurity(c, socket, ipv6, true);
        this.#now.replace(this.#wanted);
        this.#set = true;
      })
      .catch((error: Error) => {
        this.#closed = this.#now === undefined;
        process.emitWarning(error.message);
      });
  }

  replace(peers: readonly SecuredPeers[]): void {
    if (this.#closed && peers.length > 0)
      throw new UsageError('SECURITY_UNAVAILABLE', 'protecting TCP connections takes Linux and the optional package koffi');
    if (this.#now) {
      this.#now.replace(peers);
      this.#set = true;
    }
    this.#wanted = peers;
  }

  admit(socket: Socket, remote: string): boolean {
    return this.#now && this.#set
      ? this.#now.admit(socket, remote)
      : !this.#wanted.some(({ peers }) => contains(parsePrefix(peers), parseAddress(remote)));
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
