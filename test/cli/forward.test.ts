import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/index.js';
import { freePort } from '../support/free-port.js';
import { KeptTerminal } from './terminal.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'virtual-router-forward-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
async function command(...args: readonly string[]) {
  const terminal = new KeptTerminal();
  return { code: await main(args, terminal), err: terminal.err.text };
}
const routerWith = (port: number, network: string): string => `
as: 65000
routerId: 10.0.0.1
interfaces: [{ subnet: lan, addresses: [10.0.1.1] }]
ports: [{ name: pa, type: dgram, address: 127.0.0.1, port: ${port}, remote: 127.0.0.1, remotePort: ${port + 1} }]
network:
  subnets: [{ name: lan, prefix: 10.0.1.0/24 }]
  nodes: [{ name: a, addresses: [10.0.1.10], location: pa }]
${network}`;

describe('forward', () => {
  test('says what is wrong with a file and where, and exits with 2', async () => {
    const without = file('without.yaml', routerWith(1, ''));
    expect(await command('forward', without)).toEqual({
      code: 2,
      err: `virtual-router: ${without}:6:1: network: expected a forwarder, which says where the router is to be reached\n`,
    });
    const wrong = file('wrong.yaml', routerWith(1, '  forwarder: { path: /tmp/x, stale: 0 }\n'));
    expect(await command('forward', wrong)).toEqual({
      code: 2,
      err: `virtual-router: ${wrong}:9:30: network.forwarder.stale: expected a whole number from 1 up, got 0\n`,
    });
    expect((await command('forward')).err).toBe('virtual-router: expected the name of a configuration file\n');
  });

  test.skipIf(process.platform === 'win32')('waits for `run`, follows it, goes on without it, and follows the next one', async () => {
    const path = file('both.yaml', routerWith(await freePort('127.0.0.1'), `  forwarder: { path: ${join(folder, 'feed.sock')} }\n`));
    const forwarder = new KeptTerminal();
    const forwarding = main(['forward', '--json', path], forwarder);
    await forwarder.out.until(/"state":"waiting"/);
    for (let life = 0; life < 2; life++) {
      forwarder.out.text = '';
      const router = new KeptTerminal();
      const running = main(['run', path], router);
      await forwarder.out.until(/"state":"following","reason":"1 prefixes","prefixes":1}/);
      router.signal('SIGTERM');
      expect(await running).toBe(0);
      await forwarder.out.until(/"state":"stale","reason":"the router hung up","prefixes":1}/);
    }
    forwarder.signal('SIGTERM');
    expect(await forwarding).toBe(0);
    expect(forwarder.err.text).toBe('');
  });
});
