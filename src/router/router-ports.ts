import { UsageError } from '../lib/errors.js';
import { same } from '../lib/same.js';
import { shown } from '../lib/shown.js';
import type { PortConfig } from '../stack/config.js';
import type { Port } from '../stack/port.js';
import type { LinkAttachment } from './attach/link/attachment.js';
import type { RouterConfig } from './config.js';
import { checkPort, checkPortless } from './schema.js';
import type { VirtualNetwork } from './virtual-network.js';

/** Whose ports they are. @internal */
export interface PortOwner {
  readonly network: VirtualNetwork;
  readonly link: LinkAttachment;
  readonly isRunning: boolean;
  /** Resolves once the router does not start or stop any more. Rejects while it stops. */
  settled(): Promise<void>;
  config(): RouterConfig;
  keep(ports: readonly PortConfig[]): void;
  /** Who is at a port that came or went is reached in another way. */
  changed(name: string): void;
}

/** A router's ports as they come, change and go: one after the other, as what is opened for a name may be closed by it only once it is. @internal */
export class RouterPorts {
  /** Those under way, and the last of them. */
  #changes = 0;
  #last: Promise<unknown> = Promise.resolve();
  /** The program's own, by name. */
  readonly #given: Map<string, Port>;

  constructor(
    private readonly owner: PortOwner,
    given: Readonly<Record<string, Port>>,
  ) {
    this.#given = new Map(Object.entries(given));
  }

  get given(): Readonly<Record<string, Port>> {
    return Object.fromEntries(this.#given);
  }
  get #configs(): readonly PortConfig[] {
    return this.owner.config().ports ?? [];
  }

  add(config: PortConfig, given: Port | undefined): Promise<void> {
    return this.#inTurn(() => this.#add(config, given));
  }
  change(config: PortConfig, given: Port | undefined): Promise<void> {
    return this.#inTurn(() => this.#change(config, given));
  }
  /**
   * Opens what is new among `next` and has others as they are there, all closed before any is opened: one may have what another had. What is
   * not among them stays, until it is removed; it is closed where one of them has its place. Says what was done, a line each. Where some cannot
   * be opened, the first reason is thrown at the end: they are as they were then, or not at all.
   */
  become(next: readonly PortConfig[]): Promise<string[]> {
    return this.#inTurn(() => this.#become(next));
  }
  remove(name: string): Promise<void> {
    return this.#inTurn(() => this.#remove(name));
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const taken = this.#changes++ === 0 ? change() : this.#last.then(change);
    const over = (): void => void this.#changes--;
    this.#last = taken.then(over, over);
    return taken;
  }

