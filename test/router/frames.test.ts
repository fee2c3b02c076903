import { describe, expect, test } from 'vitest';
import { BgpSpeaker, Host, ManualClock, MemoryTransport, memoryCable, seeded, VirtualRouter } from '../../src/core.js';
import { parseAddress } from '../../src/lib/address.js';
import type { ConnectionSecurity } from '../../src/lib/transport.js';
import type { NeighbourConfig, RouterConfig } from '../../src/router/config.js';
import { parseMac } from '../../src/stack/interface.js';
import type { Port } from '../../src/stack/port.js';
import { writeArp } from '../../src/stack/wire/arp.js';
import { EtherType } from '../../src/stack/wire/codes.js';
import { writeEthernet } from '../../src/stack/wire/ethernet.js';
import { GuestStack } from '../support/guest-stack.js';

const text = (secret: string) => Uint8Array.from(secret, (character) => character.charCodeAt(0));

/** Two guests on cables, and a router between them. */
async function lab(neighbours: readonly NeighbourConfig[], keys: Readonly<Record<string, ConnectionSecurity>> = {}) {
  const clock = new ManualClock(1_000_000);
  const host = new Host({ clock, transport: new MemoryTransport(clock), random: seeded(3) });
  const cables = { pa: memoryCable(), pb: memoryCable(), pc: memoryCable() };
  const config: RouterConfig = {
    as: 65000,
    routerId: '10.0.0.1',
    interfaces: [
      { subnet: 'four', addresses: ['10.0.1.1'] },
      { subnet: 'six', addresses: ['2001:db8::1'] },
    ],
    ports: [
      { name: 'pa', type: 'memory' },
      { name: 'pb', type: 'memory' },
      { name: 'pc', type: 'memory' },
    ],
    neighbours,
    network: {
      ranges: ['10.0.0.0/16', '2001:db8::/32'],
      subnets: [
        { name: 'four', prefix: '10.0.1.0/24' },
        { name: 'six', prefix: '2001:db8::/64' },
      ],
      nodes: [
        { name: 'a', addresses: ['10.0.1.10', '2001:db8::a'], location: 'pa' },
        { name: 'b', addresses: ['10.0.1.11', '2001:db8::b'], location: 'pb' },
      ],
      grants: [
        { node: 'a', prefix: '10.0.1.100/32', preference: 400 },
        { node: 'b', prefix: '10.0.1.100/32', preference: 500 },
        { node: 'a', prefix: '2001:db8::100/128' },
      ],
    },
  };
  const router = new VirtualRouter(config, { host, ports: { pa: cables.pa[0], pb: cables.pb[0], pc: cables.pc[0] } });
  const log: string[] = [];
  router.on('mapping-change', ({ changes }) => {
    for (const { prefix, after } of changes)
      log.push(`${prefix} -> ${after?.map(({ node }: { node?: string }) => node).join() ?? 'nobody'}`);
  });
  router.on('session-refused', ({ address, reason }) => log.push(`${address} ${reason}`));
  router.on('segment-refused', ({ address, node, reason }) => log.push(`${address} of ${node} ${reason}`));
  const start = router.start();
  clock.settle();
  await start;
  const guest = (name: 'a' | 'b') => {
    const security = keys[name];
    return new GuestStack(clock, cables[`p${name}`][1], {
      mac: `02:00:00:00:00:0${name}`,
      addresses: [`10.0.1.1${name === 'a' ? 0 : 1}`, `2001:db8::${name}`],
      prefixes: ['10.0.1.0/24', '2001:db8::/64'],
      router: ['10.0.1.1', '2001:db8::1'],
      ...(security ? { security } : {}),
    });
  };
  const guests = { a: guest('a'), b: guest('b') };
  const speaker = (name: 'a' | 'b', neighbour = '10.0.1.1', listen?: number) =>
    new BgpSpeaker(
      {
        as: name === 'a' ? 65001 : 65002,
        routerId: name === 'a' ? '10.0.1.10' : '10.0.1.11',
        neighbour: { address: neighbour },
        localAddress: neighbour.includes(':') ? `2001:db8::${name}` : `10.0.1.1${name === 'a' ? 0 : 1}`,
        ...(listen === undefined ? {} : { listen }),
      },
      { transport: guests[name].transport, clock, random: seeded(5) },
    );
  const pass = async (time: number) => {
    for (let i = 0; i < 20; i++) {
      clock.advance(time / 20);
      await Promise.resolve();
    }
  };
  return { clock, router, guests, speaker, log, pass, cables };
}

