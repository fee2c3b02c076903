import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bird } from './support/bird.js';
import { daemonsPresent } from './support/daemons.js';
import { Lab } from './support/lab.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const shared = '10.77.0.100/32';

const configuration = `
as: 65000
routerId: 10.77.0.1
listen:
  - address: 10.77.0.1
interfaces:
  - subnet: lan
    addresses: [10.77.0.1]
network:
  ranges: [10.77.0.0/24]
  subnets:
    - name: lan
      prefix: 10.77.0.0/24
  nodes:
    - name: web-a
      addresses: [10.77.0.2]
    - name: web-b
      addresses: [10.77.0.3]
  holders:
    - prefix: ${shared}
      node: web-a
  grants:
    - node: web-b
      prefix: ${shared}
neighbours:
  - address: 10.77.0.3
    as: 65001
    passive: true
`;

describe.skipIf(!daemonsPresent().present.includes(bird))('virtual-router run', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.create();
  });
  afterAll(() => lab?.dispose());

  it('lets a BIRD take an address over, gives it back when that is gone, and says goodbye with a Cease', async () => {
    const own = await lab.node('router');
    await lab.node('web-a');
    const guest = await lab.node('web-b');
    const file = join(own.directory, 'router.yaml');
    writeFileSync(file, configuration);
    const args = ['--import', 'tsx', join(root, 'src/cli/index.ts'), 'run', '--json', file];
    const router = lab.spawn(own, process.execPath, args, { name: 'virtual-router run', directory: root });
    await lab.answers(router, () => router.output().includes('"listening"'));
    const events = (): { event?: string; prefix?: string; before?: unknown; after?: unknown }[] =>
      router
        .output()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line));
    const moved = (to: string): Promise<unknown> =>
      lab.waitFor(`the address is ${to}'s`, () => {
        const last = events().findLast(({ prefix }) => prefix === shared);
        return last !== undefined && JSON.stringify(last.after).includes(to);
      });

    const options = { as: 65001, routerId: '10.77.0.3', neighbours: [{ address: own.ipv4, as: 65000 }], announce: [{ prefix: shared }] };
    const first = await bird.start(lab, guest, options);
    await moved('web-b');
    await first.kill9();
    await moved('web-a');
    const second = await bird.start(lab, guest, options);
    await moved('web-b');
    await router.kill('SIGTERM');
    expect(await router.exited).toBe(0);
    await lab.waitFor('BIRD logs the Cease', () => second.log().includes('Received: Administrative shutdown'));
  });
});
