/**
 * Writes `sbom.cdx.json`: what is installed with the package, as CycloneDX has it. npm runs it before it packs (`prepack`).
 *
 * It is npm's own list, of a project that has no development dependencies to begin with: told to leave them out, npm also leaves out
 * what the package and one of them both need. And npm calls the project as its folder is called.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Manifest {
  readonly name: string;
  readonly devDependencies?: Readonly<Record<string, string>>;
}
interface Lock {
  readonly packages: Readonly<Record<string, Manifest & { readonly dev?: boolean }>>;
}

const root = join(import.meta.dirname, '..');
function read<T>(file: string): T {
  return JSON.parse(readFileSync(join(root, file), 'utf8'));
}
function plain<T extends Manifest>({ devDependencies: _development, ...rest }: T) {
  return rest;
}

const manifest = read<Manifest>('package.json');
const lock = read<Lock>('package-lock.json');
const temporary = mkdtempSync(join(tmpdir(), 'sbom-'));
try {
  const project = join(temporary, manifest.name);
  mkdirSync(project);
  const packages = Object.entries(lock.packages).filter(([, { dev }]) => !dev);
  const files = {
    'package.json': plain(manifest),
    'package-lock.json': { ...lock, packages: Object.fromEntries(packages.map(([path, one]) => [path, plain(one)])) },
  };
  for (const [file, content] of Object.entries(files)) writeFileSync(join(project, file), JSON.stringify(content));
  const list = execFileSync('npm', ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'library'], {
    cwd: project,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  writeFileSync(join(root, 'sbom.cdx.json'), list);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
