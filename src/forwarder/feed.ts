import type { Cancel, Clock } from '../lib/clock.js';
import { WireError } from '../lib/errors.js';
import { type Logger, silentLogger } from '../lib/logger.js';
import type { Connection } from '../lib/transport.js';
import type { MappingEntry, Position } from '../mapping/change.js';
import type { JournalEntry } from '../mapping/journal.js';
import { mtuOf, type PortConfig } from '../stack/config.js';
import type { FrameReceiver, Port, PortCounters } from '../stack/port.js';
import {
  type EntryChange,
  encodeFrame,
  encodeMessage,
  type ForwarderNode,
  type Message,
  MessageReader,
  type PortName,
  VERSION,
} from './wire/index.js';

/** Targets, or addresses of nodes, in one message: about. */
const PART = 256;
/** Octets that may wait for a forwarder that does not read, before frames are dropped. */
const MOST_WAITING = 1 << 20;

/** What a feed tells of: a `VirtualNetwork` is one. @internal */
export interface FeedSource {
  readonly name: string;
  readonly position: Position;
  /** The journal after a position; undefined when that cannot be told any more. */
  entriesSince(position: Position): readonly JournalEntry[] | undefined;
  /** The whole mapping; what changes while it is walked may be in it or not. */
  mapping(): Iterable<MappingEntry>;
  /** Neighbours are awaited that have not spoken since a restart. */
  readonly deferring: boolean;
  readonly nodes: readonly ForwarderNode[];
}

/**
 * What a network's forwarder is told, and the frames that it has for the routers.
 *
 * One forwarder at a time: who calls later takes the place of who was there, as after a forwarder's death nobody else would know of it.
 * A forwarder that reads slowly is not kept anything for: it is told the latest state of what changed meanwhile, out of the journal, or
 * the whole mapping where the journal does not go back so far.
 *
 * @internal
 */
