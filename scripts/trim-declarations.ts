/**
 * Takes what is `@internal` out of the classes and interfaces that dist declares: who writes against the library is shown what is there for
 * them. What an internal member was of stays declared, as other declarations may need it. Part of `npm run build`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const dist = join(import.meta.dirname, '..', 'dist');

for (const name of readdirSync(dist)) {
  if (!/\.d\.c?ts$/.test(name)) continue;
  const file = join(dist, name);
  const text = readFileSync(file, 'utf8');
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const ranges: (readonly [from: number, to: number])[] = [];
  const visit = (node: ts.Node): void => {
    const isMember = ts.isClassElement(node) || ts.isTypeElement(node);
    if (isMember && ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal')) ranges.push([node.getFullStart(), node.end]);
    else ts.forEachChild(node, visit);
  };
  visit(source);
  let trimmed = '';
  let at = 0;
  for (const [from, to] of ranges) {
    trimmed += text.slice(at, from);
    at = to;
  }
  writeFileSync(file, trimmed + text.slice(at));
}
