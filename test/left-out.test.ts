/** What `npm test` says of what this machine lacks. */
import { expect, test } from 'vitest';
import { daemons, leftOut, type Present } from './interop/support/daemons.js';

const all: Present = { present: daemons, absent: [], lacking: [] };
const [bird, frr] = daemons;
if (!bird || !frr) throw new Error('expected the daemons');

test.each([
  ['nothing where everything is here', all, undefined],
  ['why nothing at all can run', { ...all, present: [], obstacle: 'it needs root' }, 'The interop suite was left out: it needs root.'],
  [
    'what unit tests lack besides',
    {
      ...all,
      present: [],
      obstacle: 'it needs Linux',
      lacking: [
        ['arping', 'ARP'],
        ['koffi', 'TAP ports'],
      ],
    },
    'The interop suite was left out: it needs Linux; and without koffi, tests of TAP ports.',
  ],
  [
    'which daemon is missing',
    { ...all, present: daemons.slice(1), absent: [bird] },
    'Left out of the interop suite, as not installed: BIRD, and what they are tried with.',
  ],
  [
    'daemons and tools, each by its name',
    {
      ...all,
      absent: [bird, frr],
      lacking: [
        ['StayRTR', 'an RPKI cache'],
        ['koffi', 'TAP ports'],
      ],
    },
    'Left out of the interop suite, as not installed: BIRD, FRR, StayRTR (an RPKI cache), koffi (TAP ports), and what they are tried with.',
  ],
] as const)('it says %s, in one line', (_what, present, line) => {
  expect(leftOut(present as Present)).toBe(line);
});
