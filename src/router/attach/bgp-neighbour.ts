import { type BfdChange, type BfdService, strictness } from '../../bfd/index.js';
import type { PeerConfigInput } from '../../bgp/config.js';
import type { DownReason, SessionError } from '../../bgp/events.js';
import { type ExportContext, RouteExport } from '../../bgp/export.js';
import { type ImportContext, RouteImport, type RouteValidation } from '../../bgp/import.js';
import { Ingest } from '../../bgp/ingest.js';
import { Budget, type LimitReport, type LimitStatus, type Waiting } from '../../bgp/limits.js';
import type { Negotiated } from '../../bgp/negotiation.js';
import { Packer } from '../../bgp/packer.js';
import { Peer, type PeerOwner, type TurnedAway } from '../../bgp/peer.js';
import { compilePolicy, type Policy, type PolicyConfig, type PolicyContext } from '../../bgp/policy/index.js';
import { marksTold } from '../../bgp/roles.js';
import { CeaseSubcode, ErrorCode, type Role, type RouteRefresh } from '../../bgp/wire/index.js';
import type { Cause, Feed } from '../../claims/feed.js';
import { isAddress, parseAddress } from '../../lib/address.js';
import { parseAsn } from '../../lib/asn.js';
import type { Buffers } from '../../lib/buffers.js';
import { bytesEqual } from '../../lib/bytes.js';
import type { Cancel, Millis } from '../../lib/clock.js';
import { UsageError } from '../../lib/errors.js';
import { contains, formatPrefix, type Prefix, prefixWords } from '../../lib/prefix.js';
import type { Connection, ConnectionSecurity, Dialler } from '../../lib/transport.js';
import type { Node } from '../../network/model.js';
import { AdjRibOut } from '../../rib/adj-rib-out.js';
import { Stale } from '../../rib/claim-records.js';
import type { Rib } from '../../rib/rib.js';
import type { AddressFamily, ExportKind, NeighbourConfig } from '../config.js';
import { FeedDeath } from '../feed-death.js';
import type { VirtualNetwork } from '../virtual-network.js';
import { LocalAnnouncements } from './local-announcements.js';
import { localRoutes } from './local-routes.js';
import { type BfdStatus, NeighbourWatch } from './neighbour-watch.js';
import { type RestartPhase, RetainedClaims, type Retention } from './retained-claims.js';
import { VerdictEcho } from './verdict-echo.js';

/** What a neighbour needs of its router. @internal */
export interface BgpSurroundings {
  readonly network: VirtualNetwork;
  readonly router: RouterIdentity;
  /** What a node is dialled by: frames, where it is at a port, else the host's sockets. */
  dialler(node: string): Dialler;
  readonly host: {
    readonly random: () => number;
    defer(call: () => void): Cancel;
  };
  readonly logger: ConstructorParameters<typeof Peer>[1]['logger'];
  readonly prefixLists: PolicyContext['lists'];
  readonly buffers: Buffers;
  /** Who watches a node by BFD, if anybody can. */
  bfdOf(node: string): BfdService | undefined;
  /** The address to watch an address of a node's from, where there is one to name. */
  localAddress(node: string, remote: string): string | undefined;
  bfdChanged(neighbour: BgpNeighbour, change: BfdChange): void;
  bfdFailed(neighbour: BgpNeighbour, reason: string): void;
  readonly validation: RouteValidation;
  stateChanged(neighbour: BgpNeighbour, from: string, to: string, reason: string | undefined): void;
  malformed(neighbour: BgpNeighbour, message: string, count: number): void;
  limitReached(neighbour: BgpNeighbour, report: LimitReport): void;
  /** The neighbour's graceful restart goes on, or is over: its claims are kept no longer. */
  /** It may linger no longer: see {@link BgpNeighbour.lingers}. */
  lingered(neighbour: BgpNeighbour): void;
  restartChanged(neighbour: BgpNeighbour, restart: NeighbourRestart | undefined, why: string): void;
}

/** A neighbour that restarts gracefully. @public */
export interface NeighbourRestart {
  readonly phase: RestartPhase;
  /** Whose claims are kept. */
  readonly families: readonly AddressFamily[];
  /** When the phase ends at the latest, in milliseconds since the epoch. */
  readonly until: Millis;
}

/** @internal */
export interface RouterIdentity {
  readonly name: string;
  readonly as: number;
  readonly routerId: string;
  readonly clusterId: string;
  /** The router's own addresses by subnet prefix, for next hops. */
  readonly addresses: readonly string[];
  /** Packets pass through it: it has ports. */
  readonly forwards: boolean;
  /** What it announces by itself. */
  readonly originate: Parameters<typeof localRoutes>[0]['originate'];
}

/** One family on its way out. */
interface Lane {
  readonly family: AddressFamily;
  readonly adjRibOut: AdjRibOut;
  packer: Packer;
  /** End-of-RIB is due once the queue is empty: after the first dump, and after a refresh (RFC 4724, 7313). */
  endOfRib: boolean;
  endOfRefresh: boolean;
  /** It was asked for everything again before the first dump was over. */
  refreshDue: boolean;
}

