import { expect, test, vi } from 'vitest';

/** The wire entry and the errors, once more: another copy of the package, as `require` or another version of it in a process has. */
async function copy() {
  vi.resetModules();
  const { UsageError, WireError } = await import('../../src/lib/errors.js');
  const { MessageError } = await import('../../src/bgp/wire/wire-error.js');
  const { RtrWireError } = await import('../../src/rtr/wire/pdu.js');
  return { UsageError, WireError, MessageError, RtrWireError };
}

test('an error of one copy of the package is an instance of the class of another', async () => {
  const [one, two] = [await copy(), await copy()];
  expect(one.UsageError).not.toBe(two.UsageError);
  const usage = new one.UsageError('CLOSED', 'it is closed');
  const message = new one.MessageError(3, 1, 'malformed', 0);
  const pdu = new one.RtrWireError(0, 'corrupt');
  for (const { UsageError, WireError, MessageError, RtrWireError } of [one, two]) {
    const classes = [UsageError, WireError, MessageError, RtrWireError, Error];
    const of = (error: unknown): boolean[] => classes.map((type) => error instanceof type);
    expect(of(usage)).toEqual([true, false, false, false, true]);
    expect(of(message)).toEqual([false, true, true, false, true]);
    expect(of(pdu)).toEqual([false, true, false, true, true]);
    expect(of(new one.WireError('short', 1))).toEqual([false, true, false, false, true]);
    for (const other of [new Error('plain'), undefined, null, 'UsageError', { name: 'UsageError' }])
      expect(of(other).slice(0, 4)).toEqual([false, false, false, false]);
  }
  expect(Object.keys(usage)).not.toContain('Symbol(virtual-router.UsageError)');
});

test("a program's own class that extends one is known by itself alone", async () => {
  const { UsageError } = await copy();
  class Own extends UsageError {}
  expect([new Own('CLOSED', '') instanceof UsageError, new UsageError('CLOSED', '') instanceof Own]).toEqual([true, false]);
});
