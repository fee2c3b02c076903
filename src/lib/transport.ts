/**
 * The contract between a protocol that speaks over a byte stream and whatever carries it: host sockets (`io/`), an in-memory
 * pair (`virtual-router/testing`), an emulated TCP. A session does not know which.
 */

/** One end of a connection. @public */
export interface Endpoint {
  /** Canonical text (RFC 5952). */
  readonly address: string;
  readonly port: number;
}

/** What a connection tells its owner. @public */
export interface ConnectionEvents {
  /** Octets arrived. They are only good during the call: copy what is kept. */
  data(chunk: Uint8Array): void;
  /** What had been written has gone out; write again. */
  drained(): void;
  /** The connection is over, once, whoever ended it. `reason` is undefined after an orderly end. */
  closed(reason: string | undefined): void;
}

/** A reliable, ordered byte stream to one peer. @public */
export interface Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Octets written and not yet taken by the network. */
  readonly buffered: number;
  /** Names who is told. Nothing arrives before. Replaces the one before. */
  listen(events: ConnectionEvents): void;
  /**
   * Sends octets, which now belong to the connection. False when the peer reads slowly: wait for `drained`. A connection may say
   * when it needs the octets no more, so that their memory can be used again.
   */
  write(bytes: Uint8Array, sent?: () => void): boolean;
  /** Stops and resumes reading. */
  pause(): void;
  resume(): void;
  /** Sends what was written, then closes. */
  end(): void;
  /** Closes now, throwing away what was not sent. */
  abort(): void;
}

/** Where and how to listen. @public */
export interface ListenOptions {
  readonly address: string;
  readonly port: number;
}

/** How to dial. @public */
export interface DialOptions {
  readonly remote: Endpoint;
  /** Address to dial from; the system's choice without. */
  readonly localAddress?: string;
  readonly localPort?: number;
}

/** Someone who listens. @public */
export interface Listener {
  /** Where it listens, with the port that the system gave for port 0. */
  readonly endpoint: Endpoint;
  close(): Promise<void>;
}

/** How a dial ended. @public */
export interface DialEvents {
  connected(connection: Connection): void;
  failed(reason: string): void;
}

/** Makes connections. @public */
export interface Transport {
  /** Rejects with a `UsageError` (`PORT_IN_USE`, `ADDRESS_UNAVAILABLE`). */
  listen(options: ListenOptions, accepted: (connection: Connection) => void): Promise<Listener>;
  /** Returns a way to give up; after it neither event comes. */
  dial(options: DialOptions, events: DialEvents): () => void;
}
