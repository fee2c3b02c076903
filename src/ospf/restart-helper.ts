import type { Database } from './database.js';
import type { OspfInstance } from './instance.js';
import type { OspfInterface } from './interface.js';
import type { StoredLsa } from './lsa.js';
import type { Neighbour } from './neighbour.js';
import { word } from './wire/index.js';

/** Why a neighbour is no longer held for up. */
export type HelpEnd = 'returned' | 'expired' | 'topology-changed' | 'taken-back';

/**
 * Helps neighbours over a graceful restart (RFC 3623 §3, RFC 5187): one that has asked for it, and was fully adjacent, is told of as if it
 * still were, until it is back, its time is up, or something changes that it would have to know.
 *
 * @internal
 */
export class RestartHelper {
  /** Neighbours that may be held for up. */
  readonly #held = new Set<Neighbour>();

  constructor(private readonly o: OspfInstance) {}

  /** An LSA of link scope came: it may be a grace LSA. */
  heard(one: OspfInterface, lsa: StoredLsa): void {
    const { o } = this;
    const body = lsa.body(o.dialect.context);
    if (body?.type !== 'grace') return;
    const neighbour = [...one.neighbours.values()].find(
      // RFC 3623 §3.1: on all but point-to-point links the address says who it is; OSPFv3 goes by router id.
      ({ routerId, address }) =>
        routerId === lsa.advertisingRouter &&
        (body.address === undefined || one.options.type === 'point-to-point' || word(address) === body.address),
    );
    if (!neighbour) return;
    if (lsa.ended) {
      this.end(neighbour, 'taken-back');
      return;
    }
    // §3.1: fully adjacent, its time not over, nothing pending for it, and we are willing.
    const left = Math.min(body.period, o.options.helper) - lsa.age(o.now);
    if (left <= 0 || (neighbour.state !== 'full' && neighbour.graceUntil === undefined) || this.#pending(neighbour)) return;
    neighbour.graceUntil = o.now + left * 1000;
    this.#held.add(neighbour);
    o.timers.start(o.timerOf('grace', neighbour), neighbour.graceUntil);
  }

  /** Whether something that counts waits for the neighbour's acknowledgment (§3.1 step 2): not what was only renewed. */
  #pending(neighbour: Neighbour): boolean {
    for (const lsa of neighbour.retransmit.values())
      if (lsa.advertisingRouter !== this.o.options.routerId && this.#counts(lsa)) return true;
    return false;
  }

  #counts(lsa: StoredLsa): boolean {
    const type = lsa.body(this.o.dialect.context)?.type;
    return type !== undefined && type !== 'grace' && type !== 'opaque' && type !== 'unknown' && type !== 'link';
  }

  /** An LSA says something else than before: whoever restarts and would have to be told is held for up no longer (§3.2 step 3). */
  changed(place: Database, lsa: StoredLsa): void {
    for (const neighbour of this.#held) {
      if (neighbour.graceUntil === undefined) this.#held.delete(neighbour);
      else this.#disturb(neighbour, place, lsa);
    }
  }

  #disturb(neighbour: Neighbour, place: Database, lsa: StoredLsa): void {
    if (neighbour.graceUntil === undefined || neighbour.state === 'full') return;
    if (!this.#counts(lsa)) return;
    if (lsa.advertisingRouter === neighbour.routerId) return;
    if (place.area ? neighbour.interface.area === place.area : neighbour.interface.area.options.type === 'normal')
      this.o.afterTurn(() => this.end(neighbour, 'topology-changed'));
  }

  /** It is fully adjacent again (§3.2 step 1 follows when it takes its grace LSA back). */
  returned(neighbour: Neighbour): void {
    if (neighbour.graceUntil !== undefined) this.end(neighbour, 'returned');
  }

  end(neighbour: Neighbour, _why: HelpEnd): void {
    const { o } = this;
    if (neighbour.graceUntil === undefined) return;
    neighbour.graceUntil = undefined;
    o.timers.stop(o.timerOf('grace', neighbour));
    const { interface: one } = neighbour;
    if (neighbour.state === 'down') o.removeNeighbour(neighbour);
    o.originateArea(one.area);
    o.origination.touchLink(one);
    o.afterTurn(() => o.interfaceEvent(one, { type: 'neighbourChange' }));
  }
}
