import { LSA_HEADER, type OspfVersion } from './codes.js';
import type { LsaHeader } from './values.js';
import { OspfWireError } from './wire-error.js';

/** An LSA where it stands in a packet, or its header alone: nothing is made of it, and it is good only until the next one is read. @internal */
export class LsaView implements LsaHeader {
  age = 0;
  options = 0;
  lsType = 0;
  id = 0;
  advertisingRouter = 0;
  sequence = 0;
  checksum = 0;
  length = 0;
  /** Where it begins in {@link LsaView.octets}. */
  at = 0;

  constructor(
    readonly octets: Uint8Array,
    private readonly version: OspfVersion,
  ) {}

  /** Reads the header that begins at an offset, which is all there (RFC 2328 A.4.1, RFC 5340 A.4.2). */
  read(at: number): void {
    const typeWord = this.#u16(at + 2);
    this.at = at;
    this.age = this.#u16(at);
    this.options = this.version === 2 ? typeWord >>> 8 : 0;
    this.lsType = this.version === 2 ? typeWord & 0xff : typeWord;
    this.id = this.#u32(at + 4) >>> 0;
    this.advertisingRouter = this.#u32(at + 8) >>> 0;
    this.sequence = this.#u32(at + 12);
    this.checksum = this.#u16(at + 16);
    this.length = this.#u16(at + 18);
  }

  #u16(at: number): number {
    const { octets } = this;
    return ((octets[at] as number) << 8) | (octets[at + 1] as number); // they are there
  }
  #u32(at: number): number {
    return (this.#u16(at) << 16) | this.#u16(at + 2);
  }
}

/**
 * The LSAs of an update, or the headers of a Database Description or an acknowledgment, one after another where they stand: for who takes in
 * thousands and keeps little of each.
 *
 * @internal
 */
export class LsaRun {
  /** The one that was read last. */
  readonly lsa: LsaView;
  #at: number;

  private constructor(
    octets: Uint8Array,
    from: number,
    private readonly end: number,
    /** With bodies, or headers alone. */
    private readonly whole: boolean,
    version: OspfVersion,
  ) {
    this.lsa = new LsaView(octets, version);
    this.#at = from;
  }

  /** Headers from an offset to the end. Throws an {@link OspfWireError} where the last is not all there. */
  static headers(octets: Uint8Array, from: number, version: OspfVersion): LsaRun {
    if ((octets.length - from) % LSA_HEADER !== 0) throw new OspfWireError('length', `${octets.length - from} octets of LSA headers`, from);
    return new LsaRun(octets, from, octets.length, false, version);
  }

  /** As many LSAs from an offset on. Throws an {@link OspfWireError} where one says a length that cannot be. */
  static updates(octets: Uint8Array, from: number, count: number, version: OspfVersion): LsaRun {
    let at = from;
    for (let i = 0; i < count; i++) {
      const left = octets.length - at;
      const length = left < LSA_HEADER ? LSA_HEADER : ((octets[at + 18] as number) << 8) | (octets[at + 19] as number); // they are there
      if (length < LSA_HEADER || length > left) throw new OspfWireError('length', `an LSA of ${length} octets in ${left}`, at);
      at += length;
    }
    return new LsaRun(octets, from, at, true, version);
  }

  /** Whether there are none, or none left. */
  get isOver(): boolean {
    return this.#at >= this.end;
  }

  /** Reads the next one into {@link LsaRun.lsa}; false when there is none. */
  next(): boolean {
    if (this.#at >= this.end) return false;
    this.lsa.read(this.#at);
    this.#at += this.whole ? this.lsa.length : LSA_HEADER;
    return true;
  }
}
