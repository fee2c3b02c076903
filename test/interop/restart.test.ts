import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { bird } from './support/bird.js';
import { daemonsPresent } from './support/daemons.js';
import { Lab, type LabNode, type Running } from './support/lab.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [KEPT, DROPPED] = ['10.77.0.100/32', '10.77.0.101/32'];
const ROUTER = '10.77.0.1';

const configuration = `
as: 65000
routerId: ${ROUTER}
listen:
  - address: ${ROUTER}
network:
  ranges: [10.77.0.0/24]
  nodes:
    - name: guest
      addresses: [10.77.0.2]
  grants:
    - node: guest
      prefix: 10.77.0.0/24
      ge: 32
      le: 32
neighbours:
  - address: 10.77.0.2
    as: 65001
    passive: true
`;

function start(lab: Lab, node: LabNode, prefixes: readonly string[], recover: boolean): Running {
  const file = join(node.directory, 'bird.conf');
  const routes = prefixes.map((prefix) => `route ${prefix} blackhole;`).join(' ');
  writeFileSync(
    file,
    `router id ${node.ipv4};
graceful restart wait 10;
protocol device {}
protocol static { ipv4; ${routes} }
protocol bgp { local ${node.ipv4} as 65001; neighbor ${ROUTER} as 65000; graceful restart on; graceful restart time 60; connect delay time 1; ipv4 { import none; export all; }; }
`,
  );
  return lab.spawn(node, 'bird', ['-f', '-c', file, '-s', join(node.directory, 'bird.ctl'), ...(recover ? ['-R'] : [])]);
}

describe.skipIf(!daemonsPresent().present.includes(bird))('graceful restart of BIRD', () => {
  it('killed and started again, it keeps what it says again; what it does not ends', async () => {
    await using lab = await Lab.create();
    const own = await lab.node('router');
    const guest = await lab.node('guest');
    const file = join(own.directory, 'router.yaml');
    writeFileSync(file, configuration);
    const args = ['--import', 'tsx', join(root, 'src/cli/index.ts'), 'run', '--json', file];
    const router = lab.spawn(own, process.execPath, args, { name: 'virtual-router run', directory: root });
    await lab.answers(router, () => router.output().includes('"listening"'));
    const events = (): { event?: string; prefix?: string; after?: unknown; to?: string }[] =>
      router
        .output()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line));
    const changes = (prefix: string): boolean[] =>
      events()
        .filter((line) => line.prefix === prefix && 'seq' in line)
        .map(({ after }) => after !== undefined && after !== null);

    const first = start(lab, guest, [KEPT, DROPPED], false);
    await lab.waitFor('both are held', () => changes(KEPT).at(-1) === true && changes(DROPPED).at(-1) === true);
    const sessions = (): number => events().filter(({ event, to }) => event === 'session-change' && to === 'established').length;
    await lab.waitFor('the session is up', () => sessions() === 1);
    await first.kill('SIGKILL');
    await lab.waitFor('the session is down', () => events().some(({ event, to }) => event === 'session-change' && to !== 'established'));
    start(lab, guest, [KEPT], true);
    await lab.waitFor('the session is up again', () => sessions() === 2);
    await lab.waitFor('what is not said again ends', () => changes(DROPPED).at(-1) === false);
    expect(changes(KEPT)).toEqual([true]);
    expect(changes(DROPPED)).toEqual([true, false]);
  });
});