const NOT_BACK = 'the neighbour did not come back in time';
/** Chunks that one flush packs before others get their turn. */
const CHUNKS = 16;
/** Seconds that a restart may take unless the configuration says otherwise, and that the End-of-RIB may take after it. */
const RESTART = 120;
const RESTATE: Millis = 360_000;
/** Prefixes released in one slice once a neighbour is gone. */
const SLICE = 65_536;
const SAFI_UNICAST = 1;
/** ASes in a path unless configured. @internal */
export const MAX_PATH_LENGTH = 255;
/** Longest time in which nothing is read of a neighbour that says too much. @internal */
export const LONGEST_REST: Millis = 10_000;

/**
 * A BGP neighbour of a router: joins the session ({@link Peer}) with the network. What it says becomes claims of its node; what
 * the network decides is told to it as its `export` says.
 *
 * @internal
 */
export class BgpNeighbour implements PeerOwner {
  readonly peer: Peer;
  readonly name: string;
  #feed: Feed | undefined;
  #ingest: Ingest | undefined;
  #import: RouteImport | undefined;
  #lanes: Lane[] = [];
  #local = new LocalAnnouncements();
  /** See {@link BgpNeighbour.#sharedSubnets}. */
  #shared: readonly Prefix[] = [];
  #negotiated: Negotiated | undefined;
  #deferred: Cancel | undefined;
  #malformed = 0;
  /** Tells it what became of its claims, where it wants to know. */
  #echo: VerdictEcho | undefined;
  /** What it may take; goes on from session to session. */
  #budget: Budget;
  readonly #watch: NeighbourWatch | undefined;
  /** Former sessions whose claims the guard has not done with. */
  #dying = 0;
  /** When BFD last heard it, once BFD has found it silent. */
  #silentSince: Millis | undefined;
  /** What it left behind when it restarted. */
  #retained: RetainedClaims | undefined;
  /** What we have of a former life of ours, until that is settled. */
  #restored: Feed | undefined;
  /** Who judged what is retained. */
  #retainedImport: RouteImport | undefined;

  constructor(
    public config: NeighbourConfig,
    readonly address: string,
    readonly node: Node,
    private readonly around: BgpSurroundings,
    /** How its connections are protected. */
    public security: ConnectionSecurity | undefined,
  ) {
    this.name = config.name ?? address;
    const { random } = around.host;
    const secured: Dialler = {
      dial: (options, events) => around.dialler(node.name).dial(this.security ? { ...options, security: this.security } : options, events),
    };
    this.peer = new Peer(
      { ...peerConfig(config, address, around.router), ownRestart: around.network.ownRestart },
      { transport: secured, timers: around.network.timers, random, logger: around.logger },
      this,
    );
    this.#budget = new Budget(config.limits);
    this.#watch = this.#watched();
    this.#restore();
  }

