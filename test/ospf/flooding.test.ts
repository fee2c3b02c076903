import { describe, expect, test } from 'vitest';
import { parsePrefix } from '../../src/lib/prefix.js';
import {
  Constant,
  encodeLsa,
  encodePacket,
  type Lsa,
  type LsaBody,
  type LsaHeader,
  LsTypeV2,
  LsTypeV3,
  type PacketBody,
} from '../../src/ospf/wire/index.js';
import { Lab, type LabRouter } from './support/lab.js';

/** `1 - 2 - 3` on point-to-point links, all fully adjacent. */
function chain(version: 2 | 3, options: ConstructorParameters<typeof Lab>[0] = {}) {
  const lab = new Lab({ ...options, version });
  const routers = [lab.router(1), lab.router(2), lab.router(3)] as const;
  const wires = [lab.wire(), lab.wire()] as const;
  const join = (x: LabRouter, y: LabRouter, i: 0 | 1): void => {
    for (const [place, router] of [x, y].entries())
      router.attach(wires[i], version === 2 ? `10.0.${i}.${place + 1}/24` : `2001:db8:0:${i}::${place + 1}/64`);
  };
  join(routers[0], routers[1], 0);
  join(routers[1], routers[2], 1);
  lab.advance(30_000);
  return { lab, routers, wires };
}

/** A packet that a neighbour might send, said by its id. */
function say(router: LabRouter, routerId: number, lsas: readonly Lsa[], name = 'e0'): void {
  const one = router.machine.interfaces.get(name);
  const neighbour = [...(one?.neighbours.values() ?? [])].find((known) => known.routerId === routerId);
  if (!one || !neighbour) throw new Error(`no neighbour ${routerId}`);
  const { version } = router.options;
  const destination = router.machine.dialect.allRouters;
  const context = { authentication: { type: 'null' }, source: neighbour.address, destination, now: router.lab.now } as const;
  const packet = { version, routerId, area: one.options.area, instance: 0, body: { type: 'link-state-update', lsas } } as const;
  router.handle({ type: 'packet', interface: name, source: neighbour.address, destination, bytes: encodePacket(packet, context) });
}
function lsa(version: 2 | 3, lsType: number, id: number, advertisingRouter: number, body: LsaBody, sequence = 1): Lsa {
  const family = version === 2 ? 'ipv4' : 'ipv6';
  return encodeLsa({ lsType, id, advertisingRouter, age: 1, options: 0x42, sequence }, body, { version, family });
}
const has = (router: LabRouter, text: string): boolean => router.databases().some((line) => line.startsWith(text));
const routerLsa = (version: 2 | 3): LsaBody => ({
  type: 'router',
  areaBorder: false,
  asBoundary: false,
  virtualEnd: false,
  nssaTranslator: false,
  options: version === 2 ? 2 : 0x13,
  links: [],
});
const routerType = { 2: LsTypeV2.router, 3: LsTypeV3.router } as const;

