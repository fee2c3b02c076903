export { HOP_LIMIT, RESIGN } from './codes.js';
export { decodeVrrp, encodeVrrp, type VrrpAdvertisement, type VrrpDrop } from './packet.js';
