import { beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.js';
import { parsePrefix } from '../../src/lib/prefix.js';
import { TimerHeap } from '../../src/lib/timers.js';
import { type CableEnd, memoryCable } from '../../src/stack/index.js';
import { Stack } from '../../src/stack/stack.js';
import { hex } from '../support/hex.js';
import { Guest } from './guest.js';

const ROUTER = hex('02 56 0a 00 00 01');
const MANY = 200;

let asked: number;
let stack: Stack;
beforeEach(() => {
  asked = 0;
  stack = new Stack({
    timers: new TimerHeap(new ManualClock(1_000_000)),
    random: () => 0.5,
    lookup4: (a) => [{ type: 'node', node: `n${a & 255}` }],
    lookup6: () => undefined,
    via4: () => void asked++,
    via6: () => undefined,
    mayClaim: () => false,
    announced: () => {},
    answered: () => {},
  });
  const face = { addresses: ['10.0.0.254'], mac: '02:56:0a:00:00:01', advertise: false } as const;
  stack.setInterfaces([{ ...face, prefix: parsePrefix('10.0.0.0/24') }]);
  place('p');
});

/** Each node is at the port of its number. */
function place(port: string): void {
  const nodes = Array.from({ length: MANY }, (_, i) => ({ name: `n${i}`, location: `${port}${i}`, addresses: [`10.0.0.${i}`], up: true }));
  stack.setNodes(nodes);
}

function guestAt(port: string, i: number): Guest {
  const [near, far] = memoryCable();
  stack.attach(`${port}${i}`, far);
  return new Guest(near, Uint8Array.of(2, 0, 0, 0, 0, i), ROUTER, `10.0.0.${i}`);
}

test('a port that comes or goes concerns its own node, however many there are', () => {
  asked = 0;
  const ends: CableEnd[] = [];
  for (let i = 0; i < MANY; i++) {
    const [near, far] = memoryCable();
    ends.push(near);
    stack.attach(`p${i}`, far);
  }
  expect([asked, stack.linkOf('n7')?.holder]).toEqual([0, 'n7']);
  for (let i = 0; i < MANY; i++) stack.detach(`p${i}`);
  expect([asked, stack.linkOf('n7'), stack.links.size]).toEqual([0, undefined, 0]);
});

test('what waits for an answer of a node that goes to another port is lost, and counted', () => {
  const one = guestAt('p', 1);
  const two = guestAt('p', 2);
  two.silent = true;
  for (let n = 0; n < 3; n++) one.ipv4('10.0.0.1', '10.0.0.2');
  const before = stack.links.get('p2');
  place('q');
  expect([before?.drops.unresolved, before?.holder]).toEqual([3, '']);
});

test('a link-local address is nowhere once its node is', () => {
  const one = guestAt('p', 1);
  const from = hex('fe80 0000 0000 0000 0000 0000 0000 0001');
  one.ipv6(from, hex('fe80 0000 0000 0000 0056 0aff fe00 0001'), 17, new Uint8Array(8));
  expect(stack.local.sourceFor('fe80::1')).toBe('fe80::56:aff:fe00:1');
  stack.detach('p1');
  expect(stack.local.sourceFor('fe80::1')).toBeUndefined();
});

test('the sources that were refused to one node are not said of the next at its port', () => {
  const one = guestAt('p', 1);
  one.ipv4('10.0.0.77', '10.0.0.2');
  const link = stack.links.get('p1');
  expect(link?.refused).toEqual(['10.0.0.77']);
  stack.setNodes([{ name: 'other', location: 'p1', addresses: ['10.0.0.201'], up: true }]);
  expect(link?.refused).toEqual([]);
});
