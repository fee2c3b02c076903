import { afterEach, expect, test, vi } from 'vitest';
import { ManualClock } from '../../src/core.js';
import { LsaTable } from '../../src/ospf/columns/lsa-table.js';
import { RequestList } from '../../src/ospf/columns/request-list.js';
import { Destinations } from '../../src/ospf/destinations.js';
import { OspfSegment } from '../../src/testing.js';
import { Links, receiver, recorded, START, STEP } from './support/intake.js';

/** A third more than one turn may do: to look at all of them once would be too much. */
const LSAS = 4_000;

afterEach(() => void vi.restoreAllMocks());

/** A clock that says when each turn is over. */
class TurnClock extends ManualClock {
  constructor(private readonly over: () => void) {
    super(START);
  }
  override at(...[when, call]: Parameters<ManualClock['at']>): ReturnType<ManualClock['at']> {
    return super.at(when, () => this.turn(call));
  }
  turn(call: () => void): void {
    call();
    this.over();
  }
}

/** Counts each LSA and destination that is looked up, kept, or passed over in an iteration. */
function countWork(): { count: number } {
  const work = { count: 0 };
  const calls = <T extends object>(of: T, name: keyof T & string): void => {
    const method = Reflect.get(of, name) as (...args: unknown[]) => unknown;
    vi.spyOn(of as Record<string, () => unknown>, name).mockImplementation(function (this: T, ...args: unknown[]) {
      work.count++;
      return method.apply(this, args);
    } as () => unknown);
  };
  const steps = <T extends object>(of: T, name: keyof T & string): void => {
    const method = Reflect.get(of, name) as (...args: unknown[]) => Iterable<unknown>;
    vi.spyOn(of as Record<string, () => unknown>, name).mockImplementation(function* (this: T, ...args: unknown[]) {
      for (const value of method.apply(this, args)) {
        work.count++;
        yield value;
      }
    } as () => unknown);
  };
  for (const name of ['find', 'set', 'append', 'delete'] as const) calls(LsaTable.prototype, name);
  for (const name of ['set', 'get', 'has', 'delete'] as const) calls(RequestList.prototype, name);
  for (const name of ['at', 'find', 'take', 'free'] as const) calls(Destinations.prototype, name);
  steps(LsaTable.prototype, 'values');
  steps(LsaTable.prototype, 'ofType');
  steps(Destinations.prototype, 'values');
  return work;
}

test('no turn does more than a bounded part of the work while 4,000 externals come in, are reached, claimed, and lost again', async () => {
  const packets = await recorded(LSAS);
  const work = countWork();
  let most = 0;
  let all = 0;
  let mostChanges = 0;
  let changesBefore = 0;
  const clock = new TurnClock(() => {
    most = Math.max(most, work.count);
    all += work.count;
    work.count = 0;
    const { changes } = router.metrics().network;
    mostChanges = Math.max(mostChanges, changes - changesBefore);
    changesBefore = changes;
  });
  const links = new Links(new OspfSegment(clock));
  const router = receiver(clock, links);
  await router.start();
  for (const { at, source, destination, payload } of packets) {
    clock.advance(at - clock.now());
    clock.turn(() => links.received?.(source, destination, payload));
  }
  for (let i = 0; i < 1000; i++) clock.advance(STEP);
  await router.network.settled();
  const mapped = router.metrics().network.changes;
  expect(mapped).toBeGreaterThanOrEqual(LSAS);
  // Nothing more is heard of the neighbour: all of it is taken back.
  for (let i = 0; i < 20; i++) clock.advance(1000);
  await router.network.settled();
  expect(router.metrics().network.changes).toBeGreaterThanOrEqual(mapped + LSAS);
  await router.stop();
  // All was counted: each LSA is told of, asked for, kept; each destination is looked at as it comes, when it is reached, and when it is lost.
  expect(all).toBeGreaterThan(LSAS * 10);
  expect(most).toBeLessThan(3000);
  expect(mostChanges).toBeLessThanOrEqual(800);
}, 60_000);