describe.each([2, 3] as const)('OSPFv%i: LSAs', (version) => {
  const idOf = (routerId: number): number => (version === 2 ? routerId : 0);

  test('are renewed every half hour by who made them, and end after an hour when nobody does', () => {
    const { lab, routers } = chain(version);
    const [a, b, c] = routers;
    say(b, 1, [lsa(version, routerType[version], idOf(77), 77, routerLsa(version))]);
    lab.advance(1_000_000);
    expect(has(c, `${routerType[version]} ${idOf(77)} 77`)).toBe(true);
    const before = a.databases().filter((line) => line.includes(' 3 '));
    lab.advance(1_000_000);
    expect(a.databases().filter((line) => line.includes(' 3 '))).not.toEqual(before);
    lab.advance(2_000_000);
    for (const router of routers) expect(has(router, `${routerType[version]} ${idOf(77)} 77`)).toBe(false);
    expect(a.databases()).toEqual(c.databases());
  });

  test('of ours that come back are outdone, and taken back where we would not say them', () => {
    const { lab, routers } = chain(version);
    const [a, b, c] = routers;
    say(b, 1, [lsa(version, routerType[version], idOf(3), 3, routerLsa(version), 1000)]);
    say(b, 1, [lsa(version, version === 2 ? LsTypeV2.summary : LsTypeV3.interAreaPrefix, 0x0a630000, 3, summary(version), 5)]);
    lab.advance(10_000);
    expect(has(a, `${routerType[version]} ${idOf(3)} 3 1001 `)).toBe(true);
    expect(Object.keys(a.table())).toEqual(Object.keys(c.table()));
    expect(a.databases().some((line) => / 3 5 /.test(line) && line.includes(String(0x0a630000)))).toBe(false);
  });

  test('begin again at the first sequence number after the last, once all have forgotten that', () => {
    const { lab, routers } = chain(version);
    const [a, b] = routers;
    say(b, 1, [lsa(version, routerType[version], idOf(3), 3, routerLsa(version), Constant.maxSequence)]);
    lab.advance(20_000);
    const [line] = a.databases().filter((text) => text.startsWith(`${routerType[version]} ${idOf(3)} 3 `));
    expect(Number(line?.split(' ')[3])).toBeLessThan(-0x7fff_fff0);
    expect(Object.keys(a.table())).toHaveLength(2);
  });

  test('with a wrong checksum are dropped, counted, and told of once', () => {
    const { routers } = chain(version);
    const [, b, c] = routers;
    const broken = lsa(version, routerType[version], idOf(77), 77, routerLsa(version));
    broken.bytes[21] = 0x55;
    say(b, 1, [broken]);
    say(b, 1, [broken]);
    expect(has(c, `${routerType[version]} ${idOf(77)} 77`)).toBe(false);
    expect(b.events.filter((event) => event.type === 'problem')).toMatchObject([{ problem: 'lsa-checksum' }]);
    expect(b.machine.interfaces.get('e0')?.counters.problems.get('lsa-checksum')).toBe(2);
  });

  test('flooded again within a second are not taken, and are when they come once more later', () => {
    const { lab, routers } = chain(version);
    const [, b] = routers;
    const at = (sequence: number): Lsa => lsa(version, routerType[version], idOf(77), 77, routerLsa(version), sequence);
    say(b, 1, [at(1)]);
    say(b, 1, [at(2)]);
    expect(has(b, `${routerType[version]} ${idOf(77)} 77 1 `)).toBe(true);
    lab.advance(1000);
    say(b, 1, [at(2)]);
    expect(has(b, `${routerType[version]} ${idOf(77)} 77 2 `)).toBe(true);
  });

  test('of ours are said anew every MinLSInterval at the most, and then as things stand', () => {
    const { lab, routers } = chain(version);
    const [a, , c] = routers;
    const address = version === 2 ? '10.9.0.1/16' : '2001:db8:9::1/48';
    // OSPFv3 says prefixes in an LSA of their own (RFC 5340 §4.4.3.9).
    const key = version === 2 ? `${LsTypeV2.router} 3 3 ` : `${LsTypeV3.intraAreaPrefix} 0 3 `;
    const instances: { readonly at: number; readonly sequence: string }[] = [];
    for (let i = 0; i < 200; i++) {
      c.attach(lab.wire(), address, { name: 'own', passive: true, cost: i + 1 });
      const sequence = c.databases().find((line) => line.startsWith(key)) ?? '';
      if (instances.at(-1)?.sequence !== sequence) instances.push({ at: lab.now, sequence });
      lab.advance(100);
    }
    // At once, and three times more in twenty seconds.
    expect(instances).toHaveLength(4);
    for (const [i, { at }] of instances.entries()) {
      const before = instances[i - 1];
      if (before) expect(at - before.at).toBeGreaterThanOrEqual(Constant.minLsInterval * 1000);
    }
    lab.advance(10_000);
    expect(a.table()[version === 2 ? '10.9.0.0/16' : '2001:db8:9::/48']).toBe('intra 220 via 2');
  });

  test('of ours that come and go are said no more often than others', () => {
    const { lab, routers } = chain(version);
    const [, , c] = routers;
    const prefix = parsePrefix(version === 2 ? '192.0.2.0/24' : '2001:db8:ff::/48');
    const instances: number[] = [];
    let before: unknown;
    for (let i = 0; i < 40; i++) {
      const metric = i % 2 === 0 ? { value: 1, type: 2 as const, tag: 0 } : undefined;
      c.handle({ type: 'externals', changes: [{ ...prefix, metric }] });
      for (let j = 0; j < 13; j++) {
        const [now] = [...c.machine.database.all()].filter((lsa) => !lsa.ended);
        if (now && now !== before) instances.push(lab.now);
        before = now ?? before;
        lab.advance(100);
      }
    }
    expect(instances.length).toBeGreaterThan(5);
    for (const [i, at] of instances.entries()) if (i > 0) expect(at - (instances[i - 1] ?? 0)).toBeGreaterThanOrEqual(5000);
  });

  test('are looked at every five minutes, and one that changed in memory is a fault that ends it all', () => {
    const { lab, routers } = chain(version);
    const [, b] = routers;
    say(b, 1, [lsa(version, routerType[version], idOf(77), 77, routerLsa(version))]);
    lab.advance(2 * Constant.checkAge * 1000);
    const kept = b.machine.areas.get(0)?.database.get({ lsType: routerType[version], id: idOf(77), advertisingRouter: 77 });
    if (!kept) throw new Error('it is not kept');
    kept.bytes[21] = (kept.bytes[21] ?? 0) ^ 1;
    expect(() => lab.advance(Constant.checkAge * 1000)).toThrow(`LSA ${kept.key} changed in memory`);
  });

  test('that a neighbour does not acknowledge begin its adjacency anew when they are too many, and nobody else loses any', () => {
    const { lab, routers, wires } = chain(version, { instance: { retransmitLimit: 5 } });
    const [a, b, c] = routers;
    wires[0].up = false;
    for (let i = 0; i < 10; i++) {
      const prefix = parsePrefix(version === 2 ? `192.0.${i}.0/24` : `2001:db8:ff${i}::/48`);
      c.handle({ type: 'externals', changes: [{ ...prefix, metric: { value: 1, type: 2, tag: 0 } }] });
      // Long enough for who acknowledges to do so.
      lab.advance(1500);
      for (const { retransmit } of b.neighbours()) expect(retransmit.size).toBeLessThanOrEqual(5);
    }
    expect(b.events.filter((event) => event.type === 'neighbourChanged' && event.reason === 'retransmit-limit')).toMatchObject([
      { routerId: 1, from: 'full', to: 'ex-start' },
    ]);
    expect([...b.machine.interfaces.values()].map(({ counters }) => counters.problems.get('retransmit-limit'))).toEqual([1, undefined]);
    expect(b.neighbours().map(({ routerId, state }) => [routerId, state])).toEqual([
      [1, 'ex-start'],
      [3, 'full'],
    ]);
    wires[0].up = true;
    lab.advance(30_000);
    expect(a.databases()).toEqual(c.databases());
  });

  test('of routers that come and go for ever take no more room than those that are there', () => {
    const { lab, routers } = chain(version);
    const [, b] = routers;
    for (let id = 1000; id < 1060; id++) {
      const head = { lsType: routerType[version], id: idOf(id), advertisingRouter: id, options: 0x42 };
      for (const [sequence, age] of [
        [1, 1],
        [2, Constant.maxAge],
      ] as const)
        say(b, 1, [encodeLsa({ ...head, sequence, age }, routerLsa(version), b.machine.dialect.context)]);
      lab.advance(1500);
      say(b, 1, [encodeLsa({ ...head, sequence: 2, age: Constant.maxAge }, routerLsa(version), b.machine.dialect.context)]);
      lab.advance(1500);
    }
    lab.advance(30_000);
    expect(b.machine.areas.get(0)?.graph.limit).toBeLessThan(20);
    expect(b.databases()).toEqual(routers[0].databases());
  });

  test('of types that are not known here go on as their scope says', () => {
    const { lab, routers } = chain(version);
    const [, b, c] = routers;
    const data = Uint8Array.of(1, 2, 3, 4);
    if (version === 2) {
      const opaque = (lsType: number): Lsa => lsa(2, lsType, (200 << 24) | 1, 77, { type: 'opaque', opaqueType: 200, opaqueId: 1, data });
      say(b, 1, [opaque(LsTypeV2.opaqueLink), opaque(LsTypeV2.opaqueArea), opaque(LsTypeV2.opaqueAs)]);
      lab.advance(5000);
      const id = ((200 << 24) | 1) >>> 0;
      expect([9, 10, 11].map((type) => has(c, `${type} ${id} 77`))).toEqual([false, true, true]);
    } else {
      const unknown = (lsType: number): Lsa => lsa(3, lsType, 1, 77, { type: 'unknown', lsType, data });
      // U bit clear: as of link scope, whatever its scope. Set: as its scope says.
      say(b, 1, [unknown(0x2123), unknown(0xa123), unknown(0xc123)]);
      lab.advance(5000);
      expect([0x2123, 0xa123, 0xc123].map((type) => has(c, `${type} 1 77`))).toEqual([false, true, true]);
      expect(b.machine.interfaces.get('e0')?.database.get({ lsType: 0x2123, id: 1, advertisingRouter: 77 })).toBeDefined();
    }
  });

  test('beyond the limit of a neighbour are refused, and other neighbours lose nothing', () => {
    const { lab, routers } = chain(version, { instance: { lsaLimit: 10 } });
    const [, b, c] = routers;
    for (let id = 100; id < 120; id++) say(b, 1, [lsa(version, routerType[version], idOf(id), id, routerLsa(version))]);
    expect(b.neighbours().find(({ routerId }) => routerId === 1)?.lsas).toBe(10);
    expect(b.events.filter((event) => event.type === 'problem')).toMatchObject([{ problem: 'lsa-limit' }]);
    say(b, 3, [lsa(version, routerType[version], idOf(300), 300, routerLsa(version))], 'e1');
    lab.advance(5000);
    expect(has(routers[0], `${routerType[version]} ${idOf(300)} 300`)).toBe(true);
    expect(c.states()).toEqual(['full']);
  });
});

