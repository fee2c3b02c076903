import { describe, expect, test } from 'vitest';
import { parsePrefix } from '../../src/lib/prefix.js';
import type { AreaOptions } from '../../src/ospf/options.js';
import { Lab, type LabRouter } from './support/lab.js';

/** Addresses of either version, by a number of the link and one of the place on it. */
const at = (version: 2 | 3, link: number, place: number): string =>
  version === 2 ? `10.0.${link}.${place}/24` : `2001:db8:0:${link}::${place}/64`;
const net = (version: 2 | 3, link: number): string => (version === 2 ? `10.0.${link}.0/24` : `2001:db8:0:${link}::/64`);
const outside = (version: 2 | 3, number: number): string => (version === 2 ? `192.0.${number}.0/24` : `2001:db8:ff${number}::/48`);
const anywhere = (version: 2 | 3): string => (version === 2 ? '0.0.0.0/0' : '::/0');

function external(router: LabRouter, text: string, metric: { value: number; type: 1 | 2; tag: number } | undefined): void {
  const { bytes, length } = parsePrefix(text);
  router.handle({ type: 'externals', changes: [{ bytes, length, metric }] });
}

/** `1 (area 0) 2 (area 1) 3`, and a second border router 4 in parallel where asked for: links are numbered 12, 23, 14, 43. */
function chain(version: 2 | 3, area: Partial<AreaOptions> = {}, parallel = false, ofBorder: Partial<AreaOptions> = {}) {
  const lab = new Lab({ version });
  const one = { id: 1, ...area };
  const first = lab.router(1, [{ id: 0 }]);
  const border = lab.router(2, [{ id: 0 }, { ...one, ...ofBorder }]);
  const last = lab.router(3, [one]);
  const join = (x: LabRouter, y: LabRouter, number: number, into: number): void => {
    const wire = lab.wire();
    x.attach(wire, at(version, number, 1), { area: into });
    y.attach(wire, at(version, number, 2), { area: into });
  };
  join(first, border, 12, 0);
  join(border, last, 23, 1);
  const other = parallel ? lab.router(4, [{ id: 0 }, one]) : undefined;
  if (other) {
    join(first, other, 14, 0);
    join(other, last, 43, 1);
  }
  first.attach(lab.wire(), at(version, 1, 1), { name: 'own', passive: true, cost: 1 });
  last.attach(lab.wire(), at(version, 3, 1), { name: 'own', passive: true, cost: 1, area: 1 });
  lab.advance(60_000);
  return { lab, first, border, last, other };
}

