/**
 * `npm test`: the unit suite, then the system suite (the packed package, and the interop tests where this machine can run them).
 * Nothing is ever installed. The last line is `N passed, N failed, N skipped`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/** As much of vitest's JSON report as is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[];
}

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'virtual-router-test-'));
const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
const wanted = process.argv.slice(2);

try {
  const missing = missingForInterop();
  suite('unit', 'vitest.config.ts', {});
  suite('system', 'vitest.system.config.ts', { VIRTUAL_ROUTER_INTEROP: missing === undefined ? '1' : '' });
  if (missing !== undefined)
    console.log(`The interop suite was left out: ${missing}. \`npm run interop:install\` (Debian, as root) installs the daemons it needs.`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed > 0 ? 1 : 0;

/** Runs one vitest configuration and adds what came of it. */
function suite(name: string, config: string, env: Readonly<Record<string, string>>): void {
  const output = join(scratch, `${name}.json`);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [
    vitest,
    'run',
    '--config',
    config,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${output}`,
    '--passWithNoTests',
  ];
  const { status } = spawnSync(process.execPath, [...args, ...wanted], { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (!existsSync(output)) {
    totals.failed++;
    return;
  }
  const report = JSON.parse(readFileSync(output, 'utf8')) as Report;
  // A file that could not even be loaded has no tests that failed, but it did.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
  ).length;
  const failed = report.numFailedTests + broken;
  totals.passed += report.numPassedTests;
  totals.failed += failed === 0 && status !== 0 ? 1 : failed;
  totals.skipped += report.numPendingTests + report.numTodoTests;
}

/** Why the interop suite cannot run here, or undefined where it can. */
function missingForInterop(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root';
  const paths = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const installed = (name: string): boolean =>
    name.startsWith('/') ? existsSync(name) : paths.some((folder) => existsSync(join(folder, name)));
  const needed: Readonly<Record<string, string>> = {
    BIRD: 'bird',
    FRR: '/usr/lib/frr/bgpd',
    GoBGP: 'gobgpd',
    ExaBGP: 'exabgp',
    OpenBGPD: '/usr/sbin/bgpd',
    iproute2: 'ip',
  };
  const absent = Object.entries(needed).flatMap(([name, program]) => (installed(program) ? [] : [name]));
  if (absent.length > 0) return `${absent.join(', ')} ${absent.length > 1 ? 'are' : 'is'} not installed`;
  if (spawnSync('unshare', ['--net', 'true']).status !== 0) return 'it may not make network namespaces here';
  return undefined;
}
