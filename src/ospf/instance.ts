import type { Millis } from '../lib/clock.js';
import { lookup, type Machine } from '../lib/machine.js';
import { Timers } from '../lib/timers.js';
import { Ageing } from './ageing.js';
import { Area } from './area.js';
import { SpfBackoff } from './backoff.js';
import { Border } from './border.js';
import { Database } from './database.js';
import { type Dialect, routerOfVertex, type Self, vertexOfRouter } from './dialect.js';
import type {
  InterfaceEvent,
  NeighbourEvent,
  OspfEffect,
  OspfEvent,
  OspfInterfaceState,
  OspfNeighbourState,
  OspfProblem,
} from './events.js';
import { describeAgain, requestAgain } from './exchange.js';
import { Flooding } from './flooding.js';
import { interfaceTransitions, neighbourTransitions } from './fsm.js';
import { HeardSequences } from './heard-sequences.js';
import { sendHello } from './hello.js';
import { OspfInterface } from './interface.js';
import { StoredLsa } from './lsa.js';
import { ChunkedOctets, type LsaOctets } from './lsa-octets.js';
import type { Meaning } from './meaning.js';
import type { Neighbour } from './neighbour.js';
import { checkNetworkType } from './network-type.js';
import { NextHops } from './next-hops.js';
import type { AreaOptions, InterfaceOptions, OspfOptions } from './options.js';
import { Origination } from './origination.js';
import { receivePacket } from './receive.js';
import { RestartHelper } from './restart-helper.js';
import { RouteTable } from './routes.js';
import { HopSets } from './spf/hop-sets.js';
import { v2 } from './v2.js';
import { v3 } from './v3.js';
import { encodeOctets, encodePacket, type LsaHeader, type OctetsBody, type PacketBody } from './wire/index.js';

/** What a timer is for. @internal */
export type TimerKind =
  | 'hello'
  | 'wait'
  | 'ack'
  | 'inactivity'
  | 'database'
  | 'request'
  | 'retransmit'
  | 'grace'
  | 'ageing'
  | 'own'
  | 'spf'
  | 'routes'
  | 'translation';
/** `kind/neighbour's key/interface`. @internal */
export type TimerName = `${TimerKind}/${string}/${string}`;

/** Rounds in which what a turn brings about may bring about more, before it is a mistake of ours. */
const MOST_ROUNDS = 1000;
/** Between slices of externals, for others to have their turn. */
const PAUSE: Millis = 1;
/** Octets that authentication may add to a packet: the longest digest, and OSPFv3's trailer before it. */
const AUTHENTICATION = 96;

/**
 * A router's OSPF, of one version and address family, as a machine: packets and timers in, packets and changed routes out.
 *
 * @internal
 */
export class OspfInstance implements Machine<OspfEvent, OspfEffect> {
  readonly dialect: Dialect;
  readonly areas = new Map<number, Area>();
  readonly interfaces = new Map<string, OspfInterface>();
  /** LSAs of the whole AS. */
  readonly database = new Database('as', undefined);
  readonly timers = new Timers<TimerName>();
  readonly hopSets = new HopSets();
  readonly nextHops = new NextHops(this);
  readonly flooding = new Flooding(this);
  readonly ageing = new Ageing(this);
  readonly origination = new Origination(this);
  readonly routes: RouteTable;
  readonly border = new Border(this);
  readonly helper = new RestartHelper(this);
  readonly heardSequences = new HeardSequences();
  now: Millis = 0;
  readonly #backoff: SpfBackoff;
  #effects: OspfEffect[] = [];
  #after: (() => void)[] = [];
  #stubRouter: boolean;
  #stopped = false;
  #sequence = 0n;
  /** Whoever hears of routes knows that more are to come. */
  #more = false;

  constructor(
    readonly options: OspfOptions,
    /** What the LSAs of others are kept in, and ours too where it is shared. */
    private readonly octets: LsaOctets = new ChunkedOctets(),
  ) {
    this.dialect = options.version === 2 ? v2 : v3(options.family);
    this.routes = new RouteTable(this);
    this.#backoff = new SpfBackoff(options.spf);
    this.#stubRouter = options.stubRouter;
    for (const area of options.areas) this.#addArea(area);
  }

  get deadline(): Millis | undefined {
    return this.timers.next();
  }

  handle(event: OspfEvent, now: Millis): readonly OspfEffect[] {
    this.#begin(now);
    this.#handle(event);
    return this.#finish();
  }

  tick(now: Millis): readonly OspfEffect[] {
    this.#begin(now);
    for (let timer = this.timers.expire(now); timer !== undefined; timer = this.timers.expire(now)) this.#expire(timer);
    return this.#finish();
  }

