/** What is fuzzed: each parser of what comes from outside, and a whole session. A row each. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { decodeControl, encodeControl } from '../../src/bfd/index.js';
import { Framer } from '../../src/bgp/framer.js';
import { decodeAttributes } from '../../src/bgp/wire/attributes/block.js';
import {
  AttributeScan,
  decodeCanonical,
  decodeMessage,
  defaultContext,
  encodeMessage,
  inspectMessage,
  MessageError,
  toJson,
  type WireContext,
} from '../../src/bgp/wire/index.js';
import {
  bgpMessages,
  type CapturedOspf,
  capturedPackets,
  isMrt,
  isPcap,
  isPcapng,
  readMrt,
  readPcap,
  readPcapng,
} from '../../src/capture/index.js';
import { checkFile } from '../../src/cli/file.js';
import { encodeMessage as encodeForwarderMessage, encodeFrame, type Message, MessageReader } from '../../src/forwarder/wire/index.js';
import { bunzip2 } from '../../src/io/bzip2.js';
import { FrameStream } from '../../src/io/frame-stream.js';
import { parseAddress } from '../../src/lib/address.js';
import { Buffers } from '../../src/lib/buffers.js';
import { concatBytes } from '../../src/lib/bytes.js';
import { ManualClock } from '../../src/lib/clock.js';
import { UsageError, WireError } from '../../src/lib/errors.js';
import { parsePrefix } from '../../src/lib/prefix.js';
import { TimerHeap } from '../../src/lib/timers.js';
import { writeChecksumV2, writeChecksumV3 } from '../../src/ospf/wire/checksum.js';
import {
  decodePacket,
  encodePacket,
  inspectLsa,
  inspectPacket,
  type OspfVersion,
  type PacketContext,
  packetToJson,
} from '../../src/ospf/wire/index.js';
import { CacheSession } from '../../src/rtr/session.js';
import { decodePdu, encodePdu, pduLength, RtrWireError } from '../../src/rtr/wire/index.js';
import { memoryCable } from '../../src/stack/index.js';
import { Stack } from '../../src/stack/stack.js';
import { fold, pseudo, sum } from '../../src/stack/wire/checksum.js';
import { Protocol } from '../../src/stack/wire/codes.js';
import { checksumTcp, TCP } from '../../src/stack/wire/tcp.js';
import { VXLAN, vniOf, vxlanHeader } from '../../src/stack/wire/vxlan.js';
import { VrrpSession } from '../../src/vrrp/session.js';
import { decodeVrrp, encodeVrrp } from '../../src/vrrp/wire/index.js';
import { Lab } from '../ospf/support/lab.js';
import { Path } from '../stack/tcp/path.js';
import { hex } from '../support/hex.js';
import { playSession, sessionSeeds } from './session.js';

/** One thing to fuzz. */
export interface Target {
  readonly name: string;
  /** Where to begin. */
  seeds(): readonly Uint8Array[];
  /** Takes anything in. Throws (or rejects) where something is broken. */
  run(bytes: Uint8Array): void | Promise<void>;
}

const HERE = import.meta.dirname;
/** Captures beside the repository's own, where there are any. */
const CORPORA = process.env.VIRTUAL_ROUTER_CORPORA;
const LONGEST_SEED = 8192;

const CONTEXTS: readonly WireContext[] = [
  defaultContext,
  { ...defaultContext, peerType: 'internal', aigp: true },
  { ...defaultContext, fourOctetAs: false, addPath: { 'ipv4-unicast': true, 'ipv6-unicast': true } },
  { ...defaultContext, extendedNextHop: true, peerType: 'confederation' },
];

/** What a context makes of octets is picked by the first of them, so that the rest mean the same in all. */
function contextOf(bytes: Uint8Array): WireContext {
  return CONTEXTS[(bytes[0] ?? 0) % CONTEXTS.length] ?? defaultContext;
}

