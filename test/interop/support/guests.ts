/** Linux guests on an emulated link: the router in a process of its own, and each guest behind the kernel's vxlan device. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NetworkConfig, PortConfig, RouterConfig } from '../../../src/index.js';
import type { Lab, LabNode, Running } from './lab.js';

const PROCESS = fileURLToPath(new URL('router-process.ts', import.meta.url));
const CHECKSUMS = fileURLToPath(new URL('checksums.py', import.meta.url));
const PING = fileURLToPath(new URL('ping.py', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Octets that a guest's interface takes: an Ethernet of 1500 less VXLAN's 50. */
export const INNER_MTU = 1450;

/** Whether all of some programs are here, and this run is meant to use them. */
export function has(...programs: readonly string[]): boolean {
  return process.env.VIRTUAL_ROUTER_INTEROP === '1' && programs.every((program) => spawnSync(program, ['--version']).error === undefined);
}

/** The router's end of a guest's tunnel. */
export function tunnel(host: LabNode, guest: LabNode, vni = 42): Omit<PortConfig, 'name'> {
  return { type: 'vxlan', address: host.ipv4, remote: guest.ipv4, vni };
}

/** Starts a router and waits until it runs. */
export function startRouter(lab: Lab, host: LabNode, config: RouterConfig): Promise<Running> {
  return start(lab, host, config);
}
/** Starts several routers of one network, in one process. */
export function startRouters(lab: Lab, host: LabNode, network: NetworkConfig, routers: readonly RouterConfig[]): Promise<Running> {
  return start(lab, host, { network, routers });
}

async function start(lab: Lab, host: LabNode, config: object): Promise<Running> {
  const file = join(host.directory, 'router.json');
  writeFileSync(file, JSON.stringify(config));
  const running = lab.spawn(host, process.execPath, ['--import', 'tsx', PROCESS, file, join(host.directory, 'router.sock')], {
    name: 'router',
    directory: ROOT,
  });
  await lab.answers(running, () => running.output().includes('ready'));
  return running;
}

/** Gives a guest its vxlan device, with addresses ("10.0.1.10/24") and routes ("10.0.0.0/16 via 10.0.1.1"). */
export async function vxlanDevice(
  lab: Lab,
  host: LabNode,
  guest: LabNode,
  addresses: readonly string[],
  routes: readonly string[] = [],
  { vni = 42, device = 'vx0', port = 4789 } = {},
): Promise<void> {
  const ip = (...args: string[]): Promise<string> => lab.exec(guest, 'ip', args);
  const local = ['local', guest.ipv4, 'remote', host.ipv4, 'dstport', String(port), 'dev', 'eth0'];
  await ip('link', 'add', device, 'type', 'vxlan', 'id', String(vni), ...local);
  await ip('link', 'set', device, 'mtu', String(INNER_MTU), 'up');
  // A veth leaves the inner checksum to hardware that is not there; a network card would fill it in.
  await lab.exec(guest, 'python3', [CHECKSUMS, device]);
  for (const address of addresses) await ip('address', 'add', address, 'dev', device, ...(address.includes(':') ? ['nodad'] : []));
  for (const route of routes) await ip(...(route.includes(':') ? ['-6'] : []), 'route', 'add', ...route.split(' '));
}

/** Pings an address so many times, and returns what was heard. */
export function ping(lab: Lab, node: LabNode, ...args: readonly string[]): Promise<string> {
  return lab.exec(node, 'python3', [PING, ...args], { timeout: 30_000 });
}

/** A ping that runs while things happen. */
export function pinging(lab: Lab, node: LabNode, address: string, count: number, interval = 0.05): Running {
  return lab.spawn(node, 'python3', [PING, address, String(count), String(interval)], { name: `ping ${address}` });
}

/** Pings without an answer, once the ping is over. */
export async function lost(running: Running): Promise<{ readonly sent: number; readonly lost: number }> {
  await running.exited;
  const [, sent, received] = /sent (\d+) received (\d+)/.exec(running.output()) ?? [];
  return { sent: Number(sent), lost: Number(sent) - Number(received) };
}

/** The kernel's count of echo requests that it got. */
export async function echoes(lab: Lab, node: LabNode, family: 4 | 6 = 4): Promise<number> {
  if (family === 6) return Number(/^Icmp6InEchos\s+(\d+)/m.exec(await lab.exec(node, 'cat', ['/proc/net/snmp6']))?.[1]);
  const [names = '', values = ''] = (await lab.exec(node, 'grep', ['^Icmp:', '/proc/net/snmp'])).split('\n');
  return Number(values.split(' ')[names.split(' ').indexOf('InEchos')]);
}
