import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.js';
import type { MappingChange } from '../../src/mapping/change.js';
import type { ForwardingTable } from '../../src/mapping/forwarding-table.js';
import type { GrantConfig, NetworkConfig } from '../../src/network/config.js';
import type { RejectedClaim } from '../../src/router/events.js';
import { VirtualNetwork } from '../../src/router/virtual-network.js';
import { countTimers } from '../support/timers.js';

const VIP = '10.0.1.100/32';

const base: NetworkConfig = {
  ranges: ['10.0.0.0/16'],
  subnets: [{ name: 'web', prefix: '10.0.1.0/24' }],
  nodes: [
    { name: 'web-a', addresses: ['10.0.1.10'], tags: ['web'] },
    { name: 'web-b', addresses: ['10.0.1.11'], tags: ['web'] },
  ],
  holders: [{ prefix: VIP, node: 'web-a' }],
  grants: [{ tag: 'web', prefix: '10.0.1.96/28', ge: 32 }],
};

function lab(config: NetworkConfig = base) {
  const clock = new ManualClock();
  const network = new VirtualNetwork(config, { clock, random: () => 0.5 });
  const changes: MappingChange[] = [];
  const rejected: RejectedClaim[] = [];
  network.on('mapping-change', (event) => changes.push(...event.changes));
  network.on('claim-rejected', (event) => rejected.push(...event.claims));
  const holder = (prefix: string) =>
    network
      .get(prefix)
      ?.map((target) => (target.type === 'discard' ? 'discard' : target.node))
      .join('+');
  return { clock, network, changes, rejected, holder };
}

describe('who holds an address', () => {
  test('the initial holder, until somebody claims it', () => {
    const { network, holder, changes } = lab();
    expect(holder(VIP)).toBe('web-a');
    const lease = network.claim({ node: 'web-b', prefix: VIP });
    expect(lease.verdict).toBe('accepted');
    expect(holder(VIP)).toBe('web-b');
    lease.release();
    expect(holder(VIP)).toBe('web-a');
    expect(
      changes.map(({ seq, prefix, before, after, cause }) => [seq > 0, prefix, before?.[0]?.node, after?.[0]?.node, cause.type]),
    ).toEqual([
      [true, VIP, 'web-a', 'web-b', 'claimed'],
      [true, VIP, 'web-b', 'web-a', 'released'],
    ]);
  });

  test("a node's own address is its own from the beginning", () => {
    expect(lab().holder('10.0.1.10/32')).toBe('web-a');
  });

  test('a lease ends by itself, unless renewed', () => {
    const { clock, network, holder } = lab();
    const lease = network.claim({ node: 'web-b', prefix: VIP, lease: 1000 });
    clock.advance(999);
    lease.renew();
    clock.advance(999);
    expect(holder(VIP)).toBe('web-b');
    clock.advance(1);
    expect(holder(VIP)).toBe('web-a');
    expect(lease.verdict).toBe('ended');
    expect(() => lease.renew()).toThrow('has ended');
  });

  test('a state that there is not is an error, and changes nothing', () => {
    const { network } = lab();
    const before = network.configuration();
    expect(() => network.setNodeState('web-a', 'sideways' as never)).toThrow('state: expected "up", "draining" or "down", got "sideways"');
    expect(network.configuration()).toEqual(before);
  });

  test('a node that is down holds nothing, and has it back when it is up', () => {
    const { network, holder } = lab();
    network.claim({ node: 'web-b', prefix: VIP });
    network.setNodeState('web-b', 'down');
    expect(holder(VIP)).toBe('web-a');
    network.setNodeState('web-b', 'up');
    expect(holder(VIP)).toBe('web-b');
  });

  test('a claim takes only its own prefix, never from a more specific one', () => {
    const { network, holder } = lab({ ...base, grants: [{ node: 'web-b', prefix: '10.0.1.96/28' }] });
    network.claim({ node: 'web-b', prefix: '10.0.1.96/28' });
    expect(network.lookup('10.0.1.100')?.[0]).toMatchObject({ node: 'web-a' });
    expect(network.lookup('10.0.1.101')?.[0]).toMatchObject({ node: 'web-b' });
    expect(holder('10.0.1.96/28')).toBe('web-b');
  });
});

