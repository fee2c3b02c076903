/** BIRD, FRR and GoBGP are killed and started again, and the router helps them through (RFC 4724). */
import { describe, expect, it } from 'vitest';
import { bird } from './support/bird.js';
import { startCommand } from './support/command.js';
import type { Daemon } from './support/daemon.js';
import { daemonsPresent } from './support/daemons.js';
import { frr } from './support/frr.js';
import { gobgp } from './support/gobgp.js';
import { Lab } from './support/lab.js';

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

const { present } = daemonsPresent();

describe.each([bird, frr, gobgp])('graceful restart of $name', (kind) => {
  it.skipIf(!present.includes(kind))('killed and started again, it keeps what it says again; what it does not ends', async () => {
    await using lab = await Lab.create();
    const own = await lab.node('router');
    const guest = await lab.node('guest');
    const { events, count } = await startCommand(lab, own, configuration);
    const changes = (prefix: string): boolean[] =>
      events()
        .filter((line) => line.prefix === prefix && line.seq !== undefined)
        .map(({ after }) => after !== undefined && after !== null);
    const phases = (): (string | undefined)[] =>
      events()
        .filter(({ event }) => event === 'restart-change')
        .map(({ restart }) => restart?.phase);
    const start = (restarter: 'first' | 'again', prefixes: readonly string[]): Promise<Daemon> =>
      kind.start(lab, guest, {
        as: 65001,
        routerId: guest.ipv4,
        neighbours: [{ address: ROUTER, as: 65000, gracefulRestart: true }],
        announce: prefixes.map((prefix) => ({ prefix })),
        restarter,
      });

    const first = await start('first', [KEPT, DROPPED]);
    await lab.waitFor('both are held', () => changes(KEPT).at(-1) === true && changes(DROPPED).at(-1) === true, 40);
    const sessions = (): number => count(({ event, to }) => event === 'session-change' && to === 'established');
    await lab.waitFor('the session is up', () => sessions() === 1);
    await first.kill9();
    await lab.waitFor('the session is down', () =>
      events().some(({ event, from }) => event === 'session-change' && from === 'established'),
    );
    expect(phases()).toEqual(['restarting']);
    await start('again', [KEPT]);
    await lab.waitFor('the session is up again', () => sessions() === 2, 40);
    await lab.waitFor('what is not said again ends', () => changes(DROPPED).at(-1) === false, 60);
    expect(changes(KEPT)).toEqual([true]);
    expect(changes(DROPPED)).toEqual([true, false]);
    await lab.waitFor('the restart is over', () => phases().at(-1) === undefined);
  });
});
