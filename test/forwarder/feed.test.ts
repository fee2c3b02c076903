import { expect, test } from 'vitest';
import { ManualClock, MemoryForwardingTable, MemoryTransport, VirtualNetwork } from '../../src/core.js';
import { Follower, type ForwarderState } from '../../src/forwarder/follower.js';
import { ForwarderService } from '../../src/forwarder/service.js';
import { encodeMessage, type Message, MessageReader } from '../../src/forwarder/wire/index.js';
import type { Connection, ConnectionEvents } from '../../src/lib/transport.js';
import type { NetworkConfig } from '../../src/network/config.js';
import type { NetworkSnapshot } from '../../src/router/snapshot.js';

const FEED = { address: 'feed', port: 1 };

const CONFIG: NetworkConfig = {
  ranges: ['10.0.0.0/16'],
  nodes: ['a', 'b', 'c'].map((name, i) => ({ name, addresses: [`10.0.1.${i + 1}`], location: `p${name}` })),
  grants: ['a', 'b', 'c'].map((node) => ({ node, prefix: '10.0.9.0/24', ge: 32, le: 32 })),
};

/** A routers' process and its forwarder, each of which can die and come back. */
async function lab(config: NetworkConfig = CONFIG, stale = 60_000) {
  const clock = new ManualClock(1_000_000);
  const transport = new MemoryTransport(clock);
  /** What was said to the forwarder, type by type. */
  const said: string[] = [];
  const states: ForwarderState[] = [];
  const table = new MemoryForwardingTable();
  let connections: Connection[] = [];
  let nodes: readonly string[] = [];

  const begin = async (snapshot?: NetworkSnapshot) => {
    const network = new VirtualNetwork(config, { clock, random: () => 0.5, ...(snapshot ? { snapshot } : {}) });
    const service = new ForwarderService({
      clock,
      accept: async (accepted) => {
        const listener = await transport.listen(FEED, (connection) => {
          connections.push(connection);
          accepted(connection);
        });
        return () => listener.close();
      },
    });
    await service.open();
    service.serve(network);
    return { network, service };
  };
  let process = await begin();

  const follower = new Follower('network', [], {
    clock,
    dial: (events) =>
      transport.dial(
        { remote: FEED, localAddress: 'forwarder' },
        { ...events, connected: (connection) => events.connected(overheard(connection, said)) },
      ),
    table,
    stale,
    nodes: (all) => {
      nodes = all.map(({ name, up }) => `${name}${up ? '' : ' down'}`);
    },
    frame: () => undefined,
    changed: (state) => states.push(state),
  });
  follower.start();
  clock.advance(100);
  const at = (address: string): string | undefined =>
    table
      .lookup(address)
      ?.map(({ node }) => node)
      .join('+');
  return {
    clock,
    transport,
    follower,
    said,
    states,
    table,
    at,
    nodes: () => nodes,
    network: () => process.network,
    service: () => process.service,
    /** The connection is cut, and both ends are told. */
    cut: () => {
      for (const connection of connections.splice(0)) connection.abort();
      clock.settle();
    },
    /** The routers' process is killed. */
    kill: async () => {
      await process.service.close();
      for (const connection of connections.splice(0)) connection.abort();
      connections = [];
      clock.settle();
    },
    /** Another one is started. */
    again: async (snapshot?: NetworkSnapshot) => {
      process = await begin(snapshot);
    },
  };
}

/** A connection of which it is kept what kinds of message came by it. */
function overheard(connection: Connection, said: string[]): Connection {
  const reader = new MessageReader();
  return {
    local: connection.local,
    remote: connection.remote,
    get buffered() {
      return connection.buffered;
    },
    listen: (events) =>
      connection.listen({
        ...events,
        data: (chunk) => {
          for (const message of reader.read(chunk)) said.push(message.type === 'answer' ? `answer ${message.resumed}` : message.type);
          events.data(chunk);
        },
      }),
    write: (bytes) => connection.write(bytes),
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    end: () => connection.end(),
    abort: () => connection.abort(),
  };
}

