import type { Millis } from '../lib/clock.js';
import type { Database } from './database.js';
import type { OspfInstance } from './instance.js';
import type { StoredLsa } from './lsa.js';
import { Constant, lsaChecksumValid } from './wire/index.js';

/** LSAs are looked at together that are due in the same second. */
const SLOT = 1000;
/** So many are looked at in one turn: a database that came at once is due at once. */
const MOST = 2000;
const PAUSE: Millis = 1;

/** LSAs that are looked at in one slot, each with where it is kept. */
interface Due {
  readonly lsas: StoredLsa[];
  readonly places: Database[];
}

/**
 * The age of LSAs (RFC 2328 §14): each is looked at when its age is a multiple of CheckAge, to see that memory has kept it, and at
 * MaxAge, to end it. Our own are renewed at LSRefreshTime (§12.4).
 *
 * @internal
 */
export class Ageing {
  readonly #slots = new Map<number, Due>();

  constructor(private readonly o: OspfInstance) {}

  watch(place: Database, lsa: StoredLsa): void {
    const { now } = this.o;
    const age = lsa.age(now);
    const next = Math.min(Constant.maxAge, (Math.floor(age / Constant.checkAge) + 1) * Constant.checkAge);
    // A moment later rather than a moment too early.
    const slot = Math.ceil((lsa.born + next * 1000) / SLOT);
    let due = this.#slots.get(slot);
    if (!due) {
      due = { lsas: [], places: [] };
      this.#slots.set(slot, due);
      this.#arm(slot * SLOT);
    }
    lsa.slot = slot;
    lsa.position = due.lsas.length;
    due.lsas.push(lsa);
    due.places.push(place);
  }

  forget(lsa: StoredLsa): void {
    const { slot, position } = lsa;
    if (slot < 0) return;
    lsa.slot = -1;
    const due = this.#slots.get(slot);
    const last = due?.lsas.pop();
    const place = due?.places.pop();
    if (!due || !last || !place) return;
    // The last one takes its place.
    if (last !== lsa) {
      due.lsas[position] = last;
      due.places[position] = place;
      last.position = position;
    }
    if (due.lsas.length === 0) this.#slots.delete(slot);
  }

  #arm(at: Millis): void {
    const { timers } = this.o;
    const due = timers.due('ageing/0/');
    if (due === undefined || at < due) timers.start('ageing/0/', at);
  }

  due(now: Millis): void {
    let room = MOST;
    let next = Number.POSITIVE_INFINITY;
    const past = [...this.#slots.keys()].filter((slot) => slot * SLOT <= now).sort((x, y) => x - y);
    for (const slot of past) {
      const due = this.#slots.get(slot);
      for (; due && room > 0; room--) {
        const lsa = due.lsas.pop();
        const place = due.places.pop();
        if (!lsa || !place) break;
        lsa.slot = -1;
        this.#look(place, lsa, now);
      }
      if (due?.lsas.length === 0) this.#slots.delete(slot);
    }
    for (const slot of this.#slots.keys()) next = Math.min(next, slot * SLOT);
    // What is left over has to wait for others to have their turn.
    if (next < Number.POSITIVE_INFINITY) this.#arm(Math.max(next, now + PAUSE));
  }

  #look(place: Database, lsa: StoredLsa, now: Millis): void {
    if (!place.has(lsa)) return;
    if (lsa.age(now) >= Constant.maxAge) {
      this.o.flooding.end(place, lsa);
      return;
    }
    // §14: what memory has lost cannot be mended.
    if (!lsaChecksumValid(lsa.bytes)) throw new Error(`LSA ${lsa.key} changed in memory`);
    if (lsa.age(now) >= Constant.lsRefreshTime && this.o.origination.renew(place, lsa)) return;
    this.watch(place, lsa);
  }
}
