import type { Clock, Millis } from './clock.js';
import { UsageError } from './errors.js';
import type {
  Connection,
  ConnectionBounds,
  ConnectionEvents,
  DialEvents,
  DialOptions,
  Endpoint,
  Listener,
  ListenOptions,
  Transport,
} from './transport.js';

/** First of the ports given to those who dial. */
const FIRST_PORT = 49_152;
/** Octets on their way before the writer is told to wait. */
const HIGH_WATER = 1 << 20;

/**
 * A network in memory, on any clock: for simulations, labs and tests. Every address is there; what is sent arrives after the
 * latency, in order.
 *
 * @example
 * ```ts
 * const clock = new ManualClock();
 * const transport = new MemoryTransport(clock, { latency: 5 });
 * const host = new Host({ transport, clock });
 * transport.cut('10.0.1.10'); // silence: nothing from or to it arrives any more, and nobody is told
 * ```
 * @public
 */
export class MemoryTransport implements Transport {
  readonly #listeners = new Map<string, (connection: Connection) => void>();
  readonly #pipes = new Set<Pipe>();
  readonly #cut = new Set<string>();
  #port = FIRST_PORT;
  /** Milliseconds from one end to the other. */
  latency: Millis;

  constructor(
    private readonly clock: Clock,
    options: { readonly latency?: Millis } = {},
  ) {
    this.latency = options.latency ?? 0;
  }

  listen({ address, port, peers = [] }: ListenOptions, accepted: (connection: Connection) => void): Promise<Listener> {
    if (peers.length > 0)
      return Promise.reject(
        new UsageError('SECURITY_UNAVAILABLE', 'a network in memory protects no connection (password, tcpAo, ttlSecurity)'),
      );
    const own = port === 0 ? this.#port++ : port;
    const key = `${address} ${own}`;
    if (this.#listeners.has(key))
      return Promise.reject(new UsageError('PORT_IN_USE', `cannot listen on ${address} port ${own}: the port is in use`));
    this.#listeners.set(key, accepted);
    return Promise.resolve({
      endpoint: { address, port: own },
      close: () => {
        this.#listeners.delete(key);
        return Promise.resolve();
      },
    });
  }

  dial({ remote, localAddress, localPort, security }: DialOptions, events: DialEvents): () => void {
    const local: Endpoint = {
      address: localAddress ?? (remote.address.includes(':') ? '::1' : '127.0.0.1'),
      port: localPort ?? this.#port++,
    };
    let over = false;
    const cancel = this.clock.at(this.clock.now() + 2 * this.latency, () => {
      // Into a cut the dial goes unanswered.
      if (over || this.isCut(local.address, remote.address)) return;
      over = true;
      if (security) {
        events.failed('a network in memory protects no connection (password, tcpAo, ttlSecurity)');
        return;
      }
      const accepted = this.#listeners.get(`${remote.address} ${remote.port}`);
      if (!accepted) {
        events.failed(`connect ECONNREFUSED ${remote.address}:${remote.port}`);
        return;
      }
      const pipe = new Pipe(this, this.clock, local, remote);
      this.#pipes.add(pipe);
      accepted(pipe.far);
      events.connected(pipe.near);
    });
    return () => {
      over = true;
      cancel();
    };
  }

  /** From now on nothing from or to `address` arrives, and nobody is told: a cable cut, a host that died. */
  cut(address: string): void {
    this.#cut.add(address);
  }
  /** Mends {@link MemoryTransport.cut}. What was sent meanwhile is lost with its connection. */
  mend(address: string): void {
    this.#cut.delete(address);
    for (const pipe of this.#pipes)
      if (pipe.lossy && !this.isCut(pipe.near.local.address, pipe.far.local.address)) pipe.reset('connection reset');
  }
  /** Resets every connection of `address`, as the system of a process that died does. */
  reset(address: string): void {
    for (const pipe of [...this.#pipes]) {
      if (pipe.near.local.address === address || pipe.far.local.address === address) pipe.reset('connection reset');
    }
  }

  /** @internal */
  isCut(a: string, b: string): boolean {
    return this.#cut.has(a) || this.#cut.has(b);
  }
  /** @internal */
  forget(pipe: Pipe): void {
    this.#pipes.delete(pipe);
  }
}

/** A connection: two ends. */
class Pipe {
  readonly near: End;
  readonly far: End;
  /** Something was lost in a cut: the stream has a hole. */
  lossy = false;

  constructor(
    readonly network: MemoryTransport,
    readonly clock: Clock,
    near: Endpoint,
    far: Endpoint,
  ) {
    this.near = new End(this, near, far);
    this.far = new End(this, far, near);
  }

  other(end: End): End {
    return end === this.near ? this.far : this.near;
  }

  reset(reason: string): void {
    this.network.forget(this);
    this.near.close(reason);
    this.far.close(reason);
  }
}

class End implements Connection {
  #events: ConnectionEvents | undefined;
  /** What arrived before anybody listened, or while reading is paused. */
  #waiting: (() => void)[] = [];
  #paused = false;
  #open = true;
  #ended = false;
  buffered = 0;
  /** Octets among what waits. */
  #arrived = 0;
  #bounds: ConnectionBounds = { written: HIGH_WATER, arrived: HIGH_WATER };

  constructor(
    private readonly pipe: Pipe,
    readonly local: Endpoint,
    readonly remote: Endpoint,
  ) {}

  /** What is beyond the bound is still the other end's, as far as anybody can tell. */
  get waiting(): number {
    return Math.min(this.#arrived, this.#bounds.arrived);
  }

  bound(bounds: ConnectionBounds): void {
    this.#bounds = bounds;
  }

  listen(events: ConnectionEvents): void {
    this.#events = events;
    this.#flush();
  }

  write(bytes: Uint8Array, sent?: () => void): boolean {
    if (!this.#open || this.#ended) return true;
    this.buffered += bytes.length;
    this.#later(() => {
      const far = this.pipe.other(this);
      far.#arrived += bytes.length;
      far.#arrive(() => {
        far.#arrived -= bytes.length;
        this.buffered -= bytes.length;
        far.#events?.data(bytes);
        sent?.();
        if (this.buffered === 0) this.#events?.drained();
      });
    });
    return this.buffered < this.#bounds.written;
  }

  pause(): void {
    this.#paused = true;
  }
  resume(): void {
    this.#paused = false;
    this.#flush();
  }

  end(): void {
    if (this.#ended || !this.#open) return;
    this.#ended = true;
    this.#later(() => {
      this.pipe.other(this).#arrive(() => this.pipe.other(this).close(undefined));
      this.close(undefined);
      this.pipe.network.forget(this.pipe);
    });
  }

  abort(): void {
    if (!this.#open) return;
    this.close(undefined);
    this.#later(() => {
      this.pipe.network.forget(this.pipe);
      this.pipe.other(this).close('connection reset');
    });
  }

  close(reason: string | undefined): void {
    if (!this.#open) return;
    this.#open = false;
    this.#waiting = [];
    const events = this.#events;
    if (events) events.closed(reason);
    else this.#waiting.push(() => this.#events?.closed(reason));
  }

  #later(call: () => void): void {
    const { clock, network } = this.pipe;
    clock.at(clock.now() + network.latency, () => {
      if (network.isCut(this.local.address, this.remote.address)) this.pipe.lossy = true;
      else call();
    });
  }

  #arrive(call: () => void): void {
    if (!this.#open) return;
    this.#waiting.push(call);
    this.#flush();
  }

  #flush(): void {
    while (this.#events && !this.#paused) {
      const next = this.#waiting.shift();
      if (!next) return;
      next();
    }
  }
}
