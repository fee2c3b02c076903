import { concatBytes } from '../../lib/bytes.js';
import { atPath, UsageError } from '../../lib/errors.js';
import { layout } from '../../lib/layout.js';
import { shown } from '../../lib/shown.js';
import { U8, unsigned } from '../../lib/unsigned.js';
import { ErrorCode, HEADER_SIZE, HeaderError, MAX_MESSAGE, MessageType } from './codes.js';
import type { WireContext } from './context.js';
import { decodeNotification, encodeNotification } from './notification.js';
import { decodeOpen, encodeOpen } from './open.js';
import { decodeRouteRefresh, encodeRouteRefresh } from './route-refresh.js';
import { decodeUpdate, encodeUpdate } from './update.js';
import type { BgpMessage } from './values.js';
import { MessageError } from './wire-error.js';

interface Header {
  readonly high: number;
  readonly low: number;
  readonly middle: number;
  readonly last: number;
  readonly length: number;
  readonly type: number;
}

/** RFC 4271 §4.1: a marker of sixteen octets of ones, the length of the whole, the type. */
const header = layout<Header>(HEADER_SIZE, (parser) =>
  parser.uint32('high').uint32('middle').uint32('low').uint32('last').uint16('length').uint8('type'),
);
const ONES = 0xffff_ffff;

/** The kinds of message: octets at least, whether it may be longer than 4,096 (RFC 8654 §4), and both directions. */
interface Kind {
  readonly least: number;
  readonly most: number;
  readonly extends: boolean;
  decode(body: Uint8Array, context: WireContext, message: Uint8Array): BgpMessage;
}

const ANY = Number.POSITIVE_INFINITY;
const KINDS: Readonly<Record<number, Kind>> = {
  [MessageType.open]: { least: 29, most: ANY, extends: false, decode: (body) => decodeOpen(body) },
  [MessageType.update]: { least: 23, most: ANY, extends: true, decode: (body, context) => decodeUpdate(body, context) },
  [MessageType.notification]: { least: 21, most: ANY, extends: true, decode: (body) => decodeNotification(body) },
  [MessageType.keepalive]: { least: HEADER_SIZE, most: HEADER_SIZE, extends: false, decode: () => ({ type: 'keepalive' }) },
  [MessageType.routeRefresh]: {
    least: 23,
    most: ANY,
    extends: true,
    decode: (body, _context, message) => decodeRouteRefresh(body, message),
  },
};

/**
 * Checks the header at `at` of octets received: a `MessageError` (1/1, 1/2, 1/3; RFC 4271 §6.1) or the length of the message,
 * of which more may still be on its way. There must be 19 octets.
 *
 * @internal
 */
export function checkHeader(bytes: Uint8Array, at: number, maxMessage: number): number | MessageError {
  const { high, middle, low, last, length, type } = header.read(bytes, at);
  if (high !== ONES || middle !== ONES || low !== ONES || last !== ONES) {
    return new MessageError(ErrorCode.messageHeader, HeaderError.notSynchronised, 'the marker is not all ones', 0);
  }
  const kind = KINDS[type];
  const most = Math.min(kind?.most ?? ANY, kind?.extends === false ? Math.min(maxMessage, MAX_MESSAGE) : maxMessage);
  if (length < (kind?.least ?? HEADER_SIZE) || length > most) {
    return new MessageError(
      ErrorCode.messageHeader,
      HeaderError.badLength,
      `a length of ${length} in a message of type ${type}`,
      16,
      bytes.slice(at + 16, at + 18),
    );
  }
  if (!kind) return new MessageError(ErrorCode.messageHeader, HeaderError.badType, `message type ${type}`, 18, Uint8Array.of(type));
  return length;
}

/**
 * One whole message, header included. Throws a {@link MessageError} for all that ends a session, and nothing else; what RFC 7606
 * deals with otherwise stands in {@link Update.malformed}.
 *
 * @example
 * ```ts
 * decodeMessage(bytes, defaultContext); // { type: 'keepalive' }
 * ```
 * @public
 */
export function decodeMessage(bytes: Uint8Array, context: WireContext): BgpMessage {
  const message = read(bytes, context);
  const fatal = message.type === 'update' ? message.malformed?.find(({ remedy }) => remedy === 'reset-session') : undefined;
  if (!fatal) return message;
  const { code, subcode, data } = fatal.notification ?? { code: ErrorCode.update, subcode: 0, data: undefined };
  throw new MessageError(code, subcode, fatal.message, HEADER_SIZE, data);
}

