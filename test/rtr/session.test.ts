import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes } from '../../src/lib/bytes.js';
import type { CacheConfig } from '../../src/rtr/config.js';
import type { CacheEffect } from '../../src/rtr/events.js';
import { CacheSession } from '../../src/rtr/session.js';
import { decodePdu, encodePdu, type Pdu, type RtrVersion } from '../../src/rtr/wire/index.js';

const CONFIG: CacheConfig = { address: '192.0.2.1' };
const INTERVALS = { refresh: 100, retry: 50, expire: 1000 };
const ROUTE = {
  type: 'prefix',
  announce: true,
  ipv6: false,
  a: 0xc0000200,
  b: 0,
  c: 0,
  d: 0,
  length: 24,
  maxLength: 24,
  asn: 65001,
} as const;
const OTHER = { ...ROUTE, a: 0xc6336400 } as const;

type Sent = Parameters<typeof encodePdu>[1];

/** A session, and what the test says to it as its cache. */
function lab(config: Partial<CacheConfig> = {}) {
  const session = new CacheSession({ ...CONFIG, ...config });
  let now = 0;
  const heard = (effects: readonly CacheEffect[]) =>
    effects.map((effect) => {
      if (effect.type === 'send') return { v: effect.bytes[0], ...decodePdu(effect.bytes) };
      if (effect.type === 'state') return `${effect.from} > ${effect.to}`;
      return effect.type === 'data' ? `data ${effect.data?.vrps ?? 'gone'}` : effect.type;
    });
  const say = (version: RtrVersion, ...pdus: Sent[]) =>
    heard(session.handle({ type: 'octets', bytes: concatBytes(pdus.map((pdu) => encodePdu(version, pdu))) }, now));
  return {
    session,
    say,
    start: () => heard(session.handle({ type: 'start' }, now)),
    connected: () => heard(session.handle({ type: 'connected' }, now)),
    closed: () => heard(session.handle({ type: 'closed', reason: undefined }, now)),
    octets: (bytes: Uint8Array) => heard(session.handle({ type: 'octets', bytes }, now)),
    pass: (seconds: number) => {
      now += seconds * 1000;
      return heard(session.tick(now));
    },
  };
}

const response = (session = 7): Sent => ({ type: 'cache-response', session });
const end = (serial: number, session = 7): Sent => ({ type: 'end-of-data', session, serial, intervals: INTERVALS });

function synced(config: Partial<CacheConfig> = {}, version: RtrVersion = 1) {
  const it = lab(config);
  it.start();
  it.connected();
  it.say(version, response(), ROUTE, end(1));
  expect(it.session.state).toBe('in-sync');
  return it;
}

