import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { documents } from '../scripts/docs.js';

test.each(Object.entries(documents()))('docs/%s is what `npm run docs` writes', (name, text) => {
  expect(readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8')).toBe(text);
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
