import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PeerConfigInput } from '../../src/bgp/config.js';
import type { SessionState } from '../../src/bgp/events.js';
import { Framer } from '../../src/bgp/framer.js';
import { Peer, type PeerOwner } from '../../src/bgp/peer.js';
import { decodeMessage, defaultContext, encodeMessage } from '../../src/bgp/wire/index.js';
import { Buffers } from '../../src/lib/buffers.js';
import { ManualClock } from '../../src/lib/clock.js';
import { silentLogger } from '../../src/lib/logger.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import { seeded } from '../../src/lib/random.js';
import { TimerHeap } from '../../src/lib/timers.js';
import type { Connection, Transport } from '../../src/lib/transport.js';
import { bgp, hex, unhex } from '../support/hex.js';

const MARKER = 'ff'.repeat(16);

/** A peer of the library's at 10.0.0.1, with what it said kept as lines. */
function speaker(
  lab: { clock: ManualClock; transport: Transport; timers: TimerHeap },
  own: string,
  other: string,
  config: Partial<PeerConfigInput> = {},
) {
  const log: string[] = [];
  const at = () => `${lab.clock.now()}`;
  const owner: PeerOwner = {
    stateChanged: (_peer, from: SessionState, to: SessionState, reason) =>
      log.push(`${at()} ${from} -> ${to}${reason ? `: ${reason}` : ''}`),
    established: () => {},
    updates: (_peer, _bytes, from, to) => {
      log.push(`${at()} updates ${to - from}`);
      return undefined;
    },
    refresh: (_peer, { family, subtype }) => log.push(`${at()} refresh ${family} ${subtype}`),
    drained: () => log.push(`${at()} drained`),
    waiting: () => {},
    down: (_peer, reason) => log.push(`${at()} down ${reason.code}`),
  };
  const peer = new Peer(
    {
      address: other,
      localAddress: own,
      localAs: 65001,
      peerAs: undefined,
      routerId: own,
      connectRetryTime: 5000,
      holdTime: 9000,
      ...config,
    },
    { transport: lab.transport, timers: lab.timers, random: seeded(1), logger: silentLogger, buffers: new Buffers() },
    owner,
  );
  void lab.transport.listen({ address: own, port: 179 }, (connection) => peer.accept(connection));
  return { peer, log };
}

function lab(latency = 10) {
  const clock = new ManualClock();
  return { clock, transport: new MemoryTransport(clock, { latency }), timers: new TimerHeap(clock) };
}

/** A neighbour that is only bytes. */
function bytesAgainst(config: Partial<PeerConfigInput> = {}) {
  const at = lab(0);
  const { peer, log } = speaker(at, '10.0.0.1', '10.0.0.2', { passive: true, ...config });
  peer.start();
  const heard: string[] = [];
  let connection: Connection | undefined;
  let closed = false;
  at.transport.dial(
    { remote: { address: '10.0.0.1', port: 179 }, localAddress: '10.0.0.2' },
    {
      connected: (made) => {
        connection = made;
        made.listen({
          data: (chunk) => {
            for (let i = 0; i < chunk.length; i += ((chunk[i + 16] ?? 0) << 8) | (chunk[i + 17] ?? 0)) {
              const message = decodeMessage(chunk.slice(i, i + (((chunk[i + 16] ?? 0) << 8) | (chunk[i + 17] ?? 0))), defaultContext);
              heard.push(message.type === 'notification' ? `notification ${message.code}/${message.subcode}` : message.type);
            }
          },
          drained: () => {},
          closed: () => {
            closed = true;
          },
        });
      },
      failed: () => {},
    },
  );
  at.clock.settle();
  const send = (text: string): void => {
    connection?.write(hex(text));
    at.clock.settle();
  };
  return { ...at, peer, log, heard, send, isClosed: () => closed };
}

const OPEN = `${MARKER} 002b 01 04 fdea 005a 0a000002 0e 02 0c 01 04 0001 00 01 41 04 0000fdea`.replace('0c 01', '0c 01');
const KEEPALIVE = `${MARKER} 0013 04`;

