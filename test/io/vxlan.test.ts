/** Which kind of socket the VXLAN tunnels of one address and port share, whatever they say of it and in whichever order they come. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { NodePorts, type Port, type PortConfig, type PortCounters } from '../../src/index.js';
import { socketName } from '../../src/io/batched-udp.js';
import { libc } from '../../src/io/libc.js';
import { VxlanSocket } from '../../src/io/vxlan-socket.js';
import { freePort } from '../support/free-port.js';

const native = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** A far end on a port that is free at our end too, and tunnels to it. */
async function scene() {
  const port = await freePort('127.0.0.1', '127.0.0.2');
  const far = createSocket('udp4').bind(port, '127.0.0.2');
  await once(far, 'listening');
  open.push(() => far.close());
  const ports = new NodePorts();
  return {
    far,
    port,
    open: async (vni: number, more: Partial<PortConfig> = {}): Promise<Port> => {
      const tunnel = await ports.open({
        name: `p${vni}`,
        type: 'vxlan',
        address: '127.0.0.1',
        port,
        remote: '127.0.0.2',
        vni,
        ...more,
      });
      open.push(() => tunnel.close());
      return tunnel;
    },
  };
}

/** Has a frame of so many octets go both ways by a tunnel, each of a content of its own. */
async function passes(far: Socket, port: number, tunnel: Port, vni: number, octets = 60): Promise<void> {
  const frame = Buffer.alloc(octets, vni);
  const datagram = Buffer.concat([Buffer.from([8, 0, 0, 0, 0, 0, vni, 0]), frame]);
  const sent = once(far, 'message') as Promise<[Buffer]>;
  tunnel.send(frame, 0, frame.length);
  expect((await sent)[0].equals(datagram)).toBe(true);
  const arrived = new Promise<Buffer>((resolve) => tunnel.listen((b, start, end) => resolve(Buffer.from(b.subarray(start, end)))));
  far.send(datagram, port, '127.0.0.1');
  expect((await arrived).equals(frame)).toBe(true);
}

test.skipIf(!native).each([
  [undefined, undefined, true],
  [undefined, false, false],
  [undefined, true, true],
  [false, undefined, false],
  [true, undefined, true],
  [false, false, false],
  [true, true, true],
] as const)('of tunnels with batched %s and then %s both are %s', async (first, second, both) => {
  const { far, port, open } = await scene();
  const say = (batched: boolean | undefined) => (batched === undefined ? {} : { batched });
  const a = await open(1, say(first));
  await passes(far, port, a, 1);
  const b = await open(2, say(second));
  expect([a.batched, b.batched]).toEqual([both, both]);
  await passes(far, port, a, 1);
  await passes(far, port, b, 2);
});

