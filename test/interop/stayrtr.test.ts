/** Our client and StayRTR, over sockets of a namespace of their own. Skipped where `stayrtr` is not installed (Debian: stayrtr). */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CacheStatus, RouterConfig } from '../../src/index.js';
import { Authority, opensslHere } from '../support/authority.js';
import { bird } from './support/bird.js';
import { daemonsPresent } from './support/daemons.js';
import { Lab, type LabNode, type Running } from './support/lab.js';
import { type RunningRouter, startRouter } from './support/router.js';

const runs = daemonsPresent().present.includes(bird) && spawnSync('stayrtr', ['-version']).error === undefined;

interface Roa {
  readonly prefix: string;
  readonly maxLength: number;
  readonly asn: number;
}

describe.skipIf(!runs)('StayRTR', () => {
  let lab: Lab;
  let ours: LabNode;
  let guest: LabNode;
  let cacheNode: LabNode;
  let serial = 0;

  beforeEach(async () => {
    lab = await Lab.create();
    ours = await lab.node('router');
    guest = await lab.node('guest');
    cacheNode = await lab.node('cache');
  });
  afterEach(() => lab.dispose());

  const write = (roas: readonly Roa[], more: object = {}): void =>
    writeFileSync(
      join(cacheNode.directory, 'rpki.json'),
      JSON.stringify({ metadata: { buildtime: new Date(Date.now() + ++serial).toISOString() }, roas, ...more }),
    );

  /** `protocol` is the highest version that it speaks. */
  function stayrtr(protocol: number, ...more: string[]): Running {
    const file = join(cacheNode.directory, 'rpki.json');
    const options = ['-bind', ':3323', '-cache', file, '-checktime=false', '-protocol', `${protocol}`, '-metrics.addr', '127.0.0.1:0'];
    return lab.spawn(cacheNode, 'stayrtr', [...options, '-loglevel', 'debug', '-refresh', '3600', ...more], { name: 'stayrtr' });
  }

  const config = (version: 0 | 1 | 2): RouterConfig => ({
    as: 65000,
    routerId: '10.77.0.1',
    listen: [{ address: ours.ipv4, port: 179 }],
    network: {
      nodes: [{ name: 'guest', addresses: [guest.ipv4] }],
      grants: [{ node: 'guest', prefix: '0.0.0.0/0', le: 32, as: 'gateway' }],
    },
    neighbours: [{ address: guest.ipv4, as: 65001, passive: true }],
    rpki: { caches: [{ address: cacheNode.ipv4, port: 3323, version, retry: 1, refresh: 3600 }] },
  });

  const cacheOf = async (router: RunningRouter): Promise<CacheStatus> => {
    const [status] = await router.caches();
    if (!status) throw new Error('no cache');
    return status;
  };

  test('gives us what it has, and a route is judged again, in place, when that changes', async () => {
    write([
      { prefix: '203.0.113.0/24', maxLength: 32, asn: 65001 },
      { prefix: '2001:db8::/32', maxLength: 48, asn: 65001 },
    ]);
    const cache = stayrtr(1);
    const router = await startRouter(lab, ours, config(1));
    await bird.start(lab, guest, {
      as: 65001,
      routerId: '1.1.1.1',
      neighbours: [{ address: ours.ipv4, as: 65000, passive: false, families: ['ipv4-unicast'] }],
      announce: [{ prefix: '203.0.113.1/32' }],
    });
    await lab.waitFor('the data is here', async () => (await cacheOf(router)).vrps === 2);
    expect(await cacheOf(router)).toMatchObject({ state: 'in-sync', version: 1, used: true });
    const verdict = async (): Promise<string | undefined> => (await router.claims()).find(({ source }) => source === 'bgp')?.verdict;
    await lab.waitFor('the route is valid', async () => (await verdict()) === 'accepted');
    const before = await router.neighbour(guest.ipv4);
    write([{ prefix: '203.0.113.0/24', maxLength: 24, asn: 65001 }]);
    process.kill(-cache.pid, 'SIGHUP');
    await lab.waitFor('the route is invalid', async () => (await verdict()) === 'rpki-invalid');
    expect(await cacheOf(router)).toMatchObject({ state: 'in-sync', vrps: 1 });
    expect((await router.neighbour(guest.ipv4)).flaps).toBe(before.flaps);
    // It goes and comes back: another session, all anew.
    await cache.kill('SIGKILL');
    await lab.waitFor('the cache is gone', async () => (await cacheOf(router)).state !== 'in-sync');
    expect(await verdict()).toBe('rpki-invalid');
    write([{ prefix: '203.0.113.0/24', maxLength: 32, asn: 65001 }]);
    stayrtr(1);
    await lab.waitFor('the route is valid again', async () => (await verdict()) === 'accepted');
  });

  test.skipIf(!opensslHere)('is heard over TLS, by the name of its certificate and no other', async () => {
    const authority = new Authority('the authority');
    try {
      write([{ prefix: '203.0.113.0/24', maxLength: 32, asn: 65001 }]);
      const { certificateFile, keyFile } = authority.issue('the cache', 'DNS:rpki.test');
      stayrtr(1, '-tls.bind', ':324', '-tls.cert', certificateFile, '-tls.key', keyFile);
      const over = (serverName: string, port?: number): RouterConfig => ({
        ...config(1),
        rpki: {
          caches: [
            {
              address: cacheNode.ipv4,
              ...(port === undefined ? {} : { port }),
              tls: { serverName, ca: { file: authority.certificateFile } },
              retry: 1,
            },
          ],
        },
      });
      const router = await startRouter(lab, ours, over('rpki.test'));
      await lab.waitFor('the data is here', async () => (await cacheOf(router)).vrps === 1);
      expect(await cacheOf(router)).toMatchObject({ name: `${cacheNode.ipv4} port 324`, tls: true, state: 'in-sync', used: true });
      const refusedAs = async (next: RouterConfig, reason: RegExp): Promise<void> => {
        await router.reconfigure(next);
        await lab.waitFor('it is refused', async () => reason.test((await cacheOf(router)).lastDown ?? ''));
        expect(await cacheOf(router)).toMatchObject({ used: false, vrps: 0 });
      };
      await refusedAs(over('other.test'), /not one of other\.test: .*rpki\.test/);
      // Its port without TLS: nothing is asked there in plain.
      await refusedAs(over('rpki.test', 3323), /^TLS: /);
    } finally {
      authority.dispose();
    }
  });

  test('speaks version 0 where that is all it has', async () => {
    write([{ prefix: '203.0.113.0/24', maxLength: 32, asn: 65001 }]);
    stayrtr(0);
    const router = await startRouter(lab, ours, config(1));
    await lab.waitFor('the data is here', async () => (await cacheOf(router)).vrps === 1);
    expect(await cacheOf(router)).toMatchObject({ state: 'in-sync', version: 0 });
  });

  test('is told that its form of ASPAs is an older draft’s', async () => {
    write([{ prefix: '203.0.113.0/24', maxLength: 32, asn: 65001 }], {
      provider_authorizations: { ipv4: [{ customer_asid: 65001, providers: [65010, 65020] }], ipv6: [] },
    });
    stayrtr(2);
    const router = await startRouter(lab, ours, config(2));
    const status = await lab.waitFor('it is refused', async () => {
      const found = await cacheOf(router);
      return found.lastDown?.includes('older draft') && found;
    });
    expect(status).toMatchObject({ used: false, vrps: 0 });
  });
});