describe.each([2, 3] as const)('OSPFv%i: the limit of LSAs', (version) => {
  /** A router whose neighbour is played by the test, under any router id, up to where databases are exchanged. */
  const scene = (type: 'point-to-point' | 'point-to-multipoint') => {
    const lab = new Lab({ version, instance: { lsaLimit: 10 } });
    const a = lab.router(1);
    a.attach(lab.wire(), version === 2 ? '10.0.0.1/24' : '2001:db8::1/64', { type });
    const destination = a.machine.dialect.allRouters;
    const say = (routerId: number, body: PacketBody): void => {
      const source = version === 2 ? Uint8Array.of(10, 0, 0, routerId) : Uint8Array.of(0xfe, 0x80, ...new Uint8Array(13), routerId);
      const context = { authentication: { type: 'null' as const }, source, destination, now: lab.now };
      const bytes = encodePacket({ version, routerId, area: 0, instance: 0, body }, context);
      a.handle({ type: 'packet', interface: 'e0', source, destination, bytes });
    };
    const options = version === 2 ? 2 : 0x13;
    const hello = (routerId: number): void =>
      say(routerId, {
        type: 'hello',
        mask: 0xffff_ff00,
        interfaceId: 1,
        options,
        helloInterval: 10,
        deadInterval: 40,
        priority: 0,
        designatedRouter: 0,
        backupDesignatedRouter: 0,
        neighbours: [1],
      });
    const describe = (routerId: number, sequence: number, headers: readonly LsaHeader[] | undefined): void =>
      say(routerId, {
        type: 'database-description',
        mtu: 1500,
        options,
        init: !headers,
        more: true,
        master: true,
        sequence,
        headers: headers ?? [],
      });
    const lsas = (from: number, count: number): Lsa[] =>
      Array.from({ length: count }, (_, i) =>
        lsa(version, routerType[version], version === 2 ? from + i : 0, from + i, routerLsa(version)),
      );
    const kept = (): number => a.databases().filter((line) => !/^\S+ \S+ 1 /.test(line)).length;
    return { lab, a, say, hello, describe, lsas, kept };
  };

  test('holds for what a neighbour only tells of, too', () => {
    const { a, hello, describe, lsas } = scene('point-to-point');
    hello(2);
    describe(2, 7, undefined);
    for (let i = 0; i < 5; i++)
      describe(
        2,
        8 + i,
        lsas(100 + 10 * i, 10).map(({ header }) => header),
      );
    expect(a.neighbours()[0]?.requests.size).toBe(10);
  });

  test('holds for who goes and comes back, and for the end of a link whatever its router id', () => {
    const { lab, a, say, hello, describe, lsas, kept } = scene('point-to-point');
    for (const routerId of [2, 3, 2]) {
      hello(routerId);
      describe(routerId, 7, undefined);
      say(routerId, { type: 'link-state-update', lsas: lsas(100 * routerId, 10) });
      expect(a.neighbours().map((neighbour) => neighbour.routerId)).toEqual([routerId]);
    }
    expect(kept()).toBe(10);
    // When these are over there is room again.
    lab.advance(3_700_000);
    expect(kept()).toBe(0);
    hello(3);
    describe(3, 9, undefined);
    say(3, { type: 'link-state-update', lsas: lsas(300, 10) });
    expect(kept()).toBe(10);
  });

  test('is not that of others on the link', () => {
    const { say, hello, describe, lsas, kept, lab } = scene('point-to-multipoint');
    hello(2);
    describe(2, 7, undefined);
    say(2, { type: 'link-state-update', lsas: lsas(200, 10) });
    lab.advance(50_000);
    for (const routerId of [2, 3]) {
      hello(routerId);
      describe(routerId, 17, undefined);
      say(routerId, { type: 'link-state-update', lsas: lsas(300 + 100 * routerId, 10) });
    }
    expect(kept()).toBe(20);
  });
});

