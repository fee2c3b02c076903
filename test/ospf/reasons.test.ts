/** Every reason for which a neighbour does not come up is told, and told once. */
import { expect, test } from 'vitest';
import type { OspfProblem } from '../../src/ospf/events.js';
import type { InterfaceOptions } from '../../src/ospf/options.js';
import { Lab, type LabRouter } from './support/lab.js';

interface Case {
  readonly problem: OspfProblem;
  readonly version?: 2 | 3;
  readonly both?: Partial<InterfaceOptions>;
  readonly second?: Partial<InterfaceOptions>;
  readonly id?: number;
  readonly area?: number;
  readonly address?: string;
}

const password = (text: string): Partial<InterfaceOptions> => ({
  authentication: { type: 'simple', password: new TextEncoder().encode(text) },
});
const cases: readonly Case[] = [
  { problem: 'hello-interval-mismatch', second: { helloInterval: 5000 } },
  { problem: 'dead-interval-mismatch', second: { deadInterval: 30_000 } },
  { problem: 'mask-mismatch', both: { type: 'broadcast' }, second: { maskLength: 25 } },
  { problem: 'source-off-link', both: { type: 'broadcast' }, address: '10.7.0.2/24' },
  { problem: 'area-mismatch', area: 1 },
  { problem: 'own-router-id', id: 1 },
  { problem: 'router-id-zero', id: 0 },
  { problem: 'mtu-mismatch', second: { mtu: 9000 } },
  { problem: 'authentication-type', second: password('secret') },
  { problem: 'authentication-failed', both: password('one'), second: password('two') },
  { problem: 'version', version: 3 },
  { problem: 'neighbour-limit', both: { neighbourLimit: 0 } },
];

test.each(cases)('$problem', ({ problem, version = 2, both = {}, second = {}, id = 2, area = 0, address = '10.0.0.2/24' }) => {
  const lab = new Lab({ version: 2 });
  const wire = lab.wire();
  const a = lab.router(1);
  const b = lab.router(id, [{ id: area }], version === 3 ? { version: 3, family: 'ipv6' } : {});
  a.attach(wire, '10.0.0.1/24', both);
  b.attach(wire, version === 3 ? '2001:db8::2/64' : address, { ...both, ...second, area });
  lab.advance(60_000);
  const told = a.events.flatMap((event) => (event.type === 'problem' ? [event.problem] : []));
  expect(told).toEqual([problem]);
  expect(a.machine.interfaces.get('e0')?.counters.problems.get(problem)).toBeGreaterThan(1);
  expect(a.states()).not.toContain('full');
});

test.each([2, 3] as const)(
  'OSPFv%d: two routers of one router id on a link are told of, and one whose address changes is not',
  (version) => {
    const lab = new Lab({ version, interface: { type: 'broadcast' } });
    const wire = lab.wire();
    const a = lab.router(1);
    a.attach(wire, version === 2 ? '10.0.0.1/24' : '2001:db8::1/64');
    const told = (): string[] => a.events.flatMap((event) => (event.type === 'problem' ? [event.problem] : []));
    const put = (place: number): LabRouter => {
      const router = lab.router(2);
      // OSPFv3 has link-local addresses made of the number of the interface.
      for (let i = 0; i < place; i++)
        router.attach(lab.wire(), `${version === 2 ? '10.9.0' : '2001:db8:9:'}${version === 2 ? '.' : ':'}${i + 1}`, { passive: true });
      router.attach(wire, version === 2 ? `10.0.0.${place}/24` : `2001:db8::${place}/64`, { name: 'lan' });
      return router;
    };
    const first = put(2);
    lab.advance(60_000);
    first.handle({ type: 'interfaceDown', interface: 'lan' });
    // In OSPFv2 a neighbour is an address, and the former one has to be over.
    if (version === 2) lab.advance(60_000);
    put(3);
    lab.advance(20_000);
    expect(told()).toEqual([]);
    first.handle({ type: 'interfaceUp', interface: 'lan' });
    lab.advance(60_000);
    expect(told()).toContain('duplicate-router-id');
  },
);

