import { chmodSync, existsSync, lstatSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { UsageError } from '../lib/errors.js';
import type { Connection, DialEvents } from '../lib/transport.js';
import { SocketConnection } from './socket-connection.js';

/** Milliseconds in which a socket that somebody listens at says so. */
const PATIENCE = 2000;
/** Connections to one socket at once. */
const MOST = 8;
/** Octets of a path that a socket's address has room for. */
const LONGEST = process.platform === 'linux' ? 107 : 103;

/**
 * Has a server listen at a path. A socket that a killed process left there, at which nobody answers, is removed first. Rejects with the
 * system's error.
 *
 * @param whose - `own`: its owner's alone (mode 0600). `any`: of whomever the process's umask lets.
 * @internal
 */
export async function listenAtPath(server: Server, path: string, whose: 'own' | 'any'): Promise<void> {
  const fault = pathFault(path);
  if (fault !== undefined) throw new Error(fault);
  try {
    await listen(server, path, whose);
  } catch (error) {
    // Node says EACCES of it.
    if (!existsSync(dirname(path))) throw new Error(`there is no folder ${dirname(path)}`);
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || !(await isLeftBehind(path))) throw error;
    rmSync(path, { force: true });
    await listen(server, path, whose);
  }
}

function listen(server: Server, path: string, whose: 'own' | 'any'): Promise<void> {
  return new Promise((resolve, reject) => {
    // The socket must not be anybody else's for a moment either; a thread cannot see to that moment.
    const before = isMainThread && whose === 'own' ? process.umask(0o177) : undefined;
    const failed = (error: Error): void => reject(error);
    server.once('error', failed);
    try {
      server.listen(path, () => {
        server.off('error', failed);
        try {
          if (whose === 'own') chmodSync(path, 0o600);
          resolve();
        } catch (error) {
          server.close();
          reject(error);
        }
      });
    } finally {
      if (before !== undefined) process.umask(before);
    }
  });
}

/** Why a path can be no socket's, if it cannot. Node would cut it short without a word, and use what is left of it. @internal */
export function pathFault(path: string): string | undefined {
  if (process.platform === 'win32' || Buffer.byteLength(path) <= LONGEST) return undefined;
  return `the path of a socket has at most ${LONGEST} octets, and ${path} has ${Buffer.byteLength(path)}`;
}

/** Whether a path is that of a socket at which nobody listens. */
function isLeftBehind(path: string): Promise<boolean> {
  if (!lstatSync(path).isSocket()) return Promise.resolve(false);
  return new Promise((resolve) => {
    const probe = createConnection({ path, timeout: PATIENCE });
    const found = (left: boolean): void => {
      probe.destroy();
      resolve(left);
    };
    probe.once('connect', () => found(false));
    probe.once('timeout', () => found(false));
    probe.once('error', (error: NodeJS.ErrnoException) => found(error.code === 'ECONNREFUSED'));
  });
}

/**
 * Takes connections at a path until the returned function is called. Rejects with a `UsageError` (`PORT_IN_USE`, `ADDRESS_UNAVAILABLE`).
 *
 * @internal
 */
export async function acceptAtPath(path: string, accepted: (connection: Connection) => void): Promise<() => Promise<void>> {
  const server = createServer((socket) => accepted(connectionAt(socket, path)));
  server.maxConnections = MOST;
  try {
    await listenAtPath(server, path, 'own');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === 'EADDRINUSE'
      ? new UsageError('PORT_IN_USE', `cannot listen at ${path}: somebody else does, or it is no socket`)
      : new UsageError('ADDRESS_UNAVAILABLE', `cannot listen at ${path}: ${message}`);
  }
  server.on('error', () => {});
  return () => new Promise((closed) => server.close(() => closed()));
}

/** Calls whoever listens at a path. Returns a way to give up. @internal */
export function dialPath(path: string, events: DialEvents): () => void {
  let over = false;
  const fault = pathFault(path);
  if (fault !== undefined) {
    setImmediate(() => {
      if (!over) events.failed(fault);
    });
    return () => {
      over = true;
    };
  }
  const socket = createConnection({ path });
  const failed = (error: Error): void => {
    if (over) return;
    over = true;
    events.failed(error.message);
  };
  socket.once('error', failed);
  socket.once('connect', () => {
    if (over) return;
    over = true;
    socket.off('error', failed);
    events.connected(connectionAt(socket, path));
  });
  return () => {
    if (over) return;
    over = true;
    socket.destroy();
  };
}

/** A UNIX socket as a connection: both its ends are the path. */
function connectionAt(socket: Socket, path: string): Connection {
  return new SocketConnection(socket, { place: { address: path, port: 0 } });
}
