import { execFileSync } from 'node:child_process';
import { createSocket, Socket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer, type Socket as NetSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test, vi } from 'vitest';
import { readPcapng } from '../../src/capture/index.js';
import { Forwarder, NodePorts, type Port, type PortConfig, type PortCounters, VirtualRouter } from '../../src/index.js';
import { FrameStream } from '../../src/io/frame-stream.js';
import { TeePort } from '../../src/io/tee.js';
import { freePort } from '../support/free-port.js';
import { hex } from '../support/hex.js';
import { until } from '../support/until.js';

const FRAME = hex('02560a000001 02000000000a 88b5 00112233');
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function port(config: Omit<PortConfig, 'name'>, ports = new NodePorts()): Promise<Port> {
  const opened = await ports.open({ name: 'p', ...config });
  open.push(() => opened.close());
  return opened;
}
const next = (from: Port): Promise<string> =>
  new Promise((resolve) => from.listen((b, start, end) => resolve(Buffer.from(b.subarray(start, end)).toString('hex'))));
const text = Buffer.from(FRAME).toString('hex');

const native = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
/** As it comes, and without batched system calls. */
const ways = [{}, { batched: false }];

test.each(ways)('a VXLAN port (%j) puts a frame in a datagram as RFC 7348 has it, and knows its guest by address and VNI', async (way) => {
  const at = await freePort('127.0.0.1', '127.0.0.2');
  const vxlan = { type: 'vxlan', address: '127.0.0.1', port: at, ...way } as const;
  const ports = new NodePorts();
  const a = await port({ ...vxlan, remote: '127.0.0.2', vni: 42 }, ports);
  const b = await port({ ...vxlan, remote: '127.0.0.2', vni: 43 }, ports);
  expect(a.batched).toBe(way.batched ?? native);
  const guest = createSocket('udp4').bind(at, '127.0.0.2');
  open.push(() => guest.close());
  await once(guest, 'listening');
  const sent = once(guest, 'message') as Promise<[Buffer]>;
  a.send(Uint8Array.of(9, ...FRAME, 9), 1, 1 + FRAME.length);
  expect((await sent)[0].toString('hex')).toBe(`0800000000002a00${text}`);
  let wrong = 0;
  a.listen(() => wrong++);
  const arrived = next(b);
  guest.send(Buffer.from(`0800000000002c00${text}`, 'hex'), at, '127.0.0.1');
  guest.send(Buffer.from(`0000000000002a00${text}`, 'hex'), at, '127.0.0.1');
  guest.send(Buffer.from(`0800000000002b00${text}`, 'hex'), at, '127.0.0.1');
  expect(await arrived).toBe(text);
  expect(wrong).toBe(0);
});

test.each([
  { type: 'vxlan', vni: 1, batched: false },
  { type: 'dgram', remotePort: 9 },
] as const)('what a slow way out does not take waits within a bound, and is lost and counted beyond it (%j)', async (kind) => {
  const one = (await port({ ...kind, address: '127.0.0.1', port: await freePort('127.0.0.1'), remote: '127.0.0.2' })) as Port & {
    readonly counters: PortCounters;
  };
  // As where the interface sends less than it gets.
  const waiting = vi.spyOn(Socket.prototype, 'getSendQueueSize').mockReturnValue((4 << 20) + 1);
  one.send(FRAME, 0, FRAME.length);
  waiting.mockReturnValue(4 << 20);
  one.send(FRAME, 0, FRAME.length);
  waiting.mockRestore();
  expect(one.counters).toMatchObject({ sent: 1, dropped: 1 });
});

test.skipIf(!native)('batched VXLAN ports take and send many frames of several guests at a time, and leave nothing behind', async () => {
  const at = await freePort('127.0.0.1', '127.0.0.2', '127.0.0.3');
  const ports = new NodePorts();
  const vxlan = { type: 'vxlan', address: '127.0.0.1', port: at } as const;
  const a = await port({ ...vxlan, remote: '127.0.0.2', vni: 1 }, ports);
  const b = await port({ ...vxlan, remote: '127.0.0.3', vni: 1 }, ports);
  const sockets = ['127.0.0.2', '127.0.0.3'].map((address) => createSocket({ type: 'udp4', recvBufferSize: 1 << 20 }).bind(at, address));
  for (const socket of sockets) open.push(() => socket.close());
  await Promise.all(sockets.map((socket) => once(socket, 'listening')));
  // What comes from a goes to b, and the other way round, in the buffer that it came in.
  a.listen((frame, start, end) => b.send(frame, start, end));
  b.listen((frame, start, end) => a.send(frame, start, end));
  const received = sockets.map((socket, i) => {
    const numbers: number[] = [];
    socket.on('message', (bytes) => numbers.push(bytes.readUInt16BE(8 + 14)));
    return { numbers, from: 1 - i };
  });
  const COUNT = 200;
  for (let n = 0; n < COUNT; n++)
    for (const [i, socket] of sockets.entries()) {
      const frame = Buffer.alloc(14 + 2 + n, i);
      frame.writeUInt16BE(n, 14);
      socket.send(Buffer.concat([Buffer.from('0800000000000100', 'hex'), frame]), at, '127.0.0.1');
    }
  await until('all arrive', () => received.every(({ numbers }) => numbers.length >= COUNT));
  for (const { numbers } of received) expect(numbers).toEqual(Array.from({ length: COUNT }, (_, n) => n));
});

