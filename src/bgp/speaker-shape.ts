/** The shape of a speaker's configuration: what {@link SpeakerConfig} says, where a program can be held to it. */

import { z } from 'zod';
import { UsageError } from '../lib/errors.js';
import { asn, expects, fail, holdTime, list, routerId, seconds, whole, zonedAddress } from '../lib/fields.js';
import { type Holds, type Same, validate } from '../lib/validate.js';
import type { SpeakerConfig } from './speaker.js';
import { encodeCapabilities } from './wire/capabilities/list.js';
import type { Capability } from './wire/index.js';

const neighbour = z.strictObject({
  address: zonedAddress(),
  port: whole(1, 65_535).exactOptional(),
  as: asn().exactOptional(),
});

const speaker = z.strictObject({
  as: asn(),
  routerId: routerId(),
  neighbour,
  localAddress: zonedAddress().exactOptional(),
  listen: whole(0, 65_535).exactOptional(),
  families: list(
    z.enum(['ipv4-unicast', 'ipv6-unicast'], expects('"ipv4-unicast" or "ipv6-unicast"')),
    'a list of families',
  ).exactOptional(),
  addPath: z.enum(['send', 'receive', 'both'], expects('"send", "receive" or "both"')).exactOptional(),
  holdTime: holdTime().exactOptional(),
  connectRetryTime: seconds(0.001).exactOptional(),
  capabilities: list(z.custom<Capability>(), 'a list of capabilities')
    .check((payload) => {
      try {
        encodeCapabilities(payload.value);
      } catch (error) {
        // Not only our own words: this may be anything.
        fail(payload, error instanceof UsageError ? error.message : 'expected capabilities that can be written');
      }
    })
    .exactOptional(),
});

export type _SpeakerConfig = Holds<Same<z.output<typeof speaker>, SpeakerConfig>>;

/** Throws a `UsageError` (`CONFIG_INVALID`) for the first thing that is wrong. @internal */
export function checkSpeaker(config: SpeakerConfig): SpeakerConfig {
  return validate<SpeakerConfig>(speaker, config);
}
