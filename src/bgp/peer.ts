import type { Buffers } from '../lib/buffers.js';
import type { Millis } from '../lib/clock.js';
import type { Logger } from '../lib/logger.js';
import { Driver } from '../lib/machine.js';
import type { Random } from '../lib/random.js';
import type { TimerHeap } from '../lib/timers.js';
import type { Connection, ConnectionBounds, ConnectionSecurity, Dialler } from '../lib/transport.js';
import { type PeerConfig, type PeerConfigInput, resolvePeerConfig } from './config.js';
import type { DownReason, SessionEffect, SessionError, SessionEvent, SessionState } from './events.js';
import { farewell, turnAway } from './farewell.js';
import { Framer } from './framer.js';
import type { Waiting } from './limits.js';
import { contextOf, type Negotiated } from './negotiation.js';
import { Session } from './session.js';
import { type BgpMessage, CeaseSubcode, decodeMessage, MAX_EXTENDED_MESSAGE, MessageError, type RouteRefresh } from './wire/index.js';

/** Whom a peer tells. @internal */
export interface PeerOwner {
  stateChanged(peer: Peer, from: SessionState, to: SessionState, reason: string | undefined): void;
  established(peer: Peer, negotiated: Negotiated): void;
  /**
   * A run of whole UPDATEs, octets `[from, to)` of `bytes`, headers included, only good during the call. Returns what ends the
   * session, if anything does.
   */
  updates(peer: Peer, bytes: Uint8Array, from: number, to: number): SessionError | undefined;
  refresh(peer: Peer, request: RouteRefresh): void;
  /** It can be sent to again. */
  drained(peer: Peer): void;
  /** So many octets wait in the connection of the established session: it is full or not any more, or is about to be read again. */
  waiting(peer: Peer, limit: keyof Waiting, octets: number): void;
  /** It left established; once. */
  down(peer: Peer, reason: DownReason): void;
}

/** Why a peer turns a connection away. @internal */
export type TurnedAway = 'too-many-failures' | 'shutdown' | 'connection-collision';

/** What a peer needs of its surroundings. @internal */
export interface PeerSurroundings {
  readonly transport: Dialler;
  readonly timers: TimerHeap;
  readonly random: Random;
  readonly logger: Logger;
  /** Where what comes in large pieces is put together. */
  readonly buffers: Buffers;
}

/** A peer's state, for those who show it. @internal */
export interface PeerStatus {
  readonly state: SessionState;
  readonly lastDown: DownReason | undefined;
  readonly establishedAt: Millis | undefined;
  readonly flaps: number;
  readonly ends: Readonly<Partial<Record<DownReason['code'], number>>>;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly turns: number;
  readonly bytesOut: number;
  /** Octets written that the neighbour has not taken yet. */
  readonly unread: number;
  /** The OPENs are exchanged, and our KEEPALIVE is held back until BFD is up. */
  readonly waitsForBfd: boolean;
}

/** From so many failures on, a neighbour is turned away until its idle hold is over (RFC 4271 §8.1.1, DampPeerOscillations). */
export const PATIENCE = 5;
/** Connections that are being turned away at a time; more are reset without a word. */
export const TURNED_AWAY = 4;
const HIGHEST_FIRST: readonly SessionState[] = ['established', 'open-confirm', 'open-sent', 'active', 'connect', 'idle'];

/**
 * One neighbour: its session, the connection under it, and a second session while two connections collide (RFC 4271 §6.8).
 *
 * @internal
 */
export class Peer {
  readonly config: PeerConfig;
  /** The session that dials and starts again by itself. */
  #main: Line;
  /** A session over a connection that the neighbour opened. */
  #incoming: Line | undefined;
  /** One over another connection that it opened, while that session stands: a neighbour that restarts gracefully is back before its end was noticed. */
  #successor: Line | undefined;
  #state: SessionState = 'idle';
  #running = false;
  #established: Line | undefined;
  #lastDown: DownReason | undefined;
  /** The same, or why it did not come up since. */
  #lastReason: DownReason | undefined;
  #flaps = 0;
  /** How often a session or an attempt at one ended, by why. */
  readonly #ends: Partial<Record<DownReason['code'], number>> = {};
  /** When octets last came. */
  lastHeard: Millis = 0;
  readonly #turned = (): void => void this.counters.turns++;
  readonly counters = { messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0, turns: 0 };
  readonly #closing = new Set<Promise<void>>();
  #turnedAway = 0;
  #bfdClear = false;

