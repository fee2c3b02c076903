/**
 * `npm test`: the unit suite, then the system suite (the packed package, and the interop tests where this machine can run them).
 * Nothing is ever installed. The last line is `N passed, N failed, N skipped`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { daemonsPresent, leftOut } from '../test/interop/support/daemons.js';

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
  const found = daemonsPresent();
  const missing = leftOut(found);
  suite('unit', 'vitest.config.ts', {});
  suite('system', 'vitest.system.config.ts', { VIRTUAL_ROUTER_INTEROP: found.obstacle === undefined ? '1' : '' });
  if (missing !== undefined) console.log(`${missing} \`npm run interop:install\` (Debian, as root) installs what it needs.`);
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
