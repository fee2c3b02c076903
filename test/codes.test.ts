/** What a program can match on, error codes and events: each is in the README, and each error code can be reached. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  BgpSpeaker,
  Host,
  ManualClock,
  MemoryTransport,
  type NetworkEvents,
  NodePorts,
  openCapture,
  RawOspfLinks,
  type RouterConfig,
  type RouterEvents,
  readSecret,
  type UsageErrorCode,
  VirtualNetwork,
  VirtualRouter,
} from '../src/index.js';
import { defaultContext, encodeMessage } from '../src/wire.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const section = (title: string): string => README.slice(README.indexOf(`\n## ${title}\n`)).split('\n## ')[1] ?? '';

const network = () => new VirtualNetwork({ ranges: ['10.0.0.0/8'], nodes: [{ name: 'a' }] }, { clock: new ManualClock() });
const memory = () => {
  const clock = new ManualClock();
  return { clock, host: new Host({ transport: new MemoryTransport(clock), clock }) };
};
const config = (name: string): RouterConfig => ({
  name,
  as: 65000,
  routerId: '10.0.0.1',
  listen: [{ address: '10.0.0.1' }],
  network: { nodes: [{ name: 'a', addresses: ['10.0.0.2'] }] },
  neighbours: [{ address: '10.0.0.2', as: 65001, passive: true }],
});
const speaker = (as: number): BgpSpeaker => {
  const clock = new ManualClock();
  const neighbour = { address: '10.0.0.1' };
  return new BgpSpeaker(
    { as, routerId: '10.0.0.2', localAddress: '10.0.0.2', neighbour },
    { transport: new MemoryTransport(clock), clock },
  );
};

/** What other files are about. */
const ELSEWHERE = {
  CONFIG_INVALID: 'router/schema.test.ts',
  COMMUNITY_INVALID: 'bgp/wire/communities.test.ts',
  MESSAGE_TOO_LONG: 'bgp/wire/messages.test.ts',
  PORT_IN_USE: 'router/sessions.test.ts',
  ADDRESS_UNAVAILABLE: 'io/ports.test.ts',
  BFD_UNAVAILABLE: 'router/bfd.test.ts',
  CONTROL_REFUSED: 'cli/why.test.ts',
  SECURITY_UNAVAILABLE: 'router/secrets.test.ts',
} as const;

/** How a program comes by each of the others. */
const WAYS: Readonly<Record<Exclude<UsageErrorCode, keyof typeof ELSEWHERE>, () => unknown>> = {
  ADDRESS_INVALID: () => network().lookup('10.0.0.300'),
  PREFIX_INVALID: () => network().claim({ node: 'a', prefix: '10.0.0.1/24' }),
  ASN_INVALID: () =>
    encodeMessage({ type: 'open', version: 4, asn: 70_000, holdTime: 90, routerId: '10.0.0.1', capabilities: [] }, defaultContext),
  VALUE_INVALID: () => encodeMessage({ type: 'notification', code: 256, subcode: 0, data: new Uint8Array() }, defaultContext),
  NAME_UNKNOWN: () => network().claim({ node: 'nobody', prefix: '10.0.0.1/32' }),
  NAME_TAKEN: () => network().addNode({ name: 'a' }),
  // Where the C library can be had, the interface that there is not; elsewhere a TAP port, which is Linux's.
  DEVICE_UNAVAILABLE: () =>
    process.platform === 'linux'
      ? new RawOspfLinks().open('no-such-link', 2, { received: () => {}, changed: () => {} })
      : new NodePorts().open({ name: 'p', type: 'tap', device: 'tap0' }),
  LISTENER_SHARED: async () => {
    const { host } = memory();
    await new VirtualRouter(config('one'), { host }).start();
    await new VirtualRouter(config('two'), { host }).start();
  },
  NOT_RUNNING: () => speaker(65001).refresh('ipv4-unicast'),
  CLOSED: async () => {
    const closed = network();
    await closed.close();
    closed.claim({ node: 'a', prefix: '10.0.0.1/32' });
  },
  NATIVE_MISSING: async () => {
    const platform = Object.getOwnPropertyDescriptor(process, 'platform') ?? {};
    // The library is loaded once: a copy of the module has not.
    const copy: string = '../src/io/libc.js?elsewhere';
    const { libc } = (await import(/* @vite-ignore */ copy)) as typeof import('../src/io/libc.js');
    Object.defineProperty(process, 'platform', { ...platform, value: 'sunos' });
    try {
      await libc('this test');
    } finally {
      Object.defineProperty(process, 'platform', platform);
    }
  },
  FILE_UNREADABLE: () => openCapture('/no/such/file'),
  SECRET_UNAVAILABLE: () => readSecret({ env: 'VIRTUAL_ROUTER_NO_SUCH_VARIABLE' }),
};

describe('error codes', () => {
  // Without koffi nothing is known of Linux's interfaces.
  const native = process.platform !== 'linux' || ['x64', 'arm64'].includes(process.arch);
  for (const [code, way] of Object.entries(WAYS))
    test.skipIf(code === 'DEVICE_UNAVAILABLE' && !native)(code, async () => {
      await expect((async () => await way())()).rejects.toMatchObject({
        name: 'UsageError',
        code,
        message: expect.stringMatching(/^\S.* .*\S$/),
      });
    });

  test('a lease that is over cannot be renewed', () => {
    const lease = network().claim({ node: 'a', prefix: '10.0.0.1/32' });
    lease.release();
    expect(() => lease.renew()).toThrow(expect.objectContaining({ code: 'CLOSED' }));
  });

  test('those of other files are tested there', () => {
    for (const [code, file] of Object.entries(ELSEWHERE))
      expect(readFileSync(new URL(file, import.meta.url), 'utf8'), file).toContain(code);
  });

  test('all are in the README, and no others', () => {
    const listed =
      section('Error codes')
        .match(/`[A-Z]+_?[A-Z_]*`/g)
        ?.map((code) => code.slice(1, -1)) ?? [];
    expect(listed.sort()).toEqual([...Object.keys(WAYS), ...Object.keys(ELSEWHERE)].sort());
  });
});

/** The compiler holds these to the types. */
const OF_NETWORK: Readonly<Record<keyof NetworkEvents, true>> = {
  'mapping-change': true,
  'claim-rejected': true,
  'grant-change': true,
  'node-change': true,
  'table-failure': true,
  'guard-change': true,
  'restore-change': true,
  'snapshot-failure': true,
  'listener-error': true,
};
const OF_ROUTER: Readonly<Record<Exclude<keyof RouterEvents, keyof NetworkEvents>, true>> = {
  'session-change': true,
  'restart-change': true,
  'session-refused': true,
  'limit-reached': true,
  'segment-refused': true,
  'capture-failure': true,
  'message-malformed': true,
  'bfd-change': true,
  'bfd-failure': true,
  'bfd-stall': true,
  'ospf-change': true,
  'ospf-problem': true,
  'cache-change': true,
  listening: true,
};

test('all events are in the README, and no others, each with what emits it', () => {
  const rows = [...section('Events').matchAll(/^\| `([a-z-]+)` \| ([a-z, ]+) \| \S/gm)].map(([, event, of]) => `${event}: ${of}`);
  const wanted = [
    ...Object.keys(OF_NETWORK).map((event) => `${event}: network, router`),
    ...Object.keys(OF_ROUTER).map((event) => `${event}: router`),
  ];
  expect(rows.sort()).toEqual(wanted.sort());
});