  constructor(
    config: PeerConfigInput,
    readonly around: PeerSurroundings,
    private readonly owner: PeerOwner,
  ) {
    this.config = resolvePeerConfig(config);
    this.#main = this.#line(false);
  }

  get state(): SessionState {
    return this.#state;
  }
  get negotiated(): Negotiated | undefined {
    return this.#established?.session.negotiated;
  }
  /** Our end of the established session's connection. */
  get localAddress(): string | undefined {
    return this.#established?.connection?.local.address;
  }
  /** Established, and reading as fast as it is sent to. */
  get writable(): boolean {
    return this.#established?.writable ?? false;
  }

  /** What waits in the connection of the established session. */
  get waiting(): Waiting {
    return this.#established?.waiting ?? { backlog: 0, unread: 0 };
  }

  status(): PeerStatus {
    return {
      state: this.#state,
      lastDown: this.#lastReason,
      establishedAt: this.#established?.session.establishedAt,
      flaps: this.#flaps,
      ends: { ...this.#ends },
      waitsForBfd: this.#lines().some(({ session }) => session.pending !== undefined),
      unread: this.waiting.unread,
      ...this.counters,
    };
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#main.post({ type: 'start' });
  }

  /** Ends the session with a Cease. Resolves when the connections are closed; a neighbour that does not read is cut. */
  async stop({ subcode, text }: { readonly subcode: number; readonly text?: string }): Promise<void> {
    this.#running = false;
    const lines = this.#lines();
    for (const line of lines) line.post({ type: 'stop', subcode, ...(text === undefined ? {} : { text }) });
    for (const line of lines) line.dispose();
    this.#incoming = undefined;
    this.#successor = undefined;
    await Promise.all(this.#closing);
  }

  /** Something beside the session says that it is over: a NOTIFICATION is sent, and the session starts again as after any failure. */
  fail(error: SessionError): void {
    for (const line of this.#lines()) if (line.session.state !== 'idle' && line.connection) line.post({ type: 'error', error });
  }

  /** What BFD has to say of sessions that wait for it (`bfdStrict`): it is clear, as it is up or does not watch, or it is not. */
  bfd(clear: boolean): void {
    this.#bfdClear = clear;
    for (const line of this.#lines()) line.post({ type: 'bfd', clear });
    // What failed for want of it is tried again at once.
    if (clear && this.#running && this.config.bfdStrict && !this.#established) this.#main.post({ type: 'start' });
  }

  /** The connection is as good as gone: the session ends as if the neighbour had closed it, without a NOTIFICATION. */
  lose(reason: string): void {
    for (const line of this.#lines()) line.lose(reason);
  }

  /** Leaves what the neighbour sends unread for a while. */
  rest(time: Millis): void {
    this.#established?.rest(time);
  }
  /** Another key for the connections that are there: see {@link Connection.rekey}. */
  rekey(security: ConnectionSecurity): void {
    for (const line of this.#lines()) line.connection?.rekey?.(security);
  }
  /** Its part of the time against others': see {@link Connection.weigh}. */
  weigh(weight: number): void {
    this.#established?.connection?.weigh?.(weight, this.#turned);
  }
  /** How much may wait in its connection: see {@link Connection.bound}. */
  bound(bounds: ConnectionBounds): void {
    this.#established?.connection?.bound?.(bounds);
  }

  /** A connection that the neighbour opened. Why it is turned away, if it is. */
  accept(connection: Connection): TurnedAway | undefined {
    const line = this.#incoming;
    const tired = this.#main.session.state === 'idle' && this.#main.session.failures >= PATIENCE;
    if (!this.#running || tired) {
      // RFC 4271 §8.2.2: whoever is idle refuses.
      this.#turnAway(connection, CeaseSubcode.connectionRejected);
      return tired ? 'too-many-failures' : 'shutdown';
    }
    const next = this.#line(true);
    if (!line || line.session.state === 'idle') {
      line?.dispose();
      this.#incoming = next;
    } else if (line === this.#established && this.#restarts(line) && !this.#successor) this.#successor = next;
    else {
      // Only one more connection can be weighed against the one there is: of two by the neighbour the first stays (§6.8).
      this.#turnAway(connection, CeaseSubcode.connectionCollision);
      return 'connection-collision';
    }
    next.post({ type: 'start' });
    next.connect(connection);
    return undefined;
  }

  #lines(): Line[] {
    return [this.#main, this.#incoming, this.#successor].filter((line) => line !== undefined);
  }

  /** Whether the neighbour restarts gracefully, as its OPEN says, and we know what that means. */
  #restarts({ session }: Line): boolean {
    return this.config.gracefulRestart && session.negotiated?.gracefulRestart !== undefined;
  }

  /** No session, no OPEN, and no more than a few at a time: it must not cost us more than it costs the neighbour. */
  #turnAway(connection: Connection, subcode: number): void {
    if (this.#turnedAway >= TURNED_AWAY) {
      connection.abort();
      return;
    }
    this.#turnedAway++;
    const closed = turnAway(connection, subcode, this.around.timers.clock);
    void closed.then(() => this.#turnedAway--);
    this.#awaits(closed);
  }

  /** Sends whole messages, which now belong to the connection. False when the neighbour reads slowly: wait for `drained`. */
  send(bytes: Uint8Array, sent?: () => void): boolean {
    const line = this.#established;
    if (!line) return false;
    return line.send(bytes, sent);
  }

  #line(incoming: boolean): Line {
    const session = new Session(this.config, this.around.random, incoming);
    session.bfdClear = this.#bfdClear;
    return new Line(this, session, {
      effect: (line, effect) => this.#effect(line, effect),
      updates: (line, bytes, from, to) => {
        if (line !== this.#established) return undefined;
        return this.owner.updates(this, bytes, from, to);
      },
      refresh: (line, request) => {
        if (line === this.#established) this.owner.refresh(this, request);
      },
      drained: (line) => {
        if (line === this.#established) this.owner.drained(this);
      },
      waiting: (line, limit, octets) => {
        if (line === this.#established) this.owner.waiting(this, limit, octets);
      },
      closing: (closed) => this.#awaits(closed),
    });
  }

  /** Until then it has not stopped. */
  #awaits(closed: Promise<void>): void {
    this.#closing.add(closed);
    void closed.then(() => this.#closing.delete(closed));
  }

  #effect(line: Line, effect: SessionEffect): void {
    switch (effect.type) {
      case 'opened':
        this.#collide(line);
        return;
      case 'established':
        this.#flaps += this.#lastDown ? 1 : 0;
        this.#established = line;
        this.#show();
        // The other session, if it still tries, gives way (§6.8: a connection in Established stays).
        if (line === this.#incoming) {
          this.#main.post({ type: 'collision' });
        }
        this.owner.established(this, effect.negotiated);
        return;
      case 'stateChanged':
        if (effect.to === 'idle') this.#wentIdle(line, effect.reason);
        else {
          this.#lastReason = effect.reason ?? this.#lastReason;
          this.#show(effect.reason?.text);
        }
        return;
      default:
        return;
    }
  }

  #wentIdle(line: Line, reason: DownReason | undefined): void {
    const wasUp = line === this.#established;
    if (wasUp) this.#established = undefined;
    if (reason && (wasUp || reason.code !== 'collision')) {
      this.#lastDown = reason;
      this.#lastReason = reason;
      this.#ends[reason.code] = (this.#ends[reason.code] ?? 0) + 1;
    }
    if (line === this.#successor) {
      this.#successor = undefined;
      line.dispose();
    }
    if (line === this.#incoming) {
      this.#incoming = this.#successor;
      this.#successor = undefined;
      line.dispose();
      // The main session gave way to it: it takes its turn again, after the pause that a failure brings.
      if (this.#running && this.#main.session.state === 'idle') this.#main.restart(line.session, wasUp);
    }
    if (wasUp && reason) this.owner.down(this, reason);
    this.#show(reason?.text);
  }

  /** RFC 4271 §6.8, RFC 6286 §2.3: of two connections the one that the higher identifier opened stays. */
  #collide(line: Line): void {
    const established = this.#established;
    if (established) {
      // RFC 4724 §4.2: the old connection goes without a NOTIFICATION. Of one by each end nothing follows: they may simply have crossed.
      if (line === this.#successor && this.#restarts(line)) established.lose('the neighbour has opened another session');
      else line.post({ type: 'collision' });
      return;
    }
    const other = line === this.#main ? this.#incoming : this.#main;
    if (!other || other.session.state === 'idle') return;
    if (other.session.state !== 'open-confirm' && other.session.state !== 'open-sent') return;
    const { negotiated } = line.session;
    if (!negotiated) return;
    const ours = identifier(this.config.routerId);
    const theirs = identifier(negotiated.peerRouterId);
    const weWin = ours > theirs || (ours === theirs && this.config.localAs > negotiated.peerAs);
    // The main line was dialled by us, the other by the neighbour.
    const loser = weWin ? this.#incoming : this.#main;
    loser?.post({ type: 'collision' });
  }

  #show(reason?: string): void {
    const states = [this.#main.session.state, this.#incoming?.session.state ?? 'idle'];
    const state = HIGHEST_FIRST.find((candidate) => states.includes(candidate)) ?? 'idle';
    const from = this.#state;
    if (state === from) return;
    this.#state = state;
    this.owner.stateChanged(this, from, state, reason);
  }
}

/** What a line tells its peer. */
interface LineOwner {
  effect(line: Line, effect: SessionEffect): void;
  updates(line: Line, bytes: Uint8Array, from: number, to: number): SessionError | undefined;
  refresh(line: Line, request: RouteRefresh): void;
  drained(line: Line): void;
  waiting(line: Line, limit: keyof Waiting, octets: number): void;
  closing(closed: Promise<void>): void;
}

/** A session and the connection under it. */
class Line {
  connection: Connection | undefined;
  readonly #driver: Driver<SessionEvent, SessionEffect>;
  readonly #framer: Framer;
  #giveUp: (() => void) | undefined;
  #writable = true;

  constructor(
    private readonly peer: Peer,
    readonly session: Session,
    private readonly owner: LineOwner,
  ) {
    this.#driver = new Driver(session, peer.around.timers, (effect) => this.#perform(effect));
    this.#framer = new Framer(
      {
        updates: (bytes, from, to) => this.#updates(bytes, from, to),
        message: (bytes) => this.#message(bytes),
        broken: (error) => this.post({ type: 'error', error }),
      },
      peer.around.buffers,
    );
  }

  get writable(): boolean {
    return this.connection !== undefined && this.#writable;
  }
  get waiting(): Waiting {
    return { backlog: (this.connection?.waiting ?? 0) + this.#framer.pending, unread: this.connection?.buffered ?? 0 };
  }

  post(event: SessionEvent): void {
    this.#driver.post(event);
  }

  dispose(): void {
    this.#driver.dispose();
  }

  /** It gave way to another session, which has failed: it starts again when the pause for that is over. */
  restart(failed: Session, wasUp: boolean): void {
    const { clock } = this.peer.around.timers;
    const { config, timers } = this.session;
    this.session.failures = wasUp ? 1 : this.session.failures + 1;
    const wait = Math.min(config.idleHoldMax, config.idleHoldTime * 2 ** Math.min(this.session.failures - 1, 16));
    timers.start('idleHold', clock.now() + wait * (0.75 + 0.25 * failed.random()));
    this.peer.around.timers.note(this.#driver);
  }

  /** A connection is there. */
  connect(connection: Connection): void {
    this.#giveUp = undefined;
    this.connection = connection;
    this.#writable = true;
    this.#framer.begin();
    connection.listen({
      data: (chunk) => this.#data(connection, chunk),
      drained: () => this.#drained(connection),
      closed: (reason) => this.#closed(connection, reason),
    });
    this.post({ type: 'connected' });
  }

  /** See {@link Peer.lose}. */
  lose(reason: string): void {
    const { connection } = this;
    if (!connection) return;
    connection.abort();
    this.#closed(connection, reason);
  }

  /** See {@link Peer.rest}. */
  rest(time: Millis): void {
    const { connection } = this;
    if (!connection) return;
    const { clock } = this.peer.around.timers;
    connection.pause();
    clock.at(clock.now() + time, () => {
      if (connection !== this.connection) return;
      this.owner.waiting(this, 'backlog', this.waiting.backlog);
      connection.resume();
    });
  }

  send(bytes: Uint8Array, sent?: () => void): boolean {
    const { connection } = this;
    if (!connection) return false;
    this.peer.counters.bytesOut += bytes.length;
    this.peer.counters.messagesOut++;
    if (!connection.write(bytes, sent) && this.#writable) {
      this.#writable = false;
      this.post({ type: 'sendProgress', stuck: true });
      this.owner.waiting(this, 'unread', connection.buffered);
    }
    return this.#writable;
  }

  #perform(effect: SessionEffect): void {
    switch (effect.type) {
      case 'dial': {
        const { address, port, localAddress } = this.session.config;
        this.#giveUp = this.peer.around.transport.dial(
          { remote: { address, port }, ...(localAddress === undefined ? {} : { localAddress }) },
          { connected: (connection) => this.connect(connection), failed: (reason) => this.#failed(reason) },
        );
        return;
      }
      case 'hangUp':
        this.#hangUp();
        return;
      case 'send':
        this.send(effect.bytes);
        return;
      default:
        if (effect.type === 'established') {
          const { negotiated } = effect;
          this.#framer.maxMessage = negotiated.context.maxMessage;
        }
        this.owner.effect(this, effect);
    }
  }

  #failed(reason: string): void {
    this.#giveUp = undefined;
    this.post({ type: 'disconnected', reason });
  }

  #hangUp(): void {
    this.#giveUp?.();
    this.#giveUp = undefined;
    const { connection } = this;
    this.connection = undefined;
    if (!connection) return;
    const { clock } = this.peer.around.timers;
    this.owner.closing(farewell(connection, clock));
  }

  #data(connection: Connection, chunk: Uint8Array): void {
    if (connection !== this.connection) return;
    this.peer.counters.bytesIn += chunk.length;
    this.peer.lastHeard = this.peer.around.timers.clock.now();
    this.#framer.push(chunk);
  }

  #drained(connection: Connection): void {
    if (connection !== this.connection || this.#writable) return;
    this.#writable = true;
    this.post({ type: 'sendProgress', stuck: false });
    this.owner.waiting(this, 'unread', connection.buffered);
    this.owner.drained(this);
  }

  #closed(connection: Connection, reason: string | undefined): void {
    if (connection !== this.connection) return;
    this.connection = undefined;
    this.post({ type: 'disconnected', reason: reason ?? 'the neighbour closed the connection' });
  }

  #updates(bytes: Uint8Array, from: number, to: number): boolean {
    this.peer.counters.messagesIn++;
    // The hold timer is touched once a run, before what is in it is looked at: an UPDATE is a sign of life, malformed or not.
    this.post({ type: 'updates' });
    if (this.session.state !== 'established') return false;
    const error = this.owner.updates(this, bytes, from, to);
    if (error) this.post({ type: 'error', error });
    return error === undefined && this.connection !== undefined;
  }

  #message(bytes: Uint8Array): boolean {
    this.peer.counters.messagesIn++;
    let message: BgpMessage;
    try {
      const context = this.session.negotiated?.context ?? { ...contextOf(false, 'external'), maxMessage: MAX_EXTENDED_MESSAGE };
      message = decodeMessage(bytes, context);
    } catch (thrown) {
      if (!(thrown instanceof MessageError)) throw thrown;
      this.post({ type: 'error', error: { code: thrown.code, subcode: thrown.subcode, data: thrown.data, reason: thrown.message } });
      return false;
    }
    switch (message.type) {
      case 'open':
        this.post({ type: 'open', open: message });
        break;
      case 'keepalive':
        this.post({ type: 'keepalive' });
        break;
      case 'notification':
        this.post({ type: 'notification', notification: message });
        break;
      case 'route-refresh':
        this.post({ type: 'routeRefresh' });
        if (this.session.state === 'established') this.owner.refresh(this, message);
        break;
      default:
        break;
    }
    return this.connection !== undefined;
  }
}

function identifier(dotted: string): number {
  return dotted.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);
}
