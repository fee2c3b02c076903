import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { canonicalAddress, isAddress } from '../lib/address.js';
import { UsageError } from '../lib/errors.js';
import type { Connection, ConnectionBounds, ConnectionEvents, ConnectionSecurity, Endpoint } from '../lib/transport.js';
import { ClosingTurns } from './closing-turns.js';
import type { Libc } from './libc.js';
import { ReadingTurn } from './reading-turn.js';
import { rekeyConnection } from './tcp-options.js';

/** What a {@link SocketConnection} is made with, beside the socket. */
export interface SocketConnectionOptions {
  /** Where both its ends are, of a socket that is not TCP's: a path. */
  readonly place?: Endpoint;
  /** The system's library, where the connection has a key. */
  readonly libc?: () => Libc | undefined;
  /** Called before each piece of input. */
  readonly first?: () => void;
}

/** Of all sockets of the process, as they share its event loop. */
const closings = new ClosingTurns();

/** A TCP socket, TLS over one, or a UNIX socket, as a {@link Connection}. */
export class SocketConnection implements Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  #events: ConnectionEvents | undefined;
  #error: string | undefined;
  #over = false;
  readonly #turn: ReadingTurn;

  constructor(
    private readonly socket: Socket,
    private readonly options: SocketConnectionOptions = {},
  ) {
    const { place, first } = options;
    this.local = place ?? endpoint(socket.localAddress, socket.localPort);
    this.remote = place ?? endpoint(socket.remoteAddress, socket.remotePort);
    this.#turn = new ReadingTurn(socket);
    socket.pause();
    // A Buffer's `slice` is a view, an array's a copy: the core means the latter.
    socket.on('data', (chunk) => {
      first?.();
      this.#turn.take(() => this.#events?.data(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)));
    });
    socket.on('drain', () => this.#events?.drained());
    socket.on('error', (error) => {
      this.#error = wordsOf(error);
    });
    // The other end said all it had to say: so do we.
    socket.on('end', () => socket.end());
    socket.on('close', () =>
      closings.take(() => {
        this.#over = true;
        this.#events?.closed(this.#error);
      }),
    );
  }

  get buffered(): number {
    return this.socket.writableLength;
  }
  get waiting(): number {
    return this.socket.readableLength;
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

  rekey(security: ConnectionSecurity): void {
    const c = this.options.libc?.();
    if (!c) throw new UsageError('SECURITY_UNAVAILABLE', 'the connection has no key that could be changed: reset it');
    if (!this.socket.destroyed) rekeyConnection(c, this.socket, this.remote.address, security);
  }

  weigh(weight: number, ended?: () => void): void {
    this.#turn.weigh(weight, ended);
  }

  /** Beware: Node has no public way to change what a stream was made with. */
  bound({ written, arrived }: ConnectionBounds): void {
    const { _readableState, _writableState } = this.socket as unknown as Record<string, { highWaterMark: number } | undefined>;
    if (!_readableState || !_writableState) throw new Error('the socket has no bounds that could be changed');
    _readableState.highWaterMark = arrived;
    _writableState.highWaterMark = written;
  }

  pause(): void {
    this.#turn.pause();
  }
  resume(): void {
    this.#turn.resume();
  }

  end(): void {
    this.socket.end();
  }

  abort(): void {
    if (this.socket.destroyed) return;
    // Beware: Node resets no socket that has TLS or is not TCP's, and throws.
    if (this.options.place || this.socket instanceof TLSSocket) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }
}

function endpoint(address: string | undefined, port: number | undefined): Endpoint {
  const plain = (address ?? '').replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/, '');
  return { address: isAddress(plain) ? canonicalAddress(plain) : plain, port: port ?? 0 };
}

/** Why a connection ended. OpenSSL's errors have a reason of their own, in fewer words than the message. */
function wordsOf(error: Error): string {
  const { code, reason } = error as { readonly code?: unknown; readonly reason?: unknown };
  const openssl = typeof code === 'string' && code.startsWith('ERR_SSL_') && typeof reason === 'string';
  return openssl ? `TLS: ${reason}` : error.message;
}
