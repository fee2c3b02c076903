import { afterEach, expect, test, vi } from 'vitest';
import { rehearse } from '../../src/router/rehearsal.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';

afterEach(() => {
  vi.restoreAllMocks();
});

test('each act of the rehearsal takes its whole table in, and lets it go', async () => {
  const stages: VirtualRouter[] = [];
  const { start } = VirtualRouter.prototype;
  vi.spyOn(VirtualRouter.prototype, 'start').mockImplementation(function (this: VirtualRouter) {
    stages.push(this);
    return start.call(this);
  });
  const defer = (call: () => void): (() => void) => {
    const immediate = setImmediate(call);
    return () => clearImmediate(immediate);
  };
  await rehearse({ now: () => 0, at: (_when, call) => defer(call), defer });
  expect(stages.length).toBeGreaterThan(5);
  for (const { network } of stages) {
    // Most of 11,000 prefixes came, and went with their speaker; the nodes' own are left.
    expect(network.position.seq).toBeGreaterThan(20_000);
    expect(network.size).toBeLessThan(10);
  }
});
