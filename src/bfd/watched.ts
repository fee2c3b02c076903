import { bytesEqual } from '../lib/bytes.js';
import type { Clock, Millis } from '../lib/clock.js';
import { Driver } from '../lib/machine.js';
import type { Random } from '../lib/random.js';
import type { TimerHeap } from '../lib/timers.js';
import { Client } from './client.js';
import { type BfdConfig, type ResolvedAuthentication, type ResolvedBfd, resolveBfd, strictest } from './config.js';
import type { BfdEffect, BfdEvent } from './events.js';
import type { BfdChange, BfdEvents, BfdTarget } from './service.js';
import { BfdSession } from './session.js';
import type { BfdDrop, BfdState } from './wire/index.js';

/** Carries the packets of one session. @internal */
export interface BfdLink {
  send(bytes: Uint8Array): void;
  /** Makes ready for echo packets, the neighbour's too: called before there is any, maybe more than once. Throws where there can be none. */
  readonly prepareEcho?: () => void;
  /**
   * Sends a packet to ourselves by way of the neighbour, whose forwarding brings it back; absent where that cannot be done. False where
   * it did not go out, as it is not known yet which way.
   */
  readonly echo?: (bytes: Uint8Array) => boolean;
  close(): void;
}

/** Octets of our echo packets, which nobody else reads (RFC 5880 §5): the session's discriminator, a number, and what no stranger knows. */
const ECHO = 12;

/** A session with its link and those who watch by it. @internal */
export class Watched {
  readonly session: BfdSession;
  readonly driver: Driver<BfdEvent, BfdEffect>;
  /** In the order in which they came. */
  readonly #clients = new Set<Client>();
  #echoes = 0;
  readonly #token: number;

  constructor(
    readonly target: BfdTarget,
    discriminator: number,
    private readonly clock: Clock,
    timers: TimerHeap,
    random: Random,
    private readonly link: BfdLink,
    pulse: (now: Millis) => void,
    private readonly dropped: (reason: BfdDrop) => void,
  ) {
    const session = new BfdSession(resolveBfd(target.config), discriminator, random, link.echo !== undefined);
    this.session = session;
    this.#token = Math.floor(random() * 0x1_0000_0000);
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

  get clients(): number {
    return this.#clients.size;
  }

  start(): void {
    this.driver.post({ type: this.session.config.disabled ? 'disable' : 'start' });
  }

  /** Why somebody who wants this cannot share the session, if so. */
  unlike(config: BfdConfig): string | undefined {
    const { checkTtl, authentication } = resolveBfd(config);
    const { session } = this;
    if (checkTtl !== session.config.checkTtl) return 'with another checkTtl';
    const both = authentication && session.config.authentication;
    return both && !sameKeys(authentication, both) ? 'with other keys' : undefined;
  }

  /** Somebody wants to know, too. It hears how things stand. Throws where it cannot be watched so. */
  join(config: BfdConfig, events: BfdEvents): Client {
    this.#prepare(config);
    const client = new Client(config, this.clock, events);
    this.#clients.add(client);
    this.#agree();
    const { state, diagnostic } = this.session;
    client.hear(this.#change('down', state, diagnostic));
    return client;
  }

  /** It wants other intervals, keys or modes. Throws, and changes nothing, where it cannot be watched so. */
  reconfigure(client: Client, config: BfdConfig): void {
    this.#prepare(config);
    client.reconfigure(config);
    this.#agree();
    const { state, diagnostic } = this.session;
    client.hear(this.#change(state, state, diagnostic));
  }

  /** It does not want to know any more. False where it did not anyway. */
  leave(client: Client): boolean {
    if (!this.#clients.delete(client)) return false;
    client.close();
    if (this.#clients.size > 0) this.#agree();
    return true;
  }

  #prepare(config: BfdConfig): void {
    if (resolveBfd(config).echo !== undefined) this.link.prepareEcho?.();
  }

  /** Takes over what all of them want together. */
  #agree(): void {
    const before = this.session.config;
    const config = {
      ...strictest([...this.#clients].map((client) => client.config)),
      checkTtl: before.checkTtl,
      multihop: before.multihop,
    };
    if ((Object.keys(config) as (keyof ResolvedBfd)[]).every((key) => config[key] === before[key])) return;
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
        for (const client of this.#clients) client.agreed(effect.detectionTime);
        return;
      case 'stateChanged': {
        const change = this.#change(effect.from, effect.to, effect.diagnostic);
        for (const client of [...this.#clients]) if (this.#clients.has(client)) client.hear(change);
      }
    }
  }

  #echo(): void {
    const view = new DataView(new ArrayBuffer(ECHO));
    this.#echoes = (this.#echoes + 1) >>> 0;
    view.setUint32(0, this.session.localDiscriminator);
    view.setUint32(4, this.#echoes);
    view.setUint32(8, this.#token);
    // One that did not go out is not held against the neighbour.
    if (!this.link.echo?.(new Uint8Array(view.buffer))) this.driver.post({ type: 'echoed' });
  }

  #change(from: BfdState, to: BfdState, diagnostic: BfdChange['diagnostic']): BfdChange {
    const { session } = this;
    return {
      from,
      to,
      diagnostic,
      remote: session.remoteState,
      remoteDiagnostic: session.remoteDiagnostic,
      independent: session.remoteControlPlaneIndependent,
      detectionTime: session.detectionTime,
      at: this.clock.now(),
    };
  }
}

function sameKeys(one: ResolvedAuthentication, other: ResolvedAuthentication): boolean {
  return (
    one.type === other.type &&
    one.keys.size === other.keys.size &&
    [...one.keys].every(([id, key]) => bytesEqual(key, other.keys.get(id) ?? new Uint8Array(0)))
  );
}
