import { LSA_HEADER, type LsaView } from './wire/index.js';

/** Headers of LSAs to be acknowledged (RFC 2328 §13.5), as they came and as a packet has them. @internal */
export class Acknowledgments {
  #octets = new Uint8Array(0);
  #used = 0;

  get count(): number {
    return this.#used / LSA_HEADER;
  }

  /** `room`: octets that a packet has for them. */
  add({ octets, at }: LsaView, room: number): void {
    if (this.#used + LSA_HEADER > this.#octets.length) {
      const wider = new Uint8Array(Math.max(room, this.#used + LSA_HEADER));
      wider.set(this.#octets);
      this.#octets = wider;
    }
    for (let i = 0; i < LSA_HEADER; i++) this.#octets[this.#used + i] = octets[at + i] as number; // a header is there
    this.#used += LSA_HEADER;
  }

  /** All of them, `room` octets at a time, to be sent before any other is added. There are none left then. */
  *take(room: number): IterableIterator<Uint8Array> {
    const part = Math.max(1, Math.floor(room / LSA_HEADER)) * LSA_HEADER;
    const used = this.#used;
    this.#used = 0;
    for (let at = 0; at < used; at += part) yield this.#octets.subarray(at, Math.min(used, at + part));
  }

  clear(): void {
    this.#used = 0;
  }
}