const KINDS = ['point-to-point', 'point-to-multipoint', 'broadcast'] as const;
const pairs = KINDS.flatMap((ours) => KINDS.map((theirs) => [ours, theirs] as const));
// In a point-to-multipoint network either end lists point-to-point links, as OSPF knows no others between two routers.
const mismatched = (ours: string, theirs: string): boolean => (ours === 'broadcast') !== (theirs === 'broadcast');

test.each([2, 3].flatMap((version) => pairs.map(([ours, theirs]) => [version as 2 | 3, ours, theirs] as const)))(
  'OSPFv%d: what is %s here and %s there has routes, or a problem that says why not',
  (version, ours, theirs) => {
    const lab = new Lab({ version });
    const wire = lab.wire();
    const a = lab.router(1);
    const b = lab.router(2);
    const c = lab.router(3);
    a.attach(wire, version === 2 ? '10.0.0.1/24' : '2001:db8:0::1/64', { type: ours });
    b.attach(wire, version === 2 ? '10.0.0.2/24' : '2001:db8:0::2/64', { type: theirs });
    // Behind it, a link of the right kind changes nothing.
    const behind = lab.wire();
    b.attach(behind, version === 2 ? '10.0.1.2/24' : '2001:db8:1::2/64', { type: 'broadcast' });
    c.attach(behind, version === 2 ? '10.0.1.3/24' : '2001:db8:1::3/64', { type: 'broadcast' });
    lab.advance(120_000);
    expect(a.states()).toEqual(['full']);
    const problems = [a, b, c].map((one) => one.events.flatMap((event) => (event.type === 'problem' ? [event.problem] : [])));
    const told = mismatched(ours, theirs) ? ['network-type-mismatch'] : [];
    expect(problems).toEqual([told, told, []]);
    expect(version === 2 ? '10.0.1.0/24' in a.table() : '2001:db8:1::/64' in a.table()).toBe(!mismatched(ours, theirs));
  },
);

test.each(['broadcast', 'point-to-point'] as const)(
  'an unnumbered end that is point-to-point is told of where the other end is %s, and only there',
  (theirs) => {
    const lab = new Lab({ version: 2 });
    const a = lab.router(1);
    const b = lab.router(2);
    // Three links of the two: one that is numbered, one unnumbered at both ends, and one of which the ends may differ.
    const links = [
      ['10.0.1.1/24', '10.0.1.2/24', 'point-to-point'],
      ['10.0.0.1/32', '10.0.0.2/32', 'point-to-point'],
      ['10.0.0.3/32', '10.0.0.4/32', theirs],
    ] as const;
    for (const [ours, other, type] of links) {
      const wire = lab.wire();
      b.attach(wire, other, { type: 'point-to-point' });
      a.attach(wire, ours, { type });
    }
    lab.advance(120_000);
    expect(a.states()).toEqual(['full', 'full', 'full']);
    const told = [a, b].map((one) =>
      one.events.flatMap((event) => (event.type === 'problem' ? [`${event.interface} ${event.problem}`] : [])),
    );
    const problem = theirs === 'broadcast' ? ['e2 network-type-mismatch'] : [];
    expect(told).toEqual([problem, problem]);
  },
);

test('a neighbour that takes the link for another kind again is told of again, and not before', () => {
  const lab = new Lab({ version: 2 });
  const wire = lab.wire();
  const a = lab.router(1);
  const b = lab.router(2);
  a.attach(wire, '10.0.0.1/24', { type: 'point-to-point' });
  const name = b.attach(wire, '10.0.0.2/24', { type: 'broadcast' });
  const told = (): number => a.events.filter((event) => event.type === 'problem' && event.problem === 'network-type-mismatch').length;
  const become = (type: 'broadcast' | 'point-to-point'): void => {
    b.handle({ type: 'interfaceRemoved', interface: name });
    wire.ends.pop();
    b.attach(wire, '10.0.0.2/24', { name, type });
    lab.advance(120_000);
    expect(a.states()).toEqual(['full']);
  };
  lab.advance(120_000);
  expect(told()).toBe(1);
  become('point-to-point');
  expect(told()).toBe(1);
  expect(a.table()['10.0.0.0/24']).toBeDefined();
  become('broadcast');
  expect(told()).toBe(2);
});
