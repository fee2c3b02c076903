import { defaultContext, encodeMessage, type PathAttributes } from '../bgp/wire/index.js';
import { formatAddress } from '../lib/address.js';
import { concatBytes } from '../lib/bytes.js';
import { type Clock, ManualClock, type Millis } from '../lib/clock.js';
import type { Compiler } from '../lib/compiler.js';
import { MemoryTransport } from '../lib/memory-transport.js';
import { maskBytes } from '../lib/prefix.js';
import { seeded } from '../lib/random.js';
import type { Connection, ConnectionEvents, Endpoint, Transport } from '../lib/transport.js';
import { Host } from './host.js';
import { OSPF_SCENES, playOspf } from './ospf-rehearsal.js';
import { VirtualRouter } from './virtual-router.js';

interface Speaker {
  readonly address: string;
  readonly as: number;
}
const GUEST_AS = 65001;
const OBSERVER_AS = 65002;
/** Of the guest's routes: an address of its own in every act. */
const NEXT_HOP = '198.18.0.2';
/** UPDATEs of one act, and prefixes in each: what fits the smallest columns. */
const UPDATES = 2500;
const PREFIXES = 5;
/** Where each act plays: addresses that fit a small integer of the engine's, and such that do not. */
const SCENES = ['192.0.2', '10.9.9', '198.51.100', '10.99.1', '172.16.1', '203.0.113', '192.168.0', '10.0.0', '172.20.1'];
/** Octets handed over at once, one after the other; less than a socket does, for more turns. */
const CHUNKS = [2048, 8192, 4096, 16_384];
/** What the observer says now and then, and takes back. */
const OWN = '198.18.7.0/24';
/** Changes that some acts' journals keep: fewer than there are, as in a long life. */
const JOURNAL = 2000;

/**
 * Plays a small made-up table through a router of its own, in memory, a few times, and throws it all away: so that the engine has
 * compiled the path of a route before the first real one comes. Without it the first hundred thousand routes of a process, or its
 * first failover, take several times as long as later ones, the more so while other processes want the processor too.
 *
 * Takes a second or two of computing, an act at a time on `clock`, and as long again with `ospf`: for a router whose guests speak it. What `virtual-router run` does besides, and a program that takes in full
 * tables may want too, is to tell the engine to inline more: `node --max-inlined-bytecode-size=1000 --max-inlined-bytecode-size-cumulative=3000`.
 *
 * @public
 */
export async function rehearse(clock: Clock, { ospf = false, compiler }: RehearsalParts = {}): Promise<void> {
  const table = madeUpTable();
  for (const [act, scene] of SCENES.entries()) {
    await play(scene, table, act);
    await new Promise<void>((resolve) => clock.defer(resolve));
  }
  if (!ospf) return;
  const restore = compiler?.hasten();
  try {
    for (const [act, scene] of OSPF_SCENES.entries()) {
      const time = timeOf(act);
      // Neighbours are held for silent by this clock: it must not run away from the one that is moved on.
      const { clock: actClock } = disguiseOf(act)(time, new MemoryTransport(time), 0.001);
      await playOspf(scene, actClock, (by) => time.advance(by));
      await new Promise<void>((resolve) => clock.defer(resolve));
    }
  } finally {
    restore?.();
  }
}

/** What is rehearsed besides a table of BGP, and with what. @public */
export interface RehearsalParts {
  /** Taking in a database of OSPF. Default: no. */
  readonly ospf?: boolean;
  /**
   * Told to compile sooner while OSPF is rehearsed: `nodeCompiler`, of Node. Default: the engine takes its time, and leaves some for the first
   * real LSAs.
   */
  readonly compiler?: Compiler;
}

/** A time as the system's clocks have it: with whole numbers the engine would compile for whole numbers. */
function timeOf(act: number): ManualClock {
  return new ManualClock(1_700_000_000_000.5 + act * 60_000);
}

