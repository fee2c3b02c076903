/** Who may import whom: the only statement of the rule. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/** What a forwarding table is given and must do. */
const CONTRACT = ['mapping/forwarding-table.ts', 'mapping/change.ts', 'mapping/target.ts', 'mapping/batch.ts'];

/**
 * "`A: [B, C]`": a file of A may import from A, B and C. A folder stands for all in it; the first line that fits a file is its own.
 * Every folder but `lib` may import any protocol's `wire/`.
 */
const MAY: readonly (readonly [from: string, to: readonly string[]])[] = [
  ['lib', []],
  ['bgp/wire', ['lib']],
  ['bfd/wire', ['lib']],
  ['network', ['lib']],
  ['claims', ['lib', 'network']],
  ['rib', ['lib', 'claims', 'network']],
  ['mapping', ['lib', 'rib', 'claims', 'network']],
  ['fib', ['lib', ...CONTRACT]],
  ['stack/wire', ['lib']],
  ['stack', ['lib', ...CONTRACT]],
  ['bgp', ['lib', 'claims', 'rib', 'network']],
  ['bfd', ['lib']],
  ['ospf/wire', ['lib']],
  ['ospf', ['lib']],
  ['rtr/wire', ['lib']],
  ['rtr', ['lib']],
  ['vrrp/wire', ['lib']],
  ['vrrp', ['lib']],
  ['capture', ['lib']],
  ['router', ['lib', 'network', 'claims', 'rib', 'mapping', 'fib', 'bgp', 'bfd', 'ospf', 'rtr', 'stack', 'vrrp', 'capture']],
  ['forwarder/wire', ['lib', ...CONTRACT]],
  ['forwarder', ['lib', 'network', ...CONTRACT, 'mapping/journal.ts', 'fib', 'stack', 'router']],
  ['wire.ts', ['lib']],
  ['core.ts', ['lib', 'network', 'claims', 'rib', 'mapping', 'fib', 'bgp', 'bfd', 'ospf', 'rtr', 'stack', 'vrrp', 'capture', 'router']],
  [
    'testing.ts',
    ['core.ts', 'lib', 'network', 'claims', 'rib', 'mapping', 'fib', 'bgp', 'bfd', 'ospf', 'rtr', 'stack', 'vrrp', 'capture', 'router'],
  ],
  ['io', ['lib', ...CONTRACT, 'bfd', 'ospf', 'stack', 'capture']],
  [
    'index.ts',
    [
      'core.ts',
      'io',
      'lib',
      'network',
      'claims',
      'rib',
      'mapping',
      'fib',
      'bgp',
      'ospf',
      'rtr',
      'stack',
      'vrrp',
      'capture',
      'router',
      'forwarder',
    ],
  ],
  [
    'cli',
    [
      'index.ts',
      'core.ts',
      'io',
      'lib',
      'network',
      'claims',
      'rib',
      'mapping',
      'fib',
      'bgp',
      'ospf',
      'rtr',
      'stack',
      'vrrp',
      'capture',
      'router',
    ],
  ],
];

/** Where a package may be imported. `node:` stands for all that Node brings along. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'node:': ['io', 'cli'],
  'ip-num': ['lib'],
  'binary-parser': ['lib/layout.ts'],
  '@noble/hashes': ['lib/digest.ts', 'stack/tcp'],
  '@noble/ciphers': ['stack/tcp'],
  koffi: ['io'],
  zod: [
    'lib/validate.ts',
    'lib/fields.ts',
    'network/shape.ts',
    'router/shape.ts',
    'router/bfd-shape.ts',
    'router/ospf-shape.ts',
    'router/policy-shape.ts',
    'bgp/policy/shape.ts',
    'bgp/speaker-shape.ts',
    'cli',
  ],
  eventemitter3: ['router', 'bgp/speaker.ts'],
  yaml: ['cli'],
};

/** What the core may not touch, as it reads no clock. (What Node and browsers add, its compiler settings do not know.) */
const WORLD = /\b(Date\.now|new Date\(\))/;
const OUTSIDE = ['io', 'cli'];

type Sources = ReadonlyMap<string, string>;

/** Imports, by any syntax, that the tables above do not allow: one line each. */
function offences(sources: Sources): string[] {
  return [...sources].flatMap(([file, text]) =>
    importsOf(text).flatMap((specifier) => {
      const allowed = specifier.startsWith('.') ? mayImport(file, resolve(file, specifier)) : mayUse(file, specifier);
      return allowed ? [] : [`src/${file} imports ${specifier}`];
    }),
  );
}

