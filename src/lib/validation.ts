/** What origin validation says of a route (RFC 6811 §2). @public */
export type OriginState = 'valid' | 'invalid' | 'not-found';

/** What ASPA verification says of an AS path (draft-ietf-sidrops-aspa-verification). @public */
export type PathState = 'valid' | 'invalid' | 'unknown';
