import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/**
 * A port, of UDP as is tried, that is free now at all of these addresses, and stays so until the test has it: it is none of those that the
 * system gives to whoever asks for any, as every other test does.
 */
export async function freePort(...addresses: readonly string[]): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const taken: boolean[] = [];
    for (const address of addresses) taken.push(!(await isFree(address, port)));
    if (!taken.includes(true)) return port;
  }
  throw new Error('no port is free');
}

async function isFree(address: string, port: number): Promise<boolean> {
  const socket = createSocket('udp4').bind(port, address);
  const free = await once(socket, 'listening').then(
    () => true,
    () => false,
  );
  await new Promise<void>((resolve) => socket.close(resolve));
  return free;
}

/** A TCP port at which nobody listens: multiplexing by the names of services (RFC 1078) has gone out of use. */
export const CLOSED_PORT = 1;
