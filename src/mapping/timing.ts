import type { Cause } from '../claims/feed.js';
import type { Millis } from '../lib/clock.js';
import { Histogram, type HistogramSnapshot } from '../lib/histogram.js';

/** How long moves took, stage by stage: histograms of all changes that were applied. @public */
export interface MoveTiming {
  /** From the last that was heard of who died to its death being known; 0 where the move was asked for. */
  readonly detection: HistogramSnapshot;
  /** From there to the decision. */
  readonly decision: HistogramSnapshot;
  /** From there to the forwarding table having it. */
  readonly application: HistogramSnapshot;
  /** All of it. */
  readonly total: HistogramSnapshot;
}

/** When the one whose death brought a change about was last heard; of anything else, when that was heard. @internal */
export function lastHeardOf(cause: Cause, heard: Millis): Millis {
  return cause.type === 'session-down' && cause.lastHeard !== undefined ? Math.min(cause.lastHeard, heard) : heard;
}

/** Counts moves; neighbours in a batch were mostly heard together. @internal */
export class MoveTimes {
  readonly #detection = new Histogram();
  readonly #decision = new Histogram();
  readonly #application = new Histogram();
  readonly #total = new Histogram();
  #lastHeard = 0;
  #heard = 0;
  #decided = 0;
  #applied = 0;
  #alike = 0;

  record(lastHeard: Millis, heard: Millis, decided: Millis, applied: Millis, moves: number): void {
    if (lastHeard === this.#lastHeard && heard === this.#heard && decided === this.#decided && applied === this.#applied) {
      this.#alike += moves;
      return;
    }
    this.#flush();
    this.#lastHeard = lastHeard;
    this.#heard = heard;
    this.#decided = decided;
    this.#applied = applied;
    this.#alike = moves;
  }

  snapshot(): MoveTiming {
    this.#flush();
    return {
      detection: this.#detection.snapshot(),
      decision: this.#decision.snapshot(),
      application: this.#application.snapshot(),
      total: this.#total.snapshot(),
    };
  }

  #flush(): void {
    if (this.#alike === 0) return;
    this.#detection.record(this.#heard - this.#lastHeard, this.#alike);
    this.#decision.record(this.#decided - this.#heard, this.#alike);
    this.#application.record(this.#applied - this.#decided, this.#alike);
    this.#total.record(this.#applied - this.#lastHeard, this.#alike);
    this.#alike = 0;
  }
}
