import { expect, test } from 'vitest';
import type { Libc } from '../../src/io/libc.js';
import { libc } from '../../src/io/libc.js';
import { Reactor } from '../../src/io/reactor.js';
import { until } from '../support/until.js';

const ONE = new Uint8Array(BigUint64Array.of(1n).buffer);
const NONBLOCK = 0o4000;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The C library, and what was done with it. */
async function counted(): Promise<{ readonly c: Libc; readonly open: Set<number>; readonly waits: number[] }> {
  const real = await libc('this test');
  const open = new Set<number>();
  const waits: number[] = [];
  const opened = (fd: number): number => {
    open.add(fd);
    return fd;
  };
  const c: Libc = {
    ...real,
    epollCreate: (flags) => opened(real.epollCreate(flags)),
    eventfd: (initial, flags) => opened(real.eventfd(initial, flags)),
    close: (fd) => {
      open.delete(fd);
      return real.close(fd);
    },
    epollWaiting: (epoll, events, most, milliseconds, done) => {
      real.epollWaiting(epoll, events, most, milliseconds, (failed, ready) => {
        waits.push(ready);
        done(failed, ready);
      });
    },
  };
  return { c, open, waits };
}

test.skipIf(process.platform !== 'linux')(
  'a reactor calls while there is something to read, and what it holds goes with the last descriptor',
  async () => {
    const { c, open, waits } = await counted();
    const reactor = new Reactor(c);
    const fd = c.eventfd(0, NONBLOCK);
    let calls = 0;
    reactor.add(fd, () => {
      // The first time it leaves what is there.
      if (++calls === 2) c.read(fd, new Uint8Array(8), 8);
    });
    c.write(fd, ONE, 8);
    await until('it was called twice', () => calls === 2);
    for (let i = 0; i < 20; i++) await turn();
    const quiet = waits.length;
    // Taken away and given again within one wait: the wait goes on, and does not turn in circles for what ended it.
    reactor.remove(fd);
    reactor.add(fd, () => {
      calls++;
      c.read(fd, new Uint8Array(8), 8);
    });
    await until('the wait is over', () => waits.length > quiet);
    for (let i = 0; i < 20; i++) await turn();
    expect(waits.length - quiet).toBe(1);
    c.write(fd, ONE, 8);
    await until('it was called again', () => calls === 3);
    reactor.remove(fd);
    await until('nothing but the descriptor is open', () => open.size === 1);
    expect([...open]).toEqual([fd]);
    c.close(fd);
  },
);
