import type { Cancel, Clock, Millis } from '../lib/clock.js';
import { Driver } from '../lib/machine.js';
import type { Random } from '../lib/random.js';
import type { TimerHeap } from '../lib/timers.js';
import { type BfdConfig, resolveBfd } from './config.js';
import { Dampening } from './dampening.js';
import type { BfdEffect, BfdEvent } from './events.js';
import type { BfdChange, BfdEvents, BfdTarget } from './service.js';
import { BfdSession } from './session.js';
import type { BfdDrop } from './wire/index.js';

/** Carries the packets of one session. @internal */
export interface BfdLink {
  send(bytes: Uint8Array): void;
  /** Sends a packet to ourselves by way of the neighbour, whose forwarding brings it back; absent where that cannot be done. */
  readonly echo?: (bytes: Uint8Array) => void;
  close(): void;
}

/** Octets of our echo packets, which nobody else reads (RFC 5880 §5): the session's discriminator, a number, and what no stranger knows. */
const ECHO = 12;

/** A session with its link and its owner. @internal */
export class Watched {
  readonly session: BfdSession;
  readonly driver: Driver<BfdEvent, BfdEffect>;
  #closed = false;
  #dampening: Dampening | undefined;
  /** Coming up is told then. */
  #believed: Cancel | undefined;
  #echoes = 0;
  readonly #token: number;

  constructor(
    readonly target: BfdTarget,
    discriminator: number,
    private readonly clock: Clock,
    timers: TimerHeap,
    random: Random,
    private readonly link: BfdLink,
    private readonly events: BfdEvents,
    pulse: (now: Millis) => void,
    private readonly dropped: (reason: BfdDrop) => void,
  ) {
    const config = resolveBfd(target.config);
    const session = new BfdSession(config, discriminator, random, link.echo !== undefined);
    this.session = session;
    this.#token = Math.floor(random() * 0x1_0000_0000);
    this.#dampening = config.dampening && new Dampening(config.dampening);
    const machine = {
      handle: (event: BfdEvent, now: Millis) => session.handle(event, now),
      get deadline() {
        return session.deadline;
      },
      tick: (now: Millis) => {
        // Before anybody is declared dead: was it we who were?
        pulse(now);
        return session.tick(now);
      },
    };
    this.driver = new Driver(machine, timers, (effect) => this.#perform(effect));
  }

  start(): void {
    this.driver.post({ type: this.session.config.disabled ? 'disable' : 'start' });
  }

  reconfigure(next: BfdConfig): void {
    const { multihop, checkTtl } = this.session.config;
    const before = this.session.config;
    const config = { ...resolveBfd(next), multihop, checkTtl };
    if (JSON.stringify(config.dampening) !== JSON.stringify(before.dampening))
      this.#dampening = config.dampening && new Dampening(config.dampening);
    this.driver.post({ type: 'configured', config });
    if (config.disabled !== before.disabled) this.driver.post({ type: config.disabled ? 'disable' : 'enable' });
  }

  /** An echo packet came: whether it is one of this session's, and its last. */
  echoed(bytes: Uint8Array): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (bytes.length !== ECHO || view.getUint32(8) !== this.#token) return false;
    // One of those that are under way: an old one, sent again, says nothing of now.
    if ((this.#echoes - view.getUint32(4)) >>> 0 > this.session.config.multiplier) return false;
    this.driver.post({ type: 'echoed' });
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#believed?.();
    if (this.session.state !== 'admin-down') this.driver.post({ type: 'disable' });
    this.driver.dispose();
    this.link.close();
  }

  #perform(effect: BfdEffect): void {
    switch (effect.type) {
      case 'send':
        this.link.send(effect.bytes);
        return;
      case 'echo':
        this.#echo();
        return;
      case 'dropped':
        this.dropped(effect.reason);
        return;
      case 'agreed':
        this.events.agreed(effect.detectionTime);
        return;
      case 'stateChanged':
        if (!this.#closed) this.#changed(effect);
    }
  }

  #echo(): void {
    const view = new DataView(new ArrayBuffer(ECHO));
    this.#echoes = (this.#echoes + 1) >>> 0;
    view.setUint32(0, this.session.localDiscriminator);
    view.setUint32(4, this.#echoes);
    view.setUint32(8, this.#token);
    this.link.echo?.(new Uint8Array(view.buffer));
  }

  #changed({ from, to, diagnostic }: Extract<BfdEffect, { type: 'stateChanged' }>): void {
    const now = this.clock.now();
    const { session } = this;
    const change: BfdChange = {
      from,
      to,
      diagnostic,
      remote: session.remoteState,
      remoteDiagnostic: session.remoteDiagnostic,
      independent: session.remoteControlPlaneIndependent,
      detectionTime: session.detectionTime,
      at: now,
    };
    // Its coming up was not told: nor is its going.
    const secret = this.#believed !== undefined;
    if (from === 'up') {
      this.#believed?.();
      this.#believed = undefined;
      // One that stops on purpose does not flap.
      if (!session.config.disabled && change.remote !== 'admin-down') this.#dampening?.lost(now);
      if (secret) return;
    }
    const until = to === 'up' ? this.#dampening?.until(now) : undefined;
    if (until === undefined) {
      this.events.changed(change);
      return;
    }
    this.events.dampened?.(until);
    this.#believed = this.clock.at(until, () => {
      this.#believed = undefined;
      this.events.changed({ ...change, at: this.clock.now() });
    });
  }
}
