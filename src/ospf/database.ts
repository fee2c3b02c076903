import type { Area } from './area.js';
import type { OspfInterface } from './interface.js';
import type { StoredLsa } from './lsa.js';
import type { FloodingScope } from './wire/index.js';

/**
 * The LSAs of one flooding scope: a link's, an area's, or the AS's (RFC 2328 §12.2, RFC 5340 §4.1.2).
 *
 * @internal
 */
export class Database {
  readonly #byKey = new Map<string, StoredLsa>();
  readonly #byType = new Map<number, Map<string, StoredLsa>>();

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
    return this.#byKey.size;
  }

  get(key: string): StoredLsa | undefined {
    return this.#byKey.get(key);
  }

  /** Puts an instance in the place of the one before. */
  set(lsa: StoredLsa): void {
    this.#byKey.set(lsa.key, lsa);
    let ofType = this.#byType.get(lsa.header.lsType);
    if (!ofType) {
      ofType = new Map();
      this.#byType.set(lsa.header.lsType, ofType);
    }
    ofType.set(lsa.key, lsa);
  }

  delete(lsa: StoredLsa): void {
    if (this.#byKey.get(lsa.key) !== lsa) return;
    this.#byKey.delete(lsa.key);
    this.#byType.get(lsa.header.lsType)?.delete(lsa.key);
  }

  all(): IterableIterator<StoredLsa> {
    return this.#byKey.values();
  }

  ofType(lsType: number): Iterable<StoredLsa> {
    return this.#byType.get(lsType)?.values() ?? [];
  }
}
