/** A router to which a guest says malformed messages, and what is seen to become of them. */
import { expect } from 'vitest';
import {
  type BgpMessage,
  type Capability,
  checkHeader,
  defaultContext,
  encodeMessage,
  inspectMessage,
  MAX_EXTENDED_MESSAGE,
  type PathAttributes,
  type WireContext,
} from '../../src/bgp/wire/index.js';
import type { Connection } from '../../src/lib/transport.js';
import type { NetworkConfig } from '../../src/network/config.js';
import type { NeighbourConfig } from '../../src/router/config.js';
import { A, B, routerLab } from './router-lab.js';

const OPEN = 1;
const NOTIFICATION = 3;
const ROUTER = { address: '10.0.0.1', port: 179 };
const A6 = '2001:db8::a';
/** Of the guest, beside what a message is about, and of the other one. */
const OWN4 = '192.88.99.7/32';
const OWN6 = '3fff:ffff::/48';
const OTHERS = '198.51.100.0/24';
const ATTRIBUTES: PathAttributes = { origin: 'igp', asPath: [{ type: 'sequence', asns: [65001] }], nextHop: A };
const MP: PathAttributes = { origin: 'igp', asPath: [{ type: 'sequence', asns: [65001] }] };

/** The router says that it takes extended messages (RFC 8654). */
export const fourOctet: WireContext = { ...defaultContext, maxMessage: MAX_EXTENDED_MESSAGE };
export const twoOctet: WireContext = { ...fourOctet, fourOctetAs: false };

export function framed(type: number, body: Uint8Array): Uint8Array {
  const length = 19 + body.length;
  return Uint8Array.from([...new Array<number>(16).fill(0xff), length >> 8, length & 255, type, ...body]);
}

/** What is seen to become of a message: the NOTIFICATION that ends the session, as `code/subcode`, `closed` without one, or what the session goes on with. */
export type Outcome = 'taken' | 'treat-as-withdraw' | 'disable-family' | 'closed' | `${number}/${number}`;

