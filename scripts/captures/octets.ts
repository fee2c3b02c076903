/** The BGP messages in a capture of our own, and whether writing them again gives the same octets. */
import { decodeMessage, defaultContext, encodeMessage, type WireContext } from '../../src/bgp/wire/index.js';
import type { Open } from '../../src/bgp/wire/values.js';

/** Messages of one direction of one connection. */
export interface Direction {
  readonly from: string;
  readonly to: string;
  readonly messages: readonly Uint8Array[];
}

/** As much of pcap, Ethernet, IP and TCP as tcpdump writes here: nothing lost, nothing fragmented. Directions in the order of their first octet. */
export function messagesOf(pcap: Uint8Array): Direction[] {
  const view = new DataView(pcap.buffer, pcap.byteOffset, pcap.byteLength);
  if (view.getUint32(0, true) !== 0xa1b2c3d4 || view.getUint32(20, true) !== 1)
    throw new Error('expected a little-endian pcap of Ethernet frames');
  const streams = new Map<string, { from: string; to: string; base: number; octets: number[] }>();
  for (let at = 24; at < pcap.length; ) {
    const length = view.getUint32(at + 8, true);
    const frame = pcap.subarray(at + 16, at + 16 + length);
    at += 16 + length;
    const segment = tcp(frame);
    if (segment === undefined) continue;
    const { key, from, to, sequence, syn, payload } = segment;
    let stream = streams.get(key);
    if (stream === undefined || syn) {
      stream = { from, to, base: syn ? sequence + 1 : sequence, octets: [] };
      streams.set(key, stream);
    }
    // Later copies of what was sent before say the same.
    const start = (sequence - stream.base) >>> 0;
    if (payload.length > 0 && start > stream.octets.length && start < 2 ** 31)
      throw new Error(`octets from ${from} are missing in the capture`);
    for (const [i, octet] of payload.entries()) if (start + i === stream.octets.length) stream.octets.push(octet);
  }
  return [...streams.values()]
    .filter(({ octets }) => octets.length > 0)
    .map(({ from, to, octets }) => ({ from, to, messages: split(Uint8Array.from(octets)) }));
}

function tcp(frame: Uint8Array) {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const six = view.getUint16(12) === 0x86dd;
  const ip = 14;
  const header = six ? 40 : ((frame[ip] ?? 0) & 15) * 4;
  const end = ip + (six ? 40 + view.getUint16(ip + 4) : view.getUint16(ip + 2));
  const at = ip + header;
  const address = (start: number): string =>
    six
      ? Array.from({ length: 8 }, (_, i) => view.getUint16(start + 2 * i).toString(16))
          .join(':')
          .replace(/(:0)+:/, '::')
      : frame.subarray(start, start + 4).join('.');
  const from = `${address(ip + (six ? 8 : 12))} ${view.getUint16(at)}`;
  const to = `${address(ip + (six ? 24 : 16))} ${view.getUint16(at + 2)}`;
  const payload = frame.subarray(at + ((frame[at + 12] ?? 0) >> 4) * 4, end);
  return { key: `${from} ${to}`, from, to, sequence: view.getUint32(at + 4), syn: ((frame[at + 13] ?? 0) & 2) !== 0, payload };
}

function split(octets: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at + 19 <= octets.length; ) {
    const length = ((octets[at + 16] ?? 0) << 8) | (octets[at + 17] ?? 0);
    if (length < 19 || at + length > octets.length) break;
    messages.push(octets.subarray(at, at + length));
    at += length;
  }
  return messages;
}

/** The last line of a note: whether our encoder writes the same octets. */
export function canonical(directions: readonly Direction[]): string {
  const found = differences(directions);
  return found.size === 0
    ? 'Canonical: re-encoding gives the same octets for every message.'
    : `Canonical except from ${[...found].map(([sender, words]) => `${sender}: ${words}`).join('; from ')}.`;
}

/** What our encoder writes with other octets, in words, by sender; a sender that is not in it wrote all as we would. */
function differences(directions: readonly Direction[]): Map<string, string> {
  const found = new Map<string, Differences>();
  for (const direction of directions) {
    const back = directions.find(({ from, to }) => from === direction.to && to === direction.from);
    const context = contextFor(openOf(direction), back && openOf(back));
    const sender = direction.from.split(' ')[0] ?? '';
    for (const message of direction.messages) {
      const again = encodeMessage(decodeMessage(message, context), context);
      if (Buffer.compare(message, again) === 0) continue;
      const differs = found.get(sender) ?? { types: new Set(), orders: new Set(), long: new Set() };
      found.set(sender, differs);
      compare(differs, message, again);
    }
  }
  return new Map([...found].map(([sender, differs]) => [sender, inWords(differs)]));
}

