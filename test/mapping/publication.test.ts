import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.js';
import type { MappingChange } from '../../src/mapping/change.js';
import type { ApplyResult, ForwardingTable, MappingBatch, TableControl } from '../../src/mapping/forwarding-table.js';
import { VirtualNetwork } from '../../src/router/virtual-network.js';
import { flush, ManualTable } from '../support/manual-table.js';
import { countTimers } from '../support/timers.js';

function lab() {
  const clock = new ManualClock();
  const table = new ManualTable();
  const network = new VirtualNetwork(
    {
      ranges: ['10.0.0.0/16'],
      nodes: [{ name: 'a' }, { name: 'b' }],
      grants: [
        { node: 'a', prefix: '10.0.0.0/16', ge: 32 },
        { node: 'b', prefix: '10.0.0.0/16', ge: 32 },
      ],
    },
    { clock, table },
  );
  const heard: MappingChange[] = [];
  const failures: string[] = [];
  network.on('mapping-change', ({ changes }) => heard.push(...changes));
  network.on('table-failure', ({ failed, error }) =>
    failures.push(error ?? failed.map(({ prefix, reason }) => `${prefix} ${reason}`).join()),
  );
  const claim = (node: string, last: number) => network.claim({ node, prefix: `10.0.0.${last}/32` });
  return { clock, table, network, heard, failures, claim };
}

