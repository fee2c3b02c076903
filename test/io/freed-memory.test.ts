import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';

/** As a program by itself: a loader frees so much that glibc has learnt already. */
const script = buildSync({
  entryPoints: [join(import.meta.dirname, 'support', 'datagrams.ts')],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
}).outputFiles[0]?.text;

const { header } = process.report.getReport() as unknown as { readonly header: { readonly glibcVersionRuntime?: string } };

test.runIf(header.glibcVersionRuntime)('what a datagram took is used again, and need not be asked of the system', () => {
  const out = execFileSync(process.execPath, ['--input-type=module', '-', '10000'], { input: script, encoding: 'utf8', timeout: 60_000 });
  // Without, it is between none and 14 page faults a datagram of 65,000 octets, as the heap happens to lie.
  expect(Number(out)).toBeLessThan(0.5);
});