test.skipIf(!native).each([true, false])('what tunnels say of their socket must agree (batched: %s first)', async (first) => {
  const { far, port, open } = await scene();
  const a = await open(1);
  const b = await open(2, { batched: first });
  await expect(open(3, { batched: !first })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  expect([a.batched, b.batched]).toEqual([first, first]);
  await passes(far, port, a, 1);
  await passes(far, port, b, 2);
  // Who said so has gone: the next one may say something else, and be changed like that.
  await b.close();
  const c = await open(3, { batched: !first });
  expect([a.batched, c.batched]).toEqual([!first, !first]);
  await passes(far, port, a, 1);
  await passes(far, port, c, 3);
});

test.each([{}, { batched: false }])('tunnels of several MTUs share a socket (%j)', async (way) => {
  const { far, port, open } = await scene();
  const a = await open(1, { ...way, mtu: 1450 });
  await passes(far, port, a, 1, 1464);
  const b = await open(2, { ...way, mtu: 8950 });
  await passes(far, port, b, 2, 8964);
  await passes(far, port, a, 1, 1464);
});

test.each([{}, { batched: false }])('of frames that may be large, many are taken and sent on in their order (%j)', async (way) => {
  const { far, port, open } = await scene();
  const a = await open(1, { ...way, mtu: 65_400 });
  const b = await open(2, { ...way, mtu: 65_400 });
  a.listen((frame, start, end) => b.send(frame, start, end));
  const COUNT = 100;
  const numbers: string[] = [];
  const all = new Promise<void>((resolve) =>
    far.on('message', (bytes) => {
      numbers.push(`${bytes[6]} ${bytes.readUInt16BE(8)} ${bytes.length}`);
      if (numbers.length === COUNT) resolve();
    }),
  );
  const size = (n: number): number => (n % 50 === 7 ? 30_000 : 60 + n);
  for (let n = 0; n < COUNT; n++) {
    const frame = Buffer.alloc(size(n));
    frame.writeUInt16BE(n);
    far.send(Buffer.concat([Buffer.from([8, 0, 0, 0, 0, 0, 1, 0]), frame]), port, '127.0.0.1');
  }
  await all;
  expect(numbers).toEqual(Array.from({ length: COUNT }, (_, n) => `2 ${n} ${8 + size(n)}`));
});

test.each([{}, { batched: false }])('a frame leaves from where it was received, as a plain array (%j)', async (way) => {
  const { far, port, open } = await scene();
  const a = await open(1, way);
  const b = await open(2, way);
  const sent = once(far, 'message');
  const arrived = new Promise<{ plain: boolean; vni: number | undefined }>((resolve) =>
    a.listen((frame, start, end) => {
      b.send(frame, start, end);
      resolve({ plain: frame.constructor === Uint8Array, vni: frame[start - 2] });
    }),
  );
  far.send(Buffer.concat([Buffer.from([8, 0, 0, 0, 0, 0, 1, 0]), Buffer.alloc(60)]), port, '127.0.0.1');
  expect(await arrived).toEqual({ plain: true, vni: 2 });
  await sent;
});

test('tunnels that open and close at once leave no socket behind, and none without one', async () => {
  const { far, port, open } = await scene();
  for (let round = 0; round < 3; round++) {
    const [a, b] = await Promise.all([open(1), open(2)]);
    const closed = Promise.all([a.close(), b.close()]);
    const c = await open(3);
    await closed;
    await passes(far, port, c, 3);
    await c.close();
    const free = createSocket('udp4').bind(port, '127.0.0.1');
    await once(free, 'listening');
    await new Promise<void>((resolve) => free.close(resolve));
  }
});

test('where there are no batched system calls, a tunnel does without unless it insists', async () => {
  const arch = Object.getOwnPropertyDescriptor(process, 'arch') ?? {};
  Object.defineProperty(process, 'arch', { ...arch, value: 'ia32' });
  try {
    const { far, port, open } = await scene();
    await expect(open(1, { batched: true })).rejects.toMatchObject({ code: 'NATIVE_MISSING' });
    const a = await open(1);
    expect(a.batched).toBe(false);
    await expect(open(2, { batched: true })).rejects.toMatchObject({ code: 'NATIVE_MISSING' });
    await passes(far, port, a, 1);
  } finally {
    Object.defineProperty(process, 'arch', arch);
  }
});

test.skipIf(!native)('while the one socket takes the place of the other frames are lost and counted, and nothing is thrown', async () => {
  const { open } = await scene();
  const a = await open(1);
  await (await open(2, { batched: false })).close();
  const frame = new Uint8Array(60);
  const opening = open(3, { batched: true });
  for (let i = 0; i < 200; i++) {
    a.send(frame, 0, 60);
    await Promise.resolve();
  }
  const c = await opening;
  expect([a.batched, c.batched]).toEqual([true, true]);
  const { sent, dropped } = (a as Port & { readonly counters: PortCounters }).counters;
  expect([sent + dropped, dropped > 0]).toEqual([200, true]);
});

test('what a frame may carry is what a datagram has room for beside the rest, in IPv4 and in IPv6', async () => {
  const ports = new NodePorts();
  const mtus: number[] = [];
  for (const [address, remote, mtu] of [
    ['127.0.0.1', '127.0.0.2'],
    ['::1', '::1'],
    ['::1', '::1', 1450],
  ] as const) {
    const tunnel = await ports.open({
      name: 'p',
      type: 'vxlan',
      address,
      port: 0,
      remote,
      vni: 1,
      batched: false,
      ...(mtu ? { mtu } : {}),
    });
    mtus.push(tunnel.mtu);
    await tunnel.close();
  }
  expect(mtus).toEqual([1450, 1430, 1450]);
});

test('a socket forgets the tunnels that went', async () => {
  const address = '127.0.0.1';
  const socket = new VxlanSocket(address, 0, () => {});
  const tunnel = (remote: string, vni: number) => socket.open({ remote, remotePort: 4789, vni, mtu: 1450, batched: false });
  const stays = await tunnel('127.0.0.2', 1);
  const others = await Promise.all(['127.0.0.2', '127.0.0.3', '127.0.0.3'].map((remote, i) => tunnel(remote, 2 + i)));
  expect(socket.farEnd('127.0.0.3')).toBeDefined();
  await others[1]?.close();
  expect(socket.farEnd('127.0.0.3')).toBeDefined();
  await Promise.all(others.map((one) => one.close()));
  expect([socket.size, socket.unknown]).toEqual([1, 0]);
  expect([socket.farEnd('127.0.0.2')?.length, socket.farEnd('127.0.0.3'), socket.unknown]).toEqual([4, undefined, 1]);
  await stays.close();
});

const EITHER = [{ batched: true }, { batched: false }];
test.skipIf(!native).each(EITHER)(
  'a datagram without a checksum is taken over IPv6 too, as RFC 7348 §5 has it: %o',
  async ({ batched }) => {
    const ports = new NodePorts();
    const free = createSocket('udp6').bind(0, '::1');
    await once(free, 'listening');
    const { port } = free.address();
    await new Promise<void>((resolve) => free.close(() => resolve()));
    const tunnel = await ports.open({ name: 'p', type: 'vxlan', address: '::1', port, remote: '::1', vni: 7, batched });
    open.push(() => tunnel.close());
    const arrived = new Promise<number>((resolve) => tunnel.listen((_b, start, end) => resolve(end - start)));
    const c = await libc('a test');
    const fd = c.socket(10, 2, 0);
    open.push(() => c.close(fd));
    // UDP_NO_CHECK6_TX.
    expect(c.setsockopt(fd, 17, 101, Buffer.from([1, 0, 0, 0]), 4)).toBe(0);
    const name = socketName('::1', port);
    const datagram = Buffer.concat([Buffer.from([8, 0, 0, 0, 0, 0, 7, 0]), Buffer.alloc(60)]);
    expect(c.sendto(fd, datagram, datagram.length, 0, name, name.length)).toBe(datagram.length);
    expect(await arrived).toBe(60);
  },
);
