import type { Clock } from '../lib/clock.js';
import type { MemoryDatagrams } from '../lib/memory-datagrams.js';
import type { Random } from '../lib/random.js';
import { BfdEngine } from './engine.js';
import { BfdPort } from './wire/index.js';

/**
 * A BFD service for simulations, labs and tests: the engine of the real one, over datagrams in memory, on any clock.
 *
 * @param address - Where it listens, and speaks from unless a watch says otherwise.
 * @public
 */
export function memoryBfd(datagrams: MemoryDatagrams, clock: Clock, random: Random, address: string): BfdEngine {
  const engine: BfdEngine = new BfdEngine(clock, random, {
    open: ({ remote, local = address, config: { multihop } }) => ({
      send: (bytes) => datagrams.send(local, remote, bytes, multihop ? BfdPort.multihop : BfdPort.singleHop),
      close: () => {},
    }),
  });
  datagrams.listen(address, (bytes, remote, port) =>
    engine.receive(bytes, { remote, local: address, multihop: port === BfdPort.multihop }),
  );
  return engine;
}
