import type { VirtualNetwork as CoreNetwork, NetworkConfig, PortConfig, Reconfigured, RouterConfig } from '../core.js';
import { UsageError, type VirtualRouter } from '../index.js';
import { same } from '../lib/same.js';
import type { Path } from '../lib/validate.js';
import { CommandError, WRONG_USE } from './command.js';
import type { ReadFile } from './yaml.js';

/** What makes a router the one that it is. */
const LASTING = ['as', 'routerId', 'clusterId', 'listen'] as const satisfies readonly (keyof RouterConfig)[];

/** What a forwarder has read, once. */
const FORWARDED = ['ports', 'interfaces', 'access'] as const satisfies readonly (keyof RouterConfig)[];
const FORWARDED_OF_NETWORK = ['forwarder', 'subnets', 'links', 'routes'] as const satisfies readonly (keyof NetworkConfig)[];
const FORWARDER = 'here alone: the forwarder has read it; start both anew';

/**
 * Has running routers do what their file says now. What was done, a line each. Throws a `CommandError` of one line, with the place in the
 * file, for what cannot be done. Ports that came or went before that, and what another router or the network took over, stay as they are then.
 *
 * @param shared - The network that the file's routers share, where it has several.
 */
export async function reload(
  { config, explain }: ReadFile,
  shared: CoreNetwork | undefined,
  routers: readonly VirtualRouter[],
): Promise<Reconfigured> {
  const applied: string[] = [];
  const restarted: string[] = [];
  const note = (done: Reconfigured): void => {
    applied.push(...done.applied);
    restarted.push(...done.restarted);
  };
  const placed = async (path: Path, act: () => Promise<unknown> | Reconfigured): Promise<void> => {
    try {
      const done = await act();
      if (done !== undefined) note(done as Reconfigured);
    } catch (error) {
      throw error instanceof UsageError ? explain(error, [...path, ...error.path]) : error;
    }
  };
  const named = config.routers.map(({ config: { name = 'router' } }) => name);
  const running = routers.map(({ name }) => name);
  if (!same(named, running) || (config.network === undefined) !== (shared === undefined))
    throw new CommandError(`routers cannot come or go while they run: expected ${running.join(', ')}, got ${named.join(', ')}`, WRONG_USE);
  const pairs = config.routers.map(({ config: to, path }, i) => {
    const router = routers[i] as VirtualRouter; // as many as there are names
    return { router, to, path, before: router.configuration() };
  });
  const lasting = <T extends object>(now: T, then: T, fields: readonly (keyof T & string)[], path: Path, why: string): void => {
    for (const field of fields)
      if (!same(now[field], then[field]))
        throw explain(new UsageError('CONFIG_INVALID', `${field} cannot change ${why}`, [...path, field]));
  };
  const { network } = config;
  for (const { to, before, path } of pairs) {
    lasting(to, before, LASTING, path, 'while the router runs');
    const [now, then] = [network ?? to.network ?? {}, shared?.configuration() ?? before.network ?? {}];
    if (!then.forwarder) continue;
    lasting(to, before, FORWARDED, path, FORWARDER);
    lasting(now, then, FORWARDED_OF_NETWORK, network ? ['network'] : [...path, 'network'], FORWARDER);
  }
  // A port that has another setting now is another port.
  for (const { router, to, path, before } of pairs) {
    for (const { name } of gone(before, to)) {
      if (!to.ports?.some((port) => port.name === name)) continue;
      await placed(path, () => router.removePort(name));
      applied.push(`port ${name} changed`);
    }
    for (const port of gone(to, router.configuration())) {
      await placed(path, () => router.addPort(port));
      if (!before.ports?.some(({ name }) => name === port.name)) applied.push(`port ${port.name} added`);
    }
  }
  if (network && shared) await placed(['network'], () => shared.reconfigure(network));
  for (const { router, to, path } of pairs) {
    const { ports: _wanted, ...rest } = to;
    const { ports } = router.configuration();
    await placed(path, () => router.reconfigure(ports ? { ...rest, ports } : rest));
    for (const { name } of gone(router.configuration(), to)) {
      await placed(path, () => router.removePort(name));
      applied.push(`port ${name} removed`);
    }
  }
  return { applied, restarted };
}

/** Ports of one configuration that another has not, or not so. */
function gone({ ports = [] }: Pick<RouterConfig, 'ports'>, { ports: others = [] }: Pick<RouterConfig, 'ports'>): PortConfig[] {
  return ports.filter((port) => !others.some((other) => same(port, other)));
}
