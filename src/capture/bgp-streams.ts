import { decodeMessage, HEADER_SIZE, lenientContext, type Open, type WireContext } from '../bgp/wire/index.js';
import { concatBytes } from '../lib/bytes.js';
import { IpReader, type Segment, segmentOf } from './ip.js';
import { type CapturedOspf, ospfOf } from './ospf-packets.js';
import type { Damage, Frame } from './pcap.js';
import { type Seen, type StreamEvent, TcpStream } from './tcp-stream.js';

/** A BGP message in a capture. @public */
export interface CapturedMessage {
  /** Seconds since the epoch, of the frame that completed it; NaN where the file has no times. */
  readonly time: number;
  /** Number of that frame, from 1. */
  readonly frame: number;
  /** `"10.0.0.1:179"`, `"[2001:db8::1]:179"`. */
  readonly from: string;
  readonly to: string;
  /** The whole message, header included; of one that was cut, what there is; none where only octets that were no message end a connection. */
  readonly bytes: Uint8Array;
  /** How its octets read, as far as the recorded OPENs tell. */
  readonly context: WireContext;
  /** Octets before it that were no message, or are missing from the capture. */
  readonly lost: number;
  /** It is cut short: by the capture's end, or by octets that are missing. */
  readonly truncated: boolean;
}

/** A direction of a connection. */
interface Direction {
  readonly from: string;
  readonly to: string;
  readonly stream: TcpStream;
  held: Uint8Array;
  lost: number;
  open: Open | undefined;
  other: Direction | undefined;
  synced: boolean;
  /** Where its last octets were. */
  last: Seen;
}

const PORT = 179;
/** Octets in which a marker is looked for before a stream on another port is given up as not BGP. */
const MARKER = 16;
/** Directions that are followed at once. */
const MOST_DIRECTIONS = 1 << 16;

/** The BGP messages in recorded frames, in the order in which they were complete. Never throws. @public */
export function* bgpMessages(frames: Iterable<Frame | Damage>): Generator<CapturedMessage | Damage> {
  for (const one of capturedPackets(frames)) if ('damage' in one || !('packet' in one)) yield one;
}

/**
 * The BGP messages and OSPF packets in recorded frames, in the order in which they were complete. Never throws.
 *
 * @public
 */
export function* capturedPackets(frames: Iterable<Frame | Damage>): Generator<CapturedMessage | CapturedOspf | Damage> {
  const reader = new IpReader();
  const directions = new Map<string, Direction>();
  let frame = 0;
  for (const one of frames) {
    if ('damage' in one) {
      yield one;
      continue;
    }
    frame++;
    const { time } = one;
    const ip = reader.read(one);
    if (!ip) continue;
    const ospf = ospfOf(ip, time, frame);
    if (ospf) yield ospf;
    const segment = segmentOf(ip);
    if (segment) yield* follow(directions, segment, { time, frame });
  }
  for (const direction of directions.values()) yield* end(direction);
}

function* follow(directions: Map<string, Direction>, segment: Segment, seen: Seen): Generator<CapturedMessage> {
  const from = endpoint(segment.from, segment.sourcePort);
  const to = endpoint(segment.to, segment.targetPort);
  const key = `${from} ${to}`;
  let direction = directions.get(key);
  if (!direction && segment.sourcePort !== PORT && segment.targetPort !== PORT && !marked(segment.payload)) return;
  if (direction && segment.syn && direction.stream.restarts(segment.sequence, segment.payload.length)) {
    yield* end(direction);
    direction = undefined;
  }
  const other = direction ? direction.other : directions.get(`${to} ${from}`);
  if (!direction) {
    if (directions.size >= MOST_DIRECTIONS && !directions.has(key)) yield* makeRoom(directions);
    const stream = new TcpStream();
    direction = { from, to, stream, held: new Uint8Array(0), lost: 0, open: undefined, other, synced: false, last: seen };
    if (other) other.other = direction;
    directions.set(key, direction);
  }
  yield* each(direction, direction.stream.push(segment.sequence, segment.syn, segment.payload, seen));
  // After a FIN what was lost before it is still sent again; a RST ends that.
  if (segment.reset) yield* each(direction, direction.stream.flush());
  if (other && segment.acknowledged !== undefined) yield* each(other, other.stream.acknowledged(segment.acknowledged, seen.time));
}

/** Forgets directions that never said anything, such as those of a scan, or else those that were there first. */
function* makeRoom(directions: Map<string, Direction>): Generator<CapturedMessage> {
  for (const [key, { stream, other }] of directions) {
    if (stream.spoke) continue;
    if (other) other.other = undefined;
    directions.delete(key);
  }
  for (const [key, direction] of directions) {
    if (directions.size <= MOST_DIRECTIONS * 0.75) return;
    yield* end(direction);
    directions.delete(key);
  }
}

function* each(direction: Direction, events: readonly StreamEvent[]): Generator<CapturedMessage> {
  for (const event of events) {
    if (event.type === 'gap') yield* gap(direction, event.octets);
    else yield* take(direction, event.bytes, event.seen);
  }
}

