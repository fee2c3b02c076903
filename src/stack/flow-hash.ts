/**
 * Which of several targets a flow goes to: the one with the highest score of (flow, target), known as rendezvous or highest random
 * weight. When a target comes or goes, only the flows that it gets or had move; no table is kept.
 */

/** Mixes a word into a hash (the finaliser of MurmurHash3). @internal */
export function mix(hash: number, word: number): number {
  let h = Math.imul(hash ^ word, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

/** A seed of a name, so that every router scores alike. @internal */
export function seedOf(name: string): number {
  let hash = name.length;
  for (let i = 0; i < name.length; i++) hash = mix(hash, name.charCodeAt(i));
  return hash;
}

/** Which of the seeds has `flow`; shares are as the weights. @internal */
export function chosen(flow: number, seeds: readonly number[], weights: readonly number[]): number {
  let best = 0;
  let most = -1;
  for (let i = 0; i < seeds.length; i++) {
    // (0, 1): then -w / ln(u) is largest with probability w / sum (weighted rendezvous).
    const u = ((mix(flow, seeds[i]) >>> 0) + 0.5) / 0x1_0000_0000;
    const score = -weights[i] / Math.log(u);
    if (score > most) {
      most = score;
      best = i;
    }
  }
  return best;
}