/** A router, an honest guest, and one that says anything. */
export async function malformedLab() {
  const limits = { attempts: 100_000 };
  const network: NetworkConfig = {
    nodes: [
      { name: 'a', addresses: [A, A6] },
      { name: 'b', addresses: [B] },
    ],
    grants: ['a', 'b'].flatMap((node) => [
      { node, id: `${node}4`, prefix: '0.0.0.0/0', le: 32, as: 'gateway' },
      { node, id: `${node}6`, prefix: '::/0', le: 128, as: 'gateway' },
    ]),
  };
  const neighbours: NeighbourConfig[] = [
    { address: A, as: 65001, families: ['ipv4-unicast', 'ipv6-unicast'], dampPeerOscillations: false, limits },
    { address: B, as: 65002 },
  ];
  const made = await routerLab(neighbours, { network });
  const { clock, transport, router } = made;
  const honest = made.guest(B, 65002);
  made.say(honest, OTHERS);
  let malformed = 0;
  router.on('message-malformed', () => malformed++);
  const claimed = (node: string): Set<string> =>
    new Set([...router.claims({ node })].filter(({ source }) => source === 'bgp').map(({ prefix }) => prefix));
  const stateOf = (address: string): string | undefined => router.neighbours().find((neighbour) => neighbour.address === address)?.state;

  function dialled(): { readonly connection: Connection; readonly heard: Uint8Array[]; over(): boolean } {
    const heard: Uint8Array[] = [];
    let over = false;
    let connection: Connection | undefined;
    const connected = (made: Connection): void => {
      connection = made;
      made.listen({
        data: (chunk) => heard.push(chunk.slice()),
        drained: () => {},
        closed: () => {
          over = true;
        },
      });
    };
    // Who fails again and again is turned away for a while.
    while (stateOf(A) === 'idle') clock.advance(10_000);
    transport.dial({ remote: ROUTER, localAddress: A }, { connected, failed: () => {} });
    clock.settle();
    if (!connection) throw new Error('the router does not answer');
    return { connection, heard, over: () => over };
  }

  /** Says `bytes` on a new session, before its OPEN or once it is established and some is claimed. */
  function becomes(bytes: Uint8Array, context: WireContext): Outcome {
    const first = bytes[18] === OPEN && typeof checkHeader(bytes, 0, context.maxMessage) === 'number';
    const { connection, heard, over } = dialled();
    const write = (message: BgpMessage): void => void connection.write(encodeMessage(message, context));
    if (!first) {
      const capabilities: Capability[] = [
        { type: 'multiprotocol', family: 'ipv4-unicast' },
        { type: 'multiprotocol', family: 'ipv6-unicast' },
        { type: 'route-refresh' },
        ...(context.fourOctetAs ? [{ type: 'four-octet-as', asn: 65001 } as const] : []),
      ];
      write({ type: 'open', version: 4, asn: 65001, holdTime: 90, routerId: A, capabilities });
      write({ type: 'keepalive' });
      const { message } = inspectMessage(bytes, context);
      const about = message?.type === 'update' ? message : undefined;
      const own = about?.announced ?? [];
      const reach = about?.attributes.mpReach;
      const own4 = [...own, ...(reach?.family === 'ipv4-unicast' ? reach.nlri : [])];
      const own6 = reach?.family === 'ipv6-unicast' ? reach.nlri : [];
      const update = { type: 'update', withdrawn: [], announced: [] } as const;
      write({ ...update, announced: [{ prefix: OWN4 }, ...own4], attributes: ATTRIBUTES });
      const nlri = [{ prefix: OWN6 }, ...own6];
      write({ ...update, attributes: { ...MP, mpReach: { family: 'ipv6-unicast', nextHop: A6, nlri } } });
      clock.settle();
      expect(stateOf(A)).toBe('established');
      expect([...claimed('a')]).toEqual(expect.arrayContaining([OWN4, OWN6]));
      const before = malformed;
      connection.write(bytes.slice());
      clock.settle();
      const outcome = ended(heard, over());
      if (outcome === undefined) {
        expect(stateOf(A)).toBe('established');
        const now = claimed('a');
        const given = [...own4, ...own6].map(({ prefix }) => prefix);
        connection.abort();
        clock.settle();
        if (!now.has(OWN4) || !now.has(OWN6)) return 'disable-family';
        if (malformed === before) return 'taken';
        expect(given.filter((prefix) => now.has(prefix) && prefix !== OWN4 && prefix !== OWN6)).toEqual([]);
        return 'treat-as-withdraw';
      }
      expect([...claimed('a')]).toEqual([]);
      connection.abort();
      clock.settle();
      return outcome;
    }
    connection.write(bytes.slice());
    clock.settle();
    const outcome = ended(heard, over()) ?? 'taken';
    connection.abort();
    clock.settle();
    return outcome;
  }

  /** How the router ended the session, if it did. */
  function ended(heard: readonly Uint8Array[], over: boolean): Outcome | undefined {
    const said = heard.flatMap((chunk) => [...chunk]);
    for (let at = 0; at + 19 <= said.length; at += ((said[at + 16] ?? 0) << 8) | (said[at + 17] ?? 0))
      if (said[at + 18] === NOTIFICATION) return `${said[at + 19] ?? 0}/${said[at + 20] ?? 0}`;
    return over ? 'closed' : undefined;
  }

  const undisturbed = (): boolean => stateOf(B) === 'established' && claimed('b').has(OTHERS);
  return { becomes, undisturbed };
}

/** What is to become of a message, as the codec reads it and the state machine (RFC 4271 §8.2.2) has it. */
export function right(bytes: Uint8Array, context: WireContext): readonly Outcome[] | undefined {
  if (bytes.length < 19) return ['taken']; // more may be on its way
  const length = checkHeader(bytes, 0, context.maxMessage);
  if (typeof length !== 'number') return [`${length.code}/${length.subcode}`];
  if (length > bytes.length) return ['taken'];
  const { message, error } = inspectMessage(bytes.subarray(0, length), context);
  if (error) {
    // Of several errors that end the session, any is named.
    const all = message?.type === 'update' ? (message.malformed ?? []).flatMap(({ notification }) => notification ?? []) : [];
    return [error, ...all].map(({ code, subcode }): Outcome => `${code}/${subcode}`);
  }
  if (message?.type === 'open') return undefined; // it may be of another AS, or want what is not there
  if (message?.type === 'notification') return ['closed'];
  if (message?.type !== 'update' || message.remedy === undefined || message.remedy === 'discard-attribute') return ['taken'];
  return message.remedy === 'reset-session' ? [] : [message.remedy];
}