test.each(ways)(
  'a VXLAN port (%j) sends a frame on from where it received it, once, and what else is sent is not mixed with it',
  async (way) => {
    const at = await freePort('127.0.0.1', '127.0.0.2', '127.0.0.3');
    const ports = new NodePorts();
    const vxlan = { type: 'vxlan', address: '127.0.0.1', port: at, ...way } as const;
    const a = await port({ ...vxlan, remote: '127.0.0.2', vni: 1 }, ports);
    const b = await port({ ...vxlan, remote: '127.0.0.3', vni: 2 }, ports);
    const c = await port({ ...vxlan, remote: '127.0.0.3', vni: 3 }, ports);
    const sockets = ['127.0.0.2', '127.0.0.3'].map((address) => createSocket({ type: 'udp4', recvBufferSize: 1 << 20 }).bind(at, address));
    for (const socket of sockets) open.push(() => socket.close());
    await Promise.all(sockets.map((socket) => once(socket, 'listening')));
    const [near, far] = sockets;
    // Each goes to two tunnels, and between them a frame of our own from a buffer that changes at once.
    const own = new Uint8Array(300);
    a.listen((frame, start, end) => {
      b.send(frame, start, end);
      const length = end - start - 1;
      own.fill(0xee, 0, length);
      b.send(own, 0, length);
      own.fill(0);
      c.send(frame, start, end);
    });
    const received: string[] = [];
    far?.on('message', (bytes) => received.push(bytes.toString('hex')));
    const expected: string[] = [];
    for (let n = 0; n < 100; n++) {
      const frame = Buffer.alloc(20 + n, n);
      near?.send(Buffer.concat([Buffer.from('0800000000000100', 'hex'), frame]), at, '127.0.0.1');
      const hex = frame.toString('hex');
      expected.push(`0800000000000200${hex}`, `0800000000000200${'ee'.repeat(frame.length - 1)}`, `0800000000000300${hex}`);
    }
    await until('all arrive', () => received.length >= expected.length);
    expect(received).toEqual(expected);
  },
);

test("QEMU's stream cuts frames out however they arrive, takes the next guest, and everything is in the capture", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'virtual-router-ports-'));
  open.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'vm.sock');
  const capture = join(folder, 'vm.pcapng');
  const vm = await new NodePorts().open({ name: 'vm', type: 'stream', path, capture });
  for (let guests = 0; guests < 2; guests++) {
    const guest = createConnection(path);
    await once(guest, 'connect');
    const arrived = next(vm);
    const message = Buffer.concat([Buffer.from([0, 0, 0, FRAME.length]), FRAME]);
    guest.write(message.subarray(0, 3));
    guest.write(message.subarray(3, 10));
    guest.write(message.subarray(10));
    expect(await arrived).toBe(text);
    const answer = once(guest, 'data') as Promise<[Buffer]>;
    vm.send(FRAME, 0, FRAME.length);
    expect((await answer)[0].toString('hex')).toBe(`000000${FRAME.length.toString(16)}${text}`);
    guest.destroy();
  }
  await vm.close();
  const frames = [...readPcapng(readFileSync(capture))];
  expect(frames.map((frame) => 'bytes' in frame && Buffer.from(frame.bytes).toString('hex'))).toEqual([text, text, text, text]);
});

