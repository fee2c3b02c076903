import type { Neighbour } from './neighbour.js';

/**
 * LSAs in our databases that came first from routers which are no neighbours now, on one link: they count for the one that comes back, and on a
 * point-to-point link for whoever is its other end. So nobody gets room for more by going, or by another router id.
 *
 * @internal
 */
export class Departed {
  /** Of all of them. */
  total = 0;
  readonly #byRouter = new Map<number, number>();

  /** It is none any more: what it gave stands here. */
  left({ routerId, lsas }: Neighbour): void {
    this.count(routerId, lsas);
  }

  /** It is one again. */
  came(neighbour: Neighbour): void {
    const { routerId } = neighbour;
    neighbour.lsas = this.#byRouter.get(routerId) ?? 0;
    this.count(routerId, -neighbour.lsas);
  }

  /** So many more came from one that is not there, or ended. */
  count(routerId: number, by: number): void {
    const before = this.#byRouter.get(routerId) ?? 0;
    const now = Math.max(0, before + by);
    this.total += now - before;
    if (now === 0) this.#byRouter.delete(routerId);
    else this.#byRouter.set(routerId, now);
  }
}