describe('a session with a cache', () => {
  test('asks for everything, takes it over at the end, and asks for what is new when it is time', () => {
    const { start, connected, say, pass, session } = lab();
    expect(start()).toEqual(['idle > connecting', 'dial']);
    expect(connected()).toEqual(['connecting > syncing', { v: 1, type: 'reset-query' }]);
    expect(say(1, response(), ROUTE, OTHER)).toEqual([]);
    expect(session.data).toBeUndefined();
    expect(say(1, end(1))).toEqual(['syncing > in-sync', 'data 2']);
    expect(pass(99)).toEqual([]);
    expect(pass(1)).toEqual(['in-sync > syncing', { v: 1, type: 'serial-query', session: 7, serial: 1 }]);
    expect(say(1, response(), { ...OTHER, announce: false }, end(2))).toEqual(['syncing > in-sync', 'data 1']);
    expect(pass(100)).toEqual(['in-sync > syncing', { v: 1, type: 'serial-query', session: 7, serial: 2 }]);
    expect(say(1, response(), end(2))).toEqual(['syncing > in-sync']);
  });

  test('octets may come one by one', () => {
    const { start, connected, octets, session } = lab();
    start();
    connected();
    for (const octet of concatBytes([response(), ROUTE, end(1)].map((pdu) => encodePdu(1, pdu)))) octets(Uint8Array.of(octet));
    expect(session.state).toBe('in-sync');
    expect(session.data?.vrps).toBe(1);
  });

  test('is told that there is news, and asks at once', () => {
    const { say } = synced();
    expect(say(1, { type: 'serial-notify', session: 7, serial: 1 })).toEqual([]);
    expect(say(1, { type: 'serial-notify', session: 7, serial: 2 })).toEqual([
      'in-sync > syncing',
      { v: 1, type: 'serial-query', session: 7, serial: 1 },
    ]);
  });

  test('asks for everything when the cache does not go back as far', () => {
    const { pass, say, session } = synced();
    pass(100);
    expect(say(1, { type: 'cache-reset' })).toEqual([{ v: 1, type: 'reset-query' }]);
    expect(say(1, response(8), OTHER, end(9, 8))).toEqual(['syncing > in-sync', 'data 1']);
    expect(session.serial).toBe(9);
  });

  test('keeps its data while there is no connection, goes on from its serial, and loses the data when it expires', () => {
    const { closed, pass, connected, session } = synced();
    expect(closed()).toEqual(['in-sync > down']);
    expect(session.data?.vrps).toBe(1);
    expect(pass(50)).toEqual(['down > connecting', 'dial']);
    expect(connected()).toEqual(['connecting > syncing', { v: 1, type: 'serial-query', session: 7, serial: 1 }]);
    closed();
    expect(pass(949)).toEqual(['down > connecting', 'dial']);
    expect(pass(1)).toEqual(['data gone']);
    expect(session.data).toBeUndefined();
    expect(connected()).toEqual(['connecting > syncing', { v: 1, type: 'reset-query' }]);
  });

  test('asks for everything where its data expires while changes to it are on their way', () => {
    const it = synced({ refresh: 3000, expire: 3100 });
    it.pass(3000);
    it.say(1, response(), OTHER);
    expect(it.pass(100)).toEqual(['data gone']);
    expect(it.say(1, end(2))).toEqual([{ v: 1, type: 'reset-query' }]);
    expect(it.say(1, response(), ROUTE, OTHER, end(2))).toEqual(['syncing > in-sync', 'data 2']);
  });

  test('asks for everything where its data expires between the query and its answer, and blames no cache for it', () => {
    const it = synced({ refresh: 3000, expire: 3100 });
    expect(it.pass(3000)).toEqual(['in-sync > syncing', { v: 1, type: 'serial-query', session: 7, serial: 1 }]);
    expect(it.pass(100)).toEqual(['data gone']);
    expect(it.say(1, response(), OTHER, end(2))).toEqual([{ v: 1, type: 'reset-query' }]);
    expect(it.say(1, response(), ROUTE, OTHER, end(2))).toEqual(['syncing > in-sync', 'data 2']);
  });

  test('has what an honest cache has at every End of Data, whatever the history', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('toggle' as const), n: fc.nat(7) }),
      fc.record({ do: fc.constant('pass' as const), n: fc.constantFrom(1, 50, 99, 100, 300, 1000) }),
      fc.record({
        do: fc.constantFrom('answer', 'reset', 'close', 'forget', 'notify', 'restart', 'none') as fc.Arbitrary<string>,
        n: fc.nat(3),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const it = lab();
        let cache = new Set<number>();
        let session = 7;
        let serial = 0xfffffffe; // wraps soon
        const past = new Map<number, Set<number>>();
        const saved = () => past.set(serial, new Set(cache));
        saved();
        let query: { type?: string; session?: number; serial?: number } | undefined;
        const look = (effects: readonly unknown[]) => {
          for (const effect of effects) {
            if (effect === 'dial') {
              query = undefined;
              look(it.connected());
            } else if (effect === 'close' || effect === 'syncing > down') query = undefined;
            else if (typeof effect === 'object' && effect !== null) {
              const sent = effect as { type: string };
              expect(sent.type).not.toBe('error-report');
              query = sent;
            }
          }
        };
        const record = (n: number, announce: boolean): Sent => ({ ...ROUTE, a: 0x0a000000 + n * 256, announce });
        look(it.start());
        for (const { do: what, n } of steps) {
          if (what === 'toggle') {
            if (!cache.delete(n)) cache.add(n);
            serial = (serial + 1) >>> 0;
            saved();
          } else if (what === 'pass') look(it.pass(n));
          else if (what === 'close') {
            query = undefined;
            look(it.closed());
          } else if (what === 'forget') past.clear();
          else if (what === 'restart') {
            cache = new Set();
            session++;
            serial = n;
            past.clear();
            saved();
            // A cache that restarts has lost its connections.
            query = undefined;
            look(it.closed());
          } else if (what === 'notify' && it.session.state !== 'down') look(it.say(1, { type: 'serial-notify', session, serial }));
          else if (query && (what === 'answer' || what === 'reset')) {
            const { type, session: of, serial: since } = query;
            query = undefined;
            const old = type === 'serial-query' && of === session ? past.get(since ?? 0) : undefined;
            if (type === 'serial-query' && (old === undefined || what === 'reset')) {
              look(it.say(1, { type: 'cache-reset' }));
              continue;
            }
            const before = old ?? new Set<number>();
            const changes = [
              ...[...before].filter((one) => !cache.has(one)).map((one) => record(one, false)),
              ...[...cache].filter((one) => !before.has(one)).map((one) => record(one, true)),
            ];
            look(it.say(1, response(session), ...changes, end(serial, session)));
            if (it.session.state !== 'in-sync') continue;
            for (let one = 0; one < 8; one++) {
              const state = it.session.data?.validate(0x0a000000 + one * 256, 0, 0, 0, 24, false, 65001);
              expect(state === 'valid').toBe(cache.has(one));
            }
          }
        }
        it.session.handle({ type: 'stop' }, 0);
        expect(it.session.deadline).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  test('has what an honest cache has, of any version, in both families, however its octets are cut and whenever its version changes', () => {
    const version = fc.constantFrom<RtrVersion>(0, 1, 2);
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ do: fc.constant('toggle'), n: fc.nat(11), cut: fc.constant(0), version }) },
      { weight: 6, arbitrary: fc.record({ do: fc.constant('answer'), n: fc.nat(3), cut: fc.integer({ min: 1, max: 40 }), version }) },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constantFrom('pass', 'close', 'restart', 'notify', 'half', 'no-data'),
          n: fc.constantFrom(1, 50, 100, 300),
          cut: fc.integer({ min: 1, max: 40 }),
          version,
        }),
      },
    );
    const NONE = new Uint8Array(0);
    let answers = 0;
    /** Records 0 to 3 are of IPv4, to 7 of IPv6, to 11 ASPAs, which only version 2 has. */
    const record = (n: number, announce: boolean): Sent =>
      n < 4
        ? { ...ROUTE, a: 0x0a000000 + n * 256, announce }
        : n < 8
          ? { ...ROUTE, ipv6: true, a: 0x20010db8, b: n, length: 64, maxLength: 64, announce }
          : { type: 'aspa', announce, customer: n, providers: announce ? [1, 2] : [] };
    fc.assert(
      fc.property(version, version, fc.array(step, { maxLength: 80, size: 'max' }), (ours, theirs, steps) => {
        const it = lab({ version: ours });
        let its = theirs; // the cache's highest version
        const cache = new Set<number>();
        let serial = 0;
        /** By version, as sessions of different versions share neither history nor, but by chance, numbers: here they always do. */
        const past = new Map<string, Set<number>>();
        let query: { v?: number; type?: string; session?: number; serial?: number } | undefined;
        const spoken = (): RtrVersion => Math.min(its, query?.v ?? it.session.version) as RtrVersion;
        const has = (v: RtrVersion): Set<number> => new Set([...cache].filter((n) => n < 8 || v === 2));
        const look = (effects: readonly unknown[]): void => {
          for (const effect of effects) {
            if (effect === 'dial') {
              query = undefined;
              look(it.connected());
            } else if (effect === 'close' || effect === 'syncing > down') query = undefined;
            else if (typeof effect === 'object' && effect !== null) {
              query = effect;
              expect(query.type).not.toBe('error-report');
            }
          }
        };
        const say = (cut: number, v: RtrVersion, pdus: readonly Sent[], leaveOut = 0): void => {
          const bytes = concatBytes(pdus.map((pdu) => encodePdu(v, pdu)));
          const end = bytes.length - leaveOut;
          for (let at = 0; at < end; at += cut) look(it.octets(bytes.slice(at, Math.min(end, at + cut))));
        };
        look(it.start());
        for (const { do: what, n, cut, version: next } of steps) {
          if (what === 'toggle') {
            if (!cache.delete(n)) cache.add(n);
            serial++;
          } else if (what === 'pass') look(it.pass(n));
          else if (what === 'close' || what === 'restart') {
            // Another version of the cache's program is there when it is back.
            if (what === 'restart') its = next;
            query = undefined;
            look(it.closed());
          } else if (what === 'notify') {
            if (it.session.state === 'in-sync') say(cut, it.session.version, [{ type: 'serial-notify', session: 7, serial }]);
          } else if (query) {
            const v = spoken();
            if (what === 'no-data') {
              query = undefined;
              say(cut, v, [{ type: 'error-report', code: 2, pdu: NONE, text: 'none' }]);
              continue;
            }
            // Some refuse what they do not speak, others answer in what they do.
            if (query.v !== v && n === 0) {
              query = undefined;
              say(cut, v, [{ type: 'error-report', code: 4, pdu: NONE, text: '' }]);
              continue;
            }
            const now = has(v);
            const since = query.type === 'serial-query' ? query.serial : undefined;
            // What came in another version is no base for changes: such a cache does as if the other side had nothing.
            const other = query.v !== v;
            const before = since === undefined || other ? new Set<number>() : past.get(`${v} ${since}`);
            query = undefined;
            if (!before || (since !== undefined && n === 1)) {
              say(cut, v, [{ type: 'cache-reset' }]);
              continue;
            }
            const changes = [
              ...[...before].filter((one) => !now.has(one)).map((one) => record(one, false)),
              ...[...now].filter((one) => !before.has(one)).map((one) => record(one, true)),
            ];
            if (what === 'half') {
              say(cut, v, [response(), ...changes, end(serial)], 1 + (n % 20));
              query = undefined;
              look(it.closed());
              continue;
            }
            say(cut, v, [response(), ...changes, end(serial)]);
            past.set(`${v} ${serial}`, now);
            const { data } = it.session;
            if (it.session.state !== 'in-sync') continue;
            answers++;
            for (let one = 0; one < 12; one++) {
              const there =
                one < 4
                  ? data?.validate(0x0a000000 + one * 256, 0, 0, 0, 24, false, 65001) === 'valid'
                  : one < 8
                    ? data?.validate(0x20010db8, one, 0, 0, 64, true, 65001) === 'valid'
                    : data?.aspas.has(one);
              expect([one, there]).toEqual([one, now.has(one)]);
            }
          }
        }
        it.session.handle({ type: 'stop' }, 0);
        expect(it.session.deadline).toBeUndefined();
      }),
      { numRuns: 400 },
    );
    expect(answers).toBeGreaterThan(400);
  });

  test('asks a cache that had no data when it says that it has', () => {
    const it = lab();
    it.start();
    it.connected();
    it.say(1, { type: 'error-report', code: 2, pdu: new Uint8Array(0), text: '' });
    expect(it.session.state).toBe('no-data');
    expect(it.say(1, { type: 'serial-notify', session: 7, serial: 1 })).toEqual(['no-data > syncing', { v: 1, type: 'reset-query' }]);
    expect(it.say(1, response(), ROUTE, end(1))).toEqual(['syncing > in-sync', 'data 1']);
  });

  test('waits for a cache that has no data yet', () => {
    const { start, connected, say, pass } = lab({ retry: 20 });
    start();
    connected();
    expect(say(1, { type: 'error-report', code: 2, pdu: new Uint8Array(0), text: '' })).toEqual(['syncing > no-data']);
    expect(pass(20)).toEqual(['no-data > syncing', { v: 1, type: 'reset-query' }]);
  });

  test('a connection that does not come about is given up, and tried again', () => {
    const { start, pass, connected } = lab({ retry: 20 });
    start();
    expect(pass(59)).toEqual([]);
    expect(pass(1)).toEqual(['close', 'connecting > down']);
    expect(pass(20)).toEqual(['down > connecting', 'dial']);
    expect(connected()).toEqual(['connecting > syncing', { v: 1, type: 'reset-query' }]);
    expect(pass(60)).toEqual([]);
  });

  test('a cache that never ends its answer is left', () => {
    const { start, connected, say, pass } = lab();
    start();
    connected();
    say(1, response(), ROUTE);
    expect(pass(300)).toEqual(['close', 'syncing > down']);
  });
});

