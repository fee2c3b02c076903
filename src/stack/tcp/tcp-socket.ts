import type { Millis } from '../../lib/clock.js';
import type { Due, TimerHeap } from '../../lib/timers.js';
import type { Connection, ConnectionBounds, ConnectionEvents, ConnectionSecurity, Endpoint } from '../../lib/transport.js';
import type { OutgoingSegment, TcpSegment } from '../wire/tcp.js';
import type { Authentication, Ends } from './authentication.js';
import type { TcpConnection } from './connection.js';
import type { TcpEffect, TcpEvent } from './events.js';

/** What a socket needs of the stack that it is in. @internal */
export interface SocketOwner {
  readonly timers: TimerHeap;
  transmit(socket: TcpSocket, segment: OutgoingSegment): void;
  established(socket: TcpSocket): void;
  /** It is over before its owner had it. */
  failed(socket: TcpSocket, reason: string): void;
  gone(socket: TcpSocket): void;
}

/** What tells a socket from others, and how it is protected. @internal */
export interface SocketPlace {
  readonly key: string;
  readonly ends: Ends;
  /** Both, as text. */
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** The node that it was first heard from, or is to be reached at. */
  readonly node: string | undefined;
  readonly authentication: Authentication | undefined;
}

const TICK = Symbol('tick');

/** A {@link TcpConnection} as its owner has it: carries out what the machine wants, and wakes it. @internal */
export class TcpSocket implements Connection, Due {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Somebody has it: until then its end is the stack's business. */
  owned = false;
  #events: ConnectionEvents | undefined;
  #over: { readonly reason: string | undefined } | undefined;
  readonly #queue: (TcpEvent | typeof TICK)[] = [];
  #busy = false;

  constructor(
    readonly machine: TcpConnection,
    readonly place: SocketPlace,
    public security: ConnectionSecurity | undefined,
    private readonly owner: SocketOwner,
  ) {
    this.local = place.local;
    this.remote = place.remote;
    // Nothing arrives before somebody listens.
    this.post({ type: 'pause' });
  }

  get deadline(): Millis | undefined {
    return this.machine.deadline;
  }
  due(): void {
    this.#run(TICK);
  }

  /** A segment that has passed every check before the machine's own. Its payload is copied where the machine cannot take it at once. */
  segment(segment: TcpSegment): void {
    this.#run({ type: 'segment', segment: this.#busy ? { ...segment, payload: segment.payload.slice() } : segment });
  }
  /** The SYN that a passive socket begins with. */
  accept(syn: TcpSegment): void {
    for (const effect of this.machine.accept(syn, this.owner.timers.clock.now())) this.#perform(effect);
    this.owner.timers.note(this);
  }
  post(event: TcpEvent): void {
    this.#run(event);
  }

  // --- Connection ------------------------------------------------------------------------------------------------------

  get buffered(): number {
    return this.machine.buffered;
  }
  get waiting(): number {
    return this.machine.held;
  }

  listen(events: ConnectionEvents): void {
    this.#events = events;
    const over = this.#over;
    if (over) this.owner.timers.clock.defer(() => this.#events === events && events.closed(over.reason));
    else this.post({ type: 'resume' });
  }
  write(bytes: Uint8Array, sent?: () => void): boolean {
    this.post(sent ? { type: 'write', bytes, sent } : { type: 'write', bytes });
    return this.machine.writable;
  }
  bound(bounds: ConnectionBounds): void {
    this.post({ type: 'bound', bounds });
  }
  pause(): void {
    this.post({ type: 'pause' });
  }
  resume(): void {
    this.post({ type: 'resume' });
  }
  end(): void {
    this.post({ type: 'end' });
  }
  abort(): void {
    this.post({ type: 'abort' });
  }

  // --- Inside ----------------------------------------------------------------------------------------------------------

  #run(event: TcpEvent | typeof TICK): void {
    this.#queue.push(event);
    if (this.#busy) return;
    this.#busy = true;
    const { timers } = this.owner;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        const now = timers.clock.now();
        for (const effect of next === TICK ? this.machine.tick(now) : this.machine.handle(next, now)) this.#perform(effect);
      }
    } finally {
      this.#busy = false;
    }
    if (this.machine.state !== 'closed') timers.note(this);
  }

  #perform(effect: TcpEffect): void {
    switch (effect.type) {
      case 'send':
        this.owner.transmit(this, effect.segment);
        return;
      case 'established':
        this.owner.established(this);
        return;
      case 'data':
        this.#events?.data(effect.bytes);
        return;
      case 'sent':
        effect.call();
        return;
      case 'drained':
        this.#events?.drained();
        return;
      case 'closed':
        this.#over = effect;
        if (!this.owned) this.owner.failed(this, effect.reason ?? 'closed');
        else this.#events?.closed(effect.reason);
        return;
      case 'gone':
        this.owner.timers.forget(this);
        this.owner.gone(this);
        return;
    }
  }
}
