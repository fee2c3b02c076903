import type { Millis } from '../lib/clock.js';
import type { Meaning } from './meaning.js';
import {
  type BodyContext,
  Constant,
  decodeLsaBody,
  LSA_HEADER,
  type Lsa,
  type LsaBody,
  type LsaHeader,
  type LsaKey,
} from './wire/index.js';

/** Who gave us an LSA: the interface that it came by and the router id of the neighbour that sent it. Nobody, if it is our own. @internal */
export interface Origin {
  readonly interface: string;
  readonly routerId: number;
}

/** What names an LSA, as text. @internal */
export function lsaKey({ lsType, id, advertisingRouter }: LsaKey): string {
  return `${lsType} ${id} ${advertisingRouter}`;
}

/** Whether two name the same LSA. @internal */
export function sameKey(x: LsaKey, y: LsaKey): boolean {
  return x.id === y.id && x.lsType === y.lsType && x.advertisingRouter === y.advertisingRouter;
}

/** Where an LSA's numbers stand in its octets (RFC 2328 A.4.1, RFC 5340 A.4.2). */
const At = { options: 2, id: 4, advertisingRouter: 8, sequence: 12, checksum: 16, length: 18 } as const;
/** Bits of an LSA's state: its age as it came (MaxAge at most), that it is MaxAge now, that it was asked for. */
const State = { ageThen: 0xffff, aged: 0x10000, requested: 0x20000 } as const;
const NOBODY: readonly Origin[] = [];

/**
 * An instance of an LSA in a database. Its age runs: it is a matter of when it is asked. What its octets say is read out of them whenever
 * it is asked for: there may be hundreds of thousands, each of which is looked at once or twice in half an hour.
 *
 * @internal
 */
export class StoredLsa implements LsaKey {
  readonly lsType: number;
  /** When its age was 0. */
  readonly born: Millis;
  /** Neighbours whose acknowledgment it waits for. */
  retransmissions = 0;
  /** Neighbours, by interface and router id, that sent this very instance; who was first, first. */
  heardFrom = NOBODY;
  /** When it was last sent to a neighbour that had an older one (RFC 2328 §13 step 8). */
  answered: Millis | undefined;
  /** What it means; null where that cannot be read. Of one that says no more than prefixes it is worked out whenever it is asked for. */
  meaning: Meaning | null | undefined;
  /** When it is next looked at, and its place among those looked at then, as `ageing.ts` counts; -1: it is not watched. */
  slot = -1;
  position = -1;
  /** Its age as it came, in seconds, and what is so of it: in one, for there are many. */
  #state: number;

  /** `octets` has it from `at` on, and nobody changes it there. */
  constructor(
    { age, lsType }: Pick<LsaHeader, 'age' | 'lsType'>,
    installed: Millis,
    readonly octets: Uint8Array,
    private readonly at: number = 0,
  ) {
    this.lsType = lsType;
    const then = Math.min(age, Constant.maxAge);
    this.#state = then | (age >= Constant.maxAge ? State.aged : 0);
    this.born = installed - then * 1000;
  }

  /** What names it, as text. */
  get key(): string {
    return lsaKey(this);
  }
  get id(): number {
    return this.u32(At.id);
  }
  get advertisingRouter(): number {
    return this.u32(At.advertisingRouter);
  }
  get sequence(): number {
    return this.u32(At.sequence) | 0;
  }
  get checksum(): number {
    return this.u16(At.checksum);
  }
  /** OSPFv2 only: where OSPFv3 has the rest of the type. */
  get options(): number {
    const both = this.u16(At.options);
    return both === this.lsType ? 0 : both >>> 8;
  }
  get installed(): Millis {
    return this.born + (this.#state & State.ageThen) * 1000;
  }
  get length(): number {
    return this.u16(At.length);
  }
  /** We asked for it: it was not flooded to us (RFC 2328 §13 step 5a). */
  get requested(): boolean {
    return (this.#state & State.requested) !== 0;
  }
  set requested(requested: boolean) {
    this.#state = requested ? this.#state | State.requested : this.#state & ~State.requested;
  }
  /** Its octets; the age in them means nothing. */
  get bytes(): Uint8Array {
    return this.octets.subarray(this.at, this.at + this.length);
  }
  u16(offset: number): number {
    const { octets } = this;
    const at = this.at + offset;
    return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
  }
  u32(offset: number): number {
    return ((this.u16(offset) << 16) | this.u16(offset + 2)) >>> 0;
  }

  /** Seconds, MaxAge at most. */
  age(now: Millis): number {
    if (this.ended) return Constant.maxAge;
    return Math.min(Constant.maxAge, Math.max(0, Math.floor((now - this.born) / 1000)));
  }
  /** Whether it counts no longer: it is kept only until all have heard of its end. */
  get ended(): boolean {
    return (this.#state & State.aged) !== 0;
  }
  /** Its age is MaxAge from now on (premature or not). */
  end(): void {
    this.#state |= State.aged;
  }

  /** What it says, read anew each time; undefined when its octets cannot be read, though its checksum is right. */
  body(context: BodyContext): LsaBody | undefined {
    const body = decodeLsaBody({ header: this.headerAt(this.born), bytes: this.bytes }, context);
    return typeof body === 'string' ? undefined : body;
  }

  /** Its header as it is sent now. */
  headerAt(now: Millis): LsaHeader {
    const { options, lsType, id, advertisingRouter, sequence, checksum, length } = this;
    return { age: this.age(now), options, lsType, id, advertisingRouter, sequence, checksum, length };
  }

  /** Its octets as they are sent now, `delay` seconds older. */
  sentAt(now: Millis, delay: number): Lsa {
    const age = Math.min(Constant.maxAge, this.age(now) + delay);
    const bytes = this.bytes.slice();
    bytes[0] = age >>> 8;
    bytes[1] = age & 0xff;
    return { header: { ...this.headerAt(now), age }, bytes };
  }
  /** Whether it says the same as another (RFC 2328 §13.2): their options, length and bodies are the same. */
  saysAs(other: StoredLsa): boolean {
    if (this.options !== other.options || this.length !== other.length) return false;
    for (let i = LSA_HEADER; i < this.length; i++) if (this.octets[this.at + i] !== other.octets[other.at + i]) return false;
    return true;
  }
}

/**
 * Which of two instances of an LSA is the more recent one (RFC 2328 §13.1): more than 0 when `x` is, 0 when they are the same.
 * Ages are as they are now.
 *
 * @internal
 */
export function compareInstances(
  x: Pick<LsaHeader, 'sequence' | 'checksum'>,
  xAge: number,
  y: Pick<LsaHeader, 'sequence' | 'checksum'>,
  yAge: number,
): number {
  if (x.sequence !== y.sequence) return x.sequence - y.sequence;
  if (x.checksum !== y.checksum) return x.checksum - y.checksum;
  const ended = xAge >= Constant.maxAge;
  if (ended !== yAge >= Constant.maxAge) return ended ? 1 : -1;
  return Math.abs(xAge - yAge) > Constant.maxAgeDiff ? yAge - xAge : 0;
}
