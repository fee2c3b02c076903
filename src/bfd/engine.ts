import type { Clock, Millis } from '../lib/clock.js';
import type { Random } from '../lib/random.js';
import { type Due, TimerHeap } from '../lib/timers.js';
import type { Client } from './client.js';
import { resolveBfd } from './config.js';
import { type BfdDrops, DropCounts } from './drops.js';
import type { BfdEvents, BfdService, BfdTarget, BfdWatch } from './service.js';
import { type BfdLink, Watched } from './watched.js';
import { decodeControl } from './wire/index.js';

/** Opens links: UDP sockets, or a network in memory. What comes in goes to {@link BfdEngine.receive}. @internal */
export interface BfdLinks {
  /** Throws where it cannot be done. */
  open(target: BfdTarget): BfdLink;
}

/** The heartbeat is so much shorter than the shortest interval of all sessions, within bounds. */
const BEATS = 2;
const SHORTEST_BEAT: Millis = 5;
const LONGEST_BEAT: Millis = 100;

/** RFC 5881 §5: what comes from the link has the largest TTL still. */
const TTL = 255;

/** How a datagram came. @internal */
export interface BfdArrival {
  /** Who sent it, as in {@link BfdTarget.remote}. */
  readonly remote: string;
  /** The address of ours that it came to; absent where that is not known. */
  readonly local?: string | undefined;
  /** By the port of RFC 5883. Default false. */
  readonly multihop?: boolean;
  /** Absent where whoever received it has looked already. */
  readonly ttl?: number;
}

/**
 * BFD sessions over links, on a clock: tells packets apart, drives the sessions, and suspects itself first. A heartbeat that comes late
 * means that this thread stood still; then no session's silence in that time counts against its neighbour.
 *
 * @internal
 */
