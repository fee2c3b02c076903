/** Numbers of VRRP. Version 2 is RFC 3768, version 3 is RFC 9568. */

/** The only type of message there is. @internal */
export const ADVERTISEMENT = 1;
/** Octets before the addresses, in both versions. @internal */
export const HEADER = 8;
/** Octets of version 2's authentication data, behind the addresses (RFC 3768 §5.3.10). @internal */
export const AUTHENTICATION_DATA = 8;
/** "I stop": whoever is active resigns with it (RFC 9568 §5.2.4). @internal */
export const RESIGN = 0;
/** TTL and hop limit: a packet that passed a router is nobody's on this link (RFC 9568 §5.1.1.3). @internal */
export const HOP_LIMIT = 255;

/**
 * Version 2's authentication types. RFC 3768 §5.3.6 keeps 1 for the plain-text passwords of RFC 2338, which keepalived still sends: the
 * password is not looked at, as the port says who speaks and the grant what it may. Type 2 (IPsec AH) does not arrive as VRRP at all.
 *
 * @internal
 */
export const Authentication = { none: 0, password: 1 } as const;
