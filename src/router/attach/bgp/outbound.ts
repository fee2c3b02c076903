import { RouteExport } from '../../../bgp/export.js';
import type { Negotiated } from '../../../bgp/negotiation.js';
import { Packer } from '../../../bgp/packer.js';
import type { Peer } from '../../../bgp/peer.js';
import { encodeMessage, endOfRib, familyNumbers, RefreshSubtype, type RouteRefresh } from '../../../bgp/wire/index.js';
import type { Cancel } from '../../../lib/clock.js';
import { formatPrefix, type Prefix } from '../../../lib/prefix.js';
import { AdjRibOut } from '../../../rib/adj-rib-out.js';
import type { Rib } from '../../../rib/rib.js';
import type { AddressFamily } from '../../config.js';
import { LocalAnnouncements } from './local-announcements.js';
import type { BgpSurroundings } from './surroundings.js';
import type { NeighbourTerms, Telling } from './terms.js';

/** One family on its way out. */
interface Lane {
  readonly family: AddressFamily;
  readonly adjRibOut: AdjRibOut;
  packer: Packer;
  /** Everything is being told, for the first time or again, and its end is to be marked once the queue is empty (RFC 4724, 7313). */
  saying: 'first' | 'again' | undefined;
  /** It was asked for everything again; any number of requests before that begins are one. */
  refreshDue: boolean;
}

/** Chunks that one flush packs before others get their turn. */
const CHUNKS = 16;
/** Prefixes released in one slice once a neighbour is gone. */
const SLICE = 65_536;

/**
 * What one session is told: the claims that concern it, from an Adj-RIB-Out for each family, and what the router announces by itself. As
 * fast as it reads, and the latest state only.
 *
 * @internal
 */
export class Outbound {
  readonly lanes: readonly Lane[];
  readonly #local = new LocalAnnouncements();
  /** The subnets that it was last told by (see {@link NeighbourTerms.sharedSubnets}). */
  #shared: readonly Prefix[];
  #deferred: Cancel | undefined;
  /** Requests for everything are about to be answered: all of one chunk of input by one answer. */
  #answering: Cancel | undefined;

