import {
  type BgpMessage,
  type Capability,
  decodeMessage,
  encodeMessage,
  HEADER_SIZE,
  inspectMessage,
  type Open,
  type UnicastFamily,
  type WireContext,
} from '../bgp/wire/index.js';
import { canonicalAddress } from '../lib/address.js';
import { AS_TRANS } from '../lib/asn.js';
import { concatBytes } from '../lib/bytes.js';
import type { Clock } from '../lib/clock.js';
import type { Connection, Transport } from '../lib/transport.js';
import { agreed, type CapturedMessage, openOf } from './bgp-streams.js';
import type { Damage } from './pcap.js';

/** What a recorded OPEN says of its sender, as it stands among a router's `neighbours`. @public */
export interface RecordedNeighbour {
  readonly address: string;
  readonly as: number;
  /** Seconds, as proposed. */
  readonly holdTime: number;
  readonly families: readonly UnicastFamily[];
  /** What a router needs to configure to make use of the sender's add-path capability. */
  readonly addPath?: 'send' | 'receive' | 'both';
  readonly extendedNextHop: boolean;
  readonly extendedMessages: boolean;
}

/**
 * The first OPEN of a side of a capture; undefined when none was recorded.
 *
 * @param side - Its address. What is none throws a `UsageError` (`ADDRESS_INVALID`).
 * @public
 */
export function openFrom(messages: Iterable<CapturedMessage | Damage>, side: string): Open | undefined {
  const address = canonicalAddress(side);
  for (const message of messages) {
    if ('damage' in message || addressOf(message.from) !== address || message.bytes[18] !== 1) continue;
    const { message: open } = inspectMessage(message.bytes, message.context);
    if (open?.type === 'open') return open;
  }
  return undefined;
}

/**
 * The neighbour that a side of a capture is, by its first OPEN; undefined when none was recorded.
 *
 * @param side - Its address. What is none throws a `UsageError` (`ADDRESS_INVALID`).
 * @example
 * ```ts
 * const neighbour = neighbourFrom(messages, '10.77.0.2')!;
 * const neighbours = [{ ...neighbour, address: '127.0.0.2', passive: true, export: 'claims' }];
 * ```
 * @public
 */
export function neighbourFrom(messages: Iterable<CapturedMessage | Damage>, side: string): RecordedNeighbour | undefined {
  const open = openFrom(messages, side);
  if (!open) return undefined;
  const { capabilities } = open;
  const has = (type: Capability['type']): boolean => capabilities.some((capability) => capability.type === type);
  const spoken = capabilities.flatMap((capability) => (capability.type === 'multiprotocol' ? [capability.family] : []));
  const families = (['ipv4-unicast', 'ipv6-unicast'] as const).filter((family) => spoken.includes(family));
  const paths = capabilities.flatMap((capability) => (capability.type === 'add-path' ? capability.families : []));
  const [sends, receives] = [paths.some(({ send }) => send), paths.some(({ receive }) => receive)];
  const addPath = sends && receives ? 'both' : sends ? 'receive' : receives ? 'send' : undefined;
  return {
    address: canonicalAddress(side),
    as: open.asn,
    holdTime: open.holdTime,
    families: families.length > 0 || spoken.length > 0 ? families : ['ipv4-unicast'],
    ...(addPath ? { addPath } : {}),
    extendedNextHop: has('extended-next-hop'),
    extendedMessages: has('extended-message'),
  };
}

/** How to play a recorded side. @public */
export interface ReplayOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Address of the side to play; the router knows it as a neighbour by `localAddress`. */
  readonly side: string;
  /** Address to dial from. Default: the recorded one. */
  readonly localAddress?: string;
  /** Where the router listens. */
  readonly router: { readonly address: string; readonly port?: number };
  /** `recorded` keeps the pauses between messages; `full` (default) leaves them out. */
  readonly speed?: 'recorded' | 'full';
}

/** A side being played. @public */
export interface Replay {
  /** What the router has said so far, as values. */
  said(): readonly BgpMessage[];
  /** Whether everything was sent. */
  readonly finished: boolean;
  /** Whether the connection is over, whoever ended it. */
  readonly closed: boolean;
  /** Ends the connection. */
  stop(): void;
}

