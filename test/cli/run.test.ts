import { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/index.js';
import { CLOSED_PORT, freePort } from '../support/free-port.js';
import { hex } from '../support/hex.js';
import { KeptTerminal } from './terminal.js';

const ROUTER = `
as: 65000
routerId: 192.0.2.1
listen: [{ address: 127.0.0.1, port: 0 }]
neighbours: [{ address: 127.0.0.2, name: guest-b, as: 65001, passive: true }]
network:
  ranges: [10.0.9.0/24]
  nodes: [{ name: web-a }, { name: web-b, addresses: [127.0.0.2] }]
  holders: [{ prefix: 10.0.9.1/32, node: web-a }]
  grants: [{ node: web-b, prefix: 10.0.9.1/32 }]
`;

const MARKER = 'ffffffff ffffffff ffffffff ffffffff';
/** Version 4, AS 65001, hold time 90, identifier 127.0.0.2, no optional parameters. */
const OPEN = hex(`${MARKER} 001d 01 04 fde9 005a 7f000002 00`);
const KEEPALIVE = hex(`${MARKER} 0013 04`);
/** ORIGIN IGP, AS_PATH 65001, NEXT_HOP 127.0.0.2. */
const ATTRIBUTES = '40 01 01 00  40 02 04 02 01 fde9  40 03 04 7f000002';
const GRANTED = hex(`${MARKER} 002e 02 0000 0012 ${ATTRIBUTES} 20 0a000901`);
const NOT_GRANTED = hex(`${MARKER} 002e 02 0000 0012 ${ATTRIBUTES} 20 0a000902`);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'virtual-router-run-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(text: string): string {
  const name = join(folder, `${Math.random().toString(36).slice(2)}.yaml`);
  writeFileSync(name, text);
  return name;
}

async function command(...args: readonly string[]) {
  const terminal = new KeptTerminal();
  const code = await main(args, terminal);
  return { code, out: terminal.out.text, err: terminal.err.text };
}

/** A guest at 127.0.0.2 that has its session, and all that it is sent. */
async function guest(port: number): Promise<{ socket: Socket; heard: () => string; ended: Promise<unknown> }> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.2' });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  const ended = once(socket, 'close');
  await once(socket, 'connect');
  socket.write(OPEN);
  socket.write(KEEPALIVE);
  return { socket, heard: () => Buffer.concat(chunks).toString('hex'), ended };
}

