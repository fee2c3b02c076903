import type { InvalidRemedy, RouteValidation } from '../../bgp/import.js';
import type { Logger } from '../../lib/logger.js';
import { Driver } from '../../lib/machine.js';
import type { TimerHeap } from '../../lib/timers.js';
import type { Connection, Dialler } from '../../lib/transport.js';
import type { OriginState, PathState } from '../../lib/validation.js';
import { verifyPath } from '../../rtr/aspa.js';
import type { CacheData } from '../../rtr/cache-data.js';
import { type CacheConfig, cachePort } from '../../rtr/config.js';
import type { CacheEffect, CacheEvent, CacheState } from '../../rtr/events.js';
import { CacheSession } from '../../rtr/session.js';
import type { RtrVersion } from '../../rtr/wire/index.js';
import type { RpkiConfig } from '../config.js';
import type { CacheChange } from '../events.js';
import type { VirtualNetwork } from '../virtual-network.js';

/** An RPKI cache as it stands. @public */
export interface CacheStatus {
  /** `"192.0.2.1 port 323"`. */
  readonly name: string;
  /** Whether it is heard over TLS. */
  readonly tls: boolean;
  readonly state: CacheState;
  /** Whether routes are validated by what it said. */
  readonly used: boolean;
  readonly version: RtrVersion;
  readonly serial: number | undefined;
  /** Validated ROA payloads, and ASPAs, that it gave. */
  readonly vrps: number;
  readonly aspas: number;
  /** Why it is down, or was last. */
  readonly lastDown: string | undefined;
  /** How often a session with it failed, a limit that it went beyond included. */
  readonly failures: number;
}

/** What caches need of their router. @internal */
export interface RpkiSurroundings {
  readonly timers: TimerHeap;
  readonly network: VirtualNetwork;
  readonly logger: Logger;
}

/**
 * RPKI in a router: its caches, and what they say together: the data of the most preferred one that has any. When that changes, claims are
 * judged again where they stand.
 *
 * @internal
 */
export class RpkiAttachment implements RouteValidation {
  /** The most preferred first. */
  #caches: RpkiCache[] = [];
  #config: RpkiConfig | undefined;
  #used: RpkiCache | undefined;
  #running = false;

  constructor(
    private readonly around: RpkiSurroundings,
    private readonly told: (event: Omit<CacheChange, 'router'>) => void,
  ) {}

  get active(): boolean {
    return this.#config !== undefined;
  }
  get invalid(): InvalidRemedy {
    return this.#config?.invalid ?? 'reject';
  }

  origin(a: number, b: number, c: number, d: number, length: number, ipv6: boolean, origin: number): OriginState {
    return this.#used?.data?.validate(a, b, c, d, length, ipv6, origin) ?? 'not-found';
  }

  path(path: readonly number[] | undefined, direction: 'upstream' | 'downstream'): PathState {
    const data = this.#used?.data;
    return data ? verifyPath(data.aspas, path, direction) : 'unknown';
  }