export class ForwarderFeed {
  /** Calls refused, and messages that meant nothing. */
  readonly counters = { refused: 0, malformed: 0 };
  readonly #ports = new Map<string, PuntPort>();
  /** Who called before there was anything to tell. */
  #early: Connection[] = [];
  #source: FeedSource | undefined;
  #session: FeedSession | undefined;
  #kick: Cancel | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger = silentLogger,
  ) {}

  /** A port of a router: its other end is at the forwarder. */
  port(router: string, config: PortConfig): Port {
    const port = new PuntPort(mtuOf(config));
    this.#ports.set(keyOf([router, config.name]), port);
    return port;
  }

  /** There is something to tell. */
  serve(source: FeedSource): void {
    this.#source = source;
    for (const connection of this.#early.splice(0)) this.accept(connection);
  }

  /** Somebody calls. */
  accept(connection: Connection): void {
    const source = this.#source;
    if (!source) {
      this.#early.push(connection);
      return;
    }
    const session: FeedSession = new FeedSession(source, connection, {
      called: (ports) => this.#called(session, ports),
      over: (reason, malformed) => {
        if (malformed) this.counters.malformed++;
        if (this.#session !== session) return;
        this.#session = undefined;
        for (const port of this.#ports.values()) port.part();
        this.logger.warn({ reason }, 'the forwarder is gone');
      },
      refused: (reason) => {
        this.counters.refused++;
        this.logger.warn({ reason }, 'a forwarder was turned away');
      },
    });
    session.start();
  }

  /** Whether there is something to tell. */
  get serving(): boolean {
    return this.#source !== undefined;
  }
  /** Whether a forwarder is there. */
  get connected(): boolean {
    return this.#session !== undefined;
  }

  /** The journal has grown. */
  journaled(): void {
    this.#kick ??= this.clock.defer(() => {
      this.#kick = undefined;
      this.#session?.pump();
    });
  }
  /** Nodes are others now. */
  nodesChanged(): undefined {
    this.#session?.nodesChanged();
  }
  /** Whoever was awaited has spoken. */
  routesChosen(): void {
    this.journaled();
  }

  /** Tells what there is still to tell, as far as it is read, and hangs up. */
  close(): void {
    this.#kick?.();
    this.#kick = undefined;
    for (const connection of this.#early.splice(0)) connection.abort();
    this.#session?.pump();
    this.#session?.end();
    this.#session = undefined;
    this.#source = undefined;
  }

  #called(session: FeedSession, names: readonly PortName[]): readonly (PuntPort | undefined)[] {
    this.#session?.abort();
    this.#session = session;
    const ports = names.map((name) => this.#ports.get(keyOf(name)));
    const missing = [...this.#ports.keys()].filter((key) => !names.some((name) => keyOf(name) === key));
    if (missing.length > 0) this.logger.warn({ ports: missing }, 'the forwarder has not all ports: is its file another one?');
    for (const port of this.#ports.values()) port.part();
    for (const [i, port] of ports.entries()) port?.join((buffer, start, end) => session.frame(i, buffer, start, end));
    return ports;
  }
}

/** Whom a session tells of its life. */
interface SessionOwner {
  /** The forwarder has said who it is. Returns the ports that it has, by its numbers. */
  called(ports: readonly PortName[]): readonly (PuntPort | undefined)[];
  refused(reason: string): void;
  over(reason: string | undefined, malformed: boolean): void;
}

/** One forwarder, from its call to its end. */
class FeedSession {
  readonly #reader = new MessageReader();
  #ports: readonly (PuntPort | undefined)[] | undefined;
  /** How far it has been told; with what is under way. */
  #position: Position | undefined;
  #nodesDue = true;
  /** The mapping as it is being walked, and where the journal was when that began. */
  #walk: { readonly parts: Iterator<EntryChange[]>; readonly from: Position } | undefined;
  /** The latest state of what changed, as far as it is not told yet, and how far that goes. */
  #batch: { readonly parts: EntryChange[][]; readonly seq: number } | undefined;
  /** Whether it is to be told that it knows all, or that nobody is awaited. */
  #currentDue = true;
  #completeDue = true;
  #full = false;
  #over = false;

  constructor(
    private readonly source: FeedSource,
    private readonly connection: Connection,
    private readonly owner: SessionOwner,
  ) {}

  start(): void {
    this.connection.listen({
      data: (chunk) => this.#arrived(chunk),
      drained: () => {
        this.#full = false;
        this.pump();
      },
      closed: (reason) => this.#end(reason, false),
    });
  }

  nodesChanged(): void {
    this.#nodesDue = true;
    this.pump();
  }

  /** Says what there is to say, until the connection has enough. */
  pump(): void {
    while (this.#position && !this.#full && !this.#over) {
      const next = this.#next();
      if (!next) return;
      for (const message of next) if (!this.connection.write(encodeMessage(message))) this.#full = true;
    }
  }

  /** A frame of a router's for the guest at a port. */
  frame(port: number, buffer: Uint8Array, start: number, end: number): boolean {
    if (this.#over || this.connection.buffered > MOST_WAITING) return false;
    this.connection.write(encodeFrame(port, buffer, start, end));
    return true;
  }

  end(): void {
    this.#over = true;
    this.connection.end();
  }
  abort(): void {
    this.#over = true;
    this.connection.abort();
  }

  #next(): readonly Spoken[] | undefined {
    const { source } = this;
    if (this.#nodesDue) {
      this.#nodesDue = false;
      const parts = [...inParts(source.nodes, ({ addresses }) => 1 + addresses.length)];
      if (parts.length === 0) parts.push([]);
      return parts.map((nodes, i) => ({ type: 'nodes', nodes, last: i === parts.length - 1 }));
    }
    if (this.#walk) {
      const next = this.#walk.parts.next();
      if (!next.done) return [{ type: 'entries', entries: next.value }];
      this.#position = this.#walk.from;
      this.#walk = undefined;
    }
    if (!this.#batch && this.#position && this.#position.seq !== source.position.seq) {
      const entries = source.entriesSince(this.#position);
      if (!entries) return this.#anew();
      this.#batch = { parts: [...inParts(latestOf(entries), weightOf)], seq: source.position.seq };
    }
    const batch = this.#batch;
    if (batch) {
      const changes = batch.parts.shift() ?? [];
      if (batch.parts.length > 0) return [{ type: 'changes', changes, seq: null }];
      this.#batch = undefined;
      this.#position = { epoch: source.position.epoch, seq: batch.seq };
      return [{ type: 'changes', changes, seq: batch.seq }];
    }
    if (this.#currentDue) {
      this.#currentDue = false;
      return [{ type: 'current', seq: this.#position?.seq ?? 0 }];
    }
    if (this.#completeDue && !source.deferring) {
      this.#completeDue = false;
      return [{ type: 'complete' }];
    }
    return undefined;
  }

  /** The whole mapping. */
  #anew(): readonly Spoken[] {
    const from = this.source.position;
    this.#position = from;
    this.#batch = undefined;
    this.#walk = { parts: inParts(changesOf(this.source.mapping()), weightOf), from };
    this.#currentDue = true;
    this.#completeDue = true;
    return [{ type: 'answer', version: VERSION, epoch: from.epoch, resumed: false }];
  }

  #arrived(chunk: Uint8Array): void {
    try {
      for (const message of this.#reader.read(chunk)) {
        if (this.#over) return;
        this.#take(message);
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#end(error.message, true);
      this.connection.abort();
    }
  }

  #take(message: Message): void {
    if (message.type === 'frame' && this.#ports) this.#ports[message.port]?.arrive(message.frame);
    else if (message.type === 'call' && !this.#ports) this.#call(message);
    else throw new WireError(`a message "${message.type}" out of place`, 0);
  }

  #call({ version, network, ports, position }: Extract<Message, { readonly type: 'call' }>): void {
    const { source } = this;
    const fault =
      version !== VERSION
        ? `it speaks version ${version} of the feed, and the router version ${VERSION}`
        : network !== source.name
          ? `it is of the network ${JSON.stringify(network)}, and the router of ${JSON.stringify(source.name)}`
          : undefined;
    if (fault !== undefined) {
      this.owner.refused(fault);
      this.connection.write(encodeMessage({ type: 'refusal', reason: fault }));
      this.end();
      return;
    }
    this.#ports = this.owner.called(ports);
    if (position && source.entriesSince(position)) {
      this.#position = position;
      this.connection.write(encodeMessage({ type: 'answer', version: VERSION, epoch: position.epoch, resumed: true }));
    } else for (const message of this.#anew()) this.connection.write(encodeMessage(message));
    this.pump();
  }

  #end(reason: string | undefined, malformed: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.owner.over(reason, malformed);
  }
}

/** A message, but no frame. */
type Spoken = Exclude<Message, { readonly type: 'frame' }>;

/** What is left of changes when only the last of each prefix counts, in the order of those. */
function latestOf(entries: readonly JournalEntry[]): EntryChange[] {
  const latest = new Map<string, EntryChange>();
  for (const entry of entries) {
    if (entry.type !== 'mapping-change') continue;
    latest.delete(entry.prefix);
    latest.set(entry.prefix, [entry.prefix, entry.after ?? null]);
  }
  return [...latest.values()];
}

function* changesOf(mapping: Iterable<MappingEntry>): Generator<EntryChange> {
  for (const { prefix, targets } of mapping) yield [prefix, targets];
}

function weightOf([, targets]: EntryChange): number {
  return targets?.length ?? 1;
}

/** A list in parts of {@link PART} by weight; of none, none. */
function* inParts<T>(list: Iterable<T>, weigh: (one: T) => number): Generator<T[]> {
  let part: T[] = [];
  let weight = 0;
  for (const one of list) {
    part.push(one);
    weight += weigh(one);
    if (weight < PART) continue;
    yield part;
    part = [];
    weight = 0;
  }
  if (part.length > 0) yield part;
}

function keyOf(name: PortName): string {
  return JSON.stringify(name);
}

/** A port whose guest is at the forwarder: what comes in by it is what the forwarder leaves to the router. */
class PuntPort implements Port {
  readonly counters: PortCounters = { received: 0, sent: 0, dropped: 0 };
  #receiver: FrameReceiver | undefined;
  #deliver: ((buffer: Uint8Array, start: number, end: number) => boolean) | undefined;

  constructor(readonly mtu: number) {}

  /** The forwarder is there. */
  join(deliver: (buffer: Uint8Array, start: number, end: number) => boolean): void {
    this.#deliver = deliver;
  }
  part(): void {
    this.#deliver = undefined;
  }

  arrive(frame: Uint8Array): void {
    this.counters.received++;
    this.#receiver?.(frame, 0, frame.length);
  }

  listen(receiver: FrameReceiver | undefined): void {
    this.#receiver = receiver;
  }
  send(buffer: Uint8Array, start: number, end: number): void {
    if (this.#deliver?.(buffer, start, end)) this.counters.sent++;
    else this.counters.dropped++;
  }
  close(): Promise<void> {
    this.#receiver = undefined;
    return Promise.resolve();
  }
}
