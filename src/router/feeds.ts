import { type Cause, type Feed, type FeedOptions, newFeed } from '../claims/feed.js';
import type { Cancel, Clock } from '../lib/clock.js';
import type { Rib } from '../rib/rib.js';
import type { VirtualNetwork } from './virtual-network.js';

/** Claims of a dead session ended in one slice, so that timers and other sessions get their turn in between. */
const SLICE = 8192;
/** Feeds that end in one slice, at most. */
const SLICE_FEEDS = 32;

/** Claims of one family that are over. */
interface Ending {
  readonly feed: Feed;
  readonly rib: Rib;
  readonly cause: Cause;
  readonly done: () => void;
  /** Where the next slice begins. */
  readonly from: { row: number; arrival: number };
}

/**
 * A network's streams of claims, by number. They end in slices; of many that end at once, each waits for those before it, so that nobody
 * else waits for all of them.
 *
 * @internal
 */
export class Feeds {
  readonly all: (Feed | undefined)[] = [];
  readonly #free: number[] = [];
  /** Those that are closed, and still have claims; and the next slice of their end. */
  readonly #closing: { readonly feed: Feed; readonly done: () => void }[] = [];
  /** Those that go on, some of whose claims are over. */
  readonly #ending: Ending[] = [];
  #sweep: Cancel | undefined;

  constructor(
    private readonly network: VirtualNetwork,
    private readonly clock: Clock,
  ) {}

  open(options: FeedOptions): Feed {
    const { ribs } = this.network;
    const index = this.#free.pop() ?? this.all.length;
    const feed = newFeed(options, index);
    this.all[index] = feed;
    ribs.ipv4.addFeed(index);
    ribs.ipv6.addFeed(index);
    return feed;
  }

  /** Ends a feed; `done` is called when it has no claims any more. */
  close(feed: Feed, done: () => void): void {
    feed.alive = false;
    this.#closing.push({ feed, done });
    if (!this.#sweep) this.#sweepSome();
  }

  /** Takes out the claims of a feed that were condemned; `done` is called when none is left. */
  end(feed: Feed, rib: Rib, cause: Cause, done: () => void): void {
    this.#ending.push({ feed, rib, cause, done, from: { row: 0, arrival: 0 } });
    if (!this.#sweep) this.#sweepSome();
  }

  /** Whether some are about to end. */
  get ending(): boolean {
    return this.#closing.length > 0 || this.#ending.length > 0;
  }

  /** Ends nothing more. */
  stop(): void {
    this.#sweep?.();
  }

  #sweepSome(): void {
    const { ribs, sets } = this.network;
    this.#sweep = () => {}; // it is under way
    let left = SLICE;
    for (let feeds = 0; feeds < SLICE_FEEDS && left > 0; feeds++) {
      const [first] = this.#closing;
      if (!first) break;
      const { feed, done } = first;
      const now = this.clock.now();
      ribs.ipv4.now = now;
      ribs.ipv6.now = now;
      let swept = ribs.ipv4.sweep(feed.index, left);
      if (swept < left) swept += ribs.ipv6.sweep(feed.index, left - swept);
      const over = swept < left;
      left -= swept;
      if (over) this.#closing.shift();
      this.network.settle(feed.cause);
      if (!over) break;
      this.all[feed.index] = undefined;
      this.#free.push(feed.index);
      if (feed.account > 0) sets.closeAccount(feed.account);
      done();
    }
    for (let ended = 0; ended < SLICE_FEEDS && left > 0; ended++) {
      const [first] = this.#ending;
      if (!first) break;
      left -= this.#endSome(first, left);
      if (first.from.row !== 0) break;
      this.#ending.shift();
      first.done();
    }
    this.#sweep = this.ending ? this.clock.defer(() => this.#sweepSome()) : undefined;
  }

  #endSome({ feed, rib, cause, from }: Ending, most: number): number {
    if (this.all[feed.index] !== feed) {
      // It has closed meanwhile, and they with it.
      from.row = 0;
      return 0;
    }
    rib.now = this.clock.now();
    const swept = rib.sweepEnded(feed.index, most, from);
    this.network.settle(cause);
    return swept;
  }
}
