import { Acknowledgments } from './acknowledgments.js';
import type { Database } from './database.js';
import { Departed } from './departed.js';
import { loadOn } from './exchange.js';
import type { OspfInstance } from './instance.js';
import type { OspfInterface } from './interface.js';
import { compareInstances, lsaKey, type Origin, type StoredLsa } from './lsa.js';
import type { Neighbour } from './neighbour.js';
import {
  Constant,
  checksumValidAt,
  type LinkStateUpdate,
  LSA_HEADER,
  type Lsa,
  type LsaKey,
  type LsaRun,
  type LsaView,
  lsTypeFacts,
  type OctetsBody,
} from './wire/index.js';

/** Acknowledgments wait so long for others to go with them; less than any RxmtInterval (RFC 2328 §13.5). */
const ACK_DELAY = 1000;
/** Octets of an update before its LSAs. */
const UPDATE = 4;

/** LSAs in and out: RFC 2328 §13, step by step. @internal */
export class Flooding {
  /** LSAs that have ended and are kept until all have heard of it (§14). */
  readonly #ended = new Map<StoredLsa, Database>();

  /** The neighbour whose LSAs were counted last. */
  #counted: Neighbour | undefined;
  /** What the update at hand has may be what we sent ourselves (§13.3 step 5). */
  #mayBeOurs = false;
  /** To be acknowledged at the end of an update. */
  readonly #direct = new Acknowledgments();

  constructor(private readonly o: OspfInstance) {}

  // --- In --------------------------------------------------------------------------------------------------------------

  /** Where LSAs of a type that come by an interface are kept; undefined where they must not be (§13 steps 2 and 3). */
  placeOf(one: OspfInterface, { lsType, id }: LsaKey): Database | undefined {
    const { dialect } = this.o;
    const { scope, known, floodUnknown } = lsTypeFacts(dialect.version, lsType, id);
    const { type } = one.area.options;
    if (lsType === dialect.types.nssa && type !== 'nssa') return undefined;
    if (scope === 'reserved') return undefined;
    // RFC 5340 §4.5.1: without the U bit, what is not known goes no further than its link.
    if (!known && !floodUnknown && dialect.version === 3) return one.database;
    // §13 step 3, RFC 5340 §4.5.1, RFC 5250 §3: none of AS scope enters a stub area or an NSSA.
    if (scope === 'as') return type === 'normal' ? this.o.database : undefined;
    return scope === 'area' ? one.area.database : one.database;
  }

  /** `toAll`: it was sent to all routers on the link. */
  receiveUpdate(neighbour: Neighbour, run: LsaRun, toAll: boolean): void {
    if (!neighbour.isExchanging) return;
    this.#mayBeOurs = toAll && floodsBack(neighbour);
    while (run.next()) {
      neighbour.interface.counters.lsasReceived++;
      this.#receive(neighbour, run.lsa);
      // What it was wrong about may have ended the exchange.
      if (!neighbour.isExchanging) break;
    }
    this.#acknowledge(neighbour);
    loadOn(this.o, neighbour);
  }

  #receive(neighbour: Neighbour, lsa: LsaView): void {
    const { o } = this;
    const { interface: one } = neighbour;
    // Step 1.
    if (!checksumValidAt(lsa.octets, lsa.at, lsa.length)) {
      o.problem(one, 'lsa-checksum', neighbour.address, neighbour.routerId, `an LSA ${lsaKey(lsa)} has a wrong checksum`);
      return;
    }
    const place = this.placeOf(one, lsa);
    if (!place) return;
    const { lsType, id, advertisingRouter } = lsa;
    const known = place.find(lsType, id, advertisingRouter);
    // Step 4: of the end of what we do not have, nobody need hear.
    if (lsa.age >= Constant.maxAge && !known && !this.#isExchangingAnywhere()) {
      this.#acknowledgeNow(one, lsa);
      neighbour.requests.delete(lsType, id, advertisingRouter);
      return;
    }
    const order = known ? compareInstances(lsa, lsa.age, known, known.age(o.now)) : 1;
    if (order > 0) {
      this.#newer(neighbour, place, known, lsa);
      return;
    }
    // Step 6.
    if (neighbour.requests.has(lsType, id, advertisingRouter)) {
      o.neighbourEvent(neighbour, { type: 'badLsReq' });
      return;
    }
    if (!known) return;
    if (order === 0) {
      // Step 7. That it sends the very instance says that it has it; but from whom, where it floods back what it is sent?
      if (!this.#mayBeOurs) this.#confirm(known, neighbour);
      if (this.#acknowledged(neighbour, known)) {
        if (one.state === 'backup' && neighbour.drId === one.designatedRouter) this.#delay(one, lsa);
      } else this.#acknowledgeNow(one, lsa);
      return;
    }
    // Step 8.
    if (known.ended && known.sequence === Constant.maxSequence) return;
    if (known.answered !== undefined && o.now - known.answered < Constant.minLsArrival * 1000) return;
    known.answered = o.now;
    this.sendDirect(neighbour, [known]);
  }

