import type { Feed, Importer } from '../claims/feed.js';
import { VERDICTS, type VerdictCode, verdictSentence } from '../claims/reasons.js';
import { parsePrefix } from '../lib/prefix.js';
import type { OriginState, PathState } from '../lib/validation.js';
import type { Arbitration } from '../mapping/arbitration.js';
import type { TargetSets, Targets } from '../mapping/target.js';
import type { ClaimSource } from '../network/config.js';
import type { StaleReason } from '../rib/claim-records.js';
import type { DecisionStep } from '../rib/decision.js';
import type { Rib } from '../rib/rib.js';

/** One claim to a prefix, and what became of it. @public */
export interface ExplainedClaim {
  /** Who holds the address if it wins. */
  readonly node: string;
  /** Who spoke. */
  readonly speaker: string;
  readonly source: ClaimSource;
  /** `"bgp 10.0.1.10"`. */
  readonly from: string;
  readonly verdict: VerdictCode;
  /** The verdict as a sentence. */
  readonly message: string;
  /** Id of the grant that covers it. */
  readonly grant: string | undefined;
  readonly preference: number;
  readonly won: boolean;
  /** The step at which it lost; undefined when it did not. */
  readonly lostAt: DecisionStep | undefined;
  /** Why it stands although nobody vouches for it now, as in `ClaimView`; undefined where its speaker does. */
  readonly stale: StaleReason | undefined;
  /** What RPKI origin validation says of it; undefined where it was not asked. */
  readonly rpki: OriginState | undefined;
  /** What ASPA verification says of its path; undefined where it was not asked. */
  readonly aspa: PathState | undefined;
}

/** Why packets for an address go where they go. @public */
export interface Explanation {
  /** What was asked. */
  readonly query: string;
  /**
   * Of an address the longest prefix with a target that covers it, or, where none has one, that somebody claims; of a prefix it itself.
   * Undefined when there is none.
   */
  readonly prefix: string | undefined;
  /** Where packets go now. */
  readonly targets: Targets | undefined;
  /** Where they will go once the forwarding table has taken what was decided; the same as `targets` when it has. */
  readonly decided: Targets | undefined;
  /** Every claim to the prefix, the winner first. */
  readonly claims: readonly ExplainedClaim[];
  /** The step that left the winner alone; undefined where there was only one claim. */
  readonly decidedAt: DecisionStep | undefined;
}

/** Explains one prefix by running its decision again, with a witness. @internal */
export function explainPrefix(query: string, rib: Rib, arbitration: Arbitration, targets: TargetSets, prefix: number): Explanation {
  const lost = new Map<number, DecisionStep>();
  let decidedAt: DecisionStep | undefined;
  arbitration.decide(prefix, (row, step) => {
    lost.set(row, step);
    if (step !== 'not-authorized' && step !== 'holder-down' && step !== 'same-holder') decidedAt = step;
  });
  const winner = arbitration.row - 1;
  const claims: ExplainedClaim[] = [];
  for (let at = rib.records.headOf(prefix); at !== 0; at = rib.claims.nextOf(at - 1))
    claims.push(explainedClaim(rib, at - 1, at - 1 === winner, lost));
  return {
    query,
    prefix: rib.prefixes.format(prefix),
    targets: targets.get(rib.records.publishedOf(prefix)),
    decided: targets.get(rib.records.decidedOf(prefix)),
    claims: claims.sort((x, y) => Number(y.won) - Number(x.won)),
    decidedAt: winner < 0 ? undefined : decidedAt,
  };
}