function openOf({ messages }: Direction): Open | undefined {
  const first = messages.find((message) => message[18] === 1);
  const value = first && decodeMessage(first, defaultContext);
  return value?.type === 'open' ? value : undefined;
}

/** What both OPENs agree on for this direction. */
function contextFor(sent: Open | undefined, heard: Open | undefined): WireContext {
  const both = (type: string): boolean => [sent, heard].every((open) => open?.capabilities.some((capability) => capability.type === type));
  const entries = (open: Open | undefined) =>
    open?.capabilities.flatMap((capability) => (capability.type === 'add-path' ? capability.families : [])) ?? [];
  const addPath = Object.fromEntries(
    entries(sent)
      .filter(({ family, send }) => send && entries(heard).some((other) => other.family === family && other.receive))
      .map(({ family }) => [family, true]),
  );
  return {
    fourOctetAs: both('four-octet-as'),
    peerType: sent?.asn === heard?.asn ? 'internal' : 'external',
    addPath,
    extendedNextHop: both('extended-next-hop'),
    maxMessage: both('extended-message') ? 65_535 : 4096,
  };
}

/** How the octets of one sender differ from ours. */
interface Differences {
  /** Messages that differ as a whole, in words. */
  readonly types: Set<string>;
  /** Attribute codes in the order of an UPDATE that has another one. */
  readonly orders: Set<string>;
  /** Attributes with a length of two octets that would fit one. */
  readonly long: Set<number>;
}

const TYPES = ['', 'OPEN', 'UPDATE', 'NOTIFICATION', 'KEEPALIVE', 'ROUTE-REFRESH'];

function compare({ types, orders, long }: Differences, message: Uint8Array, again: Uint8Array): void {
  const type = TYPES[message[18] ?? 0] ?? 'unknown message';
  if (type === 'OPEN')
    types.add(
      Buffer.compare(capabilitiesOf(message), capabilitiesOf(again)) === 0
        ? 'OPEN (a parameter for each capability)'
        : 'OPEN (in another way)',
    );
  else if (type !== 'UPDATE') types.add(type);
  else {
    const [theirs, ours] = [attributesOf(message), attributesOf(again)];
    const codes = (list: readonly { code: number }[]): string => list.map(({ code }) => code).join(' ');
    const short = theirs.filter(({ extended, length }) => extended && length < 256);
    if (codes(theirs) !== codes(ours)) orders.add(codes(theirs));
    for (const { code } of short) long.add(code);
    if (plain(message) !== plain(again)) types.add('UPDATE (in another way)');
  }
}

function inWords({ types, orders, long }: Differences): string {
  const updates = [
    ...(long.size > 0 ? [`lengths of two octets for attributes ${[...long].sort((a, b) => a - b).join(', ')}`] : []),
    ...(orders.size > 0 ? [`attributes in the order ${[...orders].join(' or ')}`] : []),
  ];
  return [...types, ...(updates.length > 0 ? [`UPDATE (${updates.join('; ')})`] : [])].join(', ');
}

/** The capabilities of an OPEN, one behind the other, however many parameters they stand in. */
function capabilitiesOf(open: Uint8Array): Uint8Array {
  const found: number[] = [];
  for (let at = 29; at < open.length; at += 2 + (open[at + 1] ?? 0)) found.push(...open.subarray(at + 2, at + 2 + (open[at + 1] ?? 0)));
  return Uint8Array.from(found);
}

/** An UPDATE as text, the order of its attributes and the size of their lengths aside. */
function plain(update: Uint8Array): string {
  const withdrawn = ((update[19] ?? 0) << 8) | (update[20] ?? 0);
  const at = 21 + withdrawn;
  const nlri = at + 2 + (((update[at] ?? 0) << 8) | (update[at + 1] ?? 0));
  const attributes = attributesOf(update).map(({ code, flags, value }) => `${code} ${flags & 0xe0} ${Buffer.from(value).toString('hex')}`);
  return [
    Buffer.from(update.subarray(21, at)).toString('hex'),
    ...attributes.sort(),
    Buffer.from(update.subarray(nlri)).toString('hex'),
  ].join();
}

function attributesOf(update: Uint8Array): { code: number; flags: number; extended: boolean; length: number; value: Uint8Array }[] {
  const u16 = (at: number): number => ((update[at] ?? 0) << 8) | (update[at + 1] ?? 0);
  let at = 21 + u16(19);
  const end = at + 2 + u16(at);
  const found = [];
  for (at += 2; at < end; ) {
    const flags = update[at] ?? 0;
    const extended = (flags & 0x10) !== 0;
    const length = extended ? u16(at + 2) : (update[at + 2] ?? 0);
    const start = at + (extended ? 4 : 3);
    found.push({ code: update[at + 1] ?? 0, flags, extended, length, value: update.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
