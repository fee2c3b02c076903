import { type ChildProcess, execFileSync, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'virtual-router-process-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ENTRY = fileURLToPath(new URL('../../src/cli/index.ts', import.meta.url));
const ROUTER = 'as: 65000\nrouterId: 192.0.2.1\nlisten: [{ address: 127.0.0.1, port: 0 }]\n';
const FEED = fileURLToPath(new URL('../captures/feed-10000-bird-to-frr.pcap', import.meta.url));

function command(args: readonly string[], stdio: StdioOptions): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', ENTRY, ...args], { stdio });
}

/** How a process ends, and what it said on standard error. */
async function end(child: ChildProcess): Promise<{ code: number | null; signal: string | null; err: string }> {
  let err = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, err };
}

test('a reader who leaves early ends the command, without a word', async () => {
  for (const args of [['--help'], ['decode', FEED]]) {
    const child = command(args, ['ignore', 'pipe', 'pipe']);
    child.stdout?.destroy();
    expect(await end(child)).toEqual({ code: 0, signal: null, err: '' });
  }
});

test.skipIf(!existsSync('/dev/full'))('a disk that is full ends what only writes, in one line and with 1', async () => {
  const full = openSync('/dev/full', 'w');
  for (const args of [['--help'], ['decode', FEED]]) {
    const { code, err } = await end(command(args, ['ignore', full, 'pipe']));
    expect([code, err]).toEqual([1, 'virtual-router: the output cannot be written: no space left on device\n']);
  }
  const silent = await end(command(['decode', join(folder, 'nothing')], ['ignore', 'ignore', full]));
  expect(silent.code).toBe(1);
  closeSync(full);
});

test.skipIf(!existsSync('/dev/full'))('a disk that is full does not end a router, which says so once', async () => {
  const file = join(folder, 'full.yaml');
  writeFileSync(file, ROUTER);
  const full = openSync('/dev/full', 'w');
  const child = command(['run', file], ['ignore', full, 'pipe']);
  const ended = end(child);
  if (child.stderr) await once(child.stderr, 'data');
  child.kill('SIGTERM');
  expect(await ended).toEqual({ code: 1, signal: null, err: 'virtual-router: the output cannot be written: no space left on device\n' });
  closeSync(full);
});

test.skipIf(process.platform === 'win32')('a SIGHUP before it runs is heeded when it does', async () => {
  const pipe = join(folder, 'pipe.yaml');
  execFileSync('mkfifo', [pipe]);
  const child = command(['run', pipe], ['ignore', 'pipe', 'inherit']);
  const said: string[] = [];
  child.stdout?.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  // Opened once the other end is: the command reads its file, and waits for what is in it. What it reads again is a plain file that has
  // taken the pipe's name meanwhile: written to the pipe a second time, it could still be a part of the first reading.
  const writing = (async () => {
    const file = await open(pipe, 'w');
    child.kill('SIGHUP');
    await writeFile(`${pipe}.next`, ROUTER);
    await rename(`${pipe}.next`, pipe);
    await file.writeFile(ROUTER);
    await file.close();
  })();
  const gone = once(child, 'exit');
  await Promise.race([writing, gone]);
  await until('the file was read again', () => said.join('').includes('read again: nothing changed'));
  child.kill('SIGTERM');
  expect(await gone).toEqual([0, null]);
});

test('who is told to stop does not wait for a reader that has stopped itself', async () => {
  // UPDATEs that withdraw eight hundred addresses: two hundred of them, which are written at once, fill whatever is between the two.
  const file = join(folder, 'long.hex');
  const addresses = Array.from({ length: 800 }, (_, i) => `20 0a00${i.toString(16).padStart(4, '0')}`).join('');
  writeFileSync(file, `${'ff'.repeat(16)} 0fb7 02 0fa0 ${addresses} 0000\n`.repeat(400));
  const child = command(['decode', file], ['ignore', 'pipe', 'inherit']);
  const exit = once(child, 'exit');
  await new Promise<void>((read) => child.stdout?.once('readable', read));
  child.kill('SIGTERM');
  expect(await exit).toEqual([1, null]);
  child.stdout?.destroy();
});

test.skipIf(process.platform === 'win32')('a forwarder goes on at SIGHUP', async () => {
  const file = join(folder, 'forwarder.yaml');
  writeFileSync(file, `${ROUTER}network: { forwarder: { path: ${join(folder, 'nobody.sock')} } }\n`);
  const child = command(['forward', file], ['ignore', 'pipe', 'inherit']);
  const exit = once(child, 'exit');
  const said: string[] = [];
  child.stdout?.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  await until('it waits', () => said.join('').includes('waiting, '));
  child.kill('SIGHUP');
  await until('it says that it goes on', () => said.join('').includes(`${file} is not read again`));
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
});

test('the command as a process reads its file again at SIGHUP, stops at SIGTERM and exits with 0', async () => {
  const file = join(folder, 'router.yaml');
  writeFileSync(file, ROUTER);
  const child = spawn(process.execPath, ['--import', 'tsx', ENTRY, 'run', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until('it listens', () => said.includes('\n'));
  expect(said).toMatch(/^\d\d:\d\d:\d\d\.\d{3} listening on 127\.0\.0\.1:\d+ \(router\)\n$/);
  writeFileSync(file, `${ROUTER}network: { nodes: [{ name: web-a }] }\n`);
  child.kill('SIGHUP');
  await until('it has read it again', () => /read again: node web-a added\n/.test(said));
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
});