export class BfdEngine implements BfdService, Due {
  readonly #timers: TimerHeap;
  readonly #byDiscriminator = new Map<number, Watched>();
  /** By the neighbour's address, for packets that do not know our discriminator yet (RFC 5881 §3). */
  readonly #byNeighbour = new Map<string, Watched[]>();
  readonly #stalled = new Set<(by: Millis) => void>();
  #beat: Millis = LONGEST_BEAT;
  /** When the heart beat last, or anything else showed that this thread runs. */
  #alive: Millis = 0;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly links: BfdLinks,
    private readonly dropped = new DropCounts(),
  ) {
    this.#timers = new TimerHeap(clock);
  }

  get sessions(): number {
    return this.#byDiscriminator.size;
  }

  get drops(): BfdDrops {
    return this.dropped.all;
  }

  /** The next heartbeat, while there is anybody to watch. */
  get deadline(): Millis | undefined {
    return this.#byDiscriminator.size > 0 ? this.#alive + this.#beat : undefined;
  }
  due(now: Millis): void {
    this.#pulse(now);
  }

  onStall(call: (by: Millis) => void): () => void {
    this.#stalled.add(call);
    return () => void this.#stalled.delete(call);
  }

  watch(target: BfdTarget, events: BfdEvents): BfdWatch {
    const key = keyOf(target.remote, target.config.multihop ?? false);
    // Who names no address of ours leaves it to others.
    const there = this.#byNeighbour.get(key)?.find(({ target: { local } }) => !local || !target.local || local === target.local);
    let watched: Watched;
    let client: Client;
    try {
      const unlike = there?.unlike(target.config);
      if (unlike !== undefined) throw new Error(`${target.remote} is watched already ${unlike}`);
      watched = there ?? this.#begin(target, key);
      client = watched.join(target.config, events);
    } catch (error) {
      events.failed(reasonOf(error));
      return { close: () => {}, reconfigure: () => {}, signal: () => {} };
    }
    if (!there) watched.start();
    this.#pace();
    const close = (): void => {
      if (!watched.leave(client)) return;
      if (watched.clients === 0) this.#end(watched, key);
      this.#pace();
    };
    return {
      reconfigure: (config) => {
        try {
          watched.reconfigure(client, config);
        } catch (error) {
          close();
          events.failed(reasonOf(error));
        }
        this.#pace();
      },
      signal: (diagnostic) => watched.driver.post({ type: 'signalled', diagnostic }),
      close,
    };
  }

  #begin(target: BfdTarget, key: string): Watched {
    const link = this.links.open(target);
    try {
      if (resolveBfd(target.config).echo !== undefined) link.prepareEcho?.();
    } catch (error) {
      link.close();
      throw error;
    }
    const watched = new Watched(
      target,
      this.#discriminator(),
      this.clock,
      this.#timers,
      this.random,
      link,
      (now) => this.#pulse(now),
      (reason) => this.dropped.add(reason),
    );
    this.#byDiscriminator.set(watched.session.localDiscriminator, watched);
    this.#byNeighbour.set(key, [...(this.#byNeighbour.get(key) ?? []), watched]);
    if (this.#byDiscriminator.size === 1) this.#alive = this.clock.now();
    return watched;
  }

  #end(watched: Watched, key: string): void {
    const others = this.#byNeighbour.get(key)?.filter((other) => other !== watched) ?? [];
    if (others.length > 0) this.#byNeighbour.set(key, others);
    else this.#byNeighbour.delete(key);
    this.#byDiscriminator.delete(watched.session.localDiscriminator);
    watched.close();
  }

  /** A datagram came. Never throws. */
  receive(bytes: Uint8Array, { remote, local, multihop = false, ttl = TTL }: BfdArrival): void {
    const packet = decodeControl(bytes);
    if (typeof packet === 'string') {
      this.dropped.add(packet);
      return;
    }
    const { yourDiscriminator } = packet;
    const watched =
      yourDiscriminator !== 0
        ? this.#byDiscriminator.get(yourDiscriminator)
        : this.#byNeighbour.get(keyOf(remote, multihop))?.find(({ target }) => target.local === undefined || target.local === local);
    // A discriminator is no secret: who sends it must be the one who is watched, and come the same way.
    if (!watched || watched.target.remote !== remote || (watched.target.config.multihop ?? false) !== multihop) {
      this.dropped.add('no-session');
      return;
    }
    if (ttl !== TTL && watched.session.config.checkTtl) {
      this.dropped.add('hop-limit');
      return;
    }
    this.#pulse(this.clock.now());
    // It may have to wait for the session's turn, and the octets are good only now: who must look at them again gets a copy.
    watched.driver.post({ type: 'packet', packet, bytes: packet.authentication ? new Uint8Array(bytes) : bytes });
  }

  /** One of our echo packets may have come back: the payload of a datagram to ourselves. Never throws. */
  echoed(bytes: Uint8Array): void {
    const discriminator = bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    const watched = this.#byDiscriminator.get(discriminator);
    this.#pulse(this.clock.now());
    if (!watched?.echoed(bytes)) this.dropped.add('no-session');
  }

  /**
   * This thread runs. If it did not for longer than a heartbeat takes, nobody's silence in that time counts.
   */
  #pulse(now: Millis): void {
    const late = now - this.#alive - this.#beat;
    this.#alive = now;
    if (late > this.#beat) {
      for (const { session } of this.#byDiscriminator.values()) session.handle({ type: 'stalled', by: late }, now);
      for (const call of this.#stalled) call(late);
    }
    this.#timers.note(this);
  }

  #pace(): void {
    let shortest = LONGEST_BEAT * BEATS;
    for (const { session } of this.#byDiscriminator.values()) shortest = Math.min(shortest, session.config.minRx, session.config.minTx);
    this.#beat = Math.max(SHORTEST_BEAT, shortest / BEATS);
    if (this.#byDiscriminator.size === 0) this.#timers.forget(this);
    else this.#timers.note(this);
  }

  /** Unique and hard to guess (§10). */
  #discriminator(): number {
    for (;;) {
      const discriminator = 1 + Math.floor(this.random() * 0xffff_fffe);
      if (!this.#byDiscriminator.has(discriminator)) return discriminator;
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function keyOf(remote: string, multihop: boolean): string {
  return `${remote} ${multihop ? 'multihop' : ''}`;
}
