import { widen } from '../lib/columns.js';

/** Words that a piece may have, in steps of half an octave. */
const SIZES = [2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048];
/** Class of each size, so that finding it is one look. */
const CLASS_OF = Uint8Array.from({ length: 2049 }, (_, words) => SIZES.findIndex((size) => size >= words));

/**
 * Pieces of words in one typed array. A piece that is given back is used again for the next of its size, so churn does not make
 * the arena grow.
 *
 * @internal
 */
export class Arena {
  words: Uint32Array;
  /** One past the last word ever used; offset 0 is no piece. */
  #top: number;
  /** First free piece of each class; each holds the next. */
  readonly #free = new Uint32Array(SIZES.length);

  /** @param first Where the first piece stands: pieces that are all a multiple of it long stand at multiples of it. */
  constructor(words: number, first = 2) {
    this.words = new Uint32Array(words);
    this.#top = first;
  }

  /** Octets in use or free for use again. Memory past the top was never written and costs nothing. */
  get bytes(): number {
    return this.#top * 4;
  }

  /** The size class for so many words. */
  static classOf(words: number): number {
    return CLASS_OF[words];
  }
  static sizeOf(sizeClass: number): number {
    return SIZES[sizeClass];
  }

  /** A piece of a class; its words are what they were. */
  take(sizeClass: number): number {
    const free = this.#free[sizeClass];
    if (free !== 0) {
      this.#free[sizeClass] = this.words[free];
      return free;
    }
    const at = this.#top;
    this.#top += SIZES[sizeClass];
    // Copying four million words takes a few milliseconds: doubling keeps that rare.
    if (this.#top > this.words.length) this.words = widen(this.words, Math.max(this.#top, this.words.length * 2));
    return at;
  }

  give(at: number, sizeClass: number): void {
    this.words[at] = this.#free[sizeClass];
    this.#free[sizeClass] = at;
  }
}
