import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const entry = fileURLToPath(new URL('../../src/cli/index.ts', import.meta.url));
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'virtual-router-process-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the command as a process reads its file again at SIGHUP, stops at SIGTERM and exits with 0', async () => {
  const file = join(folder, 'router.yaml');
  writeFileSync(file, 'as: 65000\nrouterId: 192.0.2.1\nlisten: [{ address: 127.0.0.1, port: 0 }]\n');
  const child = spawn(process.execPath, ['--import', 'tsx', entry, 'run', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  expect(chunk.toString()).toMatch(/^\d\d:\d\d:\d\d\.\d{3} listening on 127\.0\.0\.1:\d+ \(router\)\n$/);
  writeFileSync(file, 'as: 65000\nrouterId: 192.0.2.1\nlisten: [{ address: 127.0.0.1, port: 0 }]\nnetwork: { nodes: [{ name: web-a }] }\n');
  child.kill('SIGHUP');
  const [again] = (await once(child.stdout, 'data')) as [Buffer];
  expect(again.toString()).toMatch(/read again: node web-a added\n$/);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

const KEEPALIVE = `${'ff'.repeat(16)}001304\n`;

test.each([1, 500])('decode of %i messages ends with 0, and says nothing, where nobody reads what it prints', async (messages) => {
  const file = join(folder, 'messages');
  writeFileSync(file, KEEPALIVE.repeat(messages));
  const child = spawn(process.execPath, ['--import', 'tsx', entry, 'decode', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  expect([...(await once(child, 'close')), said]).toEqual([0, null, '']);
});

test.runIf(existsSync('/dev/full')).each([1, 500])('and of %i with 1 and a line where there is no room', async (messages) => {
  const file = join(folder, 'messages');
  writeFileSync(file, KEEPALIVE.repeat(messages));
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, ['--import', 'tsx', entry, 'decode', file], { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  let said = '';
  child.stderr?.on('data', (chunk) => (said += chunk));
  expect([...(await once(child, 'close')), said]).toEqual([1, null, 'virtual-router: cannot write: ENOSPC\n']);
});
