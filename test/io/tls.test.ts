/** Caches over TLS (RFC 8210 §9.2), with a server of the test's own. Skipped where `openssl` is not installed, which makes the certificates. */
import { createServer, type Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NodeTransport, readSecret, SystemClock } from '../../src/io/index.js';
import { concatBytes } from '../../src/lib/bytes.js';
import { UsageError } from '../../src/lib/errors.js';
import type { CacheChange } from '../../src/router/events.js';
import { Host } from '../../src/router/host.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';
import type { CacheTls } from '../../src/rtr/config.js';
import { encodePdu } from '../../src/rtr/wire/index.js';
import { Authority, type Issued, opensslHere } from '../support/authority.js';
import { CLOSED_PORT } from '../support/free-port.js';

const NAME = 'rpki.test';
const intervals = { refresh: 3600, retry: 600, expire: 7200 };
const route = {
  type: 'prefix',
  announce: true,
  ipv6: false,
  a: 0xc0000200,
  b: 0,
  c: 0,
  d: 0,
  length: 24,
  maxLength: 24,
  asn: 65001,
} as const;
const start = { type: 'cache-response', session: 1 } as const;
const end = { type: 'end-of-data', session: 1, serial: 1, intervals } as const;
type Sent = Parameters<typeof encodePdu>[1];
const said = (...pdus: Sent[]) => concatBytes(pdus.map((pdu) => encodePdu(1, pdu)));