function importsOf(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

function mayImport(file: string, target: string): boolean {
  const rule = MAY.find(([from]) => within(file, from));
  if (!rule) return false;
  const [from, to] = rule;
  if (within(target, from)) return true;
  if (from !== 'lib' && /^[a-z]+\/wire\//.test(target)) return true;
  return to.some((folder) => within(target, folder) && !(folder === 'bgp' && from === 'wire.ts'));
}

function mayUse(file: string, specifier: string): boolean {
  const name = specifier.startsWith('node:') ? 'node:' : specifier.replace(/^(@[^/]+\/[^/]+)\/.*/, '$1');
  return (PACKAGES[name] ?? []).some((folder) => within(file, folder));
}

function within(file: string, folder: string): boolean {
  return file === folder || file.startsWith(`${folder}/`);
}

function resolve(file: string, specifier: string): string {
  return normalize(join(dirname(file), specifier)).replace(/\.js$/, '.ts');
}

/** Lines of the core that look at the world outside. */
function glances(sources: Sources): string[] {
  return [...sources]
    .filter(([file]) => !OUTSIDE.some((folder) => within(file, folder)))
    .flatMap(([file, text]) =>
      [...withoutComments(text).split('\n').entries()].flatMap(([i, line]) => {
        const found = WORLD.exec(line);
        return found ? [`src/${file}:${i + 1} uses ${found[1]}`] : [];
      }),
    );
}

/** The text with comments blank and every line where it was. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, ' '));
}

function sourceFiles(): Sources {
  const root = fileURLToPath(new URL('../src/', import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
  return new Map(files.sort().map((file) => [file, readFileSync(join(root, file), 'utf8')]));
}

describe('the layers', () => {
  const sources = sourceFiles();

  test('every import is one that the table allows', () => {
    expect(offences(sources)).toEqual([]);
  });

  test('the core looks at no clock', () => {
    expect(glances(sources)).toEqual([]);
  });

  test('every file of src has its line in the table', () => {
    expect([...sources.keys()].filter((file) => !MAY.some(([from]) => within(file, from)))).toEqual([]);
  });
});

describe('the layering test', () => {
  const offence = (file: string, text: string) => offences(new Map([[file, text]]));

  test('sees every way to import', () => {
    const lines = [
      "import { a } from '../mapping/a.js';",
      "import type { A } from '../mapping/a.js';",
      "import '../mapping/a.js';",
      "export * from '../mapping/a.js';",
      "export type { A } from '../mapping/a.js';",
      "const a = await import('../mapping/a.js');",
      "type A = import('../mapping/a.js').A;",
    ];
    for (const line of lines) expect(offence('rib/x.ts', line), line).toEqual(['src/rib/x.ts imports ../mapping/a.js']);
  });

  test('lets a folder reach what stands beneath it, and nothing above', () => {
    expect(offence('rib/x.ts', "import '../claims/feed.js'; import '../bgp/wire/index.js'; import './y.js';")).toEqual([]);
    expect(offence('bgp/wire/x.ts', "import '../peer.js';")).toEqual(['src/bgp/wire/x.ts imports ../peer.js']);
    expect(offence('bgp/policy/x.ts', "import '../wire/y.js'; import '../peer.js';")).toEqual([]);
    expect(offence('lib/x.ts', "import '../bgp/wire/y.js';")).toEqual(['src/lib/x.ts imports ../bgp/wire/y.js']);
    expect(offence('fib/x.ts', "import '../mapping/journal.js';")).toEqual(['src/fib/x.ts imports ../mapping/journal.js']);
    expect(offence('router/x.ts', "import '../io/sockets.js';")).toEqual(['src/router/x.ts imports ../io/sockets.js']);
  });

  test('keeps Node and the packages where they belong', () => {
    expect(offence('io/x.ts', "import 'node:net';")).toEqual([]);
    expect(offence('router/x.ts', "import 'node:net';")).toEqual(['src/router/x.ts imports node:net']);
    expect(offence('bgp/x.ts', "import { Parser } from 'binary-parser';")).toEqual(['src/bgp/x.ts imports binary-parser']);
    expect(offence('cli/x.ts', "import 'left-pad';")).toEqual(['src/cli/x.ts imports left-pad']);
  });

  test('sees a clock that is read, and not one that is spoken of', () => {
    expect(glances(new Map([['rib/x.ts', '/** Date.now is not\n * used */\nconst t = Date.now();']]))).toEqual([
      'src/rib/x.ts:3 uses Date.now',
    ]);
    expect(
      glances(
        new Map([
          ['io/x.ts', 'Date.now()'],
          ['rib/y.ts', '// Date.now()\nconst at = new Date(now);'],
        ]),
      ),
    ).toEqual([]);
  });
});
