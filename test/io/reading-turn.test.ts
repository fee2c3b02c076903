import { expect, test } from 'vitest';
import { ReadingTurn } from '../../src/io/reading-turn.js';

/** Pieces that Node reads of one socket at a time, as long as it has more and is not paused. */
const AT_ONCE = 32;

/** An event loop with sockets, on a clock of its own: each turn reads from all, then makes the calls that waited for that. */
class Loop {
  now = 0;
  readonly heard: string[] = [];
  #calls: (() => void)[] = [];
  readonly #sockets: (() => void)[] = [];

  /** A socket that has so many pieces, each of which takes so long. */
  socket(name: string, pieces: number, each: number): ReadingTurn {
    let left = pieces;
    let flowing = false;
    const reading = {
      pause() {
        flowing = false;
      },
      resume() {
        flowing = true;
      },
    };
    const turn = new ReadingTurn(reading, { now: () => this.now, afterOthers: (call) => this.#calls.push(call) });
    this.#sockets.push(() => {
      for (let i = 0; i < AT_ONCE && flowing && left > 0; i++) {
        left--;
        turn.take(() => {
          this.heard.push(name);
          this.now += each;
        });
      }
    });
    turn.resume();
    return turn;
  }

  turn(): void {
    for (const read of this.#sockets) read();
    const calls = this.#calls;
    this.#calls = [];
    for (const call of calls) call();
  }

  count(name: string): number {
    return this.heard.filter((heard) => heard === name).length;
  }
}

test('two that have much to say have their parts of the time, as they are weighed', () => {
  const loop = new Loop();
  let ended = 0;
  loop.socket('light', 10_000, 0.5);
  loop.socket('heavy', 10_000, 0.5).weigh(4, () => ended++);
  for (let i = 0; i < 100; i++) loop.turn();
  // A turn ends with the piece that is beyond it: 2 ms are five of these, and 8 ms seventeen.
  expect([loop.count('light'), loop.count('heavy')]).toEqual([500, 1700]);
  expect(ended).toBe(100);
});

test('a KEEPALIVE is taken in before either of them goes on', () => {
  const loop = new Loop();
  loop.socket('light', 10_000, 1);
  loop.socket('heavy', 10_000, 1).weigh(4);
  loop.turn();
  loop.heard.length = 0;
  loop.socket('keepalive', 1, 0);
  loop.turn();
  expect(loop.heard).toEqual([...Array(3).fill('light'), ...Array(9).fill('heavy'), 'keepalive']);
  loop.turn();
  expect(loop.heard.slice(13)).toEqual([...Array(3).fill('light'), ...Array(9).fill('heavy')]);
});

test('who has little to say never waits, and who is paused by its owner is not read when its turn comes again', () => {
  const loop = new Loop();
  loop.socket('little', 20, 0.1);
  const paused = loop.socket('paused', 100, 1);
  loop.turn();
  expect([loop.count('little'), loop.count('paused')]).toEqual([20, 3]);
  paused.pause();
  loop.turn();
  expect(loop.count('paused')).toBe(3);
  paused.resume();
  loop.turn();
  expect(loop.count('paused')).toBe(6);
});