describe.each([2, 3] as const)('OSPFv%i', (version) => {
  test('a border router tells each area of the other', () => {
    const { first, last } = chain(version);
    expect(first.table()[net(version, 3)]).toBe('inter 21 via 2');
    expect(last.table()[net(version, 1)]).toBe('inter 21 via 2');
  });

  test('two border routers at equal cost share, and one does alone when the other is gone', () => {
    const { lab, first, last, border } = chain(version, {}, true);
    expect(first.table()[net(version, 3)]).toBe('inter 21 via 2,4');
    border.handle({ type: 'stop' });
    lab.advance(10_000);
    expect(first.table()[net(version, 3)]).toBe('inter 21 via 4');
    expect(last.table()[net(version, 1)]).toBe('inter 21 via 4');
  });

  test('externals are known through the boundary router, in another area too, and end when they are taken back', () => {
    const { lab, first, last } = chain(version);
    external(first, outside(version, 1), { value: 5, type: 1, tag: 0 });
    external(first, outside(version, 2), { value: 5, type: 2, tag: 7 });
    lab.advance(10_000);
    expect(last.table()[outside(version, 1)]).toBe('external-1 25 via 2');
    expect(last.table()[outside(version, 2)]).toBe('external-2 5+20 via 2');
    external(first, outside(version, 1), undefined);
    lab.advance(10_000);
    expect(last.table()[outside(version, 1)]).toBeUndefined();
  });

  test('of boundary routers one in an area of ours goes before one that is nearer by the backbone', () => {
    const lab = new Lab({ version });
    const [first, border, last] = [lab.router(1), lab.router(2, [{ id: 0 }, { id: 1 }]), lab.router(3, [{ id: 1 }])];
    const join = (x: LabRouter, y: LabRouter, number: number, options: { area: number; cost: number }): void => {
      const wire = lab.wire();
      x.attach(wire, at(version, number, 1), options);
      y.attach(wire, at(version, number, 2), options);
    };
    join(first, border, 12, { area: 0, cost: 10 });
    join(border, last, 23, { area: 1, cost: 500 });
    for (const type of [1, 2] as const)
      for (const router of [first, last]) external(router, outside(version, type), { value: 5, type, tag: 0 });
    lab.advance(60_000);
    expect(border.table()[outside(version, 1)]).toBe('external-1 505 via 3');
    expect(border.table()[outside(version, 2)]).toBe('external-2 5+500 via 3');
    // A better metric of type 2 goes before it.
    external(first, outside(version, 2), { value: 4, type: 2, tag: 0 });
    lab.advance(10_000);
    expect(border.table()[outside(version, 2)]).toBe('external-2 4+10 via 1');
  });

  test('a stub area has a default in place of externals, and a totally stubby one in place of summaries too', () => {
    const stub = chain(version, { type: 'stub', defaultCost: 3 });
    external(stub.first, outside(version, 1), { value: 5, type: 2, tag: 0 });
    stub.lab.advance(10_000);
    expect(stub.last.table()).toMatchObject({ [anywhere(version)]: 'inter 13 via 2', [net(version, 1)]: 'inter 21 via 2' });
    expect(stub.last.table()[outside(version, 1)]).toBeUndefined();
    const stubby = chain(version, { type: 'stub', summaries: false });
    expect(stubby.last.table()[anywhere(version)]).toBe('inter 11 via 2');
    expect(stubby.last.table()[net(version, 1)]).toBeUndefined();
  });

  test("what comes into a not-so-stubby area is told beyond it by one border router, and outside's is not let in", () => {
    const { lab, first, last, border } = chain(version, { type: 'nssa' }, true);
    external(last, outside(version, 1), { value: 5, type: 2, tag: 9 });
    external(first, outside(version, 2), { value: 5, type: 2, tag: 0 });
    lab.advance(20_000);
    expect(border.table()[outside(version, 1)]).toBe('external-2 5+10 via 3');
    expect(first.table()[outside(version, 1)]).toMatch(/^external-2 5\+2[01] via /);
    // The border router of the higher id translates (RFC 3101 §3.1).
    const translations = [...first.machine.database.all()].filter(({ advertisingRouter }) => advertisingRouter !== 1);
    expect(translations.map(({ advertisingRouter }) => advertisingRouter)).toEqual([4]);
    expect(last.table()[outside(version, 2)]).toBeUndefined();
    expect(last.table()[anywhere(version)]).toMatch(/^external-2 1\+10 via /);
    external(last, outside(version, 1), undefined);
    lab.advance(20_000);
    expect(first.table()[outside(version, 1)]).toBeUndefined();
  });

  test('what was to be told before there was a link in the area goes beyond it all the same, by whatever link is left', () => {
    const lab = new Lab({ version });
    const nssa = { id: 1, type: 'nssa' as const };
    const [first, border, last] = [lab.router(1, [{ id: 0 }]), lab.router(2, [{ id: 0 }, nssa]), lab.router(3, [nssa])];
    external(last, outside(version, 1), { value: 5, type: 2, tag: 0 });
    const join = (x: LabRouter, y: LabRouter, number: number, area: number): void => {
      const wire = lab.wire();
      x.attach(wire, at(version, number, 1), { area });
      y.attach(wire, at(version, number, 2), { area });
    };
    join(first, border, 12, 0);
    join(border, last, 23, 1);
    join(border, last, 24, 1);
    lab.advance(60_000);
    expect(first.table()[outside(version, 1)]).toBe('external-2 5+20 via 2');
    // The address that others were to send to is no more.
    last.handle({ type: 'interfaceDown', interface: 'e0' });
    border.handle({ type: 'interfaceDown', interface: 'e1' });
    lab.advance(20_000);
    expect(first.table()[outside(version, 1)]).toBe('external-2 5+20 via 2');
  });

  test('a border router tells a not-so-stubby area its default whatever defaults come and go', () => {
    const { lab, first, border, last } = chain(version, { type: 'nssa' });
    external(border, anywhere(version), { value: 5, type: 2, tag: 0 });
    lab.advance(20_000);
    expect(last.table()[anywhere(version)]).toBe('external-2 5+10 via 2');
    external(border, anywhere(version), undefined);
    lab.advance(20_000);
    expect(last.table()[anywhere(version)]).toBe('external-2 1+10 via 2');
    external(last, anywhere(version), { value: 7, type: 2, tag: 0 });
    lab.advance(20_000);
    expect(first.table()[anywhere(version)]).toBe('external-2 7+20 via 2');
    const area = border.machine.areas.get(1);
    const own = [...(area?.database.ofType(border.machine.dialect.types.nssa) ?? [])].filter((lsa) => lsa.advertisingRouter === 2);
    expect(own.map((lsa) => lsa.ended)).toEqual([false]);
  });

  test('networks in a range are told as the range, at the cost of the farthest, while there is any', () => {
    const range = version === 2 ? '10.64.0.0/10' : '2001:db8:64::/48';
    const inside = (i: number): string => (version === 2 ? `10.64.${i}.1/24` : `2001:db8:64:${i}::1/64`);
    const { lab, first, last, border } = chain(version, { ranges: [{ prefix: parsePrefix(range), advertise: true }] });
    expect(first.table()[range]).toBeUndefined();
    last.attach(lab.wire(), inside(1), { name: 'one', passive: true, cost: 1, area: 1 });
    last.attach(lab.wire(), inside(2), { name: 'two', passive: true, cost: 7, area: 1 });
    lab.advance(10_000);
    const within = (router: LabRouter): string[] =>
      Object.entries(router.table()).flatMap(([prefix, way]) => (/^(10\.64|2001:db8:64)/.test(prefix) ? [`${prefix} ${way}`] : []));
    expect(within(first)).toEqual([`${range} inter 27 via 2`]);
    // What lies in no range is told as ever, and the border router itself knows each.
    expect(first.table()[net(version, 3)]).toBe('inter 21 via 2');
    expect(within(border)).toHaveLength(2);
    last.handle({ type: 'interfaceRemoved', interface: 'two' });
    lab.advance(10_000);
    expect(within(first)).toEqual([`${range} inter 21 via 2`]);
    last.handle({ type: 'interfaceRemoved', interface: 'one' });
    lab.advance(10_000);
    expect(within(first)).toEqual([]);
  });

  test('a network that is a range itself is told once, and a range not to be told hides what lies in it', () => {
    const told = chain(version, { ranges: [{ prefix: parsePrefix(net(version, 3)), advertise: true }] });
    expect(told.first.table()[net(version, 3)]).toBe('inter 21 via 2');
    const hidden = chain(version, { ranges: [{ prefix: parsePrefix(net(version, 3)), advertise: false }] });
    expect(hidden.first.table()[net(version, 3)]).toBeUndefined();
    expect(hidden.first.table()[net(version, 23)]).toBe('inter 20 via 2');
    expect(hidden.border.table()[net(version, 3)]).toBe('intra 11 via 3');
  });

  test('a border router does not take another one for the way to its own range', () => {
    const range = version === 2 ? '10.64.0.0/10' : '2001:db8:64::/48';
    const { lab, last, border, other } = chain(version, { ranges: [{ prefix: parsePrefix(range), advertise: true }] }, true);
    last.attach(lab.wire(), version === 2 ? '10.64.1.1/24' : '2001:db8:64:1::1/64', { name: 'one', passive: true, cost: 1, area: 1 });
    lab.advance(20_000);
    expect(border.table()[range]).toBeUndefined();
    expect(other?.table()[range]).toBeUndefined();
    border.handle({ type: 'interfaceDown', interface: 'e1' });
    lab.advance(20_000);
    // It has nothing of the area left: now the other one is its way.
    expect(border.table()[range]).toBe('inter 31 via 1');
  });

  test('a border router looks at no summaries but those of the backbone, and at those of its area once it is none', () => {
    const { lab, border } = chain(version, {}, true);
    expect(border.table()[net(version, 1)]).toBe('intra 11 via 1');
    const wire = border.wires.get('e0');
    if (!wire) throw new Error('it has no link in the backbone');
    wire.up = false;
    lab.advance(60_000);
    expect(border.table()[net(version, 1)]).toBeUndefined();
    border.handle({ type: 'interfaceDown', interface: 'e0' });
    lab.advance(60_000);
    expect(border.table()[net(version, 1)]).toBe('inter 31 via 3');
    border.handle({ type: 'interfaceUp', interface: 'e0' });
    lab.advance(60_000);
    expect(border.table()[net(version, 1)]).toBeUndefined();
  });

  test('externals of a not-so-stubby area that lie in its ranges are told beyond it as these, or not at all', () => {
    const wide = version === 2 ? '198.18.0.0/15' : '2001:db8:f000::/36';
    const narrow = version === 2 ? '198.19.0.0/16' : '2001:db8:f800::/40';
    const hidden = version === 2 ? '203.0.113.0/24' : '2001:db8:e000::/36';
    const inWide = (i: number): string => (version === 2 ? `198.18.${i}.0/24` : `2001:db8:f00${i}::/48`);
    const inNarrow = version === 2 ? '198.19.1.0/24' : '2001:db8:f801::/48';
    const inHidden = version === 2 ? '203.0.113.128/25' : '2001:db8:e001::/48';
    const nssaRanges = [
      { prefix: parsePrefix(wide), advertise: true, metric: undefined, tag: 77 },
      { prefix: parsePrefix(narrow), advertise: true, metric: 1000, tag: 0 },
      { prefix: parsePrefix(hidden), advertise: false, metric: undefined, tag: 0 },
    ];
    const { lab, first, last, border } = chain(version, { type: 'nssa', nssaRanges });
    const told = (): Record<string, string> =>
      Object.fromEntries(Object.entries(first.table()).filter(([, way]) => way.startsWith('external')));
    external(last, inWide(1), { value: 5, type: 1, tag: 1 });
    external(last, inWide(2), { value: 7, type: 1, tag: 2 });
    external(last, inNarrow, { value: 9, type: 2, tag: 3 });
    external(last, inHidden, { value: 5, type: 2, tag: 4 });
    external(last, outside(version, 1), { value: 5, type: 2, tag: 5 });
    lab.advance(20_000);
    // Of type 1 it is as far as the farthest; what is in no range is told as ever.
    const plain = { [outside(version, 1)]: 'external-2 5+20 via 2' };
    expect(told()).toEqual({ ...plain, [wide]: 'external-1 27 via 2', [narrow]: 'external-2 1000+10 via 2' });
    const [range] = first.machine.routes.routes.get(parsePrefix(wide))?.paths ?? [];
    expect(range).toMatchObject({ tag: 77, forwarding: undefined });
    expect(border.table()).toMatchObject({ [inWide(1)]: 'external-1 15 via 3', [inHidden]: 'external-2 5+10 via 3' });
    // One of type 2 makes it of type 2, one more than the highest.
    external(last, inWide(3), { value: 4, type: 2, tag: 0 });
    external(last, inNarrow, undefined);
    lab.advance(20_000);
    expect(told()).toEqual({ ...plain, [wide]: 'external-2 5+10 via 2' });
    // What is the range itself, and alone in it, is told as if there were none.
    for (const i of [1, 2, 3]) external(last, inWide(i), undefined);
    external(last, wide, { value: 4, type: 2, tag: 8 });
    lab.advance(20_000);
    expect(told()).toEqual({ ...plain, [wide]: 'external-2 4+20 via 2' });
    external(last, wide, undefined);
    lab.advance(20_000);
    expect(told()).toEqual(plain);
  });

  test('a range of a not-so-stubby area is told by the border router that translates, and by the other one when that is gone', () => {
    const range = version === 2 ? '198.18.0.0/15' : '2001:db8:f000::/36';
    const inside = version === 2 ? '198.18.1.0/24' : '2001:db8:f001::/48';
    const nssaRanges = [{ prefix: parsePrefix(range), advertise: true, metric: undefined, tag: 0 }];
    const { lab, first, last, other } = chain(version, { type: 'nssa', nssaRanges }, true);
    external(last, inside, { value: 5, type: 2, tag: 1 });
    lab.advance(20_000);
    expect(first.table()[range]).toBe('external-2 6+10 via 4');
    // Reached in the area and not beyond it, nobody would hear of what it tells.
    other?.handle({ type: 'interfaceDown', interface: 'e0' });
    lab.advance(60_000);
    expect(first.table()[range]).toBe('external-2 6+10 via 2');
    expect(first.table()[inside]).toBeUndefined();
  });

  test('of border routers of a not-so-stubby area one that the others reach by the area alone translates for nobody', () => {
    const { lab, first, last, other } = chain(version, { type: 'nssa' }, true);
    external(last, outside(version, 1), { value: 5, type: 2, tag: 1 });
    const wire = other?.wires.get('e0');
    if (!wire) throw new Error('it has no link in the backbone');
    wire.up = false;
    lab.advance(60_000);
    expect(other?.machine.isBorderNow).toBe(true);
    expect(first.table()[outside(version, 1)]).toBe('external-2 5+20 via 2');
  });

  /** Who translates what comes into the area, as another router of the backbone has it. */
  const translators = ({ machine }: LabRouter): number[] =>
    [...machine.database.all()].filter(({ ended }) => !ended).map(({ advertisingRouter }) => advertisingRouter);

  test('a border router of a not-so-stubby area that always translates says so, and the others leave it to that', () => {
    const { lab, first, last, border, other } = chain(version, { type: 'nssa' }, true, { translatorRole: 'always' });
    external(last, outside(version, 1), { value: 5, type: 2, tag: 1 });
    lab.advance(20_000);
    expect(translators(first)).toEqual([2]);
    expect(first.table()[outside(version, 1)]).toMatch(/^external-2 5\+2[01] via /);
    const said = [...(last.machine.areas.get(1)?.speakers(2) ?? [])].map((lsa) => lsa.body(last.machine.dialect.context));
    expect(said).toMatchObject([{ type: 'router', areaBorder: true, nssaTranslator: true }]);
    border.handle({ type: 'stop' });
    lab.advance(60_000);
    expect(translators(first)).toEqual([4]);
    expect(other?.machine.isBorderNow).toBe(true);
  });

  test('several border routers of a not-so-stubby area may always translate', () => {
    const { lab, first, last } = chain(version, { type: 'nssa', translatorRole: 'always' }, true);
    external(last, outside(version, 1), { value: 5, type: 2, tag: 1 });
    lab.advance(20_000);
    expect(translators(first).sort()).toEqual([2, 4]);
  });

  test('a border router of a not-so-stubby area goes on translating for a while once another one is elected', () => {
    const { lab, first, last, other } = chain(version, { type: 'nssa', translatorStability: 30_000 }, true);
    const wire = other?.wires.get('e0');
    if (!wire) throw new Error('it has no link in the backbone');
    external(last, outside(version, 1), { value: 5, type: 2, tag: 1 });
    lab.advance(60_000);
    expect(translators(first)).toEqual([4]);
    wire.up = false;
    lab.advance(60_000);
    expect(translators(first).filter((id) => id !== 4)).toEqual([2]);
    wire.up = true;
    lab.advance(25_000);
    expect(translators(first).sort()).toEqual([2, 4]);
    lab.advance(40_000);
    expect(translators(first)).toEqual([4]);
  });

  test('what a range of a not-so-stubby area told ends when its router borders on it no more', () => {
    const range = version === 2 ? '198.18.0.0/15' : '2001:db8:f000::/36';
    const inside = version === 2 ? '198.18.1.0/24' : '2001:db8:f001::/48';
    const nssaRanges = [{ prefix: parsePrefix(range), advertise: true, metric: undefined, tag: 0 }];
    const { lab, last, border } = chain(version, { type: 'nssa', nssaRanges });
    external(last, inside, { value: 5, type: 2, tag: 1 });
    lab.advance(20_000);
    expect(translators(border)).toEqual([2]);
    border.handle({ type: 'interfaceDown', interface: 'e0' });
    lab.advance(20_000);
    expect(border.machine.isBorderNow).toBe(false);
    expect(translators(border)).toEqual([]);
  });

  test('what is reached better than by an external of a not-so-stubby area is not told beyond it by that', () => {
    const { lab, first, last, border } = chain(version, { type: 'nssa' });
    external(last, outside(version, 1), { value: 5, type: 2, tag: 1 });
    external(first, outside(version, 1), { value: 3, type: 2, tag: 1 });
    lab.advance(20_000);
    expect(border.table()[outside(version, 1)]).toBe('external-2 3+10 via 1');
    expect([...border.machine.database.all()].map((lsa) => lsa.advertisingRouter)).toEqual([1]);
    external(first, outside(version, 1), undefined);
    lab.advance(20_000);
    expect(first.table()[outside(version, 1)]).toBe('external-2 5+20 via 2');
  });

  test('a border router that is the only way out of a not-so-stubby area takes no default from there', () => {
    const told = (summaries: boolean): string | undefined => {
      const { lab, last, border } = chain(version, { type: 'nssa', summaries });
      external(last, anywhere(version), { value: 7, type: 2, tag: 0 });
      lab.advance(20_000);
      return border.table()[anywhere(version)];
    };
    expect(told(true)).toBe('external-2 7+10 via 3');
    expect(told(false)).toBeUndefined();
  });

  test('routers that disagree on what an area is do not speak to each other, and say so', () => {
    const lab = new Lab({ version });
    const wire = lab.wire();
    const [a, b] = [lab.router(1, [{ id: 1, type: 'stub' }]), lab.router(2, [{ id: 1 }])];
    a.attach(wire, at(version, 1, 1), { area: 1 });
    b.attach(wire, at(version, 1, 2), { area: 1 });
    lab.advance(15_000);
    expect(a.events.filter(({ type }) => type === 'problem')).toMatchObject([{ problem: 'area-type-mismatch' }]);
    expect(a.neighbours()).toEqual([]);
  });
});

test('two prefixes of one address have link state ids of their own, and a host has its own address', () => {
  const { lab, first, last } = chain(2);
  for (const prefix of ['192.0.0.0/16', '192.0.0.0/24', '192.0.0.0/32', '192.0.0.255/32'])
    external(first, prefix, { value: 5, type: 2, tag: 0 });
  lab.advance(30_000);
  expect(Object.keys(last.table()).filter((prefix) => prefix.startsWith('192.'))).toEqual([
    '192.0.0.0/16',
    '192.0.0.0/24',
    '192.0.0.0/32',
    '192.0.0.255/32',
  ]);
});