function* end(direction: Direction): Generator<CapturedMessage> {
  yield* each(direction, direction.stream.flush());
  if (direction.held.length > 0 && direction.synced) yield message(direction, direction.held, direction.last, true);
  else if (direction.lost + direction.held.length >= HEADER_SIZE) {
    // Nothing follows that would tell of them.
    direction.lost += direction.held.length;
    yield message(direction, new Uint8Array(0), direction.last, true);
  }
}

/** Octets are missing: what is held is cut, and the next message must be looked for. */
function* gap(direction: Direction, octets: number): Generator<CapturedMessage> {
  if (direction.synced && direction.held.length > 0) yield message(direction, direction.held, direction.last, true);
  else direction.lost += direction.held.length;
  direction.held = new Uint8Array(0);
  direction.lost += octets;
  direction.synced = false;
}

function* take(direction: Direction, bytes: Uint8Array, seen: Seen): Generator<CapturedMessage> {
  direction.last = seen;
  let held = direction.held.length > 0 ? concatBytes([direction.held, bytes]) : bytes;
  let at = 0;
  while (held.length - at >= HEADER_SIZE) {
    const length = lengthAt(held, at);
    if (length < 0 && direction.synced && isUnmarked(held, at)) {
      const end = at + claimedAt(held, at);
      yield message(direction, held.slice(at, end), seen, false);
      at = end;
      continue;
    }
    if (length < 0) {
      // Not a message: on to the next marker.
      direction.synced = false;
      const next = markerAfter(held, at + 1);
      direction.lost += next - at;
      at = next;
      continue;
    }
    direction.synced = true;
    if (held.length - at < length) break;
    yield message(direction, held.slice(at, at + length), seen, false);
    at += length;
  }
  held = held.slice(at);
  direction.held = held;
}

function message(direction: Direction, bytes: Uint8Array, { time, frame }: Seen, truncated: boolean): CapturedMessage {
  const context = contextOf(direction);
  const { from, to, lost } = direction;
  direction.lost = 0;
  if (bytes[18] === 1 && !truncated) direction.open = openOf(bytes);
  return { time, frame, from, to, bytes, context, lost, truncated };
}

/** What an OPEN says; undefined when it is malformed, or no OPEN. @internal */
export function openOf(bytes: Uint8Array): Open | undefined {
  try {
    const decoded = decodeMessage(bytes, lenientContext);
    return decoded.type === 'open' ? decoded : undefined;
  } catch {
    return undefined; // a malformed OPEN is shown as such; it just teaches nothing
  }
}

/** What the OPENs of both ends agree on; of one end alone, what it could do. */
function contextOf({ open: mine, other }: Direction): WireContext {
  const theirs = other?.open;
  const one = mine ?? theirs;
  return one ? agreed(one, mine && theirs ? theirs : undefined) : lenientContext;
}

/** How the messages of a side read that said the one OPEN, and heard the other; undefined when that is not known. @internal */
export function agreed(said: Open, heard: Open | undefined): WireContext {
  const other = heard ?? said;
  const both = (type: string): boolean => [said, other].every(({ capabilities }) => capabilities.some((one) => one.type === type));
  const paths = (open: Open) => open.capabilities.flatMap((capability) => (capability.type === 'add-path' ? capability.families : []));
  const addPath = paths(said).filter(({ family, send }) => send && paths(other).some((entry) => entry.family === family && entry.receive));
  return {
    ...lenientContext,
    fourOctetAs: both('four-octet-as'),
    peerType: !heard || said.asn === heard.asn ? 'internal' : 'external',
    addPath: Object.fromEntries(addPath.map(({ family }) => [family, true])),
  };
}

function lengthAt(b: Uint8Array, at: number): number {
  for (let i = at; i < at + MARKER; i++) if (b[i] !== 0xff) return -1;
  const length = claimedAt(b, at);
  return length < HEADER_SIZE ? -1 : length;
}

function claimedAt(b: Uint8Array, at: number): number {
  return ((b[at + MARKER] ?? 0) << 8) | (b[at + MARKER + 1] ?? 0);
}

/** Whether a message stands there whose marker is wrong: of a known type, and followed by a message or by nothing. */
function isUnmarked(b: Uint8Array, at: number): boolean {
  const end = at + claimedAt(b, at);
  const type = b[at + MARKER + 2] ?? 0;
  if (end < at + HEADER_SIZE || end > b.length || type < 1 || type > 5) return false;
  return end === b.length || (b.length - end >= HEADER_SIZE && lengthAt(b, end) > 0);
}

function markerAfter(b: Uint8Array, from: number): number {
  let run = 0;
  for (let i = from; i < b.length; i++) {
    run = b[i] === 0xff ? run + 1 : 0;
    if (run === MARKER) return i - MARKER + 1;
  }
  // The last octets may be the beginning of one.
  return b.length - run;
}

function marked(payload: Uint8Array): boolean {
  return payload.length >= HEADER_SIZE && lengthAt(payload, 0) > 0;
}

function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
