import type { ManualClock } from '../../src/lib/clock.js';

/** From now on: how many appointments of a clock are neither kept nor called off. */
export function countTimers(clock: ManualClock): () => number {
  const open = new Set<object>();
  const at = clock.at.bind(clock);
  clock.at = (when, call) => {
    const timer = {};
    open.add(timer);
    const cancel = at(when, () => {
      open.delete(timer);
      call();
    });
    return () => {
      open.delete(timer);
      cancel();
    };
  };
  return () => open.size;
}
