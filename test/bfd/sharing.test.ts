import { describe, expect, test } from 'vitest';
import { type BfdConfig, type BfdEngine, decodeControl, memoryBfd } from '../../src/bfd/index.js';
import { ManualClock } from '../../src/lib/clock.js';
import { MemoryDatagrams } from '../../src/lib/memory-datagrams.js';
import { seeded } from '../../src/lib/random.js';
import { A, B } from './pair.js';

const FAST: BfdConfig = { minTx: 50, minRx: 50, multiplier: 3 };
const SLOW: BfdConfig = { minTx: 300, minRx: 300, multiplier: 3 };

/** Several who watch B from A; what each was told stands in `said`. */
function lab() {
  const clock = new ManualClock(1_000_000);
  const datagrams = new MemoryDatagrams(clock, 1);
  const engine = memoryBfd(datagrams, clock, seeded(1), A);
  const said: string[] = [];
  const watch = (name: string, config: BfdConfig, local: string | undefined = A) =>
    engine.watch(
      { remote: B, config, ...(local === '' ? {} : { local }) },
      {
        changed: ({ from, to }) => said.push(`${name} ${from} > ${to}`),
        agreed: (time) => said.push(`${name} agreed ${time}`),
        dampened: () => said.push(`${name} dampened`),
        failed: (reason) => said.push(`${name} failed: ${reason}`),
      },
    );
  const far: BfdEngine = memoryBfd(datagrams, clock, seeded(2), B);
  const answer = (config: BfdConfig = FAST) =>
    far.watch({ remote: A, local: B, config }, { changed: () => {}, agreed: () => {}, failed: () => {} });
  /** What A says of itself in its next packet. */
  const packet = () => {
    let last: ReturnType<typeof decodeControl> | undefined;
    datagrams.tap = (bytes, from) => {
      if (from === A) last = decodeControl(bytes);
    };
    clock.advance(1000);
    datagrams.tap = undefined;
    if (last === undefined || typeof last === 'string') throw new Error(`no packet: ${last}`);
    return last;
  };
  return { clock, datagrams, engine, said, watch, answer, packet };
}

describe('two who watch one neighbour', () => {
  test('share a session: the later one hears at once that it is up, and both hear that it is lost', () => {
    const { clock, datagrams, engine, said, watch, answer } = lab();
    answer();
    watch('one', FAST);
    clock.advance(5000);
    said.length = 0;
    watch('other', FAST);
    expect(said).toEqual(['other down > up']);
    expect(engine.sessions).toBe(1);
    said.length = 0;
    datagrams.cut(B);
    clock.advance(151);
    expect(said).toEqual(['one up > down', 'other up > down']);
  });

  test('have it at the shortest interval and the shortest time that either asks for, while it asks', () => {
    const { clock, said, watch, answer, packet } = lab();
    answer({ ...FAST, minTx: 10, minRx: 10 });
    watch('slow', SLOW);
    clock.advance(5000);
    expect(packet()).toMatchObject({ desiredMinTx: 300_000, requiredMinRx: 300_000, multiplier: 3 });
    const brisk = watch('brisk', { minTx: 100, minRx: 20, multiplier: 5 });
    clock.advance(2000);
    // 500 ms is less than 900.
    expect(packet()).toMatchObject({ desiredMinTx: 100_000, requiredMinRx: 20_000, multiplier: 5 });
    const long = watch('long', { minTx: 20, minRx: 500, multiplier: 200 });
    clock.advance(2000);
    // 500 ms still, in packets of 20.
    expect(packet()).toMatchObject({ desiredMinTx: 20_000, requiredMinRx: 20_000, multiplier: 25 });
    long.close();
    brisk.close();
    clock.advance(2000);
    expect(packet()).toMatchObject({ desiredMinTx: 300_000, requiredMinRx: 300_000, multiplier: 3 });
    expect(said).toContain('slow agreed 900');
    expect(said.filter((line) => line.endsWith('> down'))).toEqual([]);
  });

  test('keep it until the last has gone, who has the neighbour told', () => {
    const { clock, engine, said, watch, answer, packet } = lab();
    answer();
    const one = watch('one', FAST);
    const other = watch('other', FAST);
    clock.advance(5000);
    said.length = 0;
    one.close();
    one.close();
    expect(packet().state).toBe('up');
    expect([said, engine.sessions]).toEqual([[], 1]);
    other.close();
    expect(engine.sessions).toBe(0);
    watch('again', FAST);
    clock.advance(5000);
    expect(said).toContain('again down > up');
  });

  test('are each dampened and disabled for themselves', () => {
    const { clock, datagrams, said, watch, answer, packet } = lab();
    answer();
    const plain = watch('plain', FAST);
    watch('calm', { ...FAST, dampening: { suppress: 1500 } });
    clock.advance(5000);
    for (let i = 0; i < 2; i++) {
      datagrams.cut(B);
      clock.advance(200);
      said.length = 0;
      datagrams.mend(B);
      clock.advance(2500);
    }
    expect(said.filter((line) => line.endsWith('> up') || line.endsWith('dampened'))).toEqual(['plain init > up', 'calm dampened']);
    clock.advance(20_000);
    expect(said.at(-1)).toBe('calm init > up');
    said.length = 0;
    plain.reconfigure({ ...FAST, disabled: true });
    expect(packet().state).toBe('up');
    plain.reconfigure(FAST);
    expect(said).toEqual(['plain up > admin-down', 'plain admin-down > up']);
  });

  test('use demand mode where both want it', () => {
    const { clock, watch, answer, packet } = lab();
    answer();
    watch('one', { ...FAST, demand: 200 });
    const other = watch('other', FAST);
    clock.advance(5000);
    expect(packet().demand).toBe(false);
    other.reconfigure({ ...FAST, demand: 100 });
    clock.advance(1000);
    expect(packet().demand).toBe(true);
  });

  test('share it where one leaves our address to the other, not where they name different ones', () => {
    const { engine, said, watch } = lab();
    watch('one', FAST);
    watch('any', FAST, '');
    expect(engine.sessions).toBe(1);
    watch('other', FAST, '10.0.0.9');
    watch('far', { ...FAST, multihop: true });
    expect(engine.sessions).toBe(3);
    expect(said).toEqual([]);
  });

  test('agree on keys: one has them and both are safe, others fail', () => {
    const { clock, said, watch, answer } = lab();
    const keyed = (secret: string): BfdConfig => ({ ...FAST, authentication: { type: 'meticulous-sha1', keys: [{ id: 1, secret }] } });
    answer(keyed('right'));
    watch('bare', FAST);
    watch('keyed', keyed('right'));
    clock.advance(5000);
    expect(said.filter((line) => line.endsWith('> up'))).toEqual(['bare init > up', 'keyed init > up']);
    watch('same', keyed('right'));
    expect(said.at(-1)).toBe('same down > up');
    watch('wrong', keyed('wrong'));
    expect(said.at(-1)).toBe(`wrong failed: ${B} is watched already with other keys`);
    watch('blind', { ...FAST, checkTtl: false });
    expect(said.at(-1)).toBe(`blind failed: ${B} is watched already with another checkTtl`);
  });
});