function filesOf(...endings: readonly string[]): Uint8Array[] {
  const folders = [join(HERE, '../captures'), ...(CORPORA === undefined ? [] : [CORPORA])];
  const found: Uint8Array[] = [];
  for (const folder of folders) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !endings.some((ending) => entry.name.endsWith(ending))) continue;
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      if (bytes.length <= LONGEST_SEED * 4) found.push(new Uint8Array(bytes));
    }
  }
  return found;
}

/** BGP messages of the captures at hand, a few of each kind and length. */
function messages(): Uint8Array[] {
  const kept = new Map<string, Uint8Array>();
  for (const file of filesOf('.pcap')) {
    for (const found of bgpMessages(isPcap(file) ? readPcap(file) : readPcapng(file))) {
      if (!('bytes' in found)) continue;
      const { bytes } = found;
      if (bytes.length <= 1024) kept.set(`${bytes[18]} ${bytes.length}`, bytes.slice());
    }
  }
  return [...kept.values()];
}

function whole(condition: boolean, what: string): void {
  if (!condition) throw new Error(`broken: ${what}`);
}

/** Throws but for errors of the kind that the caller is told of. */
function expecting(kind: new (...args: never[]) => Error, call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof kind)) throw error;
  }
}

/** Several pieces in one input, each with its length before it. */
function inRow(pieces: readonly Uint8Array[]): Uint8Array {
  return concatBytes(pieces.flatMap((piece) => [Uint8Array.of(piece.length >> 8, piece.length & 255), piece]));
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + 2 <= bytes.length; ) {
    const end = Math.min(bytes.length, at + 2 + (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)));
    yield bytes.slice(at + 2, end);
    at = end;
  }
}

const bgpMessage: Target = {
  name: 'bgp-message',
  seeds: () => messages().map((bytes) => Uint8Array.from([0, ...bytes])),
  run(input) {
    const context = contextOf(input);
    const bytes = input.subarray(1);
    inspectMessage(bytes, context);
    expecting(MessageError, () => {
      const message = decodeMessage(bytes, context);
      JSON.stringify(toJson(message));
      // What is well-formed survives.
      if (message.type === 'update' && message.malformed) return;
      let again: Uint8Array;
      try {
        again = encodeMessage(message, context);
      } catch (error) {
        if (error instanceof UsageError) return; // longer than it came: several parameters made one, say
        throw error;
      }
      const said = JSON.stringify(toJson(decodeMessage(again, context)));
      whole(said === JSON.stringify(toJson(message)), 'a message does not survive being written');
    });
  },
};

const bgpAttributes: Target = {
  name: 'bgp-attributes',
  seeds: () =>
    messages()
      .filter((bytes) => bytes[18] === 2)
      .flatMap((bytes) => {
        const at = 21 + (((bytes[19] ?? 0) << 8) | (bytes[20] ?? 0));
        const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
        return length > 0 ? [Uint8Array.from([0, ...bytes.subarray(at + 2, at + 2 + length)])] : [];
      }),
  run(input) {
    const context = contextOf(input);
    const bytes = input.subarray(1);
    const scan = new AttributeScan();
    scan.scan(bytes, 0, bytes.length, context);
    const { remedy } = scan;
    const { malformed } = decodeAttributes(bytes, context);
    // The prefixes in MP attributes are looked at by the decoder alone.
    if (remedy > 0) whole(malformed.length > 0, 'the scan finds what the decoder does not');
    else
      whole(
        malformed.every(({ code }) => code === 14 || code === 15),
        'the decoder finds what the scan does not',
      );
    if (scan.mpReachAt >= 0 && scan.nextHopAt < 0) scan.canonicalFor(Uint8Array.of(10, 0, 0, 1), 0, 4);
    const canonical = scan.bytes.slice(scan.from, scan.to);
    whole(canonical.length <= 2 * bytes.length + 64, 'a canonical set is longer than it can be');
    decodeCanonical(canonical);
  },
};

