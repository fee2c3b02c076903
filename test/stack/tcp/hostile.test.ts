/** What nobody honest sends: floods, random octets, mutations of what is. */
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../src/lib/address.js';
import { checksumTcp, decodeTcp, encodeTcp, TcpFlag } from '../../../src/stack/wire/tcp.js';
import { mutate } from './mutations.js';
import { Path } from './path.js';

const A = parseAddress('10.0.0.1');
const B = parseAddress('10.0.0.2');

function syn(sourcePort: number): Uint8Array {
  const bytes = encodeTcp(
    { seq: sourcePort * 77, ack: 0, flags: TcpFlag.syn, window: 1000, payload: new Uint8Array(0), mss: 1000 },
    sourcePort,
    179,
    0,
  );
  checksumTcp(bytes, A, B);
  return bytes;
}

describe('whoever means harm', () => {
  test('random and mutated segments break nothing, and fill nothing', () => {
    mutate(8_000);
  });

  test('a flood of SYNs of one node gives way to itself, and others get in', () => {
    const path = new Path({ delay: 1 });
    path.b.serve();
    path.b.other = undefined; // the flood does not answer
    for (let i = 0; i < 2000; i++)
      path.b.stack.receive({
        source: '10.0.9.9',
        destination: '10.0.0.2',
        protocol: 6,
        hopLimit: 64,
        payload: signedFor('10.0.9.9', i),
        node: 'flood',
      });
    expect(path.b.stack.size).toBe(256);
    expect(path.b.dropped).toEqual(Array.from({ length: 2000 - 256 }, () => 'flood too-many-half-open'));
    expect(path.b.stack.counters.overflows).toBe(2000 - 256);
    path.b.other = path.a;
    const dialled = path.a.dial();
    path.clock.advance(100);
    expect(dialled.connection).toBeDefined();
    path.b.other = undefined;
    path.clock.advance(200_000);
    expect(path.b.stack.size).toBe(1);
  });

  test('so many connections of one node and no more; another gets in', () => {
    const path = new Path({ delay: 1 });
    const accepted = path.b.serve();
    const to = path.b.stack;
    const receive = to.receive.bind(to);
    to.receive = (datagram) => receive({ ...datagram, node: 'greedy' });
    // No more at once than may be half open.
    for (let i = 0; i < 1030; i += 206) {
      for (let j = 0; j < 206; j++) path.a.dial();
      path.clock.advance(50);
    }
    expect([to.size, accepted.length]).toEqual([1024, 1024]);
    expect([...new Set(path.b.dropped)]).toEqual(['greedy too-many-connections']);
    to.receive = (datagram) => receive({ ...datagram, node: 'other' });
    const dialled = path.a.dial();
    path.clock.advance(50);
    expect(dialled.connection).toBeDefined();
  });

  test('what belongs to no connection is reset, a hundred times a second', () => {
    const path = new Path({ delay: 1 });
    for (let i = 0; i < 1000; i++)
      path.b.stack.receive({ source: '10.0.0.1', destination: '10.0.0.2', protocol: 6, hopLimit: 64, payload: syn(1000 + i), node: 'a' });
    expect(path.b.stack.counters.resets).toBe(100);
    expect(path.b.stack.size).toBe(0);
  });

  test('small pieces ahead of their turn fill no more than their bound', () => {
    const path = new Path({ delay: 1 });
    const accepted = path.b.serve();
    const dialled = path.a.dial();
    path.clock.advance(100);
    const { connection } = dialled;
    if (!connection) throw new Error('no connection');
    path.clock.advance(100);
    // Every second octet of the window, one at a time, as a.
    const seq = lastSent(path, () => connection.write(Uint8Array.of(0)));
    path.b.other = undefined; // nobody needs its answers
    for (let i = 2; i < 2400; i += 2) {
      const bytes = encodeTcp(
        {
          seq: (seq.seq + i) >>> 0,
          ack: seq.ack,
          flags: TcpFlag.ack,
          window: 500,
          payload: Uint8Array.of(1),
          timestamp: { value: seq.timestamp, echo: 0 },
        },
        connection.local.port,
        179,
        0,
      );
      checksumTcp(bytes, A, B);
      path.b.stack.receive({ source: '10.0.0.1', destination: '10.0.0.2', protocol: 6, hopLimit: 64, payload: bytes });
    }
    expect(path.b.stack.held).toBe(512);
    expect(accepted[0]?.octets).toBe(1);
  });
});

function signedFor(source: string, sourcePort: number): Uint8Array {
  const bytes = syn(1024 + sourcePort);
  checksumTcp(bytes, parseAddress(source), B);
  return bytes;
}

/** The sequence numbers of the segment that a makes b receive. */
function lastSent(path: Path, act: () => void): { seq: number; ack: number; timestamp: number } {
  let found = { seq: 0, ack: 0, timestamp: 0 };
  const { stack } = path.b;
  const receive = stack.receive.bind(stack);
  stack.receive = (datagram) => {
    const segment = decodeTcp(datagram.payload);
    if (segment.payload.length > 0) found = { seq: segment.seq, ack: segment.ack, timestamp: segment.options.timestamp?.value ?? 0 };
    return receive(datagram);
  };
  act();
  path.clock.advance(10);
  stack.receive = receive;
  return found;
}
