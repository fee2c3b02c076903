/** What hostile guests say. */
import type { Random } from '../../src/lib/random.js';

const MARKER = new Uint8Array(16).fill(0xff);

/** An UPDATE with a random body; or with lengths that are right, and attributes that are not. */
export function nonsense(random: Random): Uint8Array {
  const upTo = (most: number): number => Math.floor(random() * most);
  const octets = (length: number): number[] => Array.from({ length }, () => upTo(256));
  const attribute = (code: number, length: number): number[] => [0x40, code, length, ...octets(length)];
  const attributes = [attribute(1, 1 + upTo(2)), attribute(2, upTo(8)), attribute(3, 4 + upTo(2)), attribute(5, 4)].flat();
  const body = random() < 0.2 ? octets(4 + upTo(200)) : [0, 0, 0, attributes.length, ...attributes, 32, 10, 9, 0, upTo(256)];
  const message = new Uint8Array(19 + body.length);
  message.set(MARKER);
  message[16] = message.length >>> 8;
  message[17] = message.length & 0xff;
  message[18] = 2;
  message.set(body, 19);
  return message;
}