describe('a refused claim', () => {
  const cases: [name: string, grants: NetworkConfig['grants'], prefix: string, reason: string][] = [
    ['nothing granted', [], VIP, 'not-granted'],
    ['a prefix outside the granted lengths', [{ node: 'web-b', prefix: '10.0.1.96/28' }], VIP, 'not-granted'],
    ['a source that the grant does not name', [{ node: 'web-b', prefix: VIP, sources: ['bgp'] }], VIP, 'source-not-granted'],
    ['a grant that has ended', [{ node: 'web-b', prefix: VIP, until: '1969-12-31T00:00:00Z' }], VIP, 'grant-expired'],
    ['a prefix outside the network', [{ node: 'web-b', prefix: '192.0.2.0/24' }], '192.0.2.0/24', 'outside-network'],
    [
      'a default route inside a granted range',
      [{ node: 'web-b', prefix: '0.0.0.0/0', le: 32, as: 'gateway' }],
      '0.0.0.0/0',
      'default-not-granted',
    ],
    [
      "another node's exclusive range",
      [
        { node: 'web-a', prefix: '10.0.1.96/28', mode: 'exclusive' },
        { node: 'web-b', prefix: VIP },
      ],
      VIP,
      'covered-by-exclusive',
    ],
    ['a connected prefix', [{ node: 'web-b', prefix: '10.0.1.0/24' }], '10.0.1.0/24', 'reserved'],
    ['multicast', [{ node: 'web-b', prefix: '224.0.0.0/4', le: 32, as: 'gateway' }], '224.0.0.5/32', 'reserved'],
    ['the unspecified address', [{ node: 'web-b', prefix: '0.0.0.0/32', as: 'gateway' }], '0.0.0.0/32', 'reserved'],
    ['loopback', [{ node: 'web-b', prefix: '127.0.0.0/8', le: 32, as: 'gateway' }], '127.0.0.1/32', 'reserved'],
    ['IPv6 multicast', [{ node: 'web-b', prefix: 'ff00::/8', le: 128, as: 'gateway' }], 'ff02::5/128', 'reserved'],
    ['IPv6 loopback', [{ node: 'web-b', prefix: '::1/128', as: 'gateway' }], '::1/128', 'reserved'],
    ['the unspecified IPv6 address', [{ node: 'web-b', prefix: '::/128', as: 'gateway' }], '::/128', 'reserved'],
  ];
  test.each(cases)('%s', (_name, grants, prefix, reason) => {
    const { network, rejected, holder } = lab({ ...base, grants: grants ?? [] });
    const before = holder(prefix);
    network.begin();
    const lease = network.claim({ node: 'web-b', prefix });
    expect(lease.verdict).toBe(reason);
    expect(holder(prefix)).toBe(before);
    expect(rejected).toMatchObject([{ prefix, node: 'web-b', source: 'api', reason }]);
    expect(rejected[0]?.message).toMatch(/\.$/);
    expect(network.explain(prefix).claims.find((claim) => claim.node === 'web-b' && claim.source === 'api')?.verdict).toBe(reason);
  });

  test('is explained by the grant of its range that is for other lengths', () => {
    const explained = (...grants: Partial<GrantConfig>[]) => {
      const { network } = lab({ ...base, grants: grants.map((grant) => ({ node: 'web-b', prefix: '10.0.1.0/24', ...grant })) });
      network.claim({ node: 'web-b', prefix: VIP });
      return network.explain(VIP).claims.find(({ source }) => source === 'api')?.message;
    };
    const plain = 'No grant lets this node claim the prefix.';
    expect(explained()).toBe(plain);
    expect(explained({})).toBe(`${plain.slice(0, -1)}: grant web-b/10.0.1.0/24 covers it, but is for /24 only (its ge and le).`);
    expect(explained({ id: 'wide', prefix: '10.0.0.0/16' }, { id: 'near', ge: 28, le: 30 })).toMatch(
      /: grant near covers it, but is for \/28 to \/30 only/,
    );
    expect(explained({ node: 'web-a' })).toBe(plain);
    expect(explained({ prefix: '10.0.2.0/24' })).toBe(plain);
  });
});

