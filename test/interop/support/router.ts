/** Our router, in a node of a lab. */
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CacheStatus, ClaimView, LinkStatus, MappingEntry, NeighbourStatus, OspfStatus, RouterConfig } from '../../../src/index.js';
import type { Lab, LabNode } from './lab.js';
import type { Request } from './router-process.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A router that runs. */
export interface RunningRouter {
  neighbours(): Promise<readonly NeighbourStatus[]>;
  neighbour(name: string): Promise<NeighbourStatus>;
  mapping(): Promise<readonly MappingEntry[]>;
  claims(): Promise<readonly ClaimView[]>;
  caches(): Promise<readonly CacheStatus[]>;
  ospf(): Promise<readonly OspfStatus[]>;
  links(): Promise<readonly LinkStatus[]>;
  /** Octets of its process that are in memory. */
  memory(): Promise<number>;
  /** The node that packets for a prefix go to, or undefined. */
  holder(prefix: string): Promise<string | undefined>;
  refresh(neighbour: string): Promise<void>;
  reset(neighbour: string, text: string): Promise<void>;
  reconfigure(config: RouterConfig): Promise<void>;
  log(): string;
}

/** Starts a router from the sources, as a program would embed it. */
export async function startRouter(lab: Lab, node: LabNode, config: RouterConfig): Promise<RunningRouter> {
  const file = join(node.directory, 'router.json');
  const socket = join(node.directory, 'router.sock');
  writeFileSync(file, JSON.stringify(config, null, 2));
  const script = join(root, 'test/interop/support/router-process.ts');
  const running = lab.spawn(node, process.execPath, ['--import', 'tsx', script, file, socket], {
    name: `the router in ${node.name}`,
    directory: root,
  });
  await lab.answers(running, () => running.output().includes('ready\n'));
  const ask = (request: Request): Promise<unknown> => exchange(socket, request);
  const neighbours = async (): Promise<readonly NeighbourStatus[]> => (await ask({ ask: 'neighbours' })) as NeighbourStatus[];
  const mapping = async (): Promise<readonly MappingEntry[]> => (await ask({ ask: 'mapping' })) as MappingEntry[];
  return {
    neighbours,
    neighbour: async (name) => {
      const found = (await neighbours()).find((one) => one.name === name);
      if (found === undefined) throw new Error(`the router has no neighbour ${name}`);
      return found;
    },
    mapping,
    claims: async () => (await ask({ ask: 'claims' })) as ClaimView[],
    ospf: async () => (await ask({ ask: 'ospf' })) as OspfStatus[],
    links: async () => (await ask({ ask: 'links' })) as LinkStatus[],
    memory: async () => (await ask({ ask: 'memory' })) as number,
    caches: async () => (await ask({ ask: 'caches' })) as CacheStatus[],
    holder: async (prefix) => (await mapping()).find((entry) => entry.prefix === prefix)?.targets[0].node,
    refresh: async (neighbour) => void (await ask({ ask: 'refresh', neighbour })),
    reset: async (neighbour, text) => void (await ask({ ask: 'reset', neighbour, text })),
    reconfigure: async (next) => void (await ask({ ask: 'reconfigure', config: next })),
    log: running.output,
  };
}

/** One request, one answer. */
function exchange(path: string, request: Request): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(`${JSON.stringify(request)}\n`));
    socket.setTimeout(10_000, () => socket.destroy(new Error(`the router does not answer ${request.ask}`)));
    socket.on('error', reject);
    createInterface(socket).once('line', (line) => {
      socket.destroy();
      const { result, error } = JSON.parse(line) as { result?: unknown; error?: string };
      if (error === undefined) resolve(result);
      else reject(new Error(error));
    });
  });
}