describe('the forwarding table', () => {
  test('is synced first, gets one batch at a time, and what waits is merged to its latest state', async () => {
    const { table, claim, heard, network } = lab();
    expect(table.batches.map(({ kind, size }) => [kind, size])).toEqual([['sync', 0]]);
    claim('a', 1);
    expect(table.batches.length).toBe(1);
    await table.done();
    expect(table.last()).toBe('delta 10.0.0.1/32 ->a');
    // While that is on its way: a second address comes and goes, a third comes, and the first moves twice.
    claim('a', 2).release();
    claim('b', 3);
    const second = claim('b', 1);
    second.release();
    claim('b', 1);
    expect(heard).toEqual([]);
    expect(network.get('10.0.0.1/32')).toBeUndefined();
    await table.done();
    expect(heard.map(({ seq, prefix }) => [seq, prefix])).toEqual([[1, '10.0.0.1/32']]);
    expect(table.last()).toBe('delta 10.0.0.3/32 ->b, 10.0.0.1/32 a>b');
    await table.done();
    expect(heard.map(({ seq, prefix, merged }) => [seq, prefix, merged])).toEqual([
      [1, '10.0.0.1/32', 1],
      [2, '10.0.0.3/32', 1],
      [3, '10.0.0.1/32', 3],
    ]);
  });

  test('a change that merges very many says 65,535', async () => {
    const { table, network, claim, heard } = lab();
    await table.done();
    const lease = claim('a', 1);
    await table.done();
    const { ipv4 } = network.ribs;
    const id = ipv4.prefixes.find(0x0a00_0001, 0, 0, 0, 32);
    network.begin();
    for (let i = 0; i < 70_000; i++) ipv4.touch(id);
    lease.release();
    await table.done();
    expect(heard.map(({ prefix, merged }) => [prefix, merged])).toEqual([
      ['10.0.0.1/32', 1],
      ['10.0.0.1/32', 65_535],
    ]);
  });

  test('a change that merges several was heard when the first of them was', async () => {
    const { table, claim, heard, clock } = lab();
    await table.done();
    claim('b', 9);
    const first = clock.now() + 5;
    clock.advance(5);
    claim('a', 1);
    clock.advance(7);
    claim('b', 1);
    await table.done();
    clock.advance(3);
    await table.done();
    expect(heard.at(-1)).toMatchObject({ prefix: '10.0.0.1/32', merged: 2, heard: first, applied: first + 10 });
  });

  test('gets the very objects that listeners get next', async () => {
    const { table, claim, heard } = lab();
    await table.done();
    claim('a', 1);
    const [change] = table.batches.at(-1)?.changes ?? [];
    await table.done();
    expect(heard[0]).toBe(change);
  });

  test('that refuses a prefix is asked again about that one, and the others go on', async () => {
    const { table, claim, heard, failures, clock } = lab();
    await table.done();
    claim('a', 1);
    await table.done({ failed: [{ prefix: '10.0.0.1/32', reason: 'full' }] });
    expect([heard.length, failures]).toEqual([0, ['10.0.0.1/32 full']]);
    claim('a', 2);
    await table.done();
    expect(heard.map(({ prefix }) => prefix)).toEqual(['10.0.0.2/32']);
    clock.advance(100);
    expect(table.last()).toBe('delta 10.0.0.1/32 ->a');
    await table.done();
    expect(heard.map(({ seq, prefix }) => [seq, prefix])).toEqual([
      [1, '10.0.0.2/32'],
      [2, '10.0.0.1/32'],
    ]);
  });

  test('that refuses a prefix in a sync, which takes out all it had, is given that again, and nobody is told of what is as it was', async () => {
    const { table, claim, heard, clock, network } = lab();
    await table.done();
    claim('a', 1);
    await table.done();
    table.control?.resync();
    expect(table.last()).toBe('sync 10.0.0.1/32 a>a');
    const refused = { failed: [{ prefix: '10.0.0.1/32', reason: 'full' }] };
    await table.done(refused);
    for (const pause of [100, 200]) {
      const { length } = table.batches;
      clock.advance(pause);
      expect([table.batches.length, table.last()]).toEqual([length + 1, 'delta 10.0.0.1/32 a>a']);
      await table.done(refused);
    }
    // Meanwhile it goes to another and comes back: it is not there all the same.
    const other = claim('b', 1);
    expect(table.last()).toBe('delta 10.0.0.1/32 a>b');
    await table.done(refused);
    other.release();
    expect(table.last()).toBe('delta 10.0.0.1/32 a>a');
    await table.done();
    const { length } = table.batches;
    clock.advance(60_000);
    expect(table.batches.length).toBe(length);
    expect(heard.map(({ prefix }) => prefix)).toEqual(['10.0.0.1/32']);
    expect(network.position.seq).toBe(1);
  });

  test('that never takes one prefix is synced as soon as ever when it rejects', async () => {
    const { table, claim, clock } = lab();
    await table.done();
    claim('a', 1);
    const refused = { failed: [{ prefix: '10.0.0.1/32', reason: 'never' }] };
    for (let i = 0; i < 12; i++) {
      await table.done(refused);
      clock.advance(30_000);
    }
    await table.fail();
    const { length } = table.batches;
    clock.advance(100);
    expect([table.batches.length, table.batches.at(-1)?.kind]).toEqual([length + 1, 'sync']);
  });

  test.each(['refuses', 'rejects'])('that %s a node that was moved hears of it again, and listeners once', async (how) => {
    const { table, claim, heard, clock, network } = lab();
    await table.done();
    claim('a', 1);
    await table.done();
    network.changeNode({ name: 'a', location: 'host-2' });
    expect(table.last()).toBe('delta 10.0.0.1/32 a>a');
    if (how === 'rejects') await table.fail();
    else await table.done({ failed: [{ prefix: '10.0.0.1/32', reason: 'full' }] });
    expect(heard.length).toBe(1);
    clock.advance(100);
    expect(table.last()).toBe(`${how === 'rejects' ? 'sync' : 'delta'} 10.0.0.1/32 a>a`);
    await table.done();
    expect(heard.slice(1)).toMatchObject([{ prefix: '10.0.0.1/32', after: [{ node: 'a', location: 'host-2' }] }]);
    expect(heard.length).toBe(2);
  });

  test('that refused a prefix is waited for by no network that is closed', async () => {
    const { table, claim, clock, network } = lab();
    let waiting = 0;
    const { at } = clock;
    clock.at = (when, call) => {
      waiting++;
      const cancel = at.call(clock, when, call);
      return () => {
        waiting--;
        cancel();
      };
    };
    await table.done();
    claim('a', 1);
    await table.done({ failed: [{ prefix: '10.0.0.1/32', reason: 'full' }] });
    expect(waiting).toBe(1);
    await network.close();
    expect(waiting).toBe(0);
  });

  test.each(['rejects', 'throws'])('that %s loses nothing: everything is synced after a pause, and nothing is told twice', async (how) => {
    const { table, claim, heard, failures, clock, network } = lab();
    await table.done();
    claim('a', 1);
    await table.done();
    if (how === 'throws') table.throws = true;
    claim('a', 2);
    if (how === 'rejects') await table.fail();
    table.throws = false;
    expect(failures).toEqual([how === 'throws' ? 'the table threw' : 'the switch is gone']);
    claim('a', 3);
    const tried = table.batches.length;
    clock.advance(99);
    expect(table.batches.length).toBe(tried);
    clock.advance(1);
    expect(table.batches.at(-1)?.kind).toBe('sync');
    expect(
      table.batches
        .at(-1)
        ?.changes.map(({ prefix }) => prefix)
        .sort(),
    ).toEqual(['10.0.0.1/32', '10.0.0.2/32', '10.0.0.3/32']);
    await table.done();
    expect(heard.map(({ prefix }) => prefix).sort()).toEqual(['10.0.0.1/32', '10.0.0.2/32', '10.0.0.3/32']);
    expect(heard.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(network.size).toBe(3);
  });

  test('that goes on refusing is asked less and less often, down to twice a minute', async () => {
    const { table, claim, clock } = lab();
    await table.done();
    claim('a', 1);
    const refused = { failed: [{ prefix: '10.0.0.1/32', reason: 'full' }] };
    const pauses: number[] = [];
    for (let i = 0; i < 11; i++) {
      await table.done(refused);
      const [tries, since] = [table.batches.length, clock.now()];
      for (let waited = 0; table.batches.length === tries && waited < 1200; waited++) clock.advance(50);
      pauses.push(clock.now() - since);
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  });

  test('that lost its state is synced when it says so, and one that takes over is synced first', async () => {
    const { table, claim, network } = lab();
    await table.done();
    claim('a', 1);
    await table.done();
    table.control?.resync();
    expect(table.last()).toBe('sync 10.0.0.1/32 a>a');
    await table.done();
    const next = new ManualTable();
    network.setForwardingTable(next);
    expect(table.closed).toBe(true);
    expect(next.last()).toBe('sync 10.0.0.1/32 a>a');
  });

  test('that takes over while the one before has not answered yet gets everything, and nothing waits for that one', async () => {
    const { table, claim, network, heard } = lab();
    claim('a', 1);
    const next = new ManualTable();
    network.setForwardingTable(next);
    expect(next.last()).toBe('sync 10.0.0.1/32 ->a');
    await table.done();
    expect(heard).toEqual([]);
    await next.done();
    expect(heard.map(({ prefix }) => prefix)).toEqual(['10.0.0.1/32']);
    claim('a', 2);
    expect(next.last()).toBe('delta 10.0.0.2/32 ->a');
  });

  test('that lost its state while it was being synced is synced again', async () => {
    const { table, claim } = lab();
    claim('a', 1);
    table.control?.resync();
    await table.done();
    expect(table.batches.map(({ kind }) => kind)).toEqual(['sync', 'sync']);
    expect(table.last()).toBe('sync 10.0.0.1/32 ->a');
  });

  test('that refuses one prefix again and again does not keep another from being tried', async () => {
    const { table, claim, clock, heard } = lab();
    await table.done();
    claim('a', 1);
    await table.done({ failed: [{ prefix: '10.0.0.1/32', reason: 'busy' }] });
    // Another is refused, and changes, more often than the first would be tried.
    for (let i = 0; i < 4; i++) {
      claim(i % 2 === 0 ? 'a' : 'b', 2);
      await table.done({ failed: [{ prefix: '10.0.0.2/32', reason: 'full' }] });
      clock.advance(30);
      if (table.last().includes('10.0.0.1/32')) break;
    }
    expect(table.last()).toContain('10.0.0.1/32 ->a');
    await table.done({ failed: [{ prefix: '10.0.0.2/32', reason: 'full' }] });
    expect(heard.map(({ prefix }) => prefix)).toContain('10.0.0.1/32');
  });

  test('has everything once settled() resolves', async () => {
    const { table, claim, network } = lab();
    await table.done();
    let settled = false;
    claim('a', 1);
    void network.settled().then(() => {
      settled = true;
    });
    await flush();
    expect(settled).toBe(false);
    await table.done();
    expect(settled).toBe(true);
  });
});

/** A table that answers at once, refuses what it is told to, and does what it is told to while it applies. */
class PromptTable implements ForwardingTable {
  readonly holds = new Map<string, string | undefined>();
  readonly refuses = new Set<string>();
  control: TableControl | undefined;
  during: (() => void) | undefined;
  /** Batches that are being applied. */
  depth = 0;
  deepest = 0;

  attach(control: TableControl): void {
    this.control = control;
  }
  apply({ kind, changes }: MappingBatch): ApplyResult {
    this.deepest = Math.max(this.deepest, ++this.depth);
    if (kind === 'sync') this.holds.clear();
    const failed = changes.filter(({ prefix }) => this.refuses.has(prefix)).map(({ prefix }) => ({ prefix, reason: 'full' }));
    for (const { prefix, after } of changes) {
      if (this.refuses.has(prefix)) continue;
      if (after) this.holds.set(prefix, [after[0].node, ...('location' in after[0] ? [after[0].location] : [])].join(' at '));
      else this.holds.delete(prefix);
    }
    const { during } = this;
    this.during = undefined;
    during?.();
    this.depth--;
    return { failed };
  }
}

/** All but the first change of a network. */
function moves(network: VirtualNetwork): unknown[] {
  const since = network.changesSince({ ...network.position, seq: 1 });
  return since.type === 'changes' ? [...since.changes] : [];
}

describe('a table that does not do as it should', () => {
  function prompt(table: ForwardingTable = new PromptTable()) {
    const clock = new ManualClock();
    const network = new VirtualNetwork(
      {
        nodes: [{ name: 'a', location: 'x' }, { name: 'b' }],
        ranges: ['10.0.0.0/16'],
        grants: ['a', 'b'].map((node) => ({ node, prefix: '10.0.0.0/16', ge: 32 })),
      },
      { clock, table },
    );
    const heard: string[] = [];
    network.on('mapping-change', ({ changes }) => {
      for (const { prefix, after } of changes) heard.push(`${prefix} ${after?.[0].node}`);
    });
    const claim = (node: string, last: number) => network.claim({ node, prefix: `10.0.0.${last}/32` });
    return { clock, network, heard, claim };
  }

  test('does not keep the one that takes over waiting for its retry, nor does one that cannot be closed', () => {
    const thrower: ForwardingTable = {
      apply: () => {
        throw new Error('gone');
      },
      close: () => {
        throw new Error('gone, too');
      },
    };
    const { clock, network, claim } = prompt(thrower);
    for (let i = 0; i < 8; i++) clock.advance(30_000);
    claim('a', 1);
    const next = new PromptTable();
    network.setForwardingTable(next);
    expect([...next.holds]).toEqual([['10.0.0.1/32', 'a at x']]);
  });

  test('leaves no timer when the network is closed, whether it refused a prefix or everything', async () => {
    for (const throws of [false, true]) {
      const table = new PromptTable();
      table.refuses.add('10.0.0.1/32');
      const { clock, network, claim } = prompt(table);
      if (throws)
        table.during = () => {
          throw new Error('gone');
        };
      const timers = countTimers(clock);
      claim('a', 1);
      expect(timers()).toBe(1);
      await network.close();
      expect(timers()).toBe(0);
    }
  });

  test('is told where a node is now, when it was being synced, or refused that, while the node moved', async () => {
    const slow = new ManualTable();
    const one = prompt(slow);
    await slow.done();
    one.claim('a', 1);
    await slow.done();
    one.claim('a', 2);
    one.network.changeNode({ name: 'a', location: 'y' });
    // It has not been told yet, and packets go where they went.
    expect(one.network.get('10.0.0.1/32')).toMatchObject([{ location: 'x' }]);
    await slow.fail();
    one.clock.advance(100);
    expect(slow.batches.at(-1)?.kind).toBe('sync');
    await slow.done();
    // Listeners and the journal, too.
    expect(one.heard).toEqual(['10.0.0.1/32 a', '10.0.0.1/32 a', '10.0.0.2/32 a']);

    const table = new PromptTable();
    const two = prompt(table);
    two.claim('a', 1);
    table.refuses.add('10.0.0.1/32');
    two.network.changeNode({ name: 'a', location: 'y' });
    table.refuses.clear();
    expect(table.holds.get('10.0.0.1/32')).toBe('a at x');
    two.clock.advance(100);
    expect(moves(two.network)).toMatchObject([{ before: [{ location: 'x' }], after: [{ location: 'y' }] }]);
    expect(table.holds.get('10.0.0.1/32')).toBe('a at y');
    expect(two.heard).toEqual(['10.0.0.1/32 a', '10.0.0.1/32 a']);
  });

  test('is given again what it refused in a sync, though nothing has moved, which nobody is told of', () => {
    const table = new PromptTable();
    const { clock, network, claim, heard } = prompt(table);
    claim('a', 1);
    table.refuses.add('10.0.0.1/32');
    table.control?.resync();
    expect(table.holds.size).toBe(0);
    table.refuses.clear();
    // Something that does not move it is decided meanwhile.
    claim('a', 1);
    clock.advance(100);
    expect([...table.holds.keys()]).toEqual(['10.0.0.1/32']);
    expect(network.position.seq).toBe(heard.length);
  });

  test('and brings something about while it applies, is given that, or a sync, when it is done', () => {
    const table = new PromptTable();
    const { network, claim, heard } = prompt(table);
    table.during = () => {
      table.control?.resync();
      claim('b', 1);
    };
    claim('a', 1);
    expect(table.deepest).toBe(1);
    expect([...table.holds]).toEqual([['10.0.0.1/32', 'b']]);
    expect(network.get('10.0.0.1/32')).toMatchObject([{ node: 'b' }]);
    expect(heard).toEqual(['10.0.0.1/32 a', '10.0.0.1/32 b']);
  });

  test('gives way to another from inside, which gets everything', () => {
    const table = new PromptTable();
    const next = new PromptTable();
    const { network, claim, heard } = prompt(table);
    table.during = () => network.setForwardingTable(next);
    claim('a', 1);
    claim('b', 2);
    expect([...next.holds]).toEqual([
      ['10.0.0.1/32', 'a at x'],
      ['10.0.0.2/32', 'b'],
    ]);
    expect(heard).toEqual(['10.0.0.1/32 a', '10.0.0.2/32 b']);
  });

  test('is not given more at once where a listener who hears that it failed claims something', () => {
    let applied = 0;
    const { clock, network, claim } = prompt({
      apply: () => {
        applied++;
        throw new Error('gone');
      },
    });
    network.on('table-failure', () => claim('a', 1).release());
    clock.advance(100);
    expect(applied).toBe(2);
    clock.advance(199);
    expect(applied).toBe(2);
    clock.advance(1);
    expect(applied).toBe(3);
  });
});
