import { afterEach, expect, test, vi } from 'vitest';
import type { Compiler } from '../../src/lib/compiler.js';
import { OSPF_SCENES } from '../../src/router/ospf-rehearsal.js';
import { rehearse } from '../../src/router/rehearsal.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Rehearses, and returns the routers that it was done with. */
async function rehearsed(ospf: boolean, compiler: Compiler = { hasten: () => () => {} }): Promise<VirtualRouter[]> {
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
  await rehearse({ now: () => 0, at: (_when, call) => defer(call), defer }, { ospf, compiler });
  return stages;
}

test('each act of the rehearsal takes its whole table in, and lets it go', async () => {
  const stages = await rehearsed(false);
  expect(stages.length).toBeGreaterThan(5);
  for (const { network } of stages) {
    // Most of 11,000 prefixes came, and went with their speaker; the nodes' own are left.
    expect(network.position.seq).toBeGreaterThan(20_000);
    expect(network.size).toBeLessThan(10);
  }
});

test('each act of OSPF takes its whole database in, and loses it with its neighbour; there is none where it was not asked for', async () => {
  const stages = (await rehearsed(true)).filter((stage) => stage.ospf().length > 0);
  expect(stages).toHaveLength(OSPF_SCENES.length);
  for (const [i, stage] of stages.entries()) {
    const { network } = stage;
    // All came, and some of them were said anew, and then no longer; all went.
    expect(network.position.seq).toBeGreaterThanOrEqual(2 * (OSPF_SCENES[i]?.externals ?? Number.NaN));
    expect(network.size).toBeLessThan(5);
    expect(stage.ospf()[0]?.interfaces[0]?.problems).toEqual({});
  }
});

test('the compiler is hastened while OSPF lasts, also if it fails', async () => {
  const told: string[] = [];
  const compiler: Compiler = {
    hasten: () => {
      told.push('hastened');
      return () => void told.push('restored');
    },
  };
  const { start } = VirtualRouter.prototype;
  vi.spyOn(VirtualRouter.prototype, 'start').mockImplementation(function (this: VirtualRouter) {
    told.push(this.ospf().length > 0 ? 'OSPF' : 'BGP');
    return this.ospf().length > 0 ? Promise.reject(new Error('no stage')) : start.call(this);
  });
  const defer = (call: () => void): (() => void) => {
    const immediate = setImmediate(call);
    return () => clearImmediate(immediate);
  };
  await expect(rehearse({ now: () => 0, at: (_when, call) => defer(call), defer }, { ospf: true, compiler })).rejects.toThrow('no stage');
  expect(told.filter((what) => what !== 'BGP')).toEqual(['hastened', 'OSPF', 'restored']);
  expect(told.lastIndexOf('BGP')).toBeLessThan(told.indexOf('hastened'));
});
