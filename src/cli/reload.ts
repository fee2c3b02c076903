import type { VirtualNetwork as CoreNetwork, NetworkConfig, Reconfigured, RouterConfig } from '../core.js';
import { UsageError, type VirtualRouter } from '../index.js';
import { same } from '../lib/same.js';
import type { Path } from '../lib/validate.js';
import { CommandError, WRONG_USE } from './command.js';
import type { ReadFile } from './yaml.js';

/** What a forwarder has read, once. */
const FORWARDED = ['ports', 'interfaces', 'access'] as const satisfies readonly (keyof RouterConfig)[];
const FORWARDED_OF_NETWORK = ['forwarder', 'subnets', 'links', 'routes'] as const satisfies readonly (keyof NetworkConfig)[];
const FORWARDER = 'here alone: the forwarder has read it; start both anew';

/**
 * Has running routers do what their file says now. What was done, a line each. Throws a `CommandError` of one line, with the place in the
 * file, for what cannot be done, and has done nothing then; but where a port cannot be opened, what came before that stays.
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
  const placed = async <T>(path: Path, act: () => T | Promise<T>): Promise<T> => {
    try {
      return await act();
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
  const forwarded = <T extends object>(now: T, then: T, fields: readonly (keyof T & string)[], path: Path): void => {
    for (const field of fields)
      if (!same(now[field], then[field])) throw explain(new UsageError('CONFIG_INVALID', `cannot change ${FORWARDER}`, [...path, field]));
  };
  const { network } = config;
  if (network && shared) await placed(['network'], () => shared.checkReconfiguration(network));
  for (const { router, to, before, path } of pairs) {
    await placed(path, () => router.checkReconfiguration(to, network));
    const [now, then] = [network ?? to.network ?? {}, shared?.configuration() ?? before.network ?? {}];
    if (!then.forwarder) continue;
    forwarded(to, before, FORWARDED, path);
    forwarded(now, then, FORWARDED_OF_NETWORK, network ? ['network'] : [...path, 'network']);
  }
  for (const { router, to, path, before } of pairs)
    if (!same(to.ports, before.ports)) applied.push(...(await placed(path, () => router.becomePorts(to.ports ?? []))));
  // What goes goes before the rest is taken over, which may have other uses for its name; what rules of before name stays until they are gone.
  const removed: string[] = [];
  const remove = async (router: VirtualRouter, to: RouterConfig, refused: (error: unknown) => void): Promise<void> => {
    for (const { name } of router.configuration().ports ?? []) {
      if (to.ports?.some((port) => port.name === name)) continue;
      await router.removePort(name).then(() => void removed.push(`port ${name} removed`), refused);
    }
  };
  for (const { router, to } of pairs) await remove(router, to, () => {});
  // A neighbour may go over to another router of the same listener: it has gone before it comes, whichever of them is first.
  if (pairs.length > 1)
    for (const { router, to, before } of pairs)
      for (const { address } of before.neighbours ?? [])
        if (!to.neighbours?.some((neighbour) => neighbour.address === address)) note(router.removeNeighbour(address));
  if (network && shared) note(await placed(['network'], () => shared.reconfigure(network)));
  for (const { router, to, path } of pairs) {
    const { ports: _wanted, ...rest } = to;
    const { ports } = router.configuration();
    note(await placed(path, () => router.reconfigure(ports ? { ...rest, ports } : rest)));
    await placed(path, () =>
      remove(router, to, (error) => {
        throw error;
      }),
    );
  }
  applied.push(...removed);
  return { applied, restarted };
}