describe.skipIf(!opensslHere)('a cache over TLS', () => {
  let authority: Authority;
  let stranger: Authority;
  let server: Issued;
  const cleanup: (() => unknown)[] = [];

  beforeAll(() => {
    authority = new Authority('the authority');
    stranger = new Authority('a stranger');
    server = authority.issue('not looked at', `DNS:${NAME}`);
  });
  afterAll(() => {
    authority.dispose();
    stranger.dispose();
  });
  afterEach(async () => {
    for (const call of cleanup.splice(0).reverse()) await call();
  });

  async function listening(made: Server): Promise<number> {
    const sockets = new Set<{ destroy(): unknown }>();
    made.on('connection', (socket) => sockets.add(socket));
    await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
    cleanup.push(() => {
      made.close();
      for (const socket of sockets) socket.destroy();
    });
    const bound = made.address();
    return typeof bound === 'object' && bound ? bound.port : 0;
  }

  /** A cache that answers whatever is asked, once TLS is there. */
  async function cache(identity: Issued, options: TlsOptions = {}) {
    const clients: TLSSocket[] = [];
    let asked = 0;
    const made = createTlsServer({ key: identity.key, cert: identity.certificate, ...options }, (socket) => {
      clients.push(socket);
      socket.on('error', () => {});
      socket.on('data', ([, type]) => {
        asked++;
        socket.write(type === 2 ? said(start, route, end) : said(start, end));
      });
    });
    made.on('tlsClientError', () => {});
    return { port: await listening(made), clients, asked: () => asked };
  }

  const trusting = (more: Partial<CacheTls> = {}): CacheTls => ({
    serverName: NAME,
    ca: { file: authority.certificateFile },
    ...more,
  });

  function router(port: number, tls: CacheTls) {
    const config = { as: 65000, routerId: '10.0.0.1', network: {}, rpki: { caches: [{ address: '127.0.0.1', port, tls, retry: 1 }] } };
    const host = new Host({ transport: new NodeTransport(), clock: new SystemClock(), secrets: readSecret });
    const made = new VirtualRouter(config, { host });
    const changes: CacheChange[] = [];
    made.on('cache-change', (change) => changes.push(change));
    cleanup.push(() => made.stop());
    return { router: made, config, changes };
  }

  async function until(what: string, condition: () => boolean): Promise<void> {
    for (let tries = 0; !condition() && tries < 2000; tries++) await pause(10);
    expect([what, condition()]).toEqual([what, true]);
  }

  /** Why the first connection comes to nothing. */
  async function refusal(port: number, tls: CacheTls): Promise<string> {
    const made = router(port, tls);
    await made.router.start();
    await until('the cache is down', () => made.changes.some(({ to }) => to === 'down'));
    expect(made.router.caches()).toMatchObject([{ tls: true, used: false, vrps: 0 }]);
    return made.changes.find(({ to }) => to === 'down')?.reason ?? '';
  }

  test('is heard once it is verified, and sees the certificate of the router', async () => {
    const own = authority.issue('the router', 'IP:127.0.0.1');
    process.env.VIRTUAL_ROUTER_TEST_KEY = own.key;
    cleanup.push(() => delete process.env.VIRTUAL_ROUTER_TEST_KEY);
    const it = await cache(server, { requestCert: true, rejectUnauthorized: true, ca: authority.certificate });
    const identity = { certificate: { file: own.certificateFile }, key: { env: 'VIRTUAL_ROUTER_TEST_KEY' } };
    const made = router(it.port, trusting(identity));
    await made.router.start();
    await until('the data is here', () => made.router.caches()[0]?.state === 'in-sync');
    expect(made.router.caches()).toMatchObject([{ name: `127.0.0.1 port ${it.port}`, tls: true, used: true, vrps: 1 }]);
    expect(it.clients.map((socket) => socket.getPeerCertificate().subject.CN)).toEqual(['the router']);
    expect(JSON.stringify(made.router.configuration())).not.toContain('PRIVATE KEY');
  });

  test('takes another certificate for the next connection, and the one that is there stays', async () => {
    const own = ['one', 'two'].map((name) => authority.issue(name, 'IP:127.0.0.1'));
    const [one, two] = own as [Issued, Issued];
    process.env.VIRTUAL_ROUTER_TEST_KEY = one.key;
    process.env.VIRTUAL_ROUTER_TEST_CERTIFICATE = one.certificate;
    cleanup.push(() => {
      delete process.env.VIRTUAL_ROUTER_TEST_KEY;
      delete process.env.VIRTUAL_ROUTER_TEST_CERTIFICATE;
    });
    const it = await cache(server, { requestCert: true, rejectUnauthorized: true, ca: authority.certificate });
    const identity = { certificate: { env: 'VIRTUAL_ROUTER_TEST_CERTIFICATE' }, key: { env: 'VIRTUAL_ROUTER_TEST_KEY' } };
    const made = router(it.port, trusting(identity));
    await made.router.start();
    await until('the data is here', () => made.router.caches()[0]?.state === 'in-sync');
    // A key that is not the certificate's changes nothing.
    process.env.VIRTUAL_ROUTER_TEST_CERTIFICATE = two.certificate;
    expect(() => made.router.reconfigure(made.config)).toThrow(/^rpki\.caches\[0\]\.tls: expected a certificate and its key/);
    process.env.VIRTUAL_ROUTER_TEST_KEY = two.key;
    expect(made.router.reconfigure(made.config).applied).toEqual([]);
    expect([made.router.caches()[0]?.state, it.clients.length]).toEqual(['in-sync', 1]);
    it.clients[0]?.destroy();
    await until('it is connected again', () => it.clients.length === 2 && made.router.caches()[0]?.state === 'in-sync');
    expect(it.clients[1]?.getPeerCertificate().subject.CN).toBe('two');
  });

  test.each([
    ['signed by a stranger', () => stranger.issue(NAME, `DNS:${NAME}`), /^TLS: the server's certificate is not trusted: /],
    [
      'for another name',
      () => authority.issue(NAME, 'DNS:other.test'),
      /^TLS: the server's certificate is not one of rpki\.test: .*other\.test/,
    ],
    [
      'with its name as common name only',
      () => authority.issue(NAME, undefined),
      /^TLS: the server's certificate is not one of rpki\.test: /,
    ],
    [
      'with an address of the name',
      () => authority.issue(NAME, 'IP:127.0.0.1'),
      /^TLS: the server's certificate is not one of rpki\.test: /,
    ],
    ['that has expired', () => authority.issue(NAME, `DNS:${NAME}`, -1), /^TLS: the server's certificate is not trusted: .*expired/],
  ])('is not asked anything with a certificate %s, whatever the environment says', async (_what, issued, reason) => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    cleanup.push(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED);
    const it = await cache(issued());
    expect(await refusal(it.port, trusting())).toMatch(reason);
    expect(it.asked()).toBe(0);
  });

  test.each([
    ['none', () => undefined, /^TLS: .*certificate/],
    // Node's own server goes without an alert.
    ['a stranger’s', () => stranger.issue('the router', 'IP:127.0.0.1'), /^the cache closed the connection$/],
  ])('that wants a certificate of the router is told apart, where that has %s', async (_what, issued, reason) => {
    const own = issued();
    const it = await cache(server, { requestCert: true, rejectUnauthorized: true, ca: authority.certificate });
    const identity = own ? { certificate: own.certificate, key: own.key } : {};
    expect(await refusal(it.port, trusting(identity))).toMatch(reason);
    expect(it.asked()).toBe(0);
  });

  test.each([
    ['says something', said({ type: 'error-report', code: 4, pdu: new Uint8Array(0), text: 'no such version' })],
    ['says nothing', undefined],
  ])('is not talked to in plain where its port has no TLS and it %s', async (_what, words) => {
    const heard: Buffer[] = [];
    const plain = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes) => {
        heard.push(bytes);
        if (words) socket.write(words);
        else socket.end();
      });
    });
    expect(await refusal(await listening(plain), trusting())).toMatch(/^TLS: /);
    // A handshake record (RFC 8446 §5.1), and nothing else.
    expect(heard.map((bytes) => bytes[0])).toEqual([22]);
  });

  test('that says nothing at all is given up when the session says so, and that is the end of it', async () => {
    let ended = 0;
    const silent = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('close', () => ended++);
      socket.resume();
    });
    let arrived = 0;
    silent.on('connection', () => arrived++);
    const remote = { address: '127.0.0.1', port: await listening(silent) };
    const told: string[] = [];
    const events = { connected: () => told.push('connected'), failed: (reason: string) => told.push(reason) };
    const dialler = new NodeTransport().tls({ serverName: NAME, ca: authority.certificate });
    const giveUp = dialler.dial({ remote }, events);
    await until('it is connected', () => arrived === 1);
    giveUp();
    await until('it is over', () => ended === 1);
    expect(told).toEqual([]);
    // What no socket of TLS can have is not left out.
    dialler.dial({ remote, security: { hops: 1 } }, events);
    await until('it is told', () => told.length > 0);
    expect([told, arrived]).toEqual([['a connection with TLS takes no password, tcpAo or ttlSecurity'], 1]);
  });

  test('that does not listen is told as over TCP', async () => {
    expect(await refusal(CLOSED_PORT, trusting())).toMatch(/^connect ECONNREFUSED/);
  });

  test.each([
    ['ca', () => ({ ca: 'nothing that is PEM' }), 'rpki.caches[0].tls.ca: expected certificates in PEM, found none'],
    [
      'ca',
      () => ({ ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }),
      /^rpki\.caches\[0\]\.tls\.ca: expected certificates in PEM, and one cannot be read: /,
    ],
    ['ca', () => ({ ca: { file: '/no/such/file' } }), 'rpki.caches[0].tls.ca: cannot read /no/such/file: no such file or directory'],
    [
      'certificate',
      () => ({ certificate: server.key, key: server.key }),
      /^rpki\.caches\[0\]\.tls\.certificate: expected certificates in PEM, found none$/,
    ],
    [
      'key',
      () => ({ certificate: server.certificate, key: 'hush' }),
      /^rpki\.caches\[0\]\.tls\.key: expected a private key in PEM without a passphrase: (?!.*hush)/,
    ],
    [
      'key',
      () => ({ certificate: server.certificate, key: stranger.issue('x', undefined).key }),
      /^rpki\.caches\[0\]\.tls: expected a certificate and its key: /,
    ],
  ])('a %s that is of no use is said before anything starts: %#', (_field, wrong, message) => {
    let error: unknown;
    try {
      router(323, trusting(wrong()));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toMatch(message);
  });
});
