import { same } from '../../../lib/same.js';
import { nameOf, versionOf } from '../../../ospf/resolve.js';
import type { Rib } from '../../../rib/rib.js';
import type { IpDatagram } from '../../../stack/ip-layer.js';
import type { OspfConfig } from '../../ospf-config.js';
import type { NetworkMember } from '../../virtual-network.js';
import { OspfSpeaker, type OspfStatus, type OspfSurroundings } from './speaker.js';

/** The IP protocol number. */
const OSPF = 89;

/**
 * OSPF in a router: its instances.
 *
 * @internal
 */
export class OspfAttachment implements NetworkMember {
  #speakers: OspfSpeaker[] = [];
  #configs: readonly OspfConfig[] = [];
  #running = false;

  constructor(private readonly around: OspfSurroundings) {}

  /** Takes over another configuration. Says what changed in place, and what starts anew. */
  configure(configs: readonly OspfConfig[]): { readonly applied: string[]; readonly restarted: string[]; readonly done: Promise<void> } {
    const applied: string[] = [];
    const restarted: string[] = [];
    const pending: Promise<void>[] = [];
    const wanted = new Map(configs.map((config) => [nameOf(config), config]));
    const kept: OspfSpeaker[] = [];
    for (const speaker of this.#speakers) {
      const to = wanted.get(speaker.name);
      if (to && instanceOf(to) === instanceOf(speaker.config)) {
        const { config } = speaker;
        if (!same(keysOf(to), keysOf(config))) applied.push(`${speaker.name} keys changed`);
        if (!same(to.export, config.export) || to.export?.rules !== config.export?.rules) applied.push(`${speaker.name} export changed`);
        speaker.change(to);
        speaker.nodesChanged();
        speaker.retell();
        kept.push(speaker);
        wanted.delete(speaker.name);
        continue;
      }
      if (to) restarted.push(speaker.name);
      else applied.push(`${speaker.name} removed`);
      pending.push(speaker.stop());
    }
    const known = new Set(this.#configs.map(nameOf));
    for (const [name, config] of wanted) {
      if (!known.has(name) && this.#running) applied.push(`${name} added`);
      const speaker = new OspfSpeaker(config, this.around);
      kept.push(speaker);
      if (this.#running) pending.push(speaker.start());
    }
    this.#speakers = kept;
    this.#configs = configs;
    if (this.#running) this.#register();
    return { applied, restarted, done: Promise.all(pending).then(() => {}) };
  }

  async start(): Promise<void> {
    if (this.#configs.length === 0) {
      this.#running = true;
      return;
    }
    this.around.network.join(this);
    this.#running = true;
    this.#register();
    try {
      for (const speaker of this.#speakers) await speaker.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.around.network.leave(this);
    await Promise.all(this.#speakers.map((speaker) => speaker.stop()));
    this.around.ip.register(OSPF, undefined);
    // What stopped has nothing left of its former life.
    this.#speakers = this.#configs.map((config) => new OspfSpeaker(config, this.around));
  }

  /** Datagrams at the router's ports go to the instance of their version. */
  #register(): void {
    this.around.network.join(this);
    if (this.#configs.length === 0) {
      this.around.ip.register(OSPF, undefined);
      return;
    }
    this.around.ip.register(OSPF, {
      receive: (datagram: IpDatagram, now) => {
        const version = datagram.payload[0];
        for (const speaker of this.#speakers) if (versionOf(speaker.config) === version) speaker.receive(datagram, now);
      },
    });
  }

  announce(rib: Rib, prefixes: Uint32Array, count: number): void {
    for (const speaker of this.#speakers) speaker.announce(rib, prefixes, count);
  }
  nodesChanged(): undefined {
    for (const speaker of this.#speakers) speaker.nodesChanged();
  }
  /** Interfaces or what the router originates changed. */
  retell(): void {
    for (const speaker of this.#speakers) {
      speaker.nodesChanged();
      speaker.retell();
    }
  }

  status(): OspfStatus[] {
    return this.#speakers.map((speaker) => speaker.status());
  }
}

/** What of an instance's configuration makes it: a change starts it anew. */
function instanceOf({ export: _export, interfaces, ...instance }: OspfConfig): string {
  const links = interfaces.map(({ authentication, ...link }) => ({
    ...link,
    authentication: authentication && { ...authentication, keys: [] },
  }));
  return JSON.stringify({ ...instance, links });
}

/** Keys, by link: they change without anybody's noticing (RFC 2328 D.3). */
function keysOf({ interfaces }: OspfConfig): unknown {
  return interfaces.map(({ authentication }) => authentication?.keys ?? []);
}
