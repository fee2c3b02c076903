import { roomFor, widen } from '../lib/columns.js';
import { type Grant, SOURCES } from './grant.js';

/** What a grant is besides its lengths and sources; bits of {@link GrantColumns.traits}. @internal */
export const GrantTrait = { live: 1, gateway: 2, shared: 4, limited: 8 } as const;

/** Preferences of a grant: a power of two, and no less than there are sources. */
const WAYS = 8;

/**
 * What a claim is judged by of each grant, by the grant's index: ten thousand grants are judged by for every prefix of a full table, and no
 * object is looked at.
 *
 * @internal
 */
export class GrantColumns {
  ge = new Uint8Array(0);
  le = new Uint8Array(0);
  /** A bit for each position in `SOURCES`. */
  sources = new Uint8Array(0);
  traits = new Uint8Array(0);
  #preference = new Uint16Array(0);

  put(grant: Grant): void {
    const { index } = grant;
    if (index >= this.ge.length) this.#widen(index + 1);
    this.ge[index] = grant.ge;
    this.le[index] = grant.le;
    this.sources[index] = grant.sources;
    this.traits[index] =
      (grant.live ? GrantTrait.live : 0) |
      (grant.gateway ? GrantTrait.gateway : 0) |
      (grant.mode === 'shared' ? GrantTrait.shared : 0) |
      (grant.limit === Number.POSITIVE_INFINITY ? 0 : GrantTrait.limited);
    for (let source = 0; source < SOURCES.length; source++) {
      this.#preference[index * WAYS + source] = grant.preferences[source] ?? 0;
    }
  }
  /** The grant is revoked, or over. */
  end(index: number): void {
    this.traits[index] = (this.traits[index] as number) & ~GrantTrait.live;
  }

  /** Whether claims by the grant are counted. */
  isLimited(index: number): boolean {
    return ((this.traits[index] as number) & GrantTrait.limited) !== 0;
  }
  /** The preference of a claim from `source`, a position in `SOURCES`, that wishes none. */
  preferenceOf(index: number, source: number): number {
    return this.#preference[index * WAYS + source] as number; // of a grant and a source
  }

  #widen(grants: number): void {
    const room = roomFor(grants, this.ge.length);
    this.ge = widen(this.ge, room);
    this.le = widen(this.le, room);
    this.sources = widen(this.sources, room);
    this.traits = widen(this.traits, room);
    this.#preference = widen(this.#preference, room * WAYS);
  }
}
