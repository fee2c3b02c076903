import {
  type BgpMessage,
  type Capability,
  decodeMessage,
  defaultContext,
  encodeMessage,
  type WireContext,
} from '../../src/bgp/wire/index.js';
import { concatBytes } from '../../src/lib/bytes.js';
import type { ManualClock } from '../../src/lib/clock.js';
import type { Connection, Transport } from '../../src/lib/transport.js';
import { hex, unhex } from './hex.js';

export interface RawPeer {
  readonly connection: Connection;
  readonly heard: readonly BgpMessage[];
  /** The octets of what was heard, in hex, headers included. */
  readonly octets: readonly string[];
  /** Whether the router has closed the connection. */
  readonly closed: boolean;
  send(message: BgpMessage): void;
  /** Whole messages or parts of them, in hex. */
  sendHex(text: string): void;
}

/** A neighbour made of octets, that has connected and said nothing. */
export function silentPeer(
  transport: Transport,
  clock: ManualClock,
  address: string,
  context: WireContext = defaultContext,
  router = '10.0.0.1',
): RawPeer {
  const heard: BgpMessage[] = [];
  const octets: Uint8Array[] = [];
  let connection: Connection | undefined;
  let closed = false;
  const receive: WireContext = { ...context, maxMessage: 65_535 };
  transport.dial(
    { remote: { address: router, port: 179 }, localAddress: address },
    {
      connected: (made) => {
        connection = made;
        let rest: Uint8Array = new Uint8Array(0);
        made.listen({
          data: (chunk) => {
            rest = concatBytes([rest, chunk]);
            for (let length = 0; rest.length >= 19; rest = rest.subarray(length)) {
              length = ((rest[16] ?? 0) << 8) | (rest[17] ?? 0);
              if (rest.length < length) break;
              const message = rest.slice(0, length);
              octets.push(message);
              heard.push(decodeMessage(message, receive));
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
  clock.advance(10);
  if (!connection) throw new Error('no connection');
  const made = connection;
  return {
    connection: made,
    heard,
    get octets() {
      return octets.map(unhex);
    },
    get closed() {
      return closed;
    },
    send: (message) => made.write(encodeMessage(message, context)),
    sendHex: (text) => made.write(hex(text)),
  };
}

/** A neighbour made of messages, that has sent its own two: the session is up unless the router minds. */
export function rawPeer(
  transport: Transport,
  clock: ManualClock,
  address: string,
  asn: number,
  capabilities: readonly Capability[],
): RawPeer {
  const has = (type: Capability['type']): boolean => capabilities.some((capability) => capability.type === type);
  const context: WireContext = {
    ...defaultContext,
    fourOctetAs: has('four-octet-as'),
    maxMessage: has('extended-message') ? 65_535 : 4096,
  };
  const peer = silentPeer(transport, clock, address, context);
  peer.send({ type: 'open', version: 4, asn, holdTime: 0, routerId: address, capabilities });
  peer.send({ type: 'keepalive' });
  clock.advance(10);
  return peer;
}
