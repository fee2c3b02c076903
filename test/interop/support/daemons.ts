/** The five daemons and what else the suite uses, and whether this machine has them. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { bird } from './bird.js';
import type { DaemonKind } from './daemon.js';
import { exabgp } from './exabgp.js';
import { frr } from './frr.js';
import { gobgp } from './gobgp.js';
import { openbgpd } from './openbgpd.js';

export const daemons: readonly DaemonKind[] = [bird, frr, gobgp, exabgp, openbgpd];

/** What some tests take besides: a program, or a package of Node's; and what they are about. */
const TOOLS: readonly (readonly [name: string, program: string | undefined, what: string])[] = [
  ['StayRTR', 'stayrtr', 'an RPKI cache'],
  ['OpenSSL', 'openssl', 'certificates of caches'],
  ['keepalived', 'keepalived', 'VRRP guests'],
  ['arping', 'arping', 'guests that claim by ARP'],
  ['traceroute', 'traceroute', 'paths through several routers'],
  ['koffi', undefined, 'TAP ports, OSPF on the host, TCP MD5'],
];

/** What is here of what the suite needs. */
export interface Present {
  /** Why nothing at all can run (not Linux, not root, no namespaces), or undefined. */
  readonly obstacle?: string;
  readonly present: readonly DaemonKind[];
  readonly absent: readonly DaemonKind[];
  /** Other things that are not here, each with what it is for. */
  readonly lacking: readonly (readonly [name: string, what: string])[];
}

/** Looks, and starts nothing but `unshare true`. */
export function daemonsPresent(): Present {
  const present = daemons.filter(({ programs }) => programs.every(installed));
  const absent = daemons.filter((kind) => !present.includes(kind));
  const lacking = TOOLS.filter(([name, program]) => !(program === undefined ? loadable(name) : installed(program)));
  const obstacle = obstacleHere();
  return {
    present: obstacle === undefined ? present : [],
    absent,
    lacking: lacking.map(([name, , what]) => [name, what] as const),
    ...(obstacle === undefined ? {} : { obstacle }),
  };
}

/** Whether the suite is wanted, and all of these are here: daemons, and other things by their names. */
export function here(...needed: readonly (DaemonKind | 'koffi')[]): boolean {
  const { obstacle, present, lacking } = daemonsPresent();
  if (process.env.VIRTUAL_ROUTER_INTEROP === '' || obstacle !== undefined) return false;
  return needed.every((one) => (one === 'koffi' ? lacking.every(([name]) => name !== one) : present.includes(one)));
}

/** One line on what is left out of the interop suite, each daemon and tool by its name; undefined where everything runs. */
export function leftOut({ obstacle, absent, lacking }: Present): string | undefined {
  if (obstacle !== undefined) {
    // Some unit tests take it too.
    const koffi = lacking.filter(([name]) => name === 'koffi').map(([name, what]) => `; and without ${name}, tests of ${what}`);
    return `The interop suite was left out: ${obstacle}${koffi.join('')}.`;
  }
  const missing = [...absent.map(({ name }) => name), ...lacking.map(([name, what]) => `${name} (${what})`)];
  if (missing.length === 0) return undefined;
  return `Left out of the interop suite, as not installed: ${missing.join(', ')}, and what they are tried with.`;
}

function obstacleHere(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root';
  if (!installed('ip')) return 'iproute2 is not installed';
  if (spawnSync('unshare', ['--net', 'true']).status !== 0) return 'it may not make network namespaces here';
  return undefined;
}

function installed(program: string): boolean {
  if (program.startsWith('/')) return existsSync(program);
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].some((folder) => existsSync(join(folder, program)));
}

function loadable(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}