describe('a session', () => {
  test('comes up, with the messages that the RFC has', () => {
    const { send, heard, peer, log } = bytesAgainst();
    expect(heard).toEqual(['open']);
    send(OPEN);
    expect(heard).toEqual(['open', 'keepalive']);
    send(KEEPALIVE);
    expect(peer.state).toBe('established');
    expect(peer.negotiated).toMatchObject({
      peerAs: 65002,
      holdTime: 9000,
      families: ['ipv4-unicast'],
      fourOctetAs: true,
      routeRefresh: false,
    });
    expect(log.at(-1)).toBe('0 open-confirm -> established');
  });

  const refused: [name: string, bytes: string, notification: string, config?: Partial<PeerConfigInput>][] = [
    ['a marker that is not all ones', `${'ff'.repeat(15)}00 0013 04`, '1/1'],
    ['a length under 19', `${MARKER} 0012 04`, '1/2'],
    ['a KEEPALIVE of 20 octets', `${MARKER} 0014 04 00`, '1/2'],
    ['an unknown type', `${MARKER} 0013 09`, '1/3'],
    ['version 5', OPEN.replace('01 04 fdea', '01 05 fdea'), '2/1'],
    ['an AS that is not the neighbour’s', OPEN, '2/2', { peerAs: [65009] }],
    ['an identifier of 0.0.0.0', OPEN.replace('0a000002', '00000000'), '2/3'],
    ['our own identifier within our AS', OPEN.replace('0a000002', '0a000001'), '2/3', { localAs: 65002 }],
    ['a hold time of 1 s', OPEN.replace('005a', '0001'), '2/6'],
    ['a hold time of 2 s', OPEN.replace('005a', '0002'), '2/6'],
    ['a KEEPALIVE before the OPEN', KEEPALIVE, '5/1'],
    ['an UPDATE before the OPEN', `${MARKER} 0017 02 0000 0000`, '5/1'],
    ['a second OPEN in OpenConfirm', `${OPEN} ${OPEN}`, '5/2'],
    ['an UPDATE in OpenConfirm', `${OPEN} ${MARKER} 0017 02 0000 0000`, '5/2'],
    ['an OPEN in Established', `${OPEN} ${KEEPALIVE} ${OPEN}`, '5/3'],
  ];
  test.each(refused)('answers %s with a NOTIFICATION, and closes', (_name, bytes, notification, config) => {
    const { send, heard, isClosed, peer } = bytesAgainst(config);
    send(bytes);
    expect(heard.at(-1)).toBe(`notification ${notification}`);
    expect(isClosed()).toBe(true);
    expect(peer.state).not.toBe('established');
  });

  test('a hold time of 0 means no keepalives and no hold timer', () => {
    const { send, heard, clock, peer } = bytesAgainst();
    send(OPEN.replace('005a', '0000'));
    send(KEEPALIVE);
    clock.advance(86_400_000);
    expect(peer.state).toBe('established');
    expect(heard).toEqual(['open', 'keepalive']);
  });

  test('a silent neighbour is given up after the hold time, with 4/0', () => {
    const { send, heard, clock, log } = bytesAgainst();
    send(OPEN);
    send(KEEPALIVE);
    clock.advance(8999);
    expect(heard.at(-1)).toBe('keepalive');
    clock.advance(1);
    expect(heard.at(-1)).toBe('notification 4/0');
    expect(log).toContain('9000 down hold-timer-expired');
  });

  test('a neighbour that does not read is given up after the send hold time (RFC 9687)', () => {
    const { send, clock, peer, transport, log } = bytesAgainst({ holdTime: 9000, sendHoldTime: 20_000 });
    send(OPEN);
    send(KEEPALIVE);
    transport.latency = 1e9;
    peer.send(new Uint8Array(2 << 20));
    const beat = (): void => {
      transport.latency = 0;
      send(KEEPALIVE);
      transport.latency = 1e9;
    };
    for (let i = 0; i < 5; i++) {
      clock.advance(3900);
      beat();
    }
    expect(peer.state).toBe('established');
    clock.advance(501);
    expect(log).toContain('20000 down send-hold-timer-expired');
  });

  test('delay open: our OPEN waits, unless the neighbour’s comes first', () => {
    const waiting = bytesAgainst({ delayOpenTime: 3000 });
    expect(waiting.heard).toEqual([]);
    waiting.clock.advance(3000);
    expect(waiting.heard).toEqual(['open']);
    const prompted = bytesAgainst({ delayOpenTime: 3000 });
    prompted.send(OPEN);
    expect(prompted.heard).toEqual(['open', 'keepalive']);
  });

  test('stops with a Cease that carries the operator’s words', async () => {
    const { send, peer, heard, clock, isClosed } = bytesAgainst();
    send(OPEN);
    send(KEEPALIVE);
    const stopped = peer.stop({ subcode: 2, text: 'back at noon' });
    clock.advance(10);
    await stopped;
    expect(heard.at(-1)).toBe('notification 6/2');
    expect(isClosed()).toBe(true);
  });
});

