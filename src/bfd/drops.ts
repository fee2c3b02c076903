import type { BfdDrop } from './wire/index.js';

/** Why a packet went no further than the engine: the packet's own faults, a stranger's, and one that came from beyond the link. @public */
export type BfdDropReason = BfdDrop | 'no-session' | 'hop-limit';

/** Packets that were dropped, by reason. @public */
export type BfdDrops = Partial<Record<BfdDropReason, number>>;

const PLACES: Readonly<Record<BfdDropReason, number>> = {
  short: 0,
  version: 1,
  length: 2,
  'multiplier-zero': 3,
  multipoint: 4,
  'my-discriminator-zero': 5,
  'your-discriminator-zero': 6,
  authentication: 7,
  'no-session': 8,
  'hop-limit': 9,
};
const REASONS = Object.keys(PLACES) as readonly BfdDropReason[];

/** Counts what was dropped, in memory that another thread may read. @internal */
export class DropCounts {
  /** @param counts - A number for each reason, as {@link DropCounts.shared} makes it. */
  constructor(private readonly counts: Uint32Array = new Uint32Array(REASONS.length)) {}

  static shared(): Uint32Array<SharedArrayBuffer> {
    return new Uint32Array(new SharedArrayBuffer(4 * REASONS.length));
  }

  add(reason: BfdDropReason): void {
    const place = PLACES[reason];
    this.counts[place] = (this.counts[place] ?? 0) + 1;
  }

  /** Those that there were, up to now. */
  get all(): BfdDrops {
    return Object.fromEntries(REASONS.flatMap((reason) => (this.counts[PLACES[reason]] ? [[reason, this.counts[PLACES[reason]]]] : [])));
  }
}
