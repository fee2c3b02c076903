import { expect, test, vi } from 'vitest';
import { Printer } from '../../src/cli/print.js';
import { report, reportNetwork } from '../../src/cli/report.js';
import { type RouterEvents, VirtualRouter } from '../../src/index.js';
import { KeptTerminal } from './terminal.js';

const AT = { router: 'r', instance: 'ospf', interface: 'pa', routerId: '10.0.1.10', address: '10.0.1.10', node: 'a' } as const;
const OF = { router: 'r', neighbour: '10.0.1.10', address: '10.0.1.10', node: 'a' } as const;

/** A router whose events are printed, and what is printed, without the time of day. */
function printed(stopping = false) {
  const router = new VirtualRouter({ name: 'r', as: 65000, routerId: '192.0.2.1' });
  const { out } = new KeptTerminal();
  const printer = new Printer(out, 'human');
  report(router, printer, () => stopping);
  reportNetwork(router.network, printer);
  const tell = <E extends keyof RouterEvents>(event: E, ...args: RouterEvents[E]) => {
    router.emit<keyof RouterEvents>(event, ...args);
  };
  const lines = () =>
    out.text
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.slice(13));
  return { router, tell, lines };
}

test('a session that does not come up is told, once for each reason', () => {
  const { tell, lines } = printed();
  const refused = { ...OF, from: 'connect', to: 'active', reason: 'connect ECONNREFUSED 10.0.1.10:179' } as const;
  tell('session-change', { ...OF, from: 'idle', to: 'connect', reason: undefined });
  tell('session-change', refused);
  tell('session-change', { ...OF, from: 'active', to: 'connect', reason: undefined });
  tell('session-change', refused);
  tell('session-change', { ...OF, from: 'open-sent', to: 'idle', reason: 'sent OPEN message error: bad peer AS' });
  tell('session-change', { ...OF, from: 'open-confirm', to: 'established', reason: undefined });
  tell('session-change', { ...OF, from: 'established', to: 'idle', reason: 'hold timer expired' });
  tell('session-change', refused);
  expect(lines()).toEqual([
    'session with 10.0.1.10 does not come up: connect ECONNREFUSED 10.0.1.10:179',
    'session with 10.0.1.10 does not come up: sent OPEN message error: bad peer AS',
    'session with 10.0.1.10 up, node a',
    'session with 10.0.1.10 down: hold timer expired',
    'session with 10.0.1.10 does not come up: connect ECONNREFUSED 10.0.1.10:179',
  ]);
});

test('what ends because the router stops is not told as a failure', () => {
  const { tell, lines } = printed(true);
  tell('session-change', { ...OF, from: 'active', to: 'idle', reason: 'stopped: cease: administrative shutdown' });
  tell('ospf-change', { ...AT, from: 'full', to: 'down', reason: 'interface-down' });
  tell('cache-change', { router: 'r', cache: '192.0.2.9 port 323', from: 'in-sync', to: 'down', reason: 'stopped' });
  expect(lines()).toEqual([]);
});

test('OSPF neighbours that come and go are told, and what keeps them from it', () => {
  const { tell, lines } = printed();
  tell('ospf-problem', { ...AT, problem: 'hello-interval-mismatch', source: '10.0.1.10', detail: '10 s, and ours is 1 s' });
  tell('ospf-change', { ...AT, from: 'down', to: 'init', reason: undefined });
  tell('ospf-change', { ...AT, from: 'loading', to: 'full', reason: undefined });
  tell('ospf-change', { ...AT, from: 'full', to: 'down', reason: 'inactivity' });
  expect(lines()).toEqual([
    'OSPF at pa, from 10.0.1.10: hello-interval-mismatch (10 s, and ours is 1 s)',
    'OSPF neighbour 10.0.1.10 at pa full, node a',
    'OSPF neighbour 10.0.1.10 at pa went from full to down: inactivity',
  ]);
});

test('limits, segments that are not signed, caches, grants and the guard are told', () => {
  const { router, tell, lines } = printed();
  tell('limit-reached', { ...OF, limit: 'prefixes', used: 80, most: 100, action: 'warned' });
  const segment = { router: 'r', address: '10.0.1.10', port: 179, node: 'a', reason: 'md5-missing' } as const;
  for (let i = 0; i < 12; i++) tell('segment-refused', segment);
  tell('cache-change', { router: 'r', cache: '192.0.2.9 port 323', from: 'idle', to: 'connecting', reason: undefined });
  tell('cache-change', { router: 'r', cache: '192.0.2.9 port 323', from: 'connecting', to: 'down', reason: 'connect ECONNREFUSED' });
  tell('cache-change', { router: 'r', cache: '192.0.2.9 port 323', from: 'syncing', to: 'in-sync', reason: undefined });
  router.network.emit('grant-change', {
    type: 'grant-change',
    seq: 1,
    at: 0,
    grant: 'a/10.0.1.100/32',
    before: undefined,
    after: undefined,
  });
  tell('capture-failure', { router: 'r', port: 'pa', path: 'pa.pcapng', reason: 'ENOSPC: no space left on device, write' });
  router.network.emit('guard-change', { network: 'n', state: 'held', nodes: ['a', 'b', 'c'], status: undefined });
  expect(lines()).toEqual([
    '10.0.1.10 has 80 of 100 prefixes: warned',
    'TCP segment from 10.0.1.10 refused (1 so far): md5-missing',
    'TCP segment from 10.0.1.10 refused (10 so far): md5-missing',
    'RPKI cache 192.0.2.9 port 323 down: connect ECONNREFUSED',
    'RPKI cache 192.0.2.9 port 323 in-sync',
    'grant a/10.0.1.100/32 ended',
    'pa.pcapng, the capture of port pa, ends here: ENOSPC: no space left on device, write',
    'guard: their claims are held until somebody decides: a, and 2 more',
  ]);
});

test('claims that are refused get a line now and then, and the last of them one, too', () => {
  vi.useFakeTimers();
  try {
    const { router, lines } = printed();
    router.network.addNode({ name: 'a' });
    const refuse = (last: number) => void router.claim({ node: 'a', prefix: `192.0.2.${last}/32` });
    refuse(1);
    refuse(2);
    refuse(3);
    vi.advanceTimersByTime(250);
    vi.advanceTimersByTime(250);
    refuse(4);
    expect(lines().map((line) => line.replace(/ for a from program: not-granted/, ''))).toEqual([
      'refused 192.0.2.1/32',
      'refused 192.0.2.2/32, and 1 more',
      'refused 192.0.2.4/32',
    ]);
  } finally {
    vi.useRealTimers();
  }
});
