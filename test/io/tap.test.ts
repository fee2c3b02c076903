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
const SCRIPT = fileURLToPath(new URL('support/tap-names.ts', import.meta.url));

test.skipIf(!native || !apart)('a TAP port has the very name that it is given, or says why it cannot be had', () => {
  const { stdout, stderr } = spawnSync('unshare', ['-n', process.execPath, '--import', 'tsx', SCRIPT], {
    encoding: 'utf8',
    timeout: 100_000,
  });
  expect(stderr).toBe('');
  const long = 'the name of a device has 1 to 15 octets, and this has 16';
  const other = 'what has that name is another kind of device, or a TAP device of several queues';
  const refused = (name: string, why: string): string => `cannot make TAP device ${name}: ${why}`;
  expect(JSON.parse(stdout)).toEqual([
    'opened fifteen-octets-',
    refused('sixteen-octets--', long),
    refused('éééééééé', long),
    refused('tap%d', 'the name of a device has no "%"'),
    refused('a b', 'the name of a device has no " "'),
    refused('a/b', 'the name of a device has no "/"'),
    refused('..', 'the name of a device has no ".."'),
    refused('lo', other),
    refused('tun0', other),
    refused('fifteen-octets-', 'it is in use'),
  ]);
});
