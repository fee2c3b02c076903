import { EventEmitter } from 'eventemitter3';
import { parseAsn } from '../lib/asn.js';
import { Buffers } from '../lib/buffers.js';
import type { Clock } from '../lib/clock.js';
import { UsageError } from '../lib/errors.js';
import { type Logger, silentLogger } from '../lib/logger.js';
import { canonicalPrefix, parsePrefix } from '../lib/prefix.js';
import type { Random } from '../lib/random.js';
import { TimerHeap } from '../lib/timers.js';
import type { Connection, Listener, Transport } from '../lib/transport.js';
import type { DownReason, SessionError, SessionState } from './events.js';
import type { Negotiated } from './negotiation.js';
import { Peer, type PeerOwner } from './peer.js';
import { checkSpeaker } from './speaker-shape.js';
import {
  type Capability,
  CeaseSubcode,
  decodeMessage,
  defaultContext,
  encodeMessage,
  endOfRib,
  familyNumbers,
  MAX_EXTENDED_MESSAGE,
  MessageError,
  type Nlri,
  type PathAttributes,
  type RouteRefresh,
  type UnicastFamily,
  type Update,
} from './wire/index.js';

/** Who a speaker is, and to whom it speaks. @public */
export interface SpeakerConfig {
  readonly as: number | string;
  /** BGP identifier, dotted quad. */
  readonly routerId: string;
  /** The router. */
  readonly neighbour: {
    readonly address: string;
    /** Default 179. */
    readonly port?: number;
    /** Default: any. */
    readonly as?: number | string;
  };
  /** Address to dial from, and the next hop of what is announced. Default: the system's choice. */
  readonly localAddress?: string;
  /** Wait for the router to dial, at `localAddress` (default 127.0.0.1) and this port, instead of dialling. */
  readonly listen?: number;
  /** Default: the family of the neighbour's address. */
  readonly families?: readonly UnicastFamily[];
  readonly addPath?: 'send' | 'receive' | 'both';
  /** Seconds, 0 or 3 to 65535. Default 90. */
  readonly holdTime?: number;
  /** Seconds between dials. Default 1: a speaker is for labs and tests. */
  readonly connectRetryTime?: number;
  /** Announced besides those that follow from the fields above. */
  readonly capabilities?: readonly Capability[];
}

/** What a speaker needs of its surroundings. @public */
export interface SpeakerOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Default `Math.random`. */
  readonly random?: Random;
  readonly logger?: Logger;
}

/** A route that a speaker has heard. @public */
export interface HeardRoute {
  readonly prefix: string;
  /** RFC 7911. */
  readonly pathId?: number;
  readonly attributes: PathAttributes;
}

/** A speaker's events. @public */
export interface SpeakerEvents {
  established: [];
  down: [reason: DownReason];
  /** What one or more UPDATEs said. */
  routes: [event: { readonly announced: readonly HeardRoute[]; readonly withdrawn: readonly Nlri[] }];
}

/** What of a session makes its announcements. */
type Terms = Pick<Negotiated, 'families' | 'peerAs' | 'sendContext'>;

/** Stands for the address of a session to come. */
const UNKNOWN: Readonly<Record<UnicastFamily, string>> = { 'ipv4-unicast': '192.0.2.1', 'ipv6-unicast': '2001:db8::1' };

/** Most prefixes in an UPDATE of a speaker's: the shortest message holds them with any attributes that it is likely to have. */
const PREFIXES = 150;

/** The guest's side of BGP, over a transport and on a clock that are given: announces and withdraws, and keeps what it hears. @public */
export class BgpSpeaker extends EventEmitter<SpeakerEvents> {
  readonly #peer: Peer;
  readonly #config: SpeakerConfig;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #connections = new Set<Connection>();
  readonly #announced = new Map<string, { readonly nlri: Nlri; readonly attributes: PathAttributes }>();
  readonly #heard = new Map<string, HeardRoute>();
  #listener: Promise<Listener> | undefined;
  #negotiated: Negotiated | undefined;
  /** Families whose End-of-RIB the router has sent in this session. */
  readonly endOfRib = new Set<UnicastFamily>();
  readonly #logger: Logger;

