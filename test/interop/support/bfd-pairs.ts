/** 50 ms x 3. */
export const TIMERS = { minTx: 50, minRx: 50, multiplier: 3 } as const;

/** Pairs of addresses on loopback, `count` of them, from the `from`th on. */
export function pairs(from: number, count: number): (readonly [own: string, other: string])[] {
  return Array.from({ length: count }, (_, i) => [`127.9.${from + i}.1`, `127.9.${from + i}.2`] as const);
}
