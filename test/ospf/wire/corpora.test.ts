/**
 * Captures and vectors of other implementations, where the variable VIRTUAL_ROUTER_CORPORA names the folder that holds them, with what
 * tshark and the other implementations make of them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { formatAddress, formatIpv4, parseAddress } from '../../../src/lib/address.js';
import { ByteReader } from '../../../src/lib/bytes.js';
import { writeChecksumV3 } from '../../../src/ospf/wire/checksum.js';
import {
  type Authentication,
  type BodyContext,
  decodeLsaBody,
  decodePacket,
  encodeLsa,
  type LsaBody,
  lsaChecksumValid,
  maskOf,
  type OspfHash,
  type OspfPacket,
  type OspfVersion,
  type PacketContext,
} from '../../../src/ospf/wire/index.js';
import { readLsa } from '../../../src/ospf/wire/lsa.js';
import { hex } from '../../support/hex.js';

const folder = process.env.VIRTUAL_ROUTER_CORPORA ?? '';
const present = (path: string) => folder !== '' && existsSync(join(folder, path));
// biome-ignore lint/suspicious/noExplicitAny: files of others, read field by field
type File = any;
function read(path: string): File {
  const bytes = readFileSync(join(folder, path));
  return JSON.parse((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString());
}

const text = (octets: string) => new TextEncoder().encode(octets);
const cryptographic = (id: number, hash: OspfHash, secret: string): Authentication => ({
  type: 'cryptographic',
  keys: [{ id, hash, secret: text(secret) }],
});

/** What the captures with authentication were made with. */
const KEYS: Readonly<Record<string, Authentication>> = {
  'ospf2-simple.pcap': { type: 'simple', password: text('ospfpw8x') },
  'ospf2-md5.pcap': cryptographic(5, 'md5', 'ospf-md5-key'),
  'ospf2-hmac-sha1.pcap': cryptographic(9, 'hmac-sha-1', 'ospf-hmac-sha1-key'),
  'ospf2-hmac-sha384.pcap': cryptographic(9, 'hmac-sha-384', 'ospf-hmac-sha384-key'),
  'ospf3-hmac-sha1.pcap': cryptographic(11, 'hmac-sha-1', 'ospf3-sha1-key'),
  'ospf3-hmac-sha256.pcap': cryptographic(11, 'hmac-sha-256', 'ospf3-hmac-sha256-key'),
  'ospf3-hmac-sha512.pcap': cryptographic(11, 'hmac-sha-512', 'ospf3-hmac-sha512-key'),
};

/** Frames that are no packets, made so on purpose or, the last, signed with a key that nobody told. */
const DROPPED: Readonly<Record<string, string>> = {
  'ospf-signed-integer-ubsan.pcap': 'checksum',
  'ospf-sr-ri-sid.pcap': 'checksum',
  'ospf-sr2.pcapng': 'checksum',
  'ospf2-seg-fault-1.pcapng': 'checksum',
  'ospf6_decode_v3_asan.pcap': 'short',
  'OSPF_with_MD5_auth.cap': 'authentication-type',
};

const FOLDERS = ['tcpdump', 'packetlife', 'thelantamer', 'ndpi', 'doc', 'eveng', 'bird-live'];
const HELLO_V2_OPTIONS = 30;
const LLS = 0x10;

const dotted = formatIpv4;

/** What tshark's decode and ours are compared by: its names of fields, and all values that a packet has of each, in no order. */
type Fields = Record<string, string[]>;
const NAMES = [
  'ospf.srcrouter',
  'ospf.area_id',
  'ospf.hello.hello_interval',
  'ospf.hello.router_dead_interval',
  'ospf.hello.router_priority',
  'ospf.hello.designated_router',
  'ospf.hello.backup_designated_router',
  'ospf.hello.active_neighbor',
  'ospf.hello.network_mask',
  'ospf.hello.interface_id',
  'ospf.db.interface_mtu',
  'ospf.db.dd_sequence',
  'ospf.advrouter',
  'ospf.lsa.seqnum',
  'ospf.lsa.length',
  'ospf.lsa.router.linkid',
  'ospf.lsa.router.linkdata',
  'ospf.lsa.router.metric0',
  'ospf.lsa.network.attchrtr',
  'ospf.lsa.network.netmask',
  'ospf.lsa.asext.fwdaddr',
  'ospf.lsa.asext.extrttag',
  'ospf.lsa.asext.netmask',
  'ospf.v2.grace.period',
  'ospf.v3.lsa.neighbor_router_id',
  'ospf.v3.lsa.attached_router',
  'ospf.v3.lsa.link_local_interface_address.ipv6',
  'ospf.v3.address_prefix.ipv6',
  'ospf.v3.lsa.referenced_advertising_router',
] as const;