interface Dialled {
  readonly from: string;
  closed: boolean;
}

/** A transport that writes down who made which connection, and whether it is still there. */
function watching(transport: Transport, dials: Dialled[]): Transport {
  return {
    listen: (options, accepted) => transport.listen(options, accepted),
    dial: (options, events) =>
      transport.dial(options, {
        failed: events.failed,
        connected: (connection) => {
          const dialled: Dialled = { from: options.localAddress ?? '', closed: false };
          dials.push(dialled);
          const listen = connection.listen.bind(connection);
          connection.listen = (to) =>
            listen({
              ...to,
              closed: (reason) => {
                dialled.closed = true;
                to.closed(reason);
              },
            });
          events.connected(connection);
        },
      }),
  };
}

describe('of two connections', () => {
  const CEASE_7 = bgp(3, '06 07');
  const open = (id: string): string => OPEN.replace('0a000002', id);

  /** The library's at 10.0.0.1, which has dialled; a neighbour of octets with that connection and one that it has opened itself. */
  function both(config: Partial<PeerConfigInput> = {}) {
    const at = lab(0);
    const ends: { readonly heard: string[]; readonly send: (text: string) => void; closed: boolean }[] = [];
    const take = (connection: Connection): void => {
      const heard: string[] = [];
      const end = {
        heard,
        closed: false,
        send: (text: string) => {
          connection.write(hex(text));
          at.clock.settle();
        },
      };
      ends.push(end);
      connection.listen({
        data: (chunk) => heard.push(unhex(chunk)),
        drained: () => {},
        closed: () => {
          end.closed = true;
        },
      });
    };
    void at.transport.listen({ address: '10.0.0.2', port: 179 }, take);
    const { peer, log } = speaker(at, '10.0.0.1', '10.0.0.2', config);
    peer.bfd(true);
    peer.start();
    at.clock.settle();
    const opens = () => {
      at.transport.dial(
        { remote: { address: '10.0.0.1', port: 179 }, localAddress: '10.0.0.2' },
        { connected: take, failed: () => expect.unreachable() },
      );
      at.clock.settle();
      const end = ends.at(-1);
      if (!end) throw new Error('no connection');
      return end;
    };
    const [ours] = ends;
    if (!ours) throw new Error('no connection');
    return { ...at, peer, log, ours, opens, dials: () => ends.length };
  }

  test.each([
    ['ours goes where the neighbour’s identifier is higher', '0a000002', 'ours'],
    ['the neighbour’s goes where ours is higher', '09000001', 'theirs'],
  ] as const)('%s, with a Cease 6/7 (RFC 4271 §6.8)', (_name, id, loser) => {
    for (const first of ['ours', 'theirs'] as const) {
      const { peer, ours, opens } = both();
      const theirs = opens();
      const ends = { ours, theirs };
      expect([ours.heard.length, theirs.heard.length, ours.closed, theirs.closed]).toEqual([1, 1, false, false]);
      // Whichever connection the OPEN comes by.
      ends[first].send(open(id));
      const winner = loser === 'ours' ? theirs : ours;
      expect([ends[loser].heard.at(-1), ends[loser].closed, winner.closed]).toEqual([CEASE_7, true, false]);
      if (ends[first] !== winner) winner.send(open(id));
      winner.send(KEEPALIVE);
      expect([peer.state, winner.heard.includes(CEASE_7)]).toEqual(['established', false]);
    }
  });

  test('one that is established stays, whatever the identifiers (§6.8)', () => {
    for (const id of ['0a000002', '09000001']) {
      const { peer, ours, opens } = both();
      ours.send(open(id));
      ours.send(KEEPALIVE);
      expect(peer.state).toBe('established');
      const second = opens();
      second.send(open(id));
      expect([second.heard.at(-1), second.closed, ours.closed, peer.state]).toEqual([CEASE_7, true, false, 'established']);
    }
  });

  test('the one that is tried again after a failure is not, once the neighbour’s own is established', () => {
    const { clock, peer, ours, opens, dials } = both({ bfdStrict: 'always' });
    ours.send(bgp(3, '06 05'));
    expect(peer.state).toBe('idle');
    const theirs = opens();
    theirs.send(open('0a000002').replace('005a', '0000'));
    theirs.send(KEEPALIVE);
    const dialled = dials();
    clock.advance(600_000);
    // BFD that goes from up to administratively down has nothing against the session either.
    peer.bfd(true);
    clock.advance(600_000);
    expect([peer.state, dials() - dialled]).toEqual(['established', 0]);
  });

  test('that the neighbour opened both, the first stays and the second gets a Cease 6/7 and no OPEN', () => {
    const { peer, ours, opens } = both();
    const [first, second] = [opens(), opens()];
    expect([second.heard, second.closed, first.closed, ours.closed]).toEqual([[CEASE_7], true, false, false]);
    first.send(open('0a000002'));
    first.send(KEEPALIVE);
    const third = opens();
    expect([third.heard, third.closed, peer.state]).toEqual([[CEASE_7], true, 'established']);
  });

  /** As the neighbour's OPEN, with graceful restart. */
  const graceful = unhex(
    encodeMessage(
      {
        type: 'open',
        version: 4,
        asn: 65002,
        holdTime: 90,
        routerId: '10.0.0.2',
        capabilities: [
          { type: 'multiprotocol', family: 'ipv4-unicast' },
          { type: 'graceful-restart', restarted: true, notification: false, restartTime: 120, families: [] },
        ],
      },
      defaultContext,
    ),
  );

  test('that the neighbour opened both, the newer stays where it restarts gracefully (RFC 4724 §4.2)', () => {
    const { peer, log, opens } = both();
    const old = opens();
    old.send(graceful);
    old.send(KEEPALIVE);
    expect(peer.state).toBe('established');
    const next = opens();
    expect([old.closed, next.heard.length]).toEqual([false, 1]);
    // One more is one too many.
    const third = opens();
    expect([third.heard, third.closed, old.closed, next.closed]).toEqual([[CEASE_7], true, false, false]);
    next.send(graceful);
    expect([old.closed, old.heard.filter((message) => message.startsWith(CEASE_7.slice(0, 36)))]).toEqual([true, []]);
    next.send(KEEPALIVE);
    expect([peer.state, next.closed]).toEqual(['established', false]);
    expect(log.filter((line) => line.includes('down'))).toEqual(['0 down connection-closed']);
  });

  test('the older stays where the newer’s OPEN says nothing of a graceful restart, or nothing at all', () => {
    const { peer, clock, opens } = both();
    const old = opens();
    old.send(graceful);
    old.send(KEEPALIVE);
    const next = opens();
    next.send(open('0a000002'));
    expect([next.heard.at(-1), next.closed, old.closed, peer.state]).toEqual([CEASE_7, true, false, 'established']);
    const mute = opens();
    for (let i = 0; i < 60; i++) {
      clock.advance(5000);
      old.send(KEEPALIVE);
    }
    expect([mute.heard.at(-1), mute.closed, old.closed, peer.state]).toEqual([bgp(3, '04 00'), true, false, 'established']);
  });

  test('the newer goes on where the older ends before the newer has said anything', () => {
    const { peer, opens } = both();
    const old = opens();
    old.send(graceful);
    old.send(KEEPALIVE);
    const next = opens();
    old.send(bgp(3, '06 02'));
    expect([old.closed, next.closed, peer.state]).toEqual([true, false, 'open-sent']);
    next.send(graceful);
    next.send(KEEPALIVE);
    expect(peer.state).toBe('established');
  });

  test('a neighbour that is turned away again and again, and does not close, costs four connections and two seconds', () => {
    const { clock, peer } = both();
    const done: string[][] = [];
    const offer = (): void => {
      const own: string[] = [];
      done.push(own);
      const end = { address: '10.0.0.2', port: 1000 + done.length };
      peer.accept({
        local: end,
        remote: end,
        buffered: 0,
        listen: ({ closed }) => {
          if (own.length < 2) own.push('listened');
          connectionOf.set(own, () => closed(undefined));
        },
        write: (bytes) => own.push(unhex(bytes)) > 0,
        pause: () => {},
        resume: () => {},
        end: () => own.push('end'),
        abort: () => {
          own.push('abort');
          connectionOf.get(own)?.();
        },
      });
    };
    const connectionOf = new Map<string[], () => void>();
    offer(); // this one is weighed against ours
    for (let i = 0; i < 6; i++) offer();
    const [, ...turnedAway] = done;
    const told = [CEASE_7, 'listened', 'end'];
    expect(turnedAway).toEqual([told, told, told, told, ['abort'], ['abort']]);
    clock.advance(1999);
    expect(turnedAway[0]).toEqual(told);
    clock.advance(1);
    expect(turnedAway.slice(0, 4)).toEqual(Array.from({ length: 4 }, () => [...told, 'abort']));
  });

  test('is refused with a Cease 6/5 while the session is stopped', async () => {
    const { clock, peer, opens } = both();
    const stopped = peer.stop({ subcode: 2 });
    clock.settle();
    await stopped;
    const late = opens();
    expect([late.heard, late.closed]).toEqual([[bgp(3, '06 05')], true]);
  });
});

