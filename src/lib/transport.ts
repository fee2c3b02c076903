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

/** Octets that may wait in a connection. @public */
export interface ConnectionBounds {
  /** Written, and not yet taken by the network: from so many on a writer is told to wait. */
  readonly written: number;
  /** Arrived, while reading is paused: what comes then stays with its sender. A connection may take one piece more. */
  readonly arrived: number;
}

/** A reliable, ordered byte stream to one peer. @public */
export interface Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Octets written and not yet taken by the network. */
  readonly buffered: number;
  /** Octets arrived and not yet read, while reading is paused. */
  readonly waiting?: number;
  /** Names who is told. Nothing arrives before. Replaces the one before. */
  listen(events: ConnectionEvents): void;
  /**
   * Sends octets, which now belong to the connection. False when the peer reads slowly: wait for `drained`. A connection may say
   * when it needs the octets no more, so that their memory can be used again.
   */
  write(bytes: Uint8Array, sent?: () => void): boolean;
  /**
   * How much of the process's time its input may take before everybody else has a turn, against the usual: 1 unless said. `ended` is
   * called each time that it has taken as much.
   */
  weigh?(weight: number, ended?: () => void): void;
  /** How much may wait in it. Without being told, as much as it likes, within reason. */
  bound?(bounds: ConnectionBounds): void;
  /**
   * Another key for a connection that is there, without a pause; only what it was dialled or accepted with can be changed. Throws a
   * `UsageError` (`SECURITY_UNAVAILABLE`).
   */
  rekey?(security: ConnectionSecurity): void;
  /** Stops and resumes reading. */
  pause(): void;
  resume(): void;
  /** Sends what was written, then closes. */
  end(): void;
  /** Closes now, throwing away what was not sent. */
  abort(): void;
}

/** A key of TCP-AO: a master key tuple (RFC 5925 §3.1) without its addresses. @public */
export interface MasterKey {
  /** KeyID of what we send with it. */
  readonly sendId: number;
  /** KeyID of what is sent to us with it. */
  readonly receiveId: number;
  readonly secret: Uint8Array;
  /** RFC 5926 §3. */
  readonly algorithm: AoAlgorithm;
  /** Whether TCP options other than this one are covered too. */
  readonly coverOptions: boolean;
}
/** @public */
export type AoAlgorithm = 'hmac-sha-1-96' | 'aes-128-cmac-96';

/** How a connection is protected. @public */
export interface ConnectionSecurity {
  /** Key of the MD5 signature option (RFC 2385). */
  readonly md5?: Uint8Array;
  /** Keys of TCP-AO (RFC 5925), the one to use first. */
  readonly ao?: readonly MasterKey[];
  /** GTSM (RFC 5082): we send with TTL 255, and drop what comes from more than so many hops away. */
  readonly hops?: number;
}

/** What a client has for TLS (RFC 8446, and RFC 5246 where the server has no better). Texts are PEM. @public */
export interface TlsClient {
  /** The DNS name that the server's certificate must have among its alternative names. */
  readonly serverName: string;
  /** Certificates of the authorities that are trusted, and no others. */
  readonly ca: string;
  /** The client's own certificate, those between it and its authority behind it. Default: it has none to show. */
  readonly certificate?: string;
  /** The private key of `certificate`. */
  readonly key?: string;
}

/** Peers whose connections are protected alike. @public */
export interface SecuredPeers {
  /** An address or a prefix; the longest that fits counts. */
  readonly peers: string;
  readonly security: ConnectionSecurity;
}

/** Where and how to listen. @public */
export interface ListenOptions {
  readonly address: string;
  readonly port: number;
  /** Who is to be protected from the first connection on; {@link Listener.secure} changes it. */
  readonly peers?: readonly SecuredPeers[];
}

/** How to dial. @public */
export interface DialOptions {
  readonly remote: Endpoint;
  /** Address to dial from; the system's choice without. */
  readonly localAddress?: string;
  readonly localPort?: number;
  /** Default: none. */
  readonly security?: ConnectionSecurity;
}

/** Someone who listens. @public */
export interface Listener {
  /** Where it listens, with the port that the system gave for port 0. */
  readonly endpoint: Endpoint;
  /**
   * How connections that are dialled from now on are protected; replaces what was said before. Throws a `UsageError` (`SECURITY_UNAVAILABLE`)
   * where the transport cannot do what is asked. Connections that are there keep theirs.
   */
  secure?(peers: readonly SecuredPeers[]): void;
  close(): Promise<void>;
}

/** How a dial ended. @public */
export interface DialEvents {
  connected(connection: Connection): void;
  failed(reason: string): void;
}

/** Makes connections to others. @public */
export interface Dialler {
  /** Rejects with a `UsageError` (`SECURITY_UNAVAILABLE`) where connections cannot be protected so. Without it none can. */
  assure?(security: ConnectionSecurity): Promise<void>;
  /**
   * Dials with TLS, over which a connection is one only once the server has been verified: where it cannot be, the dial fails. Throws a
   * `UsageError` (`SECURITY_UNAVAILABLE`) where a certificate or the key is of no use. Without it no connection has TLS.
   *
   * @param path - Where `client` stands in a configuration, for errors.
   */
  tls?(client: TlsClient, path: readonly (string | number)[]): Dialler;
  /** Returns a way to give up; after it neither event comes. A dial that cannot be protected as asked fails. */
  dial(options: DialOptions, events: DialEvents): () => void;
}

/** Makes connections. @public */
export interface Transport extends Dialler {
  /** Rejects with a `UsageError` (`PORT_IN_USE`, `ADDRESS_UNAVAILABLE`). */
  listen(options: ListenOptions, accepted: (connection: Connection) => void): Promise<Listener>;
}