function theirFields(decode: File): Fields {
  const fields = Object.fromEntries(NAMES.map((name) => [name, [] as string[]]));
  const visit = (value: File, name: string): void => {
    if (Array.isArray(value)) for (const one of value) visit(one, name);
    else if (typeof value === 'object' && value !== null) for (const [key, one] of Object.entries(value)) visit(one, key);
    else fields[name]?.push(String(value));
  };
  visit(decode, '');
  for (const list of Object.values(fields)) list.sort();
  return fields;
}

function ourFields(packet: OspfPacket): Fields {
  const fields = Object.fromEntries(NAMES.map((name) => [name, [] as string[]]));
  const add = (name: (typeof NAMES)[number], value: string | number): void => {
    fields[name]?.push(String(value));
  };
  add('ospf.srcrouter', dotted(packet.routerId));
  add('ospf.area_id', dotted(packet.area));
  const { body, version } = packet;
  if (body.type === 'hello') {
    add('ospf.hello.hello_interval', body.helloInterval);
    add('ospf.hello.router_dead_interval', body.deadInterval);
    add('ospf.hello.router_priority', body.priority);
    add('ospf.hello.designated_router', dotted(body.designatedRouter));
    add('ospf.hello.backup_designated_router', dotted(body.backupDesignatedRouter));
    for (const id of body.neighbours) add('ospf.hello.active_neighbor', dotted(id));
    if (version === 2) add('ospf.hello.network_mask', dotted(body.mask));
    else add('ospf.hello.interface_id', body.interfaceId);
  }
  if (body.type === 'database-description') {
    add('ospf.db.interface_mtu', body.mtu);
    add('ospf.db.dd_sequence', body.sequence);
  }
  if (body.type === 'link-state-request')
    for (const { advertisingRouter } of body.requests) add('ospf.advrouter', dotted(advertisingRouter));
  const headers = 'headers' in body ? body.headers : body.type === 'link-state-update' ? body.lsas.map(({ header }) => header) : [];
  for (const header of headers) {
    add('ospf.advrouter', dotted(header.advertisingRouter));
    add('ospf.lsa.seqnum', `0x${(header.sequence >>> 0).toString(16).padStart(8, '0')}`);
    add('ospf.lsa.length', header.length);
  }
  if (body.type === 'link-state-update') for (const lsa of body.lsas) addBody(add, version, decodeLsaBody(lsa, bodyContext(version)));
  for (const list of Object.values(fields)) list.sort();
  return fields;
}

function addBody(add: (name: (typeof NAMES)[number], value: string | number) => void, version: OspfVersion, body: LsaBody | string): void {
  if (typeof body === 'string') return;
  if (body.type === 'router')
    for (const link of body.links) {
      if (version === 3) {
        if (link.type !== 'stub') add('ospf.v3.lsa.neighbor_router_id', dotted(link.neighbour));
        continue;
      }
      add('ospf.lsa.router.metric0', link.metric);
      if (link.type === 'stub') {
        add('ospf.lsa.router.linkid', formatAddress(link.prefix.bytes));
        add('ospf.lsa.router.linkdata', dotted(maskOf(link.prefix.length)));
      } else {
        add('ospf.lsa.router.linkid', dotted(link.type === 'transit' ? link.neighbourInterfaceId : link.neighbour));
        add('ospf.lsa.router.linkdata', dotted(link.interfaceId));
      }
    }
  if (body.type === 'network') {
    for (const id of body.routers) add(version === 2 ? 'ospf.lsa.network.attchrtr' : 'ospf.v3.lsa.attached_router', dotted(id));
    if (body.prefix) add('ospf.lsa.network.netmask', dotted(maskOf(body.prefix.length)));
  }
  if ((body.type === 'external' || body.type === 'nssa') && version === 2) {
    add('ospf.lsa.asext.fwdaddr', body.forwarding ? formatAddress(body.forwarding) : '0.0.0.0');
    add('ospf.lsa.asext.extrttag', body.tag);
    add('ospf.lsa.asext.netmask', dotted(maskOf(body.prefix.length)));
  }
  if (body.type === 'grace') add('ospf.v2.grace.period', body.period);
  if (body.type === 'link') add('ospf.v3.lsa.link_local_interface_address.ipv6', formatAddress(body.linkLocal));
  const prefixes =
    'prefixes' in body ? body.prefixes.map(({ prefix }) => prefix) : version === 3 && 'prefix' in body && body.prefix ? [body.prefix] : [];
  for (const { bytes } of prefixes) add('ospf.v3.address_prefix.ipv6', formatAddress(bytes));
  if (body.type === 'intra-area-prefix') add('ospf.v3.lsa.referenced_advertising_router', dotted(body.referenced.advertisingRouter));
}

const bodyContext = (version: OspfVersion): BodyContext => ({ version, family: version === 2 ? 'ipv4' : 'ipv6' });