const both: readonly NeighbourConfig[] = [
  { address: '10.0.1.10', as: 65001 },
  { address: '10.0.1.11', as: 65002 },
];

describe('BGP over frames', () => {
  test('guests dial the router at port 179, and an address moves between their ports and back', async () => {
    const { router, speaker, pass, log } = await lab(both.map((one) => ({ ...one, passive: true })));
    const a = speaker('a');
    const b = speaker('b');
    a.start();
    b.start();
    await pass(3000);
    expect(router.neighbours().map(({ state }) => state)).toEqual(['established', 'established']);
    a.announce('10.0.1.100/32');
    await pass(500);
    b.announce('10.0.1.100/32');
    await pass(500);
    await Promise.all([b.kill(), pass(500)]);
    expect(log).toEqual(['10.0.1.100/32 -> a', '10.0.1.100/32 -> b', '10.0.1.100/32 -> a']);
    await Promise.all([router.stop(), pass(5000)]);
  });

  test.each(['10.0.1.1', '2001:db8::1'])('the router dials out of %s', async (own) => {
    const six = own.includes(':');
    const { router, speaker, pass, log } = await lab([{ address: six ? '2001:db8::a' : '10.0.1.10', as: 65001 }]);
    const a = speaker('a', own, 179);
    a.start();
    await pass(40_000);
    expect(router.neighbours()[0]?.state).toBe('established');
    a.announce(six ? '2001:db8::100/128' : '10.0.1.100/32');
    await pass(500);
    expect(log).toEqual([six ? '2001:db8::100/128 -> a' : '10.0.1.100/32 -> a']);
    await Promise.all([router.stop(), pass(5000)]);
  });

  test('a guest that moves to another port keeps its sessions and what it holds, and others lose nothing', async () => {
    const { router, guests, speaker, pass, log, cables } = await lab(both.map((one) => ({ ...one, passive: true, export: 'claims' })));
    const a = speaker('a');
    const b = speaker('b');
    a.start();
    b.start();
    await pass(3000);
    a.announce('10.0.1.100/32');
    await pass(2000);
    const sessions = () => router.neighbours().map(({ state, establishedAt, flaps }) => [state, establishedAt, flaps]);
    const standing = sessions();
    const path = () => b.route('10.0.1.100/32')?.attributes;
    const before = path();
    expect(before).toBeDefined();
    let lost = 0;
    b.on('routes', () => {
      if (!path()) lost++;
    });
    guests.a.stack.detach('eth0');
    guests.a.stack.attach('eth0', cables.pc[1]);
    router.network.changeNode({ name: 'a', addresses: ['10.0.1.10', '2001:db8::a'], location: 'pc' });
    await pass(200_000);
    expect(sessions()).toEqual(standing);
    expect([lost, path()]).toEqual([0, before]);
    expect(router.lookup('10.0.1.100')).toEqual([{ type: 'node', node: 'a', location: 'pc' }]);
    // It speaks over the new port, and what it left has nobody.
    a.withdraw('10.0.1.100/32');
    await pass(500);
    expect(log.at(-1)).toBe('10.0.1.100/32 -> nobody');
    expect(router.links().map(({ port, node }) => [port, node])).toEqual([
      ['pa', undefined],
      ['pb', 'b'],
      ['pc', 'a'],
    ]);
    await Promise.all([router.stop(), pass(5000)]);
  });

  test('who a session is, is told by the port, within a range too', async () => {
    const { router, speaker, pass, log } = await lab([{ address: '10.0.1.0/24', as: 'any', node: 'b' }]);
    const a = speaker('a');
    const b = speaker('b');
    a.start();
    b.start();
    await pass(3000);
    expect(router.neighbours().map(({ node, state }) => [node, state])).toEqual([['b', 'established']]);
    expect(log).toContain('10.0.1.10 unknown-node');
    await a.stop();
    await Promise.all([router.stop(), pass(5000)]);
  });

  test.each<[string, ConnectionSecurity | undefined, ConnectionSecurity | undefined, string]>([
    ['md5-mismatch', { md5: text('right') }, { md5: text('wrong') }, 'md5-mismatch'],
    ['md5-missing', { md5: text('right') }, undefined, 'md5-missing'],
    ['ao-mismatch', undefined, undefined, 'ao-mismatch'],
  ])('a wrong key is said: %s', async (_name, right, wrong, reason) => {
    const ao = (secret: string): ConnectionSecurity => ({
      ao: [{ sendId: 1, receiveId: 1, secret: text(secret), algorithm: 'hmac-sha-1-96', coverOptions: true }],
    });
    const neighbours = both.map((one) => ({
      ...one,
      passive: true,
      ...(right ? { password: 'right' } : { tcpAo: [{ sendId: 1, secret: 'right' }] }),
    }));
    const bad = right ? wrong : ao('wrong');
    const { router, speaker, pass, log } = await lab(neighbours, { a: right ?? ao('right'), ...(bad ? { b: bad } : {}) });
    const a = speaker('a');
    const b = speaker('b');
    a.start();
    b.start();
    await pass(3000);
    expect(router.neighbours().map(({ state }) => state)).toEqual(['established', 'active']);
    expect(log[0]).toBe(`10.0.1.11 of b ${reason}`);
    const dropped = router.links().map((link) => [link.node, (link.dropped.unauthenticated ?? 0) > 0]);
    expect(Object.fromEntries(dropped)).toMatchObject({ a: false, b: true });
    await Promise.all([router.stop(), pass(5000)]);
    await b.stop();
  });
});

