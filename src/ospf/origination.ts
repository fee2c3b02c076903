import type { Area } from './area.js';
import type { Database } from './database.js';
import type { OwnBody } from './dialect.js';
import type { OspfInstance } from './instance.js';
import type { OspfInterface } from './interface.js';
import { lsaKey, type StoredLsa } from './lsa.js';
import { Constant, encodeLsa, LSA_HEADER, type LsaKey } from './wire/index.js';

/** An LSA that is ours to say. */
interface Own {
  readonly place: Database;
  readonly key: LsaKey;
  /** What is to be said; undefined when it is to be taken back. */
  wanted: OwnBody | undefined;
  /** When it was last said. */
  last: number;
  /** It is to be said anew though it says the same. */
  renew: boolean;
  /** The sequence number is used up: it is taken back first (RFC 2328 §12.1.6). */
  wrapping: boolean;
}

/**
 * Our own LSAs (RFC 2328 §12.4): what is to be said is compared with what is in the database, and said anew when it differs, or is old;
 * none more often than every MinLSInterval.
 *
 * @internal
 */
export class Origination {
  /** By place, then key. */
  readonly #own = new Map<Database, Map<string, Own>>();
  readonly #waiting = new Set<Own>();
  readonly #dirtyAreas = new Set<Area>();
  readonly #dirtyLinks = new Set<OspfInterface>();
  /** Keys of what was said last of each area and link, to take back what is said no longer. */
  readonly #said = new Map<Database, Set<string>>();

  constructor(private readonly o: OspfInstance) {}

  /** Something about our links in an area changed. */
  touch(area: Area): void {
    this.#dirtyAreas.add(area);
  }
  touchLink(one: OspfInterface): void {
    this.#dirtyLinks.add(one);
  }