describe('the command', () => {
  test('says its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(await command('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  test('has a help text of its own and one for each command, within 100 columns', async () => {
    for (const args of [['--help'], ['run', '--help'], ['watch', '--help'], ['why', '--help'], ['decode', '--help'], ['help', 'run']]) {
      const { code, out, err } = await command(...args);
      expect([code, err], args.join(' ')).toEqual([0, '']);
      expect(out).toMatch(/Usage: virtual-router/);
      expect(out).toMatch(/Exit codes:/);
      expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
    }
  });

  test('answers a wrong command line with one line and exit code 2', async () => {
    expect(await command('fly')).toEqual({
      code: 2,
      out: '',
      err: 'virtual-router: no such command: fly (there are run, watch, forward, status, why, decode; see virtual-router --help)\n',
    });
    expect((await command()).code).toBe(2);
    for (const args of [['run'], ['run', '--fast', 'x'], ['watch', 'a', 'b'], ['toString']]) {
      const { code, err } = await command(...args);
      expect([code, err.split('\n').length], args.join(' ')).toEqual([2, 2]);
    }
  });
});

describe('virtual-router run', () => {
  test('says what is wrong with a file and where, starts nothing, and exits with 2', async () => {
    const name = file(ROUTER.replace('as: 65001', 'as: 0'));
    expect(await command('run', name)).toEqual({
      code: 2,
      out: '',
      err: `virtual-router: ${name}:5:51: neighbours[0].as: expected an AS number such as 65000, a list of them, or "any", got 0\n`,
    });
  });

  test('says in one line that its port is in use, and exits with 1', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { code, err } = await command('run', file(ROUTER.replace('port: 0', `port: ${port}`)));
    server.close();
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`^virtual-router: .*${port}.* in use.*\n$`));
  });

  test.skipIf(process.platform === 'win32').each(['its port', 'its control socket'])(
    'leaves the snapshot to the next try where %s is in use',
    async (what) => {
      const [snapshot, control] = [join(folder, 'claims'), join(folder, 'in-use.sock')];
      writeFileSync(snapshot, 'of the former life');
      const [port, socket] = [createServer().listen(0, '127.0.0.1'), createServer().listen(control)];
      await Promise.all([once(port, 'listening'), once(socket, 'listening')]);
      const at = (listen: number) => `
network: { nodes: [], restart: { snapshot: ${snapshot} } }
routers:
  - { name: left, as: 65000, routerId: 192.0.2.1, listen: [{ address: 127.0.0.1, port: 0 }] }
  - { name: right, as: 65000, routerId: 192.0.2.2, listen: [{ address: 127.0.0.1, port: ${listen} }] }
`;
      const args = what === 'its port' ? [file(at((port.address() as AddressInfo).port))] : ['--control', control, file(at(0))];
      expect(await command('run', ...args)).toMatchObject({ code: 1, err: expect.stringMatching(/in use|somebody else/) });
      for (const server of [port, socket]) server.close();
      expect(readFileSync(snapshot, 'utf8')).toBe('of the former life');
      // Who ran and was stopped leaves none.
      const terminal = new KeptTerminal();
      const ended = main(['run', file(at(0))], terminal);
      await terminal.out.until(/listening on .* \(right\)/);
      terminal.signal('SIGTERM');
      expect(await ended).toBe(0);
      expect(existsSync(snapshot)).toBe(false);
    },
  );

  test('says where it listens, who comes and goes, what moves and what is refused, and ends sessions with a Cease', async () => {
    const terminal = new KeptTerminal();
    const ended = main(['run', file(ROUTER)], terminal);
    const [, port] = await terminal.out.until(/listening on 127\.0\.0\.1:(\d+) \(router\)/);
    const peer = await guest(Number(port));
    await terminal.out.until(/session with guest-b \(127\.0\.0\.2\) up, node web-b/);
    peer.socket.write(GRANTED);
    peer.socket.write(NOT_GRANTED);
    await terminal.out.until(/10\.0\.9\.1\/32 {2}web-a -> web-b {2}announced by /);
    await terminal.out.until(/refused 10\.0\.9\.2\/32 for web-b from bgp guest-b: not-granted/);
    terminal.signal('SIGTERM');
    expect(await ended).toBe(0);
    await peer.ended;
    // NOTIFICATION, Cease (6), Administrative Shutdown (2).
    expect(peer.heard()).toMatch(/f{32}.{4}030602/);
    expect(terminal.out.text).toMatch(/stopping \(SIGTERM\)/);
    expect(terminal.err.text).toBe('');
  });

  test('starts nothing where it is told to stop before it has', async () => {
    const terminal = Object.assign(new KeptTerminal(), { cold: false });
    terminal.signal('SIGTERM');
    expect(await main(['run', file(ROUTER)], terminal)).toBe(0);
    expect([terminal.out.text.replace(/^\S+ /, ''), terminal.err.text]).toEqual(['stopping (SIGTERM)\n', '']);
  });

  test('says that it runs when it listens nowhere', async () => {
    const terminal = new KeptTerminal();
    const ended = main(['run', file(ROUTER.replace(/^listen.*$/m, ''))], terminal);
    await terminal.out.until(/running \(router\): 0 ports, 1 neighbour, listening nowhere on the host/);
    terminal.signal('SIGTERM');
    expect(await ended).toBe(0);
  });

  test('says why a session does not come up, whoever dials', async () => {
    const terminal = new KeptTerminal();
    const dialled = `neighbours: [{ address: 127.0.0.1, node: web-a, as: 65003, port: ${CLOSED_PORT} }, {`;
    const ended = main(['run', file(ROUTER.replace('as: 65001', 'as: 65002').replace('neighbours: [{', dialled))], terminal);
    const [, port] = await terminal.out.until(/listening on 127\.0\.0\.1:(\d+)/);
    await terminal.out.until(/session with 127\.0\.0\.1 does not come up: connect ECONNREFUSED/);
    const peer = await guest(Number(port));
    await terminal.out.until(/session with guest-b \(127\.0\.0\.2\) does not come up: .*bad peer AS: AS 65001 is not the neighbour's/);
    await peer.ended;
    terminal.signal('SIGTERM');
    expect(await ended).toBe(0);
    expect(terminal.out.text).not.toMatch(/stopped: cease/);
  });

  test('shows what a guest says as one line, whatever it says (RFC 9003 §5)', async () => {
    const terminal = new KeptTerminal();
    const control = join(folder, 'guest-says.sock');
    const ended = main(['run', '--control', control, file(ROUTER)], terminal);
    const [, port] = await terminal.out.until(/listening on 127\.0\.0\.1:(\d+) \(router\)/);
    const peer = await guest(Number(port));
    await terminal.out.until(/session with guest-b .* up/);
    const text = Buffer.from('bye\n\u001b[2J\u009b31m\u2028\u202etxet');
    const notification = Buffer.concat([Buffer.from([6, 2, text.length]), text]);
    peer.socket.write(Buffer.concat([hex(MARKER), Buffer.from([0, 19 + notification.length, 3]), notification]));
    const shown = String.raw`bye\n\x1b[2J\x9b31m\u2028\u202etxet`;
    await terminal.out.until(/txet/);
    expect(terminal.out.text).toContain(shown);
    if (process.platform !== 'win32') {
      expect((await command('status', '--control', control)).out).toContain(shown);
      expect((await command('why', '10.0.9.1', '--node', 'web-b', '--control', control)).out).toContain(shown);
    }
    terminal.signal('SIGTERM');
    expect(await ended).toBe(0);
  });

  test('is in colour on a terminal that has it: times dim, what goes well green, what is refused red', async () => {
    const terminal = new KeptTerminal();
    terminal.out.colour = true;
    const ended = main(['run', file(ROUTER)], terminal);
    const [, port] = await terminal.out.until(/listening on 127\.0\.0\.1:(\d+) \(router\)/);
    const peer = await guest(Number(port));
    peer.socket.write(NOT_GRANTED);
    await terminal.out.until(/refused 10\.0\.9\.2\/32/);
    terminal.signal('SIGTERM');
    expect(await ended).toBe(0);
    await peer.ended;
    const lines = terminal.out.text.replaceAll('\u001b', 'ESC').split('\n');
    const line = (words: string) => lines.find((one) => one.includes(words));
    expect(line('listening on')).toMatch(/^ESC\[2m\d\d:\d\d:\d\d\.\d{3}ESC\[0m listening on ((?!ESC).)*$/);
    expect(line('session with guest-b')).toMatch(/ESC\[0m ESC\[32msession with guest-b .* up, node web-bESC\[0m$/);
    expect(line('refused 10.0.9.2/32')).toMatch(/ESC\[0m ESC\[31mrefused .*not-granted.*ESC\[0m$/);
  });

  test('prints a JSON object a line when told to, and nothing with --quiet', async () => {
    const terminal = new KeptTerminal();
    const ended = main(['run', '--json', file(ROUTER)], terminal);
    await terminal.out.until(/\n/);
    terminal.signal('SIGINT');
    await ended;
    const lines = terminal.out.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines[0]).toMatchObject({ event: 'listening', router: 'router', address: '127.0.0.1' });
    expect(lines.at(-1)).toMatchObject({ event: 'stopping', why: 'SIGINT', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) });

    const silent = new KeptTerminal();
    const done = main(['run', '--quiet', file(ROUTER)], silent);
    silent.signal('SIGINT');
    expect(await done).toBe(0);
    expect(silent.out.text + silent.err.text).toBe('');
  });
});

describe('a file that is read again at SIGHUP', () => {
  const started = async (text: string) => {
    const name = file(text);
    const terminal = new KeptTerminal();
    const ended = main(['run', name], terminal);
    const [, port] = await terminal.out.until(/listening on 127\.0\.0\.1:(\d+)/);
    return {
      name,
      terminal,
      port: Number(port),
      become: (now: string) => {
        writeFileSync(name, now);
        terminal.reload();
      },
      stop: async () => {
        terminal.signal('SIGTERM');
        expect(await ended).toBe(0);
      },
    };
  };

  test('changes grants, nodes and neighbours in place, and the session goes on', async () => {
    const { terminal, port, become, stop } = await started(ROUTER);
    const peer = await guest(port);
    await terminal.out.until(/session with guest-b .* up/);
    peer.socket.write(NOT_GRANTED);
    await terminal.out.until(/refused 10\.0\.9\.2\/32/);
    become(ROUTER.replace('grants: [', 'grants: [{ node: web-b, prefix: 10.0.9.2/32 }, ').replace('nodes: [', 'nodes: [{ name: web-c }, '));
    await terminal.out.until(/read again: node web-c added; grant web-b\/10\.0\.9\.2\/32 given\n/);
    await terminal.out.until(/10\.0\.9\.2\/32 {2}- -> web-b/);
    become(ROUTER.replace('as: 65001', 'as: 65009').replace('grants: [', 'grants: [{ node: web-b, prefix: 10.0.9.2/32 }, '));
    await terminal.out.until(/read again: node web-c removed; neighbour guest-b started anew\n/);
    await peer.ended;
    terminal.reload();
    await terminal.out.until(/read again: nothing changed\n/);
    await stop();
    expect(terminal.err.text).toBe('');
  });

  test('opens and closes ports', async () => {
    const ports = (...list: readonly string[]) => `${ROUTER}ports: [${list.join(', ')}]\n`;
    const stream = (name: string, mtu = 1500) => `{ name: ${name}, type: stream, path: ${join(folder, `${name}.sock`)}, mtu: ${mtu} }`;
    const { terminal, become, stop } = await started(ports(stream('one'), stream('two')));
    become(ports(stream('two', 9000), stream('three')));
    await terminal.out.until(/read again: port two changed; port three added; port one removed\n/);
    expect(['one', 'two', 'three'].map((name) => existsSync(join(folder, `${name}.sock`)))).toEqual([false, true, true]);
    await stop();
    expect(terminal.err.text).toBe('');
  });

  test('has ports take each other’s places, also where an access rule names them', async () => {
    const ports = (one: string, two: string) =>
      `${ROUTER}ports: [{ name: one, type: stream, path: ${join(folder, one)} }, { name: two, type: stream, path: ${join(folder, two)} }]
access: [{ action: deny, direction: in, at: [one, two] }]
`;
    const { terminal, become, stop } = await started(ports('x.sock', 'y.sock'));
    become(ports('y.sock', 'x.sock'));
    await terminal.out.until(/read again: port one changed; port two changed\n/);
    expect(['x.sock', 'y.sock'].map((name) => existsSync(join(folder, name)))).toEqual([true, true]);
    await stop();
    expect(terminal.err.text).toBe('');
  });

  test('gives a port another name, also where rules have it, and takes a name that several nodes have meanwhile', async () => {
    const at = (name: string, rest: string) => `
as: 65000
routerId: 192.0.2.1
listen: [{ address: 127.0.0.1, port: 0 }]
ports: [{ name: ${name}, type: stream, path: ${join(folder, 'named.sock')} }]
access: [{ action: deny, direction: in, at: [${name}] }]
network: { nodes: [${rest}] }
`;
    const { terminal, become, stop } = await started(at('one', '{ name: a, location: one }'));
    become(at('two', '{ name: a, location: two }'));
    await terminal.out.until(/read again: port two added; node a changed; port one removed\n/);
    expect(existsSync(join(folder, 'named.sock'))).toBe(true);
    const without = (rest: string) => at('two', rest).replace(/^(ports|access): .*\n/gm, '');
    become(without('{ name: a, location: two }'));
    await terminal.out.until(/read again: port two removed\n/);
    expect(existsSync(join(folder, 'named.sock'))).toBe(false);
    become(at('three', '{ name: a, location: three }').replace(/^access: .*\n/m, ''));
    await terminal.out.until(/read again: port three added; node a changed\n/);
    become(without('{ name: a, location: three }, { name: b, location: three }'));
    await terminal.out.until(/read again: node b added; port three removed\n/);
    await stop();
    expect(terminal.err.text).toBe('');
  });

  test('opens no port where something else cannot be done, and leaves the others where one cannot be opened', async () => {
    const port = (name: string, path = `${name}.sock`) => `{ name: ${name}, type: stream, path: ${join(folder, path)} }`;
    const { terminal, become, stop } = await started(`${ROUTER}ports: [${port('first')}]\n`);
    become(`${ROUTER.replace('network:', 'network:\n  journal: 77')}ports: [${port('first', 'other.sock')}, ${port('second')}]\n`);
    await terminal.err.until(/not read again: .*network\.journal: cannot change while the network lives/);
    const there = (): boolean[] => ['first', 'second', 'other'].map((name) => existsSync(join(folder, `${name}.sock`)));
    expect(there()).toEqual([true, false, false]);
    become(`${ROUTER}ports: [${port('first', 'nowhere/first.sock')}, ${port('second')}]\n`);
    await terminal.err.until(/not read again: .*nowhere/);
    expect(there()).toEqual([true, true, false]);
    become(`${ROUTER}ports: [${port('first', 'other.sock')}]\n`);
    await terminal.out.until(/read again: port first changed; port second removed\n/);
    expect(there()).toEqual([false, false, true]);
    await stop();
  });

  test('does nothing where the file is wrong, or asks for what takes a new router', async () => {
    const { name, terminal, become, stop } = await started(ROUTER);
    become(ROUTER.replace('as: 65001', 'as: 0'));
    await terminal.err.until(/not read again: .*:5:51: neighbours\[0\]\.as: expected an AS number/);
    become(ROUTER.replace('routerId: 192.0.2.1', 'routerId: 192.0.2.9'));
    await terminal.err.until(new RegExp(`not read again: ${name}:3:1: routerId: cannot change while the router lives`));
    become(`network: {}\nrouters: [{ name: other, as: 65000, routerId: 192.0.2.1 }]\n`);
    await terminal.err.until(/not read again: routers cannot come or go while they run: expected router, got other/);
    rmSync(name);
    terminal.reload();
    await terminal.err.until(/not read again: .*no such file/);
    await stop();
    expect(terminal.out.text).not.toMatch(/read again/);
  });

  test('leaves what a forwarder has read as it is', async () => {
    const forwarded = (more: string) =>
      `${ROUTER.replace('network:', `network:\n  forwarder: { path: ${join(folder, 'forwarder.sock')} }`)}${more}`;
    const { name, terminal, become, stop } = await started(forwarded(''));
    become(forwarded('access: [{ action: deny, direction: in }]\n'));
    await terminal.err.until(new RegExp(`not read again: ${name}:\\d+:1: access: cannot change here alone: the forwarder has read it`));
    become(forwarded('').replace('  ranges:', '  subnets: [{ prefix: 10.0.9.0/24 }]\n  ranges:'));
    await terminal.err.until(/network\.subnets: cannot change here alone/);
    become(forwarded('').replace('nodes: [', 'nodes: [{ name: web-c }, '));
    await terminal.out.until(/read again: node web-c added/);
    await stop();
  });

  test('has neighbours go over to another router at the same listener, whichever comes first', async () => {
    const port = await freePort('127.0.0.1');
    const neighbour = (last: number) => `{ address: 127.0.0.${last}, as: 65001, passive: true }`;
    const two = (left: string, right: string) => `
network: { nodes: [{ name: a, addresses: [127.0.0.2] }, { name: b, addresses: [127.0.0.3] }] }
routers:
  - { name: left, as: 65000, routerId: 192.0.2.1, listen: [{ address: 127.0.0.1, port: ${port} }], neighbours: [${left}] }
  - { name: right, as: 65000, routerId: 192.0.2.2, listen: [{ address: 127.0.0.1, port: ${port} }], neighbours: [${right}] }
`;
    const { terminal, become, stop } = await started(two(neighbour(2), neighbour(3)));
    await terminal.out.until(/\(right\)/);
    const moved = (...lasts: number[]) =>
      [
        ...lasts.map((last) => `neighbour 127.0.0.${last} removed`),
        ...lasts.toReversed().map((last) => `neighbour 127.0.0.${last} added`),
      ].join('; ');
    become(two(neighbour(3), neighbour(2)));
    await terminal.out.until(new RegExp(`read again: ${moved(2, 3)}\n`));
    become(two(`${neighbour(3)}, ${neighbour(2)}`, ''));
    await terminal.out.until(new RegExp(`read again: ${moved(2)}\n`));
    await stop();
    expect(terminal.err.text).toBe('');
  });

  test('changes a network that several routers share, and each of them', async () => {
    const two = (grant: string, originate: string) => `
network: { nodes: [{ name: web-b, addresses: [127.0.0.2] }], grants: [${grant}] }
routers:
  - { name: left, as: 65000, routerId: 192.0.2.1, listen: [{ address: 127.0.0.1, port: 0 }] }
  - { name: right, as: 65000, routerId: 192.0.2.2, ${originate} }
`;
    const { terminal, become, stop } = await started(two('', 'originate: []'));
    become(two('{ node: web-b, prefix: 10.0.9.1/32 }', 'originate: [{ prefix: 10.0.9.0/24 }]'));
    await terminal.out.until(/read again: grant web-b\/10\.0\.9\.1\/32 given; originated prefixes changed\n/);
    await stop();
    expect(terminal.err.text).toBe('');
  });
});

/** Has calls of a method told, and whether they are about a path. Returns a way to end that. */
function noted<K extends string>(of: { [name in K]: (...args: never[]) => unknown }, name: K, tell: (call: string) => void): () => void {
  const real = of[name];
  of[name] = function (this: unknown, ...args: never[]) {
    tell(typeof args[0] === 'string' ? `${name} at a path` : name);
    return real.apply(this, args);
  };
  return () => {
    of[name] = real;
  };
}

test.skipIf(process.platform === 'win32')('nothing listens that was not asked for: no metrics, no control socket', async () => {
  const control = join(folder, 'asked-for.sock');
  const opened: string[][] = [];
  let calls: string[] = [];
  const restore = [
    noted(Server.prototype, 'listen', (call) => calls.push(call)),
    noted(Socket.prototype, 'connect', (call) => calls.push(call)),
    noted(UdpSocket.prototype, 'bind', (call) => calls.push(call)),
  ];
  for (const more of [[], ['--control', control]]) {
    calls = [];
    const terminal = new KeptTerminal();
    const ended = main(['run', ...more, file(ROUTER)], terminal);
    await terminal.out.until(/listening on /);
    opened.push(calls.sort());
    expect(existsSync(control)).toBe(more.length > 0);
    terminal.signal('SIGTERM');
    expect(await ended).toBe(0);
  }
  for (const call of restore) call();
  // Where BGP listens, and nothing else.
  expect(opened).toEqual([['listen'], ['listen', 'listen at a path']]);
});

describe('virtual-router watch', () => {
  test('prints each change of the mapping, and what run prints on standard error', async () => {
    const terminal = new KeptTerminal();
    const control = join(folder, 'watch.sock');
    const ended = main(['watch', '--json', '--control', control, file(ROUTER)], terminal);
    const [, port] = await terminal.err.until(/"event":"listening".*"port":(\d+)/);
    const peer = await guest(Number(port));
    await terminal.err.until(/"to":"established"/);
    peer.socket.write(GRANTED);
    await terminal.out.until(/"prefix":"10\.0\.9\.1\/32".*web-b/);
    expect((await command('why', '10.0.9.1', '--node', 'web-b', '--control', control)).code).toBe(0);
    peer.socket.destroy();
    await terminal.out.until(/"type":"session-down"/);
    terminal.signal('SIGTERM');
    expect(await ended).toBe(0);
    const changes = terminal.out.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const moved = changes.filter(({ prefix }) => prefix === '10.0.9.1/32').slice(-2);
    expect(moved).toMatchObject([
      { event: 'mapping-change', before: [{ node: 'web-a' }], after: [{ type: 'node', node: 'web-b' }], cause: { type: 'announced' } },
      { before: [{ node: 'web-b' }], after: [{ node: 'web-a' }], cause: { type: 'session-down', node: 'web-b' } },
    ]);
    for (const { ms } of moved) expect(ms).toBeGreaterThanOrEqual(0);
  });
});
