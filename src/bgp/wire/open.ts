import { formatIpv4, parseAddress } from '../../lib/address.js';
import { AS_TRANS } from '../../lib/asn.js';
import { ByteReader, ByteWriter, concatBytes } from '../../lib/bytes.js';
import { atPath, UsageError } from '../../lib/errors.js';
import { layout } from '../../lib/layout.js';
import { shown } from '../../lib/shown.js';
import { asNumber, U8, U16, unsigned } from '../../lib/unsigned.js';
import { decodeCapabilities, encodeCapabilities } from './capabilities/list.js';
import { ErrorCode, HEADER_SIZE, OpenError, OptionalParameter } from './codes.js';
import type { Open } from './values.js';
import { MessageError } from './wire-error.js';

/** The one version there is. */
const VERSION = 4;

interface OpenHeader {
  readonly version: number;
  readonly as: number;
  readonly holdTime: number;
  readonly routerId: number;
  readonly parametersLength: number;
}

/** RFC 4271 §4.2. */
const openHeader = layout<OpenHeader>(10, (parser) =>
  parser.uint8('version').uint16('as').uint16('holdTime').uint32('routerId').uint8('parametersLength'),
);

/** The body of an OPEN. Throws a `MessageError` as RFC 4271 §6.2 says. @internal */
export function decodeOpen(body: Uint8Array): Open {
  const { version, as, holdTime, routerId } = openHeader.read(body);
  if (version !== VERSION) {
    // The data is the largest version that is spoken here.
    throw error(OpenError.unsupportedVersion, `BGP version ${version}`, 0, Uint8Array.of(0, VERSION));
  }
  const capabilities = decodeCapabilities(readParameters(body));
  const four = capabilities.find((capability) => capability.type === 'four-octet-as');
  const asn = four ? four.asn : as;
  // RFC 7607 §2, RFC 6286 §2.2.
  if (asn === 0 || as === 0) throw error(OpenError.badPeerAs, 'AS 0', 1);
  if (holdTime === 1 || holdTime === 2) throw error(OpenError.unacceptableHoldTime, `a hold time of ${holdTime} s`, 3);
  if (routerId === 0) throw error(OpenError.badIdentifier, 'BGP identifier 0.0.0.0', 5);
  return { type: 'open', version, asn, holdTime, routerId: formatIpv4(routerId), capabilities };
}

/** The values of all Capabilities parameters; lengths of one octet, or of two in the extended format (RFC 9072 §2). */
function readParameters(body: Uint8Array): { readonly value: Uint8Array; readonly offset: number }[] {
  const reader = new ByteReader(body).skip(openHeader.size);
  // A length of 0 says that there are none, whatever follows; else type 255 marks the extended format.
  const given = body[openHeader.size - 1] ?? 0;
  const extended = given !== 0 && body[openHeader.size] === OptionalParameter.extendedLength;
  if (extended && reader.remaining < 3) throw error(OpenError.unspecific, 'the optional parameters end early', openHeader.size);
  const length = extended ? reader.skip(1).u16() : given;
  if (length !== reader.remaining) {
    throw error(OpenError.unspecific, `optional parameters of ${length} octets in ${reader.remaining}`, openHeader.size - 1);
  }
  const found: { value: Uint8Array; offset: number }[] = [];
  while (reader.remaining > 0) {
    const at = reader.offset;
    const type = reader.u8();
    const size = reader.remaining < (extended ? 2 : 1) ? 0x1_0000 : extended ? reader.u16() : reader.u8();
    if (size > reader.remaining) throw error(OpenError.unspecific, `optional parameter ${type} runs past the end`, at);
    if (type !== OptionalParameter.capabilities) throw error(OpenError.unsupportedParameter, `optional parameter ${type}`, at);
    found.push({ offset: HEADER_SIZE + reader.offset, value: reader.take(size) });
  }
  return found;
}

function error(subcode: number, message: string, offset: number, data?: Uint8Array): MessageError {
  return new MessageError(ErrorCode.open, subcode, message, HEADER_SIZE + offset, data);
}

/**
 * The body of an OPEN, all capabilities in one parameter; in the extended format (RFC 9072) only where the short one is too
 * small. Throws a `UsageError` for values that cannot be written.
 *
 * @internal
 */
export function encodeOpen(open: Open): Uint8Array {
  const { version, asn, holdTime, routerId } = open;
  const id = atPath(['routerId'], () => parseAddress(routerId));
  if (id.length !== 4)
    throw new UsageError('ADDRESS_INVALID', `expected a BGP identifier in dotted quad, got ${shown(routerId)}`, ['routerId']);
  const capabilities = atPath(['capabilities'], () => concatBytes(encodeCapabilities(open.capabilities)));
  atPath(['asn'], () => asNumber(asn));
  const four = open.capabilities.find((capability) => capability.type === 'four-octet-as');
  // Only the capability says a number that takes four octets, and where it is there the other end goes by it (RFC 6793 §4.1).
  if (four ? four.asn !== asn : asn > U16) {
    const given = four ? `, and the capability four-octet-as says ${four.asn}` : ' without the capability four-octet-as, which it takes';
    throw new UsageError('ASN_INVALID', `got ${asn}${given}`, ['asn']);
  }
  const to = new ByteWriter()
    .u8(atPath(['version'], () => unsigned(version, U8)))
    .u16(asn > U16 ? AS_TRANS : asn)
    .u16(atPath(['holdTime'], () => unsigned(holdTime, U16)))
    .raw(id);
  if (capabilities.length === 0) return to.u8(0).finish();
  if (capabilities.length <= 253) {
    return to
      .u8(capabilities.length + 2)
      .u8(OptionalParameter.capabilities)
      .u8(capabilities.length)
      .raw(capabilities)
      .finish();
  }
  to.u8(255)
    .u8(OptionalParameter.extendedLength)
    .u16(capabilities.length + 3);
  return to.u8(OptionalParameter.capabilities).u16(capabilities.length).raw(capabilities).finish();
}