/** As {@link decodeMessage}, but what is wrong inside an UPDATE only stands in its value. */
function read(bytes: Uint8Array, context: WireContext): BgpMessage {
  if (bytes.length < HEADER_SIZE)
    throw new MessageError(ErrorCode.messageHeader, HeaderError.badLength, `${bytes.length} octets are no message`, 0);
  const length = checkHeader(bytes, 0, context.maxMessage);
  if (typeof length !== 'number') throw length;
  if (length !== bytes.length) {
    throw new MessageError(
      ErrorCode.messageHeader,
      HeaderError.badLength,
      `a length of ${length} in ${bytes.length} octets`,
      16,
      bytes.slice(16, 18),
    );
  }
  const kind = KINDS[bytes[18] ?? 0];
  if (!kind) throw new Error('a message type passed its check and has no row');
  return kind.decode(bytes.subarray(HEADER_SIZE), context, bytes);
}

/** What some octets are, for showing them. @public */
export interface Inspected {
  /** `unknown` also where there is no whole header. */
  readonly type: BgpMessage['type'];
  /** Absent where the message as such cannot be read. */
  readonly message?: BgpMessage;
  /** Present where a session would end; what an UPDATE's malformed attributes lead to otherwise stands in {@link Update.malformed}. */
  readonly error?: MessageError;
}

const TYPES: Readonly<Record<number, BgpMessage['type']>> = {
  [MessageType.open]: 'open',
  [MessageType.update]: 'update',
  [MessageType.notification]: 'notification',
  [MessageType.keepalive]: 'keepalive',
  [MessageType.routeRefresh]: 'route-refresh',
};

/** As much of a message as can be read, and why not more. Never throws. @public */
export function inspectMessage(bytes: Uint8Array, context: WireContext): Inspected {
  const type = (bytes.length >= HEADER_SIZE ? TYPES[bytes[18] ?? 0] : undefined) ?? 'unknown';
  let message: BgpMessage | undefined;
  try {
    message = read(bytes, context);
    return { type, message: decodeMessage(bytes, context) };
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    const unknown =
      type === 'unknown' && bytes.length >= HEADER_SIZE ? { type, code: bytes[18] ?? 0, body: bytes.slice(HEADER_SIZE) } : undefined;
    const shown = message ?? unknown;
    return { type, ...(shown ? { message: shown } : {}), error };
  }
}

/**
 * The octets of a message, header included. Throws a `UsageError` whose `path` says where a value stands that cannot be written
 * (`PREFIX_INVALID`, `ADDRESS_INVALID`, `ASN_INVALID`, `COMMUNITY_INVALID`; `VALUE_INVALID`: a number out of bounds, a word that is none, or two fields that
 * contradict each other), and where the message is longer than the session's may be (`MESSAGE_TOO_LONG`). A list of communities or clusters
 * that holds nothing is written as none; a text that is too long is cut.
 *
 * @public
 */
export function encodeMessage(message: BgpMessage, context: WireContext): Uint8Array {
  const [type, body] = encodeBody(message, context);
  const length = HEADER_SIZE + body.length;
  const most = KINDS[type]?.extends === false ? Math.min(context.maxMessage, MAX_MESSAGE) : context.maxMessage;
  if (length > most) throw new UsageError('MESSAGE_TOO_LONG', `${length} octets in a message of type ${type}, where ${most} may be`);
  const head = new Uint8Array(HEADER_SIZE).fill(0xff, 0, 16);
  head[16] = length >>> 8;
  head[17] = length & 255;
  head[18] = atPath(['code'], () => unsigned(type, U8));
  return concatBytes([head, body]);
}

function encodeBody(message: BgpMessage, context: WireContext): [type: number, body: Uint8Array] {
  switch (message.type) {
    case 'open':
      return [MessageType.open, encodeOpen(message)];
    case 'update':
      return [MessageType.update, encodeUpdate(message, context)];
    case 'notification':
      return [MessageType.notification, encodeNotification(message)];
    case 'keepalive':
      return [MessageType.keepalive, new Uint8Array(0)];
    case 'route-refresh':
      return [MessageType.routeRefresh, encodeRouteRefresh(message)];
    case 'unknown':
      return [message.code, message.body];
    default:
      throw new UsageError('VALUE_INVALID', `expected a message, whose \`type\` says which, got ${shown(message)}`);
  }
}
