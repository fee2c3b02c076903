/** docs/first-guest.md, done as it says: its files, its commands, and the lines that it shows. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from './support/guests.js';
import { Lab, type LabNode, type Running } from './support/lab.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/first-guest.md'), 'utf8');
const blocks = [...page.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);

/** A file of the page, by the name that its first line says. */
function file(name: string): string {
  const text = blocks.find((block) => block.startsWith(`# ${name}\n`) || block.startsWith(`! ${name}\n`));
  if (text === undefined) throw new Error(`the page has no ${name}`);
  return text;
}

/** The lines that the page shows of `run`, without what differs each time. */
function shown(first: string): string[] {
  const text = blocks.find((block) => block.startsWith(first)) ?? '';
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ {2}[\d.]+ ms$/, ''));
}

describe.skipIf(!has('ip', 'bird', 'gobgpd', '/usr/lib/frr/bgpd', 'keepalived'))('a first guest', () => {
  let lab: Lab;
  let own: LabNode;
  let guest: LabNode;
  beforeEach(async () => {
    lab = await Lab.create();
    own = await lab.node('router');
    guest = await lab.node('guest');
    expect([own.ipv4, guest.ipv4]).toEqual(['10.77.0.1', '10.77.0.2']);
    execFileSync('chmod', ['777', guest.directory]); // FRR's daemons give up root
  });
  afterEach(() => lab?.dispose());

  function put(name: string, text = file(name)): string {
    const path = join(guest.directory, name);
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  }

  async function run(name: string, first: RegExp): Promise<Running> {
    const args = ['--import', 'tsx', join(root, 'src/cli/index.ts'), 'run', put(name)];
    const running = lab.spawn(own, process.execPath, args, { name: 'virtual-router run', directory: root });
    // It rehearses first: seconds of computing, on a machine that others compute on.
    await lab.waitFor('the router runs', () => first.test(running.output()), 90);
    return running;
  }

  const said = (running: Running, words: string) => lab.waitFor(words, () => running.output().includes(words), 40);

  const daemons: Readonly<Record<string, () => Promise<Running>>> = {
    BIRD: async () => lab.spawn(guest, 'bird', ['-f', '-c', put('bird.conf'), '-s', join(guest.directory, 'bird.ctl')]),
    FRR: async () => {
      const { directory } = guest;
      const args = ['-n', '-Z', '-S', '-f', put('bgpd.conf'), '-i', join(directory, 'bgpd.pid'), '--vty_socket', directory];
      return lab.spawn(guest, '/usr/lib/frr/bgpd', args);
    },
    GoBGP: async () => {
      const running = lab.spawn(guest, 'gobgpd', ['-f', put('gobgpd.toml')]);
      for (const address of ['10.0.1.100/32', '10.0.1.101/32'])
        await lab.waitFor(`gobgpd takes ${address}`, async () => {
          await lab.exec(guest, 'gobgp', ['global', 'rib', 'add', address]);
          return true;
        });
      return running;
    },
  };

  it.each(Object.keys(daemons))('by %s: what the router says is what the page shows', async (name) => {
    const router = await run('router.yaml', /listening on/);
    const daemon = await daemons[name]?.();
    const lines = shown('listening on');
    expect(lines).toHaveLength(5);
    const last = lines.pop() ?? '';
    for (const line of lines) await said(router, line);
    await daemon?.kill('SIGKILL');
    await said(router, last.replace(/ down \(.*$/, ' down ('));
    expect(router.output()).toContain('the neighbour closed the connection');
  });

  it('whose AS number is another: the router says so', async () => {
    const router = await run('router.yaml', /listening on/);
    const config = put('bird.conf', file('bird.conf').replace('as 65002', 'as 65009'));
    lab.spawn(guest, 'bird', ['-f', '-c', config, '-s', join(guest.directory, 'bird.ctl')]);
    const line = "session with 10.77.0.2 does not come up: sent OPEN message error: bad peer AS: AS 65009 is not the neighbour's";
    expect(page).toContain(line);
    await said(router, line);
  });

  it('on Ethernet: keepalived and ospfd claim as the page says', async () => {
    const router = await run('ethernet.yaml', /running \(router\)/);
    const commands = blocks.find((block) => block.startsWith('ip -n guest link add vx0')) ?? '';
    const lines = commands.split('\n').slice(0, 2).join('\n').replaceAll('-n guest', `-n ${guest.namespace}`);
    execFileSync('sh', ['-ec', lines]);

    const { directory } = guest;
    const sockets = ['--vty_socket', directory, '-z', join(directory, 'zserv.api')];
    put('zebra.conf', 'interface lo\n ip address 10.0.5.100/32\n');
    lab.spawn(guest, '/usr/lib/frr/zebra', [...sockets, '-f', join(directory, 'zebra.conf'), '-i', join(directory, 'zebra.pid')]);
    await lab.waitFor('zebra has given lo its address', async () =>
      (await lab.exec(guest, 'ip', ['address', 'show', 'dev', 'lo'])).includes('10.0.5.100'),
    );
    lab.spawn(guest, '/usr/lib/frr/ospfd', [...sockets, '-f', put('ospfd.conf'), '-i', join(directory, 'ospfd.pid')]);
    const pids = ['-p', join(directory, 'keepalived.pid'), '-r', join(directory, 'vrrp.pid')];
    lab.spawn(guest, 'keepalived', ['-n', '-l', '-f', put('keepalived.conf'), ...pids]);

    const wanted = shown('running (router)');
    expect(wanted).toHaveLength(4);
    for (const line of wanted) await said(router, line);
  });
});
