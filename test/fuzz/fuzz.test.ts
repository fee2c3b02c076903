import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/lib/random.js';
import { mutate } from './mutate.js';
import { finds, TARGETS } from './targets.js';

/** Inputs of the short run; `npm run fuzz` goes on from there, guided by coverage. */
const SHORT: Readonly<Record<string, number>> = {
  session: 16,
  'ospf-neighbour': 14,
  tcp: 50,
  frames: 150,
  captures: 100,
  config: 100,
  bzip2: 100,
};

/** Folders whose wire formats are read, and what of each a target feeds. */
const FED: Readonly<Record<string, string>> = { bfd: 'decodeControl(', stack: 'new Stack(' };

test('every folder of wire formats has a target that feeds it', () => {
  const source = new URL('../../src/', import.meta.url);
  const text = readFileSync(new URL('targets.ts', import.meta.url), 'utf8');
  const folders = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) => /(^|[\\/])wire$/.test(path));
  expect(folders.length).toBeGreaterThan(6);
  for (const folder of folders.map((path) => path.split(/[\\/]/)[0] ?? ''))
    expect([folder, text.includes(FED[folder] ?? `src/${folder}/wire/`)]).toEqual([folder, true]);
});

describe.each(TARGETS)('$name', ({ name, seeds, run }) => {
  const start = seeds();
  test('takes in what it begins with', async () => {
    expect(start.length).toBeGreaterThan(0);
    for (const bytes of start.slice(0, 60)) await run(bytes);
  });
  test.each(finds(name))('is mended: $file', async ({ bytes }) => {
    await run(bytes);
  });
  test('takes in anything like it', async () => {
    const random = seeded(1);
    for (let i = 0; i < (SHORT[name] ?? 300); i++) await run(mutate(start[i % start.length] ?? new Uint8Array(0), start, random));
  });
});
