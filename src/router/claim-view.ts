import type { Feed } from '../claims/feed.js';
import { type RefusalReason, VERDICTS, type VerdictCode, verdictCode } from '../claims/reasons.js';
import { canonicalPrefix } from '../lib/prefix.js';
import type { ClaimSource } from '../network/config.js';
import type { NetworkModel } from '../network/model.js';
import type { StaleReason } from '../rib/claim-records.js';
import type { Rib } from '../rib/rib.js';
import type { RejectedClaim } from './events.js';
import { refusalSentence } from './explain.js';

/** Refused claims told one by one in an event. @internal */
export const REJECTIONS_TOLD = 1000;

/** A claim, as the network keeps it. @public */
export interface ClaimView {
  readonly prefix: string;
  readonly node: string;
  readonly speaker: string;
  readonly source: ClaimSource;
  readonly from: string;
  readonly verdict: VerdictCode;
  readonly preference: number;
  /** Whether it is the one that others hear of. */
  readonly best: boolean;
  /**
   * Why it stands although nobody vouches for it now; undefined where its speaker does. `restart`: its speaker restarts gracefully;
   * `long-lived`: and has for long (RFC 9494); `refresh`: its speaker is saying everything again and has not come to it (RFC 7313);
   * `restored`: it was made in a former life of the router; `held`: its session was lost, and the guard suspects the way to it.
   */
  readonly stale: StaleReason | undefined;
}

/** Which claims. @public */
export interface ClaimFilter {
  /** Its holder. */
  readonly node?: string;
  readonly prefix?: string;
}

/** Whose claims are shown. @internal */
export interface ClaimsShown {
  readonly ribs: { readonly ipv4: Rib; readonly ipv6: Rib };
  readonly model: NetworkModel;
}

/** Claims as values, made as they are walked. @internal */
export function* claimViews({ ribs, model }: ClaimsShown, filter: ClaimFilter): IterableIterator<ClaimView> {
  const prefix = filter.prefix === undefined ? undefined : canonicalPrefix(filter.prefix);
  for (const rib of [ribs.ipv4, ribs.ipv6]) {
    for (let row = 0; row < rib.rowLimit; row++) {
      if (rib.claims.setInOf(row) === 0) continue;
      const id = rib.claims.prefixOf(row);
      const node = model.at(rib.holderOf(row)).name;
      if (filter.node !== undefined && filter.node !== node) continue;
      const text = rib.prefixes.format(id);
      if (prefix !== undefined && prefix !== text) continue;
      const feed = rib.feeds[rib.feedOf(row)] as Feed; // a row's feed outlives it
      yield {
        prefix: text,
        node,
        speaker: feed.speaker < 0 ? node : model.at(feed.speaker).name,
        source: feed.source,
        from: feed.label,
        verdict: VERDICTS[rib.verdictOf(row)] ?? 'accepted',
        preference: rib.preferenceOf(row),
        best: rib.records.bestOf(id) === row + 1,
        stale: rib.claims.staleReasonOf(row),
      };
    }
  }
}

/** Claims that were refused since it was asked last: so many of them as an event names, and how many there are. @internal */
export function takeRefusals({ ribs, model }: ClaimsShown): { readonly claims: readonly RejectedClaim[]; readonly total: number } {
  const claims: RejectedClaim[] = [];
  let total = 0;
  for (const rib of [ribs.ipv4, ribs.ipv6]) {
    const rows = rib.refusals;
    if (!rows || rows.length === 0) continue;
    rib.refusals = [];
    for (const row of new Set(rows)) {
      const verdict = rib.verdictOf(row);
      if (rib.claims.setInOf(row) === 0 || verdict === 0) continue;
      total++;
      if (claims.length >= REJECTIONS_TOLD) continue;
      const feed = rib.feeds[rib.feedOf(row)] as Feed; // a row's feed outlives it
      const node = model.at(rib.holderOf(row)).name;
      const reason = verdictCode(verdict);
      if (reason === 'accepted') continue;
      claims.push({
        prefix: rib.prefixes.format(rib.claims.prefixOf(row)),
        node,
        speaker: feed.speaker < 0 ? node : model.at(feed.speaker).name,
        source: feed.source,
        from: feed.label,
        reason,
        message: refusalSentence(rib, row),
      });
    }
  }
  return { claims, total };
}

/** How many were refused so far, by reason. @internal */
export function refusalsOf(ribs: readonly Rib[]): Partial<Record<RefusalReason, number>> {
  const counts: Partial<Record<RefusalReason, number>> = {};
  for (const [i, reason] of VERDICTS.entries()) {
    const count = ribs.reduce((sum, { refusedFor }) => sum + (refusedFor[i] ?? 0), 0);
    if (reason !== 'accepted' && count > 0) counts[reason] = count;
  }
  return counts;
}
