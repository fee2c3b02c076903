import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { daemonsPresent } from './support/daemons.js';
import { frr } from './support/frr.js';
import { Lab, type LabNode, type Running } from './support/lab.js';
import { undisturbed } from './support/undisturbed.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = fileURLToPath(new URL('./support/bfd-peer.ts', import.meta.url));
/** Milliseconds between echo packets. */
const ECHO = 50;
const { present } = daemonsPresent();

const watching = (lab: Lab, at: LabNode, remote: string, ...before: string[]): Running => {
  const [command = '', ...args] = [...before, process.execPath, '--import', 'tsx', program, remote, String(ECHO)];
  return lab.spawn(at, command, args, { name: `BFD in ${at.name}`, directory: root });
};

/** Whether the node's kernel sends on what is not for it. */
const forward = async (lab: Lab, node: LabNode, on: boolean): Promise<void> => {
  const value = on ? '1' : '0';
  await lab.exec(node, 'sysctl', ['-qw', `net.ipv4.conf.eth0.forwarding=${value}`, `net.ipv6.conf.all.forwarding=${value}`]);
};

/** Packets that the node has got. With an echo there is a Control packet a second. */
const received = async (lab: Lab, node: LabNode): Promise<number> =>
  Number(await lab.exec(node, 'cat', ['/sys/class/net/eth0/statistics/rx_packets']));

const families = {
  IPv4: ({ ipv4 }: LabNode) => ipv4,
  IPv6: ({ ipv6 }: LabNode) => ipv6,
  'IPv6 link-local': ({ number }: LabNode) => `fe80::ff:fe00:${number.toString(16)}%eth0`,
};

type Family = keyof typeof families;

async function overInterfaces(family: Family, forwards: boolean): Promise<void> {
  const addressOf = families[family];
  await using lab = await Lab.create();
  const [one, other] = [await lab.node('one'), await lab.node('other')];
  for (const node of [one, other]) await forward(lab, node, forwards);
  const peers = [watching(lab, one, addressOf(other)), watching(lab, other, addressOf(one))];
  await lab.waitFor('both are up', () => peers.every((peer) => peer.output().includes('up none')), 40);
  // Its own that come back, and those of the other.
  const before = await received(lab, one);
  await lab.waitFor('echoes come', async () => (await received(lab, one)) > before + 200);
  // Nobody found them missing.
  expect(peers.map((peer) => peer.output()).join('')).not.toMatch(/down|failed/);
  await lab.link(other, 'down');
  await lab.waitFor('both have noticed', () => peers.every((peer) => peer.output().includes('down echo-failed')));
}

describe.each(['IPv4', 'IPv6', 'IPv6 link-local'] as const)("echo packets over the host's interfaces, %s", (family) => {
  it.each([
    ['this library sends back what its neighbour sends', false],
    ['the kernel does where it forwards', true],
  ])('come back: %s', (_how, forwards) => undisturbed(ECHO, () => overInterfaces(family, forwards)), 90_000);
});

it('is refused where there is no right to it', async () => {
  await using lab = await Lab.create();
  const one = await lab.node('one');
  const peer = watching(lab, one, '10.77.0.2', 'setpriv', '--bounding-set=-net_raw', '--inh-caps=-net_raw');
  await lab.waitFor('it says why', () => peer.output().includes('CAP_NET_RAW'));
  expect(peer.output()).toContain("failed: BFD's echo over the host's interfaces takes CAP_NET_RAW");
});

describe.skipIf(!present.includes(frr))('echo packets with FRR', () => {
  /** Zebra and bfdd, which watch the router with an echo of their own. Returns what bfdd says of the session. */
  const startBfdd = async (lab: Lab, node: LabNode, remote: string): Promise<() => Promise<{ status?: string; diagnostic?: string }>> => {
    const write = (name: string, lines: readonly string[]): string => {
      const file = join(node.directory, name);
      writeFileSync(file, `${lines.join('\n')}\n`);
      return file;
    };
    const peer = [' peer', remote, 'local-address', node.ipv4, 'interface', 'eth0'].join(' ');
    const timers = ['  detect-multiplier 3', '  receive-interval 50', '  transmit-interval 50', '  echo-mode'];
    const bfd = write('bfdd.conf', ['bfd', peer, ...timers, `  echo receive-interval ${ECHO}`, `  echo transmit-interval ${ECHO}`]);
    const empty = write('zebra.conf', []);
    execFileSync('chown', ['-R', 'frr:frr', node.directory]);
    const common = ['-z', join(node.directory, 'zserv'), '--vty_socket', node.directory, '--log', 'stdout', '-P', '0'];
    const ask = (daemon: string, command: string): Promise<string> =>
      lab.exec(node, 'vtysh', ['--vty_socket', node.directory, '-d', daemon, '-c', command]);
    const start = async (daemon: string, file: string, ...more: string[]): Promise<void> => {
      const args = [...common, '-f', file, '-i', join(node.directory, `${daemon}.pid`), ...more];
      const process = lab.spawn(node, `/usr/lib/frr/${daemon}`, args, { undelayed: daemon === 'bfdd' });
      await lab.answers(process, async () => (await ask(daemon, 'show version')).includes('FRRouting'));
    };
    await start('zebra', empty);
    await start('bfdd', bfd, '--bfdctl', join(node.directory, 'bfdd.sock'));
    return async () => {
      const sessions = JSON.parse(await ask('bfdd', 'show bfd peers json')) as { status?: string; diagnostic?: string }[];
      return sessions[0] ?? {};
    };
  };
  const echoed = async (lab: Lab, node: LabNode): Promise<readonly [sent: number, back: number]> => {
    const args = ['--vty_socket', node.directory, '-d', 'bfdd', '-c', 'show bfd peers counters json'];
    const [session] = JSON.parse(await lab.exec(node, 'vtysh', args)) as Record<string, number>[];
    return [session?.['echo-packet-output'] ?? 0, session?.['echo-packet-input'] ?? 0];
  };

  const scenario = async (): Promise<void> => {
    await using lab = await Lab.create();
    const [own, guest] = [await lab.node('router'), await lab.node('guest')];
    // FRR leaves it to its kernel to send back ours; ours does not forward, so this library sends back FRR's.
    await forward(lab, guest, true);
    await forward(lab, own, false);
    const session = await startBfdd(lab, guest, own.ipv4);
    const peer = watching(lab, own, guest.ipv4);
    await lab.waitFor('both are up', async () => peer.output().includes('up none') && (await session()).status === 'up', 40);
    await lab.waitFor("FRR's come back", async () => (await echoed(lab, guest))[1] > 100, 40);
    const [sent, back] = await echoed(lab, guest);
    expect(back).toBeGreaterThan(sent * 0.9);
    expect(back).toBeLessThanOrEqual(sent);
    expect(peer.output()).not.toMatch(/down|failed/);
    // Its kernel forwards no more, and its BFD goes on speaking: only the echo tells.
    await forward(lab, guest, false);
    await lab.waitFor('the echo fails', () => peer.output().includes('down echo-failed'));
  };

  it('both send them and get them back; what does not come back ends the session', () => undisturbed(ECHO, scenario), 120_000);
});
