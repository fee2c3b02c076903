import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { NodeTransport } from '../../src/io/index.js';
import type { Connection } from '../../src/lib/transport.js';

const transport = new NodeTransport();
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition() && tries < 2000; tries++) await pause(5);
  expect([what, condition()]).toEqual([what, true]);
}

/** Two ends of a connection over loopback; octets that each has been given are counted. */
async function pair() {
  const heard = { accepted: 0, dialled: 0 };
  const listen = (connection: Connection, whose: keyof typeof heard): Connection => {
    open.push({ close: () => connection.abort() });
    connection.listen({
      data: (chunk) => {
        heard[whose] += chunk.length;
      },
      drained: () => {},
      closed: () => {},
    });
    return connection;
  };
  let accepted: Connection | undefined;
  const listener = await transport.listen({ address: '127.0.0.1', port: 0 }, (connection) => {
    accepted = listen(connection, 'accepted');
  });
  open.push(listener);
  const dialled = await new Promise<Connection>((resolve, reject) => {
    transport.dial({ remote: listener.endpoint }, { connected: resolve, failed: (reason) => reject(new Error(reason)) });
  });
  listen(dialled, 'dialled');
  await until('it is accepted', () => accepted !== undefined);
  if (!accepted) throw new Error('not accepted');
  return { accepted, dialled, heard };
}

describe('a connection of the host', () => {
  // What the kernels keep for the two ends comes beside it.
  const MUCH = 32 << 20;
  const PIECE = 65_536;

  test('keeps so much of what arrives while it is not read, and a piece more, and then everything comes', async () => {
    const { accepted, dialled, heard } = await pair();
    accepted.bound?.({ written: 1 << 20, arrived: 131_072 });
    accepted.pause();
    dialled.write(new Uint8Array(MUCH));
    await until('it is full', () => (accepted.waiting ?? 0) >= 131_072);
    // The sender gets no more rid of it.
    let left = -1;
    await until('the sender is stuck', () => {
      const same = left === dialled.buffered;
      left = dialled.buffered;
      return same;
    });
    expect(left).toBeGreaterThan(0);
    expect(accepted.waiting).toBeLessThan(131_072 + PIECE);
    expect(heard.accepted).toBe(0);
    accepted.resume();
    await until('all of it is here', () => heard.accepted === MUCH);
    expect(accepted.waiting).toBe(0);
  });

  test('tells its writer to wait from so much on', async () => {
    const { accepted, dialled } = await pair();
    dialled.bound?.({ written: 65_536, arrived: 1 << 20 });
    accepted.pause();
    let written = 0;
    while (dialled.write(new Uint8Array(16_384))) {
      written += 16_384;
      if (written > MUCH) break;
      await pause(0);
    }
    expect(dialled.buffered).toBeGreaterThanOrEqual(65_536);
    expect(dialled.buffered).toBeLessThan(65_536 + 16_384);
  });
});