  /** Step 5. */
  #newer(neighbour: Neighbour, place: Database, known: StoredLsa | undefined, view: LsaView): void {
    const { o } = this;
    const { interface: one } = neighbour;
    // (a) What is flooded again too soon is not even acknowledged.
    if (known && known.heardFrom.length > 0 && !known.requested && o.now - known.installed < Constant.minLsArrival * 1000) return;
    if (!known && this.isOverLimit(neighbour)) {
      // Refused, and acknowledged all the same, or it would come again for ever.
      o.problem(one, 'lsa-limit', neighbour.address, neighbour.routerId, `${o.options.lsaLimit} LSAs of it are kept already`);
      neighbour.requests.delete(view.lsType, view.id, view.advertisingRouter);
      this.#acknowledgeNow(one, view);
      return;
    }
    const lsa = o.keep(view, view.octets, view.at);
    lsa.requested = neighbour.requests.delete(view.lsType, view.id, view.advertisingRouter);
    this.#confirm(lsa, neighbour);
    const own = o.dialect.isOwn(lsa, o.options.routerId, o.interfaces.values());
    // (b) to (d).
    const back = this.#flood(lsa, place, neighbour);
    this.#install(place, known, lsa);
    // (e) §13.5, table 19.
    if (!back) {
      if (one.state !== 'backup' || neighbour.drId === one.designatedRouter) this.#delay(one, view);
    }
    // (f)
    if (own) o.origination.receivedOwn(place, lsa);
  }

  /** Takes note that a neighbour itself sent this instance. */
  #confirm(lsa: StoredLsa, { interface: one, routerId, origin }: Neighbour): void {
    if (lsa.heardFrom.length === 0) {
      lsa.heardFrom = origin;
      return;
    }
    const { name } = one.options;
    if (lsa.heardFrom.some((from) => from.routerId === routerId && from.interface === name)) return;
    lsa.heardFrom = [...lsa.heardFrom, ...origin];
    this.o.confirmed(lsa);
  }

  /** Whether the neighbour gave us as many LSAs as one may. */
  isOverLimit(neighbour: Neighbour): boolean {
    const { lsas, departed } = neighbour;
    return lsas + (departed === undefined ? 0 : departed.total) >= this.o.options.lsaLimit;
  }

  /** What neighbours that are none any more gave us, by interface. */
  readonly #departed = new Map<string, Departed>();

  #departedFrom(name: string): Departed {
    let departed = this.#departed.get(name);
    if (!departed) {
      departed = new Departed();
      this.#departed.set(name, departed);
    }
    return departed;
  }
  /** A neighbour is there from now on, or again. */
  came(neighbour: Neighbour): void {
    const { options } = neighbour.interface;
    const departed = this.#departedFrom(options.name);
    departed.came(neighbour);
    if (options.type === 'point-to-point') neighbour.departed = departed;
  }
  left(neighbour: Neighbour): void {
    this.#departedFrom(neighbour.interface.options.name).left(neighbour);
  }

  // --- The database ----------------------------------------------------------------------------------------------------

  /** Puts an instance in the place of the one before, and has the routes take note (§13.2). */
  install(place: Database, lsa: StoredLsa): void {
    this.#install(place, place.get(lsa), lsa);
  }
  #install(place: Database, before: StoredLsa | undefined, lsa: StoredLsa): void {
    const { o } = this;
    if (before) {
      this.#forget(before, place);
      this.#count(before, -1);
      place.set(lsa);
    } else place.append(lsa);
    this.#count(lsa, 1);
    if (lsa.age(o.now) >= Constant.maxAge) {
      lsa.end();
      this.#ended.set(lsa, place);
    } else o.ageing.watch(place, lsa);
    if (before && !before.ended && !lsa.ended && lsa.saysAs(before)) {
      o.renewed(place, before, lsa);
      return;
    }
    o.changed(place, before, lsa);
  }

  /** An LSA's age is MaxAge: it is flooded once more, and forgotten when all have acknowledged it (§14, §14.1). */
  end(place: Database, lsa: StoredLsa): void {
    if (lsa.ended || !place.has(lsa)) return;
    lsa.end();
    this.o.ageing.forget(lsa);
    this.#ended.set(lsa, place);
    this.#flood(lsa, place, undefined);
    this.o.changed(place, lsa, lsa);
  }

  /** Forgets what has ended and nobody waits for. */
  reap(): void {
    if (this.#ended.size === 0 || this.#isExchangingAnywhere()) return;
    for (const [lsa, place] of this.#ended) {
      if (lsa.retransmissions > 0 || this.#isLeaving(lsa)) continue;
      this.#ended.delete(lsa);
      if (!place.has(lsa)) continue;
      place.delete(lsa);
      this.#count(lsa, -1);
      this.o.origination.ended(place, lsa);
    }
  }

  #isLeaving(lsa: StoredLsa): boolean {
    for (const one of this.o.interfaces.values()) if (one.outgoing.has(lsa)) return true;
    return false;
  }

  /** §14: while somebody exchanges databases, what has ended stays. */
  #isExchangingAnywhere(): boolean {
    for (const { state } of this.o.exchanging) if (state !== 'full') return true;
    return false;
  }

  #forget(lsa: StoredLsa, place: Database): void {
    this.o.ageing.forget(lsa);
    this.#ended.delete(lsa);
    if (lsa.retransmissions === 0) return;
    for (const one of this.#interfacesOf(place))
      for (const neighbour of one.neighbours.values()) if (neighbour.retransmit.get(lsa) === lsa) this.#drop(neighbour, lsa);
  }

  /** A database of a link or an area that is no more. */
  clear(place: Database): void {
    for (const lsa of [...place.all()]) {
      this.#forget(lsa, place);
      this.#count(lsa, -1);
      lsa.end();
      this.o.changed(place, lsa, lsa);
      place.delete(lsa);
    }
  }

  #count({ heardFrom }: StoredLsa, by: number): void {
    const known = this.#counted;
    if (known && known.origin === heardFrom && known.state !== 'down') {
      known.lsas = Math.max(0, known.lsas + by);
      return;
    }
    const [first] = heardFrom;
    if (first) this.#countOther(first, by);
  }

  #countOther(first: Origin, by: number): void {
    let isThere = false;
    for (const neighbour of this.o.interfaces.get(first.interface)?.neighbours.values() ?? [])
      if (neighbour.routerId === first.routerId) {
        neighbour.lsas = Math.max(0, neighbour.lsas + by);
        this.#counted = neighbour;
        isThere = true;
      }
    if (!isThere) this.#departedFrom(first.interface).count(first.routerId, by);
  }

  // --- Out -------------------------------------------------------------------------------------------------------------

  /** Floods an LSA of ours. */
  originate(place: Database, lsa: StoredLsa): void {
    this.#flood(lsa, place, undefined);
    this.install(place, lsa);
  }

  #interfacesOf(place: Database): Iterable<OspfInterface> {
    if (place.interface) return [place.interface];
    return place.area ? place.area.interfaces : this.o.interfaces.values();
  }
  /** Whether LSAs of the whole AS go no further than here. */
  #keepsOut(place: Database, { area }: OspfInterface): boolean {
    return place.scope === 'as' && area.options.type !== 'normal';
  }

  /** §13.3. Whether it went out by the interface that it came in by. */
  #flood(lsa: StoredLsa, place: Database, from: Neighbour | undefined): boolean {
    const { o } = this;
    // Nearly always whoever sent it is the only one there is.
    if (o.exchanging.size === (from && o.exchanging.has(from) ? 1 : 0)) return false;
    let back = false;
    for (const one of this.#interfacesOf(place)) {
      if (this.#keepsOut(place, one)) continue;
      let waiting = false;
      for (const neighbour of one.neighbours.values()) {
        // (1), and (c): of the one that sent it nothing is asked any more, whatever it was that was asked for.
        if (!neighbour.isExchanging || neighbour === from) continue;
        if (neighbour.state !== 'full') {
          const wanted = neighbour.requests.get(lsa);
          if (wanted) {
            const order = compareInstances(lsa, lsa.age(o.now), wanted, wanted.age);
            if (order < 0) continue;
            neighbour.requests.delete(lsa.lsType, lsa.id, lsa.advertisingRouter);
            o.afterTurn(() => loadOn(o, neighbour));
            if (order === 0) continue;
          }
        }
        if (!o.dialect.takes(neighbour, lsa.lsType)) continue;
        this.await(neighbour, lsa);
        waiting = true;
      }
      // (2) to (4)
      if (!waiting) continue;
      if (from && one === from.interface) {
        if (from.drId === one.designatedRouter || from.drId === one.backupDesignatedRouter) {
          if (one.elects) continue;
        }
        if (one.state === 'backup') continue;
        back = true;
      }
      // (5)
      one.outgoing.set(lsa, lsa);
    }
    return back;
  }

  /** From now on the neighbour's acknowledgment is waited for. */
  await(neighbour: Neighbour, lsa: StoredLsa): void {
    const { o } = this;
    const before = neighbour.retransmit.get(lsa);
    if (before === lsa) return;
    if (before) before.retransmissions--;
    neighbour.retransmit.set(lsa, lsa);
    lsa.retransmissions++;
    const timer = o.timerOf('retransmit', neighbour);
    if (!o.timers.running(timer)) o.timers.start(timer, o.now + neighbour.interface.options.rxmtInterval);
    if (neighbour.retransmit.size > o.options.retransmitLimit) o.afterTurn(() => this.#overRetransmitLimit(neighbour));
  }

  #overRetransmitLimit(neighbour: Neighbour): void {
    if (neighbour.retransmit.size <= this.o.options.retransmitLimit) return; // it began anew for another LSA already
    const { problems } = neighbour.interface.counters;
    problems.set('retransmit-limit', (problems.get('retransmit-limit') ?? 0) + 1);
    this.o.neighbourEvent(neighbour, { type: 'seqNumberMismatch', reason: 'retransmit-limit' });
  }

  #drop(neighbour: Neighbour, lsa: StoredLsa): void {
    if (neighbour.retransmit.get(lsa) !== lsa) return;
    neighbour.retransmit.delete(lsa);
    lsa.retransmissions--;
    if (neighbour.retransmit.size === 0) this.o.timers.stop(this.o.timerOf('retransmit', neighbour));
  }

  /** Whether the neighbour's acknowledgment was waited for. */
  #acknowledged(neighbour: Neighbour, lsa: StoredLsa): boolean {
    const waited = neighbour.retransmit.get(lsa) === lsa;
    if (waited) this.#drop(neighbour, lsa);
    return waited;
  }

  /** Nothing is waited for any more: its adjacency ended. */
  release(neighbour: Neighbour): void {
    for (const lsa of [...neighbour.retransmit.values()]) this.#drop(neighbour, lsa);
  }

  /** RxmtInterval passed: a packet of what is not acknowledged goes to the neighbour alone (§13.6). */
  retransmit(neighbour: Neighbour): void {
    const { o } = this;
    if (!neighbour.isExchanging || neighbour.retransmit.size === 0) return;
    const room = o.roomOf(neighbour.interface) - UPDATE;
    const again: StoredLsa[] = [];
    let octets = 0;
    for (const lsa of neighbour.retransmit.values()) {
      if (again.length > 0 && octets + lsa.length > room) break;
      octets += lsa.length;
      again.push(lsa);
    }
    // What is left goes when this is acknowledged, or next time: the sent ones move to the end.
    for (const lsa of again) {
      neighbour.retransmit.delete(lsa);
      neighbour.retransmit.set(lsa, lsa);
    }
    neighbour.interface.counters.retransmissions += again.length;
    this.sendDirect(neighbour, again);
    o.timers.start(o.timerOf('retransmit', neighbour), o.now + neighbour.interface.options.rxmtInterval);
  }

  sendDirect(neighbour: Neighbour, lsas: Iterable<StoredLsa>): void {
    this.#pack(neighbour.interface, lsas, (update) => this.o.sendTo(neighbour, update));
  }

  /** What leaves at the end of a turn, in as few packets as it fits in. */
  flush(one: OspfInterface): void {
    if (one.outgoing.size === 0) return;
    const lsas = [...one.outgoing.values()];
    one.outgoing.clear();
    this.#pack(one, lsas, (update) => this.#send(one, update));
  }

  #pack(one: OspfInterface, lsas: Iterable<StoredLsa>, send: (update: LinkStateUpdate) => void): void {
    const { o } = this;
    const room = o.roomOf(one) - UPDATE;
    let part: Lsa[] = [];
    let octets = 0;
    for (const lsa of lsas) {
      if (part.length > 0 && octets + lsa.length > room) {
        send({ type: 'link-state-update', lsas: part });
        part = [];
        octets = 0;
      }
      octets += lsa.length;
      part.push(lsa.sentAt(o.now, one.options.transmitDelay));
      one.counters.lsasSent++;
    }
    if (part.length > 0) send({ type: 'link-state-update', lsas: part });
  }

  /** To all that an interface floods to (§13.3, last paragraph). */
  #send(one: OspfInterface, body: LinkStateUpdate | OctetsBody): void {
    const { o } = this;
    if (one.options.type === 'point-to-multipoint') {
      for (const neighbour of one.neighbours.values()) if (neighbour.isExchanging) o.sendTo(neighbour, body);
    } else o.send(one, one.elects && !one.isDesignated ? o.dialect.allDesignatedRouters : o.dialect.allRouters, body);
  }

  // --- Acknowledgments (§13.5, §13.7) ----------------------------------------------------------------------------------

  #delay(one: OspfInterface, lsa: LsaView): void {
    const room = this.o.roomOf(one);
    one.delayedAcks.add(lsa, room);
    const { count } = one.delayedAcks;
    if ((count + 1) * LSA_HEADER > room) this.flushAcks(one);
    else if (count === 1) {
      const timer = `ack/0/${one.options.name}` as const;
      if (!this.o.timers.running(timer)) this.o.timers.start(timer, this.o.now + Math.min(ACK_DELAY, one.options.rxmtInterval / 4));
    }
  }

  flushAcks(one: OspfInterface): void {
    this.o.timers.stop(`ack/0/${one.options.name}`);
    for (const octets of one.delayedAcks.take(this.o.roomOf(one))) this.#send(one, { type: 'link-state-acknowledgment', octets });
  }

  /** It is acknowledged to who sent it, as soon as the update that it came in is read. */
  #acknowledgeNow(one: OspfInterface, lsa: LsaView): void {
    this.#direct.add(lsa, this.o.roomOf(one));
  }
  #acknowledge(neighbour: Neighbour): void {
    if (this.#direct.count === 0) return;
    for (const octets of this.#direct.take(this.o.roomOf(neighbour.interface)))
      this.o.sendTo(neighbour, { type: 'link-state-acknowledgment', octets });
  }

  receiveAcknowledgment(neighbour: Neighbour, run: LsaRun): void {
    if (!neighbour.isExchanging) return;
    const { lsa: header } = run;
    while (run.next()) {
      const lsa = neighbour.retransmit.find(header.lsType, header.id, header.advertisingRouter);
      // §13.7: only of the very instance.
      if (lsa && compareInstances(lsa, lsa.age(this.o.now), header, header.age) === 0) this.#drop(neighbour, lsa);
    }
  }
}

/**
 * Whether a neighbour sends what we send it to all on the link, us among them: the designated router does, and who may have neighbours that we
 * have not.
 */
function floodsBack({ interface: one, drId, designatedRouter }: Neighbour): boolean {
  if (one.options.type === 'point-to-point' || one.neighbours.size < 2) return false;
  return !one.elects || drId === one.designatedRouter || drId === designatedRouter;
}
