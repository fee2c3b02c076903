import { expect, test } from 'vitest';
import { type BfdConfig, BfdEngine, BfdPort } from '../../src/bfd/index.js';
import { ManualClock } from '../../src/lib/clock.js';
import { seeded } from '../../src/lib/random.js';
import { A, B } from './pair.js';

const FAST: BfdConfig = { minTx: 50, minRx: 50, multiplier: 3 };
const DELAY = 1;
const UP = [`${B} init`, `${A} init`, `${A} up`, `${B} up`];

/** Two ends over links of this test's: `known` is whether A knows the way to B, `loops` whether B sends A's echoes back. */
function lab(prepareEcho: () => void = () => {}) {
  const clock = new ManualClock(1_000_000);
  const way = { known: true, loops: true };
  const said: string[] = [];
  const echoes: number[] = [];
  const closed: string[] = [];
  const engines = new Map<string, BfdEngine>();
  for (const [i, own] of [A, B].entries()) {
    const engine: BfdEngine = new BfdEngine(clock, seeded(1 + i), {
      open: ({ remote }) => ({
        send: (bytes) => void clock.at(clock.now() + DELAY, () => engines.get(remote)?.receive(bytes, { remote: own, local: remote })),
        prepareEcho,
        echo: (bytes) => {
          if (own === A && !way.known) return false;
          if (own === A) echoes.push(clock.now());
          if (own === B || way.loops) clock.at(clock.now() + 2 * DELAY, () => engine.echoed(bytes));
          return true;
        },
        close: () => closed.push(own),
      }),
    });
    engines.set(own, engine);
  }
  const watch = (local: string, remote: string, config: BfdConfig) =>
    engines.get(local)?.watch(
      { local, remote, config },
      {
        changed: ({ to, diagnostic }) => said.push(`${local} ${to}${diagnostic === 'none' ? '' : ` (${diagnostic})`}`),
        agreed: () => {},
        failed: (reason) => said.push(`${local} failed: ${reason}`),
      },
    );
  return { clock, way, said, echoes, closed, watch };
}

test('has a port of its own (RFC 5881 §4)', () => {
  expect(BfdPort.echo).toBe(3785);
});

test('echoes go out at their interval, and a neighbour that does not send them back is down', () => {
  const { clock, way, said, echoes, watch } = lab();
  watch(A, B, { ...FAST, echo: 50 });
  watch(B, A, { ...FAST, echo: 50 });
  clock.advance(5000);
  expect(said).toEqual(UP);
  const before = echoes.length;
  clock.advance(1000);
  // 37.5 to 50 ms apart.
  expect(echoes.length - before).toBeGreaterThanOrEqual(20);
  expect(echoes.length - before).toBeLessThanOrEqual(27);
  said.length = 0;
  way.loops = false;
  clock.advance(160);
  expect(said).toContain(`${A} down (echo-failed)`);
});

test('an echo that could not be sent, as it is not known where to, is not held against the neighbour', () => {
  const { clock, way, said, echoes, watch } = lab();
  way.known = false;
  watch(A, B, { ...FAST, echo: 50 });
  watch(B, A, { ...FAST, echo: 50 });
  clock.advance(5000);
  expect([said, echoes]).toEqual([UP, []]);
  way.known = true;
  clock.advance(1000);
  expect(echoes.length).toBeGreaterThan(10);
  expect(said).toEqual(UP);
});

test('whoever wants an echo where there can be none is told so, and others go on being watched', () => {
  const refuse = (): void => {
    throw new Error('no echo here');
  };
  const { clock, said, closed, watch } = lab(refuse);
  watch(A, B, { ...FAST, echo: 50 });
  expect([said, closed]).toEqual([[`${A} failed: no echo here`], [A]]);
  said.length = 0;
  const plain = watch(A, B, FAST);
  watch(B, A, FAST);
  clock.advance(5000);
  expect(said).toContain(`${A} up`);
  said.length = 0;
  watch(A, B, { ...FAST, echo: 50 });
  clock.advance(5000);
  expect(said).toEqual([`${A} failed: no echo here`]);
  // One who wants it later is not watched so: its session ends, as it is its last.
  plain?.reconfigure({ ...FAST, echo: 50 });
  clock.advance(5000);
  expect(said.slice(1)).toEqual([`${A} failed: no echo here`, `${B} down (neighbour-signalled-down)`]);
  expect(closed).toEqual([A, A]);
});
