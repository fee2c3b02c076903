import { describe, expect, test } from 'vitest';
import { ManualClock, MemoryTransport } from '../../src/core.js';
import { UsageError } from '../../src/lib/errors.js';
import type { DialOptions } from '../../src/lib/transport.js';
import { Host } from '../../src/router/host.js';
import { checkRouter } from '../../src/router/schema.js';
import { securityOf } from '../../src/router/secrets.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';

const router = (neighbour: object) => ({
  as: 65000,
  routerId: '10.0.0.1',
  network: { nodes: [{ name: 'a', addresses: ['10.0.0.2'] }] },
  neighbours: [{ address: '10.0.0.2', as: 65001, ...neighbour }],
});

function refused(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return 'nothing';
}

test('what is wrong with a secret is said without saying the secret', () => {
  expect(refused(() => checkRouter(router({ password: '' })))).toBe(
    'neighbours[0].password: expected a secret: a text, { file: PATH } or { env: NAME }, got nothing',
  );
  for (const password of [{ file: 'x', key: 'hush' }, { text: 'hush' }, ['hush'], 4711])
    expect(refused(() => checkRouter(router({ password })))).not.toMatch(/hush|4711/);
  expect(refused(() => checkRouter(router({ tcpAo: [{ sendId: 300, secret: 'hush' }] })))).toBe(
    'neighbours[0].tcpAo[0].sendId: expected a whole number from 0 to 255, got 300',
  );
});

test('a segment is signed once, and a KeyID names one key', () => {
  const ao = [{ sendId: 1, secret: 'a' }];
  expect(refused(() => checkRouter(router({ password: 'a', tcpAo: ao })))).toMatch('expected one of password and tcpAo');
  expect(refused(() => checkRouter(router({ tcpAo: [...ao, { sendId: 2, receiveId: 1, secret: 'b' }] })))).toBe(
    'neighbours[0].tcpAo[1].receiveId: expected each receiveId once, got 1 again',
  );
  expect(refused(() => checkRouter(router({ ttlSecurity: 0 })))).toMatch('neighbours[0].ttlSecurity: expected a whole number from 1');
});

test('secrets are read from where the configuration says, and an empty one is an error', () => {
  const kept: Readonly<Record<string, string>> = { KEY: 'grün', NONE: '' };
  const read = (place: object) => kept['env' in place ? String(place.env) : ''] ?? '';
  const neighbour = { address: '10.0.0.2', as: 65001 };
  expect(securityOf({ ...neighbour, password: { env: 'KEY' }, ttlSecurity: 1 }, read, [])).toEqual({
    md5: Uint8Array.of(0x67, 0x72, 0xc3, 0xbc, 0x6e),
    hops: 1,
  });
  expect(refused(() => securityOf({ ...neighbour, password: { env: 'NONE' } }, read, ['here']))).toBe(
    'here.password: expected a secret, and what is there is empty',
  );
  expect(refused(() => securityOf({ ...neighbour, password: { env: 'KEY' } }, undefined, ['here']))).toMatch('reads none');
  expect(securityOf(neighbour, read, [])).toBeUndefined();
});

test('a listener that cannot protect connections says so, in place of leaving them open', async () => {
  const clock = new ManualClock();
  const host = new Host({ clock, transport: new MemoryTransport(clock) });
  const config = { ...router({ password: 'hush' }), listen: [{ address: '10.0.0.1' }] };
  await expect(new VirtualRouter(config, { host }).start()).rejects.toMatchObject({ code: 'SECURITY_UNAVAILABLE' });
});

describe('TLS towards a cache', () => {
  const tls = { serverName: 'rpki.test', ca: 'PEM' };
  const config = (cache: object) => ({
    as: 65000,
    routerId: '10.0.0.1',
    network: {},
    rpki: { caches: [{ address: '192.0.2.1', ...cache }] },
  });

  test.each([
    [{ ...tls, serverName: '192.0.2.1' }, 'tls.serverName: expected a DNS name such as "rpki.example.net", got "192.0.2.1"'],
    [{ ...tls, serverName: '*.test' }, 'tls.serverName: expected a DNS name such as "rpki.example.net", got "*.test"'],
    [{ serverName: 'rpki.test' }, 'tls.ca: expected certificates: a text, { file: PATH } or { env: NAME }'],
    [{ ...tls, ca: '' }, 'tls.ca: expected certificates: a text, { file: PATH } or { env: NAME }, got nothing'],
    [{ ...tls, key: 'hush' }, 'tls: expected both of certificate and key, or neither'],
    [{ ...tls, certificate: 'PEM' }, 'tls: expected both of certificate and key, or neither'],
    [true, 'tls: expected an object such as { serverName: rpki.example.net, ca: { file: ca.pem } }, got true'],
  ])('is configured whole: %#', (wrong, message) => {
    expect(refused(() => checkRouter(config({ tls: wrong })))).toBe(`rpki.caches[0].${message}`);
  });

  test('is not left out where the transport has none, and what it takes is read before anything changes', async () => {
    const clock = new ManualClock();
    const transport = new MemoryTransport(clock);
    const host = new Host({ clock, transport, secrets: () => '' });
    const made = (cache: object, on = host) => new VirtualRouter(config(cache), { host: on });
    expect(refused(() => made({ tls }))).toBe('rpki.caches[0].tls: expected none, as the transport of this host has no TLS');
    const router = made({});
    expect(refused(() => router.reconfigure(config({ tls })))).toMatch('has no TLS');
    expect(router.configuration().rpki?.caches[0]?.tls).toBeUndefined();
    const dialled: object[] = [];
    const secure = Object.assign(new MemoryTransport(clock), {
      tls: (client: object) => ({
        dial: ({ remote }: DialOptions) => {
          dialled.push({ client, remote });
          return () => {};
        },
      }),
    });
    const read = new Host({ clock, transport: secure, secrets: (place) => ('env' in place && place.env === 'CA' ? 'PEM' : '') });
    expect(refused(() => made({ tls: { ...tls, ca: { env: 'NONE' } } }, read))).toBe(
      'rpki.caches[0].tls.ca: expected certificates, and what is there is empty',
    );
    const own = { certificate: 'own', key: 'hush' };
    const secured = made({ tls: { ...tls, ca: { env: 'CA' }, ...own } }, read);
    await secured.start();
    // RFC 8210 §14: rpki-rtr-tls.
    expect(dialled).toEqual([{ client: { serverName: 'rpki.test', ca: 'PEM', ...own }, remote: { address: '192.0.2.1', port: 324 } }]);
    expect(secured.caches()).toMatchObject([{ name: '192.0.2.1 port 324', tls: true }]);
    await secured.stop();
  });
});
