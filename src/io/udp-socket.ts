import type { Socket } from 'node:dgram';
import { UsageError } from '../lib/errors.js';
import { keepFreedMemory } from './freed-memory.js';

/** Octets that the system keeps for us while we are busy; the kernel may give less. */
export const receiveBuffer = 4 << 20;

/** Octets that may wait for a way out that is slower than they come, before more are lost: libuv keeps any number. */
const MOST_WAITING = 4 << 20;

/** Whether what is sent now is to be lost, as on a wire. */
export function isFull(socket: Socket): boolean {
  return socket.getSendQueueSize() > MOST_WAITING;
}

/** Binds a UDP socket. Rejects with a `UsageError` (`PORT_IN_USE`, `ADDRESS_UNAVAILABLE`); later errors concern single datagrams. */
export function bound(socket: Socket, address: string, port: number): Promise<void> {
  keepFreedMemory();
  return new Promise((resolve, reject) => {
    const where = `UDP ${address} port ${port}`;
    socket.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new UsageError('PORT_IN_USE', `cannot receive on ${where}: the port is in use`)
          : new UsageError('ADDRESS_UNAVAILABLE', `cannot receive on ${where}: ${error.message}`),
      );
    });
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      socket.on('error', () => {});
      resolve();
    });
  });
}
