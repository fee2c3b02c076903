import type { Millis } from '../lib/clock.js';
import type { SpfDelays } from './options.js';

/** RFC 8405 §5. */
type BackoffState = 'quiet' | 'short-wait' | 'long-wait';

/**
 * How long a calculation of shortest paths waits for more to change (RFC 8405): hardly, when all was quiet; longer, while one failure
 * makes itself known in several LSAs; longest, in a storm.
 *
 * @internal
 */
export class SpfBackoff {
  #state: BackoffState = 'quiet';
  #learnedBy: Millis = 0;
  #quietAt: Millis = 0;

  constructor(private readonly delays: SpfDelays) {}

  get state(): BackoffState {
    return this.#state;
  }

  /** Something changed: how long to wait, if nothing waits yet. */
  event(now: Millis): Millis {
    const { delays } = this;
    if (this.#state !== 'quiet' && now >= this.#quietAt) this.#state = 'quiet';
    else if (this.#state === 'short-wait' && now >= this.#learnedBy) this.#state = 'long-wait';
    this.#quietAt = now + delays.holdDown;
    switch (this.#state) {
      case 'quiet':
        this.#state = 'short-wait';
        this.#learnedBy = now + delays.timeToLearn;
        return delays.initial;
      case 'short-wait':
        return delays.short;
      case 'long-wait':
        return delays.long;
    }
  }
}
