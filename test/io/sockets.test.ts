import { spawnSync } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { BgpSpeaker } from '../../src/bgp/speaker.js';
import { AttributeFlag } from '../../src/bgp/wire/codes.js';
import { NodeTransport } from '../../src/io/index.js';
import { ManualClock } from '../../src/lib/clock.js';
import type { Connection } from '../../src/lib/transport.js';
import { Host } from '../../src/router/host.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';
import { until } from '../support/until.js';

const transport = new NodeTransport();
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** Two ends of a connection over loopback; octets that each has been given are counted. */
async function pair() {
  const heard = { accepted: 0, dialled: 0 };
  const listen = (connection: Connection, whose: keyof typeof heard): Connection => {
    open.push({ close: () => connection.abort() });
    connection.listen({
      data: (chunk) => {
        heard[whose] += chunk.length;
      },
      drained: () => {},
      closed: () => {},
    });
    return connection;
  };
  let accepted: Connection | undefined;
  const listener = await transport.listen({ address: '127.0.0.1', port: 0 }, (connection) => {
    accepted = listen(connection, 'accepted');
  });
  open.push(listener);
  const dialled = await new Promise<Connection>((resolve, reject) => {
    transport.dial({ remote: listener.endpoint }, { connected: resolve, failed: (reason) => reject(new Error(reason)) });
  });
  listen(dialled, 'dialled');
  await until('it is accepted', () => accepted !== undefined);
  if (!accepted) throw new Error('not accepted');
  return { accepted, dialled, heard };
}

describe('a connection of the host', () => {
  // What the kernels keep for the two ends comes beside it.
  const MUCH = 32 << 20;
  const PIECE = 65_536;

  test('keeps so much of what arrives while it is not read, and a piece more, and then everything comes', async () => {
    const { accepted, dialled, heard } = await pair();
    accepted.bound?.({ written: 1 << 20, arrived: 131_072 });
    accepted.pause();
    dialled.write(new Uint8Array(MUCH));
    await until('it is full', () => (accepted.waiting ?? 0) >= 131_072);
    // The sender gets no more rid of it.
    let left = -1;
    await until('the sender is stuck', () => {
      const same = left === dialled.buffered;
      left = dialled.buffered;
      return same;
    });
    expect(left).toBeGreaterThan(0);
    expect(accepted.waiting).toBeLessThan(131_072 + PIECE);
    expect(heard.accepted).toBe(0);
    accepted.resume();
    await until('all of it is here', () => heard.accepted === MUCH);
    expect(accepted.waiting).toBe(0);
  });

  test('tells its writer to wait from so much on', async () => {
    const { accepted, dialled } = await pair();
    dialled.bound?.({ written: 65_536, arrived: 1 << 20 });
    accepted.pause();
    let written = 0;
    while (dialled.write(new Uint8Array(16_384))) {
      written += 16_384;
      if (written > MUCH) break;
      await turn();
    }
    expect(dialled.buffered).toBeGreaterThanOrEqual(65_536);
    expect(dialled.buffered).toBeLessThan(65_536 + 16_384);
  });
});

test('who resets its connection before it is accepted is nobody, and is no harm', async () => {
  const accepted: string[] = [];
  const listener = await transport.listen({ address: '127.0.0.1', port: 0 }, ({ remote }) => accepted.push(remote.address));
  open.push(listener);
  const clock = new ManualClock();
  const router = new VirtualRouter(
    {
      as: 65000,
      routerId: '10.0.0.1',
      listen: [{ address: '127.0.0.1', port: 0 }],
      network: { nodes: [{ name: 'guest', addresses: ['127.0.0.2'] }] },
      neighbours: [{ address: '127.0.0.0/24', as: 'any' }],
    },
    { host: new Host({ transport, clock }) },
  );
  const refused: string[] = [];
  router.on('session-refused', ({ address }) => refused.push(address));
  await router.start();
  open.push({ close: () => router.stop() });
  const ports = [listener.endpoint.port, router.endpoints[0]?.port];
  const resetting = `const socket = require('net').connect(port, '127.0.0.1', () => socket.resetAndDestroy())`;
  // Nothing is accepted meanwhile.
  spawnSync(process.execPath, ['-e', `for (const port of ${JSON.stringify(ports)}) { ${resetting}; }`]);
  const last = { connected: false };
  for (const port of ports)
    transport.dial(
      { remote: { address: '127.0.0.1', port: port ?? 0 }, localAddress: '127.0.0.3' },
      {
        connected: (connection) => {
          last.connected = true;
          open.push({ close: () => connection.abort() });
        },
        failed: () => {},
      },
    );
  await until('who came after it is there', () => last.connected && accepted.length > 0 && refused.length > 0);
  expect([accepted, refused]).toEqual([['127.0.0.3'], ['127.0.0.3']]);
});

test('a guest that says too much at once fills its backlog, which is told, and nothing of it is lost', async () => {
  const AT_ONCE = 320;
  const MORE = 45;
  // The sockets are the host's; how fast updates are taken is by a clock that goes on only as far as it is turned.
  const clock = new ManualClock();
  const host = { transport, clock };
  const router = new VirtualRouter(
    {
      as: 65000,
      routerId: '10.0.0.1',
      listen: [{ address: '127.0.0.1', port: 0 }],
      network: {
        nodes: [{ name: 'guest', addresses: ['127.0.0.2'] }],
        grants: [{ node: 'guest', prefix: '10.0.0.0/8', le: 32, as: 'gateway' }],
      },
      // 320 at once, and a rest after each piece of what is more: 45 of 3,900 octets.
      neighbours: [{ address: '127.0.0.2', as: 65001, passive: true, limits: { updateRate: 40, backlog: 65_536 } }],
    },
    { host: new Host(host) },
  );
  const told: string[] = [];
  router.on('limit-reached', ({ limit, action, used, most }) => told.push(`${limit} ${action} ${used >= most ? 'full' : ''}`.trim()));
  await router.start();
  open.push({ close: () => router.stop() });
  const [endpoint] = router.endpoints;
  if (!endpoint) throw new Error('the router does not listen');
  const guest = new BgpSpeaker({ as: 65001, routerId: '127.0.0.2', localAddress: '127.0.0.2', neighbour: endpoint }, host);
  open.push({ close: () => guest.stop() });
  guest.start();
  const passing =
    (time: number, condition: () => boolean): (() => boolean) =>
    () => {
      clock.advance(time);
      return condition();
    };
  await until(
    'the session is up',
    passing(100, () => guest.state === 'established' && router.neighbours()[0]?.state === 'established'),
  );
  guest.announceAll(Array.from({ length: AT_ONCE }, (_, i) => `10.0.${i >> 8}.${i & 255}/32`));
  const unknown = [{ code: 250, flags: AttributeFlag.optional | AttributeFlag.transitive, value: new Uint8Array(3850) }];
  for (let i = 0; i < MORE; i++) guest.announce(`10.1.0.${i}/32`, { med: i, unknown });
  await until(
    'it is told',
    passing(10, () => told.includes('backlog held full')),
  );
  expect(told).toContainEqual(expect.stringMatching(/^updateRate held/));
  await until(
    'all of it is here',
    passing(25, () => router.neighbours()[0]?.claims === AT_ONCE + MORE),
  );
  expect(router.neighbours()[0]).toMatchObject({ state: 'established', flaps: 0 });
  expect(router.neighbours()[0]?.limits.find(({ limit }) => limit === 'backlog')?.used).toBe(0);
});
