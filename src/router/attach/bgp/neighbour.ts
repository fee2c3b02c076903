import type { DownReason, SessionError } from '../../../bgp/events.js';
import { RouteImport } from '../../../bgp/import.js';
import { Ingest } from '../../../bgp/ingest.js';
import { Budget, type LimitReport, type LimitStatus, type Waiting } from '../../../bgp/limits.js';
import type { Negotiated } from '../../../bgp/negotiation.js';
import { Peer, type PeerOwner, type TurnedAway } from '../../../bgp/peer.js';
import { CeaseSubcode, ErrorCode, familyNumbers, RefreshSubtype, type RouteRefresh } from '../../../bgp/wire/index.js';
import type { Feed } from '../../../claims/feed.js';
import { parseAddress } from '../../../lib/address.js';
import { bytesEqual } from '../../../lib/bytes.js';
import type { Millis } from '../../../lib/clock.js';
import { UsageError } from '../../../lib/errors.js';
import { same } from '../../../lib/same.js';
import type { Connection, ConnectionSecurity, Dialler } from '../../../lib/transport.js';
import type { Node } from '../../../network/model.js';
import type { Rib } from '../../../rib/rib.js';
import type { AddressFamily, NeighbourConfig } from '../../config.js';
import { type BfdStatus, NeighbourWatch } from '../neighbour-watch.js';
import { NeighbourAbsence, type NeighbourRestart } from './absence.js';
import { Outbound } from './outbound.js';
import { RefreshedClaims } from './refreshed-claims.js';
import type { BgpSurroundings } from './surroundings.js';
import { NeighbourTerms, u32 } from './terms.js';
import { VerdictEcho } from './verdict-echo.js';

const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'] as const;
/** Longest time in which nothing is read of a neighbour that says too much. @internal */
export const LONGEST_REST: Millis = 10_000;

/**
 * A BGP neighbour of a router: joins the session ({@link Peer}) with the network. What it says becomes claims of its node; what
 * the network decides is told to it as its `export` says ({@link Outbound}). What stays of it while it is gone: {@link NeighbourAbsence}.
 *
 * @internal
 */
export class BgpNeighbour implements PeerOwner {
  readonly peer: Peer;
  readonly name: string;
  #terms: NeighbourTerms;
  /** With what the session is up. */
  #negotiated: Negotiated | undefined;
  #feed: Feed | undefined;
  #ingest: Ingest | undefined;
  #import: RouteImport | undefined;
  #outbound: Outbound | undefined;
  /** What it says again. */
  #refreshed: RefreshedClaims | undefined;
  #malformed = 0;
  /** Tells it what became of its claims, where it wants to know. */
  #echo: VerdictEcho | undefined;
  /** What it may take; goes on from session to session. */
  #budget: Budget;
  readonly #watch: NeighbourWatch | undefined;
  readonly #absence: NeighbourAbsence;
  /** When BFD last heard it, once BFD has found it silent. */
  #silentSince: Millis | undefined;
  #draining = false;

  constructor(
    config: NeighbourConfig,
    readonly address: string,
    readonly node: Node,
    private readonly around: BgpSurroundings,
    /** How its connections are protected. */
    public security: ConnectionSecurity | undefined,
  ) {
    this.#terms = new NeighbourTerms(config, address, node, around);
    this.name = this.#terms.name;
    const { network, router, host, logger } = around;
    const secured: Dialler = {
      dial: (options, events) => around.dialler(node.name).dial(this.security ? { ...options, security: this.security } : options, events),
    };
    this.peer = new Peer(
      { ...this.#terms.peer, ownRestart: network.ownRestart },
      { transport: secured, timers: network.timers, random: host.random, logger, buffers: around.buffers },
      this,
    );
    this.#budget = new Budget(config.limits);
    this.#watch = this.#watched();
    this.#absence = new NeighbourAbsence(
      {
        name: this.name,
        node: node.name,
        config: () => this.config,
        present: () => this.#feed,
        changed: (restart, why) => {
          // Claims that were not said again may have ended.
          this.#ingest?.recount();
          around.restartChanged(this, restart, why);
        },
        lingered: () => around.lingered(this),
        ended: () => this.#ingest?.recount(),
      },
      network,
    );
    this.#absence.restore(router.name, parseAddress(address), node.index);
  }

