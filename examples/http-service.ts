/** A router inside an HTTP service: its mapping at /mapping, why at /explain/ADDRESS, its changes as server-sent events at /changes. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Explanation, renderPrometheus, UsageError, VirtualRouter } from '../src/index.js';

const router = new VirtualRouter({
  as: 65000,
  routerId: '10.0.0.1',
  network: {
    ranges: ['10.0.0.0/16'],
    nodes: [{ name: 'web-a' }, { name: 'web-b' }],
    holders: [{ prefix: '10.0.1.100/32', node: 'web-a' }],
    grants: [{ node: 'web-b', prefix: '10.0.1.100/32', sources: ['api'] }],
  },
});
await router.start();

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const json = (value: unknown) => response.setHeader('content-type', 'application/json').end(`${JSON.stringify(value, null, 2)}\n`);
  try {
    if (pathname === '/mapping') json([...router.mapping()]);
    else if (pathname === '/metrics') response.end(renderPrometheus(router.metrics()));
    else if (pathname.startsWith('/explain/')) json(router.explain(decodeURIComponent(pathname.slice(9))));
    else if (pathname === '/changes') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      const tell = (event: object) => response.write(`data: ${JSON.stringify(event)}\n\n`);
      router.on('mapping-change', tell);
      request.on('close', () => router.off('mapping-change', tell));
      response.write(': following\n\n');
    } else response.writeHead(404).end();
  } catch (error) {
    response.writeHead(error instanceof UsageError ? 400 : 500).end(`${(error as Error).message}\n`);
  }
});
await new Promise<void>((resolve) => server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
console.log(`http://127.0.0.1:${port}/mapping`);

// Something to see: the program itself claims the address for web-b for a moment.
const changes = await fetch(`http://127.0.0.1:${port}/changes`);
const reader = changes.body?.pipeThrough(new TextDecoderStream()).getReader();
await reader?.read();
const lease = router.claim({ node: 'web-b', prefix: '10.0.1.100/32', lease: 60_000 });
console.log((await reader?.read())?.value?.trim());
const explained = await fetch(`http://127.0.0.1:${port}/explain/10.0.1.100`);
console.log(((await explained.json()) as Explanation).targets);
lease.release();
await reader?.cancel();
if (!process.env.KEEP) {
  server.closeAllConnections();
  server.close();
  await router.stop();
}
