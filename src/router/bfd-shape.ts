/** The shape of BFD's configuration, wherever a neighbour is watched. */
import { z } from 'zod';
import { expects, flag, list, secret, whole } from '../lib/fields.js';

const interval = z
  .number(expects('1 to 60000 milliseconds'))
  .min(1, 'expected 1 to 60000 milliseconds')
  .max(60_000, 'expected 1 to 60000 milliseconds');

const milliseconds = (least: number) => {
  const words = `${least} to 3600000 milliseconds`;
  return z.number(expects(words)).min(least, `expected ${words}`).max(3_600_000, `expected ${words}`);
};

const bfdAuthentication = z
  .strictObject(
    {
      type: z
        .enum(['simple', 'md5', 'meticulous-md5', 'sha1', 'meticulous-sha1'])
        .describe(
          'How packets are authenticated. Of the keyed ones the meticulous count up with every packet, so that none can be replayed.',
        ),
      keys: list(
        z
          .strictObject({
            id: whole(0, 255).describe('0 to 255, the same at both ends.'),
            secret: secret().describe('1 to 16 octets of UTF-8, 20 for SHA-1: the text, `{ file: PATH }` or `{ env: NAME }`.'),
          })
          .meta({ id: 'BfdKey', description: 'A key that BFD packets are authenticated with.' }),
        'a list of keys',
      )
        .min(1, 'expected at least one key, got none')
        .describe(
          'What we send is made with the first; what comes may be made with any. To roll over, add the new key behind the old at both ends, then put it first at both, then take the old one away: the session stays up.',
        ),
    },
    expects('an object such as { type: sha1, keys: [{ id: 1, secret: { env: BFD_KEY } }] }'),
  )
  .meta({ id: 'BfdAuthentication', description: 'RFC 5880 §6.7.' });

const bfdDampening = z
  .strictObject(
    {
      halfLife: milliseconds(1).exactOptional().describe('Milliseconds in which the points halve. Default 5,000.'),
      suppress: whole(1).exactOptional().describe('From so many points on, its coming up is not told. Default 2,000.'),
      reuse: whole(1).exactOptional().describe('From so few on it is told again. Default 1,000.'),
      longest: milliseconds(1).exactOptional().describe('Milliseconds that it is held back at the most. Default 20,000.'),
    },
    expects('an object such as { halfLife: 5000 }, or {}'),
  )
  .meta({ id: 'BfdDampening', description: 'Dampening of a session that flaps: each loss costs 1,000 points, which halve with time.' });

/** @internal */
export const bfd = z
  .strictObject(
    {
      minTx: interval.exactOptional().describe('Milliseconds between packets that we want to send, at the least. Default 300.'),
      minRx: interval.exactOptional().describe('Milliseconds between packets that we can take, at the least. Default 300.'),
      multiplier: whole(1, 255).exactOptional().describe('Packets that may be missing before the neighbour is down. Default 3.'),
      multihop: flag()
        .exactOptional()
        .describe('The neighbour is more than one hop away (RFC 5883): another port, and no look at the TTL. Default false.'),
      strict: z
        .union([flag(), z.literal('always')], expects('true, false or "always"'))
        .exactOptional()
        .describe(
          'Who is watched counts as down until BFD is up. A BGP session is not established before, where the neighbour announces that it waits as well (draft-ietf-idr-bgp-bfd-strict-mode), or, with `always`, whether it does or not. Default false; `always` with `dampening`.',
        ),
      holdTime: milliseconds(1000)
        .exactOptional()
        .describe(
          'Milliseconds that a BGP session without a hold time waits for BFD (`strict`); others wait for their hold time. Default 30,000.',
        ),
      checkTtl: flag()
        .exactOptional()
        .describe('Drop packets whose TTL is not 255 (RFC 5881 §5). Default true; never for `multihop`. Takes koffi and Linux.'),
      authentication: bfdAuthentication
        .exactOptional()
        .describe('Packets must be authenticated, and ours are (RFC 5880 §6.7). Default: neither.'),
      demand: milliseconds(10)
        .exactOptional()
        .describe(
          'Demand mode (RFC 5880 §6.6): once the session is up the neighbour is asked to be silent, and polled every so many milliseconds whether it is still there. Default: it sends all the time.',
        ),
      echo: interval
        .exactOptional()
        .describe(
          "The echo function (RFC 5880 §6.4): once the session is up, packets to ourselves are sent every so many milliseconds for the neighbour to send back, and its own are sent back to it at that pace; Control packets then go once a second. Over the host's sockets it takes Linux, the package koffi and CAP_NET_RAW. Default: no echo.",
        ),
      dampening: bfdDampening
        .exactOptional()
        .describe('One who comes and goes is told of only when it stays. Default: every change is told.'),
      disabled: flag()
        .exactOptional()
        .describe('Administratively down: the neighbour is told so, and not watched (RFC 5880 §6.8.16). Default false.'),
    },
    expects('an object such as { minTx: 50, minRx: 50 }'),
  )
  .meta({ id: 'Bfd', description: 'How a neighbour is watched (RFC 5880, RFC 5881).' });