/** One act, in a router of its own: so that also what is done once a router, or once its tables have grown, was done before. */
async function play(scene: string, table: Uint8Array, act: number): Promise<void> {
  const time = timeOf(act);
  const transport = new MemoryTransport(time);
  const [router, guest, observer] = [`${scene}.1`, { address: `${scene}.2`, as: GUEST_AS }, { address: `${scene}.3`, as: OBSERVER_AS }];
  const stage = new VirtualRouter(
    {
      as: 65000,
      routerId: router,
      listen: [{ address: router }],
      network: {
        // With room, what makes room is never gone through.
        ...(act % 3 === 0 ? { reserve: { ipv4: 2 * UPDATES * PREFIXES } } : {}),
        ...(act % 3 === 1 ? {} : { journal: JOURNAL }),
        nodes: [
          { name: 'guest', addresses: [guest.address, NEXT_HOP] },
          { name: 'observer', addresses: [observer.address] },
        ],
        grants: [
          { node: 'guest', prefix: '0.0.0.0/0', le: 32, as: 'gateway' },
          { node: 'guest', prefix: '0.0.0.0/0', as: 'gateway', id: 'default-route' },
          // A limit makes claims be counted one by one: every other act has one.
          ...(act % 2 === 0 ? [{ node: 'guest', prefix: '11.0.0.0/8', le: 32, as: 'gateway', limit: 100 } as const] : []),
          { node: 'observer', prefix: '0.0.0.0/0', le: 32, as: 'gateway' },
        ],
      },
      neighbours: [guest, observer].map((neighbour) => ({
        ...neighbour,
        passive: true,
        dampPeerOscillations: false,
        export: 'claims' as const,
      })),
    },
    { host: new Host(disguiseOf(act)(time, transport)) },
  );
  await stage.start();
  const other = join(transport, time, router, observer)();
  const own: PathAttributes = { origin: 'igp', asPath: [{ type: 'sequence', asns: [OBSERVER_AS] }], nextHop: observer.address };
  const said = encodeMessage({ type: 'update', withdrawn: [], attributes: own, announced: [{ prefix: OWN }] }, defaultContext);
  const takenBack = encodeMessage({ type: 'update', withdrawn: [{ prefix: OWN }], attributes: {}, announced: [] }, defaultContext);
  const speaker = join(transport, time, router, guest)();
  for (let at = 0, turn = 0; at < table.length; turn++) {
    const chunk = CHUNKS[turn % CHUNKS.length] as number; // below its length
    speaker?.write(table.slice(at, at + chunk));
    at += chunk;
    // What is rare in a table is not unknown then: another holder in between, and grants that change.
    if (turn % 4 === 0) other?.write(turn % 8 === 0 ? said : takenBack);
    if (turn % 16 === 0) stage.network.grant({ node: 'observer', prefix: OWN, as: 'gateway', id: 'own' });
    if (turn % 16 === 8) stage.network.revoke('own');
    time.advance(1);
  }
  speaker?.abort();
  time.advance(1000);
  // What is left of it stands still with its clock, and goes with it.
}

/** A clock and a transport for one act. */
type Disguise = (time: Clock, transport: Transport, step?: Millis) => { readonly clock: Clock; readonly transport: Transport };

/**
 * Makes a disguise of classes of its own: clocks and connections of a real process are of other classes than those here, and what was
 * compiled for one class alone would be thrown away when the first of another comes. The clock goes on by `step` whenever it is asked, so that
 * what is done has taken some time.
 */
function disguise(): Disguise {
  class ActClock implements Clock {
    #asked = 0;
    constructor(
      private readonly time: Clock,
      private readonly step: Millis,
    ) {}
    now(): number {
      return this.time.now() + this.step * this.#asked++;
    }
    at(when: number, call: () => void): () => void {
      return this.time.at(when, call);
    }
    defer(call: () => void): () => void {
      return this.time.defer(call);
    }
  }
  class ActConnection implements Connection {
    constructor(private readonly connection: Connection) {}
    get local(): Endpoint {
      return this.connection.local;
    }
    get remote(): Endpoint {
      return this.connection.remote;
    }
    get buffered(): number {
      return this.connection.buffered;
    }
    get waiting(): number {
      return this.connection.waiting ?? 0;
    }
    listen(events: ConnectionEvents): void {
      this.connection.listen(events);
    }
    write(bytes: Uint8Array, sent?: () => void): boolean {
      return this.connection.write(bytes, sent);
    }
    pause(): void {
      this.connection.pause();
    }
    resume(): void {
      this.connection.resume();
    }
    end(): void {
      this.connection.end();
    }
    abort(): void {
      this.connection.abort();
    }
  }
  return (time, transport, step = 0.3) => ({
    clock: new ActClock(time, step),
    transport: {
      listen: (options, accepted) => transport.listen(options, (connection) => accepted(new ActConnection(connection))),
      dial: (options, events) => transport.dial(options, events),
    },
  });
}
/** Kept for good: with its classes what was compiled for them would go. */
const DISGUISES = [disguise(), disguise(), disguise(), disguise(), disguise()];
function disguiseOf(act: number): Disguise {
  return DISGUISES[act % DISGUISES.length] as Disguise; // below its length
}

