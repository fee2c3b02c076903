import { ByteReader, ByteWriter } from '../../lib/bytes.js';
import { atPath } from '../../lib/errors.js';
import { U8, unsigned } from '../../lib/unsigned.js';
import { CeaseSubcode, ErrorCode } from './codes.js';
import { decodeUtf8, encodeUtf8 } from './text.js';
import type { Notification } from './values.js';
import type { NotificationFields } from './wire-error.js';

/** Octets of a shutdown text: 128 in RFC 8203, 255 since RFC 9003. */
const MAX_TEXT = 255;

/** The body of a NOTIFICATION of at least two octets. Anything else is data. @internal */
export function decodeNotification(body: Uint8Array): Notification {
  const reader = new ByteReader(body);
  const [code, subcode] = [reader.u8(), reader.u8()];
  const data = reader.rest().slice();
  const hard = code === ErrorCode.cease && subcode === CeaseSubcode.hardReset && data.length >= 2;
  return { type: 'notification', ...withText({ code, subcode, data }), ...(hard ? { hardReset: inner(data) } : {}) };
}

/** RFC 8538 §3.1: a Hard Reset carries the NOTIFICATION that is meant. */
function inner(data: Uint8Array): NotificationFields & { readonly text?: string } {
  return withText({ code: data[0] ?? 0, subcode: data[1] ?? 0, data: data.slice(2) });
}

function withText(fields: NotificationFields): NotificationFields & { readonly text?: string } {
  const text = shutdownText(fields);
  return text === undefined ? fields : { ...fields, text };
}

/** What the operator wrote, where it is one that carries text and the text is one (RFC 9003 §2). */
function shutdownText({ code, subcode, data }: NotificationFields): string | undefined {
  if (!carriesText(code, subcode) || data.length === 0) return undefined;
  const length = data[0] ?? 0;
  return length > data.length - 1 ? undefined : decodeUtf8(data.subarray(1, 1 + length));
}

function carriesText(code: number, subcode: number): boolean {
  return code === ErrorCode.cease && (subcode === CeaseSubcode.administrativeShutdown || subcode === CeaseSubcode.administrativeReset);
}

/** The body of a NOTIFICATION. Text is cut to 255 octets, between two characters. @internal */
export function encodeNotification({ code, subcode, data, text, hardReset }: Notification): Uint8Array {
  const to = new ByteWriter().u8(atPath(['code'], () => unsigned(code, U8))).u8(atPath(['subcode'], () => unsigned(subcode, U8)));
  if (data.length > 0) return to.raw(data).finish();
  if (hardReset) return to.raw(atPath(['hardReset'], () => encodeNotification({ type: 'notification', ...hardReset }))).finish();
  return text !== undefined && carriesText(code, subcode) ? to.raw(encodeShutdownText(text)).finish() : to.finish();
}

/** The data of a Cease with a text: its length and itself, cut to 255 octets (RFC 9003 §2). @public */
export function encodeShutdownText(text: string): Uint8Array {
  const bytes = encodeUtf8(text, MAX_TEXT);
  return new ByteWriter(1 + bytes.length).u8(bytes.length).raw(bytes).finish();
}

const CODES: Readonly<Record<number, string>> = {
  1: 'message header error',
  2: 'OPEN message error',
  3: 'UPDATE message error',
  4: 'hold timer expired',
  5: 'finite state machine error',
  6: 'cease',
  7: 'ROUTE-REFRESH message error',
  8: 'send hold timer expired',
};

const SUBCODES: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  1: { 1: 'connection not synchronised', 2: 'bad message length', 3: 'bad message type' },
  2: {
    1: 'unsupported version number',
    2: 'bad peer AS',
    3: 'bad BGP identifier',
    4: 'unsupported optional parameter',
    5: 'authentication failure',
    6: 'unacceptable hold time',
    7: 'unsupported capability',
    11: 'role mismatch',
  },
  3: {
    1: 'malformed attribute list',
    2: 'unrecognised well-known attribute',
    3: 'missing well-known attribute',
    4: 'attribute flags error',
    5: 'attribute length error',
    6: 'invalid ORIGIN attribute',
    7: 'AS routing loop',
    8: 'invalid NEXT_HOP attribute',
    9: 'optional attribute error',
    10: 'invalid network field',
    11: 'malformed AS_PATH',
  },
  5: { 1: 'unexpected message in OpenSent', 2: 'unexpected message in OpenConfirm', 3: 'unexpected message in Established' },
  6: {
    1: 'maximum number of prefixes reached',
    2: 'administrative shutdown',
    3: 'peer de-configured',
    4: 'administrative reset',
    5: 'connection rejected',
    6: 'other configuration change',
    7: 'connection collision resolution',
    8: 'out of resources',
    9: 'hard reset',
    10: 'BFD down',
  },
  7: { 1: 'invalid message length' },
};

/** A code and subcode in words: `cease: administrative shutdown`. Unknown ones by number. @public */
export function notificationName(code: number, subcode: number): string {
  const name = CODES[code] ?? `error ${code}`;
  const detail = SUBCODES[code]?.[subcode] ?? (subcode === 0 ? undefined : `subcode ${subcode}`);
  return detail === undefined ? name : `${name}: ${detail}`;
}
