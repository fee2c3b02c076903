import type { DownReason } from '../../../bgp/events.js';
import type { RouteImport } from '../../../bgp/import.js';
import type { Ingest } from '../../../bgp/ingest.js';
import type { Negotiated } from '../../../bgp/negotiation.js';
import { CeaseSubcode, ErrorCode } from '../../../bgp/wire/index.js';
import type { Cause, Feed } from '../../../claims/feed.js';
import type { Millis } from '../../../lib/clock.js';
import { Stale } from '../../../rib/claim-records.js';
import type { AddressFamily, NeighbourConfig } from '../../config.js';
import { FeedDeath } from '../../feed-death.js';
import type { VirtualNetwork } from '../../virtual-network.js';
import { type RestartPhase, RetainedClaims, type Retention } from './retained-claims.js';
import { u32 } from './terms.js';

const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'] as const;
const NOT_BACK = 'the neighbour did not come back in time';
/** Seconds that a restart may take unless the configuration says otherwise, and that the End-of-RIB may take after it. */
const RESTART = 120;
const RESTATE: Millis = 360_000;

/** A neighbour that restarts gracefully. @public */
export interface NeighbourRestart {
  readonly phase: RestartPhase;
  /** Whose claims are kept. */
  readonly families: readonly AddressFamily[];
  /** When the phase ends at the latest, in milliseconds since the epoch. */
  readonly until: Millis;
}

/** Whose absence it is. @internal */
export interface AbsenceOwner {
  readonly name: string;
  /** Its node's name. */
  readonly node: string;
  config(): NeighbourConfig;
  /** What it says in its session, while there is one. */
  present(): Feed | undefined;
  changed(restart: NeighbourRestart | undefined, why: string): void;
  /** It may linger no longer. */
  lingered(): void;
  /** Claims have ended that it did not withdraw. */
  ended(): void;
}

/**
 * A neighbour that has no session any more: whether what it said stays, and for how long. It stays where the neighbour restarts gracefully
 * (RFC 4724, 8538, 9494), where we have restarted and it has not spoken yet, and where the guard holds it; else it ends.
 *
 * @internal
 */
export class NeighbourAbsence {
  /** Former sessions whose claims the guard has not done with. */
  #dying = 0;
  /** What it left behind. */
  #retained: RetainedClaims | undefined;
  /** Who judged that. */
  #import: RouteImport | undefined;
  /** What we have of a former life of ours, or hold, until that is settled. */
  #restored: Feed | undefined;

  constructor(
    private readonly owner: AbsenceOwner,
    private readonly network: VirtualNetwork,
  ) {}

  /** What it said in a former life of ours stands, as if it had restarted and not we. */
  restore(router: string, address: Uint8Array, speaker: number): void {
    const { restoration } = this.network;
    const feed = restoration?.take(router, address, speaker);
    if (!feed || !restoration) return;
    const time = restoration.until - this.network.timers.clock.now();
    this.#restored = feed;
    this.#retain(feed, { families: FAMILIES, time, longLived: {}, mark: Stale.restored }, undefined, 'the router restarted');
  }

  /**
   * Its session has ended.
   *
   * @param negotiated - With what it was up.
   * @param route - Who judged what it said.
   * @param lastHeard - When it was last heard.
   */
  begin(feed: Feed, reason: DownReason, negotiated: Negotiated | undefined, route: RouteImport | undefined, lastHeard: Millis): void {
    const { network, owner } = this;
    feed.cause = { type: 'session-down', neighbour: owner.name, node: owner.node, reason: reason.text, lastHeard };
    const grace = this.#graceful(reason, negotiated) ? this.grace(negotiated) : undefined;
    const before = this.#retained;
    this.#retained = undefined;
    if (grace) {
      this.#import = route;
      this.#retain(feed, grace, before, reason.text);
      return;
    }
    before?.release();
    if (before) owner.changed(undefined, reason.text);
    if (silently(reason)) {
      this.#import = route;
      network.guard.died(this.#death(feed, route));
      return;
    }
    network.begin();
    network.closeFeed(feed, () => route?.release());
  }

  /** What becomes of the claims of a session that was lost: the guard decides. */
  #death(feed: Feed, route: RouteImport | undefined): FeedDeath {
    this.#dying++;
    const buried = (): void => {
      this.#dying--;
      this.owner.lingered();
      route?.release();
      if (this.#import === route) this.#import = undefined;
    };
    return new FeedDeath(this.network, {
      feed,
      node: this.owner.node,
      hold: () => {
        // Back in the meantime, it has said again what it has to say.
        if (this.owner.present()) {
          this.network.closeFeed(feed, buried);
          this.network.guard.returned(feed);
          return;
        }
        this.#restored = feed;
        this.#import = route;
        const retention = { families: FAMILIES, time: Number.POSITIVE_INFINITY, longLived: {}, mark: Stale.held };
        this.#retain(feed, retention, undefined, 'too many were lost at once');
      },
      letGo: () => {
        if (this.#retained?.feed === feed) this.end('it is dead, as was decided');
      },
      buried,
    });
  }

  /** Who judges what it left behind, as it did while there was a session. */
  get route(): RouteImport | undefined {
    return this.#import;
  }

  /** Something of it is there without a session. */
  get lingers(): boolean {
    return this.#retained !== undefined || this.#dying > 0;
  }

  /** Its claims stay, or wait to be said again, after a restart. */
  get restart(): NeighbourRestart | undefined {
    const retained = this.#retained;
    return retained && { phase: retained.phase, families: retained.families, until: retained.until };
  }

  /** Whether a session that ended so may have been lost to a restart (RFC 4724 §4.2, RFC 8538 §4). */
  #graceful({ code, notification }: DownReason, negotiated: Negotiated | undefined): boolean {
    if (code === 'connection-closed') return true;
    return code !== 'stopped' && code !== 'collision' && (negotiated?.restartOnNotification ?? false) && !notification?.hard;
  }

  /** What of it outlives the session, and how long, where both ends want that. */
  grace(negotiated: Negotiated | undefined): Retention | undefined {
    const { gracefulRestart = RESTART, longLivedRestart = 0 } = this.owner.config();
    const theirs = negotiated?.gracefulRestart;
    if (gracefulRestart === false || !negotiated || !theirs) return undefined;
    const longLived: Partial<Record<AddressFamily, Millis>> = {};
    for (const family of negotiated.families) {
      const entry = negotiated.longLivedRestart?.families.find((candidate) => candidate.family === family);
      if (entry && longLivedRestart > 0) longLived[family] = Math.min(entry.staleTime, longLivedRestart) * 1000;
    }
    const listed = (family: AddressFamily): boolean => theirs.families.some((entry) => entry.family === family);
    const time = Math.min(theirs.restartTime, gracefulRestart) * 1000;
    const families = negotiated.families.filter((family) => (time > 0 && listed(family)) || (longLived[family] ?? 0) > 0);
    return families.length > 0 ? { families, time, longLived, mark: Stale.restart } : undefined;
  }

  #retain(feed: Feed, retention: Retention, before: RetainedClaims | undefined, why: string): void {
    const retained = new RetainedClaims(this.network, feed, retention, before, {
      changed: () => this.owner.changed(this.restart, why),
      over: () => {
        if (retained.phase === 'restating') this.#restateOver();
        else this.end(NOT_BACK);
      },
      ended: () => this.owner.ended(),
    });
    this.#retained = retained;
    this.owner.changed(this.restart, why);
  }

