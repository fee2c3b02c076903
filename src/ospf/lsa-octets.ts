import type { StoredLsa } from './lsa.js';
import type { Meaning } from './meaning.js';
import type { LsaHeader } from './wire/index.js';

/** Octets of a chunk: some fifty externals. */
const CHUNK = 2048;
/** Octets that are copied one by one. */
const FEW = 64;

/**
 * Where the octets of LSAs are kept, and what more there is to keep of them. Routers in one process that say the same to each other, as in a
 * simulation, may keep both together.
 *
 * @internal
 */
export interface LsaOctets {
  /** Where the last one was put. */
  readonly chunk: Uint8Array;
  readonly at: number;
  /** Puts an LSA's octets, which are another's and begin at `from` there, into {@link chunk}, from {@link at} on: nobody changes them there. */
  keep(header: LsaHeader, bytes: Uint8Array, from: number): void;
  /** What an LSA means, if somebody found out before; null where it cannot be read. */
  meaningOf(lsa: StoredLsa): Meaning | null | undefined;
  learn(lsa: StoredLsa, meaning: Meaning | null): void;
}

/**
 * One after another in chunks, for an array of its own costs an LSA several times its octets. A chunk lasts as long as any LSA in it, which
 * is an hour at the most (RFC 2328 §14), so what is kept for nothing is bounded by what came in that time, and by one chunk for each LSA.
 *
 * @internal
 */
export class ChunkedOctets implements LsaOctets {
  chunk = new Uint8Array(0);
  at = 0;
  #used = 0;

  keep({ length }: LsaHeader, bytes: Uint8Array, from: number): void {
    if (this.#used + length > this.chunk.length) {
      this.chunk = new Uint8Array(Math.max(CHUNK, length));
      this.#used = 0;
    }
    const { chunk } = this;
    const at = this.#used;
    // A view of so few octets takes longer to make than they to copy.
    if (length <= FEW)
      for (let i = 0; i < length; i++) chunk[at + i] = bytes[from + i] as number; // the LSA is all there
    else chunk.set(bytes.subarray(from, from + length), at);
    this.at = at;
    this.#used += length;
  }

  /** Each LSA has its own. */
  meaningOf(): undefined {}
  learn(): void {}
}
