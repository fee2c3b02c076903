import { UsageError } from '../lib/errors.js';
import { shown } from '../lib/shown.js';
import type { NetworkOptions } from './virtual-network.js';
import type { RouterOptions } from './virtual-router.js';

/** What a part must be able to do, and its name in a sentence. */
interface Part {
  readonly what: string;
  readonly methods: readonly string[];
}

const CLOCK: Part = { what: 'a clock', methods: ['now', 'at', 'defer'] };
const LOGGER: Part = { what: "a logger of pino's shape", methods: ['trace', 'debug', 'info', 'warn', 'error'] };
const TABLE: Part = { what: 'a forwarding table', methods: ['apply'] };
const TRANSPORT: Part = { what: 'a transport', methods: ['listen', 'dial'] };
const NETWORK: Part = { what: 'a VirtualNetwork', methods: ['configuration', 'reconfigure', 'join'] };

/**
 * Holds the parts that a program brings to what is asked of them, before anything is built: what is wrong with one would show only when it
 * is used, in the middle of something else. Throws a `UsageError` (`CONFIG_INVALID`) that names the option.
 *
 * @internal
 */
export function checkRouterOptions(options: RouterOptions): RouterOptions {
  const { host, network, ports = {} } = expectOptions(options);
  expectPart(host, { what: 'a Host', methods: [] }, ['host']);
  expectPart(host.clock, CLOCK, ['host', 'clock']);
  expectPart(host.transport, TRANSPORT, ['host', 'transport']);
  if (network !== undefined) expectPart(network, NETWORK, ['network']);
  expectPart(ports, { what: 'ports by their names', methods: [] }, ['ports']);
  for (const [name, port] of Object.entries(ports)) expectPart(port, { what: 'a port', methods: ['send', 'listen'] }, ['ports', name]);
  checkCommon(options);
  return options;
}

/** The same for a network. @internal */
export function checkNetworkOptions(options: NetworkOptions): NetworkOptions {
  const { clock, random } = expectOptions(options);
  expectPart(clock, CLOCK, ['clock']);
  if (random !== undefined && typeof random !== 'function')
    throw new UsageError('CONFIG_INVALID', `expected a function that gives numbers from 0 up to 1, got ${shown(random)}`, ['random']);
  checkCommon(options);
  return options;
}

function checkCommon({ logger, table }: Pick<NetworkOptions, 'logger' | 'table'>): void {
  if (logger !== undefined) expectPart(logger, LOGGER, ['logger']);
  if (table !== undefined) expectForwardingTable(table, ['table']);
}

/** @internal */
export function expectForwardingTable(table: unknown, path: readonly string[] = []): void {
  expectPart(table, TABLE, path);
}

function expectOptions<T>(options: T): T {
  expectPart(options, { what: 'options', methods: [] }, []);
  return options;
}

function expectPart(value: unknown, { what, methods }: Part, path: readonly string[]): void {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  const missing = methods.filter((name) => !isObject || typeof (value as Record<string, unknown>)[name] !== 'function');
  if (isObject && missing.length === 0) return;
  const needed = methods.length > 0 ? `, with ${methods.map((name) => `${name}()`).join(', ')}` : '';
  const lacking = isObject ? `an object without ${missing.map((name) => `${name}()`).join(', ')}` : shown(value);
  throw new UsageError('CONFIG_INVALID', `expected ${what}${needed}; got ${lacking}`, path);
}