  get config(): NeighbourConfig {
    return this.#terms.config;
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
    this.#absence.end('stopped');
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
    const { network } = this.around;
    this.#negotiated = negotiated;
    this.#malformed = 0;
    const has = (family: AddressFamily): boolean => negotiated.families.includes(family);
    this.#import = new RouteImport(network.sets, network.model, network.authorization, this.#importContext(negotiated));
    this.#feed = this.#absence.resume(negotiated, this.#import) ?? this.#openFeed(negotiated, this.#import);
    this.#measure();
    this.#ingest = new Ingest(
      { ipv4: has('ipv4-unicast') ? network.ribs.ipv4 : undefined, ipv6: has('ipv6-unicast') ? network.ribs.ipv6 : undefined },
      network.sets,
      this.#feed,
      this.#import,
      negotiated.context,
      this.#budget,
    );
    this.#outbound = new Outbound(this.peer, negotiated, this.#feed.index, this.#terms, this.#draining, this.around);
    const withdrawn = { type: 'withdrawn', neighbour: this.name, node: this.node.name } as const;
    this.#refreshed = new RefreshedClaims(this.around, this.#feed, withdrawn, () => this.#ingest?.recount());
    // RFC 4724 §4.1: who sends no End-of-RIB, or has restarted too and waits for ours, is not waited for.
    if (!negotiated.gracefulRestart || negotiated.gracefulRestart.restarted) this.#absence.settle();
    this.#outbound.flush();
    if (this.config.tellVerdicts) this.#echo = this.#newEcho(this.#feed, this.#outbound, negotiated);
  }

  updates(_peer: Peer, bytes: Uint8Array, from: number, to: number): SessionError | undefined {
    const { network } = this.around;
    const ingest = this.#ingest;
    const feed = this.#feed;
    if (!ingest || !feed) return undefined;
    network.begin();
    const { malformed, announced, withdrawn } = ingest.counters;
    const error = ingest.take(bytes, from, to);
    for (const rib of ingest.givenUp.splice(0)) {
      const cause = { type: 'withdrawn', neighbour: this.name, node: this.node.name } as const;
      network.endClaims(feed, rib, 'all', cause, () => ingest.recount());
    }
    this.#absence.heard(ingest);
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
    const family = FAMILIES.find((one) => familyNumbers(one).join() === [request.afi, request.safi].join());
    if (!family || !this.#negotiated?.families.includes(family)) return;
    if (request.subtype === RefreshSubtype.request) {
      this.#outbound?.refresh(family);
      this.#echo?.again(family === 'ipv6-unicast');
    }
    // RFC 7313 §4: the neighbour marks the beginning and the end of its own answer to us.
    else if (request.subtype === RefreshSubtype.begin) this.#refreshed?.begin(family);
    else if (request.subtype === RefreshSubtype.end) this.#refreshed?.end(family);
  }

  drained(): void {
    this.#outbound?.flush();
  }

  down(_peer: Peer, reason: DownReason): void {
    const feed = this.#feed;
    const negotiated = this.#negotiated;
    const route = this.#import;
    const lastHeard = this.#silentSince ?? this.peer.lastHeard;
    this.#negotiated = undefined;
    this.#feed = undefined;
    this.#ingest = undefined;
    this.#import = undefined;
    this.#echo?.stop();
    this.#echo = undefined;
    this.#outbound?.close();
    this.#outbound = undefined;
    this.#refreshed?.stop();
    this.#refreshed = undefined;
    if (!feed) return;
    this.#silentSince = undefined;
    this.#absence.begin(feed, reason, negotiated, route, lastHeard);
  }

  // --- What the network says -------------------------------------------------------------------------------------------

  /** Every claim was judged again. */
  judged(): void {
    this.#echo?.note();
  }

  /** Prefixes changed. */
  announce(rib: Rib, prefixes: Uint32Array, count: number): void {
    this.#echo?.note();
    this.#outbound?.announce(rib, prefixes, count);
  }

  /** What the router announces by itself, or its subnets, changed. */
  localChanged(): void {
    this.#outbound?.localChanged();
  }

  /** After a restart of ours: routes may be told. */
  routesChosen(): void {
    this.#outbound?.flush();
  }

  /** Asks the neighbour to say everything again (RFC 2918). */
  requestRefresh(): void {
    if (!this.#negotiated?.routeRefresh) return;
    for (const family of this.#negotiated.families) this.#outbound?.sendRefresh(family, RefreshSubtype.request);
  }

  /**
   * Policies changed, and the session goes on. Whether there is something of it: what was heard is to be judged again then, and what was told
   * {@link BgpNeighbour.retell told anew}.
   */
  repolicy(config: NeighbourConfig): boolean {
    const raised = !same(config.limits, this.config.limits);
    this.#change(config);
    if (raised) {
      this.#budget = new Budget(config.limits);
      this.#measure();
      if (this.#ingest) this.#ingest.budget = this.#budget;
      // What was not taken in may have room now.
      this.requestRefresh();
    }
    const route = this.#import ?? this.#absence.route;
    if (!route) return false;
    route.change(this.#importContext(route.context));
    return true;
  }

  retell(): void {
    this.#outbound?.retell(this.#terms, this.#draining);
  }

  /** What it was told is told anew, with GRACEFUL_SHUTDOWN: it is to find other ways (RFC 8326 §4.2). */
  drain(): void {
    this.#draining = true;
    this.retell();
  }

  /** BFD has other intervals, keys or modes: the sessions go on. */
  rewatch(config: NeighbourConfig): void {
    const { bfd } = config;
    if (!bfd) return;
    this.#change({ ...this.config, bfd });
    this.#watch?.reconfigure(bfd);
  }

  // --- How it stands ---------------------------------------------------------------------------------------------------

  /** Something of it is there without a session. */
  get lingers(): boolean {
    return this.#absence.lingers;
  }
  /** The neighbour's claims stay, or wait to be said again, after a restart. */
  get restart(): NeighbourRestart | undefined {
    return this.#absence.restart;
  }
  /** Prefixes that it was told. */
  get told(): number {
    return this.#outbound?.told ?? 0;
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

  #change(config: NeighbourConfig): void {
    this.#terms = new NeighbourTerms(config, this.address, this.node, this.around);
  }

  #importContext(negotiated: Pick<Negotiated, 'peerAs'>): ReturnType<NeighbourTerms['importContext']> {
    return this.#terms.importContext(negotiated, this.#budget.most.communities);
  }

  #openFeed(negotiated: Negotiated, importer: RouteImport): Feed {
    const { network, router } = this.around;
    return network.openFeed({
      source: 'bgp',
      speaker: this.node.index,
      external: negotiated.peerAs !== this.#terms.localAs,
      routerId: u32(negotiated.peerRouterId),
      address: parseAddress(this.address),
      label: `bgp ${this.name}`,
      router: router.name,
      reflectorClient: this.config.routeReflectorClient ?? false,
      graceful: negotiated.gracefulRestart !== undefined,
      cause: { type: 'announced', neighbour: this.name, node: this.node.name },
      importer,
      account: network.sets.openAccount(),
    });
  }

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
          if (independent) this.#absence.end(`BFD is down: ${diagnostic}`);
          else if (this.#absence.grace(this.#negotiated)) {
            this.peer.lose(`BFD is down: ${diagnostic}`);
            return;
          }
          const data = new Uint8Array(0);
          this.peer.fail({ code: ErrorCode.cease, subcode: CeaseSubcode.bfdDown, data, reason: `BFD is down: ${diagnostic}`, hard: true });
        },
      },
    );
  }

  #newEcho(feed: Feed, { lanes }: Outbound, negotiated: Negotiated): VerdictEcho {
    const { clock } = this.around.network.timers;
    const next = this.#terms.nextHops(negotiated, this.peer.localAddress);
    const echo = new VerdictEcho(
      {
        feed: feed.index,
        localAs: this.#terms.localAs,
        external: negotiated.peerAs !== this.#terms.localAs,
        nextHop4: next.ipv4,
        nextHop6: next.ipv6,
        context: negotiated.sendContext,
        lanes,
        send: (bytes) => bytes.length > 0 && this.peer.send(bytes),
        writable: () => this.peer.writable,
      },
      (time, call) => clock.at(clock.now() + time, call),
    );
    echo.note();
    return echo;
  }
}

/**
 * RFC 4486 §4. Maximum Number of Prefixes Reached says which family it was, and the limit: that of all families together. Who says too much is
 * not kept as if it restarted (RFC 8538 §5.1).
 */
function overLimit({ limit, used, most }: LimitReport, family: AddressFamily): SessionError {
  const reason = `the limit of ${most} for ${limit} is reached (${used})`;
  if (limit !== 'prefixes')
    return { code: ErrorCode.cease, subcode: CeaseSubcode.outOfResources, data: new Uint8Array(0), reason, hard: true };
  const data = new Uint8Array(7);
  const view = new DataView(data.buffer);
  const [afi, safi] = familyNumbers(family);
  view.setUint16(0, afi);
  view.setUint8(2, safi);
  view.setUint32(3, Math.min(most, 0xffff_ffff));
  return { code: ErrorCode.cease, subcode: CeaseSubcode.maximumPrefixes, data, reason, hard: true };
}