test("what is sent on QEMU's stream while it is dialled, or once it is over, is lost and counted so", async () => {
  const server = createServer().listen(0, '127.0.0.1');
  open.push(() => server.close());
  await once(server, 'listening');
  const { port: remotePort } = server.address() as AddressInfo;
  const met = once(server, 'connection') as Promise<[NetSocket]>;
  const vm = (await port({ type: 'stream', remote: '127.0.0.1', remotePort })) as Port & { readonly counters: PortCounters };
  vm.send(FRAME, 0, FRAME.length);
  expect(vm.counters).toMatchObject({ sent: 0, dropped: 1 });
  const [far] = await met;
  const arrived = once(far, 'data') as Promise<[Buffer]>;
  await until('it is sent', () => {
    vm.send(FRAME, 0, FRAME.length);
    return vm.counters.sent > 0;
  });
  await arrived;
  const { sent } = vm.counters;
  // The length of something else.
  far.write(Buffer.from('ffffffff', 'hex'));
  await until('it is given up', () => vm.counters.sent === sent && vm.counters.dropped > 1 && far.readableEnded);
  await vm.close();
  vm.send(FRAME, 0, FRAME.length);
  expect(vm.counters.sent).toBe(sent);
});

test("frames on QEMU's stream are cut out wherever the stream is cut, empty ones too, and a length that lies ends it", () => {
  const messages = [0, 1, 14, 1514, 65_549].map((length) => {
    const message = Buffer.alloc(4 + length, length);
    message.writeUInt32BE(length);
    return message;
  });
  const whole = Buffer.concat(messages);
  for (const step of [1, 2, 3, 5, 1000, 65_000, whole.length]) {
    const stream = new FrameStream();
    const lengths: number[] = [];
    // One octet at a time where it matters, and all the long one at once.
    for (let at = 0; at < whole.length; ) {
      const end = at < 1600 || whole.length - at < 10 ? at + step : at + Math.max(step, 60_000);
      expect(stream.push(whole.subarray(at, end), (bytes, from, to) => lengths.push(bytes.subarray(from, to).length))).toBe(true);
      at = end;
    }
    expect(lengths).toEqual([0, 1, 14, 1514, 65_549]);
    expect(stream.pending).toBe(0);
  }
  for (const lie of [65_550, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(lie);
    const stream = new FrameStream();
    expect(stream.push(head.subarray(0, 3), () => {})).toBe(true);
    expect(stream.push(head.subarray(3), () => {})).toBe(false);
  }
});

test("QEMU's dgram is a frame a datagram, from the one far end", async () => {
  const [at, far] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
  const vm = await port({ type: 'dgram', address: '127.0.0.1', port: at, remote: '127.0.0.1', remotePort: far });
  const stranger = createSocket('udp4').bind(0, '127.0.0.1');
  const guest = createSocket('udp4').bind(far, '127.0.0.1');
  open.push(
    () => guest.close(),
    () => stranger.close(),
  );
  await Promise.all([once(guest, 'listening'), once(stranger, 'listening')]);
  const arrived = next(vm);
  await new Promise((resolve) => stranger.send('no', at, '127.0.0.1', resolve));
  guest.send(FRAME, at, '127.0.0.1');
  expect(await arrived).toBe(text);
});

test('a port that cannot be had is a UsageError', async () => {
  const at = await freePort('127.0.0.1');
  await port({ type: 'dgram', address: '127.0.0.1', port: at, remote: '127.0.0.1', remotePort: 1 });
  await expect(port({ type: 'vxlan', address: '127.0.0.1', port: at, remote: '127.0.0.2', vni: 1 })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
  });
  await expect(port({ type: 'stream', path: '/nowhere/at/all.sock' })).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
});

test.skipIf(!existsSync('/dev/full'))(
  'a capture on a disk that is full ends, which is told once, and frames pass all the same',
  async () => {
    const [at, far] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
    const config = {
      name: 'vm',
      type: 'dgram',
      address: '127.0.0.1',
      port: at,
      remote: '127.0.0.1',
      remotePort: far,
      capture: '/dev/full',
    } as const;
    const router = new VirtualRouter({ as: 65000, routerId: '10.0.0.1', ports: [config] });
    const told: object[] = [];
    router.on('capture-failure', (event) => told.push(event));
    await router.start();
    await until('it is told', () => told.length > 0);
    const guest = createSocket('udp4').bind(far, '127.0.0.1');
    open.push(() => guest.close());
    await once(guest, 'listening');
    for (let i = 0; i < 3; i++) guest.send(FRAME, at, '127.0.0.1');
    await until('the frames are there', () => router.links()[0]?.received === 3);
    await router.stop();
    const failure = { port: 'vm', path: '/dev/full', reason: expect.stringContaining('ENOSPC') };
    expect(told).toEqual([{ router: 'router', ...failure }]);

    const path = join(tmpdir(), `virtual-router-nobody-${process.pid}`);
    const forwarder = new Forwarder({ network: { forwarder: { path } }, routers: [{ as: 65000, routerId: '10.0.0.1', ports: [config] }] });
    forwarder.on('capture-failure', (event) => told.push(event));
    await forwarder.start();
    await until('the forwarder tells it', () => told.length > 1);
    await forwarder.stop();
    expect(told.slice(1)).toEqual([{ router: 'router', ...failure }]);
  },
);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** Octets that are in use, without garbage. */
function living(): number {
  // The second waits for what the first lets a thread give back.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** A port that nobody is at. */
const nowhere: Port = { mtu: 1500, listen: () => {}, send: () => {}, close: () => Promise.resolve() };

function namedPipe(): string {
  const folder = mkdtempSync(join(tmpdir(), 'virtual-router-pipe-'));
  open.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'capture');
  execFileSync('mkfifo', [path]);
  return path;
}

