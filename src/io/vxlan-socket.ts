import { canonicalAddress, parseAddress } from '../lib/address.js';
import { UsageError } from '../lib/errors.js';
import type { Port } from '../stack/port.js';
import { mayBatch, needBatch } from './batched-udp.js';
import { BatchedCarrier } from './vxlan-batched.js';
import type { Tunnels, VxlanCarrier } from './vxlan-carrier.js';
import { PlainCarrier } from './vxlan-plain.js';
import { type TunnelOptions, type TunnelSocket, VxlanTunnel } from './vxlan-tunnel.js';

/**
 * The socket of one local address and port, and its tunnels: a frame's tunnel, and so its node, is told by whence the datagram came and its
 * VNI. What is of no tunnel is dropped and counted.
 *
 * It is batched where that can be had, unless a tunnel says which it is to be. A tunnel that leaves it open takes what there is; if another
 * one comes that says something else, the socket is replaced under it, in whichever order they come. Only what two tunnels say can be at odds.
 *
 * @internal
 */
export class VxlanSocket implements Tunnels, TunnelSocket {
  carrier: VxlanCarrier | undefined;
  /** Datagrams of no tunnel. */
  unknown = 0;
  /** By a hash of address and VNI, so that a look-up makes nothing. */
  readonly #tunnels = new Map<number, VxlanTunnel[]>();
  /** Octets of the far ends, by what Node calls them: to parse each datagram's sender takes longer than all else that is done with it. */
  readonly #far = new Map<string, Uint8Array>();
  /** How many tunnels go to each of them. */
  readonly #tunnelsTo = new Map<string, number>();
  /** Tunnels, and those that are being opened. */
  #users = 0;
  /** Who opens and closes does so one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly address: string,
    private readonly port: number,
    /** Nobody has it any more, and it is closed. */
    private readonly closed: () => void,
  ) {}

  open(options: TunnelOptions): Promise<Port> {
    this.#users++;
    return this.#after(async () => {
      try {
        return await this.#open(options);
      } catch (error) {
        this.#users--;
        await this.#rest();
        throw error;
      }
    });
  }

  leave(tunnel: VxlanTunnel): Promise<void> {
    const key = keyOf(tunnel);
    const others = (this.#tunnels.get(key) ?? []).filter((one) => one !== tunnel);
    if (others.length > 0) this.#tunnels.set(key, others);
    else this.#tunnels.delete(key);
    const remote = canonicalAddress(tunnel.options.remote);
    const left = (this.#tunnelsTo.get(remote) ?? 1) - 1;
    if (left > 0) this.#tunnelsTo.set(remote, left);
    else {
      this.#tunnelsTo.delete(remote);
      this.#far.delete(remote);
    }
    this.#users--;
    return this.#after(() => this.#rest());
  }

  of(octets: Uint8Array, at: number, size: number, vni: number): VxlanTunnel | undefined {
    const candidates = this.#tunnels.get(hash(octets, at, size, vni));
    if (candidates) for (const tunnel of candidates) if (tunnel.is(octets, at, size, vni)) return tunnel;
    this.unknown++;
    return undefined;
  }

  farEnd(address: string): Uint8Array | undefined {
    const octets = this.#far.get(address) ?? this.#far.get(canonical(address));
    if (!octets) this.unknown++;
    return octets;
  }

  /** Lists of tunnels that it keeps, one for each far end and VNI. */
  get size(): number {
    return this.#tunnels.size;
  }

  #after<T>(step: () => Promise<T>): Promise<T> {
    const taken = this.#last.then(step);
    this.#last = taken.catch(() => {});
    return taken;
  }

  async #open(options: TunnelOptions): Promise<Port> {
    const { remote, vni, mtu, batched } = options;
    const tunnel = new VxlanTunnel(this, options);
    const key = keyOf(tunnel);
    const before = this.#tunnels.get(key) ?? [];
    if (before.some((one) => one.is(tunnel.far, 0, tunnel.far.length, vni)))
      throw new UsageError('PORT_IN_USE', `there is a tunnel to ${remote} with VNI ${vni} already`);
    this.carrier ??= await this.#bind(batched ?? (await mayBatch()));
    if (batched !== undefined && batched !== this.carrier.batched) await this.#replace(batched);
    this.carrier.widen(mtu);
    const name = canonicalAddress(remote);
    this.#far.set(name, parseAddress(remote));
    this.#tunnelsTo.set(name, (this.#tunnelsTo.get(name) ?? 0) + 1);
    this.#tunnels.set(key, [...(this.#tunnels.get(key) ?? []), tunnel]);
    return tunnel;
  }

  #bind(batched: boolean): Promise<VxlanCarrier> {
    const mtu = Math.max(0, ...this.#all.map((tunnel) => tunnel.mtu));
    return batched ? BatchedCarrier.open(this.address, this.port, mtu, this) : PlainCarrier.open(this.address, this.port, this);
  }

  /** The other kind of socket takes this one's place: what comes meanwhile is lost. */
  async #replace(batched: boolean): Promise<void> {
    if (this.#all.some(({ options }) => options.batched !== undefined)) {
      const where = `UDP ${this.address} port ${this.port}`;
      throw new UsageError('PORT_IN_USE', `the tunnels on ${where} share a socket, which is to be batched by one and not by another`);
    }
    if (batched) await needBatch();
    const { carrier } = this;
    this.carrier = undefined;
    await carrier?.close();
    try {
      this.carrier = await this.#bind(batched);
    } catch (error) {
      this.carrier = await this.#bind(!batched);
      throw error;
    }
  }

  get #all(): VxlanTunnel[] {
    return [...this.#tunnels.values()].flat();
  }

  /** Lets go of the socket once nobody has it. */
  async #rest(): Promise<void> {
    if (this.#users > 0) return;
    const { carrier } = this;
    this.carrier = undefined;
    await carrier?.close();
    if (this.#users === 0) this.closed();
  }
}

function hash(octets: Uint8Array, at: number, size: number, vni: number): number {
  let h = vni;
  for (let i = at; i < at + size; i++) h = Math.imul(h ^ (octets[i] ?? 0), 0x01000193);
  return h;
}

function keyOf({ far, options }: VxlanTunnel): number {
  return hash(far, 0, far.length, options.vni);
}

/** Node gives IPv6 addresses with their zone. */
function canonical(address: string): string {
  return address.includes(':') ? canonicalAddress(address.replace(/%.*$/, '')) : address;
}