  /**
   * Takes over caches; those that stay as they are keep their session. The caller has claims judged again.
   *
   * @param diallers - Who dials each, in the order of the configuration.
   */
  configure(config: RpkiConfig | undefined, diallers: readonly Dialler[]): string[] {
    const applied: string[] = [];
    const before = new Map(this.#caches.map((cache) => [JSON.stringify(cache.config), cache]));
    const caches: RpkiCache[] = [];
    for (const [i, one] of (config?.caches ?? []).entries()) {
      const dialler = diallers[i];
      if (!dialler) throw new Error(`no dialler for cache ${i}`);
      const key = JSON.stringify(one);
      const known = before.get(key);
      before.delete(key);
      if (known) known.dialler = dialler;
      else applied.push(`cache ${nameOf(one)} added`);
      caches.push(known ?? this.#make(one, dialler));
    }
    this.#config = config;
    const places = new Map(caches.map((cache, i) => [cache, cache.config.preference ?? i]));
    this.#caches = caches.sort((x, y) => (places.get(x) ?? 0) - (places.get(y) ?? 0));
    for (const gone of before.values()) {
      gone.stop();
      applied.push(`cache ${gone.name} removed`);
    }
    this.#used = this.#best();
    if (this.#running) for (const cache of this.#caches) cache.start();
    return applied;
  }

  start(): void {
    this.#running = true;
    for (const cache of this.#caches) cache.start();
  }

  stop(): void {
    this.#running = false;
    for (const cache of this.#caches) cache.stop();
  }

  status(): readonly CacheStatus[] {
    return this.#caches.map((cache) => ({ ...cache.status(), used: cache === this.#used }));
  }

  #make(config: CacheConfig, dialler: Dialler): RpkiCache {
    return new RpkiCache(config, dialler, this.around, {
      changed: (cache) => this.#changed(cache),
      state: (cache, from, to, reason) => this.told({ cache: cache.name, from, to, reason }),
    });
  }

  #best(): RpkiCache | undefined {
    return this.#caches.find((cache) => cache.data !== undefined);
  }

  #changed(cache: RpkiCache): void {
    const before = this.#used;
    this.#used = this.#best();
    // A router that stops takes its claims with it; those that a session's end leaves need no judging.
    if (this.#running && (before === cache || this.#used === cache))
      this.around.network.rejudge({ type: 'rpki-changed', cache: cache.name });
  }
}

interface CacheOwner {
  changed(cache: RpkiCache): void;
  state(cache: RpkiCache, from: CacheState, to: CacheState, reason: string | undefined): void;
}

function nameOf(config: CacheConfig): string {
  return `${config.address} port ${cachePort(config)}`;
}

/** One cache: its session, and the connection under it. */
class RpkiCache {
  readonly name: string;
  readonly #session: CacheSession;
  readonly #driver: Driver<CacheEvent, CacheEffect>;
  #connection: Connection | undefined;
  #giveUp: (() => void) | undefined;
  #lastDown: string | undefined;
  #failures = 0;

  constructor(
    readonly config: CacheConfig,
    /** For the next connection. */
    public dialler: Dialler,
    private readonly around: RpkiSurroundings,
    private readonly owner: CacheOwner,
  ) {
    this.name = nameOf(config);
    this.#session = new CacheSession(config);
    this.#driver = new Driver(this.#session, around.timers, (effect) => this.#perform(effect));
  }

  get data(): CacheData | undefined {
    return this.#session.data;
  }

  start(): void {
    this.#driver.post({ type: 'start' });
  }
  stop(): void {
    this.#driver.post({ type: 'stop' });
    this.#driver.dispose();
  }

  status(): Omit<CacheStatus, 'used'> {
    const { state, version, serial, data } = this.#session;
    const { name, config } = this;
    const [vrps, aspas] = [data?.vrps ?? 0, data?.aspas.size ?? 0];
    return { name, tls: config.tls !== undefined, state, version, serial, vrps, aspas, lastDown: this.#lastDown, failures: this.#failures };
  }

  #perform(effect: CacheEffect): void {
    switch (effect.type) {
      case 'dial':
        this.#dial();
        break;
      case 'send':
        this.#connection?.write(effect.bytes);
        break;
      case 'close': {
        this.#giveUp?.();
        this.#giveUp = undefined;
        const connection = this.#connection;
        this.#connection = undefined;
        if (effect.flush) connection?.end();
        else connection?.abort();
        break;
      }
      case 'data':
        this.owner.changed(this);
        break;
      case 'state':
        if (effect.reason !== undefined) {
          this.#lastDown = effect.reason;
          this.around.logger.warn({ cache: this.name }, effect.reason);
        }
        if (effect.to === 'down') this.#failures++;
        this.owner.state(this, effect.from, effect.to, effect.reason);
        break;
    }
  }

  #dial(): void {
    this.#giveUp = this.dialler.dial(
      { remote: { address: this.config.address, port: cachePort(this.config) } },
      {
        connected: (connection) => {
          this.#giveUp = undefined;
          this.#connection = connection;
          connection.listen({
            data: (bytes) => {
              if (this.#connection === connection) this.#driver.post({ type: 'octets', bytes });
            },
            drained: () => {},
            closed: (reason) => {
              if (this.#connection !== connection) return;
              this.#connection = undefined;
              this.#driver.post({ type: 'closed', reason });
            },
          });
          this.#driver.post({ type: 'connected' });
        },
        failed: (reason) => {
          this.#giveUp = undefined;
          this.#driver.post({ type: 'failed', reason });
        },
      },
    );
  }
}
