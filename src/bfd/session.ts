import type { Millis } from '../lib/clock.js';
import { lookup, type Machine } from '../lib/machine.js';
import type { Random } from '../lib/random.js';
import { Timers } from '../lib/timers.js';
import { Authenticator } from './authenticator.js';
import type { ResolvedBfd } from './config.js';
import type { BfdEffect, BfdEvent, BfdTimer } from './events.js';
import { expire, failEcho, transitions, verify } from './fsm.js';
import type { BfdDiagnostic, BfdState, ControlPacket } from './wire/index.js';

/** Until a session is up, nobody is asked for more than a packet a second (RFC 5880 §6.8.3), nor while there is an echo. */
const SLOW: Millis = 1000;
/**
 * Changes of state that are told at once, each second giving one back. Without a bound two ends that hear old packets of each other, late or twice,
 * could go up and down with every round trip, and never rest.
 */
const SUDDEN = 6;

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
  remoteDiagnostic: BfdDiagnostic = 'none';
  remoteDiscriminator = 0;
  remoteMultiplier = 0;
  remoteDesiredMinTx: Millis = 0;
  /** §6.8.1: one microsecond until the neighbour says. */
  remoteMinRx: Millis = 0.001;
  remoteMinEchoRx: Millis = 0;
  remoteDemand = false;
  remoteControlPlaneIndependent = false;
  /** The interval between echoes that their detection time was last counted by. */
  echoPace: Millis = 0;
  /** A poll sequence is under way: our intervals changed, or a silent neighbour is asked whether it is there (§6.5, §6.6). */
  polling = false;
  /** The intervals changed again meanwhile: another poll follows. */
  #again = false;
  /** Changes of state that may be told at once, as of when that was last worked out. */
  #sudden = SUDDEN;
  #suddenAt: Millis = 0;
  /** The intervals that the neighbour was told last, and those that are in use: an old one until a poll is over (§6.8.3). */
  readonly #told: { tx: Millis; rx: Millis };
  readonly #used: { tx: Millis; rx: Millis };
  readonly timers = new Timers<BfdTimer>();
  readonly authenticator: Authenticator;
  #effects: BfdEffect[] = [];

  /** @param canEcho - Whether its link carries echo packets. */
  constructor(
    public config: ResolvedBfd,
    readonly localDiscriminator: number,
    private readonly random: Random,
    private readonly canEcho = false,
  ) {
    this.#told = { tx: this.desiredMinTx, rx: this.requiredMinRx };
    this.#used = { ...this.#told };
    this.authenticator = new Authenticator(config.authentication, random);
  }

  get deadline(): Millis | undefined {
    return this.timers.next();
  }

  /** What we want to send at, which is slow while the session is not up (§6.8.3). */
  get desiredMinTx(): Millis {
    return this.state === 'up' ? this.config.minTx : Math.max(this.config.minTx, SLOW);
  }
  /** What we can take, which is slow while echoes tell more (§6.8.3). */
  get requiredMinRx(): Millis {
    return this.echoing ? Math.max(this.config.minRx, SLOW) : this.config.minRx;
  }
  /** What we can loop. */
  get requiredMinEchoRx(): Millis {
    return this.canEcho ? (this.config.echo ?? 0) : 0;
  }

  /** Between packets as agreed, before jitter; 0 where the neighbour wants none (§6.8.7). */
  get transmitInterval(): Millis {
    if (this.remoteMinRx === 0) return 0;
    return Math.max(this.#used.tx, this.remoteMinRx);
  }

  get #bothUp(): boolean {
    return this.state === 'up' && this.remoteState === 'up';
  }
  /** We have asked the neighbour to be silent (§6.6). */
  get demanding(): boolean {
    return this.config.demand !== undefined && this.#bothUp;
  }
  /** The neighbour wants no packets but polls (§6.8.7). */
  get silenced(): boolean {
    return this.remoteDemand && this.#bothUp && !this.polling;
  }
  /** §6.8.9: only while up, and only to one who loops. */
  get echoing(): boolean {
    return this.canEcho && this.config.echo !== undefined && this.remoteMinEchoRx > 0 && this.#bothUp;
  }
  get echoInterval(): Millis {
    return Math.max(this.config.echo ?? 0, this.remoteMinEchoRx);
  }

  /** Silence after which the neighbour is down; in demand mode, an unanswered poll's (§6.8.4). */
  get detectionTime(): Millis {
    if (this.demanding) return this.pollTime;
    return this.remoteMultiplier * Math.max(this.#used.rx, this.remoteDesiredMinTx);
  }

  /** In which a poll is answered: polls go to one who takes no other packets, too. */
  get pollTime(): Millis {
    return this.config.multiplier * Math.max(this.#used.tx, this.remoteMinRx);
  }

  handle(event: BfdEvent, now: Millis): readonly BfdEffect[] {
    this.#effects = [];
    lookup(transitions, this.state, event)?.(this, event, now);
    return this.#effects;
  }

  tick(now: Millis): readonly BfdEffect[] {
    this.#effects = [];
    for (let timer = this.timers.expire(now); timer !== undefined; timer = this.timers.expire(now)) {
      switch (timer) {
        case 'transmit':
          this.transmit(now);
          break;
        case 'detect':
          expire(this, now);
          break;
        case 'verify':
          verify(this, now);
          break;
        case 'forget':
          this.authenticator.forget();
          break;
        case 'echo':
          this.echo(now);
          break;
        case 'echoDetect':
          failEcho(this, now);
          break;
      }
    }
    return this.#effects;
  }

  drop(reason: Extract<BfdEffect, { type: 'dropped' }>['reason']): void {
    this.#effects.push({ type: 'dropped', reason });
  }

  /** Tells of the detection time if it is not `before` any more. */
  agreed(before: Millis): void {
    const { detectionTime } = this;
    if (this.state === 'up' && detectionTime !== before) this.#effects.push({ type: 'agreed', detectionTime });
  }

  /** Goes to a state, and tells the neighbour at once (§6.8.7: what changed is not kept for the next interval), if it has not done so too often. */
  enter(state: BfdState, diagnostic: BfdDiagnostic, now: Millis): BfdState {
    if (state === this.state) return state;
    const from = this.state;
    this.state = state;
    this.diagnostic = diagnostic;
    if (state !== 'up') this.timers.stop('verify', 'echo', 'echoDetect');
    this.renegotiate();
    this.#effects.push({ type: 'stateChanged', from, to: state, diagnostic });
    this.#sudden = Math.min(SUDDEN, this.#sudden + (now - this.#suddenAt) / SLOW);
    this.#suddenAt = now;
    if (this.#sudden >= 1) {
      this.#sudden--;
      this.transmit(now);
    } else if (!this.timers.running('transmit')) this.#plan(now);
    return state;
  }

  /** §6.8.3: the neighbour hears of intervals that changed, in a poll. What grew for it or shrank for us is in use only when it has. */
  renegotiate(): void {
    const [tx, rx] = [this.desiredMinTx, this.requiredMinRx];
    if (tx === this.#told.tx && rx === this.#told.rx) return;
    this.#told.tx = tx;
    this.#told.rx = rx;
    if (this.remoteDiscriminator !== 0) this.poll();
    const waits = this.state === 'up' && this.polling;
    this.#used.tx = waits ? Math.min(tx, this.#used.tx) : tx;
    this.#used.rx = waits ? Math.max(rx, this.#used.rx) : rx;
  }

  /** Begins a poll sequence, or another after the one that is under way. */
  poll(): void {
    if (this.polling) this.#again = true;
    this.polling = true;
  }

  /** The neighbour has answered a poll. */
  polled(): void {
    if (!this.polling) return;
    this.polling = this.#again;
    this.#again = false;
    if (this.polling) return;
    this.#used.tx = this.#told.tx;
    this.#used.rx = this.#told.rx;
  }
  /** There is nobody there any more, or not the one who was: everything is as at first (§6.8.1). */
  forgetRemote(): void {
    this.remoteDiscriminator = 0;
    this.remoteMinRx = 0.001;
    this.remoteState = 'down';
    this.remoteDemand = false;
    this.polling = false;
    this.#again = false;
    this.#used.tx = this.#told.tx;
    this.#used.rx = this.#told.rx;
  }

  /** Sends a packet, and plans the next. */
  transmit(now: Millis): void {
    this.#send(false);
    this.#plan(now);
  }
  #plan(now: Millis): void {
    const interval = this.transmitInterval;
    if (interval > 0 && !this.silenced) this.timers.start('transmit', now + this.jittered(interval));
    else this.timers.stop('transmit');
  }

  /** Answers a poll, at once and outside of the intervals (§6.8.7). */
  answer(): void {
    this.#send(true);
  }

  /** Sends an echo packet, and plans the next. */
  echo(now: Millis): void {
    this.#effects.push({ type: 'echo' });
    this.timers.start('echo', now + this.jittered(this.echoInterval));
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
      demand: this.demanding,
      multiplier: this.config.multiplier,
      myDiscriminator: this.localDiscriminator,
      yourDiscriminator: this.remoteDiscriminator,
      desiredMinTx: Math.round(this.#told.tx * 1000),
      requiredMinRx: Math.round(this.#told.rx * 1000),
      requiredMinEchoRx: Math.round(this.requiredMinEchoRx * 1000),
    };
    this.#effects.push({ type: 'send', bytes: this.authenticator.encode(packet) });
  }
}
