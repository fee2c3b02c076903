import { expect } from 'vitest';
import { parseAddress } from '../../../src/lib/address.js';
import { seeded } from '../../../src/lib/random.js';
import { checksumTcp, decodeTcp, isTcp } from '../../../src/stack/wire/tcp.js';
import { Path } from './path.js';

const A = parseAddress('10.0.0.1');
const B = parseAddress('10.0.0.2');

/** Sends so many random segments, and mutations of honest ones, at a stack that is busy; expects it to keep its bounds, and to serve afterwards. */
export function mutate(segments: number): void {
  const path = new Path({ delay: 1 });
  const accepted = path.b.serve();
  const { sink } = path.a.dial();
  path.clock.advance(100);
  const random = seeded(11);
  // What passed between the two, to be changed a little.
  const seen: Uint8Array[] = [];
  const { stack } = path.b;
  const receive = stack.receive.bind(stack);
  stack.receive = (datagram) => {
    if (seen.length < 64) seen.push(datagram.payload.slice());
    return receive(datagram);
  };
  const inject = (payload: Uint8Array): void => {
    receive({ source: '10.0.0.1', destination: '10.0.0.2', protocol: 6, hopLimit: 64, payload, node: 'a' });
  };
  sink?.pour(300_000);
  path.clock.advance(20);
  let largest = 0;
  for (let i = 0; i < segments; i++) {
    const known = seen[Math.floor(random() * seen.length)];
    const bytes = known && random() < 0.8 ? known.slice() : Uint8Array.from({ length: Math.floor(random() * 80) }, () => random() * 256);
    const changes = 1 + Math.floor(random() * 4);
    for (let c = 0; c < changes && bytes.length > 0; c++) {
      // The connection's own ports as a rule, so that it is the machine that sees it.
      const at = random() < 0.7 ? 4 + Math.floor(random() * 40) : Math.floor(random() * bytes.length);
      if (at < bytes.length) bytes[at] = random() * 256;
    }
    if (bytes.length >= 20 && random() < 0.9) {
      checksumTcp(bytes, A, B);
      if (isTcp(bytes, A, B)) decodeTcp(bytes);
    }
    inject(bytes);
    if (i % 64 === 0) {
      // Time enough for some of those that belong to no connection, which are bounded a second.
      path.clock.advance(100);
      largest = Math.max(largest, stack.held);
      // Each of what it opened may keep a window, and there are so many.
      expect(stack.size).toBeLessThanOrEqual(1024 + 8);
    }
  }
  expect(largest).toBeLessThanOrEqual(4 * 262_144);
  // Somebody who guesses everything right may end a connection; whoever comes next is served all the same.
  for (const one of accepted) one.connection.abort();
  path.clock.advance(300_000);
  const again = path.a.dial();
  path.clock.advance(5000);
  expect(again.connection).toBeDefined();
}
