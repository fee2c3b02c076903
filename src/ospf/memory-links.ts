import type { Clock } from '../lib/clock.js';
import type { OspfLink, OspfLinkEvents, OspfLinks } from './link.js';
import type { OspfVersion } from './wire/index.js';

interface End {
  readonly version: OspfVersion;
  readonly owner: MemoryOspfLinks;
  readonly addresses: OspfLink['addresses'];
  readonly events: OspfLinkEvents;
}

/** A link in memory that routers are on, for tests and simulations: what one sends comes to the others a millisecond later. @public */
export class OspfSegment {
  readonly #ends = new Set<End>();
  #up = true;

  constructor(
    private readonly clock: Clock,
    readonly mtu = 1500,
  ) {}

  /** Down: what is sent is lost, and everybody sees it; `silent`: nobody does. */
  setUp(up: boolean, silent = false): void {
    this.#up = up;
    if (!silent) for (const { events } of [...this.#ends]) events.changed(up);
  }

  /** @internal */
  join(end: End): () => void {
    this.#ends.add(end);
    return () => void this.#ends.delete(end);
  }

  /** @internal */
  deliver(from: End, source: Uint8Array, destination: Uint8Array, payload: Uint8Array): void {
    if (!this.#up) return;
    const group = destination.length === 4 ? (destination[0] ?? 0) >= 224 : destination[0] === 0xff;
    const copy = payload.slice();
    for (const end of this.#ends) {
      if (end === from || end.version !== from.version) continue;
      if (!group && !end.addresses.some(({ bytes }) => bytes.join() === destination.join())) continue;
      this.clock.at(this.clock.now() + 1, () => {
        if (this.#up && this.#ends.has(end)) end.events.received(source, destination, copy);
      });
    }
  }
}

/**
 * One host's {@link OspfLinks} in memory: its devices are places on segments.
 *
 * @example
 * ```ts
 * const segment = new OspfSegment(clock);
 * const host = new Host({ transport, clock, ospf: new MemoryOspfLinks({ eth0: { segment, addresses: [{ bytes: Uint8Array.of(10, 0, 0, 1), length: 24 }] } }) });
 * ```
 * @public
 */
export class MemoryOspfLinks implements OspfLinks {
  constructor(
    private readonly devices: Readonly<Record<string, { readonly segment: OspfSegment; readonly addresses: OspfLink['addresses'] }>>,
  ) {}

  async open(device: string, version: OspfVersion, events: OspfLinkEvents): Promise<OspfLink> {
    const at = this.devices[device];
    if (!at) throw new Error(`no device ${device}`);
    const { segment, addresses } = at;
    const end: End = { version, owner: this, addresses, events };
    const leave = segment.join(end);
    return {
      addresses,
      mtu: segment.mtu,
      index: Object.keys(this.devices).indexOf(device) + 1,
      send: (source, destination, payload) => segment.deliver(end, source, destination, payload),
      close: async () => leave(),
    };
  }
}