  #begin(now: Millis): void {
    this.now = now;
    this.#effects = [];
    this.routes.begin();
  }

  #handle(event: OspfEvent): void {
    switch (event.type) {
      case 'packet':
        receivePacket(this, event);
        break;
      case 'interfaceAdded':
        this.#addInterface(event.options);
        break;
      case 'interfaceRemoved':
        this.#removeInterface(event.interface);
        break;
      case 'interfaceUp':
      case 'interfaceDown': {
        const one = this.interfaces.get(event.interface);
        if (one) this.interfaceEvent(one, { type: event.type });
        break;
      }
      case 'interfaceRekeyed': {
        const one = this.interfaces.get(event.interface);
        if (one) one.authentication = event.authentication;
        break;
      }
      case 'neighbourSilent':
        // One that restarts gracefully is silent as a matter of course.
        for (const neighbour of [...(this.interfaces.get(event.interface)?.neighbours.values() ?? [])])
          if (neighbour.routerId === event.routerId && (neighbour.graceUntil === undefined || event.independent))
            this.neighbourEvent(neighbour, { type: 'killNbr', reason: 'bfd-down' });
        break;
      case 'externals':
        this.border.tell(event.changes);
        break;
      case 'stubRouter':
        this.#stubRouter = event.on;
        this.originateAll();
        break;
      case 'stop':
        this.#stop();
    }
  }

  #expire(name: TimerName): void {
    const [kind, key, ...rest] = name.split('/');
    const one = this.interfaces.get(rest.join('/'));
    switch (kind as TimerKind) {
      case 'ageing':
        this.ageing.due(this.now);
        return;
      case 'own':
        this.origination.due();
        return;
      case 'spf':
        this.#calculate();
        return;
      case 'routes':
        // That a turn begins is all.
        return;
      case 'translation':
        this.border.update([]);
        return;
    }
    if (!one) return;
    switch (kind as TimerKind) {
      case 'hello':
        sendHello(this, one);
        this.timers.start(name, this.now + one.options.helloInterval);
        return;
      case 'wait':
        this.interfaceEvent(one, { type: 'waitTimer' });
        return;
      case 'ack':
        this.flooding.flushAcks(one);
        return;
    }
    const neighbour = one.neighbours.get(Number(key));
    if (!neighbour) return;
    switch (kind as TimerKind) {
      case 'inactivity':
        this.neighbourEvent(neighbour, { type: 'inactivityTimer' });
        return;
      case 'database':
        describeAgain(this, neighbour);
        return;
      case 'request':
        requestAgain(this, neighbour);
        return;
      case 'retransmit':
        this.flooding.retransmit(neighbour);
        return;
      case 'grace':
        this.helper.end(neighbour, 'expired');
    }
  }

  /** What a turn brings about, to its end. */
  #finish(): readonly OspfEffect[] {
    for (let round = 0; ; round++) {
      if (round > MOST_ROUNDS) throw new Error('an OSPF turn does not come to its end');
      const after = this.#after;
      this.#after = [];
      for (const call of after) call();
      this.origination.settle();
      if (this.routes.isDirty) this.#recalculate();
      this.flooding.reap();
      if (this.#after.length > 0) continue;
      for (const one of this.interfaces.values()) this.flooding.flush(one);
      this.flooding.reap();
      if (this.#after.length === 0) break;
    }
    const more = this.routes.isSweeping && !this.#stopped;
    if (more && !this.timers.running('routes/0/')) this.timers.start('routes/0/', this.now + PAUSE);
    const news = this.routes.takeNews();
    if (news.length > 0 || this.#more !== more) {
      this.#effects.push({ type: 'routesChanged', routes: news, more });
      this.#more = more;
    }
    return this.#effects;
  }

  /** Has something done once the present action is over. */
  afterTurn(call: () => void): void {
    this.#after.push(call);
  }

  // --- Areas and interfaces --------------------------------------------------------------------------------------------

  #addArea(options: AreaOptions): Area {
    const area = new Area(options, this.hopSets, (own) => this.nextHops.firstIn(own));
    this.areas.set(options.id, area);
    this.border.ranges.add(area);
    this.border.translation.ranges.add(area);
    return area;
  }

  #addInterface(options: InterfaceOptions): void {
    this.#removeInterface(options.name);
    const area = this.areas.get(options.area);
    if (!area) throw new Error(`no area ${options.area}`);
    const one = new OspfInterface(options, area);
    this.interfaces.set(options.name, one);
    area.interfaces.add(one);
  }

  #removeInterface(name: string): void {
    const one = this.interfaces.get(name);
    if (!one) return;
    this.interfaceEvent(one, { type: 'interfaceDown' });
    for (const call of this.#after.splice(0)) call();
    this.interfaces.delete(name);
    one.area.interfaces.delete(one);
    this.flooding.clear(one.database);
    this.origination.forget(one.database);
  }

  interfaceEvent(one: OspfInterface, event: InterfaceEvent): void {
    const from = one.state;
    const action = lookup(interfaceTransitions, from, event);
    if (!action) return;
    const to: OspfInterfaceState = action({ o: this, one }, event, this.now);
    if (from === to) return;
    one.state = to;
    this.#effects.push({ type: 'interfaceChanged', interface: one.options.name, from, to });
    this.originateArea(one.area);
    this.origination.touchLink(one);
    // Which areas we are in decides what kind of router we are.
    if (from === 'down' || to === 'down') this.afterTurn(() => this.border.update([]));
  }

  /** Neighbours that fell silent, for whoever takes note: all of those of a turn are here before the first effect tells of one. */
  readonly silenced: Neighbour[] = [];

  /** Neighbours that LSAs are flooded to. */
  readonly exchanging = new Set<Neighbour>();

  *neighbours(): IterableIterator<Neighbour> {
    for (const one of this.interfaces.values()) yield* one.neighbours.values();
  }

  neighbourEvent(neighbour: Neighbour, event: NeighbourEvent): void {
    const from = neighbour.state;
    const action = lookup(neighbourTransitions, from, event);
    if (!action) return;
    const to: OspfNeighbourState = action({ o: this, neighbour }, event, this.now);
    if (from === to && event.type !== 'seqNumberMismatch' && event.type !== 'badLsReq') return;
    neighbour.state = to;
    if (neighbour.isExchanging) this.exchanging.add(neighbour);
    else this.exchanging.delete(neighbour);
    const { interface: one, routerId, address } = neighbour;
    const fell = event.type !== 'helloReceived' && STATES.indexOf(to) <= STATES.indexOf(from);
    this.#effects.push({
      type: 'neighbourChanged',
      interface: one.options.name,
      routerId,
      address,
      from,
      to,
      reason: fell ? neighbour.reason : undefined,
    });
    if (to === 'down' && (neighbour.reason === 'inactivity' || neighbour.reason === 'bfd-down')) this.silenced.push(neighbour);
    if (to === 'full') {
      one.told.delete(address.join());
      this.helper.returned(neighbour);
      this.afterTurn(() => checkNetworkType(this, neighbour));
    }
    if ((from === 'full') !== (to === 'full')) {
      this.originateArea(one.area);
      this.origination.touchLink(one);
    }
    if (to === 'down' && neighbour.graceUntil === undefined) {
      this.removeNeighbour(neighbour);
      this.originateArea(one.area);
    }
    const wasTwoWay = STATES.indexOf(from) >= TWO_WAY;
    const isTwoWay = STATES.indexOf(to) >= TWO_WAY;
    if (wasTwoWay !== isTwoWay && neighbour.graceUntil === undefined)
      this.afterTurn(() => this.interfaceEvent(one, { type: 'neighbourChange' }));
  }

  /** It is none any more. */
  removeNeighbour(neighbour: Neighbour): void {
    const { interface: one, routerId, address } = neighbour;
    this.flooding.left(neighbour);
    one.neighbours.delete(this.dialect.neighbourKey(one.options, routerId, address));
    this.heardSequences.forget(one, routerId);
  }

  /** What an exchange left, when it ends or begins anew. */
  forgetExchange(neighbour: Neighbour): void {
    this.flooding.release(neighbour);
    neighbour.requests.clear();
    neighbour.summary = [];
    neighbour.lastReceived = undefined;
    neighbour.lastSent = undefined;
    this.timers.stop(this.timerOf('database', neighbour), this.timerOf('request', neighbour), this.timerOf('retransmit', neighbour));
  }

  timerOf(kind: TimerKind, { interface: one, routerId, address, timers }: Neighbour): TimerName {
    let name = timers.get(kind);
    if (name === undefined) {
      name = `${kind}/${this.dialect.neighbourKey(one.options, routerId, address)}/${one.options.name}`;
      timers.set(kind, name);
    }
    return name;
  }

  /** The databases that a neighbour on an interface shares with us. */
  databasesFor(one: OspfInterface): Database[] {
    const own = [one.area.database, one.database];
    return one.area.options.type === 'normal' ? [...own, this.database] : own;
  }

  // --- Packets ---------------------------------------------------------------------------------------------------------

  /** Octets of a packet's body that go into one IP packet. */
  roomOf({ options, authentication }: OspfInterface): number {
    return options.mtu - this.dialect.overhead - (authentication.type === 'cryptographic' ? AUTHENTICATION : 0);
  }

  sendTo({ interface: one, address }: Neighbour, body: PacketBody | OctetsBody): void {
    // RFC 2328 §8.1: on point-to-point links to all there are, which is one.
    this.send(one, one.options.type === 'point-to-point' ? this.dialect.allRouters : address, body);
  }

  send(one: OspfInterface, destination: Uint8Array, body: PacketBody | OctetsBody): void {
    const { options, authentication } = one;
    one.counters.sent++;
    const { version } = this.dialect;
    const head = { version, routerId: this.options.routerId, area: options.area, instance: options.instance };
    const context = { authentication, source: options.address, destination, now: this.now };
    const sequence = authentication.type === 'cryptographic' ? this.#nextSequence(authentication.extended === true) : 0n;
    const bytes =
      'octets' in body ? encodeOctets({ ...head, body }, context, sequence) : encodePacket({ ...head, body }, context, sequence);
    this.#effects.push({ type: 'send', interface: options.name, destination, bytes });
  }

  /** RFC 2328 D.3: never decreasing, also over a restart; RFC 7474 and 7166 want it to grow with each. */
  #nextSequence(extended: boolean): bigint {
    const time = BigInt(Math.floor(this.now));
    this.#sequence = this.#sequence >= time ? this.#sequence + 1n : time;
    return extended || this.dialect.version === 3 ? this.#sequence : this.#sequence / 1000n;
  }

  /** Takes note of what is wrong with a sender, and tells it once while it lasts. */
  problem(one: OspfInterface, problem: OspfProblem, source: Uint8Array, routerId: number, detail: string): void {
    const { problems } = one.counters;
    problems.set(problem, (problems.get(problem) ?? 0) + 1);
    const sender = source.join();
    let told = one.told.get(sender);
    if (!told) {
      if (one.told.size >= MOST_TOLD) one.told.clear();
      told = new Set();
      one.told.set(sender, told);
    }
    if (told.has(problem)) return;
    told.add(problem);
    this.#effects.push({ type: 'problem', interface: one.options.name, problem, source: source.slice(), routerId, detail });
  }

  // --- What kind of router we are --------------------------------------------------------------------------------------

  /** Whether we are in several areas, the backbone among them (RFC 3509 §2). */
  get isBorderNow(): boolean {
    let active = 0;
    let backbone = false;
    for (const area of this.areas.values()) {
      if (![...area.interfaces].some(({ isUp }) => isUp)) continue;
      active++;
      backbone ||= area.isBackbone;
    }
    return active > 1 && backbone;
  }

  get self(): Self {
    return {
      routerId: this.options.routerId,
      isBorder: this.isBorderNow,
      isBoundary: this.border.isBoundary,
      stubRouter: this.#stubRouter,
      cost: (one) => one.options.cost,
    };
  }

  originateArea(area: Area): void {
    this.origination.touch(area);
  }
  originateAll(): void {
    for (const area of this.areas.values()) this.origination.touch(area);
  }

  #stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.origination.flush();
    // What is taken back leaves before the links go.
    for (const one of this.interfaces.values()) this.flooding.flush(one);
    for (const one of [...this.interfaces.values()]) this.interfaceEvent(one, { type: 'interfaceDown' });
    this.#after = [];
    this.timers.stopAll();
  }

  // --- LSAs and routes -------------------------------------------------------------------------------------------------

  /** An LSA that came now, or that we say, to be put into a database: its octets, which stand among others from `at` on, are copied. */
  keep(header: LsaHeader, bytes: Uint8Array, at = 0): StoredLsa {
    const { octets } = this;
    octets.keep(header, bytes, at);
    return new StoredLsa(header, this.now, octets.chunk, octets.at);
  }

  /** What an LSA means; undefined where it cannot be read or says nothing that counts here. */
  meaningOf(lsa: StoredLsa): Meaning | undefined {
    const known = lsa.meaning === undefined ? this.octets.meaningOf(lsa) : lsa.meaning;
    if (known !== undefined) return known ?? undefined;
    const body = lsa.body(this.dialect.context);
    const meaning = body && this.dialect.meaning(lsa, body);
    // Of externals there are many, and each is asked once as a rule.
    if (!meaning || meaning.vertex || meaning.boundary || meaning.router) lsa.meaning = meaning ?? null;
    this.octets.learn(lsa, meaning ?? null);
    return meaning;
  }

  /** An LSA came, changed, or ended: it and the one before may be the same when it ended. */
  changed(place: Database, before: StoredLsa | undefined, lsa: StoredLsa): void {
    this.#interpret(place, before, lsa, true);
    this.helper.changed(place, lsa);
    // What a designated router says of its link is drawn from what the others say there.
    if (place.interface) {
      if (!lsa.ended || before) this.helper.heard(place.interface, lsa);
      if (place.interface.state === 'dr') this.originateArea(place.interface.area);
    }
  }

  /** An LSA was renewed and says the same. */
  renewed(place: Database, before: StoredLsa, lsa: StoredLsa): void {
    this.#interpret(place, before, lsa, false);
  }

  /** Another neighbour sent the same instance. */
  confirmed(lsa: StoredLsa): void {
    this.routes.confirmed(lsa);
  }

  #interpret({ area }: Database, before: StoredLsa | undefined, lsa: StoredLsa, news: boolean): void {
    if (this.dialect.isExternal(lsa.lsType)) {
      this.routes.external(area, before, lsa);
      return;
    }
    const was = before && this.meaningOf(before);
    const is = lsa.ended ? undefined : this.meaningOf(lsa);
    const vertex = is?.vertex ?? was?.vertex;
    if (area && vertex) {
      const stale = area.stale;
      const noted = area.graph.changes;
      area.speak(vertex.key, vertex.kind, lsa, is?.vertex?.links);
      area.stale = stale || news;
      if (news) {
        // What kind of router it is counts at once; where it is, when the shortest paths are known.
        if (!sameRole(was?.router, is?.router)) this.routes.moved(area, [vertex.key]);
        const own = vertex.key === vertexOfRouter(this.options.routerId) || lsa.advertisingRouter === this.options.routerId;
        if (own) area.paths.invalidate();
        for (const neighbour of this.exchanging) if (neighbour.routerId === lsa.advertisingRouter) checkNetworkType(this, neighbour);
        // Other prefixes at a router, or a link that its other end does not list, move no path.
        if (own || area.graph.changes > noted || area.isUntidy) this.#schedule();
      }
    }
    if (was !== undefined || is !== undefined) this.routes.advertise(area, lsa, was?.prefixes ?? [], is?.prefixes ?? []);
    const boundary = is?.boundary ?? was?.boundary;
    if (area && boundary) this.routes.boundary(area, lsa, boundary.router, is?.boundary);
  }

  #schedule(): void {
    const wait = this.#backoff.event(this.now);
    if (!this.timers.running('spf/0/')) this.timers.start('spf/0/', this.now + wait);
  }

  #calculate(): void {
    for (const area of this.areas.values()) {
      if (!area.stale) continue;
      const moved = area.calculate(vertexOfRouter(this.options.routerId));
      this.routes.moved(area, moved);
    }
  }

  #recalculate(): void {
    this.border.update(this.routes.calculate());
  }

  /** Whether a router says that it is a border router, or a boundary router. */
  isBorder(area: Area, router: number): boolean {
    return this.#says(area, router, 'areaBorder');
  }
  isBoundary(area: Area, router: number): boolean {
    return this.#says(area, router, 'asBoundary');
  }
  #says(area: Area, router: number, bit: 'areaBorder' | 'asBoundary'): boolean {
    for (const lsa of area.speakers(vertexOfRouter(router))) if (this.meaningOf(lsa)?.router?.[bit]) return true;
    return false;
  }

  /** Boundary routers that can be reached inside some area, or that border routers speak of. */
  boundaryRouters(): Set<number> {
    const routers = new Set<number>(this.routes.boundariesSpokenOf());
    for (const area of this.areas.values()) {
      if (area.options.type !== 'normal') continue;
      for (const key of area.keys) {
        const router = key === undefined ? undefined : routerOfVertex(key);
        if (router !== undefined && this.isBoundary(area, router)) routers.add(router);
      }
    }
    routers.delete(this.options.routerId);
    return routers;
  }
}

function sameRole(x: Meaning['router'], y: Meaning['router']): boolean {
  return x?.areaBorder === y?.areaBorder && x?.asBoundary === y?.asBoundary && x?.nssaTranslator === y?.nssaTranslator;
}

/** In their order (RFC 2328 §10.1). */
const STATES: readonly OspfNeighbourState[] = ['down', 'init', '2-way', 'ex-start', 'exchange', 'loading', 'full'];
const TWO_WAY = STATES.indexOf('2-way');
/** Senders whose problems are remembered for one interface. */
const MOST_TOLD = 256;
