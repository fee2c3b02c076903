/** Every reason for which a neighbour does not come up is told, and told once. */
import { expect, test } from 'vitest';
import type { OspfProblem } from '../../src/ospf/events.js';
import type { InterfaceOptions } from '../../src/ospf/options.js';
import { Lab } from './support/lab.js';

interface Case {
  readonly problem: OspfProblem;
  readonly version?: 2 | 3;
  readonly both?: Partial<InterfaceOptions>;
  readonly second?: Partial<InterfaceOptions>;
  readonly id?: number;
  readonly area?: number;
  readonly address?: string;
}

const password = (text: string): Partial<InterfaceOptions> => ({
  authentication: { type: 'simple', password: new TextEncoder().encode(text) },
});
const cases: readonly Case[] = [
  { problem: 'hello-interval-mismatch', second: { helloInterval: 5000 } },
  { problem: 'dead-interval-mismatch', second: { deadInterval: 30_000 } },
  { problem: 'mask-mismatch', both: { type: 'broadcast' }, second: { maskLength: 25 } },
  { problem: 'source-off-link', both: { type: 'broadcast' }, address: '10.7.0.2/24' },
  { problem: 'area-mismatch', area: 1 },
  { problem: 'own-router-id', id: 1 },
  { problem: 'router-id-zero', id: 0 },
  { problem: 'mtu-mismatch', second: { mtu: 9000 } },
  { problem: 'authentication-type', second: password('secret') },
  { problem: 'authentication-failed', both: password('one'), second: password('two') },
  { problem: 'version', version: 3 },
  { problem: 'neighbour-limit', both: { neighbourLimit: 0 } },
];

test.each(cases)('$problem', ({ problem, version = 2, both = {}, second = {}, id = 2, area = 0, address = '10.0.0.2/24' }) => {
  const lab = new Lab({ version: 2 });
  const wire = lab.wire();
  const a = lab.router(1);
  const b = lab.router(id, [{ id: area }], version === 3 ? { version: 3, family: 'ipv6' } : {});
  a.attach(wire, '10.0.0.1/24', both);
  b.attach(wire, version === 3 ? '2001:db8::2/64' : address, { ...both, ...second, area });
  lab.advance(60_000);
  const told = a.events.flatMap((event) => (event.type === 'problem' ? [event.problem] : []));
  expect(told).toEqual([problem]);
  expect(a.machine.interfaces.get('e0')?.counters.problems.get(problem)).toBeGreaterThan(1);
  expect(a.states()).not.toContain('full');
});