  async #add(config: PortConfig, given: Port | undefined): Promise<void> {
    await this.#mayChange();
    const at = this.#configs.length;
    const port = this.#checked(config, at);
    if (this.owner.isRunning) this.owner.link.checkPlace(port.name, at);
    this.owner.keep([...this.#configs, port]);
    if (given) this.#given.set(port.name, given);
    if (!this.owner.isRunning) return;
    try {
      await this.owner.link.open(port, given, at);
    } catch (error) {
      this.#forget(port.name);
      throw error;
    }
    await this.#opened(port);
  }

  async #change(config: PortConfig, given: Port | undefined): Promise<void> {
    await this.#mayChange();
    const at = this.#placeOf((config as PortConfig | undefined)?.name ?? '');
    const [before, own] = [this.#configs[at] as PortConfig, this.#given.get(config.name)]; // at is its place
    const port = this.#checked(config, at);
    if (!this.owner.isRunning) {
      this.#replace(port, given);
      return;
    }
    await this.owner.link.close(port.name);
    try {
      await this.owner.link.open(port, given, this.#replace(port, given));
      await this.#opened(port);
    } catch (error) {
      // What there is to say is why the other cannot be had.
      await this.#again(before, own).catch(() => {});
      this.owner.changed(port.name);
      throw error;
    }
  }

  async #become(next: readonly PortConfig[]): Promise<string[]> {
    await this.#mayChange();
    const before = new Map(this.#configs.map((port) => [port.name, port]));
    const fresh = next.filter((port) => !same(port, before.get(port.name)));
    const wanted = new Set(next.map(({ name }) => name));
    const { owner } = this;
    const leaving = this.#configs.filter(({ name }) => !wanted.has(name));
    const inTheWay = leaving.filter((port) => !this.#given.has(port.name) && fresh.some((other) => atOnePlace(port, other)));
    if (owner.isRunning) for (const { name } of [...fresh, ...inTheWay]) if (before.has(name)) await owner.link.close(name);
    owner.keep([...next, ...leaving]);
    const failures: unknown[] = [];
    for (const port of owner.isRunning ? fresh : []) {
      const old = before.get(port.name);
      try {
        await owner.link.open(port, undefined, this.#placeOf(port.name));
        await this.#opened(port);
      } catch (error) {
        failures.push(error);
        if (old) await this.#again(old, undefined).catch(() => {});
        else this.#forget(port.name);
        owner.changed(port.name);
      }
    }
    for (const port of owner.isRunning ? inTheWay : []) {
      if (failures.length > 0) await this.#again(port, undefined).catch(() => {});
      owner.changed(port.name);
    }
    if (failures.length > 0) throw failures[0];
    return fresh.map(({ name }) => `port ${name} ${before.has(name) ? 'changed' : 'added'}`);
  }

  async #remove(name: string): Promise<void> {
    // While the router stops, all ports are closed anyhow.
    await this.owner.settled().catch(() => {});
    this.#placeOf(name);
    checkPortless(this.owner.config(), name);
    this.#forget(name);
    if (!this.owner.isRunning) return;
    const closed = this.owner.link.close(name);
    this.owner.changed(name);
    await closed;
  }

  async #mayChange(): Promise<void> {
    if (this.owner.network.isForwarded)
      throw new UsageError('CONFIG_INVALID', "the ports of this network's routers are its forwarder's", ['ports']);
    await this.owner.settled();
  }

  #placeOf(name: string): number {
    const at = this.#configs.findIndex((port) => port.name === name);
    if (at < 0) throw new UsageError('NAME_UNKNOWN', `there is no port ${shown(name)}`);
    return at;
  }

  #checked(port: PortConfig, at: number): PortConfig {
    const { network } = this.owner;
    return checkPort(this.owner.config(), { nodes: network.model.present().map((node) => node.config) }, port, at);
  }

  /** Has a port of the same name stand so in the configuration. Returns its place. */
  #replace(port: PortConfig, given: Port | undefined): number {
    const at = this.#placeOf(port.name);
    this.owner.keep(this.#configs.with(at, port));
    if (given) this.#given.set(port.name, given);
    else this.#given.delete(port.name);
    return at;
  }

  async #again(port: PortConfig, given: Port | undefined): Promise<void> {
    await this.owner.link.open(port, given, this.#replace(port, given));
  }

  #forget(name: string): void {
    this.owner.keep(this.#configs.filter((port) => port.name !== name));
    this.#given.delete(name);
  }

  /** The router may have stopped, or the port have been removed, while it was opened. */
  async #opened(port: PortConfig): Promise<void> {
    if (this.owner.isRunning && this.#configs.includes(port)) this.owner.changed(port.name);
    else await this.owner.link.close(port.name);
  }
}

/** Whether two ports cannot be open at once: they have one path, device or file, or one address and tunnel. */
function atOnePlace(a: PortConfig, b: PortConfig): boolean {
  if ((['path', 'device', 'capture'] as const).some((field) => a[field] !== undefined && a[field] === b[field])) return true;
  return a.address !== undefined && (['type', 'address', 'port', 'remote', 'vni'] as const).every((field) => a[field] === b[field]);
}
