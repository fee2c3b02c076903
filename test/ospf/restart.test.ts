import { describe, expect, test } from 'vitest';
import { encodeLsa, encodePacket, LsTypeV2, LsTypeV3, OpaqueType, type OspfKey, type PacketBody } from '../../src/ospf/wire/index.js';
import { Lab, type LabRouter } from './support/lab.js';

/** `1 - 2 - 3`; 2 is the one that restarts, and is played by the test when it does. */
function chain(version: 2 | 3) {
  const lab = new Lab({ version });
  const routers = [lab.router(1), lab.router(2), lab.router(3)] as const;
  const wires = [lab.wire(), lab.wire()] as const;
  const address = (i: number, place: number): string => (version === 2 ? `10.0.${i}.${place}/24` : `2001:db8:0:${i}::${place}/64`);
  routers[0].attach(wires[0], address(0, 1));
  routers[1].attach(wires[0], address(0, 2));
  routers[1].attach(wires[1], address(1, 1));
  routers[2].attach(wires[1], address(1, 2));
  routers[2].attach(lab.wire(), version === 2 ? '10.9.0.1/16' : '2001:db8:9::1/48', { name: 'own', passive: true, cost: 1 });
  lab.advance(30_000);
  return { lab, routers, wires };
}

function grace(router: LabRouter, age: number, period = 60): void {
  const { version } = router.options;
  const one = router.machine.interfaces.get('e0');
  const [neighbour] = one?.neighbours.values() ?? [];
  if (!one || !neighbour) throw new Error('nobody is there');
  const head = {
    lsType: version === 2 ? LsTypeV2.opaqueLink : LsTypeV3.grace,
    id: version === 2 ? OpaqueType.grace << 24 : 1,
    advertisingRouter: neighbour.routerId,
    age,
    options: 0x42,
    sequence: age === 0 ? 1 : 2,
  };
  const lsa = encodeLsa(head, { type: 'grace', period, reason: 'software-restart', address: undefined }, router.machine.dialect.context);
  const body: PacketBody = { type: 'link-state-update', lsas: [lsa] };
  const destination = router.machine.dialect.allRouters;
  const context = { authentication: { type: 'null' }, source: neighbour.address, destination, now: router.lab.now } as const;
  const bytes = encodePacket({ version, routerId: neighbour.routerId, area: 0, instance: 0, body }, context);
  router.handle({ type: 'packet', interface: 'e0', source: neighbour.address, destination, bytes });
}

describe.each([2, 3] as const)('OSPFv%i: a neighbour that restarts gracefully', (version) => {
  const far = version === 2 ? '10.9.0.0/16' : '2001:db8:9::/48';

  test('is held for up although it is silent, and given up when its time is over', () => {
    const { lab, routers, wires } = chain(version);
    const [a] = routers;
    grace(a, 0);
    wires[0].up = false;
    lab.advance(50_000);
    expect(a.states()).toEqual(['down']);
    expect(a.table()[far]).toBe('intra 21 via 2');
    lab.advance(15_000);
    expect(a.neighbours()).toEqual([]);
    expect(a.table()[far]).toBeUndefined();
  });

  test('comes back within its time as if it had never been away', () => {
    const { lab, routers, wires } = chain(version);
    const [a] = routers;
    const lost: (string | undefined)[] = [];
    grace(a, 0);
    wires[0].up = false;
    lab.advance(45_000);
    lost.push(a.table()[far]);
    wires[0].up = true;
    lab.advance(30_000);
    lost.push(a.table()[far]);
    expect(lost).toEqual(['intra 21 via 2', 'intra 21 via 2']);
    expect(a.states()).toEqual(['full']);
    expect(a.neighbours()[0]?.graceUntil).toBeUndefined();
  });

  test('that asked for nothing is given up after the dead interval, and one that takes its word back too', () => {
    const { lab, routers, wires } = chain(version);
    const [a] = routers;
    wires[0].up = false;
    lab.advance(45_000);
    expect(a.table()[far]).toBeUndefined();
    const other = chain(version);
    grace(other.routers[0], 0);
    other.lab.advance(2000);
    grace(other.routers[0], 3600);
    other.wires[0].up = false;
    other.lab.advance(45_000);
    expect(other.routers[0].table()[far]).toBeUndefined();
  });
});

