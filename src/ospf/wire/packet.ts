import { ByteReader, type ByteWriter } from '../../lib/bytes.js';
import { DatabaseBit, LSA_HEADER, type OspfVersion, PACKET_HEADER, PacketType } from './codes.js';
import { readLsa, readLsaHeader, writeLsaHeader } from './lsa.js';
import { LsaRun } from './lsa-run.js';
import type { DatabaseDescription, Hello, LinkStateRequest, Lsa, LsaHeader, LsaKey, PacketBody } from './values.js';
import { OspfWireError } from './wire-error.js';

/** A packet's header, what it carries of authentication aside (RFC 2328 A.3.1, RFC 5340 A.3.1). @public */
export interface PacketHeader {
  readonly version: OspfVersion;
  readonly type: number;
  /** Octets, the header's included, and whatever follows the packet (digest, trailer, signalling) not. */
  readonly length: number;
  readonly routerId: number;
  readonly area: number;
  readonly checksum: number;
  /** OSPFv3; 0 in OSPFv2. */
  readonly instance: number;
  /** OSPFv2; 0 in OSPFv3. */
  readonly authType: number;
}

/** Reads and checks a header. Throws an {@link OspfWireError}. @internal */
export function readPacketHeader(bytes: Uint8Array, version: OspfVersion): PacketHeader {
  if (bytes.length < PACKET_HEADER[version]) throw new OspfWireError('short', `${bytes.length} octets`);
  const from = new ByteReader(bytes);
  const given = from.u8();
  if (given !== version) throw new OspfWireError('version', `version ${given} where OSPFv${version} is spoken`);
  const type = from.u8();
  if (type < PacketType.hello || type > PacketType.linkStateAcknowledgment) throw new OspfWireError('type', `packet type ${type}`, 1);
  const length = from.u16();
  const routerId = from.u32();
  const area = from.u32();
  const checksum = from.u16();
  if (length < PACKET_HEADER[version]) throw new OspfWireError('length', `a packet says it has ${length} octets`, 2);
  if (length > bytes.length) throw new OspfWireError('short', `${bytes.length} octets of a packet of ${length}`, 2);
  const instance = version === 2 ? 0 : from.u8();
  const authType = version === 2 ? from.u16() : 0;
  return { version, type, length, routerId, area, checksum, instance, authType };
}

/** Where Hellos and Database Descriptions have their options: the last octet, of one in OSPFv2 and of three in OSPFv3. */
const OPTIONS_AT: Readonly<Record<OspfVersion, Readonly<Record<number, number>>>> = {
  2: { [PacketType.hello]: 30, [PacketType.databaseDescription]: 26 },
  3: { [PacketType.hello]: 23, [PacketType.databaseDescription]: 19 },
};

/** The options of a Hello or Database Description, which say what follows the packet; undefined of others. @internal */
export function packetOptions(packet: Uint8Array, { version, type }: PacketHeader): number | undefined {
  const at = OPTIONS_AT[version][type];
  if (at === undefined || at >= packet.length) return undefined;
  const last = packet[at] ?? 0;
  return version === 2 ? last : ((packet[at - 2] ?? 0) << 16) | ((packet[at - 1] ?? 0) << 8) | last;
}

/** Sets bits among the options of a Hello or Database Description; other packets have none. @internal */
export function addPacketOptions(packet: Uint8Array, version: OspfVersion, bits: number): void {
  const at = OPTIONS_AT[version][packet[1] ?? 0];
  if (at === undefined) return;
  packet[at] = (packet[at] ?? 0) | (bits & 0xff);
  if (version === 3) packet[at - 1] = (packet[at - 1] ?? 0) | ((bits >>> 8) & 0xff);
}

/** A Database Description before its headers. @internal */
export type Description = Omit<DatabaseDescription, 'headers'>;

/** A packet's body whose LSAs are left where they stand. @internal */
export type PacketRun =
  | Hello
  | LinkStateRequest
  | (Description & { readonly run: LsaRun })
  | { readonly type: 'link-state-update' | 'link-state-acknowledgment'; readonly run: LsaRun };

/** A packet's body whose requests, or headers of LSAs, are octets already. @internal */
export interface OctetsBody {
  readonly type: 'link-state-request' | 'link-state-acknowledgment';
  readonly octets: Uint8Array;
}

/** Reads the body, which is what of a packet lies between its header and its length. Throws a `WireError`. @internal */
export function readPacketBody(from: ByteReader, header: PacketHeader): PacketBody {
  const { version } = header;
  switch (header.type) {
    case PacketType.hello:
      return version === 2 ? readHelloV2(from) : readHelloV3(from);
    case PacketType.databaseDescription: {
      return { ...readDescription(from, version), headers: readHeaders(from, version) };
    }
    case PacketType.linkStateRequest: {
      const requests: LsaKey[] = [];
      while (from.remaining > 0)
        requests.push({ lsType: version === 2 ? from.u32() : from.skip(2).u16(), id: from.u32(), advertisingRouter: from.u32() });
      return { type: 'link-state-request', requests };
    }
    case PacketType.linkStateUpdate: {
      const count = readCount(from);
      const lsas: Lsa[] = [];
      for (let i = 0; i < count; i++) lsas.push(readLsa(from, version));
      return { type: 'link-state-update', lsas };
    }
    case PacketType.linkStateAcknowledgment:
      return { type: 'link-state-acknowledgment', headers: readHeaders(from, version) };
    default:
      throw new OspfWireError('type', `packet type ${header.type}`);
  }
}