test('a forwarder is told the nodes and the whole mapping, then each change', async () => {
  const { at, network, clock, said, states, nodes } = await lab();
  expect(states).toEqual(['following']);
  expect(said).toEqual(['answer false', 'nodes', 'entries', 'current', 'complete']);
  expect(nodes()).toEqual(['a', 'b', 'c']);
  expect([at('10.0.1.2'), at('10.0.9.1')]).toEqual(['b', undefined]);
  said.length = 0;
  const lease = network().claim({ node: 'a', prefix: '10.0.9.1/32' });
  network().claim({ node: 'b', prefix: '10.0.9.2/32' });
  clock.settle();
  expect([at('10.0.9.1'), at('10.0.9.2')]).toEqual(['a', 'b']);
  lease.release();
  clock.settle();
  expect(at('10.0.9.1')).toBeUndefined();
  // What came about in one turn is told at once.
  expect(said).toEqual(['changes', 'changes']);
  network().setNodeState('b', 'down');
  clock.settle();
  expect(nodes()).toEqual(['a', 'b down', 'c']);
  expect(at('10.0.9.2')).toBeUndefined();
});

test('after a cut it goes on from where it was, with the latest state of what changed meanwhile', async () => {
  const { at, network, clock, said, states, cut } = await lab();
  network().claim({ node: 'a', prefix: '10.0.9.1/32' });
  clock.settle();
  cut();
  said.length = 0;
  for (let i = 0; i < 100; i++) network().claim({ node: 'b', prefix: '10.0.9.1/32' }).release();
  network().claim({ node: 'c', prefix: '10.0.9.3/32' });
  expect([at('10.0.9.1'), at('10.0.9.3')]).toEqual(['a', undefined]);
  clock.advance(100);
  expect(said).toEqual(['answer true', 'nodes', 'changes', 'current', 'complete']);
  expect([at('10.0.9.1'), at('10.0.9.3')]).toEqual(['a', 'c']);
  expect(states).toEqual(['following', 'stale', 'following']);
});

test('where the journal does not go back so far it is told the whole mapping, and drops what is not in it', async () => {
  const { at, network, clock, said, cut } = await lab({ ...CONFIG, journal: 8 });
  const lease = network().claim({ node: 'a', prefix: '10.0.9.1/32' });
  clock.settle();
  cut();
  said.length = 0;
  lease.release();
  for (let i = 10; i < 30; i++) network().claim({ node: 'b', prefix: `10.0.9.${i}/32` });
  clock.advance(100);
  expect(said[0]).toBe('answer false');
  expect([at('10.0.9.1'), at('10.0.9.29'), at('10.0.1.1')]).toEqual([undefined, 'b', 'a']);
});

test('one that does not read is kept nothing for, and then told the latest state, in pieces', async () => {
  const { clock, network, service } = await lab();
  for (let i = 0; i < 256; i++) network().claim({ node: 'a', prefix: `10.0.9.${i}/32` });
  const slow = new SlowConnection();
  service().feed.accept(slow);
  slow.say({ type: 'call', version: 1, network: 'network', ports: [], position: null });
  // It takes the answer, and no more.
  const begun = slow.heard.length;
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 256; i++) network().claim({ node: round % 2 === 0 ? 'b' : 'c', prefix: `10.0.9.${i}/32` });
    clock.settle();
  }
  expect(slow.heard.length).toBe(begun);
  const changes = (): readonly Message[] => slow.heard.filter(({ type }) => type === 'changes' || type === 'entries');
  for (let i = 0; i < 20; i++) slow.drain();
  const told = new Map<string, string | undefined>();
  for (const message of changes()) {
    const list = message.type === 'entries' ? message.entries : message.type === 'changes' ? message.changes : [];
    for (const [prefix, targets] of list) told.set(prefix, targets?.[0].node);
  }
  expect([...told].filter(([prefix]) => prefix.startsWith('10.0.9.')).every(([, node]) => node === 'c')).toBe(true);
  expect(told.size).toBe(259);
  expect(changes().length).toBeLessThan(6);
  expect(slow.heard.at(-1)?.type).toBe('complete');
});

