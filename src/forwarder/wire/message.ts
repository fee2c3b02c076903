/**
 * Messages between a router's process and its forwarder: a length, a type, and a body. The body is JSON, but of a frame, which is the
 * number of its port and the octets.
 */
import { ByteWriter } from '../../lib/bytes.js';
import { UsageError, WireError } from '../../lib/errors.js';
import { parsePrefix } from '../../lib/prefix.js';
import type { Position } from '../../mapping/change.js';
import type { Target, Targets } from '../../mapping/target.js';

/** Said by both ends: another number is another language. @internal */
export const VERSION = 1;
/** Octets of the length. */
const LENGTH = 4;
/** No message is longer, its type included. @internal */
export const MAX_MESSAGE = 1 << 24;
/** Octets before a frame in its message: the type, and the port. */
const FRAME_HEAD = 3;

/** A node, as a forwarder needs to know it. @internal */
export interface ForwarderNode {
  readonly name: string;
  readonly location: string | null;
  readonly addresses: readonly string[];
  readonly up: boolean;
}

/** Where a prefix is now; null where it is nowhere. @internal */
export type EntryChange = readonly [prefix: string, targets: Targets | null];

/** A port of a router of the network: whose, and its name. @internal */
export type PortName = readonly [router: string, port: string];

/** What is said. @internal */
export type Message =
  /** The forwarder's first: what it is of, the ports that it has, and how far it has heard. */
  | {
      readonly type: 'call';
      readonly version: number;
      readonly network: string;
      readonly ports: readonly PortName[];
      readonly position: Position | null;
    }
  /** The router's answer. What follows goes on from the forwarder's position, or begins anew and is the whole mapping. */
  | { readonly type: 'answer'; readonly version: number; readonly epoch: string; readonly resumed: boolean }
  /** There is no answer to the call. */
  | { readonly type: 'refusal'; readonly reason: string }
  /** All nodes, in parts: the last one says so. */
  | { readonly type: 'nodes'; readonly nodes: readonly ForwarderNode[]; readonly last: boolean }
  /** A part of the whole mapping. */
  | { readonly type: 'entries'; readonly entries: readonly EntryChange[] }
  /** What has changed, each prefix at its latest. `seq` is that of the last change once all of them are told, else null. */
  | { readonly type: 'changes'; readonly changes: readonly EntryChange[]; readonly seq: number | null }
  /** All that was to be told is told. */
  | { readonly type: 'current'; readonly seq: number }
  /** Whoever could speak after a restart has spoken: what was not told by now is no longer so. */
  | { readonly type: 'complete' }
  /** A frame: from a guest for the router, or from the router for a guest. */
  | { readonly type: 'frame'; readonly port: number; readonly frame: Uint8Array };

const TYPES = ['call', 'answer', 'refusal', 'nodes', 'entries', 'changes', 'current', 'complete', 'frame'] as const;
const FRAME = TYPES.indexOf('frame');

/** @internal */
export function encodeMessage(message: Exclude<Message, { readonly type: 'frame' }>): Uint8Array {
  const { type, ...body } = message;
  const text = new TextEncoder().encode(JSON.stringify(body));
  if (text.length >= MAX_MESSAGE) throw new Error(`a message of ${text.length} octets`);
  return new ByteWriter(LENGTH + 1 + text.length)
    .u32(1 + text.length)
    .u8(TYPES.indexOf(type))
    .raw(text)
    .finish();
}

/** The message of the frame at `[start, end)`. @internal */
export function encodeFrame(port: number, buffer: Uint8Array, start: number, end: number): Uint8Array {
  const message = new Uint8Array(LENGTH + FRAME_HEAD + end - start);
  const view = new DataView(message.buffer);
  view.setUint32(0, FRAME_HEAD + end - start);
  view.setUint8(LENGTH, FRAME);
  view.setUint16(LENGTH + 1, port);
  message.set(buffer.subarray(start, end), LENGTH + FRAME_HEAD);
  return message;
}

