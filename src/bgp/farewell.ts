import type { Clock, Millis } from '../lib/clock.js';
import type { Connection } from '../lib/transport.js';
import { defaultContext, ErrorCode, encodeMessage } from './wire/index.js';

/** How long last words may take before the connection is cut. */
const LAST_WORDS: Millis = 2000;

/** Closes a connection after what was written, and cuts it when that takes too long. Resolves when it is closed. @internal */
export function farewell(connection: Connection, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.at(clock.now() + LAST_WORDS, () => connection.abort());
    connection.listen({
      data: () => {},
      drained: () => {},
      closed: () => {
        cancel();
        resolve();
      },
    });
    connection.end();
  });
}

/**
 * Closes a connection that never becomes a session: a Cease (RFC 4486) is all that it is told. A NOTIFICATION may come before any OPEN
 * (RFC 4271 §8.2.2). Resolves when it is closed.
 *
 * @internal
 */
export function turnAway(connection: Connection, subcode: number, clock: Clock): Promise<void> {
  connection.write(encodeMessage({ type: 'notification', code: ErrorCode.cease, subcode, data: new Uint8Array(0) }, defaultContext));
  return farewell(connection, clock);
}