  /** Throws a `UsageError` (`CONFIG_INVALID`) that names the path and what was expected there. */
  constructor(config: SpeakerConfig, options: SpeakerOptions) {
    super();
    const checked = checkSpeaker(config);
    this.#config = checked;
    this.#logger = options.logger ?? silentLogger;
    this.#clock = options.clock;
    this.#transport = options.transport;
    const { neighbour } = checked;
    this.#peer = new Peer(
      {
        address: neighbour.address,
        port: neighbour.port ?? 179,
        localAddress: checked.localAddress,
        localAs: parseAsn(checked.as),
        routerId: checked.routerId,
        peerAs: neighbour.as === undefined ? undefined : [parseAsn(neighbour.as)],
        passive: checked.listen !== undefined,
        addPath: checked.addPath,
        capabilities: checked.capabilities ?? [],
        holdTime: (checked.holdTime ?? 90) * 1000,
        connectRetryTime: (checked.connectRetryTime ?? 1) * 1000,
        idleHoldTime: 250,
        idleHoldMax: 2000,
        ...(checked.families ? { families: checked.families } : {}),
      },
      {
        transport: remembering(options.transport, this.#connections),
        timers: new TimerHeap(options.clock),
        random: options.random ?? Math.random,
        logger: this.#logger,
        buffers: new Buffers(),
      },
      this.#owner(),
    );
  }

  get state(): SessionState {
    return this.#peer.state;
  }
  /** What the session agreed on; undefined while it is down. */
  get negotiated(): Negotiated | undefined {
    return this.#negotiated;
  }

  /** Dials, or waits to be dialled. Rejects with a `UsageError` (`PORT_IN_USE`, `ADDRESS_UNAVAILABLE`) where it cannot wait there. */
  async start(): Promise<void> {
    const { listen, localAddress } = this.#config;
    this.#peer.start();
    if (listen === undefined || this.#listener) return;
    const listener = this.#transport.listen({ address: localAddress ?? '127.0.0.1', port: listen }, (connection) => {
      this.#connections.add(connection);
      this.#peer.accept(connection);
    });
    this.#listener = listener;
    try {
      await listener;
    } catch (error) {
      if (this.#listener === listener) this.#listener = undefined;
      await this.#peer.stop({ subcode: CeaseSubcode.administrativeShutdown });
      throw error;
    }
  }

