import type { OwnBody } from './dialect.js';
import type { RouteKey } from './events.js';

const MOST_RELEASED = 1000;

/** Addresses of a prefix, its first and its last. */
interface IdRange {
  readonly first: number;
  readonly second: number;
}

interface Said {
  readonly key: RouteKey;
  /** Undefined: any id will do. */
  readonly range: IdRange | undefined;
  readonly body: (id: number) => OwnBody;
}

/**
 * Link state ids by prefix, of one place and LS type. In OSPFv3 any will do. In OSPFv2 an id is an address in the prefix: its first, or another where that is
 * taken (RFC 2328 appendix E); a host has but one, and whoever has that makes way.
 *
 * @internal
 */
export class LinkStateIds {
  readonly #byKey = new Map<RouteKey, { id: number; said: Said }>();
  readonly #byId = new Map<number, Said>();
  #next = 1;
  /** Ids of those that went last: what comes and goes is one LSA, so that it is said no more often than MinLSInterval allows. */
  readonly #released = new Map<RouteKey, number>();

  /** The id of what is said, and whoever had to make way. */
  take(said: Said): { readonly id: number; readonly said: Said }[] {
    const known = this.#byKey.get(said.key);
    if (known) {
      known.said = said;
      this.#byId.set(known.id, said);
      return [known];
    }
    const { range } = said;
    if (!range) return [this.#place(this.#released.get(said.key) ?? this.#next++, said)];
    const other = this.#byId.get(range.first);
    if (!other) return [this.#place(range.first, said)];
    if (range.first !== range.second || !other.range) return [this.#place(this.#free(range), said)];
    this.#byKey.delete(other.key);
    const placed = this.#place(range.first, said);
    return [placed, this.#place(this.#free(other.range), other)];
  }

  #free({ first, second }: IdRange): number {
    if (!this.#byId.has(second)) return second;
    let id = first;
    while (this.#byId.has(id)) id++;
    return id;
  }

  #place(id: number, said: Said): { id: number; said: Said } {
    const placed = { id, said };
    this.#byKey.set(said.key, placed);
    this.#released.delete(said.key);
    this.#byId.set(id, said);
    return placed;
  }

  #remember(key: RouteKey, id: number): void {
    this.#released.set(key, id);
    if (this.#released.size <= MOST_RELEASED) return;
    for (const oldest of this.#released.keys()) {
      this.#released.delete(oldest);
      return;
    }
  }

  release(key: RouteKey): number | undefined {
    const known = this.#byKey.get(key);
    if (!known) return undefined;
    this.#byKey.delete(key);
    if (this.#byId.get(known.id) === known.said) this.#byId.delete(known.id);
    if (!known.said.range) this.#remember(key, known.id);
    return known.id;
  }
}