describe('grants', () => {
  test('a default route granted as itself is accepted', () => {
    const { network, holder } = lab({ ...base, grants: [{ node: 'web-b', prefix: '0.0.0.0/0', as: 'gateway' }] });
    network.claim({ node: 'web-b', prefix: '0.0.0.0/0' });
    expect(holder('0.0.0.0/0')).toBe('web-b');
    expect(network.lookup('192.0.2.1')).toEqual([{ type: 'gateway', node: 'web-b' }]);
  });

  test('what is claimed is judged again at once when a grant comes or goes', () => {
    const { network, holder } = lab({ ...base, grants: [] });
    const lease = network.claim({ node: 'web-b', prefix: VIP });
    expect(lease.verdict).toBe('not-granted');
    const id = network.grant({ node: 'web-b', prefix: VIP });
    expect(lease.verdict).toBe('accepted');
    expect(holder(VIP)).toBe('web-b');
    network.revoke(id);
    expect(lease.verdict).toBe('not-granted');
    expect(holder(VIP)).toBe('web-a');
    const journal = network.changesSince({ ...network.position, seq: 0 });
    expect(journal.type === 'changes' && journal.changes.slice(-4).map((entry) => entry.type)).toEqual([
      'grant-change',
      'mapping-change',
      'grant-change',
      'mapping-change',
    ]);
  });

  test('a grant ends at its time', () => {
    const { clock, network, holder } = lab({ ...base, grants: [{ node: 'web-b', prefix: VIP, until: '1970-01-01T00:01:00Z' }] });
    network.claim({ node: 'web-b', prefix: VIP });
    clock.advance(59_999);
    expect(holder(VIP)).toBe('web-b');
    clock.advance(1);
    expect(holder(VIP)).toBe('web-a');
  });

  test('a limit refuses the excess, counts unique prefixes, and lets the oldest in when room is made', () => {
    const { network } = lab({ ...base, grants: [{ node: 'web-b', prefix: '10.0.1.96/28', ge: 32, limit: 2 }] });
    const first = network.claim({ node: 'web-b', prefix: '10.0.1.97/32' });
    const again = network.claim({ node: 'web-b', prefix: '10.0.1.97/32' });
    const second = network.claim({ node: 'web-b', prefix: '10.0.1.98/32' });
    const third = network.claim({ node: 'web-b', prefix: '10.0.1.99/32' });
    const fourth = network.claim({ node: 'web-b', prefix: '10.0.1.101/32' });
    expect([first, again, second, third, fourth].map(({ verdict }) => verdict)).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'limit-exceeded',
      'limit-exceeded',
    ]);
    first.release();
    expect(third.verdict).toBe('limit-exceeded');
    again.release();
    expect([third.verdict, fourth.verdict]).toEqual(['accepted', 'limit-exceeded']);
  });

  test('a higher preference wins, whoever came first', () => {
    const { network, holder } = lab({
      ...base,
      grants: [
        { node: 'web-a', prefix: VIP, preference: 600 },
        { node: 'web-b', prefix: VIP, preference: 500 },
      ],
    });
    network.claim({ node: 'web-b', prefix: VIP });
    const strong = network.claim({ node: 'web-a', prefix: VIP });
    expect(holder(VIP)).toBe('web-a');
    network.claim({ node: 'web-b', prefix: VIP });
    expect(holder(VIP)).toBe('web-a');
    strong.release();
    expect(holder(VIP)).toBe('web-b');
  });

  test('takeover if-holder-down leaves the incumbent alone, also when the former holder returns', () => {
    const { network, holder } = lab({ ...base, grants: [{ tag: 'web', prefix: VIP, takeover: 'if-holder-down' }] });
    const a = network.claim({ node: 'web-a', prefix: VIP });
    network.claim({ node: 'web-b', prefix: VIP });
    expect(holder(VIP)).toBe('web-a');
    a.release();
    expect(holder(VIP)).toBe('web-b');
    network.claim({ node: 'web-a', prefix: VIP });
    expect(holder(VIP)).toBe('web-b');
    expect(network.explain(VIP).decidedAt).toBe('takeover');
  });

  test('takeover always lets the newest claim win', () => {
    const { network, holder } = lab();
    network.claim({ node: 'web-b', prefix: VIP });
    network.claim({ node: 'web-a', prefix: VIP });
    expect(holder(VIP)).toBe('web-a');
  });

  test('takeover always lets a claim win that is heard again only where it ended in between', () => {
    const grants = [{ tag: 'web', prefix: VIP, takeover: 'always' as const }];
    const { network, holder } = lab({ ...base, grants });
    const feeds = ['web-a', 'web-b'].map((node) =>
      network.openFeed({
        source: 'bgp',
        speaker: network.model.find(node)?.index ?? -1,
        label: node,
        router: 'r',
        cause: { type: 'announced', neighbour: node, node },
      }),
    );
    const set = network.sets.intern(Uint8Array.of(0x40, 1, 1, 0), 0, 4);
    const hear = (i: number): void => {
      const feed = feeds[i] as (typeof feeds)[0];
      network.begin();
      network.ribs.ipv4.announce(network.ribs.ipv4.prefixId(0x0a000164, 0, 0, 0, 32), feed.index, 0, set, set, 0, feed.speaker, -1);
      network.settle(feed.cause);
    };
    hear(0);
    hear(1);
    expect(holder(VIP)).toBe('web-b');
    // A refresh, or a periodic announcement, of the one that was displaced.
    hear(0);
    expect(holder(VIP)).toBe('web-b');
    network.ribs.ipv4.withdraw(network.ribs.ipv4.prefixes.find(0x0a000164, 0, 0, 0, 32), feeds[0]?.index ?? -1, 0);
    hear(0);
    expect(holder(VIP)).toBe('web-a');
  });

  test('shared grants give an address to all who claim it', () => {
    const { network, holder } = lab({ ...base, grants: [{ tag: 'web', prefix: VIP, mode: 'shared' }] });
    network.claim({ node: 'web-b', prefix: VIP });
    const a = network.claim({ node: 'web-a', prefix: VIP });
    expect(network.get(VIP)).toEqual([
      { type: 'node', node: 'web-a' },
      { type: 'node', node: 'web-b' },
    ]);
    a.release();
    expect(holder(VIP)).toBe('web-b');
  });
});