describe('two speakers', () => {
  test('that dial each other come up with one connection, stay up for six hours, and notice a cut', () => {
    const at = lab();
    const a = speaker(at, '10.0.0.1', '10.0.0.2');
    const b = speaker(at, '10.0.0.2', '10.0.0.1', { localAs: 65002 });
    a.peer.start();
    b.peer.start();
    at.clock.advance(15_000);
    expect([a.peer.state, b.peer.state]).toEqual(['established', 'established']);
    const flaps = [a.log, b.log].map((log) => log.filter((line) => line.includes('-> established')).length);
    expect(flaps).toEqual([1, 1]);
    at.clock.advance(6 * 3_600_000);
    expect([a.peer.state, b.peer.state]).toEqual(['established', 'established']);
    at.transport.cut('10.0.0.2');
    at.clock.advance(9100);
    expect([a.log, b.log].map((log) => log.filter((line) => line.includes('down hold-timer-expired')).length)).toEqual([1, 1]);
    at.transport.mend('10.0.0.2');
    at.clock.advance(120_000);
    expect([a.peer.state, b.peer.state]).toEqual(['established', 'established']);
  });

  test.each([
    ['the higher identifier opened: b', { a: [65001, '10.0.0.1'], b: [65002, '10.0.0.2'] }, '10.0.0.2'],
    ['the higher identifier opened: a', { a: [65001, '10.0.0.3'], b: [65002, '10.0.0.2'] }, '10.0.0.1'],
    ['the higher identifier opened, whatever the ASes: a', { a: [65001, '200.0.0.1'], b: [65002, '10.0.0.2'] }, '10.0.0.1'],
    ['the higher AS opened where identifiers are equal: b (RFC 6286)', { a: [65001, '10.0.0.1'], b: [65002, '10.0.0.1'] }, '10.0.0.2'],
    ['the higher AS opened where identifiers are equal: a (RFC 6286)', { a: [65003, '10.0.0.1'], b: [65002, '10.0.0.1'] }, '10.0.0.1'],
  ] as const)('keep the connection that %s, from any start', (_name, who, opener) => {
    for (let seed = 1; seed <= 30; seed++) {
      const at = lab(5 + (seed % 7));
      const dials: Dialled[] = [];
      const watched = { ...at, transport: watching(at.transport, dials) };
      const a = speaker(watched, '10.0.0.1', '10.0.0.2', { localAs: who.a[0], routerId: who.a[1] });
      const b = speaker(watched, '10.0.0.2', '10.0.0.1', { localAs: who.b[0], routerId: who.b[1] });
      a.peer.start();
      at.clock.advance(seed % 11);
      b.peer.start();
      at.clock.advance(60_000);
      expect([a.peer.state, b.peer.state], `seed ${seed}`).toEqual(['established', 'established']);
      const open = dials.filter(({ closed }) => !closed).map(({ from }) => from);
      // Both connections are there before an OPEN comes by either: then the rule decides. Else one may be established before the other is there.
      const collide = seed % 11 < at.transport.latency;
      expect(open, `seed ${seed}`).toEqual(collide ? [opener] : [expect.any(String)]);
      if (collide) expect(dials.length, `seed ${seed}`).toBe(2);
      const before = [a.log.length, b.log.length];
      at.clock.advance(120_000);
      expect([a.log.length, b.log.length], `seed ${seed}`).toEqual(before);
    }
  });

  test('come back after one of them died, sooner than the backoff’s end', () => {
    const at = lab();
    const a = speaker(at, '10.0.0.1', '10.0.0.2', { passive: true });
    const b = speaker(at, '10.0.0.2', '10.0.0.1', { localAs: 65002 });
    a.peer.start();
    b.peer.start();
    at.clock.advance(1000);
    for (let round = 0; round < 3; round++) {
      at.transport.reset('10.0.0.2');
      at.clock.advance(20_000);
      expect([a.peer.state, b.peer.state]).toEqual(['established', 'established']);
    }
  });
});

