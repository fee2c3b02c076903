import { describe, expect, test } from 'vitest';
import { flush, ManualTable } from '../support/manual-table.js';
import { rawPeer } from '../support/raw-peer.js';
import { A, B, routerLab } from '../support/router-lab.js';

const PREFIX = '192.0.2.1/32';

async function lab(announce: 'applied' | 'decided') {
  const table = new ManualTable();
  const network = {
    announce,
    nodes: [
      { name: 'a', addresses: [A] },
      { name: 'b', addresses: [B] },
    ],
    grants: [{ node: 'a', prefix: '192.0.2.0/24', ge: 32, as: 'gateway' as const }],
  };
  const neighbours = [
    { address: A, as: 65001 },
    { address: B, as: 65002, export: 'claims' as const },
  ];
  const made = await routerLab(neighbours, { network }, { table });
  await table.done();
  const [a, b] = [made.guest(A, 65001), made.guest(B, 65002)];
  await table.done();
  const order: string[] = [];
  made.router.on('mapping-change', ({ changes }) => order.push(...changes.map(({ prefix }) => `listeners hear of ${prefix}`)));
  return { ...made, table, a, b, order };
}

describe('the table is first, and neighbours are told', () => {
  test('when it has the change, unless they are to be told at once', async () => {
    const { table, a, b, say, order, router, clock } = await lab('applied');
    say(a, PREFIX);
    expect(table.last()).toBe(`delta ${PREFIX} ->a`);
    expect([router.network.get(PREFIX), b.route(PREFIX), order]).toEqual([undefined, undefined, []]);
    await table.done();
    clock.settle();
    expect(order).toEqual([`listeners hear of ${PREFIX}`]);
    expect(router.network.get(PREFIX)).toMatchObject([{ node: 'a' }]);
    expect(b.route(PREFIX)).toBeDefined();
    // It goes in the same order.
    a.withdraw(PREFIX);
    clock.settle();
    expect([router.network.get(PREFIX)?.length, b.route(PREFIX) !== undefined]).toEqual([1, true]);
    await table.done();
    clock.settle();
    expect([router.network.get(PREFIX), b.route(PREFIX)]).toEqual([undefined, undefined]);
  });

  test('and the journal has when it was decided, and when the table had it', async () => {
    const { table, a, say, router, clock } = await lab('applied');
    const { position } = router;
    const before = router.metrics().moves;
    say(a, PREFIX);
    const decided = clock.now();
    clock.advance(40);
    await table.done();
    clock.settle();
    // What waits while the table is busy is decided when it is heard all the same, and applied after.
    a.withdraw(PREFIX);
    clock.settle();
    const gone = clock.now();
    clock.advance(3);
    await table.done();
    clock.settle();
    const since = router.changesSince(position);
    const times = (since.type === 'changes' ? since.changes : []).flatMap((change) =>
      change.type === 'mapping-change' && change.prefix === PREFIX
        ? [[change.lastHeard, change.heard, change.decided, change.applied]]
        : [],
    );
    expect(times).toEqual([
      [decided, decided, decided, decided + 40],
      [gone, gone, gone, gone + 3],
    ]);
    const { application, total } = router.metrics().moves;
    for (const [after, earlier] of [
      [application, before.application],
      [total, before.total],
    ] as const)
      expect([after.count - earlier.count, after.sum - earlier.sum]).toEqual([2, 43]);
  });

  test('as soon as it is decided, where the network says so', async () => {
    const { table, a, b, say, order, router, clock } = await lab('decided');
    say(a, PREFIX);
    expect(b.route(PREFIX)).toBeDefined();
    expect([router.network.get(PREFIX), order]).toEqual([undefined, []]);
    await table.done();
    clock.settle();
    expect([router.network.get(PREFIX)?.length, order]).toEqual([1, [`listeners hear of ${PREFIX}`]]);
  });

  test('End-of-RIB comes after what the table is to have first', async () => {
    const { table, a, b, say, clock, transport } = await lab('applied');
    say(a, PREFIX);
    await b.kill();
    clock.settle();
    const peer = rawPeer(transport, clock, B, 65002, [{ type: 'multiprotocol', family: 'ipv4-unicast' }]);
    const order = () =>
      peer.heard.flatMap((message) =>
        message.type !== 'update'
          ? []
          : [message.announced.length > 0 ? 'route' : message.withdrawn.length > 0 ? 'withdrawal' : 'End-of-RIB'],
      );
    expect(order()).toEqual([]);
    await table.done();
    clock.settle();
    expect(order()).toEqual(['route', 'End-of-RIB']);
  });

  test('at once of what waits for the table, when they are no longer to wait for it', async () => {
    const { table, a, b, say, clock, router } = await lab('applied');
    say(a, PREFIX);
    expect([table.last(), b.route(PREFIX)]).toEqual([`delta ${PREFIX} ->a`, undefined]);
    const config = router.configuration();
    router.reconfigure({ ...config, network: { ...config.network, announce: 'decided' } });
    clock.settle();
    expect(b.route(PREFIX)).toBeDefined();
  });

  test('what policy says of a route that the table does not take in another form', async () => {
    const { table, a, b, say, clock, router } = await lab('applied');
    say(a, PREFIX);
    await table.done();
    clock.settle();
    expect(b.route(PREFIX)).toBeDefined();
    router.network.setNodeState('a', 'down');
    await table.done({ failed: [{ prefix: PREFIX, reason: 'busy' }] });
    clock.settle();
    // Packets still go there.
    expect(b.route(PREFIX)).toBeDefined();
    const config = router.configuration();
    const neighbours = (config.neighbours ?? []).map((one) => (one.address === B ? { ...one, export: [] } : one));
    router.reconfigure({ ...config, neighbours });
    clock.settle();
    expect(b.route(PREFIX)).toBeUndefined();
  });

  test('never of what the table refused', async () => {
    const { table, a, b, say, clock } = await lab('applied');
    say(a, PREFIX);
    await table.done({ failed: [{ prefix: PREFIX, reason: 'full' }] });
    clock.settle();
    expect(b.route(PREFIX)).toBeUndefined();
    clock.advance(100);
    await table.done();
    await flush();
    clock.settle();
    expect(b.route(PREFIX)).toBeDefined();
  });
});
