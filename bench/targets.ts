/** The routers under test, each with the plainest configuration that accepts everything and passes it on. */
import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host, Lab } from './lab.js';

/** A neighbour that dials in. */
export interface Neighbour {
  readonly address: string;
  readonly as: number;
  /** Is told nothing: what it would cost to read it is not of the benchmark's matter. BIRD and our own router know it. */
  readonly untold?: boolean;
}

export interface Target {
  readonly name: string;
  readonly port: number;
  /** Whether it can be had on this machine. */
  present(): boolean;
  version(): string;
  /** Starts it; returns the process to be measured. */
  start(lab: Lab, host: Host, neighbours: readonly Neighbour[]): ChildProcess;
}

const root = join(import.meta.dirname, '..');

/** The first line that a program prints of itself: some print it where errors go. */
function said(command: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return `${stdout ?? ''}${stderr ?? ''}`.split('\n')[0] ?? '';
}

/** `bench/router.yaml` as it stands, or one made for other neighbours. */
export function virtualRouter(yaml?: (neighbours: readonly Neighbour[]) => string): Target {
  return {
    name: 'virtual-router',
    port: 1790,
    present: () => existsSync(join(root, 'dist', 'cli.js')),
    version: () => said(process.execPath, join(root, 'dist', 'cli.js'), '--version'),
    start: (lab, host, neighbours) => {
      let file = join(root, 'bench', 'router.yaml');
      if (yaml) {
        file = join(lab.folder, 'router.yaml');
        writeFileSync(file, yaml(neighbours));
      }
      return lab.spawn(host, [process.execPath, join(root, 'dist', 'cli.js'), 'run', '--quiet', file]);
    },
  };
}

export const bird: Target = {
  name: 'BIRD',
  port: 1790,
  present: () => existsSync('/usr/sbin/bird'),
  version: () => said('/usr/sbin/bird', '--version'),
  start: (lab, host, neighbours) => {
    const file = join(lab.folder, 'bird.conf');
    const sessions = neighbours.map(
      ({ address, as, untold }, i) =>
        `protocol bgp p${i} { local ${host.address} port 1790 as 65000; neighbor ${address} as ${as}; passive; ipv4 { import all; export ${untold ? 'none' : 'all'}; }; }`,
    );
    writeFileSync(file, ['router id 1.1.1.1;', 'protocol device {}', ...sessions, ''].join('\n'));
    return lab.spawn(host, ['/usr/sbin/bird', '-f', '-c', file, '-s', join(lab.folder, 'bird.ctl')]);
  },
};

export const frr: Target = {
  name: 'FRR',
  port: 179,
  present: () => existsSync('/usr/lib/frr/bgpd'),
  version: () => said('/usr/lib/frr/bgpd', '--version'),
  start: (lab, host, neighbours) => {
    const folder = join(lab.folder, 'frr');
    mkdirSync(folder, { recursive: true });
    const owner = Number(execFileSync('id', ['-u', 'frr']).toString());
    const group = Number(execFileSync('id', ['-g', 'frr']).toString());
    const file = join(folder, 'bgpd.conf');
    writeFileSync(
      file,
      [
        'router bgp 65000',
        ' bgp router-id 1.1.1.1',
        ' no bgp ebgp-requires-policy',
        ' no bgp network import-check',
        ...neighbours.flatMap(({ address, as }) => [` neighbor ${address} remote-as ${as}`, ` neighbor ${address} passive`]),
        '',
      ].join('\n'),
    );
    writeFileSync(join(folder, 'zebra.conf'), '\n');
    for (const path of [lab.folder, folder, file, join(folder, 'zebra.conf')]) {
      chownSync(path, owner, group);
      chmodSync(path, 0o755);
    }
    const zebra = [
      '/usr/lib/frr/zebra',
      '-f',
      join(folder, 'zebra.conf'),
      '-z',
      join(folder, 'zserv'),
      '-i',
      join(folder, 'zebra.pid'),
      '--vty_socket',
      folder,
      '-P',
      '0',
    ];
    const bgpd = [
      '/usr/lib/frr/bgpd',
      '-n',
      '-l',
      host.address,
      '-f',
      file,
      '-z',
      join(folder, 'zserv'),
      '-i',
      join(folder, 'bgpd.pid'),
      '--vty_socket',
      folder,
      '-P',
      '0',
    ];
    lab.spawn(host, zebra);
    execFileSync('sleep', ['3']);
    return lab.spawn(host, bgpd);
  },
};

export const openbgpd: Target = {
  name: 'OpenBGPD',
  port: 179,
  present: () => existsSync('/usr/sbin/bgpd'),
  version: () => said('/usr/sbin/bgpd', '-V'),
  start: (lab, host, neighbours) => {
    mkdirSync('/run/openbgpd', { recursive: true });
    const file = join(lab.folder, 'openbgpd.conf');
    const sessions = neighbours.map(({ address, as }) => `neighbor ${address} {\n  remote-as ${as}\n  passive\n  announce IPv4 unicast\n}`);
    writeFileSync(
      file,
      [
        'AS 65000',
        'router-id 1.1.1.1',
        'fib-update no',
        `listen on ${host.address}`,
        `socket "${join(lab.folder, 'bgpd.sock')}"`,
        ...sessions,
        'allow from any',
        'allow to any',
        '',
      ].join('\n'),
      { mode: 0o600 },
    );
    return lab.spawn(host, ['/usr/sbin/bgpd', '-d', '-f', file]);
  },
};

export const gobgp: Target = {
  name: 'GoBGP',
  port: 179,
  present: () => existsSync('/usr/bin/gobgpd'),
  version: () => said('/usr/bin/gobgpd', '--version'),
  start: (lab, host, neighbours) => {
    const file = join(lab.folder, 'gobgpd.toml');
    const sessions = neighbours.map(
      ({ address, as }) =>
        `[[neighbors]]\n[neighbors.config]\nneighbor-address = "${address}"\npeer-as = ${as}\n[neighbors.transport.config]\npassive-mode = true\n[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\nafi-safi-name = "ipv4-unicast"\n`,
    );
    writeFileSync(
      file,
      `[global.config]\nas = 65000\nrouter-id = "1.1.1.1"\nlocal-address-list = ["${host.address}"]\n${sessions.join('')}`,
    );
    return lab.spawn(host, ['/usr/bin/gobgpd', '-f', file, '--api-hosts', '127.0.0.1:50051', '-l', 'error']);
  },
};
