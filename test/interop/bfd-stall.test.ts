import { expect, it } from 'vitest';
import { ADDRESS, configuration, startBird } from './support/bfd-guest.js';
import { bird } from './support/bird.js';
import { startCommand } from './support/command.js';
import { daemonsPresent } from './support/daemons.js';
import { Lab } from './support/lab.js';

it.skipIf(!daemonsPresent().present.includes(bird))(
  'a router that is suspended for longer than the detection time says so, and blames nobody; a neighbour lost after it is noticed',
  async () => {
    await using lab = await Lab.create();
    const [own, guest] = [await lab.node('router'), await lab.node('guest')];
    const router = await startCommand(lab, own, configuration(50));
    // It takes a packet a second: so it waits three for us, as we wait 150 ms for it.
    await startBird(lab, guest, 50, 'min rx interval 1000 ms;');
    await lab.waitFor('the guest holds the address', () => router.holds(ADDRESS, 'guest'));
    await router.next('BFD is up', ({ event, to }) => event === 'bfd-change' && to === 'up');
    router.forget();
    const heard = Number((await lab.exec(guest, 'cat', ['/sys/class/net/eth0/statistics/tx_packets'])).trim());
    process.kill(router.process.pid, 'SIGSTOP');
    try {
      // Ten packets in 50 ms each: three times what would have been enough.
      await lab.waitFor('the guest has gone on', async () => {
        const sent = Number((await lab.exec(guest, 'cat', ['/sys/class/net/eth0/statistics/tx_packets'])).trim());
        return sent > heard + 15;
      });
    } finally {
      process.kill(router.process.pid, 'SIGCONT');
    }
    const { by = 0 } = await router.next('it says that it stood still', ({ event }) => event === 'bfd-stall');
    expect(by).toBeGreaterThan(300);
    await lab.link(guest, 'down');
    await router.next('the guest is lost', ({ event, from }) => event === 'bfd-change' && from === 'up');
    await lab.waitFor('the address goes back', () => router.holds(ADDRESS, 'spare'));
    // Once, and that was when its link was cut.
    const told = router.events().filter(({ event }) => event === 'bfd-stall' || event === 'bfd-change');
    expect(told.map(({ event, from, to }) => [event, from, to].filter((word) => word !== undefined).join(' ')).slice(-2)).toEqual([
      'bfd-stall',
      'bfd-change up down',
    ]);
  },
);
