import type { Cancel, Clock, Millis } from '../lib/clock.js';

/** The longest that `setTimeout` can wait. */
const LONGEST = 2 ** 31 - 1;

/** The system's time: since the epoch, with a fraction, and steady (a set clock does not move it). @public */
export class SystemClock implements Clock {
  now(): Millis {
    return performance.timeOrigin + performance.now();
  }

  at(when: Millis, call: () => void): Cancel {
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const left = when - this.now();
      // setTimeout rounds down: an appointment is never kept early.
      timer = setTimeout(() => (when - this.now() > 0 ? arm() : call()), Math.min(LONGEST, Math.max(0, Math.ceil(left))));
    };
    arm();
    return () => clearTimeout(timer);
  }

  defer(call: () => void): Cancel {
    const immediate = setImmediate(call);
    return () => clearImmediate(immediate);
  }
}
