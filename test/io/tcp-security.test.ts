import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { NodeTransport, SystemClock } from '../../src/io/index.js';
import { aoOption, tcpLibc } from '../../src/io/tcp-options.js';
import type { Connection, ConnectionSecurity, Listener, SecuredPeers } from '../../src/lib/transport.js';
import { Host } from '../../src/router/host.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';
import { until } from '../support/until.js';

const text = (secret: string): Uint8Array => new TextEncoder().encode(secret);
const md5 = (secret: string): ConnectionSecurity => ({ md5: text(secret) });
const AO: ConnectionSecurity = {
  ao: [{ sendId: 1, receiveId: 2, secret: text('hush'), algorithm: 'hmac-sha-1-96', coverOptions: true }],
};

const available = await tcpLibc().then(
  () => true,
  () => false,
);

/** How often the kernel dropped a segment over its signature or its TTL. */
function dropped(): number {
  const [names = '', values = ''] = readFileSync('/proc/net/netstat', 'utf8').split('\n');
  const of = (name: string): number => Number(values.split(' ')[names.split(' ').indexOf(name)] ?? 0);
  return of('TCPMD5NotFound') + of('TCPMD5Unexpected') + of('TCPMD5Failure') + of('TCPMinTTLDrop');
}

const transport = new NodeTransport();
const kernelHasAo = await transport.assure(AO).then(
  () => true,
  () => false,
);
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function listener(peers: readonly SecuredPeers[], address = '127.0.0.1') {
  const accepted: Connection[] = [];
  let heard = '';
  const made: Listener = await transport.listen({ address, port: 0, peers }, (connection) => {
    accepted.push(connection);
    open.push({ close: () => connection.abort() });
    connection.listen({
      data: (chunk) => {
        heard += Buffer.from(chunk).toString();
      },
      drained: () => {},
      closed: () => {},
    });
  });
  open.push(made);
  return { accepted, heard: () => heard, secure: made.secure?.bind(made), endpoint: made.endpoint };
}

/** A dial, and what became of it so far. */
function dial(remote: { address: string; port: number }, localAddress: string, security?: ConnectionSecurity) {
  const dialled: { connection?: Connection; failed?: string; closed?: string | true } = {};
  const cancel = transport.dial(
    { remote, localAddress, ...(security ? { security } : {}) },
    {
      connected: (connection) => {
        dialled.connection = connection;
        connection.listen({
          data: () => {},
          drained: () => {},
          closed: (reason) => {
            dialled.closed = reason ?? true;
          },
        });
      },
      failed: (reason) => {
        dialled.failed = reason;
      },
    },
  );
  open.push({ close: () => (dialled.connection ? dialled.connection.abort() : cancel()) });
  return dialled;
}

