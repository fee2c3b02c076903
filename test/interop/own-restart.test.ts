/** The router is killed and started again; BIRD, FRR and GoBGP help it through. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { bird } from './support/bird.js';
import { daemonsPresent } from './support/daemons.js';
import { frr } from './support/frr.js';
import { gobgp } from './support/gobgp.js';
import { Lab, type LabNode, type Running } from './support/lab.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const ROUTER = '10.77.0.1';
const KINDS = [bird, frr, gobgp];
const claimOf = (i: number): string => `10.77.0.${100 + i}/32`;

const configuration = (folder: string): string => `
as: 65000
routerId: ${ROUTER}
listen:
  - address: ${ROUTER}
network:
  ranges: [10.77.0.0/24]
  restart: { time: 60, deferral: 60, snapshot: ${join(folder, 'claims')} }
  nodes:
${KINDS.map((_, i) => `    - { name: g${i}, addresses: [10.77.0.${i + 2}] }`).join('\n')}
  grants:
${KINDS.map((_, i) => `    - { node: g${i}, prefix: 10.77.0.0/24, ge: 32, le: 32 }`).join('\n')}
neighbours:
${KINDS.map((_, i) => `  - { address: 10.77.0.${i + 2}, as: ${65001 + i}, connectRetryTime: 2, export: claims }`).join('\n')}
`;

interface Line {
  readonly event?: string;
  readonly state?: string;
  readonly claims?: number;
  readonly to?: string;
  readonly prefix?: string;
  readonly seq?: number;
  readonly after?: unknown;
}
const linesOf = (router: Running): Line[] =>
  router
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);

function run(lab: Lab, node: LabNode): Running {
  const args = ['--import', 'tsx', join(root, 'src/cli/index.ts'), 'watch', '--json', join(node.directory, 'router.yaml')];
  return lab.spawn(node, process.execPath, args, { name: 'virtual-router watch', directory: root });
}

const { present } = daemonsPresent();

describe.skipIf(!KINDS.every((kind) => present.includes(kind)))('a restart of the router, helped by BIRD, FRR and GoBGP', () => {
  it('killed and started again, it serves the mapping of before, and nobody loses a route or hears one withdrawn', {
    timeout: 120_000,
  }, async () => {
    await using lab = await Lab.create();
    const own = await lab.node('router');
    writeFileSync(join(own.directory, 'router.yaml'), configuration(own.directory));
    const first = run(lab, own);
    await lab.waitFor('the router listens', () => linesOf(first).some(({ event }) => event === 'listening'), 60);
    const guests = await Promise.all(
      KINDS.map(async (kind, i) =>
        kind.start(lab, await lab.node(kind.name.toLowerCase()), {
          as: 65001 + i,
          routerId: `10.77.0.${i + 2}`,
          neighbours: [{ address: ROUTER, as: 65000, gracefulRestart: true }],
          announce: [{ prefix: claimOf(i) }],
        }),
      ),
    );
    /** Each has the claims of the others. */
    const told = async (): Promise<boolean[]> =>
      Promise.all(
        guests.map(async (guest, i) => {
          const heard = (await guest.routes('ipv4-unicast')).map(({ prefix }) => prefix);
          return KINDS.every((_, other) => other === i || heard.includes(claimOf(other)));
        }),
      );
    await lab.waitFor('everybody has everything', async () => (await told()).every(Boolean), 40);
    // The snapshot is a second old at most.
    await pause(3000);
    await first.kill('SIGKILL');
    expect(await told(), 'while the router is dead').toEqual([true, true, true]);
    const second = run(lab, own);
    await lab.waitFor(
      'the claims are restored',
      () => linesOf(second).find(({ event, state }) => event === 'restore-change' && state === 'restored'),
      60,
    );
    expect(linesOf(second).find(({ state }) => state === 'restored')?.claims).toBe(3);
    await lab.waitFor(
      'all are back',
      () => linesOf(second).filter(({ event, to }) => event === 'session-change' && to === 'established').length === 3,
      60,
    );
    await lab.waitFor(
      'routes are told',
      () => linesOf(second).some(({ event, state }) => event === 'restore-change' && state === 'over'),
      60,
    );
    await pause(1000);
    expect(await told(), 'after the restart').toEqual([true, true, true]);
    // Not one of the three moved, but from nowhere to where it was.
    const moves = linesOf(second).filter(({ prefix, seq }) => seq !== undefined && prefix?.startsWith('10.77.0.10'));
    expect(moves.filter(({ after }) => after === undefined || after === null)).toEqual([]);
    expect(moves.length).toBeLessThanOrEqual(3);
  });
});
