import { expect, test } from 'vitest';
import { CLOSING, ClosingTurns } from '../../src/io/closing-turns.js';

/** An event loop of which only this is looked at: what it calls once all else had a turn, and how long each turn took. */
function loop() {
  let now = 0;
  const calls: (() => void)[] = [];
  const turns = new ClosingTurns({ now: () => now, afterOthers: (call) => calls.push(call) });
  return {
    turns,
    spend: (time: number) => {
      now += time;
    },
    /** A turn; how long it took. */
    turn: () => {
      const start = now;
      for (const call of calls.splice(0)) call();
      return now - start;
    },
    get idle() {
      return calls.length === 0;
    },
  };
}

test('one connection that ends is heard of at once', () => {
  const { turns } = loop();
  let heard = 0;
  turns.take(() => heard++);
  expect(heard).toBe(1);
});

test('of many that end together each turn hears of as many as there is time for, in order, until all are told', () => {
  const { turns, spend, turn } = loop();
  const heard: number[] = [];
  for (let i = 0; i < 1000; i++)
    turns.take(() => {
      heard.push(i);
      spend(0.25);
    });
  const most = CLOSING / 0.25 + 1;
  expect(heard.length).toBe(most);
  let turned = 0;
  for (; heard.length < 1000; turned++) expect(turn()).toBeLessThanOrEqual(CLOSING + 0.25);
  expect(turned).toBe(Math.ceil((1000 - most) / most));
  expect(heard).toEqual(Array.from({ length: 1000 }, (_, i) => i));
});

test('one that ends while others wait is heard of after them, and once none waits at once again', () => {
  const world = loop();
  const heard: string[] = [];
  const end = (name: string, time: number) =>
    world.turns.take(() => {
      heard.push(name);
      world.spend(time);
    });
  end('slow', CLOSING + 1);
  end('waits', 1);
  end('later', 1);
  expect(heard).toEqual(['slow']);
  world.turn();
  expect(heard).toEqual(['slow', 'waits', 'later']);
  world.turn();
  expect(world.idle).toBe(true);
  end('at once', 1);
  expect(heard.at(-1)).toBe('at once');
});

test('an owner that throws keeps nobody else from hearing', () => {
  const { turns, spend, turn } = loop();
  const heard: number[] = [];
  turns.take(() => spend(CLOSING + 1));
  turns.take(() => {
    throw new Error('mine');
  });
  turns.take(() => heard.push(1));
  expect(() => turn()).toThrow('mine');
  turn();
  expect(heard).toEqual([1]);
});
