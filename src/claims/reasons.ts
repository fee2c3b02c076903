/**
 * Why a claim is refused. The codes are stable and documented in the README; rows of the RIB hold their position in this list,
 * `accepted` first.
 *
 * @public
 */
export const VERDICTS = [
  'accepted',
  'reserved',
  'not-granted',
  'source-not-granted',
  'grant-expired',
  'outside-network',
  'default-not-granted',
  'covered-by-exclusive',
  'limit-exceeded',
  'next-hop-not-own',
  'as-loop',
  'first-as-mismatch',
  'originator-loop',
  'cluster-loop',
  'policy-rejected',
  'policy-error',
  'rpki-invalid',
  'aspa-invalid',
  'path-too-long',
  'origin-not-confirmed',
  'own-tag',
  'flap-dampened',
  'held-down',
  'as-set',
  'reserved-as',
  'route-leak',
  'too-many-communities',
] as const;

/** `accepted`, or a stable {@link RefusalReason}. @public */
export type VerdictCode = (typeof VERDICTS)[number];

/** Why a claim is refused. @public */
export type RefusalReason = Exclude<VerdictCode, 'accepted'>;

/** Positions in {@link VERDICTS}. @internal */
export const Verdict = Object.fromEntries(VERDICTS.map((code, i) => [code, i])) as Readonly<Record<VerdictCode, number>>;

const SENTENCES: Readonly<Record<VerdictCode, string>> = {
  accepted: 'The claim is covered by a grant.',
  reserved:
    "The prefix is the network's own: a router's address, an address that identifies a session, a connected prefix; or nobody's: multicast, loopback, broadcast, IPv4-mapped, 0.0.0.0/8 or unspecified.",
  'not-granted': 'No grant lets this node claim the prefix.',
  'source-not-granted': 'A grant covers the prefix, but not from this source.',
  'grant-expired': 'The grant that covers the prefix has ended.',
  'outside-network': "The prefix is outside the network's ranges, which only a gateway grant reaches.",
  'default-not-granted': 'A default route must be granted as itself.',
  'covered-by-exclusive': 'The prefix is equal to or inside a range that another node has exclusively.',
  'limit-exceeded': 'The grant covers the prefix, but the holder already has as many prefixes as it allows.',
  'next-hop-not-own': 'The next hop is not an address of the node that speaks, nor of a node that it may speak for.',
  'as-loop': "The AS path holds the router's own AS number.",
  'first-as-mismatch': "The AS path does not begin with the neighbour's AS number.",
  'originator-loop': "ORIGINATOR_ID is the router's own.",
  'cluster-loop': "CLUSTER_LIST holds the router's own cluster id.",
  'policy-rejected': "The neighbour's import policy rejects the route.",
  'policy-error': "The neighbour's import policy failed on the route.",
  'rpki-invalid': 'RPKI origin validation: a ROA covers the prefix, and none allows this origin AS and length (RFC 6811).',
  'aspa-invalid': 'RPKI path verification: the AS path holds a hop that the ASPA of its customer AS does not allow.',
  'path-too-long': 'The AS path is longer than the neighbour may send.',
  'origin-not-confirmed': "The LSA did not come from its originator's own attach point, and the link that it came by is not trusted.",
  'own-tag': 'The route bears the tag of what this router tells: it is our own, come back.',
  'flap-dampened': 'The claim came and went too often lately (RFC 2439).',
  'held-down': 'The claim ended a moment ago, and is not taken back yet.',
  'as-set': 'The AS path holds an AS_SET, which nobody is to send any more (RFC 9774).',
  'reserved-as': 'The AS path holds AS 23456, which stands for a number that was lost on the way (RFC 6793).',
  'too-many-communities': 'The route has more communities than the neighbour may send.',
  'route-leak': 'Only-to-Customer says that the route went down already, and it comes from below or from beside (RFC 9234).',
};

/** A sentence for people. @public */
export function verdictSentence(code: VerdictCode): string {
  return SENTENCES[code];
}

/** The code at a position of {@link VERDICTS}. @internal */
export function verdictCode(position: number): VerdictCode {
  const code = VERDICTS[position];
  if (code === undefined) throw new Error(`no verdict ${position}`);
  return code;
}