/**
 * Plays one recorded side to a router, as its neighbour: the same octets, over a connection of the transport's, on the clock's time.
 * With a `ManualClock` nothing happens until it is advanced. Of several recorded connections the first is played.
 *
 * Four-octet AS numbers and path identifiers change how all later octets read. Where the recorded other side had not announced them, they are
 * left out of the OPEN that is played, so that the router reads the rest as that side did. The AS number in such an OPEN is that of its
 * two-octet field (RFC 6793: 23456 where it does not fit).
 *
 * @example
 * ```ts
 * const messages = [...bgpMessages(readPcap(bytes))];
 * const played = replay(messages, { transport, clock, side: '10.0.0.2', router: { address: '10.0.0.1' } });
 * clock.advance(1000);
 * expect(played.said().map(({ type }) => type)).toContain('keepalive');
 * ```
 * @public
 */
export function replay(messages: Iterable<CapturedMessage | Damage>, options: ReplayOptions): Replay {
  const { transport, clock, router, speed = 'full' } = options;
  const side = canonicalAddress(options.side);
  const all = [...messages].filter((message): message is CapturedMessage => !('damage' in message) && !message.truncated);
  const first =
    all.find(({ from, bytes }) => addressOf(from) === side && bytes[18] === 1) ?? all.find(({ from }) => addressOf(from) === side);
  const own = all.filter(({ from, to }) => from === first?.from && to === first.to);
  const other = all.find(({ from, to, bytes }) => from === first?.to && to === first.from && bytes[18] === 1);
  const played = own.map(({ bytes }) => (bytes[18] === 1 ? opening(bytes, other && openOf(other.bytes)) : bytes));
  const mine = played[0] && openOf(played[0]);
  let context: WireContext | undefined = first?.context;
  const said: BgpMessage[] = [];
  let held: Uint8Array = new Uint8Array(0);
  let connection: Connection | undefined;
  const state = { finished: false, closed: false };

  const take = (chunk: Uint8Array): void => {
    held = concatBytes([held, chunk]);
    for (;;) {
      const length = ((held[16] ?? 0) << 8) | (held[17] ?? 0);
      if (held.length < HEADER_SIZE || held.length < length) return;
      const bytes = held.slice(0, length);
      if (bytes[18] === 1 && mine) context = agreed(openOf(bytes) ?? mine, mine);
      if (context) said.push(decodeMessage(bytes, context));
      held = held.slice(length);
    }
  };
  const giveUp = transport.dial(
    { remote: { address: router.address, port: router.port ?? 179 }, localAddress: options.localAddress ?? side },
    {
      connected: (made) => {
        connection = made;
        made.listen({
          data: take,
          drained: () => {},
          closed: () => {
            state.closed = true;
          },
        });
        const start = clock.now();
        let pause = 0;
        for (const [i, { time }] of own.entries()) {
          // A recorder's clock that was set back, or a file without times, changes no order.
          if (speed === 'recorded') pause = Math.max(pause, (time - (own[0]?.time ?? 0)) * 1000 || 0);
          clock.at(start + pause, () => {
            if (!state.closed) made.write(played[i]?.slice() ?? new Uint8Array(0));
            if (i === own.length - 1) state.finished = true;
          });
        }
      },
      failed: () => {
        state.closed = true;
      },
    },
  );
  return {
    said: () => said,
    get finished() {
      return state.finished;
    },
    get closed() {
      return state.closed;
    },
    stop: () => {
      giveUp();
      connection?.end();
    },
  };
}

/** An OPEN without what the recorded other side had not announced, where that changes how later octets read. */
function opening(bytes: Uint8Array, heard: Open | undefined): Uint8Array {
  const open = openOf(bytes);
  if (!open || !heard) return bytes;
  const had = (type: Capability['type']): boolean => heard.capabilities.some((capability) => capability.type === type);
  const capabilities = open.capabilities.filter(({ type }) => (type !== 'four-octet-as' && type !== 'add-path') || had(type));
  if (capabilities.length === open.capabilities.length) return bytes;
  const asn = had('four-octet-as') || open.asn <= 0xffff ? open.asn : AS_TRANS;
  return encodeMessage({ ...open, asn, capabilities }, agreed(open, heard));
}

/** The address in `"10.0.0.1:179"` or `"[2001:db8::1]:179"`. */
function addressOf(endpoint: string): string {
  return endpoint.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}
