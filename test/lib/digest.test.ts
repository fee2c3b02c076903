import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sameDigest } from '../../src/lib/digest.js';

/** Octets that count how often one of them is looked at. */
function counted(octets: readonly number[]): { readonly bytes: Uint8Array; readonly looks: () => number } {
  let looks = 0;
  const bytes = new Proxy(Uint8Array.from(octets), {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) looks++;
      const value: unknown = Reflect.get(target, key, target);
      return value;
    },
  });
  return { bytes, looks: () => looks };
}

test('two digests are looked at to their ends, wherever they differ', () => {
  const right = Array.from({ length: 16 }, (_, i) => i);
  const wrong = (at: number): number[] => right.map((octet, i) => (i === at ? octet ^ 1 : octet));
  const looks = [right, wrong(0), wrong(7), wrong(15)].map((octets) => {
    const claimed = counted(octets);
    return [sameDigest(Uint8Array.from(right), claimed.bytes), claimed.looks()];
  });
  expect(looks).toEqual([
    [true, 16],
    [false, 16],
    [false, 16],
    [false, 16],
  ]);
  expect(sameDigest(Uint8Array.from(right), Uint8Array.from(right.slice(1)))).toBe(false);
  expect(sameDigest(Uint8Array.from(right.slice(1)), Uint8Array.from(right))).toBe(false);
});

/** Where what a peer signed with is held against what it should be. */
test.each([
  'stack/tcp/md5.ts',
  'stack/tcp/ao.ts',
  'bfd/wire/authentication.ts',
  'ospf/wire/authentication-v2.ts',
  'ospf/wire/authentication-v3.ts',
])('%s compares digests so, and in no other way', (file) => {
  const text = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8');
  expect(text).toContain('sameDigest(');
  expect(text).not.toMatch(/\bsameAt\(|\.equals\(|\.every\(|\.compare\(/);
});
