import { ByteWriter } from '../../lib/bytes.js';
import { atPath } from '../../lib/errors.js';
import { decodeAttributes, encodeAttributes, fault } from './attributes/block.js';
import type { PathAttributes } from './attributes/values.js';
import { ErrorCode, UpdateError } from './codes.js';
import { receivesPathIds, type WireContext } from './context.js';
import type { UnicastFamily } from './family.js';
import { checkNlri, type Nlri, readNlri, writeNlri } from './nlri.js';
import type { Malformed, Remedy, Update } from './values.js';

const NO_DATA = new Uint8Array(0);
const REMEDIES: readonly Remedy[] = ['discard-attribute', 'treat-as-withdraw', 'disable-family', 'reset-session'];

/**
 * The body of an UPDATE, with whatever could be read and what is wrong with the rest (RFC 7606). Never throws: a remedy of
 * `reset-session` stands in the result, with its NOTIFICATION.
 *
 * @internal
 */
export function decodeUpdate(body: Uint8Array, context: WireContext): Update {
  const withdrawnTo = 2 + lengthAt(body, 0);
  const attributesTo = withdrawnTo + 2 + lengthAt(body, withdrawnTo);
  if (attributesTo > body.length) {
    // RFC 7606 §3 (b), RFC 4271 §6.3: nothing in the message can be found.
    const message = 'the withdrawn routes or path attributes run past the end of the UPDATE';
    return result([], {}, [reset(UpdateError.malformedAttributeList, message)], []);
  }
  const withdrawn = readField(body.subarray(2, withdrawnTo), context);
  const announced = readField(body.subarray(attributesTo), context);
  const block = decodeAttributes(body.subarray(withdrawnTo + 2, attributesTo), context);
  const wrong: Malformed[] = [];
  // RFC 7606 §3 (i): the same as for the NLRI field.
  if (!withdrawn) wrong.push(reset(UpdateError.invalidNetwork, 'a withdrawn prefix is too long or runs past the end of its field'));
  wrong.push(...block.malformed);
  if (!announced) wrong.push(reset(UpdateError.invalidNetwork, 'a prefix is too long or runs past the end of the UPDATE'));
  const classic = attributesTo < body.length;
  if (classic || block.attributes.mpReach) wrong.push(...missing(block, classic));
  else if (block.withoutRoutes) {
    // RFC 7606 §5.2: perhaps the NLRI was not found. What is said is what RFC 4271 §6.3 says of the attribute.
    wrong.push(fault(0, 'reset-session', 'attributes are malformed and there is nothing to withdraw', block.withoutRoutes));
  }
  return result(withdrawn ?? [], block.attributes, wrong, announced ?? []);
}

/** Two octets as a length; more than there can be where they are missing. */
function lengthAt(body: Uint8Array, at: number): number {
  return at + 2 > body.length ? 0x1_0000 : ((body[at] ?? 0) << 8) | (body[at + 1] ?? 0);
}

function readField(bytes: Uint8Array, context: WireContext): Nlri[] | undefined {
  const pathIds = receivesPathIds(context, 'ipv4-unicast');
  return checkNlri(bytes, 0, bytes.length, 32, pathIds) ? readNlri(bytes, 32, pathIds) : undefined;
}

/** RFC 7606 §3 (d): well-known mandatory attributes that are not there, nor there and malformed. */
function missing({ attributes, malformed }: ReturnType<typeof decodeAttributes>, classic: boolean): Malformed[] {
  const needed = [
    [1, 'ORIGIN', attributes.origin],
    [2, 'AS_PATH', attributes.asPath],
    ...(classic ? ([[3, 'NEXT_HOP', attributes.nextHop]] as const) : []),
  ] as const;
  return needed
    .filter(([code, , value]) => value === undefined && !malformed.some((other) => other.code === code))
    .map(([code, name]) => fault(code, 'treat-as-withdraw', `${name} is missing`));
}

function reset(subcode: number, message: string): Malformed {
  return fault(0, 'reset-session', message, { code: ErrorCode.update, subcode, data: NO_DATA });
}

function result(
  withdrawn: readonly Nlri[],
  attributes: PathAttributes,
  malformed: readonly Malformed[],
  announced: readonly Nlri[],
): Update {
  const update: Update = { type: 'update', withdrawn, attributes, announced };
  const worst = malformed.reduce((strongest, { remedy }) => Math.max(strongest, REMEDIES.indexOf(remedy)), -1);
  const remedy = REMEDIES[worst];
  return remedy === undefined ? update : { ...update, malformed, remedy };
}

/** The body of an UPDATE. Throws a `UsageError` for values that cannot be written. @internal */
export function encodeUpdate({ withdrawn, attributes, announced }: Update, context: WireContext): Uint8Array {
  const pathIds = receivesPathIds(context, 'ipv4-unicast');
  const to = new ByteWriter(256);
  field(to, () => atPath(['withdrawn'], () => writeNlri(to, withdrawn, 32, pathIds)));
  field(to, () => atPath(['attributes'], () => encodeAttributes(to, attributes, context)));
  atPath(['announced'], () => writeNlri(to, announced, 32, pathIds));
  return to.finish();
}

/** What is written, with its length of two octets before it. */
function field(to: ByteWriter, write: () => void): void {
  const at = to.length;
  to.u16(0);
  write();
  to.patchU16(at, to.length - at - 2);
}

/** What says that all of a family has been told (RFC 4724 §2). @internal */
export function endOfRib(family: UnicastFamily): Update {
  return { type: 'update', withdrawn: [], attributes: family === 'ipv4-unicast' ? {} : { mpUnreach: { family, nlri: [] } }, announced: [] };
}