describe('the framer', () => {
  const messages = [OPEN, KEEPALIVE, `${MARKER} 0017 02 0000 0000`, `${MARKER} 0017 02 0000 0000`, KEEPALIVE].map(hex);
  const stream = Uint8Array.from(messages.flatMap((message) => [...message]));

  function cut(chunks: readonly Uint8Array[]): string[] {
    const seen: string[] = [];
    const framer = new Framer(
      {
        updates: (bytes, from, to) => {
          for (let at = from; at < to; at += 23) seen.push(`update ${bytes.slice(at, at + 23).length}`);
          return true;
        },
        message: (bytes) => {
          seen.push(`type ${bytes[18]}`);
          return true;
        },
        broken: (error) => seen.push(`broken ${error.code}/${error.subcode}`),
      },
      new Buffers(),
    );
    for (const chunk of chunks) framer.push(chunk);
    return seen;
  }

  test('UPDATEs of a large chunk are one run with the one that began before it', () => {
    const update = hex(`${MARKER} 0017 02 0000 0000`);
    const updates = Uint8Array.from({ length: 23 * 300 }, (_, i) => update[i % 23] as number);
    const runs: string[] = [];
    const whole = Uint8Array.from([...updates, ...updates]);
    const buffers = new Buffers();
    const lent = buffers.take();
    buffers.give(lent);
    const framer = new Framer(
      {
        updates: (bytes, from, to) => {
          const run = Buffer.from(bytes.subarray(from, to));
          runs.push(`${run.length} ${run.equals(Buffer.from(whole.subarray(0, run.length)))}`);
          return true;
        },
        message: () => true,
        broken: () => runs.push('broken'),
      },
      buffers,
    );
    framer.push(whole.subarray(0, 6910));
    framer.push(whole.subarray(6910));
    // 300 UPDATEs and 10 octets first; then all that is left, from the one that was begun.
    expect(runs).toEqual(['6900 true', '6900 true']);
    expect(framer.pending).toBe(0);
    expect(buffers.take().buffer, 'the buffer went back').toBe(lent.buffer);
  });

  test('cuts the same messages out of a stream wherever it is split', () => {
    const whole = cut([stream]);
    expect(whole).toEqual(['type 1', 'type 4', 'update 23', 'update 23', 'type 4']);
    for (let at = 1; at < stream.length; at++) expect(cut([stream.subarray(0, at), stream.subarray(at)]), `split at ${at}`).toEqual(whole);
    expect(cut(Array.from(stream, (byte) => Uint8Array.of(byte)))).toEqual(whole);
    const long = Uint8Array.from({ length: stream.length * 100 }, (_, i) => stream[i % stream.length] as number);
    const all = cut([long]);
    for (const at of [1, 18, 19, 25, 60, 5000, 9001])
      expect(cut([long.subarray(0, at), long.subarray(at)]), `long one split at ${at}`).toEqual(all);
  });

  test('any bytes, in any chunks, end in a defined way', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(...messages)), { maxLength: 8 }), (chunks) => {
        cut(chunks);
        const against = bytesAgainst();
        for (const chunk of chunks) against.send([...chunk].map((byte) => byte.toString(16).padStart(2, '0')).join(''));
        expect(['idle', 'active', 'open-sent', 'open-confirm', 'established']).toContain(against.peer.state);
      }),
      { numRuns: 150 },
    );
  });

  test('a session that ends in the middle of a message takes nothing of it', () => {
    const { send, peer, transport, log } = bytesAgainst();
    send(OPEN);
    send(KEEPALIVE);
    send(`${MARKER} 0030 02 0000`);
    transport.reset('10.0.0.2');
    expect(peer.state).not.toBe('established');
    expect(log.filter((line) => line.includes('updates'))).toEqual([]);
  });

  test.each([
    ['whose header is whole', `${MARKER} 0030 02 0000`],
    ['whose header is not', MARKER.slice(0, 12)],
  ])(
    'a session over a connection that it dialled, and that ended in the middle of a message %s, comes up again over the next',
    async (_name, part) => {
      const at = lab(0);
      const { peer } = speaker(at, '10.0.0.1', '10.0.0.2');
      const connections: Connection[] = [];
      await at.transport.listen({ address: '10.0.0.2', port: 179 }, (connection) => {
        connection.listen({ data: () => {}, drained: () => {}, closed: () => {} });
        connections.push(connection);
      });
      const send = (text: string): void => {
        connections.at(-1)?.write(hex(text));
        at.clock.settle();
      };
      peer.start();
      for (let round = 1; round <= 2; round++) {
        for (let waited = 0; connections.length < round && waited < 60; waited++) at.clock.advance(1000);
        send(OPEN);
        send(KEEPALIVE);
        expect(peer.state).toBe('established');
        send(part);
        connections.at(-1)?.abort();
        at.clock.settle();
        expect(peer.state).not.toBe('established');
      }
    },
  );
});

test('an OPEN with more than 255 octets of parameters goes out in the extended form (RFC 9072)', () => {
  const capabilities = Array.from({ length: 40 }, (_, i) => ({
    type: 'unknown' as const,
    code: 200 + (i % 40),
    value: new Uint8Array(10),
  }));
  const bytes = encodeMessage({ type: 'open', version: 4, asn: 65001, holdTime: 90, routerId: '10.0.0.1', capabilities }, defaultContext);
  expect([bytes[28], bytes[29]]).toEqual([255, 255]);
  const decoded = decodeMessage(bytes, defaultContext);
  expect(decoded.type === 'open' && decoded.capabilities.length).toBe(40);
});
