import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Status } from '../../src/cli/control.js';
import { main } from '../../src/cli/index.js';
import { CONNECTIONS, type ControlEndpoint, openControl } from '../../src/io/control.js';
import { until } from '../support/until.js';
import { KeptTerminal } from './terminal.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'virtual-router-control-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function command(...args: readonly string[]) {
  const terminal = new KeptTerminal();
  const code = await main(args, terminal);
  return { code, out: terminal.out.text, err: terminal.err.text };
}

/** A question with any method and headers: the status and the text of the answer. */
function ask(endpoint: ControlEndpoint, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<string> {
  const where = 'path' in endpoint ? { socketPath: endpoint.path } : { host: endpoint.address, port: endpoint.port };
  return new Promise((resolve, reject) => {
    const asking = request({ ...where, path, headers, method }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += String(chunk);
      });
      answer.on('end', () => resolve(`${answer.statusCode} ${text.trim()}`));
    });
    asking.on('error', reject);
    asking.end();
  });
}

const answers = { '/hello': () => 'hello', '/object': (query: ReadonlyMap<string, string>) => ({ a: query.get('a') }) };

describe('a control socket', () => {
  test('is its owner’s alone, answers GET and nothing else', async () => {
    const endpoint = { path: join(folder, 'own.sock') };
    const server = await openControl({ endpoint, answers });
    expect(statSync(endpoint.path).mode & 0o777).toBe(0o600);
    expect(await ask(endpoint, '/hello')).toBe('200 hello');
    expect(await ask(endpoint, '/object?a=b%2Fc')).toBe('200 {"a":"b/c"}');
    expect(await ask(endpoint, '/hello', {}, 'POST')).toBe('405 only GET');
    expect(await ask(endpoint, '/constructor')).toMatch(/^404/);
    expect(await ask(endpoint, '//')).toMatch(/^404/);
    expect(await ask(endpoint, `/${'x'.repeat(5000)}`)).toMatch(/^414/);
    expect(server.refused).toEqual({ 'method-not-allowed': 1, 'not-found': 2, 'too-long': 1 });
    await server.close();
    await expect(ask(endpoint, '/hello')).rejects.toThrow();
  });

  test('takes a token wherever it is not local, and an empty one nowhere', async () => {
    const refused = (options: Partial<Parameters<typeof openControl>[0]>) =>
      expect(openControl({ endpoint: { address: '0.0.0.0', port: 0 }, answers, ...options })).rejects.toMatchObject({
        code: 'CONTROL_REFUSED',
      });
    await refused({});
    await refused({ endpoint: { address: '::', port: 0 } });
    await refused({ endpoint: { address: '192.0.2.1', port: 0 } });
    await refused({ token: '' });
    await refused({ endpoint: { path: join(folder, 'empty.sock') }, token: '' });
  });

  test('answers only who has the token, where there is one', async () => {
    const server = await openControl({ endpoint: { address: '127.0.0.1', port: 0 }, token: 'open sesame', answers });
    expect(await ask(server.endpoint, '/hello')).toBe('401 unauthorized');
    for (const wrong of ['', 'Bearer', 'Bearer open', 'Bearer open sesame ', 'open sesame', 'bearer open sesame'])
      expect(
        await ask(server.endpoint, '/hello', { authorization: wrong === 'Bearer open sesame ' ? 'Bearer open sesameX' : wrong }),
      ).toMatch(/^401/);
    expect(await ask(server.endpoint, '/hello', { authorization: 'Bearer open sesame' })).toBe('200 hello');
    await server.close();
  });

  test('has so many connections and no more', async () => {
    const endpoint = { path: join(folder, 'many.sock') };
    const server = await openControl({ endpoint, answers, patience: 60_000 });
    const sockets = Array.from({ length: CONNECTIONS + 1 }, () => connect(endpoint.path));
    const ends = sockets.map((socket) => new Promise((over) => socket.on('error', () => {}).on('close', over)));
    await Promise.race(ends);
    expect(server.refused).toEqual({ 'too-many-connections': 1 });
    for (const socket of sockets) socket.destroy();
    await Promise.all(ends);
    await until('there is room again', async () => (await ask(endpoint, '/hello').catch(() => '')) === '200 hello');
    const garbage = connect(endpoint.path);
    const over = once(garbage, 'close');
    garbage.on('error', () => {}).write('no HTTP at all\r\n\r\n');
    await over;
    expect(server.refused['wrong-question']).toBe(1);
    await server.close();
  });

  test('ends who asks half a question and then nothing', async () => {
    const endpoint = { path: join(folder, 'slow.sock') };
    const server = await openControl({ endpoint, answers, patience: 50 });
    const sockets = Array.from({ length: 3 }, () => connect(endpoint.path));
    for (const socket of sockets) socket.on('error', () => {}).write('GET /hello HTTP/1.1\r\n');
    await Promise.all(sockets.map((socket) => new Promise((over) => socket.on('close', over))));
    expect(server.refused).toEqual({ 'too-slow': 3 });
    await server.close();
  });

  test('ends who does not read the answer, and who keeps the connection', async () => {
    const server = await openControl({
      endpoint: { path: join(folder, 'unread.sock') },
      answers: { ...answers, '/long': () => 'x'.repeat(4 << 20) },
      patience: 100,
    });
    const { path } = server.endpoint as { path: string };
    const sockets = Array.from({ length: CONNECTIONS }, (_, i) => {
      const socket = connect(path).on('error', () => {});
      socket.write(`GET ${i % 2 === 0 ? '/long' : '/hello'} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      return i % 2 === 0 ? socket.pause() : socket.resume();
    });
    await until('there is room again', async () => (await ask(server.endpoint, '/hello').catch(() => '')) === '200 hello');
    // On a machine that stands still meanwhile, others may be too slow as well.
    await until('all who do not read are ended', () => (server.refused['too-slow'] ?? 0) >= CONNECTIONS / 2);
    for (const socket of sockets) socket.destroy();
    await server.close();
  });

  test('on loopback does not answer a page that a browser was led to by another name', async () => {
    const server = await openControl({ endpoint: { address: '127.0.0.1', port: 0 }, answers });
    expect(await ask(server.endpoint, '/hello', { host: 'evil.example' })).toBe('403 forbidden');
    expect(await ask(server.endpoint, '/hello', { host: 'localhost:1' })).toBe('200 hello');
    await server.close();
  });
});

const ROUTER = `
as: 65000
routerId: 192.0.2.1
network:
  nodes: [{ name: web-a }, { name: web-b, addresses: [127.0.0.2] }]
  holders: [{ prefix: 10.0.9.1/32, node: web-a }]
`;

describe('why', () => {
  test('asks the router that runs, and there are metrics beside', async () => {
    const file = join(folder, 'router.yaml');
    writeFileSync(file, ROUTER);
    const control = join(folder, 'run.sock');
    const terminal = new KeptTerminal();
    const running = main(['run', '--quiet', '--control', control, file], terminal);
    await until('it answers', async () => (await command('why', '10.0.9.1', '--node', 'web-a', '--control', control)).code === 0);
    expect(await command('why', '10.0.9.1', '--node', 'web-a', '--control', control)).toEqual({
      code: 0,
      out: '10.0.9.1/32 web-a: holds\n  web-a holds 10.0.9.1/32.\n  configuration: accepted, preference 0\n',
      err: '',
    });
    const other = await command('why', '10.0.9.1/32', '--node', 'web-b', '--control', control, '--json');
    expect([other.code, JSON.parse(other.out)]).toMatchObject([1, { outcome: 'not-claimed', code: 'no-session', holders: ['web-a'] }]);
    expect(await command('why', '10.0.9.1', '--node', 'nobody', '--control', control)).toMatchObject({
      code: 1,
      err: 'virtual-router: the router answers: there is no node "nobody"\n',
    });
    expect(await command('status', '--control', control)).toEqual({
      code: 0,
      out: 'router: 2 nodes, 0 grants, 2 claims to 2 prefixes\n',
      err: '',
    });
    const { routers } = JSON.parse((await command('status', '--json', '--control', control)).out) as Status;
    expect(routers).toMatchObject([{ router: 'router', network: { nodes: 2 }, neighbours: [] }]);
    expect(await command('status', 'now', '--control', control)).toMatchObject({ code: 2, out: '' });
    expect(await command('status')).toMatchObject({ code: 2, err: expect.stringContaining('expected --control') });
    const shown = await ask({ path: control }, '/metrics');
    expect(shown).toContain('virtual_router_nodes{router="router"} 2');
    expect(shown).toContain('virtual_router_control_refused_total{reason="wrong-question"} 1');
    terminal.signal('SIGTERM');
    expect(await running).toBe(0);
  });

  test('says what is missing, and when nobody answers', async () => {
    for (const args of [[], ['10.0.0.1'], ['10.0.0.1', '--node', 'a'], ['10.0.0.1', '--node', 'a', '--control', 'name']])
      expect(await command('why', ...args)).toMatchObject({ code: 2, out: '' });
    const { code, err } = await command('why', '10.0.0.1', '--node', 'a', '--control', join(folder, 'none.sock'));
    expect([code, err]).toEqual([1, expect.stringMatching(/^virtual-router: no router answers there: /)]);
  });

  test.each([
    [
      'goes away in the middle of its answer',
      'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{',
      'the router went away in the middle of its answer',
    ],
    ['is no router', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>', 'what answers there is no virtual router'],
    ['speaks no HTTP', 'SSH-2.0-x\r\n', expect.stringMatching(/^no router answers there: /)],
  ])('says in one line that who answers %s', async (_what, words, said) => {
    const path = join(folder, 'strange.sock');
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(words));
    }).listen(path);
    await once(server, 'listening');
    const { code, err } = await command('status', '--control', path);
    expect([code, err.replace(/^virtual-router: (.*)\n$/, '$1')]).toEqual([1, said]);
    await new Promise((closed) => server.close(closed));
  });

  test('a router does not start where its control socket cannot be had', async () => {
    const file = join(folder, 'other.yaml');
    writeFileSync(file, ROUTER);
    expect(await command('run', '--control', '0.0.0.0:0', file)).toMatchObject({ code: 2, err: expect.stringMatching(/expected a token/) });
    const taken = createServer().listen(join(folder, 'taken.sock'));
    await once(taken, 'listening');
    expect(await command('run', '--control', join(folder, 'taken.sock'), file)).toMatchObject({ code: 1 });
    taken.close();
  });
});
