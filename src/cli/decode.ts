import { parseArgs } from 'node:util';
import { type Inspected, inspectMessage, lenientContext, toJson, type WireContext } from '../bgp/wire/index.js';
import {
  type CapturedMessage,
  type CapturedOspf,
  capturedPackets,
  type Damage,
  type Frame,
  readMrt,
  readPcap,
  readPcapng,
} from '../capture/index.js';
import { type CaptureFile, openCapture } from '../io/capture-file.js';
import { parseAddress } from '../lib/address.js';
import { UsageError } from '../lib/errors.js';
import { inspectPacket, packetToJson } from '../ospf/wire/index.js';
import { type Command, CommandError, DONE, FAILED, type Terminal, WRONG_USE } from './command.js';
import { Progress } from './progress.js';

/** Lines written at once. */
const BATCH = 200;
/** Records of a file after which the clock is looked at. */
const LOOK_EVERY = 256;
/** Session states by the numbers that MRT gives them (RFC 6396 §4.4.1). */
const STATES = ['', 'idle', 'connect', 'active', 'open-sent', 'open-confirm', 'established'];

export const decode: Command = {
  summary: 'prints the BGP and OSPF messages in a capture, one JSON object a line',
  help: `Usage: virtual-router decode FILE

Reads a pcap, pcapng, MRT or hex file, gzip or bzip2 around it or not, and prints a JSON
object a line for each BGP message and each OSPF packet in it:

  time      seconds since 1970, null where the file has none
  from,to   addresses, with ports where there are any
  protocol  bgp or ospf
  type      open, update, notification, keepalive, route-refresh; hello,
            database-description, link-state-request, -update, -acknowledgment; or unknown
  body      what the message says
  error     what is malformed: remedy (RFC 7606; drop-packet in OSPF) and message; the
            code and subcode of the NOTIFICATION that a receiver would send; in OSPF the
            reason. Digests are not verified: keys are not in captures

Entries of an MRT table are of type route, changes of a session of type state-change, and
damage in the file of type damage. A hex file holds whole messages, markers included; white
space, colons and comments (# or //) are passed over. BGP is found at any port. /dev/stdin
reads a pipe, to its end. Standard error says when there is nothing to print, or when frames
were recorded without their ends.

  --help     this text

Exit codes: 0 the file could be read, whatever is in it, 1 it could not, or the lines could
not be written, 2 the command line is wrong.
`,
  async run(args, terminal) {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} });
    const [file, more] = positionals;
    if (file === undefined || more !== undefined) throw new CommandError('expected the name of one file', WRONG_USE);
    const progress = new Progress(terminal);
    let opened: CaptureFile;
    try {
      opened = openCapture(file, (part) => progress.at(() => `${Math.floor(part * 100)} % decompressed`));
    } catch (error) {
      throw error instanceof UsageError ? new CommandError(error.message, FAILED) : error;
    }
    return print(opened, terminal, progress);
  },
};

/** Prints all lines, a batch at a time, so that the output can keep up and a signal is heard. */
async function print(file: CaptureFile, terminal: Terminal, progress: Progress): Promise<number> {
  let stopped = false;
  let forget = (): void => {};
  const stop = new Promise<void>((resolve) => {
    forget = terminal.onStop(() => {
      stopped = true;
      resolve();
    });
  });
  let batch: string[] = [];
  let lines = 0;
  let records = 0;
  let cut = 0;
  const soFar = (): string => `${records} records read, ${lines} lines`;
  const read = (short: boolean): void => {
    records++;
    if (short) cut++;
    if (records % LOOK_EVERY === 0) progress.at(soFar);
  };
  for (const line of linesOf(file, read)) {
    batch.push(JSON.stringify(line));
    lines++;
    if (batch.length < BATCH) continue;
    terminal.out.write(`${batch.join('\n')}\n`);
    batch = [];
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.race([terminal.out.ready?.(), stop]);
    if (stopped || terminal.out.failure !== undefined) break;
    progress.at(soFar);
  }
  if (batch.length > 0 && !stopped) terminal.out.write(`${batch.join('\n')}\n`);
  forget();
  if (terminal.out.failure !== undefined) return FAILED;
  if (!stopped) remark(terminal, records, lines, cut);
  return DONE;
}

/** What the lines themselves do not say: why there are none, or may be too few. */
function remark(terminal: Terminal, records: number, lines: number, cut: number): void {
  if (lines === 0) terminal.err.write(`no BGP or OSPF in ${records} records\n`);
  if (cut > 0) terminal.err.write(`${cut} of ${records} frames were recorded without their ends (tcpdump has them whole with -s 0)\n`);
}

/** Recorded without its end. */
function isShort(frame: Frame | Damage): boolean {
  return 'bytes' in frame && frame.bytes.length < frame.length;
}

