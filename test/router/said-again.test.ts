/** Who says its routes again, in the order of before or in another, in part or with others between them, has said what it said last. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { A, B, C, routerLab } from '../support/router-lab.js';

const PREFIXES = Array.from({ length: 14 }, (_, i) => (i % 3 === 0 ? `10.${i}.0.0/16` : `10.1.${i}.0/24`));
const GUESTS = [A, B] as const;

interface Step {
  readonly type: 'announce' | 'withdraw' | 'restart';
  readonly guest: (typeof GUESTS)[number];
  readonly prefixes: readonly string[];
}

const who = fc.constantFrom(...GUESTS);
const some = fc.shuffledSubarray(PREFIXES);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('announce' as const), guest: who, prefixes: fc.constant(PREFIXES) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('announce' as const), guest: who, prefixes: fc.subarray(PREFIXES) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('announce' as const), guest: who, prefixes: some }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('withdraw' as const), guest: who, prefixes: some }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('restart' as const), guest: who, prefixes: fc.constant([]) }) },
);

test('is held to what was said last', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
      const { clock, router, guest } = await routerLab(
        [
          { address: A, as: 65001 },
          { address: B, as: 65002 },
          { address: C, as: 65003, export: 'claims' },
        ],
        {
          network: {
            nodes: [
              { name: 'a', addresses: [A] },
              { name: 'b', addresses: [B] },
              { name: 'c', addresses: [C] },
            ],
            grants: [
              { node: 'a', prefix: '10.0.0.0/8', le: 32, as: 'gateway', preference: 500 },
              { node: 'b', prefix: '10.0.0.0/8', le: 32, as: 'gateway', preference: 100 },
            ],
          },
        },
      );
      const speakers = { [A]: guest(A, 65001), [B]: guest(B, 65002) };
      const observer = guest(C, 65003);
      const said = { [A]: new Map<string, string>(), [B]: new Map<string, string>() };
      for (const [round, { type, guest: address, prefixes }] of steps.entries()) {
        const [speaker, own] = [speakers[address], said[address]];
        if (type === 'announce') {
          // A message for each few, so that a run begins and ends in the midst of them.
          for (let at = 0; at < prefixes.length; at += 4) {
            const [few, community] = [prefixes.slice(at, at + 4), `65001:${100 * round + at}`];
            speaker.announceAll(few, { communities: [community] });
            for (const prefix of few) own.set(prefix, community);
          }
        } else if (type === 'withdraw') {
          for (const prefix of prefixes) if (own.delete(prefix)) speaker.withdraw(prefix);
        } else {
          speaker.stop();
          clock.advance(1000);
          speaker.start();
          clock.advance(5000);
          expect(speaker.state).toBe('established');
        }
        clock.settle();
        const expected = PREFIXES.map((prefix) => [prefix, said[A].get(prefix) ?? said[B].get(prefix)]).filter(([, heard]) => heard);
        const heard = new Map(observer.routes().map(({ prefix, attributes }) => [prefix, attributes.communities?.join()]));
        expect(PREFIXES.map((prefix) => [prefix, heard.get(prefix)]).filter(([, told]) => told)).toEqual(expected);
      }
      expect([...router.claims()].filter(({ source }) => source === 'bgp').length).toBe(said[A].size + said[B].size);
    }),
    { numRuns: 60 },
  );
});