describe('the version', () => {
  test('falls by a new connection where the cache refuses ours', () => {
    const { start, connected, say, session } = lab({ version: 2 });
    start();
    expect(connected()).toContainEqual({ v: 2, type: 'reset-query' });
    expect(say(1, { type: 'error-report', code: 4, pdu: new Uint8Array(0), text: '' })).toEqual(['close', 'syncing > connecting', 'dial']);
    expect(connected()).toContainEqual({ v: 1, type: 'reset-query' });
    expect(say(0, { type: 'error-report', code: 4, pdu: new Uint8Array(0), text: '' })).toEqual(['close', 'syncing > connecting', 'dial']);
    expect(connected()).toContainEqual({ v: 0, type: 'reset-query' });
    say(0, response(), ROUTE, end(1));
    expect([session.state, session.version]).toEqual(['in-sync', 0]);
  });

  test('falls in place where the cache answers in a lower one, and RFC 6810 has no intervals', () => {
    const { start, connected, say, pass, session } = lab();
    start();
    connected();
    say(0, { type: 'serial-notify', session: 7, serial: 1 }, response(), ROUTE, end(1));
    expect([session.state, session.version]).toEqual(['in-sync', 0]);
    expect(pass(3599)).toEqual([]);
    expect(pass(1)).toEqual(['in-sync > syncing', { v: 0, type: 'serial-query', session: 7, serial: 1 }]);
  });

  test('falls in an answer to a Serial Query: what it brings is of another session, and all is asked for anew (RFC 8210 §5.1)', () => {
    const it = synced({ version: 2 }, 2);
    it.closed();
    it.pass(50);
    expect(it.connected()).toContainEqual({ v: 2, type: 'serial-query', session: 7, serial: 1 });
    expect(it.say(1, response(), OTHER, end(5))).toEqual([{ v: 1, type: 'reset-query' }]);
    // What there was stays in use until there is a whole copy.
    expect(it.session.data?.vrps).toBe(1);
    expect(it.say(1, response(), OTHER, { ...OTHER, asn: 65002 }, end(5))).toEqual(['syncing > in-sync', 'data 2']);
    it.pass(100);
    expect(it.say(1, response(), ROUTE, end(6))).toEqual(['syncing > in-sync', 'data 3']);
  });

  test('may not change once it is agreed', () => {
    const { say, session } = synced();
    const [report, ...rest] = say(0, { type: 'serial-notify', session: 7, serial: 2 });
    expect(report).toMatchObject({ type: 'error-report', code: 8 });
    expect(rest).toEqual(['close', 'in-sync > down']);
    expect(session.data?.vrps).toBe(1);
  });

  test('2 brings ASPAs, and an older draft’s form of them is refused', () => {
    const { say, pass, session } = synced({ version: 2 }, 2);
    pass(100);
    say(2, response(), { type: 'aspa', announce: true, customer: 65001, providers: [65010, 65020] }, end(2));
    expect(session.data?.aspas.get(65001)).toEqual([65010, 65020]);
    pass(100);
    say(2, response(), { type: 'aspa', announce: true, customer: 65001, providers: [65030] }, end(3));
    expect(session.data?.aspas.get(65001)).toEqual([65030]);
    pass(100);
    say(2, response(), { type: 'aspa', announce: false, customer: 65001, providers: [] }, end(4));
    expect(session.data?.aspas.size).toBe(0);
    pass(100);
    // Flags, address family, count, customer, provider: where the customer now is stands 01 00 0001.
    const [report] = say(2, response(), { type: 'aspa', announce: false, customer: 0x01000001, providers: [65001, 65010] });
    expect(report).toMatchObject({ type: 'error-report', code: 0, text: expect.stringContaining('older draft') });
  });
});