describe('authentication', () => {
  const key = (id: number, secret: string): OspfKey => ({ id, hash: 'hmac-sha-256', secret: new TextEncoder().encode(secret) });
  const pair = (version: 2 | 3, mine: readonly OspfKey[], theirs: readonly OspfKey[]) => {
    const lab = new Lab({ version });
    const wire = lab.wire();
    const [a, b] = [lab.router(1), lab.router(2)];
    a.attach(wire, version === 2 ? '10.0.0.1/24' : '2001:db8::1/64', { authentication: { type: 'cryptographic', keys: mine } });
    b.attach(wire, version === 2 ? '10.0.0.2/24' : '2001:db8::2/64', { authentication: { type: 'cryptographic', keys: theirs } });
    lab.advance(30_000);
    return { a, b, problems: a.events.flatMap((event) => (event.type === 'problem' ? [event.problem] : [])) };
  };

  test.each([2, 3] as const)('OSPFv%i: with the same key they are adjacent, with another they are not, and it is said why', (version) => {
    expect(pair(version, [key(1, 'one')], [key(1, 'one')]).a.states()).toEqual(['full']);
    const other = pair(version, [key(1, 'one')], [key(1, 'two')]);
    expect(other.a.neighbours()).toEqual([]);
    expect(other.problems).toEqual(['authentication-failed']);
    expect(pair(version, [key(1, 'one')], [key(2, 'one')]).problems).toEqual(['authentication-key']);
  });
});

describe.each([2, 3] as const)('OSPFv%i: sequence numbers of authentication', (version) => {
  const key: OspfKey = { id: 1, hash: 'hmac-sha-256', secret: new TextEncoder().encode('a secret') };
  const authentication = { type: 'cryptographic', keys: [key], extended: true } as const;
  /** A router whose neighbour is played by the test. */
  const scene = () => {
    const lab = new Lab({ version });
    const a = lab.router(1);
    a.attach(lab.wire(), version === 2 ? '10.0.0.1/24' : '2001:db8::1/64', { authentication });
    const source = version === 2 ? Uint8Array.of(10, 0, 0, 2) : Uint8Array.of(0xfe, 0x80, ...new Uint8Array(13), 2);
    const destination = a.machine.dialect.allRouters;
    const say = (body: PacketBody, sequence: bigint): void => {
      const context = { authentication, source, destination, now: lab.now };
      const bytes = encodePacket({ version, routerId: 2, area: 0, instance: 0, body }, context, sequence);
      a.handle({ type: 'packet', interface: 'e0', source, destination, bytes });
    };
    const hello = (helloInterval = 10): PacketBody => ({
      type: 'hello',
      mask: 0xffff_ff00,
      interfaceId: 1,
      options: version === 2 ? 2 : 0x13,
      helloInterval,
      deadInterval: 40,
      priority: 0,
      designatedRouter: 0,
      backupDesignatedRouter: 0,
      neighbours: [1],
    });
    const replays = (): number => a.machine.interfaces.get('e0')?.counters.problems.get('authentication-replay') ?? 0;
    return { lab, a, say, hello, replays };
  };

  test('are each type of packet its own, for Hellos may overtake others', () => {
    const { a, say, hello, replays } = scene();
    const description = (sequence: number): PacketBody => ({
      type: 'database-description',
      mtu: 1500,
      options: version === 2 ? 0x42 : 0x13,
      init: true,
      more: true,
      master: true,
      sequence,
      headers: [],
    });
    say(hello(), 10n);
    say(hello(), 12n);
    say(description(7), 11n);
    expect(replays()).toBe(0);
    expect(a.states()).toEqual(['exchange']);
    say(hello(), 12n);
    say(description(7), 11n);
    expect(replays()).toBe(2);
  });

  test('go with the neighbour, also with one that was held for up in vain, and are none of who is no neighbour', () => {
    const { lab, a, say, hello, replays } = scene();
    say(hello(5), 100n);
    expect(a.neighbours()).toEqual([]);
    say(hello(), 1n);
    expect(replays()).toBe(0);
    const [neighbour] = a.neighbours();
    if (!neighbour) throw new Error('it is no neighbour');
    neighbour.graceUntil = lab.now + 60_000;
    a.machine.timers.start(a.machine.timerOf('grace', neighbour), neighbour.graceUntil);
    say(hello(), 100n);
    lab.advance(50_000);
    expect(a.states()).toEqual(['down']);
    lab.advance(20_000);
    expect(a.neighbours()).toEqual([]);
    say(hello(), 2n);
    expect(replays()).toBe(0);
    expect(a.neighbours()).toHaveLength(1);
  });
});

test('an OSPFv3 instance for IPv4 carries IPv4 prefixes (RFC 5838)', () => {
  const lab = new Lab({ version: 3, instance: { family: 'ipv4' }, interface: { instance: 64 } });
  const wire = lab.wire();
  const [a, b] = [lab.router(1), lab.router(2)];
  a.attach(wire, '10.0.0.1/24', { nextHop: Uint8Array.of(10, 0, 0, 1) });
  b.attach(wire, '10.0.0.2/24', { nextHop: Uint8Array.of(10, 0, 0, 2) });
  b.attach(lab.wire(), '10.9.0.1/16', { name: 'own', passive: true, cost: 1 });
  lab.advance(40_000);
  expect(a.table()['10.9.0.0/16']).toBe('intra 11 via 2');
});