const bgpStream: Target = {
  name: 'bgp-stream',
  seeds: () => [concatBytes(messages().slice(0, 12)), ...messages().slice(0, 20)],
  run(bytes) {
    // The same stream in one piece and in many must be cut into the same messages.
    const cut = (sizes: (i: number) => number): string => {
      const heard: string[] = [];
      let over = false;
      const framer = new Framer(
        {
          updates: (chunk, from, to) => {
            for (let at = from; at < to; ) {
              const length = ((chunk[at + 16] ?? 0) << 8) | (chunk[at + 17] ?? 0);
              whole(length >= 23 && at + length <= to, 'a run of UPDATEs is not whole messages');
              heard.push(Buffer.from(chunk.subarray(at, at + length)).toString('hex'));
              at += length;
            }
            return true;
          },
          message: (message) => heard.push(Buffer.from(message).toString('hex')) > 0,
          broken: ({ code, subcode }) => {
            heard.push(`broken ${code}/${subcode}`);
            over = true;
          },
        },
        new Buffers(),
      );
      for (let at = 0, i = 0; at < bytes.length && !over; i++) {
        const size = Math.max(1, sizes(i));
        framer.push(bytes.slice(at, at + size));
        at += size;
      }
      whole(framer.pending <= 65_535, 'more than a message is held');
      return heard.join('\n');
    };
    const once = cut(() => bytes.length);
    whole(cut((i) => 1 + (bytes[i % bytes.length] ?? 0)) === once, 'a stream in pieces reads otherwise');
  },
};

const bfd: Target = {
  name: 'bfd',
  seeds: () => [
    hex('20c00318 00000001 00000002 000f4240 000f4240 00000000'),
    hex('20400320 00000001 00000002 000f4240 000f4240 00000000 0108016162636465'),
  ],
  run(bytes) {
    const packet = decodeControl(bytes);
    if (typeof packet !== 'object') return;
    // What it says of its authentication cannot be written again without the key.
    const { authentication: _section, ...plain } = packet;
    whole(JSON.stringify(decodeControl(encodeControl(plain))) === JSON.stringify(plain), 'a packet does not survive');
  },
};

const RTR_SEED = (version: 0 | 1 | 2): Uint8Array =>
  concatBytes([
    encodePdu(version, { type: 'cache-response', session: 1 }),
    encodePdu(version, {
      type: 'prefix',
      announce: true,
      ipv6: false,
      a: 0xc0000200,
      b: 0,
      c: 0,
      d: 0,
      length: 24,
      maxLength: 24,
      asn: 65001,
    }),
    ...(version === 2 ? [encodePdu(version, { type: 'aspa', announce: true, customer: 65007, providers: [65008] })] : []),
    encodePdu(version, { type: 'end-of-data', session: 1, serial: 1, intervals: { refresh: 100, retry: 50, expire: 1000 } }),
    encodePdu(version, { type: 'serial-notify', session: 1, serial: 2 }),
  ]);

const rtr: Target = {
  name: 'rtr',
  seeds: () => ([0, 1, 2] as const).map((version) => Uint8Array.from([version, ...RTR_SEED(version)])),
  run(input) {
    const bytes = input.subarray(1);
    expecting(RtrWireError, () => {
      for (let at = 0; at < bytes.length; ) {
        const length = pduLength(bytes, at);
        if (length === undefined || at + length > bytes.length) break;
        whole(length >= 8, 'a PDU without a header');
        decodePdu(bytes.subarray(at, at + length));
        at += length;
      }
    });
    const session = new CacheSession({ address: '192.0.2.1', version: ((input[0] ?? 0) % 3) as 0 | 1 | 2 });
    session.handle({ type: 'start' }, 0);
    session.handle({ type: 'connected' }, 0);
    for (let at = 0, now = 0; at < bytes.length; now += 40_000) {
      const size = 1 + (bytes[at] ?? 0);
      session.handle({ type: 'octets', bytes: bytes.slice(at, at + size) }, now);
      session.tick(now + 40_000);
      at += size;
    }
    const { deadline } = session;
    whole(deadline === undefined || Number.isFinite(deadline), 'a timer that is never due');
  },
};