test('the routers are started again: what is told anew goes on, and what is not said again goes once all have spoken', async () => {
  const restart = { time: 60, deferral: 30 };
  const { at, network, clock, kill, again, states } = await lab({ ...CONFIG, restart });
  const fed = network().openFeed({
    source: 'bgp',
    speaker: 0,
    external: true,
    routerId: 1,
    address: Uint8Array.of(10, 0, 1, 1),
    label: 'a',
    router: 'router',
    reflectorClient: false,
    graceful: true,
    cause: { type: 'configured' },
  });
  const announce = (last: number): void => {
    const { ipv4 } = network().ribs;
    network().begin();
    ipv4.announce(ipv4.prefixId(0x0a00_0900 + last, 0, 0, 0, 32), fed.index, 0, network().bareSet, network().bareSet, 0, 0, -1);
    network().settle({ type: 'configured' });
    clock.settle();
  };
  announce(1);
  const snapshot = network().snapshot();
  announce(2); // of which the snapshot knows nothing
  await kill();
  expect([at('10.0.9.1'), at('10.0.9.2')]).toEqual(['a', 'a']);
  clock.advance(1000);
  expect([at('10.0.9.1'), at('10.0.9.2')]).toEqual(['a', 'a']);
  await again(snapshot);
  clock.advance(1100);
  expect(states).toEqual(['following', 'stale', 'following']);
  expect([at('10.0.9.1'), at('10.0.9.2')]).toEqual(['a', 'a']);
  // Nobody speaks: the time for that is up.
  clock.advance(30_000);
  expect([at('10.0.9.1'), at('10.0.9.2'), at('10.0.1.1')]).toEqual([undefined, undefined, 'a']);
});

test('without a snapshot, only what is so now is left', async () => {
  const { at, network, clock, kill, again } = await lab();
  network().claim({ node: 'a', prefix: '10.0.9.1/32' });
  clock.settle();
  await kill();
  clock.advance(5000);
  expect(at('10.0.9.1')).toBe('a');
  await again();
  clock.advance(1100);
  expect([at('10.0.9.1'), at('10.0.1.1')]).toEqual([undefined, 'a']);
});

test('while nobody tells it anything it goes on for as long as it may, and no longer', async () => {
  const { at, clock, kill, again, states, follower } = await lab(CONFIG, 60_000);
  await kill();
  clock.advance(59_000);
  expect([at('10.0.1.1'), follower.state]).toEqual(['a', 'stale']);
  clock.advance(2000);
  expect([at('10.0.1.1'), follower.state]).toEqual([undefined, 'expired']);
  await again();
  clock.advance(1100);
  expect(at('10.0.1.1')).toBe('a');
  expect(states).toEqual(['following', 'stale', 'expired', 'following']);
});

test('who says what means nothing is hung up on, and the next call is answered', async () => {
  const { service, clock, follower } = await lab();
  const stranger = new SlowConnection();
  service().feed.accept(stranger);
  stranger.octets(Uint8Array.of(0, 0, 0, 1, 77));
  expect(stranger.open).toBe(false);
  expect(service().feed.counters.malformed).toBe(1);
  const early = new SlowConnection();
  service().feed.accept(early);
  early.say({ type: 'complete' });
  expect(early.open).toBe(false);
  clock.advance(100);
  expect([follower.state, service().feed.connected]).toEqual(['following', true]);
});

test('one of another network is told so, and who calls later takes the place of who was there', async () => {
  const { service, clock, follower, states } = await lab();
  const other = new SlowConnection();
  service().feed.accept(other);
  other.say({ type: 'call', version: 1, network: 'elsewhere', ports: [], position: null });
  expect(other.heard).toEqual([{ type: 'refusal', reason: 'it is of the network "elsewhere", and the router of "network"' }]);
  expect(follower.state).toBe('following');
  const later = new SlowConnection();
  service().feed.accept(later);
  later.say({ type: 'call', version: 1, network: 'network', ports: [], position: null });
  clock.settle();
  expect(states).toEqual(['following', 'stale']);
  expect(later.open).toBe(true);
});

/** A forwarder whose end of the connection takes one message, and then none until told. */
class SlowConnection implements Connection {
  readonly local = FEED;
  readonly remote = FEED;
  readonly buffered = 0;
  readonly heard: Message[] = [];
  open = true;
  readonly #reader = new MessageReader();
  #events: ConnectionEvents | undefined;

  listen(events: ConnectionEvents): void {
    this.#events = events;
  }
  say(message: Exclude<Message, { readonly type: 'frame' }>): void {
    this.octets(encodeMessage(message));
  }
  octets(bytes: Uint8Array): void {
    this.#events?.data(bytes);
  }
  drain(): void {
    this.#events?.drained();
  }
  write(bytes: Uint8Array): boolean {
    this.heard.push(...this.#reader.read(bytes));
    return false;
  }
  pause(): void {}
  resume(): void {}
  end(): void {
    this.open = false;
  }
  abort(): void {
    this.open = false;
  }
}
