import { expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import { Host } from '../../src/router/host.js';
import { renderPrometheus } from '../../src/router/prometheus.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';

test("several routers' metrics are one text: what a metric is stands once, and its samples after that, together", () => {
  const clock = new ManualClock();
  const host = new Host({ clock, transport: new MemoryTransport(clock) });
  const network = { nodes: [{ name: 'a', addresses: ['10.0.0.2'] }] };
  const neighbours = [{ address: '10.0.0.2', as: 65001, passive: true }];
  const routers = ['one', 'two'].map((name) => new VirtualRouter({ name, as: 65000, routerId: '10.0.0.1', network, neighbours }, { host }));
  const lines = renderPrometheus(routers.map((router) => router.metrics()))
    .trimEnd()
    .split('\n');
  const metric = (line: string): string =>
    (/^(?:# (?:HELP|TYPE) )?(\w+?)(?:_bucket|_sum|_count)?[ {]/.exec(line) as RegExpExecArray)[1] ?? '';
  const order = lines.map(metric).filter((name, i, all) => name !== all[i - 1]);
  expect(order.length).toBe(new Set(order).size);
  for (const kind of ['HELP', 'TYPE']) {
    const said = lines.filter((line) => line.startsWith(`# ${kind}`)).map(metric);
    expect(said).toEqual(order);
  }
  expect(lines.filter((line) => line.startsWith('virtual_router_session_up'))).toEqual([
    'virtual_router_session_up{router="one",neighbour="10.0.0.2"} 0',
    'virtual_router_session_up{router="two",neighbour="10.0.0.2"} 0',
  ]);
  // One alone is as it was.
  expect(renderPrometheus([routers[0]?.metrics() as never])).toBe(renderPrometheus(routers[0]?.metrics() as never));
});
