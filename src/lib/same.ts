/** Whether two plain values, such as parts of configurations, are equal: as JSON, with their fields in the same order. */
export function same(x: unknown, y: unknown): boolean {
  return x === y || JSON.stringify(x) === JSON.stringify(y);
}
