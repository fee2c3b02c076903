import type { PathState } from '../lib/validation.js';

/** Customer AS -> its providers. @internal */
export type Aspas = ReadonlyMap<number, readonly number[]>;

type Hop = 'provider' | 'not-provider' | 'no-attestation';

/** Whether `provider` is attested as a provider of `customer`. */
function hop(aspas: Aspas, customer: number, provider: number): Hop {
  const providers = aspas.get(customer);
  if (!providers) return 'no-attestation';
  return providers.includes(provider) ? 'provider' : 'not-provider';
}

/**
 * Verifies a path by the draft's procedures: `upstream` for one heard from a customer, a peer, or at a route server; `downstream`
 * for one heard from a provider. `path` has the nearest AS first; undefined stands for one that has an AS_SET, which is invalid.
 *
 * @internal
 */
export function verifyPath(aspas: Aspas, path: readonly number[] | undefined, direction: 'upstream' | 'downstream'): PathState {
  if (path === undefined || path.length === 0) return 'invalid';
  // AS(1) is the origin, repetitions count once.
  const ases = path.filter((asn, i) => asn !== path[i - 1]).reverse();
  return direction === 'upstream' ? upstream(aspas, ases) : downstream(aspas, ases);
}

/** Every hop must go up, from the origin to us. */
function upstream(aspas: Aspas, ases: readonly number[]): PathState {
  let state: PathState = 'valid';
  for (let i = 0; i + 1 < ases.length; i++) {
    const step = hop(aspas, ases[i] as number, ases[i + 1] as number); // i + 1 < length
    if (step === 'not-provider') return 'invalid';
    if (step === 'no-attestation') state = 'unknown';
  }
  return state;
}

/** The path may go up, across once, and down: the ramps from both ends must meet. */
function downstream(aspas: Aspas, ases: readonly number[]): PathState {
  const count = ases.length;
  if (count <= 2) return 'valid';
  const reversed = [...ases].reverse();
  const most = ramp(aspas, ases, ['not-provider']) + ramp(aspas, reversed, ['not-provider']);
  if (most < count) return 'invalid';
  const ends: readonly Hop[] = ['not-provider', 'no-attestation'];
  return ramp(aspas, ases, ends) + ramp(aspas, reversed, ends) < count ? 'unknown' : 'valid';
}

/** ASes from the beginning up to the first hop that ends the ramp. */
function ramp(aspas: Aspas, ases: readonly number[], ends: readonly Hop[]): number {
  for (let i = 0; i + 1 < ases.length; i++) {
    if (ends.includes(hop(aspas, ases[i] as number, ases[i + 1] as number))) return i + 1; // i + 1 < length
  }
  return ases.length;
}