describe('a limit of records', () => {
  const aspa = (customer: number): Sent => ({ type: 'aspa', announce: true, customer, providers: [1] });

  test('ends an answer that brings more, and what was there before stays until it expires', () => {
    const { say, pass, session } = synced({ limit: 2, version: 2 }, 2);
    pass(100);
    say(2, response(), OTHER, end(2));
    expect(session.data?.vrps).toBe(2);
    pass(100);
    // One goes, and one comes: there are no more than before.
    say(2, response(), { ...OTHER, announce: false }, aspa(65001), end(3));
    expect([session.data?.vrps, session.data?.aspas.size]).toEqual([1, 1]);
    pass(100);
    const [report, ...rest] = say(2, response(), aspa(65002), end(4));
    expect(report).toMatchObject({ type: 'error-report', code: 1, text: 'more than 2 records are not kept' });
    expect(rest).toEqual(['close', 'syncing > down']);
    expect([session.data?.vrps, session.data?.aspas.size]).toEqual([1, 1]);
  });

  test('is one of the changes at once, too: who announces and withdraws for ever is left', () => {
    const { say, pass, session } = synced({ limit: 3 });
    pass(100);
    const [report] = say(1, response(), OTHER, { ...OTHER, announce: false }, OTHER, { ...OTHER, announce: false }, end(2));
    expect(report).toMatchObject({ type: 'error-report', code: 1, text: 'more than 3 changes at once are not taken' });
    expect(session.data?.vrps).toBe(1);
  });
});

