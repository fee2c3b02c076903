/** Octets of a chunk: some fifty externals. */
const CHUNK = 2048;

/**
 * Where the octets of LSAs are kept: one after another in chunks, for an array of its own costs an LSA several times its octets. A chunk
 * lasts as long as any LSA in it, which is an hour at the most (RFC 2328 §14), so what is kept for nothing is bounded by what came in that
 * time, and by one chunk for each LSA.
 *
 * @internal
 */
export class LsaOctets {
  /** Where the last one was put. */
  chunk = new Uint8Array(0);
  at = 0;
  #used = 0;

  /** Copies an LSA's octets to {@link chunk}, from {@link at} on. */
  keep(bytes: Uint8Array): void {
    if (this.#used + bytes.length > this.chunk.length) {
      this.chunk = new Uint8Array(Math.max(CHUNK, bytes.length));
      this.#used = 0;
    }
    this.at = this.#used;
    this.chunk.set(bytes, this.at);
    this.#used += bytes.length;
  }
}