describe('ports come and go while the router runs', () => {
  const late = (clock: ManualClock, port: Port, name: string, address: string) => {
    const guest = new GuestStack(clock, port, {
      mac: '02:00:00:00:00:0d',
      addresses: [address],
      prefixes: ['10.0.1.0/24'],
      router: ['10.0.1.1'],
    });
    const { transport } = guest;
    return new BgpSpeaker(
      {
        as: 65003,
        routerId: address,
        neighbour: { address: '10.0.1.1' },
        localAddress: address,
        ...(name === 'waits' ? { listen: 179 } : {}),
      },
      { transport, clock, random: seeded(7) },
    );
  };

  test('a guest at a new port speaks BGP and gets an address; when its port goes, so does what it claims, by BGP and by ARP', async () => {
    const { clock, router, pass, log } = await lab([{ address: '10.0.1.0/24', as: 65003, passive: true }]);
    const [near, far] = memoryCable();
    await Promise.all([router.addPort({ name: 'pd', type: 'memory' }, near), pass(1)]);
    router.network.addNode({ name: 'd', addresses: ['10.0.1.13'], location: 'pd' });
    router.grant({ node: 'd', prefix: '10.0.1.96/28', le: 32 });
    expect(router.links().find(({ port }) => port === 'pd')?.node).toBe('d');
    expect(router.configuration().ports?.map(({ name }) => name)).toEqual(['pa', 'pb', 'pc', 'pd']);
    const d = late(clock, far, 'dials', '10.0.1.13');
    d.start();
    await pass(3000);
    d.announce('10.0.1.101/32');
    await pass(500);
    expect(log).toContain('10.0.1.101/32 -> d');
    // It announces another by ARP; nobody else has that.
    const arp = new Uint8Array(42);
    writeEthernet(arp, 0, new Uint8Array(6).fill(0xff), parseMac('02:00:00:00:00:0d'), EtherType.arp);
    writeArp(arp, 14, 1, parseMac('02:00:00:00:00:0d'), parseAddress('10.0.1.102'), new Uint8Array(6), parseAddress('10.0.1.102'));
    far.send(arp, 0, arp.length);
    await pass(100);
    expect(log).toContain('10.0.1.102/32 -> d');
    await Promise.all([router.removePort('pd'), pass(1)]);
    expect(router.links().map(({ port }) => port)).toEqual(['pa', 'pb', 'pc']);
    await pass(100);
    expect(log.slice(-2).sort()).toEqual(['10.0.1.101/32 -> nobody', '10.0.1.102/32 -> nobody']);
    await Promise.all([router.stop(), pass(5000)]);
  });

  test('a neighbour whose node is nowhere yet is dialled once its port is there', async () => {
    const { clock, router, pass } = await lab([]);
    router.network.addNode({ name: 'd', addresses: ['10.0.1.13'], location: 'pd' });
    router.reconfigure({ ...router.configuration(), neighbours: [{ address: '10.0.1.13', as: 65003 }] });
    await pass(1000);
    const [near, far] = memoryCable();
    const d = late(clock, far, 'waits', '10.0.1.13');
    d.start();
    await Promise.all([router.addPort({ name: 'pd', type: 'memory' }, near), pass(1)]);
    await pass(20_000);
    expect(router.neighbours().map(({ state }) => state)).toEqual(['established']);
    await Promise.all([router.stop(), pass(5000)]);
  });

  test('a port is changed, though a rule names it; who is there has its session anew; one that cannot be had leaves it as it was', async () => {
    const { clock, router, pass } = await lab([{ address: '10.0.1.0/24', as: 65003, passive: true }]);
    const [[first, gone], [second, far]] = [memoryCable(), memoryCable()];
    router.network.addNode({ name: 'd', addresses: ['10.0.1.13'], location: 'pd' });
    await Promise.all([router.addPort({ name: 'pd', type: 'memory' }, first), pass(1)]);
    router.reconfigure({ ...router.configuration(), access: [{ action: 'permit', direction: 'in', at: ['pd'] }] });
    const established = (): string[] =>
      router
        .neighbours()
        .filter(({ state }) => state === 'established')
        .map(({ node }) => node);
    const before = late(clock, gone, 'dials', '10.0.1.13');
    before.start();
    await pass(5000);
    expect(established()).toContain('d');
    const failed = router.changePort({ name: 'pd', type: 'memory' }).catch((error: unknown) => error);
    await pass(5000);
    expect(await failed).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(router.links().map(({ port }) => port)).toContain('pd');
    await Promise.all([router.changePort({ name: 'pd', type: 'memory' }, second), pass(1)]);
    expect(established()).not.toContain('d');
    const after = late(clock, far, 'dials', '10.0.1.13');
    after.start();
    await pass(5000);
    expect(established()).toContain('d');
    await Promise.all([router.stop(), pass(5000)]);
  });

  test('what cannot be is said, and nothing has changed then', async () => {
    const { router, pass } = await lab([]);
    const refused = async (wrong: Promise<void>): Promise<unknown> => {
      const outcome = wrong.catch((error: unknown) => error);
      await pass(1);
      return outcome;
    };
    expect(await refused(router.addPort({ name: 'pa', type: 'memory' }, memoryCable()[0]))).toMatchObject({ path: ['ports', 3, 'name'] });
    expect(await refused(router.addPort({ name: 'pd', type: 'memory' }))).toMatchObject({ code: 'CONFIG_INVALID', path: ['ports', 3] });
    expect(await refused(router.addPort({ name: 'pd', type: 'tap', device: 'tap0' }))).toMatchObject({ path: ['ports', 3, 'type'] });
    expect(await refused(router.addPort({ name: 'pd', type: 'vxlan' }))).toMatchObject({ path: ['ports', 3, 'address'] });
    expect(await refused(router.removePort('pd'))).toMatchObject({ code: 'NAME_UNKNOWN' });
    expect(await refused(router.changePort({ name: 'pd', type: 'memory' }))).toMatchObject({ code: 'NAME_UNKNOWN' });
    expect(await refused(router.changePort({ name: 'pb', type: 'vxlan' }))).toMatchObject({ path: ['ports', 1, 'address'] });
    const config = router.configuration();
    router.reconfigure({ ...config, access: [{ action: 'deny', direction: 'in', at: ['pc'] }] });
    expect(await refused(router.removePort('pc'))).toMatchObject({ code: 'CONFIG_INVALID', path: ['access', 0, 'at', 0] });
    expect(router.configuration().ports).toEqual(config.ports);
    expect(() => router.reconfigure({ ...config, ports: [] })).toThrow('addPort');
    await Promise.all([router.stop(), pass(5000)]);
  });
});
