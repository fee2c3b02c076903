/** A source of numbers in [0, 1). `Math.random` is one; tests and simulations use {@link seeded}. @public */
export type Random = () => number;

/** A reproducible {@link Random} (xorshift32). @public */
export function seeded(seed: number): Random {
  let state = seed >>> 0 || 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 0x1_0000_0000;
  };
}