describe('weights of shared grants', () => {
  const weighted = (b?: number, a?: number): NetworkConfig => ({
    ...base,
    grants: [
      { node: 'web-a', prefix: VIP, mode: 'shared', ...(a === undefined ? {} : { weight: a }) },
      { node: 'web-b', prefix: VIP, mode: 'shared', ...(b === undefined ? {} : { weight: b }) },
    ],
  });
  const weights = (network: VirtualNetwork): unknown =>
    network.get(VIP)?.map((target) => [target.node, 'weight' in target ? target.weight : 1]);

  test('are those of the targets, change in place, and are nothing to one that holds alone', () => {
    const { network } = lab(weighted(3));
    network.claim({ node: 'web-a', prefix: VIP });
    const b = network.claim({ node: 'web-b', prefix: VIP });
    expect(weights(network)).toEqual([
      ['web-a', 1],
      ['web-b', 3],
    ]);
    network.grant({ node: 'web-b', prefix: VIP, mode: 'shared', weight: 0 });
    expect(weights(network)).toEqual([
      ['web-a', 1],
      ['web-b', 0],
    ]);
    network.drain('web-a');
    expect(weights(network)).toEqual([
      ['web-a', 1],
      ['web-b', 0],
    ]);
    b.release();
    expect(network.get(VIP)).toEqual([{ type: 'node', node: 'web-a' }]);
  });

  test('that are all zero are all alike', () => {
    const { network } = lab(weighted(0, 0));
    for (const node of ['web-a', 'web-b']) network.claim({ node, prefix: VIP });
    expect(weights(network)).toEqual([
      ['web-a', 1],
      ['web-b', 1],
    ]);
  });
});