  /** What it said in a former life of ours stands, as if it had restarted and not we. */
  #restore(): void {
    const { network, router } = this.around;
    const { restoration } = network;
    const feed = restoration?.take(router.name, parseAddress(this.address), this.node.index);
    if (!feed || !restoration) return;
    const time = restoration.until - network.timers.clock.now();
    this.#restored = feed;
    this.#retain(
      feed,
      { families: ['ipv4-unicast', 'ipv6-unicast'], time, longLived: {}, mark: Stale.restored },
      undefined,
      'the router restarted',
    );
  }

  start(): void {
    this.#draining = false;
    if (this.config.shutdown !== undefined && this.config.shutdown !== false) return;
    this.#watch?.start();
    this.peer.start();
  }
  stop(subcode: number, text?: string): Promise<void> {
    this.#watch?.stop();
    this.peer.bfd(false);
    this.#endRestart('stopped');
    return this.peer.stop({ subcode, ...(text === undefined ? {} : { text }) });
  }
  /** Why the connection is turned away, if it is. */
  accept(connection: Connection): TurnedAway | undefined {
    return this.peer.accept(connection);
  }

  /** Rejects with a `UsageError` (`SECURITY_UNAVAILABLE`) where its connections cannot be protected as they must be. */
  async assure(): Promise<void> {
    const { security } = this;
    if (!security) return;
    const dialler = this.around.dialler(this.node.name);
    if (!dialler.assure)
      throw new UsageError(
        'SECURITY_UNAVAILABLE',
        `neighbour ${this.name} wants password, tcpAo or ttlSecurity, which this transport cannot have`,
      );
    await dialler.assure(security);
  }

  /** Other keys: those of a connection that is there are changed in place. */
  rekey(security: ConnectionSecurity | undefined): void {
    const before = this.security;
    this.security = security;
    if (security?.md5 && before?.md5 && !bytesEqual(security.md5, before.md5)) this.peer.rekey(security);
  }

  // --- What the session says -------------------------------------------------------------------------------------------

  stateChanged(_peer: Peer, from: string, to: string, reason?: string): void {
    this.around.stateChanged(this, from, to, reason);
  }

  established(_peer: Peer, negotiated: Negotiated): void {
    const { network, router } = this.around;
    this.#negotiated = negotiated;
    this.#malformed = 0;
    const localAs = this.#localAs();
    const external = negotiated.peerAs !== localAs;
    const has = (family: AddressFamily): boolean => negotiated.families.includes(family);
    this.#import = new RouteImport(network.sets, network.model, network.authorization, this.#importContext(negotiated));
    const feed = this.#resumed(negotiated);
    if (feed) {
      feed.importer = this.#import;
      this.#retainedImport?.release();
      this.#retainedImport = undefined;
    }
    this.#feed =
      feed ??
      network.openFeed({
        source: 'bgp',
        speaker: this.node.index,
        external,
        routerId: u32(negotiated.peerRouterId),
        address: parseAddress(this.address),
        label: `bgp ${this.name}`,
        router: router.name,
        reflectorClient: this.config.routeReflectorClient ?? false,
        graceful: negotiated.gracefulRestart !== undefined,
        cause: { type: 'announced', neighbour: this.name, node: this.node.name },
        importer: this.#import,
        account: network.sets.openAccount(),
      });
    this.#measure();
    this.#ingest = new Ingest(
      { ipv4: has('ipv4-unicast') ? network.ribs.ipv4 : undefined, ipv6: has('ipv6-unicast') ? network.ribs.ipv6 : undefined },
      network.sets,
      this.#feed,
      this.#import,
      negotiated.context,
      this.#budget,
    );
    for (const family of negotiated.families) {
      const rib = family === 'ipv4-unicast' ? network.ribs.ipv4 : network.ribs.ipv6;
      const several = negotiated.addPathSend.includes(family);
      if (several) network.wantEveryPath(1);
      const adjRibOut = new AdjRibOut(rib, several);
      this.#lanes.push({
        family,
        adjRibOut,
        packer: this.#packer(adjRibOut, negotiated),
        endOfRib: true,
        endOfRefresh: false,
        refreshDue: false,
      });
      if (this.#tellsClaims()) adjRibOut.addAll();
    }
    // RFC 4724 §4.1: who sends no End-of-RIB, or has restarted too and waits for ours, is not waited for.
    if (!negotiated.gracefulRestart || negotiated.gracefulRestart.restarted) this.#settleRestored();
    this.#tellLocal();
    for (const { adjRibOut } of this.#lanes) this.#local.overtaken(adjRibOut);
    this.flush();
    if (this.config.tellVerdicts) this.#echo = this.#newEcho(this.#feed, negotiated);
  }

  updates(_peer: Peer, bytes: Uint8Array, from: number, to: number): SessionError | undefined {
    const { network } = this.around;
    const ingest = this.#ingest;
    const feed = this.#feed;
    if (!ingest || !feed) return undefined;
    network.begin();
    const { malformed, announced, withdrawn } = ingest.counters;
    const error = ingest.take(bytes, from, to);
    if (this.#retained) this.#restated(this.#retained, ingest);
    feed.cause = ingest.announcedAny
      ? { type: 'announced', neighbour: this.name, node: this.node.name }
      : { type: 'withdrawn', neighbour: this.name, node: this.node.name };
    network.settle(feed.cause);
    this.#echo?.note();
    if (ingest.counters.malformed > malformed) {
      this.#malformed = ingest.counters.malformed;
      this.around.malformed(this, ingest.lastMalformed, this.#malformed);
    }
    return error ?? this.#spent(ingest, ingest.counters.announced - announced + ingest.counters.withdrawn - withdrawn);
  }

  /** Budgets, after input: what is to be reported, read later, or ends the session. */
  #spent(ingest: Ingest, prefixes: number): SessionError | undefined {
    const budget = this.#budget;
    const { clock } = this.around.network.timers;
    const pause = budget.spend(prefixes, clock.now());
    // What is left unread may hold a KEEPALIVE: the hold time must not run out over it.
    const holdTime = this.#negotiated?.holdTime || LONGEST_REST * 3;
    if (pause > 0) this.peer.rest(Math.min(pause, holdTime / 3, LONGEST_REST));
    budget.watch(ingest.use);
    let end: SessionError | undefined;
    for (const report of budget.reports()) {
      this.around.limitReached(this, report);
      if (report.action === 'shutdown') end = overLimit(report, ingest.lastBeyond);
    }
    return end;
  }

  /** Its limits, and what it uses of them. */
  get limits(): readonly LimitStatus[] {
    return this.#budget.status(this.#ingest?.use ?? { prefixes: 0, attributeSets: 0, memory: 0 }, this.peer.waiting);
  }

  /** Its connection is read and kept as its budget says. */
  #measure(): void {
    const { weight, most } = this.#budget;
    this.peer.weigh(weight);
    this.peer.bound({ written: most.unread, arrived: most.backlog });
  }

  waiting(_peer: Peer, limit: keyof Waiting, octets: number): void {
    this.#budget.wait(limit, octets);
    for (const report of this.#budget.reports()) this.around.limitReached(this, report);
  }

  refresh(_peer: Peer, request: RouteRefresh): void {
    const family = request.afi === 1 ? 'ipv4-unicast' : request.afi === 2 ? 'ipv6-unicast' : undefined;
    if (!family || request.safi !== SAFI_UNICAST || !this.#negotiated?.families.includes(family)) return;
    const feed = this.#feed;
    const rib = family === 'ipv4-unicast' ? this.around.network.ribs.ipv4 : this.around.network.ribs.ipv6;
    // RFC 7313 §4: the neighbour marks the beginning and the end of its own answer to us.
    if (request.subtype === 1 && feed) rib.markStale(feed.index, Stale.refresh);
    else if (request.subtype === 2 && feed) {
      this.around.network.begin();
      rib.sweepStale(feed.index);
      this.#ingest?.recount();
      this.around.network.settle({ type: 'withdrawn', neighbour: this.name, node: this.node.name });
    } else if (request.subtype === 0) {
      const lane = this.#lanes.find((candidate) => candidate.family === family);
      // RFC 7313 §4: no beginning of a refresh before the End-of-RIB.
      if (lane?.endOfRib) lane.refreshDue = true;
      else if (lane) this.#sayAgain(lane);
    }
  }

  /** Answers a request for everything, between marks where the neighbour knows them (RFC 7313 §4). */
  #sayAgain(lane: Lane): void {
    if (this.#negotiated?.enhancedRouteRefresh) {
      this.#sendRefresh(lane.family, 1);
      lane.endOfRefresh = true;
    }
    if (this.#tellsClaims()) lane.adjRibOut.addAll();
    this.#local.again(lane.family);
    this.#local.overtaken(lane.adjRibOut);
    this.flush();
  }

  drained(): void {
    this.flush();
  }

  down(_peer: Peer, reason: DownReason): void {
    const { network } = this.around;
    const feed = this.#feed;
    const negotiated = this.#negotiated;
    this.#negotiated = undefined;
    this.#deferred?.();
    this.#deferred = undefined;
    this.#echo?.stop();
    this.#echo = undefined;
    const route = this.#import;
    this.#feed = undefined;
    this.#ingest = undefined;
    this.#import = undefined;
    const lanes = this.#lanes;
    this.#lanes = [];
    this.#local = new LocalAnnouncements();
    for (const { adjRibOut } of lanes) {
      if (adjRibOut.paths) this.around.network.wantEveryPath(-1);
      this.#release(adjRibOut);
    }
    if (!feed) return;
    const lastHeard = this.#silentSince ?? this.peer.lastHeard;
    this.#silentSince = undefined;
    feed.cause = { type: 'session-down', neighbour: this.name, node: this.node.name, reason: reason.text, lastHeard };
    const grace = this.#graceful(reason, negotiated) ? this.#grace(negotiated) : undefined;
    const before = this.#retained;
    this.#retained = undefined;
    if (grace) {
      this.#retainedImport = route;
      this.#retain(feed, grace, before, reason.text);
      return;
    }
    before?.release();
    if (before) this.around.restartChanged(this, undefined, reason.text);
    if (silently(reason)) {
      this.#retainedImport = route;
      network.guard.died(this.#death(feed, route));
      return;
    }
    network.begin();
    network.closeFeed(feed, () => route?.release());
  }

  /** What becomes of the claims of a session that was lost: the guard decides. */
  #death(feed: Feed, route: RouteImport | undefined): FeedDeath {
    const families = ['ipv4-unicast', 'ipv6-unicast'] as const;
    this.#dying++;
    const buried = (): void => {
      this.#dying--;
      this.around.lingered(this);
      route?.release();
      if (this.#retainedImport === route) this.#retainedImport = undefined;
    };
    return new FeedDeath(this.around.network, {
      feed,
      node: this.node.name,
      hold: () => {
        // Back in the meantime, it has said again what it has to say.
        if (this.#feed) {
          this.around.network.closeFeed(feed, buried);
          this.around.network.guard.returned(feed);
          return;
        }
        this.#restored = feed;
        this.#retainedImport = route;
        const retention = { families, time: Number.POSITIVE_INFINITY, longLived: {}, mark: Stale.held };
        this.#retain(feed, retention, undefined, 'too many were lost at once');
      },
      letGo: () => {
        if (this.#retained?.feed === feed) this.#endRestart('it is dead, as was decided');
      },
      buried,
    });
  }

  /** Something of it is there without a session. */
  get lingers(): boolean {
    return this.#retained !== undefined || this.#dying > 0;
  }

  /** The neighbour's claims stay, or wait to be said again, after a restart. */
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
  #grace(negotiated: Negotiated | undefined): Retention | undefined {
    const { gracefulRestart = RESTART, longLivedRestart = 0 } = this.config;
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
    const retained = new RetainedClaims(this.around.network, feed, retention, before, {
      changed: () => this.around.restartChanged(this, this.restart, why),
      over: () => {
        if (retained.phase === 'restating') this.#restateOver();
        else this.#endRestart(NOT_BACK);
      },
    });
    this.#retained = retained;
    this.around.restartChanged(this, this.restart, why);
  }

  /** The feed of before the restart, where the neighbour has kept what it stands for. */
  #resumed(negotiated: Negotiated): Feed | undefined {
    const retained = this.#retained;
    if (!retained) return undefined;
    const ours = retained.feed === this.#restored;
    const kept = retained.families.filter((family) =>
      ours ? negotiated.families.includes(family) : this.#kept(negotiated, family, retained.isLongLived(family)),
    );
    if (kept.length === 0 || retained.feed.routerId !== u32(negotiated.peerRouterId)) {
      this.#endRestart('the neighbour came back without its forwarding state');
      return undefined;
    }
    this.around.network.guard.returned(retained.feed);
    retained.resume(kept, RESTATE);
    return retained.feed;
  }

  /** Bit F of the family, of the capability that it is kept by (RFC 4724 §4.2, RFC 9494 §4.3). */
  #kept({ gracefulRestart, longLivedRestart }: Negotiated, family: AddressFamily, longLived: boolean): boolean {
    const families = (longLived ? longLivedRestart : gracefulRestart)?.families ?? [];
    return families.some((entry) => entry.family === family && entry.forwarding);
  }

  /** End-of-RIBs may have come. */
  #restated(retained: RetainedClaims, { endOfRib }: Ingest): void {
    const cause: Cause = { type: 'withdrawn', neighbour: this.name, node: this.node.name };
    for (const family of retained.families) if (endOfRib.has(family)) retained.complete(family, cause);
    this.#ingest?.recount();
    if (retained.done) this.#restateOver();
  }
  #restateOver(): void {
    this.#retained?.release();
    this.#retained = undefined;
    this.#settleRestored();
    this.around.restartChanged(this, undefined, 'the neighbour has said everything again');
  }

  /** What was kept ends after all, unless a session has taken it over. */
  #endRestart(why: string): void {
    const retained = this.#retained;
    if (!retained || retained.feed === this.#feed) return;
    retained.release();
    this.#retained = undefined;
    this.#settleRestored();
    const { feed } = retained;
    const { network } = this.around;
    const lastHeard = feed.cause.type === 'session-down' ? feed.cause.lastHeard : undefined;
    feed.cause = {
      type: 'session-down',
      neighbour: this.name,
      node: this.node.name,
      reason: why,
      ...(lastHeard === undefined ? {} : { lastHeard }),
    };
    const route = this.#retainedImport;
    // Silence that lasts is a death like any other; what somebody said, or decided, is not.
    if (why === NOT_BACK) network.guard.died(this.#death(feed, route));
    else {
      this.#retainedImport = undefined;
      network.guard.returned(feed);
      network.begin();
      network.closeFeed(feed, () => route?.release());
    }
    if (!this.#retained) this.around.restartChanged(this, undefined, why);
  }

  /** The neighbour has spoken since our restart, or is not waited for. */
  #settleRestored(): void {
    const feed = this.#restored;
    this.#restored = undefined;
    if (feed) this.around.network.restoration?.settled(feed);
  }

  // --- What the network says -------------------------------------------------------------------------------------------

  /** Every claim was judged again. */
  judged(): void {
    this.#echo?.note();
  }

  /** Prefixes changed. */
  announce(rib: Rib, prefixes: Uint32Array, count: number): void {
    this.#echo?.note();
    if (!this.#tellsClaims()) return;
    for (const lane of this.#lanes) {
      if (lane.adjRibOut.rib !== rib) continue;
      lane.adjRibOut.push(prefixes, count, this.#feed?.index ?? -1);
      this.#local.overtaken(lane.adjRibOut, prefixes, count);
      this.flush();
    }
  }

  /** Sends what waits, as long as the neighbour reads. */
  flush(): void {
    this.#deferred?.();
    this.#deferred = undefined;
    if (this.around.network.deferring) return;
    let chunks = 0;
    this.#sendLocal();
    for (const lane of this.#lanes) {
      while (this.peer.writable) {
        if (chunks >= CHUNKS) {
          this.#deferred = this.around.host.defer(() => this.flush());
          return;
        }
        const bytes = lane.packer.pack();
        if (!bytes) break;
        chunks++;
        if (bytes.length > 0) this.peer.send(bytes, () => this.around.buffers.give(bytes));
      }
      if (lane.adjRibOut.waiting > 0 || lane.adjRibOut.skipped || !this.peer.writable) continue;
      this.#local.caughtUp(lane.family);
      if (!this.#sendLocal()) continue;
      if (lane.endOfRib) {
        lane.endOfRib = false;
        this.peer.send(endOfRib(lane.family));
      }
      if (lane.endOfRefresh) {
        lane.endOfRefresh = false;
        this.#sendRefresh(lane.family, 2);
      }
      if (lane.refreshDue) {
        lane.refreshDue = false;
        this.#sayAgain(lane);
      }
    }
  }

  /** Sends what waits of the router's own routes; whether that was all. */
  #sendLocal(): boolean {
    while (this.peer.writable) {
      const message = this.#local.next();
      if (!message) return true;
      this.peer.send(message);
    }
    return false;
  }

  /** What the router announces by itself, or its subnets, changed. */
  localChanged(): void {
    const shared = (prefixes: readonly Prefix[]): string => prefixes.map(formatPrefix).join();
    if (this.#negotiated && shared(this.#sharedSubnets()) !== shared(this.#shared)) this.#retell(this.#negotiated);
    else {
      this.#tellLocal();
      this.flush();
    }
  }

  /** After a restart of ours: routes may be told. */
  routesChosen(): void {
    this.flush();
  }

  /** Asks the neighbour to say everything again (RFC 2918). */
  requestRefresh(): void {
    if (!this.#negotiated?.routeRefresh) return;
    for (const family of this.#negotiated.families) this.#sendRefresh(family, 0);
  }

  /** Policies changed: what was heard and what was told is looked at again, and the session goes on. */
  repolicy(config: NeighbourConfig): void {
    const raised = JSON.stringify(config.limits) !== JSON.stringify(this.config.limits);
    this.config = config;
    if (raised) {
      this.#budget = new Budget(config.limits);
      this.#measure();
      if (this.#ingest) this.#ingest.budget = this.#budget;
      // What was not taken in may have room now.
      this.requestRefresh();
    }
    const negotiated = this.#negotiated;
    const { network } = this.around;
    if (!negotiated || !this.#import || !this.#feed) return;
    this.#import.change(this.#importContext(negotiated));
    network.rejudge({ type: 'policy-changed', neighbour: this.name });
    this.#retell(negotiated);
  }

  /** What it was told is told anew, with GRACEFUL_SHUTDOWN: it is to find other ways (RFC 8326 §4.2). */
  drain(): void {
    this.#draining = true;
    if (this.#negotiated) this.#retell(this.#negotiated);
  }
  #draining = false;

  /** Everything is looked at again, to be told as it must be now. */
  #retell(negotiated: Negotiated): void {
    for (const lane of this.#lanes) {
      lane.adjRibOut.addAll();
      lane.packer = this.#packer(lane.adjRibOut, negotiated);
    }
    this.#tellLocal();
    for (const { adjRibOut } of this.#lanes) this.#local.overtaken(adjRibOut);
    this.flush();
  }

  /** BFD has other intervals, keys or modes: the sessions go on. */
  rewatch(config: NeighbourConfig): void {
    const { bfd } = config;
    if (!bfd) return;
    this.config = { ...this.config, bfd };
    this.#watch?.reconfigure(bfd);
  }

  /** Prefixes that it was told, by family. */
  get told(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.adjRibOut.toldCount, 0);
  }
  /** Claims that it makes, and how many of them are refused. */
  get heard(): { readonly claims: number; readonly refused: number } {
    const feed = this.#feed;
    if (!feed) return { claims: 0, refused: 0 };
    const { ipv4, ipv6 } = this.around.network.ribs;
    return {
      claims: (ipv4.feedRows[feed.index] ?? 0) + (ipv6.feedRows[feed.index] ?? 0),
      refused: (ipv4.feedRefused[feed.index] ?? 0) + (ipv6.feedRefused[feed.index] ?? 0),
    };
  }
  /** Families whose End-of-RIB came. */
  get endOfRibHeard(): readonly AddressFamily[] {
    return [...(this.#ingest?.endOfRib ?? [])];
  }
  /** BFD as it stands, where the neighbour is watched. */
  get bfd(): BfdStatus | undefined {
    return this.#watch?.status;
  }
  get malformedCount(): number {
    return this.#malformed;
  }

  // --- Inside ----------------------------------------------------------------------------------------------------------

  #watched(): NeighbourWatch | undefined {
    const { bfd, localAddress } = this.config;
    const { around, node, address } = this;
    if (!bfd) return undefined;
    return new NeighbourWatch(
      () => around.bfdOf(node.name),
      () => ({ remote: address, local: localAddress ?? around.localAddress(node.name, address) }),
      bfd,
      {
        changed: (change) => {
          this.around.bfdChanged(this, change);
          this.peer.bfd(change.to === 'up' || change.to === 'admin-down');
        },
        failed: (reason) => this.around.bfdFailed(this, reason),
        appeared: () => {},
        // RFC 9384: Cease, BFD Down.
        vanished: ({ diagnostic, independent, at, detectionTime }) => {
          this.#silentSince = at - detectionTime;
          // RFC 5882 §4.3: BFD that shares the fate of the control plane goes down when that restarts; otherwise nothing forwards there.
          if (independent) this.#endRestart(`BFD is down: ${diagnostic}`);
          else if (this.#grace(this.#negotiated)) {
            this.peer.lose(`BFD is down: ${diagnostic}`);
            return;
          }
          const data = new Uint8Array(0);
          this.peer.fail({ code: ErrorCode.cease, subcode: CeaseSubcode.bfdDown, data, reason: `BFD is down: ${diagnostic}`, hard: true });
        },
      },
    );
  }

  /** Roles are for sessions between two ASes (RFC 9234 §4.1). */
  #role(negotiated: Negotiated): Role | undefined {
    return negotiated.peerAs === this.#localAs() ? undefined : this.config.localRole;
  }

  #localAs(): number {
    return this.config.localAs === undefined ? this.around.router.as : parseAsn(this.config.localAs);
  }

  #exportKinds(): readonly ExportKind[] {
    const told = this.config.export;
    if (told === undefined) return [];
    if (typeof told === 'string') return [told];
    return 'rules' in told ? (told.of ?? ['claims']) : told;
  }
  #tellsClaims(): boolean {
    return this.#exportKinds().some((kind) => kind === 'claims' || kind === 'all');
  }

  #policy(rules: PolicyConfig | undefined, otherwise: 'accept' | 'reject'): Policy | undefined {
    return rules === undefined ? undefined : compilePolicy(rules, { lists: this.around.prefixLists, localAs: this.#localAs(), otherwise });
  }

  #exportPolicy(): Policy | undefined {
    const told = this.config.export;
    return told !== undefined && typeof told === 'object' && 'rules' in told ? this.#policy(told.rules, 'reject') : undefined;
  }

  #importContext(negotiated: Negotiated): ImportContext {
    const { router, validation } = this.around;
    const localAs = this.#localAs();
    return {
      localAs,
      routerAs: router.as,
      peerAs: negotiated.peerAs,
      external: negotiated.peerAs !== localAs,
      routerId: u32(router.routerId),
      clusterId: u32(router.clusterId),
      allowOwnAs: this.config.allowOwnAs ?? 0,
      enforceFirstAs: this.config.enforceFirstAs ?? true,
      allowAsSets: this.config.allowAsSets ?? false,
      role: this.#role(negotiated),
      maxPathLength: this.config.maxPathLength ?? MAX_PATH_LENGTH,
      maxCommunities: this.#budget.most.communities,
      speaker: this.node.index,
      neighbour: this.name,
      node: this.node.name,
      policy: this.#policy(this.config.import, 'accept'),
      validation,
      rpki: this.config.rpki,
    };
  }

  #packer(adjRibOut: AdjRibOut, negotiated: Negotiated): Packer {
    return new Packer(adjRibOut, new RouteExport(this.#exportContext(negotiated)), {
      maxMessage: negotiated.maxMessage,
      own: this.#feed?.index ?? -1,
      buffers: this.around.buffers,
    });
  }

  #exportContext(negotiated: Negotiated): ExportContext {
    const { router } = this.around;
    const localAs = this.#localAs();
    const kinds = this.#exportKinds();
    const next = this.#nextHops(negotiated);
    this.#shared = this.#sharedSubnets();
    return {
      localAs,
      peerAs: negotiated.peerAs,
      external: negotiated.peerAs !== localAs,
      routerId: u32(router.routerId),
      clusterId: u32(router.clusterId),
      reflectorClient: this.config.routeReflectorClient ?? false,
      routeServerClient: this.config.routeServerClient ?? false,
      asOverride: this.config.asOverride ?? false,
      privateAs: this.config.privateAs ?? 'keep',
      role: this.#role(negotiated),
      noPeer: this.config.bilateralPeer ?? false,
      claims: kinds.some((kind) => kind === 'claims' || kind === 'all'),
      initial: kinds.includes('all'),
      node: this.node.index,
      neighbour: this.name,
      nodeName: this.node.name,
      nextHop4: next.ipv4,
      nextHop6: next.ipv6,
      unchanged: this.#unchanged(),
      shared: this.#shared,
      extendedNextHop: negotiated.extendedNextHop,
      draining: this.#draining,
      longLived: negotiated.longLivedRestart !== undefined,
      fourOctetAs: negotiated.fourOctetAs,
      policy: this.#exportPolicy(),
    };
  }

  #unchanged(): boolean {
    const { nextHop, routeServerClient, routeReflectorClient } = this.config;
    return nextHop === undefined ? (routeServerClient ?? false) || (routeReflectorClient ?? false) : nextHop === 'unchanged';
  }

  /**
   * The subnets that the neighbour shares with the next hops in them, so that its packets need not pass through us; none where they do:
   * where guests are attached to ports of ours, or the configuration says `self`.
   */
  #sharedSubnets(): readonly Prefix[] {
    const { network, router } = this.around;
    if (this.config.nextHop !== undefined || router.forwards) return [];
    const addresses = [this.address, ...(this.node.config.addresses ?? [])].map(parseAddress);
    return network.model.subnets.flatMap(({ prefix }) => (addresses.some((address) => contains(prefix, address)) ? [prefix] : []));
  }

  /** Our next hop for each family: the one configured, our end of the session, or an address of the router's. */
  #nextHops(negotiated: Negotiated): { readonly ipv4: Uint8Array | undefined; readonly ipv6: Uint8Array | undefined } {
    const { nextHop } = this.config;
    const set = nextHop !== undefined && isAddress(nextHop) ? [nextHop] : [];
    const local = this.peer.localAddress;
    const ours = [...set, ...(local === undefined ? [] : [local]), ...this.around.router.addresses].map(parseAddress);
    const ipv6 = ours.find((address) => address.length === 16);
    const ipv4 = ours.find((address) => address.length === 4);
    return { ipv4: ipv4 ?? (negotiated.extendedNextHop ? ipv6 : undefined), ipv6 };
  }

  /** Connected subnets, a default route, and what the router originates. */
  #tellLocal(): void {
    const negotiated = this.#negotiated;
    if (!negotiated) return;
    const kinds = this.#exportKinds();
    const { network, router } = this.around;
    const next = this.#nextHops(negotiated);
    const routes = localRoutes({
      kinds,
      families: negotiated.families,
      subnets: network.model.subnets.map(({ prefix }) => formatPrefix(prefix)),
      originate: router.originate,
      localAs: this.#localAs(),
      external: negotiated.peerAs !== this.#localAs(),
      otc: marksTold(this.#role(negotiated)),
      nextHop4: next.ipv4,
      nextHop6: next.ipv6,
      context: negotiated.sendContext,
      policy: this.#exportPolicy(),
      draining: this.#draining,
    });
    this.#local.want(routes, this.#lanes);
  }

  #newEcho(feed: Feed, negotiated: Negotiated): VerdictEcho {
    const next = this.#nextHops(negotiated);
    const neighbour = this;
    const echo = new VerdictEcho(
      {
        feed: feed.index,
        localAs: this.#localAs(),
        external: negotiated.peerAs !== this.#localAs(),
        nextHop4: next.ipv4,
        nextHop6: next.ipv6,
        context: negotiated.sendContext,
        get lanes() {
          return neighbour.#lanes;
        },
        send: (bytes) => bytes.length > 0 && this.peer.send(bytes),
        writable: () => this.peer.writable,
      },
      (time, call) => {
        const { clock } = this.around.network.timers;
        return clock.at(clock.now() + time, call);
      },
    );
    echo.note();
    return echo;
  }

  #sendRefresh(family: AddressFamily, subtype: 0 | 1 | 2): void {
    this.peer.send(refreshMessage(family, subtype));
  }

  #release(adjRibOut: AdjRibOut): void {
    if (!adjRibOut.release(SLICE)) this.around.host.defer(() => this.#release(adjRibOut));
  }
}