  /**
   * Nothing is sent before the first {@link Outbound.flush}.
   *
   * @param own - Index of the neighbour's feed: what it says itself it does not hear.
   */
  constructor(
    private readonly peer: Peer,
    private readonly negotiated: Negotiated,
    private readonly own: number,
    private terms: NeighbourTerms,
    private draining: boolean,
    private readonly around: Pick<BgpSurroundings, 'network' | 'host' | 'buffers'>,
  ) {
    const { network } = around;
    this.#shared = terms.sharedSubnets();
    this.lanes = negotiated.families.map((family) => {
      const several = negotiated.addPathSend.includes(family);
      if (several) network.wantEveryPath(1);
      const adjRibOut = new AdjRibOut(family === 'ipv4-unicast' ? network.ribs.ipv4 : network.ribs.ipv6, several);
      if (terms.tellsClaims) adjRibOut.addAll();
      return { family, adjRibOut, packer: this.#packer(adjRibOut), saying: 'first', refreshDue: false };
    });
    this.#tellLocal();
    for (const { adjRibOut } of this.lanes) this.#local.overtaken(adjRibOut);
  }

  /** Prefixes that it was told, by all families. */
  get told(): number {
    return this.lanes.reduce((sum, { adjRibOut }) => sum + adjRibOut.toldCount, 0);
  }

  /** Prefixes changed. */
  announce(rib: Rib, prefixes: Uint32Array, count: number): void {
    if (!this.terms.tellsClaims) return;
    for (const lane of this.lanes) {
      if (lane.adjRibOut.rib !== rib) continue;
      lane.adjRibOut.push(prefixes, count, this.own);
      this.#local.overtaken(lane.adjRibOut, prefixes, count);
      this.flush();
    }
  }

  /** What the router announces by itself, or its subnets, changed. */
  localChanged(): void {
    const shared = (prefixes: readonly Prefix[]): string => prefixes.map(formatPrefix).join();
    if (shared(this.terms.sharedSubnets()) !== shared(this.#shared)) this.retell(this.terms, this.draining);
    else {
      this.#tellLocal();
      this.flush();
    }
  }

  /** Everything is looked at again, to be told as it must be now. */
  retell(terms: NeighbourTerms, draining: boolean): void {
    this.terms = terms;
    this.draining = draining;
    this.#shared = terms.sharedSubnets();
    for (const lane of this.lanes) {
      lane.adjRibOut.addAll();
      lane.packer = this.#packer(lane.adjRibOut);
    }
    this.#tellLocal();
    for (const { adjRibOut } of this.lanes) this.#local.overtaken(adjRibOut);
    this.flush();
  }

  /** It asks for everything of a family (RFC 2918). */
  refresh(family: AddressFamily): void {
    const lane = this.lanes.find((candidate) => candidate.family === family);
    if (!lane) return;
    lane.refreshDue = true;
    this.#answering ??= this.around.host.defer(() => {
      this.#answering = undefined;
      // RFC 7313 §4: no beginning of a refresh before the End-of-RIB; and none within another.
      for (const each of this.lanes) if (each.refreshDue && each.saying === undefined) this.#sayAgain(each);
    });
  }

  /** Asks it for everything of a family, or says where our own answer begins and ends (RFC 7313 §3.2). */
  sendRefresh(family: AddressFamily, subtype: RouteRefresh['subtype']): void {
    const [afi, safi] = familyNumbers(family);
    this.peer.send(encodeMessage({ type: 'route-refresh', afi, safi, family, subtype }, this.negotiated.sendContext));
  }

  /** Sends what waits, as long as the neighbour reads. */
  flush(): void {
    this.#deferred?.();
    this.#deferred = undefined;
    if (this.around.network.deferring) return;
    let chunks = 0;
    this.#sendLocal();
    for (const lane of this.lanes) {
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
      if (lane.packer.waits || lane.adjRibOut.skipped || !this.peer.writable) continue;
      this.#local.caughtUp(lane.family);
      if (!this.#sendLocal()) continue;
      const { saying } = lane;
      lane.saying = undefined;
      if (saying === 'first') this.peer.send(encodeMessage(endOfRib(lane.family), this.negotiated.sendContext));
      else if (saying === 'again' && this.negotiated.enhancedRouteRefresh) this.sendRefresh(lane.family, RefreshSubtype.end);
      if (saying !== undefined && lane.refreshDue) this.#sayAgain(lane);
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

  /** The session is over. */
  close(): void {
    this.#deferred?.();
    this.#deferred = undefined;
    this.#answering?.();
    this.#answering = undefined;
    for (const { adjRibOut } of this.lanes) {
      if (adjRibOut.paths) this.around.network.wantEveryPath(-1);
      this.#release(adjRibOut);
    }
  }

  /** Answers a request for everything, between marks where the neighbour knows them (RFC 7313 §4). */
  #sayAgain(lane: Lane): void {
    lane.refreshDue = false;
    lane.saying = 'again';
    if (this.negotiated.enhancedRouteRefresh) this.sendRefresh(lane.family, RefreshSubtype.begin);
    if (this.terms.tellsClaims) lane.adjRibOut.addAll();
    this.#local.again(lane.family);
    this.#local.overtaken(lane.adjRibOut);
    this.flush();
  }

  get #telling(): Telling {
    return { localAddress: this.peer.localAddress, draining: this.draining };
  }

  #packer(adjRibOut: AdjRibOut): Packer {
    return new Packer(adjRibOut, new RouteExport(this.terms.exportContext(this.negotiated, this.#telling)), {
      maxMessage: this.negotiated.maxMessage,
      own: this.own,
      buffers: this.around.buffers,
    });
  }

  /** What the router announces by itself is due where it is new. */
  #tellLocal(): void {
    this.#local.want(this.terms.localRoutes(this.negotiated, this.#telling), this.lanes);
  }

  #release(adjRibOut: AdjRibOut): void {
    if (!adjRibOut.release(SLICE)) this.around.host.defer(() => this.#release(adjRibOut));
  }
}