describe('a cache that breaks the rules', () => {
  const cases: readonly (readonly [name: string, code: number, said: Sent[]])[] = [
    ['withdraws what is not there', 6, [response(), { ...OTHER, announce: false }, end(2)]],
    ['announces what is there', 7, [response(), ROUTE, end(2)]],
    ['answers in another session', 0, [response(9)]],
    ['ends an answer of another session', 0, [response(), end(2, 9)]],
    ['sends records outside of an answer', 0, [ROUTE]],
    ['asks questions', 3, [{ type: 'reset-query' }]],
    ['has a maximum length below the length', 0, [response(), { ...OTHER, maxLength: 23 }]],
  ];
  test.each(cases)('%s: error %i, and its data stays until it expires', (_name, code, said) => {
    const { pass, say, session, connected } = synced();
    pass(100);
    const [report, ...rest] = say(1, ...said);
    expect(report).toMatchObject({ type: 'error-report', code });
    expect(rest).toEqual(['close', 'syncing > down']);
    expect(session.data?.vrps).toBe(1);
    pass(50);
    expect(connected()).toContainEqual({ v: 1, type: 'reset-query' });
  });

  test('a type that nobody knows is error 5, a length that cannot be is error 0', () => {
    expect(synced().octets(Uint8Array.of(1, 99, 0, 0, 0, 0, 0, 8))[0]).toMatchObject({ type: 'error-report', code: 5 });
    expect(synced().octets(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 7))[0]).toMatchObject({ type: 'error-report', code: 0 });
    expect(synced().octets(Uint8Array.of(1, 3, 0, 0, 0xff, 0, 0, 0))[0]).toMatchObject({ type: 'error-report', code: 0 });
    expect(synced().octets(Uint8Array.of(1, 3, 0, 0, 0, 0, 0, 9, 0))[0]).toMatchObject({ type: 'error-report', code: 0 });
  });

  test('an error report is answered by none', () => {
    expect(synced().say(1, { type: 'error-report', code: 0, pdu: new Uint8Array(0), text: 'no' })).toEqual(['close', 'in-sync > down']);
    expect(synced().octets(Uint8Array.of(1, 10, 0, 0, 0, 0, 0, 8))).toEqual(['close', 'in-sync > down']);
  });

  test('no octets whatever throw, and none leave a session without a way on', () => {
    const pdu = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .constantFrom<Sent>(response(), response(9), ROUTE, OTHER, { ...ROUTE, announce: false }, end(1), end(2, 9), {
          type: 'cache-reset',
        })
        .map((one) => encodePdu(1, one)),
      fc
        .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 12 }), fc.uint8Array({ maxLength: 30 }))
        .map(([version, type, body]) => Uint8Array.of(version, type, 0, 7, 0, 0, 0, body.length + 8, ...body)),
    );
    fc.assert(
      fc.property(fc.array(pdu, { maxLength: 12 }), fc.constantFrom<RtrVersion>(0, 1, 2), (pdus, version) => {
        const it = lab({ version });
        it.start();
        it.connected();
        for (const bytes of pdus) {
          it.octets(bytes);
          if (it.session.state === 'connecting') it.connected();
        }
        expect(it.session.state === 'connecting' || it.session.deadline !== undefined).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

test('every PDU is decoded as it was encoded', () => {
  const pdus: readonly Sent[] = [
    { type: 'serial-notify', session: 1, serial: 2 },
    { type: 'cache-reset' },
    { type: 'prefix', announce: true, ipv6: true, a: 0x20010db8, b: 1, c: 2, d: 3, length: 128, maxLength: 128, asn: 0xffff_ffff },
    { type: 'aspa', announce: true, customer: 1, providers: [2, 3] },
    { type: 'error-report', code: 3, pdu: Uint8Array.of(1, 2), text: 'why' },
  ];
  for (const pdu of pdus) expect<Pdu>(decodePdu(encodePdu(2, pdu))).toEqual(pdu);
});
