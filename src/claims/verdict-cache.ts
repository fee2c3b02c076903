/** Words of a slot: the place in the index with the length, the speaker, the holder with the source, and the verdict. */
const SLOT = 4;
const FEWEST = 64;
const MOST = 16_384;
const EMPTY = -1;

/**
 * Verdicts found for one family's claims. What a claim is judged to be depends on the nearest prefix that matters, its length, who speaks, who
 * is to hold, and the source alone: a guest's claims mostly come together, and many of them lie under the same.
 *
 * @internal
 */
export class VerdictCache {
  readonly #words: Int32Array;
  readonly #mask: number;
  /** Where {@link VerdictCache.has} looked last. */
  #at = 0;

  /** @param entries - How many prefixes matter. */
  constructor(entries: number) {
    let slots = FEWEST;
    while (slots < MOST && slots < 4 * entries) slots *= 2;
    this.#words = new Int32Array(slots * SLOT).fill(EMPTY);
    this.#mask = slots - 1;
  }

  /** Whether a verdict is known: it is {@link VerdictCache.verdict} then. If not, {@link VerdictCache.put} is told it. */
  has(place: number, length: number, speaker: number, holder: number, source: number): boolean {
    const words = this.#words;
    const key = ((place + 1) << 8) | length;
    const way = (holder << 3) | source;
    let hash = Math.imul(key, 0x9e37_79b1) ^ Math.imul(speaker, 0x85eb_ca6b) ^ Math.imul(way, 0xc2b2_ae35);
    hash ^= hash >>> 15;
    const at = (hash & this.#mask) * SLOT;
    this.#at = at;
    if (words[at] === key && words[at + 1] === speaker && words[at + 2] === way) return true;
    words[at] = key;
    words[at + 1] = speaker;
    words[at + 2] = way;
    return false;
  }
  get verdict(): number {
    return this.#words[this.#at + 3] as number; // a slot
  }
  put(verdict: number): void {
    this.#words[this.#at + 3] = verdict;
  }

  clear(): void {
    this.#words.fill(EMPTY);
  }
}
