import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askControl, NodePorts, openControl } from '../../src/index.js';
import { acceptAtPath, dialPath } from '../../src/io/unix-socket.js';
import type { Connection } from '../../src/lib/transport.js';
import { until } from '../support/until.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'virtual-router-path-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Sockets of a process that was killed while it listened at all of them. */
async function leftBehind(...names: readonly string[]): Promise<string[]> {
  const paths = names.map((name) => join(folder, name));
  const listening = `(path) => new Promise((done) => require('net').createServer().listen(path, done))`;
  const child = spawn(process.execPath, ['-e', `Promise.all(${JSON.stringify(paths)}.map(${listening})).then(() => console.log('ready'))`]);
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  return paths;
}

test.skipIf(process.platform === 'win32')(
  'the socket of a process that was killed is no hindrance, to the control socket, the feed, and a port',
  async () => {
    const [path = '', feed = '', stream = ''] = await leftBehind('control', 'feed', 'port');
    const endpoint = { path };
    const control = await openControl({ endpoint, answers: { '/x': () => 'yes' } });
    expect(await askControl(endpoint, '/x')).toBe('yes');
    expect(statSync(endpoint.path).mode & 0o777).toBe(0o600);
    await control.close();
    expect(existsSync(endpoint.path)).toBe(false);
    const stop = await acceptAtPath(feed, () => {});
    expect(statSync(feed).mode & 0o777).toBe(0o600);
    await stop();
    const port = await new NodePorts().open({ name: 'p', type: 'stream', path: stream });
    await port.close();
  },
);

test.skipIf(process.platform === 'win32')('a socket that somebody listens at, and a file that is no socket, are left alone', async () => {
  const path = join(folder, 'taken');
  const stop = await acceptAtPath(path, () => {});
  await expect(acceptAtPath(path, () => {})).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  await expect(openControl({ endpoint: { path }, answers: {} })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  await stop();
  const file = join(folder, 'file');
  writeFileSync(file, 'precious');
  await expect(acceptAtPath(file, () => {})).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  expect(existsSync(file)).toBe(true);
  await expect(acceptAtPath(join(folder, 'nowhere', 'feed'), () => {})).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
});

test.skipIf(process.platform === 'win32')('a path that is too long for a socket, and a folder that there is not, are named', async () => {
  const long = join(folder, 'x'.repeat(120));
  const answer = /^.*the path of a socket has at most 10[37] octets, and .*x{120} has \d+$/;
  const tries = [
    openControl({ endpoint: { path: long }, answers: {} }),
    askControl({ path: long }, '/x'),
    acceptAtPath(long, () => {}),
    new NodePorts().open({ name: 'p', type: 'stream', path: long }),
    new Promise((_, reject) => dialPath(long, { connected: () => {}, failed: (why) => reject(new Error(why)) })),
  ];
  for (const one of tries) await expect(one).rejects.toThrow(answer);
  await expect(openControl({ endpoint: { path: join(folder, 'nowhere', 'x') }, answers: {} })).rejects.toThrow(
    `cannot open the control socket: there is no folder ${join(folder, 'nowhere')}`,
  );
});

test('a port that there is not is an error, to listen at and to ask', async () => {
  const endpoint = { address: '127.0.0.1', port: 99_999 };
  const error = { code: 'CONTROL_REFUSED', message: 'expected a port from 0 to 65535, got 99999' };
  await expect(openControl({ endpoint, answers: {} })).rejects.toMatchObject(error);
  await expect(askControl(endpoint, '/x')).rejects.toMatchObject(error);
});

test.skipIf(process.platform === 'win32')('a connection at a path carries octets both ways and ends once', async () => {
  const path = join(folder, 'pair');
  const accepted: Connection[] = [];
  const stop = await acceptAtPath(path, (connection) => void accepted.push(connection));
  const near = await new Promise<Connection>((resolve, reject) =>
    dialPath(path, { connected: resolve, failed: (reason) => reject(new Error(reason)) }),
  );
  const heard: string[] = [];
  const closed = new Promise<void>((resolve) =>
    near.listen({ data: (bytes) => void heard.push(String(bytes)), drained: () => {}, closed: () => resolve() }),
  );
  near.write(Uint8Array.of(1, 2));
  await until('it is accepted', () => accepted.length > 0);
  const [far] = accepted;
  await new Promise<void>((resolve) => far?.listen({ data: () => resolve(), drained: () => {}, closed: () => {} }));
  far?.write(Uint8Array.of(3, 4));
  far?.end();
  await closed;
  expect(heard).toEqual(['3,4']);
  await stop();
  await expect(new Promise((resolve) => dialPath(path, { connected: () => resolve('connected'), failed: resolve }))).resolves.toContain(
    'ENOENT',
  );
});
