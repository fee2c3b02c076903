/** A configuration file: one router, or several of one network. */
import { z } from 'zod';
import { expects, list } from '../lib/fields.js';
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
  return {
    network: shared,
    routers: routers.map((router, i) => ({ config: checkRouter(router, ['routers', i], shared), path: ['routers', i] })),
  };
}
