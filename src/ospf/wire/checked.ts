import { ByteReader } from '../../lib/bytes.js';
import { UsageError } from '../../lib/errors.js';
import { refuseOther } from '../../lib/read-back.js';
import { shown } from '../../lib/shown.js';
import { type Authentication, sendingKey } from './authentication.js';
import { decodePacket, encodePacket } from './codec.js';
import { Option } from './codes.js';
import { lsaTypeName } from './lsa/table.js';
import { decodeLsaBody, encodeLsa, type LsaHead, readLsaHeader } from './lsa.js';
import type { PacketContext } from './security.js';
import type { BodyContext, Lsa, LsaBody, OspfPacket } from './values.js';

/*
 * What programs write with. They may give any value, so what was written is read back and held against it: a number that its octets cannot hold,
 * or a field that says one thing in the head and another in the body, would be other octets than were meant. The engine does without.
 */

/** The most that a length of two octets says. */
const LONGEST = 0xffff;

/**
 * The octets of a packet: an IP payload. `sequence` is what `cryptographicSequence` is at the other end, of cryptographic authentication. What
 * follows a Hello or Database Description (signalling, OSPFv3's trailer) is added to its options. Throws a `UsageError` whose `path` says where
 * a value stands that cannot be written (`VALUE_INVALID`), or `MESSAGE_TOO_LONG`.
 *
 * @public
 */
export function encodeOspfPacket(packet: OspfPacket, context: PacketContext, sequence = 0n): Uint8Array {
  const { authentication } = context;
  const key = authentication.type === 'cryptographic' ? sendingKey(authentication.keys, context.now) : undefined;
  if (authentication.type === 'cryptographic' && !key)
    throw new UsageError('VALUE_INVALID', 'expected a key at the least', ['authentication', 'keys']);
  if (authentication.type === 'simple' && authentication.password.length > 8)
    throw new UsageError('VALUE_INVALID', 'expected eight octets at most', ['authentication', 'password']);
  const bytes = encodePacket(packet, context, sequence);
  if (bytes.length > LONGEST)
    throw new UsageError('MESSAGE_TOO_LONG', `${bytes.length} octets in a packet of OSPF, where ${LONGEST} may be`);
  // By the key that it was signed with, whenever that is accepted.
  const alone: Authentication =
    authentication.type === 'cryptographic' && key
      ? { ...authentication, keys: [{ id: key.id, hash: key.hash, secret: key.secret }] }
      : authentication;
  const read = decodePacket(bytes, packet.version, { ...context, authentication: alone });
  if ('drop' in read) throw new UsageError('VALUE_INVALID', `nobody could read the packet: ${read.message}`);
  const signed = key ? { keyId: key.id, sequence } : {};
  const found = read.cryptographicSequence === undefined ? {} : { keyId: read.keyId, sequence: read.cryptographicSequence };
  refuseOther({ ...signed, ...withOptionsOf(packet, read.packet) }, { ...found, ...read.packet });
  return bytes;
}

/** The packet as given, with the bits that say what follows it. */
function withOptionsOf(given: OspfPacket, read: OspfPacket): OspfPacket {
  const [body, other] = [given.body, read.body];
  if (!('options' in body) || !('options' in other)) return given;
  const added = other.options & (given.version === 2 ? Option.lls : Option.llsV3 | Option.at);
  return { ...given, body: { ...body, options: body.options | added } };
}

/**
 * An LSA with its length and checksum. The body must be one of its LS type, and what OSPFv2 has in the head (the address of a prefix, options) as
 * it is there. Throws a `UsageError` whose `path` says where a value stands that cannot be written (`VALUE_INVALID`), or `MESSAGE_TOO_LONG`.
 *
 * @public
 */
export function encodeCheckedLsa(head: LsaHead, body: LsaBody, context: BodyContext): Lsa {
  const name = lsaTypeName(context.version, head.lsType, head.id);
  const type = name?.startsWith('opaque-') ? 'opaque' : (name ?? 'unknown');
  if (body.type !== type)
    throw new UsageError('VALUE_INVALID', `expected ${type}, as the LS type ${head.lsType} says, got ${shown(body.type)}`, [
      'body',
      'type',
    ]);
  if (body.type === 'network' && context.version === 2 && !body.prefix)
    throw new UsageError('VALUE_INVALID', 'expected a prefix, whose length is the mask', ['body', 'prefix']);
  if (body.type === 'router' && context.version === 3 && body.links.some((link) => link.type === 'stub'))
    throw new UsageError('VALUE_INVALID', 'OSPFv3 has no stub links: an intra-area-prefix LSA says what they said', ['body', 'links']);
  const lsa = encodeLsa(head, body, context);
  if (lsa.bytes.length > LONGEST) throw new UsageError('MESSAGE_TOO_LONG', `${lsa.bytes.length} octets in an LSA, where ${LONGEST} may be`);
  refuseOther({ head: headOf(head) }, { head: headOf(readLsaHeader(new ByteReader(lsa.bytes), context.version)) });
  const read = decodeLsaBody(lsa, context);
  if (typeof read === 'string') throw new UsageError('VALUE_INVALID', `nobody could read it: ${read}`, ['body']);
  refuseOther({ body }, { body: read });
  return lsa;
}

function headOf({ age, options, lsType, id, advertisingRouter, sequence }: LsaHead): LsaHead {
  return { age, options, lsType, id, advertisingRouter, sequence };
}