/** A neighbour that opens its session and listens to nothing. */
function join(transport: MemoryTransport, time: ManualClock, router: string, { address, as }: Speaker): () => Connection | undefined {
  let made: Connection | undefined;
  transport.dial(
    { remote: { address: router, port: 179 }, localAddress: address },
    {
      connected: (connection) => {
        made = connection;
        connection.listen({ data: () => {}, drained: () => {}, closed: () => {} });
        const capabilities = [{ type: 'multiprotocol', family: 'ipv4-unicast' } as const, { type: 'four-octet-as', asn: as } as const];
        connection.write(
          encodeMessage({ type: 'open', version: 4, asn: as, holdTime: 90, routerId: address, capabilities }, defaultContext),
        );
        connection.write(encodeMessage({ type: 'keepalive' }, defaultContext));
      },
      failed: () => {},
    },
  );
  time.advance(10);
  return () => made;
}

/** UPDATEs as real ones are: paths, attributes and prefixes of all lengths, addresses of the whole space; and withdrawals of some. */
function madeUpTable(): Uint8Array {
  const random = seeded(1);
  const below = (end: number): number => Math.floor(random() * end);
  const prefix = (): string => {
    const length = LENGTHS[below(LENGTHS.length)] as number; // below its length
    const bytes = Uint8Array.of(1 + below(222), below(256), below(256), below(256));
    return `${formatAddress(maskBytes(bytes, length))}/${length}`;
  };
  const messages: Uint8Array[] = [];
  let attributes = madeUpAttributes(below);
  for (let i = 0; i < UPDATES; i++) {
    const announced = Array.from({ length: 1 + below(2 * PREFIXES - 1) }, () => ({ prefix: prefix() }));
    messages.push(encodeMessage({ type: 'update', withdrawn: [], attributes, announced }, defaultContext));
    if (below(20) === 0)
      messages.push(encodeMessage({ type: 'update', withdrawn: announced.slice(0, 2), attributes: {}, announced: [] }, defaultContext));
    // Some say what was said before.
    if (below(8) > 0) attributes = madeUpAttributes(below);
  }
  return concatBytes(messages);
}

function madeUpAttributes(below: (end: number) => number): PathAttributes {
  // AS numbers of one octet, of two, and of four.
  const hops = Array.from({ length: 1 + below(6) }, () => 1 + below([255, 64_000, 4_000_000_000][below(3)] as number)); // below its length
  return {
    origin: below(10) > 0 ? 'igp' : 'incomplete',
    asPath: [
      { type: 'sequence', asns: [GUEST_AS, ...hops] },
      ...(below(40) === 0 ? [{ type: 'set' as const, asns: hops.slice(0, 2) }] : []),
    ],
    nextHop: NEXT_HOP,
    ...(below(5) === 0 ? { med: below(4_000_000_000) } : {}),
    ...(below(30) === 0 ? { atomicAggregate: true as const, aggregator: { asn: hops[0] as number, address: NEXT_HOP } } : {}),
    ...(below(2) === 0
      ? { communities: Array.from({ length: 1 + below(below(20) === 0 ? 80 : 6) }, () => `${below(65_536)}:${below(65_536)}`) }
      : {}),
    ...(below(7) === 0 ? { largeCommunities: [`${hops[0]}:1:${below(4_000_000_000)}`] } : {}),
  };
}

/** Of prefixes; a table has more long ones. */
const LENGTHS = [8, 12, 16, 19, 20, 21, 22, 22, 23, 24, 24, 24, 24, 25, 27, 28, 30, 32];
