import { expect, test } from 'vitest';
import { didYouMean } from '../../src/lib/suggest.js';

const FIELDS = ['holdTime', 'connectRetryTime', 'as', 'address', 'passive'];

test.each([
  ['holdTyme', '; did you mean "holdTime"?'],
  ['holdtime', '; did you mean "holdTime"?'],
  ['adress', '; did you mean "address"?'],
  ['sa', '; did you mean "as"?'],
  ['pasisve', '; did you mean "passive"?'],
  ['banana', ''],
  ['', ''],
])('%j is answered with %j', (word, answer) => {
  expect(didYouMean(word, FIELDS)).toBe(answer);
});

test('of several that are near, the nearest is meant', () => {
  expect(didYouMean('web-c1', ['web-a12', 'web-c', 'db-1'])).toBe('; did you mean "web-c"?');
});