function readDescription(from: ByteReader, version: OspfVersion): Description {
  const first = version === 2 ? { mtu: from.u16(), options: from.u8() } : { options: from.skip(1).u24(), mtu: from.u16() };
  if (version === 3) from.skip(1);
  const bits = from.u8();
  return {
    type: 'database-description',
    ...first,
    init: (bits & DatabaseBit.init) !== 0,
    more: (bits & DatabaseBit.more) !== 0,
    master: (bits & DatabaseBit.master) !== 0,
    sequence: from.u32(),
  };
}

/** As {@link readPacketBody}, with LSAs and their headers left where they stand. Throws a `WireError`. @internal */
export function runPacketBody(from: ByteReader, header: PacketHeader): PacketRun {
  const { version } = header;
  switch (header.type) {
    case PacketType.databaseDescription: {
      const description = readDescription(from, version);
      return { ...description, run: LsaRun.headers(from.bytes, from.offset, version) };
    }
    case PacketType.linkStateUpdate: {
      const count = readCount(from);
      return { type: 'link-state-update', run: LsaRun.updates(from.bytes, from.offset, count, version) };
    }
    case PacketType.linkStateAcknowledgment:
      return { type: 'link-state-acknowledgment', run: LsaRun.headers(from.bytes, from.offset, version) };
    default:
      return readPacketBody(from, header) as Hello | LinkStateRequest; // the types that are left
  }
}

/** RFC 2328 A.3.5 gives the count: a lie ends where the octets do, before it costs anything. */
function readCount(from: ByteReader): number {
  const count = from.u32();
  if (count * LSA_HEADER > from.remaining) throw new OspfWireError('length', `${count} LSAs in ${from.remaining} octets`, from.offset);
  return count;
}

function readHeaders(from: ByteReader, version: OspfVersion): LsaHeader[] {
  const headers: LsaHeader[] = [];
  while (from.remaining > 0) headers.push(readLsaHeader(from, version));
  return headers;
}

function readHelloV2(from: ByteReader): Hello {
  const mask = from.u32();
  const helloInterval = from.u16();
  const options = from.u8();
  const priority = from.u8();
  return {
    type: 'hello',
    mask,
    interfaceId: 0,
    options,
    helloInterval,
    deadInterval: from.u32(),
    priority,
    designatedRouter: from.u32(),
    backupDesignatedRouter: from.u32(),
    neighbours: readIds(from),
  };
}

function readHelloV3(from: ByteReader): Hello {
  const interfaceId = from.u32();
  const priority = from.u8();
  const options = from.u24();
  return {
    type: 'hello',
    mask: 0,
    interfaceId,
    options,
    helloInterval: from.u16(),
    deadInterval: from.u16(),
    priority,
    designatedRouter: from.u32(),
    backupDesignatedRouter: from.u32(),
    neighbours: readIds(from),
  };
}

function readIds(from: ByteReader): number[] {
  const ids: number[] = [];
  while (from.remaining > 0) ids.push(from.u32());
  return ids;
}

const TYPES: Readonly<Record<PacketBody['type'], number>> = {
  hello: PacketType.hello,
  'database-description': PacketType.databaseDescription,
  'link-state-request': PacketType.linkStateRequest,
  'link-state-update': PacketType.linkStateUpdate,
  'link-state-acknowledgment': PacketType.linkStateAcknowledgment,
};

/** Writes a packet with a checksum and authentication of zeros, for who knows them to fill in. @internal */
export function writePacket(
  to: ByteWriter,
  head: Pick<PacketHeader, 'version' | 'routerId' | 'area' | 'instance'>,
  body: PacketBody | OctetsBody,
): void {
  const { version } = head;
  to.u8(version).u8(TYPES[body.type]).u16(0).u32(head.routerId).u32(head.area).u16(0);
  if (version === 2) to.u16(0).u32(0).u32(0);
  else to.u8(head.instance).u8(0);
  if ('octets' in body) to.raw(body.octets);
  else writeBody(to, version, body);
  to.patchU16(2, to.length);
}

function writeBody(to: ByteWriter, version: OspfVersion, body: PacketBody): void {
  switch (body.type) {
    case 'hello': {
      if (version === 2) to.u32(body.mask).u16(body.helloInterval).u8(body.options).u8(body.priority).u32(body.deadInterval);
      else to.u32(body.interfaceId).u8(body.priority).u24(body.options).u16(body.helloInterval).u16(body.deadInterval);
      to.u32(body.designatedRouter).u32(body.backupDesignatedRouter);
      for (const id of body.neighbours) to.u32(id);
      break;
    }
    case 'database-description':
      if (version === 2) to.u16(body.mtu).u8(body.options);
      else to.u8(0).u24(body.options).u16(body.mtu).u8(0);
      to.u8((body.init ? DatabaseBit.init : 0) | (body.more ? DatabaseBit.more : 0) | (body.master ? DatabaseBit.master : 0));
      to.u32(body.sequence);
      for (const header of body.headers) writeLsaHeader(to, header, version);
      break;
    case 'link-state-request':
      for (const key of body.requests) to.u32(key.lsType).u32(key.id).u32(key.advertisingRouter);
      break;
    case 'link-state-update':
      to.u32(body.lsas.length);
      for (const lsa of body.lsas) to.raw(lsa.bytes);
      break;
    case 'link-state-acknowledgment':
      for (const header of body.headers) writeLsaHeader(to, header, version);
      break;
  }
}