describe('the configuration in force', () => {
  test('holds moved addresses, and can be given back', () => {
    const { network } = lab();
    network.claim({ node: 'web-b', prefix: VIP });
    const config = network.configuration();
    expect(config.holders).toEqual([
      { prefix: VIP, node: 'web-a' },
      { prefix: VIP, node: 'web-b', moved: true },
    ]);
    const again = lab(config);
    expect(again.holder(VIP)).toBe('web-b');
    expect(again.network.configuration()).toEqual(config);
    const lease = again.network.claim({ node: 'web-b', prefix: VIP });
    lease.release();
    expect(again.holder(VIP)).toBe('web-a');
  });

  test('nodes come, change and go while in use', () => {
    const { network, holder } = lab();
    network.addNode({ name: 'web-c', addresses: ['10.0.1.12'], tags: ['web'] });
    network.claim({ node: 'web-c', prefix: VIP });
    expect(holder(VIP)).toBe('web-c');
    network.changeNode({ name: 'web-c', addresses: ['10.0.1.12'], tags: [] });
    expect(holder(VIP)).toBe('web-a');
    network.changeNode({ name: 'web-c', addresses: ['10.0.1.12'], tags: ['web'], location: 'host-7' });
    expect(network.get(VIP)).toEqual([{ type: 'node', node: 'web-c', location: 'host-7' }]);
    network.changeNode({ name: 'web-c', addresses: ['10.0.1.12'], tags: ['web'], location: 'host-8' });
    expect(network.get(VIP)).toEqual([{ type: 'node', node: 'web-c', location: 'host-8' }]);
    network.removeNode('web-c');
    expect(holder(VIP)).toBe('web-a');
    expect(holder('10.0.1.12/32')).toBeUndefined();
    expect(() => network.addNode({ name: 'web-a' })).toThrow(/web-a/);
    expect(() => network.removeNode('web-z')).toThrow('there is no node "web-z"');
  });
});

test('prefixes that came and went are not decided again when the decision changes', () => {
  const { network, clock, changes } = lab();
  for (const last of [97, 98, 99]) network.claim({ node: 'web-b', prefix: `10.0.1.${last}/32` }).release();
  // Until they are forgotten.
  clock.advance(1000);
  const before = [...network.mapping()];
  const told = changes.length;
  network.reconfigure({ ...network.configuration(), decision: { alwaysCompareMed: true } });
  expect([[...network.mapping()], changes.length]).toEqual([before, told]);
  network.claim({ node: 'web-b', prefix: '10.0.1.98/32' });
  expect(network.get('10.0.1.98/32')).toEqual([{ type: 'node', node: 'web-b' }]);
});