/** Recordings of any kind: all records come out, and nothing is thrown. */
const captures: Target = {
  name: 'captures',
  seeds: () => filesOf('.pcap', '.pcapng', '.mrt').filter(({ length }) => length <= LONGEST_SEED),
  run(bytes) {
    let records = 0;
    const count = (): void => whole(++records <= bytes.length + 1, 'more records than octets');
    if (isPcap(bytes)) for (const _ of bgpMessages(readPcap(bytes))) count();
    else if (isPcapng(bytes)) for (const _ of bgpMessages(readPcapng(bytes))) count();
    else if (isMrt(bytes)) for (const _ of readMrt(bytes)) count();
    for (const read of [readPcap, readPcapng, readMrt]) {
      records = 0;
      for (const _ of read(bytes)) if (++records > bytes.length + 1) whole(false, 'more records than octets');
    }
  },
};

/** Frames, each with its length before it, into a stack with one guest. */
const frames: Target = {
  name: 'frames',
  seeds: () =>
    [
      'ffffffffffff 02000000000a 0806 0001 0800 0604 0001 02000000000a 0a000002 000000000000 0a000001',
      '02560a000001 02000000000a 0800 4500001c000100004001 66de 0a000002 0a000001 0800f7ff00000000',
      '02560a000001 02000000000a 0800 4500001c000100004011 66ce 0a000002 0a000003 0035003500080000',
      '02560a000001 02000000000a 0800 4500001c000120004011 46ce 0a000002 0a000003 0035003500080000',
      '3333ff000001 02000000000a 86dd 6000000000203aff 20010db8000000000000000000000002 ff0200000000000000000001ff000001 8700000000000000 20010db8000000000000000000000001 0101 02000000000a',
      '02560a000001 02000000000a 8100 000a 0800 4500001c000100004001 66de 0a000002 0a000001 0800f7ff00000000',
    ].map((text) => inRow([hex(text)])),
  run(bytes) {
    const clock = new ManualClock();
    const everything = [{ type: 'node', node: 'a' }] as const;
    const stack = new Stack({
      timers: new TimerHeap(clock),
      random: () => 0.5,
      lookup4: () => [...everything],
      lookup6: () => [...everything],
      via4: () => undefined,
      via6: () => undefined,
      mayClaim: () => false,
      announced: () => {},
      answered: () => {},
    });
    const mac = '02:56:0a:00:00:01';
    stack.setInterfaces([
      { prefix: parsePrefix('10.0.0.0/24'), addresses: ['10.0.0.1'], mac, advertise: { least: 200_000, most: 600_000, lifetime: 1800 } },
      {
        prefix: parsePrefix('2001:db8::/64'),
        addresses: ['2001:db8::1'],
        mac,
        advertise: { least: 200_000, most: 600_000, lifetime: 1800 },
      },
    ]);
    stack.setNodes([{ name: 'a', location: 'p', addresses: ['10.0.0.2', '2001:db8::2'], up: true }]);
    const [guest, port] = memoryCable();
    const link = stack.attach('p', port);
    guest.listen(() => {});
    let sent = 0;
    for (const frame of piecesOf(bytes)) {
      guest.send(frame, 0, frame.length);
      sent++;
    }
    clock.advance(1000);
    whole(link.received <= sent, 'more frames came in than were sent');
  },
};

