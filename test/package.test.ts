import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'virtual-router-package-'));

/** Milliseconds that a program may take: the build takes a minute and a half where nothing else is done. */
const LONGEST = 300_000;

/** Runs a program to its end; its standard output. */
function output(folder: string, command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', timeout: LONGEST });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

function newest(path: string): number {
  if (!existsSync(path)) return 0;
  const own = statSync(path);
  return own.isDirectory() ? Math.max(...readdirSync(path).map((name) => newest(join(path, name)))) : own.mtimeMs;
}

beforeAll(() => {
  const sources = ['src', 'package.json', 'tsup.config.ts', 'tsconfig/build.json'].map((path) => newest(join(root, path)));
  const built = join(root, 'dist/index.d.cts');
  if (!existsSync(built) || statSync(built).mtimeMs < Math.max(...sources)) output(root, 'npm', 'run', '--silent', 'build');
  // What npm runs before it packs, but for the build.
  output(root, 'npm', 'run', '--silent', 'prepack');
  const [packed] = JSON.parse(output(root, 'npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', project)) as {
    filename: string;
  }[];
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true }));
  output(project, 'npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', `./${packed?.filename}`);
}, 2 * LONGEST);

afterAll(() => rmSync(project, { recursive: true, force: true }));

const PROGRAM = `
const router = new VirtualRouter({
  as: 65000,
  routerId: '192.0.2.1',
  listen: [{ address: '127.0.0.1', port: 0 }],
  network: {
    ranges: ['10.0.0.0/8'],
    nodes: [{ name: 'web-a' }, { name: 'web-b' }],
    grants: [{ node: 'web-b', prefix: '10.0.0.100/32' }],
    holders: [{ prefix: '10.0.0.100/32', node: 'web-a' }],
  },
});
await router.start();
router.network.claim({ node: 'web-b', prefix: '10.0.0.100/32' });
await router.network.settled();
console.log(router.network.lookup('10.0.0.100')?.map((target) => target.node).join());
await router.stop();
`;