describe('following changes', () => {
  test('a position of another life, or too old, is answered with a snapshot', () => {
    const { network } = lab({ ...base, journal: 2 });
    const start = network.position;
    for (let i = 0; i < 3; i++) network.claim({ node: 'web-b', prefix: `10.0.1.${97 + i}/32` });
    expect(network.changesSince(start).type).toBe('snapshot');
    expect(network.changesSince({ ...network.position, seq: network.position.seq - 2 })).toMatchObject({
      type: 'changes',
      changes: [{ prefix: '10.0.1.98/32' }, { prefix: '10.0.1.99/32' }],
    });
    for (const seq of [-1, 0.5, network.position.seq + 1, Number.NaN])
      expect(network.changesSince({ ...network.position, seq }).type).toBe('snapshot');
    expect(network.changesSince({ epoch: 'other', seq: network.position.seq }).type).toBe('snapshot');
    // What became of a number on its way through a text.
    for (const seq of [Number.NaN, network.position.seq - 0.5, String(network.position.seq - 1) as never])
      expect(network.changesSince({ ...network.position, seq }).type).toBe('snapshot');
    expect(network.changesSince(network.position)).toMatchObject({ type: 'changes', changes: [] });
  });

  test('a listener that throws is told of, and stops neither the others nor the network', () => {
    const { network, changes, holder } = lab();
    const errors: unknown[] = [];
    network.on('mapping-change', () => {
      throw new Error('mine');
    });
    network.on('listener-error', ({ error }) => errors.push(error));
    const later: number[] = [];
    network.on('mapping-change', (event) => later.push(event.changes.length));
    network.claim({ node: 'web-b', prefix: VIP });
    expect(holder(VIP)).toBe('web-b');
    expect([changes.length, later, errors.length]).toEqual([1, [1], 1]);
  });
});

test('asks its table to make room before it gives it anything, as the configuration says', () => {
  const calls: string[] = [];
  const table: ForwardingTable = {
    reserve: ({ ipv4, ipv6 }) => void calls.push(`reserve ${ipv4} ${ipv6}`),
    apply: ({ kind }) => {
      calls.push(kind);
      return undefined;
    },
  };
  const nodes = [{ name: 'a', addresses: ['10.0.0.1'] }];
  new VirtualNetwork({ nodes, reserve: { ipv4: 1000 } }, { clock: new ManualClock(), table });
  expect(calls).toEqual(['reserve 1000 0', 'sync']);
  calls.length = 0;
  new VirtualNetwork({ nodes }, { clock: new ManualClock(), table });
  expect(calls).toEqual(['sync']);
  // One that takes over is asked, too.
  const later = new VirtualNetwork({ nodes, reserve: { ipv6: 7 } }, { clock: new ManualClock() });
  calls.length = 0;
  later.setForwardingTable(table);
  expect(calls).toEqual(['reserve 0 7', 'sync']);
  // The memory table has its room, and works as ever.
  const network = new VirtualNetwork({ nodes, reserve: { ipv4: 5000, ipv6: 5000 } }, { clock: new ManualClock() });
  expect(network.lookup('10.0.0.1')).toEqual([{ type: 'node', node: 'a' }]);
});

test('grants may come and go for ever: what a grant taken back had is used again once no claim stands by it', () => {
  const { network } = lab();
  const lease = network.claim({ node: 'web-b', prefix: '10.0.1.97/32' });
  for (let i = 0; i < 200; i++) {
    const id = network.grant({ id: `g${i}`, node: 'web-b', prefix: '10.0.1.97/32', preference: i });
    expect(network.explain('10.0.1.97').claims[0]?.grant).toBe(id);
    network.revoke(id);
    expect(network.explain('10.0.1.97').claims[0]?.grant).toBe('tag:web/10.0.1.96/28');
  }
  expect(network.authorization.grants.length).toBeLessThan(5);
  expect(lease.verdict).toBe('accepted');
});