  /**
   * It is back: the feed of before, where the neighbour has kept what that stands for.
   *
   * @param route - Who judges what it says from now on.
   */
  resume(negotiated: Negotiated, route: RouteImport): Feed | undefined {
    const retained = this.#retained;
    if (!retained) return undefined;
    const ours = retained.feed === this.#restored;
    const kept = retained.families.filter((family) =>
      ours ? negotiated.families.includes(family) : this.#kept(negotiated, family, retained.isLongLived(family)),
    );
    if (kept.length === 0 || retained.feed.routerId !== u32(negotiated.peerRouterId)) {
      this.end('the neighbour came back without its forwarding state');
      return undefined;
    }
    this.network.guard.returned(retained.feed);
    retained.resume(kept, RESTATE);
    retained.feed.importer = route;
    this.#import?.release();
    this.#import = undefined;
    return retained.feed;
  }

  /** Bit F of the family, of the capability that it is kept by (RFC 4724 §4.2, RFC 9494 §4.3). */
  #kept({ gracefulRestart, longLivedRestart }: Negotiated, family: AddressFamily, longLived: boolean): boolean {
    const families = (longLived ? longLivedRestart : gracefulRestart)?.families ?? [];
    return families.some((entry) => entry.family === family && entry.forwarding);
  }

  /** It is back and speaks: End-of-RIBs may have come. */
  heard(ingest: Ingest): void {
    const retained = this.#retained;
    if (!retained) return;
    const cause: Cause = { type: 'withdrawn', neighbour: this.owner.name, node: this.owner.node };
    for (const family of retained.families) {
      if (!ingest.endOfRib.has(family)) continue;
      retained.complete(family, cause);
    }
    if (retained.done) this.#restateOver();
  }
  #restateOver(): void {
    this.#retained?.release();
    this.#retained = undefined;
    this.settle();
    this.owner.changed(undefined, 'the neighbour has said everything again');
  }

  /** What was kept ends after all, unless a session has taken it over. */
  end(why: string): void {
    const retained = this.#retained;
    if (!retained || retained.feed === this.owner.present()) return;
    retained.release();
    this.#retained = undefined;
    this.settle();
    const { feed } = retained;
    const { network } = this;
    const lastHeard = feed.cause.type === 'session-down' ? feed.cause.lastHeard : undefined;
    feed.cause = {
      type: 'session-down',
      neighbour: this.owner.name,
      node: this.owner.node,
      reason: why,
      ...(lastHeard === undefined ? {} : { lastHeard }),
    };
    const route = this.#import;
    // Silence that lasts is a death like any other; what somebody said, or decided, is not.
    if (why === NOT_BACK) network.guard.died(this.#death(feed, route));
    else {
      this.#import = undefined;
      network.guard.returned(feed);
      network.begin();
      network.closeFeed(feed, () => route?.release());
    }
    if (!this.#retained) this.owner.changed(undefined, why);
  }

  /** The neighbour has spoken since our restart, or is not waited for. */
  settle(): void {
    const feed = this.#restored;
    this.#restored = undefined;
    if (feed) this.network.restoration?.settled(feed);
  }
}

/** Whether a session was lost without a word of the neighbour's or of ours: to silence, or with its connection. */
function silently({ code, notification }: DownReason): boolean {
  if (code === 'notification-sent') return notification?.code === ErrorCode.cease && notification.subcode === CeaseSubcode.bfdDown;
  return code === 'connection-closed' || code === 'hold-timer-expired' || code === 'send-hold-timer-expired';
}
