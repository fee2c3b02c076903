import type { Millis } from '../lib/clock.js';
import { lookup, type Machine } from '../lib/machine.js';
import type { Random } from '../lib/random.js';
import { Timers } from '../lib/timers.js';
import type { PeerConfig } from './config.js';
import type { DownReason, SessionEffect, SessionEvent, SessionState, SessionTimer } from './events.js';
import { transitions, unexpected } from './fsm.js';
import type { Negotiated } from './negotiation.js';

/** One BGP session, without its connection: events in, effects out. See `fsm.ts` for how it moves. @internal */
export class Session implements Machine<SessionEvent, SessionEffect> {
  state: SessionState = 'idle';
  readonly timers = new Timers<SessionTimer>();
  negotiated: Negotiated | undefined;
  /** Failures since the session was last established for a while: how long the next idle hold is. */
  failures = 0;
  /** When it was established. */
  establishedAt: Millis = 0;
  lastDown: DownReason | undefined;
  /** BFD has nothing against the session: it is up, or administratively down. */
  bfdClear = false;
  /**
   * In OpenSent, with the neighbour's OPEN: our KEEPALIVE is held back until BFD is up (OpenSentBfdUpPending), and the neighbour has sent its own
   * meanwhile (OpenSentConfirmedBfdUpPending).
   */
  pending: 'bfd-up' | 'confirmed-bfd-up' | undefined;
  #effects: SessionEffect[] = [];

  constructor(
    readonly config: PeerConfig,
    readonly random: Random,
    /** It waits for one connection that was accepted, and does not start again by itself. */
    readonly incoming: boolean,
  ) {}

  get deadline(): Millis | undefined {
    return this.timers.next();
  }

  handle(event: SessionEvent, now: Millis): readonly SessionEffect[] {
    const from = this.state;
    const action = lookup(transitions, from, event) ?? unexpected;
    this.state = action(this, event, now);
    if (this.state !== from) this.emit({ type: 'stateChanged', from, to: this.state, reason: this.#reason(event) });
    if (this.state === 'established' && from !== 'established' && this.negotiated)
      this.emit({ type: 'established', negotiated: this.negotiated });
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  tick(now: Millis): readonly SessionEffect[] {
    const effects: SessionEffect[] = [];
    for (let due = this.timers.expire(now); due !== undefined; due = this.timers.expire(now)) {
      effects.push(...this.handle({ type: `${due}Timer` }, now));
    }
    return effects;
  }

  /** Why it went to where it is: it is down, or its connection came to nothing. */
  #reason(event: SessionEvent): DownReason | undefined {
    if (this.state === 'idle') return this.lastDown;
    return event.type === 'disconnected' ? { code: 'connection-closed', text: event.reason, notification: undefined } : undefined;
  }

  /** For the actions in fsm.ts. */
  emit(effect: SessionEffect): void {
    this.#effects.push(effect);
  }
}