test('one grant, or node, of a large network is checked like those of a whole configuration', () => {
  const { network } = lab();
  const wrong = (change: () => void): unknown => {
    try {
      change();
    } catch (error) {
      return error;
    }
    return undefined;
  };
  expect(wrong(() => network.grant({ node: 'web-c', prefix: VIP }))).toMatchObject({
    code: 'CONFIG_INVALID',
    path: ['grants', 1, 'node'],
    message: expect.stringContaining('web-a'),
  });
  expect(wrong(() => network.grant({ prefix: VIP }))).toMatchObject({ path: ['grants', 1] });
  expect(wrong(() => network.grant({ node: 'web-a', prefix: '10.0.1.0/24', ge: 20 }))).toMatchObject({ path: ['grants', 1, 'ge'] });
  expect(wrong(() => network.grant({ node: 'web-a', prefix: '10.0.1.0/24', weight: 2 }))).toMatchObject({ path: ['grants', 1, 'weight'] });
  expect(wrong(() => network.addNode({ name: 'web-c', addresses: ['10.0.1.10'] }))).toMatchObject({
    path: ['nodes', 2, 'addresses', 0],
    message: expect.stringContaining('"web-a"'),
  });
  expect(wrong(() => network.changeNode({ name: 'web-b', addresses: ['10.0.1.10'] }))).toMatchObject({
    path: ['nodes', 1, 'addresses', 0],
  });
  network.addNode({ name: 'web-c' });
  network.grant({ id: 'third', tag: 'web', prefix: VIP, speaksFor: ['web-c'] });
  expect(wrong(() => network.removeNode('web-c'))).toMatchObject({ path: ['grants', 1, 'speaksFor', 0] });
  // Nothing of that has changed anything.
  expect(network.configuration()).toMatchObject({
    nodes: [{ name: 'web-a' }, { name: 'web-b' }, { name: 'web-c' }],
    grants: [{}, { id: 'third' }],
  });
  // A grant by another spelling of the same prefix is the same grant.
  expect(network.grant({ node: 'web-a', prefix: '10.0.1.100' })).toBe(`web-a/${VIP}`);
  expect(network.grant({ node: 'web-a', prefix: VIP, preference: 9 })).toBe(`web-a/${VIP}`);
  expect(network.grants()).toHaveLength(3);
});

test('a grant that goes leaves its claims to one with a limit, which has room for the oldest', () => {
  const { network } = lab({ ...base, grants: [{ id: 'wide', node: 'web-b', prefix: '10.0.1.96/28', ge: 32, limit: 1 }] });
  const own = network.grant({ node: 'web-b', prefix: '10.0.1.97/32' });
  const older = network.claim({ node: 'web-b', prefix: '10.0.1.97/32' });
  const newer = network.claim({ node: 'web-b', prefix: '10.0.1.98/32' });
  expect([older.verdict, newer.verdict]).toEqual(['accepted', 'accepted']);
  network.revoke(own);
  expect([older.verdict, newer.verdict]).toEqual(['accepted', 'limit-exceeded']);
});

describe('a lease', () => {
  test('that is refused is told of, also when it is the first thing to happen', () => {
    const { network } = lab();
    const told: string[] = [];
    network.on('claim-rejected', ({ claims }) => told.push(...claims.map(({ prefix, reason }) => `${prefix} ${reason}`)));
    network.claim({ node: 'web-b', prefix: '192.0.2.1/32' });
    expect(told).toEqual(['192.0.2.1/32 not-granted']);
  });

  test('and stays so is told of once, and counted once, whatever else changes', () => {
    const { network, rejected } = lab({ ...base, grants: [{ node: 'web-a', prefix: '10.0.1.0/24', ge: 32, limit: 1 }] });
    for (const prefix of ['10.0.1.1/32', '10.0.1.2/32']) network.claim({ node: 'web-a', prefix });
    network.grant({ node: 'web-b', prefix: '10.0.2.0/24' });
    network.addNode({ name: 'web-c' });
    expect(rejected.map(({ prefix, reason }) => `${prefix} ${reason}`)).toEqual(['10.0.1.2/32 limit-exceeded']);
    expect(network.counts()).toMatchObject({ claimsRefused: 1, refusals: { 'limit-exceeded': 1 } });
  });

  test('has a length, or none; what is no length changes nothing', () => {
    const { network, clock } = lab();
    const before = network.counts().claims;
    for (const lease of [Number.NaN, -1, Number.NEGATIVE_INFINITY, '5' as unknown as number])
      expect(() => network.claim({ node: 'web-b', prefix: '10.0.1.97/32', lease })).toThrow('expected milliseconds');
    expect(network.counts().claims).toBe(before);
    const lease = network.claim({ node: 'web-b', prefix: '10.0.1.97/32', lease: 1000 });
    expect(() => lease.renew(Number.NaN)).toThrow('expected milliseconds');
    expect(lease.expires).toBe(clock.now() + 1000);
    lease.renew(Number.POSITIVE_INFINITY);
    expect(lease.expires).toBeUndefined();
    lease.renew(0);
    clock.advance(0);
    expect(lease.verdict).toBe('ended');
  });

  test('leaves no timer when its network is closed', async () => {
    const { network, clock } = lab();
    const timers = countTimers(clock);
    network.claim({ node: 'web-b', prefix: '10.0.1.97/32', lease: 3_600_000 });
    expect(timers()).toBe(1);
    await network.close();
    expect(timers()).toBe(0);
  });
});