/** The session's part of a neighbour's configuration: seconds become milliseconds, defaults are the session's. */
function peerConfig(config: NeighbourConfig, address: string, router: RouterIdentity): PeerConfigInput {
  const seconds = (time: number | undefined): number | undefined => (time === undefined ? undefined : time * 1000);
  const peerAs = config.as === 'any' ? undefined : [config.as].flat().map(parseAsn);
  const given = {
    port: config.port,
    localAddress: config.localAddress,
    passive: config.passive,
    families: config.families,
    addPath: config.addPath,
    extendedNextHop: config.extendedNextHop,
    extendedMessages: config.extendedMessages,
    holdTime: seconds(config.holdTime),
    connectRetryTime: seconds(config.connectRetryTime),
    delayOpenTime: seconds(config.delayOpen),
    sendHoldTime: seconds(config.sendHoldTime),
    gracefulRestart: config.gracefulRestart !== false,
    role: config.localRole,
    requireRole: config.requireRole,
    bfdStrict: config.bfd && strictness(config.bfd),
    bfdHoldTime: config.bfd?.holdTime,
    idleHoldMax: config.dampPeerOscillations === false ? 1000 : undefined,
  };
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<PeerConfigInput>;
  const localAs = config.localAs === undefined ? router.as : parseAsn(config.localAs);
  return { ...set, address, peerAs, localAs, routerId: router.routerId };
}

