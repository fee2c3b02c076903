/**
 * VRRP advertisements as octets and as values (RFC 9568 §5, RFC 3768 §5), of both versions and families. No state, no time.
 *
 * `packet.ts` reads one out of an IP payload, or says why it is to be dropped, and writes one; `codes.ts` has the numbers. Not done: the passwords of
 * RFC 2338, which are passed over.
 *
 * `checked.ts` is what programs read and write with (`virtual-router/wire`): what they give is held against what would be read.
 */
export { decodeVrrpAdvertisement, encodeVrrpAdvertisement, type VrrpEnds } from './checked.js';
export { HOP_LIMIT, RESIGN } from './codes.js';
export { decodeVrrp, encodeVrrp, type VrrpAdvertisement, type VrrpDrop } from './packet.js';
