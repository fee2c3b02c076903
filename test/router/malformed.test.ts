/** Each malformation that the documentation lists, said by a guest to a whole router. */
import { beforeAll, expect, test } from 'vitest';
import type { WireContext } from '../../src/bgp/wire/index.js';
import { brokenUpdates, malformed, missing } from '../bgp/wire/malformed.js';
import { hex } from '../support/hex.js';
import { fourOctet, framed, malformedLab, twoOctet } from '../support/malformed-lab.js';

const UPDATE = 2;
/** Well-formed attributes of a plain route, by code. */
const PLAIN: Readonly<Record<number, string>> = { 1: '40 01 01 00', 2: '40 02 06 02010000fde9', 3: '40 03 04 0a00000a' };
const PLAIN_2: Readonly<Record<number, string>> = { ...PLAIN, 2: '40 02 04 0201fde9' };
const REACH = '80 0e 1a 0002 01 10 20010db800000000000000000000000a 00 20 20010db9';

/** An UPDATE with these attributes that announces 192.0.2.0/24, or nothing. */
function update(attributes: string, announces = '18 c00002'): Uint8Array {
  const bytes = hex(attributes);
  return framed(UPDATE, Uint8Array.from([0, 0, bytes.length >> 8, bytes.length & 255, ...bytes, ...hex(announces)]));
}
/** Those of a plain route but for the one of a code, and `more`. */
function beside(code: number, more: string, context: WireContext): string {
  const rest = Object.entries(context.fourOctetAs ? PLAIN : PLAIN_2).flatMap(([own, text]) => (Number(own) === code ? [] : [text]));
  return [...rest, more].join(' ');
}

let lab: Awaited<ReturnType<typeof malformedLab>>;
beforeAll(async () => {
  lab = await malformedLab();
});

const fromOutside = malformed.flatMap(([name, bytes, remedy, subcode, context]) =>
  context?.peerType === 'internal' ? [] : [{ name, bytes, remedy, subcode, context }],
);
test.each(fromOutside)('$name', ({ bytes, remedy, subcode, context }) => {
  const session = context?.fourOctetAs === false ? twoOctet : fourOctet;
  const outcome = lab.becomes(update(beside(hex(bytes)[1] ?? 0, bytes, session)), session);
  expect(outcome).toBe(remedy === 'reset-session' ? `3/${subcode}` : remedy === 'discard-attribute' ? 'taken' : remedy);
  expect(lab.undisturbed()).toBe(true);
});

test.each(brokenUpdates)('%s', (_name, body, subcode) => {
  expect(lab.becomes(framed(UPDATE, hex(body)), fourOctet)).toBe(`3/${subcode}`);
});

test.each(missing)('prefixes without %s take all routes of the UPDATE with them', (_name, _attributes, code) => {
  expect(lab.becomes(update(beside(code, REACH, fourOctet)), fourOctet)).toBe('treat-as-withdraw');
});

test('wrong flags and nothing announced end the session', () => {
  expect(lab.becomes(update('c0 01 01 00', ''), fourOctet)).toBe('3/1');
});

test('a family is given up although another attribute is malformed and nothing else is announced', () => {
  const attributes = `c0 01 01 00 ${PLAIN[2]} 80 0e 11 0002 01 0c 20010db80000000000000000 00`;
  expect(lab.becomes(update(attributes, ''), fourOctet)).toBe('disable-family');
});

test('a long message of a type that there is not is of no type, as messages may be long (RFC 8654)', () => {
  const header = Uint8Array.from([...new Array<number>(16).fill(0xff), 0x28, 0x28, 0x28]);
  expect(lab.becomes(header, fourOctet)).toBe('1/3');
});
