import { expect, test } from 'vitest';
import { encodeFrame, encodeMessage, MAX_MESSAGE, type Message, MessageReader } from '../../src/forwarder/wire/index.js';
import { WireError } from '../../src/lib/errors.js';

const MESSAGES: readonly Exclude<Message, { readonly type: 'frame' }>[] = [
  { type: 'call', version: 1, network: 'network', ports: [['r1', 'pa']], position: { epoch: 'x-1', seq: 7 } },
  { type: 'call', version: 1, network: 'network', ports: [], position: null },
  { type: 'answer', version: 1, epoch: 'x-1', resumed: true },
  { type: 'refusal', reason: 'of another network' },
  { type: 'nodes', nodes: [{ name: 'a', location: null, addresses: ['10.0.0.1', '2001:db8::1'], up: true }], last: true },
  { type: 'entries', entries: [['10.0.0.0/8', [{ type: 'node', node: 'a', location: 'pa', weight: 0 }]]] },
  {
    type: 'changes',
    changes: [
      ['10.0.0.0/8', null],
      ['2001:db8::/32', [{ type: 'discard', node: 'a' }]],
    ],
    seq: 8,
  },
  { type: 'changes', changes: [], seq: null },
  { type: 'current', seq: 8 },
  { type: 'complete' },
];

/** A message as it is on the socket, whatever its body. */
function raw(type: number, body: string): Uint8Array {
  const text = new TextEncoder().encode(body);
  const bytes = new Uint8Array(5 + text.length);
  new DataView(bytes.buffer).setUint32(0, 1 + text.length);
  bytes[4] = type;
  bytes.set(text, 5);
  return bytes;
}
const read = (...chunks: Uint8Array[]): Message[] => {
  const reader = new MessageReader();
  return chunks.flatMap((chunk) => [...reader.read(chunk)]);
};

test('every message is read as it was written, cut anywhere', () => {
  const frame = Uint8Array.from({ length: 60 }, (_, i) => i);
  const parts = [...MESSAGES.map((message) => encodeMessage(message)), encodeFrame(300, frame, 10, 50)];
  const whole = Uint8Array.from(parts.flatMap((part) => [...part]));
  const wanted = [...MESSAGES, { type: 'frame', port: 300, frame: frame.slice(10, 50) }];
  expect(read(whole)).toEqual(wanted);
  for (let cut = 0; cut <= whole.length; cut += 7) expect(read(whole.slice(0, cut), whole.slice(cut))).toEqual(wanted);
  expect(read(...Array.from(whole, (octet) => Uint8Array.of(octet)))).toEqual(wanted);
});

test('a length of nothing, or of more than a message may have, ends it before anything is kept', () => {
  expect(() => read(Uint8Array.of(0, 0, 0, 0))).toThrow(WireError);
  const long = new Uint8Array(4);
  new DataView(long.buffer).setUint32(0, MAX_MESSAGE + 1);
  expect(() => read(long)).toThrow(`a message of ${MAX_MESSAGE + 1} octets`);
});

test.each([
  [99, '{}', 'a message of type 99'],
  [0, '{', 'that is no JSON'],
  [0, '[]', 'of another shape'],
  [0, '{"version":1,"network":"n","ports":[["r"]],"position":null}', 'of another shape'],
  [0, '{"version":1,"network":"n","ports":[],"position":{"epoch":"x","seq":-1}}', 'of another shape'],
  [1, '{"version":1,"epoch":"x"}', 'of another shape'],
  [3, '{"nodes":[{"name":"a","location":null,"addresses":["10.0.0"],"up":true}],"last":true}', 'of another shape'],
  [4, '{"entries":[["10.0.0.0/8",null]]}', 'of another shape'],
  [4, '{"entries":[["10.0.0.1/8",[{"type":"node","node":"a"}]]]}', 'of another shape'],
  [4, '{"entries":[["10.0.0.0/8",[]]]}', 'of another shape'],
  [4, '{"entries":[["10.0.0.0/8",[{"type":"teleport","node":"a"}]]]}', 'of another shape'],
  [4, '{"entries":[["10.0.0.0/8",[{"type":"node","node":"a","weight":-1}]]]}', 'of another shape'],
  [5, '{"changes":[["10.0.0.0/8",null]],"seq":"8"}', 'of another shape'],
  [8, '', 'a frame without a port'],
])('what is no message is told: type %i, %s', (type, body, reason) => {
  expect(() => read(raw(type, body))).toThrow(reason);
});

test('text that is not UTF-8 is no message', () => {
  expect(() => read(Uint8Array.of(0, 0, 0, 3, 2, 0xff, 0xfe))).toThrow('that is no JSON');
});

test('a body does not say another type than its message has', () => {
  expect(read(raw(7, '{"type":"changes"}'))).toEqual([{ type: 'complete' }]);
});
