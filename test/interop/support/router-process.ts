/**
 * Our router in a process of its own, so that it can live in a namespace: `router-process.ts CONFIG SOCKET`. Whoever connects to the
 * socket sends requests, one JSON object a line, and gets an answer to each. A configuration with `network` and `routers` is of several; the
 * first of them answers.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { type NetworkConfig, type RouterConfig, VirtualNetwork, VirtualRouter } from '../../../src/index.js';

/** What can be asked. */
export type Request =
  | { readonly ask: 'neighbours' | 'mapping' | 'claims' | 'caches' | 'ospf' | 'links' | 'memory' }
  | { readonly ask: 'refresh'; readonly neighbour: string }
  | { readonly ask: 'reset'; readonly neighbour: string; readonly text: string }
  | { readonly ask: 'reconfigure'; readonly config: RouterConfig };

const [configuration = '', path = ''] = process.argv.slice(2);
const config = JSON.parse(readFileSync(configuration, 'utf8')) as RouterConfig | { network: NetworkConfig; routers: RouterConfig[] };
const shared = 'routers' in config ? new VirtualNetwork(config.network) : undefined;
const routers = ('routers' in config ? config.routers : [config]).map((one) => new VirtualRouter(one, shared ? { network: shared } : {}));
const router = routers[0] as VirtualRouter; // there is one
for (const event of [
  'session-change',
  'session-refused',
  'claim-rejected',
  'message-malformed',
  'mapping-change',
  'cache-change',
  'ospf-change',
  'ospf-problem',
] as const)
  router.on(event, (about: unknown) => console.log(new Date().toISOString(), event, JSON.stringify(about)));
for (const one of routers) await one.start();

const server = createServer((socket) => {
  createInterface(socket).on('line', (line) => {
    answer(JSON.parse(line) as Request).then(
      (result) => socket.write(`${JSON.stringify({ result: result ?? null })}\n`),
      (error: unknown) => socket.write(`${JSON.stringify({ error: String(error) })}\n`),
    );
  });
});
server.listen(path, () => console.log('ready'));
process.once('SIGTERM', async () => {
  server.close();
  for (const one of routers) await one.stop({ text: 'the test is over' });
  await shared?.close();
  process.exit(0);
});

async function answer(request: Request): Promise<unknown> {
  switch (request.ask) {
    case 'neighbours':
      return router.neighbours();
    case 'mapping':
      return [...router.mapping()];
    case 'claims':
      return [...router.claims()];
    case 'ospf':
      return router.ospf();
    case 'caches':
      return router.caches();
    case 'links':
      return router.links();
    case 'memory':
      return process.memoryUsage.rss();
    case 'refresh':
      return router.refresh(request.neighbour);
    case 'reset':
      return router.reset(request.neighbour, request.text);
    case 'reconfigure':
      return router.reconfigure(request.config);
  }
}
