import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Timers } from '../../src/lib/timers.js';

test('the next timer is the earliest that runs, whatever was started, moved, stopped and expired before', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const step = fc.oneof(
    fc.record({ start: name, at: fc.nat(20) }),
    fc.record({ stop: fc.array(name, { minLength: 1, maxLength: 2 }) }),
    fc.record({ expire: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const timers = new Timers<string>();
      const running = new Map<string, number>();
      for (const one of steps) {
        if ('start' in one) {
          timers.start(one.start, one.at);
          running.set(one.start, one.at);
        } else if ('stop' in one) {
          timers.stop(...one.stop);
          for (const gone of one.stop) running.delete(gone);
        } else {
          const due = Math.min(...running.values());
          const expired = timers.expire(one.expire);
          expect(expired === undefined).toBe(due > one.expire);
          if (expired !== undefined) {
            expect(running.get(expired)).toBe(due);
            running.delete(expired);
          }
        }
        expect(timers.next()).toBe(running.size > 0 ? Math.min(...running.values()) : undefined);
      }
    }),
  );
});
