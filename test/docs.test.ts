import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { documents } from '../scripts/docs.js';
import { readme } from '../scripts/readme.js';

test.each(Object.entries(documents()))('docs/%s is what `npm run docs` writes', (name, text) => {
  expect(readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8')).toBe(text);
});

test('the README is what `npm run docs` makes of it, and its program has twenty lines at most', () => {
  const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(text).toBe(readme());
  const [, program = ''] = /```ts\n([\s\S]*?)\n```/.exec(text) ?? [];
  expect(program).toMatch(/^import \{ VirtualRouter \} from 'virtual-router';/);
  expect(program.split('\n').length).toBeLessThanOrEqual(20);
});

test('every field of a configuration file says what it means', () => {
  const { $defs } = JSON.parse(documents()['router.schema.json'] ?? '') as {
    $defs: Record<string, { description?: string; properties: Record<string, { description?: string }> }>;
  };
  const silent = Object.entries($defs).flatMap(([name, { description, properties }]) => [
    ...(description ? [] : [name]),
    ...Object.entries(properties).flatMap(([field, part]) => (part.description ? [] : [`${name}.${field}`])),
  ]);
  expect(silent).toEqual([]);
});

test.each(['VirtualRouter', 'VirtualNetwork', 'Forwarder', 'BgpSpeaker'])(
  'an editor shows of %s what it is, with an example: it does not follow {@inheritDoc}',
  (name) => {
    const [before = ''] = readFileSync(new URL('../src/index.ts', import.meta.url), 'utf8').split(`export class ${name} `);
    const said = before.slice(before.lastIndexOf('/**'));
    expect(said).toMatch(/^\/\*\*\n \* \S[\s\S]*\n \* @example\n/);
    expect(said).not.toContain('inheritDoc');
  },
);
