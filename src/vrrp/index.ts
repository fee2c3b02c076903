/**
 * VRRP, listened to: a guest whose keepalived (or any other) is the active router of a virtual router advertises its addresses, and each
 * advertisement is a claim to them, like a route heard over BGP. The virtual router is no party to the election and sends nothing of its own.
 *
 * A packet comes from the link (`router/attach/link/vrrp.ts`), is read by `wire/packet.ts`, and goes to the session of its node and virtual router id
 * (`session.ts`, a machine that `fsm.ts` moves). The session says when the node has the addresses, and when no more: it resigned with priority 0,
 * or was silent for the Active_Down_Interval of the lowest priority. Between claims of equal preference the higher priority goes first, then
 * the higher primary address (RFC 9568 §6.4.3), unless the grants say otherwise.
 *
 * **The guests' own election** goes on as on a wire, but only between those who may: an advertisement is passed on to the other guests of the
 * subnet while its sender has every address in it by the network's decision. So a backup stays a backup while the winner is alive, and a
 * guest without a grant makes nobody step back.
 *
 * RFCs: 3768 (version 2, passwords of RFC 2338 not looked at), 9568 (version 3, IPv4 and IPv6, the checksum of IPv4 with and without
 * pseudo-header).
 *
 * Not done: being a VRRP router; IPsec AH (RFC 2338); link-local addresses of a virtual router, which are read and not claimed; frames to the
 * virtual router MAC (a holder is reached at its own MAC); advertisements that guests send to each other alone (unicast peers), which are
 * forwarded like any packet and claim nothing unless they are sent to the router too.
 */
export type { VrrpEffect, VrrpEvent, VrrpState } from './events.js';
export { activeDownInterval } from './fsm.js';
export { VrrpSession } from './session.js';
export { decodeVrrp, encodeVrrp, HOP_LIMIT, type VrrpAdvertisement, type VrrpDrop } from './wire/index.js';
