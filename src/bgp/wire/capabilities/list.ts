import { ByteReader, ByteWriter, bytesEqual } from '../../../lib/bytes.js';
import { atPath, UsageError } from '../../../lib/errors.js';
import { shown } from '../../../lib/shown.js';
import { U8, unsigned } from '../../../lib/unsigned.js';
import { ErrorCode, OpenError } from '../codes.js';
import { MessageError } from '../wire-error.js';
import { capabilities, capabilityByCode } from './table.js';
import type { Capability } from './values.js';

/**
 * The capabilities in the parameters of an OPEN, in order, and each that is there twice with the same value only once (RFC 5492
 * §4). Throws a `MessageError` (2/0) where one is malformed. `offset` is where the parameter's value starts, for the error.
 *
 * @internal
 */
export function decodeCapabilities(parameters: readonly { readonly value: Uint8Array; readonly offset: number }[]): Capability[] {
  const list: Capability[] = [];
  const seen: { readonly code: number; readonly value: Uint8Array }[] = [];
  for (const { value: parameter, offset } of parameters) {
    const reader = new ByteReader(parameter);
    while (reader.remaining > 0) {
      const at = offset + reader.offset;
      const code = reader.u8();
      const length = reader.remaining > 0 ? reader.u8() : 256;
      if (length > reader.remaining) throw malformed(`capability ${code} runs past its parameter`, at);
      const value = reader.take(length);
      const capability = decodeCapability(code, value, at);
      // Compared by what they say: bits that are reserved do not make another of one.
      const said = encodeValue(capability)[1];
      if (seen.some((other) => other.code === code && bytesEqual(other.value, said))) continue;
      seen.push({ code, value: said });
      list.push(capability);
    }
  }
  return list;
}

function decodeCapability(code: number, value: Uint8Array, at: number): Capability {
  const row = capabilityByCode.get(code);
  if (row && !row.fits(value.length)) throw malformed(`capability ${code} has a wrong length of ${value.length}`, at);
  return row?.decode(new ByteReader(value)) ?? { type: 'unknown', code, value: value.slice() };
}

/** Each with its code and length. Throws a `UsageError` (`MESSAGE_TOO_LONG`) where a value is longer than 255 octets. @internal */
export function encodeCapabilities(list: readonly Capability[]): Uint8Array[] {
  return list.map((capability, i) => {
    const [code, value] = atPath([i], () => encodeValue(capability));
    if (value.length > 255) throw new UsageError('MESSAGE_TOO_LONG', `${value.length} octets in capability ${code}, where 255 may be`);
    return new ByteWriter(2 + value.length)
      .u8(atPath([i, 'code'], () => unsigned(code, U8)))
      .u8(value.length)
      .raw(value)
      .finish();
  });
}

function encodeValue(capability: Capability): [code: number, value: Uint8Array] {
  if (capability.type === 'unknown') return [capability.code, capability.value];
  if (!Object.hasOwn(capabilities, capability.type))
    throw new UsageError('VALUE_INVALID', `expected a capability, whose \`type\` says which, got ${shown(capability.type)}`);
  const row = capabilities[capability.type];
  const to = new ByteWriter();
  row.encode(to, capability as never); // the row is the one of the capability's type
  return [row.code, to.finish()];
}

function malformed(message: string, at: number): MessageError {
  return new MessageError(ErrorCode.open, OpenError.unspecific, message, at);
}