/** Messages out of octets, however these arrive. @internal */
export class MessageReader {
  #kept = new Uint8Array(0);

  /** Those that `chunk` makes whole. A frame's octets are only good until the next call. Throws a `WireError` for what is none. */
  *read(chunk: Uint8Array): Generator<Message> {
    let bytes = chunk;
    if (this.#kept.length > 0) {
      bytes = new Uint8Array(this.#kept.length + chunk.length);
      bytes.set(this.#kept);
      bytes.set(chunk, this.#kept.length);
      this.#kept = new Uint8Array(0);
    }
    let at = 0;
    while (bytes.length - at >= LENGTH) {
      const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);
      if (length === 0 || length > MAX_MESSAGE) throw new WireError(`a message of ${length} octets`, at);
      if (bytes.length - at - LENGTH < length) break;
      yield decode(bytes.subarray(at + LENGTH, at + LENGTH + length));
      at += LENGTH + length;
    }
    this.#kept = bytes.slice(at);
  }
}

function decode(bytes: Uint8Array): Message {
  const type = TYPES[bytes[0] ?? 0];
  if (type === undefined) throw new WireError(`a message of type ${bytes[0]}`, 0);
  if (type === 'frame') {
    if (bytes.length < FRAME_HEAD) throw new WireError('a frame without a port', 0);
    return { type, port: ((bytes[1] ?? 0) << 8) | (bytes[2] ?? 0), frame: bytes.subarray(FRAME_HEAD) };
  }
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(1)));
  } catch (error) {
    throw new WireError(`a message "${type}" that is no JSON: ${error instanceof Error ? error.message : String(error)}`, 1);
  }
  if (!isObject(body) || !FIELDS[type](body)) throw new WireError(`a message "${type}" of another shape`, 1);
  return { ...body, type } as unknown as Message; // its fields were looked at
}

type Fields = Readonly<Record<string, unknown>>;

/** Whether a body has the fields of its type. */
const FIELDS: Readonly<Record<Exclude<Message['type'], 'frame'>, (body: Fields) => boolean>> = {
  call: ({ version, network, ports, position }) =>
    isCount(version) &&
    typeof network === 'string' &&
    isListOf(ports, (port) => Array.isArray(port) && port.length === 2 && port.every((part) => typeof part === 'string')) &&
    (position === null || (isObject(position) && typeof position.epoch === 'string' && isCount(position.seq))),
  answer: ({ version, epoch, resumed }) => isCount(version) && typeof epoch === 'string' && typeof resumed === 'boolean',
  refusal: ({ reason }) => typeof reason === 'string',
  nodes: ({ nodes, last }) => typeof last === 'boolean' && isListOf(nodes, isNode),
  entries: ({ entries }) => isListOf(entries, (entry) => isEntry(entry) && entry[1] !== null),
  changes: ({ changes, seq }) => (seq === null || isCount(seq)) && isListOf(changes, isEntry),
  current: ({ seq }) => isCount(seq),
  complete: () => true,
};

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
function isListOf(value: unknown, is: (element: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is);
}

function isNode(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { name, location, addresses, up } = value;
  return (
    typeof name === 'string' &&
    (location === null || typeof location === 'string') &&
    typeof up === 'boolean' &&
    isListOf(addresses, (address) => typeof address === 'string' && !address.includes('/') && isPrefix(address))
  );
}

function isEntry(value: unknown): value is EntryChange {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [prefix, targets] = value as readonly unknown[];
  return isPrefix(prefix) && (targets === null || (Array.isArray(targets) && targets.length > 0 && targets.every(isTarget)));
}

function isTarget(value: unknown): value is Target {
  if (!isObject(value)) return false;
  const { type, node, location, weight } = value;
  if (typeof node !== 'string' || (location !== undefined && typeof location !== 'string')) return false;
  return type === 'discard' || ((type === 'node' || type === 'gateway') && (weight === undefined || isCount(weight)));
}

function isPrefix(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    parsePrefix(value);
    return true;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return false;
  }
}
