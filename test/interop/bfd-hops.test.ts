/** Packets of BFD over the host's sockets, by how far they have come: from the link (RFC 5881 §5), or over hops on the port for that (RFC 5883). */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type BfdConfig, BfdPort, type BfdWatch } from '../../src/bfd/index.js';
import { BfdThread } from '../../src/io/index.js';
import { ADDRESS, configuration, ROUTER } from './support/bfd-guest.js';
import { bird } from './support/bird.js';
import { startCommand } from './support/command.js';
import { daemonsPresent } from './support/daemons.js';
import { Lab } from './support/lab.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = fileURLToPath(new URL('./support/bfd-peer.ts', import.meta.url));
const datagrams = fileURLToPath(new URL('./support/datagrams.py', import.meta.url));
/** What a neighbour says that knows nothing of us: that it is down, or administratively so. */
const [DOWN, ADMIN_DOWN] = [0x40, 0].map((state) =>
  Uint8Array.of(0x20, state, 3, 24, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 0, 0x0f, 0x42, 0x40, 0, 0, 0, 0),
) as [Uint8Array, Uint8Array]; // one of each
/** For a thread that has to start, on a machine that is busy. */
const WAIT = { timeout: 20_000 };
const sockets: Socket[] = [];
const watches: { close(): void }[] = [];

afterEach(() => {
  for (const watch of watches.splice(0)) watch.close();
  for (const socket of sockets.splice(0)) socket.close();
});

/** A neighbour at an address that says something to `own`, with this TTL. */
async function neighbour(address: string, own: string, ttl: number): Promise<(packet: Uint8Array) => void> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.bind({ address, port: 0 });
  await once(socket, 'listening');
  socket.setTTL(ttl);
  return (packet) => socket.send(packet, BfdPort.singleHop, own);
}

it.each(['ipv4', 'ipv6'] as const)('packets that have come over a hop are not heard (%s)', async (family) => {
  await using lab = await Lab.create();
  const [own, guest] = [await lab.node('router'), await lab.node('guest')];
  const peer = lab.spawn(own, process.execPath, ['--import', 'tsx', program, guest[family]], { directory: root });
  const states = (): string[] =>
    peer
      .output()
      .split('\n')
      .map((line) => line.split(' ')[0] ?? '')
      .filter((state) => state !== '');
  const say = (...packets: readonly (readonly [ttl: number, packet: Uint8Array])[]): Promise<string> =>
    lab.exec(guest, 'python3', [
      datagrams,
      own[family],
      String(BfdPort.singleHop),
      ...packets.map(([ttl, packet]) => `${ttl}:${Buffer.from(packet).toString('hex')}`),
    ]);
  // Again and again, as it may not listen yet.
  await lab.waitFor('it listens', async () => {
    await say([255, DOWN]);
    return states().length > 0;
  });
  // Had it heard the first ones, it would be down now, and hear that one is there again.
  await say([1, ADMIN_DOWN], [64, ADMIN_DOWN], [254, ADMIN_DOWN], [255, DOWN], [255, ADMIN_DOWN]);
  await lab.waitFor('it hears the last', () => states().at(-1) === 'down');
  expect(states()).toEqual(['init', 'down']);
});

it('one neighbour may be over a hop, and another at the same address of ours not', async () => {
  const [own, near, far] = ['127.12.1.1', '127.12.1.2', '127.12.1.3'];
  const thread = new BfdThread();
  const said: string[] = [];
  watches.push(watch(thread, own, near, {}, said));
  const away = watch(thread, own, far, { checkTtl: false }, said);
  watches.push(away);
  const [distant, nearby] = [await neighbour(near, own, 254), await neighbour(near, own, 255)];
  const [sayFar, sayNear] = [await neighbour(far, own, 254), await neighbour(far, own, 255)];
  await expect
    .poll(() => {
      distant(DOWN);
      sayFar(DOWN);
      return said;
    }, WAIT)
    .toEqual([`${far} init`]);
  away.close();
  // What was on its way is heard by now.
  await expect
    .poll(() => {
      nearby(DOWN);
      return said;
    }, WAIT)
    .toEqual([`${far} init`, `${near} init`]);
  watches.push(watch(thread, own, far, {}, said));
  await expect
    .poll(() => {
      sayNear(DOWN);
      return said.length;
    }, WAIT)
    .toBe(3);
  sayFar(ADMIN_DOWN);
  nearby(ADMIN_DOWN);
  await expect.poll(() => said.slice(2), WAIT).toEqual([`${far} init`, `${near} down`]);
});

