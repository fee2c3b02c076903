import type { Clock } from '../lib/clock.js';
import type { MemoryDatagrams } from '../lib/memory-datagrams.js';
import type { Random } from '../lib/random.js';
import { BfdEngine } from './engine.js';

/**
 * A BFD service for simulations, labs and tests: the engine of the real one, over datagrams in memory, on any clock.
 *
 * @param address - Where it listens, and speaks from unless a watch says otherwise.
 * @public
 */
export function memoryBfd(datagrams: MemoryDatagrams, clock: Clock, random: Random, address: string): BfdEngine {
  const engine: BfdEngine = new BfdEngine(clock, random, {
    open: ({ remote, local = address }) => ({ send: (bytes) => datagrams.send(local, remote, bytes), close: () => {} }),
  });
  datagrams.listen(address, (bytes, from) => engine.receive(bytes, from, address, false));
  return engine;
}