const OSPF_ENDS: Readonly<Record<OspfVersion, Pick<PacketContext, 'source' | 'destination'>>> = {
  2: { source: parseAddress('10.0.0.2'), destination: parseAddress('224.0.0.5') },
  3: { source: parseAddress('fe80::1:0:2'), destination: parseAddress('ff02::5') },
};
const ospfContext = (version: OspfVersion): PacketContext => ({ authentication: { type: 'null' }, now: 0, ...OSPF_ENDS[version] });

/** OSPF packets of the captures at hand, a few of each version, type and length. */
function ospfPackets(): CapturedOspf[] {
  const kept = new Map<string, CapturedOspf>();
  for (const file of filesOf('.pcap')) {
    for (const found of capturedPackets(isPcap(file) ? readPcap(file) : readPcapng(file)))
      if ('packet' in found) kept.set(`${found.version} ${found.packet[1]} ${found.packet.length}`, found);
  }
  return [...kept.values()];
}

/** The packet without authentication and with the right checksum, so that what is in it is looked at. */
function checkedOspf(bytes: Uint8Array, version: OspfVersion): Uint8Array {
  const packet = bytes.slice();
  if (packet.length < 16) return packet;
  packet.fill(0, 12, version === 2 ? 16 : 14);
  const covered = packet.subarray(0, ((packet[2] ?? 0) << 8) | (packet[3] ?? 0));
  if (covered.length < 16) return packet;
  const { source, destination } = OSPF_ENDS[version];
  if (version === 2) writeChecksumV2(covered);
  else writeChecksumV3(covered, source, destination);
  return packet;
}

const ospfPacket: Target = {
  name: 'ospf-packet',
  seeds: () => ospfPackets().map(({ version, packet }) => Uint8Array.from([version, ...packet])),
  run(input) {
    const version: OspfVersion = (input[0] ?? 0) % 2 === 0 ? 2 : 3;
    const context = ospfContext(version);
    const bytes = input.subarray(1);
    JSON.stringify(packetToJson(inspectPacket(bytes, version, context.source, context.destination)));
    const read = decodePacket(checkedOspf(bytes, version), version, context);
    if ('drop' in read) return;
    const { packet } = read;
    if (packet.body.type === 'link-state-update') for (const lsa of packet.body.lsas) inspectLsa(lsa, version, packet.instance);
    const again = decodePacket(encodePacket(packet, context), version, context);
    whole(JSON.stringify(again) === JSON.stringify(read), 'an OSPF packet does not survive being written');
  },
};

/** Packets in a row, as if of the neighbour of a router that has one: when it is quiet again they are neighbours again. */
const ospfNeighbour: Target = {
  name: 'ospf-neighbour',
  seeds: () => ([2, 3] as const).map((version) => Uint8Array.from([version, ...inRow(ospfTalk(version).slice(0, 24))])),
  run(input) {
    const version: OspfVersion = (input[0] ?? 0) % 2 === 0 ? 2 : 3;
    const { lab, routers } = ospfPair(version);
    const [a] = routers;
    lab.advance(60_000);
    const { source, destination } = OSPF_ENDS[version];
    let count = 0;
    for (const piece of piecesOf(input.subarray(1))) {
      if (++count > 100) break;
      a.handle({ type: 'packet', interface: 'e0', source, destination, bytes: checkedOspf(piece, version) });
      lab.advance(200);
    }
    lab.advance(300_000);
    whole(
      routers.every((router) => router.states().join() === 'full'),
      `neighbours do not find each other again: ${routers.map((router) => router.states())}`,
    );
  },
};

function ospfPair(version: OspfVersion, tap?: (bytes: Uint8Array) => void) {
  const lab = new Lab({ version });
  const wire = lab.wire();
  wire.tap = (bytes, source) => {
    if (source.join() === OSPF_ENDS[version].source.join()) tap?.(bytes.slice());
  };
  const routers = [lab.router(1), lab.router(2)] as const;
  for (const [i, router] of routers.entries()) router.attach(wire, version === 2 ? `10.0.0.${i + 1}/24` : `2001:db8::${i + 1}/64`);
  return { lab, routers };
}