function summary(version: 2 | 3): LsaBody {
  return version === 2
    ? { type: 'summary', prefix: { family: 'ipv4', bytes: Uint8Array.of(10, 99, 0, 0), length: 16 }, prefixOptions: 0, metric: 1 }
    : {
        type: 'summary',
        prefix: { family: 'ipv6', bytes: Uint8Array.of(0x20, 1, ...new Uint8Array(14)), length: 16 },
        prefixOptions: 0,
        metric: 1,
      };
}

test('lost packets are sent again until all have everything', () => {
  const { lab, routers } = chain(2, { loss: 0.3, seed: 7 });
  const [a, b, c] = routers;
  lab.until(
    () => [...a.states(), ...b.states()].every((state) => state === 'full') && a.databases().join() === c.databases().join(),
    600_000,
  );
  expect(Object.keys(a.table())).toHaveLength(2);
});

test('a stub router is passed only if there is no other way, and is reached all the same', () => {
  const { lab, routers } = chain(2);
  const [a, b] = routers;
  expect(a.table()['10.0.1.0/24']).toBe('intra 20 via 2');
  b.handle({ type: 'stubRouter', on: true });
  lab.advance(10_000);
  expect(a.table()['10.0.1.0/24']).toBe('intra 20 via 2');
  const c = routers[2];
  c.attach(lab.wire(), '10.9.0.1/16', { name: 'own', passive: true });
  lab.advance(10_000);
  expect(a.table()['10.9.0.0/16']).toBe('intra 65555 via 2');
});
