/** Every limit in docs/limits.md is told, counted and reached as its row says. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { documents } from '../scripts/docs.js';
import type { DownReason } from '../src/bgp/events.js';
import { LIMITS } from '../src/bgp/limits.js';
import { VERDICTS } from '../src/claims/reasons.js';
import { SESSION_REFUSALS } from '../src/router/session-refusals.js';
import { DROPS } from '../src/stack/drops.js';
import { PORT_LIMITS } from '../src/stack/limits.js';
import { EVERY_LIMIT } from './limits.js';

const texts = new Map<string, string>();
/** Each file is read once. */
function source(file: string): string {
  const text = texts.get(file) ?? readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  texts.set(file, text);
  return text;
}
const schema = documents()['config.md'] ?? '';
const rows = EVERY_LIMIT.flatMap(([heading, , limits]) => limits.map((limit) => ({ heading, ...limit })));
const ENDS: readonly DownReason['code'][] = ['notification-sent', 'hold-timer-expired', 'send-hold-timer-expired'];
/** Events whose field is one of a list, and the list; of others the text is looked for in the sources. */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  'limit-reached': Object.keys(LIMITS),
  'session-refused': Object.keys(SESSION_REFUSALS),
};
const REASONS: readonly string[] = [...VERDICTS, ...DROPS, 'icmp-error', 'reset', ...ENDS];
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  'ospf-problem': ['src/ospf/events.ts'],
  'ospf-change': ['src/ospf/events.ts'],
  'cache-change': ['src/rtr/session.ts', 'src/rtr/cache-data.ts', 'src/rtr/wire/codes.ts'],
};
const rendered = source('src/router/prometheus.ts') + source('src/cli/control.ts');
const controlReasons = source('src/io/control.ts');

describe.each(rows)('$heading: $name', ({ name, configured, otherwise, reason, metric, test: [file, title] }) => {
  test('has a default', () => {
    expect(otherwise).toMatch(/\d|none/);
  });
  test('is told by a reason that there is', () => {
    if (reason === undefined) return expect(reason).toBeUndefined();
    const [event, field] = reason.includes(': ') ? reason.split(/: (.*)/) : [undefined, reason];
    if (event === undefined) expect(REASONS.includes(reason) || controlReasons.includes(`'${reason}'`), reason).toBe(true);
    else if (LISTS[event]) expect(LISTS[event]).toContain(field);
    else expect((SOURCES[event] ?? []).map(source).join('\n')).toContain(field);
  });
  test('is counted by a metric that there is', () => {
    if (metric === undefined) return expect(reason).toBeUndefined();
    expect(rendered).toContain(`'${metric.replace(/\{.*/, '')}'`);
  });
  test('is reached by a test that there is', () => {
    expect(source(`test/${file}`)).toContain(title);
  });
  test('is a field of the configuration where the page says so', () => {
    if (!configured) return;
    expect(schema).toContain(`\`${name.split('.').at(-1)}\``);
  });
});

test('every limit of a neighbour and of a port is among them', () => {
  expect(rows.filter(({ heading, name }) => heading === 'A BGP neighbour' && name.startsWith('limits.')).length).toBe(
    Object.keys(LIMITS).length + 1,
  );
  expect(rows.filter(({ heading }) => heading === 'A node at a port').length).toBe(Object.keys(PORT_LIMITS).length);
});
