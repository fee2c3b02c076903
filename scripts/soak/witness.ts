/** Somebody who follows a router's changes, and knows what must hold of them. */
import type { MappingChange, Position, Targets } from '../../src/core.js';
import type { VirtualRouter } from '../../src/router/virtual-router.js';

/** Follows changes one by one: none may be missing, none out of order, and each begins where the one before it ended. */
export class Witness {
  readonly #shadow = new Map<string, string>();
  position: Position;
  changes = 0;

  constructor(
    private readonly name: string,
    private readonly router: Pick<VirtualRouter, 'position' | 'mapping'>,
    /** Is told what does not hold. */
    private readonly wrong: (violation: string) => void,
  ) {
    this.position = router.position;
    for (const { prefix, targets } of router.mapping()) this.#shadow.set(prefix, spelt(targets));
  }

  take({ seq, prefix, before, after }: MappingChange): void {
    this.changes++;
    if (seq !== this.position.seq + 1) this.wrong(`${this.name}: change ${seq} comes after ${this.position.seq}`);
    this.position = { epoch: this.position.epoch, seq };
    const was = this.#shadow.get(prefix) ?? '';
    if (was !== spelt(before)) this.wrong(`${this.name}: ${prefix} goes from ${spelt(before)}, and was at ${was}`);
    if (after) this.#shadow.set(prefix, spelt(after));
    else this.#shadow.delete(prefix);
  }

  /** Whether it has arrived at what is so. */
  compare(): void {
    const is = new Map([...this.router.mapping()].map(({ prefix, targets }) => [prefix, spelt(targets)]));
    if (this.position.seq !== this.router.position.seq)
      this.wrong(`${this.name}: it is at ${this.position.seq} of ${this.router.position.seq}`);
    for (const prefix of new Set([...is.keys(), ...this.#shadow.keys()]))
      if (is.get(prefix) !== this.#shadow.get(prefix))
        this.wrong(`${this.name}: ${prefix} is at ${is.get(prefix)}, not ${this.#shadow.get(prefix)}`);
  }
}

/** Targets as the names of their nodes. */
export function spelt(targets: Targets | undefined): string {
  return (targets ?? [])
    .map(({ node }) => node)
    .sort()
    .join('+');
}
