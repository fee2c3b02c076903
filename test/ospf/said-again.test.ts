import { expect, test } from 'vitest';
import { StoredLsa } from '../../src/ospf/lsa.js';
import { encodeLsa } from '../../src/ospf/wire/index.js';
import { Lab } from './support/lab.js';

const context = { version: 2, family: 'ipv4' } as const;

test('what has ended and is said again as it was, before the end is forgotten, is reached again', () => {
  const lab = new Lab();
  const [a, b] = [lab.router(1), lab.router(2)];
  const wire = lab.wire();
  a.attach(wire, '10.0.1.1', { type: 'point-to-point' });
  b.attach(wire, '10.0.1.2', { type: 'point-to-point' });
  const metric = { value: 20, type: 2 as const, tag: 0 };
  a.handle({ type: 'externals', changes: [{ bytes: Uint8Array.of(100, 64, 0, 1), length: 32, metric }] });
  lab.until(() => b.table()['100.64.0.1/32'] !== undefined);
  const { machine } = b;
  const place = machine.database;
  const body = {
    type: 'external',
    prefix: { family: 'ipv4', bytes: Uint8Array.of(100, 64, 0, 1), length: 32 },
    prefixOptions: 0,
    metricType: 2,
    metric: 20,
    forwarding: undefined,
    tag: 0,
    propagate: false,
    referenced: undefined,
  } as const;
  const head = { lsType: 5, id: 0x64400001, advertisingRouter: 1, options: 2 };
  const comes = (age: number, sequence: number): void => {
    const { header, bytes } = encodeLsa({ ...head, age, sequence }, body, context);
    machine.flooding.install(place, new StoredLsa(header, lab.now, bytes));
  };
  comes(3600, 100);
  machine.handle({ type: 'stubRouter', on: false }, lab.now);
  expect(b.table()['100.64.0.1/32']).toBeUndefined();
  comes(3600, 101);
  comes(0, 102);
  machine.handle({ type: 'stubRouter', on: false }, lab.now);
  expect(b.table()['100.64.0.1/32']).toMatch(/^external-2 20\+\d+ via 1$/);
});
