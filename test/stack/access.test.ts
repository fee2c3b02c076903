import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type AccessRuleConfig,
  Host,
  ManualClock,
  MemoryTransport,
  memoryCable,
  type RouterConfig,
  seeded,
  VirtualRouter,
} from '../../src/core.js';
import { parseAddress } from '../../src/lib/address.js';
import { Guest } from './guest.js';

const ROUTER = Uint8Array.of(2, 0x56, 10, 0, 0, 1);
const config: RouterConfig = {
  as: 65000,
  routerId: '10.0.0.1',
  interfaces: [
    { subnet: 'one', addresses: ['10.0.1.1'] },
    { subnet: 'two', addresses: ['10.0.2.1'] },
    { subnet: 'six', addresses: ['2001:db8::1'] },
  ],
  ports: ['pa', 'pb'].map((name) => ({ name, type: 'memory' })),
  network: {
    subnets: [
      { name: 'one', prefix: '10.0.1.0/24' },
      { name: 'two', prefix: '10.0.2.0/24' },
      { name: 'six', prefix: '2001:db8::/64' },
    ],
    nodes: [
      { name: 'a', addresses: ['10.0.1.10', '2001:db8::a'], location: 'pa' },
      { name: 'b', addresses: ['10.0.2.11', '2001:db8::b'], location: 'pb' },
    ],
  },
};

let router: VirtualRouter;
let a: Guest;
let b: Guest;
beforeEach(async () => {
  const clock = new ManualClock(1_000_000);
  const [ca, pa] = memoryCable();
  const [cb, pb] = memoryCable();
  const host = new Host({ transport: new MemoryTransport(clock), clock, random: seeded(1) });
  router = new VirtualRouter(config, { host, ports: { pa, pb } });
  await router.start();
  a = new Guest(ca, Uint8Array.of(2, 0, 0, 0, 0, 10), ROUTER, '10.0.1.10', '2001:db8::a');
  b = new Guest(cb, Uint8Array.of(2, 0, 0, 0, 0, 11), ROUTER, '10.0.2.11', '2001:db8::b');
});
afterEach(() => router.stop());

const rules = (...access: AccessRuleConfig[]) => void router.reconfigure({ ...config, access });
const segment = (from: number, to: number): Uint8Array => Uint8Array.of(from >> 8, from, to >> 8, to, ...new Uint8Array(16));
const tcp = (to: number, more: object = {}) => a.ipv4('10.0.1.10', '10.0.2.11', { protocol: 6, payload: segment(4000, to), ...more });
const denied = (): number | undefined => router.links()[0]?.dropped['access-denied'];