function watch(thread: BfdThread, local: string, remote: string, config: BfdConfig, said: string[]): BfdWatch {
  return thread.watch(
    { local, remote, config },
    {
      changed: ({ to }) => said.push(`${remote} ${to}`),
      agreed: () => {},
      failed: (reason) => said.push(`${remote}: ${reason}`),
    },
  );
}

describe.skipIf(!daemonsPresent().present.includes(bird))('BFD with BIRD over a hop', () => {
  it('comes up on the port of RFC 5883, and notices that the way is cut', async () => {
    await using lab = await Lab.create();
    const [own, way, guest] = [await lab.node('router'), await lab.node('way'), await lab.node('guest')];
    const far = '10.78.0.2';
    await lab.address(way, '10.78.0.1/24');
    await lab.exec(way, 'sysctl', [
      '-qw',
      'net.ipv4.ip_forward=1',
      'net.ipv4.conf.all.send_redirects=0',
      'net.ipv4.conf.eth0.send_redirects=0',
    ]);
    await lab.exec(own, 'ip', ['route', 'add', '10.78.0.0/24', 'via', way.ipv4]);
    // All of its own is in the other subnet.
    await lab.exec(guest, 'ip', ['address', 'flush', 'dev', 'eth0', 'scope', 'global']);
    await lab.address(guest, `${far}/24`);
    await lab.exec(guest, 'ip', ['route', 'add', '10.77.0.0/24', 'via', '10.78.0.1']);
    const router = await startCommand(
      lab,
      own,
      configuration(50)
        .replaceAll('10.77.0.2', far)
        .replace('ranges: [10.77.0.0/24]', 'ranges: [10.77.0.0/16, 10.78.0.0/24]')
        .replace('    bfd:\n', '    bfd:\n      multihop: true\n'),
    );
    const conf = join(guest.directory, 'bird.conf');
    writeFileSync(
      conf,
      `router id ${far};
protocol device { scan time 1; }
protocol bfd { multihop { min rx interval 50 ms; min tx interval 50 ms; multiplier 3; }; }
protocol static { ipv4; route 10.78.0.0/24 via "eth0"; route 10.77.0.0/24 via 10.78.0.1; }
protocol static what { ipv4; route ${ADDRESS} blackhole; }
protocol bgp { local ${far} as 65001; neighbor ${ROUTER} as 65000; multihop 3; bfd on; connect delay time 1; error wait time 1, 1; ipv4 { import none; export where proto = "what"; }; }
`,
    );
    lab.spawn(guest, 'bird', ['-f', '-c', conf, '-s', join(guest.directory, 'bird.ctl')]);
    await router.next('BFD is up', ({ event, to }) => event === 'bfd-change' && to === 'up');
    await lab.waitFor('the guest holds the address', () => router.holds(ADDRESS, 'guest'));
    const ports = await lab.exec(own, 'ss', ['-Hunl']);
    expect(ports).toContain(`${ROUTER}:4784`);
    expect(ports).not.toContain(':3784');
    await lab.link(way, 'down');
    await router.next('BFD is down', ({ from, diagnostic }) => from === 'up' && diagnostic === 'detection-time-expired');
    await lab.waitFor('the address goes back', () => router.holds(ADDRESS, 'spare'));
  });
});
