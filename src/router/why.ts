import { KEPT } from '../bgp/limits.js';
import type { VerdictCode } from '../claims/reasons.js';
import { canonicalPrefix } from '../lib/prefix.js';
import type { DecisionStep } from '../rib/decision.js';
import type { ExplainedClaim, Explanation } from './explain.js';
import type { NeighbourStatus } from './neighbour-status.js';

/** Why a node does or does not have a prefix: `not-claimed` comes with one of the last three codes. @public */
export interface Why {
  /** Canonical. */
  readonly prefix: string;
  readonly node: string;
  readonly outcome: 'holds' | 'lost' | 'refused' | 'not-claimed';
  /**
   * Why it is refused, the step at which it lost, or why nothing is claimed: no session of the node's is established, one of its limits
   * keeps routes out, or its sessions are up and do not announce the prefix. Undefined where the node holds the prefix.
   */
  readonly code: Exclude<VerdictCode, 'accepted'> | DecisionStep | 'no-session' | 'over-limit' | 'not-announced' | undefined;
  /** The answer as a sentence. */
  readonly message: string;
  /** Where packets for the prefix go now: names of nodes; empty for nowhere. */
  readonly holders: readonly string[];
  /** The node's claims to the prefix, with what became of each. */
  readonly claims: readonly ExplainedClaim[];
}

/** Answers for one node, by the decision itself and by its sessions. @internal */
export function whyNode(explanation: Explanation, neighbours: readonly NeighbourStatus[], query: string, node: string): Why {
  const prefix = canonicalPrefix(query);
  const claims = explanation.claims.filter((claim) => claim.node === node || claim.speaker === node);
  const holders = (explanation.targets ?? []).map((target) => ('node' in target ? target.node : 'discard'));
  const answer = (outcome: Why['outcome'], code: Why['code'], message: string): Why => ({
    prefix,
    node,
    outcome,
    code,
    message,
    holders,
    claims,
  });
  if (holders.includes(node)) return answer('holds', undefined, `${node} holds ${prefix}.`);
  const [accepted] = claims.filter(({ verdict }) => verdict === 'accepted');
  if (accepted)
    return answer(
      'lost',
      accepted.lostAt,
      `${node} may have ${prefix}, and ${holders.join(' + ') || 'nobody'} has it${accepted.lostAt ? `: decided by ${accepted.lostAt}` : ''}.`,
    );
  const [refused] = claims;
  if (refused) return answer('refused', refused.verdict === 'accepted' ? undefined : refused.verdict, refused.message);
  return answer('not-claimed', ...notClaimed(neighbours, prefix, node));
}

function notClaimed(neighbours: readonly NeighbourStatus[], prefix: string, node: string): [code: Why['code'], message: string] {
  const own = neighbours.filter((neighbour) => neighbour.node === node);
  const up = own.filter(({ state }) => state === 'established');
  const [first] = own;
  if (!first) return ['no-session', `${node} has no BGP session here, and claims ${prefix} in no other way.`];
  if (up.length === 0)
    return ['no-session', `No session of ${node} is established${first.lastDown ? `; the last one ended: ${first.lastDown}` : ''}.`];
  const kept = up.flatMap(({ limits }) => limits).find(({ limit, exceeded }) => KEPT.some((one) => one === limit) && exceeded > 0);
  if (kept)
    return ['over-limit', `${node} is at its limit of ${kept.most} for ${kept.limit}; ${kept.exceeded} prefixes were not taken in.`];
  return ['not-announced', `${node} does not announce ${prefix}.`];
}

/** An answer as lines for people. @public */
export function formatWhy(why: Why): string {
  const lines = [`${why.prefix} ${why.node}: ${why.outcome}${why.code === undefined ? '' : ` (${why.code})`}`, `  ${why.message}`];
  for (const { from, verdict, preference, grant, lostAt } of why.claims)
    lines.push(
      `  ${from}: ${verdict}${verdict === 'accepted' ? `, preference ${preference}` : ''}${grant === undefined ? '' : `, grant ${grant}`}${lostAt === undefined ? '' : `, lost at ${lostAt}`}`,
    );
  return lines.join('\n');
}
