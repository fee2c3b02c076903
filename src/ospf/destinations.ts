import { type Prefix, prefixWords } from '../lib/prefix.js';
import { PrefixIndex } from './columns/prefix-index.js';
import type { RouteKey } from './events.js';
import type { Advertisement, OspfPath } from './routes.js';
import { word } from './wire/index.js';

const NOTHING_SAID: readonly Advertisement[] = [];
const NO_PATHS: readonly OspfPath[] = [];

/** A destination. @internal */
export class OspfRoute {
  /** Of nearly all destinations one thing is said, for which there is no array. */
  #said: Advertisement | readonly Advertisement[] = NOTHING_SAID;
  #paths: OspfPath | readonly OspfPath[] = NO_PATHS;
  /** It waits to be looked at again. */
  isDirty = false;
  /** It is among what whoever hears of routes is told next. */
  isNews = false;

  constructor(
    /** Its own while it is there; that of another once whoever hears of routes has heard of its end. */
    readonly number: number,
    private readonly index: PrefixIndex,
  ) {}

  /** What LSAs say of it, whether it can be reached so or not. */
  get advertisements(): readonly Advertisement[] {
    return isSeveral(this.#said) ? this.#said : [this.#said];
  }
  set advertisements(said: readonly Advertisement[]) {
    this.#said = said.length === 1 ? (said[0] ?? said) : said;
  }
  /** The one thing that is said of it, if it is one. */
  get onlySaid(): Advertisement | undefined {
    return isSeveral(this.#said) ? undefined : this.#said;
  }
  /** Says it where nothing was said. */
  sayFirst(said: Advertisement): void {
    this.#said = said;
  }
  get isDeserted(): boolean {
    return this.#said === NOTHING_SAID || (isSeveral(this.#said) && this.#said.length === 0);
  }

  /** The ways that can be gone, best first; those that tie for best are `best` of it. */
  get paths(): readonly OspfPath[] {
    return isSeveral(this.#paths) ? this.#paths : [this.#paths];
  }
  set paths(paths: readonly OspfPath[]) {
    this.#paths = paths.length === 1 ? (paths[0] ?? paths) : paths;
  }
  /** The one way that can be gone, if it is one. */
  get onlyPath(): OspfPath | undefined {
    return isSeveral(this.#paths) ? undefined : this.#paths;
  }
  /** That way is the one, or there is none. Whether it was so before. */
  settleOnly(path: OspfPath | undefined): boolean {
    const before = this.#paths;
    this.#paths = path ?? NO_PATHS;
    return path ? before === path : isSeveral(before) && before.length === 0;
  }

  /** Made anew each time: most destinations are told of by their words alone. */
  get prefix(): Prefix {
    return this.index.prefixOf(this.number);
  }
  /** A 32-bit word of the prefix, signed; 0 where it has none. */
  word(i: 0 | 1 | 2 | 3): number {
    return this.index.word(this.number, i);
  }
  get length(): number {
    return this.index.lengthOf(this.number);
  }
  get key(): RouteKey {
    return routeKey(this.prefix);
  }
}

function isSeveral<T extends object>(of: T | readonly T[]): of is readonly T[] {
  return Array.isArray(of);
}

/** The key of a prefix. @internal */
export function routeKey({ bytes, length }: Pick<Prefix, 'bytes' | 'length'>): RouteKey {
  if (bytes.length === 4) return word(bytes) * 64 + length;
  const [a, b, c, d] = prefixWords(bytes);
  return `${a.toString(36)}.${b.toString(36)}.${c.toString(36)}.${d.toString(36)}/${length}`;
}

/** Destinations by number and by prefix. @internal */
export class Destinations {
  readonly #index: PrefixIndex;
  readonly #routes: (OspfRoute | undefined)[] = [];

  constructor(family: Prefix['family']) {
    this.#index = new PrefixIndex(family);
  }

  get size(): number {
    return this.#index.size;
  }
  /** One past the largest number. */
  get limit(): number {
    return this.#routes.length;
  }

  at(number: number): OspfRoute | undefined {
    return this.#routes[number];
  }
  get({ bytes, length }: Pick<Prefix, 'bytes' | 'length'>): OspfRoute | undefined {
    return this.find(...prefixWords(bytes), length);
  }
  find(a: number, b: number, c: number, d: number, length: number): OspfRoute | undefined {
    return this.#routes[this.#index.find(a, b, c, d, length)];
  }
  ofKey(key: RouteKey): OspfRoute | undefined {
    if (typeof key === 'number') return this.find(Math.floor(key / 64), 0, 0, 0, key % 64);
    const [words = '', length] = key.split('/');
    const [a = 0, b = 0, c = 0, d = 0] = words.split('.').map((digits) => Number.parseInt(digits, 36));
    return this.find(a, b, c, d, Number(length));
  }

  /** The one of a prefix, a new one if need be. */
  take(a: number, b: number, c: number, d: number, length: number): OspfRoute {
    const number = this.#index.add(a, b, c, d, length);
    let route = this.#routes[number];
    if (!route) {
      route = new OspfRoute(number, this.#index);
      this.#routes[number] = route;
    }
    return route;
  }
  free({ number }: OspfRoute): void {
    this.#index.free(number);
    this.#routes[number] = undefined;
  }

  *values(): IterableIterator<OspfRoute> {
    for (const route of this.#routes) if (route) yield route;
  }
}