  /** Ends the session with a Cease, administrative shutdown, and `text` (RFC 9003). */
  async stop(options: { readonly text?: string } = {}): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await this.#peer.stop({ subcode: CeaseSubcode.administrativeShutdown, ...options });
    // Where it could not wait, that was said to whoever started it.
    await (await listener?.catch(() => undefined))?.close();
  }

  /** Dies: the connection is cut without a word, as the system cuts those of a process that was killed. */
  async kill(): Promise<void> {
    for (const connection of this.#connections) connection.abort();
    this.#connections.clear();
    await this.stop();
  }

  /**
   * Announces a prefix, now and in each session to come. Next hop and AS path are its own unless given. Throws a `UsageError` for what cannot
   * be written, as `encodeMessage` of `virtual-router/wire` does, and announces nothing then.
   */
  announce(prefix: string | Nlri, attributes: PathAttributes = {}): void {
    this.announceAll([prefix], attributes);
  }

  /** Announces prefixes that have their attributes in common. Throws as {@link BgpSpeaker.announce} does. */
  announceAll(prefixes: readonly (string | Nlri)[], attributes: PathAttributes = {}): void {
    const all = prefixes.map(nlriOf);
    const messages = this.#announcements(all, attributes, this.#negotiated ?? this.#likely());
    for (const nlri of all) this.#announced.set(keyOf(nlri), { nlri, attributes });
    if (this.#negotiated) for (const message of messages) this.#peer.send(message);
  }

  /** Withdraws what was announced. Throws a `UsageError` (`NAME_UNKNOWN`) for a prefix that was not. */
  withdraw(prefix: string | Nlri): void {
    const nlri = nlriOf(prefix);
    if (!this.#announced.delete(keyOf(nlri))) throw new UsageError('NAME_UNKNOWN', `${nlri.prefix} was not announced`);
    const negotiated = this.#negotiated;
    const family = familyOf(nlri);
    if (!negotiated?.families.includes(family)) return;
    const mpUnreach = { family, nlri: [nlri] };
    this.#send(
      family === 'ipv4-unicast'
        ? { type: 'update', withdrawn: [nlri], attributes: {}, announced: [] }
        : { type: 'update', withdrawn: [], attributes: { mpUnreach }, announced: [] },
    );
  }

  /** Sends octets as they are: for those who test what a router makes of them. */
  sendRaw(bytes: Uint8Array): void {
    this.#peer.send(bytes);
  }

  /** Asks the router to say everything again (RFC 2918). */
  refresh(family: UnicastFamily): void {
    const [afi, safi] = familyNumbers(family);
    this.#peer.send(encodeMessage({ type: 'route-refresh', afi, safi, family, subtype: 0 }, this.#context()));
  }

  /** What the router says: by prefix and path identifier, as they came. */
  routes(): readonly HeardRoute[] {
    return [...this.#heard.values()];
  }
  /** The route to one prefix; the first path of several. */
  route(prefix: string): HeardRoute | undefined {
    const wanted = canonicalPrefix(prefix);
    return this.routes().find((route) => route.prefix === wanted);
  }

  /** Resolves once the session is established; rejects after `timeout` milliseconds (default 10,000). */
  whenEstablished(timeout = 10_000): Promise<void> {
    return this.when(() => this.#negotiated !== undefined, timeout);
  }

  /** Resolves once `condition` holds, looked at after each event; rejects after `timeout` milliseconds (default 10,000). */
  when(condition: () => boolean, timeout = 10_000): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const events = ['established', 'down', 'routes'] as const;
      const finish = (then: () => void): void => {
        cancel();
        for (const event of events) this.off(event, look);
        then();
      };
      const look = (): void => {
        if (condition()) finish(resolve);
      };
      const cancel = this.#clock.at(this.#clock.now() + timeout, () =>
        finish(() => reject(new Error(`not in ${timeout} ms; the session is ${this.state}${this.#last ? `: ${this.#last}` : ''}`))),
      );
      for (const event of events) this.on(event, look);
    });
  }
  #last = '';

  #owner(): PeerOwner {
    return {
      stateChanged: (_peer, _from, _to, reason) => {
        this.#last = reason ?? this.#last;
      },
      established: (_peer, negotiated) => {
        this.#negotiated = negotiated;
        this.endOfRib.clear();
        const groups = new Map<PathAttributes, Nlri[]>();
        for (const { nlri, attributes } of this.#announced.values()) {
          const group = groups.get(attributes);
          if (group) group.push(nlri);
          else groups.set(attributes, [nlri]);
        }
        for (const [attributes, all] of groups) this.#tell(all, attributes);
        for (const family of negotiated.families) this.#send(endOfRib(family));
        this.emit('established');
      },
      updates: (_peer, bytes, from, to) => this.#updates(bytes, from, to),
      refresh: (_peer, request) => this.#answer(request),
      drained: () => {},
      waiting: () => {},
      down: (_peer, reason) => {
        this.#negotiated = undefined;
        this.#heard.clear();
        this.emit('down', reason);
      },
    };
  }

  #updates(bytes: Uint8Array, from: number, to: number): SessionError | undefined {
    const announced: HeardRoute[] = [];
    const withdrawn: Nlri[] = [];
    for (let at = from; at < to; ) {
      const length = ((bytes[at + 16] ?? 0) << 8) | (bytes[at + 17] ?? 0);
      try {
        const message = decodeMessage(bytes.slice(at, at + length), this.#negotiated?.context ?? this.#context());
        if (message.type === 'update') this.#take(message, announced, withdrawn);
      } catch (thrown) {
        if (!(thrown instanceof MessageError)) throw thrown;
        return { code: thrown.code, subcode: thrown.subcode, data: thrown.data, reason: thrown.message };
      }
      at += length;
    }
    if (announced.length > 0 || withdrawn.length > 0) this.emit('routes', { announced, withdrawn });
    return undefined;
  }

  #take(update: Update, announced: HeardRoute[], withdrawn: Nlri[]): void {
    const { mpReach, mpUnreach, ...rest } = update.attributes;
    const ended = [...update.withdrawn, ...(mpUnreach?.nlri ?? [])];
    for (const nlri of ended) {
      this.#heard.delete(keyOf(nlri));
      withdrawn.push(nlri);
    }
    const hear = (nlri: Nlri, attributes: PathAttributes): void => {
      const route: HeardRoute = { ...nlri, attributes };
      this.#heard.set(keyOf(nlri), route);
      announced.push(route);
    };
    for (const nlri of update.announced) hear(nlri, rest);
    if (mpReach) {
      const { nextHop, linkLocalNextHop } = mpReach;
      const hops = { ...(nextHop === undefined ? {} : { nextHop }), ...(linkLocalNextHop === undefined ? {} : { linkLocalNextHop }) };
      for (const nlri of mpReach.nlri) hear(nlri, { ...rest, ...hops });
    }
    if (ended.length === 0 && update.announced.length === 0 && !mpReach) {
      if (!mpUnreach) this.endOfRib.add('ipv4-unicast');
      else if (mpUnreach.family === 'ipv4-unicast' || mpUnreach.family === 'ipv6-unicast') this.endOfRib.add(mpUnreach.family);
      this.emit('routes', { announced: [], withdrawn: [] });
    }
  }

  #answer({ family, subtype }: RouteRefresh): void {
    if (subtype !== 0 || (family !== 'ipv4-unicast' && family !== 'ipv6-unicast')) return;
    for (const { nlri, attributes } of this.#announced.values()) if (familyOf(nlri) === family) this.#tell([nlri], attributes);
    this.#send(endOfRib(family));
  }

  /** Says again what was announced before. What this session's messages cannot hold, as attributes may be long, is left out. */
  #tell(all: readonly Nlri[], attributes: PathAttributes): void {
    const negotiated = this.#negotiated;
    if (!negotiated) return;
    try {
      for (const message of this.#announcements(all, attributes, negotiated)) this.#peer.send(message);
    } catch (error) {
      if (!(error instanceof UsageError) || error.code !== 'MESSAGE_TOO_LONG') throw error;
      this.#logger.warn({ prefixes: all.map(({ prefix }) => prefix) }, `not announced: ${error.message}`);
    }
  }

  /** UPDATEs with as many prefixes as each holds. Throws a `UsageError` for what cannot be written. */
  #announcements(all: readonly Nlri[], attributes: PathAttributes, session: Terms): Uint8Array[] {
    const messages: Uint8Array[] = [];
    const put = (family: UnicastFamily, nlri: readonly Nlri[]): void => {
      try {
        messages.push(encodeMessage(this.#announcement(family, nlri, attributes, session), session.sendContext));
      } catch (error) {
        if (nlri.length === 1 || !(error instanceof UsageError) || error.code !== 'MESSAGE_TOO_LONG') throw error;
        const half = nlri.length >> 1;
        put(family, nlri.slice(0, half));
        put(family, nlri.slice(half));
      }
    };
    for (const family of session.families) {
      const mine = all.filter((nlri) => familyOf(nlri) === family);
      for (let i = 0; i < mine.length; i += PREFIXES) put(family, mine.slice(i, i + PREFIXES));
    }
    return messages;
  }

  /** What a session may agree on at most: before there is one, what can never be said is found by it. */
  #likely(): Terms {
    const { neighbour } = this.#config;
    const sendContext = { ...defaultContext, extendedNextHop: true, maxMessage: MAX_EXTENDED_MESSAGE };
    return { families: ['ipv4-unicast', 'ipv6-unicast'], peerAs: neighbour.as === undefined ? 0 : parseAsn(neighbour.as), sendContext };
  }

  #announcement(family: UnicastFamily, nlri: readonly Nlri[], given: PathAttributes, session: Terms): Update {
    const localAs = parseAsn(this.#config.as);
    const internal = session.peerAs === localAs;
    const { nextHop = this.#peer.localAddress ?? (this.#negotiated ? undefined : UNKNOWN[family]), linkLocalNextHop, ...others } = given;
    const attributes: PathAttributes = {
      origin: 'igp',
      asPath: internal ? [] : [{ type: 'sequence', asns: [localAs] }],
      ...(internal ? { localPref: 100 } : {}),
      ...others,
    };
    if (family === 'ipv4-unicast' && nextHop !== undefined && !nextHop.includes(':')) {
      return { type: 'update', withdrawn: [], attributes: { ...attributes, nextHop }, announced: nlri };
    }
    const hops = { ...(nextHop === undefined ? {} : { nextHop }), ...(linkLocalNextHop === undefined ? {} : { linkLocalNextHop }) };
    return { type: 'update', withdrawn: [], attributes: { ...attributes, mpReach: { family, ...hops, nlri } }, announced: [] };
  }

  #send(update: Update): void {
    this.#peer.send(encodeMessage(update, this.#context()));
  }

  #context(): Negotiated['sendContext'] {
    const negotiated = this.#negotiated;
    if (!negotiated) throw new UsageError('NOT_RUNNING', 'the session is not established');
    return negotiated.sendContext;
  }
}

function nlriOf(prefix: string | Nlri): Nlri {
  return typeof prefix === 'string' ? { prefix: canonicalPrefix(prefix) } : { ...prefix, prefix: canonicalPrefix(prefix.prefix) };
}
function keyOf({ prefix, pathId }: Nlri): string {
  return pathId === undefined ? prefix : `${prefix} ${pathId}`;
}
function familyOf({ prefix }: Nlri): UnicastFamily {
  return parsePrefix(prefix).family === 'ipv4' ? 'ipv4-unicast' : 'ipv6-unicast';
}

/** A transport that keeps the connections it made, so that they can be cut. */
function remembering(transport: Transport, connections: Set<Connection>): Transport {
  return {
    listen: (options, accepted) => transport.listen(options, accepted),
    dial: (options, events) =>
      transport.dial(options, {
        connected: (connection) => {
          connections.add(connection);
          events.connected(connection);
        },
        failed: (reason) => events.failed(reason),
      }),
  };
}
