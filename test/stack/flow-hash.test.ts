import { expect, test } from 'vitest';
import { chosen, mix, seedOf } from '../../src/stack/flow-hash.js';

const FLOWS = Array.from({ length: 20_000 }, (_, i) => mix(7, i));
const where = (nodes: readonly string[], weights = nodes.map(() => 1)) => {
  const seeds = nodes.map(seedOf);
  return FLOWS.map((flow) => nodes[chosen(flow, seeds, weights)]);
};

test('flows are shared by weight', () => {
  const to = where(['a', 'b', 'c'], [1, 1, 2]);
  expect(to.filter((node) => node === 'c').length / FLOWS.length).toBeCloseTo(0.5, 1);
  expect(to.filter((node) => node === 'a').length / FLOWS.length).toBeCloseTo(0.25, 1);
});

test('when a target goes only its flows move, and when one comes only those that it gets', () => {
  const four = where(['a', 'b', 'c', 'd']);
  const three = where(['a', 'c', 'd']);
  expect(four.filter((node, i) => node !== 'b' && node !== three[i]).length).toBe(0);
  const moved = four.filter((node, i) => node !== three[i]).length / FLOWS.length;
  expect(moved).toBeGreaterThan(0.23);
  expect(moved).toBeLessThan(0.27);
});

test('when a weight changes only flows of its target move, and with weight zero it has none', () => {
  const before = where(['a', 'b', 'c'], [1, 1, 1]);
  const more = where(['a', 'b', 'c'], [1, 1, 2]);
  const moved = before.filter((node, i) => node !== more[i]).length / FLOWS.length;
  expect(before.filter((node, i) => node !== more[i] && more[i] !== 'c').length).toBe(0);
  // From a third to a half.
  expect(moved).toBeGreaterThan(0.15);
  expect(moved).toBeLessThan(0.19);
  const none = where(['a', 'b', 'c'], [1, 1, 0]);
  expect(none).not.toContain('c');
  expect(before.filter((node, i) => node !== none[i] && node !== 'c').length).toBe(0);
});
