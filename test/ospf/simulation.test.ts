import { describe, expect, test } from 'vitest';
import { type SimulationOptions, simulate } from './support/simulation.js';

describe.each([2, 3] as const)('OSPFv%i: routers in a random topology, with loss and flapping links', (version) => {
  const sizes: readonly SimulationOptions[] = [
    { version, seed: 1, routers: 6, links: 9, lans: 1, loss: 0.1, flaps: 5 },
    { version, seed: 2, routers: 12, links: 18, lans: 2, loss: 0.05, flaps: 6 },
  ];
  test.each(sizes)('converge to what Dijkstra says (seed $seed)', (options) => {
    const { wrong, checked } = simulate(options);
    expect(wrong).toEqual([]);
    expect(checked).toBeGreaterThan(options.routers * options.routers * 0.3);
  });
});
