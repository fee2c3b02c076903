import { describe, expect, test, vi } from 'vitest';
import type { Logger } from '../../src/core.js';
import { A, routerLab } from '../support/router-lab.js';

const GRANTED = ['192.0.2.1/32', '192.0.2.2/32', '192.0.2.3/32'];
const NOT_GRANTED = ['198.51.100.1/32', '198.51.100.2/32'];

const lab = (logger?: Logger) =>
  routerLab(
    [{ address: A, as: 65001, dampPeerOscillations: false }],
    {
      network: {
        nodes: [{ name: 'a', addresses: [A] }],
        grants: [{ node: 'a', prefix: '192.0.2.0/24', ge: 32, as: 'gateway' }],
      },
    },
    logger ? { logger } : {},
  );

describe('what is heard in one turn', () => {
  test('is told in one event of each kind, with all of it', async () => {
    const { router, guest, clock } = await lab();
    const a = guest(A, 65001);
    const changes: string[][] = [];
    const rejected: string[][] = [];
    router.on('mapping-change', (event) => changes.push(event.changes.map(({ prefix }) => prefix)));
    router.on('claim-rejected', (event) => rejected.push(event.claims.map(({ prefix, reason }) => `${prefix} ${reason}`)));
    a.announceAll([...GRANTED, ...NOT_GRANTED]);
    clock.settle();
    expect(changes).toEqual([GRANTED]);
    expect(rejected).toEqual([NOT_GRANTED.map((prefix) => `${prefix} not-granted`)]);
    // All that ends with a session is one change more.
    void a.kill();
    clock.settle();
    expect(changes.slice(1)).toEqual([GRANTED]);
  });
});

describe('a logger', () => {
  test('hears what the router does, in the shape of pino', async () => {
    const lines: [level: string, fields: object, message: string][] = [];
    const at = (level: string) => (fields: object, message: string) => {
      lines.push([level, fields, message]);
    };
    const logger = { trace: at('trace'), debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
    const { router, guest, say } = await lab(logger);
    expect(lines).toContainEqual(['info', { address: '10.0.0.1', port: 179 }, 'listening']);
    const error = new Error('mine');
    router.on('mapping-change', () => {
      throw error;
    });
    say(guest(A, 65001), '192.0.2.1/32');
    expect(lines).toContainEqual(['error', { event: 'mapping-change', error }, 'a listener threw']);
  });

  test('is silent unless one is given', async () => {
    const written = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')].map((spy) => spy.mockReturnValue(true));
    const said = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => vi.spyOn(console, name).mockReturnValue(undefined));
    const { router, guest, say } = await lab();
    router.on('mapping-change', () => {
      throw new Error('mine');
    });
    say(guest(A, 65001), '192.0.2.1/32');
    const calls = [...written, ...said].map((spy) => spy.mock.calls.length);
    for (const spy of [...written, ...said]) spy.mockRestore();
    expect(calls).toEqual(calls.map(() => 0));
  });
});
