import { bytesEqual } from '../../../lib/bytes.js';
import { parsePrefix, prefixWords } from '../../../lib/prefix.js';
import type { AdjRibOut } from '../../../rib/adj-rib-out.js';
import type { AddressFamily } from '../../config.js';
import type { LocalRoute } from './local-routes.js';

interface Told extends LocalRoute {
  readonly words: readonly [a: number, b: number, c: number, d: number];
  readonly length: number;
}

/**
 * What one neighbour hears of what the router announces by itself: connected subnets, a default route, what it originates. They are few,
 * so they are kept as values, beside the Adj-RIB-Out of the claims.
 *
 * Of a prefix that is claimed too, the router's own route is the one told: when the claim has been told or withdrawn, it is told again.
 *
 * @internal
 */
export class LocalAnnouncements {
  /** By prefix. */
  readonly #told = new Map<string, Told>();
  /** Messages to send, by prefix: the latest of each. */
  readonly #due = new Map<string, Uint8Array>();
  /** Prefixes to tell again once what waits of the claims to them has gone out. */
  readonly #overtaken = new Set<string>();

  /**
   * From now on these are the router's own routes: what is new or changed is due, and the withdrawal of what is gone, unless the claims
   * tell the neighbour of that prefix.
   */
  want(routes: readonly LocalRoute[], claims: readonly { readonly family: AddressFamily; readonly adjRibOut: AdjRibOut }[]): void {
    const wanted = new Map(routes.map((route) => [route.prefix, route]));
    for (const [prefix, told] of this.#told) {
      if (wanted.has(prefix)) continue;
      this.#told.delete(prefix);
      this.#overtaken.delete(prefix);
      const adjRibOut = claims.find(({ family }) => family === told.family)?.adjRibOut;
      const id = adjRibOut?.rib.prefixes.find(...told.words, told.length) ?? -1;
      if (adjRibOut && !adjRibOut.paths && id >= 0 && adjRibOut.told(id)) {
        this.#due.delete(prefix);
        adjRibOut.add(id);
      } else this.#due.set(prefix, told.withdrawal);
    }
    for (const [prefix, route] of wanted) {
      const told = this.#told.get(prefix);
      if (told && bytesEqual(told.announcement, route.announcement)) continue;
      const { bytes, length } = parsePrefix(prefix);
      this.#told.set(prefix, { ...route, words: prefixWords(bytes), length });
      this.#due.set(prefix, route.announcement);
    }
  }

  /** The neighbour wants to hear everything of a family again. */
  again(family: AddressFamily): void {
    for (const [prefix, told] of this.#told) if (told.family === family) this.#due.set(prefix, told.announcement);
  }

  /** Claims to these prefixes, or to all, changed, and the neighbour is about to hear of that. */
  overtaken(adjRibOut: AdjRibOut, prefixes?: Uint32Array, count = 0): void {
    if (adjRibOut.paths) return; // by path identifiers both are told
    const { rib } = adjRibOut;
    for (const [prefix, told] of this.#told) {
      if ((told.family === 'ipv6-unicast') !== rib.ipv6) continue;
      const id = rib.prefixes.find(...told.words, told.length);
      if (id >= 0 && (prefixes?.subarray(0, count).includes(id) ?? true)) this.#overtaken.add(prefix);
    }
  }

  /** The claims of a family have gone out as they stand. */
  caughtUp(family: AddressFamily): void {
    for (const prefix of this.#overtaken) {
      const told = this.#told.get(prefix);
      if (told?.family !== family) continue;
      this.#overtaken.delete(prefix);
      this.#due.set(prefix, told.announcement);
    }
  }

  /** The next message to send. */
  next(): Uint8Array | undefined {
    for (const [prefix, message] of this.#due) {
      this.#due.delete(prefix);
      return message;
    }
    return undefined;
  }
}
