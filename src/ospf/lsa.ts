import type { Millis } from '../lib/clock.js';
import type { Meaning } from './meaning.js';
import { type BodyContext, Constant, decodeLsaBody, type Lsa, type LsaBody, type LsaHeader, type LsaKey } from './wire/index.js';

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

/** An instance of an LSA in a database. Its age runs: it is a matter of when it is asked. @internal */
export class StoredLsa implements Lsa {
  /** When its age was 0. */
  readonly born: Millis;
  /** Neighbours whose acknowledgment it waits for. */
  retransmissions = 0;
  /** Neighbours, by interface and router id, that sent this very instance; who was first, first. */
  heardFrom: readonly Origin[] = [];
  /** We asked for it: it was not flooded to us (RFC 2328 §13 step 5a). */
  requested = false;
  /** When it was last sent to a neighbour that had an older one (RFC 2328 §13 step 8). */
  answered: Millis = Number.NEGATIVE_INFINITY;
  /** What it means; null where that cannot be read. Of one that says no more than prefixes it is worked out whenever it is asked for. */
  meaning: Meaning | null | undefined;
  /** When it is next looked at, as `ageing.ts` counts; -1: it is not watched. */
  slot = -1;
  #aged = false;

  constructor(
    readonly header: LsaHeader,
    /** Its own octets, shared with nobody. */
    readonly bytes: Uint8Array,
    readonly installed: Millis,
  ) {
    this.born = installed - Math.min(header.age, Constant.maxAge) * 1000;
    this.#aged = header.age >= Constant.maxAge;
  }

  /** What names it, as text. */
  get key(): string {
    return lsaKey(this.header);
  }

  /** Seconds, MaxAge at most. */
  age(now: Millis): number {
    if (this.#aged) return Constant.maxAge;
    return Math.min(Constant.maxAge, Math.max(0, Math.floor((now - this.born) / 1000)));
  }
  /** Whether it counts no longer: it is kept only until all have heard of its end. */
  get ended(): boolean {
    return this.#aged;
  }
  /** Its age is MaxAge from now on (premature or not). */
  end(): void {
    this.#aged = true;
  }

  /** What it says, read anew each time; undefined when its octets cannot be read, though its checksum is right. */
  body(context: BodyContext): LsaBody | undefined {
    const body = decodeLsaBody(this, context);
    return typeof body === 'string' ? undefined : body;
  }

  /** Its header as it is sent now. */
  headerAt(now: Millis): LsaHeader {
    return { ...this.header, age: this.age(now) };
  }

  /** Its octets as they are sent now, `delay` seconds older. */
  at(now: Millis, delay: number): Lsa {
    const age = Math.min(Constant.maxAge, this.age(now) + delay);
    const bytes = this.bytes.slice();
    bytes[0] = age >>> 8;
    bytes[1] = age & 0xff;
    return { header: { ...this.header, age }, bytes };
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