/** What the second of the pair says. */
function ospfTalk(version: OspfVersion): Uint8Array[] {
  const said: Uint8Array[] = [];
  ospfPair(version, (bytes) => said.push(bytes)).lab.advance(60_000);
  return said;
}

const VRRP_ENDS = [
  [2, '192.0.2.2', '224.0.0.18'],
  [3, '192.0.2.2', '224.0.0.18'],
  [3, 'fe80::2', 'ff02::12'],
] as const;

const vrrp: Target = {
  name: 'vrrp',
  seeds: () =>
    VRRP_ENDS.map(([version, from, to], i) => {
      const addresses = [parseAddress(i === 2 ? 'fe80::1' : '192.0.2.1'), parseAddress(i === 2 ? '2001:db8::1' : '192.0.2.3')];
      const said = { version, virtualRouterId: 7, priority: 100, interval: 1000, addresses };
      return Uint8Array.from([i, ...encodeVrrp(said, parseAddress(from), parseAddress(to))]);
    }),
  run(input) {
    const [, from, to] = VRRP_ENDS[(input[0] ?? 0) % VRRP_ENDS.length] ?? VRRP_ENDS[0];
    const [source, destination] = [parseAddress(from), parseAddress(to)];
    const bytes = input.slice(1);
    decodeVrrp(bytes, source, destination);
    if (bytes.length < 8) return;
    bytes.fill(0, 6, 8);
    const before = source.length === 4 ? 0 : pseudo(source, 0, destination, 0, 16, Protocol.vrrp, bytes.length);
    const checksum = fold(sum(bytes, 0, bytes.length, before));
    bytes.set([checksum >> 8, checksum & 255], 6);
    const read = decodeVrrp(bytes, source, destination);
    if (typeof read === 'string') return;
    const again = encodeVrrp({ ...read, addresses: read.addresses.map(parseAddress) }, source, destination);
    whole(JSON.stringify(decodeVrrp(again, source, destination)) === JSON.stringify(read), 'an advertisement does not survive');
    const session = new VrrpSession();
    session.handle({ type: 'advertisement', advertisement: read, source: from }, 0);
    session.tick(session.deadline ?? 0);
    whole(session.state === 'absent' && session.deadline === undefined, 'an advertisement counts for ever');
  },
};

const TCP_ENDS = [parseAddress('10.0.0.1'), parseAddress('10.0.0.2')] as const;

/** Two stacks that talk, and what goes from the first to the second. */
function tcpPair(tap: (payload: Uint8Array) => void) {
  const path = new Path({ delay: 1 });
  const accepted = path.b.serve();
  const { stack } = path.b;
  const receive = stack.receive.bind(stack);
  stack.receive = (datagram) => {
    tap(datagram.payload);
    return receive(datagram);
  };
  const { sink } = path.a.dial();
  path.clock.advance(100);
  sink?.pour(50_000);
  path.clock.advance(5);
  return { path, accepted, receive };
}

/** Segments in a row, on the path of a connection that is busy: bounds are kept, and whoever comes next is served. */
const tcp: Target = {
  name: 'tcp',
  seeds() {
    const said: Uint8Array[] = [];
    tcpPair((payload) => said.push(payload.slice()));
    return [inRow(said.slice(0, 6)), inRow(said.slice(-2)), ...said.slice(0, 3).map((segment) => inRow([segment]))];
  },
  run(input) {
    const { path, accepted, receive } = tcpPair(() => {});
    for (const payload of piecesOf(input)) {
      if (payload.length >= TCP) checksumTcp(payload, ...TCP_ENDS);
      receive({ source: '10.0.0.1', destination: '10.0.0.2', protocol: Protocol.tcp, hopLimit: 64, payload, node: 'a' });
      path.clock.advance(1);
      whole(path.b.stack.size <= 1024 + 8, 'more connections than there may be');
      whole(path.b.stack.held <= path.b.stack.size * 4 * 262_144, 'a connection keeps more than it may');
    }
    for (const { connection } of accepted) connection.abort();
    path.clock.advance(300_000);
    const again = path.a.dial();
    path.clock.advance(5000);
    whole(again.connection !== undefined, 'nobody is served any more');
  },
};

