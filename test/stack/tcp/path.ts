/** Two stacks of TCP and what is between them: a path that delays, loses, doubles and reorders, by a seed. */
import { type Clock, ManualClock } from '../../../src/lib/clock.js';
import { type Random, seeded } from '../../../src/lib/random.js';
import { TimerHeap } from '../../../src/lib/timers.js';
import type { Connection, ConnectionSecurity } from '../../../src/lib/transport.js';
import type { IpDatagram, IpLayer } from '../../../src/stack/index.js';
import type { TcpConfig } from '../../../src/stack/tcp/config.js';
import { type SegmentRefused, TcpStack } from '../../../src/stack/tcp/tcp-stack.js';

export interface PathOptions {
  /** One way, in milliseconds. */
  readonly delay?: number;
  readonly loss?: number;
  readonly double?: number;
  /** Share of datagrams that take up to twice as long. */
  readonly reorder?: number;
  readonly mtu?: number;
  readonly seed?: number;
}

export class Path {
  readonly clock = new ManualClock(1_000_000);
  readonly a: End;
  readonly b: End;
  readonly random: Random;
  delay: number;
  loss: number;
  readonly #double: number;
  readonly #reorder: number;
  passed = 0;
  lost = 0;

  constructor(options: PathOptions = {}, config: Partial<TcpConfig> = {}, otherConfig = config) {
    this.random = seeded(options.seed ?? 1);
    this.delay = options.delay ?? 1;
    this.loss = options.loss ?? 0;
    this.#double = options.double ?? 0;
    this.#reorder = options.reorder ?? 0;
    this.a = new End(this, '10.0.0.1', options.mtu ?? 1500, config);
    this.b = new End(this, '10.0.0.2', options.mtu ?? 1500, otherConfig);
    this.a.other = this.b;
    this.b.other = this.a;
  }

  carry(to: End, datagram: IpDatagram): void {
    if (this.random() < this.loss) {
      this.lost++;
      return;
    }
    this.passed++;
    const later = this.random() < this.#reorder ? 1 + this.random() : 1;
    const copies = this.random() < this.#double ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const payload = datagram.payload.slice();
      this.clock.at(this.clock.now() + this.delay * (later + i / 2), () => to.stack.receive({ ...datagram, payload }));
    }
  }
}

export class End implements IpLayer {
  readonly stack: TcpStack;
  readonly refused: SegmentRefused[] = [];
  /** Why segments and connections were dropped. */
  readonly dropped: string[] = [];
  other: End | undefined;
  /** Hops that its segments lose on the way. */
  hops = 0;

  constructor(
    private readonly path: Path,
    readonly address: string,
    public mtu: number,
    config: Partial<TcpConfig>,
  ) {
    this.stack = new TcpStack(
      {
        ip: this,
        timers: new TimerHeap(path.clock as Clock),
        random: path.random,
        secret: new Uint8Array(32).fill(address.length),
        refused: (event) => this.refused.push(event),
        dropped: (node, reason) => this.dropped.push(`${node} ${reason}`),
      },
      config,
    );
  }

  send(datagram: IpDatagram): void {
    if (this.other) this.path.carry(this.other, { ...datagram, hopLimit: datagram.hopLimit - this.hops });
  }
  pathMtu(): number {
    return this.mtu;
  }
  sourceFor(): string {
    return this.address;
  }

  /** Listens on port 179, and keeps whoever comes. */
  serve(security?: () => ConnectionSecurity | undefined): Sink[] {
    const sinks: Sink[] = [];
    this.stack.listen(179, { security: () => security?.(), accepted: (connection) => sinks.push(new Sink(connection)) });
    return sinks;
  }

  dial(security?: ConnectionSecurity): { connection: Connection | undefined; failed: string | undefined; sink: Sink | undefined } {
    const dialled: { connection: Connection | undefined; failed: string | undefined; sink: Sink | undefined } = {
      connection: undefined,
      failed: undefined,
      sink: undefined,
    };
    const remote = { address: this.other?.address ?? '', port: 179 };
    this.stack.dial(security ? { remote, security } : { remote }, {
      connected: (connection) => {
        dialled.connection = connection;
        dialled.sink = new Sink(connection);
      },
      failed: (reason) => {
        dialled.failed = reason;
      },
    });
    return dialled;
  }
}

/** Reads a connection, holds what comes to a pattern, and counts. */
export class Sink {
  octets = 0;
  right = true;
  closed: string | undefined | null = null;
  drained = 0;

  constructor(
    readonly connection: Connection,
    private readonly keep?: Uint8Array[],
  ) {
    connection.listen({
      data: (bytes) => {
        this.keep?.push(bytes.slice());
        for (let i = 0; i < bytes.length; i++) if (bytes[i] !== patternAt(this.octets + i)) this.right = false;
        this.octets += bytes.length;
      },
      drained: () => {
        this.drained++;
        this.#more?.();
      },
      closed: (reason) => {
        this.closed = reason;
      },
    });
  }

  #more: (() => void) | undefined;

  /** Writes `total` octets of the pattern, as fast as the connection takes them, then ends. */
  pour(total: number, chunk = 65_536): void {
    let at = 0;
    this.#more = () => {
      while (at < total) {
        const bytes = pattern(at, Math.min(chunk, total - at));
        at += bytes.length;
        if (!this.connection.write(bytes)) return;
      }
      this.#more = undefined;
      this.connection.end();
    };
    this.#more();
  }
}

/** Octet `i` of what tests send: a period that is prime, so that no shift of it is itself. */
function patternAt(i: number): number {
  return (i % 65_521) & 0xff;
}
export function pattern(from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = patternAt(from + i);
  return bytes;
}