  /** At the end of a turn. */
  settle(): void {
    const { o } = this;
    for (const one of this.#dirtyLinks) this.#say(one.database, o.dialect.originateLink(one, o.self));
    this.#dirtyLinks.clear();
    for (const area of this.#dirtyAreas) this.#say(area.database, o.dialect.originate(area, o.self));
    this.#dirtyAreas.clear();
  }

  #say(place: Database, bodies: readonly OwnBody[]): void {
    const before = this.#said.get(place) ?? new Set();
    const now = new Set<string>();
    for (const body of bodies) {
      now.add(`${body.lsType} ${body.id}`);
      this.set(place, body.lsType, body.id, body);
    }
    for (const key of before) {
      if (now.has(key)) continue;
      const [lsType, id] = key.split(' ').map(Number);
      this.set(place, lsType ?? 0, id ?? 0, undefined);
    }
    this.#said.set(place, now);
  }

  /** What is to be said under a type and id from now on. */
  set(place: Database, lsType: number, id: number, wanted: OwnBody | undefined): void {
    const key = { lsType, id, advertisingRouter: this.o.options.routerId };
    const text = lsaKey(key);
    if (this.#gone.size > 0) this.#forgetGone();
    let own = this.#own.get(place)?.get(text);
    if (!own) {
      if (!wanted) return;
      own = { place, key, wanted, last: Number.NEGATIVE_INFINITY, renew: false, wrapping: false };
      let ofPlace = this.#own.get(place);
      if (!ofPlace) {
        ofPlace = new Map();
        this.#own.set(place, ofPlace);
      }
      ofPlace.set(text, own);
    }
    own.wanted = wanted;
    this.#produce(own);
  }

  /** A place is no more. */
  forget(place: Database): void {
    for (const own of this.#own.get(place)?.values() ?? []) this.#waiting.delete(own);
    this.#own.delete(place);
    this.#said.delete(place);
    if (place.interface) this.#dirtyLinks.delete(place.interface);
  }

  /** Says it, if it is news (or to be renewed) and not too soon. */
  #produce(own: Own): void {
    const { o } = this;
    const current = own.place.get(own.key);
    if (!own.wanted) {
      this.#waiting.delete(own);
      if (current && !current.ended) o.flooding.end(own.place, current);
      else if (!current) this.#drop(own);
      return;
    }
    if (own.wrapping) return;
    const { area } = own.place;
    const { body } = own.wanted;
    const head = { ...own.key, age: 0, options: o.dialect.lsaOptions(area, body) };
    const sequence = current ? current.sequence + 1 : Constant.initialSequence;
    const encoded = encodeLsa({ ...head, sequence: Math.min(sequence, Constant.maxSequence) }, body, o.dialect.context);
    if (current && !current.ended && !own.renew && current.options === head.options && sameBody(current.bytes, encoded.bytes)) {
      this.#waiting.delete(own);
      return;
    }
    if (this.#isTooSoon(own)) {
      this.#waiting.add(own);
      this.#arm(own.last + Constant.minLsInterval * 1000);
      return;
    }
    this.#waiting.delete(own);
    if (current && sequence > Constant.maxSequence) {
      // §12.1.6: the last one ends everywhere before the first one begins.
      own.wrapping = true;
      o.flooding.end(own.place, current);
      return;
    }
    own.last = o.now;
    own.renew = false;
    o.flooding.originate(own.place, o.keep(encoded.header, encoded.bytes));
  }

  #arm(at: number): void {
    const due = this.o.timers.due('own/0/');
    if (due === undefined || at < due) this.o.timers.start('own/0/', at);
  }

  /** MinLSInterval passed for some that wait. */
  due(): void {
    for (const own of [...this.#waiting]) this.#produce(own);
  }

  /** LSRefreshTime passed. Whether it is ours. */
  renew(place: Database, lsa: StoredLsa): boolean {
    const own = this.#own.get(place)?.get(lsa.key);
    if (!own?.wanted) return false;
    own.renew = true;
    this.#produce(own);
    return !place.has(lsa);
  }

  /** An instance of ours came back, more recent than what we said last (§13.4): it is outdone, or taken back. */
  receivedOwn(place: Database, lsa: StoredLsa): void {
    const { o } = this;
    const own = this.#own.get(place)?.get(lsa.key);
    if (own?.wanted) {
      own.renew = true;
      o.afterTurn(() => this.#produce(own));
    } else if (!lsa.ended) o.afterTurn(() => o.flooding.end(place, lsa));
  }

  /** One of ours that had ended is forgotten by all: a used-up sequence begins again. */
  ended(place: Database, lsa: StoredLsa): void {
    const own = this.#own.get(place)?.get(lsa.key);
    if (!own) return;
    own.wrapping = false;
    if (own.wanted) this.#produce(own);
    else this.#drop(own);
  }

  /** It is taken back, and nobody has it any more: it is known as long as it must not be said again (MinLSInterval). */
  #drop(own: Own): void {
    if (this.#isTooSoon(own)) this.#gone.add(own);
    else this.#own.get(own.place)?.delete(lsaKey(own.key));
  }
  readonly #gone = new Set<Own>();

  #forgetGone(): void {
    for (const own of this.#gone) {
      if (this.#isTooSoon(own)) return;
      this.#gone.delete(own);
      if (!own.wanted && !own.place.get(own.key)) this.#own.get(own.place)?.delete(lsaKey(own.key));
    }
  }

  #isTooSoon({ last }: Own): boolean {
    return this.o.now - last < Constant.minLsInterval * 1000;
  }

  /** Takes back everything that is ours (before we go). */
  flush(): void {
    for (const [, ofPlace] of this.#own)
      for (const own of [...ofPlace.values()]) this.set(own.place, own.key.lsType, own.key.id, undefined);
  }
}

/** Whether two LSAs have the same body. */
function sameBody(x: Uint8Array, y: Uint8Array): boolean {
  if (x.length !== y.length) return false;
  for (let i = LSA_HEADER; i < x.length; i++) if (x[i] !== y[i]) return false;
  return true;
}