describe.skipIf(!available)('a connection of the host’s, by TCP MD5', () => {
  test('is there with the right key, and not with a wrong one or none', async () => {
    const { endpoint, accepted } = await listener([{ peers: '127.0.0.2', security: md5('hush') }]);
    const right = dial(endpoint, '127.0.0.2', md5('hush'));
    await until('it is connected', () => right.connection !== undefined && accepted.length === 1);
    for (const security of [md5('hash'), undefined]) {
      const before = dropped();
      const wrong = dial(endpoint, '127.0.0.2', security);
      await until('a segment is dropped', () => dropped() > before);
      expect([wrong.connection, accepted.length]).toEqual([undefined, 1]);
    }
    const other = dial(endpoint, '127.0.0.3');
    await until('it is connected', () => other.connection !== undefined);
  });

  test('has the key of its range, and that of its address before that', async () => {
    const { endpoint, accepted } = await listener([
      { peers: '127.5.0.0/16', security: md5('all') },
      { peers: '127.5.5.5', security: md5('one') },
    ]);
    const [one, all] = [dial(endpoint, '127.5.5.5', md5('one')), dial(endpoint, '127.5.6.7', md5('all'))];
    await until('it is connected', () => one.connection !== undefined && all.connection !== undefined);
    const before = dropped();
    dial(endpoint, '127.5.5.5', md5('all'));
    await until('a segment is dropped', () => dropped() > before);
    expect(accepted.length).toBe(2);
  });

  test('changes its key without ending, at both ends', async () => {
    const { endpoint, accepted, secure, heard } = await listener([{ peers: '127.0.0.2', security: md5('old') }]);
    const there = dial(endpoint, '127.0.0.2', md5('old'));
    await until('it is accepted', () => accepted.length === 1 && there.connection !== undefined);
    there.connection?.write(text('before '));
    await until('it is heard', () => heard() === 'before ');
    secure?.([{ peers: '127.0.0.2', security: md5('new') }]);
    accepted[0]?.rekey?.(md5('new'));
    there.connection?.rekey?.(md5('new'));
    there.connection?.write(text('after'));
    await until('it is heard', () => heard() === 'before after');
    expect(there.closed).toBeUndefined();
    // The next must have the new one.
    const before = dropped();
    dial(endpoint, '127.0.0.2', md5('old'));
    await until('a segment is dropped', () => dropped() > before);
    const next = dial(endpoint, '127.0.0.2', md5('new'));
    await until('it is connected', () => next.connection !== undefined);
  });

  test('can be asked for later; who came without before that is not let in', async () => {
    const { endpoint, accepted, secure } = await listener([]);
    const before = dropped();
    const early = dial(endpoint, '127.0.0.2');
    secure?.([{ peers: '127.0.0.2', security: md5('hush') }]);
    // It came before the key was there and is reset, or after and is not heard.
    await until('it is turned away', () => early.closed !== undefined || early.failed !== undefined || dropped() > before);
    expect(accepted.length).toBe(0);
    // Whoever is in the queue while the key is set is turned away once, also with the right one: it dials again, as a speaker does.
    let right = dial(endpoint, '127.0.0.2', md5('hush'));
    await until('it is let in', () => {
      if (right.closed !== undefined || right.failed !== undefined) right = dial(endpoint, '127.0.0.2', md5('hush'));
      return right.connection !== undefined && accepted.length === 1;
    });
    secure?.([]);
    const open = dial(endpoint, '127.0.0.2');
    await until('it is connected', () => open.connection !== undefined);
  });

  test('that the system does not take keeps out whom it is for, is warned of, and may be replaced', async () => {
    const warned: string[] = [];
    const warn = ({ message }: Error) => void warned.push(message);
    process.on('warning', warn);
    open.push({ close: () => process.off('warning', warn) });
    const { endpoint, accepted, secure } = await listener([]);
    secure?.([{ peers: '127.0.0.2', security: md5('x'.repeat(81)) }]);
    await until('it is warned of', () => warned.length > 0);
    expect(warned).toEqual([expect.stringMatching(/keys of TCP MD5 of 80 octets at most/)]);
    const barred = dial(endpoint, '127.0.0.2');
    await until('it is turned away', () => barred.closed !== undefined || barred.failed !== undefined);
    expect(accepted.length).toBe(0);
    const other = dial(endpoint, '127.0.0.3');
    await until('it is connected', () => other.connection !== undefined && accepted.length === 1);
    expect(() => secure?.([{ peers: '127.0.0.2', security: md5('y'.repeat(81)) }])).toThrow(/80 octets at most/);
    secure?.([{ peers: '127.0.0.2', security: md5('short') }]);
    // As above: whoever is in the queue is turned away once.
    let right = dial(endpoint, '127.0.0.2', md5('short'));
    await until('it is let in', () => {
      if (right.closed !== undefined || right.failed !== undefined) right = dial(endpoint, '127.0.0.2', md5('short'));
      return right.connection !== undefined && accepted.length === 2;
    });
  });

  test('may be asked for of a listener that is closed meanwhile', async () => {
    const warned: Error[] = [];
    const warn = (warning: Error) => void warned.push(warning);
    process.on('warning', warn);
    open.push({ close: () => process.off('warning', warn) });
    const made = await transport.listen({ address: '127.0.0.1', port: 0 }, () => {});
    made.secure?.([{ peers: '127.0.0.2', security: md5('hush') }]);
    await made.close();
    // An unhandled rejection would be the end of the process.
    await tcpLibc();
    await new Promise(setImmediate);
    expect(warned).toEqual([]);
  });

  test('over IPv6', async () => {
    const { endpoint } = await listener([{ peers: '::1', security: { ...md5('six'), hops: 1 } }], '::1');
    const right = dial(endpoint, '::1', { ...md5('six'), hops: 1 });
    await until('it is connected', () => right.connection !== undefined);
    const before = dropped();
    dial(endpoint, '::1', md5('seven'));
    await until('a segment is dropped', () => dropped() > before);
  });
});

