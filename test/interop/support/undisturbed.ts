import { setTimeout as pause } from 'node:timers/promises';
import { Metronomes } from './metronomes.js';

const ATTEMPTS = 4;
/** Milliseconds in which a metronome that stood still says so. */
const LATE = 100;

/**
 * Tries what only holds while the machine goes on, such as that nobody's BFD falls silent. A failure is one, unless a processor of the
 * machine stood still meanwhile: then it shows nothing about anybody, and is tried again.
 *
 * @param still - Milliseconds for which a processor has to have stood still.
 */
export async function undisturbed(still: number, attempt: () => Promise<void>): Promise<void> {
  using metronomes = await Metronomes.start();
  for (let left = ATTEMPTS - 1; ; left--) {
    const since = Date.now();
    try {
      return await attempt();
    } catch (error) {
      await pause(LATE);
      const stood = metronomes.longest(since, Date.now());
      if (left === 0 || stood < still) throw error;
      console.log(`tried again, as a processor stood still for ${stood.toFixed(0)} ms`);
    }
  }
}
