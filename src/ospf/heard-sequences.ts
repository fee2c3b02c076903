import type { OspfInterface } from './interface.js';
import type { PacketBody } from './wire/index.js';

/** Numbers last heard of one router: of each type of packet, or of all together. */
interface Heard {
  all: bigint | undefined;
  readonly byType: Map<PacketBody['type'], bigint>;
}

/**
 * Sequence numbers of cryptographic authentication that were heard last, by interface and router id, as long as it is a neighbour there: with
 * that they go (RFC 2328 D.3), or one that counts from the start again stays out (BIRD's OSPFv3).
 *
 * @internal
 */
export class HeardSequences {
  readonly #heard = new Map<string, Heard>();

  /**
   * Takes note of a number. Whether it is no replay: never lower than before (RFC 2328 D.4.3); of a type, always higher than that of the last
   * packet of the type (RFC 7474 §2, RFC 7166 §4.1), for Hellos may overtake others.
   */
  take(one: OspfInterface, routerId: number, type: PacketBody['type'] | undefined, sequence: bigint): boolean {
    const key = keyOf(one, routerId);
    let heard = this.#heard.get(key);
    if (!heard) {
      heard = { all: undefined, byType: new Map() };
      this.#heard.set(key, heard);
    }
    if (type === undefined) {
      if (heard.all !== undefined && sequence < heard.all) return false;
      heard.all = sequence;
      return true;
    }
    const last = heard.byType.get(type);
    if (last !== undefined && sequence <= last) return false;
    heard.byType.set(type, sequence);
    return true;
  }

  forget(one: OspfInterface, routerId: number): void {
    this.#heard.delete(keyOf(one, routerId));
  }
}

function keyOf({ options }: OspfInterface, routerId: number): string {
  return `${routerId} ${options.name}`;
}
