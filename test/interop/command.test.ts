import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bird } from './support/bird.js';
import { startCommand } from './support/command.js';
import { daemonsPresent } from './support/daemons.js';
import { Lab } from './support/lab.js';

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
    const router = await startCommand(lab, own, configuration);
    const moved = (to: string): Promise<unknown> => lab.waitFor(`the address is ${to}'s`, () => router.holds(shared, to));

    const options = { as: 65001, routerId: '10.77.0.3', neighbours: [{ address: own.ipv4, as: 65000 }], announce: [{ prefix: shared }] };
    const first = await bird.start(lab, guest, options);
    await moved('web-b');
    await first.kill9();
    await moved('web-a');
    const second = await bird.start(lab, guest, options);
    await moved('web-b');
    await router.process.kill('SIGTERM');
    expect(await router.process.exited).toBe(0);
    await lab.waitFor('BIRD logs the Cease', () => second.log().includes('Received: Administrative shutdown'));
  });
});