describe('the packed package, in an empty project', () => {
  test('runs from an ES module, and the process ends by itself', () => {
    writeFileSync(join(project, 'program.mjs'), `import { VirtualRouter } from 'virtual-router';\n${PROGRAM}`);
    expect(output(project, process.execPath, 'program.mjs')).toBe('web-b\n');
  });

  test('runs from CommonJS', () => {
    const program = `const { VirtualRouter } = require('virtual-router');\n(async () => {${PROGRAM}})();\n`;
    writeFileSync(join(project, 'program.cjs'), program);
    expect(output(project, process.execPath, 'program.cjs')).toBe('web-b\n');
  });

  test('has private fields that are nothing but that where it is CommonJS', () => {
    // What makes CommonJS of it takes a private field for what a module exports by the same name, and would overwrite that.
    const folder = join(project, 'node_modules/virtual-router/dist');
    const files = readdirSync(folder).filter((name) => name.endsWith('.cjs'));
    expect(files.length).toBeGreaterThan(3);
    for (const name of files) expect(readFileSync(join(folder, name), 'utf8').match(/#\(|#\w+ *= *exports\.\w+/)?.[0]).toBeUndefined();
  });

  test('has one class of each name, whichever entry it comes through', () => {
    const same = 'console.log(index.UsageError === core.UsageError, typeof wire, typeof testing);';
    const names = ['index', 'core', 'wire', 'testing'];
    const from = (name: string) => (name === 'index' ? 'virtual-router' : `virtual-router/${name}`);
    writeFileSync(join(project, 'same.mjs'), `${names.map((name) => `import * as ${name} from '${from(name)}';`).join('\n')}\n${same}`);
    writeFileSync(join(project, 'same.cjs'), `${names.map((name) => `const ${name} = require('${from(name)}');`).join('\n')}\n${same}`);
    expect(output(project, process.execPath, 'same.mjs')).toBe('true object object\n');
    expect(output(project, process.execPath, 'same.cjs')).toBe('true object object\n');
  });

  test('has types that compile from both kinds of module, with nothing else installed', () => {
    const body = (imports: string) => `${imports}
export async function run(): Promise<string | undefined> {${PROGRAM.replace(/^console.log\((.*)\);$/m, 'const found: string | undefined = $1;')}return found;\n}\n`;
    writeFileSync(
      join(project, 'typed.mts'),
      `${body("import { type PolicyFunction, VirtualRouter } from 'virtual-router';\nimport * as core from 'virtual-router/core';\nexport { core };")}
export const policy: PolicyFunction = ({ node }) => (node === 'web-a' ? { reject: 'not from there' } : 'accept');
// @ts-expect-error What is internal is not shown.
export const hidden = (router: VirtualRouter) => router.network.openFeed;
`,
    );
    writeFileSync(
      join(project, 'typed.cts'),
      body("import { VirtualRouter } from 'virtual-router';\nimport core = require('virtual-router/core');\nexport { core };"),
    );
    const options = [
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--lib',
      'es2023,esnext.disposable',
      '--strict',
      '--noEmit',
      '--skipLibCheck',
    ];
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    expect(output(project, process.execPath, tsc, ...options, 'typed.mts', 'typed.cts')).toBe('');
  });

  test('says in a bundle why neighbours cannot be watched, and goes on', () => {
    const program = `import { VirtualRouter } from 'virtual-router';
const router = new VirtualRouter({
  as: 65000,
  routerId: '192.0.2.1',
  listen: [{ address: '127.0.0.1', port: 0 }],
  network: { nodes: [{ name: 'a', addresses: ['127.0.0.2'] }] },
  neighbours: [{ address: '127.0.0.2', as: 65001, passive: true, bfd: {} }],
});
const failure = new Promise((resolve) => router.on('bfd-failure', resolve));
router.start().then(async () => {
  console.log((await failure).reason);
  await router.stop();
});
`;
    writeFileSync(join(project, 'bundled.mjs'), program);
    const made = mkdtempSync(join(tmpdir(), 'virtual-router-bundle-'));
    try {
      for (const [format, file, reason] of [
        ['cjs', 'made.cjs', /leave virtual-router out of it/],
        ['esm', 'made.mjs', /Cannot find module .*bfd-worker\.js/],
      ] as const) {
        const entryPoints = [join(project, 'bundled.mjs')];
        buildSync({ entryPoints, bundle: true, platform: 'node', format, outfile: join(made, file), logLevel: 'error' });
        expect(output(made, process.execPath, file)).toMatch(reason);
      }
    } finally {
      rmSync(made, { recursive: true, force: true });
    }
  });

  test('brings its command along', () => {
    expect(output(project, join(project, 'node_modules/.bin/virtual-router'), '--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  const json = <T>(...path: readonly string[]): T => JSON.parse(readFileSync(join(project, 'node_modules', ...path), 'utf8'));
  interface Manifest {
    readonly name: string;
    readonly version: string;
    readonly dependencies: Readonly<Record<string, string>>;
    readonly optionalDependencies: Readonly<Record<string, string>>;
    readonly scripts?: Readonly<Record<string, string>>;
  }

  test('lists what is installed with it, and nothing of what it is made with', () => {
    const own = json<Manifest>('virtual-router', 'package.json');
    const list = json<{
      readonly bomFormat: string;
      readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
      readonly components: readonly { readonly name: string; readonly version: string; readonly hashes: readonly unknown[] }[];
    }>('virtual-router', 'sbom.cdx.json');
    expect([list.bomFormat, list.metadata.component]).toMatchObject(['CycloneDX', { name: own.name, version: own.version }]);
    const listed = new Map(list.components.map(({ name, version }) => [name, version]));
    // Pinned, each of them.
    expect(Object.fromEntries(listed)).toMatchObject({ ...own.dependencies, ...own.optionalDependencies });
    expect(list.components.every(({ hashes }) => hashes.length > 0)).toBe(true);
    // npm's own record of what it installed: the list may have more, of other platforms.
    const { packages } = json<{ readonly packages: Readonly<Record<string, { readonly version: string }>> }>('.package-lock.json');
    const installed = Object.entries(packages).map(([path, { version }]) => [path.replace(/^.*node_modules\//, ''), version] as const);
    expect(installed.length).toBeGreaterThan(Object.keys(own.dependencies).length);
    for (const [name, version] of installed) if (name !== own.name) expect([name, listed.get(name)]).toEqual([name, version]);
    for (const name of ['typescript', 'vitest', 'esbuild']) expect(listed.has(name)).toBe(false);
  });

  test('runs nothing when it is installed', () => {
    const { scripts = {} } = json<Manifest>('virtual-router', 'package.json');
    for (const name of ['preinstall', 'install', 'postinstall']) expect(scripts).not.toHaveProperty(name);
    // A file by this name would be an install script without being called one.
    expect(existsSync(join(project, 'node_modules/virtual-router/binding.gyp'))).toBe(false);
  });
});
