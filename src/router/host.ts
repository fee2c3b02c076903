import type { BfdService } from '../bfd/index.js';
import type { Clock } from '../lib/clock.js';
import { UsageError } from '../lib/errors.js';
import type { Random } from '../lib/random.js';
import type { SecretReader } from '../lib/secrets.js';
import type { Connection, Listener, ListenOptions, SecuredPeers, Transport } from '../lib/transport.js';

import type { OspfLinks } from '../ospf/index.js';
import type { PortOpener } from '../stack/config.js';

/** Who accepts connections at a shared listener. @internal */
export interface Acceptor {
  /** Whether a connection from this address is for it. */
  expects(address: string): boolean;
  accept(connection: Connection): void;
  /** For errors. */
  readonly name: string;
  /** Prefixes and addresses that it expects, to tell overlaps. */
  overlaps(other: Acceptor): string | undefined;
}

const UNPROTECTED = 'a neighbour wants password, tcpAo or ttlSecurity, which connections to this listener cannot have';

interface Shared {
  /** Each with the peers that it wants protected. */
  readonly acceptors: Map<Acceptor, readonly SecuredPeers[]>;
  readonly listener: Promise<Listener>;
}

/**
 * What all routers of a process share: the transport, the clock, and each listener, which many routers may use. Whose a
 * connection is, is told by where it arrived and whence it came.
 *
 * @public
 */
export class Host {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  /** Who watches neighbours by BFD, if anybody can. */
  readonly bfd: BfdService | undefined;
  /** Opens routers' ports; undefined where the host has none to open. */
  readonly ports: PortOpener | undefined;
  /** Octets that nobody can guess, for sequence numbers (RFC 6528). */
  readonly entropy: (octets: number) => Uint8Array;
  /** Reads secrets that a configuration names the place of; undefined where they must stand in it. */
  readonly secrets: SecretReader | undefined;
  /** Opens links for OSPF; undefined where the host has none to open. */
  readonly ospf: OspfLinks | undefined;
  readonly #shared = new Map<string, Shared>();

  constructor(parts: {
    readonly transport: Transport;
    readonly clock: Clock;
    readonly random?: Random;
    readonly bfd?: BfdService;
    readonly ports?: PortOpener;
    readonly secrets?: SecretReader;
    /** Default: made of `random`, which will do in a simulation. */
    readonly entropy?: (octets: number) => Uint8Array;
    readonly ospf?: OspfLinks;
  }) {
    this.transport = parts.transport;
    this.clock = parts.clock;
    this.random = parts.random ?? Math.random;
    this.bfd = parts.bfd;
    this.ports = parts.ports;
    this.secrets = parts.secrets;
    this.entropy = parts.entropy ?? ((octets) => Uint8Array.from({ length: octets }, () => Math.floor(this.random() * 256)));
    this.ospf = parts.ospf;
  }

  /**
   * Listens for one router more. Rejects with a `UsageError`: `PORT_IN_USE`, `ADDRESS_UNAVAILABLE`, or `LISTENER_SHARED` when
   * another router there expects the same neighbours.
   *
   * @internal
   */
  async listen(options: ListenOptions, acceptor: Acceptor): Promise<Listener> {
    const key = `${options.address} ${options.port}`;
    // Port 0 is another port each time.
    const known = options.port === 0 ? undefined : this.#shared.get(key);
    if (known) {
      for (const other of known.acceptors.keys()) {
        const overlap = acceptor.overlaps(other);
        if (overlap !== undefined) {
          throw new UsageError(
            'LISTENER_SHARED',
            `routers ${JSON.stringify(acceptor.name)} and ${JSON.stringify(other.name)} both listen on ${options.address} port ${options.port} for neighbour ${overlap}; give one another address or port`,
          );
        }
      }
      known.acceptors.set(acceptor, []);
      const joined = this.#handle(key, known, acceptor, await known.listener);
      try {
        joined.secure?.(options.peers ?? []);
      } catch (error) {
        await joined.close();
        throw error;
      }
      return joined;
    }
    const acceptors = new Map<Acceptor, readonly SecuredPeers[]>([[acceptor, options.peers ?? []]]);
    const listener = this.transport.listen(options, (connection) => {
      const { address } = connection.remote;
      const everybody = [...acceptors.keys()];
      const whose = everybody.find((candidate) => candidate.expects(address)) ?? everybody[0];
      if (whose) whose.accept(connection);
      else connection.abort();
    });
    const shared: Shared = { acceptors, listener };
    if (options.port !== 0) this.#shared.set(key, shared);
    try {
      return this.#handle(key, shared, acceptor, await listener);
    } catch (error) {
      this.#shared.delete(key);
      throw error;
    }
  }

  /**
   * Looks whether what an acceptor is about to expect is expected by another one at a listener that they share. Throws a `UsageError`
   * (`LISTENER_SHARED`).
   *
   * @param overlap - What both expect, if anything.
   * @internal
   */
  checkShared(acceptor: Acceptor, overlap: (other: Acceptor) => string | undefined): void {
    for (const [key, { acceptors }] of this.#shared) {
      if (!acceptors.has(acceptor)) continue;
      for (const other of acceptors.keys()) {
        const both = other === acceptor ? undefined : overlap(other);
        if (both !== undefined) throw shared(acceptor, other, key, both);
      }
    }
  }

  #handle(key: string, shared: Shared, acceptor: Acceptor, listener: Listener): Listener {
    return {
      endpoint: listener.endpoint,
      secure: (peers) => {
        shared.acceptors.set(acceptor, peers);
        const all = [...shared.acceptors.values()].flat();
        if (listener.secure) listener.secure(all);
        else if (all.length > 0) throw new UsageError('SECURITY_UNAVAILABLE', UNPROTECTED);
      },
      close: async () => {
        shared.acceptors.delete(acceptor);
        if (shared.acceptors.size > 0) return;
        if (this.#shared.get(key) === shared) this.#shared.delete(key);
        await listener.close();
      },
    };
  }
}

function shared(acceptor: Acceptor, other: Acceptor, key: string, neighbour: string): UsageError {
  const [one, two] = [acceptor.name, other.name].map((name) => JSON.stringify(name));
  const at = key.replace(' ', ' port ');
  return new UsageError(
    'LISTENER_SHARED',
    `routers ${one} and ${two} both listen on ${at} for neighbour ${neighbour}; give one another address or port`,
  );
}
