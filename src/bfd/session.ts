import type { Millis } from '../lib/clock.js';
import { lookup, type Machine } from '../lib/machine.js';
import type { Random } from '../lib/random.js';
import { Timers } from '../lib/timers.js';
import type { ResolvedBfd } from './config.js';
import type { BfdEffect, BfdEvent, BfdTimer } from './events.js';
import { expire, transitions } from './fsm.js';
import type { BfdDiagnostic, BfdState, ControlPacket } from './wire/index.js';

/** Until a session is up, nobody is asked for more than a packet a second (RFC 5880 §6.8.3). */
const SLOW: Millis = 1000;

/**
 * One BFD session as a machine: packets and timers in, packets and changes of state out. The variables are those of RFC 5880 §6.8.1;
 * intervals are milliseconds here and microseconds on the wire.
 *
 * @internal
 */
export class BfdSession implements Machine<BfdEvent, BfdEffect> {
  state: BfdState = 'down';
  diagnostic: BfdDiagnostic = 'none';
  remoteState: BfdState = 'down';
  remoteDiscriminator = 0;
  remoteMultiplier = 0;
  remoteDesiredMinTx: Millis = 0;
  /** §6.8.1: one microsecond until the neighbour says. */
  remoteMinRx: Millis = 0.001;
  remoteControlPlaneIndependent = false;
  /** A poll sequence is under way: our intervals changed (§6.5). */
  polling = false;
  readonly timers = new Timers<BfdTimer>();
  #effects: BfdEffect[] = [];

  constructor(
    readonly config: ResolvedBfd,
    readonly localDiscriminator: number,
    private readonly random: Random,
  ) {}

  get deadline(): Millis | undefined {
    return this.timers.next();
  }

  /** What we want to send at, which is slow while the session is not up (§6.8.3). */
  get desiredMinTx(): Millis {
    return this.state === 'up' ? this.config.minTx : Math.max(this.config.minTx, SLOW);
  }

  /** Between packets as agreed, before jitter; 0 where the neighbour wants none (§6.8.7). */
  get transmitInterval(): Millis {
    if (this.remoteMinRx === 0) return 0;
    return Math.max(this.desiredMinTx, this.remoteMinRx);
  }

  /** Silence after which the neighbour is down (§6.8.4). */
  get detectionTime(): Millis {
    return this.remoteMultiplier * Math.max(this.config.minRx, this.remoteDesiredMinTx);
  }

  handle(event: BfdEvent, now: Millis): readonly BfdEffect[] {
    this.#effects = [];
    lookup(transitions, this.state, event)?.(this, event, now);
    return this.#effects;
  }

  tick(now: Millis): readonly BfdEffect[] {
    this.#effects = [];
    for (let timer = this.timers.expire(now); timer !== undefined; timer = this.timers.expire(now)) {
      if (timer === 'transmit') this.transmit(now);
      else expire(this, now);
    }
    return this.#effects;
  }

  /** Tells of the detection time if it is not `before` any more. */
  agreed(before: Millis): void {
    const { detectionTime } = this;
    if (this.state === 'up' && detectionTime !== before) this.#effects.push({ type: 'agreed', detectionTime });
  }

  /** Goes to a state, and tells the neighbour at once (§6.8.7: what changed is not kept for the next interval). */
  enter(state: BfdState, diagnostic: BfdDiagnostic, now: Millis): BfdState {
    if (state === this.state) return state;
    const from = this.state;
    const before = this.desiredMinTx;
    this.state = state;
    this.diagnostic = diagnostic;
    // §6.8.3: what we want to send at has changed with the state, and the neighbour must have heard it.
    if (this.desiredMinTx !== before && this.remoteDiscriminator !== 0) this.polling = true;
    this.#effects.push({ type: 'stateChanged', from, to: state, diagnostic });
    this.transmit(now);
    return state;
  }

  /** Sends a packet, and plans the next. */
  transmit(now: Millis): void {
    this.#send(false);
    const interval = this.transmitInterval;
    if (interval > 0) this.timers.start('transmit', now + this.jittered(interval));
    else this.timers.stop('transmit');
  }

  /** Answers a poll, at once and outside of the intervals (§6.8.7). */
  answer(): void {
    this.#send(true);
  }

  /** §6.8.7: a quarter less at most, so that nobody falls in step; and a tenth at least where one packet decides. */
  jittered(interval: Millis): Millis {
    const span = this.config.multiplier === 1 ? 0.15 : 0.25;
    return interval * (0.75 + span * this.random());
  }

  #send(final: boolean): void {
    const packet: ControlPacket = {
      diagnostic: this.diagnostic,
      state: this.state,
      poll: this.polling && !final,
      final,
      // It runs beside the rest, but the forwarding table is this process's.
      controlPlaneIndependent: false,
      demand: false,
      multiplier: this.config.multiplier,
      myDiscriminator: this.localDiscriminator,
      yourDiscriminator: this.remoteDiscriminator,
      desiredMinTx: Math.round(this.desiredMinTx * 1000),
      requiredMinRx: Math.round(this.config.minRx * 1000),
      requiredMinEchoRx: 0,
    };
    this.#effects.push({ type: 'send', packet });
  }
}
