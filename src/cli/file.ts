/** A configuration file: one router, or several of one network. */
import { z } from 'zod';
import { expects, list } from '../lib/fields.js';
import { covers, type Prefix, parsePrefix } from '../lib/prefix.js';
import { type Path, Problems, validate } from '../lib/validate.js';
import type { NetworkConfig } from '../network/config.js';
import { checkNetwork, Names } from '../network/schema.js';
import { networkSchema } from '../network/shape.js';
import type { RouterConfig } from '../router/config.js';
import { checkRouter } from '../router/schema.js';
import { routerSchema } from '../router/shape.js';

const several = z
  .strictObject(
    {
      network: networkSchema.describe('The network that all of them serve.'),
      routers: list(routerSchema, 'a list of routers')
        .min(1, 'expected at least one router, got none')
        .describe('The routers, each with a name of its own and no `network`.'),
    },
    expects('a file with network and routers'),
  )
  .meta({ id: 'File', description: 'Several routers of one network.' });

/** What a file may hold. */
export const fileSchema = z.union([routerSchema, several]).meta({ title: 'virtual-router configuration' });

/** A file that was checked. */
export interface FileConfig {
  /** The network that the routers share; without it the only router has its own. */
  readonly network?: NetworkConfig;
  readonly routers: readonly { readonly config: RouterConfig; readonly path: Path }[];
}

/** The routers of a file. Throws a `UsageError` (`CONFIG_INVALID`) with the path of what is wrong. */
export function checkFile(value: unknown): FileConfig {
  if (typeof value !== 'object' || value === null || !('routers' in value)) return { routers: [{ config: checkRouter(value), path: [] }] };
  const { routers, network } = validate<{ routers: RouterConfig[]; network: NetworkConfig }>(several, value);
  const problems = new Problems([]);
  const names = new Names('router', problems);
  for (const [i, { name = 'router' }] of routers.entries()) names.add(name, ['routers', i, 'name']);
  problems.raise();
  const shared = checkNetwork(
    network,
    ['network'],
    routers.map(({ name = 'router' }) => name),
  );
  const checked = routers.map((router, i) => ({ config: checkRouter(router, ['routers', i], shared), path: ['routers', i] }));
  const configs = checked.map(({ config }) => config);
  checkLocations(configs, shared, problems);
  checkListeners(configs, problems);
  problems.raise();
  return { network: shared, routers: checked };
}

/** A port is a node's location: a node is at one port, of one router. */
function checkLocations(routers: readonly RouterConfig[], { nodes = [] }: NetworkConfig, problems: Problems): void {
  const locations = new Map(nodes.flatMap(({ name, location }) => (location === undefined ? [] : [[location, name] as const])));
  const taken = new Map<string, string>();
  for (const [i, { name: router = 'router', ports = [] }] of routers.entries()) {
    for (const [j, { name }] of ports.entries()) {
      const node = locations.get(name);
      if (node === undefined) continue;
      const other = taken.get(name);
      if (other === undefined) taken.set(name, router);
      else
        problems.add(
          ['routers', i, 'ports', j, 'name'],
          `expected another name, as router "${other}" has a port "${name}" too, and node "${node}" would be at both`,
        );
    }
  }
}

/** Whoever connects to a listener is the neighbour of one router there. */
function checkListeners(routers: readonly RouterConfig[], problems: Problems): void {
  const listeners = new Map<string, { router: string; index: number; neighbours: Map<string, Prefix> }[]>();
  for (const [i, { name: router = 'router', listen = [], neighbours = [] }] of routers.entries()) {
    const own = new Map(neighbours.map(({ address }) => [address, parsePrefix(address)] as const));
    for (const { address, port = 179 } of listen) {
      // Port 0 is another port each time.
      if (port === 0) continue;
      const key = `${address} port ${port}`;
      const others = listeners.get(key) ?? [];
      for (const [j, neighbour] of neighbours.entries()) {
        const prefix = parsePrefix(neighbour.address);
        const other = others.find(({ index, neighbours: theirs }) => index !== i && clashes(theirs, neighbour.address, prefix));
        if (other)
          problems.add(
            ['routers', i, 'neighbours', j, 'address'],
            `expected a neighbour of this router alone, got ${neighbour.address}, as router "${other.router}" listens on ${key} for it, too`,
          );
      }
      others.push({ router, index: i, neighbours: own });
      listeners.set(key, others);
    }
  }
}

/** Whether one of `theirs` is `address`, covers it, or lies in it. */
function clashes(theirs: ReadonlyMap<string, Prefix>, address: string, prefix: Prefix): boolean {
  if (theirs.has(address)) return true;
  const range = prefix.length < 8 * prefix.bytes.length;
  for (const other of theirs.values()) {
    if (!range && other.length === 8 * other.bytes.length) continue;
    if (covers(other, prefix) || covers(prefix, other)) return true;
  }
  return false;
}