/** What a router's process and its forwarder say to each other: in one piece and in many it is the same, and survives. */
const forwarder: Target = {
  name: 'forwarder',
  seeds: () => [
    concatBytes([
      encodeForwarderMessage({ type: 'call', version: 1, network: 'n', ports: [['r', 'p']], position: { epoch: 'e', seq: 7 } }),
      encodeForwarderMessage({ type: 'nodes', nodes: [{ name: 'a', location: null, addresses: ['10.0.0.1'], up: true }], last: true }),
      encodeFrame(1, Uint8Array.of(1, 2, 3, 4), 0, 4),
    ]),
    concatBytes([
      encodeForwarderMessage({ type: 'answer', version: 1, epoch: 'e', resumed: false }),
      encodeForwarderMessage({ type: 'entries', entries: [['10.0.0.0/8', [{ type: 'node', node: 'a', weight: 2 }]]] }),
      encodeForwarderMessage({ type: 'changes', changes: [['2001:db8::/32', null]], seq: 9 }),
      encodeForwarderMessage({ type: 'current', seq: 9 }),
    ]),
    concatBytes([encodeForwarderMessage({ type: 'complete' }), encodeForwarderMessage({ type: 'refusal', reason: 'r' })]),
  ],
  run(bytes) {
    const read = (sizes: (i: number) => number): Message[] => {
      const reader = new MessageReader();
      const heard: Message[] = [];
      expecting(WireError, () => {
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = Math.max(1, sizes(i));
          for (const message of reader.read(bytes.slice(at, at + size))) heard.push(message);
          at += size;
        }
      });
      return heard;
    };
    const once = read(() => bytes.length);
    const said = JSON.stringify(once);
    whole(JSON.stringify(read((i) => 1 + (bytes[i % bytes.length] ?? 0))) === said, 'messages in pieces read otherwise');
    const written = once.map((message) =>
      message.type === 'frame' ? encodeFrame(message.port, message.frame, 0, message.frame.length) : encodeForwarderMessage(message),
    );
    whole(JSON.stringify([...new MessageReader().read(concatBytes(written))]) === said, 'messages do not survive being written');
  },
};

const YAML = `as: 65000
routerId: 192.0.2.1
listen: [{ address: 127.0.0.1, port: 1790 }]
network:
  ranges: [10.0.0.0/16]
  nodes: [{ name: a, addresses: [10.0.0.2], tags: [t] }]
  grants: [{ node: a, prefix: 10.0.1.0/24, le: 32, limit: 4, takeover: always }]
neighbours:
  - { address: 10.0.0.2, as: 65001, limits: { prefixes: 10 }, export: claims, bfd: { minTx: 50 } }
`;

/** A configuration file: a mistake is a UsageError and nothing else. */
const config: Target = {
  name: 'config',
  seeds: () =>
    [YAML, JSON.stringify({ as: '1.10', routerId: '1.1.1.1', neighbours: [{ address: '10.0.0.0/8', as: 'any' }] })].map((text) =>
      new TextEncoder().encode(text),
    ),
  run(bytes) {
    const document = parseDocument(new TextDecoder().decode(bytes), { prettyErrors: false, merge: true, logLevel: 'silent' });
    if (document.errors.length > 0) return;
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: 1000 });
    } catch {
      return; // aliases that multiply: said in one line by the command
    }
    expecting(UsageError, () => {
      const checked = checkFile(value);
      // What was taken is taken again, and means the same.
      for (const { config: router } of checked.routers)
        whole(
          JSON.stringify(checkFile(checked.network ? { network: checked.network, routers: [router] } : router).routers[0]?.config) ===
            JSON.stringify(router),
          'a configuration changes when it is given back',
        );
    });
  },
};

