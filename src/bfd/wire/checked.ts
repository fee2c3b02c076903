import { UsageError } from '../../lib/errors.js';
import { refuseOther } from '../../lib/read-back.js';
import { indexOfWord } from '../../lib/unsigned.js';
import { isAuthentic, SCHEMES } from './authentication.js';
import { DIAGNOSTICS, STATES } from './codes.js';
import { type BfdDrop, type ControlPacket, decodeControl, encodeControl, SIZE } from './packet.js';

/** The packet in the payload of a datagram, or why it is dropped (RFC 5880 §6.8.6). @public */
export function decodeBfdPacket(bytes: Uint8Array): ControlPacket | BfdDrop {
  return decodeControl(bytes);
}

/**
 * The octets of a packet; `key` is for one with `authentication`, as octets. Throws a `UsageError` (`VALUE_INVALID`) whose `path` says where a value stands that
 * cannot be written.
 *
 * @public
 */
export function encodeBfdPacket(packet: ControlPacket, key?: Uint8Array): Uint8Array {
  const { authentication } = packet;
  indexOfWord(STATES, packet.state);
  indexOfWord(DIAGNOSTICS, packet.diagnostic);
  if (authentication) {
    indexOfWord(Object.keys(SCHEMES) as (typeof authentication.type)[], authentication.type);
    const { size } = SCHEMES[authentication.type];
    if (!key || key.length === 0 || key.length > size)
      throw new UsageError('VALUE_INVALID', `expected a key of 1 to ${size} octets`, ['authentication']);
  } else if (key) throw new UsageError('VALUE_INVALID', 'expected the type and id of the key', ['authentication']);
  const bytes = encodeControl(packet, key);
  const read = decodeControl(bytes);
  if (typeof read === 'string') throw new UsageError('VALUE_INVALID', `whoever gets the packet drops it: ${read}`);
  refuseOther(packet, read);
  return bytes;
}

/** Whether a packet with an authentication section was made with `key`. @public */
export function isBfdPacketAuthentic(bytes: Uint8Array, key: Uint8Array): boolean {
  const packet = decodeControl(bytes);
  if (typeof packet === 'string' || !packet.authentication) return false;
  // What follows the packet in its datagram is none of it.
  return isAuthentic(bytes.subarray(0, bytes[3]), SIZE, packet.authentication.type, key);
}
