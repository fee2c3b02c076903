import { spawnSync } from 'node:child_process';

/**
 * What to put before a command so that it runs before all that is not in real time, as if it had a machine to itself; nothing, without the
 * right to that.
 *
 * @param priority - From 1, the least, to 99.
 */
export function realTime(priority: number): readonly string[] {
  const before = ['chrt', '--rr', String(priority)];
  const [command = '', ...args] = before;
  return spawnSync(command, [...args, 'true']).status === 0 ? before : [];
}
