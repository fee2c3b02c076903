/** The five daemons, and whether this machine can run them. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { bird } from './bird.js';
import type { DaemonKind } from './daemon.js';
import { exabgp } from './exabgp.js';
import { frr } from './frr.js';
import { gobgp } from './gobgp.js';
import { openbgpd } from './openbgpd.js';

export const daemons: readonly DaemonKind[] = [bird, frr, gobgp, exabgp, openbgpd];

/** What is here of what the suite needs. */
export interface Present {
  /** Why nothing at all can run (not Linux, not root, no namespaces), or undefined. */
  readonly obstacle?: string;
  readonly present: readonly DaemonKind[];
  readonly absent: readonly DaemonKind[];
}

/** Looks, and starts nothing but `unshare true`. */
export function daemonsPresent(): Present {
  const present = daemons.filter(({ programs }) => programs.every(installed));
  const absent = daemons.filter((kind) => !present.includes(kind));
  const obstacle = obstacleHere();
  return { present: obstacle === undefined ? present : [], absent, ...(obstacle === undefined ? {} : { obstacle }) };
}

/** One line on what is left out, or undefined where everything runs. */
export function leftOut({ obstacle, absent }: Present): string | undefined {
  if (obstacle !== undefined) return obstacle;
  if (absent.length === 0) return undefined;
  return `${absent.map(({ name }) => name).join(', ')} ${absent.length > 1 ? 'are' : 'is'} not installed`;
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