/** Whether a session was lost without a word of the neighbour's or of ours: to silence, or with its connection. */
function silently({ code, notification }: DownReason): boolean {
  if (code === 'notification-sent') return notification?.code === ErrorCode.cease && notification.subcode === CeaseSubcode.bfdDown;
  return code === 'connection-closed' || code === 'hold-timer-expired' || code === 'send-hold-timer-expired';
}

function u32(dotted: string): number {
  return prefixWords(parseAddress(dotted))[0];
}

/** RFC 4486 §4. Maximum Number of Prefixes Reached says which family it was, and the limit: that of all families together. */
function overLimit({ limit, used, most }: LimitReport, family: AddressFamily): SessionError {
  const reason = `the limit of ${most} for ${limit} is reached (${used})`;
  if (limit !== 'prefixes') return { code: ErrorCode.cease, subcode: CeaseSubcode.outOfResources, data: new Uint8Array(0), reason };
  const data = new Uint8Array(7);
  const view = new DataView(data.buffer);
  view.setUint16(0, family === 'ipv4-unicast' ? 1 : 2);
  view.setUint8(2, SAFI_UNICAST);
  view.setUint32(3, Math.min(most, 0xffff_ffff));
  return { code: ErrorCode.cease, subcode: CeaseSubcode.maximumPrefixes, data, reason };
}

function endOfRib(family: AddressFamily): Uint8Array {
  const head = new Uint8Array(family === 'ipv4-unicast' ? 23 : 29).fill(0xff, 0, 16);
  head[17] = head.length;
  head[18] = 2;
  if (family === 'ipv6-unicast') head.set([0, 0, 0, 6, 0x80, 15, 3, 0, 2, SAFI_UNICAST], 19);
  return head;
}

function refreshMessage(family: AddressFamily, subtype: 0 | 1 | 2): Uint8Array {
  const message = new Uint8Array(23).fill(0xff, 0, 16);
  message.set([0, 23, 5, 0, family === 'ipv4-unicast' ? 1 : 2, subtype, SAFI_UNICAST], 16);
  return message;
}