/** The other end of a pipe, which reads when it is told to. */
function reader(path: string): { read(): Buffer; close(): void } {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let isOpen = true;
  const close = (): void => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  open.push(close);
  const read = (): Buffer => {
    const room = Buffer.alloc(1 << 20);
    try {
      return room.subarray(0, readSync(fd, room));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return Buffer.alloc(0);
      throw error;
    }
  };
  return { read, close };
}

test.skipIf(process.platform === 'win32')('a capture to a pipe that nobody reads is an error, and waits for nobody', async () => {
  const path = namedPipe();
  // Were it waited for, then by a thread that nothing else ends.
  const late = setTimeout(() => reader(path), 2000);
  open.push(() => clearTimeout(late));
  await expect(TeePort.open(nowhere, path)).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: `cannot write ${path}: nobody reads it`,
  });
});

test.skipIf(process.platform === 'win32')('a capture to a pipe is all there, and ends without an error', async () => {
  const path = namedPipe();
  const { read } = reader(path);
  const failures: string[] = [];
  const tee = await TeePort.open(nowhere, path, (reason) => failures.push(reason));
  for (let i = 0; i < 3000; i++) tee.send(FRAME, 0, FRAME.length);
  const closed = tee.close();
  const parts: Buffer[] = [];
  let over = false;
  void closed.then(() => {
    over = true;
  });
  await until('it is written', () => {
    parts.push(read());
    return over;
  });
  parts.push(read());
  const frames = [...readPcapng(Buffer.concat(parts))];
  expect(frames.length).toBe(3000);
  expect(frames.every((frame) => 'bytes' in frame && Buffer.from(frame.bytes).toString('hex') === text)).toBe(true);
  expect(failures).toEqual([]);
});

test.skipIf(process.platform === 'win32')(
  'who reads a capture no further is not waited for, and what waits for him is bounded',
  async () => {
    const path = namedPipe();
    const { read, close } = reader(path);
    // A thread that waits for him is let go in the end.
    const relief = setTimeout(() => {
      while (read().length > 0);
      close();
    }, 15_000);
    open.push(() => clearTimeout(relief));
    const tee = await TeePort.open(nowhere, path);
    const before = living();
    for (let i = 0; i < 300_000; i++) {
      tee.send(FRAME, 0, FRAME.length);
      if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    // 16 MiB, and not as much again for each of the many that wait.
    expect(living() - before).toBeLessThan(40 << 20);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      let over = false;
      void tee.close().then(() => {
        over = true;
      });
      for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
      expect(over).toBe(false);
      await vi.advanceTimersByTimeAsync(5000);
      expect(over).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  },
);

test.skipIf(process.platform === 'win32')('who goes away from a capture has its end told, and frames pass', async () => {
  const path = namedPipe();
  const { close } = reader(path);
  const failures: string[] = [];
  const tee = await TeePort.open(nowhere, path, (reason) => failures.push(reason));
  close();
  await until('it is told', () => {
    tee.send(FRAME, 0, FRAME.length);
    return failures.length > 0;
  });
  await tee.close();
  expect(failures).toEqual([expect.stringContaining('EPIPE')]);
});

test('a capture goes by the time of day, also when that was set since', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'virtual-router-time-'));
  open.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'p.pcapng');
  const tee = await TeePort.open(nowhere, path);
  tee.send(FRAME, 0, FRAME.length);
  const hour = 3_600_000;
  const now = Date.now();
  const set = vi.spyOn(Date, 'now').mockReturnValue(now + hour);
  tee.send(FRAME, 0, FRAME.length);
  set.mockRestore();
  await tee.close();
  const [one, other] = [...readPcapng(readFileSync(path))].map((frame) => ('time' in frame ? frame.time * 1000 - now : Number.NaN));
  expect(Math.abs(one ?? Number.NaN)).toBeLessThan(1000);
  expect(Math.abs((other ?? Number.NaN) - hour)).toBeLessThan(1000);
});
