import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { libc } from '../../src/io/libc.js';

const native = await libc('this test').then(
  () => true,
  () => false,
);
/** Whether a process may have a network namespace of its own. */
const apart = process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('unshare', ['-n', 'ip', 'link']).status === 0;
const SCRIPT = fileURLToPath(new URL('support/vanishing-device.ts', import.meta.url));

test.skipIf(!native || !apart)('what is said on a device that has just been deleted is lost, and ends nothing', () => {
  const { stdout, stderr } = spawnSync('unshare', ['-n', process.execPath, '--import', 'tsx', SCRIPT], {
    encoding: 'utf8',
    timeout: 100_000,
  });
  expect([stdout, stderr]).toEqual(['spoke\n', '']);
});