describe('initial holders', () => {
  const nodes = [{ name: 'a' }, { name: 'b' }];
  const prefix = '10.0.0.1/32';
  const start = (config: NetworkConfig) => new VirtualNetwork({ nodes, ranges: ['10.0.0.0/16'], ...config }, { clock: new ManualClock() });

  test('of a prefix that had several change in place', () => {
    const network = start({
      holders: [
        { prefix, node: 'a' },
        { prefix, node: 'b' },
      ],
    });
    network.reconfigure({ nodes, holders: [{ prefix, node: 'b', as: 'gateway' }] });
    expect(network.counts().claims).toBe(1);
    expect(network.get(prefix)).toEqual([{ type: 'gateway', node: 'b' }]);
  });

  test('that claim what they hold have it after a restart as before, also once they claim it no more', () => {
    const grants = [{ node: 'b', prefix }];
    const network = start({ grants, holders: [{ prefix, node: 'b', as: 'gateway' }] });
    network.claim({ node: 'b', prefix });
    const next = start(network.configuration());
    expect(next.get(prefix)).toEqual([{ type: 'node', node: 'b' }]);
    const lease = next.claim({ node: 'b', prefix });
    lease.release();
    expect(next.get(prefix)).toEqual([{ type: 'gateway', node: 'b' }]);
    expect(next.configuration().holders).toEqual([{ prefix, node: 'b', as: 'gateway' }]);
  });

  test('that were moved end each when its own claim is heard, also where a prefix has several', () => {
    const holders = ['a', 'b'].map((node) => ({ prefix, node, moved: true }));
    const network = start({ holders, grants: ['a', 'b'].map((node) => ({ node, prefix, mode: 'shared' as const })) });
    expect(network.counts().claims).toBe(2);
    const leases = ['a', 'b'].map((node) => network.claim({ node, prefix }));
    for (const lease of leases) lease.release();
    expect([network.get(prefix), network.counts().claims]).toEqual([undefined, 0]);
  });

  test('of their own addresses have them after a restart as they claimed them', () => {
    const own = [{ name: 'a', addresses: ['10.0.0.1'] }];
    const grants = [{ node: 'a', prefix, as: 'gateway' as const }];
    const network = start({ nodes: own, grants });
    network.claim({ node: 'a', prefix });
    const next = start(network.configuration());
    expect(next.get(prefix)).toEqual([{ type: 'gateway', node: 'a' }]);
    next.claim({ node: 'a', prefix }).release();
    expect(next.get(prefix)).toEqual([{ type: 'node', node: 'a' }]);
  });
});

test('an address is explained by where its packets go; a longer prefix that nobody has is explained when it is asked for, or there is no other', () => {
  const { network } = lab({ ...base, grants: [{ node: 'web-a', prefix: '10.0.2.0/24' }] });
  network.claim({ node: 'web-b', prefix: '10.0.2.1/32' });
  expect(network.explain('10.0.2.1')).toMatchObject({ prefix: '10.0.2.1/32', targets: undefined });
  network.claim({ node: 'web-a', prefix: '10.0.2.0/24' });
  expect(network.explain('10.0.2.1')).toMatchObject({ prefix: '10.0.2.0/24', targets: network.lookup('10.0.2.1') });
  expect(network.explain('10.0.2.1/32').claims).toMatchObject([{ node: 'web-b', verdict: 'not-granted' }]);
});
