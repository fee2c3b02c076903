/** Secrets are in nothing that a router says of itself: logs, events, states, metrics, errors, or what a debugger prints of it. */
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.js';
import type { Logger } from '../../src/lib/logger.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import { seeded } from '../../src/lib/random.js';
import { MemoryOspfLinks, OspfSegment } from '../../src/ospf/memory-links.js';
import type { RouterConfig } from '../../src/router/config.js';
import type { RouterEvents } from '../../src/router/events.js';
import { Host } from '../../src/router/host.js';
import { renderPrometheus } from '../../src/router/prometheus.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';
import { memoryCable } from '../../src/stack/index.js';
import { floodsOf } from '../stack/floods.js';
import { Guest } from '../stack/guest.js';

/** Each secret, under the name that the configuration has for it. */
const SECRETS: Readonly<Record<string, string>> = {
  MD5: 'hush-md5',
  AO: 'hush-tcp-ao',
  BFD: 'hush-bfd',
  TLS: 'hush-tls',
};
/** OSPF takes its keys as texts. */
const OSPF_KEY = 'hush-ospf';
const EVENTS: readonly (keyof RouterEvents)[] = [
  'session-change',
  'session-refused',
  'segment-refused',
  'limit-reached',
  'bfd-change',
  'bfd-failure',
  'ospf-change',
  'ospf-problem',
  'cache-change',
  'mapping-change',
  'claim-rejected',
  'listener-error',
];

const config: RouterConfig = {
  as: 65000,
  routerId: '10.0.0.1',
  interfaces: [{ subnet: 'one', addresses: ['10.0.1.1'] }],
  ports: [
    { name: 'pa', type: 'memory' },
    { name: 'pb', type: 'memory' },
  ],
  network: {
    subnets: [{ name: 'one', prefix: '10.0.1.0/24' }],
    nodes: [
      { name: 'a', addresses: ['10.0.1.10'], location: 'pa' },
      { name: 'b', addresses: ['10.0.1.11'], location: 'pb' },
    ],
  },
  neighbours: [
    {
      address: '10.0.1.10',
      as: 65001,
      password: { env: 'MD5' },
      bfd: { authentication: { type: 'meticulous-sha1', keys: [{ id: 1, secret: { env: 'BFD' } }] } },
    },
    { address: '10.0.1.11', as: 65002, tcpAo: [{ sendId: 1, secret: { env: 'AO' } }] },
  ],
  ospf: [
    {
      interfaces: [
        {
          device: 'lan',
          type: 'broadcast',
          authentication: { type: 'cryptographic', keys: [{ id: 1, secret: OSPF_KEY }] },
        },
      ],
    },
  ],
  rpki: { caches: [{ address: '192.0.2.1', tls: { serverName: 'rpki.test', ca: 'PEM', certificate: 'PEM', key: { env: 'TLS' } } }] },
};

test('while sessions fail for want of them, and afterwards', async () => {
  const clock = new ManualClock(1_000_000);
  const said: unknown[] = [];
  const log = (...parts: unknown[]): void => void said.push(parts);
  const logger: Logger = { trace: log, debug: log, info: log, warn: log, error: log };
  const transport = Object.assign(new MemoryTransport(clock), { tls: () => ({ dial: () => () => {} }) });
  const segment = new OspfSegment(clock);
  const addresses = [{ bytes: Uint8Array.of(10, 0, 9, 1), length: 24 }];
  const [ca, pa] = memoryCable();
  const [, pb] = memoryCable();
  const host = new Host({
    transport,
    clock,
    random: seeded(1),
    ospf: new MemoryOspfLinks({ lan: { segment, addresses } }),
    secrets: (place) => ('env' in place ? (SECRETS[place.env] ?? '') : ''),
  });
  const router = new VirtualRouter(config, { host, logger, ports: { pa, pb } });
  for (const event of EVENTS) router.on(event, (told: unknown) => said.push([event, told]));
  await router.start();
  const a = new Guest(ca, Uint8Array.of(2, 0, 0, 0, 0, 10), Uint8Array.of(2, 0x56, 10, 0, 0, 1), '10.0.1.10');
  // Segments that are not signed, and a node that does not answer BFD.
  for (let n = 0; n < 20; n++) floodsOf(a).SYNs?.(n);
  for (let seconds = 0; seconds < 120; seconds += 10) clock.advance(10_000);
  expect(said.flat()).toContain('segment-refused');
  const shown = [
    inspect(said, { depth: null }),
    inspect([router.neighbours(), router.caches(), router.ospf(), router.links(), router.metrics()], { depth: null }),
    renderPrometheus(router.metrics()),
    inspect(router, { depth: null, showHidden: true }),
    // What was given in place of a secret comes back as it was given.
    JSON.stringify({ ...router.configuration(), ospf: undefined }),
  ];
  const octets = [...Object.values(SECRETS), OSPF_KEY].map((secret) => [...new TextEncoder().encode(secret)].join(', '));
  for (const text of shown) {
    expect(text.length).toBeGreaterThan(1);
    expect(text).not.toContain('hush');
    // An array of octets may be printed in columns.
    const plain = text.replace(/\s+/g, ' ');
    for (const digits of octets) expect(plain).not.toContain(digits);
  }
  await router.stop();
});
