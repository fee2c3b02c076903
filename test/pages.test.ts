/** Every folder of the library opens with its page of prose. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const src = join(import.meta.dirname, '..', 'src');
// Declarations for the compiler are no code.
const folders = readdirSync(src, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'types')
  .map(({ parentPath, name }) => join(parentPath, name));

test.each(folders.map((folder) => folder.slice(src.length + 1)))('src/%s', (folder) => {
  const text = readFileSync(join(src, folder, 'index.ts'), 'utf8').replace(/^#!.*\n/, '');
  const [, page = ''] = /^\/\*\*\n([\s\S]*?)\*\//.exec(text) ?? [];
  expect(page.length).toBeGreaterThan(60);
  // Files that it names are there: `a.ts` beside it, `../b.ts`, `wire/c.ts`, or from the root as `io/d.ts`.
  const named = [...page.matchAll(/`((?:\.\.\/|[a-z0-9-]+\/)*[a-z0-9-]+(?:\.[a-z]+)?\.ts)`/g)].flatMap(([, file]) => file ?? []);
  const roots = [join(src, folder), src, join(src, '..')];
  expect(named.filter((file) => !roots.some((root) => existsSync(join(root, file))))).toEqual([]);
});