describe('access rules', () => {
  test('deny by source, destination, protocol and ports, the first that fits deciding', () => {
    rules(
      { action: 'permit', direction: 'in', protocol: 'tcp', destination: '10.0.2.0/24', destinationPorts: [80, '8000-8099'] },
      { action: 'deny', direction: 'in', source: '10.0.1.0/24' },
    );
    for (const port of [80, 8000, 8099, 81, 7999, 8100]) tcp(port);
    a.ipv4('10.0.1.10', '10.0.2.11', { payload: segment(1, 80) });
    expect(b.take().length).toBe(3);
    // The others are told: administratively prohibited.
    expect([denied(), a.take()]).toEqual([4, Array(4).fill('1/3/13 from 10.0.1.1 ttl 64')]);
    b.ipv4('10.0.2.11', '10.0.1.10');
    expect(a.take().length).toBe(1);
  });

  test('are for the ports that they name, in the direction that they name', () => {
    rules({ action: 'deny', direction: 'out', at: ['pb'], sourcePorts: ['4000'] });
    tcp(80);
    b.ipv4('10.0.2.11', '10.0.1.10', { protocol: 6, payload: segment(4000, 80) });
    expect([b.take().length, a.take().map((what) => what.slice(0, 6))]).toEqual([0, ['1/3/13', '6 from']]);
    rules({ action: 'deny', direction: 'in', at: ['pb'] });
    tcp(80);
    b.ipv4('10.0.2.11', '10.0.1.10');
    expect([b.take().map((what) => what.slice(0, 6)), a.take()]).toEqual([['6 from', '1/3/13'], []]);
  });

  test('on what comes in hold for packets to the router too', () => {
    rules({ action: 'deny', direction: 'in', protocol: 'icmp', destination: '10.0.1.1/32' });
    a.echo('10.0.1.10', '10.0.1.1');
    a.echo('10.0.1.10', '10.0.2.1');
    expect(a.take()).toEqual(['1/3/13 from 10.0.1.1 ttl 64', '1/0/0 from 10.0.2.1 ttl 64']);
  });

  test('hold for IPv6, behind extension headers as well', () => {
    rules({ action: 'deny', direction: 'in', destination: '2001:db8::b/128', protocol: 'udp', destinationPorts: [53] });
    const [from, to] = [parseAddress('2001:db8::a'), parseAddress('2001:db8::b')];
    a.ipv6(from, to, 17, segment(1, 53));
    a.ipv6(from, to, 60, Uint8Array.of(17, 0, 1, 4, 0, 0, 0, 0, ...segment(1, 53)));
    a.ipv6(from, to, 17, segment(1, 54));
    expect([b.take(), denied(), a.take()]).toEqual([['6:17 hops 64'], 2, Array(2).fill('6:58/1/1 hops 64')]);
  });

  test('deny an IPv6 packet in which they find no upper layer, wherever a rule would have had to see it', () => {
    rules({ action: 'deny', direction: 'in', protocol: 'tcp', destinationPorts: [22] });
    const [from, to] = [parseAddress('2001:db8::a'), parseAddress('2001:db8::b')];
    const options = (next: number) => [next, 0, 1, 4, 0, 0, 0, 0];
    const many = Array.from({ length: 9 }, (_, i) => options(i < 8 ? 60 : 6)).flat();
    a.ipv6(from, to, 60, Uint8Array.of(...many, ...segment(1, 22)));
    // The first part ends within a header; what it is about comes in the next.
    a.ipv6(from, to, 44, Uint8Array.of(60, 0, 0, 1, 0, 0, 0, 1, 6, 2, 1, 20, ...new Uint8Array(12)));
    expect([b.take(), denied()]).toEqual([[], 2]);
    rules({ action: 'deny', direction: 'in', destination: '2001:db8::c/128', protocol: 'tcp', destinationPorts: [22] });
    a.ipv6(from, to, 60, Uint8Array.of(...many, ...segment(1, 22)));
    expect(b.take()).toEqual(['6:60 hops 64']);
  });

  test('take the later parts of a packet by what they have, and deny a first part without its ports', () => {
    rules({ action: 'deny', direction: 'in', protocol: 'tcp', destinationPorts: [22] });
    tcp(22, { fragment: 0x2000 });
    tcp(0, { fragment: 3 });
    a.ipv4('10.0.1.10', '10.0.2.11', { protocol: 6, payload: new Uint8Array(2), fragment: 0x2000 });
    expect([b.take().length, denied()]).toEqual([1, 2]);
    rules({ action: 'permit', direction: 'in', protocol: 'tcp', destinationPorts: [22] }, { action: 'deny', direction: 'in' });
    tcp(0, { fragment: 3 });
    expect(b.take().length).toBe(1);
  });

  test('that make no sense are refused with their place', () => {
    const wrong = (rule: object) => {
      try {
        router.reconfigure({ ...config, access: [{ action: 'deny', direction: 'in', ...rule }] });
      } catch (error) {
        return (error as Error).message;
      }
      return undefined;
    };
    expect(wrong({ at: ['pz'] })).toMatch(/access\[0\]\.at\[0\].*expected the name of a port/);
    expect(wrong({ destinationPorts: ['90-80'] })).toMatch(/access\[0\]\.destinationPorts\[0\].*expected a port, or a range/);
    expect(wrong({ protocol: 'icmp', sourcePorts: [1] })).toMatch(/access\[0\]\.sourcePorts.*has no ports/);
    expect(wrong({ source: '10.0.0.0/8', destination: '::/0' })).toMatch(/access\[0\]\.destination.*same family/);
  });
});
