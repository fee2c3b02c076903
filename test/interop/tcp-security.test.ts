/** TCP MD5 and GTSM on the host's sockets, held against BIRD: whoever dials, and what is not signed alike does not come up. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bird } from './support/bird.js';
import { here } from './support/daemons.js';
import { Lab, type LabNode } from './support/lab.js';
import { startRouter } from './support/router.js';

function configuration(own: LabNode, router: LabNode, dials: boolean, password: string): string {
  return `log stderr all;
router id ${own.ipv4};
protocol device { }
protocol static { ipv4; route 192.0.2.1/32 blackhole; }
protocol bgp n0 {
  local ${own.ipv4} as 65001;
  neighbor ${router.ipv4} as 65000;
  ${dials ? '' : 'passive on;'}
  strict bind on;
  connect delay time 1; connect retry time 1; error wait time 1, 2;
  password "${password}";
  ttl security on;
  ipv4 { import all; export all; };
}
`;
}

test.skipIf(!here(bird, 'koffi')).each([
  ['the router dials', false],
  ['BIRD dials', true],
] as const)(
  'with a key and TTL security, %s',
  async (_name, dials) => {
    const lab = await Lab.create();
    try {
      const [own, guest] = [await lab.node('router'), await lab.node('bird')];
      const file = join(guest.directory, 'bird.conf');
      const socket = join(guest.directory, 'bird.ctl');
      writeFileSync(file, configuration(guest, own, dials, 'hash'));
      const router = await startRouter(lab, own, {
        as: 65000,
        routerId: own.ipv4,
        listen: [{ address: own.ipv4 }],
        network: {
          nodes: [{ name: 'guest', addresses: [guest.ipv4] }],
          grants: [{ node: 'guest', prefix: '192.0.2.0/24', le: 32, as: 'gateway' }],
        },
        neighbours: [{ address: guest.ipv4, as: 65001, passive: dials, connectRetryTime: 1, password: 'hush', ttlSecurity: 1 }],
      });
      const bird = lab.spawn(guest, 'bird', ['-f', '-c', file, '-s', socket]);
      const birdc = (...command: string[]): Promise<string> => lab.exec(guest, 'birdc', ['-s', socket, ...command]);
      await lab.answers(bird, async () => (await birdc('show', 'status')).includes('up and running'));
      // Another key: the kernels drop each other's segments, and count them.
      const dropped = async (): Promise<number> => {
        const [names = '', values = ''] = (await lab.exec(own, 'cat', ['/proc/net/netstat'])).split('\n');
        return Number(values.split(' ')[names.split(' ').indexOf('TCPMD5Failure')] ?? 0);
      };
      const other = async (): Promise<number> => {
        const [names = '', values = ''] = (await lab.exec(guest, 'cat', ['/proc/net/netstat'])).split('\n');
        return Number(values.split(' ')[names.split(' ').indexOf('TCPMD5Failure')] ?? 0);
      };
      await expect.poll(async () => (await dropped()) + (await other()), { timeout: 20_000, interval: 100 }).toBeGreaterThan(0);
      expect((await router.neighbours())[0]?.state).not.toBe('established');
      writeFileSync(file, configuration(guest, own, dials, 'hush'));
      await birdc('configure');
      await expect.poll(async () => (await router.neighbours())[0]?.claims, { timeout: 30_000, interval: 100 }).toBe(1);
    } finally {
      await lab.dispose();
    }
  },
  60_000,
);
