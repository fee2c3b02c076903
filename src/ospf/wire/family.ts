import type { Family } from '../../lib/address.js';
import type { ByteReader, ByteWriter } from '../../lib/bytes.js';

/**
 * The address family of an OSPFv3 instance, or undefined where it is one of multicast or of nobody (RFC 5838 §2.1).
 *
 * @internal
 */
export function instanceFamily(instance: number): Family | undefined {
  if (instance < 32) return 'ipv6';
  return instance >= 64 && instance < 96 ? 'ipv4' : undefined;
}

/** An address in 16 octets; IPv4's stands in the first four (RFC 5838 §2.5). @internal */
export function readFamilyAddress(from: ByteReader, family: Family): Uint8Array {
  return from.take(16).slice(0, family === 'ipv4' ? 4 : 16);
}

/** @internal */
export function writeFamilyAddress(to: ByteWriter, address: Uint8Array): ByteWriter {
  return to.raw(address).raw(new Uint8Array(16 - address.length));
}