describe.skipIf(!available)('a connection of the host’s, by GTSM (RFC 5082)', () => {
  test('takes a TTL of 255 from both ends, from the first packet on', async () => {
    const { endpoint, accepted, heard } = await listener([{ peers: '127.0.0.2', security: { hops: 1 } }]);
    const far = dial(endpoint, '127.0.0.2');
    await until('it is turned away', () => far.closed !== undefined || far.failed !== undefined);
    expect(accepted.length).toBe(0);
    const near = dial(endpoint, '127.0.0.2', { hops: 1 });
    await until('it is accepted', () => accepted.length === 1);
    near.connection?.write(text('near'));
    await until('it is heard', () => heard() === 'near');
    // 192 hops and 64 make 256: the usual TTL is enough then.
    const wide = await listener([{ peers: '127.0.0.2', security: { hops: 192 } }]);
    const usual = dial(wide.endpoint, '127.0.0.2');
    await until('it is accepted', () => wide.accepted.length === 1 && usual.connection !== undefined);
  });
});

describe.skipIf(!available)('what cannot be had', () => {
  test.skipIf(kernelHasAo)('TCP-AO where the kernel has it not: nothing is dialled, and nobody listened to', async () => {
    await expect(transport.assure(AO)).rejects.toMatchObject({
      code: 'SECURITY_UNAVAILABLE',
      message: 'TCP-AO (RFC 5925) cannot be had on this host: the kernel does not have it',
    });
    await expect(listener([{ peers: '127.0.0.2', security: AO }])).rejects.toMatchObject({ code: 'SECURITY_UNAVAILABLE' });
    const { endpoint, accepted } = await listener([]);
    const dialled = dial(endpoint, '127.0.0.2', AO);
    await until('the dial fails', () => dialled.failed !== undefined);
    expect([dialled.failed, accepted.length]).toEqual(['TCP-AO (RFC 5925) cannot be had on this host: the kernel does not have it', 0]);
  });

  test.skipIf(kernelHasAo)('a router that wants it does not start, also when it only dials', async () => {
    for (const listen of [[], [{ address: '127.0.0.1', port: 0 }]]) {
      const router = new VirtualRouter(
        {
          as: 65000,
          routerId: '10.0.0.1',
          listen,
          network: { nodes: [{ name: 'a', addresses: ['127.0.0.2'] }] },
          neighbours: [{ address: '127.0.0.2', as: 65001, tcpAo: [{ sendId: 1, secret: 'hush' }] }],
        },
        { host: new Host({ transport, clock: new SystemClock() }) },
      );
      await expect(router.start()).rejects.toMatchObject({ code: 'SECURITY_UNAVAILABLE' });
      expect(router.neighbours()[0]?.state).toBe('idle');
      await router.stop();
    }
  });

  test('a key that is longer than the system takes', async () => {
    await expect(transport.assure(md5('x'.repeat(81)))).rejects.toMatchObject({ code: 'SECURITY_UNAVAILABLE' });
    await transport.assure(md5('x'.repeat(80)));
  });

  test('no error says the secret', async () => {
    for (const security of [AO, md5(`hush${'x'.repeat(80)}`)])
      await transport.assure(security).catch((error: Error) => expect(`${error.message}${error.stack}`).not.toContain('hush'));
  });
});

test('a key of TCP-AO is laid out as the kernel reads it (struct tcp_ao_add)', () => {
  const option = aoOption(
    '192.0.2.0/24',
    { sendId: 5, receiveId: 7, secret: text('abc'), algorithm: 'aes-128-cmac-96', coverOptions: false },
    true,
  );
  expect(option.length).toBe(288);
  expect([...option.subarray(0, 8)]).toEqual([2, 0, 0, 0, 192, 0, 2, 0]);
  expect(Buffer.from(option.subarray(128, 141)).toString()).toBe('cmac(aes128)\0');
  // Interface index, set_current and set_rnext, padding; prefix, SendID, RecvID, octets of MAC, flags, octets of key; the key.
  expect([...option.subarray(192, 211)]).toEqual([0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 24, 5, 7, 12, 2, 3, 97, 98, 99]);
});
