import type { Cause, Feed } from '../../../claims/feed.js';
import type { Cancel, Millis } from '../../../lib/clock.js';
import { Stale } from '../../../rib/claim-records.js';
import type { AddressFamily } from '../../config.js';
import type { VirtualNetwork } from '../../virtual-network.js';

const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'] as const;

/**
 * `restarting`: the neighbour is gone, and said that it goes on forwarding (RFC 4724). `long-lived`: it has been gone for longer than it
 * asked for, and what it said is the last resort (RFC 9494). `restating`: it is back, and says everything again.
 *
 * @public
 */
export type RestartPhase = 'restarting' | 'long-lived' | 'restating';

/** What of a neighbour outlives its session. @internal */
export interface Retention {
  readonly families: readonly AddressFamily[];
  /** How long it may be gone. */
  readonly time: Millis;
  /** How much longer its claims are the last resort, by family; absent where they are not. */
  readonly longLived: Readonly<Partial<Record<AddressFamily, Millis>>>;
  /** For explanations: values of `Stale`. */
  readonly mark: number;
}

/** Whom retained claims tell. @internal */
export interface RetentionOwner {
  changed(phase: RestartPhase): void;
  /** Time is up and the neighbour is not back: nothing stays. */
  over(): void;
  /** Claims have ended. */
  ended(): void;
}

/** Claims that become the last resort in one slice: all that is told of them changes. */
const SLICE = 4096;

interface Kept {
  longLived: boolean;
  /** When its long-lived claims end. */
  deadline: Millis | undefined;
  cancel: Cancel | undefined;
}

/**
 * The claims of a neighbour that restarts gracefully (RFC 4724 §4.2): they stay, marked, until it has said everything again, or the time
 * for that is up. Its packets are forwarded meanwhile as before. Each family for itself.
 *
 * @internal
 */
export class RetainedClaims {
  /** Families whose End-of-RIB is waited for. */
  readonly #families = new Map<AddressFamily, Kept>();
  readonly #longLived: Retention['longLived'];
  #resumed = false;
  #timer: Cancel;
  /** The next slice of claims that become the last resort. */
  #demotion: Cancel | undefined;
  /** When the present phase ends. */
  until: Millis;

  /**
   * @param retention - What is kept; the other family's claims end.
   * @param before - What was still kept of the restart before this one, which has not come to its end.
   */
  constructor(
    private readonly network: VirtualNetwork,
    readonly feed: Feed,
    retention: Retention,
    before: RetainedClaims | undefined,
    private readonly owner: RetentionOwner,
  ) {
    this.#longLived = retention.longLived;
    for (const family of retention.families)
      this.#families.set(family, { longLived: false, deadline: before?.deadlineOf(family), cancel: undefined });
    before?.release();
    this.#keep(retention.mark);
    this.until = this.#now + retention.time;
    this.#timer = network.timers.clock.at(this.until, () => this.#expired());
  }

  get phase(): RestartPhase {
    if (this.#resumed) return 'restating';
    return [...this.#families.values()].some(({ longLived }) => !longLived) ? 'restarting' : 'long-lived';
  }

  /** The neighbour is back, and has kept forwarding for `families`. It has `time` for its End-of-RIB. */
  resume(families: readonly AddressFamily[], time: Millis): void {
    this.#resumed = true;
    for (const family of this.families) if (!families.includes(family)) this.#end(family);
    this.#timer();
    this.until = this.#now + time;
    this.#timer = this.network.timers.clock.at(this.until, () => {
      for (const [family, { longLived }] of this.#families) if (!longLived) this.complete(family, this.feed.cause);
      if (this.done) this.owner.over();
    });
    this.owner.changed('restating');
  }

  /** Everything of a family has been said again: what was not, ends. */
  complete(family: AddressFamily, cause: Cause): void {
    const kept = this.#families.get(family);
    if (!kept) return;
    kept.cancel?.();
    this.#families.delete(family);
    this.network.endClaims(this.feed, this.#rib(family), 'marked', cause, () => this.owner.ended());
  }

  /** Whether nothing is waited for any more. */
  get done(): boolean {
    return this.#families.size === 0;
  }
  get families(): readonly AddressFamily[] {
    return [...this.#families.keys()];
  }
  /** When a family's long-lived claims end, once they are that. */
  deadlineOf(family: AddressFamily): Millis | undefined {
    return this.#families.get(family)?.deadline;
  }
  isLongLived(family: AddressFamily): boolean {
    return this.#families.get(family)?.longLived ?? false;
  }

  /** No longer watches the time. */
  release(): void {
    this.#timer();
    this.#demotion?.();
    for (const { cancel } of this.#families.values()) cancel?.();
  }

  get #now(): Millis {
    return this.network.timers.clock.now();
  }

  /** Marks what stays, and ends the rest. */
  #keep(mark: number): void {
    const { network, feed } = this;
    for (const family of FAMILIES) {
      const rib = this.#rib(family);
      if (this.#families.has(family)) {
        // RFC 4724 §4.2: what was marked before and not said again since is not kept through a second restart. RFC 9494 §4.3: what is
        // long-lived is, and its time goes on.
        if (mark === Stale.restart) network.endClaims(feed, rib, Stale.restart, feed.cause);
        rib.markStale(feed.index, mark);
      } else network.endClaims(feed, rib, 'all', feed.cause);
    }
  }

  /** The neighbour is not back in time. */
  #expired(): void {
    if ([...this.#families.keys()].every((family) => (this.#longLived[family] ?? 0) === 0)) {
      // What becomes of all of it is the owner's to say.
      this.#families.clear();
      this.owner.over();
      return;
    }
    for (const [family, kept] of this.#families) {
      const time = this.#longLived[family];
      if (time === undefined || time === 0) {
        this.#end(family);
        continue;
      }
      kept.longLived = true;
      // Started once: a second failure before the End-of-RIB does not start it anew.
      kept.deadline ??= this.#now + time;
      kept.cancel = this.network.timers.clock.at(kept.deadline, () => this.#outlived(family));
    }
    this.#demote(this.families);
    if (this.done) this.owner.over();
    else {
      this.until = Math.max(...[...this.#families.values()].map(({ deadline }) => deadline ?? 0));
      this.owner.changed('long-lived');
    }
  }

  /** What is long-lived becomes the last resort, a slice at a time, also while the neighbour says it again. */
  #demote(families: readonly AddressFamily[], from = 0): void {
    const { network } = this;
    const [family, ...rest] = families;
    network.begin();
    const next = family && this.#families.has(family) ? this.#rib(family).keepLongLived(this.feed.index, SLICE, from) : 0;
    network.settle(this.feed.cause);
    const left = next === 0 ? rest : families;
    this.#demotion = left.length === 0 ? undefined : network.timers.clock.defer(() => this.#demote(left, next));
  }

  #outlived(family: AddressFamily): void {
    if (this.#resumed) this.complete(family, this.feed.cause);
    else this.#end(family);
    if (this.done) this.owner.over();
  }

  #end(family: AddressFamily): void {
    this.#families.get(family)?.cancel?.();
    this.#families.delete(family);
    this.network.endClaims(this.feed, this.#rib(family), 'all', this.feed.cause, () => this.owner.ended());
  }

  #rib(family: AddressFamily) {
    return family === 'ipv4-unicast' ? this.network.ribs.ipv4 : this.network.ribs.ipv6;
  }
}