/** QEMU's stream: frames with their lengths before them. */
const frameStream: Target = {
  name: 'frame-stream',
  seeds: () => [hex('00000003 aabbcc 00000000 00000002 ddee'), hex('0001000d ff'), hex('0001000e ff'), hex('00000005 0102')],
  run(bytes) {
    const cut = (sizes: (i: number) => number): string => {
      const heard: string[] = [];
      const stream = new FrameStream();
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = Math.max(1, sizes(i));
        const sensible = stream.push(bytes.subarray(at, at + size), (b, start, end) => {
          whole(start <= end && end <= b.length, 'a frame is not inside its buffer');
          heard.push(Buffer.from(b.slice(start, end)).toString('hex'));
        });
        whole(stream.pending < 65_535 + 14 + 4, 'more than a frame is held');
        if (!sensible) {
          heard.push('nonsense');
          break;
        }
        at += size;
      }
      return heard.join('\n');
    };
    whole(cut((i) => 1 + ((bytes[i % bytes.length] ?? 0) & 7)) === cut(() => bytes.length), 'a stream in pieces reads otherwise');
  },
};

/** VXLAN's header: whichever VNI a datagram is taken to have, it is the one that a header of it says. */
const vxlan: Target = {
  name: 'vxlan',
  seeds: () => [hex('08000000 00002a00 ffffffffffff'), hex('00000000 00002a00 ff'), hex('08000000 00002a00'), hex('ffffffff ffffffff ff')],
  run(bytes) {
    for (let start = 0; start < Math.min(bytes.length, 4); start++) {
      const vni = vniOf(bytes, start, bytes.length);
      whole(vni === -1 || bytes.length - start > VXLAN, 'a datagram without a frame has a VNI');
      whole(vni === -1 || vniOf(concatBytes([vxlanHeader(vni), bytes]), 0, VXLAN + bytes.length) === vni, 'the VNI is none of a header');
      whole(vni < 1 << 24, 'the VNI has more than 24 bits');
    }
  },
};

const bzip2: Target = {
  name: 'bzip2',
  seeds: () =>
    [
      '425a6839314159265359cacdeed1000014d180001040002264970020005081a06805528318492449e1649166ce0c28b228459e9a30b3f28c34745dc914e142432b37bb44',
      '425a6839314159265359ded05eca0000018101b00000800008200021100cd34cda0e81c5dc914e142437b417b280',
      '425a6839 177245385090 00000000',
    ].map((text) => hex(text)),
  run(bytes) {
    let done = 0;
    const read = bunzip2(bytes, (octets) => {
      whole(octets >= done && octets <= bytes.length, 'progress goes back, or past the end');
      done = octets;
    });
    whole(read.damage === undefined || read.damage.length > 0, 'damage is not told');
  },
};

const session: Target = { name: 'session', seeds: sessionSeeds, run: playSession };

export const TARGETS: readonly Target[] = [
  bgpMessage,
  bgpAttributes,
  bgpStream,
  ospfPacket,
  ospfNeighbour,
  vrrp,
  bfd,
  rtr,
  captures,
  frames,
  frameStream,
  vxlan,
  bzip2,
  tcp,
  forwarder,
  config,
  session,
];

const FINDS = join(HERE, 'finds');

/** What was found before, minimised: `finds/TARGET-*.hex`, octets as hex digits. */
export function finds(name: string): readonly { readonly file: string; readonly bytes: Uint8Array }[] {
  return readdirSync(FINDS)
    .filter((file) => file.startsWith(`${name}-`) && file.endsWith('.hex'))
    .map((file) => ({ file, bytes: hex(readFileSync(join(FINDS, file), 'utf8')) }));
}
