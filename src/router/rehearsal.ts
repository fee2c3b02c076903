import { defaultContext, encodeMessage } from '../bgp/wire/index.js';
import { concatBytes } from '../lib/bytes.js';
import { type Clock, ManualClock } from '../lib/clock.js';
import { MemoryTransport } from '../lib/memory-transport.js';
import { seeded } from '../lib/random.js';
import type { Connection } from '../lib/transport.js';
import { Host } from './host.js';
import { VirtualRouter } from './virtual-router.js';

const ROUTER = '192.0.2.1';
const GUEST = { address: '192.0.2.2', as: 65001 };
const OBSERVER = { address: '192.0.2.3', as: 65002 };
/** UPDATEs of one act, and prefixes in each: what fits the smallest columns. */
const UPDATES = 4000;
const PREFIXES = 5;
/** Acts: after these the engine has compiled what it will. */
const ACTS = 5;
/** Octets handed over at once, as a socket does. */
const CHUNK = 65_536;

/**
 * Plays a small made-up table through a router of its own, in memory, a few times, and throws it all away: so that the engine has
 * compiled the path of a route before the first real one comes. Without it the first hundred thousand routes of a process, or its
 * first failover, take several times as long as later ones, the more so while other processes want the processor too.
 *
 * Takes a fifth of a second of computing, cut in slices on `clock`.
 *
 * @public
 */
export async function rehearse(clock: Clock): Promise<void> {
  const time = new ManualClock();
  const transport = new MemoryTransport(time);
  const router = new VirtualRouter(
    {
      as: 65000,
      routerId: ROUTER,
      listen: [{ address: ROUTER }],
      network: {
        nodes: [
          { name: 'guest', addresses: [GUEST.address] },
          { name: 'observer', addresses: [OBSERVER.address] },
        ],
        grants: [{ node: 'guest', prefix: '0.0.0.0/0', le: 32, as: 'gateway' }],
      },
      neighbours: [GUEST, OBSERVER].map((neighbour) => ({
        ...neighbour,
        passive: true,
        dampPeerOscillations: false,
        export: 'claims' as const,
      })),
    },
    { host: new Host({ transport, clock: time }) },
  );
  await router.start();
  join(transport, time, OBSERVER);
  const table = madeUpTable();
  for (let act = 0; act < ACTS; act++) {
    const guest = join(transport, time, GUEST)();
    for (let at = 0; at < table.length; at += CHUNK) {
      guest?.write(table.slice(at, at + CHUNK));
      time.advance(1);
    }
    guest?.abort();
    time.advance(1000);
    await new Promise<void>((resolve) => clock.defer(resolve));
  }
  // What is left of it stands still with its clock, and goes with it.
}

/** A neighbour that opens its session and listens to nothing. */
function join(transport: MemoryTransport, time: ManualClock, { address, as }: typeof GUEST): () => Connection | undefined {
  let made: Connection | undefined;
  transport.dial(
    { remote: { address: ROUTER, port: 179 }, localAddress: address },
    {
      connected: (connection) => {
        made = connection;
        connection.listen({ data: () => {}, drained: () => {}, closed: () => {} });
        const capabilities = [{ type: 'multiprotocol', family: 'ipv4-unicast' } as const, { type: 'four-octet-as', asn: as } as const];
        connection.write(
          encodeMessage({ type: 'open', version: 4, asn: as, holdTime: 90, routerId: address, capabilities }, defaultContext),
        );
        connection.write(encodeMessage({ type: 'keepalive' }, defaultContext));
      },
      failed: () => {},
    },
  );
  time.advance(10);
  return () => made;
}

/** UPDATEs with paths of all lengths, made of one by changing octets. */
function madeUpTable(): Uint8Array {
  const random = seeded(1);
  const octet = (): number => Math.floor(random() * 256);
  const messages: Uint8Array[] = [];
  const templates = [1, 2, 3, 4].map((hops) =>
    encodeMessage(
      {
        type: 'update',
        withdrawn: [],
        attributes: {
          origin: 'igp',
          asPath: [{ type: 'sequence', asns: [GUEST.as, ...Array.from({ length: hops }, () => 4_200_000_000)] }],
          nextHop: GUEST.address,
          ...(hops % 2 === 0 ? { communities: ['65001:1', '65001:2'] } : {}),
        },
        announced: Array.from({ length: PREFIXES }, (_, i) => ({ prefix: `10.0.${i}.0/24` })),
      },
      defaultContext,
    ),
  );
  for (let i = 0; i < UPDATES; i++) {
    const message = (templates[i % templates.length] as Uint8Array).slice();
    // The last AS of the path stands before NEXT_HOP's seven octets, the prefixes, four octets each, at the end.
    const nlri = message.length - PREFIXES * 4;
    message[HEADER_OF_PATH + (i % templates.length) * 4] = octet();
    for (let p = 0; p < PREFIXES; p++) message.set([24, 11 + (octet() % 90), octet(), octet()], nlri + p * 4);
    messages.push(message);
  }
  return concatBytes(messages);
}

/** Where the low octet of the second AS of the path stands: header, two lengths, ORIGIN, the path's head, the guest's own AS. */
const HEADER_OF_PATH = 19 + 2 + 2 + 4 + 3 + 2 + 4 + 3;
