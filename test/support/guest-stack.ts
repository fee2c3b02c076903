/** A guest with a stack of ours at the end of a cable: what a program in it has is a transport. */
import type { Clock } from '../../src/lib/clock.js';
import { parsePrefix } from '../../src/lib/prefix.js';
import { seeded } from '../../src/lib/random.js';
import { TimerHeap } from '../../src/lib/timers.js';
import type { ConnectionSecurity, Transport } from '../../src/lib/transport.js';
import type { Port } from '../../src/stack/index.js';
import { Stack } from '../../src/stack/stack.js';
import { type SegmentRefused, TcpStack } from '../../src/stack/tcp/index.js';

export interface GuestStackOptions {
  readonly mac: string;
  readonly addresses: readonly string[];
  /** The subnets that it has them in. */
  readonly prefixes: readonly string[];
  /** Addresses of the router, which has everything else. */
  readonly router: readonly string[];
  readonly security?: ConnectionSecurity;
}

export class GuestStack {
  readonly stack: Stack;
  readonly tcp: TcpStack;
  readonly refused: SegmentRefused[] = [];
  security: ConnectionSecurity | undefined;

  constructor(clock: Clock, port: Port, { mac, addresses, prefixes, router, security }: GuestStackOptions) {
    this.security = security;
    const timers = new TimerHeap(clock);
    const far = [{ type: 'node', node: 'router' }] as const;
    this.stack = new Stack({
      timers,
      random: () => 0.5,
      lookup4: () => far,
      lookup6: () => far,
      via4: () => undefined,
      via6: () => undefined,
      mayClaim: () => false,
      announced: () => {},
      answered: () => {},
    });
    this.stack.setInterfaces(
      prefixes.map((prefix, i) => ({ prefix: parsePrefix(prefix), addresses: [addresses[i] ?? ''], mac, advertise: false })),
    );
    this.stack.setNodes([{ name: 'router', location: 'eth0', addresses: router, up: true }]);
    this.stack.attach('eth0', port);
    this.tcp = new TcpStack({
      ip: this.stack.local,
      timers,
      random: seeded(7),
      secret: new Uint8Array(32),
      refused: (event) => this.refused.push(event),
    });
    this.stack.local.register(6, this.tcp);
  }

  get transport(): Transport {
    return {
      listen: ({ address, port }, accepted) => {
        const stop = this.tcp.listen(port, { security: () => this.security, accepted: (connection) => accepted(connection) });
        return Promise.resolve({ endpoint: { address, port }, close: () => Promise.resolve(stop()) });
      },
      dial: (options, events) => this.tcp.dial(this.security ? { ...options, security: this.security } : options, events),
    };
  }
}
