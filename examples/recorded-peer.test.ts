/**
 * Tests one's own BGP software against a recorded peer: run it with `npx vitest run examples`. The software here is a route
 * collector of thirty lines; the peer is FRR, as it was recorded, and says to the collector, over TCP, what it said then.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeHost } from '../src/index.js';
import { bgpMessages, neighbourFrom, readPcap, replay } from '../src/testing.js';
import { decodeMessage, defaultContext, encodeMessage } from '../src/wire.js';

/** The software under test: answers an OPEN, then keeps what is announced. */
class Collector {
  readonly routes = new Map<string, string>();
  readonly heard: string[] = [];
  ended = '';
  readonly server: Server = createServer((socket) => {
    let held = Buffer.alloc(0);
    const say = (message: Parameters<typeof encodeMessage>[0]) => socket.write(encodeMessage(message, defaultContext));
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk]);
      for (; held.length >= 19 && held.length >= held.readUInt16BE(16); held = held.subarray(held.readUInt16BE(16))) {
        const message = decodeMessage(held.subarray(0, held.readUInt16BE(16)), defaultContext);
        if (message.type === 'open') {
          // It can do what the peer can; the AS number is its own.
          const capabilities = message.capabilities.map((one) => (one.type === 'four-octet-as' ? { ...one, asn: 65001 } : one));
          say({ type: 'open', version: 4, asn: 65001, holdTime: 90, routerId: '192.0.2.1', capabilities });
          say({ type: 'keepalive' });
        } else if (message.type === 'update') {
          const { mpReach, mpUnreach, communities = [] } = message.attributes;
          for (const { prefix } of [...message.announced, ...(mpReach?.nlri ?? [])]) {
            this.heard.push(prefix);
            this.routes.set(prefix, communities.join(' '));
          }
          for (const { prefix } of [...message.withdrawn, ...(mpUnreach?.nlri ?? [])]) this.routes.delete(prefix);
        } else if (message.type === 'notification') this.ended = message.text ?? '';
      }
    });
  });
}

const recording = new URL('../test/captures/bird-frr.pcap', import.meta.url);
const messages = [...bgpMessages(readPcap(readFileSync(recording)))];
let collector: Collector;
let port = 0;

beforeEach(async () => {
  collector = new Collector();
  await once(collector.server.listen(0, '127.0.0.1'), 'listening');
  port = (collector.server.address() as AddressInfo).port;
});
afterEach(() => void collector.server.close());

test('the recorded OPEN says how to configure the peer', () => {
  expect(neighbourFrom(messages, '10.77.0.2')).toMatchObject({ as: 65002, families: ['ipv4-unicast', 'ipv6-unicast'] });
});

test('the collector hears what FRR announced, and forgets what it withdrew', async () => {
  const played = replay(messages, {
    ...nodeHost(),
    side: '10.77.0.2',
    localAddress: '127.0.0.1',
    router: { address: '127.0.0.1', port },
  });
  await expect.poll(() => collector.ended, { timeout: 30_000 }).toBe('maintenance until 06:00');
  expect(played.said().map(({ type }) => type)).toEqual(['open', 'keepalive']);
  expect(collector.heard).toEqual(['198.51.100.0/24', '2001:db8:200::/48']);
  expect(collector.routes.size).toBe(0);
  played.stop();
});
