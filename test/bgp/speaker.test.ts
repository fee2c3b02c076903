/** A speaker's own mistakes are told to whoever makes them, when they are made: not to the event loop, when the session comes up. */
import { describe, expect, test } from 'vitest';
import { BgpSpeaker, ManualClock, MemoryTransport, type PathAttributes, type SpeakerConfig } from '../../src/core.js';
import { silentLogger } from '../../src/lib/logger.js';
import { decodeMessage, defaultContext, encodeMessage, type Open } from '../../src/wire.js';

const CONFIG: SpeakerConfig = { as: 65002, routerId: '10.0.0.2', localAddress: '10.0.0.2', neighbour: { address: '10.0.0.1' } };
const lab = () => {
  const clock = new ManualClock();
  return { clock, transport: new MemoryTransport(clock) };
};
const speaker = (fields: object, options = lab()) => new BgpSpeaker({ ...CONFIG, ...fields } as SpeakerConfig, options);

describe('a configuration that is wrong', () => {
  test.each([
    ['routerId', { routerId: 'x' }],
    ['routerId', { routerId: '0.0.0.0' }],
    ['as', { as: 0 }],
    ['holdTime', { holdTime: 2 }],
    ['holdTime', { holdTime: 70_000 }],
    ['connectRetryTime', { connectRetryTime: 0 }],
    ['localAddress', { localAddress: 'web-b' }],
    ['listen', { listen: 70_000 }],
    ['families[0]', { families: ['ipv5-unicast'] }],
    ['addPath', { addPath: true }],
    ['capabilities', { capabilities: [{ type: 'nope' }] }],
    ['capabilities', { capabilities: [undefined] }],
    ['neighbour.address', { neighbour: { address: 'router' } }],
    ['neighbour.port', { neighbour: { address: '10.0.0.1', port: 0 } }],
    ['neighbor', { neighbor: { address: '10.0.0.1' } }],
  ])('%s: %j', (path, fields) => {
    expect(() => speaker(fields)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(path) }));
  });
});

describe('what cannot be announced', () => {
  const WRONG: readonly (readonly [where: string, attributes: object])[] = [
    ['attributes.communities', { communities: ['foo'] }],
    ['attributes.med', { med: -1 }],
    ['attributes.asPath', { asPath: [{ type: 'sequence', asns: [2 ** 40] }] }],
    ['attributes.nextHop', { nextHop: 'web-b' }],
  ];
  test.each(WRONG)('is said before there is a session: %s', (where, attributes) => {
    const guest = speaker({});
    expect(() => guest.announce('10.1.0.0/16', attributes as PathAttributes)).toThrow(where);
    expect(() => guest.withdraw('10.1.0.0/16')).toThrow(/was not announced/);
  });

  test('for its length is left out of a session that has no room for it, and the rest is sent', async () => {
    const options = lab();
    const warned: unknown[] = [];
    const logger = { ...silentLogger, warn: (...line: unknown[]) => void warned.push(line) };
    const guest = new BgpSpeaker(CONFIG, { ...options, logger });
    const many = (count: number): PathAttributes => ({ communities: Array.from({ length: count }, (_, i) => `1:${i}`) });
    guest.announce('10.1.0.0/16', many(1020));
    // Some fit where two hundred do not.
    const some = Array.from({ length: 200 }, (_, i) => `10.2.${i}.0/24`);
    guest.announceAll(some, many(850));

    const heard: string[] = [];
    const context = { ...defaultContext, fourOctetAs: true };
    await options.transport.listen({ address: '10.0.0.1', port: 179 }, (connection) => {
      const data = (chunk: Uint8Array): void => {
        for (let at = 0, length = 0; at < chunk.length; at += length) {
          length = ((chunk[at + 16] ?? 0) << 8) | (chunk[at + 17] ?? 0);
          const message = decodeMessage(chunk.subarray(at, at + length), context);
          if (message.type === 'update') heard.push(...message.announced.map(({ prefix }) => prefix));
        }
      };
      connection.listen({ data, drained: () => {}, closed: () => {} });
      // It has no extended messages (RFC 8654).
      const capabilities = [{ type: 'four-octet-as', asn: 65001 }] as const;
      const open: Open = { type: 'open', version: 4, asn: 65001, holdTime: 90, routerId: '10.0.0.1', capabilities };
      for (const message of [open, { type: 'keepalive' } as const]) connection.write(encodeMessage(message, context));
    });
    await guest.start();
    options.clock.advance(5000);
    expect(guest.state).toBe('established');
    expect(heard).toEqual(some);
    expect(warned).toEqual([[{ prefixes: ['10.1.0.0/16'] }, expect.stringContaining('not announced')]]);
    expect(() => guest.announce('10.3.0.0/16', many(1020))).toThrow(expect.objectContaining({ code: 'MESSAGE_TOO_LONG' }));
    await guest.kill();
  });
});

describe('a speaker that waits to be dialled', () => {
  test('says that it cannot, and can be stopped', async () => {
    const options = lab();
    const fields = { listen: 179 };
    const [one, two] = [speaker(fields, options), speaker(fields, options)];
    await one.start();
    await expect(two.start()).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    await two.stop();
    await one.stop();
    await two.start();
    await two.stop();
  });
});