/** @param read - Called for each record of the file, those of which nothing comes too, and told whether its end is missing. */
function* linesOf(file: CaptureFile, read: (short: boolean) => void): Generator<object> {
  switch (file.format) {
    case 'pcap':
      yield* captured(capturedPackets(counted(readPcap(file.bytes), read, isShort)));
      break;
    case 'pcapng':
      yield* captured(capturedPackets(counted(readPcapng(file.bytes), read, isShort)));
      break;
    case 'mrt':
      yield* recorded(counted(readMrt(file.bytes), read));
      break;
    case 'hex':
      yield* spelt(file.bytes);
      break;
  }
  if (file.damage !== undefined) yield { time: null, type: 'damage', message: file.damage };
}

function* counted<T>(records: Iterable<T>, read: (short: boolean) => void, short = (_record: T) => false): Generator<T> {
  for (const record of records) {
    read(short(record));
    yield record;
  }
}

function* captured(messages: Iterable<CapturedMessage | CapturedOspf | Damage>): Generator<object> {
  for (const message of messages) {
    if ('damage' in message) {
      yield damaged(message);
      continue;
    }
    if ('packet' in message) {
      yield ospf(message);
      continue;
    }
    const { time, from, to, bytes, context, lost, truncated } = message;
    const line = { time, from, to, ...inspected(bytes, context) };
    yield {
      ...line,
      ...(lost > 0 ? { lost } : {}),
      ...(truncated ? { error: { remedy: 'reset-session', message: 'the message is cut short in the capture' } } : {}),
    };
  }
}

function* recorded(records: ReturnType<typeof readMrt>): Generator<object> {
  for (const record of records) {
    if ('damage' in record) yield damaged(record);
    else if (record.type === 'message') {
      const { time, from, to, bytes: message, context } = record;
      yield { time, from, to, ...inspected(message, context) };
    } else if (record.type === 'route') {
      const { time, prefix, pathId, family, peer, originated, attributes, malformed } = record;
      const [worst] = malformed;
      yield {
        time,
        from: peer.address,
        to: null,
        type: 'route',
        body: toJson({ prefix, ...(pathId === undefined ? {} : { pathId }), family, peer, originated, attributes }),
        ...(worst ? { error: { remedy: worst.remedy, message: worst.message } } : {}),
      };
    } else if (record.type === 'state-change') {
      const { time, peer, from, to } = record;
      yield { time, from: peer.address, to: null, type: 'state-change', body: { peer, from: STATES[from] || from, to: STATES[to] || to } };
    } else {
      const { time, mrtType, subtype, length } = record;
      yield { time, from: null, to: null, type: 'unknown', body: { mrtType, subtype, length } };
    }
  }
}

function* spelt(bytes: Uint8Array): Generator<object> {
  for (let at = 0; at < bytes.length; ) {
    const claimed = ((bytes[at + 16] ?? 0) << 8) | (bytes[at + 17] ?? 0);
    const length = bytes.length - at < 19 || claimed < 19 || claimed > bytes.length - at ? bytes.length - at : claimed;
    yield { time: null, from: null, to: null, ...inspected(bytes.slice(at, at + length), lenientContext) };
    at += length;
  }
}

function inspected(bytes: Uint8Array, context: WireContext): object {
  let read = inspectMessage(bytes, context);
  if (pathMalformed(read)) {
    // A path that does not read with AS numbers of one width may with the other: OPENs that were not recorded would have told.
    const other = inspectMessage(bytes, { ...context, fourOctetAs: !context.fourOctetAs });
    if (!pathMalformed(other)) read = other;
  }
  const { type, message, error } = read;
  const { type: _type, ...body } = message ?? { type };
  const wrong = error
    ? { remedy: 'reset-session', message: error.message, code: error.code, subcode: error.subcode }
    : message?.type === 'update' && message.malformed?.[0]
      ? malformedOf(message.malformed, message.remedy)
      : undefined;
  return { protocol: 'bgp', type, body: toJson(body), ...(wrong ? { error: wrong } : {}) };
}

function pathMalformed({ message, error }: Inspected): boolean {
  if (error) return error.code === 3 && error.subcode === 11;
  return message?.type === 'update' && (message.malformed ?? []).some(({ code }) => code === 2 || code === 7);
}

function malformedOf(
  malformed: readonly { remedy: string; message: string; notification?: { code: number; subcode: number } }[],
  remedy: string | undefined,
): object {
  const worst = malformed.find((one) => one.remedy === remedy) ?? malformed[0];
  const codes = worst?.notification ? { code: worst.notification.code, subcode: worst.notification.subcode } : {};
  return { remedy: remedy ?? worst?.remedy, message: malformed.map(({ message }) => message).join('; '), ...codes };
}

function ospf({ time, from, to, version, packet }: CapturedOspf): object {
  const seen = inspectPacket(packet, version, parseAddress(from), parseAddress(to));
  return {
    time,
    from,
    to,
    protocol: 'ospf',
    type: seen.body?.type ?? 'unknown',
    body: packetToJson(seen),
    ...(seen.error && { error: { remedy: 'drop-packet', reason: seen.error.drop, message: seen.error.message } }),
  };
}

function damaged({ damage, offset }: Damage): object {
  return { time: null, from: null, to: null, type: 'damage', message: damage, offset };
}