function explainedClaim(rib: Rib, row: number, won: boolean, lost: ReadonlyMap<number, DecisionStep>): ExplainedClaim {
  const feed = rib.feeds[rib.feedOf(row)] as Feed; // a row's feed outlives it
  const holder = rib.holderOf(row);
  const verdict = VERDICTS[rib.verdictOf(row)] ?? 'accepted';
  const grant = rib.grantOf(row);
  const importer = feed.alive ? feed.importer : undefined;
  if (importer) evaluate(importer, rib, row);
  const speaker = feed.speaker < 0 ? holder : feed.speaker;
  return {
    node: rib.model.at(holder).name,
    speaker: rib.model.at(speaker).name,
    source: feed.source,
    from: feed.label,
    verdict,
    message:
      feed.source === 'initial'
        ? 'The configuration names it as holder.'
        : sentenceOf(verdict, importer?.words ?? otherLengths(rib, row, verdict, speaker)),
    grant: grant === 0 ? undefined : rib.authorization.grants[grant - 1]?.id,
    preference: rib.preferenceOf(row),
    won,
    lostAt: won ? undefined : lost.get(row),
    stale: rib.claims.staleReasonOf(row),
    rpki: importer?.origin,
    aspa: importer?.path,
  };
}

/** What a claim that is not granted may have been meant by: a grant of its range, for prefixes of other lengths. */
function otherLengths(rib: Rib, row: number, verdict: VerdictCode, speaker: number): string | undefined {
  if (verdict !== 'not-granted') return undefined;
  const grant = rib.authorization.grantOfOtherLengths(parsePrefix(rib.prefixes.format(rib.claims.prefixOf(row))), speaker);
  if (!grant) return undefined;
  const lengths = grant.ge === grant.le ? `/${grant.ge}` : `/${grant.ge} to /${grant.le}`;
  return `grant ${grant.id} covers it, but is for ${lengths} only (its ge and le)`;
}

/** Why a claim is refused, as a sentence, with the words of the policy where that refused it. @internal */
export function refusalSentence(rib: Rib, row: number): string {
  const verdict = VERDICTS[rib.verdictOf(row)] ?? 'accepted';
  const importer = verdict.startsWith('policy-') ? (rib.feeds[rib.feedOf(row)] as Feed).importer : undefined; // a row's feed outlives it
  if (importer) evaluate(importer, rib, row);
  return sentenceOf(verdict, importer?.words);
}

function sentenceOf(verdict: VerdictCode, words: string | undefined): string {
  const sentence = verdictSentence(verdict);
  return words === undefined ? sentence : `${sentence.slice(0, -1)}: ${words}.`;
}

/** Has the importer look at a claim again, which leaves in its fields what it makes of it. */
function evaluate(importer: Importer, rib: Rib, row: number): void {
  const prefix = rib.claims.prefixOf(row);
  const { claims, records: r } = rib;
  importer.evaluate(claims.setInOf(row), r.aOf(prefix), r.bOf(prefix), r.cOf(prefix), r.dOf(prefix), r.lengthOf(prefix), rib.ipv6);
}

/** An explanation as lines for people. @public */
export function formatExplanation(explanation: Explanation): string {
  const { query, prefix, targets, claims, decidedAt } = explanation;
  if (prefix === undefined) return `${query}: nothing covers it`;
  const where = targets ? targets.map(formatTarget).join(' + ') : 'nowhere';
  const lines = [`${query}: ${prefix} -> ${where}${decidedAt ? `, decided by ${decidedAt}` : ''}`];
  for (const claim of claims) {
    const mark = claim.won ? '*' : claim.verdict === 'accepted' ? ' ' : 'x';
    const outcome = claim.won
      ? 'wins'
      : claim.verdict !== 'accepted'
        ? `refused: ${claim.verdict} (${claim.message})`
        : claim.lostAt
          ? `loses at ${claim.lostAt}`
          : 'shares';
    lines.push(
      `  ${mark} ${claim.node.padEnd(12)} ${claim.from.padEnd(22)} preference ${String(claim.preference).padStart(3)}  ${outcome}${claim.stale ? `, stale (${claim.stale})` : ''}${claim.rpki ? `, rpki ${claim.rpki}` : ''}${claim.aspa ? `, aspa ${claim.aspa}` : ''}`,
    );
  }
  return lines.join('\n');
}

/** `web-b`, `via gw`, `discard`. @internal */
export function formatTarget(target: Targets[number]): string {
  return target.type === 'discard' ? 'discard' : target.type === 'gateway' ? `via ${target.node}` : target.node;
}
