/** A grant's limit while claims come, change and go: who has room, and who waits. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WaitingClaims } from '../../src/rib/waiting-claims.js';
import { A, routerLab } from '../support/router-lab.js';

const LIMIT = 3;
const host = (i: number): string => `192.0.2.${i}/32`;
const limited = async (addPath: boolean) => {
  const grants = [{ node: 'a', id: 'g', prefix: '192.0.2.0/24', le: 32, as: 'gateway', limit: LIMIT }] as const;
  const network = { nodes: [{ name: 'a', addresses: [A] }], grants };
  const made = await routerLab([{ address: A, as: 65001, ...(addPath ? { addPath: 'receive' as const } : {}) }], { network });
  return { ...made, a: made.guest(A, 65001, addPath ? { addPath: 'send' } : {}) };
};

const step = fc.record({ what: fc.constantFrom('announce', 'announce', 'withdraw', 'change'), prefix: fc.nat(40), path: fc.nat(2) });
const steps = fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 25 });

test('property: the prefixes that were heard first have room, whatever came and went', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (turns) => {
      const { clock, a, verdicts } = await limited(false);
      const live = new Map<string, number>(); // in the order first heard
      let med = 0;
      for (const turn of turns) {
        for (const { what, prefix } of turn) {
          const text = host(prefix);
          if (what === 'withdraw') {
            if (live.delete(text)) a.withdraw(text);
          } else if (what === 'announce' || live.has(text)) {
            live.set(text, ++med);
            a.announce(text, { med });
          }
          clock.settle();
        }
        const expected = [...live.keys()].map((text, i) => [text, i < LIMIT ? 'accepted' : 'limit-exceeded']);
        expect(verdicts()).toEqual(Object.fromEntries(expected));
      }
    }),
    { numRuns: 25 },
  );
});

test('property: by several paths too no room is left while a prefix waits, and none waits that has room by another path', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (turns) => {
      const { clock, router, a } = await limited(true);
      const live = new Set<string>();
      for (const turn of turns) {
        for (const { what, prefix, path } of turn) {
          const route = { prefix: host(prefix % 8), pathId: path + 1 };
          const key = `${route.prefix} ${route.pathId}`;
          if (what === 'withdraw') {
            if (live.delete(key)) a.withdraw(route);
          } else {
            live.add(key);
            a.announce(route, what === 'change' ? { med: path } : {});
          }
        }
        clock.settle();
        const claims = [...router.claims()].filter(({ source }) => source === 'bgp');
        expect(claims.length).toBe(live.size);
        const having = (verdict: string) => new Set(claims.filter((claim) => claim.verdict === verdict).map((claim) => claim.prefix));
        const [room, waiting] = [having('accepted'), having('limit-exceeded')];
        expect(room.size).toBe(Math.min(LIMIT, new Set(claims.map(({ prefix }) => prefix)).size));
        expect([...waiting].filter((prefix) => room.has(prefix))).toEqual([]);
      }
    }),
    { numRuns: 25 },
  );
});

test('property: those that wait are taken in the order in which they came, and those that went are passed over', () => {
  const move = fc.oneof(fc.record({ add: fc.nat(1000) }), fc.constant('take' as const), fc.record({ leave: fc.nat() }));
  fc.assert(
    fc.property(fc.array(move, { maxLength: 400 }), (moves) => {
      /** Row of each arrival that waits. */
      const model = new Map<number, number>();
      const waiting = new WaitingClaims((row, arrival) => model.get(arrival) === row);
      let next = 0;
      for (const one of moves) {
        if (one === 'take') {
          const arrival = Math.min(...model.keys());
          const row = model.get(arrival) ?? -1;
          expect(waiting.take()).toBe(row);
          model.delete(arrival);
        } else if ('add' in one) {
          // Not in their order: one that is judged again keeps its place.
          const arrival = one.add * 1000 + (next++ % 1000);
          model.set(arrival, next);
          waiting.add(next, arrival);
        } else if (model.size > 0) {
          const arrival = [...model.keys()][one.leave % model.size] ?? 0;
          waiting.left();
          model.delete(arrival);
        }
        expect(waiting.size).toBe(model.size);
      }
      expect(new Set(waiting.rows())).toEqual(new Set(model.values()));
    }),
  );
});

test('room that is made goes to who has waited longest, one at a time', async () => {
  const { clock, router, a } = await limited(false);
  const many = Array.from({ length: 250 }, (_, i) => host(i));
  a.announceAll(many);
  clock.settle();
  // Nobody else is refused anew.
  const before = router.metrics().network.refusals['limit-exceeded'];
  for (let i = 0; i < 100; i++) {
    a.withdraw(host(i));
    clock.settle();
    expect([...router.claims({ prefix: host(i + LIMIT) })].map(({ verdict }) => verdict)).toEqual(['accepted']);
  }
  expect(router.metrics().network.refusals['limit-exceeded']).toBe(before);
});
