import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';

/**
 * `expect(actual).toBe(expected)`, which is called where it fails, to say so: a property compares hundreds of thousands of values, and
 * each `expect` takes longer than what is tested.
 */
export function same<T>(actual: T, expected: T): void {
  if (!Object.is(actual, expected)) expect(actual).toBe(expected);
}

/** `expect(actual).toEqual(expected)`, which is called where they may differ. */
export function alike<T>(actual: T, expected: T): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}
