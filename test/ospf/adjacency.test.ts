import { describe, expect, test } from 'vitest';
import { decodePacket, Option } from '../../src/ospf/wire/index.js';
import { Lab, type LabRouter } from './support/lab.js';

function pair(options: ConstructorParameters<typeof Lab>[0] = {}, second: Parameters<LabRouter['attach']>[2] = {}) {
  const lab = new Lab(options);
  const wire = lab.wire();
  const [a, b] = [lab.router(1), lab.router(2)];
  a.attach(wire, options.version === 3 ? '2001:db8:0:1::1/64' : '10.0.1.1/24');
  b.attach(wire, options.version === 3 ? '2001:db8:0:1::2/64' : '10.0.1.2/24', second);
  return { lab, wire, a, b };
}
const problems = (router: LabRouter): string[] => router.events.flatMap((event) => (event.type === 'problem' ? [event.problem] : []));
const moves = (router: LabRouter): string[] =>
  router.events.flatMap((event) => (event.type === 'neighbourChanged' ? [`${event.to}${event.reason ? ` (${event.reason})` : ''}`] : []));

describe.each([2, 3] as const)('OSPFv%i: two routers', (version) => {
  test.each(['point-to-point', 'broadcast', 'point-to-multipoint'] as const)('become fully adjacent on a %s link', (type) => {
    const { lab, a, b } = pair({ version, interface: { type } });
    lab.until(() => a.states()[0] === 'full' && b.states()[0] === 'full');
    lab.advance(10_000);
    expect(a.databases()).toEqual(b.databases());
    expect(moves(a).slice(-3)).toEqual(['exchange', 'loading', 'full'].slice(-moves(a).slice(-3).length));
    expect(problems(a)).toEqual([]);
  });

  test('reach the addresses of those that they hear, and of those behind them, where not all hear each other', () => {
    const lab = new Lab({ version, interface: { type: 'point-to-multipoint' } });
    const wires = [lab.wire(), lab.wire()];
    const host = (place: number): string => (version === 2 ? `10.0.1.${place}` : `2001:db8:0:1::${place}`);
    const routers = [1, 2, 3].map((id) => lab.router(id));
    for (const [i, router] of routers.entries())
      for (const [j, wire] of wires.entries()) if (i === j || i === j + 1) router.attach(wire, `${host(i + 1)}/${version === 2 ? 24 : 64}`);
    lab.advance(60_000);
    const length = version === 2 ? 32 : 128;
    expect(routers[0]?.table()).toEqual({
      [`${host(1)}/${length}`]: 'intra 0',
      [`${host(2)}/${length}`]: 'intra 10 via 2',
      [`${host(3)}/${length}`]: 'intra 20 via 2',
    });
  });

  test('reach what the other is connected to', () => {
    const { lab, a, b } = pair({ version });
    b.attach(lab.wire(), version === 2 ? '10.9.0.1/16' : '2001:db8:9::1/48', { passive: true, cost: 3, name: 'stub' });
    lab.advance(20_000);
    expect(a.table()[version === 2 ? '10.9.0.0/16' : '2001:db8:9::/48']).toBe('intra 13 via 2');
  });

  test('lose each other when the link falls silent, and what was reached there', () => {
    const { lab, wire, a, b } = pair({ version });
    b.attach(lab.wire(), version === 2 ? '10.9.0.1/16' : '2001:db8:9::1/48', { passive: true, name: 'stub' });
    lab.advance(20_000);
    wire.up = false;
    lab.advance(45_000);
    expect(moves(a).at(-1)).toBe('down (inactivity)');
    expect(Object.keys(a.table())).toEqual([version === 2 ? '10.0.1.0/24' : '2001:db8:0:1::/64']);
  });

  test('that disagree say why', () => {
    const cases = [
      [{ helloInterval: 5000 }, 'hello-interval-mismatch'],
      [{ deadInterval: 20_000 }, 'dead-interval-mismatch'],
      [{ mtu: 9000 }, 'mtu-mismatch'],
    ] as const;
    for (const [second, problem] of cases) {
      const { lab, a } = pair({ version }, second);
      lab.advance(60_000);
      expect(problems(a), problem).toContain(problem);
      expect(a.states()[0], problem).not.toBe('full');
      // Once, not with every packet.
      expect(problems(a).filter((one) => one === problem)).toHaveLength(1);
    }
  });
});

test('that we take opaque LSAs is said in Database Descriptions and in no other packet (RFC 5250 §3.1)', () => {
  const { lab, wire, a } = pair();
  const said = new Map<string, Set<boolean>>();
  wire.tap = (bytes, source, destination) => {
    const read = decodePacket(bytes, 2, { authentication: { type: 'null' }, source, destination, now: lab.now });
    if (!('packet' in read)) return;
    const { body } = read.packet;
    const options =
      'options' in body ? [body.options] : body.type === 'link-state-update' ? body.lsas.map(({ header }) => header.options) : [];
    for (const one of options) said.set(body.type, (said.get(body.type) ?? new Set()).add((one & Option.o) !== 0));
  };
  lab.until(() => a.states()[0] === 'full');
  lab.advance(10_000);
  expect(Object.fromEntries([...said].map(([type, bits]) => [type, [...bits]]))).toEqual({
    hello: [false],
    'database-description': [true],
    'link-state-update': [false],
  });
});
