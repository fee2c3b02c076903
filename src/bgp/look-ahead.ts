import { maskedWord, u16 } from '../lib/octets.js';
import { AttributeSets } from '../rib/attribute-sets.js';
import { Ipv4Prefixes } from '../rib/prefix-table.js';
import type { Rib } from '../rib/rib.js';

const HEADER = 19;
/** Octets to look ahead, about: what they lead to must fit a near cache. */
const AHEAD = 2048;
/** Prefixes looked at, at most: each takes two octets or more, but for the default route. */
const MOST = 1024;
/** UPDATEs whose attributes are looked at, at most. */
const UPDATES = 64;
/** For one look: what is hashed, and what the prefixes led to in the last step: their ids, claims, sets of attributes. */
const hashes = new Int32Array(MOST);
const setHashes = new Int32Array(UPDATES);
const found = new Int32Array(MOST);

/**
 * Looks ahead at what the prefixes of the next UPDATEs lead to, of IPv4 with one path a prefix: where each stands in the hash, then its record,
 * its first claim, and that claim's attributes. One step is taken for all of them before the next, so that misses in the cache overlap that
 * would follow one another later. Lengths are as they come; nothing is believed, and nothing read past the run.
 *
 * @internal
 */
export class LookAhead {
  readonly #prefixes: Ipv4Prefixes | undefined;
  /** What was looked at; kept, so that the looking is not left out as being for nothing. */
  warmth = 0;

  constructor(
    private readonly rib: Rib,
    private readonly sets: AttributeSets,
  ) {
    this.#prefixes = rib.prefixes instanceof Ipv4Prefixes ? rib.prefixes : undefined;
  }

  /** Whether so many octets are worth it. */
  static pays(octets: number): boolean {
    return octets >= AHEAD;
  }

  /** Looks at the messages from `from` on, for a while. Returns how far. */
  look(bytes: Uint8Array, from: number, to: number): number {
    const prefixes = this.#prefixes;
    if (prefixes === undefined) return to;
    let count = 0;
    let updates = 0;
    let at = from;
    while (at + HEADER + 4 <= to && at < from + AHEAD) {
      const end = at + u16(bytes, at + 16);
      const attributes = at + HEADER + 4 + u16(bytes, at + HEADER);
      if (end > to || attributes > end) break;
      let nlri = attributes + u16(bytes, attributes - 2);
      if (nlri <= end && updates < UPDATES) setHashes[updates++] = AttributeSets.hash(bytes, attributes, nlri);
      while (nlri < end && count < MOST) {
        const length = bytes[nlri++] as number; // nlri < end <= to
        const octets = (length + 7) >> 3;
        if (length > 32 || nlri + octets > end) break;
        hashes[count++] = Ipv4Prefixes.hash(maskedWord(bytes, nlri, octets, length), length);
        nlri += octets;
      }
      at = end;
    }
    this.warmth = (this.sets.glance(setHashes, updates) + this.#follow(prefixes.guess(hashes, count, found))) | 0;
    return at === from ? to : at;
  }

  /** From ids to sets of attributes. */
  #follow(count: number): number {
    const { records, claims } = this.rib;
    for (let i = 0; i < count; i++) found[i] = records.headOf(found[i] as number); // i < count
    let claimed = 0;
    for (let i = 0; i < count; i++) {
      const row = found[i] as number; // i < count
      if (row !== 0) found[claimed++] = claims.setInOf(row - 1);
    }
    let sum = 0;
    for (let i = 0; i < claimed; i++) sum = (sum + this.sets.users(found[i] as number)) | 0; // i < claimed
    return sum;
  }
}