describe.skipIf(folder === '')('captures', () => {
  test.each(FOLDERS.filter((name) => present(`${name}/messages.json.gz`)))(
    'every packet of %s decodes as tshark has it, and its LSAs encode to the same octets',
    (name) => {
      const decodes = read(`${name}/tshark-decode.json.gz`);
      let packets = 0;
      for (const [capture, { ospf = [] }] of Object.entries<File>(read(`${name}/messages.json.gz`))) {
        for (const { frame, src, dst, hex: octets } of ospf) {
          const version = src.includes(':') ? 3 : 2;
          const authentication = KEYS[capture] ?? { type: 'null' };
          const context: PacketContext = { authentication, source: parseAddress(src), destination: parseAddress(dst), now: 0 };
          const decoded = decodePacket(hex(octets), version, context);
          const where = `${capture} frame ${frame}`;
          if ('drop' in decoded) {
            expect(decoded.drop, where).toBe(DROPPED[capture]);
            continue;
          }
          packets++;
          const { packet } = decoded;
          if (packet.body.type === 'hello' && version === 2 && authentication.type === 'null')
            expect(packet.lls !== undefined, where).toBe(!!((hex(octets)[HELLO_V2_OPTIONS] ?? 0) & LLS));
          const seen = decodes[capture]?.find((one: File) => one.frame === frame)?.ospf;
          if (seen !== undefined && capture !== 'erspan-type-i-4.pcap') expect(ourFields(packet), where).toEqual(theirFields(seen));
          if (packet.body.type !== 'link-state-update') continue;
          for (const lsa of packet.body.lsas) {
            const said = decodeLsaBody(lsa, bodyContext(version));
            if (typeof said === 'string') throw new Error(`${where}: ${said}`);
            expect(lsaChecksumValid(lsa.bytes), where).toBe(true);
            expect(Buffer.from(encodeLsa(lsa.header, said, bodyContext(version)).bytes).toString('hex'), where).toBe(
              Buffer.from(lsa.bytes).toString('hex'),
            );
          }
        }
      }
      expect(packets).toBeGreaterThan(0);
    },
  );
});

const HASHES: Readonly<Record<string, OspfHash>> = {
  Md5: 'md5',
  HmacSha1: 'hmac-sha-1',
  HmacSha256: 'hmac-sha-256',
  HmacSha384: 'hmac-sha-384',
  HmacSha512: 'hmac-sha-512',
};

/** Octets of unit tests of holo, gopacket and scapy, which all call them valid. */
const VECTORS = ['holo/packets.json', 'gopacket/vectors.json', 'scapy/vectors.json'];

describe.skipIf(folder === '')('vectors', () => {
  const all = VECTORS.filter(present).flatMap((path) => read(path).vectors.filter((one: File) => one.protocol?.startsWith('ospf')));

  test.each(all.filter(({ kind }: File) => kind === 'packet').map((one: File) => [one.id, one]))('%s decodes', (_id, one: File) => {
    const version = one.protocol === 'ospfv2' ? 2 : 3;
    const address = (octets: string | undefined, plain: string | undefined) =>
      octets ? hex(octets) : parseAddress(plain ?? (version === 2 ? '0.0.0.0' : '::'));
    const authentication: Authentication = one.auth
      ? cryptographic(one.auth.key_id, HASHES[one.auth.algorithm] ?? 'md5', one.auth.key)
      : { type: 'null' };
    const context = { authentication, source: address(one.src_hex, one.src), destination: address(one.dst_hex, one.dst), now: 0 };
    const bytes = hex(one.hex);
    // OSPFv3's checksum covers addresses that these vectors do not say, and leave it zero.
    if (version === 3 && !one.auth && !one.src_hex) bytes.set(checksumFor(bytes, context), 12);
    const decoded = decodePacket(bytes, version, context);
    expect(decoded).toHaveProperty('packet.routerId');
    if (/LLS/.test(one.id)) expect(decoded).toHaveProperty('packet.lls.extendedOptions');
    if (one.auth) expect(decoded).toHaveProperty('cryptographicSequence', BigInt(one.auth.seqno));
  });

  test.each(all.filter(({ kind }: File) => kind === 'lsa').map((one: File) => [one.id, one]))(
    '%s is an LSA that encodes to the same octets',
    (_id, one: File) => {
      const context = bodyContext(one.protocol === 'ospfv2' ? 2 : 3);
      const bytes = hex(one.hex);
      expect(lsaChecksumValid(bytes)).toBe(true);
      const lsa = readLsa(new ByteReader(bytes), context.version);
      const body = decodeLsaBody(lsa, context);
      if (typeof body === 'string') throw new Error(body);
      expect(Buffer.from(encodeLsa(lsa.header, body, context).bytes).toString('hex')).toBe(one.hex);
    },
  );
});

function checksumFor(bytes: Uint8Array, context: PacketContext): Uint8Array {
  const copy = bytes.slice(0, ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0));
  copy.fill(0, 12, 14);
  writeChecksumV3(copy, context.source, context.destination);
  return copy.subarray(12, 14);
}
