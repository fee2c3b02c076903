import type { Area } from './area.js';
import { LsaTable } from './columns/lsa-table.js';
import type { OspfInterface } from './interface.js';
import type { StoredLsa } from './lsa.js';
import type { FloodingScope, LsaKey } from './wire/index.js';

/**
 * The LSAs of one flooding scope: a link's, an area's, or the AS's (RFC 2328 §12.2, RFC 5340 §4.1.2).
 *
 * @internal
 */
export class Database {
  readonly #lsas = new LsaTable<StoredLsa>();

  /** The link, where that is the scope. */
  readonly interface: OspfInterface | undefined;

  constructor(
    readonly scope: FloodingScope,
    /** The area, of a scope within one. */
    readonly area: Area | undefined,
    link?: OspfInterface,
  ) {
    this.interface = link;
  }

  get size(): number {
    return this.#lsas.size;
  }

  get(key: LsaKey): StoredLsa | undefined {
    return this.#lsas.get(key);
  }
  /** As {@link Database.get}, by the numbers of a key. */
  find(lsType: number, id: number, advertisingRouter: number): StoredLsa | undefined {
    return this.#lsas.find(lsType, id, advertisingRouter);
  }
  /** Whether it is the instance that counts. */
  has(lsa: StoredLsa): boolean {
    return this.#lsas.get(lsa) === lsa;
  }

  /** Puts an instance in the place of the one before. */
  set(lsa: StoredLsa): void {
    this.#lsas.set(lsa, lsa);
  }

  /** Puts an instance where none was. */
  append(lsa: StoredLsa): void {
    this.#lsas.append(lsa.lsType, lsa.id, lsa.advertisingRouter, lsa);
  }

  delete(lsa: StoredLsa): void {
    if (this.has(lsa)) this.#lsas.delete(lsa);
  }

  all(): IterableIterator<StoredLsa> {
    return this.#lsas.values();
  }

  ofType(lsType: number): Iterable<StoredLsa> {
    return this.#lsas.ofType(lsType);
  }
}
