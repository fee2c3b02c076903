import type { Clock, Millis } from './clock.js';

/** Takes what is sent to an address, and to which port. @internal */
export type Receive = (bytes: Uint8Array, from: string, port: number) => void;

/**
 * Datagrams in memory, on any clock: every address that somebody listens at is there. What is sent arrives after the latency, unless
 * a cut or the loss asked for takes it.
 *
 * @public
 */
export class MemoryDatagrams {
  readonly #listeners = new Map<string, Receive>();
  readonly #cut = new Set<string>();
  /** Says of each datagram, by its sender, whether it is lost. */
  lost: (from: string) => boolean = () => false;
  /** Sees each datagram that is sent, for tests. */
  tap: ((bytes: Uint8Array, from: string) => void) | undefined;

  constructor(
    private readonly clock: Clock,
    readonly latency: Millis = 0,
  ) {}

  /** Listens at an address, for one who is told of all that comes. */
  listen(address: string, receive: Receive): () => void {
    this.#listeners.set(address, receive);
    return () => void this.#listeners.delete(address);
  }

  /** @param port - Of `to`, for one who listens to several. Default 0. */
  send(from: string, to: string, bytes: Uint8Array, port = 0): void {
    this.tap?.(bytes, from);
    if (this.lost(from)) return;
    this.clock.at(this.clock.now() + this.latency, () => {
      if (!this.#cut.has(from) && !this.#cut.has(to)) this.#listeners.get(to)?.(bytes, from, port);
    });
  }

  /** From now on nothing from or to `address` arrives. */
  cut(address: string): void {
    this.#cut.add(address);
  }
  mend(address: string): void {
    this.#cut.delete(address);
  }
}
